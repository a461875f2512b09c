# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The whole pipeline against the emulator, with everything going wrong that can: what a task says is what is true."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from ansible_collections.community.descope.plugins.module_utils._api.client import RetryPolicy
from ansible_collections.community.descope.plugins.module_utils._backup.places import open_store
from ansible_collections.community.descope.plugins.module_utils._deploy import pipeline
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from emulator_client import Emulator, running_emulator
from example_flows import minimal_flow
from flow_tasks import (
    DELETE,
    EXPORT,
    IMPORT,
    LICENSE,
    LIST,
    PROJECT_ID,
    SNAPSHOT,
    Controller,
    by_flow,
    eventually,
    meanwhile,
    outcome,
    saves,
    to,
)
from flow_truth import assert_it_says_the_truth, assert_the_outcome_agrees

Rule = dict[str, Any]

# The task changes these three, one after the other, and finds a fourth as it should be.
CHANGED = ("first", "second", "third")
WANTED = {flow_id: minimal_flow(flow_id, title="New") for flow_id in CHANGED} | {"same": minimal_flow("same")}
WANTED_FINGERPRINTS = {flow_id: FlowDocument(flow).fingerprint for flow_id, flow in WANTED.items()}

# The server does not do it, and does not say so in a way that could be believed.
NOT_DONE: dict[str, Rule] = {
    "drop": {"kind": "drop"},
    "500": {"kind": "status", "status": 500},
    "500 page": {"kind": "status", "status": 500, "body": "html"},
    "503": {"kind": "status", "status": 503},
    "520 without a word": {"kind": "status", "status": 520, "body": "empty"},
    "200 page": {"kind": "html200"},
    "200 broken JSON": {"kind": "garbage"},
}
# The server does it, and the answer gets lost.
DONE: dict[str, Rule] = {"drop_after": {"kind": "drop_after"}, "truncate": {"kind": "truncate"}}
LOST = {**NOT_DONE, **DONE}
# The server refuses, so nothing happened.
REFUSED: dict[str, Rule] = {str(status): {"kind": "status", "status": status} for status in (400, 401, 403, 409)}


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RetryPolicy, "delay", lambda policy, attempt, chance: 0.01)


@pytest.fixture
def controller(emulator: Emulator, tmp_path: Path) -> Controller:
    """A controller of a project in which C(first) and C(third) are out of date, and C(second) does not exist."""
    flows = [minimal_flow(flow_id, title="Old") for flow_id in ("first", "third", "bystander")]
    emulator.project(id=PROJECT_ID, flows=[*flows, minimal_flow("same")])
    return Controller(emulator, tmp_path)


def _apply(controller: Controller, **options: Any) -> dict[str, Any]:
    return controller.flow(*WANTED.values(), **options)


def _fingerprints(controller: Controller) -> dict[str, str]:
    return {flow_id: document.fingerprint for flow_id, document in controller.stored().items()}


def _assert_it_says_the_truth(result: dict[str, Any], before: dict[str, str], after: dict[str, str]) -> None:
    assert_it_says_the_truth(result, WANTED_FINGERPRINTS, before, after)


def _assert_one_more_run_mends_it(controller: Controller) -> None:
    controller.emulator.faults()
    assert not _apply(controller).get("failed")
    assert _fingerprints(controller) == {**_fingerprints(controller), **WANTED_FINGERPRINTS}
    assert not _apply(controller)["changed"]


