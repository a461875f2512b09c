# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The fault matrix: each request of a change of ten flows fails in each way, whatever the task does about failures.

By default every request meets every fault, and some of them every fault that stays, with the values of C(on_failure)
taking turns, so that each of them meets every fault and every request. With C(FAULT_MATRIX=full) in the environment all
combinations are tried, which takes minutes.
"""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.descope.plugins.module_utils._api import retries
from ansible_collections.community.descope.plugins.module_utils._api.client import RetryPolicy
from ansible_collections.community.descope.plugins.module_utils._arguments import flow_arguments
from ansible_collections.community.descope.plugins.module_utils._backup.places import open_store
from ansible_collections.community.descope.plugins.module_utils._deploy.change import OnFailure
from ansible_collections.community.descope.plugins.module_utils._deploy.pipeline import (
    EMPTY_RESULT,
    Pipeline,
    PipelineOptions,
)
from ansible_collections.community.descope.plugins.module_utils._deploy.plan import DesiredFlow
from ansible_collections.community.descope.plugins.module_utils._deploy.session import open_session
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._task import Task, UseCase
from emulator_client import Emulator
from example_flows import minimal_flow
from flow_tasks import PROJECT_ID, Controller, by_flow, eventually, run
from flow_truth import assert_it_says_the_truth, assert_the_outcome_agrees

Rule = dict[str, Any]

# Ten flows that change: four are updated, four created, two deleted; and two that stay as they are.
UPDATED = tuple(f"updated-{number}" for number in range(4))
CREATED = tuple(f"created-{number}" for number in range(4))
DELETED = tuple(f"deleted-{number}" for number in range(2))
BEFORE = {flow_id: FlowDocument(minimal_flow(flow_id, title="Old")) for flow_id in (*UPDATED, *DELETED, "bystander")}
WANTED: dict[str, FlowDocument | None] = {
    **{flow_id: FlowDocument(minimal_flow(flow_id, title="New")) for flow_id in (*UPDATED, *CREATED)},
    **dict.fromkeys(DELETED),
}
WANTED_FINGERPRINTS = {flow_id: document.fingerprint if document else "" for flow_id, document in WANTED.items()}
CHANGES = [flow_id for flow_id in WANTED if flow_id not in DELETED]

# One after the other: the licence, the snapshot, the imports, the deletion, and the snapshot that verifies.
REQUESTS = 2 + len(CHANGES) + 1 + 1
# Long enough for every request of a healthy emulator, and shorter than the delay.
TIMEOUT_SECONDS, DELAY_SECONDS = 0.25, 0.4

FAULTS: dict[str, Rule] = {
    "refused 400": {"kind": "status", "status": 400},
    "refused 401": {"kind": "status", "status": 401},
    "refused 403": {"kind": "status", "status": 403},
    "429": {"kind": "status", "status": 429, "retry_after": 0},
    "500": {"kind": "status", "status": 500},
    "500 page": {"kind": "status", "status": 500, "body": "html"},
    "503": {"kind": "status", "status": 503},
    "520 without a word": {"kind": "status", "status": 520, "body": "empty"},
    "dropped": {"kind": "drop"},
    "done, reply lost": {"kind": "drop_after"},
    "done, reply cut off": {"kind": "truncate"},
    "200 page": {"kind": "html200"},
    "200 broken JSON": {"kind": "garbage"},
    "200 that did nothing": {"kind": "garbage", "text": "{}"},
    "too slow": {"kind": "delay", "seconds": DELAY_SECONDS},
}
MODES = tuple(OnFailure)
# The first of them, one in the middle, the last, and one of those that are deleted together.
SOME = (UPDATED[0], UPDATED[3], CREATED[1], CREATED[3], DELETED[0])
FULL = os.environ.get("FAULT_MATRIX") == "full"


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RetryPolicy, "delay", lambda policy, attempt, chance: 0.0)
    monkeypatch.setattr(retries, "_SHORTEST_PAUSE_SECONDS", 0.0)


@pytest.fixture
def controller(emulator: Emulator, tmp_path: Path) -> Controller:
    """A controller of a project to which nothing has been done yet."""
    _begin(emulator)
    return Controller(emulator, tmp_path)


def _begin(emulator: Emulator) -> None:
    emulator.reset()
    emulator.project(id=PROJECT_ID, flows=[document.data for document in BEFORE.values()])


def _change(controller: Controller, on_failure: OnFailure, **options: Any) -> dict[str, Any]:
    """Bring the project to what is wanted, one request after the other, and return the result."""

    def pipeline(task: Task) -> dict[str, Any]:
        with open_session(task.params, read_only=False) as session:
            how = PipelineOptions(
                check_mode=False,
                diff_mode=False,
                threads=task.params["threads"],
                verify=True,
                layout=False,
                check_schema=False,
                store=open_store(str(controller.backups), PROJECT_ID),
                reason=session.reason("test"),
                changelog="test",
                on_failure=on_failure,
            )
            return Pipeline(session, how).run(DesiredFlow(flow_id, flow, "here") for flow_id, flow in WANTED.items())

    use_case = UseCase("descope_flow", flow_arguments, pipeline, EMPTY_RESULT)
    return run(use_case, controller.connection(**{"threads": 1, **options}), check=False)


def _fingerprints(controller: Controller) -> dict[str, str]:
    return {flow_id: document.fingerprint for flow_id, document in controller.stored().items()}


def _quiet(controller: Controller) -> bool:
    """Tell whether the emulator has finished everything that was ever sent to it."""
    return not controller.emulator.stats()["in_flight"]


def _assert_all_is_told_and_mended(controller: Controller, result: dict[str, Any], on_failure: OnFailure) -> None:
    eventually(lambda: _quiet(controller))
    before = {flow_id: document.fingerprint for flow_id, document in BEFORE.items()}
    after = _fingerprints(controller)
    if result["flows"]:
        assert_it_says_the_truth(result, WANTED_FINGERPRINTS, before, after)
        assert_the_outcome_agrees(result)
        _assert_it_did_as_told(result, on_failure)
    else:
        assert result["failed"]
        assert after == before
    controller.emulator.faults()
    again = _change(controller, OnFailure.STOP)
    assert not again.get("failed"), again["msg"]
    wanted = {flow_id: fingerprint for flow_id, fingerprint in WANTED_FINGERPRINTS.items() if fingerprint}
    assert _fingerprints(controller) == {**wanted, "bystander": before["bystander"]}


def _assert_it_did_as_told(result: dict[str, Any], on_failure: OnFailure) -> None:
    flows = by_flow(result).values()
    if on_failure is not OnFailure.RESTORE:
        assert all(flow["result"] != "restored" for flow in flows)
    elif result.get("failed"):
        # What stays applied says why it could not be put back.
        stuck = [flow for flow in flows if flow["result"] in ("applied", "unknown")]
        assert all("put back" in flow["error"] or "may still" in flow["error"] for flow in stuck), stuck
    if on_failure is OnFailure.CONTINUE:
        assert all("another flow" not in flow["error"] for flow in flows)


def _turns(*axes: Any, every: int = 1) -> list[Any]:
    """Return combinations of the axes: all of them, each with all values of C(on_failure), or a part of that.

    The part is one of C(every) combinations, each with one value.
    """
    combinations = enumerate(itertools.islice(itertools.product(*axes), 0, None, 1 if FULL else every))
    return [
        pytest.param(*values, mode, id="-".join(map(str, (*values, mode))))
        for number, values in combinations
        for mode in (MODES if FULL else (MODES[(number + number // len(MODES)) % len(MODES)],))
    ]


@pytest.mark.parametrize(("fault", "number", "on_failure"), _turns(FAULTS, range(1, REQUESTS + 1)))
def test_one_request_fails(controller: Controller, fault: str, number: int, on_failure: OnFailure) -> None:
    controller.emulator.faults(**FAULTS[fault], nth=number)

    result = _change(controller, on_failure, timeout=TIMEOUT_SECONDS)

    _assert_all_is_told_and_mended(controller, result, on_failure)


@pytest.mark.parametrize(("fault", "flow_id", "on_failure"), _turns(FAULTS, WANTED if FULL else SOME))
def test_every_request_for_one_flow_fails(
    controller: Controller, fault: str, flow_id: str, on_failure: OnFailure
) -> None:
    controller.emulator.faults(**FAULTS[fault], match={"flow_id": flow_id})

    result = _change(controller, on_failure, timeout=TIMEOUT_SECONDS)

    _assert_all_is_told_and_mended(controller, result, on_failure)


@pytest.mark.parametrize(
    ("fault", "number", "on_failure"),
    _turns([fault for fault in FAULTS if FULL or fault != "too slow"], range(1, REQUESTS + 1), every=5),
)
def test_every_request_fails_from_one_on(
    controller: Controller, fault: str, number: int, on_failure: OnFailure
) -> None:
    controller.emulator.faults(**FAULTS[fault], nth=list(range(number, 500)))

    result = _change(controller, on_failure, timeout=TIMEOUT_SECONDS)

    _assert_all_is_told_and_mended(controller, result, on_failure)
