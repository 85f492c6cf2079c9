"""What a channel is told: short, in plain words, of what its readers may know, and of nothing else."""

from __future__ import annotations

import pytest

import view_samples as sample
from heliograph.render.chat import TEXT_LIMIT, TITLE_LIMIT, chat
from heliograph.view import Correction, Customer, Heard, Passage
from view_samples import at, changed


def told(view, desk=None, heard=(), **options):
    return list(chat(view, desk, heard, **options))


def of(messages, identity):
    return next(message for message in messages if message.topics[0].id == identity)


def with_words(view, *passages):
    one = view.incidents[0]
    newest = changed(one.updates[0], passages=passages)
    return changed(view, incidents=(changed(one, updates=(newest, *one.updates[1:])), *view.incidents[1:]))


def test_the_public_channel_is_told_what_everyone_may_read_and_where_to_read_on():
    message = told(sample.public_view())[0]
    assert message.channel == "chat"
    assert message.mails == ()
    assert message.chat.title == "Some payments in Europe failing: cause found"
    assert message.chat.text.split("\n") == [
        sample.IDENTIFIED,
        "Affected: Checkout (degraded), API (degraded).",
        "Since 14:02 UTC · next update by 14:50 UTC",
    ]
    assert message.chat.url == "https://status.example.com/incidents/k3x9q2mf/"


def test_insiders_are_told_severity_and_who_leads():
    message = told(sample.internal_view(), sample.internal_desk())[0]
    assert message.chat.title == "SEV2 Checkout 5xx after db-7 failover: cause found"
    assert message.chat.text.endswith("\nCommander platform-oncall, customer liaison support-lead.")
    assert message.topics[0].severity == "sev2"


def test_no_severity_goes_with_what_outsiders_get():
    assert {topic.severity for message in told(sample.public_view()) for topic in message.topics} == {""}


def test_a_reader_with_words_of_its_own_gets_those_and_not_the_shared_ones():
    view = with_words(
        sample.exec_view(),
        Passage(markdown="For all.", addressed=False),
        Passage(markdown="For **you**.", addressed=True),
    )
    text = told(view, sample.exec_desk())[0].chat.text
    assert text.startswith("For you.\n")
    assert "For all" not in text


def test_the_newest_words_are_told_even_if_older_ones_were_the_readers_own():
    one = sample.payments("Old words of its own.", addressed=True)
    newest = sample.update("n3w3r0ne", at("14:30"), None, sample.passage("Newer words for all."))
    view = changed(sample.exec_view(), incidents=(changed(one, updates=(newest, *one.updates)),))
    assert told(view, sample.exec_desk())[0].chat.text.startswith("Newer words for all.")


@pytest.mark.parametrize(
    ("pages", "address"),
    [(True, "https://status.corp.example/incidents/k3x9q2mf/"), (False, "https://status.corp.example/")],
)
def test_insiders_are_led_to_their_own_page_or_their_one_screen(pages, address):
    assert told(sample.internal_view(), sample.internal_desk(), pages=pages)[0].chat.url == address


def test_insiders_without_a_page_are_led_to_the_public_one_only_where_customers_know():
    view = changed(sample.internal_view(), about=sample.about(url=""))
    desk = sample.internal_desk()
    secret = changed(desk, dossiers=(changed(desk.dossiers[0], title_public=None), *desk.dossiers[1:]))
    assert told(view, desk)[0].chat.url == "https://status.example.com/incidents/k3x9q2mf/"
    assert told(view, secret)[0].chat.url == ""


def test_a_channel_hears_what_it_asked_for_and_what_ended_of_late():
    desk = sample.internal_desk()
    view = sample.internal_view()
    threads = {message.thread for message in told(view, desk)}
    assert threads == {"internal/chat/k3x9q2mf", "internal/chat/m4d7x2qe", "internal/chat/c6v8b2n4"}
    threads = {message.thread for message in told(view, changed(desk, relevant=(), recent=("h5c2p8wa",)))}
    assert "internal/chat/k3x9q2mf" not in threads
    assert "internal/chat/h5c2p8wa" in threads


def test_the_public_hears_the_last_word_on_what_is_over():
    view = sample.public_view()
    over = [changed(sample.slow_search(), id=f"over{number}000") for number in range(5)]
    incidents = [message.topics[0].id for message in told(changed(view, incidents=(*view.incidents[:1], *over)))]
    assert incidents[:4] == ["k3x9q2mf", "over0000", "over1000", "over2000"]
    ended = of(told(view), "b7n3m9kd").chat
    assert ended.title == "Search answers slowly: solved"
    assert "Solved 01:05 UTC, after 3 h 35 min." in ended.text


