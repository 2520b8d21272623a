"""Pictures: taking them in under their sha256, and making the sizes that are public.

What is public holds no metadata and is the same, byte for byte, whenever it is made with one version of Pillow.
"""

from __future__ import annotations

import functools
import hashlib
import io
import os
import textwrap
import warnings
from pathlib import Path
from typing import Literal

from django.conf import settings
from PIL import Image, ImageCms, ImageDraw, ImageFont, ImageOps

from onrecord.catalogue.models import Picture
from onrecord.lib.errors import BadInput
from onrecord.lib.files import write_atomically
from onrecord.lib.names import clean_name

Format = Literal["JPEG", "WEBP"]

TAKEN = ("JPEG", "PNG", "WEBP", "GIF")
WHAT_IS_TAKEN = "give a JPEG, PNG, WebP or GIF file"

LARGEST_FILE = 100_000_000
MOST_PIXELS = 50_000_000
LONGEST_SIDE = 16_000
SMALLEST_SIDE = 16
SIZES_TAKEN = (
    f"make it smaller, at most {LONGEST_SIDE:,} pixels a side and {MOST_PIXELS // 1_000_000} million in all are taken"
)

QUALITY = {"JPEG": 82, "WEBP": 80}

PALETTE = ("#1f3a5f", "#5b2a4d", "#2f4f3a", "#6b3a1e", "#3a3a5f", "#4f4a2a", "#23505a", "#5f2f2f")
"""Grounds of artwork that is made from a name; white stands out from each of them at 7:1 and more."""

LONGEST_NAME = 120
SETTINGS = ((8, 5), (12, 7), (14, 8.5), (18, 11), (24, 15), (32, 20), (32, 28))
"""Ways to set a name on artwork: letters a line, and the part of the side that a letter is high."""

BARS = 15


def take_in_picture(path: Path, caption: str, credit: str, alt: str) -> Picture:
    """Keep a picture in originals/ and make its row. Raises BadInput when it is none or too large."""
    content = _read(path)
    kind, (width, height) = _examine(content, clean_name(path.name))
    sha256 = hashlib.sha256(content).hexdigest()
    kept = _original(sha256)
    if not kept.exists():
        _keep(kept, content, clean_name(path.name))
    return Picture.objects.create(
        sha256=sha256,
        format=kind,
        width=width,
        height=height,
        caption=caption.strip(),
        credit=credit.strip(),
        alt=alt.strip(),
    )


def render(sha256: str, width: int, kind: Format) -> bytes:
    """The picture `width` pixels wide, or as wide as it is if that is less; upright, in sRGB, without metadata."""
    image = _upright(sha256, width)
    if image.width > width:
        image = image.resize((width, max(1, round(image.height * width / image.width))), Image.Resampling.LANCZOS)
    return _encoded(image, kind)


def artwork(sha256: str, side: int, name: str) -> bytes:
    """A square JPEG of `side` pixels for podcast apps: the middle of the picture; without one, `name` on a ground."""
    if not sha256:
        return _encoded(_drawn(name, side), "JPEG")
    square = ImageOps.fit(_upright(sha256, side), (side, side), Image.Resampling.LANCZOS)
    return _encoded(square, "JPEG")


def _original(sha256: str) -> Path:
    originals: Path = settings.ONRECORD.originals
    return originals / sha256


# ── taking in ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _read(path: Path) -> bytes:
    shown = clean_name(path.name)
    try:
        if not path.is_file():
            raise BadInput(f"The picture {shown} {'is no file' if path.exists() else 'is not there'}: {WHAT_IS_TAKEN}.")
        size = path.stat().st_size
        if not 0 < size <= LARGEST_FILE:
            raise BadInput(f"The picture {shown} has {size:,} bytes; between 1 and {LARGEST_FILE:,} are taken.")
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"The picture {shown} cannot be read ({error.strerror}): check its permissions.") from error


def _examine(content: bytes, shown: str) -> tuple[str, tuple[int, int]]:
    """Format, and width and height as shown. The size is checked before anything is decoded."""
    try:
        with _opened(content) as image:
            _check_size(image.size, shown)
            image.load()
            kind = "JPEG" if image.format == "MPO" else str(image.format)
            return kind, ImageOps.exif_transpose(image).size
    except BadInput:
        raise
    except Image.DecompressionBombError as error:
        raise BadInput(f"The picture {shown} is far too large: {SIZES_TAKEN}.") from error
    # what Pillow raises for damaged files is of every kind: SyntaxError for PNG, struct.error, IndexError ...
    except Exception as error:
        nature = "it is cut off or damaged" if _looks_like_a_picture(content) else "its content is of no known format"
        raise BadInput(f"{shown} is not a picture that can be read ({nature}): {WHAT_IS_TAKEN}.") from error


def _opened(content: bytes) -> Image.Image:
    with warnings.catch_warnings():
        # our own limit is lower than the one that Pillow warns about
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        return Image.open(io.BytesIO(content), formats=TAKEN)


