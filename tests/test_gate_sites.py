"""Sites written to trip the gate, as files: whatever stands under a label reaches the files of its readers alone.

Each label has a word of its own, which stands in every kind of field that may carry it. What is looked through is all
that a build makes, from the pages to the mails.
"""

import io
import tempfile
from functools import cache
from pathlib import Path

import pytest
from PIL import Image

from heliograph.check import check
from heliograph.load import load_site
from heliograph.pipeline import trees
from heliograph.render.layouts import Layouts
from heliograph.times import read_instant
from sites import INCIDENT, write_site

pytestmark = pytest.mark.slow

FOLDER = INCIDENT.rpartition("/")[0]
LABELS = ("public", "say", "strategic", "customer:globex", "customer:globex-labs", "customer:initech", "internal")
LABELS += ("exec", "support", "frontdesk")
WORD = {label: f"quokka{number}q" for number, label in enumerate(LABELS)}

PUBLIC = frozenset({"public"})
OUTSIDE = {
    "public/": PUBLIC,
    "mail/public/": PUBLIC,
    "macros/": PUBLIC | {"say"},
    "mail/strategic/globex/": PUBLIC | {"strategic", "customer:globex"},
    "mail/strategic/globex-labs/": PUBLIC | {"strategic", "customer:globex-labs"},
    "mail/strategic/initech/": PUBLIC | {"strategic", "customer:initech"},
}
INSIDE = {
    "frontdesk/": PUBLIC | {"frontdesk"},
    "mail/frontdesk/": PUBLIC | {"frontdesk"},
    "exec/": PUBLIC | {"exec", "internal"},
    "mail/exec/": PUBLIC | {"exec", "internal"},
    "support/": PUBLIC | {"support", "internal", "say"},
    "mail/support/": PUBLIC | {"support", "internal", "say"},
    "internal/": frozenset(LABELS) - {"exec", "frontdesk"},
}
READ = OUTSIDE | INSIDE
"""Which labels' words may stand in the files below a path."""

BY_NATURE = ("keeper-east", "keeper-west", "keeper-labs", "checkout-oncall", "sev2", "tag-of-ours", "quokka-holder")
"""What is internal whatever its file says; each customer's keeper but for its own."""


def audience(name, *more, boundary="internal"):
    return f'name = "{name}"\nboundary = "{boundary}"\n' + "".join(f"{line}\n" for line in more)


def customer(identity, keeper):
    return f'[[customer]]\nid = "{identity}"\nname = "{identity.title()} Ltd"\ncomponents = ["checkout"]\nowner = "{keeper}"'


def components():
    text = '[[group]]\nid = "shop"\nname = "Shop"\n[[group]]\nid = "cellar"\nname = "Cellar of quokkas"\n'
    text += '[[component]]\nid = "checkout"\nname = "Checkout"\naudience = "public"\ngroup = "shop"\nowner = "checkout-oncall"\n'
    for number, label in enumerate(LABELS[1:]):
        group = "cellar" if label in ("internal", "exec", "support") else "shop"
        text += f'[[component]]\nid = "part{number}"\nname = "Part {WORD[label]}"\naudience = "{label}"\ngroup = "{group}"\n'
    return text


def facts():
    return "".join(
        f'[[fact]]\nid = "fact{number}"\nname = "Figure {WORD[label]}"\naudience = "{label}"\n'
        for number, label in enumerate(LABELS)
    )


def update(identity, at, *lines, audience="public", text=""):
    head = "".join(f"{line}\n" for line in lines)
    return f'---\nid: {identity}\naudience: "{audience}"\nat: 2026-11-21T{at}Z\n{head}---\n{text}\n'


def passages(*labels):
    return "\n".join(f"::: {label}\nSaid of {WORD[label]}.\n" for label in labels)


