# ruff: noqa: INP001 -- a script, run after a change to what layouts are given
"""Write docs/layouts.md: what each layout is for and what it is given, as recorded while the example is built.

Run it as `python docs/guide.py`. A test compares what it writes with the file.
"""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final, NamedTuple, cast, get_args, get_type_hints

import msgspec
from jinja2 import nodes
from jinja2.filters import FILTERS

from heliograph.load import load_site
from heliograph.pipeline import trees
from heliograph.render import overrides, pages
from heliograph.render.brief import Case, Help
from heliograph.render.digests.sheet import Row, Sheet
from heliograph.render.editions import Edition
from heliograph.render.front import Front
from heliograph.render.guide import PURPOSES
from heliograph.render.internal import Backroom
from heliograph.render.layouts import Layouts
from heliograph.render.macros import Macro
from heliograph.render.mail import Mail
from heliograph.render.owed import Promise
from heliograph.render.reach import Reach
from heliograph.render.tongue import ENGLISH, Tongue
from heliograph.render.voice import Voice
from heliograph.resources import defaults
from heliograph.view import About, Component, Desk, Dossier, Incident, Maintenance, Month, Owner, Page

PAGE: Final = Path(__file__).with_name("layouts.md")

Given = Mapping[str, Mapping[str, list[object]]]
"""By layout and name, the values that were given."""


class Name(NamedTuple):
    """What stands behind a name that layouts are given and that is no function."""

    type: object
    meaning: str


NAMES: Final[Mapping[str, Name]] = {
    "about": Name(About, "the site itself"),
    "above": Name(tuple[Row, ...], "the lines above a letter's greeting"),
    "after": Name(Month | None, "the next month that has a page"),
    "ahead": Name(tuple[Macro, ...], "replies about planned work"),
    "backroom": Name(Backroom, "what only colleagues look up"),
    "before": Name(Month | None, "the month before it that has a page"),
    "cases": Name(list[Case], "the open problems that this audience asked to hear of, gravest first"),
    "chrome": Name(pages.Chrome, "what surrounds the page, rendered by the layouts in `chrome/`"),
    "closing": Name(tuple[Macro, ...], "replies about what is over"),
    "column": Name(int, "width of the labels in plain text, in characters"),
    "component": Name(Component, "the component that the page is about"),
    "desk": Name(Desk, "what only insiders' surfaces add"),
    "dossier": Name(Dossier | None, "what colleagues know of the problem or work that the page is about"),
    "editions": Name(tuple[Edition, ...], "the same page in the site's other languages"),
    "frame": Name(pages.Frame, "what all pages of one site share"),
    "front": Name(Front, "what the first page tells, in order"),
    "header": Name(str, "what the reply answers, from when its words are and how long they hold"),
    "headers": Name(list[str], "the header of each reply"),
    "helps": Name(list[Help], "the open problems, each with what helps an agent"),
    "icon": Name(str, "the site's icon, whole, as an address"),
    "incident": Name(Incident, "the problem that the page is about"),
    "last": Name(Incident | None, "the newest problem that is over"),
    "macro": Name(Macro, "the reply"),
    "mail": Name(Mail, "the mail's subject and other headers"),
    "month": Name(Month, "the month that the page is about"),
    "older": Name(int, "how many more problems of this component stand in the history"),
    "opened": Name(int, "how many problems are open"),
    "others": Name(list[Incident], "open problems that this audience did not ask to hear of in full"),
    "owed": Name(tuple[Promise, ...], "the words owed on the page's subject, the longest overdue first"),
    "owner": Name(Owner | None, "who keeps the component that the page is about, and where its papers are"),
    "page": Name(Page, "the site's own page"),
    "past": Name(tuple[Incident, ...], "the newest problems of this component"),
    "planned": Name(tuple[Maintenance, ...], "planned work that goes on or comes next"),
    "reach": Name(Reach, "whom an open problem touches, by component and by region"),
    "root": Name(str, "leads from the page to the top of the pages in its language; empty, or ends in a slash"),
    "rule": Name(str, "a line across the page, in plain text"),
    "script": Name(str, "the script's path"),
    "sheet": Name(Sheet, "what the mail says, section by section"),
    "state_words": Name(dict[str, str], "what each state of a component is called"),
    "stylesheet": Name(str, "the stylesheet's path"),
    "tongue": Name(Tongue, "the page's language: times, spans, lists and numbers"),
    "top": Name(str, "leads from the page to the top of the site, where `assets/` lies; empty, or ends in a slash"),
    "voice": Name(Voice, "sentences about problems and planned work, in the site's zone"),
    "withdrawn": Name(list[str], "which replies no longer hold, by incident"),
    "work": Name(Maintenance, "the planned work that the page is about"),
    "works": Name(tuple[Maintenance, ...], "the newest planned work on this component"),
    "years": Name(tuple[tuple[int, tuple[Month, ...]], ...], "the months that have a page, by year, newest first"),
}

