# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Taking, removing and proving backups, against the emulator: nothing is lost, nothing is written twice."""

from __future__ import annotations

import json
import os
import resource
import shutil
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.descope.plugins.module_utils._backup.places import open_store
from ansible_collections.community.descope.plugins.module_utils._backup.records import BackupReason
from ansible_collections.community.descope.plugins.module_utils._errors import BackupError
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from clocks import Clock
from emulator_client import Emulator
from example_flows import minimal_flow
from flow_tasks import EXPORT, IMPORT, LICENSE, LIST, PROJECT_ID, SNAPSHOT, Controller, by_flow, in_processes

FLOWS = ("sign-in", "sign-up", "step-up")


@pytest.fixture
def controller(emulator: Emulator, tmp_path: Path) -> Controller:
    emulator.project(id=PROJECT_ID, flows=[minimal_flow(flow_id) for flow_id in FLOWS])
    return Controller(emulator, tmp_path)


def edit(controller: Controller, flow_id: str, text: str = "Edited in the console") -> None:
    controller.emulator.edit(project=PROJECT_ID, flow_id=flow_id, changes=[{"screen": "Welcome", "text": text}])


def directories(controller: Controller) -> list[Path]:
    folder = controller.backups / PROJECT_ID
    return sorted(folder.iterdir()) if folder.exists() else []


def files(controller: Controller) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in controller.backups.rglob("*") if path.is_file()}


def manifest(path: str | Path) -> dict[str, Any]:
    return dict(json.loads((Path(path) / "manifest.json").read_text(encoding="utf-8")))


class TestTaking:
    def test_the_whole_project_takes_one_snapshot(self, controller: Controller) -> None:
        controller.forget_requests()
        result = controller.backup(label="first", reason="Before we start")

        assert controller.requests() == {LICENSE: 1, SNAPSHOT: 1, LIST: 1}
        assert result["changed"] is True
        assert result["backup"]["flows"] == list(FLOWS)
        written = manifest(result["backup"]["path"])
        assert (written["kind"], written["label"], written["reason"]) == ("requested", "first", "Before we start")
        assert written["complete"] is True
        assert written["intended"] == {}
        saved = open_store(str(controller.backups), PROJECT_ID)
        flows = saved.read_flows(saved.load(result["backup"]["id"]))
        assert {flow_id: flow.fingerprint for flow_id, flow in flows.items() if flow} == {
            flow_id: flow.fingerprint for flow_id, flow in controller.stored().items()
        }

    def test_without_a_snapshot_the_flows_are_exported(self, controller: Controller) -> None:
        controller.forget_requests()
        result = controller.backup(read="export")

        assert controller.requests() == {LICENSE: 1, LIST: 1, EXPORT: 3}
        assert result["backup"]["flows"] == list(FLOWS)

    @pytest.mark.parametrize(
        ("chosen", "saved"),
        [(["sign-*"], ["sign-in", "sign-up"]), (["step-up", "*-in"], ["sign-in", "step-up"]), (["*"], list(FLOWS))],
    )
    def test_flows_are_chosen_by_ids_and_patterns(
        self, controller: Controller, chosen: list[str], saved: list[str]
    ) -> None:
        assert sorted(controller.backup(flow_id=chosen)["backup"]["flows"]) == saved

    def test_a_backup_of_some_flows_does_not_claim_to_hold_all(self, controller: Controller) -> None:
        assert manifest(controller.backup(flow_id=["sign-in"])["backup"]["path"])["complete"] is False

    def test_an_id_that_does_not_exist_is_recorded_and_told(self, controller: Controller) -> None:
        result = controller.backup(flow_id=["sign-in", "sign-inn", "no-*"])

        assert result["missing"] == ["sign-inn", "no-*"]
        assert manifest(result["backup"]["path"])["flows"]["sign-inn"] == {"state": "absent"}
        assert any("sign-inn or no-*" in warning for warning in result["warnings"])

    def test_where_no_flow_exists_nothing_is_written(self, controller: Controller) -> None:
        result = controller.backup(flow_id=["sign-inn", "no-*"])

        assert result["failed"] is True
        assert "sign-inn or no-*" in result["msg"]
        assert directories(controller) == []

    def test_check_mode_says_what_would_be_saved_and_writes_nothing(self, controller: Controller) -> None:
        preview = controller.backup(check=True)
        assert not controller.backups.exists()

        result = controller.backup()

        assert preview["changed"] is result["changed"] is True
        assert preview["backup"] == {"id": "", "path": "", "flows": result["backup"]["flows"]}
        assert preview["flows"] == result["flows"]
        assert preview["diff"] == result["diff"]


