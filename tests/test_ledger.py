"""The ledger in a file: durable, one sender at a time, and refused rather than believed when anything is wrong with it."""

import contextlib
import multiprocessing
import os
import random
import resource
import shutil
import signal
import sqlite3
import stat
import threading
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from heliograph.message import Mail, Message, Topic
from heliograph.send import sqlite, sqlite_file, wal
from heliograph.send.ledger import Addressee, LedgerFailed, LedgerRefused, Planned
from heliograph.send.sqlite import SqliteLedger
from heliograph.tree.fsio import Locked

AT = datetime(2026, 11, 21, 14, 20, tzinfo=UTC)
SITE = "status.example.com"


def message(words="Some payments fail.", at=AT, **more):
    mail = Mail(
        audience="exec",
        subject="Payments",
        preheader="",
        text=words,
        html=f"<p>{words}</p>",
        at=at,
        thread="t",
        from_name="Status",
        from_="status@example.com",
        list_id="exec.status.example.com",
    )
    topics = (Topic(id="k3x9q2mf", components=("checkout",), impact="minor"),)
    fields = {"audience": "exec", "kind": "digest", "topics": topics, "news": ("n1",), "at": at, "thread": "t"}
    return Message(**{**fields, "mails": (mail,), **more})


def planned(identity="m1", **more):
    said = message(**more)
    return Planned(id=identity, at=said.at, outcome="planned", fresh=said.news, message=said)


def addressees(count, prefix="k"):
    return [Addressee(key=f"{prefix}{number}", address=f"r{number}@example.com") for number in range(count)]


@contextlib.contextmanager
def opened(path, **options):
    ledger = SqliteLedger(path, SITE, **options)
    try:
        yield ledger
    finally:
        ledger.close()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "private" / "ledger.sqlite"


@pytest.fixture
def ledger(path):
    with opened(path, create=True) as made, made:
        yield made


def states(ledger):
    return {one.key: one.state for one in ledger.deliveries()}


# What it keeps


def test_what_was_planned_is_found_again_as_it_was_frozen(path):
    first, second = planned("m1"), planned("m2", words="Für alle: «gelöst» 🙂", kind="closing")
    with opened(path, create=True) as made, made:
        made.plan(first, addressees(3))
        made.plan(second, addressees(1, "z"))
    with opened(path) as again:
        assert again.planned() == (first, second)
        assert [one.key for one in again.deliveries()] == ["k0", "k1", "k2", "z0"]
        assert [one.address for one in again.deliveries("m2")] == ["r0@example.com"]
        assert all((one.state, one.attempts, one.at) == ("PLANNED", 0, AT) for one in again.deliveries())


def test_a_message_is_planned_once_and_a_key_belongs_to_one_delivery(ledger):
    ledger.plan(planned("m1"), addressees(2))
    ledger.plan(planned("m1", words="other words"), addressees(5))
    assert len(states(ledger)) == 2
    assert ledger.planned() == (planned("m1"),)
    ledger.plan(planned("m2"), addressees(3))
    assert [one.message for one in ledger.deliveries()] == ["m1", "m1", "m2"]


def test_a_message_is_planned_with_all_its_addressees_or_not_at_all(ledger):
    def broken():
        yield from addressees(1200)
        raise ValueError("line 1201 is no address")

    with pytest.raises(ValueError, match="line 1201"):
        ledger.plan(planned(), broken())
    assert ledger.planned() == ()
    assert states(ledger) == {}


def test_deliveries_may_change_while_one_goes_through_them(ledger):
    ledger.plan(planned(), addressees(1300))
    seen = 0
    for one in ledger.deliveries("m1", ("PLANNED", "DEFERRED")):
        ledger.settle(one.key, "DEFERRED", "450", AT)
        seen += 1
    assert seen == 1300


