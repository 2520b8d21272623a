"""Pictures: what is taken in, and the same bytes in three sizes."""

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from onrecord.catalogue import pictures
from onrecord.catalogue.models import Picture
from onrecord.lib.configuration import Configuration
from onrecord.lib.errors import BadInput

pytestmark = pytest.mark.django_db


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def halves(width: int = 1200, height: int = 800) -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", (width, height), "red")
    image.paste("blue", (width // 2, 0, width, height))
    return image


def taken(image: Image.Image, path: Path, **options: object) -> Picture:
    image.save(path, **options)  # type: ignore[arg-type]
    return pictures.take_in_picture(path, " A pier. ", "Ada Hill", "A pier at dawn")


def png_header(width: int, height: int) -> bytes:
    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


def jpeg() -> bytes:
    file = io.BytesIO()
    halves().save(file, "JPEG")
    return file.getvalue()


NO_PICTURES = {
    "empty": (b"", "0 bytes"),
    "text": (b"not a picture\n", "no known format"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>', "no known format"),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no known format"),
    "30,000 a side": (png_header(30_000, 30), "30,000 x 30 pixels"),
    "60 million pixels": (png_header(10_000, 6_000), "10,000 x 6,000 pixels"),
    "a billion pixels": (png_header(30_000, 30_000), "far too large"),
    "cut off png": (png_header(500, 500)[:60], "cut off or damaged"),
    "cut off jpeg": (jpeg()[:3000], "cut off or damaged"),
    "one pixel": (png_header(1, 1), "can be seen"),
}


@pytest.mark.parametrize("kind", NO_PICTURES)
def test_what_is_no_picture_is_refused(kind: str, tmp_path: Path, publication: Configuration) -> None:
    content, words = NO_PICTURES[kind]
    (tmp_path / "a\n.png").write_bytes(content)
    with pytest.raises(BadInput, match=words) as caught:
        pictures.take_in_picture(tmp_path / "a\n.png", "", "", "")
    assert "\n" not in str(caught.value)
    assert "a?.png" in str(caught.value)
    assert not publication.originals.exists()
    assert not Picture.objects.exists()


def test_things_that_are_no_files_are_refused(tmp_path: Path, publication: Configuration) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "missing.jpg"):
        with pytest.raises(BadInput, match=path.name):
            pictures.take_in_picture(path, "", "", "")


def test_a_picture_is_kept_as_it_was_given(tmp_path: Path, publication: Configuration) -> None:
    picture = taken(halves(), tmp_path / "a.jpg")
    assert (picture.format, picture.width, picture.height) == ("JPEG", 1200, 800)
    assert (picture.caption, picture.credit, picture.alt) == ("A pier.", "Ada Hill", "A pier at dawn")
    kept = publication.originals / picture.sha256
    assert kept.read_bytes() == (tmp_path / "a.jpg").read_bytes()
    assert kept.stat().st_mode & 0o222 == 0
    assert taken(halves(), tmp_path / "a.jpg").sha256 == picture.sha256


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
@pytest.mark.parametrize("width", [480, 960])
def test_a_size_has_its_width_and_shape_and_is_the_same_again(
    tmp_path: Path, publication: Configuration, kind: pictures.Format, width: int
) -> None:
    picture = taken(halves(), tmp_path / "a.png")
    content = pictures.render(picture.sha256, width, kind)
    image = opened(content)
    assert (image.format, image.size, image.mode) == (kind, (width, width * 2 // 3), "RGB")
    assert image.getpixel((10, 10))[0] > 240
    assert image.getpixel((width - 10, 10))[2] > 240
    assert pictures.render(picture.sha256, width, kind) == content


def test_a_narrow_picture_is_not_made_wider(tmp_path: Path, publication: Configuration) -> None:
    picture = taken(halves(300, 200), tmp_path / "a.png")
    assert opened(pictures.render(picture.sha256, 480, "JPEG")).size == (300, 200)


def test_a_camera_that_was_held_sideways(tmp_path: Path, publication: Configuration) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter to the right
    exif[0x010E] = "secret place"
    picture = taken(halves(), tmp_path / "a.jpg", exif=exif)
    assert (picture.width, picture.height) == (800, 1200)
    content = pictures.render(picture.sha256, 480, "JPEG")
    image = opened(content)
    assert image.size == (480, 720)
    assert image.getpixel((240, 10))[0] > 240, "left has become top"
    assert image.getpixel((240, 710))[2] > 240
    assert b"secret" not in content
    assert not image.getexif()


MODES = {
    "RGBA": lambda: Image.new("RGBA", (600, 400), (255, 0, 0, 0)),
    "LA": lambda: Image.new("LA", (600, 400), (0, 0)),
    "P": lambda: halves(600, 400).convert("P"),
    "L": lambda: Image.new("L", (600, 400), 255),
    "1": lambda: Image.new("1", (600, 400), 1),
    "I;16": lambda: Image.fromarray(np.full((400, 600), 65_535, dtype=np.uint16)),
}


@pytest.mark.parametrize("mode", MODES)
def test_every_kind_of_pixel_becomes_plain_colour(mode: str, tmp_path: Path, publication: Configuration) -> None:
    picture = taken(MODES[mode](), tmp_path / "a.png")
    image = opened(pictures.render(picture.sha256, 480, "JPEG"))
    assert image.mode == "RGB"
    if mode != "P":
        assert min(image.getpixel((5, 5))) > 250, "transparent and white are white"


def test_sixteen_bits_keep_their_shades(tmp_path: Path, publication: Configuration) -> None:
    ramp = np.tile(np.linspace(0, 65_535, 600).astype(np.uint16), (400, 1))
    picture = taken(Image.fromarray(ramp), tmp_path / "a.png")
    image = opened(pictures.render(picture.sha256, 480, "WEBP")).convert("L")
    assert [round(image.getpixel((x, 200)) / 255, 1) for x in (0, 120, 240, 360, 479)] == [0, 0.2, 0.5, 0.8, 1]


def test_print_colours_become_screen_colours(tmp_path: Path, publication: Configuration) -> None:
    picture = taken(Image.new("CMYK", (600, 400), (0, 255, 255, 0)), tmp_path / "a.jpg")
    red, green, blue = opened(pictures.render(picture.sha256, 480, "JPEG")).getpixel((5, 5))
    assert red > 200
    assert max(green, blue) < 60


def test_a_colour_profile_is_applied_and_left_out(tmp_path: Path, publication: Configuration) -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for name, profile in (("good.jpg", lab), ("bad.jpg", b"not a profile")):
        picture = taken(halves(), tmp_path / name, icc_profile=profile)
        image = opened(pictures.render(picture.sha256, 480, "JPEG"))
        assert "icc_profile" not in image.info
        assert image.getpixel((10, 10))[0] > 240


def test_of_a_moving_picture_the_first_is_shown(tmp_path: Path, publication: Configuration) -> None:
    first, second = halves(600, 400), Image.new("RGB", (600, 400), "green")
    picture = taken(first, tmp_path / "a.gif", save_all=True, append_images=[second])
    assert picture.format == "GIF"
    assert opened(pictures.render(picture.sha256, 480, "JPEG")).getpixel((10, 10))[0] > 200


@pytest.mark.parametrize("size", [(2400, 1000), (300, 900)])
def test_artwork_is_square_whatever_the_picture(
    size: tuple[int, int], tmp_path: Path, publication: Configuration
) -> None:
    picture = taken(halves(*size), tmp_path / "a.png")
    image = opened(pictures.artwork(picture.sha256, 1400, "Talks"))
    assert (image.format, image.size, image.mode) == ("JPEG", (1400, 1400), "RGB")
    assert image.getpixel((10, 700))[0] > 200
    assert image.getpixel((1390, 700))[2] > 200


@pytest.mark.parametrize("name", ["Talks", "x" * 400, "", "گفتگو", "対談", "Two\nlines\u202e", "Gespräche am Meer"])
def test_artwork_is_made_from_a_name(name: str) -> None:
    content = pictures.artwork("", 1400, name)
    image = opened(content).convert("L")
    assert image.size == (1400, 1400)
    assert content == pictures.artwork("", 1400, name)
    bright = np.argwhere(np.asarray(image) > 200)
    assert len(bright) > 1000, "something is written or drawn"
    assert bright.min() > 50, "and stays inside"
    assert bright.max() < 1350


def test_names_look_different() -> None:
    assert pictures.artwork("", 1400, "Talks") != pictures.artwork("", 1400, "Walks")


@hypothesis_settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_is_shown_or_refused(tmp_path: Path, publication: Configuration, data: st.DataObject) -> None:
    file = io.BytesIO()
    halves(60, 40).save(file, data.draw(st.sampled_from(["PNG", "JPEG", "GIF", "WEBP"])))
    content = bytearray(file.getvalue())
    for _ in range(data.draw(st.integers(1, 10))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (tmp_path / "a").write_bytes(bytes(content[: data.draw(st.integers(1, len(content)))]))
    try:
        picture = pictures.take_in_picture(tmp_path / "a", "", "", "")
    except BadInput as error:
        assert "\n" not in str(error)
    else:
        assert opened(pictures.render(picture.sha256, 480, "WEBP")).size[0] <= 480
