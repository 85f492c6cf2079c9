"""Drawings in SVG, written anew from what is known to draw and do nothing else.

Shapes, gradients and clips are taken over value by value; what only editors read is left out; whatever could show or
fetch something else (text, styles, pictures, scripts) is refused, so that no drawing silently looks other than it did.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final
from xml.parsers import expat

from heliograph.load.pictures import PictureRefused
from heliograph.model import Picture
from heliograph.problems import Place

SIZE_LIMIT: Final = 64 * 1024
"""So many bytes a drawing may have: every reader's browser fetches it."""

SHOWN_HEIGHT: Final = 40
"""How tall a drawing says it is, in CSS pixels; its width follows from its proportions."""

_DEPTH: Final = 32
_SVG: Final = "http://www.w3.org/2000/svg"
_XLINK: Final = "http://www.w3.org/1999/xlink"
_WIDEST: Final = 50
"""A logo may be so many times as wide as it is tall, or as tall as it is wide."""

_ELEMENTS: Final = frozenset(
    {"svg", "g", "defs", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon"}
    | {"linearGradient", "radialGradient", "stop", "clipPath"}
)
_NOTES: Final = frozenset(("metadata", "title", "desc"))
"""Said to people who edit the drawing, or to those who cannot see it; a logo has its own words for these."""

_NUMBER: Final = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"
_LENGTH: Final = re.compile(rf"{_NUMBER}(?:%|px|pt|pc|mm|cm|in|em)?", re.ASCII)
_NUMBERS: Final = re.compile(r"[0-9eE.,+\-%\s]+", re.ASCII)
_PATH: Final = re.compile(r"[MmZzLlHhVvCcSsQqTtAa0-9eE.,+\-\s]*", re.ASCII)
_MOVES: Final = re.compile(r"(?:(?:matrix|translate|scale|rotate|skewX|skewY)\s*\([0-9eE.,+\-\s]*\)[\s,]*)+", re.ASCII)
_WORD: Final = re.compile(r"[A-Za-z]{1,24}(?: [A-Za-z]{1,24})?", re.ASCII)
_PAINT: Final = re.compile(r"#[0-9a-fA-F]{3,8}|[A-Za-z]{1,24}|(?:rgb|hsl)a?\([0-9.,%\s]{1,40}\)", re.ASCII)
_INNER: Final = re.compile(r"url\(\s*[\"']?#([A-Za-z_][\w.:-]*)[\"']?\s*\)", re.ASCII)
_TARGET: Final = re.compile(r"#([A-Za-z_][\w.:-]*)", re.ASCII)

_FORMS: Final = {
    name: form
    for form, names in (
        (_LENGTH, "x y x1 y1 x2 y2 r rx ry cx cy fx fy fr offset stroke-width stroke-miterlimit stroke-dashoffset"),
        (_LENGTH, "width height opacity fill-opacity stroke-opacity stop-opacity"),
        (_NUMBERS, "points stroke-dasharray viewBox"),
        (_PATH, "d"),
        (_MOVES, "transform gradientTransform"),
        (_WORD, "fill-rule clip-rule stroke-linecap stroke-linejoin gradientUnits spreadMethod clipPathUnits"),
        (_WORD, "display visibility"),
        (_PAINT, "fill stroke stop-color color clip-path"),
    )
    for name in names.split()
}
"""What is taken over, and the form of each value."""


def take_drawing(path: str, data: bytes) -> Picture:
    """Make a picture of an SVG file. Raises PictureRefused: E417 too large, E418 no drawing, E652 does more than draw.

    The same drawing gives the same bytes and so the same name; no text, name or comment of the file is in them.
    """
    if len(data) > SIZE_LIMIT:
        raise PictureRefused("E417", f"this has {len(data):,} bytes; a drawing may have {SIZE_LIMIT:,}")
    hand = _Hand()
    try:
        hand.parser.Parse(data, True)
    except expat.ExpatError as error:
        raise PictureRefused("E418", f"line {error.lineno}: this cannot be read as SVG") from error
    drawn = "".join(hand.lines).encode()
    digest = hashlib.sha256(drawn).hexdigest()[:16]
    width, height = hand.size
    name = path.rpartition("/")[2]
    return Picture(name=name, file=f"picture-{digest}.svg", data=drawn, width=width, height=height, place=Place(path))


class _Hand:
    """Draws anew what the parser reads out."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate("utf-8", " ")  # whatever encoding the file claims, as for all that is read
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.lines: list[str] = []
        self.size = (0, 0)
        self._names: dict[str, str] = {}
        self._depth = 0
        self._left_out = 0

    def _refuse(self, what: str) -> PictureRefused:
        return PictureRefused("E652", f"line {self.parser.CurrentLineNumber}: {what}")

    def _doctype(self, _name: str, _system: str | None, _public: str | None, own: int) -> None:
        if own:
            raise self._refuse("definitions of its own are not read")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        space, _, name = tag.rpartition(" ")
        if self._left_out or (self._depth and (space != _SVG or name in _NOTES)):
            self._left_out += 1
            return
        self._admit(space, name)
        if not self._depth:
            attributes = self._framed(attributes)
        taken = "".join(f' {key}="{value}"' for key, value in self._taken(attributes).items())
        self._depth += 1
        self.lines.append(f"<{name}{taken}>")

    def _admit(self, space: str, name: str) -> None:
        if self._depth == 0 and (space, name) != (_SVG, "svg"):
            raise PictureRefused("E418", "this is not an SVG drawing")
        if name not in _ELEMENTS or (name == "svg") != (self._depth == 0):
            raise self._refuse(f"`{name[:24]}` is more than a shape")
        if self._depth >= _DEPTH:
            raise self._refuse(f"groups lie within each other more than {_DEPTH} deep")

    def _end(self, tag: str) -> None:
        if self._left_out:
            self._left_out -= 1
            return
        self._depth -= 1
        self.lines.append(f"</{tag.rpartition(' ')[2]}>")

    def _framed(self, attributes: dict[str, str]) -> dict[str, str]:
        """Give the outermost element's attributes with a view box, and the size at which it is shown."""
        rest = {name: value for name, value in attributes.items() if name not in ("x", "y", "width", "height")}
        box = attributes.get("viewBox") or f"0 0 {attributes.get('width', '')} {attributes.get('height', '')}"
        try:
            _, _, wide, tall = (float(number.removesuffix("px")) for number in box.replace(",", " ").split())
        except ValueError as error:
            raise self._refuse("a view box of four numbers is wanted, or a width and a height in pixels") from error
        if not (wide > 0 and tall > 0 and 1 / _WIDEST <= wide / tall <= _WIDEST):
            raise self._refuse("these are no proportions for a picture")
        self.size = (max(1, round(SHOWN_HEIGHT * wide / tall)), SHOWN_HEIGHT)
        width, height = map(str, self.size)
        return {**rest, "viewBox": box.replace("px", ""), "width": width, "height": height}

    def _taken(self, attributes: dict[str, str]) -> dict[str, str]:
        styled = (one.partition(":") for one in attributes.get("style", "").split(";"))
        whole = {**attributes, **{name.strip(): value.strip() for name, _, value in styled}}
        own = {"xmlns": _SVG} if not self._depth else {}
        if "id" in attributes:
            own["id"] = self._renamed(attributes["id"])
        target = attributes.get("href") or attributes.get(f"{_XLINK} href")
        if target is not None:
            own["href"] = f"#{self._renamed(self._inner(_TARGET, target))}"
        return own | {name: self._value(name, whole[name].strip()) for name in sorted(whole.keys() & _FORMS.keys())}

    def _value(self, name: str, value: str) -> str:
        if _FORMS[name] is _PAINT and value.startswith("url("):
            return f"url(#{self._renamed(self._inner(_INNER, value))})"
        if _FORMS[name].fullmatch(value) is None:
            raise self._refuse(f"the value of `{name}` is of no form that is known to be harmless")
        return " ".join(value.split())

    def _inner(self, form: re.Pattern[str], value: str) -> str:
        found = form.fullmatch(value)
        if found is None:
            raise self._refuse("this refers to something outside the drawing")
        return found.group(1)

    def _renamed(self, identity: str) -> str:
        """Give an id of ours: names that people gave to parts say more than the drawing shows."""
        return self._names.setdefault(identity, f"a{len(self._names) + 1}")
