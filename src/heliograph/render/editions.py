"""The same site in further languages: each has a folder of its own, and every page leads to the same page in others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from babel import Locale
from markupsafe import Markup
from msgspec import Struct, structs

from heliograph.render.tongue import Tongue, tongue
from heliograph.tree.artifact import Artifact
from heliograph.view import About, View


class Edition(Struct, frozen=True):
    """One page in one language: the language's name, and where the page is.

    `path` leads to it from the top of the pages of the language that is read, `url` is its address. The entry for
    readers of any other language comes last, is called `x-default` and has no name.
    """

    language: str
    name: str
    path: str
    url: str


def folder(about: About) -> str:
    """Name the folder of a further language's pages; empty for the site's main language."""
    return about.language if about.language in about.languages[1:] else ""


def in_language(view: View, language: str) -> View:
    """Give a view to be told in another language, with the addresses of the public pages in it where there are any.

    Authored texts stay as they are: which translations a reader gets is decided before.
    """
    about = structs.replace(view.about, language=language)
    public_url = f"{_main_url(view.about)}/{folder(about)}".rstrip("/")
    url = public_url if view.about.url == view.about.public_url else view.about.url
    return structs.replace(view, about=structs.replace(about, url=url, public_url=public_url))


def in_all_languages(view: View, told_in: Callable[[str], View] | None = None) -> Iterator[View]:
    """Give the public's view, which is in the main language, and then the same in each further one.

    `told_in` gives what the same reader sees in a language; without it, authored texts stay as they are.
    """
    yield view
    for language in view.about.languages[1:]:
        yield in_language(told_in(language) if told_in else view, language)


def within(folder: str, artifacts: Iterable[Artifact]) -> Iterator[Artifact]:
    """Put files into a folder, or leave them where they are if it has no name."""
    for artifact in artifacts:
        yield Artifact(f"{folder}/{artifact.path}", artifact.data) if folder else artifact


def editions(about: About, path: str) -> tuple[Edition, ...]:
    """Say where a page of the public site is in each of its languages; nothing where there is but one."""
    if len(about.languages) < 2:  # noqa: PLR2004 -- one language needs no links to others
        return ()
    up = "../" if folder(about) else ""
    base, place = _main_url(about), path.removesuffix("index.html")
    main, *further = about.languages
    found = [Edition(main, tongue(main).name, f"{up}{path}", f"{base}/{place}")]
    found += (Edition(one, tongue(one).name, f"{up}{one}/{path}", f"{base}/{one}/{place}") for one in further)
    return (*found, Edition("x-default", "", "", f"{base}/{place}"))


def main_language(about: About) -> str:
    """Name the language in which a site's authors write."""
    return about.languages[0] if about.languages else about.language


def foreign(about: About) -> Markup:
    """Mark what authors wrote in the site's main language: ` lang="en"`; nothing on pages that are in it themselves."""
    main = tongue(main_language(about))
    if main.language == about.language:
        return Markup()
    turned = main.direction != tongue(about.language).direction
    marks = {"lang": main.language, **({"dir": main.direction} if turned else {})}
    return Markup("").join(Markup(' {}="{}"').format(name, value) for name, value in marks.items())


def translation_note(tongue: Tongue, written_in: str, *, is_stale: bool) -> str:
    """Say why a text stands in another language than its page does; `written_in` is the tag of that language.

    Either nobody has translated it yet, or its translation is of older words and is not shown.
    """
    if is_stale:
        return tongue.gettext("The translation is older than the original; this is the original.")
    language = Locale(written_in[:2]).get_language_name(tongue.locale)
    return tongue.gettext("Only in %(language)s so far.", language=language)


def _main_url(about: About) -> str:
    """Give the address of the public pages in the main language."""
    inside = folder(about)
    return about.public_url.removesuffix(f"/{inside}") if inside else about.public_url
