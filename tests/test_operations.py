"""The operator's file: read whole and strictly, in agreement with the site, and no message repeats a value."""

import os
import re
from datetime import timedelta
from pathlib import Path

import pytest

from heliograph.load import agreement, load_site
from heliograph.load.operations import read_operations, read_operations_with_warnings
from heliograph.load.operator_values import is_loopback
from heliograph.operations import NO_SECRET, BucketPlace, Secret, Smtp, SqlitePlace, Webhook
from heliograph.problems import Refused
from sites import TINY, write_site

CANARY = "wallaby"
"""In every secret below; no message may hold it, however the value was misplaced."""

SECRET = f"{CANARY}-0123456789abcdef0123456789abcdef"
ENVIRONMENT = {
    "HELIOGRAPH_SECRET": SECRET,
    "SMTP_PASSWORD": f"{CANARY} pass ",
    "EMPTY": "",
    "BLANK": " \n",
    "LINES": f"{CANARY}\n",
}

WHOLE = """\
site = "tiny"
secret = "${HELIOGRAPH_SECRET}"

[smtp]
host = "127.0.0.1"
port = 2525
security = "none"
sender = "bounces@example.com"

[ledger]
path = "ledger.db"

[send]
mail_domain = "example.com"
senders = ["status@status.example.com"]

[recipients]
support = "lists/support.csv"
"customer:globex" = "lists/globex.csv"

[domains]
support = ["example.com"]
"""
"""The smallest file for the tiny site: support and one customer get mail."""


def files(tmp_path, text=WHOLE, site=None):
    """A site, and beside it an operator's file with its lists."""
    root = write_site(tmp_path / "site", site)
    place = tmp_path / "operator"
    (place / "lists").mkdir(parents=True, exist_ok=True)
    for name in ("support", "globex", "public", "exec"):
        (place / "lists" / f"{name}.csv").write_text("address\na@example.com\n")
    (place / "ca.pem").write_text("-----\n")
    path = place / "operator.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(0o600)
    return path, root


def read(tmp_path, text=WHOLE, site=None):
    path, root = files(tmp_path, text, site)
    return read_operations(path, load_site(root), ENVIRONMENT, root)


def refused(tmp_path, text, site=None):
    """All problems of a file that is refused."""
    with pytest.raises(Refused) as found:
        read(tmp_path, text, site)
    return found.value.problems


def changed(*replacements):
    text = WHOLE
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new)
    return text


def test_the_smallest_file_is_read_with_sensible_defaults(tmp_path):
    found = read(tmp_path)
    assert found.smtp == Smtp(host="127.0.0.1", port=2525, security="none", sender="bounces@example.com")
    assert found.ledger == SqlitePlace(tmp_path / "operator" / "ledger.db")
    assert (found.max_age, found.cap) == (timedelta(hours=6), 500)
    assert found.lists == (
        ("support", tmp_path / "operator" / "lists/support.csv"),
        ("customer:globex", tmp_path / "operator" / "lists/globex.csv"),
    )
    assert found.domains == (("support", ("example.com",)),)
    assert (found.unsubscribe, found.page, found.webhooks, found.contacts, found.silent) == ("", "", (), (), ())


