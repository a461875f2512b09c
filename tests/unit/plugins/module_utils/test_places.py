# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Backups behave the same wherever they are kept: in a directory, in memory, in S3."""

from __future__ import annotations

import uuid
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from ansible_collections.community.descope.plugins.module_utils._backup import remote
from ansible_collections.community.descope.plugins.module_utils._backup.places import open_store
from ansible_collections.community.descope.plugins.module_utils._backup.records import (
    BackupReason,
    FlowOutcome,
    Outcome,
    Status,
)
from ansible_collections.community.descope.plugins.module_utils._backup.remote import RemoteStorage, open_remote
from ansible_collections.community.descope.plugins.module_utils._backup.storage import MissingFileError, StorageError
from ansible_collections.community.descope.plugins.module_utils._backup.store import BackupStore
from ansible_collections.community.descope.plugins.module_utils._backup.times import BackupTimes
from ansible_collections.community.descope.plugins.module_utils._errors import BackupError, DescopeError, InputError
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from example_flows import minimal_flow
from flow_tasks import in_processes
from s3 import S3

PROJECT = "P2project"
REASON = BackupReason(reason="Change 4711")
WELCOME = FlowDocument(minimal_flow("welcome", title="Grüße 😀"))
OUTCOME = Outcome(Status.GOOD, {"welcome": FlowOutcome("update", "applied", "abc", True)})


@pytest.fixture
def bucket(s3: S3) -> str:
    return s3.new_bucket(f"bucket-{uuid.uuid4().hex[:12]}")


