"""Runs worth interrupting: a build, a first build, a publish; what stands before each, and what may stand after."""

from __future__ import annotations

import contextlib
import io
import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from heliograph.cli.errors import report
from heliograph.cli.main import main
from heliograph.load import load_site
from heliograph.pipeline import Build
from heliograph.publish.directory import carry_out, prepare
from heliograph.render.layouts import Layouts
from heliograph.tree.artifact import Artifact
from heliograph.tree.manifest import manifest_path
from heliograph.tree.swap import LOCK
from heliograph.tree.write import TreePlan, write_trees
from proof.weak_disk import Disk, Seen, State, is_tree
from sites import UPDATE, write_site

AT = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
LATER = UPDATE.replace("1405-investigating", "1420-identified")
NEXT = (
    "---\nid: 9rn5vz3d\naudience: public\nstatus: identified\nat: 2026-11-21T14:20Z\nnext_update: 30m\n---\n"
    "We have found the cause.\n\n::: internal\nRolling back config 8841.\n"
)
OWN_STYLE = "layouts/web/style.css"

Files = dict[str, bytes]
Made = tuple[tuple[str, str, str, tuple[Artifact, ...]], ...]
"""Trees as made: name, boundary, site, artifacts."""


def site_before(root: Path, **parts: str | None) -> Path:
    """Write the tiny site with its first update."""
    return write_site(root, parts)


def site_after(root: Path) -> Path:
    """Write the same site with a second update and a style sheet of its own."""
    return write_site(root, {LATER: NEXT, OWN_STYLE: "body { color: #123 }\n"})


def made_of(site: Path) -> Made:
    """Make all trees of a site, once: the runs write them many times."""
    build = Build(load_site(site), Layouts(site / "layouts"), AT)
    return tuple((plan.name, plan.boundary, plan.site, tuple(plan.artifacts)) for plan in build.trees())


SMALL_TREES = ("internal", "public")
_SMALL = ("index.html", "404.html", "updates.json", "incidents/k3x9q2mf/index.html")


def few(made: Made) -> Made:
    """Leave of each site's pages some of each kind: enough to go wrong, few enough to interrupt every call."""
    small = (tree for tree in made if tree[0] in SMALL_TREES)
    return tuple((*tree[:3], tuple(one for one in tree[3] if _is_one_of_few(one))) for tree in small)


def _is_one_of_few(artifact: Artifact) -> bool:
    return artifact.path in _SMALL or artifact.path.endswith(".css")


def plans(made: Made) -> list[TreePlan]:
    """Plan what was made."""
    return [TreePlan(name=n, boundary=b, site=s, artifacts=files) for n, b, s, files in made]  # type: ignore[arg-type]


@dataclass
class Scene:
    """A run on what stands below `root`. `places` are the trees it changes, insiders' first.

    `before` and `after` say what stands at each place (None for nothing) and what its list says.
    """

    name: str
    root: Path
    places: tuple[str, ...]
    work: Callable[[], object]
    before: dict[str, tuple[Files | None, bytes | None]]
    after: dict[str, tuple[Files | None, bytes | None]]

    @property
    def pristine(self) -> Path:
        """Where a copy of what stood before lies."""
        return self.root.with_name(f"{self.root.name}-before")

    @property
    def internal_first(self) -> bool:
        """Tell whether no outsiders' tree is newer than an insiders'."""
        return not _ahead(self.stands())

    def reset(self) -> None:
        """Let everything stand as it did before."""
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.copytree(self.pristine, self.root, symlinks=True)

    def run(self) -> None:
        """Do it as the command line does: what goes wrong ends as a line on stderr and an exit code."""
        try:
            self.work()
        except Exception as error:  # noqa: BLE001 -- as the command line
            sys.exit(report(error, []))

    def stands(self) -> list[str]:
        """Say of each place whether the old tree stands there whole, the new one, both (they are equal), or neither."""
        found = {place: standing(self.root / place) for place in self.places}
        return [self._called(place, *found[place]) for place in self.places]

    def _called(self, place: str, files: Files | None, listed: bytes | None) -> str:
        old, new = self.before[place], self.after[place]
        if listed not in (old[1], new[1]):
            return "broken list"
        if files == new[0]:
            return "same" if files == old[0] else "new"
        return "old" if files == old[0] else "broken"

    def leftovers(self) -> list[str]:
        """Name what no run should leave beside trees."""
        beside = {(self.root / place).parent for place in self.places}
        names = (path.name for folder in beside if folder.is_dir() for path in folder.iterdir())
        return sorted(name for name in names if name.startswith(".heliograph") and name != LOCK)

    def judge(self, state: State, last: int) -> str:
        """Say what is wrong with a state after a power cut; empty if nothing is."""
        called = [self._judged(state.disk, place) for place in self.places]
        for place, name in zip(self.places, called, strict=True):
            if name == "broken":
                return f"{place} is neither the old tree nor the new one"
            if name == "broken list":
                return f"the list of {place} is neither the old one nor the new one"
        if _ahead(called):
            return "an outsiders' tree is newer than an insiders'"
        return "it was called done and is not" if state.at == last and "old" in called else ""

    def _judged(self, disk: Disk, place: str) -> str:
        old, new = self.before[place], self.after[place]
        listed = disk.read(str(manifest_path(Path(place))))
        if listed not in (old[1], new[1]):
            return "broken list"
        seen = disk.look(place)
        if _is(seen, new[0]):
            return "same" if old[0] == new[0] else "new"
        return "old" if _is(seen, old[0]) else "broken"


