"""What goes out for one recipient: ids that never change, headers that are just those meant, and a way to stop."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import SMTP, compat32
from html.parser import HTMLParser
from pathlib import Path

import pytest
from msgspec import structs

from heliograph.message import Mail, Message
from heliograph.operations import Operations, Secret, SqlitePlace
from heliograph.render.mail import HeaderRefused, message_bytes
from heliograph.render.tongue import tongue
from heliograph.send.ledger import Delivery
from heliograph.send.wire import Stamp, delivery_key, stamp, thread_id, unsubscribe_token, wire_bytes

AT = datetime(2026, 11, 21, 14, 20, tzinfo=UTC)
SECRET = "of this site and no other"
MAIL = Mail(
    audience="public",
    incident="k3x9q2mf",
    subject="Some payments in Europe are failing; cause found (2)",
    preheader="We have found the cause.",
    text="We have found the cause.\n\nSince 14:02 UTC.\n",
    html='<!doctype html><html><head><meta charset="utf-8"><title>x</title></head><body><p>We have found the cause.</p>'
    "<p>Since 14:02 UTC.</p></body></html>\n",
    at=AT,
    thread="public/k3x9q2mf",
    from_name="Example, Shop",
    from_="status@status.example.com",
    list_id="Status <public.example.status.example.com>",
)
STAMP = Stamp(
    to="one@example.net",
    key="aaaabbbbccccddddeeeeffff22",
    thread="2222333344445555666677777a",
    domain="mail.example.com",
    reply_to="support@example.com",
    unsubscribe="https://status.example.com/unsubscribe/aaaabbbb22",
    mailbox="stop@status.example.com",
    token="aaaabbbb22",
    outside=True,
    once="X-Idempotency-Key",
)
GOLDEN = b"""\
From: "Example, Shop" <status@status.example.com>
Reply-To: support@example.com
Subject: Some payments in Europe are failing; cause found (2)
Date: Sat, 21 Nov 2026 14:20:00 +0000
List-Id: Status <public.example.status.example.com>
Auto-Submitted: auto-generated
X-Auto-Response-Suppress: All
To: one@example.net
Message-ID: <aaaabbbbccccddddeeeeffff22@mail.example.com>
In-Reply-To: <2222333344445555666677777a@mail.example.com>
References: <2222333344445555666677777a@mail.example.com>
List-Unsubscribe: <https://status.example.com/unsubscribe/aaaabbbb22>, <mailto:stop@status.example.com?subject=unsubscribe%20aaaabbbb22>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
X-Idempotency-Key: aaaabbbbccccddddeeeeffff22
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="BOUNDARY"
Content-Language: en
"""


def changed(**fields: object) -> Stamp:
    return structs.replace(STAMP, **fields)


def head(data: bytes) -> bytes:
    return data.partition(b"\r\n\r\n")[0].replace(b"\r\n", b"\n") + b"\n"


def parsed(data: bytes):
    return message_from_bytes(data, policy=SMTP)


# Headers


def test_the_headers_of_a_mail_are_these_and_stand_each_on_one_line():
    assert re.sub(rb'boundary="[^"]+"', b'boundary="BOUNDARY"', head(wire_bytes(MAIL, STAMP))) == GOLDEN


def test_what_is_not_given_is_not_there():
    bare = Stamp(to=STAMP.to, key=STAMP.key, thread=STAMP.thread, domain=STAMP.domain)
    found = parsed(wire_bytes(MAIL, bare)).keys()
    assert not {"Reply-To", "List-Unsubscribe", "List-Unsubscribe-Post", "X-Idempotency-Key"} & set(found)
    assert not {"Cc", "Bcc", "Sender", "Return-Path", "Precedence"} & set(found)


def test_one_click_is_promised_only_where_there_is_an_https_address():
    message = parsed(wire_bytes(MAIL, changed(unsubscribe="")))
    assert message["List-Unsubscribe"] == "<mailto:stop@status.example.com?subject=unsubscribe%20aaaabbbb22>"
    assert "List-Unsubscribe-Post" not in message
    message = parsed(wire_bytes(MAIL, changed(mailbox="")))
    assert message["List-Unsubscribe"] == "<https://status.example.com/unsubscribe/aaaabbbb22>"


def test_a_long_address_to_unsubscribe_stays_on_one_line_and_is_not_encoded():
    """The library's own policy makes encoded words of it, and one click leads nowhere."""
    long = "https://status.example.com/u?token=" + "x" * 600
    line = next(line for line in head(wire_bytes(MAIL, changed(unsubscribe=long))).split(b"\n") if b"<https" in line)
    assert line.startswith(f"List-Unsubscribe: <{long}>, <mailto:".encode())


