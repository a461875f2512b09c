# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The backup store: what stood in a project before a task changed it, kept so that it can be put back.

One directory a backup, below one directory a project:

    <backup_dir>/<project id>/<backup id>/manifest.json    what was backed up, when, why, by which run
    <backup_dir>/<project id>/<backup id>/flows/<id>.json  one flow, as Descope's own C(flow export) writes it
    <backup_dir>/<project id>/<backup id>/outcome.json     what was then done to each flow, and whether it verified

A directory with its final name is complete: it is written under a temporary name, flushed, and renamed.
A backup without an C(outcome.json) belongs to a run that never came to its end.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._errors import BackupError
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._flow.formats import Format, dump, load
from ansible_collections.community.descope.plugins.module_utils._version import COLLECTION_VERSION

SCHEMA_VERSION = 1
MANIFEST = "manifest.json"
OUTCOME = "outcome.json"
_LONGEST_NAME = 200


class Status(StrEnum):
    """What became of the change that a backup was taken for."""

    GOOD = "good"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class BackupReason:
    """Who asked for the change, and why. No secret belongs here: the manifest is meant to be read."""

    reason: str = ""
    run_id: str = ""
    tenant: str = ""
    job_id: str = ""
    user: str = ""


@dataclass(frozen=True, slots=True)
class Backup:
    """A complete backup on disk. C(flows) are the ids it holds, those recorded as absent included."""

    id: str
    path: Path
    flows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FlowOutcome:
    """What was done to one flow after its backup. C(fingerprint) is what it should be afterwards, empty if deleted."""

    action: str
    result: str
    fingerprint: str = ""
    verified: bool | None = None


@dataclass(frozen=True, slots=True)
class BackupStore:
    """Backups of one project below C(directory)."""

    directory: Path
    project_id: str
    base_url: str = ""
    reason: BackupReason = field(default_factory=BackupReason)

    def create(self, pre_images: Mapping[str, FlowDocument | None]) -> Backup:
        """Write the pre-images, None standing for "did not exist", then read them back.

        Raises BackupError where the backup cannot be written or is not what was to be written.
        """
        now = datetime.now(tz=UTC)
        backup_id = f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
        project_directory = self.directory / self.project_id
        path = project_directory / backup_id
        partial = project_directory / f".{backup_id}.partial"
        try:
            project_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            (partial / "flows").mkdir(mode=0o700, parents=True)
            partial.chmod(0o700)
            entries = {flow_id: _write_flow(partial, flow_id, document) for flow_id, document in pre_images.items()}
            _write_json(partial / MANIFEST, self._manifest(backup_id, now, entries))
            _flush_directory(partial / "flows")
            _flush_directory(partial)
            partial.rename(path)
            _flush_directory(project_directory)
        except OSError as error:
            raise BackupError(
                f"the backup could not be written to {path}: {_cause(error)}; nothing was changed"
            ) from error
        backup = Backup(id=backup_id, path=path, flows=tuple(pre_images))
        verify_backup(backup.path)
        return backup

    def _manifest(self, backup_id: str, time: datetime, entries: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "schema_version": SCHEMA_VERSION,
            "id": backup_id,
            "time": f"{time:%Y-%m-%dT%H:%M:%S.%fZ}",
            "project_id": self.project_id,
            "base_url": self.base_url,
            "collection_version": COLLECTION_VERSION,
            **asdict(self.reason),
            "flows": dict(sorted(entries.items())),
        }


def record_outcome(backup: Backup, status: Status, flows: Mapping[str, FlowOutcome]) -> None:
    """Write beside a backup what was then done. Raises BackupError where that cannot be written."""
    record = {
        "schema_version": SCHEMA_VERSION,
        "time": f"{datetime.now(tz=UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
        "status": status.value,
        "flows": {flow_id: asdict(outcome) for flow_id, outcome in sorted(flows.items())},
    }
    partial = backup.path / f".{OUTCOME}.partial"
    try:
        _write_json(partial, record)
        partial.rename(backup.path / OUTCOME)
        _flush_directory(backup.path)
    except OSError as error:
        raise BackupError(
            f"the flows were handled, but what was done could not be recorded in {backup.path}: {_cause(error)}"
        ) from error


def verify_backup(path: Path) -> dict[str, Any]:
    """Prove, offline, that a backup can be restored: every file there, unaltered and loadable. Return its manifest.

    Raises BackupError naming the first thing that is wrong.
    """
    try:
        manifest = json.loads((path / MANIFEST).read_bytes())
        for flow_id, entry in manifest["flows"].items():
            if entry["state"] == "present":
                _verify_flow(path / entry["file"], flow_id, entry)
    except OSError as error:
        raise BackupError(f"the backup {path} could not be read back: {_cause(error)}; nothing was changed") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupError(f"the manifest of the backup {path} is damaged; nothing was changed") from error
    return dict(manifest)


def _verify_flow(file: Path, flow_id: str, entry: Mapping[str, str]) -> None:
    content = file.read_bytes()
    if hashlib.sha256(content).hexdigest() != entry["sha256"]:
        raise BackupError(f"{file} is not what was written there; nothing was changed")
    if load(json.loads(content), source=str(file)).flow_id != flow_id:
        raise BackupError(f"{file} does not hold the flow {flow_id}; nothing was changed")


def _write_flow(directory: Path, flow_id: str, document: FlowDocument | None) -> dict[str, str]:
    if document is None:
        return {"state": "absent"}
    name = f"flows/{_file_name(flow_id)}.json"
    content = _write_json(directory / name, dump(document, Format.EXPORTED))
    return {
        "state": "present",
        "file": name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "fingerprint": document.fingerprint,
    }


def _file_name(flow_id: str) -> str:
    # Nothing limits the length of an id, but file systems limit names. The manifest says which file is which flow.
    return flow_id if len(flow_id) <= _LONGEST_NAME else hashlib.sha256(flow_id.encode()).hexdigest()


def _write_json(path: Path, value: object) -> bytes:
    content = (json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return content


def _flush_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _cause(error: OSError) -> str:
    return error.strerror or type(error).__name__
