# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What a person does in the console: edit a flow, and leave the traces that the console's editor leaves.

The traces are observed in real data: the version goes up, the edited screen's task gains the editor's caches, members
are written in another order, and tasks that nobody touched gain arguments with empty values.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from .behaviour import Behaviour, SettingError
from .codec import JsonObject, decode, encode
from .store import Project, StoredFlow

_TEXT_PROPERTIES = ("children", "label", "text", "placeholder")
_EMPTY_ARGUMENTS = ("loginHint", "popup", "rawResponse")  # observed: they appeared on a task that nobody touched


@dataclass(slots=True)
class _Edit:
    """One visit to the editor: the flow being changed, and what was changed in it."""

    flow: JsonObject
    changes: list[JsonObject] = field(default_factory=list)
    tasks: set[str] = field(default_factory=set)
    screens: set[str] = field(default_factory=set)

    def set(self, holder: Any, key: Any, value: Any, path: str) -> None:
        before = holder[key] if isinstance(holder, list) else holder.get(key)
        holder[key] = value
        self.changes.append({"path": path, "before": before, "after": value})


def edit(project: Project, flow: StoredFlow, request: JsonObject, behaviour: Behaviour) -> JsonObject:
    """Change a flow as the request says and save it. Return what was changed and the new version.

    request: one change, or several in C(changes), or none ("touch": open, save). A change has C(screen) and C(text),
    C(task) with C(argument) and C(value), C(task) with C(name) or C(move), or C(pointer) and C(value). C(noise): which
    traces to leave, see C(NOISE).
    """
    visit = _Edit(decode(encode(flow.document)))
    for change in request.get("changes") or [request]:
        _apply(visit, change)
    noise = request.get("noise", _usual_noise(visit))
    for name in noise:
        if name not in NOISE:
            raise SettingError(f"noise {name!r} is none of {', '.join(NOISE)}")
        NOISE[name](visit)
    if visit.flow.get("screens"):
        metadata = visit.flow.get("metadata") or {}
        visit.flow["metadata"] = {**metadata, "componentsVersion": behaviour.components_version}
    note = str(request.get("changelog", ""))
    saved = project.save(visit.flow, saved_by="console", changelog=note, extras=flow.extras)
    return {"flow_id": flow.flow_id, "version": saved.stamp.version, "changes": visit.changes, "noise": list(noise)}


def _usual_noise(visit: _Edit) -> tuple[str, ...]:
    """A flow that was only opened and saved means the same afterwards; an edited one has new arguments as well."""
    return ("caches", "order", "arguments") if visit.changes else ("caches", "order")


# --- changes -----------------------------------------------------------------------------------------------------


def _apply(visit: _Edit, change: JsonObject) -> None:
    if "pointer" in change:
        _set_pointer(visit, str(change["pointer"]), change.get("value"))
    elif "text" in change:
        _set_text(visit, change)
    elif "task" in change:
        _change_task(visit, change)
    elif not change.get("touch") and set(change) - {"project", "flow_id", "noise", "changelog", "screen"}:
        raise SettingError(
            'edit: give "screen" and "text", "task" and "argument", "name" or "move", "pointer", or "touch"'
        )


def _change_task(visit: _Edit, change: JsonObject) -> None:
    key, task = _find_task(visit.flow, str(change["task"]))
    visit.tasks.add(key)
    path = f"$.contents.tasks.{key}"
    if "argument" in change:
        arguments = task.setdefault("arguments", {})
        name = str(change["argument"])
        argument = {**(arguments.get(name) or {"type": "inline"}), "value": change.get("value")}
        visit.set(arguments, name, argument, f"{path}.arguments.{name}")
    elif "name" in change:
        visit.set(task, "name", str(change["name"]), f"{path}.name")
    elif "move" in change:
        visit.set(task, "view", {**(task.get("view") or {}), **change["move"]}, f"{path}.view")
    else:
        raise SettingError('edit: a change of a task needs "argument" and "value", "name", or "move"')


def _set_text(visit: _Edit, change: JsonObject) -> None:
    """Change one text of a screen.

    C(text) is the new text, or C({"from": old, "to": new}). The node is C(node), else the first with the old text, else
    the first with any, in the screens that C(screen) names.
    """
    text = change["text"]
    old, new = (text.get("from"), text.get("to")) if isinstance(text, dict) else (change.get("find"), text)
    for index, screen in _find_screens(visit.flow, change.get("screen")):
        contents = screen.get("contents") or {}
        for node_id in _nodes_in_order(contents):
            properties = contents[node_id].get("props") or {}
            name = _text_property(properties, old)
            if name and change.get("node") in (None, node_id):
                visit.screens.add(str(screen.get("screenId")))
                visit.set(properties, name, str(new), f"$.screens[{index}].contents.{node_id}.props.{name}")
                return
    raise SettingError(f"edit: no such text{f' as {old!r}' if old else ''} in this flow")


def _text_property(properties: JsonObject, wanted: str | None) -> str:
    """Return the property that holds a node's text, empty if there is none or it is not C(wanted)."""
    for name in _TEXT_PROPERTIES:
        text = properties.get(name)
        if isinstance(text, str) and text and wanted in (None, text):
            return name
    return ""