class TestImports:
    @pytest.mark.parametrize("position", [1, 2, 3])
    @pytest.mark.parametrize("fault", LOST)
    def test_one_lost_answer_is_settled_by_reading(self, controller: Controller, fault: str, position: int) -> None:
        before = _fingerprints(controller)
        controller.emulator.faults(**LOST[fault], match=to(IMPORT), nth=position)

        result = _apply(controller, threads=1)

        assert not result.get("failed"), result["msg"]
        assert controller.requests()[IMPORT] == len(CHANGED) + (fault in NOT_DONE), "sent again only if it is not there"
        _assert_it_says_the_truth(result, before, _fingerprints(controller))
        assert_the_outcome_agrees(result)
        assert outcome(result)["status"] == "good"
        assert set(saves(controller.emulator).values()) <= {1, 2}, "nothing is written twice"

    @pytest.mark.parametrize("position", [1, 2, 3])
    @pytest.mark.parametrize("fault", NOT_DONE)
    def test_a_flow_that_cannot_be_imported_stops_the_rest(
        self, controller: Controller, fault: str, position: int
    ) -> None:
        before = _fingerprints(controller)
        failing = CHANGED[position - 1]
        controller.emulator.faults(**NOT_DONE[fault], match=to(IMPORT, flow_id=failing))

        result = _apply(controller, threads=1)

        flows = by_flow(result)
        assert [flows[flow_id]["result"] for flow_id in CHANGED[: position - 1]] == ["applied"] * (position - 1)
        assert flows[failing]["result"] in ("untouched", "unknown")
        assert [flows[flow_id]["result"] for flow_id in CHANGED[position:]] == ["untouched"] * (3 - position)
        _assert_it_says_the_truth(result, before, _fingerprints(controller))
        assert_the_outcome_agrees(result)
        _assert_one_more_run_mends_it(controller)

    @pytest.mark.parametrize("position", [1, 3])
    @pytest.mark.parametrize("fault", REFUSED)
    def test_a_refused_flow_is_untouched_and_sent_once(self, controller: Controller, fault: str, position: int) -> None:
        before = _fingerprints(controller)
        controller.emulator.faults(**REFUSED[fault], match=to(IMPORT), nth=position)

        result = _apply(controller, threads=1)

        assert by_flow(result)[CHANGED[position - 1]]["result"] == "untouched"
        assert f"HTTP {fault}" in by_flow(result)[CHANGED[position - 1]]["error"]
        assert controller.requests()[IMPORT] == position
        _assert_it_says_the_truth(result, before, _fingerprints(controller))
        assert_the_outcome_agrees(result)
        assert outcome(result)["status"] == "failed"
        _assert_one_more_run_mends_it(controller)

    @pytest.mark.parametrize("fault", ["drop", "500", "503", "200 page", "400"])
    def test_what_runs_side_by_side_is_told_apart(self, controller: Controller, fault: str) -> None:
        before = _fingerprints(controller)
        # Long enough for all three to be sent before the first is answered.
        controller.emulator.reset(counters_only=True, latency_ms=150)
        controller.emulator.faults(**{**NOT_DONE, **REFUSED}[fault], match=to(IMPORT, flow_id="second"))

        result = _apply(controller)

        flows = by_flow(result)
        assert (flows["first"]["result"], flows["third"]["result"]) == ("applied", "applied"), "they were under way"
        _assert_it_says_the_truth(result, before, _fingerprints(controller))
        assert_the_outcome_agrees(result)
        _assert_one_more_run_mends_it(controller)

    def test_one_refusal_for_going_too_fast_is_waited_out(self, controller: Controller) -> None:
        before = _fingerprints(controller)
        rule = {"kind": "status", "status": 429, "retry_after": 1, "nth": 2}
        controller.emulator.faults(**rule, match=to(IMPORT))

        result = _apply(controller)

        assert not result.get("failed")
        assert result["requests"]["paused_429"] == 1
        assert result["requests"]["waited_seconds"] > 0.5, (
            "of the second that was asked for, from when somebody had to wait"
        )
        _assert_it_says_the_truth(result, before, _fingerprints(controller))

    @pytest.mark.parametrize("fault", ["drop", "drop_after"])
    def test_where_not_even_reading_works_the_flow_is_unknown(self, controller: Controller, fault: str) -> None:
        before = _fingerprints(controller)
        lost = {**LOST[fault], "match": to(IMPORT, flow_id="second")}
        unreadable = {"kind": "status", "status": 503, "match": to(EXPORT, flow_id="second")}
        controller.emulator.faults(rules=[lost, unreadable])

        result = _apply(controller, threads=1)

        assert by_flow(result)["second"]["result"] == "unknown"
        _assert_it_says_the_truth(result, before, _fingerprints(controller))
        assert_the_outcome_agrees(result)
        _assert_one_more_run_mends_it(controller)

    def test_what_somebody_else_wrote_meanwhile_is_not_taken_for_ours(self, controller: Controller) -> None:
        lost = {"kind": "drop", "match": to(IMPORT, flow_id="first")}
        slow = {"kind": "delay", "seconds": 0.5, "match": to(EXPORT, flow_id="first")}
        controller.emulator.faults(rules=[lost, slow])

        def edit() -> None:
            eventually(lambda: controller.requests().get(IMPORT) == 1)
            controller.emulator.edit(project=PROJECT_ID, flow_id="first", screen="Welcome", text="Edited by hand")

        with meanwhile(edit):
            result = _apply(controller, threads=1)

        flow = by_flow(result)["first"]
        assert (flow["result"], flow["verified"]) == ("unknown", None)
        assert "neither what it was nor what it should be" in flow["error"]
        assert controller.requests()[IMPORT] == 1, "it is not overwritten"
        assert outcome(result)["status"] == "unknown"

    def test_an_import_that_arrives_late_is_not_called_untouched(self, controller: Controller) -> None:
        controller.emulator.faults(kind="delay", seconds=1.0, match=to(IMPORT, flow_id="second"))

        result = _apply(controller, threads=1, timeout=0.2)

        assert "second" not in controller.stored(), "the task has ended before the server has"
        assert by_flow(result)["second"]["result"] == "unknown"
        assert result["changed"]
        assert outcome(result)["status"] == "unknown"
        attempts = controller.requests()[IMPORT] - 1
        eventually(lambda: saves(controller.emulator).get("second") == attempts)

    @pytest.mark.parametrize("status", [502, 504, 520, 524])
    def test_a_gateway_that_gave_up_waiting_cannot_tell(self, controller: Controller, status: int) -> None:
        """The server behind it may still be at work, as with a timeout of our own."""
        controller.emulator.faults(kind="status", status=status, body="html", match=to(IMPORT, flow_id="second"))

        result = _apply(controller, threads=1)

        assert by_flow(result)["second"]["result"] == "unknown"
        assert outcome(result)["status"] == "unknown"

    def test_a_server_that_dies_in_the_middle(self, tmp_path: Path) -> None:
        with running_emulator() as emulator:
            emulator.project(id=PROJECT_ID, flows=[minimal_flow("first", title="Old")])
            emulator.faults(kind="delay", seconds=60, match=to(IMPORT, flow_id="second"))
            controller = Controller(emulator, tmp_path)
            pid = requests.get(f"{emulator.url}/_emulator/health", timeout=10).json()["pid"]

            def kill() -> None:
                eventually(lambda: controller.requests().get(IMPORT) == 2)
                os.kill(pid, signal.SIGKILL)

            with meanwhile(kill):
                result = _apply(controller, threads=1)

        flows = by_flow(result)
        assert [flows[flow_id]["result"] for flow_id in CHANGED] == ["applied", "unknown", "untouched"]
        assert "reading the flow to find out failed too" in flows["second"]["error"]
        assert "reading it back failed" in flows["first"]["error"]
        assert outcome(result)["status"] == "unknown"


