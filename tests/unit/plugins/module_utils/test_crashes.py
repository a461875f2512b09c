# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""A process that is killed in the middle of a change: what it leaves is whole, tells the truth, and stops nobody."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable, Iterator
from functools import partial, wraps
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.descope.plugins.module_utils._api.answers import Call
from ansible_collections.community.descope.plugins.module_utils._api.client import RetryPolicy, _Transport
from ansible_collections.community.descope.plugins.module_utils._backup.journal import (
    FlowState,
    flow_states,
    read_journal,
)
from ansible_collections.community.descope.plugins.module_utils._backup.places import open_store
from ansible_collections.community.descope.plugins.module_utils._backup.records import Status
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from emulator_client import Emulator, running_emulator
from example_flows import minimal_flow
from flow_tasks import (
    IMPORT,
    LICENSE,
    PROJECT_ID,
    SNAPSHOT,
    Controller,
    by_flow,
    eventually,
    forked,
    in_processes,
    meanwhile,
    saves,
    to,
)

OLD = {flow_id: minimal_flow(flow_id, title="Old") for flow_id in ("first", "third", "bystander")}
WANTED = {flow_id: minimal_flow(flow_id, title="New") for flow_id in ("first", "second", "third")}
REFUSED = {"kind": "status", "status": 400, "match": to(IMPORT, flow_id="third")}


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RetryPolicy, "delay", lambda policy, attempt, chance: 0.01)


@pytest.fixture
def busy_emulator() -> Iterator[Emulator]:
    """An emulator of its own: it goes on with what it was sent when the test is long over."""
    with running_emulator() as emulator:
        yield emulator


def _apply(controller: Controller, **options: Any) -> dict[str, Any]:
    return controller.flow(*WANTED.values(), **{"threads": 1, "rate_limit": "1000/1", **options})


def _begin(emulator: Emulator, folder: Path, *faults: dict[str, Any]) -> Controller:
    emulator.reset()
    emulator.project(id=PROJECT_ID, flows=list(OLD.values()))
    emulator.faults(rules=list(faults))
    return Controller(emulator, folder)


def _fingerprints(flows: dict[str, Any]) -> dict[str, str]:
    return {flow_id: FlowDocument(flow).fingerprint for flow_id, flow in flows.items()}


def _stored(controller: Controller) -> dict[str, str]:
    return {flow_id: document.fingerprint for flow_id, document in controller.stored().items()}


def _act_and_die(act: Callable[[], object], die_at: int, since: bytes) -> None:
    """Act, being killed before one of the steps that can be seen from outside, if there are so many.

    A step is a file that is opened, flushed, written, renamed or made, a request before it goes out, or its answer
    before anybody has looked at it. They are counted since the first request with C(since) in its body. Only for a
    process that ends afterwards.
    """
    numbers = itertools.count(1)
    send = _Transport.send
    counting = not since

    def step() -> None:
        if counting and next(numbers) == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def sending(transport: _Transport, call: Call, headers: dict[str, str]) -> Any:
        nonlocal counting
        counting = counting or since in (call.body or b"")
        step()
        response = send(transport, call, headers)
        step()
        return response

    def before(owner: Any, name: str) -> None:
        function = getattr(owner, name)

        @wraps(function)
        def stepping(*arguments: Any, **options: Any) -> Any:
            step()
            return function(*arguments, **options)

        setattr(owner, name, stepping)

    for function in ("open", "fsync", "pwrite"):
        before(os, function)
    for method in ("rename", "mkdir", "write_text"):
        before(Path, method)
    _Transport.send = sending  # type: ignore[assignment,method-assign]
    act()


def _killed(act: Callable[[], object], die_at: int, since: bytes) -> bool:
    """Act in a process of its own that is killed before the step C(die_at). Returns False if it ended before that."""
    process = forked(partial(_act_and_die, act, die_at, since))
    process.join(60)
    assert process.exitcode in (0, -signal.SIGKILL), process.exitcode
    return process.exitcode != 0


def _assert_what_is_left_is_true(controller: Controller, before: dict[str, str]) -> None:
    """Check every backup that looks whole, and compare its journal with what the project holds."""
    is_now, should_be = _stored(controller), _fingerprints(WANTED)
    store = open_store(str(controller.backups), PROJECT_ID)
    backups = [store.verify(backup_id) for backup_id in store.ids()]
    changed = {flow_id for flow_id in WANTED if is_now.get(flow_id) != before.get(flow_id)}
    assert not changed or len(backups) == 1, "nothing is changed without a whole backup"
    for backup in backups:
        assert set(backup.flows) >= changed
        assert {flow_id: saved.fingerprint for flow_id, saved in backup.manifest.flows.items()} == {
            flow_id: before.get(flow_id, "") for flow_id in WANTED
        }
        states = flow_states(backup.manifest.intended, read_journal(store, backup.id))
        assert set(states) == set(WANTED)
        for flow_id, state in states.items():
            was, wanted = before.get(flow_id, ""), should_be[flow_id]
            possible = {FlowState.APPLIED: {wanted}, FlowState.SENT: {was, wanted}, FlowState.RESTORING: {was, wanted}}
            assert is_now.get(flow_id, "") in possible.get(state, {was}), (flow_id, state)
        if backup.status is Status.UNFINISHED:
            assert backup.outcome is None
        else:
            assert FlowState.SENT not in states.values(), "the outcome comes last"


