# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Backups: complete or not there at all, for their owner's eyes only, and never trusted blindly."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.community.descope.plugins.module_utils._deploy.backups import (
    Backup,
    BackupReason,
    BackupStore,
    FlowOutcome,
    Status,
    record_outcome,
    verify_backup,
)
from ansible_collections.community.descope.plugins.module_utils._errors import BackupError
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from example_flows import minimal_flow


@pytest.fixture
def store(tmp_path: Path) -> BackupStore:
    reason = BackupReason(reason="Change 4711", run_id="r1", tenant="acme", user="jo")
    return BackupStore(tmp_path / "backups", "P2project", "https://api.descope.com", reason)


@pytest.fixture
def backup(store: BackupStore) -> Backup:
    return store.create({"welcome": FlowDocument(minimal_flow("welcome", title="Grüße 😀")), "new": None})


def _files(path: Path) -> Iterator[Path]:
    return (file for file in path.rglob("*") if file.is_file())


def test_a_backup_says_what_when_why_and_who(backup: Backup) -> None:
    manifest = json.loads((backup.path / "manifest.json").read_text(encoding="utf-8"))

    assert manifest["id"] == backup.id == backup.path.name
    assert (manifest["project_id"], manifest["reason"], manifest["tenant"]) == ("P2project", "Change 4711", "acme")
    assert manifest["flows"]["new"] == {"state": "absent"}
    assert (
        manifest["flows"]["welcome"]["fingerprint"]
        == FlowDocument(minimal_flow("welcome", title="Grüße 😀")).fingerprint
    )


def test_a_flow_is_kept_in_the_format_of_descopes_own_tool(backup: Backup) -> None:
    saved = json.loads((backup.path / "flows" / "welcome.json").read_text(encoding="utf-8"))

    assert saved["flowId"] == "welcome"
    assert {"metadata", "contents", "screens"} <= set(saved)
    assert "Grüße 😀" in json.dumps(saved, ensure_ascii=False)


def test_only_the_owner_can_look(backup: Backup) -> None:
    for path in (backup.path, *backup.path.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


def test_nothing_unfinished_is_left_beside_a_backup(backup: Backup) -> None:
    assert [path.name for path in backup.path.parent.iterdir()] == [backup.id]


def test_the_outcome_stands_beside_what_was_there(backup: Backup) -> None:
    record_outcome(backup, Status.GOOD, {"welcome": FlowOutcome("update", "applied", "abc", True)})

    outcome = json.loads((backup.path / "outcome.json").read_text(encoding="utf-8"))
    assert outcome["status"] == "good"
    assert outcome["flows"]["welcome"] == {
        "action": "update",
        "fingerprint": "abc",
        "result": "applied",
        "verified": True,
    }


@pytest.mark.parametrize("damage", ["altered", "truncated", "missing", "manifest"])
def test_a_damaged_backup_is_not_trusted(backup: Backup, damage: str) -> None:
    flow = backup.path / "flows" / "welcome.json"
    if damage == "altered":
        flow.write_text(flow.read_text(encoding="utf-8").replace("Grüße", "Gruesse"), encoding="utf-8")
    elif damage == "truncated":
        os.truncate(flow, 100)
    elif damage == "missing":
        flow.unlink()
    else:
        (backup.path / "manifest.json").write_text("{}", encoding="utf-8")

    with pytest.raises(BackupError, match="nothing was changed"):
        verify_backup(backup.path)


def test_a_store_that_cannot_be_written_is_an_error_and_leaves_no_backup(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    store = BackupStore(tmp_path / "file", "P2project")

    with pytest.raises(BackupError, match=r"file/P2project/.*: .*; nothing was changed"):
        store.create({"new": None})

    assert [path.name for path in _files(tmp_path)] == ["file"]
