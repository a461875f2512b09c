# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What a task does about the other flows where one fails: it stops, goes on, or puts back what it had changed."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.descope.plugins.module_utils._api.client import RetryPolicy
from ansible_collections.community.descope.plugins.module_utils._backup.journal import JOURNAL, parse_journal
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from emulator_client import Emulator
from example_flows import minimal_flow
from flow_tasks import (
    DELETE,
    EXPORT,
    IMPORT,
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

FLOWS = ("changed", "made", "last")
WANTED = {flow_id: minimal_flow(flow_id, title="New") for flow_id in FLOWS}
REFUSED = {"kind": "status", "status": 400, "match": to(IMPORT, flow_id="last")}


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RetryPolicy, "delay", lambda policy, attempt, chance: 0.0)


@pytest.fixture
def controller(emulator: Emulator, tmp_path: Path) -> Controller:
    """A controller of a project with two of the flows, both out of date."""
    emulator.project(id=PROJECT_ID, flows=[minimal_flow(flow_id, title="Old") for flow_id in ("changed", "last")])
    return Controller(emulator, tmp_path, {"threads": 1, "on_failure": "restore"})


def _apply(controller: Controller, **options: Any) -> dict[str, Any]:
    return controller.flow(*WANTED.values(), **options)


def _results(result: dict[str, Any]) -> dict[str, str]:
    return {flow_id: flow["result"] for flow_id, flow in by_flow(result).items()}


def _fingerprints(controller: Controller) -> dict[str, str]:
    return {flow_id: document.fingerprint for flow_id, document in controller.stored().items()}


def _journal(result: dict[str, Any]) -> list[str]:
    content = (Path(result["backup"]["path"]) / JOURNAL).read_bytes()
    return [f"{entry.event} {entry.flow_id}" for entry in parse_journal(content)]


def _wanted() -> dict[str, str]:
    return {flow_id: FlowDocument(flow).fingerprint for flow_id, flow in WANTED.items()}


class TestPuttingBack:
    @pytest.mark.parametrize("backup", [True, False])
    def test_a_project_is_as_it_was(self, controller: Controller, backup: bool) -> None:
        before = _fingerprints(controller)
        controller.emulator.faults(**REFUSED)

        result = _apply(controller, backup=backup)

        assert _fingerprints(controller) == before
        assert_it_says_the_truth(result, _wanted(), before, before)
        assert _results(result) == {"changed": "restored", "made": "restored", "last": "untouched"}
        assert result["failed"]
        assert not result["changed"], "the project is what it was"
        assert result["msg"].startswith("1 of 3 flows to change failed: last: ")
        assert "changed, made: put back as it was, because another flow of this task had failed" in result["msg"]
        assert saves(controller.emulator)["changed"] == 3, "once there, once back"

    def test_the_backup_says_what_was_done(self, controller: Controller) -> None:
        controller.emulator.faults(**REFUSED)

        result = _apply(controller, changelog="Change 4711")

        assert_the_outcome_agrees(result)
        assert outcome(result)["status"] == "failed"
        assert _journal(result) == [
            *("sending changed", "applied changed", "sending made", "applied made", "sending last", "untouched last"),
            *("restoring changed", "restored changed", "restoring made", "restored made"),
        ]
        history = controller.emulator.stored(PROJECT_ID)["flows"]["changed"]["history"]
        assert history[-1]["changelog"] == "Put back after a failed change: Change 4711"

    def test_what_was_deleted_comes_back(self, controller: Controller) -> None:
        before = _fingerprints(controller)
        unread = [{"kind": "status", "status": 503, "match": to(EXPORT), "nth": list(range(3, 8))}]
        controller.emulator.faults(rules=[{"kind": "drop_after", "match": to(DELETE)}, *unread])

        result = controller.flow(flow_id=["changed", "last"], state="absent", read="export")

        assert _results(result) == {"changed": "restored", "last": "restored"}
        assert "reading it back failed" in result["msg"]
        assert "what stood there before was put back" in result["msg"]
        assert _fingerprints(controller) == before

    def test_what_is_not_what_it_should_be_is_put_back(self, controller: Controller) -> None:
        """An import that was accepted and kept something else: here, what somebody saved a moment later."""
        before = _fingerprints(controller)

        def edit() -> None:
            eventually(lambda: controller.requests().get(IMPORT) == 3)
            controller.emulator.edit(project=PROJECT_ID, flow_id="changed", screen="Welcome", text="Damaged")

        controller.emulator.faults(kind="delay", seconds=0.3, match=to(IMPORT, flow_id="last"))
        with meanwhile(edit):
            result = _apply(controller)

        assert _results(result) == dict.fromkeys(FLOWS, "restored")
        assert "changed; what stood there before was put back" in result["msg"]
        assert _fingerprints(controller) == before

    def test_what_never_arrived_is_not_written_again(self, controller: Controller) -> None:
        controller.emulator.faults(kind="garbage", text="{}", match=to(IMPORT, flow_id="last"))

        result = _apply(controller)

        assert by_flow(result)["last"]["result"] == "untouched"
        assert "when read again, it was as before" in by_flow(result)["last"]["error"]
        assert saves(controller.emulator) == {"changed": 3, "last": 1}

    def test_without_verifying_what_was_put_back_is_read_all_the_same(self, controller: Controller) -> None:
        controller.emulator.faults(**REFUSED)

        result = _apply(controller, verify=False)

        assert by_flow(result)["changed"]["verified"] is True
        assert _results(result)["changed"] == "restored"

    def test_nothing_failed_nothing_is_put_back(self, controller: Controller) -> None:
        result = _apply(controller)

        assert set(_results(result).values()) == {"applied"}
        assert controller.requests()[IMPORT] == 3
        assert not result.get("failed")

    def test_nothing_was_changed_nothing_is_put_back(self, controller: Controller) -> None:
        controller.emulator.faults(kind="status", status=401, match=to(IMPORT))

        result = _apply(controller)

        assert set(_results(result).values()) == {"untouched"}
        assert controller.requests()[IMPORT] == 1

    def test_positions_on_the_canvas_are_put_back_too(self, controller: Controller) -> None:
        controller.emulator.project(id=PROJECT_ID, flows=[minimal_flow("moved", x=1)])
        controller.emulator.faults(**REFUSED)
        flows = [minimal_flow("moved", x=900), WANTED["last"]]

        result = controller.flow(*flows, compare={"layout": True})

        assert _results(result) == {"moved": "restored", "last": "untouched"}
        assert controller.stored()["moved"].tasks["0"]["view"]["x"] == 1


