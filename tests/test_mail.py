"""E-mail bytes: nothing but the headers that were meant, and parts that say what was rendered."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import SMTP
from html.parser import HTMLParser

import msgspec
import pytest
from markupsafe import escape

from heliograph.message import Mail
from heliograph.render.mail import (
    SIZE_LIMIT,
    HeaderRefused,
    ending_in,
    inlined,
    mail_artifacts,
    message_bytes,
    too_large,
)
from mails import example_mails

PLAIN = Mail(
    audience="exec",
    subject="SEV2 Some payments in Europe failing: cause found (2)",
    preheader="Cause found.",
    text="Hello,\n\nsince 14:02 UTC some payments fail — “none lost”.\n",
    html="<!DOCTYPE html><html><head><title>x</title></head><body><p>Since 14:02 UTC — “none lost”.</p></body></html>\n",
    at=datetime(2026, 11, 21, 14, 20, tzinfo=UTC),
    thread="exec",
    from_name="Example, Shop",
    from_="status@status.example.com",
    list_id="Executives <exec.example.status.example.com>",
)
HEADERS = [
    "From",
    "Subject",
    "Date",
    "List-Id",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "MIME-Version",
    "Content-Type",
    "Content-Language",
]

HOSTILE = {
    "an encoded word that hides a line break": "=?utf-8?q?Outage=0D=0ABcc:_evil@example.net?=",
    "the same in base64": "=?utf-8?b?T3V0YWdlDQpCY2M6IGV2aWxAZXhhbXBsZS5uZXQ=?=",
    "an encoded word among words": "Checkout =?us-ascii?Q?=0A?= errors",
    "CR and LF": "Outage\r\nBcc: evil@example.net",
    "LF alone": "Outage\nBcc: evil@example.net",
    "CR alone": "Outage\rBcc: evil@example.net",
    "NUL": "Outage\x00",
    "escape": "Outage\x1b[2J",
    "delete": "Outage\x7f",
    "a C1 control": "Outage\x85Bcc: evil@example.net",
    "a line separator": "Outage\u2028Bcc: evil@example.net",
    "a paragraph separator": "Outage\u2029Bcc: evil@example.net",
    "half a surrogate pair": "Outage\ud83d",
}


def changed(**fields: str) -> Mail:
    return msgspec.structs.replace(PLAIN, **fields)


@pytest.mark.parametrize("field", ["subject", "from_name", "list_id", "language", "from_", "reply_to"])
@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_header_that_would_not_arrive_as_meant_is_refused(field, value):
    with pytest.raises(HeaderRefused) as refusal:
        message_bytes(changed(**{field: value}))
    assert "evil" not in str(refusal.value), "the refusal must not repeat the value"


@pytest.mark.parametrize(
    "address",
    ["a@b.example, evil@c.example", "a@b.example <evil@c.example>", "plain", "a@b@c", "ü@b.example", '"a b"@c.d'],
)
@pytest.mark.parametrize("field", ["from_", "reply_to"])
def test_only_one_plain_address_is_an_address(field, address):
    with pytest.raises(HeaderRefused):
        message_bytes(changed(**{field: address}))


@pytest.mark.parametrize(
    "subject",
    [
        "Größe ändert sich · 4 % – “so”",
        "支払いが失敗しています " * 5 + "(2)",
        "<a> 😀 ; 4 % " + "x" * 30 + " — <a> =? a " + "ü" * 50,
        "x" * 140,
        "ü" * 140,
        "a =? b",
        'a \\ "b" <c> (d)',
    ],
)
def test_subjects_arrive_letter_for_letter_in_lines_of_legal_length(subject):
    data = message_bytes(changed(subject=subject))
    assert str(message_from_bytes(data, policy=SMTP)["Subject"]) == subject
    assert max(len(line) for line in data.split(b"\r\n")) <= 998
    assert all(len(word) <= 75 for word in re.findall(rb"=\?utf-8\?b\?[^?]*\?=", data))


def test_the_list_of_headers_is_fixed():
    message = message_from_bytes(message_bytes(PLAIN), policy=SMTP)
    assert message.keys() == HEADERS
    assert "Reply-To" in message_from_bytes(message_bytes(changed(reply_to="help@example.com")), policy=SMTP)


def test_a_preview_names_no_recipient_and_the_time_of_its_newest_word():
    message = message_from_bytes(message_bytes(PLAIN), policy=SMTP)
    assert message["To"] is None
    assert message["Message-ID"] is None
    assert message["Date"] == "Sat, 21 Nov 2026 14:20:00 +0000"
    assert message["From"].addresses[0].display_name == "Example, Shop"
    assert [str(address.addr_spec) for address in message["From"].addresses] == ["status@status.example.com"]


def test_both_parts_decode_to_what_was_rendered():
    message = message_from_bytes(message_bytes(PLAIN), policy=SMTP)
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text.get_content().replace("\r\n", "\n") == PLAIN.text
    assert html.get_content().replace("\r\n", "\n") == PLAIN.html
    assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]


def test_lines_end_in_cr_lf_and_long_words_are_folded():
    data = message_bytes(changed(text="x" * 5000 + "\n"))
    assert b"\n" not in data.replace(b"\r\n", b"")
    body = data.partition(b"\r\n\r\n")[2]
    assert max(len(line) for line in body.split(b"\r\n")) <= 76


def test_the_same_mail_gives_the_same_bytes_and_other_words_another_boundary():
    again, other = message_bytes(changed()), message_bytes(changed(text="Other words\n"))
    assert again == message_bytes(PLAIN)
    boundary = re.compile(rb'boundary="([^"]+)"')
    assert boundary.search(other).group(1) != boundary.search(again).group(1)


def test_a_preview_is_written_as_message_page_and_text():
    found = {artifact.path: artifact for artifact in mail_artifacts("mail/exec", "digest", PLAIN)}
    assert sorted(found) == ["mail/exec/digest.eml", "mail/exec/digest.html", "mail/exec/digest.txt"]
    assert found["mail/exec/digest.txt"].data.decode() == PLAIN.text
    assert found["mail/exec/digest.html"].data.decode() == PLAIN.html
    assert found["mail/exec/digest.eml"].media_type == "message/rfc822"


def test_styles_move_into_elements_and_rules_for_dark_and_narrow_screens_stay():
    page = (
        '<!doctype html><html><head><meta charset="utf-8"><style>p { color: red } '
        "@media (prefers-color-scheme: dark) { p { color: pink !important } }</style></head><body><p>x</p></body></html>"
    )
    inline = inlined(page)
    assert '<p style="color: red;">x</p>' in inline
    assert "pink !important" in inline
    assert inline.encode().index(b'<meta charset="utf-8">') < 64


def test_a_mail_is_too_large_before_programs_cut_it_off():
    assert not too_large(PLAIN)
    almost = changed(text="x" * (SIZE_LIMIT // 2) + "\n", html="<p>" + "x" * (SIZE_LIMIT // 2) + "</p>\n")
    assert too_large(almost), "with what is encoded, and room for what each recipient's copy adds"
    assert len(message_bytes(changed(text="x" * 90_000 + "\n"))) < SIZE_LIMIT


# Every mail of the example


class Shown(HTMLParser):
    """What an HTML part shows of itself, and where its links lead if they do not say so."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.open: list[bool] = []
        self.lead = ""

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "a":
            self.lead = given["href"]
        if tag not in ("br", "meta", "hr", "img"):
            hidden = "display: none" in (given.get("style") or "") or tag in ("title", "style")
            self.open.append(hidden or any(self.open[-1:]))

    def handle_endtag(self, tag):
        self.open.pop()
        if tag == "a" and self.lead:
            self.words += words(self.lead.removeprefix("mailto:"))

    def handle_data(self, data):
        if any(self.open[-1:]):
            return
        self.words += words(data)
        if self.lead and data.strip() in (self.lead, self.lead.removeprefix("mailto:")):
            self.lead = ""


