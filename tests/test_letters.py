"""Letters to strategic customers and notices to subscribers: word for word, told once, and each only its own.

The goldens in `golden_letters/` are exact text parts. After a deliberate change of words, write them anew with
`HELIOGRAPH_GOLDEN=write pytest tests/test_letters.py` and read each aloud before committing.
"""

from __future__ import annotations

import html
import os
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path

import msgspec
import pytest

import view_samples as samples
from heliograph import view as v
from heliograph.gate import PUBLIC_READER, Gate, Reader
from heliograph.load import load_site
from heliograph.message import Mail, Message
from heliograph.render import digests
from heliograph.render.digests.minutes import spans, total
from heliograph.render.layouts import Layouts
from heliograph.render.mail import message_bytes
from proof.readers import load
from worlds import CUSTOMERS, generate

HERE = Path(__file__).parent
EXAMPLE = HERE.parent
GOLDEN = HERE / "golden_letters"
LAYOUTS = Layouts()
replace = msgspec.structs.replace

GLOBEX = v.Customer(
    id="globex", name="Globex", components=("checkout", "api", "login"), locale="en-US",
    timezone="America/New_York", notice=timedelta(minutes=15), owner="account-owner-americas",
)  # fmt: skip

FIRST_HEARD = (v.Heard(at=samples.at("14:14"), updates=("2nd8vw4k",)),)
"""The first words of the sample incident reached the customer twelve minutes after its start."""


def strategic(**changes: object) -> v.View:
    return replace(samples.public_view(), reader="strategic", **{"customer": GLOBEX, "maintenances": (), **changes})


def letters(*incidents: v.Incident, heard: tuple[v.Heard, ...] = (), **changes: object) -> list[Message]:
    seen = strategic(customer=replace(GLOBEX, **changes), incidents=incidents)
    return list(digests.customer(seen, heard, LAYOUTS))


def letter(incident: v.Incident, **changes: object) -> Mail:
    (message,) = letters(incident, **changes)
    (mail,) = message.mails
    return mail


def work_letter(work: v.Maintenance, **changes: object) -> Mail:
    seen = strategic(customer=replace(GLOBEX, **changes), incidents=(), maintenances=(work,), valid_until=None)
    (message,) = digests.customer(seen, (), LAYOUTS)
    (mail,) = message.mails
    return mail


def notices(**changes: object) -> list[Message]:
    return list(digests.subscribers((replace(samples.public_view(), **{"maintenances": (), **changes}),), LAYOUTS))


def flat(mail: Mail) -> str:
    """Give a text part without its line breaks."""
    return " ".join(mail.text.split())


@cache
def example() -> Gate:
    site = load_site(EXAMPLE)
    assert site.settings.clock is not None
    return Gate(site, site.settings.clock)


@cache
def written_to(customer: str) -> dict[str, Message]:
    """Give a customer's letters of the example, in English, by what they are about."""
    seen = example().view_of(Reader("strategic", customer))
    assert seen.customer is not None
    seen = replace(seen, customer=replace(seen.customer, locale="en"))
    return {message.topics[0].id: message for message in digests.customer(seen, (), LAYOUTS)}


@cache
def example_notices() -> dict[str, Message]:
    found = digests.subscribers((example().view_of(PUBLIC_READER),), LAYOUTS)
    return {message.topics[0].id: message for message in found}


# --- word for word --------------------------------------------------------------------------------


GOLDENS: dict[str, Callable[[], Mail]] = {
    "open-heard": lambda: letter(samples.payments(), heard=FIRST_HEARD),
    "open-alone": lambda: letters(samples.payments())[0].alone[0],
    "closing": lambda: written_to("globex")["t4n9kw6z"].mails[0],
    "closing-alone": lambda: written_to("globex")["t4n9kw6z"].alone[0],
    "closing-own": lambda: written_to("initech")["c7r4pd9k"].mails[0],
    "planned": lambda: work_letter(samples.upgrade(), components=("reports", "api")),
    "planned-own": lambda: written_to("initech")["4hx7rn2p"].mails[0],
    "finished": lambda: written_to("umbrella")["6vt9cy4j"].mails[0],
    "notice-planned": lambda: example_notices()["4hx7rn2p"].mails[0],
    "notice-repeated": lambda: example_notices()["8wd3km6z"].mails[0],
    "notice-cancelled": lambda: example_notices()["3kz8pf5n"].mails[0],
    "notice-finished": lambda: example_notices()["6vt9cy4j"].mails[0],
    "notice-closing": lambda: example_notices()["t4n9kw6z"].mails[0],
    "notice-closing-alone": lambda: example_notices()["t4n9kw6z"].alone[0],
}


