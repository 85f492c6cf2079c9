"""Badges: one coloured word to stand in other people's pages, as a drawing and as data for shields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec
from markupsafe import escape

from heliograph.render import words
from heliograph.render.tongue import Tongue, tongue
from heliograph.terms import UNDER_MAINTENANCE, ComponentState, gravity
from heliograph.tree.artifact import Artifact, text_artifact
from heliograph.view import View

COLOURS: Final[dict[ComponentState, str]] = {
    "operational": "#1a7f37",
    "under_maintenance": "#0969da",
    "degraded_performance": "#8a5a00",
    "partial_outage": "#b34700",
    "major_outage": "#b42318",
}
"""Behind white words; each gives them a contrast of at least 4.5 to 1."""

LABEL_COLOUR: Final = "#555555"

_WIDTHS: Final = {
    **dict.fromkeys("ijlI'.,:;|!", 3.6),
    **dict.fromkeys(" ftr()[]/-", 4.6),
    **dict.fromkeys("mwMW%@—", 10.4),
    **dict.fromkeys("ABCDGHKNOQRU&", 8.0),
}
"""Widths in pixels of 11-pixel Verdana; what is not named is taken for a small letter, or a wide sign beyond Latin."""
_SMALL_LETTER: Final = 6.8
_WIDE_SIGN: Final = 11.0
_LATIN_ENDS: Final = "\u0250"

_DRAWING: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{title}">'
    "<title>{title}</title>"
    '<rect width="{width}" height="20" rx="3" fill="{colour}"/>'
    '<path d="M3 0h{edge}v20H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z" fill="{label_colour}"/>'
    '<g fill="#ffffff" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11">'
    '<text x="6" y="14" textLength="{label_width}">{label}</text>'
    '<text x="{word_x}" y="14" textLength="{word_width}">{word}</text>'
    "</g></svg>\n"
)


class Badge(NamedTuple):
    """What a badge says: `label` of what, in a `word`, with `title` for those who hear it."""

    label: str
    word: str
    title: str
    state: ComponentState


def badges(view: View) -> Iterator[Artifact]:
    """Write `badge.svg` and `badge.json` for the site and for each component."""
    spoken = tongue(view.about.language)
    yield from _both("", _of_site(spoken, view))
    for component in view.components:
        word = words.state_word(spoken, component.state)
        badge = Badge(component.name, word, f"{view.about.name}, {component.name}: {word}", component.state)
        yield from _both(f"components/{component.id}/", badge)


def _of_site(tongue: Tongue, view: View) -> Badge:
    """Say how many problems are open; a badge never claims that all is well, for nothing here measures that."""
    word, state = _word(tongue, view)
    return Badge(tongue.gettext("status"), word, f"{view.about.name}: {word}", state)


def _word(tongue: Tongue, view: View) -> tuple[str, ComponentState]:
    problems = len(view.open_incidents)
    if problems:
        states: list[ComponentState] = ["degraded_performance", *(component.state for component in view.components)]
        return words.problems(tongue, problems), max(states, key=gravity)
    if view.maintenance_in("active"):
        return words.state_word(tongue, UNDER_MAINTENANCE), UNDER_MAINTENANCE
    return tongue.gettext("no known problems"), "operational"


def _both(folder: str, badge: Badge) -> Iterator[Artifact]:
    yield text_artifact(f"{folder}badge.svg", _drawing(badge))
    yield Artifact(f"{folder}badge.json", _shield(badge))


def _shield(badge: Badge) -> bytes:
    """Write a badge as shields.io asks for it, schema version 1."""
    colour = COLOURS[badge.state].removeprefix("#")
    return msgspec.json.encode({"schemaVersion": 1, "label": badge.label, "message": badge.word, "color": colour})


def _drawing(badge: Badge) -> str:
    label_width, word_width = _width(badge.label), _width(badge.word)
    return _DRAWING.format(
        width=label_width + word_width + 24,
        edge=label_width + 9,
        word_x=label_width + 18,
        label_width=label_width,
        word_width=word_width,
        colour=COLOURS[badge.state],
        label_colour=LABEL_COLOUR,
        title=escape(badge.title),
        label=escape(badge.label),
        word=escape(badge.word),
    )


def _width(text: str) -> int:
    """Estimate how many pixels a text takes; the drawing makes it take exactly so many."""
    return round(sum(_WIDTHS.get(sign, _SMALL_LETTER if sign < _LATIN_ENDS else _WIDE_SIGN) for sign in text))
