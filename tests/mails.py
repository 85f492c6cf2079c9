"""Everything the example site tells anyone, made once for all tests of a process."""

from functools import cache
from pathlib import Path

from heliograph.load import load_site
from heliograph.message import Mail, Message
from heliograph.pipeline import Build
from heliograph.render.layouts import Layouts

ROOT = Path(__file__).parents[1]


@cache
def example_messages() -> tuple[Message, ...]:
    """All messages of the example, at its clock."""
    site = load_site(ROOT)
    assert site.settings.clock is not None
    return Build(site, Layouts(), site.settings.clock).messages()


def example_mails() -> list[Mail]:
    """All mails of the example, in every language, with and without a link."""
    return [mail for message in example_messages() for mail in (*message.mails, *message.alone)]