@pytest.mark.parametrize("name", GOLDENS)
def test_each_letter_is_told_word_for_word(name):
    mail, path = GOLDENS[name](), GOLDEN / f"{name}.txt"
    text = f"Subject: {mail.subject}\n\n{mail.text}"
    if os.environ.get("HELIOGRAPH_GOLDEN") == "write":
        path.write_bytes(text.encode())
    assert text.encode() == path.read_bytes(), f"{name} differs; see this module's docstring"


def test_the_goldens_are_all_compared():
    assert sorted(path.stem for path in GOLDEN.iterdir()) == sorted(GOLDENS)


@pytest.mark.parametrize("name", GOLDENS)
def test_text_and_html_say_the_same(name):
    mail = GOLDENS[name]()
    body = re.sub(r'(?s)<head>.*?</head>|<div class="preheader".*?</div>', " ", mail.html)
    shown, told = (set(words_of(one)) for one in (html.unescape(re.sub(r"<[^>]+>", " ", body)), mail.text))
    assert shown - told == set()
    assert told - shown == set()


def words_of(text: str) -> list[str]:
    return re.findall(r"[^\W_][^\s]*[^\W_]|[^\W_]", text)


@pytest.mark.parametrize("name", GOLDENS)
def test_lines_keep_to_78_columns_and_the_mail_can_be_sent(name):
    mail = GOLDENS[name]()
    assert [line for line in mail.text.split("\n") if len(line) > 78 and " " in line.strip()] == []
    assert len(message_bytes(mail)) < 100_000


# --- one customer ---------------------------------------------------------------------------------


def test_a_customer_hears_only_of_what_touches_it():
    assert letters(samples.payments(), components=("docs",)) == []
    assert len(letters(samples.payments(), components=("docs", "api"))) == 1
    addressed = samples.payments("You use none of this.", addressed=True)
    assert len(letters(addressed, components=("docs",))) == 1


def test_a_letter_says_what_it_is_about_and_to_whom_answers_go():
    (message,) = letters(samples.payments())
    assert message.kind == "letter"
    assert message.reader == "customer:globex"
    assert message.owner == "account-owner-americas"
    assert message.thread == message.mails[0].thread == "strategic/globex/k3x9q2mf"
    assert message.news == ("2nd8vw4k", "2nd8vw4k~1", "7qm4tz2c")
    assert message.opens == ("2nd8vw4k",)
    assert [(topic.id, topic.components, topic.severity) for topic in message.topics] == [
        ("k3x9q2mf", ("checkout", "api"), "")
    ]


def test_a_customer_without_a_notice_or_another_clock_reads_of_neither():
    mail = letter(samples.payments(), notice=None, timezone="Etc/UTC")
    assert "Notice" not in mail.text
    assert "Next message to you: by 14:50 UTC, sooner" in mail.text


def test_local_time_names_its_day_where_that_is_another():
    mail = letter(samples.payments(), timezone="Pacific/Kiritimati")
    assert "by 14:50 UTC (22 Nov, 04:50 Kiritimati)" in flat(mail)


def test_an_ask_of_the_customer_is_what_it_needs_to_do():
    ask = v.Ask(what="send us one failed payment's number", of="globex", since=samples.at("14:20"), met_at=None)
    mail = letter(replace(samples.payments(), asks=(ask,)))
    assert "send us one failed payment's number (asked at 14:20 UTC)" in flat(mail)


