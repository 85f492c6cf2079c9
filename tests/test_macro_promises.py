"""Words for those who ask tell no time and no number that the public was not told; what only sounds like one may stand."""

import pytest

from heliograph.check import check
from heliograph.check.figures import figures, of_instant, of_length, told
from heliograph.load import load_site
from heliograph.times import read_instant
from sites import TINY, UPDATE, write_site

PUBLIC = (
    "We are rolling out a fix. About 4 % of payments fail. It affects 1,240 of 31,000 accounts. We expect to be done "
    "within 2 hours, by 18:00 UTC on 27 October."
)
HARMLESS = (
    "You can safely try the payment again.",
    "Payouts to banks in the United States left on time. Only those to European banks are held up.",
    "If you need the figures of your last order at once, add them up from the settlement file; it is complete.",
    "If one is missing after an hour, send us the payment's number and we will look for it.",
    "If it takes more than 30 minutes, write to us again.",
    "When you wait longer than ten minutes, reload the page.",
    "Please wait 5 minutes, then sign in again.",
    "Wait for about ten minutes and try again.",
    "If a late payout puts your wages or rent at risk, tell us today. We look at these cases one by one.",
    'Once a payout is marked "sent", your bank shows it on its next working day at the latest.',
    "Our fix is due by 18:00 UTC.",
    "Our fix is due by 6 pm.",
    "It should be over within two hours.",
    "It should be over within 120 minutes.",
    "It should be over in 2 h.",
    "About 4 percent of payments fail.",
    "About 4 % of payments fail.",
    "1,240 accounts are affected.",
    "1240 of 31000 accounts are affected.",
    "We expect the end on October 27.",
    "We expect the end on 2026-10-27.",
    "We expect the end on 27th October, at 18.00 Uhr.",
    "The problem began at 14:02 UTC.",
    "The problem began at 15:02 Berlin time.",
    "Our next word comes by 14:50 UTC.",
    "Our next word comes within 30 minutes.",
    "Use version 2.1 of the app, or 3.0.",
    "The error shows as 503 or as code E-1402.",
    "Step 2 of our guide helps: https://example.com/14:55/help-in-3-hours",
    "Call us at +49 30 1234567; we answer 24/7.",
    'To keep your test customers, give their names a leading "keep"; those stay.',
    "Try another card, or pay by bank transfer. Once it works, once is enough.",
    "You may 3-D Secure again; you may pay in march step.",
    "Subscriptions that were due in this time will be tried again automatically.",
    "You can log in twice a day or several times an hour, as before.",
    "Nothing in your settings with us has to be changed for that, now or later.",
    "Each webhook carries the time at which the thing happened, so your program can tell a late one from a new one.",
    "Use two-factor sign-in; both ways work. You have one account with us.",
    "Wir sagen Bescheid, wenn es vorbei ist. Guten Morgen!",
    "Sie können die Zahlung heute Morgen wie jeden Morgen noch einmal versuchen.",
    "Wenn es länger als 2 Stunden dauert, schreiben Sie uns.",
    "Bitte warten Sie 5 Minuten und laden Sie die Seite neu.",
    "Bis 18 Uhr ist es behoben.",
    "Es dauert höchstens zwei Stunden, etwa 4 Prozent sind betroffen.",
    "Puede intentar el pago de nuevo por la mañana.",
    "Si tarda más de 2 horas, escríbanos.",
    "Estará resuelto a las 18:00, en dos horas.",
    "Vous pouvez réessayer le paiement sans risque.",
    "Si cela dure plus de 2 heures, écrivez-nous.",
    "Ce sera fini à 18 h, le 27 octobre.",
    "Today's report is complete; read today's mail first.",
    "Send it to us on one page; the first 2 pages are enough.",
    "In this month's invoice nothing changes.",
    "If more than 10 payments failed, send us a list.",
    "You can reach the same page in a second tab.",
    "Order 4711 is safe.",
)

