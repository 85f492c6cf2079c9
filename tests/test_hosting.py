"""Hosting: the snippets of `docs/hosting` in real servers, and what readers and strangers get from them."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import urllib.parse
from contextlib import ExitStack
from html.parser import HTMLParser

import pytest

import hosts_up
from heliograph import caching
from heliograph.publish.headers import fields
from heliograph.tree.manifest import read_manifest
from hosts_up import (
    BASIC,
    SIGNED_IN,
    SNIPPETS,
    Readers,
    built,
    fields_for,
    in_place,
    program,
    published,
    redirects_of,
    rules_of,
)
from sites import write_site

DENIED = {401, 403}
GUARDED = ("content-security-policy", "x-content-type-options", "referrer-policy")


@pytest.fixture(scope="module")
def www(tmp_path_factory):
    """The example's two trees, where `heliograph publish` put them."""
    home = tmp_path_factory.mktemp("www")
    made = built(home / "dist")
    published(made / "public", home / "status")
    published(made / "internal", home / "status-internal")
    return home


@pytest.fixture(scope="module")
def running(www, tmp_path_factory):
    """Start a server by its name, once for all tests here."""
    home = tmp_path_factory.mktemp("servers")
    started = {}
    with ExitStack() as stack:

        def start(name):
            if name not in started:
                started[name] = stack.enter_context(SERVERS[name](home, www))
            return started[name]

        yield start


SERVERS = {
    "nginx public": lambda home, www: hosts_up.public_nginx(home / "public", www / "status"),
    "nginx internal": lambda home, www: hosts_up.internal_nginx(home / "internal", www / "status-internal"),
    "caddy": lambda home, www: hosts_up.caddy(home / "caddy", www / "status", www / "status-internal"),
}


@pytest.fixture(params=["nginx", pytest.param("caddy", marks=pytest.mark.slow)])
def public(request, running):
    """A server of the public tree."""
    return running("nginx public") if request.param == "nginx" else running("caddy")[0]


@pytest.fixture(params=["nginx", pytest.param("caddy", marks=pytest.mark.slow)])
def internal(request, running):
    """A server of the internal tree, behind a password."""
    return running("nginx internal") if request.param == "nginx" else running("caddy")[1]


# The public tree


def wrongly_served(server, tree, credentials=()):
    """Ask for every file of a tree; what differs from what its manifest, `_headers` and our own table say."""
    manifest, rules = read_manifest(tree), rules_of((tree / "_headers").read_text())
    wrong = []
    with server.line() as line:
        for entry in manifest.everything:
            path = f"/{entry.path}"
            reply = line.send(path, fields=credentials)
            wanted = {name.lower(): value for name, value in fields(entry, manifest.boundary).items()}
            wanted |= fields_for(path, rules)
            odd = {name: reply.fields.get(name) for name, value in wanted.items() if reply.fields.get(name) != value}
            if reply.status != 200 or reply.data != (tree / entry.path).read_bytes() or odd:
                wrong.append((path, reply.status, odd))
    return wrong


def test_every_public_file_is_served_with_its_kind_its_age_and_its_guards(public, www):
    assert wrongly_served(public, www / "status") == []


def test_our_table_and_the_trees_own_rules_agree_on_every_file(www):
    for tree in (www / "status", www / "status-internal"):
        manifest, rules = read_manifest(tree), rules_of((tree / "_headers").read_text())
        for entry in manifest.everything:
            ours = {name.lower(): value for name, value in fields(entry, manifest.boundary).items()}
            said = fields_for(f"/{entry.path}", rules)
            assert said.items() >= {name: ours[name] for name in said.keys() & ours.keys()}.items(), entry.path


def test_a_location_with_a_field_of_its_own_would_lose_all_others_and_is_noticed(www, tmp_path):
    snippet = (SNIPPETS / "nginx-public.conf").read_text()
    trapped = hosts_up.put_in(
        snippet, **{"location ~ /updates\\.json$ {": "location ~ /updates\\.json$ { add_header X-Kind feed; "}
    )
    with hosts_up.public_nginx(tmp_path / "nginx", www / "status", snippet=trapped) as server:
        wrong = {path: odd for path, _, odd in wrongly_served(server, www / "status")}
    assert set(wrong) == {"/updates.json"}
    assert wrong["/updates.json"].keys() >= set(GUARDED)