class TestWhatCannotBePutBack:
    def test_it_says_so_and_why(self, controller: Controller) -> None:
        before = _fingerprints(controller)
        again = {"kind": "status", "status": 403, "match": to(IMPORT, flow_id="changed"), "nth": 2}
        controller.emulator.faults(rules=[REFUSED, again])

        result = _apply(controller)

        flow = by_flow(result)["changed"]
        assert (flow["result"], flow["verified"]) == ("applied", True)
        assert "it could not be put back as it was: " in flow["error"]
        assert "HTTP 403" in flow["error"]
        assert flow["error"] in result["msg"]
        assert _results(result)["made"] == "restored", "the others are put back"
        assert result["changed"]
        assert_it_says_the_truth(result, _wanted(), before, _fingerprints(controller))
        assert "not_restored changed" in _journal(result)

    def test_a_system_flow_that_was_created_stays(self, controller: Controller) -> None:
        flows = [minimal_flow("sign-up"), WANTED["made"], WANTED["last"]]
        controller.emulator.faults(**REFUSED)

        result = controller.flow(*flows)

        assert _results(result) == {"sign-up": "applied", "made": "restored", "last": "untouched"}
        assert "Descope does not delete system flows" in by_flow(result)["sign-up"]["error"]
        assert result["changed"]
        assert set(controller.stored()) == {"changed", "last", "sign-up"}

    def test_lost_answers_on_the_way_back_are_settled_by_reading(self, controller: Controller) -> None:
        before = _fingerprints(controller)
        lost = [
            {"kind": "drop_after", "match": to(IMPORT, flow_id="changed"), "nth": 2},
            {"kind": "truncate", "match": to(DELETE)},
        ]
        controller.emulator.faults(rules=[REFUSED, *lost])

        result = _apply(controller)

        assert _results(result) == {"changed": "restored", "made": "restored", "last": "untouched"}
        assert _fingerprints(controller) == before

    def test_what_may_still_arrive_is_not_called_restored(self, controller: Controller) -> None:
        controller.emulator.faults(kind="drop", match=to(IMPORT, flow_id="last"))

        result = _apply(controller)

        assert _results(result) == {"changed": "restored", "made": "restored", "last": "unknown"}
        assert "what was sent may still arrive" in by_flow(result)["last"]["error"]
        assert outcome(result)["status"] == "unknown"

    def test_where_nothing_can_be_read_it_is_put_back_blindly(self, controller: Controller) -> None:
        """Its answer got lost, and nothing can be read: writing what stood there is right in any case."""
        before = _fingerprints(controller)
        lost = {"kind": "truncate", "match": to(IMPORT, flow_id="changed"), "nth": 1}
        unreadable = [{"kind": "status", "status": 503, "match": to(endpoint)} for endpoint in (EXPORT, SNAPSHOT)]
        controller.emulator.faults(rules=[lost, unreadable[0], {**unreadable[1], "nth": list(range(2, 99))}])

        result = _apply(controller)

        assert _results(result) == {"changed": "unknown", "made": "untouched", "last": "untouched"}
        assert "reading it back failed" in by_flow(result)["changed"]["error"]
        assert _fingerprints(controller) == before