FULL = """\
site = "tiny"
secret = "${HELIOGRAPH_SECRET}"
[smtp]
host = "mail.example.com"
username = "status"
password = "${SMTP_PASSWORD}"
ca_file = "ca.pem"
sender = "Bounces@Example.com"
helo = "status.example.com"
connections = 16
[ledger]
bucket = "example-ledger"
prefix = "tiny/"
endpoint = "https://s3.example.com/"
region = "eu-1"
access_key = "key"
secret_key = "${SMTP_PASSWORD}"
ca_file = "ca.pem"
[send]
max_age = "1h30m"
cap = 7
unsubscribe = "https://example.com/u?t={token}"
unsubscribe_mail = "stop@example.com"
idempotency_header = "Resend-Idempotency-Key"
page = "https://status.example.com/"
page_ca_file = "ca.pem"
mail_domain = "Example.com"
senders = ["other@example.com", "status@status.example.com"]
[recipients]
silent = ["strategic"]
support = "lists/support.csv"
[domains]
support = ["example.com", "bücher.example"]
[contacts]
account-owner = "globex-team@example.com"
[[webhook]]
id = "ops"
audience = "internal"
kind = "slack"
url = "https://hooks.example.com/${SMTP_PASSWORD}"
[[webhook]]
id = "desk"
audience = "internal"
kind = "generic"
url = "http://10.0.0.7/hook"
secret = "${HELIOGRAPH_SECRET}"
allow_private = true
ca_file = "ca.pem"
"""
CHAT = {
    "audiences/internal.toml": TINY["audiences/internal.toml"].replace('["page"]', '["page", "chat"]'),
    "audiences/strategic.toml": TINY["audiences/strategic.toml"] + 'owner = "account-owner"\n',
}
assert "chat" in CHAT["audiences/internal.toml"]


def test_every_key_is_read(tmp_path):
    environment = {**ENVIRONMENT, "SMTP_PASSWORD": "p4ss"}
    path, root = files(tmp_path, FULL, CHAT)
    found = read_operations(path, load_site(root), environment, root)
    place = tmp_path / "operator"
    assert found.secret == Secret(SECRET)
    assert found.smtp == Smtp(
        host="mail.example.com",
        port=587,
        security="starttls",
        sender="Bounces@example.com",
        username="status",
        password=Secret("p4ss"),
        ca_file=place / "ca.pem",
        helo="status.example.com",
        connections=16,
    )
    assert found.ledger == BucketPlace(
        bucket="example-ledger",
        prefix="tiny/",
        endpoint="https://s3.example.com",
        region="eu-1",
        access_key="key",
        secret_key=Secret("p4ss"),
        ca_file=place / "ca.pem",
    )
    assert (found.max_age, found.cap) == (timedelta(minutes=90), 7)
    assert found.unsubscribe == "https://example.com/u?t={token}"
    assert (found.unsubscribe_mail, found.idempotency_header) == ("stop@example.com", "Resend-Idempotency-Key")
    assert (found.page, found.page_ca_file) == ("https://status.example.com", place / "ca.pem")
    assert (found.mail_domain, found.senders[0]) == ("example.com", "other@example.com")
    assert found.silent == ("strategic",)
    assert found.domains == (("support", ("example.com", "xn--bcher-kva.example")),)
    assert found.contacts == (("account-owner", "globex-team@example.com"),)
    ops, desk = found.webhooks
    assert ops == Webhook(id="ops", audience="internal", kind="slack", url=Secret("https://hooks.example.com/p4ss"))
    assert (desk.url.revealed, desk.secret.revealed) == ("http://10.0.0.7/hook", SECRET)
    assert (desk.allow_private, desk.ca_file) == (True, place / "ca.pem")
    assert SECRET not in repr(found)
    assert "p4ss" not in repr(found)


def test_a_secret_keeps_its_spaces(tmp_path):
    smtp = read(tmp_path, changed(('sender = "b', 'username = "u"\npassword = "${SMTP_PASSWORD}"\nsender = "b'))).smtp
    assert smtp.password.revealed == f"{CANARY} pass "


def test_what_a_variable_holds_is_not_looked_up_again(tmp_path):
    path, root = files(tmp_path)
    environment = {**ENVIRONMENT, "HELIOGRAPH_SECRET": "${SMTP_PASSWORD}" * 3}
    assert read_operations(path, load_site(root), environment, root).secret.revealed == "${SMTP_PASSWORD}" * 3


def test_ports_follow_from_the_security(tmp_path):
    for security, port in (("none", 25), ("tls", 465), ("starttls", 587)):
        text = changed(("port = 2525\n", ""), ('security = "none"', f'security = "{security}"'))
        assert read(tmp_path, text).smtp.port == port


