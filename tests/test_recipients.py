"""Recipients' lists: read row by row, refused whole if one row is wrong, and no address in any message."""

import contextlib
import os
import tracemalloc
from datetime import timedelta
from pathlib import Path

import pytest

from heliograph import mailbox
from heliograph.mailbox import Unfit, folded, lies_in, read_domain, read_mailbox
from heliograph.operations import NO_SECRET, Operations, SqlitePlace
from heliograph.problems import Problems, Refused
from heliograph.send import recipients
from heliograph.send.recipients import LINE_LIMIT, Reader, read_recipients, recipients_in

CANARY = "quokka"
"""In every address and name below that is refused: no message may hold it."""

COMPONENTS = frozenset({"checkout", "api"})
LANGUAGES = frozenset({"en", "de"})
EXEC = Reader(
    id="exec",
    is_insider=True,
    domains=("example.com",),
    languages=LANGUAGES,
    components=COMPONENTS,
    severities=frozenset({"sev1", "sev2"}),
)
PUBLIC = Reader(id="public", is_insider=False, domains=(), languages=LANGUAGES, components=COMPONENTS)
STAFF = Reader(id="staff", is_insider=True, domains=("example.com",), languages=LANGUAGES, components=COMPONENTS)


def written(tmp_path, content):
    """A list with this content; a callable makes something else in its place."""
    path = tmp_path / "list.csv"
    if callable(content):
        content(path)
    else:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(path, reader=PUBLIC):
    problems = Problems()
    return list(recipients_in(path, reader, problems)), problems.found


def addresses(path, reader=PUBLIC):
    found, problems = read(path, reader)
    assert problems == ()
    return [one.address for one in found]


def operations(**lists):
    return Operations(
        site="tiny",
        secret=NO_SECRET,
        mail_domain="example.com",
        smtp=None,
        ledger=SqlitePlace(Path("ledger.db")),
        lists=tuple(lists.items()),
        domains=(),
        senders=(),
        contacts=(),
        silent=(),
        webhooks=(),
        unsubscribe="",
        unsubscribe_mail="",
        idempotency_header="",
        page="",
        page_ca_file=None,
        max_age=timedelta(hours=6),
        cap=500,
    )


H = "address\n"
FULL = "address,name,language,components,impacts,severities\n"
Q = CANARY

