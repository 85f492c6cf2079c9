"""Make `support.json` from the data of caniemail: `python reduce.py caniemail.json > support.json`."""

import json
import sys
from pathlib import Path

CLIENTS = (
    "outlook.windows",
    "outlook.outlook-com",
    "outlook.macos",
    "outlook.ios",
    "outlook.android",
    "gmail.desktop-webmail",
    "gmail.ios",
    "gmail.android",
    "gmail.mobile-webmail",
    "apple-mail.macos",
    "apple-mail.ios",
    "yahoo.desktop-webmail",
    "yahoo.ios",
    "yahoo.android",
    "samsung-email.android",
)
"""The programs and sites that most people read mail with."""


def newest(stats: dict[str, dict[str, dict[str, str]]], client: str) -> str:
    """Give what the newest tested version does, as one letter: yes, almost, no, unknown."""
    family, platform = client.split(".")
    versions = stats.get(family, {}).get(platform, {})
    return list(versions.values())[-1][0] if versions else "u"


def main() -> None:
    """Write one line for each feature of HTML and CSS."""
    data = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    features = {
        one["title"].strip(): "".join(newest(one["stats"], client) for client in CLIENTS)
        for one in data["data"]
        if one["category"] in ("html", "css")
    }
    reduced = {"date": data["last_update_date"][:10], "clients": CLIENTS, "features": dict(sorted(features.items()))}
    sys.stdout.write(json.dumps(reduced, indent=0, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
