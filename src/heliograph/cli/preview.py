"""The command that shows one message as its reader will get it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from heliograph.cli.house import House, Stop, as_json, instant_for
from heliograph.problems import did_you_mean
from heliograph.tree.artifact import Artifact

FOLDER = Path(".heliograph/preview")
_FORMS = ("html", "txt", "eml", "md", "json", "csv")


@click.command()
@click.argument("message", required=False)
@click.option("--text", is_flag=True, help="Print the text part instead of opening the browser.")
@click.option("--json", "json_", is_flag=True, help="List what there is as JSON.")
@click.pass_obj
def preview(house: House, message: str | None, text: bool, json_: bool) -> None:
    """Show a mail, a chat message or a macro in the browser; without MESSAGE list them all.

    MESSAGE is a name from the list, or a part of one that no other has: exec, globex, public/k3x9q2mf. What ends in
    .unlinked goes out while the page cannot be confirmed.
    """
    from heliograph.tree.fsio import make_folder, write_file_atomically

    files = _messages(house)
    names = sorted({path.rpartition(".")[0] for path in files if not path.endswith("index.json")})
    if message is None:
        click.echo(as_json(names) if json_ else "\n".join(names) or "No message is due to anyone.")
        return
    forms = {
        form: files[f"{name}.{form}"]
        for name in [_named(message, names)]
        for form in _FORMS
        if f"{name}.{form}" in files
    }
    if text or "html" not in forms or not sys.stdout.isatty():
        shown = forms.get("txt") or next(iter(forms.values()))
        click.echo(shown.data.decode(), nl=False)
        return
    place = house.root / FOLDER / "message.html"
    make_folder(place.parent)
    write_file_atomically(place, forms["html"].data)
    click.launch(place.as_uri())
    house.say(f"{place}")


def _messages(house: House) -> dict[str, Artifact]:
    """Make all mails and macros as a build does, read by the second wall; give them by path."""
    from heliograph.cli.build import build_of
    from heliograph.cli.ledgers import record_for
    from heliograph.pipeline import MACROS, MAIL

    site, _ = house.load()
    when = instant_for(site, None)
    plans = build_of(house, site, when, record_for(house, site, when)).trees()
    wanted = {MAIL: "", MACROS: f"{MACROS}/"}
    return {
        f"{wanted[plan.name]}{artifact.path}": artifact
        for plan in plans
        if plan.name in wanted
        for artifact in tuple(plan.artifacts)
    }


def _named(word: str, names: list[str]) -> str:
    """Find the one message a person means, or stop with the choices."""
    found = [name for name in names if name == word] or [name for name in names if word in name]
    found = [name for name in found if not name.endswith(".unlinked")] or found
    shortest = [name for name in found if name.endswith((f"/{word}", f"{word}/digest"))] or found
    if len(shortest) == 1:
        return shortest[0]
    if found:
        raise Stop("\n  ".join([f"{word!r} could be any of", *found]))
    raise Stop(f"no message is called {word!r} ({did_you_mean(word, names) or 'heliograph preview lists them'})")
