"""How a title becomes part of a sentence, and how a text is told in its first sentences.

What bends words is English only: a title in another language is left as it is, and set beside what is said of it.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from heliograph.render.markup import to_html
from heliograph.render.tongue import N_, Tongue, same_day

STATUS_PHRASES: Final = {
    "investigating": N_("cause not yet known"),
    "identified": N_("cause found"),
    "monitoring": N_("fix in place, being watched"),
    "resolved": N_("solved"),
    "postmortem": N_("solved, account published"),
}
"""What a status means, short enough for a subject line."""

_FUNCTION_WORD: Final = re.compile(
    r"(?:about|after|all|an?|any|at|both|by|cause|during|each|every|few|fix|for|from|half|in|it|its|many|more|most|"
    r"no|nobody|none|nothing|on|our|several|since|some|that|the|their|there|these|they|this|those|we|when|with|without|"
    r"you|your)(?=[ ,;:.]|$)",
    re.IGNORECASE,
)
"""First words that are never names; and the two nouns that open half of all updates."""
_COMMON_NOUN: Final = re.compile(
    r"[A-Z][a-z]*-[a-z]+(?=[ ,;:.]|$)|"
    r"[A-Z][a-z]+(?<![aiosu])s (?=(?:are|were|have|that|which|you|we|at|by|for|from|in|of|on|to|through|with)\b)"
)
"""`Sign-in …`, `Payments are …`, `Downloads of …`: compounds, and plurals that go on as plurals do."""
_BLOCK: Final = re.compile(r"^\s*(?:[-*+>#|`~]|\d+[.)])", re.MULTILINE)
_PADDING: Final = frozenset({"are", "be", "been", "has", "have", "is", "now", "still", "was", "were"})
"""Words without which two sentences still say the same."""

_TITLE: Final = re.compile(r"(?P<who>[^,;:.?!]+?) (?P<verb>are|is) (?P<no>not )?(?P<rest>(?!being\b).+)")
_VERBS: Final = re.compile(
    r"\b(are|can|cannot|fail|fails|has|have|if|is|may|that|was|were|when|where|which|while|who|will)\b"
)
_END: Final = re.compile(r"(?:(?<=[.!?])|(?<=[.!?][\"”')]))\s+(?=[\"“'(]?[A-Z0-9])")
_ABBREVIATED: Final = re.compile(r"\b(?:e\.g|i\.e|approx|ca|No|Dr|St|vs)\.$")
_ADDRESS: Final = re.compile(r"\s*\((?:https?:|[^\s()]+@)[^\s()]*\)|\s*https?:\S+")
_MARKS: Final = re.compile(r"[\\`*_\[\]<>&~]")


def mid_sentence(text: str) -> str:
    """Take the capital off a text's first word, where its form shows that it is no name; else leave it."""
    common = _COMMON_NOUN.match(text) or (_FUNCTION_WORD.match(text) and not text[1:2].isupper())
    return text[:1].lower() + text[1:] if common else text


def after_colon(tongue: Tongue, text: str) -> str:
    """Write an author's text behind a colon: without its capital in English, in other languages as it stands."""
    return mid_sentence(text) if tongue.is_english else text


def sentence(text: str) -> str:
    """End a text with a full stop, and begin it with a capital."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?", "…", ":")) else ".")


def status_phrase(tongue: Tongue, status: str) -> str:
    """Say what a status means, short enough for a subject line: `cause found`."""
    return tongue.gettext(STATUS_PHRASES[status])


def headline(title: str) -> str:
    """Say a title as a headline does: `Some payments in Europe failing`."""
    parts = _read(title)
    return f"{parts[0]} {parts[2]}{parts[3]}" if parts else title


def since(title: str, when: str) -> str:
    """Say `Since 14:02 UTC some payments in Europe have been failing.` of a title that says they are."""
    parts = _read(mid_sentence(title))
    if parts is None:
        return sentence(f"Since {when}: {title}")
    who, verb, negation, rest = parts
    have = "have" if verb == "are" else "has"
    return sentence(f"Since {when} {who} {have} {negation}been {rest}")


def told_since(tongue: Tongue, title: str, when: str) -> str:
    """Say since when a problem goes on, as `since` does in English; else its title stands behind that."""
    if tongue.is_english:
        return since(title, when)
    return sentence(tongue.gettext("Since %(when)s: %(title)s", when=when, title=title))


def told_was(tongue: Tongue, title: str, period: str) -> str:
    """Say `From 14:02 to 14:44 UTC (42 min) some payments in Europe were failing.` of a title that says they are."""
    told = past(title)
    if told != title and tongue.is_english:
        return sentence(f"{period} {told}")
    shown = told if tongue.is_english else title_once_over(title)
    return sentence(tongue.gettext("%(period)s we had this problem: %(title)s", period=period, title=shown))


def past(title: str) -> str:
    """Say `some payments in Europe were failing` of a title that says they are; any other stays as it is."""
    parts = _read(mid_sentence(title))
    if parts is None:
        return title
    who, verb, negation, rest = parts
    did = "were" if verb == "are" else "was"
    return f"{who} {did} {negation}{rest}"


def told_solved(tongue: Tongue, title: str) -> str:
    """Say `Solved: some payments in Europe were failing`."""
    return tongue.gettext("Solved: %(title)s", title=past(title) if tongue.is_english else title_once_over(title))


def title_once_over(title: str) -> str:
    """Say the title of what is over: `Some payments in Europe were failing`; one that names no state stays as it is."""
    told = past(title)
    return told[:1].upper() + told[1:]


def period(tongue: Tongue, start: datetime, end: datetime, timezone: str) -> str:
    """Say `On 21 Nov 2026 from 14:02 to 14:44 UTC (42 min)`, or both days where there are two."""
    if same_day(timezone, start, end):
        return tongue.gettext(
            "On %(day)s from %(start)s to %(end)s (%(span)s)",
            day=tongue.day(end, timezone),
            start=tongue.clock(start, timezone),
            end=tongue.clock_zone(end, timezone),
            span=tongue.duration(end - start),
        )
    return tongue.gettext(
        "From %(start)s to %(end)s (%(span)s)",
        start=tongue.moment(start, timezone),
        end=tongue.moment(end, timezone),
        span=tongue.duration(end - start),
    )


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


def without_echo(title: str, markdown: str) -> str:
    """Leave out of a text's first paragraph what only says again what its title says, word for word but its tense."""
    first, parting, rest = markdown.strip().partition("\n\n")
    said = [] if _BLOCK.search(first) else sentences(first)
    heard = [one for one in said if _stems(one) != _stems(title)]
    return markdown if heard == said else f"{' '.join(heard)}{parting}{rest}".strip()


def _stems(text: str) -> list[str]:
    told = re.findall(r"[^\W_]+", text.casefold())
    return [re.sub(r"(?<=\w{3})(?:ing|ed|es|s|e)$", "", word) for word in told if word not in _PADDING]


def first_sentence(text: str) -> str:
    """Give the first sentence of a plain text; empty for an empty one."""
    return next(iter(sentences(text)), "")


def spoken(title: str, text: str, limit: int) -> str:
    """Say title and text aloud: as many whole sentences as fit `limit` characters, without addresses."""
    said = sentence(title)
    for piece in sentences(without_echo(title, _ADDRESS.sub("", text))):
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