def test_only_the_owner_may_read_the_addresses(path, ledger):
    ledger.plan(planned(), addressees(1))
    for file in path.parent.glob("ledger.sqlite*"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_every_change_waits_for_the_disk(ledger):
    assert ledger._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert ledger._connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert ledger._connection.execute("PRAGMA foreign_keys").fetchone() == (1,)


# From state to state


def test_a_delivery_is_committed_once(ledger):
    ledger.plan(planned(), addressees(1))
    assert ledger.commit("k0", AT)
    assert states(ledger) == {"k0": "COMMITTING"}
    assert not ledger.commit("k0", AT)
    assert not ledger.commit("unknown", AT)


def test_of_many_threads_one_commits(ledger):
    ledger.plan(planned(), addressees(40))
    passed = []

    def worker():
        for number in range(40):
            if ledger.commit(f"k{number}", AT):
                passed.append(number)

    threads = [threading.Thread(target=worker) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(passed) == list(range(40))


@pytest.mark.parametrize("state", ["SENT", "DEFERRED", "FAILED", "AMBIGUOUS"])
def test_what_became_of_a_committed_one_is_recorded(ledger, state):
    ledger.plan(planned(), addressees(1))
    ledger.commit("k0", AT)
    later = AT + timedelta(seconds=3)
    ledger.settle("k0", state, "250 queued", later)
    (one,) = ledger.deliveries()
    assert (one.state, one.reply, one.at, one.attempts) == (state, "250 queued", later, 1)
    ledger.settle("k0", "FAILED", "too late", later)
    assert states(ledger) == {"k0": "FAILED" if state == "DEFERRED" else state}


@pytest.mark.parametrize(
    ("state", "found"),
    [
        ("DEFERRED", "DEFERRED"),
        ("FAILED", "FAILED"),
        ("EXPIRED", "EXPIRED"),
        ("SENT", "PLANNED"),
        ("AMBIGUOUS", "PLANNED"),
    ],
)
def test_nothing_is_sent_or_ambiguous_that_was_not_committed(ledger, state, found):
    ledger.plan(planned(), addressees(1))
    ledger.settle("k0", state, "", AT)
    (one,) = ledger.deliveries()
    assert (one.state, one.attempts) == (found, 1 if found in ("DEFERRED", "FAILED") else 0)


def test_attempts_are_counted_once_each(ledger):
    ledger.plan(planned(), addressees(1))
    ledger.settle("k0", "DEFERRED", "450 at RCPT", AT)
    ledger.commit("k0", AT)
    ledger.settle("k0", "DEFERRED", "450 at the dot", AT)
    assert next(ledger.deliveries()).attempts == 2


def test_an_ambiguous_one_is_settled_by_hand_or_tried_again_where_that_is_safe(ledger):
    ledger.plan(planned(), addressees(3))
    assert not ledger.resolve("k0", "SENT", AT)
    for number in range(3):
        ledger.commit(f"k{number}", AT)
        ledger.settle(f"k{number}", "AMBIGUOUS", "", AT)
        assert not ledger.commit(f"k{number}", AT)
    assert ledger.resolve("k0", "SENT", AT)
    assert ledger.resolve("k1", "PLANNED", AT)
    assert ledger.commit("k2", AT, again=True)
    assert states(ledger) == {"k0": "SENT", "k1": "PLANNED", "k2": "COMMITTING"}


def test_nothing_changes_without_the_lease(path, ledger):
    ledger.plan(planned(), addressees(1))
    with opened(path) as other:
        for change in (lambda: other.commit("k0", AT), lambda: other.plan(planned("m2"), ())):
            with pytest.raises(RuntimeError):
                change()
    assert states(ledger) == {"k0": "PLANNED"}


# Senders, one after the other


def test_a_second_sender_is_turned_away_and_a_reader_is_not(path, ledger):
    with opened(path) as other:
        with pytest.raises(Locked, match=r"^E616 .*ledger\.sqlite"), other:
            pass
        assert other.epoch == 1
        assert other.planned() == ()


def test_the_lease_of_a_killed_sender_is_free_and_what_it_had_begun_is_ambiguous(path):
    def sender():
        made = SqliteLedger(path, SITE, create=True)
        made.__enter__()
        made.plan(planned(), addressees(3))
        made.commit("k0", AT)
        made.commit("k1", AT)
        made.settle("k1", "SENT", "250", AT)
        os.kill(os.getpid(), signal.SIGKILL)

    process = multiprocessing.get_context("fork").Process(target=sender)
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    with opened(path) as after, after:
        assert after.epoch == 2
        assert states(after) == {"k0": "AMBIGUOUS", "k1": "SENT", "k2": "PLANNED"}
        assert next(after.deliveries()).at == AT
        assert not after.commit("k0", AT)


def test_a_sender_that_lost_its_lease_changes_nothing_any_more(path, ledger):
    ledger.plan(planned(), addressees(4))
    ledger.commit("k0", AT)
    (lock,) = path.parent.glob("*.lock")
    lock.unlink()
    with opened(path) as other, other:
        assert other.commit("k1", AT)
        assert not ledger.commit("k2", AT)
        ledger.settle("k0", "SENT", "250", AT)
        ledger.settle("k1", "DEFERRED", "450", AT)
        ledger.settle("k3", "DEFERRED", "450", AT)
        with pytest.raises(LedgerFailed, match="taken over"):
            ledger.plan(planned("m2"), addressees(1, "z"))
        assert states(other) == {"k0": "AMBIGUOUS", "k1": "COMMITTING", "k2": "PLANNED", "k3": "PLANNED"}


# Which ledger it is


def test_a_missing_ledger_is_not_made_in_passing(path):
    with pytest.raises(LedgerRefused, match=r"^E614 there is no ledger .*heliograph send --baseline"):
        SqliteLedger(path, SITE)
    assert not path.parent.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("PRAGMA user_version = 7", "newer Heliograph"),
        ("PRAGMA application_id = 7", "no ledger"),
        ("DROP INDEX deliveries_of", "no ledger"),
        ("UPDATE ledger SET epoch = 900", "damaged"),
        ("DELETE FROM ledger", "damaged"),
    ],
)
def test_a_file_that_is_not_a_ledger_of_ours_is_refused(path, change, said):
    with opened(path, create=True):
        pass
    with contextlib.closing(sqlite3.connect(path)) as raw, raw:
        raw.execute(change)
    with pytest.raises(LedgerRefused, match=said):
        SqliteLedger(path, SITE)
    with pytest.raises(LedgerRefused, match=said):
        SqliteLedger(path, SITE, create=True)