def test_planned_work_is_told_with_its_window():
    work = of(told(sample.public_view()), "m4d7x2qe")
    assert work.chat.title == "Planned work: Database upgrade (scheduled)"
    assert "Wed 2 Dec, 02:00–03:30 UTC\nAffects: Reports." in work.chat.text
    assert work.chat.url == "https://status.example.com/maintenance/m4d7x2qe/"


def test_cancelled_work_is_told_as_such():
    word = sample.update("c4nc3l1d", at("10:00"), "cancelled", sample.passage("It is called off."))
    work = changed(
        sample.upgrade(), status="cancelled", completed_at=at("10:00"), updates=(word, *sample.upgrade().updates)
    )
    message = of(told(changed(sample.public_view(), maintenances=(work,))), "m4d7x2qe")
    assert message.chat.title == "Planned work: Database upgrade (cancelled)"
    assert "Affects" not in message.chat.text
    assert "c4nc3l1d" in message.opens


def test_messages_of_one_incident_are_counted():
    heard = (
        Heard(at=at("14:10"), updates=("2nd8vw4k",)),
        Heard(at=at("14:11"), updates=("another0",)),
        Heard(at=at("14:13"), updates=("2nd8vw4k~1",)),
    )
    messages = told(sample.public_view(), heard=heard)
    assert of(messages, "k3x9q2mf").number == 3
    assert of(messages, "h5c2p8wa").number == 1


def test_the_public_channel_names_the_page_and_the_update_that_it_must_show():
    message = told(sample.public_view())[0]
    assert (message.page, message.shows) == ("https://status.example.com/incidents/k3x9q2mf/", "7qm4tz2c")
    inside = told(sample.internal_view(), sample.internal_desk())[0]
    assert (inside.page, inside.shows) == ("", "")


def test_a_correction_is_told_as_one():
    one = sample.payments()
    fix = Correction(at=at("14:40"), was="Some **payments** fail everywhere.")
    newest = changed(one.updates[0], corrections=(fix,))
    message = told(changed(sample.public_view(), incidents=(changed(one, updates=(newest, *one.updates[1:])),)))[0]
    assert 'Corrected at 14:40 UTC: before, it said: "Some payments fail everywhere."' in message.chat.text
    assert message.at == at("14:40")
    assert message.shows == "7qm4tz2c"


def test_a_late_word_is_called_late():
    one = changed(sample.payments(), late=True)
    text = told(changed(sample.public_view(), incidents=(one,)))[0].chat.text
    assert "The next update is late. It was due by 14:50 UTC." in text


@pytest.mark.parametrize(
    "words",
    [
        "One sentence of some length. " * 200,
        "word " * 2_000,
        "w" * 5_000,
        "- item of a list\n" * 300,
        "# Heading\n\n" * 200,
    ],
    ids=["sentences", "one endless sentence", "one endless word", "a list", "headings"],
)
def test_however_much_was_written_a_message_stays_short(words):
    view = with_words(sample.public_view(), Passage(markdown=words, addressed=False))
    parts = tuple(changed(part, name=f"{part.name} of a very long name") for part in view.components)
    one = changed(
        view.incidents[0],
        title="Some very long title " * 7,
        claims=tuple(sample.claim(part.id, "major_outage") for part in parts),
    )
    message = told(changed(view, incidents=(one,), components=parts))[0]
    assert len(message.chat.text) <= TEXT_LIMIT
    assert len(message.chat.title) <= TITLE_LIMIT


def test_long_words_end_where_a_sentence_ends():
    view = with_words(sample.public_view(), Passage(markdown="We know the cause now. " * 60, addressed=False))
    first = told(view)[0].chat.text.split("\n")[0]
    assert first.endswith("We know the cause now. …")
    assert len(first) <= 700


def test_it_is_told_in_the_language_of_the_site():
    view = sample.public_view()
    german = changed(view, about=changed(view.about, language="de"))
    message = told(german)[0]
    assert "Seit " in message.chat.text
    assert "Since" not in message.chat.text


def test_nothing_is_told_of_what_holds_no_news():
    silent = changed(sample.payments(), updates=())
    assert told(changed(sample.public_view(), incidents=(silent,), maintenances=())) == []


def test_a_customer_has_no_channel():
    customer = Customer(
        id="globex", name="Globex", components=(), locale="en", timezone="UTC", notice=None, owner="sales"
    )
    with pytest.raises(ValueError, match="read by many"):
        told(changed(sample.public_view(), reader="strategic", customer=customer))
