"""The catalogue of bad input: everything an author, an editor or an attacker may hand over, and what becomes of it.

Numbers are those of the list of 130 that the product set out with; rows that begin with `+` came after it. A row is
(number, what, the files changed, the code expected, at line, in file if not the update). The site is the smallest
there is, and each of its passages holds the canary, which no message may repeat.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from sites import INCIDENT, TINY, UPDATE, Content

CANARY = "zanzibar-quokka"
FOLDER = "incidents/2026-11-21-checkout"
ACCEPTED = "accepted"


def update(*replacements, body=None):
    """The tiny site's update with pieces replaced; every passage holds the canary."""
    text = TINY[UPDATE]
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new)
    front, _, words = text.partition("\n---\n")
    words = words if body is None else body
    return f"{front}\n---\n{words.rstrip()} {CANARY}\n" if words.strip() else f"{front}\n---\n"


def said(*lines):
    """An update whose body is these lines and the canary."""
    return update(body="\n".join(lines))


def keyed(line, instead="severity: sev2"):
    """An update with its line 6 replaced."""
    return update((instead, line))


def head(*replacements):
    text = TINY[INCIDENT]
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new)
    return text


def title(value):
    """The incident with its public title (line 4) replaced."""
    return head(("Some payments fail", value))


def identity(value):
    """The incident with its id (line 2) replaced."""
    return head(("k3x9q2mf", value))


def linked(target):
    return lambda path: path.symlink_to(target)


def loop(path):
    path.symlink_to(path.name)


def listening(path):
    with contextlib.chdir(path.parent), socket.socket(socket.AF_UNIX) as server:
        server.bind(path.name)


def somebody_elses(path):
    path.write_text("---\n")
    os.link(path, path.parent / ".other-name")
    os.chown(path, 4_711, 4_711)


def huge(path):
    with path.open("wb") as file:
        file.truncate(1 << 30)


def many_nested(count):
    return "".join(f"{'  ' * depth}- \n" for depth in range(count))


MAINTENANCE = "incidents/2026-12-02-upgrade/maintenance.md"
WORK = (
    "---\nid: m4q8r2ts\ntitle:\n  public: Database upgrade\n"
    "window: {start: 2026-12-02T02:00Z, end: 2026-12-02T03:30Z}\n---\n"
)
SECOND = f"{FOLDER}/1420-identified.md"
RESOLVED = update(
    ("7qm4tz2c", "r2s3t4v5"), ("investigating", "resolved"), ("14:05Z", "14:30Z"), ("next_update: 30m\n", "")
)
AGAIN = update(("7qm4tz2c", "v5w6x7y8"), ("14:05Z", "14:40Z"))
BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"


def told(*lines):
    """An update whose body is these lines, from line 11 on, and a last paragraph with the canary."""
    return said(*lines, "", "More words")


def whole(*lines):
    """An update whose body is just these lines, from line 11 on."""
    return update(body="") + "".join(f"{line}\n" for line in lines)


def linking(address):
    return told(f"See [this]({address}).")


def config(path, *added, without=""):
    """A file of the configuration with lines added at its end, or with a piece taken out of it."""
    assert without in TINY[path]
    return TINY[path].replace(without, "") + "".join(f"{line}\n" for line in added)


def last(path):
    """The line that the first line added to a file stands in."""
    return TINY[path].count("\n") + 1