class TestReadBack:
    @pytest.mark.parametrize("flow_id", CHANGED)
    def test_an_import_that_only_seemed_to_work_fails_the_task(self, controller: Controller, flow_id: str) -> None:
        controller.emulator.faults(kind="garbage", text="{}", match=to(IMPORT, flow_id=flow_id))

        result = _apply(controller)

        assert result["failed"]
        flows = by_flow(result)
        assert {name for name in CHANGED if flows[name]["verified"]} == set(CHANGED) - {flow_id}
        assert flows[flow_id]["verified"] is False
        expected = "does not have it" if flow_id == "second" else "differs: 1 screen text changed"
        assert expected in flows[flow_id]["error"]
        assert flow_id in result["msg"]
        assert outcome(result)["status"] == "failed"
        _assert_one_more_run_mends_it(controller)

    @pytest.mark.parametrize("snapshot", ["allowed", "denied"])
    def test_an_edit_between_import_and_read_back_is_noticed(self, controller: Controller, snapshot: str) -> None:
        controller.emulator.reset(counters_only=True, snapshot=snapshot)
        reads = [{"kind": "delay", "seconds": 0.5, "match": to(endpoint)} for endpoint in (SNAPSHOT, EXPORT)]

        def edit() -> None:
            eventually(lambda: controller.requests().get(IMPORT) == 3)
            controller.emulator.faults(rules=reads)
            controller.emulator.edit(project=PROJECT_ID, flow_id="third", screen="Welcome", text="Edited by hand")

        controller.emulator.faults(kind="delay", seconds=0.3, match=to(IMPORT, flow_id="first"))
        with meanwhile(edit):
            result = _apply(controller)

        flows = by_flow(result)
        assert (flows["third"]["result"], flows["third"]["verified"]) == ("applied", False)
        assert (flows["first"]["verified"], flows["second"]["verified"]) == (True, True)
        assert result["failed"]
        assert result["changed"]
        assert outcome(result)["status"] == "failed"

    @pytest.mark.parametrize("read", ["snapshot", "export"])
    def test_what_cannot_be_read_back_is_a_failure_and_still_applied(self, controller: Controller, read: str) -> None:
        broken = [{"kind": "status", "status": 503, "match": to(endpoint)} for endpoint in (SNAPSHOT, EXPORT, LIST)]

        def break_reading() -> None:
            eventually(lambda: controller.requests().get(IMPORT))
            controller.emulator.faults(rules=broken)

        controller.emulator.faults(kind="delay", seconds=0.3, match=to(IMPORT))
        with meanwhile(break_reading):
            result = _apply(controller, read=read)

        assert result["failed"]
        assert result["changed"]
        for flow_id in CHANGED:
            flow = by_flow(result)[flow_id]
            assert (flow["result"], flow["verified"]) == ("applied", None)
            assert "sent and accepted, but reading it back failed" in flow["error"]
        assert outcome(result)["status"] != "good"

    def test_without_reading_back_nobody_claims_that_it_is_good(self, controller: Controller) -> None:
        result = _apply(controller, verify=False)

        assert not result.get("failed")
        assert [by_flow(result)[flow_id]["verified"] for flow_id in CHANGED] == [None] * 3
        assert outcome(result)["status"] == "unknown"
        assert EXPORT not in controller.requests()
        assert controller.requests()[SNAPSHOT] == 1


