# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What holds in every genuine flow, checked. A flow that fails one of these was damaged, by hand or by a merge.

Each check held in all 141 distinct real exports looked at (2,640 tasks, 761 screens). Things that look just as wrong
but do occur in genuine exports are no errors here: unreachable tasks, two rules for one interaction, buttons without a
rule, a task whose screen is not in the file. Two of those are told all the same where something else proves the
damage: a screen that is not in the file when another one has lost its task, and misplaced nodes of a screen whose tree
is broken. The set of task types and actions is open, so unknown ones pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeAlias

from ansible_collections.community.descope.plugins.module_utils._errors import Problem
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument, flow_id_problem
from ansible_collections.community.descope.plugins.module_utils._json import JsonObject, describe, json_path, quoted
from ansible_collections.community.descope.plugins.module_utils._secrets import hidden

SCREEN_ID = re.compile(r"SC[A-Za-z0-9]{27}\Z")
START = "start"
END_ACTION = "logged-in"
ELSE = "ELSE"
ROOT = "ROOT"
_TASK_MEMBERS = ("id", "name", "next", "view")
_SECOND_HALF = ".end"

# code, message, where
_Finding: TypeAlias = "tuple[str, str, tuple[str | int, ...]]"


def check_document(document: FlowDocument) -> list[Problem]:
    """Return everything that is wrong with a flow, in document order; empty for every genuine one.

    Takes any JSON object. The problems' paths are those of the exported form, whatever format the flow was read from.
    """
    problem = flow_id_problem(document.data.get("flowId"), document.source)
    problems = [problem] if problem else []
    for code, message, place in _findings(document):
        path = json_path(*place)
        problems.append(Problem(code, message, path=path, source=document.source, flow_id=document.flow_id))
    return problems


def _findings(document: FlowDocument) -> Iterator[_Finding]:
    shape = list(_wrong_shapes(document.data))
    yield from shape
    if not any(len(place) <= 2 and place[0] == "contents" for _code, _message, place in shape):
        yield from _start(document)
        yield from _all_tasks(document)
        yield from _connectors(document)
    yield from _all_screens(document)


# --- shape ------------------------------------------------------------------------------------------------------------


def _wrong_shapes(data: JsonObject) -> Iterator[_Finding]:
    """The parts that everything else relies on. Whatever is named here is skipped by the other checks."""
    contents = data.get("contents")
    if not isinstance(contents, dict):
        yield _wrong("contents", contents, "an object", ("contents",))
    elif not isinstance(contents.get("tasks"), dict):
        yield _wrong("tasks", contents.get("tasks"), "an object", ("contents", "tasks"))
    elif not contents["tasks"]:
        yield "no-tasks", "the flow has no tasks", ("contents", "tasks")
    if not isinstance(data.get("metadata"), dict):
        yield _wrong("metadata", data.get("metadata"), "an object", ("metadata",))
    screens = data.get("screens")
    if screens is None:
        return
    if not isinstance(screens, list):
        yield _wrong("screens", screens, "a list", ("screens",))
        return
    for index, screen in enumerate(screens):
        if not isinstance(screen, dict):
            yield _wrong("a screen", screen, "an object", ("screens", index))


def _wrong(what: str, value: object, expected: str, place: tuple[str | int, ...]) -> _Finding:
    if value is None:
        return "wrong-type", f"{what} is missing, expected {expected}", place
    return "wrong-type", f"{what} is {describe(value)}, expected {expected}", place


# --- tasks ------------------------------------------------------------------------------------------------------------


def _start(document: FlowDocument) -> Iterator[_Finding]:
    tasks = document.tasks
    first = document.contents.get("startTask")
    if not isinstance(first, str) or not first:
        yield "missing-start-task", "startTask does not name the task to begin with", ("contents", "startTask")
    elif first not in tasks:
        yield "unknown-start-task", f"startTask names {quoted(first)}, which is no task", ("contents", "startTask")
    start = tasks.get(START)
    if start is None:
        yield "missing-start", f'the task "{START}" is missing; every flow begins there', ("contents", "tasks", START)
    elif isinstance(start, dict) and "type" in start:
        yield "start-with-type", f'the task "{START}" has a type; only the others have one', _in_task(START, "type")
    if not any(isinstance(task, dict) and task.get("action") == END_ACTION for task in tasks.values()):
        message = f'no task ends the flow; at least one End with the action "{END_ACTION}" is needed'
        yield "no-end", message, ("contents", "tasks")


