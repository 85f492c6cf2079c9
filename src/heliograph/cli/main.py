"""The command `heliograph`. Subcommands are imported only when one is used, so that help is instant."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Final, NamedTuple

import click

from heliograph import __version__
from heliograph.cli import exits


class _Entry(NamedTuple):
    """Where a command lives, and the line that help shows of it."""

    place: str
    summary: str


COMMANDS: Final = {
    "init": _Entry("heliograph.cli.start:init", "Start a site in a new folder."),
    "add": _Entry("heliograph.cli.start:add", "Add an audience to a site."),
    "new": _Entry("heliograph.cli.author:new", "Write a new incident, maintenance or postmortem."),
    "update": _Entry("heliograph.cli.author:update", "Write an update with a status."),
    "note": _Entry("heliograph.cli.author:note", "Write a note: words without a status."),
    "translate": _Entry("heliograph.cli.translate:translate", "Begin the translation of a file."),
    "check": _Entry("heliograph.cli.inspect:check", "Say what is wrong with what was written."),
    "explain": _Entry("heliograph.cli.inspect:explain", "Tell who may read each part of an incident."),
    "due": _Entry("heliograph.cli.inspect:due", "List who is owed a word, and by when."),
    "diff": _Entry("heliograph.cli.diff:diff", "Tell what words a change gives a reader, and takes."),
    "build": _Entry("heliograph.cli.build:build", "Make every page, feed, mail and macro."),
    "serve": _Entry("heliograph.cli.serve:serve", "Show each reader's site on this machine."),
    "macros": _Entry("heliograph.cli.macros:macros", "List the replies that support may paste, or print one."),
    "publish": _Entry("heliograph.cli.publish:publish", "Put a built tree where its readers look."),
    "rollback": _Entry("heliograph.cli.after:rollback", "Bring back what a target held before."),
    "gc": _Entry("heliograph.cli.after:collect", "Delete from a bucket what no page names any more."),
    "ship": _Entry("heliograph.cli.ship:ship", "Take what is saved to everyone, in order."),
    "undo": _Entry("heliograph.cli.ship:undo", "Take back the last update."),
    "retract": _Entry("heliograph.cli.retract:retract", "Take an incident off everything, at once and for good."),
    "send": _Entry("heliograph.cli.send:send", "Tell everyone what is new to them, at most once."),
    "preview": _Entry("heliograph.cli.preview:preview", "Show a mail, a chat message or a macro."),
    "layouts": _Entry("heliograph.cli.layouts:layouts", "See and take over what pages are made with."),
    "doctor": _Entry("heliograph.cli.doctor:doctor", "Say what of all a site depends on is wrong."),
    "import": _Entry("heliograph.cli.imports:import_", "Take over another tool's site."),
}
"""In the order of use."""


class _Commands(click.Group):
    """Finds commands by name and imports them on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        entry = COMMANDS.get(name)
        if entry is None:
            return None
        module, _, attribute = entry.place.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            from heliograph.problems import did_you_mean

            ctx.fail(f"no command is called {args[0]!r} ({did_you_mean(args[0], COMMANDS)})")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])


def _find_site(given: Path | None) -> Path:
    """Take the named folder, else the nearest one at or above here that holds a site."""
    if given is not None:
        return given
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / "site_src" / "site.toml").is_file()), here)


@click.group(
    cls=_Commands,
    invoke_without_command=True,
    context_settings={"auto_envvar_prefix": "HELIOGRAPH", "help_option_names": ["-h", "--help"]},
)
@click.option("--site", type=click.Path(file_okay=False, path_type=Path), help="The site's folder. [default: nearest]")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but results and errors.")
@click.option("-v", "--verbose", count=True, help="Say more; twice shows where an internal error arose.")
@click.option("--json", "as_json", is_flag=True, help="Without a command: print the board as JSON.")
@click.version_option(__version__, message="heliograph %(version)s")
@click.pass_context
def cli(ctx: click.Context, site: Path | None, quiet: bool, verbose: int, as_json: bool) -> None:
    """One incident, written once, told right to everyone.

    Without a command: what is open, who is owed a word, and what to type next.
    """
    from heliograph.cli.house import House

    ctx.obj = House(root=_find_site(site), quiet=quiet, verbose=verbose)
    if ctx.invoked_subcommand is None:
        from heliograph.cli.inspect import show_board

        show_board(ctx.obj, json_=as_json)


def main(argv: list[str] | None = None) -> None:
    """Run a command line and exit with its code; whatever goes wrong is a line of text, never a traceback."""
    try:
        code = cli.main(args=argv, prog_name="heliograph", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped; nothing was changed by the last step.", err=True)
        sys.exit(exits.FAILED)
    except Exception as error:  # noqa: BLE001 -- the last resort
        from heliograph.cli.errors import report

        sys.exit(report(error, argv or sys.argv[1:]))
    sys.exit(code if isinstance(code, int) else exits.DONE)


if __name__ == "__main__":
    main()
