"""A language as the pages speak it: messages from a gettext catalogue; times, spans, lists and numbers from CLDR."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from math import inf
from pathlib import Path
from typing import Final, Literal

import msgspec
from babel import Locale, UnknownLocaleError
from babel.dates import DateTimePattern, format_timedelta, parse_pattern
from babel.lists import format_list
from babel.numbers import format_decimal
from markupsafe import Markup

from heliograph import resources
from heliograph.times import civil_day, zone

Skeleton = Literal["Hm", "MMM", "MMMd", "yMMMd", "MMMEd", "yMMMEd", "yMMMM"]
"""What a date shall show; how, is for each language to say."""

_IN_ENGLISH: Final[dict[Skeleton, str]] = {
    "Hm": "HH:mm",
    "MMMd": "d MMM",
    "MMM": "MMM",
    "yMMMd": "d MMM yyyy",
    "MMMEd": "EEE d MMM",
    "yMMMEd": "EEE d MMM yyyy",
    "yMMMM": "MMMM yyyy",
}
"""English as people read it on both sides of the Atlantic, which is no locale's own."""

_PLACEHOLDER: Final = re.compile(r"%\(\w+\)s")
_DAY: Final = 24 * 60
_HOUR: Final = 60


def N_(message: str) -> str:  # noqa: N802 -- gettext's own name for it
    """Mark a message for the catalogues where it is written down; it is looked up where it is said."""
    return message