@pytest.fixture(params=["directory", "file", "memory", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "s3":
        return str(request.getfixturevalue("bucket"))
    places = {
        "directory": str(tmp_path / "backups"),
        "file": (tmp_path / "with space").as_uri(),
        "memory": f"memory://{tmp_path.name}",
    }
    return places[request.param]


@pytest.fixture
def store(place: str) -> BackupStore:
    return open_store(place, PROJECT)


def test_what_is_kept_is_found_again(place: str, store: BackupStore) -> None:
    backup = store.record(store.create({"welcome": WELCOME, "new": None}, REASON), OUTCOME)

    found = open_store(place, PROJECT)

    assert found.ids() == [backup.id]
    assert found.load_all().backups == (found.load(backup.id),) == (backup,)
    flows = found.read_flows(backup)
    assert flows["new"] is None
    assert flows["welcome"] is not None
    assert flows["welcome"].fingerprint == WELCOME.fingerprint
    assert found.verify(backup.id) == backup


def test_an_empty_place_holds_no_backups(store: BackupStore) -> None:
    assert store.ids() == []
    assert store.load_all().backups == ()


def test_projects_do_not_see_each_others_backups(place: str, store: BackupStore) -> None:
    store.create({"welcome": WELCOME}, REASON)

    assert open_store(place, "P2other").ids() == []


def test_what_is_removed_is_gone_and_nothing_else(store: BackupStore) -> None:
    first, second = (store.create({"welcome": WELCOME}, REASON) for _number in range(2))

    store.remove(first.id)

    assert store.ids() == [second.id]
    with pytest.raises(MissingFileError):
        store.storage.read(f"{PROJECT}/{first.id}/flows/welcome.json")
    with pytest.raises(StorageError):
        store.remove(first.id)


def test_a_journal_grows(place: str, store: BackupStore) -> None:
    backup = store.create({"welcome": WELCOME}, REASON)
    name = f"{PROJECT}/{backup.id}/journal.jsonl"
    for line in (b"one\n", b"two\n"):
        store.storage.append(name, line)

    another_process = open_store(place, PROJECT).storage
    another_process.append(name, b"three\n")

    assert another_process.read(name) == b"one\ntwo\nthree\n"


def test_what_has_no_manifest_is_no_backup_and_hides_none(store: BackupStore) -> None:
    whole, part = (store.create({"welcome": WELCOME}, REASON) for _number in range(2))
    store.storage.remove_directory(f"{PROJECT}/{part.id}", "manifest.json")
    store.storage.create_directory(f"{PROJECT}/{part.id}", {"flows/welcome.json": b"{}"}, "flows/welcome.json")

    inventory = store.load_all()

    assert [backup.id for backup in inventory.backups] == [whole.id]
    assert [(found.id, found.incomplete) for found in inventory.unreadable] == [(part.id, True)]
    store.remove(part.id)
    assert store.ids() == [whole.id]


def test_damage_is_found(store: BackupStore) -> None:
    backup = store.create({"welcome": WELCOME}, REASON)
    store.storage.write(f"{PROJECT}/{backup.id}/flows/welcome.json", b"{}")

    with pytest.raises(BackupError, match=f"{backup.id}/flows/welcome.json is not what was written there"):
        store.verify(backup.id)


def test_many_writers_at_once(bucket: str) -> None:
    def write(number: int) -> list[str]:
        store = open_store(bucket, PROJECT)
        document = FlowDocument(minimal_flow("welcome", title=f"Writer {number}"))
        return [store.record(store.create({"welcome": document}, REASON), OUTCOME).id for _turn in range(3)]

    written = in_processes(4, write)

    store = open_store(bucket, PROJECT)
    assert store.ids() == sorted(backup_id for ids in written for backup_id in ids)
    for number, ids in enumerate(written):
        for backup_id in ids:
            flow = store.read_flow(store.verify(backup_id), "welcome")
            assert flow is not None
            assert f"Writer {number}" in str(flow.data)


class TestRequests:
    def test_a_backup_takes_a_request_a_file_and_nothing_else(self, s3: S3, bucket: str, tmp_path: Path) -> None:
        flows = {f"flow-{number}": FlowDocument(minimal_flow(f"flow-{number}")) for number in range(5)}
        open_store(bucket, PROJECT).create(dict(flows), REASON)
        for _worker in range(2):
            before = len(s3.requests())
            backup = replace(open_store(bucket, PROJECT), times=BackupTimes(tmp_path)).create(dict(flows), REASON)

        made = [request.split()[0] for request in s3.requests()[before:]]
        assert made.count("PUT") == 6
        assert s3.requests()[before:][5].endswith("manifest.json"), "the manifest is last"
        assert made[6:] == ["GET"] * 6, f"each flow and the manifest of {backup.id} are read back"

    def test_a_history_takes_a_listing_and_two_reads_a_backup(self, s3: S3, bucket: str) -> None:
        store = open_store(bucket, PROJECT)
        for _number in range(20):
            store.record(store.create({"new": None}, REASON), OUTCOME)
        before = len(s3.requests())

        assert len(open_store(bucket, PROJECT).load_all().backups) == 20

        made = s3.requests()[before:]
        assert sum("list-type=2" in request for request in made) == 1
        assert len(made) == 1 + 2 * 20

    def test_the_first_backup_of_a_run_takes_a_listing(self, s3: S3, bucket: str, tmp_path: Path) -> None:
        open_store(bucket, PROJECT).create({"new": None}, REASON)
        before = len(s3.requests())

        for _worker in range(3):
            replace(open_store(bucket, PROJECT), times=BackupTimes(tmp_path)).create({"new": None}, REASON)

        assert sum("list-type=2" in request for request in s3.requests()[before:]) == 1

    def test_opening_a_place_asks_nothing(self, s3: S3) -> None:
        before = s3.requests()
        open_store("s3://nowhere/backups", PROJECT)
        assert s3.requests() == before


class Weather:
    """A filesystem that fails a few times with each name before it answers, and counts how often it was asked."""

    def __init__(self, errors: dict[str, list[Exception]]) -> None:
        self.errors = errors
        self.asked: list[str] = []

    def cat_ranges(self, paths: list[str], *_ranges: object, on_error: str) -> list[bytes | Exception]:
        assert on_error == "return"
        self.asked += paths
        return [self.errors[path].pop(0) if self.errors.get(path) else path.encode() for path in paths]


class TestPassingErrors:
    @pytest.fixture(autouse=True)
    def pauses(self, monkeypatch: pytest.MonkeyPatch) -> list[float]:
        pauses: list[float] = []
        monkeypatch.setattr(remote, "time", SimpleNamespace(sleep=pauses.append))
        return pauses

    @staticmethod
    def read(weather: Weather) -> dict[str, bytes | StorageError]:
        return RemoteStorage("s3://bucket", lambda _url: (weather, "b")).read_many(["one", "two"])

    def test_what_fails_is_read_again(self, pauses: list[float]) -> None:
        weather = Weather({"b/two": [TimeoutError(), OSError(5, "Internal error")]})

        assert self.read(weather) == {"one": b"b/one", "two": b"b/two"}
        assert weather.asked == ["b/one", "b/two", "b/two", "b/two"]
        assert pauses == sorted(pauses)
        assert len(pauses) == 2

    def test_but_not_for_ever(self) -> None:
        weather = Weather({"b/two": [TimeoutError("too slow") for _number in range(9)]})

        found = self.read(weather)

        assert found["one"] == b"b/one"
        assert str(found["two"]) == "s3://bucket/two cannot be read: too slow"
        assert weather.asked.count("b/two") == 3

    @pytest.mark.parametrize("error", [FileNotFoundError("gone"), PermissionError("not yours")])
    def test_what_will_not_change_is_asked_once(self, pauses: list[float], error: Exception) -> None:
        weather = Weather({"b/two": [error]})

        assert isinstance(self.read(weather)["two"], StorageError)
        assert (weather.asked, pauses) == (["b/one", "b/two"], [])


class TestMistakes:
    def test_a_bucket_that_does_not_exist(self, s3: S3) -> None:
        with pytest.raises(BackupError, match=r"s3://no-such-bucket/x/P2project/.*bucket does not exist.*nothing was"):
            open_store("s3://no-such-bucket/x", PROJECT).create({"welcome": WELCOME}, REASON)

    def test_no_credentials(self, s3: S3, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

        with pytest.raises(BackupError, match="credentials"):
            open_store(bucket, PROJECT).create({"welcome": WELCOME}, REASON)

    @pytest.mark.parametrize(
        ("backup_dir", "words"),
        [
            ("gs://bucket/backups", "gcsfs"),
            ("nonsense://host/backups", "nonsense"),
            ("simplecache::s3://bucket", "the place itself"),
            ("file://host/backups", "file:///path"),
        ],
    )
    def test_a_place_that_cannot_be_opened_is_the_options_fault(self, backup_dir: str, words: str) -> None:
        with pytest.raises(InputError, match="backup_dir") as raised:
            open_store(backup_dir, PROJECT).ids()
        assert words in str(raised.value)
        assert "\n" not in str(raised.value)

    def test_another_option_with_such_a_place_goes_by_its_own_name(self) -> None:
        with pytest.raises(InputError, match=r"^report_url: nonsense://host/x cannot be opened"):
            open_remote("nonsense://host/x", "report_url").directories("")

    def test_a_password_in_a_url_is_never_shown(self) -> None:
        store = open_store("nonsense://jo:hunter2@host/backups", PROJECT)

        with pytest.raises(DescopeError) as raised:
            store.ids()

        assert "hunter2" not in store.storage.place("x") + str(raised.value)
