# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The backup store: what stood in a project before a task changed it, kept so that it can be put back.

One directory a backup, below one directory a project:

    <backup_dir>/<project id>/<backup id>/manifest.json    what was backed up, when, why, by which run
    <backup_dir>/<project id>/<backup id>/flows/<id>.json  one flow, as Descope's own C(flow export) writes it
                                    .../<id>.json.vault    the same, encrypted with Ansible Vault
    <backup_dir>/<project id>/<backup id>/outcome.json     what was then done to each flow, and whether it verified

A backup is complete or not there at all, and never altered: what comes later is written beside it. A backup of a change
without an C(outcome.json) belongs to a run that never came to its end.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeAlias

from ansible_collections.community.descope.plugins.module_utils._backup.cipher import NO_CIPHER, Cipher
from ansible_collections.community.descope.plugins.module_utils._backup.kept import KeptRecords
from ansible_collections.community.descope.plugins.module_utils._backup.records import (
    BackupReason,
    Intention,
    Manifest,
    Outcome,
    SavedFlow,
    Status,
    parse_manifest,
    parse_outcome,
)
from ansible_collections.community.descope.plugins.module_utils._backup.storage import (
    MissingFileError,
    Storage,
    StorageError,
)
from ansible_collections.community.descope.plugins.module_utils._backup.times import BackupTimes
from ansible_collections.community.descope.plugins.module_utils._errors import BackupError, InputError
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._flow.formats import Format, dump, load
from ansible_collections.community.descope.plugins.module_utils._json import file_bytes
from ansible_collections.community.descope.plugins.module_utils._version import COLLECTION_VERSION

MANIFEST = "manifest.json"
OUTCOME = "outcome.json"
BACKUP_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}\Z", re.ASCII)
_LONGEST_NAME = 200
# How an id begins. It tells the second; which backup of one second is the newer one only their manifests tell.
_ID_TIME = "%Y%m%dT%H%M%SZ"

Contents = Mapping[str, "bytes | StorageError"]


@dataclass(frozen=True, slots=True)
class Backup:
    """A complete backup: what it says of itself, and where it is (a path or a URL)."""

    manifest: Manifest
    place: str
    outcome: Outcome | None = None

    @property
    def id(self) -> str:
        return self.manifest.id

    @property
    def finished(self) -> bool:
        """Whether it will say the same for ever: nothing was to come of it, or what came of it is known."""
        return self.outcome is not None or not self.manifest.intended

    @property
    def flows(self) -> tuple[str, ...]:
        """The ids of the flows in it, those recorded as absent included."""
        return tuple(self.manifest.flows)

    @property
    def status(self) -> Status | None:
        """What became of the change that it was taken for, None where it was taken for none."""
        if self.outcome is not None:
            return self.outcome.status
        return Status.UNFINISHED if self.manifest.intended else None


@dataclass(frozen=True, slots=True)
class UnreadableBackup:
    """What stands where a backup should be, and why it cannot be trusted or understood.

    incomplete: it has no manifest, because it is being written or removed, or whoever did that was killed.
    """

    id: str
    place: str
    problem: str
    incomplete: bool = False

    @property
    def finished(self) -> bool:
        """Whether it will say the same for ever. It may still be written, or mended."""
        return False


Record: TypeAlias = "Backup | UnreadableBackup"


@dataclass(frozen=True, slots=True)
class Inventory:
    """What is in a store, oldest first unless asked otherwise. What cannot be read never hides the rest."""

    backups: tuple[Backup, ...]
    unreadable: tuple[UnreadableBackup, ...] = ()

    @property
    def damaged(self) -> tuple[UnreadableBackup, ...]:
        """What may say something about the others, if only it could be read."""
        return tuple(unreadable for unreadable in self.unreadable if not unreadable.incomplete)


