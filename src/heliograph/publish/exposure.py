"""What has to be true of a host before a page goes there: it is ours, and strangers cannot read what is for insiders.

What cannot be found out is never taken for safe. Every refusal comes before a page is written.

What a stranger's request shows: 401, 403 and being sent to a login are closed. Everything else is not. 404 proves
nothing, even of a file that certainly is there: a store with tenants says it of a bucket that strangers reach by
another name, a CDN of a path that it maps elsewhere, and who is told "not found" has been let in to be told so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Final, Literal
from urllib.parse import quote, unquote, urljoin, urlsplit

from msgspec import Struct

from heliograph.buckets import Answered, Bucket
from heliograph.operations import BucketPlace, Host
from heliograph.outward import is_address
from heliograph.publish.objects import MARKER, Marker
from heliograph.publish.outside import Answer, Ask, at_once, past_caches
from heliograph.store_faults import refusing
from heliograph.stores import client, is_foreign
from heliograph.tree.fsio import WriteRefused

_FRONT: Final = "index.html"
_BLOCK: Final = "block of public access"
_REDIRECTS: Final = 5
_OK: Final = range(200, 300)
_ELSEWHERE: Final = range(300, 400)
_LOGIN: Final = frozenset(
    {
        *("login", "log-in", "logon", "signin", "sign-in", "sign_in", "sso", "auth", "_auth", "oauth", "oauth2"),
        *("authorize", "saml", "saml2", "openid-connect"),
    }
)
"""A redirect inside a site that leads below one of these names asks who is there."""


# --- is it ours


def check_marker(found: Marker | None, ours: Marker, *, is_empty: bool, adopt: bool) -> None:
    """Refuse a bucket that does not bear the mark of this site, tree, side of the wall and register.

    `adopt` (the flag `--init`) takes over what bears none, and what bears ours from another register, whose knowledge
    of what lies there is lost. It never overrides a mark that names something else, so that it does no harm where a
    workflow passes it always: only a person who removes that mark can give the bucket to another site. Pages for
    insiders are not put among objects that somebody else put there, even so: who reads those is not known.

    Raises WriteRefused: E605 for another site's, E606 for another tree's or one of the other side, E633 without a mark.
    """
    if found is None:
        _check_unmarked(ours, is_empty=is_empty, adopt=adopt)
    elif found.site != ours.site:
        raise WriteRefused("E605", f"the bucket belongs to the site {found.site!r}, and this is {ours.site!r}")
    elif (found.tree, found.boundary) != (ours.tree, ours.boundary):
        its, this = (f"the {one.boundary} tree {one.tree!r}" for one in (found, ours))
        raise WriteRefused("E606", f"the bucket is for {its}, and this is {this}")
    elif found.lineage != ours.lineage and not adopt:
        raise WriteRefused(
            "E633", "the bucket was published to from another `state`; use that one, or take it over with --init"
        )


def _check_unmarked(ours: Marker, *, is_empty: bool, adopt: bool) -> None:
    if not is_empty and ours.boundary == "internal":
        raise WriteRefused(
            "E633",
            "the bucket bears no mark and is not empty, so pages for insiders need another bucket or prefix, or this "
            "one emptied",
        )
    if not adopt:
        what = "is empty" if is_empty else "holds what somebody else put there; files of the same names would be lost"
        raise WriteRefused("E633", f"the bucket bears no mark of this site and {what}; if it is the right one: --init")


# --- is it closed


class Finding(Struct, frozen=True):
    """What a stranger got at an address in the end; `said` in words, such as `answers 200`."""

    verdict: Literal["closed", "open", "unclear"]
    url: str
    said: str

    def __str__(self) -> str:
        return f"{self.url} {self.said}"


class _Door(Struct, frozen=True):
    """An address of a bucket or a site, with a slash at its end. One that need not exist says nothing by silence."""

    url: str
    ca_file: Path | None
    must_answer: bool = True


def check_closed(host: Host, bucket: Bucket, keys: Collection[str], ask: Ask) -> tuple[str, ...]:
    """Refuse a bucket with insiders' pages that strangers can read, or may be able to; give what it cannot be asked.

    `keys` are what lies there besides the mark: some of each kind are asked for, at the store's own addresses and at
    all of `host.urls` (a few past caches too, which may keep an older "no"). The mark has to be there before any page.

    Raises WriteRefused: E607 for settings that let the public in, E608 if a stranger's request is answered, E632 if
    that cannot be found out.
    """
    _require_urls(host)
    notes = _check_settings(bucket)
    refuse_open(host, findings(host, keys, ask))
    return notes


def check_folder_closed(host: Host, keys: Collection[str], ask: Ask) -> None:
    """Refuse a folder with insiders' pages that is served to strangers, or may be. `keys` are some that lie there.

    Raises WriteRefused E608 and E632, as `check_closed`.
    """
    _require_urls(host)
    refuse_open(host, findings(host, keys, ask))


def _require_urls(host: Host) -> None:
    if not host.urls:
        raise WriteRefused(
            "E632", f"the target {host.id!r} names no `urls`, so what strangers get there cannot be tried"
        )


def _check_settings(bucket: Bucket) -> tuple[str, ...]:
    """Ask the store what it lets the public do; give what it has no word for, and what it could do more.

    Amazon has a word for everything, and its block of public access has to be wholly on. Elsewhere that is advice: it
    opens nothing by being off, and there are stores (Ceph 15 and 16) that let nobody write while all of it is on.
    """
    is_amazon = _is_amazon(bucket.place)
    notes = []
    for question, closed, name, opened in _settings(bucket):
        said = question()
        if said == "denied" or (said == "not offered" and is_amazon):
            raise WriteRefused("E632", f"{bucket}: the credentials may not ask for its {name}")
        if said == "not offered":
            notes.append(f"{bucket}: the store cannot be asked for its {name}")
        elif said != closed and (is_amazon or name != _BLOCK):
            raise WriteRefused("E607", f"{bucket}: {opened}")
        elif said != closed:
            notes.append(f"{bucket}: {opened}")
    return tuple(notes)


def _settings(bucket: Bucket) -> tuple[tuple[Callable[[], Answered], Answered, str, str], ...]:
    """Give the questions, each with a closed bucket's answer, what it is about, and what any other answer means."""
    return (
        (bucket.public_access_blocked, "yes", _BLOCK, "not all four parts of its block of public access are on"),
        (bucket.policy_is_public, "no", "policy", "its policy lets the public in"),
        (bucket.grants_strangers, "no", "access list", "its access list lets everyone in"),
        (bucket.has_website, "no", "website", "it is served as a website"),
    )


