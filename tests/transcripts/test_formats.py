"""Formats: what was written is read back, for hostile text too; what strangers wrote is read or refused."""

import contextlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from onrecord.lib.errors import BadInput
from onrecord.transcripts import formats
from onrecord.transcripts.formats import MACHINE_NOTE, Document, Precision, document, vtt
from onrecord.transcripts.tokens import Token, canonical, glued, pack, text_of
from onrecord.transcripts.turns import turns

HOSTILE = [
    "-->",
    "--",
    ">",
    "<v",
    "<v Eve>",
    "</v>",
    "<00:00:01.000>",
    "<i>it</i>",
    "<font",
    "&amp;",
    "&",
    "&lt;script&gt;",
    "{\\an8}",
    "\u200f\u202e",
    "\u0000",
    "a\u0000b",
    "two\nlines",
    "two\n\nblocks",
    "\u2028",
    "NOTE",
    "STYLE",
    "WEBVTT",
    "Note:",
    "podcast :",
    "[Eve]:",
    "1",
    "12:30",
    "[0:00:01]",
    "00:00:01,000",
    "00:00:01.000",
    "😀👩‍👩‍👧",
    "好。",
    "你",
    "ですか？",
    "ไทย",
    "ہاں۔",
    "Mr.",
    "end.",
    "word,",
    '"quoted"',
    "\\",
    MACHINE_NOTE,
]
WORDS = st.sampled_from(HOSTILE) | st.text(st.characters(exclude_characters="\u2060"), min_size=1, max_size=10)
NAMES = st.sampled_from(
    ["Ada Lovelace", "ada", "Dr. No: the film", "<v Eve>", "a-->b", "Speaker 1", "你好", "O'Neill & Co"]
)


@st.composite
def documents(draw: st.DrawFn, nobody: bool = True) -> Document:
    """Documents as rows hold them: canonical tokens, times that go forward, speakers of different names."""
    names = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    at, speaker, tokens = 0, 0, []
    for word in draw(st.lists(WORDS, min_size=1, max_size=60)):
        at += draw(st.sampled_from([0, 0, 0, 80, 400, 2000]))
        if draw(st.integers(0, 9)) == 0:
            speaker = draw(st.integers(0, len(names) - 1))
        end = at + draw(st.integers(20, 900))
        said_by = None if nobody and draw(st.booleans()) else speaker
        tokens.append(Token(word, at, end, said_by, None, draw(st.booleans())))
        at = end
    written = Document(canonical(tokens), names).written_tokens
    assume(written)
    return Document(written, names, draw(st.sampled_from(["en", "ur", ""])), draw(st.booleans()))


def by_turn(found: Document) -> list[tuple[str | None, str]]:
    """Who says what; turns of one name in a row are one."""
    result: list[tuple[str | None, str]] = []
    for turn in turns(found.tokens):
        name = found.name(turn.speaker)
        name = document.one_line(name) if name else None
        first = turn.tokens[0]
        if result and result[-1][0] == name:
            glue = "" if not first.space else " "
            result[-1] = (name, result[-1][1] + glue + text_of(turn.tokens))
        else:
            result.append((name, text_of(turn.tokens)))
    return result


def spans(found: Document) -> list[tuple[int, int]]:
    """When each turn begins and ends."""
    return [(turn.start, turn.end) for turn in turns(found.tokens)]


def breakable(found: Document) -> bool:
    """Whether every space could be found again by whoever joins lines."""
    pairs = zip(found.tokens, found.tokens[1:], strict=False)
    return all(after.space != glued(before.text, after.text) for before, after in pairs)


@settings(max_examples=120)
@given(documents())
def test_vtt_comes_back(given_document: Document) -> None:
    text = formats.write(given_document, "vtt")
    found = formats.read(text.encode(), "transcript.vtt")
    assert by_turn(found) == by_turn(given_document)
    assert found.language == given_document.language
    assert found.made_by_machine == given_document.made_by_machine
    within(spans(found), spans(given_document), 1)
    payload = [line for line in text.split("\n") if not vtt.TIMINGS.match(line)]
    assert not any("-->" in line for line in payload)
    assert "\0" not in text


