"""After a save only what was touched is read again, and what comes of it is what reading everything would give."""

import random
import shutil

import pytest

from heliograph.load import files
from heliograph.problems import Refused
from heliograph.serve.sources import Sources
from sites import INCIDENT, TINY, UPDATE, write_site

SECOND = "incidents/2026-11-22-api/incident.md"
SECOND_UPDATE = "incidents/2026-11-22-api/1000-investigating.md"
WORK = "incidents/2026-12-01-work/maintenance.md"

INCIDENTS = {
    SECOND: TINY[INCIDENT].replace("k3x9q2mf", "b5w8xh3q"),
    SECOND_UPDATE: TINY[UPDATE].replace("7qm4tz2c", "v6k2tn9p"),
    WORK: (
        "---\nid: m4d7x2qe\ntitle: {public: Work}\nwindow: {start: 2026-12-01T02:00Z, end: 2026-12-01T04:00Z}\n---\n"
    ),
}

EDITS = {
    "other words": (UPDATE, TINY[UPDATE].replace("looking", "still looking")),
    "a new incident": (SECOND, INCIDENTS[SECOND]),
    "its update": (SECOND_UPDATE, INCIDENTS[SECOND_UPDATE]),
    "planned work": (WORK, INCIDENTS[WORK]),
    "an unknown status": (UPDATE, TINY[UPDATE].replace("investigating", "investigted")),
    "an unknown component": (SECOND_UPDATE, INCIDENTS[SECOND_UPDATE].replace("  checkout:", "  chekout:")),
    "a part that nobody reads": (SECOND_UPDATE, INCIDENTS[SECOND_UPDATE].replace("audience: public", "audience: internal") + "\n::: say\nx\n"),
    "no public words": (SECOND_UPDATE, INCIDENTS[SECOND_UPDATE].replace("audience: public", "audience: internal")),
    "no next word": (UPDATE, TINY[UPDATE].replace("next_update: 30m\n", "")),
    "the same id twice": (SECOND, TINY[INCIDENT]),
    "an update's id twice": (SECOND_UPDATE, TINY[UPDATE]),
    "a stray file": ("incidents/README.md", "Hello."),
    "a page": ("site_src/pages/about.md", "---\ntitle: About\naudience: public\n---\nWords.\n"),
    "a bad page": ("site_src/pages/about.md", "---\ntitle: About\naudience: pubic\n---\nWords.\n"),
    "one more component": ("site_src/components.toml", TINY["site_src/components.toml"] + '\n[[component]]\nid = "chekout"\nname = "C"\naudience = "public"\n'),
    "another name": ("site_src/site.toml", TINY["site_src/site.toml"].replace("Tiny", "Small")),
    "a layout": ("layouts/web/own.html", "x"),
    "not UTF-8": (UPDATE, b"\xff\xfe"),
}  # fmt: skip


def outcome(sources, changed):
    """All that reading gives: the site, and what is told of it."""
    try:
        reading, problems = sources.read(changed)
    except Refused as refused:
        return None, tuple(map(str, refused.problems))
    return reading.site, tuple(map(str, problems))


def apply(root, path, content):
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content if isinstance(content, bytes) else content.encode())


@pytest.mark.parametrize("seed", range(12))
def test_reading_some_gives_what_reading_all_would(tmp_path, seed):
    pick = random.Random(seed)
    root = write_site(tmp_path, INCIDENTS if seed % 2 else {})
    sources = Sources(root)
    sources.read(None)
    for _ in range(15):
        path, content = pick.choice(list(EDITS.values()))
        folder = (root / path).parent
        match pick.randrange(4):
            case 0 if path in TINY:
                apply(root, path, TINY[path])
            case 0 if (root / path).exists():
                (root / path).unlink()
            case 1 if path.startswith("incidents/2") and folder.exists():
                shutil.rmtree(folder)
                path = folder.relative_to(root).as_posix()
            case _:
                apply(root, path, content)
        assert outcome(sources, frozenset({path})) == outcome(Sources(root), None), path


def test_only_the_folder_that_was_touched_is_read(tmp_path, monkeypatch):
    root = write_site(tmp_path, INCIDENTS)
    sources = Sources(root)
    sources.read(None)
    taken = []
    real = files.take

    def take(*arguments, **more):
        taken.append(real(*arguments, **more))
        return taken[-1]

    monkeypatch.setattr(files, "take", take)
    apply(root, *EDITS["other words"])
    reading, _ = sources.read(frozenset({UPDATE}))
    assert [one.id for one in reading.site.stories] == ["k3x9q2mf", "b5w8xh3q", "m4d7x2qe"]
    read = {source.path for snapshot in taken for source in snapshot.sources if source.path.startswith("incidents/")}
    assert read == {INCIDENT, UPDATE}


def test_a_link_in_place_of_the_incidents_is_never_followed(tmp_path):
    root = write_site(tmp_path / "site")
    sources = Sources(root)
    sources.read(None)
    (root / "incidents").rename(tmp_path / "elsewhere")
    (root / "incidents").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused) as refused:
        sources.read(frozenset({UPDATE}))
    assert [problem.code for problem in refused.value.problems] == ["E306"]