class TestTakingTwice:
    def test_what_is_saved_already_is_not_saved_again(self, controller: Controller) -> None:
        first = controller.backup()
        before = files(controller)

        second = controller.backup()

        assert second["changed"] is False
        assert second["backup"] == {"id": "", "path": "", "flows": []}
        assert second["compared_with"] == first["backup"]["id"]
        assert {flow["change"] for flow in second["flows"]} == {"none"}
        assert second["diff"] == []
        assert files(controller) == before

    def test_unless_it_is_forced(self, controller: Controller) -> None:
        controller.backup()
        assert controller.backup(force=True)["changed"] is True
        assert len(directories(controller)) == 2

    def test_a_label_is_worth_a_backup_once(self, controller: Controller) -> None:
        controller.backup()
        assert controller.backup(label="release")["changed"] is True
        assert controller.backup(label="release")["changed"] is False
        assert controller.backup()["changed"] is False

    def test_what_a_change_saved_counts(self, controller: Controller) -> None:
        controller.flow(minimal_flow("sign-in", title="New"))
        controller.flow(minimal_flow("sign-in"))

        result = controller.backup(flow_id=["sign-in"])

        assert result["changed"] is True
        assert by_flow(result)["sign-in"]["summary"] == "1 screen text changed"

    def test_the_differences_since_then_are_told(self, controller: Controller) -> None:
        first = controller.backup()
        edit(controller, "sign-in")
        controller.flow(state="absent", flow_id=["step-up-2"])
        controller.emulator.project(id=PROJECT_ID, flows=[minimal_flow("extra")])

        result = controller.backup()

        assert {flow_id: flow["change"] for flow_id, flow in by_flow(result).items()} == {
            "extra": "created",
            "sign-in": "changed",
            "sign-up": "none",
            "step-up": "none",
        }
        created, changed = result["diff"]
        assert created["after_header"] == f"extra in {PROJECT_ID}"
        assert changed["before_header"] == f"sign-in in the backup {first['backup']['id']}"
        assert "Edited in the console" in changed["after"]
        assert result["backup"]["flows"] == ["extra", *FLOWS]

    def test_a_flow_that_is_gone_is_a_difference(self, controller: Controller) -> None:
        controller.flow(minimal_flow("extra"))
        controller.backup()
        controller.flow(state="absent", flow_id=["extra"])

        result = controller.backup()

        assert by_flow(result)["extra"]["change"] == "deleted"
        assert "extra" not in result["backup"]["flows"]
        assert controller.backup()["changed"] is False

    def test_flows_that_were_not_asked_for_are_no_difference(self, controller: Controller) -> None:
        controller.backup()
        controller.flow(minimal_flow("extra"))

        result = controller.backup(flow_id=["extra"])

        assert {flow_id: flow["change"] for flow_id, flow in by_flow(result).items()} == {"extra": "created"}
        assert controller.backup(flow_id=["ext*"], label="x")["backup"]["flows"] == ["extra"]

    def test_positions_on_the_canvas_are_part_of_the_state(self, controller: Controller) -> None:
        controller.backup()
        moved = minimal_flow("sign-in", x=999)
        controller.emulator.edit(
            project=PROJECT_ID,
            flow_id="sign-in",
            changes=[{"pointer": "/contents/tasks/0/view", "value": moved["contents"]["tasks"]["0"]["view"]}],
        )

        result = controller.backup()

        assert result["changed"] is True
        assert by_flow(result)["sign-in"]["layout_changes"] == 1

    def test_the_noise_of_the_server_is_none(self, controller: Controller) -> None:
        controller.backup()
        controller.emulator.edit(project=PROJECT_ID, flow_id="sign-in", noise=["caches"], changes=[{"touch": True}])

        assert controller.backup()["changed"] is False

    def test_a_damaged_backup_is_not_what_holds_the_state(self, controller: Controller) -> None:
        first = controller.backup()
        (Path(first["backup"]["path"]) / "flows" / "sign-in.json").unlink()

        result = controller.backup()

        assert result["changed"] is True
        assert any(first["backup"]["id"] in warning for warning in result["warnings"])
        assert controller.backup()["changed"] is False