BEGINS: Final = "## What each layout is given"
"""What stands above this heading is written by hand and stays."""


class Recording(Layouts):
    """Layouts that remember what they were given."""

    def __init__(self) -> None:
        super().__init__()
        self.given: dict[str, dict[str, list[object]]] = {}

    def render(self, name: str, tongue: Tongue, /, **context: object) -> str:
        """Render as ever, and remember."""
        for key, value in {**context, "tongue": tongue}.items():
            self.given.setdefault(name, {}).setdefault(key, []).append(value)
        return super().render(name, tongue, **context)


def recorded() -> Given:
    """Build the example and give what its layouts were given."""
    site, layouts = load_site(defaults()), Recording()
    assert site.settings.clock is not None
    for tree in trees(site, layouts, site.settings.clock):
        for _ in tree.artifacts:
            pass
    return layouts.given


def to_markdown(given: Given) -> str:
    """Write the whole page, its beginning as it stands."""
    lines = [PAGE.read_text(encoding="utf-8").partition(BEGINS)[0] + BEGINS]
    for title, names in _groups(given):
        common = set.intersection(*(set(given[name]) for name in names if name in given))
        lines += ["", f"### {title}", "", f"Each gets {_listed(common)}."]
        for name in names:
            lines += ["", f"#### {name}", "", *_layout(name, set(given.get(name, {})) - common)]
    lines += ["", "## Names", "", *_names(given)]
    lines += ["", "## Functions", "", *_bullets(_functions(given))]
    lines += ["", "## Filters", "", "Those of Jinja, and:", "", *_bullets(_filters())]
    lines += ["", "## Types", *_types()]
    return "\n".join(lines) + "\n"


def _groups(given: Given) -> Iterator[tuple[str, list[str]]]:
    """Sort the layouts that Jinja reads by what they make."""
    titles = {"web": "Pages", "chrome": "What surrounds pages", "brief": "Briefs", "mail": "Mails", "macro": "Replies"}
    kinds: dict[str, list[str]] = {kind: [] for kind in titles}
    for name in overrides.shipped():
        if name.endswith((".html", ".txt", ".md")):
            kinds["chrome" if "/chrome/" in name else name.partition("/")[0]].append(name)
    yield from ((titles[kind], names) for kind, names in kinds.items() if given.keys() & set(names))


def _layout(name: str, besides: set[str]) -> Iterator[str]:
    """Describe one layout: what for, what it builds on, its blocks or macros, what only it gets."""
    purpose = PURPOSES[name]
    extends = overrides.extends(name)
    yield f"{purpose[0].upper()}{purpose[1:]}." + (f" Extends `{extends}`." if extends else "")
    told = {
        "Gets besides": sorted(besides),
        "Blocks": list(overrides.shipped_blocks(name)),
        "Macros": list(_macros(name)),
    }
    if any(told.values()):
        yield ""
        yield from (f"- {what}: {_listed(names)}" for what, names in told.items() if names)


def _macros(name: str) -> Iterator[str]:
    parsed = overrides.parsed(name, overrides.shipped()[name])
    for macro in parsed.find_all(nodes.Macro):
        yield f"{macro.name}({', '.join(argument.name for argument in macro.args)})"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in (sorted(names) if isinstance(names, set) else names))


def _names(given: Given) -> Iterator[str]:
    used = {name for names in given.values() for name in names}
    known = {name: NAMES[name] for name in sorted(used & NAMES.keys())}
    yield from _bullets({f"{name}: {written(one.type)}": one.meaning for name, one in known.items()})