@dataclass(frozen=True, slots=True)
class BackupStore:
    """The backups of one project in one place. Encrypted where C(cipher) says so.

    kept: what the workers of the run have read already, None where there are no others. times: what gives new backups
    their times.
    """

    storage: Storage
    project_id: str
    cipher: Cipher = NO_CIPHER
    kept: KeptRecords[Record] | None = None
    times: BackupTimes = field(default_factory=BackupTimes, compare=False)

    def create(
        self,
        pre_images: Mapping[str, FlowDocument | None],
        reason: BackupReason,
        *,
        base_url: str = "",
        intended: Mapping[str, Intention] | None = None,
        complete: bool = False,
    ) -> Backup:
        """Write the pre-images, None standing for "did not exist", then read them back.

        It is later than all backups that were there before. Raises BackupError where the backup cannot be written or is
        not what was to be written.
        """
        try:
            time = self.times.give(self.place(), self._newest_time)
        except StorageError as error:
            message = f"the backup could not be written, because those before it are not known: {error}"
            raise BackupError(f"{message}; nothing was changed") from error
        backup_id = f"{time:{_ID_TIME}}-{secrets.token_hex(4)}"
        files: dict[str, bytes] = {}
        saved = {flow_id: self._add_flow(files, flow_id, document) for flow_id, document in pre_images.items()}
        manifest = Manifest(
            id=backup_id,
            time=time,
            project_id=self.project_id,
            base_url=base_url,
            reason=reason,
            flows=saved,
            intended=intended or {},
            complete=complete,
            encrypted=self.cipher.encrypts,
            collection_version=COLLECTION_VERSION,
        )
        files[MANIFEST] = file_bytes(manifest.as_dict())
        try:
            self.storage.create_directory(self._name(backup_id), files, MANIFEST)
        except StorageError as error:
            raise BackupError(f"the backup could not be written: {error}; nothing was changed") from error
        self._prove(manifest, files)
        return Backup(manifest, self.place(backup_id))

    def record(self, backup: Backup, outcome: Outcome) -> Backup:
        """Write beside a backup what was then done. Raises BackupError where that cannot be written."""
        try:
            self.storage.write(self._name(backup.id, OUTCOME), file_bytes(outcome.as_dict()))
        except StorageError as error:
            message = f"the flows were handled, but what was done could not be recorded in {backup.place}: {error}"
            raise BackupError(message) from error
        return replace(backup, outcome=outcome)

    def warnings(self) -> list[str]:
        """Return what is odd about the backups that were written."""
        if not self.times.is_ahead(self.place()):
            return []
        # The same words for all hosts, so that Ansible shows them once.
        return [
            f"there are backups in {self.place()} from minutes after what the clock of this machine says, so new ones"
            " got times after those; set the clock right, here or where it was ahead"
        ]

    def ids(self) -> list[str]:
        """Return the ids of the project's backups, oldest first. Raises StorageError."""
        return self.storage.directories(self.project_id)

    def load(self, backup_id: str) -> Backup:
        """Return what a backup says of itself. Raises BackupError where it is damaged or of another project."""
        return self._loaded(backup_id, self.storage.read_many(self._records(backup_id)))

    def load_all(self) -> Inventory:
        """Return what all backups say of themselves, in few round trips. Raises StorageError."""
        return self.load_some(self.ids())

    def load_some(self, backup_ids: Iterable[str]) -> Inventory:
        """Return what some backups say of themselves, in their order; of finished ones, what the run has read before.

        Raises StorageError.
        """
        ids = {self.place(backup_id): backup_id for backup_id in backup_ids}

        def read(places: list[str]) -> dict[str, Record]:
            return self._read_records({place: ids[place] for place in places})

        found = self.kept.get(list(ids), read) if self.kept else self._read_records(ids)
        return Inventory(
            tuple(record for record in found.values() if isinstance(record, Backup)),
            tuple(record for record in found.values() if isinstance(record, UnreadableBackup)),
        )

    def _read_records(self, ids: Mapping[str, str]) -> dict[str, Record]:
        contents = self.storage.read_many([name for backup_id in ids.values() for name in self._records(backup_id)])
        found: dict[str, Record] = {}
        for place, backup_id in ids.items():
            try:
                found[place] = self._loaded(backup_id, contents)
            except BackupError as error:
                found[place] = UnreadableBackup(backup_id, place, str(error), isinstance(error, MissingFileError))
        return found

    def read_flow(self, backup: Backup, flow_id: str) -> FlowDocument | None:
        """Return a flow as it stood, None where the backup recorded that there was none.

        Raises BackupError where the file is not what was written there.
        """
        return self.read_flows(backup, [flow_id])[flow_id]

    def read_flows(self, backup: Backup, flow_ids: Iterable[str] | None = None) -> dict[str, FlowDocument | None]:
        """Return flows as C(read_flow) does, all of the backup by default, in few round trips. Raises BackupError."""
        chosen = backup.manifest.flows if flow_ids is None else flow_ids
        wanted = [backup.manifest.flows[flow_id] for flow_id in chosen]
        names = {flow.flow_id: self._name(backup.id, flow.file) for flow in wanted if not flow.absent}
        contents = self.storage.read_many(names.values())
        return {
            flow.flow_id: None if flow.absent else self._document(flow, names[flow.flow_id], contents, backup.manifest)
            for flow in wanted
        }

    def verify(self, backup_id: str) -> Backup:
        """Prove, offline, that a backup can be restored: every file there, unaltered and loadable.

        Raises BackupError naming the first thing that is wrong.
        """
        backup = self.load(backup_id)
        self.read_flows(backup)
        return backup

    def _prove(self, manifest: Manifest, files: Mapping[str, bytes]) -> None:
        """Prove that a backup holds what was just written, byte by byte. Raises BackupError."""
        names = {self._name(manifest.id, file): content for file, content in files.items()}
        contents = self.storage.read_many(names)
        for name, content in names.items():
            if _content(contents[name]) != content:
                raise BackupError(f"{self.storage.place(name)} is not what was written there; nothing was changed")
        # Of what is encrypted, only loading it shows that it can be read again.
        for flow in manifest.flows.values() if manifest.encrypted else ():
            if not flow.absent:
                self._document(flow, self._name(manifest.id, flow.file), contents, manifest)

    def remove(self, backup_id: str) -> None:
        """Remove a backup as a whole, whatever state it is in. Raises StorageError."""
        self.storage.remove_directory(self._name(backup_id), MANIFEST)

    def place(self, backup_id: str = "") -> str:
        """Return what to call a backup to people, or the place that holds all of the project."""
        return self.storage.place(self._name(backup_id))

    def _newest_time(self, now: datetime) -> datetime | None:
        """Return a time that no backup of the project is later than, None where there is none. Raises StorageError."""
        ids = self.ids()
        newest = max((end for backup_id in ids if (end := _end_of(backup_id))), default=None)
        if newest is None or newest < now:
            return newest
        found = self.load_some(backup_id for backup_id in ids if _end_of(backup_id) == newest)
        return newest if found.unreadable else max(backup.manifest.time for backup in found.backups)

    def _name(self, backup_id: str, file: str = "") -> str:
        return "/".join(filter(None, (self.project_id, backup_id, file)))

    def _records(self, backup_id: str) -> tuple[str, str]:
        return self._name(backup_id, MANIFEST), self._name(backup_id, OUTCOME)

    def _loaded(self, backup_id: str, contents: Contents) -> Backup:
        place = self.place(backup_id)
        manifest_name, outcome_name = self._records(backup_id)
        manifest = parse_manifest(self._json(manifest_name, contents), f"{place}/{MANIFEST}")
        if manifest.id != backup_id or manifest.project_id != self.project_id:
            message = f"{place} holds the backup {manifest.id} of project {manifest.project_id}; nothing was changed"
            raise BackupError(message)
        if isinstance(contents[outcome_name], MissingFileError):
            return Backup(manifest, place)
        outcome = parse_outcome(self._json(outcome_name, contents), f"{place}/{OUTCOME}")
        return Backup(manifest, place, outcome)

    def _document(self, saved: SavedFlow, name: str, contents: Contents, manifest: Manifest) -> FlowDocument:
        place = self.storage.place(name)
        content = _content(contents[name])
        if hashlib.sha256(content).hexdigest() != saved.sha256:
            raise BackupError(f"{place} is not what was written there; nothing was changed")
        if manifest.encrypted:
            content = self.cipher.decrypt(content, place)
        try:
            document = load(json.loads(content), source=place)
        except (ValueError, InputError) as error:
            raise BackupError(f"{place} is damaged; nothing was changed") from error
        if document.flow_id != saved.flow_id:
            raise BackupError(f"{place} does not hold the flow {saved.flow_id}; nothing was changed")
        return document

    def _json(self, name: str, contents: Contents) -> Any:
        content = _content(contents[name])
        try:
            return json.loads(content)
        except ValueError as error:
            raise BackupError(f"{self.storage.place(name)} is damaged; nothing was changed") from error

    def _add_flow(self, files: dict[str, bytes], flow_id: str, document: FlowDocument | None) -> SavedFlow:
        if document is None:
            return SavedFlow(flow_id)
        name, content = f"flows/{_file_name(flow_id)}.json", file_bytes(dump(document, Format.EXPORTED))
        if self.cipher.encrypts:
            name, content = f"{name}.vault", self.cipher.encrypt(content)
        files[name] = content
        return SavedFlow(flow_id, name, hashlib.sha256(content).hexdigest(), document.fingerprint)


def _end_of(backup_id: str) -> datetime | None:
    """Return the end of the second that an id tells, None where it is the id of no backup."""
    try:
        second = datetime.strptime(backup_id.partition("-")[0], _ID_TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
    return second.replace(microsecond=999_999)


def _content(found: bytes | StorageError) -> bytes:
    if isinstance(found, MissingFileError):
        raise MissingFileError(f"{found}; nothing was changed") from found
    if isinstance(found, StorageError):
        raise BackupError(f"{found}; nothing was changed") from found
    return found


def _file_name(flow_id: str) -> str:
    # Nothing limits the length of an id, but file systems limit names. The manifest says which file is which flow.
    return flow_id if len(flow_id) <= _LONGEST_NAME else hashlib.sha256(flow_id.encode()).hexdigest()