class Tongue(msgspec.Struct, frozen=True, eq=False):
    """One language. `language` is its tag, such as `de`; `translations` are empty in English, which messages are in.

    Placeholders of messages are `%(name)s`, and a per cent sign is written twice. Time zones are IANA names.
    """

    language: str
    locale: Locale
    translations: NullTranslations

    @property
    def direction(self) -> Literal["ltr", "rtl"]:
        """The direction in which it is written."""
        return "rtl" if self.locale.text_direction == "rtl" else "ltr"

    @property
    def name(self) -> str:
        """What it is called by those who speak it: `Deutsch`, `Français`."""
        called = self.locale.get_language_name(self.locale) or self.language
        return called[:1].upper() + called[1:]

    @property
    def is_english(self) -> bool:
        """Tell whether English grammar may be used on English words."""
        return self.locale.language == "en"

    def gettext(self, message: str, **given: object) -> str:
        """Say a message."""
        return self.translations.gettext(message) % given

    def ngettext(self, one: str, many: str, number: int, **given: object) -> str:
        """Say a message about a number of things, which stands in it as `%(num)s`."""
        return self.translations.ngettext(one, many, number) % {"num": self.number(number), **given}

    def pgettext(self, context: str, message: str, **given: object) -> str:
        """Say a message that other languages say differently from one context to another."""
        return self.translations.pgettext(context, message) % given

    def marked(self, message: str, **given: object) -> Markup:
        """Say a message that is markup, with what is given escaped unless it is markup, too."""
        return Markup(self.translations.gettext(message)) % given  # noqa: S704 -- a message of the house's own

    def messages(self) -> Iterator[str]:
        """Give all that its catalogue says, with NUL wherever something is put in; nothing in English."""
        catalogue = getattr(self.translations, "_catalog", {})
        yield from (parted(said) for said in catalogue.values() if isinstance(said, str))

    def clock(self, instant: datetime, timezone: str) -> str:
        """Say a time of day without its zone: `14:20`."""
        return _said(self, "Hm", instant, timezone)

    def clock_zone(self, instant: datetime, timezone: str) -> str:
        """Say a time of day: `14:20 UTC`."""
        return f"{_said(self, 'Hm', instant, timezone)} {zone_name(instant, timezone)}"

    def day(self, instant: datetime, timezone: str) -> str:
        """Say a day: `21 Nov 2026`."""
        return _said(self, "yMMMd", instant, timezone)

    def short_day(self, instant: datetime, timezone: str) -> str:
        """Say a day of this year: `21 Nov`."""
        return _said(self, "MMMd", instant, timezone)

    def weekday(self, instant: datetime, timezone: str, *, year: bool = False) -> str:
        """Say a near day: `Wed 2 Dec`, or one that is not so near: `Wed 2 Dec 2026`."""
        return _said(self, "yMMMEd" if year else "MMMEd", instant, timezone)

    def month(self, instant: datetime, timezone: str) -> str:
        """Say a month: `November 2026`."""
        return _said(self, "yMMMM", instant, timezone)

    def short_month(self, instant: datetime, timezone: str) -> str:
        """Name a month briefly: `Nov`."""
        return _said(self, "MMM", instant, timezone)

    def date(self, day: date) -> str:
        """Say a civil day: `21 Nov 2026`."""
        return _pattern(self, "yMMMd").apply(day, self.locale)

    def month_of(self, year: int, month: int) -> str:
        """Say a calendar month: `November 2026`."""
        return _pattern(self, "yMMMM").apply(date(year, month, 1), self.locale)

    def moment(self, instant: datetime, timezone: str) -> str:
        """Say an instant in full: `21 Nov 2026, 14:20 UTC`."""
        return self.joined(self.day(instant, timezone), self.clock_zone(instant, timezone))

    def moment_beside(self, instant: datetime, other: datetime, timezone: str) -> str:
        """Say an instant as briefly as another one nearby allows: `14:20 UTC`, or with its day where that differs."""
        if same_day(timezone, instant, other):
            return self.clock_zone(instant, timezone)
        return self.joined(self.short_day(instant, timezone), self.clock_zone(instant, timezone))

    def joined(self, day: str, clock: str) -> str:
        """Say a day and a time of day together: `21 Nov 2026, 14:20 UTC`."""
        return self.gettext("%(day)s, %(clock)s", day=day, clock=clock)

    def window(self, start: datetime, end: datetime, timezone: str) -> str:
        """Say a window: `Wed 2 Dec, 02:00-03:30 UTC` (with an en dash), or both days where it spans two."""
        head = self.joined(self.weekday(start, timezone), self.clock(start, timezone))
        tail = self.clock_zone(end, timezone)
        if same_day(timezone, start, end):
            return self.gettext("%(start)s–%(end)s", start=head, end=tail)
        return self.gettext("%(start)s – %(end)s", start=head, end=self.joined(self.weekday(end, timezone), tail))

    def duration(self, span: timedelta) -> str:
        """Say a length of time to the minute, never rounded up: `42 min`, `3 h 12 min`, `2 days 4 h`."""
        return _duration(self, max(0, int(span.total_seconds()) // 60))

    def span(self, length: timedelta) -> str:
        """Say a length of time in a sentence: `1 minute`, `15 minutes`, `1 hour`, in figures what is less round."""
        minutes = int(length.total_seconds()) // 60
        if minutes < _HOUR:
            return _unit(self, minutes, "minute", "long")
        whole = minutes in range(_HOUR, _DAY, _HOUR)
        return _unit(self, minutes // _HOUR, "hour", "long") if whole else _duration(self, minutes)

    def listing(self, items: Iterable[str], style: Literal["standard", "or"] = "standard") -> str:
        """Join words as a sentence does: `a, b and c`."""
        words = list(items)
        if len(words) < 2 or not self.is_english:  # noqa: PLR2004 -- two are joined
            return format_list(words, style, self.locale)
        return " ".join([", ".join(words[:-1]), "or" if style == "or" else "and", words[-1]])

    def series(self, items: Iterable[str]) -> str:
        """Put things that have commas of their own in a row: `a, b; c`."""
        return self.pgettext("between the parts of a line", "; ").join(items)

    @property
    def colon(self) -> str:
        """What stands between a label and its words: a colon, in some languages with a space before it."""
        return self.pgettext("after a label", ":")

    def number(self, number: int) -> str:
        """Say a whole number."""
        return str(number) if self.is_english else format_decimal(number, locale=self.locale)

    def percent(self, hundredths: int) -> str:
        """Say a share given in hundredths of a per cent: `99.95 %`; whole per cents without decimals only for 100."""
        whole, rest = divmod(hundredths, 100)
        return _with_percent_sign(self, "100" if whole == 100 else f"{whole}.{rest:02d}")  # noqa: PLR2004 -- all of it

    def whole_percent(self, percents: int) -> str:
        """Say whole per cents: `30 %`."""
        return _with_percent_sign(self, str(percents))


def parted(message: str) -> str:
    """Put NUL in the place of each of a message's placeholders."""
    return _PLACEHOLDER.sub("\0", message).replace("%%", "%")


def same_day(timezone: str, *instants: datetime) -> bool:
    """Tell whether all instants are of one civil day in a zone."""
    return len({civil_day(instant, zone(timezone)) for instant in instants}) == 1


@cache
def zone_name(instant: datetime, timezone: str) -> str:
    """Name the zone as its clocks do then: `UTC`, `CET`, `UTC+0530`."""
    name = instant.astimezone(zone(timezone)).tzname() or timezone
    return f"UTC{name}" if name[0] in "+-" else name


@cache
def _said(tongue: Tongue, skeleton: Skeleton, instant: datetime, timezone: str) -> str:
    """Format by a pattern; Babel's own entry point does the same after looking zone and locale up each time."""
    return _pattern(tongue, skeleton).apply(instant.astimezone(zone(timezone)), tongue.locale)


@cache
def _pattern(tongue: Tongue, skeleton: Skeleton) -> DateTimePattern:
    return parse_pattern(_IN_ENGLISH[skeleton]) if tongue.is_english else tongue.locale.datetime_skeletons[skeleton]


@cache
def _duration(tongue: Tongue, minutes: int) -> str:
    days, rest = divmod(minutes, _DAY)
    hours, rest = divmod(rest, _HOUR)
    parts = ((days, "day", "long"), (hours, "hour", "short"), (rest, "minute", "short"))
    spoken = [_unit(tongue, number, unit, length) for number, unit, length in parts if number]
    return " ".join(spoken[:2]) or tongue.gettext("under a minute")


@cache
def _unit(tongue: Tongue, number: int, unit: str, length: str) -> str:
    """Say a number of units; nothing is rounded, because it is of whole ones."""
    if tongue.is_english and length == "short":
        return f"{number} {'h' if unit == 'hour' else 'min'}"
    size = {"day": timedelta(days=1), "hour": timedelta(hours=1), "minute": timedelta(minutes=1)}[unit]
    return format_timedelta(number * size, unit, inf, format=length, locale=tongue.locale)  # type: ignore[arg-type]


@cache
def _with_percent_sign(tongue: Tongue, figures: str) -> str:
    if tongue.is_english:
        return f"{figures} %"
    symbols = tongue.locale.number_symbols["latn"]
    pattern = tongue.locale.percent_formats[None]
    sign = f"{pattern.prefix[0]}\0{pattern.suffix[0]}".replace("%", symbols["percentSign"])
    return sign.replace("\0", figures.replace(".", symbols["decimal"]))


@cache
def tongue(language: str) -> Tongue:
    """Learn a language by its tag (`de`, `de-AT` or `de_AT`); English for one that has no catalogue."""
    for tag in (language.replace("_", "-"), language[:2]):
        if tag in resources.languages()[1:]:
            return Tongue(tag, _locale(tag), _translations(resources.catalogue(tag)))
    return Tongue("en", Locale("en"), NullTranslations())


def best_language(locale: str, otherwise: str) -> str:
    """Choose the language of a reader's locale (`de_AT`), or another one where that cannot be spoken."""
    found = tongue(locale).language
    return found if found == locale.replace("_", "-")[: len(found)] else otherwise


def _locale(tag: str) -> Locale:
    try:
        return Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale(tag[:2])


def _translations(catalogue: Path) -> NullTranslations:
    from babel.messages.mofile import write_mo  # noqa: PLC0415 -- builds in English do without
    from babel.messages.pofile import read_po  # noqa: PLC0415 -- as above

    with catalogue.open("rb") as file:
        messages = read_po(file)
    compiled = BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return GNUTranslations(compiled)


ENGLISH: Final = tongue("en")
"""The language that messages are written in, and that terminals and Statuspage's API speak."""
