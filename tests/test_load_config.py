"""The configuration: read into the model with its defaults, and refused at the exact place."""

from datetime import UTC, date, datetime, timedelta

import pytest

from heliograph.load import load_site, load_site_with_warnings
from heliograph.model import Cadence, DigestPolicy
from heliograph.problems import Refused
from sites import TINY, write_site

SITE = "site_src/site.toml"
COMPONENTS = "site_src/components.toml"
PUBLIC = "audiences/public.toml"
INTERNAL = "audiences/internal.toml"
SUPPORT = "audiences/support.toml"
STRATEGIC = "audiences/strategic.toml"
TARGETS = "site_src/targets.toml"
SEVERITIES = "site_src/severities.toml"


def refusals(tmp_path, files):
    """Findings as (code, file, line, column)."""
    with pytest.raises(Refused) as refused:
        load_site(write_site(tmp_path, files))
    return [(p.code, p.place.file, p.place.line, p.place.column) for p in refused.value.problems]


def adding(path, text):
    return {path: TINY[path] + text}


def test_settings_have_sensible_defaults(tmp_path):
    settings = load_site(write_site(tmp_path)).settings
    assert settings.url == "https://status.example.com"
    assert settings.mail_from == "status@status.example.com"
    assert (settings.timezone, settings.language, settings.clock, settings.sensitive_terms) == ("UTC", "en", None, ())


def test_all_settings_are_read(tmp_path):
    text = (
        'id = "acme"\nname = "Acme"\nurl = "https://status.acme.example/"\ninternal_url = "http://status.corp/"\n'
        'timezone = "Europe/Berlin"\nlanguage = "en"\nsupport_url = "mailto:help@acme.example"\n'
        'mail_from = "news@acme.example"\nnotice = "An example."\nclock = 2026-11-21T14:24:00Z\nsensitive_terms = ["db-7"]\n'
    )
    settings = load_site(write_site(tmp_path, {SITE: text})).settings
    assert settings.url == "https://status.acme.example"
    assert settings.internal_url == "http://status.corp"
    assert settings.clock == datetime(2026, 11, 21, 14, 24, tzinfo=UTC)
    assert settings.mail_from == "news@acme.example"
    assert settings.sensitive_terms == ("db-7",)


def test_languages_name_the_main_one_first_and_each_once(tmp_path):
    settings = load_site(
        write_site(tmp_path, adding(SITE, 'language = "de"\nlanguages = ["en", "de", "fr"]\n'))
    ).settings
    assert (settings.language, settings.languages) == ("de", ("de", "en", "fr"))


def test_a_language_without_a_catalogue_is_refused_with_the_nearest_that_has_one(tmp_path):
    with pytest.raises(Refused) as refused:
        load_site(write_site(tmp_path, adding(SITE, 'languages = ["dee"]\n')))
    (problem,) = refused.value.problems
    assert "de" in problem.hint


def test_audiences_have_sensible_defaults(tmp_path):
    site = load_site(write_site(tmp_path))
    audiences = {audience.id: audience for audience in site.audiences}
    assert list(audiences) == ["internal", "public", "strategic", "support"]
    assert audiences["internal"].shows == "all"
    assert audiences["support"].shows == "own-or-public"
    assert (audiences["public"].wait_for, audiences["support"].wait_for) == ("page", "nothing")
    assert audiences["support"].digest == DigestPolicy(mode="each-update", every=None, max_recipients=50)
    assert site.customers[0].notice == timedelta(minutes=15)
    assert (site.customers[0].locale, site.customers[0].timezone) == ("", "UTC")  # the site's own language


def test_a_whole_audience_is_read(tmp_path):
    text = (
        'name = "Executives"\nboundary = "internal"\nsees = ["internal", "say", "strategic"]\nshows = "public-and-own"\n'
        'surfaces = ["brief", "digest"]\nowner = "comms"\nwhen = {severity = ["sev1"], impact = ["major"], components = ["checkout"]}\n'
        'wait_for = "page"\nafter = ["support"]\n[cadence]\nsev2 = {first = "1h", every = "2h"}\nsev1 = {first = "15m", every = "30m"}\n'
        '[signoff]\nsev1 = ["commander"]\n[digest]\nmode = "batched"\nevery = "24h"\nmax_recipients = 7\n'
    )
    audience = load_site(write_site(tmp_path, {"audiences/exec.toml": text})).audiences[0]
    assert audience.when_severity == ("sev1",)
    assert audience.when_components == ("checkout",)
    assert audience.cadence[0] == ("sev1", Cadence(first=timedelta(minutes=15), every=timedelta(minutes=30)))
    assert audience.signoff == (("sev1", ("commander",)),)
    assert audience.digest == DigestPolicy(mode="batched", every=timedelta(days=1), max_recipients=7)
    assert audience.after == ("support",)


