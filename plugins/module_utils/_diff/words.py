# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The words for the parts of one flow: tasks, screens, components, what leads from one task to the next."""

from __future__ import annotations

from collections import Counter, deque
from functools import cached_property
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._diff.text import (
    bare,
    counted,
    listed,
    quoted,
    value_text,
)
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument, task_order
from ansible_collections.community.descope.plugins.module_utils._json import (
    JsonObject,
    JsonValue,
    list_of,
    object_of,
    text_of,
)

START = "start"
# The task that ends a flow by logging the user in (observed in every real export).
END_ACTION = "logged-in"
_NOUNS = {"screen": "screen", "condition": "condition", "flow": "sub-flow"}
_TEXT_PROPERTIES = ("children", "label", "placeholder", "password-label")
_LONGEST_TEXT = 32


class FlowWords:
    """How to speak about the parts of one flow. Never raises, whatever the parts look like."""

    def __init__(self, document: FlowDocument) -> None:
        self.document = document
        self.tasks = document.tasks
        self._labels: dict[str, str] = {}

    @property
    def flow(self) -> str:
        name = self.document.name
        return f"flow {quoted(name)}" if name else f"flow {bare(self.document.flow_id)}".rstrip()

    # --- tasks --------------------------------------------------------------------------------------------------------

    def task(self, task_id: str) -> str:
        """Return how to name a task, for example C(screen "Welcome" (0)), C(sub-flow "Sign In" (14))."""
        if task_id not in self._labels:
            task = object_of(self.tasks.get(task_id))
            noun = _NOUNS.get(text_of(task.get("type")), "task")
            name = text_of(task.get("name"))
            label = (
                f"{noun} {quoted(name)} ({bare(task_id)})" if name and name != task_id else f"{noun} {bare(task_id)}"
            )
            self._labels[task_id] = label
        return self._labels[task_id]

    def target(self, task_id: JsonValue) -> str:
        """Return where a rule leads to, also if it leads nowhere."""
        if not isinstance(task_id, str) or not task_id:
            return "nowhere"
        return self.task(task_id) if task_id in self.tasks else f"missing task {bare(task_id)}"

    def task_content(self, task_id: str) -> str:
        """Return what a task does and where it leads, for example C(saml-start -> task "End" (5))."""
        task = self.tasks.get(task_id)
        if not isinstance(task, dict):
            return value_text(task)
        doing = self._doing(task)
        if task.get("type") in ("screen", "condition"):
            return doing  # leads to many places, which tell more about themselves than their names would here
        last = object_of(self.tasks.get(f"{task_id}.end")) or task
        targets = list(dict.fromkeys(self.target(rule.get("taskId")) for rule in rules_of(last)))
        return f"{doing} -> {listed(targets)}" if targets else doing

    def _doing(self, task: JsonObject) -> str:
        kind = task.get("type")
        if kind == "screen":
            screen = self.screens.get(text_of(task.get("screenId")))
            return screen_content(screen) if screen is not None else "its screen is missing"
        if kind == "flow":
            return f"runs flow {value_text(argument_value(task, 'flowId'))}"
        if kind == "condition":
            names = [self.branch(entry) for entry in list_of(task.get("conditions")) if isinstance(entry, dict)]
            return f"branches {listed(names)}"
        connector = argument_value(task, "connectorId")
        if connector:
            return f"connector {self.connector(connector)}"
        return bare(text_of(task.get("action"))) or "no action"

    def connector(self, connector_id: JsonValue) -> str:
        """Return a connector's name where the flow's references give it, else its id."""
        names = object_of(self.document.references.get("connectors"))
        name = next((name for name, known in names.items() if known == connector_id), None)
        if name is not None:
            return quoted(name)
        return bare(connector_id) if isinstance(connector_id, str) and connector_id else "none"

    def trigger(self, task_id: str, interaction: JsonValue) -> str:
        """Return what makes a rule apply: C(on "Continue"), C(if "High risk"), C(on error PasswordExpired)."""
        task = object_of(self.tasks.get(task_id))
        if not isinstance(interaction, str) or not interaction:
            return ""
        if task.get("type") == "condition":
            return self._branch_trigger(task, interaction)
        if task.get("type") == "screen":
            return f"on {self.interaction(text_of(task.get('screenId')), interaction)}"
        is_error = interaction in object_of(task.get("errorHandlingV2"))
        return f"on error {bare(interaction)}" if is_error else f"on {bare(interaction)}"

    def _branch_trigger(self, task: JsonObject, interaction: str) -> str:
        for entry in list_of(task.get("conditions")):
            if isinstance(entry, dict) and entry.get("interactionId") == interaction:
                return f"else {self.branch(entry)}" if interaction == "ELSE" else f"if {self.branch(entry)}"
        return f"if {bare(interaction)}"

    @staticmethod
    def branch(entry: JsonObject) -> str:
        """Return the name of a condition's branch."""
        return quoted(text_of(entry.get("name")) or text_of(entry.get("interactionId")))

    @cached_property
    def order(self) -> list[str]:
        """All task ids in the order in which a user can meet them, then those that nothing leads to."""
        reached = {START: None} if START in self.tasks else {}
        queue = deque([START, text_of(self.document.contents.get("startTask"))])
        while queue:
            task_id = queue.popleft()
            if task_id not in self.tasks:
                continue
            reached.setdefault(task_id)
            for rule in rules_of(object_of(self.tasks[task_id])):
                target = rule.get("taskId")
                if isinstance(target, str) and target not in reached and target in self.tasks:
                    reached[target] = None
                    queue.append(target)
        return [*reached, *sorted((task_id for task_id in self.tasks if task_id not in reached), key=task_order)]

    @property
    def shown_screens(self) -> list[str]:
        """The ids of the screens in the order in which a user can meet them."""
        ids = (text_of(object_of(self.tasks[task_id]).get("screenId")) for task_id in self.order)
        return list(dict.fromkeys(screen_id for screen_id in ids if screen_id))

    # --- screens ------------------------------------------------------------------------------------------------------

    def screen(self, screen_id: str) -> str:
        """Return a screen's name: that of the tasks that show it, C(screen "Welcome" (0))."""
        shown_by = self._shown_by.get(screen_id)
        if not shown_by:
            return f"screen {bare(short_id(screen_id))}"
        label = self.task(shown_by[0])
        return (
            f"{label[:-1]}, {listed(map(bare, shown_by[1:]))})" if len(shown_by) > 1 and label.endswith(")") else label
        )

    def interaction(self, screen_id: str, interaction: str) -> str:
        """Return what a user does on a screen: the text of the button in quotes, else its kind, else the id."""
        screen = self.screens.get(screen_id, {})
        for entry in list_of(screen.get("interactions")):
            if isinstance(entry, dict) and entry.get("id") == interaction and text_of(entry.get("label")):
                return quoted(entry["label"])
        node = object_of(screen.get("contents")).get(interaction)
        return component_name(node) if isinstance(node, dict) else bare(interaction)

    @cached_property
    def screens(self) -> dict[str, JsonObject]:
        return {text_of(screen.get("screenId")): screen for screen in self.document.screens}

    @cached_property
    def _shown_by(self) -> dict[str, list[str]]:
        shown: dict[str, list[str]] = {}
        for task_id in sorted(self.tasks, key=task_order):
            screen_id = object_of(self.tasks[task_id]).get("screenId")
            if isinstance(screen_id, str) and screen_id:
                shown.setdefault(screen_id, []).append(task_id)
        return shown

    # --- the whole ----------------------------------------------------------------------------------------------------

    def summary(self) -> str:
        """Return a whole flow in a few lines: its size, its screens, where it starts and ends, what it calls."""
        screens = [quoted(text_of(task.get("name"))) for task in self._tasks_of_type("screen")]
        size = f"{counted(len(self.tasks), 'task')}, {counted(len(self.screens), 'screen')}"
        lines = [f"{size}: {listed(screens, 8)}" if screens else size]
        ends = [self.task(task_id) for task_id in self.order if self._ends(task_id)]
        lines.append(f"starts with {self.target(self.document.contents.get('startTask'))}, ends with {listed(ends)}")
        calls = [value_text(argument_value(task, "flowId")) for task in self._tasks_of_type("flow")]
        connectors = [self.connector(argument_value(task, "connectorId")) for task in self._ordered()]
        for title, names in (("runs flows", calls), ("uses connectors", connectors)):
            known = [name for name in dict.fromkeys(names) if name not in ("none", "null", '""')]
            if known:
                lines.append(f"{title} {listed(known, 5)}")
        if self.document.metadata.get("disabled") is True:
            lines.append("is disabled")
        return "\n".join(lines)

    def _ordered(self) -> list[JsonObject]:
        return [object_of(self.tasks[task_id]) for task_id in self.order]

    def _tasks_of_type(self, kind: str) -> list[JsonObject]:
        return [task for task in self._ordered() if task.get("type") == kind]

    def _ends(self, task_id: str) -> bool:
        return object_of(self.tasks[task_id]).get("action") == END_ACTION


