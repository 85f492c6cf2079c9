"""The list beside a tree: the same bytes for the same tree, and no damage goes unnoticed."""

import random
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from heliograph.tree.artifact import Artifact, text_artifact
from heliograph.tree.fsio import WriteRefused
from heliograph.tree.manifest import (
    check_path,
    check_tree_name,
    decode_manifest,
    encode_manifest,
    entry_of,
    make_manifest,
    manifest_path,
    read_manifest,
)

CSS = b"body{color:#111}"
STAMPED = Artifact(f"assets/site.{Artifact('x.css', CSS).sha256[:12]}.css", CSS)
PAGES = [text_artifact("index.html", "front"), text_artifact("incidents/k3/index.html", "inside"), STAMPED]


def listed(artifacts=PAGES, until=None):
    return make_manifest("public", "external", "example", map(entry_of, artifacts), until)


def test_the_order_of_artifacts_does_not_matter():
    assert encode_manifest(listed(PAGES)) == encode_manifest(listed(PAGES[::-1]))


def test_a_list_reads_back_as_it_was_written():
    until = datetime(2026, 11, 21, 15, 20, tzinfo=timezone(timedelta(hours=1)))
    manifest = listed(until=until)
    assert decode_manifest(encode_manifest(manifest), Path("x")) == manifest
    assert manifest.next_change_at == datetime(2026, 11, 21, 14, 20, tzinfo=UTC)
    assert encode_manifest(manifest).startswith(b'{"schema":1,"tree":"public","boundary":"external","site":"example"')


def test_the_digest_is_that_of_the_files_alone():
    later = listed(until=datetime(2027, 1, 1, tzinfo=UTC))
    assert later.tree_sha256 == listed().tree_sha256
    assert listed(PAGES[:2]).tree_sha256 != listed().tree_sha256


def test_only_a_name_with_its_own_digest_never_changes():
    lying = Artifact("assets/site.0123456789ab.css", CSS)
    assert [entry_of(item).cache for item in (STAMPED, lying, PAGES[0])] == ["immutable", "short", "short"]


def test_a_missing_list_is_none_and_it_lies_beside_the_tree(tmp_path):
    assert read_manifest(tmp_path / "public") is None
    assert manifest_path(tmp_path / "public") == tmp_path / "public.manifest.json"


def test_no_truncation_and_no_flipped_bit_is_taken_for_the_list():
    whole = encode_manifest(listed())
    dice = random.Random(7)
    damaged = [whole[: dice.randrange(len(whole))] for _ in range(100)]
    for _ in range(400):
        flipped = bytearray(whole)
        flipped[dice.randrange(len(whole))] ^= 1 << dice.randrange(8)
        damaged.append(bytes(flipped))
    site_or_tree = 0
    for data in damaged:
        try:
            found = decode_manifest(data, Path("m.json"))
        except WriteRefused as refusal:
            assert refusal.code == "E612"
            assert "m.json" in refusal.message
        else:
            assert (found.files, found.boundary) == (listed().files, "external")
            assert (found.site, found.tree) != ("example", "public")
            site_or_tree += 1
    assert site_or_tree < 60


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"\xff\xfe",
        b"null\n",
        encode_manifest(listed()).replace(b'"schema":1', b'"schema":2'),
        encode_manifest(listed()).replace(b'{"schema"', b'{"more":1,"schema"'),
        encode_manifest(listed()).replace(b"index.html", b"../../h.html", 1),
        encode_manifest(listed()) + b"\n",
    ],
)
def test_what_is_no_list_of_this_form_is_refused(data):
    with pytest.raises(WriteRefused, match="E612"):
        decode_manifest(data, Path("m.json"))


HOSTILE = [
    *("../internal/x.html", "a/../b.html", "/etc/passwd.html", "", ".", "..", "a//b.html", "a/", "/"),
    *("CON", "con.html", "nul.html", "a/aux/b.html", "com1.txt", "a.", "a ", "a /b.html", "a./b.html"),
    *("café.html", "cafe\u0301.html", "a" * 300 + ".html", "a/" * 300 + "b.html"),
    *("a\x00b.html", "a\nb.html", "%2e%2e/x.html", "a\\b.html", "..\\b.html", "-rf.html", ".git/config.txt", ".html"),
    *(
        "$(id).html",
        "{{7*7}}.html",
        "a b.html",
        "a;b.html",
        "a:b.html",
        "C:/x.html",
        "~/x.html",
        "a?b.html",
        "a#b.html",
    ),
    *("\u202egnp.html", "ａ.html", "a.exe", "noextension", "a/b.HTML", "a\x7f.html", "a\u0085b.html"),
]


@pytest.mark.parametrize("path", HOSTILE)
def test_no_hostile_path_is_written(path):
    with pytest.raises(WriteRefused, match="E640"):
        check_path(path)


@pytest.mark.parametrize(
    "path",
    [
        "index.html",
        "incidents/k3x9q2mf/index.html",
        "a@b+c_d-e.1.json",
        "exec/0001.eml",
        "api/v2/summary.json",
        "console.txt",
    ],
)
def test_ordinary_paths_are_written(path):
    check_path(path)


@pytest.mark.parametrize(
    "name", ["", "..", "a/b", ".x", "Public", "a b", "-a", "con", "a" * 65, "public_internal", "é"]
)
def test_no_hostile_tree_name_is_taken(name):
    with pytest.raises(WriteRefused, match="E640"):
        check_tree_name(name)