# what, content, reader, code, line, column
BAD = [
    ("99 two addresses, quoted", f'{H}"{Q}@b.c, evil@x.org"\n', PUBLIC, "E501", 2, 1),
    ("99 two addresses, bare", f"{H}{Q}@b.c, evil@x.org\n", PUBLIC, "E501", 2, 13),
    ("99 two addresses by semicolon", f'address,name\n"{Q}@b.c;evil@x.org",A\n', PUBLIC, "E501", 2, 1),
    ("99 two addresses by a space", f"{H}{Q}@b.c evil@x.org\n", PUBLIC, "E501", 2, 1),
    ("99 the second in the column of names", f"address,name\na@b.c,{Q}@x.org\n", PUBLIC, "E501", 2, 7),
    ("99 a name with it", f"{H}Anna <{Q}@b.c>\n", PUBLIC, "E501", 2, 1),
    ("99 no address", f"address,name\n,{Q}\n", PUBLIC, "E501", 2, 1),
    ("99 two @", f"{H}{Q}@b.c@d.e\n", PUBLIC, "E501", 2, 1),
    ("100 a line end", f'{H}"{Q}@b.c\nBcc: x@y.z"\n', PUBLIC, "E501", 2, 1),
    ("100 a carriage return", f'{H}"{Q}@b.c\rBcc: x@y.z"\n', PUBLIC, "E501", 2, 1),
    ("100 a NUL", f"{H}{Q}@b.c\0\n", PUBLIC, "E501", 2, 1),
    ("100 a next-line character", f"{H}{Q}@b.c\x85.d\n", PUBLIC, "E501", 2, 1),
    ("101 a quoted local part", f'{H}"""{Q} x""@b.c"\n', PUBLIC, "E502", 2, 1),
    ("101 a comment", f"{H}{Q}(x)@b.c\n", PUBLIC, "E502", 2, 1),
    ("101 an IP literal", f"{H}{Q}@[127.0.0.1]\n", PUBLIC, "E502", 2, 1),
    ("101 a bare IP", f"{H}{Q}@127.0.0.1\n", PUBLIC, "E502", 2, 1),
    ("101 a route", f'{H}"@a.b,@c.d:{Q}@e.f"\n', PUBLIC, "E502", 2, 1),
    ("101 a route by %", f"{H}{Q}%evil.org@b.c\n", PUBLIC, "E502", 2, 1),
    ("101 a route by !", f"{H}evil!{Q}@b.c\n", PUBLIC, "E502", 2, 1),
    ("101 an option", f"{H}-o{Q}@b.c\n", PUBLIC, "E502", 2, 1),
    ("101 mailto", f"{H}mailto:{Q}@b.c\n", PUBLIC, "E502", 2, 1),
    ("101 an encoded word", f"{H}=?utf-8?q?{Q}?=@b.c\n", PUBLIC, "E502", 2, 1),
    ("a local part of 65", f"{H}{Q:x<65}@b.c\n", PUBLIC, "E502", 2, 1),
    ("a domain of 254", f"{H}{Q}@{'a.' * 126}org\n", PUBLIC, "E502", 2, 1),
    ("a domain without a dot", f"{H}{Q}@localhost\n", PUBLIC, "E502", 2, 1),
    ("a domain with a last dot", f"{H}{Q}@b.c.\n", PUBLIC, "E502", 2, 1),
    ("102 a local part in other letters", f"{H}{Q}ü@b.c\n", PUBLIC, "E503", 2, 1),
    ("102 a domain that two rules read differently", f"{H}{Q}@faß.de\n", PUBLIC, "E503", 2, 1),
    ("102 a domain in full-width letters", f"{H}{Q}@ｂ.c\n", PUBLIC, "E503", 2, 1),
    ("102 a domain with a zero-width space", f"{H}{Q}@b\u200bc.de\n", PUBLIC, "E503", 2, 1),
    ("104 another domain", f"{H}{Q}@elsewhere.org\n", EXEC, "E504", 2, 1),
    ("104 a domain that ends alike", f"{H}{Q}@evil-example.com\n", EXEC, "E504", 2, 1),
    ("104 a domain that begins alike", f"{H}{Q}@example.com.evil.org\n", EXEC, "E504", 2, 1),
    ("104 a Cyrillic look-alike", f"{H}{Q}@ex\u0430mple.com\n", EXEC, "E504", 2, 1),
    ("104 the parent", f"{H}{Q}@example.com\n", Reader(id="x", is_insider=True, domains=("mail.example.com",), languages=LANGUAGES, components=COMPONENTS), "E504", 2, 1),
    ("104 insiders without domains", f"{H}{Q}@example.com\n", Reader(id="x", is_insider=True, domains=(), languages=LANGUAGES, components=COMPONENTS), "E504", 2, 1),
    ("104 a customer bound to its domain", f"{H}{Q}@initech.com\n", Reader(id="customer:globex", is_insider=False, domains=("globex.com",), languages=LANGUAGES, components=COMPONENTS), "E504", 2, 1),
    ("105 nothing", b"", PUBLIC, "E505", 1, 1),
    ("105 only a header", H, PUBLIC, "E505", 1, 1),
    ("105 only blank rows", "address;name\n;\n  \n;;\n".replace(";;", ";"), PUBLIC, "E505", 1, 1),
    ("105 only a byte order mark", b"\xef\xbb\xbf", PUBLIC, "E505", 1, 1),
    ("twice, with different wishes", f"address,components\n{Q}@b.c,api\n{Q.upper()}@b.c,checkout\n", PUBLIC, "E505", 3, 1),
    ("108 no header", f"{Q}@b.c\n", PUBLIC, "E507", 1, 1),
    ("108 a misspelt column", f"adress\n{Q}@b.c\n", PUBLIC, "E507", 1, 1),
    ("108 an unknown column", f"address,phone\n{Q}@b.c,1\n", PUBLIC, "E507", 1, 9),
    ("108 a column twice", f"address,name,name\n{Q}@b.c,a,b\n", PUBLIC, "E507", 1, 14),
    ("108 two separators", f"address;name,language\n{Q}@b.c\n", PUBLIC, "E507", 1, 1),
    ("108 too few cells", f"address,name,components\n{Q}@b.c,api\n", PUBLIC, "E507", 2, 1),
    ("108 too many cells", f"address,name\n{Q}@b.c,Smith, Anna\n", PUBLIC, "E507", 2, 1),
    ("108 a quote not closed", f'address,name\na@b.c,"{Q}\n', PUBLIC, "E507", 2, 1),
    ("108 text behind a quote", f'address,name\na@b.c,"{Q}" x\n', PUBLIC, "E507", 2, 1),
    ("108 a carriage return in a row", f"{H}{Q}@b.c\rd@e.f\n", PUBLIC, "E507", 2, 1),
    ("108 UTF-16", f"address\n{Q}@b.c\n".encode("utf-16"), PUBLIC, "E507", 1, 1),
    ("108 Latin-1", f"address,name\na@b.c,{Q}ü\n".encode("latin-1"), PUBLIC, "E507", 2, 1),
    ("a line of 20 KB", f"{H}{Q}{'x' * 20_000}@b.c\n", PUBLIC, "E507", 2, 1),
    ("a name with a control character", f"address,name\na@b.c,{Q}\x1b[31m\n", PUBLIC, "E507", 2, 7),
    ("a name that turns the direction", f"address,name\na@b.c,{Q}\u202e\n", PUBLIC, "E507", 2, 7),
    ("a name that is an encoded word", f"address,name\na@b.c,=?utf-8?q?{Q}?=\n", PUBLIC, "E507", 2, 7),
    ("a name of 141", f"address,name\na@b.c,{Q:x<141}\n", PUBLIC, "E507", 2, 7),
    ("an unknown component", f"address,components\na@b.c,api {Q}\n", PUBLIC, "E210", 2, 7),
    ("an unknown impact", f"address,impacts\na@b.c,{Q}\n", PUBLIC, "E131", 2, 7),
    ("an unknown language", f"address,language\na@b.c,{Q}\n", PUBLIC, "E131", 2, 7),
    ("two languages", f"address,language\n{Q}@b.c,de en\n", PUBLIC, "E131", 2, 12),
    ("an unknown severity", f"address,severities\na@example.com,{Q}\n", EXEC, "E131", 2, 15),
    ("severities for outsiders", f"address,severities\n{Q}@b.c,sev1\n", PUBLIC, "E621", 1, 9),
    ("severities for insiders who may not know", f"address,severities\n{Q}@example.com,sev1\n", STAFF, "E622", 1, 9),
    ("a symbolic link", lambda path: path.symlink_to("elsewhere.csv"), PUBLIC, "E306", 1, 1),
    ("a symbolic link to a good list", lambda path: (path.with_name("good.csv").write_text(H + "a@b.c\n"), path.symlink_to("good.csv")), PUBLIC, "E306", 1, 1),
    ("a link in a circle", lambda path: path.symlink_to(path.name), PUBLIC, "E306", 1, 1),
    ("a pipe", os.mkfifo, PUBLIC, "E306", 1, 1),
    ("a device", lambda path: path.symlink_to("/dev/zero"), PUBLIC, "E306", 1, 1),
    ("a folder", Path.mkdir, PUBLIC, "E306", 1, 1),
    ("no file", lambda path: None, PUBLIC, "E307", 1, 1),
    ("a file of 65 MB", lambda path: (path.touch(), os.truncate(path, 65 * 1024 * 1024)), PUBLIC, "E309", 1, 1),
]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "reader", "code", "line", "column"), [row[1:] for row in BAD], ids=[row[0] for row in BAD]
)
def test_each_bad_list_is_refused_at_its_place_and_no_message_holds_an_address(
    tmp_path, content, reader, code, line, column
):
    path = written(tmp_path, content)
    with pytest.raises(Refused) as refused:
        read_recipients(operations(**{reader.id: path}), [reader])
    first = min(refused.value.problems, key=lambda problem: problem.place)
    assert (first.code, first.place.file, first.place.line, first.place.column) == (code, str(path), line, column)
    told = "".join(f"{problem.message}{problem.hint}" for problem in refused.value.problems)
    assert CANARY not in told.casefold()
    assert "@" not in told.replace("before the @", "")


