"""The layouts: shipped ones, overridden block by block by a site's own. They get a typed view and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
    nodes,
)

from heliograph import resources
from heliograph.problems import Place, Problem, Refused
from heliograph.render import markup, words


class Layouts:
    """A compiled set of layouts. `own` is a site's folder of overrides, which may not exist.

    Layouts are code, and trusted like code; what people write about incidents never passes through one.
    """

    def __init__(self, own: Path | None = None) -> None:
        shipped = FileSystemLoader(resources.defaults() / "layouts")
        loaders: list[BaseLoader] = [shipped, PrefixLoader({"!default": shipped})]
        if own is not None and own.is_dir():
            loaders.insert(0, FileSystemLoader(own))
        self._environment = Environment(
            loader=ChoiceLoader(loaders),
            autoescape=_is_markup,  # noqa: S701 -- on for all but plain text
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
        )
        self._environment.filters.update(_FILTERS)

    def render(self, name: str, /, **context: object) -> str:
        """Render one layout, such as `web/index.html`. Raises Refused for one that is broken."""
        try:
            return self._environment.get_template(name).render(context)
        except TemplateSyntaxError as error:
            raise _broken(error.name or name, error.lineno, error.message or "this is no layout") from error
        except (TemplateError, UnicodeDecodeError) as error:
            raise _broken(name, 1, str(error)) from error

    def source(self, name: str) -> str:
        """Give a layout's text, for files such as the stylesheet that need no rendering."""
        loader = self._environment.loader
        assert loader is not None
        return loader.get_source(self._environment, name)[0]

    def words(self) -> Iterator[str]:
        """Give the text of each shipped layout, tags included, with NUL wherever a template puts something in."""
        for name in self._environment.list_templates(filter_func=lambda name: name.startswith("!default/")):
            parsed = self._environment.parse(self.source(name))
            yield "\0".join(piece.data for piece in parsed.find_all(nodes.TemplateData))
            yield from (one.value for one in parsed.find_all(nodes.Const) if isinstance(one.value, str))


def _broken(name: str, line: int, why: str) -> Refused:
    """Say what is wrong with a layout, at its place in the site."""
    return Refused([Problem(Place(f"layouts/{name}", line), "E701", f"this layout cannot be used: {why}")])


def _is_markup(name: str | None) -> bool:
    """Escape everywhere but in plain-text layouts, where an ampersand is an ampersand."""
    return name is None or not name.endswith((".txt", ".md"))


_FILTERS = {
    "html": markup.to_html,
    "illustrated": markup.illustrated,
    "plain": markup.to_text,
    "line": markup.to_line,
    "clock": words.clock,
    "clock_zone": words.clock_zone,
    "day": words.day,
    "short_day": words.short_day,
    "weekday": words.weekday,
    "month_name": words.month,
    "moment": words.moment,
    "moment_beside": words.moment_beside,
    "duration": words.duration,
    "listing": words.listing,
    "status_word": words.status_word,
    "joined": words.joined,
}
