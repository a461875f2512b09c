# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What a backup says of itself, as values: the manifest, and the outcome of the change that it was taken for.

Everything about history, selection and retention is decided on these; the flows themselves are read only to restore.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._errors import BackupError

SCHEMA_VERSION = 1
"""The newest form of manifest and outcome that this version reads, and the one it writes."""

_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"


class Kind(StrEnum):
    """Why a backup was taken: before a change, before a rollback, or because somebody asked for it."""

    CHANGE = "change"
    ROLLBACK = "rollback"
    REQUESTED = "requested"


class Status(StrEnum):
    """What became of the change that a backup was taken for. C(UNFINISHED): its run never came to its end."""

    GOOD = "good"
    FAILED = "failed"
    UNKNOWN = "unknown"
    UNFINISHED = "unfinished"


@dataclass(frozen=True, slots=True)
class BackupReason:
    """Who asked for the backup, and why. No secret belongs here: the manifest is meant to be read."""

    kind: Kind = Kind.CHANGE
    reason: str = ""
    label: str = ""
    run_id: str = ""
    tenant: str = ""
    job_id: str = ""
    user: str = ""
    workflow_id: str = ""


@dataclass(frozen=True, slots=True)
class SavedFlow:
    """One flow of a backup. C(file), C(sha256) and C(fingerprint) are empty for a flow that did not exist.

    sha256: of the bytes in the file, so that damage is found without reading what is in it.
    """

    flow_id: str
    file: str = ""
    sha256: str = ""
    fingerprint: str = ""

    @property
    def absent(self) -> bool:
        """Whether the backup recorded that there was no such flow."""
        return not self.file

    def as_dict(self) -> dict[str, str]:
        """Return the flow's entry in the manifest."""
        if self.absent:
            return {"state": "absent"}
        return {"state": "present", "file": self.file, "sha256": self.sha256, "fingerprint": self.fingerprint}


@dataclass(frozen=True, slots=True)
class Intention:
    """What was about to be done to one flow when its backup was taken.

    action: C(create), C(update) or C(delete). fingerprint: what the flow should be afterwards, empty if deleted.
    """

    action: str
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was backed up, when, why and by whom.

    flows: by flow id. intended: what was going to be done to them, by flow id; empty for a backup without a change.
    complete: whether it holds every flow of the project, so that what it lacks did not exist.
    encrypted: whether the files of the flows are encrypted with Ansible Vault.
    """

    id: str
    time: datetime
    project_id: str
    base_url: str
    reason: BackupReason
    flows: Mapping[str, SavedFlow]
    intended: Mapping[str, Intention] = field(default_factory=dict)
    complete: bool = False
    encrypted: bool = False
    collection_version: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the manifest as it is written."""
        return {
            "schema_version": SCHEMA_VERSION,
            "id": self.id,
            "time": f"{self.time:{_TIME}}",
            "project_id": self.project_id,
            "base_url": self.base_url,
            "collection_version": self.collection_version,
            **asdict(self.reason),
            "complete": self.complete,
            "encrypted": self.encrypted,
            "flows": {flow_id: flow.as_dict() for flow_id, flow in sorted(self.flows.items())},
            "intended": {flow_id: asdict(intention) for flow_id, intention in sorted(self.intended.items())},
        }


@dataclass(frozen=True, slots=True)
class FlowOutcome:
    """What was done to one flow after its backup. C(fingerprint) is what it should be afterwards, empty if deleted."""

    action: str
    result: str
    fingerprint: str = ""
    verified: bool | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the change that a backup was taken for."""

    status: Status
    flows: Mapping[str, FlowOutcome]
    time: datetime = field(default_factory=lambda: datetime.now(tz=UTC))

    def as_dict(self) -> dict[str, Any]:
        """Return the outcome as it is written."""
        return {
            "schema_version": SCHEMA_VERSION,
            "time": f"{self.time:{_TIME}}",
            "status": self.status.value,
            "flows": {flow_id: asdict(outcome) for flow_id, outcome in sorted(self.flows.items())},
        }


def parse_manifest(data: Any, place: str) -> Manifest:
    """Return the manifest that was written as C(data). Raises BackupError, also for one of a newer version."""
    _check_version(data, place)
    try:
        return Manifest(
            id=str(data["id"]),
            time=_time(data["time"]),
            project_id=str(data["project_id"]),
            base_url=str(data.get("base_url", "")),
            reason=_reason(data),
            flows={str(flow_id): _saved_flow(str(flow_id), entry) for flow_id, entry in data["flows"].items()},
            intended={
                str(flow_id): Intention(str(entry["action"]), str(entry.get("fingerprint", "")))
                for flow_id, entry in data.get("intended", {}).items()
            },
            complete=data.get("complete") is True,
            encrypted=data.get("encrypted") is True,
            collection_version=str(data.get("collection_version", "")),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupError(f"the manifest {place} is damaged; nothing was changed") from error


def parse_outcome(data: Any, place: str) -> Outcome:
    """Return the outcome that was written as C(data). Raises BackupError, also for one of a newer version."""
    _check_version(data, place)
    try:
        flows = {
            str(flow_id): FlowOutcome(
                action=str(entry["action"]),
                result=str(entry["result"]),
                fingerprint=str(entry.get("fingerprint", "")),
                verified=entry.get("verified"),
            )
            for flow_id, entry in data["flows"].items()
        }
        return Outcome(Status(data["status"]), flows, _time(data["time"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupError(f"the outcome {place} is damaged; nothing was changed") from error


def _check_version(data: Any, place: str) -> None:
    version = data.get("schema_version") if isinstance(data, dict) else None
    if not isinstance(version, int) or isinstance(version, bool):
        raise BackupError(f"{place} is damaged: it does not say its schema_version; nothing was changed")
    if version > SCHEMA_VERSION:
        message = f"{place} was written by a newer version of this collection (schema {version}); update the collection"
        raise BackupError(f"{message}; nothing was changed")


def _time(text: str) -> datetime:
    return datetime.strptime(text, _TIME).replace(tzinfo=UTC)


def _reason(data: Mapping[str, Any]) -> BackupReason:
    names = ("reason", "label", "run_id", "tenant", "job_id", "user", "workflow_id")
    texts = {name: str(data.get(name) or "") for name in names}
    return BackupReason(kind=Kind(data.get("kind", Kind.CHANGE)), **texts)


def _saved_flow(flow_id: str, entry: Mapping[str, str]) -> SavedFlow:
    if entry["state"] == "absent":
        return SavedFlow(flow_id)
    file, sha256 = entry["file"], entry["sha256"]
    if not file or file.startswith("/") or ".." in file.split("/"):
        raise ValueError("a file outside of the backup")
    return SavedFlow(flow_id, file, sha256, entry.get("fingerprint", ""))
