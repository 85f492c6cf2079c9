"""What a text says in figures: times of day, days, lengths of time, shares, amounts and numbers of things.

Read in English, German, Spanish and French at once, because a text and its translation are compared by what they say.
A figure is written down so that equal ones are equal: `2 hours` and `120 Minuten` are both `span 7200`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Final, Literal

import msgspec

from heliograph.check import figure_words as words
from heliograph.times import zone

Kind = Literal["a time of day", "a day", "a length of time", "a share", "an amount", "a number"]


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure of a text, from character `start` to before `end`. `values` are all that it may mean.

    `implies` is what else is said with it; `is_conditional` tells what only an if or a request to wait mentions.
    """

    kind: Kind
    start: int
    end: int
    values: frozenset[str]
    implies: frozenset[str] = frozenset()
    is_conditional: bool = False


_Values = Callable[[re.Match[str]], Iterable[str]]
_LINK: Final = re.compile(r"\]\([^()\s]*\)|https?://\S+|\bmailto:\S+")
_MARKS: Final = re.compile(r"[*_~\\`]")
_FLAGS: Final = re.IGNORECASE
_CLAUSE: Final = re.compile(r"[.!?](?=\s)|[,;:()\u2013\u2014]\s|\n\s*\n|\n\s*[-*]\s")
_DAYS: Final = re.compile(r"\d{1,2}")


def figures(markdown: str) -> tuple[Figure, ...]:
    """Find all figures in a text, in its order; those that overlap are one, which may mean either."""
    text = _plain(markdown)
    found = sorted((one for rule in _RULES for one in _found(text, *rule)), key=lambda one: (one.start, -one.end))
    merged: list[Figure] = []
    for one in found:
        if merged and one.start < merged[-1].end:
            merged[-1] = _either(merged[-1], one)
        else:
            merged.append(one)
    return tuple(merged)


def told(markdown: str) -> frozenset[str]:
    """Give everything that a text says in figures, and every number in it."""
    said = {f"number {_number(one.group())}" for one in re.finditer(words.NUMBER, _plain(markdown))}
    return frozenset(said.union(*(one.values | one.implies for one in figures(markdown))))


def of_instant(instant: datetime, *zones: str) -> frozenset[str]:
    """Give what saying an instant says, by the clocks of several zones."""
    local = [instant.astimezone(zone(name)) for name in zones]
    clocks = {f"clock {one:%H:%M}" for one in local}
    return frozenset(clocks.union(*({f"day {one.month}-{one.day}", f"month {one.month}"} for one in local))) | {
        f"weekday {one.weekday()}" for one in local
    }


def of_length(seconds: float) -> frozenset[str]:
    """Give what saying a length of time says."""
    return frozenset({f"span {round(seconds)}"})


def _plain(markdown: str) -> str:
    """Put spaces over what is no word, so that every character stays where it is."""
    text = _LINK.sub(lambda one: " " * len(one.group()), markdown)
    return _MARKS.sub(" ", text)


def _found(text: str, kind: Kind, pattern: re.Pattern[str], values: _Values) -> Iterator[Figure]:
    for one in pattern.finditer(text):
        said = frozenset(values(one))
        if said:
            implied = {f"month {day.removeprefix('day ').split('-')[0]}" for day in said if day.startswith("day ")}
            yield Figure(
                kind=kind,
                start=one.start(),
                end=one.end(),
                values=said,
                implies=frozenset(implied),
                is_conditional=_is_conditional(text, one.start(), kind),
            )


def _either(one: Figure, other: Figure) -> Figure:
    return msgspec.structs.replace(
        one,
        end=max(one.end, other.end),
        values=one.values | other.values,
        implies=one.implies | other.implies,
        is_conditional=one.is_conditional or other.is_conditional,
    )


def _is_conditional(text: str, start: int, kind: Kind) -> bool:
    """Tell what is only supposed (`if it takes more than an hour`) or asked of the customer (`wait five minutes`)."""
    if kind in ("a time of day", "a day"):
        return False
    before = text[:start]
    clause = _CLAUSE.split(before)[-1]
    return bool(words.CONDITION.search(clause)) or bool(words.REQUEST.search(before))


def _number(written: str) -> str:
    """Write a number one way: `1,240`, `1.240` and `1 240` are 1240, `99,93` is 99.93, `two` is 2."""
    if written.casefold() in words.NUMBERS:
        return str(words.NUMBERS[written.casefold()])
    if words.GROUPED.fullmatch(written):
        return re.sub(r"\D", "", written)
    whole, _, rest = written.replace(",", ".").partition(".")
    return f"{int(whole)}.{rest}".rstrip("0").rstrip(".") if rest else str(int(whole))


