"""YAML and TOML become the same tree, in which everything knows where it stands."""

import pytest
import yaml as pyyaml

from heliograph.load import frontmatter, toml, yaml
from heliograph.load.files import Source
from heliograph.load.nodes import Mapping, Scalar, Sequence
from heliograph.problems import Problems

LOADERS = pytest.mark.parametrize("loader", [yaml._LOADER, pyyaml.SafeLoader], ids=["libyaml", "python"])


def plain(node):
    """A tree as Python values with places: text becomes `text@line:column`."""
    match node:
        case Mapping():
            return {f"{key.value}@{key.line}:{key.column}": plain(value) for key, value in node.pairs.values()}
        case Sequence():
            return [plain(item) for item in node.items]
        case Scalar():
            return f"{node.value}@{node.line}:{node.column}"


def read_yaml(text, loader=yaml._LOADER):
    problems = Problems()
    tree = yaml.parse(text, "x.md", 2, problems, loader)
    return tree, [(p.code, p.place.line, p.place.column) for p in problems.found]


def read_toml(text):
    problems = Problems()
    tree = toml.parse(text, "x.toml", problems)
    return tree, [(p.code, p.place.line, p.place.column) for p in problems.found]


@LOADERS
def test_every_yaml_scalar_is_the_text_that_was_typed(loader):
    tree, problems = read_yaml("a: no\nb: 0123\nc: 14:30\nd: [~, 1.0, 2026-11-21]\ne:\n  f: 'true'\n", loader)
    assert problems == []
    assert plain(tree) == {
        "a@2:1": "no@2:4",
        "b@3:1": "0123@3:4",
        "c@4:1": "14:30@4:4",
        "d@5:1": ["~@5:5", "1.0@5:8", "2026-11-21@5:13"],
        "e@6:1": {"f@7:3": "true@7:6"},
    }


@LOADERS
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\nb: 2\na: 3\n", ("E106", 4, 1)),
        ("a: {b: 1, b: 2}\n", ("E106", 2, 11)),
        ("a: 1\njust words\n", ("E108", 3, 1)),
        ("just words\n", ("E108", 2, 1)),
        ("- a\n- b\n", ("E108", 2, 1)),
        ("", ("E108", 2, 1)),
        ("[a]: b\n", ("E108", 2, 1)),
        ("a: [1, 2\nb: 3\n", ("E109", 3, 2)),
        ("a: 'x\n", ("E109", 3, 1)),
        ("%YAML 1.2\n", ("E109", 3, 1)),
        ("a: 1\n...\n%TAG ! tag:x:\n--- \nb: 2\n", ("E116", 4, 1)),
        ("a: 1\n--- \nb: 2\n", ("E127", 3, 1)),
        ("a: 1\nb: !x y\n", ("E116", 3, 4)),
        ("a: ! y\n", ("E116", 2, 4)),
        ("a: 1 \tx\n", ("E105", 2, 6)),
    ],
)
def test_what_yaml_offers_beyond_plain_data_is_refused_at_its_place(loader, text, problem):
    assert read_yaml(text, loader)[1] == [problem]


def test_a_key_given_twice_keeps_its_first_value_and_reading_goes_on():
    tree, problems = read_yaml("a: 1\na: 2\nb: 3\nb: 4\n")
    assert [code for code, _, _ in problems] == ["E106", "E106"]
    assert plain(tree) == {"a@2:1": "1@2:4", "b@4:1": "3@4:4"}


def test_toml_keys_and_values_know_their_places_however_they_are_written():
    tree, problems = read_toml(
        'top = "x" # not = this\n'
        "[a.b]\n"
        "n = 1\n"
        '"quoted key" = [1, # one\n  { k = "v", z.y = 2 },\n]\n'
        "[[list]]\nid = '''\nmany\n'''\n"
        "[[list]]\nid = 'b'\n[list.inner]\nq = 2026-11-21\n"
        "[[list.deep]]\nw = true\n"
    )
    assert problems == []
    assert plain(tree) == {
        "top@1:1": "x@1:7",
        "a@1:1": {"b@2:2": {"n@3:1": "1@3:5", "quoted key@4:1": ["1@4:17", {"k@5:5": "v@5:9", "z@5:14": {"y@5:14": "2@5:20"}}]}},
        "list@7:3": [
            {"id@8:1": "many\n@8:6"},
            {"id@12:1": "b@12:6", "inner@13:2": {"q@14:1": "2026-11-21@14:5"}, "deep@15:3": [{"w@16:1": "true@16:5"}]},
        ],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('"15m"', "text"),
        ("15", "integer"),
        ("1.5", "other"),
        ("true", "boolean"),
        ("2026-11-21T14:20:00Z", "instant"),
        ("2026-11-21", "day"),
        ("2026-11-21T14:20:00", "other"),
        ("14:20:00", "other"),
    ],
)
def test_toml_values_keep_their_type(text, kind):
    tree, _ = read_toml(f"x = {text}\n")
    assert tree.pairs["x"][1].kind == kind


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a = 1\nb = \n", ("E618", 2, 5)),
        ("a = 1\na = 2\n", ("E106", 2, 6)),
        ("[a]\n[b]\n[a]\n", ("E106", 3, 3)),
        ("x = {a = 1, a = 2}\n", ("E106", 1, 18)),
        ("[a\n", ("E618", 1, 3)),
        ("a = [1", ("E618", 1, 1)),
        ("a = 1\nb = " + "9" * 5_000, ("E119", 2, 5)),
        ("a = " + "{b = " * 30, ("E117", 1, 105)),
        ("a = 2026-02-30T00:00:00Z\n", ("E618", 1, 5)),
    ],
)
def test_toml_that_cannot_be_read_is_refused_at_its_place(text, problem):
    assert read_toml(text)[1] == [problem]


def test_front_matter_ends_at_the_first_line_of_three_hyphens_and_the_body_knows_its_line():
    problems = Problems()
    tree, body = frontmatter.split(Source("x.md", "---\na: b\n---\n\nWords.\n---\n"), problems)
    assert plain(tree) == {"a@2:1": "b@2:4"}
    assert (body.line, body.text) == (4, "\nWords.\n---\n")


def test_a_file_may_end_with_its_front_matter():
    _, body = frontmatter.split(Source("x.md", "---\na: b\n---"), Problems())
    assert body.text == ""


@pytest.mark.parametrize("text", ["\n---\na: b\n---\n", " ---\na: b\n---\n", "----\na: b\n---\n", "Words.\n"])
def test_front_matter_begins_in_the_first_line_or_not_at_all(text):
    problems = Problems()
    assert frontmatter.split(Source("x.md", text), problems)[0] is None
    assert [p.code for p in problems.found] == ["E101"]