def test_at_least_forty_bad_lists_were_tried():
    assert len(BAD) >= 40


def _ends_alike(address, domains):
    return any(address.endswith(domain) for domain in domains)


def _begins_alike(address, domains):
    return any(address.partition("@")[2].startswith(domain) for domain in domains)


@pytest.mark.parametrize("broken", [_ends_alike, _begins_alike])
def test_a_careless_comparison_of_domains_is_noticed(tmp_path, monkeypatch, broken):
    monkeypatch.setattr(recipients, "lies_in", broken)
    let_through = [row[0] for row in BAD if row[3] == "E504" and not read(written(tmp_path, row[1]), row[2])[1]]
    assert let_through


def test_the_codec_alone_would_send_to_somebody_elses_domain(monkeypatch):
    """Why a domain must come back as it was: the older rules make another, existing domain of this one."""
    assert "faß.de".encode("idna") == b"fass.de"
    monkeypatch.setattr(mailbox, "_in_ascii", lambda domain: domain.encode("idna").decode())
    assert read_mailbox("a@faß.de") == "a@fass.de"


GOOD = [
    ("a@b.example", "a@b.example"),
    ("Anna.Smith+status@Mail.EXAMPLE.com", "Anna.Smith+status@mail.example.com"),
    ("o'brien@b.example", "o'brien@b.example"),
    ("a@bücher.example", "a@xn--bcher-kva.example"),
    ("a@BÜCHER.example", "a@xn--bcher-kva.example"),
    ("a@例え.jp", "a@xn--r8jz45g.jp"),
    ("a@xn--fa-hia.de", "a@xn--fa-hia.de"),
    ("x" * 64 + "@b.example", "x" * 64 + "@b.example"),
]


