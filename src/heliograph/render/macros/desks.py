"""Replies as help desks' interfaces take them: one request body for each, and what is to be taken away.

Fields and placeholders are those of the makers' own pages, read in November 2026:

- Zendesk, `POST /api/v2/macros`: developer.zendesk.com/api-reference/ticketing/business-rules/macros/
- Freshdesk, `POST /api/v2/canned_responses`: developers.freshdesk.com/api/#canned-responses; it wants a `folder_id`
  of your own added
- Front, `POST /message_templates`: dev.frontapp.com/reference/create-message-template; variables:
  help.front.com/en/articles/2306
- Help Scout, `POST /v2/mailboxes/{id}/saved-replies`: developer.helpscout.com/mailbox-api/
- Gorgias, `POST /api/macros`: developers.gorgias.com/reference/the-macro-object; variables:
  docs.gorgias.com/macros/macro-variables

Only Gorgias keeps an id of ours. In all others a reply is found again by its name, which begins with its key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import msgspec

from heliograph.render.macros.macro import REQUESTER, Macro, Withdrawn
from heliograph.render.tongue import Tongue
from heliograph.times import write_instant
from heliograph.tree.artifact import Artifact

Request = dict[str, object]


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """One product: its name, how it writes the customer's first name, the call that makes a reply, and its body.

    `placeholder` is empty where there is none: then nobody is called by name. `taken` tells how a reply is taken away.
    """

    product: str
    placeholder: str
    call: str
    body: Callable[[Macro, str, str], Request]
    taken: str


def placed(tongue: Tongue, text: str, desk: str) -> str:
    """Write a reply's text or HTML for a desk of `DESKS`; for any other name with a greeting that names nobody."""
    if desk in DESKS:
        return text.replace(REQUESTER, DESKS[desk].placeholder, 1)
    return text.replace(tongue.gettext("Hi %(name)s,", name=REQUESTER), tongue.gettext("Hello,"), 1)


def desk_artifacts(tongue: Tongue, found: Sequence[Macro], gone: Sequence[Withdrawn]) -> Iterator[Artifact]:
    """Write `desks/<name>.json` for each desk: `macros`, each with the `request` to send, and `withdrawn`."""
    for desk, product in DESKS.items():
        held = [_listed(macro, _request(tongue, macro, desk)) for macro in found]
        lost = [_lost(desk, one) for one in gone]
        listed = {"call": product.call, "macros": held, "take_away": product.taken, "withdrawn": lost}
        data = msgspec.json.format(msgspec.json.encode(listed), indent=2)
        yield Artifact(f"desks/{desk}.json", data + b"\n")


def _request(tongue: Tongue, macro: Macro, desk: str) -> Request:
    return DESKS[desk].body(macro, placed(tongue, str(macro.html), desk), placed(tongue, macro.text, desk))


def _listed(macro: Macro, request: Request) -> Request:
    return {
        "key": macro.key,
        "incident": macro.incident,
        "phase": macro.phase,
        "source": macro.source,
        "source_at": write_instant(macro.source_at),
        "good_until": write_instant(macro.good_until) if macro.good_until else None,
        "late": macro.late,
        "request": request,
    }


def _lost(desk: str, gone: Withdrawn) -> Request:
    said: Request = {"key": gone.key, "name": gone.name}
    if desk == "zendesk":
        said["request"] = {"macro": {"active": False}}
    elif desk == "gorgias":
        said["external_id"] = gone.key
    return said


def _zendesk(macro: Macro, html: str, _text: str) -> Request:
    actions = (
        {"field": "comment_value_html", "value": html},
        {"field": "comment_mode_is_public", "value": "true"},
        {"field": "current_tags", "value": macro.tag},
    )
    held = {"title": macro.name, "active": True, "description": _described(macro), "restriction": None}
    return {"macro": {**held, "actions": actions}}


def _described(macro: Macro) -> str:
    """Name the source and the end of a reply in words that no language changes."""
    until = f" / {write_instant(macro.good_until)}" if macro.good_until else ""
    return f"{macro.source} / {write_instant(macro.source_at)}{until}"


def _freshdesk(macro: Macro, html: str, _text: str) -> Request:
    return {"title": macro.name, "content_html": html, "visibility": 0}


def _front(macro: Macro, html: str, _text: str) -> Request:
    return {"name": macro.name, "body": html}


def _helpscout(macro: Macro, html: str, text: str) -> Request:
    return {"name": macro.name, "text": html, "chatText": text}


def _gorgias(macro: Macro, html: str, text: str) -> Request:
    def action(called: str, title: str, **arguments: str) -> Request:
        return {"name": called, "title": title, "type": "user", "arguments": arguments}

    return {
        "name": macro.name,
        "external_id": macro.key,
        "intent": None,
        "language": macro.language[:2],
        "actions": (
            action("setResponseText", "Reply", body_html=html, body_text=text),
            action("addTags", "Tags", tags=macro.tag),
        ),
    }


DESKS: Final[Mapping[str, Desk]] = MappingProxyType(
    {
        "zendesk": Desk(
            product="Zendesk",
            placeholder=REQUESTER,
            call="POST /api/v2/macros",
            body=_zendesk,
            taken="PUT /api/v2/macros/{id}",
        ),
        "freshdesk": Desk(
            product="Freshdesk",
            placeholder="{{ticket.requester.firstname}}",
            call="POST /api/v2/canned_responses",
            body=_freshdesk,
            taken="by hand",
        ),
        "front": Desk(
            product="Front",
            placeholder="{{recipient.first_name}}",
            call="POST /message_templates",
            body=_front,
            taken="DELETE /message_templates/{id}",
        ),
        "helpscout": Desk(
            product="Help Scout",
            placeholder="{%customer.firstName,fallback=there%}",
            call="POST /v2/mailboxes/{id}/saved-replies",
            body=_helpscout,
            taken="DELETE /v2/mailboxes/{id}/saved-replies/{id}",
        ),
        "gorgias": Desk(
            product="Gorgias",
            placeholder="{{ticket.customer.firstname}}",
            call="POST /api/macros",
            body=_gorgias,
            taken="DELETE /api/macros/{id}",
        ),
    }
)
"""The help desks whose form we write, by the name of their file."""
