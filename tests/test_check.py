"""What is wrong with a site as a whole, though each of its files can be read."""

import pytest

from heliograph.check import check
from heliograph.load import load_site
from sites import write_site

DESK = 'name = "Front desk"\nboundary = "internal"\nsurfaces = ["brief"]\n'
SEES = 'sees = ["internal"]\n'


def errors(root, desk):
    site = load_site(write_site(root, {"audiences/frontdesk.toml": desk}))
    return [(problem.code, problem.place.file) for problem in check(site) if problem.level == "error"]


@pytest.mark.parametrize(
    "rule",
    [
        'when = {severity = ["sev1"]}\n',
        'when = {severity = ["sev1"], impact = ["critical"]}\n',
        '[signoff]\nsev1 = ["commander"]\n',
    ],
)
def test_severity_decides_nothing_for_insiders_who_may_not_know_it(tmp_path, rule):
    assert errors(tmp_path / "blind", DESK + rule) == [("E622", "audiences/frontdesk.toml")]
    assert errors(tmp_path / "indirect", DESK + 'sees = ["support"]\n' + rule) == [("E622", "audiences/frontdesk.toml")]
    assert errors(tmp_path / "seeing", DESK + SEES + rule) == []


def test_each_such_rule_is_named_and_what_to_do_instead(tmp_path):
    both = DESK + 'when = {severity = ["sev1"]}\n[signoff]\nsev1 = ["commander"]\n'
    found = check(load_site(write_site(tmp_path, {"audiences/frontdesk.toml": both})))
    assert {problem.message.split("`")[1] for problem in found if problem.code == "E622"} == {
        "when.severity",
        "signoff",
    }
    assert all("see internal" in problem.hint for problem in found if problem.code == "E622")


@pytest.mark.parametrize("rule", ['when = {impact = ["major"], components = ["checkout"]}\n', ""])
def test_what_everyone_may_know_may_decide_for_anyone(tmp_path, rule):
    assert errors(tmp_path, DESK + rule) == []


def test_readers_of_internal_may_be_told_by_severity(tmp_path):
    rule = 'sees = ["support", "say", "strategic"]\nsurfaces = ["page"]\nwhen = {severity = ["sev1"]}\n'
    own = f'name = "Everyone here"\nboundary = "internal"\n{rule}[signoff]\nsev1 = ["commander"]\n'
    site = load_site(write_site(tmp_path, {"audiences/internal.toml": own}))
    assert not [problem for problem in check(site) if problem.level == "error"]
