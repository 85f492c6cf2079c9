"""The layouts: shipped ones, overridden block by block by a site's own. They get a typed view and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    nodes,
)
from jinja2.ext import InternationalizationExtension

from heliograph import resources
from heliograph.problems import Refused
from heliograph.render import markup, words
from heliograph.render.broken import Missing, problem_of
from heliograph.render.tongue import ENGLISH, Tongue, parted, tongue
from heliograph.times import write_instant, write_interval


class Layouts:
    """A compiled set of layouts. `own` is a site's folder of overrides, which may not exist.

    Layouts are code, and trusted like code; what people write about incidents never passes through one.
    """

    def __init__(self, own: Path | None = None) -> None:
        self._own = own
        shipped = FileSystemLoader(resources.defaults() / "layouts")
        loaders: list[BaseLoader] = [shipped, PrefixLoader({"!default": shipped})]
        if own is not None and own.is_dir():
            loaders.insert(0, FileSystemLoader(own))
        self._loader = ChoiceLoader(loaders)
        self._environments: dict[Tongue, Environment] = {}

    def render(self, name: str, tongue: Tongue, /, **context: object) -> str:
        """Render one layout, such as `web/index.html`, in a language. Raises Refused for one that is broken."""
        environment = self._speaking(tongue)
        try:
            return environment.get_template(name).render(context, tongue=tongue)
        except Refused:
            raise
        except Exception as error:
            problem = problem_of(error, name, self._own, context, environment)
            if problem is None:
                raise
            raise Refused([problem]) from error

    def _speaking(self, tongue: Tongue) -> Environment:
        """Give the environment of a language, in which each layout is compiled once."""
        if tongue not in self._environments:
            self._environments[tongue] = _environment(self._loader, tongue)
        return self._environments[tongue]

    def source(self, name: str) -> str:
        """Give a layout's text, for files such as the stylesheet that need no rendering."""
        return self._loader.get_source(self._speaking(ENGLISH), name)[0]

    def words(self, languages: Iterable[str] = ()) -> Iterator[str]:
        """Give the text of each shipped layout, tags included, with NUL wherever a template puts something in.

        Then all messages follow that layouts and renderers say in these languages, in the same form.
        """
        environment = self._speaking(ENGLISH)
        for name in environment.list_templates(filter_func=lambda name: name.startswith("!default/")):
            parsed = environment.parse(self.source(name))
            yield "\0".join(piece.data for piece in parsed.find_all(nodes.TemplateData))
            yield from (parted(one.value) for one in parsed.find_all(nodes.Const) if isinstance(one.value, str))
        for language in languages:
            yield from tongue(language).messages()


def _environment(loader: BaseLoader, tongue: Tongue) -> Environment:
    environment = Environment(
        loader=loader,
        autoescape=_is_markup,  # noqa: S701 -- on for all but plain text
        undefined=Missing,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        extensions=[InternationalizationExtension],
    )
    environment.policies["ext.i18n.trimmed"] = True
    # The extension adds this method to the environment.
    environment.install_gettext_translations(tongue.translations, newstyle=True)  # type: ignore[attr-defined]
    environment.filters.update(_FILTERS, **_spoken(tongue))
    return environment


def _is_markup(name: str | None) -> bool:
    """Escape everywhere but in plain-text layouts, where an ampersand is an ampersand."""
    return name is None or not name.endswith((".txt", ".md"))


_FILTERS = {
    "html": markup.for_page,
    "illustrated": markup.illustrated,
    "plain": markup.to_text,
    "line": markup.to_line,
    "joined": words.joined,
    "instant": write_instant,
    "interval": write_interval,
}


def _spoken(tongue: Tongue) -> dict[str, Callable[..., str]]:
    """Give the filters that depend on the language."""
    return {
        "clock": tongue.clock,
        "clock_zone": tongue.clock_zone,
        "day": tongue.day,
        "short_day": tongue.short_day,
        "weekday": tongue.weekday,
        "month_name": tongue.month,
        "moment": tongue.moment,
        "moment_beside": tongue.moment_beside,
        "duration": tongue.duration,
        "listing": tongue.listing,
        "number": tongue.number,
        "status_word": partial(words.status_word, tongue),
        "role_name": partial(words.role_name, tongue),
    }
