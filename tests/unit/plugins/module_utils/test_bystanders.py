# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Flows that a task does not mention: what happens to them while it runs is noticed, and costs no request."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.descope.plugins.module_utils._deploy.bystanders import (
    Bystanders,
    compare_bystanders,
)
from ansible_collections.community.descope.plugins.module_utils._deploy.project import Reading
from ansible_collections.community.descope.plugins.module_utils._deploy.readings import SharedReadings
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._flow.snapshot import to_snapshot
from emulator_client import Emulator
from example_flows import minimal_flow
from flow_tasks import EXPORT, IMPORT, PROJECT_ID, SNAPSHOT, Controller, eventually, meanwhile, to

# Enough of them for the verifying read to be a snapshot.
WANTED = [minimal_flow(f"flow-{number}", title="New") for number in range(6)]
BYSTANDERS = ("edited", "removed", "left-alone")


@pytest.fixture
def controller(emulator: Emulator, tmp_path: Path) -> Controller:
    emulator.project(id=PROJECT_ID, flows=[minimal_flow(flow_id) for flow_id in BYSTANDERS])
    return Controller(emulator, tmp_path)


def _apply_while(controller: Controller, act: Callable[[], object], **options: Any) -> dict[str, Any]:
    """Apply while somebody does something between the first import and the verifying read."""
    controller.emulator.faults(kind="delay", seconds=0.4, match=to(IMPORT, flow_id="flow-0"))

    def meddle() -> None:
        eventually(lambda: controller.requests().get(IMPORT))
        act()

    with meanwhile(meddle):
        return controller.flow(*WANTED, **options)


def _others_edit(controller: Controller) -> None:
    edit = {"project": PROJECT_ID, "flow_id": "edited", "screen": "Welcome", "text": "Edited by hand"}
    controller.emulator.edit(**edit)
    controller.emulator.project(id=PROJECT_ID, flows=[minimal_flow("new")], remove_flows=["removed"])


def test_all_is_as_it_was(controller: Controller) -> None:
    result = controller.flow(*WANTED)

    assert result["bystanders"] == {"checked": True, "changed": []}
    assert result["warnings"] == []


def test_what_changed_is_named_loudly_and_costs_nothing(controller: Controller) -> None:
    result = _apply_while(controller, lambda: _others_edit(controller))

    assert result["bystanders"] == {"checked": True, "changed": ["edited", "new", "removed"]}
    [warning] = result["warnings"]
    assert "edited, new, removed" in warning
    assert PROJECT_ID in warning
    assert not result.get("failed"), "the task did what it was asked to"
    assert controller.requests()[SNAPSHOT] == 2
    assert EXPORT not in controller.requests()


def test_traces_of_the_console_that_mean_nothing_are_no_change(controller: Controller) -> None:
    noise = {"project": PROJECT_ID, "flow_id": "edited", "noise": ["caches", "order"]}

    result = _apply_while(controller, lambda: controller.emulator.edit(**noise))

    assert result["bystanders"] == {"checked": True, "changed": []}


def test_what_another_task_of_the_run_writes_is_expected(controller: Controller) -> None:
    run = controller.new_run()

    def another_task() -> None:
        # Another host's task: its verifying read must not be shared with this one's.
        controller.flow(minimal_flow("edited", title="By another host"), run_context=run, verify=False)
        _others_edit_one(controller)

    result = _apply_while(controller, another_task, run_context=run)

    assert result["bystanders"] == {"checked": True, "changed": ["left-alone"]}


def _others_edit_one(controller: Controller) -> None:
    controller.emulator.edit(project=PROJECT_ID, flow_id="left-alone", screen="Welcome", text="Edited by hand")


@pytest.mark.parametrize("options", [{"read": "export"}, {"verify": False}])
def test_where_it_would_cost_requests_it_is_not_checked(controller: Controller, options: dict[str, Any]) -> None:
    result = _apply_while(controller, lambda: _others_edit(controller), **options)

    assert result["bystanders"] == {"checked": False, "changed": []}
    assert result["warnings"] == []