def test_folders_are_shown_and_found_without_their_slash_on_the_same_host(public, www):
    with public.line() as line:
        for entry in read_manifest(www / "status").files:
            folder, _, name = f"/{entry.path}".rpartition("/")
            if name != "index.html":
                continue
            assert line.ask(f"{folder}/").data == (www / "status" / entry.path).read_bytes()
            if folder:
                reply = line.ask(folder)
                assert reply.status in {301, 308}
                assert reply.fields["location"] == f"{folder}/"


def test_no_redirect_leads_to_another_host(public):
    with public.line() as line:
        for path in (
            "//evil.example/%2f..",
            "//evil.example/..",
            "/\\evil.example",
            "//history",
            "/%5cevil.example/%2e%2e",
            "//rss",
        ):
            place = line.ask(path).fields.get("location", "/")
            assert re.match(r"/(?![/\\])", place), (path, place)


@pytest.mark.parametrize(
    "path", ["/nothing", "/incidents/nothing/", "/assets/nothing.css", "/api/nothing.json", "/assets/", "/pages/"]
)
def test_what_is_not_there_gets_the_page_that_says_so_and_only_for_a_moment(public, www, path):
    with public.line() as line:
        reply = line.ask(path)
        assert line.ask(path, "HEAD").status == 404
    assert reply.status == 404
    assert reply.data == (www / "status" / "404.html").read_bytes()
    assert reply.fields["content-type"] == "text/html; charset=utf-8"
    assert reply.fields["cache-control"] == "public, max-age=10"
    assert all(name in reply.fields for name in GUARDED)


@pytest.mark.parametrize("path", ["/", "/history.atom", "/api/v2/summary.json"])
def test_who_holds_a_page_is_told_that_it_is_still_the_one(public, path):
    with public.line() as line:
        first = line.ask(path)
        again = line.ask(path, If_None_Match=first.fields["etag"])
    assert (again.status, again.data) == (304, b"")
    assert again.fields["cache-control"] == first.fields["cache-control"]
    assert again.fields["etag"] == first.fields["etag"]


@pytest.mark.parametrize("path", ["/", "/history.atom", "/api/v2/summary.json", "/maintenance.ics"])
def test_text_is_sent_packed_to_who_takes_it(public, path):
    with public.line() as line:
        plain, packed = line.ask(path), line.ask(path, Accept_Encoding="gzip", Via="1.1 cdn")
    assert packed.fields["content-encoding"] == "gzip"
    assert "accept-encoding" in packed.fields["vary"].lower()
    assert len(packed.data) < len(plain.data)


def test_old_addresses_lead_where_the_trees_own_rules_say(public, www):
    rules = redirects_of((www / "status" / "_redirects").read_text())
    with public.line() as line:
        found = {path: line.ask(path) for path in rules}
    assert {path: (reply.status, reply.fields["location"]) for path, reply in found.items()} == rules


def test_old_addresses_hide_nothing_and_lead_to_what_is_there(www):
    there = read_manifest(www / "status").paths
    for path, (status, place) in redirects_of((www / "status" / "_redirects").read_text()).items():
        assert status in {301, 302}
        assert not {path.strip("/"), f"{path.strip('/')}/index.html"} & there, f"{path} is a page"
        assert f"{place}index.html"[1:] in there or place[1:] in there, place
    assert not (www / "status-internal" / "_redirects").exists()


# What strangers get of the internal tree


def spellings(path):
    """Ways to write one path that a server may or may not take for it."""
    name = urllib.parse.quote(f"{path[0]}") if path else ""
    folder = path.removesuffix("index.html")
    return [
        f"/{path}",
        f"/{path}/",
        f"//{path}",
        f"/{path}?x=1",
        f"/./{path}",
        f"/%2e/{path}",
        f"/nothing/%2e%2e/{path}",
        f"/%{ord(name):02x}{path[1:]}",
        f"/{path}/index.html",
        f"/{folder}",
        f"/{folder.rstrip('/')}",
        f"/{path}.gz",
        f"/{path.upper()}",
    ]