class TestWidgets:
    """A snapshot does not tell that a flow is one of a widget; the list of flows does."""

    def test_the_flow_of_a_widget_is_backed_up_whole(self, controller: Controller) -> None:
        live = minimal_flow("first", title="Live")
        live["metadata"]["widget"] = True
        controller.emulator.project(id=PROJECT_ID, flows=[live])
        declared = minimal_flow("first", title="Declared")

        preview = controller.flow(declared, check=True)
        changed = controller.flow(declared)
        controller.rollback("first", backup=changed["backup"]["id"])

        assert any("widget" in change["path"] for change in preview["flows"][0]["changes"])
        assert controller.stored()["first"].metadata["widget"] is True

    def test_the_list_is_read_where_something_changes(self, controller: Controller) -> None:
        controller.emulator.project(id=PROJECT_ID, flows=[minimal_flow("first", title="Live")])
        controller.forget_requests()
        controller.flow(minimal_flow("first", title="Live"))
        assert LIST not in controller.requests()
        controller.flow(minimal_flow("first", title="Declared"))
        assert controller.requests()[LIST] == 1


class TestDeletions:
    def _delete(self, controller: Controller, **options: Any) -> dict[str, Any]:
        return controller.flow(flow_id=["first", "third", "never-was"], state="absent", **options)

    @pytest.mark.parametrize("fault", DONE)
    def test_a_lost_answer_is_settled_by_reading(self, controller: Controller, fault: str) -> None:
        controller.emulator.faults(**DONE[fault], match=to(DELETE))

        result = self._delete(controller)

        assert not result.get("failed"), result["msg"]
        assert set(controller.stored()) == {"bystander", "same"}
        flows = by_flow(result)
        assert {flow_id: flow["result"] for flow_id, flow in flows.items()} == {
            "first": "applied",
            "third": "applied",
            "never-was": "unchanged",
        }
        assert outcome(result)["status"] == "good"
        assert controller.requests()[DELETE] == 1

    @pytest.mark.parametrize("fault", ["drop", "500", "503", "200 page", "400", "401"])
    def test_what_was_not_deleted_is_not_called_deleted(self, controller: Controller, fault: str) -> None:
        before = _fingerprints(controller)
        controller.emulator.faults(**{**NOT_DONE, **REFUSED}[fault], match=to(DELETE))

        result = self._delete(controller)

        assert result["failed"]
        assert _fingerprints(controller) == before
        flows = by_flow(result)
        assert {flows["first"]["result"], flows["third"]["result"]} <= {"untouched", "unknown"}
        assert outcome(result)["status"] in ("failed", "unknown")
        controller.emulator.faults()
        assert self._delete(controller)["changed"]
        assert not self._delete(controller)["changed"]
        assert set(controller.stored()) == {"bystander", "same"}

    def test_where_not_even_listing_works_the_flows_are_unknown(self, controller: Controller) -> None:
        lost = {"kind": "drop_after", "match": to(DELETE)}
        # The first list is read before anything is deleted.
        after = {"kind": "status", "status": 503, "match": to(LIST), "nth": [*range(2, 20)]}
        controller.emulator.faults(rules=[lost, after])

        result = self._delete(controller)

        assert {flow["result"] for flow in result["flows"]} == {"unknown", "unchanged"}
        assert result["changed"]
        assert outcome(result)["status"] == "unknown"

    def test_too_many_requests_means_that_nothing_was_deleted(self, controller: Controller) -> None:
        refused = {"kind": "status", "status": 429, "retry_after": 0, "match": to(DELETE)}
        unread = {"kind": "status", "status": 503, "match": to(LIST), "nth": [*range(2, 20)]}
        controller.emulator.faults(rules=[refused, unread])

        result = self._delete(controller)

        assert {flow["result"] for flow in result["flows"]} == {"untouched", "unchanged"}
        assert not result["changed"]

    def test_a_flow_that_somebody_else_deleted_meanwhile_is_no_lie(self, controller: Controller) -> None:
        controller.emulator.reset(counters_only=True, unknown_flow_delete="refuse")
        controller.emulator.faults(kind="delay", seconds=0.5, match=to(DELETE))

        def delete_one() -> None:
            eventually(lambda: controller.requests().get(DELETE))
            controller.emulator.project(id=PROJECT_ID, remove_flows=["first"])

        with meanwhile(delete_one):
            result = self._delete(controller)

        assert "third" in controller.stored()
        assert by_flow(result)["third"]["result"] in ("untouched", "unknown")
        assert result["failed"]

    def test_a_deletion_that_only_seemed_to_work_fails_the_task(self, controller: Controller) -> None:
        controller.emulator.faults(kind="garbage", text="{}", match=to(DELETE))

        result = self._delete(controller)

        assert by_flow(result)["first"]["verified"] is False
        assert "the project still has it" in result["msg"]
        assert outcome(result)["status"] == "failed"