def test_the_ledger_of_another_site_is_refused(path, ledger):
    with pytest.raises(LedgerRefused, match="another site"):
        SqliteLedger(path, "status.example.org")


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0", b"not a ledger at all" * 99])
def test_a_file_of_something_else_is_refused(tmp_path, content):
    path = tmp_path / "ledger"
    path.write_bytes(content)
    with pytest.raises(LedgerRefused):
        SqliteLedger(path, SITE)


def test_what_is_no_file_is_refused(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("folder", "link"):
        with pytest.raises(LedgerRefused, match="not an ordinary file"):
            SqliteLedger(tmp_path / name, SITE, create=True)
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_may_be_reached_by_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    with opened(tmp_path / "link" / "ledger", create=True) as made, made, pytest.raises(Locked):
        SqliteLedger(tmp_path / "real" / "ledger", SITE).__enter__()


# An older one in its place (listmonk 1801: a restored snapshot sent a campaign of long ago again)


def sent_after_copy(path, memory, *, copied="between runs"):
    """Send everything, with a copy of the ledger made before or while that is done; give the copy."""
    copy = path.with_name("copy")
    if copied == "before a plan":
        made = SqliteLedger(path, SITE, create=True, memory=memory)
        made.__enter__()
        made.plan(planned("m0"), addressees(1, "z"))
        copy_of(path, copy)
        made.plan(planned(), addressees(3))
        for one in list(made.deliveries()):
            made.commit(one.key, AT)
            made.settle(one.key, "SENT", "250", AT)
        made._lease.close()  # killed: what comes with the end of a run is not written any more
        made.close()
        return copy
    with opened(path, create=True, memory=memory) as made:
        with made:
            made.plan(planned(), addressees(3))
        if copied == "between runs":
            copy_of(path, copy)
        with made:
            if copied == "while sending":
                copy_of(path, copy)
            for one in list(made.deliveries()):
                made.commit(one.key, AT)
                made.settle(one.key, "SENT", "250", AT)
    return copy


def copy_of(path, copy):
    with contextlib.closing(sqlite3.connect(path)) as one, contextlib.closing(sqlite3.connect(copy)) as other:
        one.backup(other)


@pytest.mark.parametrize("copied", ["between runs", "while sending", "before a plan"])
def test_listmonk_1801_a_restored_ledger_is_refused(path, tmp_path, copied):
    memory = tmp_path / "memory.json"
    copy = sent_after_copy(path, memory, copied=copied)
    with opened(path, memory=memory) as sound:
        assert set(states(sound).values()) == {"SENT"}
    shutil.copyfile(copy, path)
    with pytest.raises(LedgerRefused, match=r"older than what was sent.*--baseline"):
        SqliteLedger(path, SITE, memory=memory)
    with opened(path) as believed:
        assert set(states(believed).values()) == {"PLANNED"}, "without its memory it would send them again"


def test_a_restored_ledger_that_is_taken_up_sends_nothing_of_what_waited_in_it(path, tmp_path):
    memory = tmp_path / "memory.json"
    shutil.copyfile(sent_after_copy(path, memory), path)
    with opened(path, create=True, memory=memory) as taken, taken:
        assert set(states(taken).values()) == {"AMBIGUOUS"}
        assert taken.epoch == 3
    with opened(path, memory=memory) as after:
        assert after.epoch == 3


def test_another_ledger_in_its_place_is_refused_until_it_is_taken_up(path, tmp_path):
    memory = tmp_path / "memory.json"
    sent_after_copy(path, memory)
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
    with opened(path, create=True) as other, other:
        pass
    with pytest.raises(LedgerRefused, match="not the one"):
        SqliteLedger(path, SITE, memory=memory)
    with opened(path, create=True, memory=memory) as taken, taken:
        assert taken.epoch == 3


@pytest.mark.parametrize("content", [b"", b"{}", b'{"lineage": 3}', b"\xff"])
def test_a_damaged_memory_is_said_to_be_so(path, tmp_path, content):
    with opened(path, create=True):
        pass
    memory = tmp_path / "memory.json"
    memory.write_bytes(content)
    with pytest.raises(LedgerRefused, match=r"memory\.json"):
        SqliteLedger(path, SITE, memory=memory)


# Damage


def whole(path):
    """Write a ledger with everything in it; give what it holds."""
    with opened(path, create=True) as made, made:
        made.plan(planned("m1"), addressees(20))
        made.plan(planned("m2", words="x" * 6000), addressees(20, "z"))
        for number, state in enumerate(("SENT", "SENT", "FAILED", "AMBIGUOUS", "DEFERRED")):
            made.commit(f"k{number}", AT)
            made.settle(f"k{number}", state, "a reply", AT)
        return content(made)


def content(ledger):
    return ledger.planned(), tuple(ledger.deliveries()), ledger.epoch


def damages(data, count, seed):
    chance = random.Random(seed)
    for number in range(count):
        place = chance.randrange(len(data))
        flipped = bytearray(data)
        flipped[place] ^= 1 << chance.randrange(8)
        yield data[:place] if number % 10 == 9 else bytes(flipped)


@pytest.mark.parametrize("seed", range(5))
def test_a_damaged_ledger_is_refused_or_says_what_it_said(path, seed):
    expected = whole(path)
    refused = 0
    for damaged in damages(path.read_bytes(), 100, seed):
        path.write_bytes(damaged)
        try:
            with opened(path) as found:
                assert content(found) == expected
        except LedgerRefused:
            refused += 1
    assert refused > 20


def test_a_message_s_time_cannot_be_changed_so_that_it_is_not_looked_at(path):
    whole(path)
    written = AT.isoformat()
    with contextlib.closing(sqlite3.connect(path)) as raw, raw:
        assert raw.execute("UPDATE messages SET at = '2020' WHERE at = ? AND id = 'm1'", (written,)).rowcount == 1
    with opened(path) as found, pytest.raises(LedgerRefused, match="damaged"):
        found.planned(AT)


def test_words_that_are_not_asked_for_are_not_read(path, ledger):
    ledger.plan(planned("m1"), ())
    ledger.plan(planned("m2", at=AT + timedelta(days=1)), ())
    for damage in ("UPDATE words SET frozen = x'00' WHERE seq = 1", "DELETE FROM words WHERE seq = 1"):
        ledger._connection.execute(damage)
        assert [one.id for one in ledger.planned(AT + timedelta(days=1))] == ["m2"]
        with pytest.raises(LedgerRefused, match="damaged"):
            ledger.planned()


class Anything(str):
    """A digest that is equal to any other."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False


def test_without_digests_a_mail_would_go_to_the_wrong_address(path, monkeypatch):
    whole(path)
    path.write_bytes(path.read_bytes().replace(b"r7@example.com", b"r7@exbmple.com"))
    with opened(path) as found, pytest.raises(LedgerRefused, match="damaged"):
        content(found)
    monkeypatch.setattr(sqlite, "digest", lambda *columns: Anything())
    with opened(path) as believed:
        assert "r7@exbmple.com" in {one.address for one in believed.deliveries()}


def killed_while_sending(path, count=60):
    """Leave behind a ledger whose changes stand in its log only; give what it held at the end."""

    def sender():
        made = SqliteLedger(path, SITE, create=True)
        made.__enter__()
        made.plan(planned(), addressees(count))
        for number in range(count):
            made.commit(f"k{number}", AT)
            made.settle(f"k{number}", "SENT", "250", AT)
        os.kill(os.getpid(), signal.SIGKILL)

    process = multiprocessing.get_context("fork").Process(target=sender)
    process.start()
    process.join()


def restored(folder, files):
    shutil.rmtree(folder)
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)


@pytest.mark.slow
def test_a_damaged_log_is_refused_and_nothing_that_was_sent_waits_again(path):
    killed_while_sending(path)
    files = {one.name: one.read_bytes() for one in path.parent.glob("*")}
    log = f"{path.name}-wal"
    assert len(files[log]) > 400_000
    chance, refused = random.Random(5), 0
    for _ in range(60):
        flipped = bytearray(files[log])
        flipped[chance.randrange(len(flipped) - 40_000)] ^= 1 << chance.randrange(8)
        restored(path.parent, {path.name: files[path.name], log: bytes(flipped)})
        try:
            with opened(path) as found, found:
                assert set(states(found).values()) == {"SENT"}
        except LedgerRefused:
            refused += 1
    assert refused > 50


def test_without_looking_at_the_log_what_was_sent_would_wait_again(path, monkeypatch):
    killed_while_sending(path)
    log = path.with_name(f"{path.name}-wal")
    data = bytearray(log.read_bytes())
    data[len(data) // 2] ^= 1
    files = {path.name: path.read_bytes(), log.name: bytes(data)}
    restored(path.parent, files)
    assert wal.has_lost(log)
    monkeypatch.setattr(sqlite_file, "has_lost", lambda log: False)
    with opened(path) as found, found:
        assert "PLANNED" in states(found).values()


def test_what_a_power_cut_leaves_at_the_end_of_the_log_is_no_damage(path):
    killed_while_sending(path, 20)
    log = path.with_name(f"{path.name}-wal")
    data = log.read_bytes()
    for cut in (0, 7, 32, 50, len(data) - 5, len(data)):
        log.write_bytes(data[:cut])
        assert not wal.has_lost(log)
    torn = bytearray(data)
    torn[-100] ^= 1
    log.write_bytes(torn)
    assert not wal.has_lost(log)


# A disk that is full


def test_a_full_disk_commits_nothing_and_says_so(path):
    """R20: the limit on file sizes stands for the disk; what was said to be committed is there afterwards."""
    with opened(path, create=True) as made, made:
        made.plan(planned(), addressees(400))
    told = path.with_name("told")

    def sender():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))
        with opened(path) as found, found, told.open("w") as said:
            for number in range(400):
                try:
                    if found.commit(f"k{number}", AT):
                        print(f"k{number}", file=said, flush=True)
                except LedgerFailed as error:
                    print(f"full: {error}", file=said, flush=True)

    process = multiprocessing.get_context("fork").Process(target=sender)
    process.start()
    process.join()
    lines = told.read_text().splitlines()
    committed = {line for line in lines if line.startswith("k")}
    assert 0 < len(committed) < 400
    assert any(line.startswith("full: the ledger") for line in lines)
    with opened(path) as after, after:
        found = states(after)
    assert {key for key, state in found.items() if state == "AMBIGUOUS"} == committed
    assert {state for key, state in found.items() if key not in committed} == {"PLANNED"}


def test_a_ledger_locked_by_another_program_says_so(path, monkeypatch):
    monkeypatch.setattr(sqlite_file, "_PATIENCE", 0.1)
    with opened(path, create=True) as made, made:
        made.plan(planned(), addressees(1))
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(LedgerFailed, match="locked"):
                made.commit("k0", AT)
            other.execute("ROLLBACK")
        assert made.commit("k0", AT)


def test_threads_that_share_a_transaction_that_fails_all_hear_of_it(path, monkeypatch):
    monkeypatch.setattr(sqlite_file, "_PATIENCE", 0.1)
    with opened(path, create=True) as made, made:
        made.plan(planned(), addressees(8))
        outcomes = []

        def worker(number):
            try:
                outcomes.append(made.commit(f"k{number}", AT))
            except LedgerFailed:
                outcomes.append("failed")

        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            threads = [threading.Thread(target=worker, args=(number,)) for number in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert outcomes == ["failed"] * 8
        assert set(states(made).values()) == {"PLANNED"}


def test_a_copy_made_while_it_is_sending_can_be_read(path, ledger, tmp_path):
    ledger.plan(planned(), addressees(5))
    ledger.commit("k0", AT)
    copy_of(path, tmp_path / "copy")
    with opened(tmp_path / "copy") as copied:
        assert states(copied)["k0"] == "COMMITTING"
    for file in path.parent.glob("ledger*"):
        shutil.copyfile(file, tmp_path / file.name)
    with opened(tmp_path / path.name) as copied:
        assert states(copied)["k0"] == "COMMITTING"


def test_what_is_frozen_reads_back_as_a_message(ledger):
    """A field that is added later needs a default, or every older ledger is refused."""
    ledger.plan(planned(), ())
    (row,) = ledger._connection.execute("SELECT frozen FROM words").fetchone()
    assert msgspec.json.decode(row, type=Planned) == planned()


ADDED_LATER = ("outside", "alone", "owner", "opens", "number", "page", "shows", "chat", "customer")
"""A message's fields with a default. One that is added belongs here."""


@pytest.mark.parametrize("field", ADDED_LATER)
def test_a_message_frozen_before_a_field_came_is_still_read(path, monkeypatch, field):
    encode = msgspec.json.encode

    def older(planned):
        known = msgspec.json.decode(encode(planned))
        del known["message"][field]
        return encode(known)

    with opened(path, create=True) as made, made:
        monkeypatch.setattr(sqlite.msgspec.json, "encode", older)
        made.plan(planned(), addressees(2))
        monkeypatch.undo()
    with opened(path) as found:
        assert found.planned() == (planned(),)
        assert len([*found.deliveries("m1")]) == 2


def test_every_field_of_a_message_that_older_ones_may_lack_is_tried():
    defaults = {one.name for one in msgspec.structs.fields(Message) if not one.required}
    assert defaults - {"mails"} == set(ADDED_LATER)
