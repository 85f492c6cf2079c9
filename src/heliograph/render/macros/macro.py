"""What a macro is, and the name by which a help desk finds it again."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final, Literal

import msgspec
from markupsafe import Markup

REQUESTER: Final = "{{ticket.requester.first_name}}"
"""What a help desk replaces by the customer's first name; the only placeholder in any macro."""

CLOSED_KEPT: Final = 10
"""For how many closed incidents, newest first, a closing reply is kept at hand."""

PHONE_LIMIT: Final = 280
"""At most so many characters are said on the phone: about twenty seconds."""

SHORT_LIMIT: Final = 280
"""At most so many characters are in a short text, its address included."""

Phase = Literal["reply", "is-it-this", "workaround", "follow-up", "closing", "planned"]
"""What a reply is for: to answer, to ask back, to help meanwhile, to bring news, to say that it is over or planned."""

_OPENING_BRACE: Final = re.compile(r"\{(?=[{%!#])")


class Macro(msgspec.Struct, frozen=True, kw_only=True):
    """One reply. `markdown`, `text` and `html` say the same, greeting included; `phone` is spoken and shorter.

    `incident` is the id of an incident or, for a reply about planned work, of the maintenance. `short` fits where 280
    characters are all there is, address included. `source` is the update whose words it gives, of the instant
    `source_at`; `good_until` is when newer ones are promised or planned work ends, and `late` tells that this has
    passed. `key` never changes, and `name`, which begins with it, is what a help desk lists.
    """

    incident: str
    title: str
    phase: Phase
    tag: str
    key: str
    name: str
    language: str
    source: str
    source_at: datetime
    good_until: datetime | None
    late: bool
    markdown: str
    text: str
    html: Markup
    phone: str
    short: str


class Withdrawn(msgspec.Struct, frozen=True, kw_only=True):
    """A reply that no longer holds, to be taken away wherever it was put; `key` and `name` are as a macro's."""

    incident: str
    phase: Phase
    key: str
    name: str


def key(incident: str, phase: Phase, language: str) -> str:
    """Name a reply for ever: `[k3x9q2mf] reply`, or `[k3x9q2mf] reply (de)` in a further language."""
    return f"[{incident}] {phase}" + (f" ({language})" if language else "")


def name(key: str, title: str) -> str:
    """Say what a help desk lists: `[k3x9q2mf] reply · Some payments in Europe are failing`."""
    return f"{key} · {title}"


def defused(text: str) -> str:
    """Part the braces of what a help desk would take for a placeholder of its own."""
    return _OPENING_BRACE.sub("{ ", text)
