"""Everything an author, an editor or an attacker may hand over: each row is refused at its line, or accepted."""

import contextlib
import os
import socket
import tempfile
import threading
import time
from pathlib import Path

import pytest
import yaml as pyyaml

from heliograph.load import files, frontmatter, load_site, load_site_with_warnings, yaml
from heliograph.problems import Problems, Refused
from sites import INCIDENT, TINY, UPDATE, write_site

CANARY = "zanzibar-quokka"
FOLDER = "incidents/2026-11-21-checkout"
ACCEPTED = "accepted"


def update(*replacements, body=None):
    """The tiny site's update with pieces replaced; every passage holds the canary."""
    text = TINY[UPDATE]
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new)
    front, _, words = text.partition("\n---\n")
    words = words if body is None else body
    return f"{front}\n---\n{words.rstrip()} {CANARY}\n" if words.strip() else f"{front}\n---\n"


def said(*lines):
    """An update whose body is these lines and the canary."""
    return update(body="\n".join(lines))


def keyed(line, instead="severity: sev2"):
    """An update with its line 6 replaced."""
    return update((instead, line))


def head(*replacements):
    text = TINY[INCIDENT]
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new)
    return text


def title(value):
    """The incident with its public title (line 4) replaced."""
    return head(("Some payments fail", value))


def identity(value):
    """The incident with its id (line 2) replaced."""
    return head(("k3x9q2mf", value))


def linked(target):
    return lambda path: path.symlink_to(target)


def loop(path):
    path.symlink_to(path.name)


def listening(path):
    with contextlib.chdir(path.parent), socket.socket(socket.AF_UNIX) as server:
        server.bind(path.name)


def somebody_elses(path):
    path.write_text("---\n")
    os.link(path, path.parent / ".other-name")
    os.chown(path, 4_711, 4_711)


def huge(path):
    with path.open("wb") as file:
        file.truncate(1 << 30)


def many_nested(count):
    return "".join(f"{'  ' * depth}- \n" for depth in range(count))


MAINTENANCE = "incidents/2026-12-02-upgrade/maintenance.md"
WORK = (
    "---\nid: m4q8r2ts\ntitle:\n  public: Database upgrade\n"
    "window: {start: 2026-12-02T02:00Z, end: 2026-12-02T03:30Z}\n---\n"
)
SECOND = f"{FOLDER}/1420-identified.md"
RESOLVED = update(
    ("7qm4tz2c", "r2s3t4v5"), ("investigating", "resolved"), ("14:05Z", "14:30Z"), ("next_update: 30m\n", "")
)
AGAIN = update(("7qm4tz2c", "v5w6x7y8"), ("14:05Z", "14:40Z"))
BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"

