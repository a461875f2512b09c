# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What a task tells its user, derived from the plan and the results and short enough to travel in results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._api.limiter import RateLimit
from ansible_collections.community.descope.plugins.module_utils._backup.store import Backup
from ansible_collections.community.descope.plugins.module_utils._deploy.alike import changes_digest
from ansible_collections.community.descope.plugins.module_utils._deploy.apply import FlowResult
from ansible_collections.community.descope.plugins.module_utils._deploy.plan import Action, Plan, PlannedFlow
from ansible_collections.community.descope.plugins.module_utils._diff.flows import (
    Change,
    render_changes,
    summarize,
    told_changes,
)
from ansible_collections.community.descope.plugins.module_utils._errors import Problem

_MOST_CHANGES = 25
_MOST_WARNINGS = 25
_MOST_FAILURES = 5
_NOT_THERE = "does not exist"


@dataclass(frozen=True, slots=True)
class Estimate:
    """How many requests applying a plan takes, and how many seconds the rate limit makes of that at least."""

    requests: int
    seconds: float


def estimate(plan: Plan, rate: RateLimit | None, *, verify: bool) -> Estimate:
    """Count an import for each flow that changes, one request for all deletions, and the reads that verify them."""
    reads = len(plan.imports) + bool(plan.deletions) if verify else 0
    requests = len(plan.imports) + bool(plan.deletions) + reads
    return Estimate(requests=requests, seconds=round(rate.seconds_for(requests), 1) if rate else 0.0)


def flow_report(flow: PlannedFlow, result: FlowResult, run_key: bytes = b"") -> dict[str, Any]:
    """Return what a result says of one flow. The shape is the same whatever happened."""
    return {
        "flow_id": flow.flow_id,
        "source": flow.source,
        "action": flow.action.value,
        "result": result.result.value,
        "error": result.error,
        "verified": result.verified,
        "summary": summarize(flow.changes) if flow.changes else "",
        **told_changes_report(flow.changes),
        "changes_digest": changes_digest(flow, run_key),
        "fingerprint_before": flow.fingerprint_before,
        "fingerprint_after": flow.fingerprint_after,
    }


def told_changes_report(changes: Iterable[Change]) -> dict[str, Any]:
    """Return what a result says of the changes of one flow one by one, no more of them than travel well."""
    told = told_changes(changes)
    shown = [change for change in told if not change.layout]
    return {
        "changes": [_told(change.as_dict()) for change in shown[:_MOST_CHANGES]],
        "changes_omitted": max(len(shown) - _MOST_CHANGES, 0),
        "layout_changes": len(told) - len(shown),
    }


def _told(change: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in change.items() if key != "layout"}


def backup_report(backup: Backup | None) -> dict[str, Any]:
    """Return what a result says of the backup, in the same shape where there is none."""
    if backup is None:
        return {"id": "", "path": "", "flows": []}
    return {"id": backup.id, "path": backup.place, "flows": list(backup.flows)}


def validation_report(warnings: Sequence[Problem]) -> dict[str, Any]:
    """Return what a result says of the warnings of a validation, in the same shape where there are none."""
    return {
        "warnings": len(warnings),
        "problems": [problem.as_dict() for problem in warnings[:_MOST_WARNINGS]],
    }


def validation_warnings(warnings: Sequence[Problem]) -> list[str]:
    """Return one warning for all of them, in words that are the same for every host: Ansible shows those once."""
    codes = ", ".join(sorted({problem.code for problem in warnings}))
    return [f"validating the flows found {codes}; see 'validation' in the results"] if codes else []


def diffs(plan: Plan) -> list[dict[str, str]]:
    """Return one diff a changed flow, in the form that Ansible shows with C(--diff)."""
    return [_diff(plan.project_id, flow) for flow in plan.changed_flows]


def _diff(project_id: str, flow: PlannedFlow) -> dict[str, str]:
    before, after = render_changes(flow.changes)
    header = f"{flow.flow_id} in {project_id}"
    return {
        "before_header": f"{header} ({_NOT_THERE})" if flow.action is Action.CREATE else header,
        "after_header": f"{header} ({_NOT_THERE})" if flow.action is Action.DELETE else f"{header} <- {flow.source}",
        "before": before,
        "after": after,
    }


def failure_message(plan: Plan, results: Mapping[str, FlowResult]) -> str:
    """Return one line that says which flows failed and why, and what that meant for the others; empty if none did."""
    failed = {flow_id: result.error for flow_id, result in results.items() if result.failed and not result.followed}
    if not failed:
        return ""
    reasons = "; ".join(f"{flow_id}: {error}" for flow_id, error in list(failed.items())[:_MOST_FAILURES])
    more = len(failed) - _MOST_FAILURES
    told_more = f"; and {more} more, see 'flows'" if more > 0 else ""
    others = "".join(f"; {consequence}" for consequence in _consequences(results))
    return f"{len(failed)} of {len(plan.changed_flows)} flows to change failed: {reasons}{told_more}{others}"


def _consequences(results: Mapping[str, FlowResult]) -> list[str]:
    """Return what became of the flows that nothing was wrong with, those of the same fate together."""
    fates: dict[str, list[str]] = {}
    for flow_id, result in results.items():
        if result.followed:
            fates.setdefault(result.error, []).append(flow_id)
    return [f"{_names(flow_ids)}: {error}" for error, flow_ids in fates.items()]


def _names(flow_ids: list[str]) -> str:
    more = len(flow_ids) - _MOST_FAILURES
    names = ", ".join(flow_ids[:_MOST_FAILURES])
    return f"{names} and {more} more" if more > 0 else names
