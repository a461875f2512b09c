# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The use case of descope_flow_validate as a whole, and what descope_flow makes of the same findings."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._flow.formats import Format
from ansible_collections.community.descope.plugins.module_utils._flow.sources import write_document
from ansible_collections.community.descope.plugins.module_utils._validate.validate_task import DESCOPE_FLOW_VALIDATE
from emulator_client import Emulator
from example_flows import minimal_flow
from flow_tasks import IMPORT, LICENSE, PROJECT_ID, SNAPSHOT, Controller, run


def validate(check: bool = False, **arguments: Any) -> dict[str, Any]:
    return run(DESCOPE_FLOW_VALIDATE, arguments, check=check)


def codes(result: dict[str, Any]) -> list[str]:
    return [problem["code"] for problem in result["problems"]]


def broken(flow_id: str = "a") -> dict[str, Any]:
    flow = minimal_flow(flow_id)
    flow["contents"]["tasks"]["1"]["next"]["rules"][0]["taskId"] = "99"
    return flow


def with_unused_button(flow_id: str = "a") -> dict[str, Any]:
    flow = minimal_flow(flow_id)
    flow["screens"][0]["interactions"].append({"id": "codeTitle", "label": "Help"})
    return flow


def calling(flow_id: str, called: str) -> dict[str, Any]:
    flow = minimal_flow(flow_id)
    task = flow["contents"]["tasks"]["3"]
    del task["action"]
    task.update(type="flow", arguments={"flowId": {"type": "inline", "value": called}})
    task["next"]["rules"][0]["interactionId"] = "4.success"
    return flow


class TestVerdicts:
    def test_a_flow_that_is_whole(self) -> None:
        result = validate(definition=minimal_flow("a"))
        assert result["counts"] == {
            "errors": 0,
            "warnings": 0,
            "infos": 0,
            "ignored": 0,
            "tenants": 1,
            "flows": 1,
            "renderings": 1,
        }
        assert (result["changed"], result["problems"], result["validated"]) == (False, [], 1)
        assert "failed" not in result
        assert set(DESCOPE_FLOW_VALIDATE.empty_result) == set(result) - {"changed"}

    def test_every_problem_of_every_source_at_once(self, tmp_path: Path) -> None:
        (tmp_path / "conflict.json").write_text("{\n<<<<<<< HEAD\n}", encoding="utf-8")
        write_document(FlowDocument(broken("c")), tmp_path / "c.json", Format.EXPORTED)
        result = validate(src=[str(tmp_path / "conflict.json"), str(tmp_path / "c.json"), "nowhere.json"])
        errors = {
            (problem["code"], problem["line"]) for problem in result["problems"] if problem["severity"] == "error"
        }
        assert {("git-conflict", 2), ("file-not-found", 0)} < errors
        (edge,) = [problem for problem in result["problems"] if problem["code"] == "dangling-edge"]
        line = Path(edge["file"]).read_text(encoding="utf-8").splitlines()[edge["line"] - 1]
        assert line.strip() == '"taskId": "99"'
        assert result["failed"]
        assert len(result["msg"].splitlines()) == 1

    @pytest.mark.parametrize(("fail_on", "fails"), [("error", False), ("warning", True), ("never", False)])
    def test_what_fails_is_a_choice(self, fail_on: str, fails: bool) -> None:
        result = validate(definition=with_unused_button(), fail_on=fail_on)
        assert codes(result) == ["unused-interaction"]
        assert result.get("failed", False) is fails

    def test_known_findings_can_be_left_out(self) -> None:
        result = validate(definition=with_unused_button(), fail_on="warning", ignore=["unused-interaction"])
        assert (codes(result), result["counts"]["ignored"]) == ([], 1)

    def test_wrong_arguments_are_said_all_at_once(self) -> None:
        result = validate(
            definition=minimal_flow("a"),
            results={},
            ignore=["dangling-edges"],
            project=True,
            project_id="",
            management_key="",
        )
        assert result["failed"]
        for part in (
            "did you mean dangling-edge?",
            "definition must not be given",
            "needs project_id",
            "management_key",
        ):
            assert part in result["msg"]
        assert validate()["failed"]

    def test_flows_that_are_given_together_know_each_other(self) -> None:
        assert codes(validate(definition=[calling("a", "b"), minimal_flow("b")])) == []
        assert codes(validate(definition=[calling("a", "b")])) == ["subflow-elsewhere"]
        assert codes(validate(definition=[calling("a", "b"), calling("b", "a")])) == ["subflow-cycle"] * 2

    def test_reports_are_written_and_not_in_check_mode(self, tmp_path: Path) -> None:
        report = {name: str(tmp_path / name) for name in ("json", "junit", "sarif")}
        assert validate(definition=broken(), report=report, check=True)["reports"] == dict.fromkeys(report, "")
        assert list(tmp_path.iterdir()) == []
        assert validate(definition=broken(), report=report)["reports"] == report
        assert json.loads((tmp_path / "json").read_bytes())["counts"]["errors"] >= 1

    def test_results_become_one_verdict(self) -> None:
        results = {tenant: validate(definition=broken(), fail_on="never") for tenant in ("acme", "globex")}
        result = validate(results=copy.deepcopy(results))
        assert result["failed"]
        assert "2 of 2 tenants (acme, globex)" in result["msg"]
        assert all(problem["tenants"] == ["acme", "globex"] for problem in result["problems"])


