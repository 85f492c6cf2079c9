"""Targets and state in the operator's file: read whole and strictly, and no two places in each other's way."""

import itertools
import json
import re
from pathlib import Path

import pytest

from command import run
from heliograph.load import load_site, places
from heliograph.load.operations import read_operations, read_operations_with_warnings
from heliograph.operations import NO_SECRET, BucketPlace, FolderPlace, Host, Secret
from heliograph.problems import Refused
from sites import TINY, write_site
from static_host import served
from test_operations import CANARY, ENVIRONMENT, WHOLE, files

STATE = '[state]\nbucket = "tiny-state"\n'
PUBLIC = '[target.public]\ntree = "public"\nbucket = "tiny-status"\nurls = ["https://status.example.com"]\n'
INSIDE = '[target.inside]\ntree = "internal"\nbucket = "tiny-inside"\nurls = ["https://inside.example.com"]\n'
TREE, BUCKET, URLS = 'tree = "public"', 'bucket = "tiny-status"', 'urls = ["https://status.example.com"]'
ONLY = f'site = "tiny"\n{STATE}{PUBLIC}{INSIDE}'
"""A team that only publishes: no secret, no ledger, no recipients. Lines: state 2, public 4, inside 8."""

LEDGER = 'path = "ledger.db"'


def read(tmp_path, text, site=None, environment=None):
    path, root = files(tmp_path, text, site)
    return read_operations(path, load_site(root), {**ENVIRONMENT, **(environment or {})}, root)


def refused(tmp_path, text, site=None, environment=None):
    with pytest.raises(Refused) as found:
        read(tmp_path, text, site, environment)
    return found.value.problems


def changed(*replacements, text=ONLY):
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new)
    return text


def test_a_file_that_only_publishes_needs_no_secret_no_ledger_and_no_lists(tmp_path):
    found = read(tmp_path, ONLY)
    assert [(host.id, host.tree, host.urls) for host in found.hosts] == [
        ("public", "public", ("https://status.example.com",)),
        ("inside", "internal", ("https://inside.example.com",)),
    ]
    assert found.state == BucketPlace(bucket="tiny-state")
    assert (found.secret, found.can_send, found.smtp, found.lists) == (NO_SECRET, False, None, ())


def test_the_smallest_file_is_one_folder(tmp_path):
    text = 'site = "tiny"\n[target.public]\ntree = "public"\npath = "www"\nurls = ["http://127.0.0.1:8080/"]\n'
    found = read(tmp_path, text)
    place = FolderPlace(tmp_path / "operator" / "www")
    assert found.hosts == (Host(id="public", tree="public", place=place, urls=("http://127.0.0.1:8080",)),)
    assert found.state is None


def test_a_file_that_sends_and_publishes_is_asked_for_everything(tmp_path):
    found = read(tmp_path, WHOLE + STATE + PUBLIC)
    assert (found.can_send, len(found.hosts), found.state.bucket) == (True, 1, "tiny-state")


@pytest.mark.parametrize("line", ['secret = "${HELIOGRAPH_SECRET}"', "domains = {}", "webhook = []", "recipients = {}"])
def test_one_word_of_sending_and_all_of_it_is_asked_for(tmp_path, line):
    assert {"E128", "E505"} <= {problem.code for problem in refused(tmp_path, f"{line}\n{ONLY}")}


def test_a_file_that_says_nothing_is_asked_for_all_of_sending(tmp_path):
    assert {"E128", "E505"} <= {problem.code for problem in refused(tmp_path, 'site = "tiny"\n')}


EVERY = (
    'site = "tiny"\n[state]\nbucket = "tiny-state"\nprefix = "s/"\naccount = "123456789012"\nendpoint = "https://s3.example.com/"\n'
    'region = "eu-1"\naccess_key = "key"\nsecret_key = "${SMTP_PASSWORD}"\nca_file = "ca.pem"\n'
    '[target.public]\ntree = "public"\nbucket = "tiny-status"\nprefix = "www"\naccount = "210987654321"\n'
    'endpoint = "https://s3.example.com"\nregion = "eu-2"\naccess_key = "other"\nsecret_key = "${SMTP_PASSWORD}"\nca_file = "ca.pem"\n'
    'urls = ["https://Status.example.com/", "https://d111.cloudfront.net/status"]\nurls_ca_file = "ca.pem"\ncloudfront = "E2EXAMPLE"\n'
    '[doctor]\nproduct_urls = ["https://www.example.com/", "https://api.example.com"]\n'
)


