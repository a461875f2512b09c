# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""A new backup is later than all before it, whatever the clock says, and that takes one look at the place a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ansible_collections.community.descope.plugins.module_utils._backup.history import History
from ansible_collections.community.descope.plugins.module_utils._backup.places import open_store
from ansible_collections.community.descope.plugins.module_utils._backup.records import BackupReason
from ansible_collections.community.descope.plugins.module_utils._backup.storage import LocalStorage, StorageError
from ansible_collections.community.descope.plugins.module_utils._backup.store import BackupStore
from ansible_collections.community.descope.plugins.module_utils._backup.times import BackupTimes
from ansible_collections.community.descope.plugins.module_utils._errors import BackupError
from clocks import Clock
from flow_tasks import in_processes

PLACE = "/backups/P2project"
NOW = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock.of_backups(monkeypatch, NOW)


@pytest.fixture
def store(tmp_path: Path) -> BackupStore:
    return open_store(str(tmp_path / "backups"), "P2project")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


def never_asked(_now: datetime) -> datetime | None:
    raise AssertionError("the place was asked again")


def found(time: datetime | None) -> Callable[[datetime], datetime | None]:
    return lambda _now: time


def times_of(store: BackupStore) -> list[datetime]:
    """Return the times of all backups, as their manifests say them, in the order of the history."""
    return [backup.manifest.time for backup in History(store.load_all().backups).backups]


class TestTimes:
    def test_they_are_those_of_the_clock(self, clock: Clock) -> None:
        times = BackupTimes()
        assert times.give(PLACE, found(None)) == NOW
        clock.passes(timedelta(seconds=7))
        assert times.give(PLACE, never_asked) == NOW + timedelta(seconds=7)

    @pytest.mark.parametrize("shared", [True, False])
    def test_where_the_clock_steps_back_they_go_on(self, clock: Clock, directory: Path, shared: bool) -> None:
        times = BackupTimes(directory if shared else None)
        times.give(PLACE, found(None))
        clock.steps(timedelta(hours=-1))
        clock.passes(timedelta(seconds=7))

        worker = BackupTimes(directory) if shared else times

        assert worker.give(PLACE, never_asked) == NOW + timedelta(seconds=7)
        assert worker.give(PLACE, never_asked) == NOW + timedelta(seconds=7, microseconds=1)
        assert worker.is_ahead(PLACE)

    def test_where_the_clock_steps_ahead_and_back_they_stay_ahead(self, clock: Clock) -> None:
        times = BackupTimes()
        times.give(PLACE, found(None))
        clock.steps(timedelta(hours=1))
        times.give(PLACE, never_asked)
        clock.steps(timedelta(hours=-1))

        assert times.give(PLACE, never_asked) == NOW + timedelta(hours=1, microseconds=1)

    def test_they_are_later_than_what_is_there(self, clock: Clock) -> None:
        times = BackupTimes()
        assert times.give("earlier", found(NOW - timedelta(days=1))) == NOW
        assert times.give("now", found(NOW)) == NOW + timedelta(microseconds=1)
        assert times.give("later", found(NOW + timedelta(days=1))) == NOW + timedelta(days=1, microseconds=1)
        clock.passes(timedelta(seconds=7))
        assert times.give("later", never_asked) == NOW + timedelta(days=1, seconds=7, microseconds=1)
        assert [times.is_ahead(place) for place in ("earlier", "now", "later")] == [False, False, True]

    def test_workers_that_take_backups_at_once_get_a_time_each(self, directory: Path) -> None:
        asked = directory / "asked"

        def ask(now: datetime) -> datetime:
            with asked.open("a", encoding="utf-8") as file:
                file.write("asked\n")
            return now + timedelta(hours=1)

        def work(_number: int) -> list[datetime]:
            return [BackupTimes(directory).give(PLACE, ask) for _turn in range(50)]

        given = in_processes(4, work)

        assert all(times == sorted(times) for times in given)
        assert len({time for times in given for time in times}) == 200
        assert asked.read_text(encoding="utf-8") == "asked\n"

    @pytest.mark.parametrize("content", ["", "{", "[]", '{"time": "yesterday", "at": 1}', '{"time": null, "at": 1}'])
    def test_what_a_killed_worker_left_half_written_is_asked_for_again(
        self, clock: Clock, directory: Path, content: str
    ) -> None:
        BackupTimes(directory).give(PLACE, found(None))
        [file] = directory.iterdir()
        file.write_text(content, encoding="utf-8")
        assert BackupTimes(directory).give(PLACE, found(NOW)) == NOW + timedelta(microseconds=1)

    def test_without_the_file_the_place_is_asked_each_time(self, clock: Clock, tmp_path: Path) -> None:
        times = BackupTimes(tmp_path / "gone")
        for newest in (NOW, NOW + timedelta(seconds=1)):
            assert times.give(PLACE, found(newest)) == newest + timedelta(microseconds=1)


class TestBackups:
    def test_one_of_another_clock_is_followed(self, clock: Clock, store: BackupStore) -> None:
        clock.steps(timedelta(hours=1))
        ahead = store.create({"a": None}, BackupReason())
        clock.steps(timedelta(hours=-1))

        later = replace(store, times=BackupTimes())
        backup = later.create({"a": None}, BackupReason())

        assert times_of(store) == [ahead.manifest.time, backup.manifest.time]
        assert backup.id.startswith(f"{backup.manifest.time:%Y%m%dT%H%M%SZ}-")
        assert backup.manifest.time == ahead.manifest.time + timedelta(microseconds=1)
        [warning] = later.warnings()
        assert store.place() in warning
        assert store.warnings() == []

    def test_a_few_seconds_are_not_worth_a_warning(self, clock: Clock, store: BackupStore) -> None:
        clock.steps(timedelta(seconds=10))
        store.create({"a": None}, BackupReason())
        clock.steps(timedelta(seconds=-10))

        later = replace(store, times=BackupTimes())
        later.create({"a": None}, BackupReason())

        assert later.warnings() == []

    def test_what_no_manifest_tells_counts_to_the_end_of_its_second(self, clock: Clock, store: BackupStore) -> None:
        Path(store.place(), f"{NOW:%Y%m%dT%H%M%SZ}-00000000").mkdir(parents=True)

        backup = store.create({"a": None}, BackupReason())

        assert backup.manifest.time == NOW + timedelta(seconds=1)

    def test_what_is_no_backup_has_no_time(self, clock: Clock, store: BackupStore) -> None:
        for name in ("20991315T000000Z-00000000", "notes", "zzz"):
            Path(store.place(), name).mkdir(parents=True)

        assert store.create({"a": None}, BackupReason()).manifest.time == NOW

    def test_where_the_others_are_not_known_none_is_written(
        self, store: BackupStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(_storage: LocalStorage, parent: str) -> list[str]:
            raise StorageError(f"{parent} cannot be read: Permission denied")

        monkeypatch.setattr(LocalStorage, "directories", refuse)

        with pytest.raises(BackupError, match=r"cannot be read: Permission denied; nothing was changed"):
            store.create({"a": None}, BackupReason())
        assert not Path(store.place()).exists()
