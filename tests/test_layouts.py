"""Layouts of a site's own: overridden block by block or copied whole, told apart, and named with their line when broken."""

import json
import re

import pytest

from command import run, snapshot
from heliograph import __version__
from heliograph.load import load_site
from heliograph.pipeline import trees
from heliograph.problems import Refused
from heliograph.render import overrides
from heliograph.render.guide import PURPOSES
from heliograph.render.layouts import Layouts
from heliograph.render.tongue import ENGLISH
from sites import write_site

INCIDENT = "layouts/web/incident.html"
PAGE = "incidents/k3x9q2mf/index.html"


def made(root) -> dict[str, dict[str, bytes]]:
    """What is rendered for each tree, by path."""
    site = load_site(root)
    plans = trees(site, Layouts(root / "layouts"), site.incidents[0].updates[0].at)
    return {plan.name: {artifact.path: artifact.data for artifact in plan.artifacts} for plan in plans}


def page(root, files) -> str:
    return made(write_site(root, files))["public"][PAGE].decode()


def fault(root, name, text):
    """What is said of a site whose layout `name` is this text."""
    with pytest.raises(Refused) as refused:
        made(write_site(root, {f"layouts/{name}": text}))
    [problem] = refused.value.problems
    assert problem.code == "E701"
    return problem.place.file, problem.place.line, f"{problem.message} ({problem.hint})"


# --- overriding -------------------------------------------------------------------------------------------------------


def test_a_block_is_overridden_and_the_rest_stays_as_shipped(tmp_path):
    own = '{% extends "!default/web/incident.html" %}\n{% block updates %}<p>Ours</p>{{ super() }}{% endblock %}\n'
    shipped, changed = page(tmp_path / "a", {}), page(tmp_path / "b", {INCIDENT: own})
    assert changed.count("<p>Ours</p>") == 1
    assert changed.replace("<p>Ours</p>", "") == shipped


def test_what_other_layouts_extend_can_be_overridden_too(tmp_path):
    own = '{% extends "!default/web/base.html" %}\n{% block about %}<meta name="own" content="1">{% endblock %}\n'
    public = made(write_site(tmp_path, {"layouts/web/base.html": own}))["public"]
    assert b'<meta name="own" content="1">' in public["404.html"]


def test_what_is_authored_stays_escaped_in_a_layout_of_the_sites_own(tmp_path):
    files = {
        INCIDENT: '{% extends "!default/web/incident.html" %}{% block heading %}{{ "<b>" ~ incident.title }}{% endblock %}'
    }
    assert "&lt;b&gt;Some payments fail" in page(tmp_path, files)


def test_a_whole_copy_makes_the_same_pages(tmp_path, capsys):
    root = write_site(tmp_path)
    before = made(root)
    names = [name for name in overrides.shipped() if name.endswith((".html", ".txt", ".md"))]
    assert run(capsys, "layouts", "eject", *names, site=root).code == 0
    assert made(root) == before


# --- what is wrong ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('{% extends "!default/web/incident.html" %}\n\n{% block heading %}{{ incidnt.title }}{% endblock %}', 3,
         "it is given no `incidnt` (did you mean incident?)"),
        ('{% extends "!default/web/incident.html" %}\n{% block heading %}\n{{ incident.titel }}{% endblock %}', 3,
         "`Incident` has no `titel` (did you mean title?)"),
        ('{% extends "!default/web/incident.html" %}\n{% block heading %}{{ incident.title|plian }}{% endblock %}', 2,
         "there is no filter `plian` (did you mean plain?)"),
        ('{% extends "!default/web/incidnt.html" %}\n', 1,
         "there is no layout `!default/web/incidnt.html` (did you mean !default/web/incident.html?)"),
        ('{% extends "!default/web/incident.html" %}\n{% block heading %}\n{% if incident %}{% endblock %}', 3,
         "Encountered unknown tag 'endblock'"),
        ("\n{{ 1 / 0 }}", 2, "division by zero"),
        ("\n{{ voice.headline() }}", 2, "missing 1 required positional argument"),
        ("\n\n{{ incident.updates[0].nothing }}", 3, "`Update` has no `nothing`"),
        ("\n{% set told = namespace() %}{{ told.words }}", 2, "`Namespace` has no `words`"),
    ],
)  # fmt: skip
def test_a_broken_layout_is_named_with_its_line_and_what_was_meant(tmp_path, text, line, said):
    file, where, message = fault(tmp_path, "web/incident.html", text)
    assert (file, where) == (INCIDENT, line)
    assert said in message


