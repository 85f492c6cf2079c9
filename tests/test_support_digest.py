"""Support's mail: the first reply whole and on top, every other under its name in a box of its own, and planned work."""

from __future__ import annotations

from datetime import timedelta

import pytest

import view_samples as samples
from heliograph.render import digests
from heliograph.render.layouts import Layouts
from heliograph.render.macros import macros
from test_pages_public import changed, in_order, text, tree

LAYOUTS = Layouts()
RULE = "-" * 100


def public_view(say=""):
    view = samples.public_view()
    first = view.incidents[0]
    newest = first.updates[0]
    passages = (*newest.passages, *([samples.passage(say, addressed=True)] if say else []))
    first = changed(first, updates=(changed(newest, passages=passages), *first.updates[1:]))
    return changed(view, reader="macros", incidents=(first, *view.incidents[1:]))


def mail(view=None, told=None):
    told = macros(public_view("Try again.")) if told is None else told
    (message,) = digests.support(view or samples.support_view(), samples.support_desk(), (), told, LAYOUTS)
    return message.mails[0]


def boxes(sent):
    """What stands between the lines: name by name, the text to copy."""
    pieces = sent.text.split(f"{RULE}\n")
    return pieces[1::2]


def soon(**changes):
    """Planned work that begins two days after the newest word."""
    start = samples.at("14:20") + timedelta(days=2)
    return changed(samples.upgrade(), start=start, end=start + timedelta(hours=1), **changes)


def test_the_reply_comes_first_and_the_others_follow_each_in_a_box_of_its_own():
    told = [macro for macro in macros(public_view("Try again.")) if macro.incident == "k3x9q2mf"]
    assert [macro.phase for macro in told] == ["reply", "is-it-this", "workaround", "follow-up"]
    reply, *others = told
    assert boxes(mail()) == [reply.text, f"{reply.short}\n", *(macro.text for macro in others)]
    names = [f"[k3x9q2mf] Short · {reply.title}\n\n{RULE}", *(f"{macro.name}\n\n{RULE}" for macro in others)]
    assert in_order(" ".join(mail().text.split()), *(" ".join(name.split()) for name in ("Phone", *names, "All open")))


def test_what_there_is_no_reply_for_has_no_heading():
    told = tuple(macro for macro in macros(public_view()) if macro.phase in ("reply", "is-it-this"))
    sent = mail(told=told)
    assert len(boxes(sent)) == 3
    assert "workaround" not in sent.text
    assert "follow-up" not in sent.text


def test_with_several_problems_every_first_reply_stands_above_all_others():
    view, desk = samples.support_view(), samples.support_desk()
    other = changed(view.incidents[0], id="0therone", title="Search is slow")
    public = public_view("Try again.")
    both = changed(
        public, incidents=(public.incidents[0], changed(public.incidents[0], id="0therone", title="Search is slow"))
    )
    desk = changed(
        desk, relevant=("k3x9q2mf", "0therone"), dossiers=(*desk.dossiers, changed(desk.dossiers[0], id="0therone"))
    )
    told = macros(both)
    seen = changed(view, incidents=(view.incidents[0], other, *view.incidents[1:]))
    (message,) = digests.support(seen, desk, (), told, LAYOUTS)
    replies = [macro.text for macro in told if macro.phase == "reply"]
    assert boxes(message.mails[0])[:2] == replies
    assert len(boxes(message.mails[0])) == len(told) + 2 - sum(macro.phase in ("closing", "planned") for macro in told)


def test_work_planned_within_days_is_told_with_its_reply():
    near = soon()
    told = macros(changed(public_view(), maintenances=(near,)))
    sent = mail(changed(samples.support_view(), maintenances=(near,)), told)
    assert in_order(
        sent.text, "Phone", "Planned work: Database upgrade", "When", "Mon 23 Nov, 14:20–15:20 UTC", "Short ·"
    )
    assert next(macro.text for macro in told if macro.phase == "planned") in boxes(sent)


def test_work_planned_later_is_told_when_it_comes_nearer():
    later = macros(public_view())
    assert any(macro.phase == "planned" for macro in later)
    assert "upgrade" not in mail(told=later).text


def test_of_planned_work_that_customers_know_nothing_of_agents_keep_silent():
    sent = mail(changed(samples.support_view(), maintenances=(soon(title="New runners", id="n3wrunn3"),)))
    assert in_order(sent.text, "Planned work: New runners", "Reply", "Nothing was told to customers yet")
    assert "upgrade" not in sent.text


@pytest.mark.parametrize("told", [None, ()])
def test_every_box_is_a_cell_and_no_table_is_empty(told):
    page = tree(mail(told=told).html.encode())
    assert all(row.xpath("td | th") for row in page.xpath("//tr"))
    assert all(table.xpath(".//tr") for table in page.xpath("//table"))
    pasted = page.xpath('//*[@class="paste"]')
    assert {cell.tag for cell in pasted} <= {"td"}
    assert len(pasted) == (0 if told == () else 5)


def test_a_box_of_the_mail_holds_the_reply_alone():
    told = macros(public_view("Try again."))
    pasted = tree(mail().html.encode()).xpath('//td[@class="paste"]')
    assert text(pasted[0]) == " ".join(told[0].text.split())
    assert all(samples.SUPPORT_WORDS[:12] not in text(cell) for cell in pasted)
