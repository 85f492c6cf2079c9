"""What the second wall is measured by: secret sentences, ways to write them down, and harmless notes on real incidents."""

from __future__ import annotations

import base64
import gzip
import html
import json
import quopri
import random
import re
import textwrap
import unicodedata
import urllib.parse
import zlib
from collections.abc import Callable, Iterator, Sequence
from html import unescape
from pathlib import Path
from typing import NamedTuple

from heliograph.egress import Part, Watch, guarded
from heliograph.gate import Hidden
from heliograph.problems import Place, Problem, Refused
from heliograph.tree.artifact import Artifact

PUBLIC_WORDS = (
    "We are investigating why some payments fail. Payments in other regions work. A payment that failed was not charged.",
    "We have found the cause and are rolling out a fix. Some customers still see errors at checkout.",
    "This incident has been resolved. We are sorry for the trouble it caused.",
)

_SUBJECTS = (
    *("the storage crew", "a vendor engineer", "our ledger replica", "finance", "the legal desk", "the on-call lead"),
    *("a contractor", "the night shift", "the mesh gateway", "our largest tenant", "the release captain", "counsel"),
)
_VERBS = (
    *("drained", "forgot to rotate", "blames", "paged twice about", "quietly rolled back", "wants figures on"),
    *("asked nobody to name", "deleted by mistake", "is still counting", "escalated", "lost track of", "overloaded"),
)
_OBJECTS = (
    *("the primary in rack nine", "an unreviewed change", "the expired signing key", "refunds owed to partners"),
    *("three petabytes of backups", "the failover runbook", "a misrouted circuit", "the settlement queue"),
    *("the certificate of the broker", "customer exports from spring", "half of the shards", "the audit trail"),
)
_ENDS = (
    *(
        "before anybody noticed",
        "while the bridge stayed silent",
        "and hopes it goes unnoticed",
        "until the board meets",
    ),
    *(
        "after the second reboot",
        "without telling the commander",
        "so keep this between us",
        "because headcount is frozen",
    ),
)


def sentences(count: int, seed: str = "secrets") -> list[str]:
    """Invent different sentences that no outsider may read."""
    dice = random.Random(seed)
    told: dict[str, None] = {}
    while len(told) < count:
        words = " ".join(dice.choice(part) for part in (_SUBJECTS, _VERBS, _OBJECTS, _ENDS))
        told[f"{words[0].upper()}{words[1:]} ({dice.randrange(2, 99)} % so far)."] = None
    return list(told)


def _page(body: str) -> bytes:
    return f'<!doctype html><html lang="en"><title>Status</title><body><main>{body}</main></body></html>'.encode()


def _message(encoding: str, body: bytes) -> bytes:
    head = "Subject: Status\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    return f"{head}Content-Transfer-Encoding: {encoding}\r\n\r\n".encode() + body


def _encoded_words(words: str) -> str:
    pieces = (words[at : at + 30].encode() for at in range(0, len(words), 30))
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(piece).decode()}?=" for piece in pieces)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def _png(words: str) -> bytes:
    text = b"Comment\x00\x00" + zlib.compress(words.encode())
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", bytes(13)) + _chunk(b"zTXt", text) + _chunk(b"IEND", b"")