def png(width, height):
    """The smallest file that says it is a picture of this size; its pixels are missing but for the first."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


SITE = "site_src/site.toml"
COMPONENTS = "site_src/components.toml"
TARGETS = "site_src/targets.toml"
PUBLIC = "audiences/public.toml"
INTERNAL = "audiences/internal.toml"
STRATEGIC = "audiences/strategic.toml"
PAGE = "site_src/pages/about.md"
FACTS = "site_src/facts.toml"
SIBLING = f"{FOLDER}/1405-investigating+globex.md"
DEEP = "**" * 60 + "a" + "**" * 60
WIDE = "|".join("a" * 200) + "\n" + "|".join("-" * 200) + "\n" + "b\n" * 200

MISSPELT = (
    *(
        ":::internal",
        "::: Internal",
        ":::  internal",
        "::: internal ",
        "::: internal:",
        "::: internal only",
        "::::: internal",
    ),
    *(
        ":: internal",
        "::: {internal}",
        "::: internal :::",
        "\uff1a\uff1a\uff1a internal",
        ":\u2236: internal",
        ":::\u00a0internal",
    ),
    *(
        "\u200b::: internal",
        "::: \u0456nternal",
        "::: intern\u0430l",
        ":::\tinternal",
        "\\::: internal",
        "[internal]",
        "**Internal**",
    ),
    *("internal:", "@internal", "Secret. ::: internal", "x::: internal", "Words.:::internal", "a :: internal"),
)
SCHEMES = (
    "javascript:x",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:x",
    "intent:x",
    "ms-msdt:x",
    "x:y",
)
DISGUISED = ("&#106;avascript:x", "JaVaScRiPt:x", "<java\tscript:x>", "javascript%3Ax", "java&NewLine;script:x")


def numbered(number, what, values, make, code, line):
    """A row for each of several values, numbered 76a, 76b, …"""
    letters = (first + second for first in ("", *"abc") for second in "abcdefghijklmnopqrstuvwxyz")
    return [
        Row(number + letter, f"{what} {value!r}", {UPDATE: make(value)}, code, line)
        for letter, value in zip(letters, values, strict=False)
    ]


class Row(NamedTuple):
    """One bad input; see the head of this module."""

    number: str
    what: str
    changed: Mapping[str, Content]
    code: str
    line: int
    file: str = UPDATE
    also: tuple[tuple[str, int, str], ...] = ()


TABLE = [
    ("1", "empty file", {UPDATE: ""}, "E101", 1),
    ("2", "front matter without an end", {UPDATE: "---\nid: abc\naudience: public\n"}, "E102", 1),
    ("3", "byte order mark", {UPDATE: b"\xef\xbb\xbf" + update().encode()}, ACCEPTED, 0),
    ("4", "UTF-16", {UPDATE: update().encode("utf-16")}, "E103", 1),
    ("5", "one byte that is not UTF-8", {UPDATE: update().encode().replace(b"looking", b"l\xffoking")}, "E103", 11),
    ("6", "lone carriage returns", {UPDATE: update().replace("\n", "\r")}, "E104", 1),
    ("7", "CR LF", {UPDATE: update().replace("\n", "\r\n")}, ACCEPTED, 0),
    ("8", "indented by a tab", {UPDATE: update(("  checkout", "\tcheckout"))}, "E105", 8),
    ("9", "audience given twice", {UPDATE: keyed("audience: internal")}, "E106", 6),
    ("10", "Audience beside audience", {UPDATE: keyed("Audience: internal")}, "E107", 6),
    ("11", "a Cyrillic letter in audience", {UPDATE: keyed("audien\u0441e: internal")}, "E107", 6),
    ("12", "a full-width colon", {UPDATE: keyed("audience\uff1ainternal")}, "E108", 6),
    ("13", "a no-break space after the colon", {UPDATE: keyed("audience:\xa0internal")}, "E108", 6),
    ("14", "unknown key", {UPDATE: keyed("sevrity: sev2")}, "E107", 6),
    ("15", "audience: no", {UPDATE: update(("audience: public", "audience: no"))}, "E112", 3),
    ("16", "two audiences", {UPDATE: update(("audience: public", "audience: [public, internal]"))}, "E111", 3),
    ("17", "unknown audience", {UPDATE: update(("audience: public", "audience: everyone"))}, "E112", 3),
    ("18", "customer without an id", {UPDATE: update(("audience: public", "audience: 'customer:'"))}, "E113", 3),
    ("19", "unknown customer", {UPDATE: update(("audience: public", "audience: customer:unknown-co"))}, "E114", 3),
    ("20a", "empty audience", {UPDATE: update(("audience: public", 'audience: ""'))}, "E110", 3),
    ("20b", "audience without a value", {UPDATE: update(("audience: public", "audience:"))}, "E110", 3),
    ("21a", "anchor", {UPDATE: keyed("severity: &s sev2")}, "E115", 6),
    ("21b", "alias", {UPDATE: keyed("severity: *s")}, "E115", 6),
    ("21c", "merge key", {UPDATE: keyed("<<: {severity: sev2}")}, "E115", 6),
    ("22", "YAML bomb", {UPDATE: keyed(BOMB)}, "E115", 6),
    ("23", "alias of itself", {UPDATE: keyed("tags: &t [*t]")}, "E115", 6),
    ("24", "Python object", {UPDATE: keyed("severity: !!python/object/apply:os.system [ls]")}, "E116", 6),
    ("25", "binary", {UPDATE: keyed("severity: !!binary c2V2Mg==")}, "E116", 6),
    ("26", "second document in the body", {UPDATE: said("Words.", "", "---", "audience: public")}, ACCEPTED, 0),
    ("27a", "2,000 nested lists", {UPDATE: keyed("tags: " + "[" * 2_000)}, "E117", 6),
    ("27b", "2,000 lists in lists", {UPDATE: keyed("tags:\n  " + "- " * 2_000)}, "E117", 7),
    ("28", "20 KB of front matter", {UPDATE: keyed("facts: {customers_affected: " + "x" * 20_000 + "}")}, "E118", 2),
    ("29", "integer of 5,000 digits", {"audiences/public.toml": TINY["audiences/public.toml"] + "digest = {max_recipients = " + "9" * 5_000 + "}\n"}, "E119", 4, "audiences/public.toml"),
    ("30", "infinity for a number", {"audiences/public.toml": TINY["audiences/public.toml"] + "digest = {max_recipients = inf}\n"}, "E119", 4, "audiences/public.toml"),
    ("31", "title a list", {INCIDENT: title("[a, b]")}, "E120", 4, INCIDENT),
    ("32", "NUL in a title", {INCIDENT: title('"a\\0b"')}, "E121", 4, INCIDENT),
    ("33", "half a character", {INCIDENT: title('"\\ud800"')}, "E121", 4, INCIDENT),
    ("34", "title of 10,000 characters", {INCIDENT: title("x" * 10_000)}, "E122", 4, INCIDENT),
    ("35", "title of nothing visible", {INCIDENT: title('"\u200b \u2060\u00ad"')}, "E123", 4, INCIDENT),
    ("36a", "bidirectional override", {INCIDENT: title("pay\u202ements")}, "E124", 4, INCIDENT),
    ("36b", "the same, escaped", {INCIDENT: title('"pay\\u202ements"')}, "E124", 4, INCIDENT),
    ("37", "encoded word", {INCIDENT: title('"=?utf-8?q?free?="')}, "E125", 4, INCIDENT),
    ("38", "line break in a title", {INCIDENT: title("|\n    one\n    two")}, "E126", 4, INCIDENT),
    ("39", "time without a zone", {UPDATE: update(("14:05Z", "14:05"))}, "E201", 5),
    ("40", "30 February", {UPDATE: update(("2026-11-21T14:05Z", "2026-02-30T14:05Z"))}, "E202", 5),
    ("41", "time of day only", {UPDATE: update(("2026-11-21T14:05Z", "12:30:00"))}, "E201", 5),
    ("42", "end before start", {MAINTENANCE: WORK.replace("T03:30", "T01:30")}, "E203", 5, MAINTENANCE),
    ("43", "update before the beginning", {UPDATE: update(("14:05Z", "14:01Z"))}, "W204", 5),
    ("44", "update in the future", {UPDATE: update(("2026-11-21T14:05Z", "2199-11-21T14:05Z"))}, ACCEPTED, 0),
    ("45a", "year 1", {UPDATE: update(("2026-11-21T14:05Z", "0001-01-01T00:00Z"))}, "E206", 5),
    ("45b", "year 9999", {UPDATE: update(("2026-11-21T14:05Z", "9999-12-31T23:59Z"))}, "E206", 5),
    ("46a", "unknown status", {UPDATE: update(("status: investigating", "status: fixed"))}, "E207", 4),
    ("46b", "a status of planned work", {UPDATE: update(("status: investigating", "status: verifying"))}, "E207", 4),
    ("47", "investigating after resolved", {SECOND: RESOLVED, f"{FOLDER}/1440-again.md": AGAIN}, "E208", 4, f"{FOLDER}/1440-again.md"),
    ("48", "two updates at one time", {SECOND: update(("7qm4tz2c", "another"))}, ACCEPTED, 0),
    ("49", "an update's id twice", {SECOND: update()}, "E209", 2, SECOND),
    ("50", "unknown component", {UPDATE: update(("  checkout", "  chekout"))}, "E210", 8),
    ("51", "planned work without a window", {MAINTENANCE: WORK.replace("window: {start: 2026-12-02T02:00Z, end: 2026-12-02T03:30Z}\n", "")}, "E211", 2, MAINTENANCE),
    ("52", "local time with a zone's name", {UPDATE: update(("2026-11-21T14:05Z", "2026-03-29T02:30 Europe/Berlin"))}, "E201", 5),
    ("53", "id climbs out", {INCIDENT: identity("../internal/x")}, "E301", 2, INCIDENT),
    ("54", "absolute id", {INCIDENT: identity("/etc/passwd")}, "E301", 2, INCIDENT),
    *((f"55{n}", f"id {v}", {INCIDENT: identity(v)}, "E301", 2, INCIDENT) for n, v in zip("abc", ('""', '"."', '".."'), strict=True)),
    *((f"56{n}", f"id {v}", {INCIDENT: identity(v)}, "E302", 2, INCIDENT) for n, v in zip("abcde", ("index", "assets", "feed.xml", "'404'", "api"), strict=True)),
    *((f"57{n}", f"id {v}", {INCIDENT: identity(v)}, "E303", 2, INCIDENT) for n, v in zip("abcd", ("CON", "nul.html", "a.", "'a '"), strict=True)),
    ("58", "id in capitals", {INCIDENT: identity("INC-1")}, "E301", 2, INCIDENT),
    ("59a", "id with an accent", {INCIDENT: identity("caf\u00e9")}, "E301", 2, INCIDENT),
    ("59b", "id with a combining accent", {INCIDENT: identity("cafe\u0301")}, "E301", 2, INCIDENT),
    ("60", "id of 300 characters", {INCIDENT: identity("a" * 300)}, "E305", 2, INCIDENT),
    *(
        (f"61{n}", f"id {v}", {INCIDENT: identity(v)}, "E301", 2, INCIDENT)
        for n, v in zip("abcdefgh", ('"a\\0b"', '"a\\nb"', "'%2e%2e'", "a\\b", "'-rf'", "'.git'", "$(id)", "'{{7*7}}'"), strict=True)
    ),
    ("62", "two incidents, one id", {"incidents/zz/incident.md": head(), "incidents/zz/1.md": AGAIN}, "E304", 2, "incidents/zz/incident.md"),
    ("63", "symbolic link to a file outside", {UPDATE: linked("/etc/passwd")}, "E306", 1),
    ("63b", "symbolic link to a folder outside", {"incidents/elsewhere": linked("/etc")}, "E306", 1, "incidents/elsewhere"),
    ("64", "symbolic link to itself", {UPDATE: loop}, "E306", 1),
    ("65a", "pipe", {UPDATE: os.mkfifo}, "E306", 1),
    ("65b", "socket", {UPDATE: listening}, "E306", 1),
    ("69", "1 GB", {UPDATE: huge}, "E309", 1),
    ("70a", "name that is not UTF-8", {f"{FOLDER}/caf\udce9.md": update()}, "E310", 1, f"{FOLDER}/caf\\xe9.md"),
    ("70b", "name with a line break", {f"{FOLDER}/a\nb.md": update()}, "E310", 1, f"{FOLDER}/a\\nb.md"),
    ("72", "folder with a file's name", {f"{FOLDER}/1430-x.md": Path.mkdir}, "E312", 1, f"{FOLDER}/1430-x.md"),
    # passages and Markdown
    ("73a", "code block without an end", {UPDATE: told("Words.", "```", "ls")}, "E401", 12),
    ("73b", "the same, in a list", {UPDATE: told("- a", "  ```", "  ls")}, "E401", 12),
    ("74", "closed but not opened", {UPDATE: whole(f"Words. {CANARY}", "", ":::")}, "E402", 13),
    ("75", "a marker after a marker", {UPDATE: told("Words.", "::: support", "::: internal")}, ACCEPTED, 0),
    *numbered("76", "misspelt marker", MISSPELT, lambda line: told("Words.", "", line, "Secret."), "E404", 13),
    ("77a", "marker in a code block", {UPDATE: told("```", "ls", "::: internal", "Words.", "```", "x", "```")}, "E405", 13),
    ("77b", "colons in a code block", {UPDATE: told("```", "tcp6 0 0 :::22 :::* LISTEN", "stats:::lag(x)", "```")}, ACCEPTED, 0),
    ("78a", "marker in a list", {UPDATE: told("- one", "- ::: internal")}, "E404", 12),
    ("78b", "marker in a quotation", {UPDATE: told("> ::: internal", "> Secret.")}, "E404", 11),
    *numbered("79", "marker indented", (" ", "  ", "   ", "    ", "\t"), lambda margin: told("Words.", f"{margin}::: internal", "Secret."), "E404", 12),
    ("80a", "comment", {UPDATE: told("Words.", "<!-- not for customers -->")}, "E407", 12),
    ("80b", "comment without an end", {UPDATE: told("Words <!-- not for customers")}, "E407", 11),
    *numbered("81", "HTML", ("<b>x</b>", "<script>x</script>", "<img src=x onerror=y>", "x <br> y", "<!DOCTYPE html>", "<?php x ?>"), told, "E408", 11),
    *numbered("82", "scheme", SCHEMES, linking, "E409", 11),
    *numbered("83", "scheme in disguise", DISGUISED, linking, "E409", 11),
    *numbered("84", "no scheme", ("//evil.example", "<\\\\evil.example>"), linking, "E410", 11),
    *numbered("85", "user name", ("https://u:p@evil.example/", "https://good.example@evil.example/", "https://good%40evil.example@x/"), linking, "E411", 11),
    ("87a", "undefined link", {UPDATE: told("See [this][page].")}, "E413", 11),
    ("87b", "link defined in another passage", {UPDATE: told("See [this][page].", "", "::: internal", "[page]: https://x.example/")}, "E413", 11),
    ("87c", "footnote", {UPDATE: told("Words.[^1]")}, "E413", 11),
    ("88", "image of another site", {UPDATE: told("![a](https://x.example/a.png)")}, "E414", 11),
    *numbered("89", "image outside its folder", ("../a.png", "/etc/a.png", "b/../../a.png", "a.html"), lambda path: told(f"![a]({path})"), "E415", 11),
    ("90", "SVG", {UPDATE: told("![a](a.svg)"), f"{FOLDER}/a.svg": "<svg><script>x</script></svg>"}, "E416", 11),
    ("91", "50,000 by 50,000 pixels", {UPDATE: told("![a](a.png)"), f"{FOLDER}/a.png": png(50_000, 50_000)}, "E417", 11),
    ("91b", "5,000 by 5,000 pixels", {UPDATE: told("![a](a.png)"), f"{FOLDER}/a.png": png(5_000, 5_000)}, "E417", 11),
    ("92", "a picture named as another kind", {UPDATE: told("![a](a.jpg)"), f"{FOLDER}/a.jpg": png(1, 1)}, "E418", 11),
    ("92b", "a picture that is none", {UPDATE: told("![a](a.png)"), f"{FOLDER}/a.png": CANARY}, "E418", 11),
    ("93a", "link to a page by its path", {UPDATE: linking("/internal/incidents/k3x9q2mf/")}, "E419", 11),
    ("93b", "link to a heading", {UPDATE: linking("#what-happened")}, "E419", 11),
    ("94a", "a thousand brackets", {UPDATE: told("[" * 1_001)}, "E420", 11),
    ("94b", "quotations in quotations", {UPDATE: told("> " * 40 + "x")}, "E420", 11),
    ("94c", "emphasis in emphasis", {UPDATE: told(DEEP)}, "E420", 11),
    ("94d", "tables of few letters and many cells", {UPDATE: told(WIDE)}, "E420", 11),
    ("94e", "a passage of 100,000 characters", {UPDATE: told("words " * 17_000)}, "E420", 11),
    *numbered("95", "template", ("{{ config.SECRET }}", "{% include 'x' %}", "${HOME} $(id) %s {0}"), told, ACCEPTED, 0),
    ("96a", "bidirectional override in the text", {UPDATE: told("pay\u202ements")}, "E124", 11),
    ("96b", "zero-width space in the text", {UPDATE: told("pay\u200bments")}, ACCEPTED, 0),
    ("96c", "NUL in the text", {UPDATE: told("pay\x00ments")}, "E121", 11),
    ("98", "two headings alike", {UPDATE: told("## Cause", "", "One.", "", "## Cause")}, ACCEPTED, 0),
    # configuration
    ("113", "one folder for two trees", {TARGETS: '[a]\ntree = "public"\ndirectory = "out"\n\n[b]\ntree = "internal"\ndirectory = "OUT/"\n'}, "E602", 5, TARGETS),
    ("114", "one target's folder in another's", {TARGETS: '[a]\ntree = "public"\ndirectory = "out"\n\n[b]\ntree = "internal"\ndirectory = "out/in"\n'}, "E602", 5, TARGETS),
    ("115a", "target outside the site", {TARGETS: '[a]\ntree = "public"\ndirectory = "../out"\n'}, "E625", 3, TARGETS),
    ("115b", "absolute target", {TARGETS: '[a]\ntree = "public"\ndirectory = "/srv/www"\n'}, "E625", 3, TARGETS),
    ("115c", "target among the sources", {TARGETS: '[a]\ntree = "public"\ndirectory = "incidents/out"\n'}, "E625", 3, TARGETS),
    ("116", "target of no tree", {TARGETS: '[a]\ndirectory = "out"\n'}, "E128", 1, TARGETS),
    ("121a", "unknown key", {SITE: config(SITE, 'tmezone = "UTC"')}, "E609", last(SITE), SITE),
    ("121b", "unknown key of a target", {TARGETS: '[a]\ntree = "public"\ndirectory = "out"\nbucket = "b"\n'}, "E609", 4, TARGETS),
    ("121c", "unknown table", {COMPONENTS: config(COMPONENTS, "[deploy]", 'x = "y"')}, "E609", last(COMPONENTS), COMPONENTS),
    ("122", "a password in the configuration", {SITE: config(SITE, f'smtp_password = "{CANARY}"')}, "E609", last(SITE), SITE),
    ("127", "a variable for a value", {SITE: TINY[SITE].replace("https://status.example.com", "${STATUS_URL}")}, "E419", 3, SITE),
    # forty and more that came after the list
    ("+1", "no site.toml", {SITE: None}, "E319", 1, SITE),
    ("+2", "no public audience", {PUBLIC: None}, "E319", 1, PUBLIC),
    ("+3", "a page address without TLS", {SITE: TINY[SITE].replace("https:", "http:")}, "E409", 3, SITE),
    ("+4", "a page address with a space", {SITE: TINY[SITE].replace("status.", "status .")}, "E136", 3, SITE),
    ("+5", "a time zone nobody knows", {SITE: config(SITE, 'timezone = "Mars/Olympus"')}, "E214", last(SITE), SITE),
    ("+6", "a time zone that is a path", {SITE: config(SITE, 'timezone = "../../etc/passwd"')}, "E214", last(SITE), SITE),
    ("+7", "a language nobody has translated", {SITE: config(SITE, 'language = "tlh"')}, "E131", last(SITE), SITE),
    ("+8", "two senders", {SITE: config(SITE, 'mail_from = "a@x.example, b@x.example"')}, "E135", last(SITE), SITE),
    ("+9", "a sender with a line break", {SITE: config(SITE, 'mail_from = "a@x.example\\nBcc: b@x.example"')}, "E126", last(SITE), SITE),
    ("+10", "a clock without a zone", {SITE: config(SITE, "clock = 2026-11-21T14:24:00")}, "E201", last(SITE), SITE),
    ("+11", "a number for a name", {SITE: TINY[SITE].replace('"Tiny"', "42")}, "E110", 2, SITE),
    ("+12", "TOML that is none", {SITE: config(SITE, "notice = none of this")}, "E618", last(SITE), SITE),
    ("+13", "a key twice in TOML", {SITE: config(SITE, 'name = "Other"')}, "E106", last(SITE), SITE),
    ("+14", "a component for nobody", {COMPONENTS: config(COMPONENTS, "[[component]]", 'id = "x"', 'name = "X"')}, "E128", last(COMPONENTS), COMPONENTS),
    ("+15", "a component for strangers", {COMPONENTS: TINY[COMPONENTS].replace('"internal"', '"intrenal"')}, "E112", 9, COMPONENTS),
    ("+16", "a component in no group", {COMPONENTS: config(COMPONENTS, 'group = "x"')}, "E131", last(COMPONENTS), COMPONENTS),
    ("+17", "a component twice", {COMPONENTS: TINY[COMPONENTS].replace('"ledger"', '"checkout"')}, "E304", 6, COMPONENTS),
    ("+18", "one dashboard where a list belongs", {COMPONENTS: config(COMPONENTS, 'dashboards = "https://x.example/"')}, "E120", last(COMPONENTS), COMPONENTS),
    ("+19", "a runbook that runs", {COMPONENTS: config(COMPONENTS, 'runbook = "javascript:x"')}, "E409", last(COMPONENTS), COMPONENTS),
    ("+20", "a day that never was", {COMPONENTS: config(COMPONENTS, 'since = "2026-02-31"')}, "E202", last(COMPONENTS), COMPONENTS),
    ("+21", "internal readers outside", {INTERNAL: TINY[INTERNAL].replace('"internal"', '"external"')}, "E619", 2, INTERNAL),
    ("+22", "the public inside", {PUBLIC: TINY[PUBLIC].replace('"external"', '"internal"')}, "E619", 2, PUBLIC),
    ("+23", "a wider clearance for the public", {PUBLIC: config(PUBLIC, 'sees = ["internal"]')}, "E620", last(PUBLIC), PUBLIC),
    ("+24", "severities that decide what customers get", {PUBLIC: config(PUBLIC, 'when = {severity = ["sev1"]}')}, "E621", last(PUBLIC), PUBLIC),
    ("+25", "a cadence of severities for customers", {PUBLIC: config(PUBLIC, 'cadence = {sev1 = {first = "15m", every = "30m"}}')}, "E621", last(PUBLIC), PUBLIC),
    ("+26", "audiences that wait for each other", {INTERNAL: config(INTERNAL, 'after = ["support"]'), "audiences/support.toml": config("audiences/support.toml", 'after = ["internal"]')}, "E630", last(INTERNAL), INTERNAL, (("E630", last("audiences/support.toml"), "audiences/support.toml"),)),
    ("+27", "customers in another file", {"audiences/support.toml": config("audiences/support.toml", "[[customer]]", 'id = "x"', 'name = "X"')}, "E624", last("audiences/support.toml"), "audiences/support.toml"),
    ("+28", "every without batched", {PUBLIC: config(PUBLIC, 'digest = {mode = "each-update", every = "1h"}')}, "E628", last(PUBLIC), PUBLIC),
    ("+29", "an audience named as a label", {"audiences/say.toml": TINY["audiences/support.toml"]}, "E302", 1, "audiences/say.toml"),
    ("+30", "a tree nobody has", {TARGETS: '[a]\ntree = "strategic"\ndirectory = "out"\n'}, "E626", 2, TARGETS),
    ("+31", "a name that is no id for a target", {TARGETS: '["../a"]\ntree = "public"\ndirectory = "out"\n'}, "E301", 1, TARGETS),
    ("+32", "a surface nobody makes", {PUBLIC: TINY[PUBLIC].replace('"api"', '"fax"')}, "E131", 3, PUBLIC),
    ("+33", "the same customer twice", {STRATEGIC: config(STRATEGIC, "[[customer]]", 'id = "globex"', 'name = "Globex again"')}, "E304", last(STRATEGIC), STRATEGIC),
    ("+34", "a locale that is a path", {STRATEGIC: config(STRATEGIC, 'locale = "../de"')}, "E131", last(STRATEGIC), STRATEGIC),
    ("+35", "a fact without a label", {FACTS: config(FACTS, "[[fact]]", 'id = "x"', 'name = "X"')}, "E128", last(FACTS), FACTS),
    ("+36", "a span that is none", {STRATEGIC: TINY[STRATEGIC].replace('"15m"', '"soon"')}, "E213", 9, STRATEGIC),
    ("+37", "a text file among updates", {f"{FOLDER}/notes.txt": CANARY}, "E313", 1, f"{FOLDER}/notes.txt"),
    ("+38", "a folder in an incident's folder", {f"{FOLDER}/more/1.md": CANARY}, "E313", 1, f"{FOLDER}/more"),
    ("+39", "a folder without a head", {"incidents/x/1.md": AGAIN}, "E317", 1, "incidents/x"),
    ("+40", "an incident nobody has spoken of", {"incidents/x/incident.md": head(("k3x9q2mf", "x3x9q2mf"))}, "E216", 1, "incidents/x/incident.md"),
    ("+41", "a translation into a language the site has not", {f"{FOLDER}/1405-investigating.de.md": update()}, "E314", 1, f"{FOLDER}/1405-investigating.de.md"),
    ("+42", "a seal", {f"{FOLDER}/1405-investigating.seal.toml": "x = 1"}, "E315", 1, f"{FOLDER}/1405-investigating.seal.toml"),
    ("+43", "a customer's passage beside nothing", {f"{FOLDER}/1500-x+globex.md": CANARY}, "E316", 1, f"{FOLDER}/1500-x+globex.md"),
    ("+44", "a customer's passage with front matter", {SIBLING: update()}, "E134", 1, SIBLING),
    ("+45", "a marker in a customer's passage", {SIBLING: f"Yours.\n::: internal\n{CANARY}\n"}, "E424", 2, SIBLING),
    ("+46", "a passage for a customer nobody has", {f"{FOLDER}/1405-investigating+initech.md": CANARY}, "E114", 1, f"{FOLDER}/1405-investigating+initech.md"),
    ("+47", "an account of planned work", {MAINTENANCE: WORK, MAINTENANCE.replace("maintenance", "postmortem"): "---\nid: p2c3r4t5\naudience: public\nat: 2026-12-03T10:00Z\n---\nWords.\n"}, "E318", 1, MAINTENANCE.replace("maintenance", "postmortem")),
    ("+48", "text in incident.md", {INCIDENT: f"{head()}{CANARY}\n"}, "E132", 8, INCIDENT),
    ("+49", "an update that says nothing", {SECOND: "---\nid: n4n5n6n7\naudience: internal\nat: 2026-11-21T14:20Z\n---\n"}, "E133", 1, SECOND),
    ("+50", "a promise for the past", {UPDATE: update(("30m", "2026-11-21T14:00Z"))}, "E218", 9),
    ("+51", "a promise for some time", {UPDATE: update(("30m", "soon"))}, "E201", 9),
    ("+52", "work every other hour", {MAINTENANCE: WORK.removesuffix("---\n") + "repeat: {every: 90m, until: 2027-01-01}\n---\n"}, "E217", 6, MAINTENANCE),
    ("+53", "a fact nobody declared", {UPDATE: keyed("facts: {customers: many}")}, "E215", 6),
    ("+54", "yes for true", {UPDATE: keyed("reopen: yes")}, "E120", 6),
    ("+55", "a severity nobody has", {UPDATE: update(("sev2", "sev9"))}, "E131", 6),
    ("+56", "a decision by nobody", {UPDATE: keyed("decision: {what: x, at: 2026-11-21T15:00Z}")}, "E128", 6),
    ("+57", "an ask with a misspelt key", {UPDATE: keyed("asks: [{what: x, of: engineering, audence: public}]")}, "E107", 6),
    ("+58", "a link that runs", {INCIDENT: head(("started_at", 'links: [{name: x, url: "javascript:x", audience: public}]\nstarted_at'))}, "E409", 6, INCIDENT),
    ("+59", "a link without a label", {INCIDENT: head(("started_at", 'links: [{name: x, url: "https://x.example/"}]\nstarted_at'))}, "E128", 6, INCIDENT),
    ("+60", "a passage its reader could never read", {UPDATE: update(("audience: public", "audience: support"), body="Words.\n\n::: public\nWords")}, "E430", 14),
    ("+61", "an incident without a title for its customers", {INCIDENT: head(("  public: Some payments fail\n", ""))}, "E430", 2, UPDATE, (("E430", 11, UPDATE),)),
    ("+62", "a public title and no public word", {UPDATE: update(("audience: public", "audience: internal"))}, "W431", 4, INCIDENT),
    ("+63", "an open incident without a next word", {UPDATE: update(("next_update: 30m\n", ""))}, "W432", 2),
    ("+64", "a page named as a file of the site", {PAGE.replace("about", "index"): f"---\ntitle: X\naudience: public\n---\n{CANARY}\n"}, "E302", 1, PAGE.replace("about", "index")),
    ("+65", "a page for nobody", {PAGE: f"---\ntitle: X\n---\n{CANARY}\n"}, "E128", 2, PAGE),
    ("+66", "a placeholder left untouched", {UPDATE: told("Words.", "[[what happened]]")}, "E423", 12),
    ("+67", "text after a closed passage", {UPDATE: told("Words.", "::: internal", "Secret.", ":::", "More.")}, "E422", 15),
    ("+68", "an unknown passage", {UPDATE: told("Words.", "::: intrenal", "Secret.")}, "E112", 12),
    ("+69", "a passage for an unknown customer", {UPDATE: told("Words.", "::: customer:initech", "Secret.")}, "E114", 12),
    ("+70", "an address of 3,000 characters", {UPDATE: linking("https://x.example/" + "a" * 3_000 + "(")}, ACCEPTED, 0),
    ("+71", "an address of 3,000 characters, defined", {UPDATE: told("See [a].", "", "[a]: https://x.example/" + "a" * 3_000)}, "E122", 13),
    ("+72", "a host in look-alike letters", {UPDATE: linking("https://\u0430pple.example/")}, "E136", 11),
    ("+73", "a link that names another host", {UPDATE: told("[https://good.example/](https://evil.example/)")}, "E425", 11),
    ("+74", "a missing id", {UPDATE: update(("id: 7qm4tz2c\n", ""))}, "E128", 2),
    ("+75", "two documents of front matter", {UPDATE: update(("severity: sev2", "severity: sev2\n--- {}"))}, "E127", 7),
    ("+76", "an escape that is none", {INCIDENT: title('"a\\qb"')}, "E121", 4, INCIDENT),
    ("+77", "a second colon", {INCIDENT: title("Payments: some fail: now")}, "E109", 4, INCIDENT),
    ("+78", "a label with a space", {UPDATE: update(("audience: public", "audience: customer:globex x"))}, "E113", 3),
    ("+79", "corrected words that are a bomb", {UPDATE: keyed("corrected: [{at: 2026-11-21T14:10Z, was: '" + "[" * 1_001 + "'}]")}, "E420", 6),
    ("+80", "a description of two lines", {COMPONENTS: config(COMPONENTS, 'description = """one', 'two"""')}, "E126", last(COMPONENTS), COMPONENTS),
    ("+81", "a region of no component", {INCIDENT: head(("started_at:", "regions: [mooon]\nstarted_at:"))}, "E219", 6, INCIDENT),
]  # fmt: skip

ROWS = [row if isinstance(row, Row) else Row(*row) for row in TABLE]
