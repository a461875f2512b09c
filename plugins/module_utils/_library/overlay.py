# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors


"""Overlays: a few changes to a flow that name what they change, instead of a copy of the whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._json import (
    JsonObject,
    JsonValue,
    describe,
    json_path,
    quoted,
)
from ansible_collections.community.descope.plugins.module_utils._library.draft import (
    ChangeError,
    Draft,
    interaction_of,
    object_in,
    objects_in,
    set_member,
)
from ansible_collections.community.descope.plugins.module_utils._library.new_screen import screen_from, screen_task
from ansible_collections.community.descope.plugins.module_utils._validate.view import in_task

_MEMBERS = frozenset({"extends", "changes", "description"})


@dataclass(frozen=True, slots=True)
class Overlay:
    """Changes to a flow. C(extends): the template that they are for, empty for one given beside its template."""

    changes: tuple[Any, ...]
    source: str
    extends: str = ""


def read_overlay(value: object, source: str, *, needs_base: bool) -> Overlay:
    """Return the overlay in a value. Raises InputError with everything in it that is no change."""
    problems: list[Problem] = []

    def wrong(message: str, *place: str | int) -> None:
        problems.append(Problem("invalid-overlay", message, path=json_path(*place), source=source))

    content = value if isinstance(value, dict) else {}
    if not isinstance(value, dict):
        wrong(f"expected extends: and changes:, found {describe(value)}")
    for member in sorted(map(str, content.keys() - _MEMBERS)):
        wrong(f"unknown; an overlay has {', '.join(sorted(_MEMBERS))}", member)
    extends = content.get("extends", "")
    if not isinstance(extends, str) or bool(extends) is not needs_base:
        told = (
            "name the template that the changes are for"
            if needs_base
            else "leave it out, the template stands beside it"
        )
        wrong(told, "extends")
    changes = [] if content.get("changes") is None else content["changes"]
    if not isinstance(changes, list):
        wrong(f"expected a list of changes, found {describe(changes)}", "changes")
        changes = []
    for position, change in enumerate(changes):
        _check_change(change, lambda message, *more, at=position: wrong(message, "changes", at, *more))
    if problems:
        raise InputError(problems)
    return Overlay(tuple(changes), source, str(extends))


def apply_overlay(data: JsonObject, overlay: Overlay) -> JsonObject:
    """Return a flow in the exported form with the changes made. Raises InputError naming every change that fails."""
    draft = Draft(data)
    problems = []
    for position, change in enumerate(overlay.changes):
        starts = draft.starts()
        try:
            kind = _kind_of(change)
            _KINDS[kind].apply(draft, change)
            draft.follow_start(starts)
        except ChangeError as error:
            path = json_path("changes", position)
            problems.append(Problem("overlay", f"{error}, in the flow that is changed", path, overlay.source))
    if problems:
        raise InputError(problems)
    return draft.finished()


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of change: what it is called, what belongs to it, what of that is needed, and how it is made."""

    members: Mapping[str, tuple[type, ...]]
    apply: Callable[[Draft, Mapping[str, Any]], None]
    needs: tuple[str, ...] = ()


_TEXT = (str, int)
_MAPPING = (dict,)


def _kind_of(change: Mapping[str, Any]) -> str:
    return next(kind for kind in _KINDS if kind in change)


def _check_change(change: Any, wrong: Callable[..., None]) -> None:
    kinds = [kind for kind in _KINDS if isinstance(change, dict) and kind in change]
    if not kinds:
        wrong(f"a change names what it changes with one of {', '.join(_KINDS)}")
        return
    kind = _KINDS[kinds[0]]
    unknown = sorted(str(member) for member in change if member not in kind.members)
    if unknown:
        wrong(f"{kinds[0]} does not go with {', '.join(unknown)}; it goes with {', '.join(sorted(kind.members))}")
    for member in kind.needs:
        if member not in change:
            wrong(f"{kinds[0]} needs {member}, too")
    for member, types in kind.members.items():
        if member in change and (not isinstance(change[member], types) or isinstance(change[member], bool)):
            expected = "a mapping" if dict in types else "a text"
            wrong(f"expected {expected}, found {describe(change[member])}", member)


# --- the changes ------------------------------------------------------------------------------------------------------