def test_the_mails_own_reply_address_holds_where_no_other_is_given():
    mail = structs.replace(MAIL, reply_to="team@example.com")
    assert parsed(wire_bytes(mail, changed(reply_to="")))["Reply-To"] == "team@example.com"
    assert parsed(wire_bytes(mail, STAMP))["Reply-To"] == "support@example.com"


WRONG = {
    "to": ["a@b.example, evil@example.net", "a@b.example\r\nBcc: evil@example.net", "<a@b.example>", "ü@b.example", ""],
    "key": ["", "a b", "a\r\nBcc: evil@example.net", "a>b", "A", "ü", "a" * 65],
    "thread": ["", "a\n", "a> <b"],
    "domain": ["", "a b", "a>", "exämple.net", "a\r\nBcc: evil@example.net"],
    "reply_to": ["a, b@c.example", "a@b.example, evil@example.net"],
    "unsubscribe": [
        "http://example.com/u",
        "https://example.com/>, <mailto:evil@example.net",
        "https://example.com/\r\nBcc: evil@example.net",
        "https://example.com/ü",
        "https://example.com/" + "x" * 800,
        "javascript:alert(1)",
    ],
    "mailbox": ["stop@example.com, evil@example.net", "stop", "stop@example.com?cc=evil@example.net"],
    "once": [
        "Bcc",
        "To",
        "subject",
        "X Y",
        "X:Y",
        "Content-Type",
        "List-Unsubscribe",
        "X\r\nBcc",
        "DKIM-Signature",
        "ü",
    ],
}


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in WRONG.items() for value in values])
def test_a_stamp_that_would_say_something_else_is_refused(field, value):
    with pytest.raises(HeaderRefused) as refusal:
        wire_bytes(MAIL, changed(**{field: value}))
    assert "evil" not in str(refusal.value)


def test_a_header_cannot_be_written_a_second_time():
    for name in ("Subject", "subject", "Auto-Submitted", "Content-Type", "MIME-Version", "Reply-To"):
        with pytest.raises(HeaderRefused):
            message_bytes(MAIL, {name: "x"})


def test_each_copy_names_one_recipient_and_nobody_else():
    addresses = [f"reader{number}@r{number}.example" for number in range(100)]
    for address in addresses:
        named = re.findall(rb"reader\d+@r\d+\.example", wire_bytes(MAIL, changed(to=address)))
        assert named == [address.encode()]


# Ids


def test_the_same_news_for_the_same_address_have_the_same_key_whatever_their_order_or_words():
    key = delivery_key(SECRET, "example", "exec", "digest", ("n1", "n2"), 1, "One@Example.net")
    assert key == delivery_key(SECRET, "example", "exec", "digest", ("n2", "n1"), 1, "one@example.net")
    assert re.fullmatch(r"[a-z2-7]{26}", key)


def test_whatever_makes_a_delivery_another_one_gives_it_another_key():
    given = (SECRET, "example", "exec", "digest", ("n1", "n2"), 1, "one@example.net")
    others = ("another secret", "site", "business", "closing", ("n1",), 2, "two@example.net")
    keys = {delivery_key(*given)}
    for place, other in enumerate(others):
        keys.add(delivery_key(*(*given[:place], other, *given[place + 1 :])))
    assert len(keys) == 1 + len(others)


def test_parts_of_a_key_do_not_run_into_each_other():
    one = delivery_key(SECRET, "s", "r", "k", ("ab", "c"), 1, "x@example.net")
    assert one != delivery_key(SECRET, "s", "r", "k", ("a", "bc"), 1, "x@example.net")
    assert thread_id(SECRET, "ab", "c@example.net") != thread_id(SECRET, "a", "bc@example.net")


def test_ids_for_different_purposes_differ_and_need_the_secret():
    address, other = "one@example.net", "two@example.net"
    assert thread_id(SECRET, "exec", address) != unsubscribe_token(SECRET, "exec", address)
    assert thread_id(SECRET, "exec", address) != thread_id(SECRET, "exec", other)
    assert thread_id(SECRET, "exec", address) == thread_id(SECRET, "exec", address.upper())
    assert unsubscribe_token(SECRET, "exec", address) != unsubscribe_token("other", "exec", address)
    with pytest.raises(ValueError, match="secret"):
        thread_id("", "exec", address)