@settings(max_examples=120)
@given(documents(nobody=False))
def test_srt_comes_back(given_document: Document) -> None:
    found = formats.read(formats.write(given_document, "srt").encode(), "transcript.srt")
    assert by_turn(found) == by_turn(given_document)
    within(spans(found), spans(given_document), 1)


@settings(max_examples=120)
@given(documents())
def test_json_comes_back(given_document: Document) -> None:
    text = formats.write(given_document, "json")
    found = formats.read(text.encode(), "transcript.json")
    assert by_turn(found) == by_turn(given_document)
    assert (found.language, found.made_by_machine) == (given_document.language, given_document.made_by_machine)
    if breakable(given_document) and len({token.start for token in given_document.tokens}) == len(found.tokens):
        assert [(t.text, t.start, t.end) for t in found.tokens] == [
            (t.text, t.start, t.end) for t in given_document.tokens
        ]
    assert json.loads(text)["version"] == "1.0.0"


@settings(max_examples=120)
@given(documents())
def test_plain_text_comes_back(given_document: Document) -> None:
    found = formats.read(formats.write(given_document, "txt").encode(), "transcript.txt")
    assert by_turn(found) == by_turn(given_document)
    assert found.made_by_machine == given_document.made_by_machine
    assert found.precision == Precision.TURNS
    within([(s, s) for s, _ in spans(found)], [(s, s) for s, _ in spans(given_document)], 999)


def within(found: list[tuple[int, int]], wanted: list[tuple[int, int]], tolerance: int) -> None:
    assert len(found) == len(wanted)
    for (start, end), (wanted_start, wanted_end) in zip(found, wanted, strict=True):
        assert abs(start - wanted_start) <= tolerance
        assert abs(end - wanted_end) <= tolerance


def spoken(text: str, speaker: int | None = 0, start: int = 0) -> list[Token]:
    """300 ms a word, and a pause after each full stop."""
    tokens = []
    for word in text.split():
        tokens.append(Token(word, start, start + 300, speaker))
        start += 1200 if word.endswith(".") else 300
    return tokens


TALK = "We came in spring, and the harbour was already closed. Nobody told us why. " * 30


@pytest.mark.parametrize(("format", "columns"), [("vtt", 65), ("srt", 32)])
def test_captions_are_short(format: str, columns: int) -> None:
    text = formats.write(Document(spoken(TALK), ["Ada Lovelace"], "en"), format)
    cues = re.split(r"\n\n(?:\d+\n)?(?=\d\d:)", text)[1:]
    lines = [re.sub("<v [^>]*>", "", line) for cue in cues for line in cue.strip().split("\n")[1:]]
    assert len(cues) > 20
    assert all(len(cue.strip().split("\n")) <= 3 for cue in cues)
    assert max(map(len, lines)) <= columns
    ends = [cue.strip().rstrip()[-1] for cue in cues]
    assert ends.count(".") >= 30
    assert sum(end in ".," for end in ends) > (0.6 if format == "srt" else 0.95) * len(ends)


def test_cues_do_not_overlap_and_end_with_their_speaker() -> None:
    tokens = [*spoken("one two three", 0), *spoken("four five", 1, 700), *spoken("six", 0, 1500)]
    blocks = list(vtt.cue_blocks(formats.write(Document(tokens, ["A", "B"]), "vtt")))
    assert [(b.start, b.end, b.text) for b in blocks] == [
        (0, 700, "<v A>one two three"),
        (700, 1300, "<v B>four five"),
        (1500, 1800, "<v A>six"),
    ]


