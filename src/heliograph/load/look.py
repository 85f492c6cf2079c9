"""The `[theme]` of site.toml: colours, which are held to WCAG's contrast as they are read, a logo, and links."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial
from typing import Final

from heliograph import theme
from heliograph.colours import Colour, read_colour
from heliograph.load.fields import Fields, Values, Wrong
from heliograph.load.files import Image
from heliograph.load.nodes import Node
from heliograph.load.pictures import SUFFIXES, PictureRefused, take_picture
from heliograph.load.shown import shown
from heliograph.load.vectors import take_drawing
from heliograph.model import PUBLIC, Link, Logo, Look, Picture
from heliograph.problems import Place, did_you_mean
from heliograph.theme import Colours, Fault, Theme

ASSETS: Final = "site_src/assets/"
LINK_LIMIT: Final = 8
"""So many links stand beside the site's own; more would push what readers came for off a phone's screen."""

_PICTURE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\.(?:svg|png|jpe?g|webp)", re.ASCII | re.IGNORECASE)
_COLOURS: Final = ("accent", "ground", "ink")
_SAID: Final = {
    "ink": "text",
    "soft": "quieter text, made from the ink,",
    "accent": "links and the ring of focus",
    "ok": "the mark and words of what works",
    "plan": "the mark and words of planned work",
    "degraded": "the mark and words of a degraded part",
    "partial": "the mark and words of a partial outage",
    "outage": "the mark and words of an outage",
}


def read_look(fields: Fields | None, images: Iterable[Image], name: str) -> Look:
    """Read what a site looks like; `name` is what its logo says where nothing else is said. None gives the shipped."""
    if fields is None:
        return Look()
    values = fields.values
    colour = partial(_colour, values)
    light = Colours(**{key: fields.read(key, colour) for key in _COLOURS})
    dark = Colours(**{key: fields.read(f"{key}_dark", colour) for key in _COLOURS})
    files = {image.path.removeprefix(ASSETS): image for image in images if image.path.startswith(ASSETS)}
    picture = partial(_picture, values, files)
    logo, logo_dark = fields.read("logo", picture), fields.read("logo_dark", picture)
    alt = fields.read("logo_alt", values.title) or name
    links = fields.read("links", partial(_links, values)) or ()
    fields.done()
    colours = Theme(light=light, dark=dark)
    for fault in theme.faults(colours):
        _refuse(fields, fault)
    if logo is None and logo_dark is not None:
        values.refuse(fields.mapping, "E128", "`logo` is missing; `logo_dark` only takes its place in the dark")
    return Look(theme=colours, logo=Logo(picture=logo, dark=logo_dark, alt=alt) if logo else None, links=links)


def _colour(values: Values, node: Node) -> Colour:
    text = values.line(node)
    found = read_colour(text) if len(text) == len("#rrggbb") else None
    if found is None:
        raise Wrong(node, "E651", f"`{shown(text)}` is not a colour", "six digits of 0-9 and a-f, such as #0b5f7a")
    return found


def _refuse(fields: Fields, fault: Fault) -> None:
    """Say by how much a colour fails, and what would do."""
    key = fault.name if fault.scheme == "light" else f"{fault.name}_dark"
    where = {"ground": "the ground", "sheet": "sheets that lie on the ground"}[fault.ground]
    said = _SAID.get(fault.of, fault.of)
    ratio = int(fault.ratio * 100) / 100  # rounded down, so that 4.499 does not read as enough
    message = (
        f"`{key}`: {said} ({fault.colour}) on {where} ({fault.below}) would have a contrast of {ratio:.2f} to 1; "
        f"{theme.NEEDED:g} to 1 is needed"
    )
    hint = f"the nearest shade that passes is {fault.instead}" if fault.instead else "no shade of this colour passes"
    fields.values.refuse(fields.node(key) or fields.mapping, "E650", message, hint)


def _picture(values: Values, files: dict[str, Image], node: Node) -> Picture | None:
    """Take a picture of the assets by its name; what is wrong with the file itself is noted at the file."""
    name = values.line(node)
    if name not in files:
        kinds = "SVG, " + ", ".join(sorted(set(SUFFIXES.values())))
        hint = did_you_mean(name, files) if _PICTURE.fullmatch(name) else f"name a file there: {kinds}"
        raise Wrong(node, "E653", f"there is no picture `{shown(name)}` in {ASSETS}", hint)
    file = files[name]
    take = take_drawing if name.lower().endswith(".svg") else take_picture
    try:
        return take(file.path, file.data)
    except PictureRefused as refusal:
        values.problems.add(Place(file.path), refusal.code, str(refusal))
        return None


def _links(values: Values, node: Node) -> tuple[Link, ...]:
    found = values.list_of(values.fields)(node)
    if len(found) > LINK_LIMIT:
        raise Wrong(node, "E654", f"these are {len(found)} links; at most {LINK_LIMIT} stand on every page")
    links = [_link(one) for one in found]
    return tuple(link for link in links if link is not None)


def _link(fields: Fields) -> Link | None:
    values = fields.values
    name, url = fields.need("name", values.title), fields.need("url", values.address())
    fields.done()
    if name is None or url is None:
        return None
    return Link(label=PUBLIC, name=name, url=url, place=values.place(fields.mapping))