def test_products_that_work_are_said_to_work_only_if_they_all_do():
    assert (
        "Products you use: Checkout degraded · API degraded.\n"
        in letter(samples.payments(), components=("checkout", "api")).text
    )
    other = letter(samples.payments("For you.", addressed=True), components=("docs", "login"))
    assert "Products you use: all your products work normally." in other.text


def test_a_late_word_is_called_late():
    late = replace(samples.payments(), late=True)
    assert "late; it was due by 14:50 UTC (09:50 New York)." in flat(letter(late))
    (message,) = notices(incidents=(late,))
    assert "The next update is late. It was due by 14:50 UTC." in message.mails[0].text
    assert "14:50" not in message.mails[0].subject


def test_a_customers_view_is_asked_for():
    with pytest.raises(ValueError, match="no customer"):
        list(digests.customer(samples.public_view(), (), LAYOUTS))


# --- what reached it before -----------------------------------------------------------------------


def test_the_number_counts_the_messages_that_reached_this_customer():
    assert letter(samples.payments()).subject.endswith(" (2)"), "nothing is known: as many as there were updates"
    heard = [v.Heard(at=samples.at(clock), updates=("2nd8vw4k",)) for clock in ("14:10", "14:11", "14:12")]
    of_another = v.Heard(at=samples.at("14:12"), updates=("another0",))
    (message,) = letters(samples.payments(), heard=(*heard, of_another))
    assert message.number == 4
    assert message.mails[0].subject.endswith(" (4)")


def test_a_message_that_was_told_keeps_its_number_in_previews():
    all_told = v.Heard(at=samples.at("14:21"), updates=("2nd8vw4k~1", "7qm4tz2c"))
    (message,) = letters(samples.payments(), heard=(*FIRST_HEARD, all_told))
    assert message.number == 2


@pytest.mark.parametrize(
    ("clock", "notice", "said"),
    [
        ("14:14", 15, "reached you at 14:14 UTC, 12 minutes after the start, within the 15 minutes we agreed."),
        ("14:17", 15, "reached you at 14:17 UTC, 15 minutes after the start, within the 15 minutes we agreed."),
        (
            "14:30",
            15,
            "reached you at 14:30 UTC, 28 minutes after the start; we agreed 15 minutes, and were 13 minutes late.",
        ),
        ("14:02", 60, "reached you at 14:02 UTC, at the start, within the 1 hour we agreed."),
    ],
)
def test_notice_is_judged_by_when_the_first_message_reached_this_customer(clock, notice, said):
    heard = (v.Heard(at=samples.at(clock), updates=("2nd8vw4k",)), v.Heard(at=samples.at("15:00"), updates=("x",)))
    mail = letter(samples.payments(), heard=heard, notice=timedelta(minutes=notice))
    assert f"Notice: our first message {said}" in flat(mail)


def test_a_notice_missed_by_seconds_is_missed():
    heard = (v.Heard(at=samples.at("14:17") + timedelta(seconds=30), updates=("2nd8vw4k",)),)
    assert "we agreed 15 minutes, and were under a minute late." in flat(letter(samples.payments(), heard=heard))


def test_what_was_corrected_is_told_to_whom_had_it():
    incident = samples.payments()
    was = "We are investigating payments that fail everywhere."
    assert was in flat(letter(incident, heard=FIRST_HEARD)), "it had the wrong words"
    assert was not in flat(letter(incident)), "it never had them"
    both = v.Heard(at=samples.at("14:14"), updates=("2nd8vw4k", "2nd8vw4k~1"))
    assert was not in flat(letter(incident, heard=(both,))), "it was told before"


def test_a_correction_of_the_newest_words_is_told():
    incident = samples.payments()
    fixed = replace(incident.updates[0], corrections=(v.Correction(at=samples.at("14:23"), was="All payments fail."),))
    incident = replace(incident, updates=(fixed, *incident.updates[1:]), updated_at=samples.at("14:23"))
    (message,) = notices(incidents=(incident,))
    for mail in (*message.mails, letter(incident)):
        assert 'Corrected at 14:23 UTC: before, it said: "All payments fail."' in mail.text
    assert message.at == samples.at("14:23")