def _change_metadata(draft: Draft, change: Mapping[str, Any]) -> None:
    draft.data["metadata"] = _merged(object_in(draft.data, "metadata"), change["metadata"])


def _merged(value: JsonObject, more: JsonObject) -> JsonObject:
    merged = {
        key: _merged(value[key], member) if isinstance(member, dict) and isinstance(value.get(key), dict) else member
        for key, member in more.items()
    }
    return {**value, **merged}


def _change_screen(draft: Draft, change: Mapping[str, Any]) -> None:
    screen = draft.screen(str(change["screen"]))
    for text, new in (change.get("texts") or {}).items():
        node_id, keys = draft.text_places(screen, str(text))
        props = screen["contents"][node_id]["props"]
        before = [props[key] for key in keys]
        props |= dict.fromkeys(keys, new)
        for interaction in draft.interactions(screen):
            # The console keeps the text of a button once more, where the rules find it.
            if interaction.get("id") == node_id and interaction.get("label") in before:
                interaction["label"] = new
    for path, value in (change.get("set") or {}).items():
        set_member(screen, path, value)


def _change_task(draft: Draft, change: Mapping[str, Any]) -> None:
    task_id = draft.task(change["task"])
    task = draft.tasks[task_id]
    for name, value in (change.get("arguments") or {}).items():
        _set_argument(draft, task_id, str(name), value)
    if "connector" in change:
        _set_argument(draft, task_id, "connectorId", draft.connector_id(str(change["connector"])))
    for name, target in (change.get("next") or {}).items():
        _lead(draft, task_id, str(change["task"]), draft.interaction(task_id, str(name)), draft.task(target))
    for name, condition in (change.get("branches") or {}).items():
        _change_branch(draft, task_id, str(name), condition)
    if "name" in change:
        for step in draft.steps(task_id):
            draft.tasks[step]["name"] = change["name"]
    for path, value in (change.get("set") or {}).items():
        set_member(task, path, value)


def _set_argument(draft: Draft, task_id: str, name: str, value: JsonValue) -> None:
    steps = {step: draft.arguments(step) for step in draft.steps(task_id)}
    if not any(name in arguments for arguments in steps.values()):
        names = sorted({key for arguments in steps.values() for key in arguments})
        there_are = f"there are {', '.join(names)}" if names else "it has none"
        task = quoted(draft.tasks[task_id].get("name"))
        raise ChangeError(f"the task {task} has no argument {quoted(name)}; {there_are}")
    for step, arguments in steps.items():
        if name in arguments:
            argument = object_in(arguments, name, *in_task(step, "arguments"))
            arguments[name] = {**argument, "type": "inline", "value": value}


def _lead(draft: Draft, task_id: str, named: str, interaction: str, target: str) -> None:
    """Lead one way on of a task to another task, also one that led nowhere. C(named): what the task was called."""
    rules = [rule for rule in draft.ways_on(task_id, named) if interaction_of(rule) == interaction]
    if not rules:
        rules = [{"interactionId": interaction, "taskId": target}]
        step = draft.steps(task_id)[-1]
        following = object_in(draft.tasks[step], "next", *in_task(step))
        draft.tasks[step]["next"] = {**following, "rules": [*draft.following(step), *rules]}
    draft.redirect(rules, target)


def _change_branch(draft: Draft, task_id: str, name: str, condition: Any) -> None:
    branches = draft.conditions(task_id)
    found = [at for at, branch in enumerate(branches) if name in (branch.get("name"), branch.get("interactionId"))]
    if len(found) != 1:
        task = quoted(draft.tasks[task_id].get("name"))
        names = ", ".join(quoted(branch.get("name")) for branch in branches)
        there_are = f"there are {names}" if names else "it has none"
        raise ChangeError(f"the task {task} has no single branch {quoted(name)}; {there_are}")
    if not isinstance(condition, dict):
        raise ChangeError(f"the branch {quoted(name)} takes operator, target and value, not {describe(condition)}")
    unknown = sorted(condition.keys() - {"operator", "target", "value"})
    tests = objects_in(branches[found[0]], "atomicConditions", *in_task(task_id, "conditions", found[0]))
    if unknown or len(tests) != 1:
        reason = f"does not take {', '.join(unknown)}" if unknown else f"has {len(tests)} conditions; use set"
        raise ChangeError(f"the branch {quoted(name)} {reason}")
    if "operator" in condition:
        tests[0]["operator"] = condition["operator"]
    if "target" in condition:
        tests[0]["target"] = {"type": "context", "value": condition["target"]}
    if "value" in condition:
        tests[0]["predicate"] = {"type": "inline", "value": condition["value"]}