TELLING = (
    "It will be fixed by 19:00 UTC.",
    "It will be fixed by 7 pm.",
    "It will be fixed at 19.30 Uhr.",
    "It will be fixed by 7 o'clock.",
    "It will be fixed by noon.",
    "It will be fixed by midnight.",
    "We will be done by 5.",
    "It will work again tomorrow.",
    "It will work again tonight.",
    "It will work again later today.",
    "Your money will arrive today.",
    "Your money arrives on Monday.",
    "Your money arrives by Fri.",
    "Your money arrives next week.",
    "Your money arrives by the end of the week.",
    "Your money arrives by end of day.",
    "Your money arrives on 28 October.",
    "Your money arrives on October 28.",
    "Your money arrives on the 28th of October.",
    "Your money arrives on 26, 27 and 28 November.",
    "Your money arrives on 2026-10-30.",
    "Your money arrives on 30/10/2026.",
    "It takes 3 hours.",
    "It takes **3** hours.",
    "It takes three hours.",
    "It takes 2 to 4 hours.",
    "It takes at least another hour, about an hour in all.",
    "It will work again within the hour.",
    "It will work again in a few minutes.",
    "Allow up to 24 hours for the refund.",
    "Allow 3 business days for the refund.",
    "You will have to wait 3 hours.",
    "If you wait, it will work in 3 hours.",
    "It will work in 3 hours if you try again.",
    "About 5 % of payments fail.",
    "About 5 percent of payments fail.",
    "About half of all payments fail.",
    "2,000 accounts are affected.",
    "We know of 17 other customers.",
    "Three shops are affected.",
    "We pay you € 20 back.",
    "We pay you 20 euros back.",
    "We pay you $20.",
    "We lost 3 GB of files.",
    "Die Störung ist bis 19 Uhr behoben.",
    "Die Störung ist in 3 Stunden behoben.",
    "Die Störung ist morgen behoben.",
    "Die Störung ist noch heute behoben.",
    "Die Störung ist am Montag behoben.",
    "Die Störung ist am 28.10. behoben.",
    "Etwa 5 Prozent der Zahlungen schlagen fehl.",
    "Rund 2.000 Kunden sind betroffen.",
    "Estará resuelto a las 19:00.",
    "Estará resuelto mañana.",
    "Estará resuelto en 3 horas.",
    "Estará resuelto el lunes.",
    "Alrededor del 5 por ciento falla.",
    "Ce sera fini à 19 h.",
    "Ce sera fini demain.",
    "Ce sera fini dans 3 heures.",
    "Ce sera fini lundi.",
    "Environ 5 pour cent des paiements échouent.",
    "Le 28 octobre, tout ira bien.",
    "Your money arrives in December.",
    "It will work again in a quarter of an hour.",
)

FOLLOWING = UPDATE.replace("1405-investigating", "1420-identified")
KNOWN = told(PUBLIC).union(
    of_instant(read_instant("2026-11-21T14:02Z"), "UTC", "Europe/Berlin"),
    of_instant(read_instant("2026-11-21T14:50Z"), "UTC", "Europe/Berlin"),
    of_length(1800),
)


def untold(words, known=KNOWN):
    return [
        words[one.start : one.end] for one in figures(words) if not one.is_conditional and one.values.isdisjoint(known)
    ]


def test_there_are_enough_of_both():
    assert len(HARMLESS) >= 40
    assert len(TELLING) >= 40


@pytest.mark.parametrize("words", HARMLESS)
def test_what_is_public_or_no_figure_may_be_said(words):
    assert untold(words) == []


@pytest.mark.parametrize("words", TELLING)
def test_what_is_not_public_may_not_be_said(words):
    assert untold(words)


@pytest.mark.parametrize("words", TELLING)
def test_each_of_these_may_be_said_once_the_public_was_told(words):
    assert untold(words, told(words)) == []


# --- in a site ------------------------------------------------------------------------------------


def site(root, files=()):
    return load_site(write_site(root, dict(files)))


def refused(root, **files):
    found = check(site(root, files.pop("files", {})))
    return [problem for problem in found if problem.code == "E427"]


def update(words, say, at="2026-11-21T14:20Z", more=""):
    return f"---\nid: 2b2b2b2b\naudience: public\nstatus: identified\nat: {at}\n{more}---\n{words}\n\n::: say\n{say}\n"


def test_the_finding_names_file_line_and_column_and_never_the_words(tmp_path):
    words = update("We know why.", "Nothing is lost.\n\nWe hope it works by 19:30 UTC,\nat the latest **tomorrow**.")
    (clock, day) = refused(tmp_path, files={FOLLOWING: words})
    lines = words.split("\n")
    for found, said in ((clock, "19:30"), (day, "tomorrow")):
        assert found.place.file == FOLLOWING
        assert lines[found.place.line - 1][found.place.column - 1 :].startswith(said)
        assert said not in str(found)
        assert "hope" not in str(found)


