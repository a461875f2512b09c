# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Level 5, inside one flow: can a user get from the start to an end, and out of everything on the way?"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator

from ansible_collections.community.descope.plugins.module_utils._json import (
    JsonObject,
    quoted,
    text_of,
)
from ansible_collections.community.descope.plugins.module_utils._validate.actions import KNOWN_ACTIONS
from ansible_collections.community.descope.plugins.module_utils._validate.catalogue import Finding
from ansible_collections.community.descope.plugins.module_utils._validate.view import (
    START,
    FlowView,
    Rule,
    in_task,
    objects,
    reached_from,
    reversed_edges,
)

# Descope documents both for one execution of a flow.
_ADVISED_TASKS = 100
_MOST_TASKS = 200
_SUCCESS = "success"
# A path may end at these without an End: a page that says goodbye, a flow that goes on by itself.
_MAY_BE_FINAL = frozenset({"screen", "flow"})


def find(flow: FlowView) -> Iterator[Finding]:
    """Yield what is wrong with the paths through a flow."""
    if not flow.tasks:
        return
    yield from _start(flow)
    for task_id, task in flow.tasks.items():
        yield from _outgoing(flow, task_id, task)
    yield from _reach(flow)
    yield from _size(flow)
    for index, shared in objects(flow.document.metadata.get("sharedInteractions")):
        name = shared.get("id")
        if isinstance(name, str) and name.partition(".")[0] not in flow.tasks:
            message = f"the result {quoted(name)} of the flow belongs to no task of it"
            yield "foreign-shared-interaction", message, ("metadata", "sharedInteractions", index, "id")


def _start(flow: FlowView) -> Iterator[Finding]:
    if START in flow.tasks and flow.first:
        targets = [target for _index, _interaction, target in flow.rules(START)]
        if targets != [flow.first]:
            shown = f"task {quoted(targets[0])}" if targets else "nowhere"
            message = f'the task "{START}" leads to {shown}, but startTask is {quoted(flow.first)}'
            yield "start-elsewhere", message, in_task(START, "next")


def _outgoing(flow: FlowView, task_id: str, task: JsonObject) -> Iterator[Finding]:
    label = flow.document.task_label(task_id)
    rules = flow.rules(task_id)
    interactions = [interaction for _index, interaction, _target in rules]
    if task.get("type") == "condition":
        for position, branch in objects(task.get("conditions")):
            if branch.get("interactionId") not in interactions:
                message = (
                    f"the branch {quoted(branch.get('name') or branch.get('interactionId'))} of {label} leads nowhere"
                )
                yield "branch-without-rule", message, in_task(task_id, "conditions", position)
    yield from _ambiguous(flow, label, task_id, rules)
    if task.get("type") == "automated" and text_of(task.get("action")) in KNOWN_ACTIONS:
        yield from _outcomes(label, task_id, task, rules)
    if not rules and not flow.is_end(task_id) and task_id != START:
        yield from _final(label, task_id, task)


def _ambiguous(flow: FlowView, label: str, task_id: str, rules: list[Rule]) -> Iterator[Finding]:
    """Two rules for one outcome are usual where one leads to the second half of the action, and nowhere else."""
    if len(rules) < 2:
        return
    halves = set(flow.steps(task_id))
    seen: set[str | None] = set()
    counted = Counter(interaction for _index, interaction, target in rules if target not in halves)
    for index, interaction, target in rules:
        if target in halves or counted[interaction] < 2:
            continue
        if interaction in seen:
            message = f"{label} has another rule for {quoted(interaction or '')} already"
            yield "ambiguous-rule", message, in_task(task_id, "next", "rules", index)
        seen.add(interaction)


def _outcomes(label: str, task_id: str, task: JsonObject, rules: list[Rule]) -> Iterator[Finding]:
    handling = task.get("errorHandlingV2")
    known = {_SUCCESS, *(handling if isinstance(handling, dict) else ())}
    for index, interaction, _target in rules:
        if interaction not in known:
            shown = "no outcome" if interaction is None else quoted(interaction)
            message = f"{label} has a rule for {shown}, which is neither success nor an error that it handles"
            yield "unknown-outcome", message, in_task(task_id, "next", "rules", index, "interactionId")


def _final(label: str, task_id: str, task: JsonObject) -> Iterator[Finding]:
    kind = text_of(task.get("type"))
    if kind in _MAY_BE_FINAL or (kind == "automated" and text_of(task.get("action")) not in KNOWN_ACTIONS):
        yield "final-step", f"{label} is the last step of its path, and no End", in_task(task_id, "next")
    elif kind in ("automated", "condition"):
        yield "dead-end", f"{label} leads nowhere", in_task(task_id, "next")


def _reach(flow: FlowView) -> Iterator[Finding]:
    for task_id in flow.tasks:
        if task_id not in flow.reachable and task_id != START:
            yield "unreachable-task", f"no path leads to {flow.document.task_label(task_id)}", in_task(task_id)
    if not flow.first:
        return
    ends = [task_id for task_id in flow.tasks if flow.is_end(task_id)]
    if ends and not flow.reachable.intersection(ends):
        message = "no path leads from the start to an End, so nobody can log in with this flow"
        yield "no-way-to-end", message, ("contents", "startTask")
    ways_out = reached_from([task for task, targets in flow.edges.items() if not targets], reversed_edges(flow.edges))
    trapped = [task_id for task_id in flow.tasks if task_id in flow.reachable and task_id not in ways_out]
    if trapped:
        label = flow.document.task_label(trapped[0] if trapped[0] != START else flow.first)
        more = f" (and {len(trapped) - 1} more tasks)" if len(trapped) > 1 else ""
        yield "endless-loop", f"whoever comes to {label}{more} goes round in circles for ever", in_task(trapped[0])


def _size(flow: FlowView) -> Iterator[Finding]:
    shortest = _shortest_way(flow)
    if shortest > _MOST_TASKS:
        message = f"the shortest way to an End has {shortest} tasks; Descope stops after {_MOST_TASKS}"
        yield "too-many-tasks", message, ("contents", "tasks")
    elif len(flow.tasks) > _ADVISED_TASKS:
        more = f" and stops an execution after {_MOST_TASKS}" if len(flow.tasks) > _MOST_TASKS else ""
        message = f"the flow has {len(flow.tasks)} tasks; Descope advises at most {_ADVISED_TASKS}{more}"
        yield "many-tasks", message, ("contents", "tasks")


def _shortest_way(flow: FlowView) -> int:
    """Return how many tasks the shortest path from the start to an End has, 0 if there is none."""
    distance = {flow.first: 1} if flow.first else {}
    waiting = deque(distance)
    while waiting:
        task_id = waiting.popleft()
        if flow.is_end(task_id):
            return distance[task_id]
        for target in flow.edges[task_id]:
            if target not in distance:
                distance[target] = distance[task_id] + 1
                waiting.append(target)
    return 0