class TestProjects:
    @pytest.fixture
    def controller(self, emulator: Emulator, tmp_path: Path) -> Controller:
        return Controller(emulator, tmp_path)

    def test_what_the_project_lacks_is_found_with_one_reading(self, controller: Controller) -> None:
        declared = {"id": PROJECT_ID, "connectors": {"SMTP": "CI1"}, "flows": [minimal_flow("other")]}
        controller.emulator.project(**declared)
        flow = calling("a", "b")
        task = flow["contents"]["tasks"]["1"]
        values = {"connectorId": "CI9", "command": "post", "templateId": "http"}
        task.update(action="connector", arguments={k: {"type": "inline", "value": v} for k, v in values.items()})
        result = validate(**controller.connection(), definition=[flow, calling("c", "other")], project=True)
        assert {"unknown-subflow", "unknown-connector"} <= set(codes(result))
        assert {problem["flow_id"] for problem in result["problems"] if problem["level"] != "project"} <= {"a", ""}
        assert controller.requests() == {LICENSE: 1, SNAPSHOT: 1}

    def test_without_snapshots_it_is_said_what_cannot_be_looked_up(self, controller: Controller) -> None:
        controller.emulator.project(id=PROJECT_ID, snapshot_allowed=False)
        result = validate(**controller.connection(), definition=calling("a", "b"), project=True)
        assert codes(result) == ["unknown-subflow", "not-in-project-snapshot"]


class TestDeploying:
    @pytest.fixture
    def controller(self, emulator: Emulator, tmp_path: Path) -> Controller:
        return Controller(emulator, tmp_path)

    def test_errors_of_every_level_stop_it_before_anything_is_sent(self, controller: Controller) -> None:
        looping = minimal_flow("b")
        looping["contents"]["tasks"]["0"]["next"]["rules"][0]["taskId"] = "0"
        result = controller.flow(broken("a"), looping, calling("c", "c"))
        assert result["failed"]
        assert {"dangling-edge", "endless-loop", "subflow-cycle"} <= {problem["code"] for problem in result["problems"]}
        assert controller.requests() == {}

    def test_warnings_stop_nothing_and_are_shown_once(self, controller: Controller) -> None:
        result = controller.flow(with_unused_button("a"), with_unused_button("b"), calling("c", "nowhere"))
        assert not result.get("failed")
        assert controller.requests()[IMPORT] == 3
        assert result["validation"]["warnings"] == 3
        assert {problem["code"] for problem in result["validation"]["problems"]} == {
            "unused-interaction",
            "unknown-subflow",
        }
        assert result["warnings"] == [
            "validating the flows found unknown-subflow, unused-interaction; see 'validation' in the results"
        ]

    def test_secrets_are_told_of_in_what_is_about_to_be_written(self, controller: Controller) -> None:
        flow = minimal_flow("a")
        flow["contents"]["tasks"]["0"]["arguments"] = {"apiKey": {"type": "inline", "value": "K2" + "a1" * 30}}
        preview = controller.flow(flow, check=True)
        assert [problem["code"] for problem in preview["validation"]["problems"]] == ["secret-in-clear"]
        applied, again = controller.flow(flow), controller.flow(flow)
        assert [problem["code"] for problem in applied["validation"]["problems"]] == ["secret-in-clear"]
        assert (again["changed"], again["validation"]["problems"]) == (False, [])

    def test_a_change_elsewhere_in_the_flow_does_not_tell_of_them_again(self, controller: Controller) -> None:
        secret = {"apiKey": {"type": "inline", "value": "K2" + "a1" * 30}}
        flow, edited = minimal_flow("a"), minimal_flow("a", title="Edited")
        for known in (flow, edited):
            known["contents"]["tasks"]["0"]["arguments"] = secret
        controller.flow(flow)
        assert controller.flow(edited)["validation"]["problems"] == []
        edited["screens"][0]["contents"]["ROOT"]["props"]["apiKey"] = "K2" + "b2" * 30
        told = controller.flow(edited)["validation"]["problems"]
        assert [(problem["code"], problem["path"]) for problem in told] == [
            ("secret-in-clear", "$.screens[0].contents.ROOT.props.apiKey")
        ]

    def test_a_second_run_looks_nothing_up_and_asks_for_nothing_more(self, controller: Controller) -> None:
        controller.flow(minimal_flow("a"))
        controller.forget_requests()
        result = controller.flow(minimal_flow("a"))
        assert result["validation"] == {"warnings": 0, "problems": []}
        assert controller.requests() == {LICENSE: 1, SNAPSHOT: 1}