def _slug(words: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")


def _emphasised(words: str) -> str:
    return " ".join(f"{word[:1]}<em>{word[1:3]}</em><b>{word[3:]}</b>" for word in words.split())


def _halves(words: str) -> tuple[str, str]:
    return words[: len(words) // 2], words[len(words) // 2 :]


def _full_width(words: str) -> str:
    wide = "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in words)
    return unicodedata.normalize("NFD", wide)


WRITTEN: dict[str, Callable[[str], tuple[str, bytes]]] = {
    "verbatim": lambda words: ("html", _page(f"<p>{words}</p>")),
    "escaped as HTML": lambda words: ("html", _page(f"<p>{html.escape(words).replace(' ', '&nbsp;')}</p>")),
    "wrapped at 60": lambda words: ("txt", textwrap.fill(words, 60).encode()),
    "wrapped and quoted at 76": lambda words: ("txt", textwrap.indent(textwrap.fill(words, 40), "> ").encode()),
    "quoted-printable": lambda words: ("eml", _message("quoted-printable", quopri.encodestring(words.encode()))),
    "quoted-printable, all letters": lambda words: (
        "eml", _message("quoted-printable", "=\r\n".join(f"={code:02X}" for code in words.encode()).encode()),
    ),
    "base64": lambda words: ("eml", _message("base64", base64.encodebytes(words.encode()))),
    "encoded words": lambda words: ("eml", f"Subject: {_encoded_words(words)}\r\n\r\n-\r\n".encode()),
    "slug": lambda words: (f"{_slug(words)}.html", _page("<p>Nothing</p>")),
    "emphasis inside words": lambda words: ("html", _page(f"<p>{_emphasised(words)}</p>")),
    "upper case": lambda words: ("html", _page(f"<p>{words.upper()}</p>")),
    "percent-encoded": lambda words: ("html", _page(f'<a href="/search?q={urllib.parse.quote(words)}">x</a>')),
    "JSON escapes": lambda words: (
        "json", json.dumps({"a": "b"}).replace("b", "".join(f"\\u{ord(one):04x}" for one in words)).encode(),
    ),
    "CSS escapes": lambda words: (
        "css", ('.x::after{content:"' + "".join(f"\\{ord(one):x} " for one in words) + '"}').encode(),
    ),
    "gzip": lambda words: ("html", gzip.compress(_page(f"<p>{words}</p>"), mtime=0)),
    "cut in half": lambda words: ("html", _page(f"<p>{_halves(words)[0]}…</p>")),
    "entities for all letters": lambda words: (
        "html", _page("".join(f"&#{ord(one)};" if at % 2 else f"&#x{ord(one):x};" for at, one in enumerate(words))),
    ),
    "over two tags": lambda words: ("html", _page("<p>{}</p><p>{}</p>".format(*_halves(words)))),
    "attribute in XML": lambda words: ("atom", f'<feed><entry title="{html.escape(words)}"/></feed>'.encode()),
    "markup within XML": lambda words: ("atom", f"<feed>{html.escape(html.escape(_emphasised(words)))}</feed>".encode()),
    "full-width letters": lambda words: ("html", _page(f"<p>{_full_width(words)}</p>")),
    "comment": lambda words: ("html", _page(f"<!-- {words} -->")),
    "text in a picture": lambda words: ("png", _png(words)),
    "data address": lambda words: (
        "html", _page(f'<img src="data:text/plain;base64,{base64.b64encode(words.encode()).decode()}">'),
    ),
}  # fmt: skip
"""Ways in which words can stand in a file: kind or name of the file, and its bytes."""


def sorted_tokens(words: str) -> tuple[str, bytes]:
    """Write only which words occur, in the order of the alphabet: what no comparison of text can see."""
    return "json", json.dumps(sorted(set(re.findall(r"\w+", words.lower())))).encode()


def told(
    hidden: Sequence[Hidden], artifacts: Sequence[Artifact], *shown: object, **watch: object
) -> tuple[Problem, ...]:
    """Hold files against what is hidden from their reader, and give what is found."""
    said = shown or (PUBLIC_WORDS,)
    reader = Watch(reader="public", hidden=lambda: hidden, authored=(hidden, said), shown=said, **watch)
    try:
        passed = list(guarded("public", [Part(reader, artifacts)]))
    except Refused as refused:
        return refused.problems
    assert passed == list(artifacts)
    return ()


def written(way: Callable[[str], tuple[str, bytes]], words: Sequence[str]) -> tuple[list[Hidden], list[Artifact]]:
    """Make each of some secrets a source of its own, and a file that tells it."""
    hidden = [Hidden(one, Place(f"incidents/{number}/note.md", 7)) for number, one in enumerate(words)]
    files = [way(one) for one in words]
    return hidden, [
        Artifact(f"{number}/{kind}" if "." in kind else f"{number}/x.{kind}", data)
        for number, (kind, data) in enumerate(files)
    ]


class Note(NamedTuple):
    """A harmless internal text about an incident."""

    field: str
    words: str


def harmless_notes(title: str, said: Sequence[str], components: Sequence[str], dice: random.Random) -> Iterator[Note]:
    """Write what colleagues plausibly add to an incident, out of its own public words, names and times."""
    first, last = said[0], said[-1]
    name = dice.choice(components) if components else "the site"
    several = ", ".join(components) or name
    clock = f"{dice.randrange(24):02}:{dice.randrange(60):02}"
    clause = re.split(r"[.;:]", first)[0]
    past = re.sub(r"\b(is|are)\b", lambda found: {"is": "was", "are": "were"}[found.group()], title)
    yield Note("title", dice.choice((f"{name}: {title}", f"{title} (again)", f"{several}: degraded performance", past)))
    choices = (
        f"Page says: {clause}. Fine by me.",
        f"{several} degraded performance since {clock} UTC",
        f"Affected: {several}. State: partial outage, was operational.",
        f"{name}: major outage. {name} working normally before.",
        f"Told customers at {clock} UTC: {first}",
        f"All systems operational again, resolved at {clock} UTC. {last}",
        f"Next update by {clock} UTC. No known problems otherwise.",
        f"Since {clock} UTC {title[:1].lower()}{title[1:]}",
        f"{last} This incident has been resolved.",
        f"## What happened, and what we change\n\n{title}: {clause}",
        f"Title was {past}; {several} and nothing else",
        f"Resolved on 21 Nov 2026, {clock} UTC, after 42 min. {name}, {dice.choice(said)}",
        f"{name} {clause} {several}",
        f"{' and '.join(components[:2]) or name} under maintenance, then monitoring",
    )
    for words in dice.sample(choices, 3):
        yield Note("note", words)


def history(folder: Path, count: int | None = None) -> list[dict]:
    """Read real incidents out of the shared data, newest first."""
    file = folder / "statuspage" / "github-history" / "api" / "v2" / "incidents.json"
    return json.loads(file.read_text(encoding="utf-8"))["incidents"][:count]


def _plain(markup: str) -> str:
    """Make Markdown without HTML or links of somebody's HTML."""
    words = unescape(re.sub(r"<[^>]*>", " ", unescape(markup)))
    words = re.sub(r"[\[\]<>`*_|\\{}]|https?:\S+|\bwww\.\S+|:(?=\s*:)", " ", " ".join(words.split()))
    return re.sub(r"^[\s\-+#=>~:.\d]+", "", " ".join(words.split())) or "Update."


def annotated(root: Path, incidents: Sequence[dict], seed: str = "notes") -> list[tuple[Path, str]]:
    """Write real incidents as a site below `root`, each with harmless notes; gives every note with its file."""
    names = sorted({one["name"] for incident in incidents for one in incident["components"]})
    ids = {name: _slug(name) for name in names}
    _put(root / "site_src/site.toml", _SITE)
    _put(root / "site_src/components.toml", "".join(_component(name, ids[name]) for name in names))
    for audience, boundary, surfaces in _AUDIENCES:
        _put(
            root / f"audiences/{audience}.toml",
            f'name = "{audience}"\nboundary = "{boundary}"\nsurfaces = {surfaces}\n',
        )
    notes: list[tuple[Path, str]] = []
    for number, incident in enumerate(incidents):
        dice = random.Random(f"{seed}-{number}")
        notes += _incident(root / f"incidents/{incident['started_at'][:10]}-{number:04d}", incident, ids, dice)
    return notes


_SITE = """id = "history"
name = "GitHub"
url = "https://status.example.com"
clock = 2026-11-01T00:00:00Z
sensitive_terms = ["corp.example"]
"""
_AUDIENCES = (
    ("public", "external", '["page", "feed", "api", "digest"]'),
    ("internal", "internal", '["page"]'),
    ("support", "internal", '["brief", "digest", "macros"]'),
)


def _component(name: str, identity: str) -> str:
    return f'[[component]]\nid = "{identity}"\nname = {json.dumps(name)}\naudience = "public"\nowner = "{identity}-oncall"\n\n'


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _incident(folder: Path, incident: dict, ids: dict[str, str], dice: random.Random) -> Iterator[tuple[Path, str]]:
    updates = sorted(incident["incident_updates"], key=lambda one: one["display_at"])
    said = [_plain(one["body"]) for one in updates] or ["Update."]
    names = sorted({one["name"] for one in incident["components"]})
    title = _plain(incident["name"])[:130]
    notes = list(harmless_notes(title, said, names, dice))
    _put(
        folder / "incident.md",
        f"---\nid: {incident['id']}\ntitle:\n  public: {json.dumps(title, ensure_ascii=False)}\n"
        f"  internal: {json.dumps(notes[0].words[:130], ensure_ascii=False)}\n"
        f"started_at: {_minute(min(incident['started_at'], *(one['display_at'] for one in updates)))}\n"
        f"tags: {json.dumps([ids[name] for name in names])}\n---\n",
    )
    yield folder / "incident.md", notes[0].words[:130]
    for step, update in enumerate(updates):
        note = notes[1 + step].words if step + 1 < len(notes) else ""
        file = folder / f"{step:02d}-{update['status']}.md"
        claims = "".join(f"  {ids[name]}: partial_outage\n" for name in names) if step == 0 else ""
        status = update["status"] if step or update["status"] not in ("resolved", "postmortem") else "investigating"
        _put(
            file,
            f"---\nid: {update['id']}\naudience: public\nstatus: {status if status != 'postmortem' else 'resolved'}\n"
            f"at: {_minute(update['display_at'])}\nseverity: sev2\nroles: {{commander: platform-oncall}}\n"
            f"{f'components:{chr(10)}{claims}' if claims else ''}---\n{said[step]}\n"
            f"{f'{chr(10)}::: internal{chr(10)}{note}{chr(10)}' if note else ''}",
        )
        if note:
            yield file, note


def _minute(instant: str) -> str:
    return f"{instant[:16]}Z"