# row, what, the files changed, expected code, at line (0: the file as a whole), in file (if not the update)
ROWS = [
    ("1", "empty file", {UPDATE: ""}, "E101", 1),
    ("2", "front matter without an end", {UPDATE: "---\nid: abc\naudience: public\n"}, "E102", 1),
    ("3", "byte order mark", {UPDATE: b"\xef\xbb\xbf" + update().encode()}, ACCEPTED, 0),
    ("4", "UTF-16", {UPDATE: update().encode("utf-16")}, "E103", 1),
    ("5", "one byte that is not UTF-8", {UPDATE: update().encode().replace(b"looking", b"l\xffoking")}, "E103", 11),
    ("6", "lone carriage returns", {UPDATE: update().replace("\n", "\r")}, "E104", 1),
    ("7", "CR LF", {UPDATE: update().replace("\n", "\r\n")}, ACCEPTED, 0),
    ("8", "indented by a tab", {UPDATE: update(("  checkout", "\tcheckout"))}, "E105", 8),
    ("9", "audience given twice", {UPDATE: keyed("audience: internal")}, "E106", 6),
    ("10", "Audience beside audience", {UPDATE: keyed("Audience: internal")}, "E107", 6),
    ("11", "a Cyrillic letter in audience", {UPDATE: keyed("audien\u0441e: internal")}, "E107", 6),
    ("12", "a full-width colon", {UPDATE: keyed("audience\uff1ainternal")}, "E108", 6),
    ("13", "a no-break space after the colon", {UPDATE: keyed("audience:\xa0internal")}, "E108", 6),
    ("14", "unknown key", {UPDATE: keyed("sevrity: sev2")}, "E107", 6),
    ("15", "audience: no", {UPDATE: update(("audience: public", "audience: no"))}, "E112", 3),
    ("16", "two audiences", {UPDATE: update(("audience: public", "audience: [public, internal]"))}, "E111", 3),
    ("17", "unknown audience", {UPDATE: update(("audience: public", "audience: everyone"))}, "E112", 3),
    ("18", "customer without an id", {UPDATE: update(("audience: public", "audience: 'customer:'"))}, "E113", 3),
    ("19", "unknown customer", {UPDATE: update(("audience: public", "audience: customer:unknown-co"))}, "E114", 3),
    ("20a", "empty audience", {UPDATE: update(("audience: public", 'audience: ""'))}, "E110", 3),
    ("20b", "audience without a value", {UPDATE: update(("audience: public", "audience:"))}, "E110", 3),
    ("21a", "anchor", {UPDATE: keyed("severity: &s sev2")}, "E115", 6),
    ("21b", "alias", {UPDATE: keyed("severity: *s")}, "E115", 6),
    ("21c", "merge key", {UPDATE: keyed("<<: {severity: sev2}")}, "E115", 6),
    ("22", "YAML bomb", {UPDATE: keyed(BOMB)}, "E115", 6),
    ("23", "alias of itself", {UPDATE: keyed("tags: &t [*t]")}, "E115", 6),
    ("24", "Python object", {UPDATE: keyed("severity: !!python/object/apply:os.system [ls]")}, "E116", 6),
    ("25", "binary", {UPDATE: keyed("severity: !!binary c2V2Mg==")}, "E116", 6),
    ("26", "second document in the body", {UPDATE: said("Words.", "", "---", "audience: public")}, ACCEPTED, 0),
    ("27a", "2,000 nested lists", {UPDATE: keyed("tags: " + "[" * 2_000)}, "E117", 6),
    ("27b", "2,000 lists in lists", {UPDATE: keyed("tags:\n  " + "- " * 2_000)}, "E117", 7),
    ("28", "20 KB of front matter", {UPDATE: keyed("facts: {customers_affected: " + "x" * 20_000 + "}")}, "E118", 2),
    ("29", "integer of 5,000 digits", {"audiences/public.toml": TINY["audiences/public.toml"] + "digest = {max_recipients = " + "9" * 5_000 + "}\n"}, "E119", 4, "audiences/public.toml"),
    ("30", "infinity for a number", {"audiences/public.toml": TINY["audiences/public.toml"] + "digest = {max_recipients = inf}\n"}, "E119", 4, "audiences/public.toml"),
    ("31", "title a list", {INCIDENT: title("[a, b]")}, "E120", 4, INCIDENT),
    ("32", "NUL in a title", {INCIDENT: title('"a\\0b"')}, "E121", 4, INCIDENT),
    ("33", "half a character", {INCIDENT: title('"\\ud800"')}, "E121", 4, INCIDENT),
    ("34", "title of 10,000 characters", {INCIDENT: title("x" * 10_000)}, "E122", 4, INCIDENT),
    ("35", "title of nothing visible", {INCIDENT: title('"\u200b \u2060\u00ad"')}, "E123", 4, INCIDENT),
    ("36a", "bidirectional override", {INCIDENT: title("pay\u202ements")}, "E124", 4, INCIDENT),
    ("36b", "the same, escaped", {INCIDENT: title('"pay\\u202ements"')}, "E124", 4, INCIDENT),
    ("37", "encoded word", {INCIDENT: title('"=?utf-8?q?free?="')}, "E125", 4, INCIDENT),
    ("38", "line break in a title", {INCIDENT: title("|\n    one\n    two")}, "E126", 4, INCIDENT),
    ("39", "time without a zone", {UPDATE: update(("14:05Z", "14:05"))}, "E201", 5),
    ("40", "30 February", {UPDATE: update(("2026-11-21T14:05Z", "2026-02-30T14:05Z"))}, "E202", 5),
    ("41", "time of day only", {UPDATE: update(("2026-11-21T14:05Z", "12:30:00"))}, "E201", 5),
    ("42", "end before start", {MAINTENANCE: WORK.replace("T03:30", "T01:30")}, "E203", 5, MAINTENANCE),
    ("43", "update before the beginning", {UPDATE: update(("14:05Z", "14:01Z"))}, "W204", 5),
    ("44", "update in the future", {UPDATE: update(("2026-11-21T14:05Z", "2199-11-21T14:05Z"))}, ACCEPTED, 0),
    ("45a", "year 1", {UPDATE: update(("2026-11-21T14:05Z", "0001-01-01T00:00Z"))}, "E206", 5),
    ("45b", "year 9999", {UPDATE: update(("2026-11-21T14:05Z", "9999-12-31T23:59Z"))}, "E206", 5),
    ("46a", "unknown status", {UPDATE: update(("status: investigating", "status: fixed"))}, "E207", 4),
    ("46b", "a status of planned work", {UPDATE: update(("status: investigating", "status: verifying"))}, "E207", 4),
    ("47", "investigating after resolved", {SECOND: RESOLVED, f"{FOLDER}/1440-again.md": AGAIN}, "E208", 4, f"{FOLDER}/1440-again.md"),
    ("48", "two updates at one time", {SECOND: update(("7qm4tz2c", "another"))}, ACCEPTED, 0),
    ("49", "an update's id twice", {SECOND: update()}, "E209", 2, SECOND),
    ("50", "unknown component", {UPDATE: update(("  checkout", "  chekout"))}, "E210", 8),
    ("51", "planned work without a window", {MAINTENANCE: WORK.replace("window: {start: 2026-12-02T02:00Z, end: 2026-12-02T03:30Z}\n", "")}, "E211", 2, MAINTENANCE),
    ("52", "local time with a zone's name", {UPDATE: update(("2026-11-21T14:05Z", "2026-03-29T02:30 Europe/Berlin"))}, "E201", 5),
    ("53", "id climbs out", {INCIDENT: identity("../internal/x")}, "E301", 2, INCIDENT),
    ("54", "absolute id", {INCIDENT: identity("/etc/passwd")}, "E301", 2, INCIDENT),
    *((f"55{n}", f"id {v}", {INCIDENT: identity(v)}, "E301", 2, INCIDENT) for n, v in zip("abc", ('""', '"."', '".."'), strict=True)),
    *((f"56{n}", f"id {v}", {INCIDENT: identity(v)}, "E302", 2, INCIDENT) for n, v in zip("abcde", ("index", "assets", "feed.xml", "'404'", "api"), strict=True)),
    *((f"57{n}", f"id {v}", {INCIDENT: identity(v)}, "E303", 2, INCIDENT) for n, v in zip("abcd", ("CON", "nul.html", "a.", "'a '"), strict=True)),
    ("58", "id in capitals", {INCIDENT: identity("INC-1")}, "E301", 2, INCIDENT),
    ("59a", "id with an accent", {INCIDENT: identity("caf\u00e9")}, "E301", 2, INCIDENT),
    ("59b", "id with a combining accent", {INCIDENT: identity("cafe\u0301")}, "E301", 2, INCIDENT),
    ("60", "id of 300 characters", {INCIDENT: identity("a" * 300)}, "E305", 2, INCIDENT),
    *(
        (f"61{n}", f"id {v}", {INCIDENT: identity(v)}, "E301", 2, INCIDENT)
        for n, v in zip("abcdefgh", ('"a\\0b"', '"a\\nb"', "'%2e%2e'", "a\\b", "'-rf'", "'.git'", "$(id)", "'{{7*7}}'"), strict=True)
    ),
    ("62", "two incidents, one id", {"incidents/zz/incident.md": head(), "incidents/zz/1.md": AGAIN}, "E304", 2, "incidents/zz/incident.md"),
    ("63", "symbolic link to a file outside", {UPDATE: linked("/etc/passwd")}, "E306", 1),
    ("63b", "symbolic link to a folder outside", {"incidents/elsewhere": linked("/etc")}, "E306", 1, "incidents/elsewhere"),
    ("64", "symbolic link to itself", {UPDATE: loop}, "E306", 1),
    ("65a", "pipe", {UPDATE: os.mkfifo}, "E306", 1),
    ("65b", "socket", {UPDATE: listening}, "E306", 1),
    ("69", "1 GB", {UPDATE: huge}, "E309", 1),
    ("70a", "name that is not UTF-8", {f"{FOLDER}/caf\udce9.md": update()}, "E310", 1, f"{FOLDER}/caf\\xe9.md"),
    ("70b", "name with a line break", {f"{FOLDER}/a\nb.md": update()}, "E310", 1, f"{FOLDER}/a\\nb.md"),
    ("72", "folder with a file's name", {f"{FOLDER}/1430-x.md": Path.mkdir}, "E312", 1, f"{FOLDER}/1430-x.md"),
]  # fmt: skip