@pytest.mark.parametrize("check", [True, False])
def test_where_nothing_is_applied_nothing_is_checked(controller: Controller, check: bool) -> None:
    controller.flow(*WANTED)

    result = controller.flow(*(WANTED[:3] if not check else [minimal_flow("another")]), check=check)

    assert result["bystanders"] == {"checked": False, "changed": []}


def test_a_restored_project_is_compared_too(controller: Controller) -> None:
    controller.emulator.project(id=PROJECT_ID, flows=[minimal_flow(f"flow-{number}") for number in range(5)])
    lost = {"kind": "status", "status": 400, "match": to(IMPORT, flow_id="flow-5")}
    slow = {"kind": "delay", "seconds": 0.4, "match": to(IMPORT, flow_id="flow-0"), "nth": 1}

    def meddle() -> None:
        eventually(lambda: controller.requests().get(IMPORT))
        _others_edit_one(controller)

    controller.emulator.faults(rules=[lost, slow])
    with meanwhile(meddle):
        result = controller.flow(*WANTED, on_failure="restore", threads=6)

    assert {flow["result"] for flow in result["flows"]} == {"restored", "untouched"}
    assert result["bystanders"] == {"checked": True, "changed": ["left-alone"]}


class TestComparing:
    """Two readings of the same project."""

    def _reading(self, readings: SharedReadings, flows: dict[str, Any]) -> Reading:
        parts = {flow_id: self._part(flow_id, flow) for flow_id, flow in flows.items()}
        everything = readings.get("snapshot", float("inf"), lambda: parts)
        return Reading(flows={}, began_at=everything.began_at, everything=everything)

    def _part(self, flow_id: str, flow: dict[str, Any] | None) -> dict[str, Any]:
        """The files of one flow in a snapshot; none of one that cannot be understood."""
        files = to_snapshot(FlowDocument(flow)) if flow else {}
        return {f"flows/{flow_id}/{name}": content for name, content in files.items()}

    @pytest.fixture
    def readings(self, tmp_path: Path) -> SharedReadings:
        return SharedReadings(tmp_path, project_id=PROJECT_ID, address="here", access="key", task_id="task")

    def test_only_what_differs_counts(self, readings: SharedReadings) -> None:
        flow = minimal_flow("same")
        moved = {x: minimal_flow("moved", x=x) for x in (1, 2)}
        before = self._reading(
            readings, {"same": flow, "odd": None, "moved": moved[1], "edited": minimal_flow("edited")}
        )
        edited = minimal_flow("edited", title="Edited")
        after = self._reading(readings, {"same": flow, "odd": flow, "moved": moved[2], "edited": edited})

        assert compare_bystanders(before, after, [], lambda flow_ids: 0.0) == Bystanders(True, ("edited",))
        assert compare_bystanders(before, after, ["edited"], lambda flow_ids: 0.0) == Bystanders(True, ())

    def test_a_reading_is_not_compared_with_itself(self, readings: SharedReadings) -> None:
        reading = self._reading(readings, {"same": minimal_flow("same")})

        assert not compare_bystanders(reading, reading, [], lambda flow_ids: 0.0).checked

    def test_what_the_run_wrote_before_the_first_reading_is_no_excuse(self, readings: SharedReadings) -> None:
        before = self._reading(readings, {"one": minimal_flow("one", title="Old")})
        after = self._reading(readings, {"one": minimal_flow("one", title="New")})

        for written_at, changed in ((before.began_at - 1, ("one",)), (before.began_at, ())):
            found = compare_bystanders(before, after, [], lambda flow_ids, at=written_at: at)  # type: ignore[misc]
            assert found.changed == changed


def test_many_names_are_cut() -> None:
    [warning] = Bystanders(True, tuple(f"flow-{number:02}" for number in range(14))).warnings("P2")

    assert "flow-09 and 4 more" in warning
    assert "flow-10" not in warning
