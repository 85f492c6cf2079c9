"""The layouts: shipped ones, overridden block by block by a site's own. They get a typed view and nothing else."""

from __future__ import annotations

from pathlib import Path

from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined

from heliograph import resources
from heliograph.render import markup, words


class Layouts:
    """A compiled set of layouts. `own` is a site's folder of overrides, which may not exist."""

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
        """Render one layout, such as `web/index.html`."""
        return self._environment.get_template(name).render(context)

    def source(self, name: str) -> str:
        """Give a layout's text, for files such as the stylesheet that need no rendering."""
        loader = self._environment.loader
        assert loader is not None
        return loader.get_source(self._environment, name)[0]


def _is_markup(name: str | None) -> bool:
    """Escape everywhere but in plain-text layouts, where an ampersand is an ampersand."""
    return name is None or not name.endswith((".txt", ".md"))


_FILTERS = {
    "html": markup.to_html,
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