def _is_amazon(place: BucketPlace) -> bool:
    return not is_foreign(place)


def refuse_open(host: Host, found: Sequence[Finding]) -> None:
    """Refuse at the first address that is open (E608); failing that, at the first that leaves it unclear (E632)."""
    for verdict, code, so in (
        ("open", "E608", "to a stranger"),
        ("unclear", "E632", "and so is not known to be closed"),
    ):
        such = [finding for finding in found if finding.verdict == verdict]
        if such:
            more = f" (and {len(such) - 1} more)" if such[1:] else ""
            raise WriteRefused(code, f"the target {host.id!r}: {such[0]} {so}{more}")


def findings(host: Host, keys: Collection[str], ask: Ask) -> tuple[Finding, ...]:
    """Ask, as a stranger, for some of what lies at a host at each of its addresses."""
    samples = _samples(keys)
    todo: list[tuple[_Door, str]] = []
    if isinstance(host.place, BucketPlace):
        samples = (MARKER, *samples)
        for door in _store_doors(host.place):
            todo += [(door, quote(key)) for key in (samples if door.must_answer else samples[:2])]
        todo += [(door, "") for door in _listings(host.place)]
    paths = ["", _FRONT, *(_spoken(key) for key in samples if key != _FRONT)]
    for url in host.urls:
        door = _Door(f"{url}/", host.ca_file)
        todo += [(door, path) for path in (*paths, *map(past_caches, paths[:3]))]
    return tuple(found for found in at_once(partial(_tried, ask), todo) if found is not None)


def _samples(keys: Collection[str]) -> tuple[str, ...]:
    """Choose the front page, then of each folder and each kind of file one: a policy may open some of them alone."""
    chosen = {("", "html"): _FRONT} if _FRONT in keys else {}
    for key in sorted(keys):
        folder, _, name = key.partition("/")
        chosen.setdefault((folder, "") if name else ("", key.rpartition(".")[2]), key)
    return tuple(chosen.values())


def probes(keys: Collection[str]) -> tuple[str, ...]:
    """Give names for files that say nothing, one beside each sample of `keys`: tried before the first page is there."""
    split = (key.rpartition("/") for key in _samples(keys))
    found = (f"{folder}{slash}heliograph-probe.{name.rpartition('.')[2]}" for folder, slash, name in split)
    return tuple(dict.fromkeys(found))


def _spoken(key: str) -> str:
    """Give the path under which readers know a file: a page goes by its folder's name."""
    return quote(key.removesuffix(_FRONT) if key.endswith(f"/{_FRONT}") else key)


