"""The workflows that a new site begins with, and this repository's own: what they may do, and what they do when run."""

import io
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import textwrap
import unicodedata
import zipfile
from pathlib import Path

import pytest
import yaml

from command import environment, run, snapshot
from heliograph import resources
from heliograph.cli.start import _requirement
from heliograph.load import load_site
from heliograph.load.operations import read_operations
from sites import TINY, UPDATE, write_site
from test_diff import commit, git

ROOT = Path(__file__).parent.parent
SHIPPED = resources.start() / ".github"
FILES = sorted([*SHIPPED.rglob("*.yml"), *(ROOT / ".github").rglob("*.yml")])
IDS = [str(path.relative_to(ROOT)) for path in FILES]
WORKFLOWS = [path for path in FILES if path.parent.name == "workflows"]
PROGRAMS = Path(sys.executable).parent

PINS = {
    "actions/checkout": "11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2",
    "actions/setup-python": "a26af69be951a213d495a4c3e4e4022e16d87065 # v5.6.0",
    "actions/upload-artifact": "ea165f8d65b6e75b540449e92b4886f43607fa02 # v4.6.2",
    "actions/upload-pages-artifact": "7b1f4a764d45c48632c6b24a0339c27f5614fb0b # v4.0.0",
    "actions/deploy-pages": "d6db90164ac5ed86f2b6aed7e0febac5b3c0c03e # v4.0.5",
    "aws-actions/configure-aws-credentials": "7474bc4690e29a8392af63c5b98e7449536d5c3a # v4.3.1",
}
"""Every action that is used, with the one commit of it that is: a new one is looked at before it is added here."""

PERMISSIONS = {
    "check.yml": {"check": {"contents": "read"}},
    "comment.yml": {"comment": {"actions": "read", "pull-requests": "write"}},
    "publish.yml": {job: {"contents": "read", "id-token": "write"} for job in ("internal", "public")},
    "pages.yml": {"build": {"contents": "read"}, "deploy": {"pages": "write", "id-token": "write"}},
    "ci.yml": {"test": {"contents": "read"}},
}


def parsed(text):
    """Read YAML as GitHub does, for which `on` is a word."""
    read = yaml.safe_load(text)
    return {("on" if key is True else key): value for key, value in read.items()}


def steps(workflow):
    jobs = workflow.get("jobs") or {"runs": workflow["runs"]}
    return [step for job in jobs.values() for step in job["steps"]]


def faults(name, text):
    """Everything that is wrong with a workflow or an action."""
    workflow = parsed(text)
    found = list(_unpinned(text))
    if "pull_request_target" in text:
        found.append("runs strangers' changes with rights")
    found += ["puts an expression into a script" for step in steps(workflow) if "${{" in step.get("run", "")]
    for step in steps(workflow):
        given = step.get("with", {})
        if "checkout" in step.get("uses", "") and given.get("persist-credentials") is not False:
            found.append("leaves the token in the checkout")
        if "cache" in given or "actions/cache" in step.get("uses", ""):
            found.append("shares a cache")
        if "artifact" in step.get("uses", "") and given.get("path") not in ("words.txt", "dist/public"):
            found.append("uploads more than customers may read")
    if "jobs" not in workflow:
        return found
    if workflow.get("permissions") != {}:
        found.append("grants rights to all its jobs")
    if {job: of.get("permissions") for job, of in workflow["jobs"].items()} != PERMISSIONS[name]:
        found.append("grants other rights than it needs")
    if not all(of.get("timeout-minutes", 360) <= 45 for of in workflow["jobs"].values()):
        found.append("may run for hours")
    if "pull_request" in workflow["on"] or "workflow_run" in workflow["on"]:
        found += ["secrets within strangers' reach"] * ("secrets" in text)
    if name in ("publish.yml", "pages.yml"):
        found += ["may be cut off"] * (workflow.get("concurrency", {}).get("cancel-in-progress") is not False)
        of_main = all("vars." in of["if"] and "refs/heads/main" in of["if"] for of in _gates(workflow))
        found += [] if of_main else ["publishes without being told to"]
    return found


def _gates(workflow):
    """The jobs that nothing but their own condition holds back."""
    jobs = workflow["jobs"]
    return [of for of in jobs.values() if "needs" not in of or "cancelled()" in of.get("if", "")]