def _is(seen: Seen, wanted: Files | None) -> bool:
    return seen.files is None if wanted is None else is_tree(seen, wanted)


def _ahead(called: Iterable[str]) -> bool:
    """Tell whether a later place is new while an earlier one is old."""
    names = [name for name in called if name != "same"]
    return "old" in names and "new" in names[names.index("old") :]


def standing(place: Path) -> tuple[Files | None, bytes | None]:
    """Read a tree and its list."""
    listed = manifest_path(place)
    return files_of(place) if place.is_dir() else None, listed.read_bytes() if listed.is_file() else None


def files_of(tree: Path) -> Files:
    """All files below a folder, by relative path."""
    return {path.relative_to(tree).as_posix(): path.read_bytes() for path in sorted(tree.rglob("*")) if path.is_file()}


def _scene(name: str, root: Path, places: tuple[str, ...], work: Callable[[], object]) -> Scene:
    """Find out what stands before and after by doing it once, and stand ready to do it again."""
    pristine = root.with_name(f"{root.name}-before")
    root.mkdir(exist_ok=True)
    shutil.copytree(root, pristine, symlinks=True)
    before = {place: standing(root / place) for place in places}
    work()
    scene = Scene(name, root, places, work, before, {place: standing(root / place) for place in places})
    scene.reset()
    return scene


def _places(folder: str, made: Made) -> tuple[str, ...]:
    """Name the trees' places in the order in which they are swapped."""
    return tuple(
        f"{folder}/{name}" for name, _, _, _ in sorted(made, key=lambda tree: (tree[1] == "external", tree[0]))
    )


def build_scene(root: Path, old: Made, new: Made) -> Scene:
    """A build over an earlier one."""
    write_trees(_folder(root) / "dist", plans(old))
    return _scene("build", root, _places("dist", new), lambda: write_trees(root / "dist", plans(new)))


def first_scene(root: Path, new: Made) -> Scene:
    """A first build."""
    return _scene("first build", _folder(root), _places("dist", new), lambda: write_trees(root / "dist", plans(new)))


def publish_scene(root: Path, old: Made, new: Made) -> Scene:
    """A publish over an earlier one."""
    source, target = _folder(root) / "dist" / "public", root / "www" / "status"
    write_trees(root / "dist", plans(old))
    carry_out(prepare(source, target))
    write_trees(root / "dist", plans(new))
    return _scene("publish", root, ("www/status",), lambda: carry_out(prepare(source, target)))


def command_scene(root: Path, old: Made, new: Made) -> Scene:
    """`heliograph build` itself over an earlier build; only rendering, which writes nothing, is done beforehand."""
    site = site_before(_folder(root) / "site")
    _build_command(site, old)
    site_after(site)
    return _scene("heliograph build", root, _places("site/dist", new), lambda: _build_command(site, new))


def _build_command(site: Path, made: Made) -> None:
    real, Build.trees = Build.trees, lambda self: iter(plans(made))  # type: ignore[method-assign]
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            main(["-q", "--site", str(site), "build", "--at", "2026-11-21T14:30Z"])
    except SystemExit as exit_:
        if exit_.code:
            raise
    finally:
        Build.trees = real  # type: ignore[method-assign]


def _folder(root: Path) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    return root