def _clock(one: re.Match[str]) -> Iterator[str]:
    hour, minute = int(one["hour"]), int(one["minute"] or 0)
    half = (one.groupdict().get("half") or "").casefold()
    if half.startswith(words.AFTERNOON) and hour < 12:  # noqa: PLR2004 -- hours of half a day
        hour += 12
    elif half and not half.startswith(words.AFTERNOON) and hour == 12:  # noqa: PLR2004 -- as above
        hour = 0
    if hour < 24:  # noqa: PLR2004 -- hours of a day
        yield f"clock {hour:02d}:{minute:02d}"


def _clock_or_span(one: re.Match[str]) -> Iterator[str]:
    """Read `18h30`, which French clocks show, and others take for an hour and a half."""
    yield from _clock(one)
    yield f"span {int(one['hour']) * 3600 + int(one['minute'] or 0) * 60}"


def _noon(one: re.Match[str]) -> Iterator[str]:
    yield "clock 00:00" if one.group().casefold().startswith(words.MIDNIGHT) else "clock 12:00"


def _iso_day(one: re.Match[str]) -> Iterator[str]:
    yield f"day {int(one['month'])}-{int(one['day'])}"


def _slashed_day(one: re.Match[str]) -> Iterator[str]:
    first, second = int(one[1]), int(one[2])
    yield f"day {second}-{first}"
    yield f"day {first}-{second}"


def _named_day(one: re.Match[str]) -> Iterator[str]:
    month = words.MONTHS[one["month"].casefold().rstrip(".")]
    yield from (f"day {month}-{int(day)}" for day in _DAYS.findall(one["days"]))


def _month(one: re.Match[str]) -> Iterator[str]:
    yield f"month {words.MONTHS[one['month'].casefold().rstrip('.')]}"


def _weekday(one: re.Match[str]) -> Iterator[str]:
    yield f"weekday {words.WEEKDAYS[one['weekday'].casefold()]}"


def _near_day(name: str) -> _Values:
    return lambda _: (f"near {name}",)


def _span(one: re.Match[str]) -> Iterator[str]:
    seconds = words.seconds_of(one["unit"])
    yield f"span {round(float(_number(one['number'])) * seconds)}"


def _span_of_one(one: re.Match[str]) -> Iterator[str]:
    yield f"span {words.seconds_of(one['unit'])}"


def _part_of_hour(one: re.Match[str]) -> Iterator[str]:
    yield "span 900" if words.QUARTER.search(one.group()) else "span 1800"


def _vague(one: re.Match[str]) -> Iterator[str]:
    yield f"some {words.seconds_of(one['unit'])}"


def _share(one: re.Match[str]) -> Iterator[str]:
    yield f"share {_number(one['number'])}"


def _fraction(one: re.Match[str]) -> Iterator[str]:
    yield f"fraction {words.fraction_of(one.group())}"


def _amount(one: re.Match[str]) -> Iterator[str]:
    said = one["before"] or one["after"]
    number = one["first"] or one["second"]
    yield f"amount {_number(number)} {words.CURRENCIES.get(said.casefold(), said)}"


def _measure(one: re.Match[str]) -> Iterator[str]:
    yield f"measure {_number(one['number'])} {one['unit'].casefold()}"


def _count(one: re.Match[str]) -> Iterator[str]:
    yield f"number {_number(one['number'])}"


def _rule(kind: Kind, pattern: str, values: _Values) -> tuple[Kind, re.Pattern[str], _Values]:
    return kind, re.compile(pattern, _FLAGS), values


_RULES: Final = (
    *(_rule("a time of day", pattern, _clock) for pattern in words.CLOCKS),
    _rule("a time of day", words.CLOCK_WITH_H, _clock_or_span),
    _rule("a time of day", words.NOON, _noon),
    _rule("a day", words.ISO_DAY, _iso_day),
    _rule("a day", words.GERMAN_DAY, _iso_day),
    _rule("a day", words.SLASHED_DAY, _slashed_day),
    *(_rule("a day", pattern, _named_day) for pattern in words.NAMED_DAYS),
    _rule("a day", words.MONTH_ALONE, _month),
    *(_rule("a day", pattern, _weekday) for pattern in words.NAMED_WEEKDAYS),
    *(_rule("a day", pattern, _near_day(name)) for name, pattern in words.NEAR_DAYS),
    _rule("a length of time", words.SPAN_FROM, _span),
    _rule("a length of time", words.SPAN, _span),
    _rule("a length of time", words.SPAN_OF_ONE, _span_of_one),
    _rule("a length of time", words.PART_OF_HOUR, _part_of_hour),
    *(_rule("a length of time", pattern, _vague) for pattern in words.VAGUE_SPANS),
    _rule("a share", words.SHARE, _share),
    _rule("a share", words.FRACTION, _fraction),
    _rule("an amount", words.AMOUNT, _amount),
    _rule("a number", words.MEASURE, _measure),
    _rule("a number", words.COUNT_OF, _count),
    _rule("a number", words.COUNT, _count),
)
