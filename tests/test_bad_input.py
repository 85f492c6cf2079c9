"""Everything an author, an editor or an attacker may hand over: each row is refused at its line, or accepted."""

import contextlib
import io
import os
import re
import shutil
import tempfile
import threading
import time
from pathlib import Path

import pytest
import yaml as pyyaml
from msgspec import structs

from command import run, snapshot
from heliograph.check import check
from heliograph.cli.main import main
from heliograph.codes import CODES
from heliograph.load import files, frontmatter, load_site, load_site_with_warnings, yaml
from heliograph.problems import Problems, Refused
from heliograph.tree.fsio import locked
from heliograph.tree.swap import LOCK
from hostile.catalogue import ACCEPTED, CANARY, FOLDER, ROWS, said, somebody_elses
from sites import UPDATE, write_site

BUILT = "dist"


def findings(root):
    """All problems of a site, warnings included."""
    try:
        site, problems = load_site_with_warnings(root)
    except Refused as refused:
        return refused.problems
    return (*problems, *check(site))


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    """The trees of the tiny site as they stand before anything bad is written."""
    root = write_site(tmp_path_factory.mktemp("tiny"))
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
        main(["--site", str(root), "--quiet", "build"])
    return root / BUILT


def named(row):
    return f"{row.number} {row.what}"[:60].encode("ascii", "backslashreplace").decode().replace("\x00", "")


def is_as_listed(row, found):
    """Tell whether the findings are those that the row names, each at its line, and no others."""
    if row.code == ACCEPTED:
        return found == ()
    places = {(problem.code, problem.place.line, problem.place.file) for problem in found}
    return places == {(row.code, row.line, row.file), *row.also}


@pytest.mark.parametrize("row", ROWS, ids=named)
def test_each_bad_input_gives_its_code_at_its_line(tmp_path, row):
    found = findings(write_site(tmp_path, row.changed))
    assert CANARY not in "".join(map(str, found))
    assert is_as_listed(row, found), found


REFUSED = [row for row in ROWS if row.code != ACCEPTED and not row.code.startswith("W")]


@pytest.mark.slow
@pytest.mark.parametrize("row", REFUSED, ids=named)
def test_no_bad_input_is_built_and_what_was_built_stays(tmp_path, capsys, before, row):
    root = write_site(tmp_path, row.changed)
    shutil.copytree(before, root / BUILT)
    stood = snapshot(root / BUILT)
    said = run(capsys, "build", site=root)
    assert said.code == 1
    assert CANARY not in said.out + said.err
    if row.changed.get("site_src/site.toml", "") is not None:
        assert f"{row.file}:{row.line}:" in said.err
        assert row.code in said.err
    assert snapshot(root / BUILT) == stood


def _overlooks(monkeypatch, row):
    add = Problems.add
    monkeypatch.setattr(
        Problems, "add", lambda self, place, code, *said: code == row.code or add(self, place, code, *said)
    )


def _names_the_line_below(monkeypatch, row):
    add = Problems.add
    monkeypatch.setattr(
        Problems, "add", lambda self, place, *said: add(self, structs.replace(place, line=place.line + 1), *said)
    )


@pytest.mark.slow
@pytest.mark.parametrize("broken", [_overlooks, _names_the_line_below])
def test_a_loader_broken_in_this_way_is_noticed(tmp_path, monkeypatch, record_property, broken):
    tried = [row for row in REFUSED if row.code != "E430"]  # found later, by the checks of the whole site
    noticed = 0
    for number, row in enumerate(tried):
        root = write_site(tmp_path / str(number), row.changed)
        with monkeypatch.context() as patch:
            broken(patch, row)
            noticed += not is_as_listed(row, findings(root))
    record_property("tried", len(tried))
    record_property("noticed", noticed)
    assert noticed == len(tried)


def test_the_catalogue_is_complete():
    """Each of the 130 is a row, a test of its own, or about something this version does not have."""
    numbers = {int(re.match(r"[0-9]+", row.number).group()) for row in ROWS if not row.number.startswith("+")}
    numbers |= {int(re.match(r"[0-9]+", place[0]).group()) for place in PLACES if not place[0].startswith("+")}
    assert set(range(1, 131)) == numbers | OWN_TESTS | ELSEWHERE.keys() | NOT_YET.keys()
    assert [number for number, name in ELSEWHERE.items() if not _holds(name, number)] == []
    assert sum(row.number.startswith("+") for row in ROWS) >= 40
    assert len({row.number for row in ROWS}) == len(ROWS)


def _holds(name, number):
    text = (Path(__file__).parent / name).read_text("utf-8")
    return re.search(rf'^    \("{number} |^def test_{number}_', text, re.MULTILINE)


def test_every_code_is_provoked_somewhere_or_cannot_be_yet():
    here = Path(__file__).parent
    told = "".join(
        path.read_text("utf-8") for path in sorted(here.glob("test_*.py")) if path.name != "test_load_prose.py"
    )
    provoked = (
        {row.code for row in ROWS}
        | {code for row in ROWS for code, _, _ in row.also}
        | set(re.findall(r"[EW]\d{3}", told))
    )
    assert set(CODES) - provoked == set()


