"""Write a synthetic site of any size, for timing: `python bench/corpus.py --incidents 1000 --out DIR [--pelican DIR]`.

N incidents over five years on 20 components, four updates each of about 63 words (bold, emphasis, a link, code; half
have a list), with passages for insiders on a share of them, and all shipped audiences. The same content can be written
as a Pelican site. The same number and seed give the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pelican_site
from story import COMPONENTS, GROUPS, STATES, Incident, Update, incidents

AUDIENCES = Path(__file__).resolve().parent.parent / "audiences"


def _identity(*parts: object) -> str:
    """Make an id that looks random and is not."""
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()[:16]


def put(path: Path, text: str) -> None:
    """Write one file, making its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def write_site(out: Path, told: list[Incident]) -> None:
    """Write a site in Heliograph's own format, as docs/files.md describes it."""
    put(out / "site_src/site.toml", SITE)
    put(out / "site_src/components.toml", "".join(_components()))
    put(out / "site_src/facts.toml", FACTS)
    put(out / "site_src/severities.toml", "".join(_severities()))
    for source in sorted(AUDIENCES.glob("*.toml")):
        if source.stem != "strategic":
            (out / "audiences").mkdir(exist_ok=True)
            shutil.copyfile(source, out / "audiences" / source.name)
    put(out / "audiences/strategic.toml", STRATEGIC)
    for incident in told:
        _write_incident(out / "incidents" / incident.name, incident)


def _components() -> Iterator[str]:
    for group, (name, _) in GROUPS.items():
        yield f'[[group]]\nid = "{group}"\nname = "{name}"\n\n'
    for group, (_, members) in GROUPS.items():
        for member in members:
            yield f'[[component]]\nid = "{member}"\nname = "{COMPONENTS[member]}"\ngroup = "{group}"\n'
            yield f'audience = "public"\nsince = 2021-01-01\nowner = "{member}-oncall"\n\n'


def _severities() -> Iterator[str]:
    for severity, state in STATES.items():
        yield f'[{severity}]\nname = "{severity.upper()}"\nmeaning = "A {state.replace("_", " ")} for many"\n\n'


def _write_incident(folder: Path, incident: Incident) -> None:
    put(
        folder / "incident.md",
        f'---\nid: {_identity(incident.name)}\ntitle:\n  public: "{incident.title}"\n'
        f'  internal: "{incident.inner_title}"\nstarted_at: {incident.start:%Y-%m-%dT%H:%MZ}\n'
        f"tags: [{incident.components[0]}]\nlinks:\n  - name: War room\n"
        f'    url: "https://chat.corp.example/c/{incident.number}"\n    audience: internal\n---\n',
    )
    for step, update in enumerate(incident.updates):
        put(folder / f"{step}-{update.status}.md", "".join(_update(incident, step, update)))


def _update(incident: Incident, step: int, update: Update) -> Iterator[str]:
    yield f"---\nid: {_identity(incident.name, step)}\naudience: public\nstatus: {update.status}\n"
    yield f"at: {update.at:%Y-%m-%dT%H:%MZ}\n"
    if step == 0:
        yield f"severity: {incident.severity}\ncomponents:\n"
        yield from (f"  {component}: {STATES[incident.severity]}\n" for component in incident.components)
    if update.status != "resolved":
        yield "next_update: 30m\n"
    if update.affected is not None:
        yield f"facts:\n  customers_affected: {update.affected}\n"
    yield f"---\n{update.public}\n"
    for label, words in update.passages:
        yield f"\n::: {label}\n{words}\n"


SITE = """id = "bench"
name = "Example Status"
url = "https://status.example.com"
internal_url = "https://status.corp.example"
clock = 2026-11-01T00:00:00Z
sensitive_terms = ["corp.example"]
"""
FACTS = """[[fact]]
id = "customers_affected"
name = "Customers affected"
audience = "internal"
unit = "accounts"
"""
STRATEGIC = """name = "Strategic customers"
boundary = "external"
surfaces = ["digest"]
owner = "account-management-lead"
wait_for = "page"

[[customer]]
id = "globex"
name = "Globex"
components = ["api", "web", "db-eu"]
locale = "en-US"
timezone = "America/New_York"
owner = "account-owner-americas"
"""


def main() -> None:
    """Read the command line and write the sites."""
    parser = argparse.ArgumentParser(description="Write a synthetic site for timing.")
    parser.add_argument("--incidents", type=int, required=True, metavar="N")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the Heliograph site goes")
    parser.add_argument("--pelican", type=Path, metavar="DIR", help="where the same content goes as a Pelican site")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    told = incidents(arguments.incidents, arguments.seed)
    write_site(arguments.out, told)
    if arguments.pelican is not None:
        pelican_site.write_site(arguments.pelican, told)
    lengths = [len(update.public.split()) for incident in told for update in incident.updates]
    inner = sum(bool(update.passages) for incident in told for update in incident.updates)
    mean = sum(lengths) / max(1, len(lengths))
    print(f"{len(told)} incidents, {len(lengths)} updates of {mean:.1f} words, {inner} of them with passages for fewer")


if __name__ == "__main__":
    main()