def _unpinned(text):
    used = re.findall(r"^\s*(?:- )?uses: *(.*)$", text, re.MULTILINE)
    assert len(used) == text.count("uses:")
    for one in used:
        action, _, commit_and_version = one.partition("@")
        if PINS.get(action) != commit_and_version and not one.startswith("./.github/actions/heliograph #"):
            yield f"uses {action} at {commit_and_version or 'nothing'}"


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_workflows_keep_the_rules(path):
    assert faults(path.name, path.read_text("utf-8")) == []


def test_there_are_as_many_workflows_as_promised():
    assert sorted(path.name for path in SHIPPED.rglob("*.yml")) == sorted(
        ("action.yml", "check.yml", "comment.yml", "pages.yml", "publish.yml")
    )


@pytest.mark.parametrize(
    ("name", "old", "new", "fault"),
    [
        ("check.yml", "checkout@11bd71901bbe5b1630ceea73d27597364c9af683", "checkout@v4", "uses actions/checkout"),
        ("check.yml", " # v4.2.2", "", "uses actions/checkout"),
        ("check.yml", "  pull_request:", "  pull_request_target:", "runs strangers' changes with rights"),
        ("check.yml", "heliograph check", "echo '${{ github.event.pull_request.title }}'", "puts an expression"),
        ("check.yml", "          persist-credentials: false\n", "", "leaves the token"),
        ("check.yml", "path: words.txt", "path: dist", "uploads more"),
        ("check.yml", "permissions: {}", "permissions: write-all", "grants rights to all"),
        ("check.yml", "contents: read", "contents: write", "grants other rights"),
        (
            "check.yml",
            "run: heliograph check",
            "env: {K: '${{ secrets.K }}'}\n        run: heliograph check",
            "secrets",
        ),
        ("check.yml", "    timeout-minutes: 10\n", "", "may run for hours"),
        ("comment.yml", "actions: read", "contents: write", "grants other rights"),
        ("publish.yml", "cancel-in-progress: false", "cancel-in-progress: true", "may be cut off"),
        ("publish.yml", "!cancelled() && vars.STATUS_PUBLISH == 'on' && ", "!cancelled() && ", "publishes without"),
        ("pages.yml", "path: dist/public", "path: dist/internal", "uploads more"),
        ("pages.yml", "path: dist/public", "path: dist", "uploads more"),
        ("action.yml", 'python-version: "3.13"', 'python-version: "3.13"\n        cache: pip', "shares a cache"),
    ],
)
def test_a_broken_rule_is_noticed(name, old, new, fault):
    text = next(SHIPPED.rglob(name)).read_text("utf-8")
    assert old in text
    assert any(one.startswith(fault) for one in faults(name, text.replace(old, new)))


@pytest.fixture
def as_repository(tmp_path, capsys):
    """A new site as `init` writes it, in Git."""
    site = tmp_path / "site"
    assert run(capsys, "init", site).code == 0
    git(site, "init", "--quiet", "-b", "main")
    commit(site)
    return site


