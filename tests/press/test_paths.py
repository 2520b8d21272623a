"""Paths stay inside public/, whatever a row says."""

import doctest
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord.lib.slugs import slug
from onrecord.press import lists, paths
from onrecord.press.writer import Batch, Leaving


def test_examples() -> None:
    for module in (paths, lists):
        result = doctest.testmod(module)
        assert result.attempted and not result.failed


@given(st.text(max_size=80), st.text(max_size=80))
def test_every_slug_makes_a_folder_of_its_own(show: str, episode: str) -> None:
    folder = f"{slug(show, 'show')}/{slug(episode, 'episode')}"
    assert paths.is_safe(f"{folder}/index.html")
    assert paths.is_free(folder)


@given(st.text(alphabet="ab./\\-_~\0\n ", max_size=30))
def test_a_safe_path_never_leaves(path: str) -> None:
    if paths.is_safe(path):
        root = Path("/srv/public")
        resolved = Path(f"{root}/{path}").resolve()
        assert resolved.is_relative_to(root) and resolved != root
        assert not any(part.startswith(".") for part in path.split("/"))


@pytest.mark.parametrize(
    "path", ["../x", "a/../b", "/etc/passwd", "a//b", ".git/config", "a/.b", "a\\b", "a\nb", "", "é"]
)
def test_unsafe_paths_are_refused(path: str, tmp_path: Path) -> None:
    assert not paths.is_safe(path)
    with pytest.raises(Leaving):
        Batch(tmp_path).place(path)


@pytest.mark.parametrize(
    "folder", ["people/ada", "tags/x", "static/x", "talks/feed", "talks/page", "talks/series", "a"]
)
def test_our_own_paths_are_not_for_episodes(folder: str) -> None:
    assert not paths.is_free(folder)


def test_every_kind_goes_after_what_led_to_it() -> None:
    assert paths.going_order("media") > paths.going_order("page") > paths.ORDER["feed"] > paths.ORDER["home"]