def _in_task(task_id: str, *place: str | int) -> tuple[str | int, ...]:
    return "contents", "tasks", task_id, *place


def _all_tasks(document: FlowDocument) -> Iterator[_Finding]:
    choices = _screen_choices(document)
    for task_id, task in document.tasks.items():
        if not isinstance(task, dict):
            yield _wrong(document.task_label(task_id), task, "an object", _in_task(task_id))
            continue
        yield from _task_members(document, task_id, task)
        yield from _rules(document, task_id, task, _known_interactions(task, choices))
        yield from _step_arguments(document, task_id, task)
        if task.get("type") == "condition" and ELSE not in _condition_ids(task):
            message = f"{document.task_label(task_id)} has no {ELSE} branch"
            yield "condition-without-else", message, _in_task(task_id, "conditions")
        if task.get("type") == "screen" and not _filled_text(task.get("screenId")):
            message = f"{document.task_label(task_id)} does not say which screen it shows"
            yield "screen-task-without-screen", message, _in_task(task_id, "screenId")


def _task_members(document: FlowDocument, task_id: str, task: JsonObject) -> Iterator[_Finding]:
    label = document.task_label(task_id)
    wanted = _TASK_MEMBERS if task_id == START else (*_TASK_MEMBERS, "type")
    missing = [member for member in wanted if member not in task]
    if missing:
        yield "missing-task-member", f"{label} has no {', '.join(missing)}", _in_task(task_id)
    if "id" in task and task["id"] != task_id:
        yield "task-id-mismatch", f"{label} calls itself {quoted(task['id'])}", _in_task(task_id, "id")
    base = task_id.removesuffix(_SECOND_HALF)
    if base != task_id and base not in document.tasks:
        message = f"{label} is the second half of task {quoted(base)}, which is missing"
        yield "missing-first-half", message, _in_task(task_id)


def _rules(document: FlowDocument, task_id: str, task: JsonObject, known: set[str] | None) -> Iterator[_Finding]:
    label = document.task_label(task_id)
    following = task.get("next", {})
    rules = following.get("rules", []) if isinstance(following, dict) else None
    if not isinstance(rules, list):
        yield _wrong(f"next of {label}", following, "{} or {rules: [...]}", _in_task(task_id, "next"))
        return
    for index, rule in enumerate(rules):
        place = _in_task(task_id, "next", "rules", index)
        if not isinstance(rule, dict):
            yield _wrong(f"a rule of {label}", rule, "an object", place)
            continue
        target = rule.get("taskId")
        if not _filled_text(target):
            yield "rule-without-target", f"a rule of {label} leads nowhere: it has no taskId", (*place, "taskId")
        elif target not in document.tasks:
            yield "dangling-edge", f"{label} leads to task {quoted(target)}, which is missing", (*place, "taskId")
        interaction = rule.get("interactionId")
        if known is not None and (not isinstance(interaction, str) or interaction not in known):
            yield _unknown_interaction(label, task, rule, place)


def _unknown_interaction(label: str, task: JsonObject, rule: JsonObject, place: tuple[str | int, ...]) -> _Finding:
    interaction = rule.get("interactionId")
    shown = "without interactionId" if interaction is None else quoted(interaction)
    if task.get("type") == "condition":
        return "unknown-condition", f"{label} has a rule {shown}, but no such condition", (*place, "interactionId")
    message = f"{label} has a rule {shown}, but its screen has no such interaction"
    return "unknown-interaction", message, (*place, "interactionId")


def _known_interactions(task: JsonObject, choices: dict[str, set[str]]) -> set[str] | None:
    """Return what a rule of the task may react to, None where that cannot be told."""
    if task.get("type") == "condition":
        return _condition_ids(task) | _error_names(task)
    screen_id = task.get("screenId")
    if task.get("type") == "screen" and isinstance(screen_id, str) and screen_id in choices:
        return choices[screen_id] | _error_names(task)
    return None


