"""A site's own colours: what follows from the few it names, whether all can be read, and how a stylesheet gets them.

The shipped colours stand in the shipped stylesheet and nowhere else; they are read from there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, partial
from typing import Final, Literal, NamedTuple

from msgspec import Struct, structs

from heliograph import resources
from heliograph.colours import WHITE, Colour, contrast, mixed, nearest, read_colour

Scheme = Literal["light", "dark"]
Palette = Mapping[str, Colour]
"""The colours of one scheme by the name of their custom property, without its hyphens."""

NEEDED: Final = 4.5
"""The contrast of text after WCAG 2.2, AA; marks and the ring of focus need 3, but are drawn in the same colours."""

GROUNDS: Final = ("ground", "sheet")
TEXTS: Final = ("ink", "soft", "accent", "ok", "plan", "degraded", "partial", "outage")
"""What is written in, on either ground."""
ORNAMENTS: Final = ("rule", "day")
"""What says nothing by itself: lines, and days on which all was well."""

_SHEET: Final = "web/style.css"
_PROPERTY: Final = re.compile(r"--([a-z][a-z0-9-]*):\s*(#[0-9a-fA-F]{3,6})\b")
_ROOT: Final = re.compile(r":root\s*\{([^{}]*)\}")
_DARK: Final = re.compile(r"@media[^{]*prefers-color-scheme:\s*dark[^{]*\{\s*:root\s*\{([^{}]*)\}")

_SOFTER: Final = 0.28
_LINE: Final = 0.12
_LIFT: Final = {True: 0.5, False: 0.04}
"""How far a sheet rises from a light and from a dark ground towards white."""
_LIGHT: Final = 0.18
"""From this luminance on a ground is a light one."""


class Colours(Struct, frozen=True, kw_only=True):
    """What a site names of one scheme."""

    accent: Colour | None = None
    ground: Colour | None = None
    ink: Colour | None = None

    @property
    def named(self) -> dict[str, Colour]:
        """Those that are named, by name."""
        return {name: colour for name, colour in structs.asdict(self).items() if colour is not None}


class Theme(Struct, frozen=True, kw_only=True):
    """A site's own colours in both schemes; one that names none leaves all as shipped."""

    light: Colours = Colours()
    dark: Colours = Colours()


class Fault(Struct, frozen=True, kw_only=True):
    """A name whose colour cannot stay: what is drawn (`of`) on which ground, at what contrast, and what would do."""

    scheme: Scheme
    name: str
    of: str
    colour: Colour
    ground: str
    below: Colour
    ratio: float
    instead: Colour | None


@cache
def shipped() -> dict[Scheme, Palette]:
    """Read the shipped colours of both schemes."""
    text = (resources.defaults() / "layouts" / _SHEET).read_text(encoding="utf-8")
    dark = _DARK.search(text)
    light = _ROOT.search(text)
    assert light is not None
    assert dark is not None
    return {"light": _colours(light.group(1)), "dark": {**_colours(light.group(1)), **_colours(dark.group(1))}}


def _colours(block: str) -> Palette:
    found = ((name, read_colour(value)) for name, value in _PROPERTY.findall(block))
    return {name: colour for name, colour in found if colour is not None}


def palette(theme: Theme, scheme: Scheme) -> Palette:
    """Give all colours of a scheme: those named, those that follow from them, and for the rest the shipped ones.

    An accent for the dark that is not named is the light one, made as much lighter as it takes.
    """
    named = theme.light if scheme == "light" else theme.dark
    whole = _whole(named.named, scheme)
    if scheme == "dark" and named.accent is None and theme.light.accent is not None:
        grounds = [whole[name] for name in GROUNDS]
        accent = nearest(theme.light.accent, lambda one: all(contrast(one, on) >= NEEDED for on in grounds))
        return {**whole, "accent": accent or whole["accent"]}
    return whole


def _whole(named: Mapping[str, Colour], scheme: Scheme) -> Palette:
    """Complete what is named of one scheme."""
    known = {**shipped()[scheme], **named}
    ground, ink = known["ground"], known["ink"]
    if "ground" in named:
        known["sheet"] = mixed(ground, WHITE, _LIFT[ground.luminance >= _LIGHT])
    if "ground" in named or "ink" in named:
        known["soft"] = _soft(ink, ground, known["sheet"])
        known["rule"] = mixed(ground, ink, _LINE)
    return known


def _soft(ink: Colour, ground: Colour, sheet: Colour) -> Colour:
    """Soften the ink as far as it can still be read, and at most to the shipped degree."""
    shades = (mixed(ink, ground, _SOFTER * step / 20) for step in range(20, 0, -1))
    return next((one for one in shades if min(contrast(one, ground), contrast(one, sheet)) >= NEEDED), ink)


def faults(theme: Theme) -> Iterator[Fault]:
    """Name each colour of a theme that cannot be read on its grounds, or on which others cannot; at most one a name."""
    for scheme in ("light", "dark"):
        named = (theme.light if scheme == "light" else theme.dark).named
        colours = palette(theme, scheme)
        worst: dict[str, _Pair] = {}
        for pair in sorted(_failing(colours), key=lambda pair: pair.ratio):
            worst.setdefault(_answerable(pair.of, named), pair)
        for name, pair in worst.items():
            yield Fault(
                scheme=scheme,
                name=name,
                of=pair.of,
                colour=colours[pair.of],
                ground=pair.ground,
                below=colours[pair.ground],
                ratio=pair.ratio,
                instead=nearest(named[name], partial(_would_do, theme, scheme, name)) if name in named else None,
            )


class _Pair(NamedTuple):
    """What is drawn, what it is drawn on, and the contrast between them."""

    of: str
    ground: str
    ratio: float


def _failing(colours: Palette) -> list[_Pair]:
    pairs = (_Pair(of, ground, contrast(colours[of], colours[ground])) for of in TEXTS for ground in GROUNDS)
    return [pair for pair in pairs if pair.ratio < NEEDED]


def _answerable(of: str, named: Mapping[str, Colour]) -> str:
    """Tell which of the named colours has to give way: that of the text itself, else the ground under it."""
    return next((name for name in (of, "ground", "ink") if name in named), of)


def _would_do(theme: Theme, scheme: Scheme, name: str, colour: Colour) -> bool:
    """Tell whether nothing would be left for this name to answer for if it were another colour."""
    side = theme.light if scheme == "light" else theme.dark
    other = structs.replace(side, **{name: colour})
    changed = structs.replace(theme, **{scheme: other})
    named = other.named
    return all(_answerable(pair.of, named) != name for pair in _failing(palette(changed, scheme)))


def to_css(theme: Theme) -> str:
    """Write what a theme changes, to stand behind the shipped stylesheet; empty if it changes nothing.

    Both parts are for screens: on paper the shipped colours stay.
    """
    parts = ((scheme, palette(theme, scheme), shipped()[scheme]) for scheme in ("light", "dark"))
    return "".join(
        _block(scheme, {name: one for name, one in new.items() if one != old[name]}) for scheme, new, old in parts
    )


def _block(scheme: str, changed: Palette) -> str:
    told = "; ".join(f"--{name}: {colour}" for name, colour in sorted(changed.items()))
    return f"@media screen and (prefers-color-scheme: {scheme}) {{ :root {{ {told}; }} }}\n" if changed else ""
