# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Level 3, beyond what proves damage: what on a screen does nothing, is lost, or is there twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._json import (
    JsonObject,
    json_path,
    object_of,
    quoted,
    text_of,
)
from ansible_collections.community.descope.plugins.module_utils._validate.catalogue import Finding
from ansible_collections.community.descope.plugins.module_utils._validate.view import (
    FlowView,
    in_task,
    is_text,
    objects,
)

# Components whose value is sent under their name. In real flows each of these has one; selections and inputs for
# context keys may not.
_INPUTS = frozenset(
    {
        "Code",
        "CodeInput",
        "CustomIdentifierInput",
        "EmailInput",
        "FirstNameInput",
        "FullNameInput",
        "LastNameInput",
        "NewPassword",
        "Password",
        "Phone",
        "PhoneInput",
    }
)
# Interactions that no component stands for: the page polls until something happens elsewhere.
_WITHOUT_COMPONENT = "polling"
_ROOT = "ROOT"


def find(flow: FlowView) -> Iterator[Finding]:
    """Yield what is wrong with screens, in document order."""
    if flow.document.data.get("screens"):
        for task_id, task in flow.tasks.items():
            yield from _task(flow, task_id, task)
    else:
        yield from _none(flow)
    for index, screen in objects(flow.document.data.get("screens")):
        yield from _interactions(flow, index, screen)
        yield from _inputs(flow, index, screen)
        yield from _tree(flow, index, screen)


def _none(flow: FlowView) -> Iterator[Finding]:
    """A flow may lack a screen, but one that lacks all of them takes those of the project away when it is deployed."""
    showing = [task_id for task_id, task in flow.tasks.items() if _shows_screen(task)]
    if showing:
        more = len(showing) - 1
        show = f"and {more} more show screens" if more else "shows a screen"
        message = f"{flow.document.task_label(showing[0])} {show}, but the flow has none at all"
        yield "no-screens", message, ("screens",)


def _shows_screen(task: JsonObject) -> bool:
    return task.get("type") == "screen" and is_text(task.get("screenId"))


def _task(flow: FlowView, task_id: str, task: JsonObject) -> Iterator[Finding]:
    if not _shows_screen(task):
        return
    label = flow.document.task_label(task_id)
    if task["screenId"] not in flow.screens:
        message = f"{label} shows screen {quoted(task['screenId'])}, which is not in the file"
        yield "missing-screen", message, in_task(task_id, "screenId")
        return
    answered = {interaction for _index, interaction, _target in flow.rules(task_id)}
    for interaction in dict.fromkeys(flow.interactions(task_id)):
        if interaction not in answered:
            name = flow.document.interaction_label(task_id, interaction)
            shown = quoted(name) if name == interaction else f"{quoted(name)} ({interaction})"
            yield "unused-interaction", f"{shown} of {label} leads nowhere", in_task(task_id, "next", "rules")


def _interactions(flow: FlowView, index: int, screen: JsonObject) -> Iterator[Finding]:
    nodes = screen.get("contents")
    seen: dict[str, int] = {}
    for position, interaction in objects(screen.get("interactions")):
        name = text_of(interaction.get("id"))
        place = ("screens", index, "interactions", position, "id")
        if name in seen:
            first = json_path("screens", index, "interactions", seen[name])
            message = f"interaction {quoted(name)} of {_label(flow, screen)} is there twice, first as {first}"
            yield "duplicate-interaction", message, place
        elif name and isinstance(nodes, dict) and name not in nodes and not name.startswith(_WITHOUT_COMPONENT):
            message = f"interaction {quoted(name)} of {_label(flow, screen)} belongs to no component of the screen"
            yield "interaction-without-node", message, place
        seen.setdefault(name, position)


def _inputs(flow: FlowView, index: int, screen: JsonObject) -> Iterator[Finding]:
    nodes = screen.get("contents")
    seen: dict[str, str] = {}
    for node_id, node in nodes.items() if isinstance(nodes, dict) else ():
        props = node.get("props") if isinstance(node, dict) else None
        if not isinstance(props, dict):
            continue
        kind, name = _kind(node), props.get("name")
        place = ("screens", index, "contents", node_id, "props", "name")
        if kind in _INPUTS and not is_text(name):
            yield "unnamed-input", f"{kind} {quoted(node_id)} of {_label(flow, screen)} has no name", place
        elif is_text(name) and name in seen:
            message = f"{kind} {quoted(node_id)} of {_label(flow, screen)} has the name of {quoted(seen[name])}"
            yield "duplicate-input", f"{message}, {quoted(name)}", place
        seen.setdefault(text_of(name), node_id)


def _tree(flow: FlowView, index: int, screen: JsonObject) -> Iterator[Finding]:
    """Yield the components that only one side of their place knows of, and those that are inside themselves."""
    nodes = object_of(screen.get("contents"))
    place = ("screens", index, "contents")
    holders: dict[str, list[str]] = {}
    for node_id, node in nodes.items():
        for child in children(node):
            holders.setdefault(child, []).append(node_id)
    for node_id, node in nodes.items():
        parent = node.get("parent") if isinstance(node, dict) else None
        if node_id != _ROOT and is_text(parent) and holders.get(node_id) != [parent]:
            shown = " and ".join(quoted(holder) for holder in holders.get(node_id, ())) or "nothing"
            message = f"node {quoted(node_id)} of {_label(flow, screen)} is said to be in {quoted(parent)}"
            yield "misplaced-node", f"{message}, but {shown} contains it", (*place, node_id, "parent")
    for circle in _circles(nodes, holders):
        first = min(circle, key=list(nodes).index)
        holder = circle[(circle.index(first) + 1) % len(circle)]
        way = f", by way of {quoted(holder)}" if holder != first else ""
        message = f"node {quoted(first)} of {_label(flow, screen)} contains itself{way}"
        yield "node-cycle", message, (*place, first)


def children(node: object) -> Iterator[str]:
    """Yield the ids of the components that a component contains."""
    if not isinstance(node, dict):
        return
    nodes, linked = node.get("nodes"), node.get("linkedNodes")
    for child in (*(nodes if isinstance(nodes, list) else ()), *(linked.values() if isinstance(linked, dict) else ())):
        if isinstance(child, str):
            yield child


def _circles(nodes: JsonObject, holders: Mapping[str, list[str]]) -> Iterator[list[str]]:
    """Yield circles: components each of which is in the next, the last in the first. Of those that overlap, one."""
    endless = _endless(nodes, holders)
    done: set[str] = set()
    for start in endless:
        path: dict[str, int] = {}
        node_id = start
        while node_id not in path and node_id not in done:
            path[node_id] = len(path)
            node_id = next((holder for holder in holders[node_id] if holder in endless), node_id)
        if node_id in path:
            yield list(path)[path[node_id] :]
        done.update(path)


def _endless(nodes: JsonObject, holders: Mapping[str, list[str]]) -> dict[str, int]:
    """Return what is left when components that nothing holds are taken away, over and over: circles and their parts."""
    held = {node_id: len(holders.get(node_id, ())) for node_id in nodes}
    free = [node_id for node_id, count in held.items() if not count]
    while free:
        for child in children(nodes[free.pop()]):
            if child in held:
                held[child] -= 1
                if not held[child]:
                    free.append(child)
    return {node_id: count for node_id, count in held.items() if count}


def _kind(node: JsonObject) -> str:
    kind: Any = node.get("type")
    return text_of(kind.get("resolvedName")) if isinstance(kind, dict) else text_of(kind)


def _label(flow: FlowView, screen: JsonObject) -> str:
    return flow.document.screen_label(text_of(screen.get("screenId")))