def _condition_ids(task: JsonObject) -> set[str]:
    return _texts(task.get("conditions"), "interactionId")


def _error_names(task: JsonObject) -> set[str]:
    handling = task.get("errorHandlingV2")
    return set(handling) if isinstance(handling, dict) else set()


def _screen_choices(document: FlowDocument) -> dict[str, set[str]]:
    """Return the interactions of the screens by screen id."""
    return {
        screen["screenId"]: _texts(screen.get("interactions"), "id")
        for screen in document.screens
        if isinstance(screen.get("screenId"), str)
    }


def _texts(entries: object, key: str) -> set[str]:
    if not isinstance(entries, list):
        return set()
    return {entry[key] for entry in entries if isinstance(entry, dict) and isinstance(entry.get(key), str)}


def _filled_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _step_arguments(document: FlowDocument, task_id: str, task: JsonObject) -> Iterator[_Finding]:
    """Arguments like verifyStepId name the task that finishes what this one begins."""
    arguments = task.get("arguments")
    if not isinstance(arguments, dict):
        return
    for name, argument in arguments.items():
        if not name.endswith("StepId") or not isinstance(argument, dict):
            continue
        target = argument.get("value")
        if isinstance(target, str) and target and target not in document.tasks:
            message = f"{quoted(name)} of {document.task_label(task_id)} names task {quoted(target)}, which is missing"
            yield "dangling-step", message, _in_task(task_id, "arguments", name, "value")


def _connectors(document: FlowDocument) -> Iterator[_Finding]:
    """An export that lists connectors lists all that the flow uses; one that lists none proves nothing."""
    connectors = document.references.get("connectors")
    if not isinstance(connectors, dict) or not connectors:
        return
    listed = [connector_id for connector_id in connectors.values() if isinstance(connector_id, str)]
    for task_id, task in document.tasks.items():
        if not isinstance(task, dict) or task.get("action") != "connector":
            continue
        arguments = task.get("arguments")
        argument = arguments.get("connectorId") if isinstance(arguments, dict) else None
        used = argument.get("value") if isinstance(argument, dict) else None
        if isinstance(used, str) and used and used not in listed:
            message = f"{document.task_label(task_id)} uses {quoted(used)}, which references.connectors does not list"
            yield "unlisted-connector", message, _in_task(task_id, "arguments", "connectorId", "value")


# --- screens ----------------------------------------------------------------------------------------------------------


def _all_screens(document: FlowDocument) -> Iterator[_Finding]:
    shown = {task["screenId"] for _task_id, task in _screen_tasks(document)} if document.tasks else None
    seen: dict[str, int] = {}
    orphans = 0
    for index, screen in _numbered_screens(document):
        screen_id = screen.get("screenId")
        yield from _screen_id(screen_id, index, seen)
        if shown is not None and isinstance(screen_id, str) and screen_id not in shown:
            orphans += 1
            yield "orphan-screen", f"no task shows screen {quoted(screen_id)}", ("screens", index)
        yield from _screen_contents(document, index, screen)
    if orphans:
        yield from _lost_screens(document, seen)


def _screen_tasks(document: FlowDocument) -> Iterator[tuple[str, JsonObject]]:
    for task_id, task in document.tasks.items():
        if isinstance(task, dict) and _filled_text(task.get("screenId")):
            yield task_id, task


def _numbered_screens(document: FlowDocument) -> Iterator[tuple[int, JsonObject]]:
    screens = document.data.get("screens")
    if isinstance(screens, list):
        yield from ((index, screen) for index, screen in enumerate(screens) if isinstance(screen, dict))


def _screen_id(screen_id: object, index: int, seen: dict[str, int]) -> Iterator[_Finding]:
    place = ("screens", index, "screenId")
    if not isinstance(screen_id, str) or not SCREEN_ID.match(screen_id):
        yield "invalid-screen-id", f"{quoted(screen_id)} is not a screen id; SC and 27 letters or digits are", place
    if isinstance(screen_id, str):
        if screen_id in seen:
            message = f"screen {quoted(screen_id)} is there twice, first as {json_path('screens', seen[screen_id])}"
            yield "duplicate-screen", message, place
        seen.setdefault(screen_id, index)