def test_vtt_says_what_no_person_has_read() -> None:
    unread = Document(spoken("hello there"), ["A"], "en", made_by_machine=True)
    assert formats.write(unread, "vtt").startswith(
        f"WEBVTT\n\nNOTE Written by onrecord, language en\n{MACHINE_NOTE}\n\n00:"
    )
    for format in ("json", "txt"):
        assert "machine" in formats.write(unread, format).lower()
    assert "machine" not in formats.write(Document(unread.tokens, ["A"], "en"), "vtt")


def test_srt_as_it_is_written() -> None:
    tokens = [*spoken("Who goes there, and in which direction?", 0), *spoken("Me.", 1, 5000)]
    assert formats.write(Document(tokens, ["Ada", "Bob"]), "srt") == (
        "1\n00:00:00,000 --> 00:00:02,100\nAda: Who goes there,\nand in which direction?\n"
        "\n2\n00:00:05,000 --> 00:00:05,300\nBob: Me.\n"
    )


def test_plain_text_as_it_is_written() -> None:
    tokens = [*spoken("Who goes?", 0), *spoken("Me.", 1, 3_725_000)]
    assert formats.write(Document(tokens, ["Ada", "Bob"]), "txt") == "Ada [0:00:00]\nWho goes?\n\nBob [1:02:05]\nMe.\n"


def test_json_as_it_is_written() -> None:
    document = Document([Token("Nooo", 2750, 3000, 0), Token("!", 3000, 3001, 0, space=False)], ["Luke"])
    assert json.loads(formats.write(document, "json")) == {
        "version": "1.0.0",
        "segments": [{"speaker": "Luke", "startTime": 2.75, "endTime": 3.001, "body": "Nooo!"}],
    }


def test_times_inside_a_cue_are_the_words_times() -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:04.000\n<v Ada>One<00:02.000><c> two</c><00:03.000><c> th</c>ree"
    found = formats.read(text.encode(), "a.vtt")
    assert [(t.text, t.start, t.end) for t in found.tokens] == [
        ("One", 1000, 2000),
        ("two", 2000, 3000),
        ("three", 3000, 4000),
    ]
    assert found.precision == Precision.WORDS
    assert found.speakers == ["Ada"]


def test_two_voices_in_a_cue() -> None:
    text = "WEBVTT\n\n00:00.000 --> 00:02.000\n<v.loud Ada>Who?</v><v Bob &amp; Co>Me.</v> Nobody."
    found = formats.read(text.encode(), "a.vtt")
    assert by_turn(found) == [("Ada", "Who?"), ("Bob & Co", "Me."), (None, "Nobody.")]
    assert found.cues == 1


def test_a_voice_goes_on_where_a_file_marks_only_changes() -> None:
    body = "\n\n".join(
        f"00:0{n}.000 --> 00:0{n + 1}.000\n{text}" for n, text in enumerate(["<v A>a", "b", "<v B>c", "d", "<v A>e"])
    )
    assert by_turn(formats.read(f"WEBVTT\n\n{body}".encode(), "a.vtt")) == [("A", "a b"), ("B", "c d"), ("A", "e")]


def test_a_cue_shares_its_time_by_characters() -> None:
    found = formats.read(b"WEBVTT\n\n00:00.000 --> 00:01.000\nabcd efghi", "a.vtt")
    assert [(t.start, t.end) for t in found.tokens] == [(0, 400), (500, 1000)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ada: Who?\nBob: Me.", [("Ada", "Who?"), ("Bob", "Me.")]),
        ("Ada Lovelace [0:00:05]\nWho?\n\nWhy?\n\nBob (1:00)\nMe.", [("Ada Lovelace", "Who? Why?"), ("Bob", "Me.")]),
        (
            "there is one thing: bread. And another thing: wine.",
            [(None, "there is one thing: bread. And another thing: wine.")],
        ),
        ("We met at 12:30\nand left at 13:00", [(None, "We met at 12:30 and left at 13:00")]),
        ("[00:00:05] Ada: Who?\n[00:01:00] Bob: Me.", [("Ada", "Who?"), ("Bob", "Me.")]),
        ("[Music]\nHello.", [(None, "[Music] Hello.")]),
    ],
)
def test_plain_text_of_others(text: str, expected: list[tuple[str | None, str]]) -> None:
    assert by_turn(formats.read(text.encode(), "a.txt")) == expected