class TestRetention:
    def test_check_mode_names_what_will_go(self, controller: Controller) -> None:
        ids = []
        for number in range(4):
            edit(controller, "sign-in", f"Edit {number}")
            ids.append(controller.backup(label="release" if number == 1 else None)["backup"]["id"])
        edit(controller, "sign-in", "Last edit")

        preview = controller.backup(check=True, keep=2)
        assert {path.name for path in directories(controller)} == set(ids)
        result = controller.backup(keep=2)

        assert [removed["id"] for removed in result["removed"]] == [ids[0], ids[2]]
        assert preview["removed"] == result["removed"]
        assert preview["diff"] == result["diff"]
        assert ids[0] in result["diff"][-1]["before"]
        assert {path.name for path in directories(controller)} == {ids[1], ids[3], result["backup"]["id"]}

    def test_old_ones_go_also_where_there_is_nothing_to_save(self, controller: Controller) -> None:
        controller.backup()
        controller.backup(force=True)

        result = controller.backup(keep=1)

        assert result["changed"] is True
        assert result["backup"]["id"] == ""
        assert len(directories(controller)) == 1
        assert controller.backup(keep=1)["changed"] is False

    @pytest.mark.parametrize("step", [timedelta(), timedelta(seconds=10), timedelta(hours=1)], ids=str)
    def test_what_was_just_taken_stays_whatever_the_clock_did(
        self, controller: Controller, monkeypatch: pytest.MonkeyPatch, step: timedelta
    ) -> None:
        clock = Clock.of_backups(monkeypatch)
        old = [controller.backup(force=True)["backup"]["id"] for _number in range(2)]
        clock.steps(-step)

        preview = controller.backup(check=True, keep=1, force=True)
        result = controller.backup(keep=1, force=True)

        assert [removed["id"] for removed in result["removed"]] == old
        assert preview["removed"] == result["removed"]
        assert [path.name for path in directories(controller)] == [result["backup"]["id"]]

    def test_what_this_run_has_taken_stays(self, controller: Controller) -> None:
        run = controller.new_run()
        old = controller.backup()["backup"]["id"]
        first = controller.backup(force=True, keep=1, run_context=run)
        second = controller.backup(force=True, keep=1, run_context=run)

        assert [removed["id"] for removed in first["removed"]] == [old]
        assert second["removed"] == []
        assert len(controller.backup(keep=1)["removed"]) == 1

    def test_what_cannot_be_read_never_goes(self, controller: Controller) -> None:
        first = Path(controller.backup()["backup"]["path"])
        (first / "manifest.json").write_text("{}", encoding="utf-8")
        controller.backup(force=True)

        result = controller.backup(force=True, keep=1)

        assert first.exists()
        assert result["removed"] == []
        assert any(first.name in warning for warning in result["warnings"])
        controller.backup(state="absent", backup=[first.name])
        assert len(controller.backup(keep=1)["removed"]) == 1

    def test_what_is_being_written_or_removed_is_not_in_the_way(self, controller: Controller) -> None:
        first = Path(controller.backup()["backup"]["path"])
        (first / "manifest.json").unlink()
        second = controller.backup(force=True)["backup"]["id"]

        result = controller.backup(force=True, keep=1)

        assert first.exists()
        assert [removed["id"] for removed in result["removed"]] == [second]