def test_components_groups_facts_severities_and_targets_are_read(tmp_path):
    files = {
        COMPONENTS: (
            '[[group]]\nid = "payments"\nname = "Payments"\n'
            '[[component]]\nid = "checkout"\nname = "Checkout"\ngroup = "payments"\naudience = "public"\nregions = ["eu"]\n'
            'since = 2024-01-01\nowner = "oncall"\nrunbook = "https://wiki.example/c"\ndashboards = ["https://grafana.example/d"]\n'
        ),
        SEVERITIES: '[sev2]\nname = "SEV2"\n[sev1]\nname = "SEV1"\nmeaning = "All is down"\n',
        TARGETS: '[public]\ntree = "public"\ndirectory = "published/public/"\n',
    }
    site = load_site(write_site(tmp_path, files))
    assert site.components[0].since == date(2024, 1, 1)
    assert site.components[0].group == site.groups[0].id == "payments"
    assert [severity.id for severity in site.severities] == ["sev1", "sev2"]
    assert site.targets[0].directory == "published/public"
    assert site.components[0].place.line == 4


def test_optional_files_may_be_missing(tmp_path):
    bare = {path: None for path in TINY if path.startswith("incidents/")} | {
        SUPPORT: None,
        STRATEGIC: None,
        "site_src/facts.toml": None,
    }
    site = load_site(write_site(tmp_path, {**bare, INTERNAL: TINY[INTERNAL].replace('"support", ', "")}))
    assert (site.facts, site.severities, site.targets, site.incidents, site.pages) == ((), (), (), (), ())


def test_required_files_are_missed_by_name(tmp_path):
    found = refusals(tmp_path, {SITE: None, INTERNAL: None})
    assert {(code, file) for code, file, _, _ in found} >= {("E319", SITE), ("E319", INTERNAL)}