def test_every_key_is_read(tmp_path):
    found = read(tmp_path, EVERY)
    ca_file = tmp_path / "operator" / "ca.pem"
    keys = {"endpoint": "https://s3.example.com", "ca_file": ca_file, "secret_key": Secret(f"{CANARY} pass ")}
    assert found.state == BucketPlace(
        bucket="tiny-state", prefix="s/", account="123456789012", region="eu-1", access_key="key", **keys
    )
    (host,) = found.hosts
    assert host == Host(
        id="public",
        tree="public",
        place=BucketPlace(
            bucket="tiny-status", prefix="www", account="210987654321", region="eu-2", access_key="other", **keys
        ),
        urls=("https://Status.example.com", "https://d111.cloudfront.net/status"),
        ca_file=ca_file,
        distribution="E2EXAMPLE",
    )
    assert found.product_urls == ("https://www.example.com", "https://api.example.com")
    assert CANARY not in repr(found)


def test_one_tree_may_go_to_two_targets(tmp_path):
    second = PUBLIC.replace("target.public", "target.second").replace("tiny-status", "elsewhere")
    assert [host.tree for host in read(tmp_path, ONLY + second).hosts] == ["public", "internal", "public"]


def test_prefixes_are_compared_part_by_part(tmp_path):
    text = changed(
        (BUCKET, 'bucket = "one"\nprefix = "public"'),
        (INSIDE, PUBLIC.replace("target.public", "target.b").replace(BUCKET, 'bucket = "one"\nprefix = "public_2/"')),
    )
    assert [host.place.prefix for host in read(tmp_path, text).hosts] == ["public", "public_2/"]


def test_state_ledger_and_insiders_may_share_a_bucket_under_prefixes_of_their_own(tmp_path):
    ledger = 'bucket = "private"\nprefix = "ledger/"'
    text = WHOLE.replace(LEDGER, ledger) + '[state]\nbucket = "private"\nprefix = "state/"\n'
    text += PUBLIC + INSIDE.replace('bucket = "tiny-inside"', 'bucket = "private"\nprefix = "pages/"')
    assert read(tmp_path, text).state.prefix == "state/"


LOCAL = '[target.public]\ntree = "public"\npath = "{}"\nurls = ["https://status.example.com"]\n'


def folder(path, more=""):
    return f'site = "tiny"\n{LOCAL.format(path)}{more}'


