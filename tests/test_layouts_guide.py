"""What docs/layouts.md tells of layouts is what they are given: recorded while the example is built, and held to it."""

import re
import runpy
from pathlib import Path
from types import UnionType
from typing import Union, get_args, get_origin

import pytest
from jinja2 import nodes
from jinja2.meta import find_referenced_templates, find_undeclared_variables

from heliograph.load import load_site
from heliograph.pipeline import trees
from heliograph.render import overrides
from heliograph.render.layouts import Layouts
from heliograph.render.tongue import ENGLISH
from sites import write_site

DOCS = Path(__file__).parent.parent / "docs"
GUIDE = runpy.run_path(str(DOCS / "guide.py"))
NAMES, FUNCTIONS = GUIDE["NAMES"], GUIDE["_functions"]
TEXT = (DOCS / "layouts.md").read_text("utf-8")
JINJA = [name for name in overrides.shipped() if name.endswith((".html", ".txt", ".md"))]
ENVIRONMENT = Layouts()._speaking(ENGLISH)
OF_JINJA = {
    "_",
    "_trans",
    "gettext",
    "ngettext",
    "pgettext",
    "npgettext",
    "namespace",
    "range",
    "dict",
    "cycler",
    "joiner",
}


@pytest.fixture(scope="module")
def given():
    return GUIDE["recorded"]()


def parsed(name):
    return overrides.parsed(name, overrides.shipped()[name])


def referenced(name):
    """The layouts that one extends, imports or includes."""
    return {one.removeprefix("!default/") for one in find_referenced_templates(parsed(name)) if one}


def fits(value, kind) -> bool:
    """Tell whether a value is of a type, its members included."""
    origin, of = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return any(fits(value, one) for one in of)
    if origin is tuple and of[-1:] == (...,):
        return isinstance(value, tuple) and all(fits(one, of[0]) for one in value)
    if origin is tuple:
        return isinstance(value, tuple) and len(value) == len(of) and all(map(fits, value, of))
    if origin is list:
        return isinstance(value, list) and all(fits(one, of[0]) for one in value)
    if origin is dict:
        return isinstance(value, dict) and all(fits(k, of[0]) and fits(v, of[1]) for k, v in value.items())
    return isinstance(value, kind) and not (kind is int and isinstance(value, bool))


def test_the_page_is_what_is_made_of_the_layouts(given):
    assert GUIDE["to_markdown"](given) == TEXT, "run: python docs/guide.py"


def test_every_name_that_is_given_is_explained_and_no_other(given):
    names = {name for names in given.values() for name in names}
    functions = {said.partition("(")[0] for said in FUNCTIONS(given)}
    assert names == NAMES.keys() | functions
    assert NAMES.keys() & functions == set()
    assert [said for said, meaning in FUNCTIONS(given).items() if not meaning] == []


def test_what_is_given_is_of_the_type_that_is_told(given):
    wrong = {
        (layout, name)
        for layout, names in given.items()
        for name, values in names.items()
        if name in NAMES and not all(fits(value, NAMES[name].type) for value in values)
    }
    assert wrong == set()


def test_a_layout_gets_the_same_names_every_time(given):
    uneven = {layout for layout, names in given.items() if len({len(values) for values in names.values()}) > 1}
    assert uneven == set()


def test_every_layout_is_rendered_for_the_example_or_used_by_another(given):
    used = {one for name in JINJA for one in referenced(name)}
    assert set(JINJA) - given.keys() - used == set()


@pytest.mark.parametrize("name", JINJA)
def test_a_layout_uses_only_names_that_it_is_given(given, name):
    """One that others extend gets what they get; one that others import gets nothing but its macros' arguments."""
    known = [set(given[user]) for user in given if name in lineage(user)]
    names = set.intersection(*known) if known else set()
    bound = {one for layout in lineage(name) for one in bindings(layout)}
    used = find_undeclared_variables(ENVIRONMENT.parse(overrides.shipped()[name]))
    assert used - OF_JINJA - bound - names == set()


def bindings(name):
    """The names that a layout makes itself: set, looped over, imported; those it extends may be in scope of its blocks."""
    tree = parsed(name)
    yield from (one.name for one in tree.find_all(nodes.Name) if one.ctx in ("store", "param"))
    yield from (one.target for one in tree.find_all(nodes.Import))
    yield from (one.name for one in tree.find_all(nodes.Macro))


def lineage(name):
    """A layout and all that it extends."""
    above = overrides.extends(name)
    return {name} | (lineage(above) if above else set())


def test_every_type_and_each_of_its_fields_is_told():
    for title, kind in GUIDE["titled"](one.type for one in NAMES.values()).items():
        part = TEXT.partition(f"### {title}\n")[2].partition("\n### ")[0]
        assert kind.__doc__.split("\n")[0] in part
        assert all(f"- `{field}: " in part for field in getattr(kind, "__struct_fields__", ()))


def test_the_example_on_the_page_works(tmp_path):
    [example] = re.findall(r"```jinja\n(.*?)```", TEXT, re.DOTALL)
    root = write_site(tmp_path, {"layouts/web/incident.html": example})
    site = load_site(root)
    [public] = [
        plan
        for plan in trees(site, Layouts(root / "layouts"), site.incidents[0].updates[0].at)
        if plan.name == "public"
    ]
    pages = {artifact.path: artifact.data for artifact in public.artifacts}
    assert b"<p>Our engineers' blog tells more.</p>" in pages["incidents/k3x9q2mf/index.html"]
