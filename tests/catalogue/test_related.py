"""What stands beside an episode: what is taken, what is refused, and in whose words."""

import pytest

from onrecord.catalogue.models import Related, Series
from onrecord.edit import Changes, edit
from onrecord.lib.addresses import is_web_address
from onrecord.lib.errors import BadInput
from tests.site import making

pytestmark = pytest.mark.django_db

HOSTILE = [
    "javascript:alert(1)",
    "data:text/html,x",
    "//example.org/a",
    "https://",
    "https://user:secret@example.org/",
    "https://example.org:port/",
    "https://example.org/a b",
    "https://example.org/\u202egnp",
    'https://example.org/"onclick="x',
    "https://example.org\\@evil.example/",
    "https://[::1/",
    "https://example.org/\x00",
    "file:///etc/passwd",
    "https://example.org/" + "a" * 2_000,
]


@pytest.mark.parametrize("address", HOSTILE)
def test_only_addresses_of_web_pages_are_taken(publication, address):
    episode = making.make_episode(making.make_show())
    for given in ({"video": address}, {"related": [[address, "A title"]]}):
        with pytest.raises(BadInput):
            edit(episode, Changes(**given))
    assert len(address) > 2_000 or not is_web_address(address)


def test_pieces_in_the_words_of_the_command_line(publication):
    show = making.make_show()
    first, second = making.make_episode(show), making.make_episode(show, "second")
    pieces = [
        ["talks/second"],
        ["https://www.example.org/a", "A  title\n of two lines"],
        ["http://127.0.0.1:8000/talks/second/"],
        ["https://example.org/b", "B", "The Site"],
    ]
    edit(first, Changes(related=pieces))
    kept = list(first.related.values_list("position", "piece", "url", "title", "site"))
    assert kept == [
        (0, second.pk, "", "", ""),
        (1, None, "https://www.example.org/a", "A title of two lines", "example.org"),
        (2, None, "https://example.org/b", "B", "The Site"),
    ], "each once"
    edit(first, Changes(standfirst="Other words"))
    assert first.related.count() == 3, "what is not named stays"
    edit(first, Changes(related=[]))
    assert not Related.objects.exists()


@pytest.mark.parametrize(
    "pieces",
    [
        [["nowhere"]],
        [["https://example.org/a"]],
        [["https://example.org/a", " "]],
        [["https://example.org/a", "T" * 301]],
        [["https://example.org/a", "T", "S" * 101]],
        [["https://example.org/a", "T", "S", "more"]],
        [["talks/second", "A title"]],
        [["talks/first"]],
        [["talks/second"]] * 13,
    ],
)
def test_what_cannot_be_shown_is_refused_and_changes_nothing(publication, pieces):
    show = making.make_show()
    episode = making.make_episode(show)
    making.make_episode(show, "second")
    edit(episode, Changes(related=[["talks/second"]]))
    with pytest.raises(BadInput):
        edit(episode, Changes(title="Another", related=pieces))
    episode.refresh_from_db()
    assert (episode.title, episode.related.count()) == ("The first talk", 1)


def test_parts_elsewhere(publication):
    show = making.make_show()
    series = Series.objects.create(show=show, slug="s", name="S", number=1, total=3)
    episode = making.make_episode(show, series=series, part=1)
    words = ["2", "https://example.org/2", "The middle", "Elsewhere"]
    edit(episode, Changes(parts_elsewhere=[words]))
    edit(episode, Changes(parts_elsewhere=[[*words[:2], "Renamed", "Elsewhere", making.GUID.upper(), "x"]]))
    part = series.elsewhere.get()
    assert (part.part, part.title, part.feed_guid, part.item_guid) == (2, "Renamed", making.GUID, "x")
    for wrong in (words[:3], ["0", *words[1:]], ["²", *words[1:]], ["1", *words[1:]], [*words, "no-uuid"]):
        with pytest.raises(BadInput):
            edit(episode, Changes(parts_elsewhere=[wrong]))
    edit(episode, Changes(parts_not_elsewhere=[2]))
    assert not series.elsewhere.exists()
    with pytest.raises(BadInput):
        edit(episode, Changes(parts_not_elsewhere=[2]))
    with pytest.raises(BadInput, match="in none"):
        edit(making.make_episode(show, "alone"), Changes(parts_elsewhere=[words]))
