# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The way back out of a change of which something failed: what has to be put back, and what came of that.

Pure. Putting back is itself a plan, so that it is applied and verified like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ansible_collections.community.descope.plugins.module_utils._deploy.apply import FlowResult, Result
from ansible_collections.community.descope.plugins.module_utils._deploy.plan import (
    SYSTEM_FLOWS,
    Action,
    DesiredFlow,
    Plan,
    PlannedFlow,
    make_plan,
    same_flow,
)
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument

SOURCE = "what stood there before"

_FOLLOWED = "put back as it was, because another flow of this task had failed"
_SYSTEM_FLOW = "it was created, and stays: Descope does not delete system flows"


def needs_restoring(results: Mapping[str, FlowResult]) -> bool:
    """Tell whether something failed while something else was, or may have been, changed."""
    return any(result.failed for result in results.values()) and any(map(_touched, results.values()))


def unclear(results: Mapping[str, FlowResult]) -> list[str]:
    """Return the flows that have to be read before it is clear what to put back."""
    return [flow_id for flow_id, result in results.items() if result.result is Result.UNKNOWN]


def way_back(plan: Plan, results: Mapping[str, FlowResult], standing: Mapping[str, FlowDocument | None]) -> Plan:
    """Return the plan that puts back all flows that were, or may have been, changed.

    C(standing) is what the project holds of the unclear flows; of one that could not be read it is assumed that it was
    changed. Created system flows are left out: nothing can put them back.
    """
    touched = [flow for flow in plan.changed_flows if _touched(results[flow.flow_id]) and not _stays(flow)]
    desired = [DesiredFlow(flow.flow_id, flow.before, SOURCE) for flow in touched]
    live = {flow.flow_id: standing.get(flow.flow_id, flow.after) for flow in touched}
    # Positions on the canvas are put back too.
    return make_plan(plan.project_id, desired, live, layout=True)


def results_after(
    plan: Plan,
    results: Mapping[str, FlowResult],
    restored: Mapping[str, FlowResult],
    read_back: Mapping[str, FlowDocument | None],
) -> dict[str, FlowResult]:
    """Return the results of the plan once its way back was taken.

    C(restored) holds the verified results of the way back, C(read_back) what the project held after it, as far as it
    could be read.
    """
    return {
        flow.flow_id: _after(flow, results[flow.flow_id], restored.get(flow.flow_id), read_back) for flow in plan.flows
    }


def _touched(result: FlowResult) -> bool:
    return result.result in (Result.APPLIED, Result.UNKNOWN)


def _stays(flow: PlannedFlow) -> bool:
    return flow.action is Action.CREATE and flow.flow_id in SYSTEM_FLOWS


def _after(
    flow: PlannedFlow,
    result: FlowResult,
    restored: FlowResult | None,
    read_back: Mapping[str, FlowDocument | None],
) -> FlowResult:
    if not _touched(result):
        return result
    if restored is None:
        return replace(result, error="; ".join(filter(None, (result.error, _SYSTEM_FLOW))))
    if restored.result is Result.UNCHANGED:
        return _never_arrived(result)
    if restored.verified:
        return _put_back(result)
    return _not_put_back(flow, result, restored, read_back)


def _never_arrived(result: FlowResult) -> FlowResult:
    error = f"{result.error}; when read again, it was as before, so nothing had to be put back"
    if result.late:
        return replace(result, error=f"{error}, but what was sent may still arrive")
    return FlowResult(Result.UNTOUCHED, error)


def _put_back(result: FlowResult) -> FlowResult:
    if result.late:
        error = f"{result.error}; what stood there before was put back, but what was sent first may still arrive"
        return replace(result, error=error)
    error = f"{result.error}; what stood there before was put back" if result.error else _FOLLOWED
    return FlowResult(Result.RESTORED, error, verified=True, followed=not result.error)


def _not_put_back(
    flow: PlannedFlow, result: FlowResult, restored: FlowResult, read_back: Mapping[str, FlowDocument | None]
) -> FlowResult:
    """Say what holds now where putting back failed, or could not be seen to have worked."""
    error = "; ".join(filter(None, (result.error, f"it could not be put back as it was: {restored.error}")))
    if restored.result is Result.UNTOUCHED:
        return replace(result, error=error)
    if flow.flow_id in read_back and _holds(read_back[flow.flow_id], flow.after):
        return FlowResult(Result.APPLIED, error, verified=True)
    return FlowResult(Result.UNKNOWN, error, late=result.late or restored.late)


def _holds(live: FlowDocument | None, wanted: FlowDocument | None) -> bool:
    if live is None or wanted is None:
        return live is wanted
    return same_flow(live, wanted, layout=False)