def _nodes_in_order(contents: JsonObject) -> list[str]:
    """Return the ids of a screen's nodes from the root down, as a reader sees them."""
    ordered: list[str] = []
    waiting = ["ROOT"]
    while waiting:
        node_id = waiting.pop()
        node = contents.get(node_id)
        if isinstance(node, dict) and node_id not in ordered:
            ordered.append(node_id)
            waiting += reversed([str(child) for child in (node.get("nodes") or [])])
    return ordered


def _set_pointer(visit: _Edit, pointer: str, value: Any) -> None:
    """Set the place an RFC 6901 pointer names."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    holder: Any = visit.flow
    try:
        for step in steps[:-1]:
            holder = holder[int(step)] if isinstance(holder, list) else holder[step]
        last: Any = int(steps[-1]) if isinstance(holder, list) else steps[-1]
        visit.set(holder, last, value, pointer)
    except (LookupError, TypeError, ValueError):
        raise SettingError(f"edit: there is no {pointer} in this flow") from None
    if steps[:2] == ["contents", "tasks"] and len(steps) > 2:
        visit.tasks.add(steps[2])


def _tasks(flow: JsonObject) -> dict[str, JsonObject]:
    contents = flow.get("contents")
    tasks = contents.get("tasks") if isinstance(contents, dict) else None
    return {key: task for key, task in tasks.items() if isinstance(task, dict)} if isinstance(tasks, dict) else {}


def _find_task(flow: JsonObject, wanted: str) -> tuple[str, JsonObject]:
    """Return a task by its id or, failing that, by its name."""
    tasks = _tasks(flow)
    if wanted in tasks:
        return wanted, tasks[wanted]
    for key, task in tasks.items():
        if task.get("name") == wanted:
            return key, task
    raise SettingError(f"edit: this flow has no task {wanted!r}")


def _find_screens(flow: JsonObject, wanted: Any) -> list[tuple[int, JsonObject]]:
    """Return the screens with an id or shown by a task with a name, all of them if none is named; and their places."""
    screens = list(enumerate(flow.get("screens") or []))
    if wanted is None:
        return screens
    shown = {str(task.get("screenId")) for task in _tasks(flow).values() if task.get("name") == wanted}
    found = [(index, screen) for index, screen in screens if screen.get("screenId") in {wanted, *shown}]
    if not found:
        raise SettingError(f"edit: this flow has no screen {wanted!r}")
    return found


# --- traces ------------------------------------------------------------------------------------------------------


def _leave_caches(visit: _Edit) -> None:
    """Give the tasks of the edited screens the editor's caches; of the first screen if none was edited."""
    screens = {str(screen.get("screenId")): screen for screen in visit.flow.get("screens") or []}
    opened = visit.screens or {
        str(task.get("screenId")) for key, task in _tasks(visit.flow).items() if key in visit.tasks
    }
    opened = (opened & set(screens)) or set(list(screens)[:1])
    for task in _tasks(visit.flow).values():
        screen_id = str(task.get("screenId"))
        if task.get("type") == "screen" and screen_id in opened:
            task.update(_caches(screens[screen_id]))
            task.setdefault("allInputKeys", [])


def _caches(screen: JsonObject) -> JsonObject:
    """Return a full copy of the screen and the caches derived from it (observed, but for the types of four)."""
    return {
        "htmlTemplate": copy.deepcopy(screen.get("contents") or {}),
        "interactions": copy.deepcopy(screen.get("interactions") or []),
        "clientScripts": [],
        "componentsConditions": [],
        "componentsConnectors": {},
        "connectorComponentProps": {},
        "dynamicSelects": {},
        "inputsMetadata": [],
        "recoveryCodesData": {},
    }


def _reorder(visit: _Edit) -> None:
    """Write the tasks and their arguments in another order, which means nothing in JSON."""
    tasks = _tasks(visit.flow)
    for task in tasks.values():
        if isinstance(task.get("arguments"), dict):
            task["arguments"] = dict(reversed(task["arguments"].items()))
    if tasks:
        visit.flow["contents"]["tasks"] = dict(reversed(visit.flow["contents"]["tasks"].items()))


def _add_arguments(visit: _Edit) -> None:
    """Give a task that was not edited arguments with empty values."""
    for task in _unrelated(visit, lambda key, _task: key.endswith(".end"), lambda _key, task: "arguments" in task):
        arguments = task.setdefault("arguments", {})
        missing = [name for name in _EMPTY_ARGUMENTS if name not in arguments]
        if missing:
            arguments.update({name: {"type": "inline", "value": ""} for name in missing})
            return


def _reorder_rules(visit: _Edit) -> None:
    """Put the rules of a task that was not edited in another order."""
    for task in _unrelated(visit, lambda _key, task: len((task.get("next") or {}).get("rules") or []) > 1):
        task["next"]["rules"].reverse()
        return


def _unrelated(visit: _Edit, *preferences: Callable[[str, JsonObject], bool]) -> Iterable[JsonObject]:
    """Yield automated or other tasks that were not edited: those of the first preference first."""
    tasks = {key: task for key, task in sorted(_tasks(visit.flow).items()) if key not in visit.tasks}
    for preferred in preferences:
        yield from (task for key, task in tasks.items() if preferred(key, task))


NOISE: dict[str, Callable[[_Edit], None]] = {
    "caches": _leave_caches,  # the editor's caches on the screen's tasks
    "order": _reorder,  # members of objects in another order: means nothing
    "arguments": _add_arguments,  # empty arguments on another task: a change of the flow
    "rules": _reorder_rules,  # rules of another task in another order: a change of the flow
}
