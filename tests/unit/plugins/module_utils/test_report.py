# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What a task tells: always in the same shape, short, without secrets, and with the reason of every failure."""

from __future__ import annotations

import copy
import json
import re
from datetime import UTC, datetime
from typing import Any, TypeAlias

import pytest

from ansible_collections.community.descope.plugins.module_utils._api.limiter import RateLimit
from ansible_collections.community.descope.plugins.module_utils._backup.records import BackupReason, Manifest, SavedFlow
from ansible_collections.community.descope.plugins.module_utils._backup.store import Backup
from ansible_collections.community.descope.plugins.module_utils._deploy import report
from ansible_collections.community.descope.plugins.module_utils._deploy.apply import (
    FlowResult,
    Result,
    expected_results,
)
from ansible_collections.community.descope.plugins.module_utils._deploy.plan import DesiredFlow, Plan, make_plan
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from example_flows import minimal_flow

PROJECT = "P2reports"
Flow: TypeAlias = "dict[str, Any] | None"


def plan(**flows: tuple[Flow, Flow]) -> Plan:
    """Return a plan from what is there and what should be, for each flow id (with _ for -)."""
    named = {flow_id.replace("_", "-"): states for flow_id, states in flows.items()}
    documents = {
        flow_id: [FlowDocument(state) if state else None for state in states] for flow_id, states in named.items()
    }
    desired = [DesiredFlow(flow_id, after, f"flows/{flow_id}.json") for flow_id, (_before, after) in documents.items()]
    return make_plan(
        PROJECT, desired, {flow_id: before for flow_id, (before, _after) in documents.items()}, layout=True
    )


OLD = minimal_flow("welcome", title="Old title")
NEW = minimal_flow("welcome", title="New title")
MOVED = minimal_flow("welcome", title="Old title", x=999)


PLANNED = FlowResult(Result.PLANNED)


def told(before: Flow, after: Flow, result: FlowResult = PLANNED) -> dict[str, Any]:
    [flow] = plan(welcome=(before, after)).flows
    return report.flow_report(flow, result)


class TestFlows:
    def test_an_update_says_what_changes_and_where(self) -> None:
        said = told(OLD, NEW, FlowResult(Result.APPLIED, verified=True))

        [change] = said.pop("changes")
        assert re.fullmatch("[0-9a-f]{16}-[0-9a-f]{16}", said.pop("changes_digest"))
        assert said == {
            "flow_id": "welcome",
            "source": "flows/welcome.json",
            "action": "update",
            "result": "applied",
            "error": "",
            "verified": True,
            "summary": "1 screen text changed",
            "changes_omitted": 0,
            "layout_changes": 0,
            "fingerprint_before": FlowDocument(OLD).fingerprint,
            "fingerprint_after": FlowDocument(NEW).fingerprint,
        }
        assert (change["before"], change["after"]) == ("Old title", "New title")
        assert change["path"] == "$.screens[1].contents.title00001.props.children"
        assert set(change) == {"kind", "subject", "what", "path", "before", "after"}

    @pytest.mark.parametrize(
        ("before", "after", "action", "has_before", "has_after"),
        [
            (None, NEW, "create", False, True),
            (OLD, NEW, "update", True, True),
            (OLD, None, "delete", True, False),
            (OLD, OLD, "none", True, True),
            (None, None, "none", False, False),
        ],
    )
    def test_the_shape_is_always_the_same(
        self, before: Flow, after: Flow, action: str, has_before: bool, has_after: bool
    ) -> None:
        said = told(before, after)

        assert set(said) == set(told(OLD, NEW))
        assert said["action"] == action
        assert (bool(said["fingerprint_before"]), bool(said["fingerprint_after"])) == (has_before, has_after)
        assert bool(said["summary"]) == bool(said["changes_digest"]) == (action != "none")
        assert json.loads(json.dumps(said)) == said, "plain values"

    def test_what_moved_is_counted_not_listed(self) -> None:
        said = told(OLD, MOVED)

        assert (said["action"], said["layout_changes"], said["changes"], said["changes_omitted"]) == (
            "update",
            1,
            [],
            0,
        )
        assert said["summary"]

    def test_many_changes_are_cut(self) -> None:
        before, after = minimal_flow("welcome"), minimal_flow("welcome")
        for flow in (before, after):
            nodes = flow["screens"][1]["contents"]
            for number in range(40):
                nodes[f"text{number:06}"] = copy.deepcopy(nodes["title00001"])
                nodes[f"text{number:06}"]["props"] |= {"id": f"text{number:06}", "children": str(flow is after)}
            nodes["ROOT"]["nodes"] = [name for name in nodes if name != "ROOT"]

        said = told(before, after)

        assert len(said["changes"]) == 25
        assert said["changes_omitted"] == 15
        assert "40 screen texts changed" in said["summary"]

    def test_no_secret_is_told(self) -> None:
        before, after = copy.deepcopy(OLD), copy.deepcopy(OLD)
        before["contents"]["tasks"]["1"]["arguments"]["apiKey"] = {"type": "inline", "value": "hunter2-before"}
        after["contents"]["tasks"]["1"]["arguments"]["apiKey"] = {"type": "inline", "value": "hunter2-after"}
        changed = plan(welcome=(before, after))

        said = json.dumps([report.flow_report(changed.flows[0], PLANNED), report.diffs(changed)])

        assert "apiKey" in said
        assert "hunter2" not in said

    def test_a_whole_flow_never_travels(self) -> None:
        big = copy.deepcopy(NEW)
        big["screens"][1]["contents"]["title00001"]["props"]["children"] = "x" * 200_000
        changed = plan(welcome=(OLD, big), gone=(big, None), made=(None, big))

        said = [report.flow_report(flow, PLANNED) for flow in changed.flows]

        assert len(json.dumps([said, report.diffs(changed)])) < 10_000