class TestBackups:
    def test_a_complete_backup_is_there_before_the_first_import(self, controller: Controller) -> None:
        before = controller.stored()
        controller.emulator.faults(kind="delay", seconds=1.0, match=to(IMPORT))
        seen: dict[str, Any] = {}

        def look() -> None:
            eventually(lambda: controller.requests().get(IMPORT))
            [backup] = (controller.backups / PROJECT_ID).iterdir()
            manifest = open_store(str(controller.backups), PROJECT_ID).verify(backup.name).manifest
            seen.update({flow_id: flow.as_dict() for flow_id, flow in manifest.flows.items()})
            seen["files"] = sorted(file.name for file in backup.iterdir())
            seen["second"]["stored"] = "second" in controller.stored()

        with meanwhile(look):
            result = _apply(controller)

        assert seen.pop("files") == ["flows", "journal.jsonl", "manifest.json"], "no outcome before the end"
        assert {flow_id: entry["state"] for flow_id, entry in seen.items()} == {
            "first": "present",
            "second": "absent",
            "third": "present",
        }
        assert not seen["second"]["stored"]
        saved = json.loads((Path(result["backup"]["path"]) / "flows" / "first.json").read_text(encoding="utf-8"))
        assert FlowDocument(saved).fingerprint == before["first"].fingerprint

    def test_no_backup_no_import(self, controller: Controller) -> None:
        controller.backups.write_text("a file where the directory should be", encoding="utf-8")
        before = saves(controller.emulator)

        result = _apply(controller)

        assert result["failed"]
        assert not result["changed"]
        assert "nothing was changed" in result["msg"]
        assert IMPORT not in controller.requests()
        assert saves(controller.emulator) == before

    def test_an_outcome_that_cannot_be_recorded_fails_the_task_that_was_done(self, controller: Controller) -> None:
        controller.emulator.faults(kind="delay", seconds=0.5, match=to(IMPORT))

        def remove_backups() -> None:
            eventually(lambda: controller.requests().get(IMPORT) == len(CHANGED))
            shutil.rmtree(controller.backups)

        with meanwhile(remove_backups):
            result = _apply(controller)

        assert result["failed"]
        assert result["changed"]
        assert "could not be recorded" in result["msg"]
        assert [by_flow(result)[flow_id]["result"] for flow_id in CHANGED] == ["applied"] * 3

    def test_a_failure_has_the_parts_of_a_success(self, controller: Controller) -> None:
        success = _apply(controller, check=True)
        controller.emulator.faults(kind="status", status=401)

        failure = _apply(controller)

        assert set(success) - {"diff", "warnings"} <= set(failure)
        assert (failure["flows"], failure["backup"]) == ([], {"id": "", "path": "", "flows": []})
        assert failure["requests"]["by_endpoint"] == {LICENSE: 1, SNAPSHOT: 1}
        assert failure["project_id"] == PROJECT_ID