@pytest.mark.parametrize(
    ("files", "finding"),
    [
        (adding(SITE, 'tmezone = "UTC"\n'), ("E609", SITE, 4, 1)),
        (adding(SITE, 'timezone = "Mars/Olympus"\n'), ("E214", SITE, 4, 12)),
        (adding(SITE, 'language = "tlh"\n'), ("E131", SITE, 4, 12)),
        (adding(SITE, 'languages = ["en", "dee"]\n'), ("E131", SITE, 4, 20)),
        (adding(SITE, "notice = 3\n"), ("E110", SITE, 4, 10)),
        (adding(SITE, "clock = 2026-11-21T14:24:00\n"), ("E201", SITE, 4, 9)),
        (adding(SITE, 'support_url = "javascript:alert(1)"\n'), ("E409", SITE, 4, 15)),
        (adding(SITE, 'mail_from = "a@b.c, evil@x.y"\n'), ("E135", SITE, 4, 13)),
        (adding(SITE, 'sensitive_terms = "db-7"\n'), ("E120", SITE, 4, 19)),
        ({SITE: TINY[SITE].replace("https:", "http:")}, ("E409", SITE, 3, 7)),
        ({SITE: TINY[SITE].replace('name = "Tiny"\n', "")}, ("E128", SITE, 1, 1)),
        ({SITE: TINY[SITE].replace("https://", "https://me:pw@")}, ("E411", SITE, 3, 7)),
        ({COMPONENTS: TINY[COMPONENTS].replace('audience = "public"\n', "")}, ("E128", COMPONENTS, 1, 3)),
        ({COMPONENTS: TINY[COMPONENTS].replace('"internal"', '"intrenal"')}, ("E112", COMPONENTS, 9, 12)),
        ({COMPONENTS: TINY[COMPONENTS].replace('"Ledger"', '"Ledger"\ngroup = "books"')}, ("E131", COMPONENTS, 9, 9)),
        (adding(COMPONENTS, '[[component]]\nid = "ledger"\nname = "L"\naudience = "public"\n'), ("E304", COMPONENTS, 10, 3)),
        (adding(COMPONENTS, "since = 2026-02-30\n"), ("E618", COMPONENTS, 10, 9)),
        (adding(COMPONENTS, 'since = "yesterday"\n'), ("E201", COMPONENTS, 10, 9)),
        ({SEVERITIES: '[sev6]\nname = "SEV6"\n'}, ("E609", SEVERITIES, 1, 2)),
        ({TARGETS: '[p]\ntree = "support"\ndirectory = "../up"\n'}, ("E625", TARGETS, 3, 13)),
        ({TARGETS: '[p]\ntree = "support"\ndirectory = "site_src/x"\n'}, ("E625", TARGETS, 3, 13)),
        ({TARGETS: '[p]\ntree = "support"\ndirectory = "/var/www"\n'}, ("E625", TARGETS, 3, 13)),
        ({TARGETS: '[p]\ntree = "strategic"\ndirectory = "x"\n'}, ("E626", TARGETS, 2, 8)),
        ({TARGETS: '[a]\ntree = "public"\ndirectory = "x"\n[b]\ntree = "internal"\ndirectory = "x/y"\n'}, ("E602", TARGETS, 4, 2)),
        ({SUPPORT: TINY[SUPPORT].replace('"internal"', '"external"')}, ("E619", SUPPORT, 2, 12)),
        ({PUBLIC: TINY[PUBLIC].replace('"external"', '"internal"')}, ("E619", PUBLIC, 2, 12)),
        (adding(PUBLIC, 'sees = ["internal"]\n'), ("E620", PUBLIC, 4, 8)),
        (adding(PUBLIC, 'when = {severity = ["sev1"]}\n'), ("E621", PUBLIC, 4, 20)),
        (adding(PUBLIC, '[cadence]\nsev1 = {first = "5m", every = "5m"}\n'), ("E621", PUBLIC, 5, 1)),
        (adding(PUBLIC, '[signoff]\nsev1 = ["commander"]\n'), ("E621", PUBLIC, 5, 1)),
        (adding(SUPPORT, '[cadence]\nmajor = {first = "5m", every = "5m"}\n'), ("E131", SUPPORT, 5, 1)),
        (adding(SUPPORT, '[cadence]\nsev1 = {first = "5m"}\n'), ("E128", SUPPORT, 5, 8)),
        (adding(SUPPORT, 'sees = ["exec"]\n'), ("E112", SUPPORT, 4, 9)),
        (adding(SUPPORT, 'sees = ["customer:globex"]\n'), ("E112", SUPPORT, 4, 9)),
        (adding(SUPPORT, 'after = ["support"]\n'), ("E112", SUPPORT, 4, 10)),
        (adding(SUPPORT, '[digest]\nmode = "batched"\n'), ("E628", SUPPORT, 4, 2)),
        (adding(SUPPORT, '[[customer]]\nid = "x"\nname = "X"\n'), ("E624", SUPPORT, 4, 3)),
        (adding(STRATEGIC, 'locale = "German"\n'), ("E131", STRATEGIC, 10, 10)),
        ({STRATEGIC: TINY[STRATEGIC].replace('["checkout"]', '["chekout"]')}, ("E210", STRATEGIC, 8, 15)),
        ({"audiences/say.toml": TINY[SUPPORT]}, ("E302", "audiences/say.toml", 1, 1)),
        ({"audiences/Exec.toml": TINY[SUPPORT]}, ("E301", "audiences/Exec.toml", 1, 1)),
        ({"site_src/component.toml": ""}, ("E313", "site_src/component.toml", 1, 1)),
        ({"audiences/readme.txt": ""}, ("E313", "audiences/readme.txt", 1, 1)),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_where_it_stands(tmp_path, files, finding):
    assert refusals(tmp_path, files) == [finding]


def test_audiences_that_wait_for_each_other_are_refused(tmp_path):
    found = refusals(tmp_path, {**adding(SUPPORT, 'after = ["public"]\n'), **adding(PUBLIC, 'after = ["support"]\n')})
    assert found == [("E630", PUBLIC, 4, 9), ("E630", SUPPORT, 4, 9)]


def test_an_unreadable_list_of_names_does_not_make_every_use_of_them_wrong(tmp_path):
    assert refusals(tmp_path, {COMPONENTS: "x = ["}) == [("E618", COMPONENTS, 1, 1)]
    assert refusals(tmp_path, {STRATEGIC: b"\xff", COMPONENTS: TINY[COMPONENTS]}) == [("E103", STRATEGIC, 1, 1)]


def test_files_of_editors_and_hidden_ones_are_ignored(tmp_path):
    ignored = dict.fromkeys(
        ["site_src/site.toml~", "audiences/.public.toml.swp", "audiences/#x#", "incidents/.DS_Store", "site_src/x.bak"],
        "?",
    )
    assert load_site_with_warnings(write_site(tmp_path, ignored))[1] == ()