# what, the file, code, line, column
BAD = [
    ("an unknown key", changed((TREE, TREE + "\nbuckt = 1")), "E609", 6, 1),
    ("an unknown key of the state", changed((STATE, STATE + "urls = []\n")), "E609", 4, 1),
    ("an unknown table", changed(("[target.inside]", "[targets.inside]")), "E609", 1, 1),
    ("an unknown key of the doctor", ONLY + '[doctor]\nproduct = "x"\n', "E609", 13, 1),
    ("a target that is no table", 'target = "public"\n' + changed((PUBLIC, ""), (INSIDE, "")), "E120", 1, 10),
    ("a state that is no table", 'state = "x"\n' + changed((STATE, "")), "E120", 1, 9),
    ("an id that is none", changed(("[target.inside]", '[target."../x"]')), "E301", 8, 2),
    ("an id that Windows cannot hold", changed(("[target.inside]", "[target.nul]")), "E303", 8, 2),
    ("no tree", changed((TREE + "\n", "")), "E128", 4, 2),
    ("a tree nobody has", changed((TREE, 'tree = "pubic"')), "E626", 5, 8),
    ("a tree of who reads mail only", changed((TREE, 'tree = "strategic"')), "E626", 5, 8),
    ("a secret as a tree", changed((TREE, 'tree = "${SMTP_PASSWORD}"')), "E626", 5, 8),
    ("neither bucket nor path", changed((BUCKET + "\n", "")), "E128", 4, 2),
    ("bucket and path", changed((BUCKET, BUCKET + '\npath = "www"')), "E131", 4, 2),
    ("a bucket nobody can have", changed((BUCKET, 'bucket = "Tiny_Status"')), "E131", 6, 10),
    ("a secret as a bucket", changed((BUCKET, 'bucket = "${SMTP_PASSWORD}"')), "E131", 6, 10),
    ("a prefix that leads elsewhere", changed((BUCKET, BUCKET + '\nprefix = "../x"')), "E131", 7, 10),
    ("an account of eleven digits", changed((BUCKET, BUCKET + '\naccount = "12345678901"')), "E131", 7, 11),
    ("an account that is a number", changed((BUCKET, BUCKET + "\naccount = 123456789012")), "E110", 7, 11),
    ("an endpoint in clear", changed((BUCKET, BUCKET + '\nendpoint = "http://s3.example.com"')), "E136", 7, 12),
    ("half a credential", changed((BUCKET, BUCKET + '\nsecret_key = "${SMTP_PASSWORD}"')), "E128", 4, 2),
    ("a variable that is not set", changed((BUCKET, 'bucket = "${NOT_SET}"')), "E615", 6, 10),
    ("a distribution that is none", changed((BUCKET, BUCKET + '\ncloudfront = "d111.cloudfront.net"')), "E131", 7, 14),
    ("no address", changed((URLS + "\n", "")), "E128", 4, 2),
    ("no address in the list", changed((URLS, "urls = []")), "E128", 7, 8),
    ("an address that is no list", changed((URLS, 'urls = "https://status.example.com"')), "E120", 7, 8),
    ("an address in clear", changed((URLS, 'urls = ["http://status.example.com"]')), "E136", 7, 9),
    ("an address with a question", changed((URLS, 'urls = ["https://status.example.com/?a"]')), "E136", 7, 9),
    ("an address with a password", changed((URLS, 'urls = ["https://u:wallaby@status.example.com"]')), "E411", 7, 9),
    ("an address twice", changed((URLS, 'urls = ["https://a.example.com", "https://A.example.com:443/"]')), "E106", 7, 8),
    ("an address of both sides", changed(("https://inside.", "https://status.")), "E602", 11, 8),
    ("a certificate that is not there", changed((URLS, URLS + '\nurls_ca_file = "none.pem"')), "E319", 8, 16),
    ("no state for a bucket", changed((STATE, "")), "E128", 1, 1),
    ("a state without a place", changed(('bucket = "tiny-state"\n', "")), "E128", 2, 2),
    ("113 one bucket for both sides", changed(("tiny-inside", "tiny-status")), "E602", 8, 2),
    ("113 one bucket for both sides, under two prefixes",
     changed((BUCKET, 'bucket = "one"\nprefix = "public"'), ('bucket = "tiny-inside"', 'bucket = "one"\nprefix = "internal"')), "E602", 9, 2),
    ("113 one bucket for both sides, on two ports",
     changed((BUCKET, 'bucket = "one"\nendpoint = "https://s3.example.com"'), ('bucket = "tiny-inside"', 'bucket = "one"\nendpoint = "https://S3.example.com:8443"')), "E602", 9, 2),
    ("113 one bucket for both sides, once with Amazon's endpoint",
     changed((BUCKET, 'bucket = "one"\nendpoint = "https://s3.eu-west-1.amazonaws.com"'), ("tiny-inside", "one")), "E602", 9, 2),
    ("state where outsiders read", changed(("tiny-state", "tiny-status")), "E602", 2, 2),
    ("state where outsiders read, under a prefix", changed(("tiny-state", 'tiny-status"\nprefix = "state')), "E602", 2, 2),
    ("state where insiders read", changed(("tiny-state", "tiny-inside")), "E602", 2, 2),
    ("state below what insiders read", changed(("tiny-state", 'tiny-inside"\nprefix = "state')), "E602", 2, 2),
    ("state around what insiders read", changed(("tiny-state", "tiny-inside"), ('"tiny-inside"\nurls', '"tiny-inside"\nprefix = "a/b"\nurls')), "E602", 2, 2),
    ("a target within another", ONLY + PUBLIC.replace("target.public", "target.second").replace(BUCKET, BUCKET + '\nprefix = "a/"'), "E602", 12, 2),
    ("a ledger where outsiders read", changed((LEDGER, 'bucket = "tiny-status"\nprefix = "ledger"'), text=WHOLE) + STATE + PUBLIC, "E602", 10, 2),
    ("a ledger and a state in one place", changed((LEDGER, 'bucket = "tiny-state"'), text=WHOLE) + STATE + PUBLIC, "E602", 10, 2),
    ("122 a folder inside the site", folder("../site/www"), "E610", 4, 8),
    ("a folder around the site", folder("../../"+"x", "").replace("../../x", ".."), "E602", 2, 2),
    ("a folder with the operator's file in it", folder("."), "E602", 2, 2),
    ("a folder with a ledger in it", WHOLE.replace(LEDGER, 'path = "www/ledger.db"') + LOCAL.format("www"), "E602", 23, 2),
    ("a folder with a list in it", WHOLE + LOCAL.format("lists"), "E602", 23, 2),
    ("114 a folder within another", folder("www", INSIDE.replace('bucket = "tiny-inside"', 'path = "www/inside"')), "E602", 6, 2),
    ("114 a folder that differs in case alone", folder("www", INSIDE.replace('bucket = "tiny-inside"', 'path = "WWW"')), "E602", 6, 2),
    ("114 state in a folder that is served", folder("www", '[state]\npath = "www/.state"\n'), "E602", 6, 2),
    ("a folder with a prefix", folder("www").replace("urls", 'prefix = "x"\nurls'), "E609", 5, 1),
    ("a product's address in clear", ONLY + '[doctor]\nproduct_urls = ["http://www.example.com"]\n', "E136", 13, 17),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "line", "column"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_each_bad_file_is_refused_at_its_place_and_for_that_alone(tmp_path, text, code, line, column):
    problems = refused(tmp_path, text)
    places_ = [(problem.code, problem.place.line, problem.place.column) for problem in problems]
    assert (code, line, column) in places_, [str(problem) for problem in problems]
    assert {problem.code for problem in problems} == {code}
    assert CANARY not in "".join(f"{problem.message}{problem.hint}" for problem in problems)


def test_a_folder_reached_by_a_link_is_the_folder(tmp_path):
    path, root = files(tmp_path, folder("door/x", '[state]\npath = "real"\n'))
    (path.parent / "real").mkdir()
    (path.parent / "door").symlink_to("real")
    with pytest.raises(Refused) as found:
        read_operations(path, load_site(root), ENVIRONMENT, root)
    assert [problem.code for problem in found.value.problems] == ["E602"]


def test_a_store_named_by_the_environment_is_that_store(tmp_path):
    text = changed((BUCKET, 'bucket = "one"\nendpoint = "https://s3.example.com"'), ("tiny-inside", "one"))
    assert read(tmp_path, text)
    problems = refused(tmp_path, text, environment={"AWS_ENDPOINT_URL": "https://s3.example.com"})
    assert [problem.code for problem in problems] == ["E602"]


def test_all_that_is_wrong_is_told_at_once(tmp_path):
    text = changed(
        (TREE, 'tree = "pubic"'), ("tiny-inside", "${NOT_SET}"), (STATE, STATE + "prefx = 1\n"), (URLS, "urls = []")
    )
    problems = refused(tmp_path, text)
    assert {"E626", "E615", "E609", "E128"} == {problem.code for problem in problems}
    hints = {problem.hint for problem in problems}
    assert {"did you mean public?", "did you mean prefix?"} <= hints


def test_a_secret_key_in_clear_in_a_file_that_others_may_read_is_warned_of(tmp_path):
    path, root = files(tmp_path, changed((BUCKET, BUCKET + f'\naccess_key = "k"\nsecret_key = "{CANARY}"')))
    path.chmod(0o644)
    _, warnings = read_operations_with_warnings(path, load_site(root), ENVIRONMENT, root)
    assert [(one.code, one.place.line) for one in warnings] == [("W629", 8)]


HOSTILE = [
    *(("site_src/targets.toml", f'[public]\ntree = "public"\ndirectory = "out"\n{key} = {value}\n') for key, value in (
        ("bucket", '"evil"'), ("path", '"/srv/evil"'), ("prefix", '"x"'), ("endpoint", '"https://evil.example.com"'),
        ("account", '"123456789012"'), ("access_key", '"x"'), ("secret_key", '"x"'), ("urls", '["https://evil.example.com"]'),
        ("cloudfront", '"E2EVIL"'), ("region", '"x"'), ("Directory", '"x"'),
    )),
    *(("site_src/site.toml", f'{TINY["site_src/site.toml"]}[{table}]\nbucket = "evil"\n') for table in ("target.public", "state", "doctor")),
    *((f"audiences/{name}.toml", f'{TINY[f"audiences/{name}.toml"]}\n[{table}]\nbucket = "evil"\n') for name in ("public", "internal") for table in ("target", "state")),
    ("site_src/targets.toml", '[state]\nbucket = "evil"\ntree = "public"\ndirectory = "out"\n'),
]  # fmt: skip


@pytest.mark.parametrize(("path", "text"), HOSTILE)
def test_128_no_file_of_the_site_can_say_where_pages_go(tmp_path, path, text):
    with pytest.raises(Refused) as found:
        load_site(write_site(tmp_path, {path: text}))
    assert {problem.code for problem in found.value.problems} == {"E609"}


def test_there_are_fifteen_hostile_keys_and_more():
    assert len(HOSTILE) >= 15


PREFIXES = ["", "a", "a/", "a/b", "a/b/", "ab", "ab/c", "a_b", "b/a"]


def test_one_prefix_lies_in_another_if_what_is_written_under_it_does(tmp_path):
    def used(name, prefix):
        place = BucketPlace(bucket="bucket", prefix=prefix)
        return places.Used(name=name, at=places.Place("x"), role="target", place=place, boundary="internal")

    for one, other in itertools.product(PREFIXES, repeat=2):
        keys = [f"{prefix.strip('/')}/" if prefix else "" for prefix in (one, other)]
        nested = keys[0].startswith(keys[1]) or keys[1].startswith(keys[0])
        assert bool(list(places.crossings([used("one", one), used("other", other)], {}))) == nested, (one, other)


@pytest.mark.parametrize(
    ("name", "stand_in", "row"),
    [
        ("_wall_between", lambda one, other: False, "113 one bucket for both sides, under two prefixes"),
        ("_host", lambda store: store, "113 one bucket for both sides, on two ports"),
        ("_begins", lambda longer, shorter: longer == shorter, "state below what insiders read"),
        ("_are_apart", lambda one, other: one != other, "114 a folder that differs in case alone"),
    ],
)
def test_a_rule_that_is_left_out_is_noticed(tmp_path, monkeypatch, name, stand_in, row):
    monkeypatch.setattr(places, name, stand_in)
    text = next(text for what, text, *_ in BAD if what == row)
    assert read(tmp_path, text).hosts


def test_a_path_that_no_system_can_hold_is_refused_or_read_but_never_a_fault(tmp_path):
    for path in ("x" * 300, "a\\u0000b", "~", "/", "/proc/self/fd", "\\\\", "${NOT_SET}"):
        text = folder(path, INSIDE.replace('bucket = "tiny-inside"', 'path = "www"'))
        try:
            read(tmp_path, text)
        except Refused as refusal:
            assert refusal.problems


# --- commands, by a file that only says where to publish


@pytest.fixture
def site(tmp_path, monkeypatch):
    root = tmp_path / "site"
    path, _ = files(tmp_path, LOCAL.format("www").join(('site = "tiny"\n', "")))
    monkeypatch.setenv("HELIOGRAPH_OPERATOR", str(path))
    return root


@pytest.mark.parametrize(
    "command", [["send"], ["send", "--baseline"], ["send", "--dry-run"], ["send", "--resolve", "sent", "key"]]
)
def test_sending_by_it_is_refused_in_words(site, capsys, command):
    found = run(capsys, *command, site=site)
    assert (found.code, "says only where to publish" in found.err) == (1, True)
    assert not list(site.parent.rglob("*.db"))


def test_building_knows_nothing_of_who_was_told(site, capsys):
    assert run(capsys, "build", site=site).code == 0


def test_shipping_publishes_and_says_that_nobody_was_written_to(site, capsys):
    with served(site.parent / "operator" / "www") as url:
        path = site.parent / "operator" / "operator.toml"
        path.write_text(path.read_text().replace("https://status.example.com", url))
        found = run(capsys, "ship", "--yes", site=site)
        assert (found.code, "Nobody was written to" in found.err) == (0, True), found.err
        assert (site.parent / "operator" / "www" / "index.html").exists()
        assert run(capsys, "undo", "--yes", site=site).out.startswith("Taken back")


def test_whatever_bytes_the_file_holds_nothing_but_findings_comes_of_it(tmp_path):
    path, root = files(tmp_path)
    tiny, whole = load_site(root), EVERY.encode()
    for cut in range(0, len(whole), 11):
        for inserted in (b"\x00", b'"', b"\n[", b"\xff", b"${", b"\n[[target]]\n", b"\n[state.x]\n"):
            path.write_bytes(whole[:cut] + inserted + whole[cut:])
            try:
                read_operations(path, tiny, ENVIRONMENT, root)
            except Refused as refusal:
                assert CANARY not in "".join(map(str, refusal.problems)).replace(str(path), "")


@pytest.mark.parametrize("prefix", ["a" * 400 + " a", "a-" * 200 + "!", "a/" * 200 + "/", "/a", "a//b", ".a", "ä"])
def test_a_prefix_that_is_none_is_refused_at_once(tmp_path, prefix):
    problems = refused(
        tmp_path, changed((BUCKET, f'{BUCKET}\nprefix = "x{prefix}"'.replace('"x/', '"/').replace('"x.', '".')))
    )
    assert {problem.code for problem in problems} == {"E131"}


# --- the guide

GUIDE = (Path(__file__).parent.parent / "docs" / "operator.md").read_text("utf-8")
_SMALLEST, _BUCKETS = re.findall(
    r"## The smallest file for publishing\n.*?```toml\n(.*?)```.*?```toml\n(.*?)```", GUIDE, re.DOTALL
)[0]


@pytest.mark.parametrize("text", [_SMALLEST, f'site = "example-pay"\n{_BUCKETS}'], ids=["a folder", "buckets"])
def test_the_guides_files_for_publishing_are_read_for_the_example_site(tmp_path, text):
    here = Path(__file__).parent.parent
    path = tmp_path / "operator.toml"
    path.write_text(text)
    path.chmod(0o600)
    found, warnings = read_operations_with_warnings(path, load_site(here), {}, here)
    assert (warnings, found.can_send, found.hosts[0].id) == ((), False, "public")


ASKED = {
    "list_objects_v2": "s3:ListBucket",
    "head_bucket": "s3:ListBucket",
    "list_object_versions": "s3:ListBucketVersions",
    "get_object": "s3:GetObject",
    "head_object": "s3:GetObject",
    "put_object": "s3:PutObject",
    "delete_object": "s3:DeleteObject",
    "get_public_access_block": "s3:GetBucketPublicAccessBlock",
    "get_bucket_policy_status": "s3:GetBucketPolicyStatus",
    "get_bucket_acl": "s3:GetBucketAcl",
    "get_bucket_website": "s3:GetBucketWebsite",
    "get_bucket_versioning": "s3:GetBucketVersioning",
    "create_invalidation": "cloudfront:CreateInvalidation",
}
"""What Amazon calls the right to each request that is made anywhere."""


def allowed(policy):
    actions = (statement["Action"] for statement in json.loads(policy)["Statement"])
    return {action for one in actions for action in ([one] if isinstance(one, str) else one)}


def test_the_guides_policies_allow_what_is_asked_and_no_change_to_who_may_read():
    source = Path(places.__file__).parent.parent
    modules = [source / "buckets.py", *(source / "publish").glob("*.py")]
    text = "\n".join(module.read_text("utf-8") for module in modules)
    asked = set(
        re.findall(r"\b((?:get|put|list|head|delete|create)_(?:object|bucket|public|invalidation)[a-z0-9_]*)\b", text)
    )
    target, state = map(allowed, re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL))
    assert asked - ASKED.keys() == set()
    assert target == {ASKED[one] for one in asked} | {"s3:DeleteObjectVersion"}
    assert state < target
    assert not {
        action for action in target if re.search(r"Put(?!Object$)|PutObjectAcl|Create(?!Invalidation)|\*", action)
    }