class TestDiffs:
    def test_each_changed_flow_has_one_with_words(self) -> None:
        same = minimal_flow("same")
        changed = plan(made=(None, NEW), welcome=(OLD, NEW), gone=(OLD, None), same=(same, same))

        made, welcome, gone = report.diffs(changed)

        assert made["before_header"] == "made in P2reports (does not exist)"
        assert made["after_header"] == "made in P2reports <- flows/made.json"
        assert (welcome["before_header"], welcome["after_header"]) == (
            "welcome in P2reports",
            "welcome in P2reports <- flows/welcome.json",
        )
        assert gone["after_header"] == "gone in P2reports (does not exist)"
        assert "Old title" in welcome["before"]
        assert "New title" in welcome["after"]
        assert all(
            text == "" or text.endswith("\n")
            for diff in (made, welcome, gone)
            for text in diff.values()
            if "\n" in text
        )

    def test_two_flows_that_look_alike_still_differ(self) -> None:
        """Ansible shows nothing where before and after are the same text."""
        secret = [copy.deepcopy(OLD), copy.deepcopy(OLD)]
        for number, flow in enumerate(secret):
            flow["contents"]["tasks"]["1"]["arguments"]["password"] = {"type": "inline", "value": f"hunter{number}"}
        for before, after in ((OLD, MOVED), (secret[0], secret[1])):
            [diff] = report.diffs(plan(welcome=(before, after)))
            assert diff["before"] != diff["after"]


class TestFailureMessage:
    def _results(self, changed: Plan, **results: FlowResult) -> dict[str, FlowResult]:
        return {**expected_results(changed), **results}

    def test_nothing_failed(self) -> None:
        changed = plan(a=(OLD, NEW))

        assert report.failure_message(changed, {"a": FlowResult(Result.APPLIED, verified=True)}) == ""

    def test_causes_come_first_and_consequences_together(self) -> None:
        flow_ids = [f"f{number}" for number in range(9)]
        changed = plan(**dict.fromkeys(flow_ids, (OLD, NEW)))
        back = FlowResult(Result.RESTORED, "put back as it was", verified=True, followed=True)
        results = self._results(changed, **dict.fromkeys(flow_ids, back))
        results["f8"] = FlowResult(Result.UNTOUCHED, "refused")

        said = report.failure_message(changed, results)

        expected = "1 of 9 flows to change failed: f8: refused; f0, f1, f2, f3, f4 and 3 more: put back as it was"
        assert said == expected

    def test_every_failure_with_its_reason(self) -> None:
        changed = plan(a=(OLD, NEW), b=(OLD, NEW), same=(OLD, OLD), c=(OLD, NEW))
        results = self._results(
            changed,
            a=FlowResult(Result.APPLIED),
            b=FlowResult(Result.UNKNOWN, "no answer"),
            c=FlowResult(Result.APPLIED, "differs", verified=False),
        )

        assert report.failure_message(changed, results) == "2 of 3 flows to change failed: b: no answer; c: differs"

    def test_many_failures_fit_one_line(self) -> None:
        changed = plan(**{f"flow{number}": (OLD, NEW) for number in range(100)})
        results = {flow.flow_id: FlowResult(Result.UNTOUCHED, "refused") for flow in changed.flows}

        message = report.failure_message(changed, results)

        assert message.startswith("100 of 100 flows to change failed: flow0: refused; ")
        assert message.endswith("; and 95 more, see 'flows'")
        assert "\n" not in message


class TestEstimate:
    def test_imports_one_deletion_and_the_reads_that_verify(self) -> None:
        changed = plan(a=(OLD, NEW), b=(None, NEW), c=(OLD, None), d=(OLD, None), same=(OLD, OLD))

        assert report.estimate(changed, None, verify=True).requests == 2 + 1 + 2 + 1
        assert report.estimate(changed, None, verify=False).requests == 2 + 1
        assert report.estimate(plan(same=(OLD, OLD)), None, verify=True).requests == 0

    @pytest.mark.parametrize(("flows", "seconds"), [(0, 0.0), (50, 0.0), (51, 61.2), (100, 61.2), (101, 122.4)])
    def test_how_long_the_limit_makes_that(self, flows: int, seconds: float) -> None:
        changed = plan(**{f"flow{number}": (None, NEW) for number in range(flows)})

        assert report.estimate(changed, RateLimit(100, 60.0), verify=True).seconds == seconds
        assert report.estimate(changed, None, verify=True).seconds == 0.0


def test_a_backup_has_the_same_shape_where_there_is_none() -> None:
    manifest = Manifest(
        id="20260115T103000Z-1f3a9c2e",
        time=datetime(2026, 1, 15, 10, 30, tzinfo=UTC),
        project_id="P2project",
        base_url="",
        reason=BackupReason(),
        flows={"a": SavedFlow("a"), "b": SavedFlow("b")},
    )
    there = report.backup_report(Backup(manifest, "/var/backups/x"))

    assert there == {"id": "20260115T103000Z-1f3a9c2e", "path": "/var/backups/x", "flows": ["a", "b"]}
    assert {key: type(value) for key, value in report.backup_report(None).items()} == {
        "id": str,
        "path": str,
        "flows": list,
    }