def everything():
    """One public update with a part for every label, in rising and falling order, and one after it for each label."""
    parts = ", ".join(f"part{number}: major_outage" for number in range(len(LABELS) - 1))
    values = ", ".join(f"fact{number}: Value {WORD[label]}" for number, label in enumerate(LABELS))
    asks = ", ".join(f'{{what: Ask {WORD[one]}, of: team {WORD[one]}, audience: "{one}"}}' for one in LABELS)
    fixes = ", ".join(f'{{at: 2026-11-21T14:06Z, was: Old {WORD[one]}, audience: "{one}"}}' for one in LABELS)
    titles = "".join(f'  "{label}": Title {WORD[label]}\n' for label in LABELS)
    links = ", ".join(
        f'{{name: Room {WORD[one]}, url: "https://x.example/{WORD[one]}", audience: "{one}"}}' for one in LABELS
    )
    files = {
        INCIDENT: f"---\nid: k3x9q2mf\ntitle:\n{titles}started_at: 2026-11-21T14:02Z\ntags: [tag-of-ours]\nlinks: [{links}]\n---\n",
        f"{FOLDER}/1405-investigating.md": update(
            "all1", "14:05", "status: investigating", "severity: sev2", f"components: {{checkout: partial_outage, {parts}}}",
            f"facts: {{{values}}}", f"asks: [{asks}]", f"corrected: [{fixes}]", "next_update: 30m", "roles: {commander: quokka-holder}",
            text=f"Said of {WORD['public']}.\n\n" + passages(*LABELS[1:], *reversed(LABELS)) + "\n![drawn](graph.png)",
        ),
        f"{FOLDER}/1405-investigating+initech.md": f"Added for {WORD['customer:initech']}.\n",
        f"{FOLDER}/postmortem.md": "---\nid: pm1\naudience: public\nat: 2026-11-21T14:18Z\n---\n"
        + passages(*LABELS),
        "site_src/pages/about.md": "---\ntitle: About\naudience: public\n---\n" + passages(*LABELS),
    }  # fmt: skip
    for number, label in enumerate(LABELS):
        decision = f'decision: {{what: Choose {WORD[label]}, at: 2026-11-21T16:00Z, who: chair {WORD[label]}, audience: "{label}"}}'
        status = "status: resolved" if label == "customer:globex" else "status: identified"
        text = f"Later of {WORD[label]}." + (f"\n\n![drawn {WORD[label]}](deep.png)" if label == "internal" else "")
        files[f"{FOLDER}/1410-{number}.md"] = update(
            f"one{number}", "14:10", status, decision, "next_update: 5m", audience=label, text=text
        )
    return files


def hidden_work():
    """Planned work that colleagues moved, cancelled for one customer, and work nobody outside knows."""
    window = "window: {start: 2026-11-21T14:00Z, end: 2026-11-21T15:00Z}"
    titles = f"title:\n  public: Upgrade\n  internal: Upgrade {WORD['internal']}\n"
    return {
        "incidents/work/maintenance.md": f"---\nid: wq8n4t2d\n{titles}{window}\n---\n",
        "incidents/work/1.md": update("w1", "13:00", "status: scheduled", "components: {checkout: under_maintenance}"),
        "incidents/work/2.md": update(
            "w2", "13:30", "status: cancelled", audience="internal", text=f"Off, {WORD['internal']}."
        ),
        "incidents/deep/maintenance.md": f"---\nid: dq8n4t2d\ntitle:\n  exec: Sale of {WORD['exec']}\n{window}\n---\n",
        "incidents/deep/1.md": update(
            "d1", "13:00", "status: scheduled", "components: {checkout: under_maintenance}", audience="exec"
        ),
        "incidents/withdrawn/incident.md": (
            f"---\nid: hr1\ntitle:\n  public: Withdrawn {WORD['exec']}\n  exec: Board of {WORD['exec']}\n"
            "started_at: 2026-11-21T13:02Z\n---\n"
        ),
        "incidents/withdrawn/1.md": update("h1", "13:05", "status: investigating", audience="exec", text=WORD["exec"]),
    }