@pytest.mark.parametrize(
    ("public", "say", "fine"),
    [
        ("Done by 19:30 UTC.", "Done by 19:30 UTC.", True),
        ("Done soon.", "Done by 19:30 UTC.", False),
        ("Done soon.", "We began at 14:02 UTC, or 15:02 in Berlin.", True),
        ("Done soon.", "Our next word comes by 14:50 UTC, within half an hour, that is by 15:50 in Berlin.", True),
        ("Done soon.", "We wrote at 14:20 UTC and at 14:05 UTC.", True),
        ("Done soon.", "About 4 % fail.", False),
    ],
)
def test_what_pages_print_counts_as_public(tmp_path, public, say, fine):
    settings = TINY["site_src/site.toml"] + 'timezone = "Europe/Berlin"\n'
    files = {FOLLOWING: update(public, say, more="next_update: 30m\n"), "site_src/site.toml": settings}
    assert (refused(tmp_path, files=files) == []) == fine


def test_what_earlier_updates_told_may_be_said_and_what_later_ones_tell_not_yet(tmp_path):
    told_first = {UPDATE: TINY[UPDATE].replace("looking into it.", "looking into it; 4 % fail.")}
    assert not refused(tmp_path / "earlier", files={**told_first, FOLLOWING: update("We know why.", "4 % fail.")})
    said_first = {UPDATE: TINY[UPDATE] + "\n::: say\n4 % fail.\n", FOLLOWING: update("4 % fail.", "Try again.")}
    (found,) = refused(tmp_path / "later", files=said_first)
    assert found.place.file == UPDATE


def test_what_only_colleagues_were_told_is_not_public(tmp_path):
    files = {FOLLOWING: update("We know why.", "About 4 % fail.") + "\n::: internal\nAbout 4 % fail.\n"}
    assert refused(tmp_path, files=files)


def test_words_that_only_colleagues_read_may_tell_anything(tmp_path):
    files = {FOLLOWING: update("We know why.", "Try again.") + "\n::: support\nWe hope for 19:30, 4 %, tomorrow.\n"}
    assert not refused(tmp_path, files=files)


def test_the_value_of_a_public_fact_is_public(tmp_path):
    facts = '[[fact]]\nid = "failing"\nname = "Failing"\naudience = "public"\n'
    files = {
        FOLLOWING: update("We know why.", "About 4 % fail.", more="facts:\n  failing: 4 %\n"),
        "site_src/facts.toml": facts,
    }
    assert not refused(tmp_path / "public", files=files)
    files["site_src/facts.toml"] = facts.replace("public", "internal")
    assert refused(tmp_path / "internal", files=files)


def test_a_translation_is_held_to_what_either_language_told(tmp_path):
    settings = TINY["site_src/site.toml"] + 'languages = ["en", "de"]\n'
    files = {"site_src/site.toml": settings, FOLLOWING: update("Done by 18:00 UTC.", "Done by 6 pm.")}
    assert not refused(tmp_path, files=files)


def test_a_title_for_those_who_ask_is_looked_at_too(tmp_path):
    incident = next(path for path in TINY if path.endswith("incident.md"))
    words = TINY[incident].replace(
        "  public: Some payments fail\n", "  public: Some payments fail\n  say: Some payments fail until 19:30\n"
    )
    (found,) = refused(tmp_path, files={incident: words})
    assert found.place.file == incident


def test_the_window_of_planned_work_is_public(tmp_path):
    folder = "incidents/2026-12-02-upgrade"
    work = (
        "---\nid: 4hx7rn2p\ntitle:\n  public: Upgrade\n"
        "window: {start: 2026-12-02T02:00Z, end: 2026-12-02T03:30Z}\n---\n"
    )
    for say, fine in (("Back by 03:30 on 2 December, after 90 minutes.", True), ("Back by 03:10.", False)):
        words = (
            "---\nid: 5c5c5c5c\naudience: public\nstatus: scheduled\nat: 2026-11-18T10:00Z\n---\n"
            f"Reports are read-only.\n\n::: say\n{say}\n"
        )
        files = {f"{folder}/maintenance.md": work, f"{folder}/1118-1000-scheduled.md": words}
        assert (refused(tmp_path / str(fine), files=files) == []) == fine
