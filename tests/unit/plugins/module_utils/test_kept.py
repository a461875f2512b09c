# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What backups say of themselves is read once a run, as long as it is finished, and never taken for what it is not."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.descope.plugins.module_utils._backup.cipher import NO_CIPHER
from ansible_collections.community.descope.plugins.module_utils._backup.kept import KeptRecords
from ansible_collections.community.descope.plugins.module_utils._backup.places import open_task_store
from ansible_collections.community.descope.plugins.module_utils._backup.records import (
    BackupReason,
    FlowOutcome,
    Intention,
    Outcome,
    Status,
)
from ansible_collections.community.descope.plugins.module_utils._backup.storage import LocalStorage, StorageError
from ansible_collections.community.descope.plugins.module_utils._backup.store import Backup, BackupStore, Record
from ansible_collections.community.descope.plugins.module_utils._errors import DescopeError
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from example_flows import minimal_flow
from flow_tasks import PROJECT_ID, in_processes

MANY = 30


class CountedStorage(LocalStorage):
    """A directory that counts, over all processes, which manifests were read."""

    def __init__(self, root: Path, log: Path) -> None:
        super().__init__(root)
        self.log = log

    def read_many(self, names: Iterable[str]) -> dict[str, bytes | StorageError]:
        wanted = list(names)
        with self.log.open("a", encoding="utf-8") as log:
            log.writelines(f"{name}\n" for name in wanted if name.endswith("/manifest.json"))
        return super().read_many(wanted)


class Place:
    """A place with backups, and the directory of a run."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "reads.log"
        self.log.touch()
        self.run_dir = folder / "run"
        self.run_dir.mkdir(mode=0o700)
        self.backups = folder / "backups"

    def store(self, **others: Any) -> BackupStore:
        """Return the store as one worker has it."""
        storage = CountedStorage(self.backups, self.log)
        return replace(BackupStore(storage, PROJECT_ID, kept=KeptRecords(self.run_dir)), **others)

    def take(self, count: int, *, finished: bool = True) -> list[Backup]:
        """Take so many backups, each for a change of one flow."""
        store = self.store()
        taken = []
        for number in range(count):
            flow = FlowDocument(minimal_flow(f"flow-{number}"))
            intended = {flow.flow_id: Intention("update", "f" * 64)}
            backup = store.create({flow.flow_id: flow}, BackupReason(tenant=f"tenant-{number}"), intended=intended)
            done = {flow.flow_id: FlowOutcome("update", "applied", "f" * 64, verified=True)}
            taken.append(store.record(backup, Outcome(Status.GOOD, done)) if finished else backup)
        self.log.write_text("", encoding="utf-8")
        return taken

    @property
    def reads(self) -> int:
        return len(self.log.read_text(encoding="utf-8").splitlines())


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def _by_id(records: Iterable[Record]) -> dict[str, Record]:
    return {record.id: record for record in records}


@pytest.mark.parametrize("count", [1, MANY])
def test_all_workers_of_a_run_read_a_finished_backup_once(place: Place, count: int) -> None:
    taken = place.take(count)

    first = place.store().load_all()
    again = in_processes(4, lambda _number: [backup.id for backup in place.store().load_all().backups])

    assert _by_id(first.backups) == _by_id(taken)
    assert again == [sorted(_by_id(taken))] * 4
    assert place.reads == count


def test_of_workers_that_begin_together_one_reads_for_all(place: Place) -> None:
    place.take(MANY)
    in_processes(4, lambda _number: len(place.store().load_all().backups))
    assert place.reads == MANY


def test_what_is_not_finished_is_read_each_time(place: Place) -> None:
    [backup] = place.take(1, finished=False)
    [before] = place.store().load_all().backups
    assert before.outcome is None

    done = {"flow-0": FlowOutcome("update", "applied", "f" * 64, verified=True)}
    place.store().record(backup, Outcome(Status.GOOD, done))

    [after] = place.store().load_all().backups
    assert after.outcome is not None


def test_a_damaged_backup_is_read_until_it_is_mended(place: Place) -> None:
    [backup] = place.take(1)
    manifest = Path(backup.place) / "manifest.json"
    content = manifest.read_bytes()
    manifest.write_bytes(content[:-20])
    assert [record.id for record in place.store().load_all().unreadable] == [backup.id]

    manifest.write_bytes(content)

    assert place.store().load_all().backups == (backup,)


def test_what_is_gone_is_not_remembered(place: Place) -> None:
    first, second = sorted(place.take(2), key=lambda backup: backup.id)
    place.store().load_all()
    place.store().remove(first.id)
    assert place.store().load_all().backups == (second,)


def test_backups_of_two_places_are_told_apart(place: Place, tmp_path: Path) -> None:
    [backup] = place.take(1)
    shutil.copytree(place.backups, tmp_path / "copy")
    place.store().load_all()
    [copied] = place.store(storage=LocalStorage(tmp_path / "copy")).load_all().backups
    assert (copied.id, copied.place) == (backup.id, str(tmp_path / "copy" / PROJECT_ID / backup.id))


def test_what_a_killed_worker_left_half_written_costs_only_time(place: Place) -> None:
    earlier = place.take(1)
    place.store().load_all()
    kept = place.run_dir / "backups.kept"
    with kept.open("ab") as file:
        file.write(kept.read_bytes()[:-10])

    taken = _by_id([*earlier, *place.take(1)])

    for expected_reads in (1, 1):
        assert _by_id(place.store().load_all().backups) == taken
        assert place.reads == expected_reads


def test_a_directory_that_cannot_be_used_costs_only_time(place: Place) -> None:
    taken = place.take(MANY)
    shutil.rmtree(place.run_dir)
    for _worker in range(2):
        assert _by_id(place.store().load_all().backups) == _by_id(taken)
    assert place.reads == 2 * MANY


def test_nothing_is_believed_that_somebody_else_may_have_written(place: Place) -> None:
    place.run_dir.chmod(0o777)
    params = {"project_id": PROJECT_ID, "backup_dir": str(place.backups), "run_context": {"run_dir": place.run_dir}}
    with pytest.raises(DescopeError, match="does not belong to this user alone"):
        open_task_store(params, NO_CIPHER)