def test_a_correction_that_came_last_is_told_also_of_older_words():
    incident = samples.payments()
    fixes = (v.Correction(at=samples.at("14:25"), was=""),)
    incident = replace(incident, updates=(incident.updates[0], replace(incident.updates[1], corrections=fixes)))
    (message,) = notices(incidents=(incident,))
    told = f'our words of 14:09 UTC now say: "{samples.INVESTIGATING}" Words were taken out.'
    assert f"Corrected at 14:25 UTC: {told}" in flat(message.mails[0])


# --- the closing letter ---------------------------------------------------------------------------


def payments_over() -> v.Incident:
    """The sample incident, solved at 14:44."""
    claims = tuple(replace(one, was=one.state, state="operational") for one in samples.payments().claims)
    end = samples.update("9closed0", samples.at("14:44"), "resolved", samples.passage("All works."), claims=claims)
    return replace(
        samples.payments(),
        status="resolved",
        resolved_at=samples.at("14:44"),
        updated_at=samples.at("14:44"),
        next_update=None,
        claims=(),
        updates=(end, *samples.payments().updates),
    )


def test_a_closed_problem_gets_one_closing_letter():
    mail = letter(samples.mail_delay(), components=("mail",))
    assert mail.subject == "Globex: e-mail arrives late: solved, account published (3)"
    assert "Next message to you: none about this; it is solved." in mail.text
    assert "Products you use" not in mail.text, "what is degraded today has nothing to do with it"


def test_the_closing_letter_counts_this_customers_minutes():
    told = flat(letter(payments_over()))
    assert (
        "How long it lasted for you: - Checkout: 42 min (partial outage 18 min, degraded 24 min) "
        "- API: 42 min (degraded) - In all: 42 min - Your other products were not affected." in told
    )
    one = flat(letter(payments_over(), components=("api",)))
    assert "How long it lasted for you: - API: 42 min (degraded) What" in one
    none = flat(letter(samples.payments("For you.", addressed=True), components=("docs",)))
    assert "Checkout" not in none


def test_minutes_that_overlap_count_once_and_those_between_not_at_all():
    def said(clock: str, status: str, *claims: v.Claim) -> v.Update:
        return samples.update(f"u{clock}", samples.at(clock), status, samples.passage("x"), claims=claims)

    over = replace(
        payments_over(),
        updates=(
            said("14:50", "resolved", samples.claim("api", "operational", "major_outage")),
            said("14:40", "investigating", samples.claim("api", "major_outage")),
            said("14:20", "resolved", samples.claim("checkout", "operational", "partial_outage")),
            said("14:10", "investigating", samples.claim("checkout", "partial_outage")),
        ),
        resolved_at=samples.at("14:50"),
    )
    found = spans(over, ("checkout", "api"))
    assert [(span.component, span.start, span.end) for span in found] == [
        ("checkout", samples.at("14:02"), samples.at("14:20")),
        ("api", samples.at("14:40"), samples.at("14:50")),
    ]
    assert total(found) == timedelta(minutes=28)
    assert total(spans(payments_over(), ("checkout", "api"))) == timedelta(minutes=42)
    assert spans(over, ()) == ()
    assert spans(samples.payments(), ("checkout",)) == ()


def test_what_a_closing_update_names_first_was_so_from_the_start():
    end = samples.update(
        "u1", samples.at("14:30"), "resolved", claims=(samples.claim("api", "operational", "major_outage"),)
    )
    found = spans(replace(payments_over(), updates=(end,), resolved_at=samples.at("14:30")), ("api",))
    assert [(span.state, total((span,))) for span in found] == [("major_outage", timedelta(minutes=28))]


def test_own_words_from_before_the_end_are_not_repeated_as_if_they_held():
    before = replace(samples.payments().updates[0], passages=(samples.passage("By 18:00.", addressed=True),))
    over = payments_over()
    mail = letter(replace(over, updates=(over.updates[0], before, over.updates[2])))
    assert "For Globex" not in mail.text
    assert "Identified, 14:20 UTC: By 18:00." in mail.text
    last = replace(over.updates[0], passages=(samples.passage("Your file came.", addressed=True),))
    assert "For Globex: your file came." in letter(
        replace(over, updates=(last, *over.updates[1:]))
    ).text.lower().replace("for globex", "For Globex")