def _change_connector(draft: Draft, change: Mapping[str, Any]) -> None:
    draft.swap_connector(str(change["connector"]), str(change["becomes"]))


def _add_screen(draft: Draft, change: Mapping[str, Any]) -> None:
    name = str(change["add_screen"])
    if ("after" in change) == ("before" in change):
        raise ChangeError("say where the new screen goes with either after or before")
    if any(task.get("name") == name for task in draft.tasks.values()):
        raise ChangeError(f"there is a task {quoted(name)} already")
    screen = screen_from(change.get("screen") or {}, name)
    if any(known.get("screenId") == screen["screenId"] for known in draft.screens):
        raise ChangeError(f"there is a screen {screen['screenId']} already; give the new one another screenId")
    rules, target, beside = _way(draft, change)
    task = screen_task(draft.new_task_id(), name, screen, target, draft.tasks[beside].get("view"))
    draft.tasks[task["id"]] = task
    draft.data["screens"] = [*draft.screens, screen]
    for interaction, following in (change.get("next") or {}).items():
        _lead(draft, task["id"], name, draft.interaction(task["id"], str(interaction)), draft.task(following))
    draft.redirect(rules, task["id"])
    if "before" in change and draft.contents.get("startTask") == target:
        draft.contents["startTask"] = task["id"]


def _way(draft: Draft, change: Mapping[str, Any]) -> tuple[list[JsonObject], str, str]:
    """Return the rules that a new screen comes between, where they led, and the task to draw it beside."""
    if "before" in change:
        target = draft.task(change["before"])
        return draft.ways_to(target), target, target
    after = draft.task(change["after"])
    rules = draft.ways_on(after, str(change["after"]))
    if "on" in change:
        interaction = draft.interaction(after, str(change["on"]))
        rules = [rule for rule in rules if interaction_of(rule) == interaction]
    return rules, draft.only_target(rules, str(change["after"]), "on"), after


def _remove(draft: Draft, change: Mapping[str, Any]) -> None:
    name = str(change["remove"])
    task_id = draft.task(name)
    if "lead_to" in change:
        target = draft.task(change["lead_to"])
    else:
        onward = (rule for rule in draft.rules(task_id) if rule.get("taskId") != task_id)
        target = draft.only_target(onward, name, "lead_to")
    if target == task_id:
        raise ChangeError(f"the task {quoted(name)} cannot lead to itself when it is removed")
    draft.redirect(draft.ways_to(task_id), target)
    if draft.contents.get("startTask") == task_id:
        draft.contents["startTask"] = target
    for key in (task_id, f"{task_id}.end"):
        draft.tasks.pop(key, None)
    shown = [task.get("screenId") for task in draft.tasks.values()]
    draft.screens[:] = [screen for screen in draft.screens if screen.get("screenId") in shown]


_KINDS: Mapping[str, _Kind] = {
    "metadata": _Kind({"metadata": _MAPPING}, _change_metadata),
    "add_screen": _Kind(
        {"add_screen": _TEXT, "screen": _MAPPING, "after": _TEXT, "before": _TEXT, "on": _TEXT, "next": _MAPPING},
        _add_screen,
    ),
    "screen": _Kind({"screen": _TEXT, "texts": _MAPPING, "set": _MAPPING}, _change_screen),
    "task": _Kind(
        {
            "task": _TEXT,
            "name": _TEXT,
            "arguments": _MAPPING,
            "connector": _TEXT,
            "next": _MAPPING,
            "branches": _MAPPING,
            "set": _MAPPING,
        },
        _change_task,
    ),
    "connector": _Kind({"connector": _TEXT, "becomes": _TEXT}, _change_connector, needs=("becomes",)),
    "remove": _Kind({"remove": _TEXT, "lead_to": _TEXT}, _remove),
}
