"""How a title becomes part of a sentence, and how a text is told in its first sentences. English only."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from heliograph.render import words
from heliograph.render.markup import to_html

STATUS_PHRASES: Final = {
    "investigating": "cause not yet known",
    "identified": "cause found",
    "monitoring": "fix in place, being watched",
    "resolved": "solved",
    "postmortem": "solved, account published",
}
"""What a status means, short enough for a subject line."""

_LOWERED: Final = re.compile(
    r"a|about|all|an|at|cause|customers|delayed|delays|downloads|e-mails|emails|errors|failed|failing|"
    r"few|fix|for|from|high|in|it|log-in|long|many|messages|missing|most|no|on|orders|our|pages|"
    r"payments|problems|requests|several|sign-in|since|slow|some|that|the|these|this|uploads|users|we|wrong|"
    r"you|your"
)
"""First words that are surely no names, so that they may lose their capital inside a sentence."""

_TITLE: Final = re.compile(r"(?P<who>[^,;:.?!]+?) (?P<verb>are|is) (?P<no>not )?(?P<rest>(?!being\b).+)")
_VERBS: Final = re.compile(
    r"\b(are|can|cannot|fail|fails|has|have|if|is|may|that|was|were|when|where|which|while|who|will)\b"
)
_END: Final = re.compile(r"(?:(?<=[.!?])|(?<=[.!?][\"”')]))\s+(?=[\"“'(]?[A-Z0-9])")
_ABBREVIATED: Final = re.compile(r"\b(?:e\.g|i\.e|approx|ca|No|Dr|St|vs)\.$")
_ADDRESS: Final = re.compile(r"\s*\((?:https?:|[^\s()]+@)[^\s()]*\)|\s*https?:\S+")
_MARKS: Final = re.compile(r"[\\`*_\[\]<>&~]")


def mid_sentence(text: str) -> str:
    """Take the capital off a text's first word, where that word cannot be a name."""
    first = text.split(" ", 1)[0].rstrip(",;:.")
    return text[:1].lower() + text[1:] if _LOWERED.fullmatch(first.lower()) else text


def sentence(text: str) -> str:
    """End a text with a full stop, and begin it with a capital."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?", "…", ":")) else ".")


def headline(title: str) -> str:
    """Say a title as a headline does: `Some payments in Europe failing`."""
    parts = _read(title)
    return f"{parts[0]} {parts[2]}{parts[3]}" if parts else title


def since(title: str, when: str) -> str:
    """Say `Since 14:02 UTC some payments in Europe have been failing.` of a title that says they are."""
    parts = _read(title)
    if parts is None:
        return sentence(f"Since {when}: {title}")
    who, verb, negation, rest = parts
    have = "have" if verb == "are" else "has"
    return sentence(f"Since {when} {mid_sentence(who)} {have} {negation}been {rest}")


def was(title: str, period: str) -> str:
    """Say `From 14:02 to 14:44 UTC (42 min) some payments in Europe were failing.` of a title that says they are."""
    told = past(title)
    return sentence(f"{period} {told}" if told != title else f"{period} we had this problem: {title}")


def past(title: str) -> str:
    """Say `some payments in Europe were failing` of a title that says they are; any other stays as it is."""
    parts = _read(title)
    if parts is None:
        return title
    who, verb, negation, rest = parts
    did = "were" if verb == "are" else "was"
    return f"{mid_sentence(who)} {did} {negation}{rest}"


def period(start: datetime, end: datetime, timezone: str) -> str:
    """Say `On 21 Nov 2026 from 14:02 to 14:44 UTC (42 min)`, or both days where there are two."""
    lasted = words.duration(end - start)
    if words.day(start, timezone) == words.day(end, timezone):
        clock = f"{words.clock(start, timezone)} to {words.clock_zone(end, timezone)}"
        return f"On {words.day(end, timezone)} from {clock} ({lasted})"
    return f"From {words.moment(start, timezone)} to {words.moment(end, timezone)} ({lasted})"


def _read(title: str) -> tuple[str, str, str, str] | None:
    """Split `WHO are|is [not] REST`; None for every title of which that might be a misreading."""
    found = _TITLE.fullmatch(title.strip().rstrip("."))
    if found is None:
        return None
    who, verb, negation, rest = found.group("who", "verb", "no", "rest")
    misread = _VERBS.search(f"{who} {rest}".lower())
    return None if misread else (who, verb, negation or "", rest)


def sentences(text: str) -> list[str]:
    """Split plain text into sentences; abbreviations and figures such as `99.93` do not end one."""
    told: list[str] = []
    for piece in _END.split(" ".join(text.split())):
        if told and _ABBREVIATED.search(told[-1]):
            told[-1] += f" {piece}"
        elif piece:
            told.append(piece)
    return told


def first_sentence(text: str) -> str:
    """Give the first sentence of a plain text; empty for an empty one."""
    return next(iter(sentences(text)), "")


def spoken(title: str, text: str, limit: int) -> str:
    """Say title and text aloud: as many whole sentences as fit `limit` characters, without addresses."""
    said = sentence(title)
    for piece in sentences(_ADDRESS.sub("", text)):
        if len(said) + 1 + len(piece) > limit:
            break
        said += f" {piece}"
    return shortened(said, limit)


def shortened(text: str, limit: int) -> str:
    """Cut a text at a word's end so that it has at most `limit` characters, and show the cut."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    return head.rsplit(" ", 1)[0].rstrip(" ,;:.") + "…" if " " in head else f"{head}…"


def literal(text: str) -> str:
    """Write plain text in Markdown so that it is read as it stands."""
    return _MARKS.sub(r"\\\g<0>", text)


def lead_in(opening: str, markdown: str) -> str:
    """Put a Markdown sentence before authored Markdown: in its first paragraph if it begins with one, else above."""
    markdown = markdown.strip()
    together = f"{opening} {markdown}"
    runs_on = to_html(opening).removesuffix("</p>\n") + " " + to_html(markdown).removeprefix("<p>")
    return together if to_html(together) == runs_on else f"{opening}\n\n{markdown}".strip()
