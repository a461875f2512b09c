# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Who last wrote a flow from here: what the records beside the backups say, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from ansible_collections.community.descope.plugins.module_utils._backup.records import BackupReason
from ansible_collections.community.descope.plugins.module_utils._backup.store import (
    Backup,
    BackupStore,
)

# Results of a flow after which the project holds something that this collection sent, or may hold it.
_WRITTEN = frozenset({"applied", "unknown"})


@dataclass(frozen=True, slots=True)
class LastWrite:
    """The newest change of one flow that was made from here.

    fingerprint: of the flow as it was written, empty where it was deleted. certain: whether that is known to be so.
    """

    backup_id: str
    time: str
    fingerprint: str
    certain: bool
    reason: BackupReason


def last_writes(store: BackupStore, flow_ids: Iterable[str]) -> tuple[dict[str, LastWrite], list[str]]:
    """Return the newest recorded change of each flow that has one, and what is wrong with records that were skipped.

    Reads no more records than it takes. Raises StorageError where the place of the backups cannot be read.
    """
    wanted = set(flow_ids)
    found: dict[str, LastWrite] = {}
    faults: list[str] = []
    for backup in _newest_first(store, faults) if wanted else ():
        for flow_id in wanted.intersection(backup.manifest.intended):
            write = _write(backup, flow_id)
            if write is not None:
                found[flow_id] = write
        wanted.difference_update(found)
        if not wanted:
            break
    return found, faults


def _newest_first(store: BackupStore, faults: list[str]) -> Iterator[Backup]:
    """Yield the backups of a project, the newest first, and note what is wrong with those that cannot be read."""
    # An id begins with the second; which backup of one second is the newer one only its manifest tells.
    for _second, backup_ids in groupby(reversed(store.ids()), key=lambda backup_id: backup_id.partition("-")[0]):
        found = store.load_some(backup_ids)
        faults += [unreadable.problem.removesuffix("; nothing was changed") for unreadable in found.unreadable]
        yield from sorted(found.backups, key=lambda backup: backup.manifest.time, reverse=True)


def _write(backup: Backup, flow_id: str) -> LastWrite | None:
    """Return the change of a flow that a backup was taken for, None where it is known not to have happened."""
    done = backup.outcome.flows.get(flow_id) if backup.outcome else None
    if done is not None and done.result not in _WRITTEN:
        return None
    fingerprint = done.fingerprint if done else backup.manifest.intended[flow_id].fingerprint
    certain = done is not None and done.result == "applied"
    time = f"{backup.manifest.time:%Y-%m-%dT%H:%M:%SZ}"
    return LastWrite(backup.id, time, fingerprint, certain, backup.manifest.reason)