def test_an_operator_may_send_to_nobody(tmp_path):
    text = f'site = "tiny"\nsecret = "{SECRET}"\n[ledger]\npath = "x.db"\n[recipients]\nsilent = ["support", "strategic"]\n'
    found = read(tmp_path, text)
    assert (found.smtp, found.lists, found.senders) == (None, (), ())


LOOPBACK = ["127.0.0.1", "127.8.9.10", "::1", "localhost", "LOCALHOST"]
NOT_LOOPBACK = [
    "127.0.0.1.example.com",
    "localhost.example.com",
    "128.0.0.1",
    "0.0.0.0",
    "::",
    "10.0.0.1",
    "::ffff:8.8.8.8",
    "127.1",
]


def test_loopback_is_this_machine_and_nothing_like_it():
    assert [host for host in LOOPBACK if not is_loopback(host)] == []
    assert [host for host in NOT_LOOPBACK if is_loopback(host)] == []


SMTP = 'sender = "bounces@example.com"'
LEDGER = 'path = "ledger.db"'
SENDERS = 'senders = ["status@status.example.com"]'
HOOK = '\n[[webhook]]\nid = "ops"\naudience = "internal"\nkind = "slack"\nurl = "https://hooks.example.com/"\n'
LISTS = 'support = "lists/support.csv"'