def lacks(program):
    """Leave a test out where its program is not installed, but not in CI."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"{program} is not installed")


@pytest.mark.parametrize("folder", ["shipped", "own"])
def test_zizmor_finds_nothing(as_repository, folder):
    place = as_repository if folder == "shipped" else ROOT / ".github"
    program = shutil.which("zizmor", path=f"{PROGRAMS}:{os.environ['PATH']}")
    if program is None:
        lacks("zizmor")
    done = subprocess.run([program, "--offline", "--persona=regular", place], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "No findings to report" in done.stdout


def test_actionlint_finds_nothing():
    program = shutil.which("actionlint", path=f"{PROGRAMS}:{os.environ['PATH']}")
    if program is None:
        lacks("actionlint")
    done = subprocess.run([program, *WORKFLOWS], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


# What a new site gets


@pytest.mark.parametrize("options", [(), ("--example",)])
def test_init_writes_the_workflows_whole(tmp_path, capsys, options):
    assert run(capsys, "init", tmp_path / "new", *options).code == 0
    written = snapshot(tmp_path / "new/.github")
    named = written.pop("heliograph.txt")
    shipped = snapshot(SHIPPED)
    assert named.startswith(shipped.pop("heliograph.txt"))
    assert written == shipped


@pytest.mark.parametrize("place", [SHIPPED, ROOT / ".github"])
def test_words_and_rights_have_different_owners(place):
    lines = (line.split() for line in (place / "CODEOWNERS").read_text("utf-8").splitlines())
    owners = {line[0]: set(line[1:]) for line in lines if line and not line[0].startswith("#")}
    assert owners["*"]
    for folder in ("/.github/", "/audiences/", "/layouts/", "/site_src/"):
        assert owners[folder]
        assert not owners[folder] & owners["/incidents/"]


COMMIT = "a" * 40


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (
            {"url": "https://git.example/o/h", "vcs_info": {"vcs": "git", "commit_id": COMMIT}},
            f"\nheliograph @ git+https://git.example/o/h@{COMMIT}\n",
        ),
        ({}, ""),
        ({"url": "file:///home/me/heliograph", "dir_info": {"editable": True}}, ""),
        ({"url": "file:///home/me/heliograph", "vcs_info": {"vcs": "git", "commit_id": COMMIT}}, ""),
        ({"url": "https://me:word@git.example/h", "vcs_info": {"vcs": "git", "commit_id": COMMIT}}, ""),
        ({"url": "https://git.example/h\n--index-url=x", "vcs_info": {"vcs": "git", "commit_id": COMMIT}}, ""),
        ({"url": "https://git.example/h", "vcs_info": {"vcs": "git", "commit_id": "main"}}, ""),
        ({"url": "https://git.example/h.zip", "archive_info": {"hash": "sha256=0"}}, ""),
    ],
)
def test_the_workflows_install_what_began_the_site_if_others_can_reach_it(source, line):
    assert _requirement(source) == line


def test_the_operators_file_of_the_guide_is_one(tmp_path):
    guide = (ROOT / "docs/workflows.md").read_text("utf-8")
    (tmp_path / "operator.toml").write_text(textwrap.dedent(re.search(r"```toml\n(.*?)```", guide, re.DOTALL).group(1)))
    site = write_site(
        tmp_path / "site", {"site_src/site.toml": TINY["site_src/site.toml"].replace('"tiny"', '"status"')}
    )
    hosts = read_operations(tmp_path / "operator.toml", load_site(site), {}, site).hosts
    jobs = parsed((SHIPPED / "workflows/publish.yml").read_text("utf-8"))["jobs"]
    assert {host.id for host in hosts} == set(jobs)
    for name, job in jobs.items():
        assert job["steps"][-1]["run"].endswith(f"heliograph publish {name}")
        role = next(step["with"]["role-to-assume"] for step in job["steps"] if "role-to-assume" in step.get("with", {}))
        assert role == f"${{{{ vars.STATUS_ROLE_{name.upper()} }}}}"
        assert f"`STATUS_ROLE_{name.upper()}`" in guide


# The scripts, run


def script(name, said):
    """The one script of a workflow that contains something."""
    found = [step["run"] for step in steps(parsed(next(SHIPPED.rglob(name)).read_text("utf-8"))) if "run" in step]
    (only,) = [one for one in found if said in one]
    return only


def program(folder, name, text):
    """Put a program of our own where scripts find it first."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(textwrap.dedent(text).lstrip())
    (folder / name).chmod(0o755)


def bash(text, folder, programs, **given):
    """Run a script as GitHub does."""
    path = f"{programs}:{PROGRAMS}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text],
        cwd=folder,
        env=environment(PATH=path, **given),
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("# nothing\n\n", "Say in this file"),
        ("heliograph\n", "Name an address or a file"),
        ("a==1\n Heliograph == 7.0.0\n", "Name an address or a file"),
        ("heliograph[x]>=1\n", "Name an address or a file"),
        ("heliograph ; python_version > '3'\n", "Name an address or a file"),
        (f"heliograph @ git+https://git.example/o/h@{COMMIT}\n", None),
        ("click==8.2.1 --hash=sha256:0\n./.github/heliograph-0.1.0-py3-none-any.whl --hash=sha256:0\n", None),
    ],
)
def test_nothing_is_installed_by_a_name_that_is_somebody_elses(tmp_path, said, told):
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github/heliograph.txt").write_text(said)
    program(tmp_path / "bin", "python", '#!/bin/sh\necho "asked: $*"\n')
    done = bash(script("action.yml", "pip install"), tmp_path, tmp_path / "bin")
    assert done.returncode == (1 if told else 0)
    assert (told in done.stdout) if told else ("asked: -m pip install" in done.stdout)
    assert ("asked" in done.stdout) == (told is None)