def findings(root):
    """All problems of a site, warnings included."""
    try:
        return load_site_with_warnings(root)[1]
    except Refused as refused:
        return refused.problems


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row[0]} {row[1]}"[:60].replace("\x00", "")) for row in ROWS])
def test_each_bad_input_gives_its_code_at_its_line_and_no_passage_text(tmp_path, row):
    _, _, changed, code, line, *where = row
    found = findings(write_site(tmp_path, changed))
    assert CANARY not in "".join(map(str, found))
    if code == ACCEPTED:
        assert found == ()
        return
    places = [(problem.code, problem.place.file, problem.place.line) for problem in found]
    assert places == [(code, where[0] if where else UPDATE, line)]


def test_66_a_hard_link_to_somebody_elses_file_is_refused(tmp_path):
    if os.geteuid():
        pytest.skip("only root can give a file away")
    found = findings(write_site(tmp_path, {UPDATE: somebody_elses}))
    assert [(problem.code, problem.place.file) for problem in found] == [("E306", UPDATE)]


def test_67_an_unreadable_file_is_refused():
    with tempfile.TemporaryDirectory() as folder:
        root = write_site(Path(folder))
        (root / UPDATE).chmod(0)
        root.chmod(0o755)
        with nobody():
            found = findings(root)
    assert [(problem.code, problem.place.file) for problem in found] == [("E307", UPDATE)]


