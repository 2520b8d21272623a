"""The command line: its commands with their options and help. commands*.py have what each of them does."""

from __future__ import annotations

import argparse
import os
import sys
import textwrap
from collections.abc import Callable, Sequence
from typing import Any

from onrecord import __version__
from onrecord.commands import (
    approve,
    backup,
    check,
    check_references,
    demo,
    edit,
    edit_show,
    export_transcript,
    import_transcript,
    list_references,
    name_speakers,
    owner_link,
    press,
    publish,
    release,
    restore,
    retry,
    search,
    serve,
    status,
    transcribe,
    withdraw,
    work,
)
from onrecord.commands_discussion import (
    add_rule,
    apply_rule,
    change_correction,
    discussion,
    drop_hold,
    list_corrections,
    list_holds,
    list_rules,
    make_hold_key,
    open_hold,
    publish_correction,
    redact,
    remove_rule,
    withdraw_correction,
)
from onrecord.lib.errors import BadInput, Failed
from onrecord.lib.terminal import say

DONE, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130

DEEDS = ("list", "publish", "return", "spam", "undo", "answer", "verify", "export", "erase")
RETURNED = ("topic", "grounds", "tone", "private", "unlawful", "said", "other")
"""Why comments are returned: `discussion.models.Returned`, which cannot be read before a publication is open."""

OUTCOMES = (
    *("corrected", "clarified", "context", "transcript", "stands", "opinion", "duplicate"),
    *("withdrawn", "removed"),
)
"""What may come of a dispute: `discussion.models.Outcome`, for the same reason."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0, 1 when it failed, 2 when what was given cannot be used."""
    options = build_parser().parse_args(arguments)
    try:
        options.command(options)
    except BadInput as error:
        say(f"onrecord: {error}")
        return BAD_INPUT
    except Failed as error:
        say(f"onrecord: {error}")
        return FAILED
    except KeyboardInterrupt:
        say("Stopped. What was begun goes on with `onrecord work`, `onrecord serve`, or the same command again.")
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    return DONE


