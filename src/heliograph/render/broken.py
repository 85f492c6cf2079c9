"""What is wrong with a layout, in words: which file, which line, and what its author may have meant."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from jinja2 import Environment, StrictUndefined, TemplateError, TemplateNotFound, TemplateSyntaxError
from jinja2.utils import missing

from heliograph.problems import Place, Problem, did_you_mean

_UNDEFINED: Final = re.compile(r"'(\w+)' is undefined")
_NO_SUCH: Final = re.compile(r"No (filter|test) named '(\w+)'")


class Missing(StrictUndefined):
    """A name that a layout uses and nobody gave it: using it is an error, which names the nearest that exists."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        of, name = self._undefined_obj, str(self._undefined_name)
        if of is missing or self._undefined_hint:
            return super()._undefined_message
        known = map(str, of) if isinstance(of, Mapping) else (one for one in dir(of) if not one.startswith("_"))
        hint = did_you_mean(name, known)
        return f"`{type(of).__name__}` has no `{name}`" + (f" ({hint})" if hint else "")


class _Spot(NamedTuple):
    """A line of a layout."""

    name: str
    line: int
    is_own: bool


def problem_of(
    error: Exception, name: str, own: Path | None, given: Collection[str], environment: Environment
) -> Problem | None:
    """Say what is wrong with the layout `name`; None if the error is not the layout's.

    `own` is the site's folder of layouts, `given` the names that the layout got. What goes wrong in Python code is the
    layout's fault only where one of the site's own layouts called it.
    """
    spot = _spot(error, name, own)
    if not isinstance(error, (TemplateError, UnicodeDecodeError)) and not spot.is_own:
        return None
    message, hint = _said(error, given, environment)
    return Problem(Place(f"layouts/{spot.name}", spot.line), "E701", f"this layout cannot be used: {message}", hint)


def _spot(error: Exception, name: str, own: Path | None) -> _Spot:
    """Find the innermost line of the site's own layouts that led to an error, else the innermost of any layout."""
    if isinstance(error, TemplateSyntaxError):
        return _Spot(error.name or name, error.lineno, is_own=True)
    if isinstance(error, UnicodeDecodeError) and own is not None:
        files = (path for path in sorted(own.rglob("*")) if path.is_file() and path.read_bytes() == error.object)
        for path in files:
            line = error.object[: error.start].count(b"\n") + 1
            return _Spot(path.relative_to(own).as_posix(), line, is_own=True)
    spots = list(_spots(error, own))
    return next((spot for spot in spots if spot.is_own), spots[0] if spots else _Spot(name, 1, is_own=False))


def _spots(error: Exception, own: Path | None) -> Iterator[_Spot]:
    """Give the lines of layouts that an error passed through, innermost first."""
    found: list[_Spot] = []
    trace = error.__traceback__
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if own is not None and file.is_relative_to(own):
            found.append(_Spot(file.relative_to(own).as_posix(), trace.tb_lineno, is_own=True))
        elif "__jinja_exception__" in trace.tb_frame.f_globals:
            shipped = file.as_posix().rpartition("/layouts/")[2]
            found.append(_Spot(f"!default/{shipped}", trace.tb_lineno, is_own=False))
        trace = trace.tb_next
    return reversed(found)


def _said(error: Exception, given: Collection[str], environment: Environment) -> tuple[str, str]:
    """Put an error in words, with a hint."""
    if isinstance(error, TemplateNotFound):
        return f"there is no layout `{error.message}`", did_you_mean(str(error.message), environment.list_templates())
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8", ""
    message = str(error.message if isinstance(error, TemplateError) else error) or type(error).__name__
    undefined = _UNDEFINED.fullmatch(message)
    if undefined:
        return f"it is given no `{undefined.group(1)}`", did_you_mean(undefined.group(1), given)
    no_such = _NO_SUCH.match(message)
    if no_such:
        kind, name = no_such.groups()
        return f"there is no {kind} `{name}`", did_you_mean(name, getattr(environment, f"{kind}s"))
    return message, ""