class TestFreshness:
    def _age(self, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
        monkeypatch.setattr(pipeline, "time", SimpleNamespace(monotonic=lambda: time.monotonic() + seconds))

    @pytest.mark.parametrize(("age", "snapshots"), [(0.0, 0), (25.0, 0), (35.0, 1)])
    def test_an_old_reading_is_made_again_before_something_changes(
        self, controller: Controller, monkeypatch: pytest.MonkeyPatch, age: float, snapshots: int
    ) -> None:
        run = controller.new_run()
        _apply(controller, check=True, run_context=run)
        controller.emulator.edit(project=PROJECT_ID, flow_id="first", screen="Welcome", text="Edited meanwhile")
        controller.forget_requests()
        self._age(monkeypatch, age)

        result = _apply(controller, run_context=run, verify=False)

        assert controller.requests().get(SNAPSHOT, 0) == snapshots
        saved = (Path(result["backup"]["path"]) / "flows" / "first.json").read_text(encoding="utf-8")
        assert ("Edited meanwhile" in saved) == bool(snapshots)
        assert not result.get("failed")

    def test_what_somebody_else_brought_about_meanwhile_is_not_done_again(
        self, controller: Controller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run = controller.new_run()
        _apply(controller, check=True, run_context=run)
        controller.emulator.project(id=PROJECT_ID, flows=list(WANTED.values()))
        controller.forget_requests()
        self._age(monkeypatch, 35.0)

        result = _apply(controller, run_context=run)

        assert not result["changed"]
        assert result["backup"]["id"] == ""
        assert IMPORT not in controller.requests()

    def test_a_flow_that_appeared_since_an_old_list_is_backed_up(
        self, controller: Controller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run = controller.new_run()
        _apply(controller, check=True, run_context=run, read="export")
        controller.emulator.project(id=PROJECT_ID, flows=[minimal_flow("second", title="Made by hand")])
        self._age(monkeypatch, 35.0)

        result = _apply(controller, run_context=run, read="export")

        assert by_flow(result)["second"]["action"] == "update"
        saved = (Path(result["backup"]["path"]) / "flows" / "second.json").read_text(encoding="utf-8")
        assert "Made by hand" in saved

    @pytest.mark.parametrize("check", [True, False])
    def test_nothing_to_change_is_no_reason_to_read_again(
        self, controller: Controller, monkeypatch: pytest.MonkeyPatch, check: bool
    ) -> None:
        run = controller.new_run()
        controller.flow(minimal_flow("same"), check=True, run_context=run)
        controller.forget_requests()
        self._age(monkeypatch, 1000.0)

        result = controller.flow(minimal_flow("same"), check=check, run_context=run)

        assert not result["changed"]
        assert controller.requests() == {}


class TestWhatSnapshotsLack:
    WIDGET = minimal_flow("profile") | {"futureMember": {"kept": True}}
    WIDGET["metadata"] = WIDGET["metadata"] | {"widget": True}

    def test_it_is_compared_and_backed_up_with_the_flows_own_export(self, controller: Controller) -> None:
        assert controller.flow(self.WIDGET)["changed"]
        controller.forget_requests()

        assert not controller.flow(self.WIDGET)["changed"]
        assert controller.requests() == {LICENSE: 1, SNAPSHOT: 1, EXPORT: 1}

        retitled = {**self.WIDGET, "metadata": {**self.WIDGET["metadata"], "name": "Another name"}}
        result = controller.flow(retitled)

        assert by_flow(result)["profile"]["verified"] is True
        saved = json.loads((Path(result["backup"]["path"]) / "flows" / "profile.json").read_text(encoding="utf-8"))
        assert saved["metadata"]["widget"] is True
        assert saved["futureMember"] == {"kept": True}


class TestTheRunsDirectory:
    def test_trouble_with_the_window_after_an_answer_does_not_hide_it(self, controller: Controller) -> None:
        run = controller.new_run()
        controller.emulator.faults(kind="delay", seconds=0.5, match=to(IMPORT))

        def clean_up() -> None:
            eventually(lambda: controller.requests().get(IMPORT))
            shutil.rmtree(run["run_dir"])

        with meanwhile(clean_up):
            result = controller.flow(WANTED["second"], run_context=run, rate_limit="1000/1", verify=False)

        assert "second" in controller.stored()
        assert by_flow(result)["second"]["result"] in ("applied", "unknown")
        assert result["changed"]

    @pytest.mark.parametrize("rate_limit", ["0", "1000/1"])
    def test_readings_that_cannot_be_shared_any_more_do_not_hide_what_was_done(
        self, controller: Controller, rate_limit: str
    ) -> None:
        run = controller.new_run()
        controller.emulator.faults(kind="delay", seconds=0.5, match=to(IMPORT))

        def clean_up() -> None:
            eventually(lambda: controller.requests().get(IMPORT) == 3)
            for shared in Path(run["run_dir"]).iterdir():
                if shared.is_dir():
                    shutil.rmtree(shared)

        with meanwhile(clean_up):
            result = _apply(controller, run_context=run, rate_limit=rate_limit)

        assert _fingerprints(controller) == {**_fingerprints(controller), **WANTED_FINGERPRINTS}
        assert [by_flow(result)[flow_id]["result"] for flow_id in CHANGED] == ["applied"] * 3
        assert result["changed"]
        assert set(outcome(result)["flows"]) == set(CHANGED)

    def test_a_very_long_flow_id(self, controller: Controller) -> None:
        """How long an id may be is not documented; a file name may not be as long as this."""
        for backup in (False, True):
            result = controller.flow(minimal_flow("x" * 300), backup=backup)

            assert not result.get("failed") or "x" * 300 in result["msg"]