CONFIGURATION = {
    "audiences/exec.toml": audience("Board", 'sees = ["internal"]', 'surfaces = ["brief", "digest"]'),
    "audiences/frontdesk.toml": audience("Front desk", 'surfaces = ["page", "digest"]'),
    "audiences/support.toml": audience(
        "Support", 'sees = ["internal", "say"]', 'surfaces = ["brief", "digest", "macros"]', 'shows = "all"'
    ),
    "audiences/public.toml": audience("Public", 'surfaces = ["page", "feed", "api", "digest"]', boundary="external"),
    "audiences/internal.toml": audience(
        "All", 'sees = ["support", "say", "strategic"]', 'surfaces = ["page", "feed", "api"]'
    ),
    "audiences/strategic.toml": audience(
        "Large ones",
        'surfaces = ["digest"]',
        customer("globex", "keeper-west"),
        customer("globex-labs", "keeper-labs"),
        customer("initech", "keeper-east"),
        boundary="external",
    ),
}


def picture(red):
    out = io.BytesIO()
    Image.new("RGB", (3, 2), (red, 2, 3)).save(out, "PNG")
    return out.getvalue()


@cache
def built(at):
    """Everything a build makes of the whole site at an instant, by path."""
    with tempfile.TemporaryDirectory() as folder:
        files = {
            **CONFIGURATION, **everything(), **hidden_work(), "site_src/components.toml": components(),
            "site_src/facts.toml": facts(), f"{FOLDER}/graph.png": picture(1), f"{FOLDER}/deep.png": picture(2),
        }  # fmt: skip
        site = load_site(write_site(Path(folder), files))
    assert not [problem for problem in check(site) if problem.level == "error"]
    plans = trees(site, Layouts(), read_instant(f"2026-11-21T{at}Z"))
    return {f"{plan.name}/{one.path}": one.data for plan in plans for one in plan.artifacts}


def received(prefix, at="14:20"):
    return {path: data.decode("utf-8", "replace") for path, data in built(at).items() if path.startswith(prefix)}


@pytest.mark.parametrize("at", ["14:05", "14:20"])
@pytest.mark.parametrize("prefix", READ)
def test_a_word_reaches_the_files_of_its_labels_readers_alone(prefix, at):
    found = {
        (path, label)
        for path, text in received(prefix, at).items()
        for label, word in WORD.items()
        if word in text or word in path
    }
    assert found
    assert {label for _, label in found} <= READ[prefix]


@pytest.mark.parametrize(
    ("prefix", "label"),
    [(f"mail/strategic/{one}/", f"customer:{one}") for one in ("globex", "globex-labs", "initech")]
    + [("macros/", "say"), ("exec/", "exec"), ("internal/", "internal"), ("support/", "support"), ("frontdesk/", "frontdesk")],
)  # fmt: skip
def test_those_it_is_meant_for_do_get_it(prefix, label):
    assert any(WORD[label] in text for text in received(prefix).values())


@pytest.mark.parametrize("prefix", [*OUTSIDE, "frontdesk/", "mail/frontdesk/"])
def test_what_is_internal_by_nature_reaches_nobody_else(prefix):
    own = {"mail/strategic/globex/": "keeper-west", "mail/strategic/initech/": "keeper-east"}.get(prefix, "")
    own = own or ("keeper-labs" if "labs" in prefix else "")
    for path, text in received(prefix).items():
        assert not [word for word in BY_NATURE if word in text and word != own], path
        assert "Cellar of quokkas" not in text, path


def test_a_picture_is_published_for_those_whose_passage_names_it_and_nobody_else():
    drawn = {
        tree: sum(path.startswith(f"{tree}/assets/picture-") for path in built("14:20"))
        for tree in ("public", "internal")
    }
    assert drawn == {"public": 1, "internal": 2}


@pytest.mark.parametrize("prefix", OUTSIDE)
def test_planned_work_goes_on_outside_whatever_colleagues_said_of_it(prefix):
    texts = received(prefix)
    assert not [path for path, text in texts.items() if "dq8n4t2d" in text + path or "hr1" in path]
    if prefix == "public/":
        assert '"status":"in_progress"' in texts["public/api/v2/scheduled-maintenances.json"].replace(" ", "")