def test_the_layout_that_calls_a_shipped_one_wrongly_is_the_one_that_is_named(tmp_path):
    text = '{% import "web/parts.html" as parts %}\n\n{{ parts.problem_lines(1, 2, 3) }}'
    assert fault(tmp_path, "web/incident.html", text)[:2] == (INCIDENT, 3)


def test_a_layout_that_is_not_utf_8_is_named(tmp_path):
    place = fault(tmp_path, "web/incident.html", lambda path: path.write_bytes(b"a\nb\xff"))
    assert place[:2] == (INCIDENT, 2)
    assert "it is not UTF-8" in place[2]


def test_an_error_of_our_own_is_not_put_down_to_a_layout():
    with pytest.raises(TypeError):
        Layouts().render("macro/index.txt", ENGLISH, headers=1, about=None)


def test_a_broken_layout_changes_nothing_and_is_told_in_a_line(tmp_path, capsys):
    root = write_site(tmp_path, {INCIDENT: "\n{{ incidnt }}"})
    said = run(capsys, "build", "--at", "2026-11-21T14:10Z", site=root)
    assert said.code == 1
    assert f"{INCIDENT}:2:1 E701 this layout cannot be used: it is given no `incidnt`" in said.err
    assert [path for path in (root / "dist").iterdir() if path.is_dir()] == []


# --- list, eject, diff ------------------------------------------------------------------------------------------------


def listed(capsys, root):
    said = run(capsys, "layouts", "list", "--json", site=root)
    assert said.code == 0
    return {row["name"]: row for row in json.loads(said.out)}


def test_every_shipped_layout_says_what_it_is_for():
    assert set(PURPOSES) == set(overrides.shipped())


def test_all_layouts_are_listed_with_their_blocks(tmp_path, capsys):
    rows = listed(capsys, write_site(tmp_path))
    assert set(rows) == set(PURPOSES)
    assert {row["own"] for row in rows.values()} == {None}
    assert {"heading", "main", "title"} <= set(rows["web/incident.html"]["blocks"])
    said = run(capsys, "layouts", "list", site=tmp_path)
    assert re.search(r"^web/incident\.html +one problem with all its updates$", said.out, re.MULTILINE)


def test_a_copy_names_what_it_was_taken_from(tmp_path, capsys):
    root = write_site(tmp_path)
    for name, begins in (("web/index.html", "{# "), ("web/style.css", "/* "), ("web/favicon.svg", "<!-- ")):
        assert run(capsys, "layouts", "eject", name, site=root).code == 0
        first, rest = (root / "layouts" / name).read_text("utf-8").split("\n", 1)
        assert first.startswith(f"{begins}heliograph {__version__}, layout {name}, sha256 {overrides.digest_of(name)}")
        assert rest == overrides.shipped()[name]
        own = listed(capsys, root)[name]["own"]
        assert (own["how"], own["version"], own["changed"]) == ("copy", __version__, False)


def test_nothing_is_overwritten(tmp_path, capsys):
    root = write_site(tmp_path, {"layouts/web/index.html": "mine"})
    before = snapshot(root)
    said = run(capsys, "layouts", "eject", "web/month.html", "web/index.html", site=root)
    assert said.code == 1
    assert "web/index.html" in said.err
    assert snapshot(root) == before


@pytest.mark.parametrize(
    "name", ["web/indx.html", "../site_src/site.toml", "/etc/passwd", "web", "!default/web/index.html"]
)
def test_only_shipped_layouts_are_copied(tmp_path, capsys, name):
    root = write_site(tmp_path)
    before = snapshot(root)
    assert run(capsys, "layouts", "eject", name, site=root).code == 2
    assert snapshot(root) == before


