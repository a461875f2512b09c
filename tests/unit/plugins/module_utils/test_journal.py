# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The journal: whatever a run was doing when it ended, it says so, and it never says more than happened."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.descope.plugins.module_utils._backup.journal import (
    JOURNAL,
    Entry,
    Event,
    FlowState,
    Journal,
    flow_states,
    open_journal,
    parse_journal,
    read_journal,
)
from ansible_collections.community.descope.plugins.module_utils._backup.places import open_store
from ansible_collections.community.descope.plugins.module_utils._backup.records import BackupReason
from ansible_collections.community.descope.plugins.module_utils._backup.storage import LocalStorage, StorageError
from ansible_collections.community.descope.plugins.module_utils._backup.store import Backup, BackupStore
from ansible_collections.community.descope.plugins.module_utils._errors import BackupError

FLOW_IDS = ("first", "second", "third")


@pytest.fixture
def store(tmp_path: Path) -> BackupStore:
    return open_store(str(tmp_path / "backups"), "P2project")


@pytest.fixture
def backup(store: BackupStore) -> Backup:
    return store.create(dict.fromkeys(FLOW_IDS), BackupReason())


def said(entries: list[Entry]) -> list[tuple[str, str]]:
    return [(entry.event.value, entry.flow_id) for entry in entries]


class Flaky(LocalStorage):
    """A disk that is full from time to time, and keeps half of what it was given then."""

    full = False

    def append(self, name: str, content: bytes) -> None:
        super().append(name, content[: len(content) // 2] if self.full else content)
        if self.full:
            raise StorageError("no space left")


def test_what_is_noted_is_on_the_disk_at_once_and_read_in_its_order(store: BackupStore, backup: Backup) -> None:
    journal = open_journal(store, backup)
    assert not (Path(backup.place) / JOURNAL).exists()
    assert read_journal(store, backup.id) == []

    journal.note(Event.SENDING, ["first"])
    assert said(read_journal(store, backup.id)) == [("sending", "first")]
    journal.note(Event.APPLIED, ["first"])
    journal.note(Event.SENDING, ["second", "third"])

    expected = [("sending", "first"), ("applied", "first"), ("sending", "second"), ("sending", "third")]
    assert said(read_journal(store, backup.id)) == expected
    assert all(entry.time.endswith("Z") for entry in read_journal(store, backup.id))
    assert (Path(backup.place) / JOURNAL).stat().st_mode & 0o777 == 0o600


def test_a_journal_does_not_make_a_backup_another(store: BackupStore, backup: Backup) -> None:
    open_journal(store, backup).note(Event.SENDING, FLOW_IDS)

    assert store.verify(backup.id) == backup


def test_how_far_each_flow_had_come() -> None:
    entries = [
        Entry("", event, flow_id)
        for flow_id, events in {
            "applied": [Event.SENDING, Event.APPLIED],
            "sent": [Event.SENDING],
            "refused": [Event.SENDING, Event.UNTOUCHED],
            "lost": [Event.SENDING, Event.UNKNOWN],
            "going-back": [Event.SENDING, Event.APPLIED, Event.RESTORING],
            "back": [Event.SENDING, Event.APPLIED, Event.RESTORING, Event.RESTORED],
            "stuck": [Event.SENDING, Event.APPLIED, Event.RESTORING, Event.NOT_RESTORED],
        }.items()
        for event in events
    ]

    assert flow_states(["waiting", "applied"], entries) == {
        "waiting": FlowState.NOT_STARTED,
        "applied": FlowState.APPLIED,
        "sent": FlowState.SENT,
        "refused": FlowState.UNTOUCHED,
        "lost": FlowState.UNKNOWN,
        "going-back": FlowState.RESTORING,
        "back": FlowState.RESTORED,
        "stuck": FlowState.NOT_RESTORED,
    }


@given(
    events=st.lists(st.tuples(st.sampled_from(Event), st.sampled_from(FLOW_IDS)), max_size=8),
    cut=st.integers(min_value=0, max_value=1000),
)
def test_a_journal_that_ends_anywhere_tells_what_was_whole(
    tmp_path_factory: pytest.TempPathFactory, events: list[tuple[Event, str]], cut: int
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    journal = Journal(LocalStorage(folder), JOURNAL)
    for event, flow_id in events:
        journal.note(event, [flow_id])
    written = (folder / JOURNAL).read_bytes() if events else b""
    left = written[:cut]

    found = said(parse_journal(left))

    whole = left.count(b"\n")
    expected = [(event.value, flow_id) for event, flow_id in events]
    # A line without its end may be whole all the same.
    assert found in (expected[:whole], expected[: whole + 1])


def test_lines_that_mean_nothing_are_passed_over() -> None:
    good = b'{"time": "t", "flow": "a", "event": "sending"}\n'
    odd = b'[]\n7\n{"flow": "a"}\n{"time": "t", "flow": "a", "event": "of a newer version"}\n\xff\n\n{"ti'

    assert said(parse_journal(good + odd + b"\n" + good)) == [("sending", "a")] * 2


def test_threads_note_side_by_side_and_nothing_is_lost_or_torn(tmp_path: Path) -> None:
    journal = Journal(LocalStorage(tmp_path), JOURNAL)
    together = threading.Barrier(8)

    def work(number: int) -> None:
        together.wait()
        for step in range(20):
            journal.note(Event.SENDING, [f"flow-{number}-{step}"])
            journal.note(Event.APPLIED, [f"flow-{number}-{step}"])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))

    content = (tmp_path / JOURNAL).read_bytes()
    entries = parse_journal(content)
    assert len(entries) == content.count(b"\n") == 8 * 20 * 2
    assert set(flow_states([], entries).values()) == {FlowState.APPLIED}


def test_what_cannot_be_written_is_said_and_comes_with_the_next(tmp_path: Path) -> None:
    storage = Flaky(tmp_path)
    journal = Journal(storage, JOURNAL)
    journal.note(Event.SENDING, ["first"])
    storage.full = True

    with pytest.raises(BackupError, match="journal of the change could not be written: no space left"):
        journal.note(Event.SENDING, ["second"])
    storage.full = False
    journal.note(Event.UNTOUCHED, ["second"])

    entries = parse_journal((tmp_path / JOURNAL).read_bytes())
    assert said(entries) == [("sending", "first"), ("sending", "second"), ("untouched", "second")]
