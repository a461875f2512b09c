# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Backups: complete or not there at all, for their owner's eyes only, and never trusted blindly."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from ansible_collections.community.descope.plugins.module_utils._backup.places import open_store
from ansible_collections.community.descope.plugins.module_utils._backup.records import (
    BackupReason,
    FlowOutcome,
    Intention,
    Outcome,
    Status,
)
from ansible_collections.community.descope.plugins.module_utils._backup.storage import LocalStorage
from ansible_collections.community.descope.plugins.module_utils._backup.store import Backup, BackupStore
from ansible_collections.community.descope.plugins.module_utils._errors import BackupError
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from example_flows import minimal_flow

REASON = BackupReason(reason="Change 4711", run_id="r1", tenant="acme", user="jo")
WELCOME = FlowDocument(minimal_flow("welcome", title="Grüße 😀"))
INTENDED = {"welcome": Intention("update", "abc"), "new": Intention("create", "def")}


@pytest.fixture
def store(tmp_path: Path) -> BackupStore:
    return open_store(str(tmp_path / "backups"), "P2project")


@pytest.fixture
def backup(store: BackupStore) -> Backup:
    return store.create({"welcome": WELCOME, "new": None}, REASON, intended=INTENDED)


@pytest.fixture
def path(backup: Backup) -> Path:
    return Path(backup.place)


def _files(path: Path) -> Iterator[Path]:
    return (file for file in path.rglob("*") if file.is_file())


def test_a_backup_says_what_when_why_and_who(backup: Backup, path: Path) -> None:
    manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))

    assert manifest["id"] == backup.id == path.name
    assert (manifest["project_id"], manifest["reason"], manifest["tenant"]) == ("P2project", "Change 4711", "acme")
    assert manifest["flows"]["new"] == {"state": "absent"}
    assert manifest["flows"]["welcome"]["fingerprint"] == WELCOME.fingerprint
    assert manifest["intended"]["new"] == {"action": "create", "fingerprint": "def"}


def test_a_backup_is_read_as_it_was_written(store: BackupStore, backup: Backup) -> None:
    assert store.ids() == [backup.id]
    read = store.load(backup.id)

    assert read == backup
    assert read.status is Status.UNFINISHED
    found = store.read_flow(read, "welcome")
    assert found is not None
    assert found.fingerprint == WELCOME.fingerprint
    assert store.read_flow(read, "new") is None


def test_a_flow_is_kept_in_the_format_of_descopes_own_tool(path: Path) -> None:
    saved = json.loads((path / "flows" / "welcome.json").read_text(encoding="utf-8"))

    assert saved["flowId"] == "welcome"
    assert {"metadata", "contents", "screens"} <= set(saved)
    assert "Grüße 😀" in json.dumps(saved, ensure_ascii=False)


def test_text_that_utf8_cannot_hold_is_kept(store: BackupStore) -> None:
    odd = FlowDocument(minimal_flow("odd", title="half a pair: \ud83d"))

    found = store.read_flow(store.create({"odd": odd}, REASON), "odd")

    assert found is not None
    assert found.fingerprint == odd.fingerprint


def test_only_the_owner_can_look(path: Path) -> None:
    for there in (path, *path.rglob("*")):
        assert stat.S_IMODE(there.stat().st_mode) == (0o700 if there.is_dir() else 0o600)


def test_nothing_unfinished_is_left_beside_a_backup(path: Path) -> None:
    assert list(path.parent.iterdir()) == [path]


def test_the_outcome_stands_beside_what_was_there(store: BackupStore, backup: Backup, path: Path) -> None:
    outcome = Outcome(Status.GOOD, {"welcome": FlowOutcome("update", "applied", "abc", True)})
    recorded = store.record(backup, outcome)

    written = json.loads((path / "outcome.json").read_text(encoding="utf-8"))
    assert written["status"] == "good"
    assert written["flows"]["welcome"] == {
        "action": "update",
        "fingerprint": "abc",
        "result": "applied",
        "verified": True,
    }
    assert store.load(backup.id) == recorded
    assert recorded.status is Status.GOOD


@pytest.mark.parametrize("file", ["flows/welcome.json", "manifest.json"])
def test_a_disk_that_does_not_keep_what_it_took_is_found_out_at_once(
    store: BackupStore, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    write = LocalStorage.create_directory

    def lossy(storage: LocalStorage, name: str, files: Mapping[str, bytes], last: str) -> None:
        write(storage, name, {**files, file: files[file][:-2] + b" \n"}, last)

    monkeypatch.setattr(LocalStorage, "create_directory", lossy)

    with pytest.raises(BackupError, match=rf"{file} is not what was written there; nothing was changed"):
        store.create({"welcome": WELCOME}, REASON)


@pytest.mark.parametrize("damage", ["altered", "truncated", "missing", "manifest", "newer"])
def test_a_damaged_backup_is_not_trusted(store: BackupStore, backup: Backup, path: Path, damage: str) -> None:
    flow, manifest = path / "flows" / "welcome.json", path / "manifest.json"
    if damage == "altered":
        flow.write_text(flow.read_text(encoding="utf-8").replace("Grüße", "Gruesse"), encoding="utf-8")
    elif damage == "truncated":
        os.truncate(flow, 100)
    elif damage == "missing":
        flow.unlink()
    elif damage == "manifest":
        manifest.write_text("{}", encoding="utf-8")
    else:
        manifest.write_text(manifest.read_text(encoding="utf-8").replace('"schema_version": 1', '"schema_version": 2'))

    with pytest.raises(BackupError, match="nothing was changed"):
        store.verify(backup.id)


@pytest.mark.parametrize("file", ["/etc/passwd", "../other/flows/welcome.json", "flows/../../x"])
def test_a_manifest_cannot_lead_outside_of_its_backup(
    store: BackupStore, backup: Backup, path: Path, file: str
) -> None:
    manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    manifest["flows"]["welcome"]["file"] = file
    (path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")

    with pytest.raises(BackupError, match="damaged"):
        store.load(backup.id)


def test_the_backup_of_another_project_is_not_taken_for_ours(tmp_path: Path, path: Path) -> None:
    other = tmp_path / "backups" / "P2other" / path.name
    other.parent.mkdir()
    path.rename(other)

    with pytest.raises(BackupError, match="project P2project"):
        open_store(str(tmp_path / "backups"), "P2other").load(path.name)


def test_a_store_that_cannot_be_written_is_an_error_and_leaves_no_backup(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    store = open_store(str(tmp_path / "file"), "P2project")

    with pytest.raises(BackupError, match=r"file/P2project.*: .*; nothing was changed"):
        store.create({"new": None}, REASON)

    assert [found.name for found in _files(tmp_path)] == ["file"]


def test_a_removed_backup_is_gone(store: BackupStore, backup: Backup, path: Path) -> None:
    store.remove(backup.id)

    assert store.ids() == []
    assert list(path.parent.iterdir()) == []