# --- components of screens --------------------------------------------------------------------------------------------


def component_kind(node: JsonObject) -> str:
    """Return a component's kind as the console shows it, for example C(Email Input)."""
    kind = text_of(node.get("displayName")) or text_of(object_of(node.get("type")).get("resolvedName"))
    return bare(kind) or "component"


def naming_property(node: JsonObject) -> str:
    """Return the property that holds the text a component goes by, empty if it has none."""
    properties = object_of(node.get("props"))
    return next((name for name in _TEXT_PROPERTIES if text_of(properties.get(name)).strip()), "")


def component_name(node: JsonObject) -> str:
    """Return a component's kind and the text that a user sees on it, for example C(Button "Continue")."""
    name = naming_property(node)
    return f"{component_kind(node)} {quoted(node['props'][name], _LONGEST_TEXT)}" if name else component_kind(node)


def screen_content(screen: JsonObject) -> str:
    """Return what is on a screen, counted: C(2 texts, 1 input, 3 buttons)."""
    found = Counter(_sort_of_component(node) for node in object_of(screen.get("contents")).values())
    parts = [counted(found[sort], sort) for sort in ("text", "input", "button", "link", "image") if found[sort]]
    return ", ".join(parts) or "no texts"


def _sort_of_component(node: Any) -> str:
    node = object_of(node)
    kind = text_of(object_of(node.get("type")).get("resolvedName"))
    if kind in ("Text", "Link", "Image"):
        return kind.lower()
    if kind.endswith("Button"):
        return "button"
    is_input = object_of(node.get("custom")).get("type") == "input" or "name" in object_of(node.get("props"))
    return "input" if is_input else ""


# --- tolerant access --------------------------------------------------------------------------------------------------


def rules_of(task: JsonObject) -> list[JsonObject]:
    return [rule for rule in list_of(object_of(task.get("next")).get("rules")) if isinstance(rule, dict)]


def argument_value(task: JsonObject, name: str) -> JsonValue:
    return object_of(object_of(task.get("arguments")).get(name)).get("value")


def short_id(screen_id: str) -> str:
    return screen_id if len(screen_id) <= 12 else f"{screen_id[:4]}...{screen_id[-4:]}"
