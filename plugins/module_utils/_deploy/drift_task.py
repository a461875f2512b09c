# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The use case of C(descope_flow_drift): tell how the project differs from what is declared, and write nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._api.client import Statistics
from ansible_collections.community.descope.plugins.module_utils._arguments import drift_arguments
from ansible_collections.community.descope.plugins.module_utils._backup.places import open_store
from ansible_collections.community.descope.plugins.module_utils._backup.writes import LastWrite, last_writes
from ansible_collections.community.descope.plugins.module_utils._deploy.desired import desired_flows
from ansible_collections.community.descope.plugins.module_utils._deploy.drift import (
    DriftedFlow,
    State,
    drift_message,
    find_drift,
    undeclared_flows,
    undeclared_message,
)
from ansible_collections.community.descope.plugins.module_utils._deploy.flow_task import reference_options
from ansible_collections.community.descope.plugins.module_utils._deploy.pipeline import resolved_flows
from ansible_collections.community.descope.plugins.module_utils._deploy.plan import Plan, make_plan
from ansible_collections.community.descope.plugins.module_utils._deploy.project import Reading
from ansible_collections.community.descope.plugins.module_utils._deploy.references import check_given_ids
from ansible_collections.community.descope.plugins.module_utils._deploy.session import Session, open_session
from ansible_collections.community.descope.plugins.module_utils._errors import DescopeError
from ansible_collections.community.descope.plugins.module_utils._task import Task, UseCase


def tell_drift(task: Task) -> dict[str, Any]:
    """Compare the project with what the task declares. Raises DescopeError where that cannot be told."""
    params = task.params
    check_given_ids(params)
    desired = desired_flows(params, task.load_source)
    with open_session(params, read_only=True) as session:
        session.project.expect(flow.document for flow in desired if flow.document)
        reading = session.project.read([flow.flow_id for flow in desired])
        declared, unresolved = resolved_flows(desired, reading, reference_options(params, session))
        layout = bool((params["compare"] or {}).get("layout"))
        plan = make_plan(session.project_id, declared, reading.flows, layout=layout, secrets=task.secrets)
        undeclared = _undeclared(session, reading, params)
        writes, faults = _recorded(params["backup_dir"], plan)
        warnings = [*map(str, unresolved), *faults, *_undeclared_warnings(undeclared, session.project_id, params)]
        return _result(find_drift(plan, writes), undeclared, session, params) | {
            "warnings": [*session.warnings(), *warnings]
        }


DESCOPE_FLOW_DRIFT = UseCase(
    name="descope_flow_drift",
    arguments=drift_arguments,
    run=tell_drift,
    empty_result={"drifted": False, "flows": [], "undeclared": [], "requests": Statistics().as_dict()},
)


def _undeclared(session: Session, reading: Reading, params: Mapping[str, Any]) -> list[str]:
    if params["undeclared"] == "ignore":
        return []
    return undeclared_flows(session.project.existing(reading), reading.flows, params["declared_elsewhere"] or [])


def _recorded(backup_dir: str, plan: Plan) -> tuple[dict[str, LastWrite], list[str]]:
    """Return who last wrote the flows that differ. Records that cannot be read leave that unknown, with a warning."""
    try:
        return last_writes(open_store(backup_dir, plan.project_id), [flow.flow_id for flow in plan.changed_flows])
    except DescopeError as error:
        return {}, [f"who changed the flows cannot be told: {error}"]


def _undeclared_warnings(undeclared: list[str], project_id: str, params: Mapping[str, Any]) -> list[str]:
    if not undeclared or params["undeclared"] == "drift":
        return []
    return [f"project {project_id}: {undeclared_message(undeclared)}"]


def _result(
    flows: list[DriftedFlow], undeclared: list[str], session: Session, params: Mapping[str, Any]
) -> dict[str, Any]:
    counted = undeclared if params["undeclared"] == "drift" else []
    message = drift_message(flows, counted)
    drifted = bool(message)
    differing = {flow.planned.flow_id: flow for flow in flows if flow.state is not State.IN_SYNC}
    told = {
        "project_id": session.project_id,
        "drifted": drifted,
        "flows": {flow_id: flow.origin.value if flow.origin else "" for flow_id, flow in differing.items()},
        "undeclared": undeclared,
    }
    result: dict[str, Any] = {
        "changed": False,
        "project_id": session.project_id,
        "drifted": drifted,
        "flows": [flow.report() for flow in flows],
        "undeclared": undeclared,
        "requests": session.requests(),
        "ansible_facts": {"descope_drift": told},
        "msg": message or "in sync",
    }
    return result | {"failed": True} if drifted and params["fail_on_drift"] else result
