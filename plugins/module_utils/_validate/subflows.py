# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Level 5, between flows: the sub-flows that they call, among the flows given together and those of the project."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._json import quoted
from ansible_collections.community.descope.plugins.module_utils._validate.catalogue import Finding
from ansible_collections.community.descope.plugins.module_utils._validate.inventory import ProjectInventory
from ansible_collections.community.descope.plugins.module_utils._validate.view import (
    FlowView,
    in_task,
    reached_from,
    texts,
)


def find(flows: Sequence[FlowDocument], project: ProjectInventory | None) -> Iterator[tuple[FlowDocument, Finding]]:
    """Yield what is wrong with the sub-flows of flows that are deployed together. C(project): None if unknown."""
    given = {document.flow_id: document for document in flows}
    calls = {document.flow_id: list(_calls(FlowView(document))) for document in flows}
    circles = _circles(calls)
    for document in flows:
        for task_id, called in calls[document.flow_id]:
            label = document.task_label(task_id)
            place = in_task(task_id, "arguments", "flowId", "value")
            if called in circles.get(document.flow_id, ()):
                message = f"{label} calls flow {quoted(called)}, which comes back to {quoted(document.flow_id)}"
                yield document, ("subflow-cycle", message, place)
            for finding in _target(FlowView(document), task_id, called, given, project):
                yield document, finding


def _calls(flow: FlowView) -> Iterator[tuple[str, str]]:
    for task_id in flow.tasks:
        if called := flow.subflow(task_id):
            yield task_id, called


def _circles(calls: Mapping[str, list[tuple[str, str]]]) -> dict[str, set[str]]:
    """Return, by flow, which of the flows it calls lead back to it."""
    edges = {flow_id: [called for _task, called in called_by] for flow_id, called_by in calls.items()}
    for called in [called for targets in edges.values() for called in targets]:
        edges.setdefault(called, [])
    return {
        flow_id: {called for called in targets if flow_id in reached_from([called], edges)}
        for flow_id, targets in edges.items()
    }


def _target(
    flow: FlowView,
    task_id: str,
    called: str,
    given: Mapping[str, FlowDocument],
    project: ProjectInventory | None,
) -> Iterator[Finding]:
    label = flow.document.task_label(task_id)
    place = in_task(task_id, "arguments", "flowId", "value")
    target = given.get(called)
    if target is None:
        if project is None or project.flows is None:
            yield "subflow-elsewhere", f"{label} calls flow {quoted(called)}, which is not among these", place
        elif called not in project.flows:
            message = f"{label} calls flow {quoted(called)}, which is neither among these nor in the project"
            yield "unknown-subflow", message, place
        elif called in project.disabled_flows:
            yield "disabled-subflow", f"{label} calls flow {quoted(called)}, which is disabled in the project", place
        return
    if target.metadata.get("disabled") is True:
        yield "disabled-subflow", f"{label} calls flow {quoted(called)}, which is disabled", place
    results = texts(target.metadata.get("sharedInteractions"), "id")
    handling = flow.tasks[task_id].get("errorHandlingV2")
    known = {*results, *(handling if isinstance(handling, dict) else ())}
    for index, interaction, _target in flow.rules(task_id):
        if interaction not in known:
            message = (
                f"{label} has a rule for {quoted(interaction or '')}, but flow {quoted(called)} has no such result"
            )
            yield "unknown-subflow-output", message, in_task(task_id, "next", "rules", index, "interactionId")