def test_json_that_writes_its_spaces() -> None:
    bodies = [" It", "'s", " twenty", "-one", " o", "'clock."]
    segments = [{"startTime": n, "endTime": n + 1, "body": body} for n, body in enumerate(bodies)]
    found = formats.read(json.dumps({"segments": segments}).encode(), "a.json")
    assert text_of(found.tokens) == "It's twenty-one o'clock."


def test_html_of_others() -> None:
    page = (
        "<html lang='ur'><body><p><cite>Ada :</cite><time>0:05</time>Who<br>goes <b>the</b>re?</p>"
        "<cite>Bob</cite><time>1:00:00</time><p>Me.</p><p>And you &amp; I.</p></body></html>"
    )
    found = formats.read(page.encode(), "a.html")
    assert by_turn(found) == [("Ada", "Who goes there?"), ("Bob", "Me. And you & I.")]
    assert [turn.start for turn in turns(found.tokens)] == [5000, 3_600_000]
    assert (found.cues, found.language, found.precision) == (3, "ur", Precision.TURNS)


def test_careless_srt() -> None:
    text = (
        "\ufeff1\r\n0:0:1,5 --> 00:00:02.900 X1:40\r\n<i>One</i>\r\n{\\an8}two\r\n2\r\n00:00:03 --> 00:00:04\r\n"
        "after no blank line\r\n\r\nand one inside\r\n\r\n3\r\n00:00:05,000 --> 00:00:04,000\r\n1984"
    )
    found = formats.read(text.encode(), "a.srt")
    assert text_of(found.tokens) == "One two after no blank line and one inside 1984"
    assert found.cues == 3
    assert found.tokens[0].start == 1500
    assert all(token.end >= token.start for token in found.tokens)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(encoding: str) -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\nSchöne Grüße\n"
    assert text_of(formats.read(text.encode(encoding), "a.srt").tokens) == "Schöne Grüße"


@pytest.mark.parametrize(
    ("data", "name", "says"),
    [
        (b"%PDF-1.7 ...", "a.pdf", "not a text file"),
        (b"PK\x03\x04 docx", "a.docx", "not a text file"),
        (bytes(range(256)) * 20, "a.txt", "not a text file"),
        (b'{"segments": 3}', "a.json", "no list of segments"),
        (b'{"segments": [', "a.json", "not JSON"),
        (b"[" * 200_000, "a.json", "too deeply"),
        (b'["a"]', "a.json", "no list of segments"),
        (b"Hello", "a.vtt", "not what its name says"),
        (b"Hello", "a.srt", "not what its name says"),
        (b"Hello", "a.json", "not what its name says"),
        (b"<html><cite>x</cite></html>", "a.html", "no paragraph"),
        (b'{"results": {"items": 7}}', "a.json", "holds no words"),
        (b"x" * (65 << 20), "a.txt", "65 MB"),
    ],
)
def test_what_is_no_transcript_is_refused(data: bytes, name: str, says: str) -> None:
    with pytest.raises(BadInput, match=says) as refused:
        formats.read(data, name)
    assert str(refused.value).startswith(f"{name} ")


def test_the_refusal_shows_a_hostile_name_safely() -> None:
    with pytest.raises(BadInput) as refused:
        formats.read(b"%PDF", "a\n\u202eb.pdf")
    assert str(refused.value).startswith("a??b.pdf ")


@pytest.mark.parametrize(
    "segments",
    [
        [{"startTime": "x", "body": "a"}, {"startTime": float("inf"), "endTime": -1, "body": "b"}, 7, {"body": None}],
        [{"startTime": 1e300, "endTime": 1e301, "body": "a b", "speaker": ["x"]}],
        [{"startTime": 10, "endTime": 5, "body": "a"}, {"startTime": 2, "body": "\ud800 \u0000"}],
    ],
)
def test_senseless_json_values_do_no_harm(segments: list[object]) -> None:
    found = formats.read(json.dumps({"segments": segments}).encode(), "a.json")
    assert found.tokens
    pack(found.tokens)


