"""Twenty thousand hostile names, for files, trees, targets, folders and updates: not one write outside, not one traceback."""

import contextlib
import errno
import os
import random
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from heliograph.author.document import NewUpdate, Unwritable
from heliograph.author.new import add_update, slug
from heliograph.load import read_site
from heliograph.load.files import Snapshot, Source, take
from heliograph.pipeline import trees
from heliograph.publish.directory import carry_out, prepare
from heliograph.quarantine import read_around, remember
from heliograph.render.layouts import Layouts
from heliograph.tree.artifact import Artifact
from heliograph.tree.fsio import WriteRefused
from heliograph.tree.swap import check_output_place
from heliograph.tree.write import TreePlan, write_trees
from proof.calls import tapped
from sites import INCIDENT, TINY, UPDATE, write_site

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="paths are told by descriptor"),
]
AT = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
PIECES = (
    *("..", ".", "/", "//", "\\", "../", "/..", "~", "-", "--", "a", "b", "Z", "0", "index", "incidents", "public"),
    *(
        "internal",
        "con",
        "aux",
        "nul",
        "com1",
        " ",
        "\t",
        "\n",
        "\r",
        "\x00",
        "\x7f",
        "\u0085",
        "\u202e",
        "\u200b",
        "é",
    ),
    *("e\u0301", "ａ", "ﬁ", "İ", "ß", "%2e%2e", "%2f", "$(id)", "`id`", ";", "|", "&", "*", "?", "<", ">", '"', "'"),
    *(
        "{{7*7}}",
        "{% x %}",
        ".git",
        ".heliograph",
        ".heliograph-stage-",
        ".heliograph-lock",
        ".manifest.json",
        "+",
        "@",
    ),
    *("file:///", "C:", "\U0001f4a9", "x" * 60, "y" * 200),
)
ENDS = (".html", ".css", ".json", ".md", ".toml", ".HTML", ".exe", ".", "", "/", " ")


def name(dice):
    """Make a name of hostile and harmless pieces."""
    return "".join(dice.choices(PIECES, k=dice.randrange(1, 6))) + dice.choice(ENDS)


def plain(dice):
    """Make a name that is mostly ordinary, so that many pass."""
    parts = ("".join(dice.choices("abcXYZ019-_.@+", k=dice.randrange(1, 12))) for _ in range(dice.randrange(1, 4)))
    return "/".join(parts) + dice.choice((".html", ".json", ".css", ".svg"))


