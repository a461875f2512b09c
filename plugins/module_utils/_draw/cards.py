# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What a picture of a flow shows: one card for each step, and what leads from it to others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._diff.words import (
    END_ACTION,
    START,
    FlowWords,
    argument_value,
    component_kind,
    rules_of,
)
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._json import (
    JsonObject,
    list_of,
    object_of,
    text_of,
)

SECOND_HALF = ".end"
_KINDS = {"screen": "screen", "condition": "condition", "flow": "subflow"}
_SUCCESS = "success"
_FARTHEST = 1e6  # on any canvas; what is beyond was not put there by a console
_ELSE = "ELSE"
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6", "subtitle1", "subtitle2")


@dataclass(frozen=True, slots=True)
class Outlet:
    """A way out of a step: what makes the flow take it, and the card it leads to.

    sort: C(plain), C(error) for one that is taken when the step fails, C(else) for the last branch of a condition.
    """

    label: str
    target: str
    sort: str = "plain"


@dataclass(frozen=True, slots=True)
class Card:
    """A step as it is drawn. A step of two tasks, C(9) and C(9.end), is one card.

    kind: C(start), C(screen), C(condition), C(subflow), C(action) or C(end).
    title: what the step is called. detail: what it does, in a few words.
    x, y: where the console shows it, None where the document does not say.
    """

    task_id: str
    kind: str
    title: str
    detail: str = ""
    x: float | None = None
    y: float | None = None
    outlets: list[Outlet] = field(default_factory=list)

    @property
    def labelled(self) -> bool:
        """Whether the ways out need words: there are several, or the only one is not simply what comes next."""
        return len(self.outlets) > 1 or any(outlet.label for outlet in self.outlets)


def cards_of(document: FlowDocument) -> list[Card]:
    """Return the cards of a flow in the order in which a user can meet the steps. Damaged tasks are left out."""
    words = FlowWords(document)
    tasks = {task_id: task for task_id, task in document.tasks.items() if isinstance(task, dict)}
    drawn = [task_id for task_id in words.order if task_id in tasks and card_of(task_id, tasks) == task_id]
    return [_card(words, tasks, task_id) for task_id in drawn]


def card_of(task_id: str, tasks: JsonObject) -> str:
    """Return the task that stands for this one in the picture: the first half of a step of two tasks."""
    first = task_id.removesuffix(SECOND_HALF)
    return first if first in tasks else task_id


def _card(words: FlowWords, tasks: JsonObject, task_id: str) -> Card:
    task = tasks[task_id]
    kind = "start" if task_id == START else _KINDS.get(text_of(task.get("type")), "action")
    if task.get("action") == END_ACTION:
        kind = "end"
    view = object_of(task.get("view"))
    title = text_of(task.get("name")).strip() or task_id
    outlets = _in_reading_order(list(_outlets(words, tasks, task_id)))
    return Card(
        task_id, kind, title, _detail(words, task, kind), _number(view.get("x")), _number(view.get("y")), outlets
    )


def _number(value: Any) -> float | None:
    usable = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= _FARTHEST
    return float(value) if usable else None


def _detail(words: FlowWords, task: JsonObject, kind: str) -> str:
    if kind == "screen":
        return _heading(words.screens.get(text_of(task.get("screenId")), {}))
    if kind == "subflow":
        return text_of(argument_value(task, "flowId"))
    if kind != "action":
        return ""
    connector = argument_value(task, "connectorId")
    return f"connector {words.connector(connector)}" if connector else text_of(task.get("action"))


def _heading(screen: JsonObject) -> str:
    """Return the text that a user reads first on a screen."""
    nodes = object_of(screen.get("contents"))
    texts = [object_of(node.get("props")) for node in _from_top(nodes) if component_kind(node) == "Text"]
    headings = [text for text in texts if text.get("variant") in _HEADINGS] or texts
    return next((text_of(text.get("children")).strip() for text in headings if text_of(text.get("children"))), "")


def _from_top(nodes: JsonObject) -> Iterator[JsonObject]:
    """Yield the components of a screen in the order in which they are read."""
    seen: set[str] = set()
    waiting = ["ROOT"]
    while waiting:
        node_id = waiting.pop()
        node = nodes.get(node_id)
        if node_id not in seen and isinstance(node, dict):
            seen.add(node_id)
            yield node
            children = [*list_of(node.get("nodes")), *object_of(node.get("linkedNodes")).values()]
            waiting += [child for child in reversed(children) if isinstance(child, str)]


# --- ways out ---------------------------------------------------------------------------------------------------------


def _outlets(words: FlowWords, tasks: JsonObject, task_id: str) -> Iterator[Outlet]:
    """Yield where a step leads, also its second half. What its first half shows in between is said so."""
    second = task_id + SECOND_HALF
    for rule in rules_of(tasks[task_id]):
        outlet = _outlet(words, tasks, task_id, rule)
        if outlet and rule.get("taskId") != second:
            waiting = second in tasks and outlet.label == _SUCCESS
            yield Outlet("meanwhile", outlet.target) if waiting else outlet
    if second in tasks:
        for rule in rules_of(tasks[second]):
            outlet = _outlet(words, tasks, second, rule)
            if outlet:
                yield outlet


def _outlet(words: FlowWords, tasks: JsonObject, task_id: str, rule: JsonObject) -> Outlet | None:
    target = rule.get("taskId")
    if not isinstance(target, str) or target not in tasks:
        return None
    task, interaction = tasks[task_id], text_of(rule.get("interactionId"))
    sort = "error" if interaction in object_of(task.get("errorHandlingV2")) else "plain"
    if task.get("type") == "condition" and interaction == _ELSE:
        sort = "else"
    return Outlet(_label(words, task_id, task, interaction), card_of(target, tasks), sort)


def _label(words: FlowWords, task_id: str, task: JsonObject, interaction: str) -> str:
    label = words.document.interaction_label(task_id, interaction)
    if task.get("type") == "condition" and interaction == _ELSE:
        return "else" if label in (_ELSE, "Else", "else") else f"else: {label}"
    if label == interaction and task.get("type") == "screen":
        screen = words.screens.get(text_of(task.get("screenId")), {})
        node = object_of(screen.get("contents")).get(interaction)
        return component_kind(node) if isinstance(node, dict) else interaction
    return label.rpartition(".")[2] if task.get("type") == "flow" else label


def _in_reading_order(outlets: list[Outlet]) -> list[Outlet]:
    """Put failures last. The only way out of an action needs no "success" beside it."""
    if len(outlets) == 1 and outlets[0].label == _SUCCESS:
        return [Outlet("", outlets[0].target, outlets[0].sort)]
    return sorted(outlets, key=lambda outlet: outlet.sort == "error")
