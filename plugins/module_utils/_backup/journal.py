# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The journal of a change: what was about to be done to each flow, and what came of it, written while it happens.

    <backup_dir>/<project id>/<backup id>/journal.jsonl    one event a line

The outcome of a change is written when all is over. A run that is killed before that leaves its journal, from which
can be told which flows were applied, which were sent without an answer, and which were never touched.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from ansible_collections.community.descope.plugins.module_utils._backup.storage import (
    MissingFileError,
    Storage,
    StorageError,
)
from ansible_collections.community.descope.plugins.module_utils._backup.store import Backup, BackupStore
from ansible_collections.community.descope.plugins.module_utils._errors import BackupError

JOURNAL = "journal.jsonl"


class Event(StrEnum):
    """What happens to a flow.

    C(SENDING): it is about to be written. C(APPLIED), C(UNTOUCHED), C(UNKNOWN): it was written, it was not, or nothing
    could tell. C(RESTORING): what stood there before is about to be put back. C(RESTORED), C(NOT_RESTORED): it was put
    back, or not.
    """

    SENDING = "sending"
    APPLIED = "applied"
    UNTOUCHED = "untouched"
    UNKNOWN = "unknown"
    RESTORING = "restoring"
    RESTORED = "restored"
    NOT_RESTORED = "not_restored"


class FlowState(StrEnum):
    """How far a flow had come when its journal ends.

    C(NOT_STARTED): nothing was sent. C(SENT): it was, or was just about to be, and no answer is written down, so that
    only reading the project can tell. The others as in Event.
    """

    NOT_STARTED = "not_started"
    SENT = "sent"
    APPLIED = "applied"
    UNTOUCHED = "untouched"
    UNKNOWN = "unknown"
    RESTORING = "restoring"
    RESTORED = "restored"
    NOT_RESTORED = "not_restored"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a journal. C(time) is in UTC, as it was written."""

    time: str
    event: Event
    flow_id: str


class Journal:
    """Writes one journal, from any thread. What is noted is on the disk when C(note) returns.

    Threads that note something at the same time share one write: whoever comes first writes for all who wait.
    """

    def __init__(self, storage: Storage, name: str) -> None:
        self._storage = storage
        self._name = name
        self._adding = threading.Lock()
        self._writing = threading.Lock()
        self._pending: list[bytes] = []
        self._separator = b""

    def note(self, event: Event, flow_ids: Iterable[str]) -> None:
        """Write down that something happens to flows. Raises BackupError where it could not be written."""
        now = f"{datetime.now(tz=UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
        lines = [_line(Entry(now, event, flow_id)) for flow_id in flow_ids]
        with self._adding:
            self._pending += lines
        with self._writing:
            self._write_pending()

    def _write_pending(self) -> None:
        with self._adding:
            lines, self._pending = self._pending, []
        if not lines:
            return
        try:
            self._storage.append(self._name, self._separator + b"".join(lines))
        except StorageError as error:
            # They may still be written with the next ones, and behind a part of themselves.
            self._separator = b"\n"
            with self._adding:
                self._pending = lines + self._pending
            raise BackupError(f"the journal of the change could not be written: {error}") from error
        self._separator = b""


def open_journal(store: BackupStore, backup: Backup) -> Journal:
    """Return the journal of the change that a backup was taken for. Nothing is written before the first note."""
    return Journal(store.storage, _name(store, backup.id))


def read_journal(store: BackupStore, backup_id: str) -> list[Entry]:
    """Return what the journal of a backup says, oldest first; nothing where there is none. Raises StorageError."""
    return read_journals(store, [backup_id])[backup_id]


def read_journals(store: BackupStore, backup_ids: Iterable[str]) -> dict[str, list[Entry]]:
    """Return what the journals of backups say, in few round trips, as C(read_journal) does. Raises StorageError."""
    names = {backup_id: _name(store, backup_id) for backup_id in backup_ids}
    contents = store.storage.read_many(names.values())
    return {backup_id: parse_journal(_content(contents[name])) for backup_id, name in names.items()}


def parse_journal(content: bytes) -> list[Entry]:
    """Return the entries of a journal, oldest first.

    A line that cannot be read is left out: the last one of a run that was killed while it wrote, which it therefore
    has not acted on, and events of a newer version.
    """
    return [entry for line in content.split(b"\n") if (entry := _entry(line)) is not None]


def flow_states(intended: Iterable[str], entries: Iterable[Entry]) -> dict[str, FlowState]:
    """Return how far each flow had come: those that a change intended to write, in their order, then any others."""
    states = dict.fromkeys(intended, FlowState.NOT_STARTED)
    for entry in entries:
        states[entry.flow_id] = _AFTER[entry.event]
    return states


_AFTER: Mapping[Event, FlowState] = {
    Event.SENDING: FlowState.SENT,
    Event.APPLIED: FlowState.APPLIED,
    Event.UNTOUCHED: FlowState.UNTOUCHED,
    Event.UNKNOWN: FlowState.UNKNOWN,
    Event.RESTORING: FlowState.RESTORING,
    Event.RESTORED: FlowState.RESTORED,
    Event.NOT_RESTORED: FlowState.NOT_RESTORED,
}


def _name(store: BackupStore, backup_id: str) -> str:
    return f"{store.project_id}/{backup_id}/{JOURNAL}"


def _content(found: bytes | StorageError) -> bytes:
    if isinstance(found, MissingFileError):
        return b""
    if isinstance(found, StorageError):
        raise found
    return found


def _line(entry: Entry) -> bytes:
    text = json.dumps({"time": entry.time, "flow": entry.flow_id, "event": entry.event.value})
    return text.encode("ascii") + b"\n"


def _entry(line: bytes) -> Entry | None:
    try:
        data = json.loads(line)
        return Entry(str(data["time"]), Event(data["event"]), str(data["flow"]))
    except (ValueError, KeyError, TypeError):
        return None