def open_to_strangers(server, paths, credentials=()):
    """What is answered with anything but 401 or 403, over a tree's paths in all spellings."""
    asked = {
        spelling for path in [*paths, "nothing.html", "status-internal.manifest.json"] for spelling in spellings(path)
    }
    with server.line() as line:
        answers = [
            (method, path, line.send(path, method, credentials)) for path in sorted(asked) for method in ("GET", "HEAD")
        ]
    return len(answers), [(method, path, reply.status) for method, path, reply in answers if reply.status not in DENIED]


def test_strangers_are_refused_on_every_path_of_the_internal_tree(internal, www):
    asked, found = open_to_strangers(internal, read_manifest(www / "status-internal").paths)
    assert asked > 2000
    assert found == []


def test_there_is_no_way_out_of_the_tree(internal, www):
    with internal.line() as line:
        for path in (
            "/../status-internal.manifest.json",
            "/%2e%2e/status-internal.manifest.json",
            "/assets/../../status/index.html",
        ):
            assert line.send(path, fields=BASIC).status in {400, 404}


def test_a_wrong_password_is_no_password(internal, www):
    wrong = {"Authorization": "Basic " + "YW5uYTp3cm9uZw=="}
    with internal.line() as line:
        for path in ("/", "/index.html", "/updates.atom", "/api/v2/summary.json", "/nothing"):
            assert line.send(path, fields=wrong).status == 401


def test_who_may_read_gets_every_file_and_nothing_is_kept(internal, www):
    assert wrongly_served(internal, www / "status-internal", BASIC) == []
    with internal.line() as line:
        refused = line.ask("/")
        assert refused.fields["cache-control"] == "private, no-store"
        assert "noindex" in refused.fields["x-robots-tag"]
        assert line.send("/nothing", fields=BASIC).status == 404


@pytest.mark.parametrize(
    "gap",
    [
        "location ~ \\.(atom|rss|json)$ { auth_basic off; }",
        "location /api/ { auth_basic off; }",
        "location = /rss { return 301 /history.rss; }",
    ],
)
def test_a_location_left_open_is_found(www, tmp_path, gap):
    snippet = (SNIPPETS / "nginx-internal.conf").read_text()
    gapped = hosts_up.put_in(
        snippet, **{"    default_type text/plain;\n": f"    default_type text/plain;\n    {gap}\n"}
    )
    paths = {"index.html", "updates.atom", "api/v2/summary.json", "rss"}
    with hosts_up.internal_nginx(tmp_path / "nginx", www / "status-internal", snippet=gapped) as server:
        assert open_to_strangers(server, paths)[1]


def test_a_sign_on_decides_for_every_path_and_nothing_is_shown_while_it_is_down(www, tmp_path):
    tree = www / "status-internal"
    paths = read_manifest(tree).paths
    with ExitStack() as stack:
        signing = stack.enter_context(ExitStack())
        port = signing.enter_context(hosts_up.sign_on())
        server = stack.enter_context(hosts_up.internal_nginx_with_sign_on(tmp_path / "nginx", tree, port))
        asked, found = open_to_strangers(server, sorted(paths)[::4])
        assert asked > 500
        assert found == []
        assert wrongly_served(server, tree, SIGNED_IN) == []
        with server.line() as line:
            assert b"Sign in" in line.ask("/incidents/").data
            assert line.ask("/oauth2/auth").status in {401, 403, 404}
            assert line.ask("/oauth2/sign_in").status == 200
            signing.close()
            for path in ("/", "/updates.atom", "/nothing"):
                assert line.send(path, fields=SIGNED_IN).status == 500


def test_the_snippets_say_the_same_guards_as_the_trees(www):
    for name, tree in (
        ("nginx-public.conf", "status"),
        ("nginx-internal.conf", "status-internal"),
        ("nginx-internal-sso.conf", "status-internal"),
    ):
        said = rules_of((www / tree / "_headers").read_text())["/*"]
        text = (SNIPPETS / name).read_text()
        assert all(f'"{value}" always;' in text or f"{value} always;" in text for value in said.values()), name


# rsync over SSH


