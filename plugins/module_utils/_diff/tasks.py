# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What changed in the tasks of a flow: which there are and what they do. Where they lead is next door."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._diff.compare import (
    EVERYWHERE,
    Comparison,
    Place,
    Words,
    same,
)
from ansible_collections.community.descope.plugins.module_utils._diff.rules import (
    TaskPair,
    compare_branches,
    compare_rules,
)
from ansible_collections.community.descope.plugins.module_utils._diff.text import bare, value_text
from ansible_collections.community.descope.plugins.module_utils._diff.words import (
    short_id,
)
from ansible_collections.community.descope.plugins.module_utils._json import (
    JsonObject,
    JsonValue,
    object_of,
    text_of,
)
from ansible_collections.community.descope.plugins.module_utils._redact import is_secret_name

_TASKS = EVERYWHERE.at("contents", "tasks")


def compare_tasks(comparison: Comparison, before: JsonObject, after: JsonObject) -> None:
    """Take note of all differences between the tasks of two normal forms, in the order users meet the tasks."""
    for task_id in comparison.new.order:
        if task_id not in before:
            _note_added(comparison, task_id)
        elif not same(before[task_id], after[task_id]):
            _compare_task(comparison, task_id, before[task_id], after[task_id])
    for task_id in comparison.old.order:
        if task_id not in after:
            _note_removed(comparison, task_id)


def compare_layout(comparison: Comparison) -> None:
    """Take note of tasks that stand elsewhere on the editor's canvas."""
    for task_id in comparison.new.order:
        before, after = comparison.old.tasks.get(task_id), comparison.new.tasks[task_id]
        if not isinstance(before, dict) or not isinstance(after, dict) or _is_another_task(before, after):
            continue
        if not same(before.get("view"), after.get("view")):
            first, _unused, half = task_id.rpartition(".")
            # The two halves of a two-step task are one box.
            told_by = _TASKS.at(first, "view").path if half == "end" else ""
            words = Words(comparison.new.task(task_id), "position on the canvas", told_by=told_by)
            comparison.note_layout(words, _TASKS.at(task_id, "view"))


# --- whole tasks ------------------------------------------------------------------------------------------------------


def _note_added(comparison: Comparison, task_id: str) -> None:
    told = Words(comparison.new.task(task_id), "added", after=comparison.new.task_content(task_id))
    _note_whole(comparison, "task-added", told, task_id, Place(None, _parts(task_id)))


def _note_removed(comparison: Comparison, task_id: str) -> None:
    told = Words(comparison.old.task(task_id), "removed", before=comparison.old.task_content(task_id))
    _note_whole(comparison, "task-removed", told, task_id, Place(_parts(task_id), None))


def _note_replaced(comparison: Comparison, task_id: str) -> None:
    old, new = (f"{side.task(task_id)}\n{side.task_content(task_id)}" for side in (comparison.old, comparison.new))
    told = Words(comparison.new.task(task_id), "replaced", old, new)
    _note_whole(comparison, "task-replaced", told, task_id, _TASKS.at(task_id))


def _note_whole(comparison: Comparison, kind: str, words: Words, task_id: str, place: Place) -> None:
    first, _unused, half = task_id.rpartition(".")
    told_by = _TASKS.at(first).path if half == "end" and _is_whole_change(comparison, first) else ""
    change = comparison.note(kind, replace(words, told_by=told_by), place)
    for screens, side in (("screen-removed", comparison.old), ("screen-added", comparison.new)):
        screen_id = text_of(object_of(side.tasks.get(task_id)).get("screenId"))
        comparison.told_screens.setdefault((screens, screen_id), change.path)


def _is_whole_change(comparison: Comparison, task_id: str) -> bool:
    """Tell whether a task came, went, or gave its id to another one."""
    old, new = comparison.old.tasks, comparison.new.tasks
    if task_id in old and task_id in new:
        return _is_another_task(old[task_id], new[task_id])
    return task_id in old or task_id in new


