"""Pictures beside an update: decoded to pixels and drawn anew, so that nothing but what is seen travels with them."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from typing import Any, Final

from msgspec.structs import replace

from heliograph.load.files import Image
from heliograph.load.prose import PICTURE_NAME, pictures_named
from heliograph.model import Picture, Text
from heliograph.problems import Place, Problems, did_you_mean

SUFFIXES: Final = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
"""The kinds of picture that are taken, by the end of their name."""

PIXEL_LIMIT: Final = 16_000_000
"""More are refused before a single one is decoded: a small file can hold a picture that fills the memory."""

_QUALITY: Final = 88


class Shelf:
    """The pictures beside a folder's updates; each is decoded when a passage first names it, and never otherwise."""

    def __init__(self, files: Iterable[Image], problems: Problems) -> None:
        self._files = {file.path.rpartition("/")[2]: file for file in files}
        self._problems = problems
        self._taken: dict[str, Picture | PictureRefused] = {}

    def illustrate(self, passages: tuple[Text, ...]) -> tuple[Text, ...]:
        """Hang the pictures that passages and translations name beside their words; note those missing or refused."""
        return tuple(self._illustrated(passage) for passage in passages)

    def _illustrated(self, passage: Text) -> Text:
        drawn = self._hung(passage) if "![" in passage.words else passage
        if not drawn.translations:
            return drawn
        told = tuple(replace(one, text=self._illustrated(one.text)) for one in drawn.translations)
        return replace(drawn, translations=told)

    def _hung(self, passage: Text) -> Text:
        found: dict[str, Picture] = {}
        for line, name in pictures_named(passage.words):
            place = Place(passage.place.file, passage.place.line + line)
            if name not in self._files:
                if PICTURE_NAME.fullmatch(name):
                    hint = did_you_mean(name, self._files)
                    self._problems.add(place, "E415", "there is no picture of this name beside the text", hint)
                continue
            picture = self._take(name)
            if isinstance(picture, PictureRefused):
                self._problems.add(place, picture.code, str(picture))
            else:
                found[name] = picture
        return replace(passage, pictures=tuple(found.values()))

    def _take(self, name: str) -> Picture | PictureRefused:
        if name not in self._taken:
            file = self._files[name]
            try:
                self._taken[name] = take_picture(file.path, file.data)
            except PictureRefused as refusal:
                self._taken[name] = refusal
        return self._taken[name]


class PictureRefused(ValueError):  # noqa: N818 -- it is an answer, not a fault
    """Why a file is not taken as a picture; `code` is the catalogue's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def take_picture(path: str, data: bytes) -> Picture:
    """Make a picture of a file's bytes. Raises PictureRefused: E416 SVG, E417 too large, E418 not what its name says.

    The same pixels give the same bytes and so the same name, wherever they came from.
    """
    name = path.rpartition("/")[2]
    suffix = name[name.rfind(".") :].lower()
    if suffix == ".svg":
        raise PictureRefused("E416", "SVG can carry scripts and hidden text; export it as PNG")
    drawn, width, height = _redrawn(data, SUFFIXES[suffix])
    digest = hashlib.sha256(drawn).hexdigest()[:16]
    kept = ".jpg" if suffix == ".jpeg" else suffix
    return Picture(name=name, file=f"picture-{digest}{kept}", data=drawn, width=width, height=height, place=Place(path))


def _redrawn(data: bytes, kind: str) -> tuple[bytes, int, int]:
    from PIL import Image, ImageOps  # noqa: PLC0415 -- most sites have no picture, and this costs 40 ms

    try:
        with Image.open(io.BytesIO(data), formats=tuple(set(SUFFIXES.values()))) as image:
            _admit(image.format, kind, image.size, getattr(image, "n_frames", 1))
            upright = ImageOps.exif_transpose(image)
            pixels = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
            fresh = Image.frombytes(pixels.mode, pixels.size, pixels.tobytes())
    except PictureRefused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureRefused("E417", f"this has far more than {PIXEL_LIMIT // 1_000_000} million pixels") from error
    except Exception as error:
        # Decoders raise whatever their C code met; whichever it was, this is no picture we can show.
        raise PictureRefused("E418", f"this cannot be read as {kind}") from error
    out = io.BytesIO()
    fresh.convert("RGB" if kind == "JPEG" else fresh.mode).save(out, kind, **_SAVING[kind])
    return out.getvalue(), *fresh.size


_SAVING: Final[dict[str, dict[str, Any]]] = {
    "PNG": {"optimize": True},
    "JPEG": {"quality": _QUALITY, "optimize": True},
    "WEBP": {"quality": _QUALITY, "method": 4},
}


def _admit(found: str | None, kind: str, size: tuple[int, int], frames: int) -> None:
    if found != kind:
        raise PictureRefused("E418", f"this is {found}, and its name says {kind}")
    if size[0] * size[1] > PIXEL_LIMIT:
        raise PictureRefused(
            "E417", f"this has {size[0]} by {size[1]} pixels; {PIXEL_LIMIT // 1_000_000} million are enough"
        )
    if frames > 1:
        raise PictureRefused("E418", "this moves; only still pictures are taken")