@pytest.mark.parametrize(("text", "address"), GOOD)
def test_a_plain_address_is_taken_with_its_domain_in_ascii(text, address):
    assert read_mailbox(text) == address
    assert read_mailbox(address) == address


@pytest.mark.parametrize(
    "text", ["", ".", "example", "a..b", "-a.de", "a-.de", "a_b.de", "a.1", "@example.com", "a b.de", "x" * 64 + ".de"]
)
def test_what_is_no_domain_is_refused(text):
    with pytest.raises(Unfit):
        read_domain(text)


def test_no_address_taken_can_break_a_header_or_a_command():
    """Every character alone, in either half: what is taken holds none that ends a line, a command or an address."""
    taken = set()
    for number in (*range(0x3000), *range(0xFE00, 0x10000)):
        for text in (f"a{chr(number)}b@example.com", f"a@exa{chr(number)}mple.com"):
            with contextlib.suppress(Unfit):
                taken |= set(read_mailbox(text))
    assert all("!" < letter <= "~" for letter in taken)
    assert taken.isdisjoint('"(),:;<>[\\]%!|?')


def test_a_domain_holds_itself_and_what_lies_below_it():
    assert lies_in("a@example.com", ("example.com",))
    assert lies_in("a@mail.example.com", ("other.org", "example.com"))
    assert not lies_in("a@example.com", ())
    assert not lies_in("example.com@evil.org", ("example.com",))


@pytest.mark.parametrize(
    "content",
    [
        "address,name\na@b.c,Anna\nd@e.f,\n",
        "address;name\r\na@b.c;Anna\r\nd@e.f;\r\n",
        "address\tname\na@b.c\tAnna\nd@e.f\t\n",
        '\ufeff"name","address"\n"Anna","a@b.c"\n"","d@e.f"',
        "address, name\n\na@b.c, Anna\n  d@e.f ,\n,\n",
        "address;name\na@b.c;Anna\n;\nd@e.f;\n",
    ],
    ids=["commas", "semicolons", "tabs", "byte order mark and quotes", "spaces", "blank rows"],
)
def test_lists_are_read_as_the_usual_programs_write_them(tmp_path, content):
    found, problems = read(written(tmp_path, content))
    assert problems == ()
    assert [(one.address, one.name) for one in found] == [("a@b.c", "Anna"), ("d@e.f", "")]


def test_a_row_says_what_its_recipient_wants(tmp_path):
    row = 'anna@example.com,"Smith, Anna",de,api checkout api,major critical,sev1\n'
    path = written(tmp_path, FULL + row)
    (found,), problems = read(path, EXEC)
    assert problems == ()
    assert (found.reader, found.address, found.name, found.language) == (
        "exec",
        "anna@example.com",
        "Smith, Anna",
        "de",
    )
    assert found.components == ("api", "checkout")
    assert (found.impacts, found.severities) == (("major", "critical"), ("sev1",))
    assert found.place == f"{path}:2"