def test_a_copy_of_an_older_layout_is_told_apart(tmp_path, capsys):
    old = overrides.copy_of("web/index.html").replace(overrides.digest_of("web/index.html"), "0" * 16)
    root = write_site(
        tmp_path, {"layouts/web/index.html": old.replace(f"heliograph {__version__}", "heliograph 0.0.9")}
    )
    assert listed(capsys, root)["web/index.html"]["own"]["changed"] is True
    assert (
        "OUT OF DATE: the shipped one has changed since heliograph 0.0.9"
        in run(capsys, "layouts", "diff", site=root).out
    )


def test_the_difference_to_the_shipped_layout_is_shown(tmp_path, capsys):
    text = overrides.copy_of("web/month.html")
    last = text.rstrip("\n").split("\n")[-1]
    root = write_site(tmp_path, {"layouts/web/month.html": f"{text.rstrip()}\nMine"})
    said = run(capsys, "layouts", "diff", "web/month.html", site=root)
    assert said.code == 0
    assert f"--- shipped/web/month.html (heliograph {__version__})\n+++ layouts/web/month.html\n" in said.out
    assert said.out.endswith(f" {last}\n+Mine\n\\ No newline at end of file\n")
    assert "sha256" not in said.out
    [row] = json.loads(run(capsys, "layouts", "diff", "--json", site=root).out)
    assert row["own"]["name"] == "web/month.html"
    assert row["diff"].splitlines()[-2] == "+Mine"


def test_an_untouched_copy_differs_in_nothing(tmp_path, capsys):
    root = write_site(tmp_path, {"layouts/web/month.html": overrides.copy_of("web/month.html")})
    assert [row["diff"] for row in json.loads(run(capsys, "layouts", "diff", "--json", site=root).out)] == [""]


def test_blocks_that_are_never_shown_are_named(tmp_path, capsys):
    own = '{% extends "!default/web/incident.html" %}\n{% block heading %}{% endblock %}{% block headng %}{% endblock %}\n'
    root = write_site(tmp_path, {INCIDENT: own})
    found = listed(capsys, root)["web/incident.html"]["own"]
    assert (found["how"], found["blocks"], found["lost"]) == ("blocks", ["heading", "headng"], ["headng"])
    assert found["changed"] is None
    said = run(capsys, "layouts", "list", site=root).out
    assert "overrides heading; never shown, because there is no such block: headng" in said


def test_blocks_may_say_what_they_were_written_for(tmp_path, capsys):
    own = f'{overrides.mark("web/incident.html")}\n{{% extends "!default/web/incident.html" %}}\n'
    root = write_site(tmp_path, {INCIDENT: own})
    assert listed(capsys, root)["web/incident.html"]["own"]["changed"] is False


def test_a_file_that_no_page_is_made_with_is_told_with_the_name_it_may_have_meant(tmp_path, capsys):
    root = write_site(tmp_path, {"layouts/web/indx.html": "x", "layouts/.hidden": "x", "layouts/web/index.html~": "x"})
    rows = listed(capsys, root)
    assert rows["web/indx.html"]["own"]["how"] == "unused"
    assert {".hidden", "web/index.html~"}.isdisjoint(rows)
    assert "did you mean web/index.html?" in run(capsys, "layouts", "list", site=root).out


def test_a_layout_that_cannot_be_read_is_named(tmp_path, capsys):
    root = write_site(tmp_path, {INCIDENT: "\n{% if %}"})
    said = run(capsys, "layouts", "list", site=root)
    assert said.code == 1
    assert f"{INCIDENT}:2:1 E701" in said.err


def test_a_site_without_layouts_of_its_own_has_nothing_to_compare(tmp_path, capsys):
    said = run(capsys, "layouts", "diff", site=write_site(tmp_path))
    assert (said.code, said.out) == (0, "")
    assert "all are as shipped" in said.err
    said = run(capsys, "layouts", "diff", "web/index.html", site=tmp_path)
    assert said.code == 2