def _lost_screens(document: FlowDocument, present: dict[str, int]) -> Iterator[_Finding]:
    """Genuine exports may lack a screen; but when another screen has lost its task, they were mixed up."""
    for task_id, task in _screen_tasks(document):
        if task["screenId"] not in present:
            message = f"{document.task_label(task_id)} shows screen {quoted(task['screenId'])}, which is missing"
            yield "dangling-screen", message, _in_task(task_id, "screenId")


def _screen_contents(document: FlowDocument, index: int, screen: JsonObject) -> Iterator[_Finding]:
    screen_id = screen.get("screenId")
    label = document.screen_label(screen_id) if isinstance(screen_id, str) else json_path("screens", index)
    nodes = screen.get("contents")
    place = ("screens", index, "contents")
    if not isinstance(nodes, dict):
        yield _wrong(f"contents of {label}", nodes, "an object", place)
        return
    if ROOT not in nodes:
        yield "missing-root-node", f"{label} has no {ROOT} node", place
    broken = list(_broken_links(label, nodes, place))
    yield from broken
    if broken:
        yield from _misplaced_nodes(label, nodes, place)


def _broken_links(label: str, nodes: JsonObject, place: tuple[str | int, ...]) -> Iterator[_Finding]:
    for node_id, node in nodes.items():
        if not isinstance(node, dict):
            yield _wrong(f"node {quoted(node_id)} of {label}", node, "an object", (*place, node_id))
            continue
        for member, expected in _wrong_members(node):
            what = f"{member} of {_node(node_id, node)} of {label}"
            yield _wrong(what, node.get(member), expected, (*place, node_id, member))
        for child_place, child in _children(node):
            if not isinstance(child, str) or child not in nodes:
                message = f"{_node(node_id, node)} of {label} contains node {quoted(child)}, which is missing"
                yield "dangling-node", message, (*place, node_id, *child_place)
        parent = node.get("parent")
        if parent is None and node_id == ROOT:
            continue
        if not isinstance(parent, str) or parent not in nodes:
            where = "has no parent" if parent is None else f"is in node {quoted(parent)}, which is missing"
            yield "dangling-parent", f"{_node(node_id, node)} of {label} {where}", (*place, node_id, "parent")


def _wrong_members(node: JsonObject) -> Iterator[tuple[str, str]]:
    """Yield the members of a node that are of the wrong type, each with what is expected."""
    if not isinstance(node.get("nodes"), list):
        yield "nodes", "a list"
    if not isinstance(node.get("props"), dict):
        yield "props", "an object"
    if not isinstance(node.get("linkedNodes", {}), dict):
        yield "linkedNodes", "an object"


def _children(node: JsonObject) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    children, linked = node.get("nodes"), node.get("linkedNodes")
    if isinstance(children, list):
        yield from ((("nodes", index), child) for index, child in enumerate(children))
    if isinstance(linked, dict):
        yield from ((("linkedNodes", name), child) for name, child in linked.items())


def _misplaced_nodes(label: str, nodes: JsonObject, place: tuple[str | int, ...]) -> Iterator[_Finding]:
    """In a tree known to be broken, also tell the nodes that nothing leads to and those under a foreign name."""
    parents = {
        child: node_id
        for node_id, node in nodes.items()
        if isinstance(node, dict)
        for _child_place, child in _children(node)
        if isinstance(child, str)
    }
    for node_id, node in nodes.items():
        if not isinstance(node, dict):
            continue
        own = node["props"].get("id", node_id) if isinstance(node.get("props"), dict) else node_id
        if own != node_id:
            message = f"{_node(node_id, node)} of {label} calls itself {quoted(own)}"
            yield "node-id-mismatch", message, (*place, node_id, "props", "id")
        parent = node.get("parent")
        if node_id != ROOT and isinstance(parent, str) and parent in nodes and parents.get(node_id) != parent:
            message = f"{_node(node_id, node)} of {label} is not among the children of its parent {quoted(parent)}"
            yield "detached-node", message, (*place, node_id, "parent")


def _node(node_id: str, node: JsonObject) -> str:
    name = node.get("displayName")
    label = " ".join(hidden(name).split())[:40] if isinstance(name, str) else ""
    return f"{label or 'node'} {quoted(node_id)}"