def test_the_check_compares_a_pull_request_with_what_it_is_merged_into(tmp_path):
    site = write_site(tmp_path / "site")
    git(site, "init", "--quiet", "-b", "main")
    commit(site)
    git(site, "checkout", "--quiet", "-b", "change")
    write_site(site, {UPDATE: TINY[UPDATE].replace("We are looking", "We look") + "\nhushword\n"})
    commit(site)
    git(site, "checkout", "--quiet", "main")
    (site / "elsewhere.txt").write_text("meanwhile")
    commit(site)
    git(site, "merge", "--quiet", "--no-edit", "change")
    done = bash(script("check.yml", "HEAD^1"), site, tmp_path)
    assert done.returncode == 0, done.stderr
    words = (site / "words.txt").read_text("utf-8")
    assert "-   We are looking into it.\n+   We look into it.\n" in words
    assert "hushword" not in words + done.stdout + done.stderr


def test_a_check_that_cannot_compare_says_so_and_goes_on(tmp_path):
    site = write_site(tmp_path / "site")
    git(site, "init", "--quiet")
    commit(site)
    assert bash(script("check.yml", "HEAD^1"), site, tmp_path).returncode == 0
    assert "could not be compared" in (site / "words.txt").read_text("utf-8")


def test_the_operators_file_is_for_this_job_alone(tmp_path):
    written = tmp_path / "operator.toml"
    words = 'secret = "$HOME `id` %s \\n"\n'
    (step,) = {
        step["run"]
        for step in steps(parsed((SHIPPED / "workflows/publish.yml").read_text("utf-8")))
        if "OPERATOR" in step.get("env", {})
    }
    done = bash(step, tmp_path, tmp_path, OPERATOR=words, RUNNER_TEMP=str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert written.read_text("utf-8") == words
    assert stat.S_IMODE(written.stat().st_mode) == 0o600


def test_pages_are_asked_again_until_they_show_what_was_built(tmp_path):
    program(tmp_path / "bin", "sleep", '#!/bin/sh\necho "$1" >> slept\n')
    program(
        tmp_path / "bin", "curl", '#!/bin/sh\nif [ "$(wc -l < slept)" -gt 3 ]; then printf new; else printf old; fi\n'
    )
    confirm = script("pages.yml", "sha256sum |")
    front = subprocess.run(["sha256sum"], input=b"new", capture_output=True, check=True).stdout.split()[0].decode()
    done = bash(confirm, tmp_path, tmp_path / "bin", FRONT=front, PAGE="https://status.example.com")
    assert (done.returncode, done.stdout) == (0, "Live.\n")
    assert (tmp_path / "slept").read_text().split() == ["0", "5", "10", "20"]
    done = bash(confirm, tmp_path, tmp_path / "bin", FRONT="else", PAGE="https://status.example.com")
    assert done.returncode == 1


# The comment: what the job does with whatever a pull request made of the text

HEAD = "1234567890abcdef1234567890abcdef12345678"
PULL = {
    "number": 7,
    "head": {"sha": HEAD, "repo": {"full_name": "stranger/site"}},
    "base": {"repo": {"full_name": "acme/site"}},
}
GH = """
    #!{python}
    import json, os, sys
    place = os.environ["FAKE"]
    asked = sys.argv[1:]
    sent = sys.stdin.read() if "--input" in asked else None
    with open(place + "/asked", "a") as log:
        log.write(json.dumps([asked, sent]) + "\\n")
    path = next(one for one in asked if one.startswith("repos/"))
    if path.endswith("/zip"):
        sys.stdout.buffer.write(open(place + "/zip", "rb").read())
    elif path.endswith("/pulls"):
        print(open(place + "/pulls").read())
    elif path.endswith("/artifacts"):
        print(open(place + "/artifacts").read())
    elif "/comments?" in path:
        print(open(place + "/comments").read())
    else:
        print("{{}}")
"""


def packed(words, name="words.txt", how=zipfile.ZIP_DEFLATED, **more):
    """A text as it arrives, or several files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", how) as archive:
        for one, data in {name: words, **more}.items():
            archive.writestr(one, data)
    return made.getvalue()


@pytest.fixture
def commented(tmp_path):
    """Run the job's script, GitHub played by a program of ours; give what was written, and the script's outcome."""

    def act(data, *, pulls=(PULL,), artifacts=None, comments="", weaker=("", ""), **given):
        program(tmp_path / "bin", "gh", GH.format(python=sys.executable))
        one = {"id": 5, "name": "words", "expired": False, "size_in_bytes": len(data)}
        answers = {"pulls": json.dumps(list(pulls)), "comments": comments}
        answers["artifacts"] = json.dumps({"artifacts": [one] if artifacts is None else artifacts})
        for name, said in answers.items():
            (tmp_path / name).write_text(said)
        (tmp_path / "zip").write_bytes(data)
        assert weaker[0] in script("comment.yml", "import")
        (tmp_path / "script").write_text(script("comment.yml", "import").replace(*weaker))
        (tmp_path / "asked").write_text("")
        told = {"RUN": "99", "HEAD": HEAD, "HEAD_BRANCH": "change", "HEAD_OWNER": "stranger"}
        told |= {"HEAD_REPOSITORY": "stranger/site", "GITHUB_REPOSITORY": "acme/site", "FAKE": str(tmp_path)} | given
        done = subprocess.run(
            [sys.executable, "-I", tmp_path / "script"],
            env=environment(PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}", **told),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert "Traceback" not in done.stderr
        asked = [json.loads(line) for line in (tmp_path / "asked").read_text().splitlines()]
        return [one for one in asked if one[1] is not None], done, asked

    return act


def body_of(written):
    ((_, sent),) = written
    assert json.loads(sent).keys() == {"body"}
    return json.loads(sent)["body"]


def test_a_comment_is_written_to_the_pull_request_that_ends_in_the_commit(commented):
    written, done, asked = commented(packed("incident a added: Some payments fail\n+ title: Some payments fail\n"))
    assert done.returncode == 0, done.stderr
    assert written[0][0] == ["api", "--method=POST", "repos/acme/site/issues/7/comments", "--input", "-"]
    body = body_of(written)
    assert body.startswith("<!-- heliograph: words -->\n")
    assert "`````````diff\nincident a added: Some payments fail\n+ title: Some payments fail\n`````````\n" in body
    assert "1234567890ab" in body
    assert "--raw-field=head=stranger:change" in asked[0][0]


def test_an_earlier_comment_of_its_own_is_replaced(commented):
    written, _, asked = commented(packed("words"), comments="41\n42\n")
    assert written[0][0][1:3] == ["--method=PATCH", "repos/acme/site/issues/comments/41"]
    jq = next(one[0][-1] for one in asked if "--jq" in one[0])
    assert 'user.login == "github-actions[bot]"' in jq


def inside(body):
    """The lines between the fences, as GitHub's Markdown finds them."""
    lines = body.split("\n")
    begin = next(number for number, line in enumerate(lines) if line.startswith("```"))
    fence = re.match("`+", lines[begin]).group()
    end = next(n for n in range(begin + 1, len(lines)) if re.fullmatch(f" {{0,3}}`{{{len(fence)},}} *", lines[n]))
    assert lines[end + 1 :] == [""]
    return lines[begin + 1 : end]


HOSTILE = {
    "fences": "```\n# free\n````````\n`````````\n" + "`" * 60_000 + "\n~~~\n",
    "mentions": "+ @acme/everyone @octocat please merge\n",
    "marks of the comment": "<!-- heliograph: words --> --> <img src=x>\n",
    "control characters": "+ a\x00b\x07c\x1b[2Jd\x85e\u2028f\rg\n",
    "turned directions": "+ \u202egnp.exe \u2066x\u2069 \u200b\u00ad\ufeff\U000e0041\n",
    "no UTF-8": b"\xff\xfe+ a\xc3\n",
    "one endless line": "x" * 200_000,
    "many lines": "+ line @a ```\n" * 50_000,
    "at signs": "@" * 100_000,
    "wide letters": "\U0001f600" * 100_000,
    "nothing": "",
}


def are_plain(body):
    """Fail unless a comment is one heading and one block of code with nothing in it that acts."""
    assert len(body) <= 65_536
    assert len(body.encode()) <= 262_144
    for line in inside(body):
        assert not re.search("@(?!\u200b)", line)
        unseen = [
            c for c in line.replace("@\u200b", "") if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Co", "Cn")
        ]
        assert not unseen
    before = body.partition("```")[0]
    assert "@" not in before
    assert before.count("\n") == 3


@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE)
def test_whatever_the_text_holds_stays_plain_lines_within_the_fence(commented, words):
    written, done, _ = commented(packed(words))
    assert done.returncode == 0, done.stderr
    are_plain(body_of(written))