class TestRemoving:
    def test_named_backups_go_without_a_key_or_a_request(self, controller: Controller) -> None:
        first, second = (controller.backup(force=True)["backup"] for _number in range(2))
        controller.forget_requests()
        options: dict[str, Any] = {"state": "absent", "management_key": None, "backup": [first["id"]]}

        preview = controller.backup(check=True, **options)
        assert len(directories(controller)) == 2
        result = controller.backup(**options)
        again = controller.backup(**options)

        assert [removed["id"] for removed in result["removed"]] == [first["id"]]
        assert preview["removed"] == result["removed"]
        assert first["id"] in result["diff"][0]["before"]
        assert (result["changed"], again["changed"], again["missing"]) == (True, False, [first["id"]])
        assert [path.name for path in directories(controller)] == [second["id"]]
        assert controller.requests() == {}

    def test_what_is_damaged_can_go(self, controller: Controller) -> None:
        path = Path(controller.backup()["backup"]["path"])
        (path / "manifest.json").unlink()

        assert controller.backup(state="absent", backup=[path.name])["changed"] is True
        assert directories(controller) == []

    def test_a_name_that_is_not_clear_removes_nothing(self, controller: Controller) -> None:
        ids = [controller.backup(force=True)["backup"]["id"] for _number in range(2)]

        result = controller.backup(state="absent", backup=[ids[0], "20", "yesterday", ids[0][:8]])

        assert result["failed"] is True
        assert len(result["problems"]) == 3
        assert all(backup_id in result["msg"] for backup_id in ids)
        assert len(directories(controller)) == 2


