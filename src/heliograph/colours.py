"""Colours as people write them, `#rrggbb`, and what WCAG 2.2 says of two of them together."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

_WRITTEN: Final = re.compile(r"#[0-9a-f]{6}|#[0-9a-f]{3}", re.ASCII | re.IGNORECASE)
_STEPS: Final = 255
_KNEE: Final = 0.04045


class Colour(NamedTuple):
    """An opaque colour of sRGB; each channel from 0 to 255."""

    red: int
    green: int
    blue: int

    def __str__(self) -> str:
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"

    @property
    def luminance(self) -> float:
        """Relative luminance after WCAG 2.2, from 0 (black) to 1 (white)."""
        red, green, blue = (_LINEAR[channel] for channel in self)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= _KNEE else float(((channel + 0.055) / 1.055) ** 2.4)


_LINEAR: Final = tuple(_linear(channel / 255) for channel in range(256))

BLACK: Final = Colour(0, 0, 0)
WHITE: Final = Colour(255, 255, 255)


def read_colour(text: str) -> Colour | None:
    """Read `#rrggbb` or `#rgb`; None for anything else."""
    if _WRITTEN.fullmatch(text) is None:
        return None
    digits = text[1:] if len(text) == len("#rrggbb") else "".join(digit * 2 for digit in text[1:])
    return Colour(*bytes.fromhex(digits))


def contrast(one: Colour, other: Colour) -> float:
    """Give the contrast ratio after WCAG 2.2, from 1 (none) to 21 (black and white); the order does not matter."""
    darker, lighter = sorted((one.luminance, other.luminance))
    return (lighter + 0.05) / (darker + 0.05)


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    """Mix two colours; a share of 0 is all the one, of 1 all the other."""
    return Colour(*(round(a + (b - a) * share) for a, b in zip(one, other, strict=True)))


def nearest(colour: Colour, passes: Callable[[Colour], bool]) -> Colour | None:
    """Make a colour darker or lighter by as little as makes it pass; None if no shade or tint of it does."""
    ways = (next(filter(passes, _towards(colour, end)), None) for end in (BLACK, WHITE))
    found = [one for one in ways if one is not None]
    return min(found, key=lambda one: math.dist(one, colour), default=None)


def _towards(colour: Colour, end: Colour) -> Iterator[Colour]:
    return (mixed(colour, end, step / _STEPS) for step in range(_STEPS + 1))