def _check_size(size: tuple[int, int], shown: str) -> None:
    width, height = size
    if width * height > MOST_PIXELS or max(size) > LONGEST_SIDE:
        raise BadInput(f"The picture {shown} has {width:,} x {height:,} pixels: {SIZES_TAKEN}.")
    if min(size) < SMALLEST_SIDE:
        raise BadInput(f"The picture {shown} has {width} x {height} pixels: give one that can be seen.")


def _looks_like_a_picture(content: bytes) -> bool:
    return content.startswith((b"\xff\xd8\xff", b"\x89PNG", b"GIF8")) or content[8:12] == b"WEBP"


def _keep(kept: Path, content: bytes, shown: str) -> None:
    try:
        write_atomically(kept, content)
        kept.chmod(0o440)
    except OSError as error:
        raise BadInput(
            f"The picture {shown} cannot be kept in {kept.parent} ({os.strerror(error.errno or 0)}): make room or "
            "check who owns it."
        ) from error


# ── making ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _upright(sha256: str, width: int) -> Image.Image:
    """The original in 8-bit sRGB, turned as its camera says, on white where it was transparent."""
    image = _opened(_original(sha256).read_bytes())
    if image.format in ("JPEG", "MPO"):
        # decodes at half, a quarter or an eighth of the size where that is enough
        image.draft("RGB" if image.mode == "RGB" else None, (2 * width, 2 * width))
    image.load()
    profile = image.info.get("icc_profile")
    return _in_srgb(_flat(_eight_bits(ImageOps.exif_transpose(image))), profile)


def _eight_bits(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    return image


def _flat(image: Image.Image) -> Image.Image:
    """Without transparency."""
    if "transparency" not in image.info and not image.has_transparency_data:
        return image if image.mode in ("RGB", "CMYK") else image.convert("RGB")
    opaque = image.convert("RGBA")
    ground = Image.new("RGBA", opaque.size, "white")
    return Image.alpha_composite(ground, opaque).convert("RGB")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if profile:
        try:
            source = ImageCms.getOpenProfile(io.BytesIO(profile))
            found = ImageCms.profileToProfile(image, source, _srgb(), outputMode="RGB")
            return found if found is not None else image.convert("RGB")
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass  # a profile that does not fit its picture is as good as none
    return image.convert("RGB")


@functools.cache
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _encoded(image: Image.Image, kind: Format) -> bytes:
    plain = Image.new("RGB", image.size)
    plain.paste(image)  # a new one has no metadata to write
    file = io.BytesIO()
    if kind == "JPEG":
        plain.save(file, "JPEG", quality=QUALITY[kind], optimize=True, progressive=True)
    else:
        plain.save(file, "WEBP", quality=QUALITY[kind], method=4)
    return file.getvalue()


def _drawn(name: str, side: int) -> Image.Image:
    """A name in white on a ground whose colour the name chooses; bars of sound where our font lacks its letters."""
    digest = hashlib.sha256(name.encode()).digest()
    image = Image.new("RGB", (side, side), PALETTE[digest[0] % len(PALETTE)])
    words = " ".join("".join(c if c.isprintable() else " " for c in name).split())[:LONGEST_NAME]
    draw = ImageDraw.Draw(image)
    if words and _can_be_set(words):
        _set_name(draw, words, side)
    else:
        _draw_bars(draw, digest, side)
    return image


def _can_be_set(words: str) -> bool:
    """Whether Pillow's own font has every letter; it has Latin ones."""
    font = ImageFont.load_default(20)
    unknown = bytes(font.getmask("\uffff"))
    return all(bytes(font.getmask(letter)) != unknown for letter in set(words) - {" "})


def _set_name(draw: ImageDraw.ImageDraw, words: str, side: int) -> None:
    """In the largest letters with which it fits; words are broken only where even the smallest do not help."""
    longest = max(map(len, words.split()))
    for across, fraction in [way for way in SETTINGS if way[0] >= longest] or SETTINGS[-1:]:
        size = side / fraction
        font, text = ImageFont.load_default(size), "\n".join(textwrap.wrap(words, across))
        left, top, right, bottom = draw.multiline_textbbox((0, 0), text, font=font, spacing=size / 4)
        if max(right - left, bottom - top) <= side * 0.84:
            break
    at = ((side - right - left) / 2, (side - bottom - top) / 2)
    draw.multiline_text(at, text, font=font, fill="white", spacing=size / 4, align="center")


def _draw_bars(draw: ImageDraw.ImageDraw, digest: bytes, side: int) -> None:
    step = side * 0.8 / BARS
    for number, value in enumerate(digest[1 : BARS + 1]):
        x, half = side * 0.1 + number * step, side * (0.05 + 0.25 * value / 255)
        draw.rounded_rectangle((x, side / 2 - half, x + step * 0.6, side / 2 + half), radius=step * 0.3, fill="white")
