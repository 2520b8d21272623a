"""JSON-LD: what another program makes of our pages, and that nothing in it can be markup."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from lxml import html

from onrecord import readmodel
from onrecord.catalogue.models import Episode, Person, Show
from onrecord.discussion import corrections
from onrecord.discussion.corrections import CorrectionDraft
from onrecord.discussion.models import CorrectionKind
from onrecord.readmodel import ListPage
from onrecord.site import pages
from tests.site import making
from tests.site.test_pages import hostile_texts

pytestmark = pytest.mark.django_db
SITE = "http://127.0.0.1:8000/"


def nodes(page: str) -> dict[str, dict]:
    """By type, as a program that knows nothing of us reads them."""
    blocks = html.document_fromstring(page.encode()).xpath("//script[@type='application/ld+json']")
    found = [json.loads(block.text) for block in blocks]
    assert [document["@context"] for document in found] == ["https://schema.org"]
    return {node["@type"]: node for node in found[0]["@graph"]}


def test_an_episode(publication):
    view = readmodel.episode(making.make_full_episode().pk)
    found = nodes(pages.episode(view))
    episode = found["PodcastEpisode"]
    assert episode["name"] == "Boats & <b>ropes</b>"
    assert episode["url"] == f"{SITE}talks/boats/"
    assert (episode["duration"], episode["datePublished"]) == ("PT1H2M5S", "2026-11-01T18:00:00Z")
    assert [person["name"] for person in episode["actor"]] == ["Ada Host", "Bo O'Guest"]
    assert [person["url"] for person in episode["author"]] == [f"{SITE}people/ada/"]
    assert episode["partOfSeries"]["@id"] == f"{SITE}talks/#show"
    assert (episode["partOfSeason"]["name"], episode["episodeNumber"]) == ("The harbour", 1)
    media = {part["@type"]: part for part in episode["associatedMedia"]}
    assert set(media) == {"AudioObject", "VideoObject"}
    video = media["VideoObject"]
    assert all(video[name] for name in ("name", "description", "thumbnailUrl", "uploadDate", "contentUrl")), (
        "what search engines ask of a video"
    )
    assert video["caption"]["contentUrl"] == f"{SITE}talks/boats/transcript.vtt"
    way = found["BreadcrumbList"]["itemListElement"]
    assert [(step["position"], step["item"]) for step in way] == [
        (1, SITE),
        (2, f"{SITE}talks/"),
        (3, f"{SITE}talks/boats/"),
    ]


def test_lists(publication):
    episode = making.make_full_episode()
    cards = readmodel.cards([episode.pk])
    show, ada = readmodel.show(episode.show_id), readmodel.person(Person.objects.get(slug="ada").pk)
    newest, older = ListPage(cards, 2, 2), ListPage(cards, 1, 2)
    assert nodes(pages.show(show, newest))["PodcastSeries"]["webFeed"] == f"{SITE}talks/feed.xml"
    site = nodes(pages.home(newest))["WebSite"]
    assert site["potentialAction"]["target"]["urlTemplate"] == f"{SITE}search/?q={{search_term_string}}"
    assert nodes(pages.person(ada, newest))["Person"]["name"] == "Ada Host"
    assert "ld+json" not in pages.show(show, older), "old pages do not change"


@pytest.mark.slow
def test_it_is_schema_org(publication, tmp_path: Path):
    """Every property and value, against schema.org's own vocabulary as npm's schema-dts types it.

    Needs node, and ONRECORD_NODE_MODULES: a folder where schema-dts and typescript are installed.
    """
    modules = os.environ.get("ONRECORD_NODE_MODULES", "")
    if not modules or not shutil.which("node"):
        pytest.skip("schema-dts and typescript are not here: ./test --all installs them")
    episode = making.make_full_episode()
    corrections.publish(CorrectionDraft(episode, CorrectionKind.CORRECTION, "It was a *raft*."), "Ada")
    plain = making.make_episode(episode.show, "plain", day=5)
    cards = ListPage(readmodel.cards([episode.pk]), 1, 1)
    ada = readmodel.person(Person.objects.get(slug="ada").pk)
    texts = [
        pages.episode(readmodel.episode(episode.pk)),
        pages.episode(readmodel.episode(plain.pk)),
        pages.show(readmodel.show(episode.show_id), cards),
        pages.person(ada, cards),
        pages.home(cards),
    ]
    home = nodes(texts[-1])["WebSite"]["potentialAction"]
    assert home.pop("query-input") == "required name=search_term_string", "Google's own, which schema.org's types lack"
    documents = [list(nodes(text).values()) for text in texts[:-1]]
    documents.append([{**nodes(texts[-1])["WebSite"], "potentialAction": home}])
    (tmp_path / "node_modules").symlink_to(modules)

    def complaints(graphs: list) -> str:
        lines = ["import type { Thing } from 'schema-dts';"]
        lines += [f"export const a{n}: Thing[] = {json.dumps(graph)};" for n, graph in enumerate(graphs)]
        (tmp_path / "pages.ts").write_text("\n".join(lines))
        tsc = [Path(modules) / "typescript" / "bin" / "tsc", "--noEmit", "--strict", "--skipLibCheck"]
        how = ["--module", "esnext", "--moduleResolution", "bundler", "--target", "es2022", "pages.ts"]
        return subprocess.run(["node", *tsc, *how], cwd=tmp_path, capture_output=True, text=True).stdout

    assert complaints(documents) == ""
    assert "nameOfIt" in complaints([[{"@type": "Person", "nameOfIt": "x"}]]), "what is wrong is seen"


def test_hostile_words_stay_in_the_block(publication, cases):
    episode = making.make_full_episode()
    for text in [*hostile_texts(cases), "</script><script>alert(1)</script>", "<!--<script>", "\u2028"]:
        stored = text.replace("\x00", "")
        Episode.objects.filter(pk=episode.pk).update(title=stored, standfirst=stored)
        Show.objects.update(name=stored[:300])
        view = readmodel.episode(episode.pk)
        page = pages.episode(view)
        content = page.partition('<script type="application/ld+json">')[2].partition("</script>")[0]
        assert not set("<>&\u2028") & set(content)
        assert json.loads(content)["@graph"][0]["name"] == view.title