def test_an_account_for_this_customer_alone_stands_in_its_letter():
    over = samples.mail_delay()
    assert over.postmortem is not None
    own = replace(over.postmortem, passages=(samples.passage("Only you were hit.", addressed=True),))
    (message,) = letters(replace(over, postmortem=own), components=("mail",))
    assert "Only you were hit." in message.mails[0].text
    assert message.shows == "r4t6y8u2", "the page does not show this account"


# --- planned work ---------------------------------------------------------------------------------


def test_planned_work_is_told_by_both_clocks():
    mail = work_letter(samples.upgrade(), components=("reports",))
    assert mail.subject == "Globex: planned work: Database upgrade, Wed 2 Dec, 02:00–03:30 UTC (1)"
    assert "When: Wed 2 Dec, 02:00–03:30 UTC (Tue 1 Dec, 21:00–22:30 New York)." in flat(mail)
    assert "What you need to do: nothing.\n" in mail.text
    assert "Products affected: Reports.\n" in mail.text
    assert "(11:00–12:30 Tokyo)" in flat(work_letter(samples.upgrade(), components=("reports",), timezone="Asia/Tokyo"))
    assert "UTC.\n" in work_letter(samples.upgrade(), components=("reports",), timezone="Etc/UTC").text
    over_midnight = replace(samples.upgrade(), start=samples.at("14:30"), end=samples.at("15:30"))
    told = flat(work_letter(over_midnight, components=("reports",), timezone="Asia/Tokyo"))
    assert "14:30–15:30 UTC (Sat 21 Nov, 23:30–Sun 22 Nov, 00:30 Tokyo)" in told


def test_planned_work_that_touches_no_product_of_a_customer_is_not_told_to_it():
    seen = strategic(incidents=(), maintenances=(samples.upgrade(),))
    assert list(digests.customer(seen, (), LAYOUTS)) == []


def test_the_course_of_planned_work_is_told_in_the_subject_and_in_a_line():
    mail = work_letter(samples.moved_store(), components=("exports",))
    assert mail.subject == "Globex: planned work finished: New store for exports (2)"
    assert "How it went: Finished at 03:12 UTC, 18 minutes early. Exports work from the new store." in flat(mail)
    assert "Exports cannot be started" not in mail.text
    assert "What you need to do" not in mail.text
    begun = replace(samples.upgrade(), status="in_progress", started_at=samples.upgrade().start)
    assert "planned work under way: Database upgrade, Wed 2 Dec" in work_letter(begun, components=("reports",)).subject
    again = samples.update("n3wplan0", samples.at("10:00"), "scheduled", samples.passage("A day later."))
    moved = replace(samples.upgrade(), updates=(again, *samples.upgrade().updates))
    assert "planned work, new plan: Database upgrade" in work_letter(moved, components=("reports",)).subject
    off = replace(samples.upgrade(), status="cancelled", completed_at=samples.at("10:00"))
    mail = work_letter(off, components=("reports",))
    assert mail.subject == "Globex: planned work cancelled: Database upgrade (1)"
    assert "Next message to you: none about this; it is cancelled." in mail.text
    assert "Products affected" not in mail.text


def test_work_far_ahead_or_long_over_is_not_written_of():
    now = samples.at("14:50")
    far = replace(samples.upgrade(), id="far00000", start=now + timedelta(days=61), end=now + timedelta(days=62))
    late = replace(samples.moved_store(), id="late0000", completed_at=now - timedelta(days=6))
    works = (far, samples.upgrade(), late, samples.moved_store())
    told = [message.topics[0].id for message in notices(incidents=(), maintenances=works, valid_until=now)]
    assert told == [samples.upgrade().id, "late0000"]


# --- the page that must be live -------------------------------------------------------------------