# Made out by what the operator set

OPERATIONS = Operations(
    site="example",
    secret=Secret(SECRET),
    mail_domain="mail.example.com",
    smtp=None,
    ledger=SqlitePlace(Path("ledger.sqlite")),
    lists=(),
    domains=(),
    senders=(),
    contacts=(("globex-owner", "owner@example.com"),),
    silent=(),
    webhooks=(),
    unsubscribe="https://status.example.com/u/{token}",
    unsubscribe_mail="stop@example.com",
    idempotency_header="",
    page="",
    page_ca_file=None,
    max_age=timedelta(hours=2),
    cap=500,
)
MESSAGE = Message(
    audience="strategic",
    customer="globex",
    kind="letter",
    topics=(),
    news=("7qm4tz2c",),
    at=AT,
    thread="strategic/globex/k3x9q2mf",
    mails=(MAIL,),
    owner="globex-owner",
    outside=True,
)
DELIVERY = Delivery(
    key="aaaabbbbccccddddeeeeffff22",
    message="m",
    address="one@globex.example",
    language="",
    state="PLANNED",
    attempts=0,
    reply="",
    at=AT,
)


def test_a_message_is_made_out_to_an_address_by_what_the_operator_set():
    made = stamp(OPERATIONS, MESSAGE, DELIVERY)
    token = unsubscribe_token(SECRET, "customer:globex", "one@globex.example")
    assert made == Stamp(
        to="one@globex.example",
        key=DELIVERY.key,
        thread=thread_id(SECRET, MESSAGE.thread, "one@globex.example"),
        domain="mail.example.com",
        reply_to="owner@example.com",
        unsubscribe=f"https://status.example.com/u/{token}",
        mailbox="stop@example.com",
        token=token,
        outside=True,
    )
    assert "globex" not in made.unsubscribe


def test_insiders_are_not_told_in_words_how_to_stop_and_answers_go_where_a_contact_is_known():
    digest = structs.replace(MESSAGE, customer="", audience="exec", kind="digest", owner="nobody", outside=False)
    made = stamp(OPERATIONS, digest, DELIVERY)
    assert (made.outside, made.reply_to) == (False, "")
    assert b"To stop these mails" not in wire_bytes(MAIL, made)


# The last line


