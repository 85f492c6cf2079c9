"""However much there is to say, a mail stays small enough to arrive whole, and says what it left out."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from heliograph.load import load_site
from heliograph.pipeline import Build
from heliograph.render.layouts import Layouts
from heliograph.render.mail import SIZE_LIMIT, too_large
from sites import write_site

pytestmark = pytest.mark.slow

WORDS = "Ünglaublich viele Wörter über eine Störung, die niemand zu Ende liest. "


def messages_of(tmp_path, incidents: int, words: str):
    files = {}
    for number in range(incidents):
        folder = f"incidents/2026-11-21-{number:03}"
        files[f"{folder}/incident.md"] = (
            f"---\nid: many{number:04}\ntitle:\n  public: Trouble {number}\nstarted_at: 2026-11-21T14:02Z\n---\n"
        )
        files[f"{folder}/1409-investigating.md"] = (
            f"---\nid: word{number:04}\naudience: public\nstatus: investigating\nat: 2026-11-21T14:09Z\n"
            f"severity: sev1\ncomponents:\n  checkout: major_outage\n---\n{words}\n"
        )
    files["audiences/exec.toml"] = (
        'name = "Executives"\nboundary = "internal"\nsees = ["internal"]\nsurfaces = ["digest"]\n'
    )
    site = load_site(write_site(tmp_path, files))
    return Build(site, Layouts(), datetime(2026, 11, 21, 14, 30, tzinfo=UTC)).messages()


def sizes(messages):
    return {message.reader: max(len(mail.text) for mail in message.mails) for message in messages}


def test_one_very_long_update_is_cut_and_shown_to_be(tmp_path):
    messages = messages_of(tmp_path, 1, WORDS * 900)
    mails = [mail for message in messages for mail in (*message.mails, *message.alone)]
    assert len(mails) > 3
    assert not any(map(too_large, mails))
    assert max(sizes(messages).values()) > 1_000, "what fits is told"
    assert any("…" in mail.text for mail in mails)


def test_a_hundred_problems_are_told_by_the_first_and_counted(tmp_path):
    messages = messages_of(tmp_path, 100, WORDS * 10)
    (digest,) = [message for message in messages if message.audience == "exec"]
    assert not too_large(digest.mails[0])
    assert "more, not told here." in digest.mails[0].text
    assert len(digest.news) > 90, "all are told of, by number"


def test_what_is_of_a_usual_size_is_left_whole(tmp_path):
    messages = messages_of(tmp_path, 1, WORDS * 20)
    notice = next(message for message in messages if message.customer and message.topics[0].id == "many0000")
    assert " ".join(notice.mails[0].text.split()).count("Ünglaublich viele Wörter") == 20
    assert SIZE_LIMIT == 100 * 1024