@pytest.fixture
def room():
    """A folder in memory where there is one, with a stranger's file beside the place that may be written."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        (Path(folder) / "stranger").write_text("not ours")
        (Path(folder) / "root").mkdir()
        yield Path(folder)


class Watch:
    """Notes every path that is written, and knows the one place where that is right."""

    def __init__(self, root):
        self.root, self.writes, self.outside = f"{root.resolve()}/", 0, []

    def __call__(self, call, real):
        self.writes += 1
        if not f"{os.path.normpath(call.path)}/".startswith(self.root) or "/../" in call.path:
            self.outside.append(call)
        return real()


def beside(room):
    return sorted(path.name for path in room.iterdir()), (room / "stranger").read_text()


def nothing_outside(watch, room, record_property, names):
    """Hold that no write went elsewhere, and note how many names were tried and how many writes strayed."""
    record_property("names", names)
    record_property("outside", len(watch.outside))
    assert (watch.outside, beside(room)) == ([], (["root", "stranger"], "not ours"))


def plan(artifacts, tree="public"):
    return [TreePlan(name=tree, boundary="external", site="s", artifacts=artifacts)]


def tally(work, names):
    """Try every name; count those that were written and those that were refused. Anything else fails the test."""
    done = refused = 0
    for one in names:
        try:
            work(one)
        except WriteRefused:
            refused += 1
        else:
            done += 1
    return done, refused


def test_eight_thousand_names_of_files(room, record_property):
    dice = random.Random(1)
    names = [name(dice) if dice.random() < 0.85 else plain(dice) for _ in range(8000)]
    watch = Watch(room / "root")
    with tapped(watch):
        done, refused = tally(lambda one: write_trees(room / "root" / "dist", plan([Artifact(one, b"x")])), names)
    nothing_outside(watch, room, record_property, len(names))
    assert (done > 200, refused > 5000, watch.writes > 3000) == (True, True, True)


def test_three_thousand_names_of_trees(room, record_property):
    dice = random.Random(2)
    names = [name(dice).removesuffix(".html") for _ in range(3000)]
    watch = Watch(room / "root")
    with tapped(watch):
        done, refused = tally(
            lambda one: write_trees(room / "root" / "dist", plan([Artifact("a.html", b"x")], one)), names
        )
    nothing_outside(watch, room, record_property, len(names))
    assert (done > 5, refused > 2500) == (True, True)


def test_a_check_that_is_missing_would_be_noticed(room, monkeypatch):
    monkeypatch.setattr("heliograph.tree.write.check_path", lambda path: None)
    watch = Watch(room / "root")
    (room / "root" / "dist").mkdir()
    with tapped(watch):
        write_trees(room / "root" / "dist", plan([Artifact("a.html", b"x")]))
        with contextlib.suppress(OSError, WriteRefused):
            write_trees(room / "root" / "dist", plan([Artifact("../../../escaped.css", b"x")]))
    assert watch.outside
    assert (room / "escaped.css").exists()


def quoted(text):
    return '"' + "".join(f"\\U{ord(sign):08X}" for sign in text) + '"'


def with_target(directory):
    files = {**TINY, "site_src/targets.toml": f'[www]\ntree = "public"\ndirectory = {quoted(directory)}\n'}
    return Snapshot(tuple(Source(path, str(text)) for path, text in sorted(files.items())), frozenset(), ())


def test_four_thousand_folders_of_targets(room, record_property):
    site = write_site(room / "root" / "site")
    write_trees(room / "root" / "built", plan([Artifact("a.html", b"x")]))
    dice, published = random.Random(3), 0
    watch = Watch(room / "root")
    sources = {path: path.read_bytes() for path in site.rglob("*.*") if path.is_file()}
    with tapped(watch):
        for number in range(4000):
            directory = name(dice) if number % 5 else plain(dice).rpartition(".")[0]
            reading = read_site(with_target(directory))
            for target in reading.site.targets:
                try:
                    check_output_place(site / target.directory, site)
                    published += carry_out(prepare(room / "root" / "built" / "public", site / target.directory))
                except WriteRefused:
                    continue
                except OSError as error:
                    assert error.errno == errno.ENAMETOOLONG
    nothing_outside(watch, room, record_property, number + 1)
    assert {path: path.read_bytes() for path in sources} == sources
    assert published > 100


def possible(one):
    """Tell whether a disk takes this as one name."""
    return one not in ("", ".", "..") and "/" not in one and "\x00" not in one and len(one.encode()) < 240


def head(number):
    return str(TINY[INCIDENT]).replace("k3x9q2mf", f"i{number:07d}")


def update(number):
    return str(TINY[UPDATE]).replace("7qm4tz2c", f"u{number:07d}")


def test_three_thousand_names_of_folders_and_of_updates(room, record_property):
    dice = random.Random(4)
    names: list[str] = []
    while len(names) < 3000:
        one = name(dice)
        names += [one] if possible(one) else []
    for start in range(0, 3000, 600):
        site = write_site(room / "root" / f"site-{start}", {INCIDENT: None, UPDATE: None})
        for number, (folder, file) in enumerate(zip(names[start : start + 300], names[start + 300 :], strict=False)):
            place = site / "incidents" / folder
            place.mkdir(parents=True, exist_ok=True)
            (place / "incident.md").write_text(head(start + number))
            if not (place / file).exists():
                (place / file).write_text(update(start + number))
        around_and_built(room, site, record_property)
    record_property("names", len(names))


def around_and_built(room, site, record_property):
    """Read around what is wrong, remember the rest, and build it; names of folders and files get nowhere."""
    watch = Watch(room / "root")
    with tapped(watch):
        content = read_around(site)
        assert remember(site, content.memory)
        write_trees(site / "dist", trees(content.site, Layouts(), AT))
    nothing_outside(watch, room, record_property, 0)
    assert len(content.set_aside) > 50
    assert len(content.site.incidents) > 5
    ids = {incident.id for incident in content.site.incidents}
    written = {path.name for path in (site / "dist" / "public" / "incidents").iterdir()}
    assert written <= ids


def test_two_thousand_titles_and_folders_of_authors(room, record_property):
    site = write_site(room / "root" / "site")
    dice = random.Random(5)
    said = NewUpdate(id="q2wn7h4k", at=AT, audience="public", passages=(("public", "words"),))
    watch, written, tries = Watch(room / "root" / "site" / "incidents"), 0, 2000
    with tapped(watch):
        for _ in range(tries):
            assert set(slug(name(dice))) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
            folder = dice.choice((name(dice), "2026-11-21-checkout", "..", "../site_src", "2026-11-21-checkout/.."))
            try:
                add_update(site, folder, said)
                written += 1
            except (FileNotFoundError, Unwritable, ValueError):
                continue
            except OSError as error:
                assert error.errno == errno.ENAMETOOLONG
                continue
            for path in (site / INCIDENT).parent.glob("1430*"):
                path.unlink()
    nothing_outside(watch, room, record_property, tries)
    assert written > 200


def test_every_file_that_a_disk_can_hold_is_read_or_refused(room):
    dice = random.Random(6)
    site = write_site(room / "root" / "site")
    for _ in range(300):
        one = name(dice)
        if possible(one):
            place = dice.choice(("incidents", "site_src", "audiences", "layouts", "site_src/pages"))
            (site / place).mkdir(exist_ok=True)
            (site / place / one).write_bytes(b"x")
    assert all(problem.code for problem in take(site).problems)