class Words(HTMLParser):
    """What an HTML part shows, as words."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag == "a":
            self.links.append(dict(attrs)["href"])

    def handle_data(self, data):
        self.shown += data.split()


def shown(data: bytes) -> tuple[list[str], list[str], list[str]]:
    """The words of the text part, those of the HTML part, and where the latter leads."""
    message = parsed(data)
    html = Words()
    html.feed(message.get_body(("html",)).get_content().partition("<body")[2].partition(">")[2])
    return message.get_body(("plain",)).get_content().split(), html.shown, html.links


@pytest.mark.parametrize("language", ["en", "de", "es", "fr"])
def test_outsiders_read_last_how_to_stop_these_mails_in_both_parts(language):
    mail = structs.replace(MAIL, language=language)
    text, html, links = shown(wire_bytes(mail, STAMP))
    said = tongue(language).gettext("To stop these mails: %(address)s", address=STAMP.unsubscribe).split()
    assert text == html
    assert text[-len(said) :] == said
    assert links == [STAMP.unsubscribe]
    assert language == "en" or said[0] != "To", "translated"


def test_where_there_is_only_a_mailbox_the_last_line_names_that():
    text, html, links = shown(wire_bytes(MAIL, changed(unsubscribe="")))
    assert text == html
    assert text[-1] == STAMP.mailbox
    assert links == ["mailto:stop@status.example.com?subject=unsubscribe%20aaaabbbb22"]


def test_where_there_is_no_way_to_stop_none_is_promised():
    text, html, _ = shown(wire_bytes(MAIL, changed(unsubscribe="", mailbox="")))
    assert text == html == MAIL.text.split()


@pytest.mark.parametrize("page", ["<main><p>x</p></main>", "<p>x</p>", "<body><p>x &lt;/body&gt;</p></body></html>"])
def test_the_last_line_finds_its_place_whatever_the_layout(page):
    mail = structs.replace(MAIL, text="x\n", html=page)
    html = parsed(wire_bytes(mail, STAMP)).get_body(("html",)).get_content()
    assert html.index("To stop") > html.index("<p>x")
    assert html.count("To stop") == 1


# Fuzz: whatever stands in a field, the headers are those meant, or nothing is written

FIELDS = ("subject", "from_name", "from_", "reply_to", "list_id", "language", "to", "key", "thread", "domain")
PIECES = (
    *"aZ0 .,;:<>@()[]\"'\\=?_-+/|%&#!~\t",
    *"äß—“🟠支\u200f\u202e\u0301\ufeff\xa0\xad",
    *"\r\n\0\x1b\x7f\x85\u2028\u2029\ud83d",
    "\r\n",
    "\r\nBcc: evil@example.net",
    "\nBcc: evil@example.net\n\n",
    "=?utf-8?q?=0D=0ABcc:_evil@example.net?=",
    "=?utf-8?b?DQpCY2M6IGV2aWxAZXhhbXBsZS5uZXQ=?=",
    "=?",
    "?=",
    "=?utf-8?q?x",
    "?q?=0A?=",
    "a@b.example",
    ", evil@example.net",
    "<evil@example.net>",
    "Bcc:",
    "word ",
    "x" * 80,
    "ü" * 40,
)


def value(chance: random.Random) -> str:
    """Something that may stand in a header, or is meant to break one."""
    if chance.random() < 0.4:
        return "".join(
            chance.choice(("a", "Z", "word ", "ü" * 40, "支", "“", "x" * 80, " ", "=?", "?=")) for _ in range(5)
        )
    if chance.random() < 0.1:
        return "".join(chr(chance.choice((chance.randrange(0x250), chance.randrange(0x3000)))) for _ in range(8))
    few = [piece for piece in PIECES if len(piece) > 1] if chance.random() < 0.3 else PIECES
    return "".join(chance.choice(few) for _ in range(chance.randrange(1, 9)))


def fuzzed(chance: random.Random) -> tuple[Mail, Stamp]:
    """A mail and a stamp of which one to three fields hold anything."""
    mail, made = MAIL, STAMP
    for field in chance.sample(FIELDS, chance.choice((1, 1, 1, 2, 3))):
        if field in Stamp.__struct_fields__ and field != "reply_to":
            made = structs.replace(made, **{field: value(chance)})
        else:
            mail = structs.replace(mail, **{field: value(chance)})
            made = structs.replace(made, reply_to="")
    return mail, made


def check_headers(data: bytes, mail: Mail, made: Stamp) -> None:
    """Read the bytes by a parser of our own making and by two of the library's: the headers are those meant."""
    names = [line.split(":")[0] for line in head(data).decode("ascii").splitlines() if line[0] not in " \t"]
    expected = [line.split(":")[0] for line in GOLDEN.decode().splitlines()]
    wanted = [name for name in expected if name != "Reply-To" or mail.reply_to or made.reply_to]
    assert names == wanted == message_from_bytes(data, policy=compat32).keys()
    message = parsed(data)
    assert message.keys() == wanted
    assert (message["Subject"], message["To"]) == (mail.subject, made.to)
    assert [one.addr_spec for one in message["From"].addresses] == [mail.from_]
    assert message["Message-ID"] == f"<{made.key}@{made.domain}>"
    assert b"\nbcc" not in data.lower()


def count_written(numbers: range) -> int:
    written = 0
    for number in numbers:
        mail, made = fuzzed(random.Random(number))
        try:
            data = wire_bytes(mail, made)
        except HeaderRefused:
            continue
        check_headers(data, mail, made)
        written += 1
    return written


def test_of_two_thousand_values_each_gives_the_headers_meant_or_is_refused():
    assert 200 < count_written(range(2_000)) < 1_800, "both happen"


@pytest.mark.slow
@pytest.mark.parametrize("share", range(10))
def test_of_fifty_thousand_values_each_gives_the_headers_meant_or_is_refused(share, record_property):
    numbers = range(10_000 + share * 5_000, 10_000 + (share + 1) * 5_000)
    record_property("values", len(numbers))
    record_property("written", count_written(numbers))


def test_without_our_guards_the_same_values_break_headers(monkeypatch):
    """The library alone writes headers nobody meant (CVE-2024-6923), or arrives as something else."""
    monkeypatch.setattr("heliograph.render.mail._FORBIDDEN", re.compile(r"(?!)"))
    monkeypatch.setattr("heliograph.render.mail._read_back", lambda data, headers: None)
    broken = 0
    for number in range(300):
        mail, made = fuzzed(random.Random(number))
        try:
            check_headers(wire_bytes(mail, made), mail, made)
        except HeaderRefused:
            continue
        except (AssertionError, IndexError, UnicodeError):
            broken += 1
    assert broken