@pytest.mark.parametrize("on_failure", ["stop", "restore"])
def test_killed_at_any_step(emulator_server: Emulator, tmp_path: Path, on_failure: str) -> None:
    """The next task of the same run, and of another, finishes what was begun."""
    before = _fingerprints(OLD)
    faults = [REFUSED] if on_failure == "restore" else []
    since = b'"flowId":"third"' if on_failure == "restore" else b""
    for die_at in itertools.count(1):
        controller = _begin(emulator_server, tmp_path / str(die_at), *faults)
        run = controller.new_run()
        killed = _killed(partial(_apply, controller, on_failure=on_failure, run_context=run), die_at, since)

        _assert_what_is_left_is_true(controller, before)
        emulator_server.faults()
        for context in (run, controller.new_run()):
            held = _stored(controller)
            result = _apply(controller, run_context=context)
            assert not result.get("failed"), (die_at, result["msg"])
            found = {flow_id: flow["fingerprint_before"] for flow_id, flow in by_flow(result).items()}
            assert found == {flow_id: held.get(flow_id, "") for flow_id in WANTED}, "no reading is older than a write"
            assert _stored(controller) == {**before, **_fingerprints(WANTED)}
        if not killed:
            break
    assert die_at > 40, "there are that many steps at least"


def test_killed_before_an_import_was_answered(emulator: Emulator, tmp_path: Path) -> None:
    """It arrives all the same. The journal says that it was sent, and the next run does not send it again."""
    controller = _begin(emulator, tmp_path, {"kind": "delay", "seconds": 0.5, "match": to(IMPORT, flow_id="second")})
    process = forked(partial(_apply, controller))
    eventually(lambda: controller.requests().get(IMPORT) == 2)
    process.kill()
    process.join()
    store = open_store(str(controller.backups), PROJECT_ID)
    [backup_id] = store.ids()

    backup = store.load(backup_id)
    assert backup.status is Status.UNFINISHED
    assert flow_states(backup.manifest.intended, read_journal(store, backup_id)) == {
        "first": FlowState.APPLIED,
        "second": FlowState.SENT,
        "third": FlowState.NOT_STARTED,
    }
    eventually(lambda: "second" in controller.stored())
    flows = by_flow(_apply(controller))

    assert {flow_id: flow["result"] for flow_id, flow in flows.items()} == {
        "first": "unchanged",
        "second": "unchanged",
        "third": "applied",
    }
    assert saves(emulator)["second"] == 1


@pytest.mark.parametrize("endpoint", [LICENSE, SNAPSHOT])
def test_a_worker_that_is_killed_while_all_wait_for_it(busy_emulator: Emulator, tmp_path: Path, endpoint: str) -> None:
    """It held a lock, and a place in the window of requests. The others go on without it."""
    controller = _begin(busy_emulator, tmp_path, {"kind": "delay", "seconds": 30, "nth": 1, "match": to(endpoint)})
    run = controller.new_run()
    process = forked(partial(_apply, controller, run_context=run))
    eventually(lambda: controller.requests().get(endpoint) == 1)

    def kill() -> None:
        # Until then this one waits for the lock.
        process.kill()
        process.join()

    with meanwhile(kill):
        result = _apply(controller, run_context=run)

    assert not result.get("failed"), result["msg"]
    assert controller.requests()[endpoint] >= 2
    assert _stored(controller) == {**_fingerprints(OLD), **_fingerprints(WANTED)}


def test_others_go_on_where_one_is_killed(busy_emulator: Emulator, tmp_path: Path) -> None:
    """Of the workers of one run, each with flows of its own, one dies in the middle of its imports."""
    controller = _begin(
        busy_emulator, tmp_path, {"kind": "delay", "seconds": 30, "match": to(IMPORT, flow_id="doomed-*")}
    )
    run = controller.new_run()

    def deploy(name: str) -> dict[str, Any]:
        flows = [minimal_flow(f"{name}-{number}") for number in range(3)]
        return controller.flow(*flows, run_context=run, rate_limit="1000/1")

    process = forked(partial(deploy, "doomed"))
    eventually(lambda: controller.requests().get(IMPORT))

    with meanwhile(process.kill):
        results = in_processes(2, lambda number: deploy(f"worker-{number}"))

    process.join()
    assert not any(result.get("failed") for result in results)
    assert {flow["verified"] for result in results for flow in result["flows"]} == {True}
