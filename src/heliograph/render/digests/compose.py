"""From a sheet to a mail: subject, text part and HTML part, made of the same rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec

from heliograph.message import Mail
from heliograph.render.digests import public_page
from heliograph.render.digests import sheet as sheets
from heliograph.render.digests.fitting import briefer
from heliograph.render.digests.sheet import Row, Sheet
from heliograph.render.layouts import Layouts
from heliograph.render.mail import SUBJECT_LIMIT, inlined, too_large
from heliograph.render.sentences import shortened
from heliograph.render.tongue import tongue
from heliograph.view import About, View

_RULE: Final = "-" * sheets.WIDTH
_SURELY_SMALL: Final = 20_000
"""Of fewer characters no mail is too large, however they are encoded."""
_PREHEADER_LIMIT: Final = 140


def subject(opening: str, details: Iterable[str], ending: str = "", *, parting: str = "; ") -> str:
    """Compose a subject: as many details as fit behind the opening, in order, and the ending always.

    `parting` stands before the first detail.
    """
    room = SUBJECT_LIMIT - len(ending)
    line = shortened(opening, room)
    for detail in details:
        if detail and len(line) + len(parting) + len(detail) <= room:
            line, parting = line + parting + detail, "; "
    return _header_words(line + ending)


def letterhead(
    view: View, *, audience: str, name: str, subject: str, preheader: str, at: datetime, incident: str = ""
) -> Mail:
    """Begin a mail: everything but its words. `name` is how its list is called."""
    customer = view.customer.id if view.customer else ""
    return Mail(
        audience=audience,
        customer=customer,
        incident=incident,
        subject=subject,
        preheader=shortened(preheader, _PREHEADER_LIMIT),
        text="",
        html="",
        at=at,
        thread="/".join(part for part in (audience, customer, incident) if part),
        from_name=_header_words(view.about.name),
        from_=view.about.mail_from,
        list_id=_list_id(view.about, name, ".".join(part for part in (customer, audience) if part)),
        language=view.about.language,
    )


def letter_pair(
    layouts: Layouts, head: Mail, sheet: Sheet, about: About, *, above: Sequence[Row] = (), instead: Sequence[Row] = ()
) -> tuple[Mail, Mail]:
    """Set a letter twice: as it goes when the status page is live, and without any address of that page.

    `above` are lines that stand over the greeting of what is filed; `instead` stands where the page was linked.
    """
    alone = public_page.unlinked(sheet, about, tongue(head.language), instead)
    return compose(layouts, "letter", head, sheet, above), compose(layouts, "letter", head, alone, above)


def compose(
    layouts: Layouts, kind: Literal["digest", "letter"], head: Mail, sheet: Sheet, above: Sequence[Row] = ()
) -> Mail:
    """Set a sheet by the layouts `mail/<kind>.txt` and `mail/<kind>.html`; letters may have lines above them.

    One that would be too large to arrive whole everywhere is said more briefly.
    """
    mail = head
    for one in briefer(sheet, tongue(head.language)):
        mail = _set(layouts, kind, head, one, above)
        if len(mail.text) + len(mail.html) < _SURELY_SMALL or not too_large(mail):
            break
    return mail


def _set(layouts: Layouts, kind: Literal["digest", "letter"], head: Mail, sheet: Sheet, above: Sequence[Row]) -> Mail:
    spoken = tongue(head.language)
    tools = {
        "mail": head,
        "sheet": sheet,
        "table": sheets.table,
        "letter": sheets.letter,
        "column": sheets.label_width((*sheet.sections, sheets.Section(heading="", rows=sheet.closing))),
        "rule": _RULE,
        "above": tuple(above),
        "wrapped": _wrapped,
    }
    text = _tidy(layouts.render(f"mail/{kind}.txt", spoken, **tools))
    page = _naming_links(layouts.render(f"mail/{kind}.html", spoken, **tools))
    return msgspec.structs.replace(head, text=text, html=inlined(page))


def _wrapped(text: str) -> str:
    """Wrap plain words at a letter's width."""
    return "\n".join(sheets.wrapped(text, sheets.LETTER_WIDTH))


def _naming_links(page: str) -> str:
    """Mark links that do not show their address, so that print can show it beside them."""
    return re.sub(r'<a href="([^"]*)"(?=[^>]*>)(?![^>]*>\1</a>)', r'<a class="named" href="\1"', page)


def _header_words(text: str) -> str:
    """Make one line of a text, in which no mail program finds an encoded word to undo."""
    return " ".join(text.split()).replace("=?", "= ?")


def _tidy(text: str) -> str:
    """Leave at most one empty line between lines, and end in one line break."""
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"


def _list_id(about: About, name: str, list_name: str) -> str:
    host = urlsplit(about.public_url).hostname or about.mail_from.rpartition("@")[2]
    plain_name = re.sub(r"[^\w .,&'-]", "", name).strip()
    return f"{plain_name} <{list_name}.{about.id}.{host}>"
