# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Results of C(descope_flow) as the real task makes them, for many tenants, without a playbook."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._api.limiter import RateLimit
from ansible_collections.community.descope.plugins.module_utils._deploy import report
from ansible_collections.community.descope.plugins.module_utils._deploy.apply import FlowResult, Result
from ansible_collections.community.descope.plugins.module_utils._deploy.plan import DesiredFlow, Plan, make_plan
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._report.entries import TaskEntry, task_entry
from ansible_collections.community.descope.plugins.module_utils._report.fleet import Report, RunFacts, build_report
from ansible_collections.community.descope.plugins.module_utils._report.pictures import find_picture, keep_pictures
from example_flows import minimal_flow

Flow = dict[str, Any]
PREVIEW = RunFacts("deploy.yml", check_mode=True, started_at="2026-01-15T10:30:00Z", rate=RateLimit(100, 60.0))
RATE = RateLimit(100, 60.0)


def plan_of(*flows: tuple[Flow | None, Flow | None, str], project_id: str = "P2fleet") -> Plan:
    """Return the plan for flows as they stand, as they should be, and where that is said."""
    desired, live = [], {}
    for before, after, source in flows:
        flow_id = (after or before or {})["flowId"]
        desired.append(DesiredFlow(flow_id, FlowDocument(after) if after else None, source))
        live[flow_id] = FlowDocument(before) if before else None
    return make_plan(project_id, desired, live)


def result_of(plan: Plan, result: FlowResult | None = None, run_dir: Path | None = None) -> dict[str, Any]:
    """Return what the task returns for a plan; each flow that changes has come to C(result)."""
    done = {
        flow.flow_id: FlowResult(Result.UNCHANGED)
        if flow not in plan.changed_flows
        else result or FlowResult(Result.PLANNED)
        for flow in plan.flows
    }
    expected = report.estimate(plan, RATE, verify=True)
    flows = [report.flow_report(flow, done[flow.flow_id]) for flow in plan.flows]
    if run_dir:
        keep_pictures(run_dir, zip(plan.flows, flows, strict=True))
    return {
        "changed": bool(plan.changed_flows),
        "project_id": plan.project_id,
        "flows": json.loads(json.dumps(flows)),
        "backup": report.backup_report(None),
        "requests": {"made": 2, "retried": 0, "paused_429": 0, "by_endpoint": {"POST /v1/mgmt/flow/list": 2}},
        "estimate": {"requests": expected.requests, "seconds": expected.seconds},
    }


def fleet(
    tenants: Iterable[str], flows: Callable[[str], list[tuple[Flow | None, Flow | None, str]]], **options: Any
) -> list[TaskEntry]:
    """Return an entry for each tenant, whose flows the function gives."""
    return [task_entry(tenant, result_of(plan_of(*flows(tenant)), **options)) for tenant in tenants]


def tenants(count: int) -> list[str]:
    return [f"tenant{number}" for number in range(1, count + 1)]


def same_change(_tenant: str) -> list[tuple[Flow | None, Flow | None, str]]:
    """One flow that changes in the same way for everybody."""
    return [(minimal_flow("sign-up", title="Old"), minimal_flow("sign-up", title="New"), "flows/sign-up.json")]


def own_words(tenant: str) -> list[tuple[Flow | None, Flow | None, str]]:
    """One flow that changes in the same place for everybody, to words of their own."""
    old, new = (minimal_flow("sign-up", title=f"{word} {tenant}") for word in ("Old", "New"))
    return [(old, new, "flows/sign-up.json")]


def preview(entries: Iterable[TaskEntry], run_dir: Path | None = None) -> Report:
    """Return the report of a preview."""
    return build_report(entries, PREVIEW, lambda key: find_picture(run_dir, key) if run_dir else None)
