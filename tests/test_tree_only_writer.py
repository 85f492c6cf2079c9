"""One module writes: shown on the source, and by watching the system calls of a real build and a real publish."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import heliograph
from command import environment
from sites import TINY, UPDATE, write_site

PACKAGE = Path(heliograph.__file__).parent
WRITER = "tree/fsio.py"
LEDGER = {"send/sqlite.py": ["import sqlite3"], "send/sqlite_file.py": ["import sqlite3"]}
"""The ledger's file is written by SQLite, in a place of the operator's; its folder and lock are made by the writer."""
ASKING = {"revisions.py": ["import subprocess", "import tempfile"]}
"""Git is asked what it knows, and lays what a commit holds into a folder for temporary files."""
NAMESAKES = {"render/digests/plan.py": ["plan.open(matter)"]}
"""What has the name of something that writes, and does not: a digest's plan names the lines on what is open."""

METHODS = frozenset(
    {
        *("write_text", "write_bytes", "touch", "mkdir", "makedirs", "rmdir", "unlink", "symlink_to", "hardlink_to"),
        *("chmod", "lchmod", "truncate", "removedirs", "renames", "copyfile", "copytree", "rmtree", "move"),
    }
)
"""Names under which Python writes to a disk, whoever has them."""
READING = frozenset(
    {
        *(
            "open",
            "close",
            "read",
            "scandir",
            "fstat",
            "lstat",
            "geteuid",
            "environ",
            "sched_getaffinity",
            "cpu_count",
            "path",
        ),
        *("O_RDONLY", "O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "DirEntry", "stat_result"),
    }
)
"""All that modules other than the writer use of `os`; what is not here is looked at before it is added."""
MODULES = frozenset({"shutil", "tempfile", "sqlite3", "subprocess", "mmap", "ctypes", "dbm", "shelve", "fileinput"})


def writes(tree):
    """Name every expression of a module that writes, or may."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            imported = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            yield from (f"import {name}" for name in imported if name.partition(".")[0] in MODULES)
        if isinstance(node, ast.ImportFrom) and node.module == "os":
            yield "from os import"
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "os" and node.attr not in READING:
            yield f"os.{node.attr}"
        if isinstance(node, ast.Call) and (said := _written(node)):
            yield said


def _written(call):
    """Tell whether a call writes, by its name and its arguments."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    owner = ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""
    if name in METHODS:
        return ast.unparse(call)
    if name in ("rename", "replace") and len(call.args) == 1 and not call.keywords:
        return ast.unparse(call)
    if name == "open" and owner not in ("os", "Folder", "Image"):
        modes = [*call.args[0 if owner else 1 :][:1], *(one.value for one in call.keywords if one.arg == "mode")]
        return "" if all(isinstance(m, ast.Constant) and m.value in ("r", "rb") for m in modes) else ast.unparse(call)
    return ""


def sources():
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if not name.startswith("defaults/"):
            yield name, ast.parse(path.read_text(encoding="utf-8"))


FOUND = {name: sorted(set(writes(tree))) for name, tree in sources()}


def test_one_module_writes_and_no_other():
    assert {name: found for name, found in FOUND.items() if found and name != WRITER} == LEDGER | ASKING | NAMESAKES
    assert len(FOUND[WRITER]) > 10


@pytest.mark.parametrize(
    "line",
    [
        "open(path, 'w')",
        "open(path, mode)",
        "open(path, mode='ab')",
        "path.open('wb')",
        "path.open(mode='x')",
        "path.write_text('x')",
        "(root / 'x').mkdir(parents=True)",
        "path.unlink()",
        "path.rename(other)",
        "path.replace(other)",
        "os.open(path, os.O_WRONLY)",
        "os.write(1, b'')",
        "os.replace(a, b)",
        "from os import link",
        "import shutil",
        "from tempfile import NamedTemporaryFile",
        "import os.path, sqlite3",
    ],
)
def test_this_would_be_noticed(line):
    assert list(writes(ast.parse(line)))


@pytest.mark.parametrize(
    "line",
    [
        "path.open('rb')",
        "open(path)",
        "Folder.open(path)",
        "text.replace('a', 'b')",
        "at.replace(tzinfo=UTC)",
        "replace(entry, x=1)",
        "os.open(name, os.O_RDONLY | os.O_NOFOLLOW)",
        "parent.rename(old, new)",
    ],
)
def test_this_writes_nothing(line):
    assert not list(writes(ast.parse(line)))


# The system calls themselves

TARGETS = "site_src/targets.toml"

CALLS = (
    "openat,open,creat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,rmdir,"
    "chmod,fchmodat,truncate,ftruncate,mknod,mknodat,write,pwrite64,writev,copy_file_range,sendfile"
)
SCRIPT = """
import json, sys
from proof.calls import noted
from heliograph.cli.main import main
with noted() as calls:
    for args in json.loads(sys.argv[1]):
        try:
            main(args)
        except SystemExit as exit_:
            assert not exit_.code, (args, exit_.code)
print(json.dumps([[call.name, call.path] for call in calls]))
"""
KINDS = {
    "openat": "open",
    "open": "open",
    "creat": "open",
    "mkdir": "mkdir",
    "mkdirat": "mkdir",
    "link": "link",
    "linkat": "link",
    "rename": "rename",
    "renameat": "rename",
    "renameat2": "rename",
    "unlink": "unlink",
    "unlinkat": "unlink",
    "rmdir": "unlink",
}
OURS = {"exchange": "rename", "rmdir": "unlink"}
_LINE = re.compile(r"^(?:\d+ +)?(\w+)\((.*)\) += (-?\d+)")
_AT = re.compile(r'(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"')
_INTO = re.compile(r"^\d+<([^>]*)>")
_TALK = re.compile(r"pipe:|socket:|/dev/(?:null|tty|pts/\d+)$|anon_inode:")


def strace():
    """Find strace, and a system that lets it watch; on CI its absence is a failure."""
    program = shutil.which("strace")
    works = program and subprocess.run([program, "-f", "-o", os.devnull, "true"], capture_output=True).returncode == 0
    if not works and os.environ.get("CI"):
        pytest.fail("strace is missing or may not watch programs here: apt-get install strace")
    if not works:
        pytest.skip("needs strace, and a system that lets it watch")
    return program


def watched(program, log):
    """Run a program under strace; give what it printed, and what it wrote as (kind, path)."""
    command = [strace(), "-f", "-y", "-s", "4096", "-e", f"trace={CALLS}", "-o", log, *program]
    here = str(Path(__file__).parent)
    done = subprocess.run(
        command, env=environment(PYTHONDONTWRITEBYTECODE="1", PYTHONPATH=here), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, [call for line in log.read_text().splitlines() if (call := written(line))]


def written(line):
    """Read one line of strace: (kind, path) if something was written there, else None."""
    found = _LINE.match(line)
    if found is None or int(found.group(3)) < 0:
        return None
    name, told = found.group(1), found.group(2)
    if name in ("write", "pwrite64", "writev", "ftruncate", "copy_file_range", "sendfile"):
        into = _INTO.match(told)
        path = into.group(1) if into else "?"
        return None if _TALK.search(path) else ("bytes", path)
    if name in ("open", "openat") and not re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC", told):
        return None
    folder, path = _AT.findall(told)[-1]
    whole = path if path.startswith("/") else f"{folder}/{path}"
    return None if _TALK.search(whole) else (KINDS.get(name, name), whole)


@pytest.mark.slow
def test_a_build_and_a_publish_write_through_that_module_and_inside_their_roots_only(tmp_path):
    site = write_site(tmp_path / "site", {TARGETS: '[www]\ntree = "public"\ndirectory = "published/www"\n'})
    before = ["-q", "--site", str(site)]
    runs = [[*before, "build", "--at", "2026-11-21T14:30Z"], [*before, "publish"]]
    roots = tuple(f"{site}/{name}" for name in ("dist", "published", ".heliograph"))
    compared = 0
    for changed in ({}, {UPDATE: str(TINY[UPDATE]).replace("looking into", "working on")}):
        write_site(site, {**changed, TARGETS: None})
        said, calls = watched([sys.executable, "-c", SCRIPT, json.dumps(runs)], tmp_path / "log")
        assert [call for call in calls if not call[1].startswith(roots)] == []
        compared += same_as_noted(said, calls)
    assert compared > 500


def same_as_noted(said, calls):
    """Compare the system's list of writing calls with the writer's own; give their number."""
    told = Counter(
        (OURS.get(name, name), path) for name, path in json.loads(said.splitlines()[-1]) if name in _COMPARED
    )
    assert Counter(call for call in calls if call[0] != "bytes") == told
    return told.total()


_COMPARED = frozenset({"open", "mkdir", "link", "rename", "exchange", "unlink", "rmdir"})


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("open(sys.argv[1], 'w').close()", "open"),
        ("os.mkdir(sys.argv[1])", "mkdir"),
        ("os.symlink('/etc/passwd', sys.argv[1])", "symlink"),
        ("pathlib.Path(sys.argv[1]).write_text('x')", "bytes"),
    ],
)
def test_writing_elsewhere_would_be_seen(tmp_path, code, kind):
    where = tmp_path / "elsewhere"
    _, calls = watched([sys.executable, "-S", "-c", f"import os, pathlib, sys; {code}", str(where)], tmp_path / "log")
    assert (kind, str(where)) in calls
