# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Level 3, beyond what proves damage: what on a screen does nothing, is lost, or is there twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._json import (
    JsonObject,
    json_path,
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
    for task_id, task in flow.tasks.items():
        yield from _task(flow, task_id, task)
    for index, screen in objects(flow.document.data.get("screens")):
        yield from _interactions(flow, index, screen)
        yield from _inputs(flow, index, screen)
        yield from _misplaced(flow, index, screen)


def _task(flow: FlowView, task_id: str, task: JsonObject) -> Iterator[Finding]:
    if task.get("type") != "screen" or not is_text(task.get("screenId")):
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


def _misplaced(flow: FlowView, index: int, screen: JsonObject) -> Iterator[Finding]:
    """Yield the components that only one side of their place knows of."""
    nodes = screen.get("contents")
    parents: dict[str, list[str]] = {}
    for node_id, node in nodes.items() if isinstance(nodes, dict) else ():
        for child in children(node):
            parents.setdefault(child, []).append(node_id)
    for node_id, node in nodes.items() if isinstance(nodes, dict) else ():
        parent = node.get("parent") if isinstance(node, dict) else None
        if node_id != _ROOT and is_text(parent) and parents.get(node_id) != [parent]:
            holders = " and ".join(quoted(holder) for holder in parents.get(node_id, ())) or "nothing"
            message = f"node {quoted(node_id)} of {_label(flow, screen)} is said to be in {quoted(parent)}"
            yield (
                "misplaced-node",
                f"{message}, but {holders} contains it",
                ("screens", index, "contents", node_id, "parent"),
            )


def children(node: object) -> Iterator[str]:
    """Yield the ids of the components that a component contains."""
    if not isinstance(node, dict):
        return
    nodes, linked = node.get("nodes"), node.get("linkedNodes")
    for child in (*(nodes if isinstance(nodes, list) else ()), *(linked.values() if isinstance(linked, dict) else ())):
        if isinstance(child, str):
            yield child


def _kind(node: JsonObject) -> str:
    kind: Any = node.get("type")
    return text_of(kind.get("resolvedName")) if isinstance(kind, dict) else text_of(kind)


def _label(flow: FlowView, screen: JsonObject) -> str:
    return flow.document.screen_label(text_of(screen.get("screenId")))