class TestGoingOn:
    def test_every_flow_is_tried(self, controller: Controller) -> None:
        before = _fingerprints(controller)
        controller.emulator.faults(kind="status", status=400, match=to(IMPORT, flow_id="changed"))

        result = _apply(controller, on_failure="continue")

        assert _results(result) == {"changed": "untouched", "made": "applied", "last": "applied"}
        assert_it_says_the_truth(result, _wanted(), before, _fingerprints(controller))
        assert_the_outcome_agrees(result)

    def test_stopping_is_the_default(self, controller: Controller) -> None:
        controller.options.pop("on_failure")
        controller.emulator.faults(kind="status", status=400, match=to(IMPORT, flow_id="changed"))

        result = _apply(controller)

        assert set(_results(result).values()) == {"untouched"}
        assert "made, last: not sent, because another flow of this task had failed" in result["msg"]


class TimedOut(BaseException):
    """Raised wherever the task is, as Ansible does for the keyword C(timeout)."""


@contextmanager
def _timeout(seconds: float) -> Iterator[None]:
    def out_of_time(_signal: int, _frame: object) -> None:
        raise TimedOut(f"after {seconds} s")

    before = signal.signal(signal.SIGALRM, out_of_time)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class TestInterruption:
    def test_what_had_changed_is_put_back(self, controller: Controller) -> None:
        before = _fingerprints(controller)
        controller.emulator.faults(kind="delay", seconds=2, match=to(IMPORT, flow_id="made"), times=1)
        with _timeout(1.5):
            result = _apply(controller)

        assert result["failed"]
        assert "last: not sent, because the task was interrupted: TimedOut: after 1.5 s" in result["msg"]
        assert _results(result) == {"changed": "restored", "made": "restored", "last": "untouched"}
        assert outcome(result)["status"] == "failed"
        assert _fingerprints(controller) == before

    def test_what_is_under_way_may_still_arrive(self, controller: Controller) -> None:
        controller.emulator.faults(kind="delay", seconds=2, match=to(IMPORT), times=1)
        with _timeout(1.5):
            result = controller.flow(WANTED["changed"])

        assert result["failed"]
        assert "interrupted while this was under way: TimedOut" in result["msg"]
        assert _results(result) == {"changed": "unknown"}
        assert outcome(result)["status"] == "unknown"
        eventually(lambda: _fingerprints(controller)["changed"] == _wanted()["changed"])

    def test_when_all_was_sent_is_no_success_all_the_same(self, controller: Controller) -> None:
        controller.emulator.faults(kind="delay", seconds=2, match=to(IMPORT, flow_id="last"), times=1)
        with _timeout(1.5):
            result = _apply(controller)

        assert result["failed"]
        assert result["msg"] == "the task was interrupted: TimedOut: after 1.5 s"
        assert set(_results(result).values()) == {"applied"}
        assert outcome(result)["status"] == "good"

    def test_while_reading_back_what_was_sent_is_told(self, controller: Controller) -> None:
        controller.emulator.faults(kind="delay", seconds=2, match=to(SNAPSHOT), nth=[2])
        with _timeout(1.5):
            result = _apply(controller, on_failure="stop")

        assert result["failed"]
        assert set(_results(result).values()) == {"applied"}
        assert "reading it back failed: TimedOut" in result["msg"]
        assert outcome(result)["status"] == "unknown"
        assert _fingerprints(controller) == _wanted()


@pytest.mark.parametrize("started", [0, 1, 2])
def test_where_the_system_has_no_more_threads_the_work_is_done_all_the_same(
    controller: Controller, monkeypatch: pytest.MonkeyPatch, started: int
) -> None:
    real, left = threading.Thread.start, [started]

    def start(thread: threading.Thread) -> None:
        if not left[0]:
            raise RuntimeError("can't start new thread")
        left[0] -= 1
        real(thread)

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", start)
        result = _apply(controller, threads=3, verify=False)

    assert set(_results(result).values()) == {"applied"}
    assert _fingerprints(controller) == _wanted()
    assert saves(controller.emulator) == {"changed": 2, "made": 1, "last": 2}


def test_without_a_backup_nothing_is_written_down(controller: Controller) -> None:
    _apply(controller, backup=False)

    assert not controller.backups.exists()


def test_a_journal_that_cannot_be_written_stops_before_the_next_flow(controller: Controller) -> None:
    """As with the backup itself: what cannot be told afterwards is not done. What was done is put back all the same."""
    before = _fingerprints(controller)

    def spoil() -> None:
        eventually(lambda: controller.requests().get(IMPORT))
        [journal] = controller.backups.glob(f"*/*/{JOURNAL}")
        journal.unlink()
        journal.mkdir()

    controller.emulator.faults(kind="delay", seconds=0.3, match=to(IMPORT), nth=1)
    with meanwhile(spoil):
        result = _apply(controller)

    assert _results(result) == {"changed": "restored", "made": "untouched", "last": "untouched"}
    assert "the journal of the change could not be written" in result["msg"]
    assert _fingerprints(controller) == before
    assert json.loads((Path(result["backup"]["path"]) / "outcome.json").read_text(encoding="utf-8"))["flows"]
