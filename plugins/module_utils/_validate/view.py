# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""A flow as its rules look at it: tasks, edges and screens, with whatever is damaged left out."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, TypeAlias

from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._json import (
    JsonObject,
    text_of,
)

START = "start"
END_ACTION = "logged-in"
ELSE = "ELSE"
STEP_SUFFIX = "StepId"
SECOND_HALF = ".end"
"""What the id of the task that finishes another one ends in, after the id of that."""

Rule: TypeAlias = "tuple[int, str | None, str]"
"""Position, interaction and target of a rule."""


class FlowView:
    """One flow, read only. Everything here is total: any JSON object can be looked at."""

    def __init__(self, document: FlowDocument) -> None:
        self.document = document
        self.tasks: dict[str, JsonObject] = {
            task_id: task for task_id, task in document.tasks.items() if isinstance(task, dict)
        }
        # Every rule looks at them anew.
        self._rules: dict[str, list[Rule]] = {}
        self._arguments: dict[str, dict[str, Any]] = {}

    @cached_property
    def screens(self) -> dict[str, JsonObject]:
        """The screens by their id."""
        return {screen["screenId"]: screen for screen in self.document.screens if is_text(screen.get("screenId"))}

    @cached_property
    def edges(self) -> dict[str, list[str]]:
        """Where each task can lead to: along its rules, and from the first half of an action to its second."""
        return {
            task_id: [
                target
                for target in (*(rule[2] for rule in self.rules(task_id)), *self.steps(task_id))
                if target in self.tasks
            ]
            for task_id in self.tasks
        }

    def rules(self, task_id: str) -> list[Rule]:
        """Return the rules of a task that lead somewhere."""
        if task_id not in self._rules:
            self._rules[task_id] = list(_rules_of(self.tasks[task_id]))
        return self._rules[task_id]

    def steps(self, task_id: str) -> list[str]:
        """Return the other tasks that the arguments of a task name."""
        return [
            value
            for name, value in self.arguments(task_id).items()
            if name.endswith(STEP_SUFFIX) and is_text(value) and value != task_id
        ]

    def arguments(self, task_id: str) -> dict[str, Any]:
        """Return the values of a task's arguments by name. Not to be changed."""
        if task_id not in self._arguments:
            self._arguments[task_id] = dict(_arguments_of(self.tasks[task_id]))
        return self._arguments[task_id]

    @cached_property
    def first(self) -> str:
        """The task that a user begins with, empty if there is none."""
        first = self.document.contents.get("startTask")
        return first if isinstance(first, str) and first in self.tasks else ""

    @cached_property
    def reachable(self) -> set[str]:
        """The tasks that some path from the start leads to, the start itself included."""
        return reached_from([START, self.first], self.edges)

    def is_end(self, task_id: str) -> bool:
        return self.tasks[task_id].get("action") == END_ACTION

    def interactions(self, task_id: str) -> list[str]:
        """Return the interactions of the screen that a task shows."""
        screen = self.screens.get(text_of(self.tasks[task_id].get("screenId")))
        return texts(screen.get("interactions"), "id") if screen else []

    def subflow(self, task_id: str) -> str:
        """Return the flow that a task calls, empty if it calls none or does not say."""
        if self.tasks[task_id].get("type") != "flow":
            return ""
        return text_of(self.arguments(task_id).get("flowId"))


def _rules_of(task: JsonObject) -> Iterator[Rule]:
    following = task.get("next")
    rules = following.get("rules") if isinstance(following, dict) else None
    for index, rule in enumerate(rules if isinstance(rules, list) else ()):
        if isinstance(rule, dict) and is_text(rule.get("taskId")):
            interaction = rule.get("interactionId")
            yield index, interaction if isinstance(interaction, str) else None, rule["taskId"]


def _arguments_of(task: JsonObject) -> Iterator[tuple[str, Any]]:
    arguments = task.get("arguments")
    for name, argument in arguments.items() if isinstance(arguments, dict) else ():
        if isinstance(argument, dict):
            yield name, argument.get("value")


def reached_from(starts: Iterable[str], edges: Mapping[str, Iterable[str]]) -> set[str]:
    """Return everything that can be reached along edges, the starts that exist included."""
    seen = {start for start in starts if start in edges}
    waiting = deque(seen)
    while waiting:
        for target in edges[waiting.popleft()]:
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    return seen


def reversed_edges(edges: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Return the same edges the other way round."""
    backwards: dict[str, list[str]] = {node: [] for node in edges}
    for node, targets in edges.items():
        for target in targets:
            backwards[target].append(node)
    return backwards


def in_task(task_id: str, *place: str | int) -> tuple[str | int, ...]:
    return "contents", "tasks", task_id, *place


def is_text(value: object) -> bool:
    """Tell whether a value is a text with anything in it."""
    return isinstance(value, str) and value != ""


def objects(value: object) -> Iterator[tuple[int, JsonObject]]:
    """Yield the objects in a list, with their positions; nothing for anything else."""
    for index, item in enumerate(value if isinstance(value, list) else ()):
        if isinstance(item, dict):
            yield index, item


def texts(entries: object, key: str) -> list[str]:
    """Return the texts under one key of the objects in a list."""
    return [entry[key] for _index, entry in objects(entries) if is_text(entry.get(key))]