def words(text):
    return re.findall(r"[^\W_]+", text)


@pytest.mark.parametrize("outside", [False, True])
def test_text_and_html_of_every_mail_say_the_same(outside):
    told = example_mails()
    assert len(told) > 20
    for mail in told:
        if outside:
            mail = ending_in(mail, "https://status.example.com/u/x", "https://status.example.com/u/x")
        shown = Shown()
        shown.feed(mail.html)
        shown.close()
        heading = mail.subject if f">{escape(mail.subject)}</h1>" in mail.html else ""
        # A page may bear the subject as its heading; the text stands below it in any case.
        text, html = Counter(words(heading) + words(mail.text)), Counter(shown.words)
        assert text == html, (mail.subject, text - html, html - text)


def test_a_part_that_says_more_is_noticed():
    shown = Shown()
    shown.feed("<body><p style='display: none'>hidden</p><p>x <b>y</b> <a href='https://a.example/'>z</a></p></body>")
    assert shown.words == ["x", "y", "z", "https", "a", "example"]


def test_every_mail_is_small_enough_and_names_its_letters_early():
    for mail in example_mails():
        assert not too_large(mail), mail.subject
        assert b'<meta charset="utf-8">' in mail.html.encode()[:1024]


def test_every_mail_can_be_made_out_to_somebody():
    for mail in example_mails():
        made_out = message_from_bytes(message_bytes(mail, {"To": "one@example.net"}), policy=SMTP)
        assert (made_out["To"], made_out["Subject"]) == ("one@example.net", mail.subject)
        assert made_out.get_body(("html",)).get_content().splitlines() == mail.html.splitlines()