def test_a_letter_waits_for_the_newest_update_that_all_may_read():
    (message,) = letters(samples.payments())
    assert message.page == f"{samples.ADDRESS}/incidents/k3x9q2mf/"
    assert message.shows == "7qm4tz2c"
    (own,) = letters(samples.payments("For you.", addressed=True))
    assert own.shows == "2nd8vw4k", "what only this customer reads is on no page"
    over = letters(samples.mail_delay(), components=("mail",))[0]
    assert over.shows == "p8w2c5rt", "the account"


def test_a_letter_about_what_has_no_page_waits_for_none():
    words = samples.passage("For you.", addressed=True)
    only_own = replace(samples.payments(), updates=(replace(samples.payments().updates[0], passages=(words,)),))
    (message,) = letters(only_own)
    assert (message.page, message.shows, message.alone) == ("", "", ())
    assert "/incidents/" not in message.mails[0].text
    nowhere = replace(samples.about(), url="", public_url="")
    seen = strategic(about=nowhere, incidents=(samples.payments(),))
    (message,) = digests.customer(seen, (), LAYOUTS)
    assert (message.page, message.alone) == ("", ())
    assert "Public page" not in message.mails[0].text


@pytest.mark.parametrize("customer", ["globex", "initech", "umbrella", ""])
def test_what_goes_without_the_page_links_nowhere_on_it_and_says_why(customer):
    found = written_to(customer) if customer else example_notices()
    assert found
    for message in found.values():
        assert len(message.alone) == (len(message.mails) if message.page else 0)
        for linked, mail in zip(message.mails, message.alone, strict=False):
            assert message.page in linked.text
            assert "status.example.com" not in mail.text + mail.html
            assert (mail.subject, mail.thread, mail.language) == (linked.subject, linked.thread, linked.language)


def test_links_to_the_page_in_authored_words_go_too():
    words = f"See [the page]({samples.ADDRESS}/x/), {samples.ADDRESS}. Not https://status.example.com.evil.example/."
    (message,) = letters(samples.payments(words))
    (mail,) = message.alone
    assert f"{samples.ADDRESS}/" not in mail.text + mail.html
    assert "See the page, our status page." in flat(mail)
    assert "status.example.com.evil.example" in mail.html
    assert "Our status page cannot be reached at the moment; this message holds all we can say." in flat(mail)


def test_the_public_page_marks_every_update_a_letter_waits_for():
    from heliograph.render import public

    pages = {one.path: one.data.decode() for one in public.site(samples.public_view(), LAYOUTS, lambda _: None)}  # type: ignore[arg-type,return-value]
    for message in notices():
        page = pages[f"{message.page.removeprefix(samples.ADDRESS)[1:]}index.html"]
        if message.topics[0].id != "h5c2p8wa":  # an account
            assert f'id="update-{message.shows}"' in page


# --- subscribers ----------------------------------------------------------------------------------


def test_subscribers_get_one_message_in_each_language():
    about = replace(samples.about(), languages=("en", "de"))
    german = replace(samples.payments("Wir kennen die Ursache."), title="Zahlungen in Europa schlagen fehl")
    views = [
        replace(samples.public_view(), about=about, incidents=(one,), maintenances=())
        for one in (samples.payments(), german)
    ]
    (message,) = digests.subscribers(views, LAYOUTS)
    assert [mail.language for mail in message.mails] == [mail.language for mail in message.alone] == ["en", "de"]
    assert message.page == f"{samples.ADDRESS}/incidents/k3x9q2mf/"
    assert f"{samples.ADDRESS}/de/incidents/k3x9q2mf/" in message.mails[1].text
    assert "Wir kennen die Ursache." in message.mails[1].text
    assert message.number == 2
    assert message.thread == "public/k3x9q2mf"


def test_a_site_without_an_address_points_nowhere():
    (message,) = notices(about=replace(samples.about(), url="", public_url=""), incidents=(samples.payments(),))
    assert "All about this problem" not in message.mails[0].text


# --- nobody else's --------------------------------------------------------------------------------


