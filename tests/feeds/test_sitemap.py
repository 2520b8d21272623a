"""Sitemaps and robots.txt."""

import pytest
from lxml import etree

from onrecord import readmodel
from onrecord.feeds import sitemap
from tests.site import making

pytestmark = pytest.mark.django_db


def addresses(document: bytes) -> list[str]:
    return [node.text for node in etree.fromstring(document).iter(f"{{{sitemap.SITEMAPS}}}loc")]


def test_index(publication):
    names = ["sitemap-lists.xml", "sitemap-1.xml", "sitemap-2.xml"]
    assert addresses(sitemap.index(2)) == [f"http://127.0.0.1:8000/{name}" for name in names]


def test_page(publication):
    show = making.make_show()
    ids = [making.make_episode(show, "a").pk, making.make_episode(show, "b").pk]
    document = sitemap.page(readmodel.page_paths(ids))
    assert etree.fromstring(document).tag == f"{{{sitemap.SITEMAPS}}}urlset"
    assert addresses(document) == ["http://127.0.0.1:8000/talks/a/", "http://127.0.0.1:8000/talks/b/"]


def test_robots(publication):
    lines = sitemap.robots().decode().splitlines()
    assert lines[0] == "User-agent: *"
    assert lines[-1] == "Sitemap: http://127.0.0.1:8000/sitemap.xml"