def _functions(given: Given) -> dict[str, str]:
    """Say in a line what each function does that some layout is given."""
    found = {name: values[0] for names in given.values() for name, values in names.items() if callable(values[0])}
    return {f"{name}{signature(cast('Any', one))}": summary(one) for name, one in sorted(found.items())}


def _filters() -> dict[str, str]:
    environment = Layouts()._speaking(ENGLISH)  # noqa: SLF001 -- what filters there are is told nowhere else
    own = {name: one for name, one in environment.filters.items() if name not in FILTERS}
    return {f"{name}{_rest(signature(one))}": summary(one) for name, one in sorted(own.items())}


def _rest(arguments: str) -> str:
    """Drop the first argument, which is what stands before the bar."""
    rest = arguments.strip("()").partition(", ")[2]
    return f"({rest})" if rest else ""


def _types() -> Iterator[str]:
    for title, kind in titled(name.type for name in NAMES.values()).items():
        yield from ("", f"### {title}", "", inspect.cleandoc(kind.__doc__ or ""), "")
        yield from (f"- `{name}: {of}`" for name, of in fields(kind))
        yield from _bullets(methods(kind))


def titled(kinds: Iterable[object]) -> dict[str, type]:
    """Give every type that is reached from some by its name, with its module where two have the same name."""
    found = types_in(kinds)
    times = Counter(kind.__name__ for kind in found)
    return {
        kind.__name__ if times[kind.__name__] == 1 else f"{kind.__name__} ({kind.__module__.rpartition('.')[2]})": kind
        for kind in found
    }


def _bullets(told: Mapping[str, str]) -> Iterator[str]:
    yield from (f"- `{name}`: {meaning}" for name, meaning in told.items())


def signature(function: Callable[..., object]) -> str:
    """Write the arguments of a function as a layout passes them: `(component, days=90)`."""
    told = []
    for argument in inspect.signature(function).parameters.values():
        if argument.kind is argument.VAR_POSITIONAL:
            told.append(f"*{argument.name}")
        elif argument.default is argument.empty:
            told.append(argument.name)
        else:
            told.append(f"{argument.name}={argument.default!r}")
    return f"({', '.join(told)})"


def summary(documented: object) -> str:
    """Give the first sentence of what something says of itself."""
    while isinstance(documented, partial):
        documented = documented.func
    return (inspect.getdoc(documented) or "").partition("\n")[0]


def written(kind: object) -> str:
    """Write a type as a reader of Python knows it, without the modules that its parts live in."""
    name = kind.__name__ if isinstance(kind, type) and not get_args(kind) else str(kind)
    return re.sub(r"\b(?:\w+\.)+(?=\w)", "", name).replace("NoneType", "None")


def types_in(kinds: Iterable[object]) -> tuple[type, ...]:
    """Give every type of ours that is reached from some, field by field, in order of name."""
    found: set[type] = set()
    ahead = list(kinds)
    while ahead:
        kind = ahead.pop()
        ahead += get_args(kind)
        if isinstance(kind, type) and kind.__module__.startswith("heliograph.") and kind not in found:
            found.add(kind)
            ahead += get_type_hints(kind).values() if _is_record(kind) else ()
    return tuple(sorted(found, key=lambda one: (one.__name__, one.__module__)))


def _is_record(kind: type) -> bool:
    return issubclass(kind, msgspec.Struct) or hasattr(kind, "_fields")


def fields(kind: type) -> Iterator[tuple[str, str]]:
    """Give the fields and properties of a type with their own types, in order of writing."""
    if _is_record(kind):
        hints = get_type_hints(kind)
        names = kind.__struct_fields__ if issubclass(kind, msgspec.Struct) else cast("Any", kind)._fields
        yield from ((name, written(hints[name])) for name in names)
    for name, member in vars(kind).items():
        if isinstance(member, (property, cached_property)) and not name.startswith("_"):
            getter = member.fget if isinstance(member, property) else member.func
            yield name, written(get_type_hints(getter).get("return", object))


def methods(kind: type) -> dict[str, str]:
    """Say in a line what each public method of a type does, by name and arguments."""
    own = {name: one for name, one in vars(kind).items() if inspect.isfunction(one) and not name.startswith("_")}
    return {f"{name}{signature(partial(one, None))}": summary(one) for name, one in own.items()}


if __name__ == "__main__":
    PAGE.write_text(to_markdown(recorded()), encoding="utf-8")