class TestProving:
    def test_whole_backups_are_proven_without_a_key_or_a_request(self, controller: Controller) -> None:
        taken = [controller.backup(force=True)["backup"]["id"] for _number in range(2)]
        controller.forget_requests()

        result = controller.backup(verify=True, management_key=None)

        assert result["changed"] is False
        assert [(found["id"], found["whole"], found["flows"]) for found in result["verified"]] == [
            (backup_id, True, 3) for backup_id in sorted(taken)
        ]
        assert [found["id"] for found in controller.backup(verify=True, backup=[taken[1]])["verified"]] == [taken[1]]
        assert controller.requests() == {}

    @pytest.mark.parametrize(
        ("damage", "words"),
        [
            ("altered", "is not what was written there"),
            ("missing", "cannot be read: No such file"),
            ("manifest", "is damaged"),
            ("newer", "newer"),
            ("project", "holds the backup"),
            ("incomplete", "manifest.json cannot be read"),
        ],
    )
    def test_what_cannot_be_restored_is_named(self, controller: Controller, damage: str, words: str) -> None:
        broken, whole = (Path(controller.backup(force=True)["backup"]["path"]) for _number in range(2))
        flow, manifest_file = broken / "flows" / "sign-in.json", broken / "manifest.json"
        written = manifest_file.read_text(encoding="utf-8")
        if damage == "altered":
            flow.write_text("{}", encoding="utf-8")
        elif damage == "missing":
            flow.unlink()
        elif damage == "incomplete":
            manifest_file.unlink()
        else:
            replaced = {
                "manifest": written[:100],
                "newer": written.replace('"schema_version": 1', '"schema_version": 2'),
                "project": written.replace(f'"project_id": "{PROJECT_ID}"', '"project_id": "P2other"'),
            }
            manifest_file.write_text(replaced[damage], encoding="utf-8")

        result = controller.backup(verify=True)

        assert result["failed"] is True
        assert "1 of 2 backups cannot be restored" in result["msg"]
        assert words in result["msg"]
        assert str(broken) in result["msg"]
        assert "\n" not in result["msg"]
        assert {found["id"]: found["whole"] for found in result["verified"]} == {broken.name: False, whole.name: True}
        history = controller.history()
        if damage not in ("altered", "missing"):
            assert [entry["id"] for entry in history["backups"]] == [whole.name]
            assert [entry["id"] for entry in history["unreadable"]] == [broken.name]
            assert history["unreadable"][0]["incomplete"] is (damage == "incomplete")

    def test_an_odd_flow_is_no_damage(self, controller: Controller) -> None:
        odd = minimal_flow("sign-in")
        odd["contents"]["tasks"]["1"]["next"]["rules"][0]["taskId"] = "99"
        open_store(str(controller.backups), PROJECT_ID).create({"sign-in": FlowDocument(odd)}, BackupReason())

        result = controller.backup(verify=True)

        assert "failed" not in result
        assert "as odd as they were" in result["warnings"][0]

    def test_a_backup_that_does_not_exist(self, controller: Controller) -> None:
        result = controller.backup(verify=True, backup=["20260115T103000Z-1f3a9c2e"])
        assert "no such backup: 20260115T103000Z-1f3a9c2e" in result["msg"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"management_key": None}, ("management_key", "DESCOPE_MANAGEMENT_KEY")),
        ({"management_key": None, "project_id": "K2swapped", "verify": True}, ("project_id", "begin with P")),
        ({"state": "absent"}, ("backup", "ids")),
        ({"state": "absent", "backup": ["x" * 8], "verify": True}, ("verify", "either")),
        ({"backup": ["x" * 8]}, ("backup", "verify=true")),
        ({"keep": 0, "keep_days": 0}, ("2 problems", "keep", "keep_days")),
        ({"verify": True, "keep": 1}, ("keep", "no use")),
        ({"label": "latest"}, ("label", "last_good")),
        ({"label": "2026-01-15"}, ("label", "time")),
        ({"label": "2026-13-15"}, ("label", "time")),
        ({"label": "20260115T103000Z-1f3a9c2e"}, ("label", "id of a backup")),
        ({"label": "two\nlines"}, ("label", "one line")),
        ({"flow_id": ["not an id"]}, ("flow_id", "not an id")),
        ({"flow_id": []}, ("flow_id", "leave it away for all")),
        ({"backup_dir": "nonsense://place"}, ("backup_dir", "nonsense")),
    ],
)
def test_a_mistake_is_one_clear_line_before_any_request(
    controller: Controller, options: dict[str, Any], words: tuple[str, ...]
) -> None:
    controller.forget_requests()

    result = controller.backup(**options)

    assert result["failed"] is True
    assert result["changed"] is False
    assert "\n" not in result["msg"]
    for word in words:
        assert word in result["msg"], result["msg"]
    assert controller.requests() == {}
    assert directories(controller) == []


class TestBadPlaces:
    """Disks that take nothing more, each met by a process of its own that gives up a right or a resource."""

    @pytest.fixture
    def open_folder(self) -> Iterator[Path]:
        folder = Path(tempfile.mkdtemp())
        folder.chmod(0o755)
        yield folder
        shutil.rmtree(folder)

    def test_a_full_disk_stops_a_change_before_it_begins(self, controller: Controller) -> None:
        def change(_number: int) -> dict[str, Any]:
            resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
            return controller.flow(minimal_flow("sign-in", title="New"), read="export")

        controller.forget_requests()
        (result,) = in_processes(1, change)

        assert result["failed"] is True
        assert "the backup could not be written" in result["msg"]
        assert "nothing was changed" in result["msg"]
        assert IMPORT not in controller.requests()
        assert directories(controller) == [], "what was written of it is gone"

    def test_a_read_only_directory_stops_a_change_before_it_begins(self, open_folder: Path) -> None:
        open_folder.chmod(0o555)

        def write(_number: int) -> str:
            if os.getuid() == 0:
                os.setuid(65534)
            with pytest.raises(BackupError) as raised:
                open_store(str(open_folder), PROJECT_ID).create({"a": FlowDocument(minimal_flow("a"))}, BackupReason())
            return str(raised.value)

        (message,) = in_processes(1, write)

        assert str(open_folder) in message
        assert "Permission denied; nothing was changed" in message