@pytest.mark.parametrize(
    ("words", "old", "new"),
    [
        ("fences", 'fence = "`" * 9', 'fence = "`" * 3'),
        ("fences", 're.sub("`{9,}", "`" * 8, text)', "text"),
        ("mentions", '"@\\N{ZERO WIDTH SPACE}"', '"@"'),
        ("control characters", "not in plain", "not in ()"),
        ("turned directions", '"Cf", ', ""),
        ("at signs", "[:LONGEST].rstrip()", ".rstrip()"),
        ("one endless line", "50_000", "5_000_000"),
    ],
)
def test_a_weaker_script_would_be_noticed(commented, words, old, new):
    written, _, _ = commented(packed(HOSTILE[words]), weaker=(old, new))
    with pytest.raises((AssertionError, StopIteration)):
        are_plain(body_of(written))


def test_a_bomb_is_unpacked_no_further_than_it_is_shown(commented):
    bomb = packed(b"+ a\n" * 2_500_000)
    assert len(bomb) < 100_000
    written, done, _ = commented(bomb)
    assert done.returncode == 0
    assert "and more, left out here" in body_of(written)


REFUSED = {
    "ten megabytes": (
        packed("words"),
        {"artifacts": [{"id": 5, "name": "words", "expired": False, "size_in_bytes": 10**7}]},
    ),
    "no artifact": (packed("words"), {"artifacts": []}),
    "two artifacts": (
        packed("words"),
        {"artifacts": [{"id": n, "name": "words", "expired": False, "size_in_bytes": 9} for n in (5, 6)]},
    ),
    "another file": (packed("words", name="../words.txt"), {}),
    "two files": (packed("words", NR="8"), {}),
    "no archive": (b"words", {}),
    "another way of packing": (packed("words", how=zipfile.ZIP_LZMA), {}),
    "an empty archive": (packed("words")[-22:-14] + bytes(14), {}),
    "a broken archive": (packed("words " * 99)[:40] + b"\0" + packed("words " * 99)[41:], {}),
    "another commit": (packed("words"), {"pulls": [PULL | {"head": PULL["head"] | {"sha": "f" * 40}}]}),
    "another repository": (
        packed("words"),
        {"pulls": [PULL | {"head": PULL["head"] | {"repo": {"full_name": "victim/site"}}}]},
    ),
    "a fork that is gone": (packed("words"), {"pulls": [PULL | {"head": PULL["head"] | {"repo": None}}]}),
    "a pull request elsewhere": (packed("words"), {"pulls": [PULL | {"base": {"repo": {"full_name": "victim/site"}}}]}),
    "several pull requests": (packed("words"), {"pulls": [PULL, PULL | {"number": 8}]}),
    "no pull request": (packed("words"), {"pulls": []}),
}


@pytest.mark.parametrize(("data", "given"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_is_not_commented_on(commented, data, given):
    written, done, _ = commented(data, **given)
    assert written == []
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_which_pull_request_it_is_comes_from_github_and_not_from_the_text(commented):
    written, _, _ = commented(packed("number: 8\nPR: 8\n::set-output name=number::8\n"))
    assert "/issues/7/" in written[0][0][2]


def test_the_name_of_a_branch_is_only_a_name(commented, tmp_path):
    written, _, asked = commented(packed("words"), HEAD_BRANCH='x" || touch pwned; $(touch pwned) --jq=.')
    assert asked[0][0][-1] == '--raw-field=head=stranger:x" || touch pwned; $(touch pwned) --jq=.'
    assert len(written) == 1
    assert not (tmp_path / "pwned").exists()


def test_size_is_looked_at_before_anything_is_fetched(commented):
    _, _, asked = commented(*[REFUSED["ten megabytes"][0]], **REFUSED["ten megabytes"][1])
    assert not [one for one in asked if any(part.endswith("/zip") for part in one[0])]