OUT_OF_REACH = {
    "E607": "no remote target can be asked who may read it",
    "E608": "no remote target can be asked without credentials",
    "E801": "no content reaches it: only a mistake of ours does, and the tests of the second wall make some",
}
"""Codes that stand in the table for what exit code they have; naming them here is all that provokes them."""

# row, what, how to prepare the built site, what to run, exit code, what is said
PLACES = [
    ("114a", "output is the site itself", None, ("build", "--output", "{root}"), 1, "E602"),
    ("114b", "output holds the site", None, ("build", "--output", "{root}/.."), 1, "E602"),
    ("114c", "output among the sources", None, ("build", "--output", "{root}/incidents/out"), 1, "E602"),
    ("114d", "output among the sources, by a link", lambda root: (root / "door").symlink_to("incidents"), ("build", "--output", "{root}/door"), 1, "E603"),
    ("114e", "output inside a tree", None, ("build", "--output", "{root}/dist/public"), 1, "E602"),
    ("115a", "output at the root", None, ("build", "--output", "/"), 1, "E60[23]"),
    ("115b", "output at home", None, ("build", "--output", str(Path.home())), 1, "E603"),
    ("115c", "output among somebody's files", lambda root: write(root / "mine/public/letter.txt"), ("build", "--output", "{root}/mine"), 1, "E603"),
    ("115d", "a link where a tree should be", lambda root: relink(root / "dist/public"), ("build",), 1, "E603"),
    ("117", "another site's trees", lambda root: replaced(root / "site_src/site.toml", '"tiny"', '"other"'), ("build",), 1, "E605"),
    ("118", "an internal tree where the public one was", lambda root: exchanged(root / "dist"), ("build",), 3, "E606"),
    ("124a", "an edited list", lambda root: replaced(root / "dist/public.manifest.json", "index.html", "innex.html"), ("build",), 1, "E612"),
    ("124b", "a list cut short", lambda root: cut(root / "dist/public.manifest.json"), ("build",), 1, "E612"),
    ("124c", "an edited page", lambda root: write(root / "dist/public/index.html"), ("publish", "public"), 1, "E612"),
    ("125", "a file put into a tree by hand", lambda root: write(root / "dist/public/extra.html"), ("publish", "public"), 1, "E613"),
    ("128", "somebody else is building", None, ("build",), 5, "another run"),
    ("+81", "no such target", None, ("publish", "pubilc"), 2, "pubilc"),
    ("+82", "a time without a zone", None, ("build", "--at", "2026-11-21T14:00"), 2, "zone"),
    ("+83", "no such site", None, ("--site", "{root}/nowhere", "build"), 1, "no site"),
    ("+84", "a layout that cannot be read", lambda root: write(root / "layouts/web/index.html", "{% if %}" + CANARY), ("build",), 1, "E701"),
    ("+85", "a sensitive word in a public text", lambda root: replaced(root / "site_src/site.toml", "url =", 'sensitive_terms = ["looking"]\nurl ='), ("build",), 3, "E802"),
    ("+86", "a file where the output should be", lambda root: write(root / "out"), ("build", "--output", "{root}/out"), 2, "is a file"),
]  # fmt: skip


def write(path, text=CANARY):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def replaced(path, old, new):
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def cut(path):
    path.write_bytes(path.read_bytes()[:-20])


def relink(path):
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def exchanged(dist):
    """Let the internal tree and its list take the place of the public one."""
    shutil.rmtree(dist / "public")
    (dist / "internal").rename(dist / "public")
    (dist / "internal.manifest.json").rename(dist / "public.manifest.json")


@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place[0]} {place[1]}")
def test_each_bad_place_is_refused_and_nothing_is_touched(tmp_path, capsys, before, place):
    number, _, prepare, arguments, code, words = place
    targets = '[public]\ntree = "public"\ndirectory = "published"\n'
    root = write_site(tmp_path / "site", {"site_src/targets.toml": targets})
    shutil.copytree(before, root / BUILT)
    if prepare is not None:
        prepare(root)
    stood = snapshot(tmp_path)
    with locked(root / BUILT / LOCK) if number == "128" else contextlib.nullcontext():
        said = run(capsys, *(argument.format(root=root) for argument in arguments), site=root)
    assert said.code == code, said.err
    assert re.search(words, said.err), said.err
    assert CANARY not in said.out + said.err
    assert {path: data for path, data in snapshot(tmp_path).items() if path != "site/mine/.heliograph-lock"} == stood


OWN_TESTS = {66, 67, 68, 71}
ELSEWHERE = {**dict.fromkeys((*range(99, 106), 107, 108), "test_recipients.py"), 109: "test_operations.py"}
"""Rows about what is no part of a site, and the tests that have them under the same number."""

NOT_YET = {
    86: "no list of internal hosts",
    97: "nothing is marked for notification",
    **dict.fromkeys((106, 110, 111, 112), "nothing is sent"),
    119: "no remote targets",
    120: "no remote targets",
    123: "releases carry no times",
    126: "no ledger",
    129: "no remote targets",
    130: "no tables of cells are written",
}


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
    start = time.process_time()
    thread_with_small_stack(lambda: findings(root))
    assert time.process_time() - start < 2


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