@contextlib.contextmanager
def nobody():
    """Give up the right to read everything, for a while."""
    if os.geteuid():
        yield
        return
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_68_a_file_that_vanishes_before_it_is_read_is_refused(tmp_path):
    walk = files._Walk(limit=10)
    with pytest.raises(files._Unread) as refusal, files._folder(str(tmp_path), None) as folder:
        walk._read(folder, "was-listed-a-moment-ago.md")
    assert refusal.value.code == "E308"


def test_71_more_files_than_the_limit_are_refused_without_reading_on(tmp_path):
    root = write_site(tmp_path, {f"{FOLDER}/{number}.md": "" for number in range(60)})
    found = files.take(root, limit=50).problems
    assert [problem.code for problem in found] == ["E311"]


def test_a_thousand_broken_files_are_all_listed_at_once_within_seconds(tmp_path):
    broken = {f"incidents/{number}/incident.md": "no front matter" for number in range(1_000)}
    root = write_site(tmp_path, broken)
    start = time.monotonic()
    found = findings(root)
    assert time.monotonic() - start < 5
    assert {problem.place.file for problem in found if problem.code == "E101"} == set(broken)


DEEP = {"brackets": "tags: " + "[" * 3_000, "dashes": "tags:\n  " + "- " * 3_000, "braces": "tags: " + "{a: " * 3_000}


@pytest.mark.parametrize("deep", DEEP)
@pytest.mark.parametrize("loader", [yaml._LOADER, pyyaml.SafeLoader], ids=["libyaml", "python"])
def test_three_thousand_levels_are_refused_in_a_thread_with_a_small_stack_too(deep, loader):
    assert in_small_thread(lambda problems: yaml.parse(DEEP[deep], "x.md", 2, problems, loader)) == ["E117"]


def test_three_thousand_levels_of_toml_are_refused_too(tmp_path):
    root = write_site(tmp_path, {"site_src/facts.toml": "x = " + "[" * 3_000 + "]" * 3_000})
    found = []
    thread_with_small_stack(lambda: found.extend(findings(root)))
    assert [(p.code, p.place.line) for p in found if p.place.file == "site_src/facts.toml"] == [("E117", 1)]


@pytest.mark.parametrize("mark", ["[", "- ", "> ", "![[", "`", "*", "<a "])
def test_three_thousand_marks_in_a_passage_neither_crash_nor_take_long(tmp_path, mark):
    root = write_site(tmp_path, {UPDATE: said(mark * 3_000)})
    start = time.monotonic()
    thread_with_small_stack(lambda: findings(root))
    assert time.monotonic() - start < 2


def in_small_thread(read):
    problems = Problems()
    thread_with_small_stack(lambda: read(problems))
    return [problem.code for problem in problems.found]


def thread_with_small_stack(work):
    before = threading.stack_size(256 * 1024)
    try:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join(30)
        assert not thread.is_alive()
    finally:
        threading.stack_size(before)


def test_nothing_but_a_finding_is_raised_whatever_bytes_a_file_holds(tmp_path):
    root = write_site(tmp_path)
    whole = (root / UPDATE).read_bytes()
    for cut in range(0, len(whole), 7):
        (root / UPDATE).write_bytes(whole[:cut] + bytes([cut % 256, 0x3A]) + whole[cut:])
        assert CANARY not in "".join(map(str, findings(root)))


def test_the_tiny_site_itself_is_accepted(tmp_path):
    assert load_site(write_site(tmp_path)).incidents[0].id == "k3x9q2mf"
    assert frontmatter.LIMIT == 16 * 1024
