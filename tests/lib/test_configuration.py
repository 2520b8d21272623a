"""onrecord.toml: defaults, and one clear sentence for what cannot be used."""

from pathlib import Path

import pytest

from onrecord.lib import configuration
from onrecord.lib.errors import BadInput


def test_without_a_file_everything_has_a_default(tmp_path: Path) -> None:
    loaded = configuration.load(tmp_path)
    assert loaded.recordings.loudness == -16.0
    assert loaded.address == "http://127.0.0.1:8000"
    assert not loaded.has_public_address


def test_what_is_written_is_taken(tmp_path: Path) -> None:
    (tmp_path / "onrecord.toml").write_text(
        '[publication]\naddress = "https://talks.example.org/"\n[recordings]\nloudness = -18\n'
    )
    loaded = configuration.load(tmp_path)
    assert loaded.address == "https://talks.example.org"
    assert loaded.has_public_address
    assert loaded.recordings.loudness == -18.0


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("[publication]\nnam = 'x'\n", "nam"),
        ("[publication]\nname = 3\n", "3"),
        ("[nothing]\n", "nothing"),
        ("publication = 3\n", "3"),
        ("[publication]\naddress = 'interviews.example.org'\n", "interviews.example.org"),
        ("[database]\nurl = 'mysql://x'\n", "mysql://x"),
        ("[server]\nport = 99999\n", "99999"),
        ("[server]\nport = true\n", "True"),
        ("[publication\n", "TOML"),
        ("[worker]\nprocesses = -1\n", "-1"),
        ("[look]\naccent = 'dark red'\n", "dark red"),
        ("[look]\naccent = '#12345'\n", "#12345"),
        ("[look]\nlogo = 'absent.svg'\n", "absent.svg"),
        ("[look]\nlogo = 'onrecord.toml'\n", ".svg"),
        ("[publication]\ntime_zone = 'Mars/Olympus'\n", "Mars/Olympus"),
        ("[publication]\nlanguage = 'English, mostly'\n", "English, mostly"),
    ],
)
def test_a_bad_value_is_quoted(tmp_path: Path, text: str, quoted: str) -> None:
    (tmp_path / "onrecord.toml").write_text(text)
    with pytest.raises(BadInput) as refused:
        configuration.load(tmp_path)
    assert quoted in str(refused.value)
    assert "onrecord.toml" in str(refused.value)


def test_the_folder_is_found_upwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ONRECORD_FOLDER", raising=False)
    (tmp_path / "onrecord.toml").write_text("")
    deep = tmp_path / "public" / "show"
    deep.mkdir(parents=True)
    assert configuration.find_folder(deep) == tmp_path.resolve()