def _store_doors(place: BucketPlace) -> tuple[_Door, ...]:
    """Give the addresses at which a store itself may serve what lies in a bucket, prefix and all.

    Amazon calls a bucket by a host name of its own, unless that has a dot, for which no certificate is good; others by
    a path, and by name where they are set up so. Websites have addresses of their own, of which each region has one.
    """
    with refusing(f"s3://{place.bucket}"):
        opened = client(place)
        endpoint, region = str(opened.meta.endpoint_url), str(opened.meta.region_name)
        opened.close()
    parts, below = urlsplit(endpoint), _below(place)
    by_path = f"{endpoint.rstrip('/')}/{quote(place.bucket)}/{below}"
    by_name = f"{parts.scheme}://{place.bucket}.{parts.netloc}/{below}"
    if is_foreign(place):
        named = () if is_address(parts.hostname or "") else (_Door(by_name, place.ca_file, must_answer=False),)
        return (_Door(by_path, place.ca_file), *named)
    has_dot = "." in place.bucket
    domain = parts.netloc.partition("amazonaws")
    sites = (f"http://{place.bucket}.s3-website{dot}{region}.{domain[1]}{domain[2]}/{below}" for dot in "-.")
    return (
        _Door(by_path, place.ca_file, must_answer=has_dot),
        _Door(by_name, place.ca_file, must_answer=not has_dot),
        *(_Door(site, None, must_answer=False) for site in sites),
    )


def _listings(place: BucketPlace) -> Iterator[_Door]:
    """Give the addresses at which a store would list what lies in a bucket: names alone tell of incidents."""
    below = _below(place)
    for door in _store_doors(place):
        yield _Door(f"{door.url.removesuffix(below)}?list-type=2&prefix={below}", door.ca_file, must_answer=False)


def _below(place: BucketPlace) -> str:
    inside = place.prefix.strip("/")
    return f"{quote(inside)}/" if inside else ""


def _tried(ask: Ask, what: tuple[_Door, str]) -> Finding | None:
    """Ask as a stranger, and go wherever that leads; None for nothing where there need be nothing."""
    door, path = what
    asked = at = f"{door.url}{path}"
    said = ""
    for _ in range(1 + _REDIRECTS):
        answer = ask(at, ca_file=door.ca_file)
        said = _in_words(answer)
        if _is_closed(answer):
            return Finding("closed", asked, said)
        if answer.status in _OK or answer.status == HTTPStatus.NOT_MODIFIED:
            return Finding("open", asked, said)
        to = _redirected(at, answer)
        if not to:
            break
        if _is_login(asked, to):
            return Finding("closed", asked, said)
        at = to
    return Finding("unclear", asked, said) if door.must_answer else None


def _in_words(answer: Answer) -> str:
    if answer.is_challenge:
        return "tries whether it is asked by a robot"
    return f"answers {answer.status}" if answer.status else "does not answer"


def _redirected(at: str, answer: Answer) -> str:
    """Give the whole address that a redirect leads to, "" if it is none."""
    if answer.status not in _ELSEWHERE or not answer.location:
        return ""
    try:
        to = urljoin(at, answer.location)
        parts = urlsplit(to)
    except ValueError:
        return ""
    return to if parts.scheme in ("https", "http") and parts.hostname else ""


def _is_closed(answer: Answer) -> bool:
    """Tell whether a stranger was turned away for being one. R2 says with 400 that it wants a signature."""
    if answer.is_challenge:
        return False
    unsigned = b"<Code>InvalidArgument</Code><Message>Authorization</Message>"
    wants_signature = answer.status == HTTPStatus.BAD_REQUEST and unsigned in (answer.data or b"")
    return answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN) or wants_signature


def _is_login(asked: str, to: str) -> bool:
    """Tell whether a redirect asks who is there, rather than naming the same page anew.

    On another host that is another page, or one that is told where its visitor comes from; on the same host, a page
    below a name that says so. Whether an address begins with `http:` or `https:` makes no other page of it.
    """
    here, there = urlsplit(asked), urlsplit(to)
    is_same_page = _is_same_page(_names(here.path), _names(there.path))
    if here.hostname != there.hostname:
        return not is_same_page or (here.hostname or "") in unquote(unquote(there.query)).lower()
    return not is_same_page and any(name.partition(".")[0] in _LOGIN for name in _names(there.path))


def _names(path: str) -> tuple[str, ...]:
    return tuple(name.lower() for name in unquote(path).removesuffix(_FRONT).split("/") if name)


def _is_same_page(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Tell whether two paths lead to one page, perhaps below another folder: one is the end of the other."""
    few, many = sorted((one, other), key=len)
    return few == many or (bool(few) and few == many[-len(few) :])
