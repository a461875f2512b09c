# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Running management flows: what is sent, what comes back, and what is said where it is not as expected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.descope.plugins.module_utils._deploy.flow_run_task import DESCOPE_FLOW_RUN
from emulator_client import Emulator
from example_flows import minimal_flow
from flow_tasks import PROJECT_ID, Controller, run, to

RUN = "POST /v1/mgmt/flow/run"
OUTPUT = {"removed": 0, "users": ["a", "b"], "ok": True, "nested": {"plan": "team"}}


@pytest.fixture
def controller(emulator: Emulator, tmp_path: Path) -> Controller:
    flow = minimal_flow("clean-up")
    flow["metadata"]["management"] = True
    emulator.project(id=PROJECT_ID, flows=[flow, minimal_flow("sign-in")], run_outputs={"clean-up": OUTPUT})
    return Controller(emulator, tmp_path)


def run_flow(controller: Controller, check: bool = False, **options: Any) -> dict[str, Any]:
    arguments = {"flow_id": "clean-up", **options}
    return run(DESCOPE_FLOW_RUN, controller.connection(**arguments), check=check)


def test_a_run_sends_its_input_and_returns_the_output(controller: Controller) -> None:
    result = run_flow(controller, input={"days": 90}, tenant="acme", preview=True, expect_output=OUTPUT)
    assert (result["output"], result["ran"], result["changed"], result["differences"]) == (OUTPUT, True, True, [])
    assert "failed" not in result
    sent = {"input": {"days": 90}, "tenant": "acme", "preview": True}
    assert controller.emulator.stored(PROJECT_ID)["runs"] == [{"flow_id": "clean-up", "options": sent}]
    assert set(DESCOPE_FLOW_RUN.empty_result) <= set(result)


def test_in_check_mode_nothing_is_run(controller: Controller) -> None:
    result = run_flow(controller, check=True, expect_output=OUTPUT)
    assert (result["ran"], result["changed"]) == (False, True)
    assert "failed" not in result
    assert RUN not in controller.requests()


@pytest.mark.parametrize(
    ("expected", "differences"),
    [
        ({"removed": 3}, ["$.removed is 0 instead of 3"]),
        ({"added": 1}, ["$.added is missing"]),
        ({"ok": 1}, ["$.ok is true instead of 1"]),
        ({"users": ["a"]}, ["$.users has 2 items instead of 1"]),
        ({"users": ["a", "c"]}, ['$.users[1] is "b" instead of "c"']),
        (
            {"nested": {"plan": "free"}, "removed": "0"},
            ['$.nested.plan is "team" instead of "free"', '$.removed is 0 instead of "0"'],
        ),
        ({"users": {}}, ["$.users is a list instead of an object"]),
        ({}, []),
    ],
)
def test_the_output_is_compared_with_what_is_expected(
    controller: Controller, expected: dict[str, Any], differences: list[str]
) -> None:
    result = run_flow(controller, expect_output=expected)
    assert result["differences"] == differences
    assert result.get("failed", False) is bool(differences)
    if differences:
        assert result["msg"] == f"flow clean-up ran, but its output is not as expected: {'; '.join(differences)}"


def test_a_secret_in_an_output_is_not_repeated(controller: Controller) -> None:
    controller.emulator.project(id=PROJECT_ID, run_outputs={"clean-up": {"password": "hunter2hunter2"}})
    result = run_flow(controller, expect_output={"password": "other-secret-1"})
    assert "hunter2" not in result["msg"]
    assert "other-secret" not in result["msg"]


@pytest.mark.parametrize("flow_id", ["sign-in", "unknown"])
def test_what_the_api_refuses_is_said(controller: Controller, flow_id: str) -> None:
    result = run_flow(controller, flow_id=flow_id)
    assert result["failed"]
    assert result["failure"]["path"] == "/v1/mgmt/flow/run"
    assert result["ran"] is False


def test_a_run_whose_answer_got_lost_is_not_sent_again(controller: Controller) -> None:
    controller.emulator.faults(rules=[{"kind": "drop_after", "match": to(RUN)}])
    result = run_flow(controller)
    assert result["failed"]
    assert result["changed"]
    assert "may have run, or not; it is not sent again" in result["msg"]
    assert controller.requests()[RUN] == 1


def test_an_id_that_cannot_be_one_is_refused_before_anything_is_sent(controller: Controller) -> None:
    assert "is not a flow id" in run_flow(controller, flow_id="../x")["msg"]
    assert controller.requests() == {}