def told_to(customer: str, gate: Gate, at: str = "strategic") -> Iterator[str]:
    """Give all that is written to a customer, from the view of the reader named."""
    seen = gate.view_of(Reader(at, customer))
    for message in digests.customer(seen, (), LAYOUTS):
        for mail in (*message.mails, *message.alone):
            yield f"{mail.subject}\n{mail.preheader}\n{mail.text}\n{mail.html}\n{mail.thread}\n{mail.list_id}"


def strangers(customer: str, names: dict[str, str], told: str) -> list[str]:
    """Name the other customers that a text speaks of, by id or name."""
    own = names[customer]
    hidden = told.replace(own, "").replace(customer, "")
    others = {name for other in names if other != customer for name in (other, names[other]) if name not in own}
    return sorted(other for other in others if re.search(rf"(?<![\w-]){re.escape(other)}(?![\w-])", hidden))


@pytest.mark.parametrize("seed", range(6))
def test_no_letter_speaks_of_another_customer(seed):
    world = generate(f"letters-{seed}")
    site = load(world)
    gate, names = Gate(site, world["at"]), {one.id: one.name for one in site.customers}
    assert set(names) == set(CUSTOMERS)
    for customer in names:
        for told in told_to(customer, gate):
            assert strangers(customer, names, told) == []


def test_the_example_writes_to_each_customer_of_its_own_only_and_a_foreign_word_would_be_found():
    names = {"globex": "Globex", "initech": "Initech", "umbrella": "Umbrella"}
    for customer in names:
        told = list(told_to(customer, example()))
        assert told
        assert not any(strangers(customer, names, one) for one in told)
        others = [one for other in names if other != customer for one in told_to(other, example())]
        assert all(strangers(customer, names, one) for one in others), "the search finds nothing"


# --- form -----------------------------------------------------------------------------------------


def test_authored_words_cannot_become_markup_or_template():
    hostile = samples.payments("{{ 7 * 7 }} <script>alert(1)</script>", title="<b>{{ 7 * 7 }}</b> {% raw %}")
    over = replace(payments_over(), title=hostile.title)
    work = replace(samples.upgrade(), title=hostile.title)
    messages = [*notices(incidents=(hostile,), maintenances=(work,)), *letters(hostile), *letters(over)]
    for mail in [mail for message in messages for mail in (*message.mails, *message.alone)]:
        assert "<script" not in mail.html
        assert "<b>" not in mail.html
        assert "49" not in mail.text.replace("14:49", "")


def test_a_title_that_looks_like_a_header_trick_is_told_harmlessly():
    tricky = samples.payments(title="Outage =?utf-8?q?=0D=0ABcc:_evil@example.net?=")
    (message,) = notices(incidents=(tricky,))
    assert b"\r\nBcc" not in message_bytes(message.mails[0])


def test_hundreds_of_open_problems_make_a_notice_each_and_no_fault():
    assert len(list(digests.subscribers((samples.crowded_view(60),), LAYOUTS))) == 60


def test_print_is_black_on_white_and_shows_where_links_lead():
    page = letter(samples.payments("See [the guide](https://help.example.com/guide).")).html
    assert "@media print" in page
    assert re.search(r'<a class="named" href="https://help.example.com/guide"[^>]*>the guide</a>', page)
    assert not re.search(r'class="named" href="https://status.example.com', page), "it is shown in full as it is"


@pytest.mark.slow
def test_the_closing_letter_prints_on_one_page_in_black_and_fits_a_phone(chromium):
    mail = written_to("globex")["t4n9kw6z"].mails[0]
    context = chromium.new_context(viewport={"width": 360, "height": 700}, color_scheme="dark")
    page = context.new_page()
    page.set_content(mail.html)
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert re.findall(rb"/Count (\d+)", page.pdf(prefer_css_page_size=True)) == [b"1"]
    page.emulate_media(media="print")
    found = page.evaluate(
        "[...new Set([...document.querySelectorAll('td, p, a, li')].map(e => getComputedStyle(e).color))]"
    )
    assert found == ["rgb(0, 0, 0)"]
    context.close()