def _is_another_task(before: JsonValue, after: JsonValue) -> bool:
    """Tell whether a task id was given to something else: ids are small numbers and get used again."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        return not same(before, after)
    if not same(before.get("type"), after.get("type")):
        return True
    of_its_own = "screenId" if after.get("type") == "screen" else "action"
    return before.get(of_its_own) != after.get(of_its_own) and before.get("name") != after.get("name")


def _parts(task_id: str) -> tuple[str, ...]:
    return ("contents", "tasks", task_id)


# --- one task ---------------------------------------------------------------------------------------------------------


def _compare_task(comparison: Comparison, task_id: str, before: JsonValue, after: JsonValue) -> None:
    if _is_another_task(before, after):
        _note_replaced(comparison, task_id)
        return
    task = TaskPair(comparison, task_id, _TASKS.at(task_id), before, after)
    for name in dict.fromkeys([*_MEMBERS, *sorted(before.keys() | after.keys())]):
        in_both = name in before and name in after
        if (in_both and same(before[name], after[name])) or (name not in before and name not in after):
            continue
        kind, compare = _MEMBERS.get(name, (object, None))
        if compare and isinstance(before.get(name), kind) and isinstance(after.get(name), kind):
            compare(task, before[name], after[name])
        else:
            _compare_other(task, name)


def _compare_other(task: TaskPair, name: str) -> None:
    """Compare a member that has no words of its own, or not the usual type."""
    secret = is_secret_name(name)
    if name in task.before and name in task.after:
        values = task.before[name], task.after[name]
        task.note_differences("task-property", bare(name), values, task.place.at(name), secret)
    else:
        task.comparison.note_value("task-property", task.words(bare(name)), task.place.at(name), secret=secret)


def _compare_name(task: TaskPair, before: str, after: str) -> None:
    task.comparison.note("task-renamed", task.words("name"), task.place.at("name"))


def _compare_action(task: TaskPair, before: str, after: str) -> None:
    task.comparison.note("action-changed", task.words("action", bare(before), bare(after)), task.place.at("action"))


def _compare_screen_id(task: TaskPair, before: str, after: str) -> None:
    words = task.words("shows screen", bare(short_id(before)), bare(short_id(after)))
    task.comparison.note("task-screen-changed", words, task.place.at("screenId"))


# --- arguments --------------------------------------------------------------------------------------------------------


def _compare_arguments(task: TaskPair, before: JsonObject, after: JsonObject) -> None:
    for name in sorted(before.keys() | after.keys()):
        if name in before and name in after:
            if not same(before[name], after[name]):
                _compare_argument(task, name, before[name], after[name])
            continue
        old, new = (_argument(name, side[name]) if name in side else "" for side in (before, after))
        words = task.words(f"argument {bare(name)}", old, new, owner=bare(name))
        task.comparison.note_value("argument", words, task.place.at("arguments", name), secret=is_secret_name(name))


def _compare_argument(task: TaskPair, name: str, before: JsonValue, after: JsonValue) -> None:
    if _only_value_differs(before, after):
        special = _special_argument(task, name, before["value"], after["value"])
        if special is not None:
            kind, words = special
            task.comparison.note(kind, words, task.place.at("arguments", name, "value"))
            return
    place = task.place.at("arguments", name)
    task.note_differences("argument", f"argument {bare(name)}", (before, after), place, is_secret_name(name))


def _only_value_differs(before: JsonValue, after: JsonValue) -> bool:
    if not isinstance(before, dict) or not isinstance(after, dict) or before.keys() != after.keys():
        return False
    return "value" in before and all(same(before[key], after[key]) for key in before if key != "value")


def _special_argument(task: TaskPair, name: str, before: JsonValue, after: JsonValue) -> tuple[str, Words] | None:
    """Return kind and words of the arguments that people know by another name."""
    old, new = task.comparison.old, task.comparison.new
    if name == "connectorId":
        texts = old.connector(before), new.connector(after)
        if texts[0] == texts[1]:
            texts = f"{texts[0]} ({value_text(before)})", f"{texts[1]} ({value_text(after)})"
        return "connector-changed", task.words("connector", *texts)
    if name == "flowId" and task.after.get("type") == "flow":
        return "subflow-changed", task.words("runs flow")
    if name == "scriptCode":
        return "script-changed", task.words("script")
    if name.endswith("StepId") and isinstance(before, str) and isinstance(after, str):
        return "argument-changed", task.words(f"argument {bare(name)}", old.target(before), new.target(after))
    return None


def _argument(name: str, argument: JsonValue) -> str:
    secret = is_secret_name(name)
    if isinstance(argument, dict) and argument.keys() == {"type", "value"}:
        if argument["type"] == "inline":
            return value_text(argument["value"], secret=secret)
        if argument["type"] == "context":
            return f"from context {value_text(argument['value'])}"
    return value_text(argument, secret=secret)


# --- error handling ---------------------------------------------------------------------------------------------------


def _compare_error_handling(task: TaskPair, before: JsonObject, after: JsonObject) -> None:
    for code in sorted(before.keys() | after.keys()):
        place = task.place.at("errorHandlingV2", code)
        old, new = (_error_handling(side[code]) if code in side else "" for side in (before, after))
        words = task.words(f"error handling of {bare(code)}", old, new, owner=bare(code))
        if code not in before or code not in after:
            task.comparison.note_value("error-handling", words, place)
        elif same(before[code], after[code]):
            continue
        elif old != new:
            task.comparison.note("error-handling-changed", words, place)
        else:
            task.note_differences("error-handling", words.what, (before[code], after[code]), place)


def _error_handling(handling: JsonValue) -> str:
    """Return what happens on an error: automatic, custom (a rule of its own) or a message of its own."""
    if not isinstance(handling, dict) or handling.keys() - {"errorHandlingType", "errorMessage"}:
        return value_text(handling)
    kind = handling.get("errorHandlingType")
    message = handling.get("errorMessage")
    told = bare(kind) if isinstance(kind, str) else value_text(kind)
    return f"{told}, message {value_text(message)}" if message else told


# How each member is compared, in the order in which people want to read it, and the type it needs to have.
_MEMBERS: dict[str, tuple[type, Callable[[TaskPair, Any, Any], None]]] = {
    "name": (str, _compare_name),
    "action": (str, _compare_action),
    "screenId": (str, _compare_screen_id),
    "arguments": (dict, _compare_arguments),
    "conditions": (list, compare_branches),
    "next": (dict, compare_rules),
    "errorHandlingV2": (dict, _compare_error_handling),
}