UPLOADED = re.compile(r"^<f", re.MULTILINE)


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    """A host that takes rsync over SSH."""
    with hosts_up.sshd(tmp_path_factory.mktemp("ssh") / "home") as door:
        yield door


@pytest.fixture
def upload(door, tmp_path):
    """Run the script as documented, from a folder with `dist/public` in it; the host's folder is `srv/www/status`."""

    def run(dist, *, path=os.environ["PATH"]):
        command = ["sh", SNIPPETS / "publish-by-rsync.sh", "dist/public", door.host, tmp_path / "srv/www/status"]
        environment = {**os.environ, "RSYNC_RSH": door.shell, "PATH": path}
        return subprocess.run(command, cwd=dist.parent, env=environment, capture_output=True, text=True)

    return run


@pytest.fixture(scope="module")
def two_builds(tmp_path_factory):
    """One site built twice, with other words and another style sheet; neither build knows of the other's."""
    home = tmp_path_factory.mktemp("builds")
    for name, more in (("old", {}), ("new", {"layouts/web/style.css": "body { color: #111 }\n"})):
        site = write_site(home / name / "site", more)
        if name == "new":
            update = next(site.glob("incidents/*/*.md"))
            update.write_text(update.read_text().replace("looking into it", "working on it"))
        subprocess.run(
            [*HELIOGRAPH, "--site", site, "build", "--output", home / name / "dist", "--at", "2026-11-21T14:10Z"],
            check=True,
            capture_output=True,
        )
    old, new = (home / name / "dist" for name in ("old", "new"))
    assert style_of(old / "public") != style_of(new / "public")
    return old, new


HELIOGRAPH = [sys.executable, "-m", "heliograph"]


def style_of(tree):
    return re.search(r'href="(assets/[^"]+[.]css)"', (tree / "index.html").read_text())[1]


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_rsync_sends_what_differs_once_and_readers_never_see_half_of_it(upload, two_builds, tmp_path):
    old, new = two_builds
    live = tmp_path / "srv/www/status/current"
    first = upload(old)
    assert first.returncode == 0, first.stderr
    assert len(UPLOADED.findall(first.stdout)) == len(contents(old / "public"))
    again = upload(old)
    assert (again.returncode, UPLOADED.findall(again.stdout)) == (0, [])
    with hosts_up.public_nginx(tmp_path / "nginx", live) as server, Readers(server) as readers:
        second = upload(new)
        back = upload(old)
        forward = upload(new)
    assert second.returncode == back.returncode == forward.returncode == 0
    changed = [path for path, data in contents(new / "public").items() if contents(old / "public").get(path) != data]
    assert len(UPLOADED.findall(second.stdout)) == len(changed)
    assert UPLOADED.findall(back.stdout + forward.stdout) == []
    assert readers.loads > 20
    assert (readers.missing, readers.mixed) == (0, 0)
    carried = {style_of(old / "public"): (old / "public" / style_of(old / "public")).read_bytes()}
    assert contents(live) == contents(new / "public") | carried