def build_parser() -> argparse.ArgumentParser:
    """Every command with its options and help."""
    parser = argparse.ArgumentParser(
        prog="onrecord",
        description="Publishes interviews: a recording goes in, a site comes out.",
        epilog="Exit status: 0 done, 1 failed, 2 something that was given cannot be used.",
    )
    parser.add_argument("--version", action="version", version=f"onrecord {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_demo(commands)
    _add_publish(commands)
    _add_editing(commands)
    _add_redacting(commands)
    _add_transcripts(commands)
    _add_running(commands)
    return parser


def _add(commands: Any, name: str, command: Callable[[argparse.Namespace], None], text: str) -> argparse.ArgumentParser:
    """A command that works on a publication's folder."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=text.partition(".")[0], description=textwrap.dedent(text)
    )
    parser.add_argument(
        "--folder", metavar="DIR", help="the publication; else ONRECORD_FOLDER, else the nearest folder upwards"
    )
    parser.set_defaults(command=command)
    return parser


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"it must be a number from 1 to 65535, found {text!r}")
    return int(text)


def _add_demo(commands: Any) -> None:
    parser = _add(commands, "demo", demo, "Publish the sample interview and serve it. The quickest way to see it all.")
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (127.0.0.1)")
    parser.add_argument("--port", metavar="N", type=_port, default=8000, help="where to listen (8000)")
    parser.add_argument("--no-serve", dest="serve", action="store_false", help="make it and end")


def _add_publish(commands: Any) -> None:
    parser = _add(commands, "publish", publish, "Publish a recording. Waits until page and transcript are done.")
    parser.add_argument("recording", metavar="RECORDING", help="any sound or video file")
    parser.add_argument("--title", metavar="T", help="the headline (the file's name)")
    parser.add_argument("--standfirst", metavar="S", default="", help="one or two sentences below the headline")
    parser.add_argument("--notes", metavar="FILE.md", help="show notes in Markdown; above a heading: an introduction")
    parser.add_argument("--show", metavar="NAME", default="", help="the show (the only one there is)")
    parser.add_argument("--host", metavar="NAME", action="append", default=[], help="who asks; may be repeated")
    parser.add_argument("--guest", metavar="NAME", action="append", default=[], help="who answers; may be repeated")
    parser.add_argument("--language", metavar="xx", default="", help="such as en or ur (detected)")
    parser.add_argument("--tag", metavar="T", action="append", default=[], help="a subject; may be repeated")
    parser.add_argument("--series", metavar="NAME", default="", help="the interview that this is a part of")
    parser.add_argument("--part", metavar="N", type=int, help="which part, from 1")
    parser.add_argument("--of", metavar="TOTAL", type=int, help="how many parts there will be")
    parser.add_argument("--picture", metavar="FILE", help="a JPEG, PNG or WebP")
    parser.add_argument("--caption", metavar="C", default="", help="what the picture shows")
    parser.add_argument("--credit", metavar="C", default="", help="who made the picture")
    parser.add_argument("--alt", metavar="A", default="", help="the picture in words, for those who do not see it")
    _add_beside(parser)
    parser.add_argument("--at", metavar="TIME", default="", help="the date on the page; a future one holds it back")
    parser.add_argument("--draft", action="store_true", help="make everything, show nothing")
    parser.add_argument("--replace", metavar="EPISODE", help="put RECORDING under this episode's page, GUID and links")
    parser.add_argument("--no-wait", dest="wait", action="store_false", help="leave the work to `work` or `serve`")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")


def _add_beside(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--related",
        metavar="WORD",
        nargs="+",
        action="append",
        help="EPISODE, or URL TITLE [SITE], to show beside it; may be repeated; names them all, in their order",
    )
    parser.add_argument(
        "--part-elsewhere",
        metavar="WORD",
        nargs="+",
        action="append",
        default=[],
        help="N URL TITLE SITE [FEED-GUID [ITEM-GUID]]: a part of the series that another site has; may be repeated",
    )
    parser.add_argument("--video", metavar="URL", help="where its video is, when another site has it; '' for nowhere")


def _add_editing(commands: Any) -> None:
    parser = _add(commands, "edit", edit, "Change what is said of an episode. What is not named stays.")
    parser.add_argument("episode", metavar="EPISODE", help="its key, show/episode, or address")
    parser.add_argument("--title", metavar="T")
    parser.add_argument("--standfirst", metavar="S")
    parser.add_argument("--notes", metavar="FILE.md", help="as of publish; '' for none")
    parser.add_argument("--show", metavar="NAME", help="another show: its address changes, the old one leads to it")
    parser.add_argument("--host", metavar="NAME", action="append", help="in place of all hosts; may be repeated")
    parser.add_argument("--guest", metavar="NAME", action="append", help="in place of all guests; may be repeated")
    parser.add_argument("--tag", metavar="T", action="append", help="in place of all tags; may be repeated")
    parser.add_argument("--series", metavar="NAME", help="with --part, and --of if known; '' for none")
    parser.add_argument("--part", metavar="N", type=int, help="which part, from 1")
    parser.add_argument("--of", metavar="TOTAL", type=int, help="how many parts there will be")
    parser.add_argument("--picture", metavar="FILE", help="in place of the one before; '' for none")
    parser.add_argument("--caption", metavar="C", help="what the picture shows")
    parser.add_argument("--credit", metavar="C", help="who made the picture")
    parser.add_argument("--alt", metavar="A", help="the picture in words")
    parser.add_argument("--at", metavar="TIME", help="the date on the page")
    parser.add_argument("--language", metavar="xx", help="of the page; a transcript keeps its own")
    parser.add_argument("--slug", metavar="NAME", help="another address; the old one leads to it")
    _add_beside(parser)
    parser.add_argument("--no-related", dest="related", action="store_const", const=[], help="take all related away")
    parser.add_argument(
        "--no-part-elsewhere", metavar="N", type=int, action="append", default=[], help="it is not there"
    )
    parser = _add(commands, "show", edit_show, "Change what is said of a show. What is not named stays.")
    parser.add_argument("show", metavar="SHOW", nargs="?", default="", help="its name or slug (the only one there is)")
    parser.add_argument("--name", metavar="N", help="its address stays")
    parser.add_argument("--description", metavar="D")
    parser.add_argument("--language", metavar="xx", help="of its pages and its feed; episodes keep their own")
    parser.add_argument("--picture", metavar="FILE", help="its artwork: a JPEG, PNG or WebP, best square, 3000 pixels")
    parser = _add(commands, "release", release, "Make a draft or withdrawn episode public.")
    parser.add_argument("episode", metavar="EPISODE")
    parser.add_argument("--at", metavar="TIME", default="", help="not before this time")
    parser = _add(commands, "withdraw", withdraw, "Take an episode off the site. Its rows and recording stay.")
    parser.add_argument("episode", metavar="EPISODE")


def _add_redacting(commands: Any) -> None:
    parser = _add(commands, "redact", redact, "Take something that was said out of sound and words, for good.")
    parser.add_argument("episode", metavar="EPISODE")
    parser.add_argument("--from", dest="start", metavar="TIME", required=True, help="such as 12:34.5")
    parser.add_argument("--to", dest="end", metavar="TIME", required=True, help="such as 12:41")
    parser.add_argument("--reason", metavar="TEXT", default="", help="what readers are told; without it, only that")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--hold", action="store_true", help="keep a copy that is sealed to [legal] hold_key")
    parser = commands.add_parser("hold", help="Sealed copies of what was redacted, for a court, say")
    kinds = parser.add_subparsers(required=True, metavar="key|list|open|drop")
    parser = kinds.add_parser("key", help="Make a key; its secret half goes into FILE, which you keep elsewhere.")
    parser.add_argument("file", metavar="FILE")
    parser.set_defaults(command=make_hold_key)
    _add(kinds, "list", list_holds, "Name the sealed copies.")
    parser = kinds.add_parser("open", help="Unpack a sealed copy; needs its key, and no publication.")
    parser.add_argument("file", metavar="COPY")
    parser.add_argument("--key", metavar="FILE", required=True, help="what `onrecord hold key` wrote")
    parser.add_argument("--into", metavar="DIR", required=True, help="a folder that is not there yet")
    parser.set_defaults(command=open_hold)
    parser = _add(kinds, "drop", drop_hold, "Delete a sealed copy: nobody can ever read it then.")
    parser.add_argument("name", metavar="NAME")


def _add_transcripts(commands: Any) -> None:
    parser = _add(commands, "transcribe", transcribe, "Hear recordings again, behind all new episodes.")
    parser.add_argument("episode", metavar="EPISODE", nargs="+", help="episodes, or `all`")
    parser.add_argument("--model", metavar="M", default="", help="a model's name or path (the publication's setting)")
    parser.add_argument("--no-wait", dest="wait", action="store_false", help="leave the work to `work` or `serve`")
    parser = _add(commands, "approve", approve, "Say that a person has read the transcript, and show it.")
    parser.add_argument("episode", metavar="EPISODE")
    parser = _add(commands, "speakers", name_speakers, "Say who speaks, or list the speakers.")
    parser.add_argument("episode", metavar="EPISODE")
    parser.add_argument("--name", metavar="N=NAME", action="append", default=[], help="such as 1='Ada Lovelace'")
    parser = commands.add_parser("transcript", help="Take words out and corrected words back in")
    kinds = parser.add_subparsers(required=True, metavar="export|import")
    parser = _add(kinds, "export", export_transcript, "Write the transcript to FILE.")
    parser.add_argument("episode", metavar="EPISODE")
    parser.add_argument("file", metavar="FILE", help="ending in .vtt, .srt, .json or .txt")
    parser = _add(kinds, "import", import_transcript, "Take corrected words back in as a new revision.")
    parser.add_argument("episode", metavar="EPISODE")
    parser.add_argument("file", metavar="FILE", help="VTT, SRT, Podcasting 2.0 JSON or plain text")
    parser.add_argument("--note", metavar="TEXT", default="", help="what was changed and why")
    parser.add_argument("--force", action="store_true", help="even if it shares almost no words with the transcript")


def _add_references(commands: Any) -> None:
    parser = commands.add_parser("references", help="The links that readers cite, and their saved copies")
    kinds = parser.add_subparsers(required=True, metavar="list|check")
    parser = _add(kinds, "list", list_references, "Say what is cited, what was saved of it, and what is dead.")
    parser.add_argument("--json", action="store_true", help="one JSON array on standard output")
    _add(kinds, "check", check_references, "Visit every cited link now, and say which do not answer.")


def _add_corrections(commands: Any) -> None:
    parser = commands.add_parser("correction", help="Correct what was said and is wrong; the words stay")
    kinds = parser.add_subparsers(required=True, metavar="publish|list|change|withdraw")
    parser = _add(kinds, "publish", publish_correction, "Publish a correction, at its words and in the list of all.")
    parser.add_argument("episode", metavar="EPISODE")
    parser.add_argument("--text", metavar="TEXT", required=True, help="what is right, in Markdown")
    parser.add_argument("--at", metavar="TIME", default="", help="when it was said, such as 12:34 (the whole episode)")
    parser.add_argument("--to", metavar="TIME", default="", help="until when; whole sentences are taken")
    parser.add_argument(
        "--kind",
        choices=["correction", "clarification", "update", "note", "transcript", "withdrawal"],
        default="correction",
    )
    parser.add_argument("--comment", metavar="N", type=int, help="the comment that it answers; its words are taken")
    parser.add_argument("--credit", metavar="NAME", default="", help="who is thanked")
    parser = _add(kinds, "list", list_corrections, "Show all corrections, the newest first.")
    parser.add_argument("episode", metavar="EPISODE", nargs="?", help="only those of this episode")
    parser = _add(kinds, "change", change_correction, "Give a correction another text; readers see the one before.")
    parser.add_argument("number", metavar="NUMBER", type=int)
    parser.add_argument("--text", metavar="TEXT", default="", help="its new text")
    parser.add_argument("--no-credit", action="store_true", help="thank nobody by name any more")
    parser = _add(kinds, "withdraw", withdraw_correction, "Say that a correction does not hold. It keeps its number.")
    parser.add_argument("number", metavar="NUMBER", type=int)
    parser.add_argument("--reason", metavar="TEXT", required=True, help="the sentence that readers see")


def _add_rules(commands: Any) -> None:
    parser = commands.add_parser("rules", help="What is held, refused or taken away by itself when readers write")
    kinds = parser.add_subparsers(required=True, metavar="list|add|apply|remove")
    _add(kinds, "list", list_rules, "List the rules, and how often each was applied.")
    parser = _add(kinds, "add", add_rule, "Add a rule. * stands for any letters of a word.")
    parser.add_argument("kind", choices=["words", "name", "link", "address", "network"], help="what it looks at")
    parser.add_argument("pattern", metavar="PATTERN", help="words; a host; an address or its domain; an IP address")
    parser.add_argument("deed", choices=["hold", "refuse", "spam"], help="what it does")
    parser.add_argument("--note", metavar="TEXT", default="", help="what it is for; only the publisher sees it")
    parser.add_argument("--apply", action="store_true", help="also to the oldest 1,000 that wait")
    parser = _add(kinds, "apply", apply_rule, "Apply a rule to the oldest 1,000 that wait.")
    parser.add_argument("rule", metavar="N", type=int, help="its number, as `list` shows it")
    parser = _add(kinds, "remove", remove_rule, "Take a rule away. What it did stays.")
    parser.add_argument("rule", metavar="N", type=int)


def _add_running(commands: Any) -> None:
    parser = _add(commands, "serve", serve, "Serve the site, and work. One command for the small case.")
    parser.add_argument("--host", metavar="ADDRESS", help="where to listen (onrecord.toml, 127.0.0.1)")
    parser.add_argument("--port", metavar="N", type=_port, help="where to listen (onrecord.toml, 8000)")
    parser = _add(
        commands, "owner-link", owner_link, "Print a link for an owner who lost the password, or for the first."
    )
    parser.add_argument(
        "name", metavar="NAME", nargs="?", default="", help="the owner's user name, if there are several"
    )
    parser = _add(commands, "work", work, "Run steps and the press until stopped.")
    parser.add_argument("--only", metavar="STEP", default="", help="only steps of this name, such as transcript.hear")
    parser = _add(commands, "status", status, "Say how each episode stands, and why something failed.")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser = _add(commands, "retry", retry, "Try failed steps, and mails that wait, again.")
    parser.add_argument("episode", metavar="EPISODE", nargs="?", help="only those of this episode")
    parser = _add(commands, "press", press, "Write the public files that are stale.")
    parser.add_argument("--all", action="store_true", help="every public file")
    _add_references(commands)
    _add(commands, "check", check, "Compare the public folder with what a full rebuild would make.")
    parser = _add(commands, "search", search, "Find what was said. Words in quotes are a phrase.")
    parser.add_argument("words", metavar="WORDS", nargs="*")
    parser.add_argument("--sort", choices=["relevance", "newest", "oldest"], default="relevance")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--rebuild", action="store_true", help="make the index anew from the rows")
    parser = _add(commands, "discussion", discussion, "Read the comments that wait, decide on them, and answer.")
    parser.add_argument("deed", choices=DEEDS)
    parser.add_argument(
        "comment", metavar="COMMENT", nargs="?", default="", help="its key, as `list` shows it; to undo, the decision"
    )
    parser.add_argument("--reason", metavar="TEXT", default="", help="why it is returned, or why this is the outcome")
    parser.add_argument("--for", dest="returned_for", choices=RETURNED, default="", help="how a return is counted")
    parser.add_argument("--text", metavar="MARKDOWN", default="", help="the answer")
    parser.add_argument("--outcome", choices=OUTCOMES, default="", help="what came of a dispute; without it stays open")
    parser.add_argument("--duplicate-of", metavar="N", type=int, help="the number of the comment that says the same")
    parser.add_argument("--correction", metavar="MARKDOWN", default="", help="with corrected and clarified: its text")
    parser.add_argument("--most", metavar="N", type=int, default=50, help="how many `list` shows (50)")
    parser.add_argument("--address", metavar="MAIL", default="", help="whom `export` and `erase` are about")
    parser.add_argument("--file", metavar="FILE", default="", help="what `export` writes (yours.zip)")
    _add_rules(commands)
    _add_corrections(commands)
    parser = _add(commands, "backup", backup, "Write everything that must not be lost into one file.")
    parser.add_argument("file", metavar="FILE")
    parser = _add(commands, "restore", restore, "Make a publication's folder from a backup.")
    parser.add_argument("file", metavar="FILE")
    parser.add_argument(
        "--erasures",
        metavar="PLACE",
        action="append",
        default=[],
        help="the folder that this one replaces, a newer backup, or a private/erasures.jsonl: what was erased since "
        "is erased again; may be repeated",
    )