@given(
    st.binary(max_size=400)
    | st.text(st.sampled_from('WEBVT\n\r\0 -->:.,<v/ac&;01{}[]"e'), max_size=300).map(str.encode)
)
@settings(max_examples=200)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for start in (b"", b"WEBVTT\n\n00:00.000 --> 00:01.000\n", b"1\n00:00:00,0 --> 00:00:01,0\n", b'{"segments":['):
        for name in ("a.vtt", "a.srt", "a.json", "a.txt", "a.html"):
            with contextlib.suppress(BadInput):
                pack(formats.read(start + data, name).tokens)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("filling", [" ", "\u2060", "a", "<", "[", "- ", "1:", "\n", "0:00 ", "{\\\\"])
def test_long_senseless_text_takes_no_time(filling: str) -> None:
    text = "x" + filling * 100_000 + "x"
    for start in ("", "WEBVTT\n\n00:00.000 --> 00:01.000\n", "1\n00:00:00,0 --> 00:00:01,0\n"):
        formats.read(f"{start}{text}".encode(), "a.txt")


@pytest.mark.parametrize("language", ["x" * 30, "<b>", "de_DE", "\ud800", "en\n"])
def test_a_language_that_is_none_is_left_out(language: str) -> None:
    data = json.dumps({"language": language, "segments": [{"body": "a"}]}).encode()
    assert formats.read(data, "a.json").language == ""


def test_real_files(cases: Path) -> None:
    expected = json.loads((cases / "expected.json").read_text())
    for path in sorted((cases / "transcripts").iterdir()):
        found = formats.read(path.read_bytes(), path.name)
        pack(found.tokens)
        said = expected.get(f"transcripts/{path.name}", {})
        text = text_of(found.tokens)
        assert found.cues == said.get("cues", found.cues), path.name
        assert sorted(found.speakers) == said.get("speakers", sorted(found.speakers)), path.name
        assert text.startswith(said.get("first_text", "")), path.name
        assert "first_start" not in said or found.tokens[0].start == said["first_start"], path.name
        assert sorted(token.start for token in found.tokens) == [token.start for token in found.tokens]
        if found.tokens:
            for format in formats.FORMATS:
                again = formats.read(formats.write(found, format).encode(), f"again.{format}")
                assert by_turn(again) == by_turn(found), (path.name, format)


def test_the_w3c_parser_finds_no_error(tmp_path: Path) -> None:
    """Needs node, and ONRECORD_NODE_MODULES: a folder where npm's webvtt-parser is installed."""
    modules = os.environ.get("ONRECORD_NODE_MODULES", "")
    if not modules or not shutil.which("node"):
        pytest.skip("node and webvtt-parser are not here")
    tokens = [Token(word, n * 300, n * 300 + 290, n // 20 % 2) for n, word in enumerate(HOSTILE * 8)]
    path = tmp_path / "transcript.vtt"
    path.write_bytes(formats.write(Document(tokens, ["Ada & <Bob>", "你好"], "en", True), "vtt").encode())
    script = (
        "const {WebVTTParser} = require('webvtt-parser');"
        "const text = require('fs').readFileSync(process.argv[1], 'utf8');"
        "const tree = new WebVTTParser().parse(text, 'captions');"
        "console.log(JSON.stringify([tree.errors, tree.cues.length]))"
    )
    environment = {**os.environ, "NODE_PATH": modules}
    ran = subprocess.run(["node", "-e", script, path], env=environment, capture_output=True, text=True, check=True)
    errors, cues = json.loads(ran.stdout)
    assert errors == []
    assert cues == len(list(vtt.cue_blocks(path.read_text())))
