"""The command that begins a translation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from heliograph.author.translate import Original, new_translation
from heliograph.cli.house import House, Stop
from heliograph.load.translations import digests
from heliograph.model import Incident, Page, Postmortem, Site, Text, Update
from heliograph.problems import did_you_mean


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("language")
@click.pass_obj
def translate(house: House, file: Path, language: str) -> None:
    """Begin the translation of FILE into LANGUAGE: a draft beside it that holds its words, to be written over.

    FILE is an incident.md or maintenance.md (its titles), an update, a postmortem, or a page of your own.
    """
    site, _ = house.load()
    further = site.settings.languages[1:]
    if language not in further:
        known = did_you_mean(language, further) or "name it in `languages` of site_src/site.toml"
        raise click.UsageError(f"{language!r} is not a further language of this site ({known})")
    original = next((one for one in _originals(site) if (house.root / one.path).resolve() == file.resolve()), None)
    if original is None:
        raise Stop(f"{file} is none of the files of this site that can be translated")
    try:
        path = new_translation(house.root, original, language)
    except FileExistsError as error:
        raise Stop(f"{error.filename} is there already; `heliograph check` says whether it is up to date") from error
    click.echo(f"Wrote {path.relative_to(house.root).as_posix()}.")
    house.say("Translate its words, then remove `draft: true`: until then nobody is shown it.")


def _originals(site: Site) -> Iterator[Original]:
    """Give every file that can be translated."""
    for story in site.stories:
        of = tuple(digests(None, story.titles).items())
        yield Original(path=story.place.file, of=of, titles=_pairs(story.titles))
        yield from map(_message, story.updates)
        if isinstance(story, Incident) and story.postmortem:
            yield _message(story.postmortem)
    yield from map(_page, site.pages)


def _message(told: Update | Postmortem) -> Original:
    of = tuple(digests(None, told.passages).items())
    return Original(path=told.place.file, of=of, passages=_pairs(told.passages))


def _page(page: Page) -> Original:
    title = Text(label=page.audience, words=page.title, place=page.place)
    of = tuple(digests(title, page.passages).items())
    return Original(path=page.place.file, of=of, title=page.title, passages=_pairs(page.passages))


def _pairs(texts: Iterable[Text]) -> tuple[tuple[str, str], ...]:
    return tuple((text.label, text.words) for text in texts)
