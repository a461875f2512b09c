# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Drift: what differs, which side has changed since the last apply, what nobody declares, and what that costs."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.descope.plugins.module_utils._backup.places import open_store
from ansible_collections.community.descope.plugins.module_utils._backup.records import BackupReason
from ansible_collections.community.descope.plugins.module_utils._backup.writes import LastWrite, last_writes
from ansible_collections.community.descope.plugins.module_utils._deploy.drift import Origin, origin_of, undeclared_flows
from ansible_collections.community.descope.plugins.module_utils._deploy.plan import DesiredFlow, make_plan
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from emulator_client import Emulator
from example_flows import minimal_flow
from flow_tasks import DELETE, IMPORT, LICENSE, LIST, PROJECT_ID, SNAPSHOT, Controller, by_flow, to


@pytest.fixture
def controller(emulator: Emulator, tmp_path: Path) -> Controller:
    """A controller of an empty project."""
    return Controller(emulator, tmp_path)


def edit(controller: Controller, flow_id: str, old: str, new: str) -> None:
    """Change a text as somebody in the console would."""
    controller.emulator.edit(project=PROJECT_ID, flow_id=flow_id, text={"from": old, "to": new})


def origins(result: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Return the state of each flow, and where its difference came from."""
    return {flow["flow_id"]: (flow["state"], flow["changed_in"]) for flow in result["flows"]}


# --- which side changed -----------------------------------------------------------------------------------------------


def document(title: str | None) -> FlowDocument | None:
    return None if title is None else FlowDocument(minimal_flow("flow", title=title))


@pytest.mark.parametrize(
    ("written", "live", "declared", "expected"),
    [
        ("old", "old", "new", Origin.FILES),
        ("old", "console", "old", Origin.PROJECT),
        ("old", "console", "new", Origin.BOTH),
        ("old", None, "old", Origin.PROJECT),
        ("old", None, "new", Origin.BOTH),
        ("old", "old", None, Origin.FILES),
        (None, "console", None, Origin.PROJECT),
        (None, None, "new", Origin.FILES),
    ],
)
def test_the_side_that_is_not_what_was_written_has_changed(
    written: str | None, live: str | None, declared: str | None, expected: Origin
) -> None:
    plan = make_plan("P2", [DesiredFlow("flow", document(declared), "file")], {"flow": document(live)})
    saved = document(written)
    fingerprint = saved.fingerprint if saved else ""
    write = LastWrite("backup", "time", fingerprint, True, BackupReason())

    assert origin_of(plan.flows[0], write) is expected
    assert origin_of(plan.flows[0], None) is Origin.UNKNOWN
    uncertain = LastWrite("backup", "time", fingerprint, False, BackupReason())
    assert origin_of(plan.flows[0], uncertain) is Origin.UNKNOWN


# --- the whole task ---------------------------------------------------------------------------------------------------


def test_what_was_just_applied_is_in_sync(controller: Controller) -> None:
    flows = [minimal_flow("one"), minimal_flow("two")]
    controller.flow(*flows)
    controller.forget_requests()

    result = controller.drift(*flows, fail_on_drift=True)

    assert not result.get("failed")
    assert origins(result) == {"one": ("in_sync", ""), "two": ("in_sync", "")}
    assert (result["drifted"], result["undeclared"], result["msg"]) == (False, [], "in sync")
    assert controller.requests() == {LICENSE: 1, SNAPSHOT: 1}


def test_each_way_to_drift_is_told_from_the_others(controller: Controller) -> None:
    names = ("files", "project", "both", "deleted", "same")
    controller.flow(*(minimal_flow(name, title="Old") for name in names))
    edit(controller, "project", "Old", "Console")
    edit(controller, "both", "Old", "Console")
    controller.emulator.project(id=PROJECT_ID, remove_flows=["deleted"])
    controller.emulator.project(id=PROJECT_ID, flows=[minimal_flow("stranger")])
    declared = {"project": "Old", "deleted": "Old", "same": "Old", "files": "New", "both": "New", "never": "New"}

    result = controller.drift(*(minimal_flow(name, title=title) for name, title in declared.items()))

    assert origins(result) == {
        "files": ("differs", "files"),
        "project": ("differs", "project"),
        "both": ("differs", "both"),
        "deleted": ("missing", "project"),
        "never": ("missing", "unknown"),
        "same": ("in_sync", ""),
    }
    assert result["drifted"]
    assert result["undeclared"] == ["stranger"]
    assert result["ansible_facts"]["descope_drift"] == {
        "project_id": PROJECT_ID,
        "drifted": True,
        "flows": {name: origin for name, (state, origin) in origins(result).items() if state != "in_sync"},
        "undeclared": ["stranger"],
    }


def test_the_last_write_says_who_and_when(controller: Controller) -> None:
    controller.flow(minimal_flow("one", title="First"))
    again = {**controller.new_run(), "user": "jo", "job_id": "42", "tenant": "acme"}
    changed = controller.flow(minimal_flow("one", title="Second"), run_context=again)

    flow = by_flow(controller.drift(minimal_flow("one", title="Third")))["one"]

    assert flow["last_write"] == {
        "time": flow["last_write"]["time"],
        "backup": changed["backup"]["id"],
        "user": "jo",
        "run_id": again["run_id"],
        "job_id": "42",
        "tenant": "acme",
    }
    assert flow["changed_in"] == "files"
    assert flow["summary"] == "1 screen text changed"
    assert [(change["before"], change["after"]) for change in flow["changes"]] == [("Second", "Third")]


def test_drift_fails_the_task_where_that_is_asked_for_and_says_why(controller: Controller) -> None:
    controller.flow(minimal_flow("one", title="Old"), run_context={**controller.new_run(), "user": "jo"})
    edit(controller, "one", "Old", "Console")

    result = controller.drift(minimal_flow("one", title="Old"), fail_on_drift=True)

    assert result["failed"]
    assert result["msg"].startswith("one differs (changed in the project since it was applied at ")
    assert " by jo): " in result["msg"]
    assert result["msg"].endswith("1 screen text changed")


def test_nothing_is_written(controller: Controller) -> None:
    controller.emulator.project(id=PROJECT_ID, flows=[minimal_flow("one", title="Old"), minimal_flow("goes")])

    controller.drift(flows=[{"definition": minimal_flow("one")}, {"flow_id": "goes", "state": "absent"}])

    assert not {IMPORT, DELETE} & set(controller.requests())
    assert not controller.backups.exists()


def test_a_flow_that_should_not_exist_is_drift_where_it_does(controller: Controller) -> None:
    controller.emulator.project(id=PROJECT_ID, flows=[minimal_flow("goes")])

    result = controller.drift(flow_id=["goes", "gone"], state="absent")

    assert origins(result) == {"goes": ("unexpected", "unknown"), "gone": ("in_sync", "")}


@pytest.mark.parametrize("read", ["snapshot", "export"])
def test_flows_that_nobody_declares_are_found_without_more_requests(controller: Controller, read: str) -> None:
    flows = [minimal_flow(name) for name in ("declared", "elsewhere", "internal-a", "internal-b", "nobodys")]
    controller.emulator.project(id=PROJECT_ID, flows=flows)
    others = {"declared_elsewhere": ["elsewhere", "internal-*"], "read": read}

    result = controller.drift(minimal_flow("declared"), **others)
    requests = controller.requests()
    counted = controller.drift(minimal_flow("declared"), undeclared="drift", fail_on_drift=True, **others)
    ignored = controller.drift(minimal_flow("declared"), undeclared="ignore", **others)

    assert (result["undeclared"], result["drifted"]) == (["nobodys"], False)
    assert result["warnings"] == [f"project {PROJECT_ID}: nobody declares nobodys"]
    assert requests.get(SNAPSHOT, 0) + requests.get(LIST, 0) == 1
    assert (counted["failed"], counted["msg"], counted["warnings"]) == (True, "nobody declares nobodys", [])
    assert (ignored["undeclared"], ignored["warnings"]) == ([], [])


def test_a_pattern_is_no_flow_id() -> None:
    assert undeclared_flows(["a-1", "b-1", "b-2"], ["a-1"], ["b-?"]) == []
    assert undeclared_flows(["a-1", "b-1"], [], ["b"]) == ["a-1", "b-1"]


def test_what_cannot_be_told_fails_without_calling_it_drift(controller: Controller) -> None:
    controller.emulator.faults(rules=[{"kind": "status", "status": 401, "match": to(SNAPSHOT)}])

    result = controller.drift(minimal_flow("one"))

    assert result["failed"]
    assert not result["drifted"]
    assert result["flows"] == []


# --- records ----------------------------------------------------------------------------------------------------------


def test_records_that_cannot_be_read_hide_no_others(controller: Controller) -> None:
    controller.flow(minimal_flow("one", title="First"))
    damaged = controller.flow(minimal_flow("one", title="Second"))
    (Path(damaged["backup"]["path"]) / "manifest.json").write_text("{", encoding="utf-8")

    result = controller.drift(minimal_flow("one", title="Third"))

    assert origins(result) == {"one": ("differs", "both")}
    assert len(result["warnings"]) == 1
    assert damaged["backup"]["id"] in result["warnings"][0]


def test_without_records_nobody_is_blamed(controller: Controller) -> None:
    controller.flow(minimal_flow("one", title="First"))
    shutil.rmtree(controller.backups)

    assert origins(controller.drift(minimal_flow("one"))) == {"one": ("differs", "unknown")}


def test_a_run_that_never_ended_leaves_it_open_who_wrote_last(controller: Controller) -> None:
    controller.flow(minimal_flow("one", title="First"))
    killed = controller.flow(minimal_flow("one", title="Second"))
    (Path(killed["backup"]["path"]) / "outcome.json").unlink()

    assert origins(controller.drift(minimal_flow("one", title="Third"))) == {"one": ("differs", "unknown")}


def test_a_change_that_was_refused_is_not_the_last_write(controller: Controller) -> None:
    applied = controller.flow(minimal_flow("one", title="First"))
    refused = to(IMPORT)
    controller.emulator.faults(rules=[{"kind": "status", "status": 400, "match": refused}])
    assert controller.flow(minimal_flow("one", title="Second"))["failed"]
    controller.emulator.faults(rules=[])

    flow = by_flow(controller.drift(minimal_flow("one", title="Second")))["one"]

    assert (flow["changed_in"], flow["last_write"]["backup"]) == ("files", applied["backup"]["id"])


def test_no_more_records_are_read_than_needed(controller: Controller) -> None:
    oldest = controller.flow(minimal_flow("one", title="First"))
    newest = controller.flow(minimal_flow("one", title="Second"))
    # As if it were years older than the other, and damaged.
    Path(oldest["backup"]["path"]).rename(controller.backups / PROJECT_ID / "20200101T000000Z-00000000")

    found, faults = last_writes(open_store(str(controller.backups), PROJECT_ID), ["one"])

    assert (found["one"].backup_id, faults) == (newest["backup"]["id"], [])
    assert found["one"].fingerprint == newest["flows"][0]["fingerprint_after"]


def test_where_no_record_can_be_read_the_flows_are_compared_all_the_same(
    controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The records only tell who changed what; without the library for their place, that remains unknown."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _library: None)

    result = controller.drift(minimal_flow("missing"), backup_dir="s3://bucket/backups")

    assert origins(result) == {"missing": ("missing", "unknown")}
    assert any("who changed the flows cannot be told" in warning for warning in result["warnings"])