# what, the file, code, line, column
BAD = [
    ("121 an unknown key", changed(("\nport =", "\nprot =")), "E609", 6, 1),
    ("121 an unknown table", WHOLE + "[domain]\n", "E609", 23, 2),
    ("121 an unknown key above", "sites = 1\n" + WHOLE, "E609", 1, 1),
    ("a key twice", changed(("port = 2525", "port = 1\nport = 2")), "E106", 7, 9),
    ("a table twice", WHOLE + "[smtp]\n", "E106", 23, 6),
    ("no TOML", changed(("port = 2525", f"port = {CANARY}")), "E618", 6, 8),
    ("another site's", changed(('"tiny"', '"tidy"')), "E623", 1, 8),
    ("no site", changed(('site = "tiny"\n', "")), "E128", 1, 1),
    ("no secret", changed(('secret = "${HELIOGRAPH_SECRET}"\n', "")), "E128", 1, 1),
    ("a short secret", changed(("${HELIOGRAPH_SECRET}", CANARY)), "E627", 2, 10),
    ("a secret that is no text", changed(('"${HELIOGRAPH_SECRET}"', "12345678901234567890123456789012")), "E110", 2, 10),
    ("127 a variable that is not set", changed(("HELIOGRAPH_SECRET", "HELIOGRAPH_SECRTE")), "E615", 2, 10),
    ("127 an empty variable", changed(("HELIOGRAPH_SECRET", "EMPTY")), "E615", 2, 10),
    ("127 a blank variable", changed(("HELIOGRAPH_SECRET", "BLANK")), "E615", 2, 10),
    ("127 not set, in a list", changed((SENDERS, 'senders = ["${NOT_SET}"]')), "E615", 15, 12),
    ("127 not set, in part of a value", changed(('"127.0.0.1"', '"${NOT_SET}.example.com"')), "E615", 5, 8),
    ("127 not set, as a list's path", changed(("lists/support.csv", "${NOT_SET}")), "E615", 18, 11),
    ("127 half a variable", changed(("${HELIOGRAPH_SECRET}", "${" + CANARY)), "E615", 2, 10),
    ("127 a variable without a name", changed(("${HELIOGRAPH_SECRET}", "${}" + CANARY)), "E615", 2, 10),
    ("a variable of two lines", changed(("HELIOGRAPH_SECRET", "LINES")), "E126", 2, 10),
    ("a secret under the wrong key", changed(('"none"', '"${SMTP_PASSWORD}"')), "E131", 7, 12),
    ("a secret as a host", changed(('"127.0.0.1"', '"${SMTP_PASSWORD}"')), "E136", 5, 8),
    ("a secret as a sender", changed((SMTP, 'sender = "${SMTP_PASSWORD}"')), "E501", 8, 10),
    ("a secret as an audience", WHOLE + HOOK.replace('"internal"', '"${SMTP_PASSWORD}"'), "E131", 26, 12),
    ("a secret as an address", WHOLE + HOOK.replace("https://hooks.example.com/", "${SMTP_PASSWORD}"), "E419", 28, 7),
    ("109 not encrypted", changed(('"127.0.0.1"', '"mail.example.com"')), "E509", 7, 12),
    ("110 not encrypted, by a name that begins alike", changed(('"127.0.0.1"', '"localhost.example.com"')), "E509", 7, 12),
    ("a host with a port", changed(('"127.0.0.1"', '"mail.example.com:25"')), "E136", 5, 8),
    ("a port too high", changed(("2525", "65536")), "E119", 6, 8),
    ("a port that is text", changed(("2525", '"25"')), "E119", 6, 8),
    ("too many connections", changed((SMTP, SMTP + "\nconnections = 17")), "E119", 9, 15),
    ("a user without a password", changed((SMTP, SMTP + '\nusername = "u"')), "E128", 4, 2),
    ("a certificate that is not there", changed((SMTP, SMTP + '\nca_file = "none.pem"')), "E319", 9, 11),
    ("smtp is no table", WHOLE.replace("[smtp]", "[[smtp]]"), "E120", 4, 3),
    ("no ledger", changed(("[ledger]\n" + LEDGER + "\n", "")), "E128", 1, 1),
    ("a ledger without a place", changed((LEDGER + "\n", "")), "E128", 10, 2),
    ("a ledger in two places", changed((LEDGER, LEDGER + '\nbucket = "bucket"')), "E131", 10, 2),
    ("a bucket nobody can have", changed((LEDGER, 'bucket = "../x"')), "E131", 11, 10),
    ("a prefix that leads elsewhere", changed((LEDGER, 'bucket = "bucket"\nprefix = "../x"')), "E131", 12, 10),
    ("half a credential", changed((LEDGER, 'bucket = "bucket"\naccess_key = "x"')), "E128", 10, 2),
    ("an endpoint that is not encrypted", changed((LEDGER, 'bucket = "bucket"\nendpoint = "http://s3.example.com"')), "E136", 12, 12),
    ("a site's sender that is not allowed", changed(("status@status", "news@status")), "E508", 15, 11),
    ("109 no sender allowed", changed((SENDERS, "senders = []")), "E508", 15, 11),
    ("no senders", changed((SENDERS + "\n", "")), "E128", 13, 2),
    ("two senders in one", changed((SENDERS, 'senders = ["status@status.example.com, b@c.d"]')), "E501", 15, 12),
    ("a domain that is an address", changed(('mail_domain = "', 'mail_domain = "a@')), "E502", 14, 15),
    ("no token", changed((SENDERS, SENDERS + '\nunsubscribe = "https://example.com/"')), "E136", 16, 15),
    ("two tokens", changed((SENDERS, SENDERS + '\nunsubscribe = "https://example.com/{token}{token}"')), "E136", 16, 15),
    ("a token without encryption", changed((SENDERS, SENDERS + '\nunsubscribe = "http://example.com/{token}"')), "E409", 16, 15),
    ("a header of mail itself", changed((SENDERS, SENDERS + '\nidempotency_header = "Bcc"')), "E131", 16, 22),
    ("two headers in one", changed((SENDERS, SENDERS + '\nidempotency_header = "Idempotency-Key: x"')), "E131", 16, 22),
    ("a cap of nothing", changed((SENDERS, SENDERS + "\ncap = 0")), "E119", 16, 7),
    ("an age without a unit", changed((SENDERS, SENDERS + '\nmax_age = "6"')), "E213", 16, 11),
    ("a page that is not encrypted", changed((SENDERS, SENDERS + '\npage = "http://status.example.com"')), "E136", 16, 8),
    ("105 an audience without a list", changed((LISTS + "\n", "")), "E505", 17, 2),
    ("105 a customer without a list", changed(('"customer:globex" = "lists/globex.csv"\n', "")), "E505", 17, 2),
    ("105 no lists at all", changed(("[recipients]\n" + LISTS + "\n" + '"customer:globex" = "lists/globex.csv"\n', "")), "E505", 1, 1),
    ("silent and listed", changed((LISTS, 'silent = ["support"]\n' + LISTS)), "E505", 17, 2),
    ("a list for who gets no mail", changed((LISTS, 'internal = "lists/exec.csv"\n' + LISTS), ("[domains]", '[domains]\ninternal = ["example.com"]')), "E505", 17, 2),
    ("one list for two", changed(("lists/globex.csv", "lists/support.csv")), "E505", 19, 21),
    ("one list for two, spelt otherwise", changed(("lists/globex.csv", "lists/../lists/support.csv")), "E505", 19, 21),
    ("a webhook for who reads no chat", WHOLE + HOOK, "E505", 24, 3),
    ("a webhook for customers", WHOLE + HOOK.replace('"internal"', '"strategic"'), "E131", 26, 12),
    ("a list of all customers", changed((LISTS, LISTS + '\nstrategic = "lists/exec.csv"')), "E131", 19, 1),
    ("an unknown audience", changed(("support = [", "suport = [")), "E131", 22, 1),
    ("an unknown customer", changed(('"customer:globex"', '"customer:globx"')), "E131", 19, 1),
    ("an unknown silent one", changed((LISTS, LISTS + '\nsilent = ["exec"]')), "E131", 19, 11),
    ("a contact nobody has", WHOLE + '[contacts]\nboss = "a@example.com"\n', "E131", 24, 1),
    ("104 an internal list without domains", changed(('[domains]\nsupport = ["example.com"]\n', "")), "E504", 1, 1),
    ("104 a top-level domain", changed(('["example.com"]', '["com"]')), "E502", 22, 12),
    ("a list that is not there", changed(("lists/support.csv", "lists/suport.csv")), "E319", 18, 11),
    ("a list that is a folder", changed(("lists/support.csv", "lists")), "E306", 18, 11),
    ("a list that is a device", changed(("lists/support.csv", "/dev/zero")), "E306", 18, 11),
    ("122 a list inside the site", changed(("lists/support.csv", "../site/site_src/site.toml")), "E610", 18, 11),
    ("122 a ledger inside the site", changed((LEDGER, 'path = "../site/ledger.db"')), "E610", 11, 8),
    ("a path with a NUL", changed(("lists/support.csv", "lists\\u0000")), "E121", 18, 11),
    ("a path nobody can have", changed(("lists/support.csv", "x" * 400)), "E319", 18, 11),
    ("lists without a server", re.sub(r"\[smtp\][^\[]*", "", WHOLE), "E128", 11, 2),
    ("http for a webhook", WHOLE + HOOK.replace("https:", "http:"), "E513", 28, 7),
    ("a webhook of another kind", WHOLE + HOOK.replace('"slack"', '"teams"'), "E131", 27, 8),
    ("a webhook twice", WHOLE + HOOK + HOOK, "E304", 31, 6),
    ("UTF-16", WHOLE.encode("utf-16"), "E103", 1, 1),
    ("a control character", changed(('"tiny"', '"tiny" # \x1b')), "E121", 1, 17),
    ("bottomless", WHOLE + "x = " + "[" * 3_000, "E117", 23, 25),
    ("257 KB", WHOLE + "#" * 257 * 1024, "E309", 1, 1),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "line", "column"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_each_bad_file_is_refused_at_its_place_and_no_message_holds_a_secret(tmp_path, text, code, line, column):
    problems = refused(tmp_path, text)
    places = [(problem.code, problem.place.line, problem.place.column) for problem in problems]
    assert (code, line, column) in places, [str(problem) for problem in problems]
    assert {problem.place.file for problem in problems} == {str(tmp_path / "operator" / "operator.toml")}
    assert CANARY not in "".join(f"{problem.message}{problem.hint}" for problem in problems)


@pytest.mark.parametrize(("text", "code"), [row[1:3] for row in BAD], ids=[row[0] for row in BAD])
def test_one_mistake_gives_one_finding_and_at_most_who_is_forgotten_for_it(tmp_path, text, code):
    assert {problem.code for problem in refused(tmp_path, text)} - {"E504", "E505"} <= {code}


def test_hints_name_what_was_probably_meant(tmp_path):
    text = changed(("\nport =", "\nprot ="), ("support = [", "suport = ["), ("customer:globex", "customer:globx"))
    hints = {problem.hint for problem in refused(tmp_path, text)}
    assert {"did you mean port?", "did you mean support?", "did you mean customer:globex?"} <= hints


def test_everyone_forgotten_is_named_at_once(tmp_path):
    text = f'site = "tiny"\nsecret = "{SECRET}"\n[ledger]\npath = "x.db"\n'
    told = " ".join(problem.message for problem in refused(tmp_path, text, CHAT))
    assert all(f"`{name}`" in told for name in ("support", "customer:globex", "internal"))


def test_one_customer_may_be_silent_alone(tmp_path):
    text = changed(('"customer:globex" = "lists/globex.csv"', 'silent = ["customer:globex"]'))
    assert read(tmp_path, text).silent == ("customer:globex",)


def test_strategic_without_customers_asks_for_no_list(tmp_path):
    site = {"audiences/strategic.toml": 'name = "S"\nboundary = "external"\nsurfaces = ["digest"]\n'}
    text = changed(('"customer:globex" = "lists/globex.csv"\n', ""))
    assert [reader for reader, _ in read(tmp_path, text, site).lists] == ["support"]


def test_all_that_is_wrong_is_told_at_once(tmp_path):
    text = changed(
        ("port =", "prot ="),
        ("6h", "6h") if "6h" in WHOLE else ("2525", "0"),
        ("HELIOGRAPH_SECRET", "NOPE"),
        ("status@status", "a@status"),
    )
    assert {"E609", "E615", "E508"} <= {problem.code for problem in refused(tmp_path, text)}


def test_a_file_that_others_may_read_is_warned_of_if_it_holds_a_secret(tmp_path):
    clear = changed(("${HELIOGRAPH_SECRET}", SECRET))
    for text, mode, warned in (
        (clear, 0o640, True),
        (clear, 0o604, True),
        (clear, 0o600, False),
        (WHOLE, 0o644, False),
    ):
        path, root = files(tmp_path, text)
        path.chmod(mode)
        _, warnings = read_operations_with_warnings(path, load_site(root), ENVIRONMENT, root)
        assert [(one.code, one.place.line) for one in warnings] == ([("W629", 2)] if warned else [])
        assert CANARY not in "".join(map(str, warnings)).replace(str(tmp_path), "")


PLACES = [
    ("no file", lambda path: path.unlink(), "E319"),
    ("a symbolic link", lambda path: (path.rename(path.with_name("real")), path.symlink_to("real")), "E306"),
    ("a pipe", lambda path: (path.unlink(), os.mkfifo(path)), "E306"),
    ("a device", lambda path: (path.unlink(), path.symlink_to("/dev/zero")), "E306"),
    ("a folder", lambda path: (path.unlink(), path.mkdir()), "E306"),
]


@pytest.mark.parametrize(("prepare", "code"), [row[1:] for row in PLACES], ids=[row[0] for row in PLACES])
def test_only_an_ordinary_file_is_read_and_nothing_waits(tmp_path, prepare, code):
    path, root = files(tmp_path)
    prepare(path)
    with pytest.raises(Refused) as found:
        read_operations(path, load_site(root), ENVIRONMENT, root)
    assert [problem.code for problem in found.value.problems] == [code]


def test_a_linked_list_is_refused(tmp_path):
    path, root = files(tmp_path)
    (path.parent / "lists/support.csv").unlink()
    (path.parent / "lists/support.csv").symlink_to("globex.csv")
    with pytest.raises(Refused) as found:
        read_operations(path, load_site(root), ENVIRONMENT, root)
    assert [(problem.code, problem.place.line) for problem in found.value.problems] == [("E306", 18)]


@pytest.mark.parametrize("door", ["straight", "by a linked folder"])
def test_122_the_file_itself_must_not_lie_inside_the_site(tmp_path, door):
    path, root = files(tmp_path)
    inside = root / "secrets"
    path.parent.rename(inside)
    if door != "straight":
        (tmp_path / "door").symlink_to(inside)
        inside = tmp_path / "door"
    with pytest.raises(Refused) as found:
        read_operations(inside / "operator.toml", load_site(root), ENVIRONMENT, root)
    assert {problem.code for problem in found.value.problems} == {"E610"}
    assert min(problem.place.line for problem in found.value.problems) == 1


HOSTILE = [
    *((path, key) for path in ("site_src/site.toml", "audiences/public.toml") for key in ("smtp", "ledger", "recipients", "domains", "webhook", "send")),
    ("site_src/targets.toml", "smtp"),
    ("site_src/components.toml", "recipients"),
    ("audiences/strategic.toml", "contacts"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "key"), HOSTILE)
def test_no_file_of_the_site_can_say_where_mail_goes(tmp_path, path, key):
    text = TINY.get(path, "") + f'\n[{key}]\nhost = "evil.example.com"\n'
    with pytest.raises(Refused) as found:
        load_site(write_site(tmp_path, {path: text}))
    assert {problem.code for problem in found.value.problems} <= {"E609", "E128"}


def test_a_reading_that_forgets_the_customers_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr("heliograph.load.operations.readers_of", lambda site: {one.id: one for one in site.audiences})
    monkeypatch.setattr(
        agreement, "readers_of", lambda site: {one.id: one for one in site.audiences if not one.customers}
    )
    text = changed(('"customer:globex" = "lists/globex.csv"\n', ""))
    assert read(tmp_path, text).lists


def test_whatever_bytes_the_file_holds_nothing_but_findings_comes_of_it(tmp_path):
    path, root = files(tmp_path)
    site, whole = load_site(root), WHOLE.encode()
    for cut in range(0, len(whole), 3):
        for inserted in (b"\x00", b'"', b"\n[", b"\xff", b"${"):
            path.write_bytes(whole[:cut] + inserted + whole[cut:])
            try:
                read_operations(path, site, ENVIRONMENT, root)
            except Refused as refusal:
                assert CANARY not in "".join(map(str, refusal.problems)).replace(str(path), "")


def test_the_example_of_the_guide_is_read_for_the_example_site(tmp_path):
    here = Path(__file__).parent.parent
    guide = (here / "docs" / "operator.md").read_text("utf-8")
    (text,) = re.findall(r"```toml\n(site = .*?)```", guide, re.DOTALL)
    site = load_site(here)
    path = tmp_path / "operator.toml"
    path.write_text(text)
    path.chmod(0o600)
    for name in re.findall(r'"((?:lists/[a-z]+\.csv|[a-z-]+\.pem))"', text):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("address\na@example.com\n")
    environment = dict.fromkeys(re.findall(r"\$\{(\w+)\}", text), "https://" + "x" * 32)
    found, warnings = read_operations_with_warnings(path, site, environment, here)
    assert warnings == ()
    assert [hook.audience for hook in found.webhooks] == ["internal"]
    assert found.smtp.password != NO_SECRET