def test_103_an_address_that_comes_again_is_written_to_once_and_warned_of_once(tmp_path):
    path = written(tmp_path, "address,name\nAnna@b.c,A\nbert@b.c,B\nanna@B.c,C\nANNA@b.c,\n")
    lists = read_recipients(operations(public=path), [PUBLIC])
    assert [one.address for one in lists.recipients] == ["Anna@b.c", "bert@b.c"]
    (warning,) = lists.warnings
    assert (warning.code, warning.place.line, warning.level) == ("W515", 4, "warning")
    assert "1 others" in warning.message


def test_two_lists_may_hold_the_same_address_and_each_is_counted(tmp_path):
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    one.write_text("address\na@example.com\nb@example.com\n")
    other.write_text("address\na@example.com\n")
    lists = read_recipients(operations(exec=one, public=other), [PUBLIC, EXEC])
    assert lists.counts == (("public", 1), ("exec", 2))
    assert len({folded(found.address) for found in lists.recipients}) == 2


def test_a_reader_without_a_list_has_nobody(tmp_path):
    assert read_recipients(operations(), [PUBLIC]).counts == ()


def test_all_that_is_wrong_in_all_lists_is_told_at_once(tmp_path):
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    one.write_text("address\na@b@c.d\nok@b.c\nb@localhost\n")
    other.write_text("address\na@elsewhere.org\n")
    with pytest.raises(Refused) as refused:
        read_recipients(operations(exec=other, public=one), [PUBLIC, EXEC])
    told = [(Path(problem.place.file).name, problem.place.line, problem.code) for problem in refused.value.problems]
    assert told == [("one.csv", 2, "E501"), ("one.csv", 4, "E502"), ("other.csv", 2, "E504")]


def test_hints_name_what_was_probably_meant(tmp_path):
    _, problems = read(written(tmp_path, "address,components,impacts\na@b.c,chekout,mayor\n"))
    assert [problem.hint for problem in problems] == ["did you mean checkout?", "did you mean major?"]
    _, problems = read(written(tmp_path, "adress\n"))
    assert "did you mean address?" in [problem.hint for problem in problems]


def test_a_list_of_nothing_but_rubbish_is_not_read_to_its_end(tmp_path):
    _, problems = read(written(tmp_path, H + f"{CANARY}\n" * 5_000))
    assert len(problems) == recipients.FINDINGS_LIMIT + 1
    assert problems[-1].code == "E507"


def test_a_list_that_changes_while_it_is_read_is_refused(tmp_path):
    path = written(tmp_path, H + "".join(f"a{number}@b.example\n" for number in range(10_000)))
    problems = Problems()
    rows = recipients_in(path, PUBLIC, problems)
    next(rows)
    with path.open("a") as file:
        file.write("late@b.example\n")
    list(rows)
    assert [problem.code for problem in problems.found] == ["E308"]


@pytest.mark.slow
def test_107_ten_megabytes_are_read_row_by_row(tmp_path):
    """What is held at once is a few rows and the addresses seen, never the file."""
    row = f"{'x' * 20}%06d@{'y' * 30}.example,{'n' * 120},,{'checkout ' * 50}\n"
    count = 10 * 1024 * 1024 // len(row % 0) + 1
    path = written(tmp_path, "address,name,language,components\n" + "".join(row % number for number in range(count)))
    assert path.stat().st_size > 10 * 1024 * 1024
    problems = Problems()
    tracemalloc.start()
    try:
        assert sum(1 for _ in recipients_in(path, PUBLIC, problems)) == count
        assert tracemalloc.get_traced_memory()[1] < 6 * 1024 * 1024
    finally:
        tracemalloc.stop()
    assert problems.found == ()


def test_a_line_that_is_too_long_is_skipped_and_the_next_is_read(tmp_path):
    found, problems = read(written(tmp_path, H + "x" * (3 * LINE_LIMIT + 7) + "\n" + "a@b.c\n"))
    assert [one.address for one in found] == ["a@b.c"]
    assert [(problem.code, problem.place.line) for problem in problems] == [("E507", 2)]


def test_whatever_bytes_a_list_holds_nothing_but_findings_comes_of_it(tmp_path):
    whole = (FULL + 'anna@example.com,"Smith, Anna",de,api,major,sev1\n').encode()
    for cut in range(len(whole)):
        for byte in (0, 10, 13, 34, 44, 59, 0xFF):
            read(written(tmp_path, whole[:cut] + bytes([byte]) + whole[cut:]), EXEC)