@pytest.mark.slow
def test_what_rsync_did_not_send_keeps_its_time_and_with_it_its_etag(upload, two_builds, tmp_path):
    old, new = two_builds
    same = tmp_path / "srv/www/status/current/robots.txt"
    upload(old)
    before = same.stat()
    for path in (new / "public").rglob("*"):
        os.utime(path)
    upload(new)
    assert (same.stat().st_ino, same.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.slow
def test_an_upload_cut_off_leaves_the_live_tree_alone_and_the_next_run_finishes_it(upload, two_builds, tmp_path):
    old, new = two_builds
    live = tmp_path / "srv/www/status/current"
    assert upload(old).returncode == 0
    before = contents(live), live.readlink()
    cut = tmp_path / "bin"
    cut.mkdir()
    (cut / "rsync").write_text(f'#!/bin/sh\n{program("rsync")} --exclude=incidents --exclude=assets "$@"\nexit 20\n')
    (cut / "rsync").chmod(0o755)
    broken = upload(new, path=f"{cut}:{os.environ['PATH']}")
    assert broken.returncode == 20
    assert UPLOADED.findall(broken.stdout)
    assert (contents(live), live.readlink()) == before
    assert upload(new).returncode == 0
    assert contents(live).items() >= contents(new / "public").items()


@pytest.mark.slow
def test_five_releases_stay_and_an_older_one_comes_back_without_an_upload(upload, two_builds, tmp_path):
    old, _ = two_builds
    trees = []
    for number in range(6):
        dist = tmp_path / str(number) / "dist"
        shutil.copytree(old, dist)
        (dist / "public/index.html").write_text(f"<p>{number}</p>")
        (dist / "public.manifest.json").write_text(str(number))
        assert upload(dist).returncode == 0
        trees.append(dist)
    home = tmp_path / "srv/www/status"
    assert len([path for path in (home / "releases").iterdir() if path.is_dir()]) == 5
    assert len(list((home / "releases").glob("*.assets"))) == 5
    back = upload(trees[3])
    assert UPLOADED.findall(back.stdout) == []
    assert (home / "current/index.html").read_text() == "<p>3</p>"
    assert sorted(path.name for path in home.iterdir()) == ["current", "releases"]


@pytest.mark.parametrize(
    ("tree", "folder"),
    [
        ("dist/none", "/srv/www/status"),
        ("dist/public", "status"),
        ("dist/public", "/"),
        ("dist/public", "/srv"),
        ("dist/public", "/srv/www/$(id)"),
    ],
)
def test_the_script_refuses_what_it_cannot_do_safely(two_builds, tree, folder):
    command = ["sh", SNIPPETS / "publish-by-rsync.sh", tree, "nowhere.invalid", folder]
    done = subprocess.run(
        command, cwd=two_builds[0].parent, capture_output=True, text=True, env={**os.environ, "RSYNC_RSH": "false"}
    )
    assert done.returncode == 2, done.stderr


# GitHub Pages


class _Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found += [
            value
            for name, value in attrs
            if name in {"href", "src"}
            and value
            and tag != "base"
            and ("rel", "canonical") not in attrs
            and ("rel", "alternate") not in attrs
        ]


def test_a_published_folder_makes_an_artifact_that_pages_takes(www, tmp_path):
    """As actions/upload-pages-artifact packs it: plain files and folders that all may read, nothing hidden is needed."""
    packed = tmp_path / "artifact.tar"
    command = [
        "tar",
        "--dereference",
        "--hard-dereference",
        "--directory",
        www / "status",
        "-cf",
        packed,
        "--exclude=.git",
        "--exclude=.github",
        "--exclude=.[^/]*",
        ".",
    ]
    subprocess.run(command, check=True)
    with tarfile.open(packed) as archive:
        members = archive.getmembers()
    files = {member.name.removeprefix("./") for member in members if member.isfile()}
    assert files == {entry.path for entry in read_manifest(www / "status").everything}
    assert all(member.isfile() or member.isdir() for member in members)
    assert all(member.mode & 0o444 == 0o444 and (member.isfile() or member.mode & 0o111 == 0o111) for member in members)
    assert sum(member.size for member in members) < 10**9
    assert not [member.name for member in members if "/." in member.name]


def test_pages_lead_only_to_what_is_below_them_so_that_they_work_in_any_folder(www):
    tree, there = www / "status", read_manifest(www / "status").paths
    for page in sorted(tree.rglob("*.html")):
        if page.name == "404.html":
            continue  # it is shown at any depth, so it starts at the address that the site says it has
        links = _Links()
        links.feed(page.read_text())
        base = f"https://pages.example/repo/{page.relative_to(tree)}"
        for link in links.found:
            whole = urllib.parse.urldefrag(urllib.parse.urljoin(base, link)).url
            if urllib.parse.urlsplit(link).scheme:
                continue
            assert whole.startswith("https://pages.example/repo/"), (page, link)
            place = whole.removeprefix("https://pages.example/repo/").partition("?")[0]
            assert place in there or f"{place}index.html" in there, (page, link)


# CloudFront


def test_the_bucket_policy_lets_one_distribution_read_and_nobody_list():
    allowed, denied = json.loads((SNIPPETS / "cloudfront-bucket-policy.json").read_text())["Statement"]
    assert (allowed["Effect"], allowed["Action"]) == ("Allow", "s3:GetObject")
    assert allowed["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert ":distribution/" in allowed["Condition"]["StringEquals"]["AWS:SourceArn"]
    assert denied["Effect"] == "Deny"


@pytest.mark.browser
def test_the_function_finds_folders_and_sends_nobody_to_another_host(chromium):
    page = chromium.new_page()
    source = (SNIPPETS / "cloudfront-function.js").read_text()
    asked = [
        "/",
        "/history/",
        "/history",
        "/incidents/k3x9q2mf",
        "/updates.atom",
        "/_headers",
        "//evil",
        "/\\evil",
        "//",
    ]
    script = f"paths => {{ {source}; return paths.map(uri => handler({{request: {{uri}}}})) }}"
    found = page.evaluate(script, asked)
    page.close()
    places = [one.get("uri") or one["headers"]["location"]["value"] for one in found]
    assert places == [
        "/index.html",
        "/history/index.html",
        "/history/",
        "/incidents/k3x9q2mf/",
        "/updates.atom",
        "/_headers",
        "/evil/",
        "/evil/",
        "//index.html",
    ]


def test_signed_cookies_are_what_the_key_signed(tmp_path):
    key, openssl = tmp_path / "key.pem", program("openssl")
    subprocess.run([openssl, "genrsa", "-out", key, "2048"], check=True, capture_output=True)
    command = ["sh", SNIPPETS / "signed-cookies.sh", "K2EXAMPLE", key, "status.corp.example", "8"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    cookies = dict(
        re.findall(
            r"^Set-Cookie: CloudFront-([\w-]+)=([^;]+); Domain=status[.]corp[.]example; .*Secure; HttpOnly",
            said,
            re.MULTILINE,
        )
    )
    policy, signature = (
        base64.b64decode(cookies[name].translate(str.maketrans("-_~", "+=/"))) for name in ("Policy", "Signature")
    )
    (statement,) = json.loads(policy)["Statement"]
    assert statement["Resource"] == "https://status.corp.example/*"
    assert cookies["Key-Pair-Id"] == "K2EXAMPLE"
    (tmp_path / "signature").write_bytes(signature)
    public = subprocess.run([openssl, "rsa", "-in", key, "-pubout"], check=True, capture_output=True).stdout
    (tmp_path / "public.pem").write_bytes(public)
    checking = [openssl, "dgst", "-sha1", "-verify", tmp_path / "public.pem", "-signature", tmp_path / "signature"]
    assert subprocess.run(checking, input=policy, capture_output=True).returncode == 0


def test_the_page_on_hosting_leads_to_every_snippet_and_says_what_is_said_to_caches():
    page = (SNIPPETS.parent / "hosting.md").read_text()
    linked = set(re.findall(r"\(hosting/([^)]+)\)", page))
    assert linked == {path.name for path in SNIPPETS.iterdir()}
    assert all(f"`{said}`" in page for said in (caching.FRESH, caching.FOREVER, caching.BRIEF, caching.PRIVATE))


# Swaps


@pytest.fixture(scope="module")
def two_looks(tmp_path_factory):
    """The example built twice, with different style sheets."""
    home = tmp_path_factory.mktemp("looks")
    trees = [built(home / colour, accent=f"#{colour}", only=("public",)) / "public" for colour in ("6a1b9a", "0b5f7a")]
    assert style_of(trees[0]) != style_of(trees[1])
    return trees


@pytest.mark.slow
@pytest.mark.parametrize(("publish", "is_safe"), [(published, True), (in_place, False)])
def test_readers_lose_nothing_while_trees_are_swapped_and_much_while_they_are_overwritten(
    two_looks, tmp_path, publish, is_safe
):
    target = tmp_path / "www" / "status"
    published(two_looks[1], target)
    with hosts_up.public_nginx(tmp_path / "nginx", target) as server, Readers(server) as readers:
        for number in range(500):
            publish(two_looks[number % 2], target)
            lost = readers.missing + readers.mixed
            if number >= 20 and readers.loads > 50 and (is_safe or lost):
                break
    assert (readers.missing + readers.mixed == 0) == is_safe
