"""Times, spans, lists and numbers as each language says them; English as it always did."""

from datetime import UTC, date, datetime, timedelta

import pytest

from heliograph.render.tongue import ENGLISH, best_language, tongue

START = datetime(2026, 12, 2, 2, 0, tzinfo=UTC)
END = datetime(2026, 12, 2, 3, 30, tzinfo=UTC)
NEXT_DAY = datetime(2026, 12, 3, 0, 5, tzinfo=UTC)


def test_english_needs_no_catalogue_and_is_one():
    assert tongue("en") is ENGLISH
    assert tongue("ja-JP") is not None and tongue("ja-JP").language == "en"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["2 Dec 2026, 02:00 UTC", "Wed 2 Dec, 02:00–03:30 UTC", "Wed 2 Dec, 02:00 – Thu 3 Dec, 00:05 UTC"]),
        ("de", ["2. Dez. 2026, 02:00 UTC", "Mi., 2. Dez., 02:00–03:30 UTC", "Mi., 2. Dez., 02:00 – Do., 3. Dez., 00:05 UTC"]),
        ("es", ["2 dic 2026, 2:00 UTC", "mié, 2 dic, 2:00–3:30 UTC", "mié, 2 dic, 2:00 – jue, 3 dic, 0:05 UTC"]),
        ("fr", ["2 déc. 2026, 02:00 UTC", "mer. 2 déc., 02:00–03:30 UTC", "mer. 2 déc., 02:00 – jeu. 3 déc., 00:05 UTC"]),
    ],
)  # fmt: skip
def test_instants_and_windows(language, said):
    spoken = tongue(language)
    assert [
        spoken.moment(START, "UTC"),
        spoken.window(START, END, "UTC"),
        spoken.window(START, NEXT_DAY, "UTC"),
    ] == said


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["under a minute", "1 min", "42 min", "1 h", "3 h 12 min", "23 h 59 min", "1 day", "2 days 4 h", "9 days"]),
        ("de", ["weniger als eine Minute", "1 Min.", "42 Min.", "1 Std.", "3 Std. 12 Min.", "23 Std. 59 Min.", "1 Tag", "2 Tage 4 Std.", "9 Tage"]),
        ("es", ["menos de un minuto", "1 min", "42 min", "1 h", "3 h 12 min", "23 h 59 min", "1 día", "2 días 4 h", "9 días"]),
        ("fr", ["moins d’une minute", "1_min", "42_min", "1~h", "3~h 12_min", "23~h 59_min", "1_jour", "2_jours 4~h", "9_jours"]),
    ],
)  # fmt: skip
def test_durations_are_cut_never_rounded_and_have_two_units_at_most(language, said):
    seconds = [
        59,
        119,
        42 * 60 + 59,
        3600,
        3 * 3600 + 12 * 60 + 59,
        86399,
        86400,
        2 * 86400 + 4 * 3600 + 59 * 60,
        9 * 86400 + 59,
    ]
    expected = [one.replace("_", "\u00a0").replace("~", "\u202f") for one in said]
    assert [tongue(language).duration(timedelta(seconds=one)) for one in seconds] == expected


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["1 minute", "15 minutes", "1 hour", "2 hours", "1 h 30 min", "1 day"]),
        ("de", ["1 Minute", "15 Minuten", "1 Stunde", "2 Stunden", "1 Std. 30 Min.", "1 Tag"]),
        ("es", ["1 minuto", "15 minutos", "1 hora", "2 horas", "1 h 30 min", "1 día"]),
        ("fr", ["1 minute", "15 minutes", "1_heure", "2_heures", "1~h 30_min", "1_jour"]),
    ],
)
def test_round_spans_are_said_in_words(language, said):
    expected = [one.replace("_", "\u00a0").replace("~", "\u202f") for one in said]
    assert [tongue(language).span(timedelta(minutes=one)) for one in (1, 15, 60, 120, 90, 1440)] == expected


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["99.96 %", "100 %", "0.00 %", "30 %"]),
        ("de", ["99,96_%", "100_%", "0,00_%", "30_%"]),
        ("es", ["99,96_%", "100_%", "0,00_%", "30_%"]),
        ("fr", ["99,96_%", "100_%", "0,00_%", "30_%"]),
    ],
)
def test_shares(language, said):
    spoken = tongue(language)
    found = [*(spoken.percent(one) for one in (9996, 10_000, 0)), spoken.whole_percent(30)]
    assert found == [one.replace("_", "\u00a0") for one in said]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["", "a", "a and b", "a, b and c", "a or b"]),
        ("de", ["", "a", "a und b", "a, b und c", "a oder b"]),
        ("es", ["", "a", "a y b", "a, b y c", "a o b"]),
        ("fr", ["", "a", "a et b", "a, b et c", "a ou b"]),
    ],
)
def test_lists(language, said):
    spoken = tongue(language)
    assert [*(spoken.listing("abc"[:count]) for count in range(4)), spoken.listing("ab", "or")] == said


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ("November 2026", "21 Nov 2026", "English", "ltr")),
        ("de", ("November 2026", "21. Nov. 2026", "Deutsch", "ltr")),
        ("es", ("noviembre de 2026", "21 nov 2026", "Español", "ltr")),
        ("fr", ("novembre 2026", "21 nov. 2026", "Français", "ltr")),
    ],
)
def test_months_days_and_the_names_of_languages(language, said):
    spoken = tongue(language)
    assert (spoken.month_of(2026, 11), spoken.date(date(2026, 11, 21)), spoken.name, spoken.direction) == said


def test_a_zone_without_a_name_is_called_by_its_distance():
    assert tongue("de").clock_zone(START, "Asia/Kolkata").endswith(("IST", "UTC+0530"))
    assert tongue("de").clock_zone(START, "America/Sao_Paulo") == "23:00 UTC-03"


@pytest.mark.parametrize(
    ("locale", "otherwise", "language"),
    [("de-AT", "en", "de"), ("de_DE", "en", "de"), ("fr", "de", "fr"), ("ja-JP", "de", "de"), ("en-US", "de", "en"), ("", "fr", "fr")],
)  # fmt: skip
def test_a_reader_gets_its_own_language_or_else_the_sites(locale, otherwise, language):
    assert best_language(locale, otherwise) == language


def test_what_is_given_to_marked_messages_is_escaped():
    said = tongue("de").marked("Started %(when)s.", when="<b>&")
    assert said == "Begonnen &lt;b&gt;&amp;."
