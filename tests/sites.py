"""Small sites for tests: the smallest valid one, and a way to write any."""

from collections.abc import Callable, Mapping
from pathlib import Path

Content = str | bytes | Callable[[Path], object] | None
"""What a file holds; a callable makes something else at the path it is given; None leaves the file out."""

INCIDENT = "incidents/2026-11-21-checkout/incident.md"
UPDATE = "incidents/2026-11-21-checkout/1405-investigating.md"

TINY: dict[str, Content] = {
    "site_src/site.toml": 'id = "tiny"\nname = "Tiny"\nurl = "https://status.example.com"\n',
    "site_src/components.toml": (
        '[[component]]\nid = "checkout"\nname = "Checkout"\naudience = "public"\n\n'
        '[[component]]\nid = "ledger"\nname = "Ledger"\naudience = "internal"\n'
    ),
    "site_src/facts.toml": '[[fact]]\nid = "customers_affected"\nname = "Customers affected"\naudience = "internal"\n',
    "audiences/public.toml": 'name = "Public"\nboundary = "external"\nsurfaces = ["page", "feed", "api"]\n',
    "audiences/internal.toml": (
        'name = "Everyone here"\nboundary = "internal"\nsees = ["support", "say", "strategic"]\nsurfaces = ["page"]\n'
    ),
    "audiences/support.toml": 'name = "Support"\nboundary = "internal"\nsurfaces = ["brief", "digest", "macros"]\n',
    "audiences/strategic.toml": (
        'name = "Strategic customers"\nboundary = "external"\nsurfaces = ["digest"]\n\n'
        '[[customer]]\nid = "globex"\nname = "Globex"\ncomponents = ["checkout"]\nnotice = "15m"\n'
    ),
    INCIDENT: (
        "---\nid: k3x9q2mf\ntitle:\n  public: Some payments fail\n  internal: Checkout 5xx\n"
        "started_at: 2026-11-21T14:02Z\n---\n"
    ),
    UPDATE: (
        "---\nid: 7qm4tz2c\naudience: public\nstatus: investigating\nat: 2026-11-21T14:05Z\nseverity: sev2\n"
        "components:\n  checkout: partial_outage\nnext_update: 30m\n---\n"
        "We are looking into it.\n\n::: internal\nReplica lag on db-7.\n"
    ),
}
"""The smallest site with an incident, an update, two components, a fact, a customer and four audiences."""


def write_site(root: Path, files: Mapping[str, Content] | None = None) -> Path:
    """Write the tiny site below `root`, changed by `files`, and give `root` back."""
    for path, content in {**TINY, **(files or {})}.items():
        place = root / path
        if content is None:
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        if callable(content):
            content(place)
        else:
            place.write_bytes(content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content)
    return root
