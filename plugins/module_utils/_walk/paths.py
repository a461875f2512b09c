# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The paths a user can take through a flow, from its start to an end: pure, offline, the shortest first.

A path visits no task twice, so loops are cut where they close; which those are is told apart from the paths. However
large a flow is, only so many paths are looked at, and it is said where there are more.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._json import JsonObject, quoted, text_of
from ansible_collections.community.descope.plugins.module_utils._validate.view import START, FlowView, Rule

SCREEN, ACTION, CONDITION, FLOW, END = "screen", "action", "condition", "flow", "end"
_KINDS = {"screen": SCREEN, "automated": ACTION, "condition": CONDITION, "flow": FLOW}
# How many beginnings of paths are looked at, however many paths were asked for.
_MOST_STEPS = 50_000


@dataclass(frozen=True, slots=True)
class Step:
    """One task on a path. via: what the user did, or what happened, to get here; empty for the first.

    does: the action of an action, the id of a called flow, the id of a screen.
    """

    task: str
    kind: str
    name: str
    does: str = ""
    via: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {quoted(self.name)}"

    def as_dict(self) -> JsonObject:
        return {"task": self.task, "kind": self.kind, "name": self.name, "does": self.does, "via": self.via}


@dataclass(frozen=True, slots=True)
class Path:
    """A way from the start to where it ends: at an End, or at a screen or sub-flow that leads nowhere."""

    steps: tuple[Step, ...]

    def __str__(self) -> str:
        first, *others = self.steps
        parts = [str(first), *(f"[{step.via}] {step}" if step.via else str(step) for step in others)]
        return " > ".join(parts)

    def as_dict(self) -> JsonObject:
        last = self.steps[-1]
        return {"text": str(self), "logged_in": last.kind == END, "steps": [step.as_dict() for step in self.steps]}


@dataclass(frozen=True, slots=True)
class Loop:
    """A rule that leads back to a task that its path has passed."""

    task: str
    via: str
    back_to: str

    def as_dict(self) -> JsonObject:
        return {"task": self.task, "via": self.via, "back_to": self.back_to}


@dataclass(frozen=True, slots=True)
class Way:
    """A way from a task to the next one. via: what happens, in words; interaction: the id of that, if it has one."""

    via: str
    target: str
    interaction: str = ""


class Walk:
    """A flow as somebody walks through it."""

    def __init__(self, document: FlowDocument) -> None:
        self.document = document
        self._flow = FlowView(document)

    @cached_property
    def start(self) -> str:
        """The task that a user begins with, empty if there is none."""
        if self._flow.first:
            return self._flow.first
        rules = self._rules(START) if START in self._flow.tasks else []
        return next((target for _index, _interaction, target in rules if target in self._flow.tasks), "")

    @cached_property
    def reached(self) -> list[Step]:
        """Every task that some path leads to, the nearest first, without how one gets there."""
        order = {self.start: None} if self.start else {}
        waiting = deque(order)
        while waiting:
            for way in self.leads_to(waiting.popleft()):
                if way.target not in order:
                    order[way.target] = None
                    waiting.append(way.target)
        return [self.step(task_id) for task_id in order]

    def step(self, task_id: str, via: str = "") -> Step:
        """Return a task as a step of a path."""
        task = self._flow.tasks[task_id]
        kind = END if self._flow.is_end(task_id) else _KINDS.get(text_of(task.get("type")), ACTION)
        does = {
            SCREEN: text_of(task.get("screenId")),
            FLOW: self._flow.subflow(task_id),
        }.get(kind, text_of(task.get("action")))
        name = " ".join(text_of(task.get("name")).split()) or task_id
        return Step(task_id, kind, name, does, via)

    def leads_to(self, task_id: str) -> Iterator[Way]:
        """Yield the ways on from a task."""
        seen = set()
        for _index, interaction, target in self._rules(task_id):
            if target in self._flow.tasks:
                seen.add(target)
                yield Way(self._label(task_id, interaction or ""), target, interaction or "")
        for target in self._flow.steps(task_id):
            if target in self._flow.tasks and target not in seen:
                yield Way("", target)

    def paths(self, most: int) -> tuple[list[Path], list[Loop], bool]:
        """Return at most so many paths, the shortest first, the loops that were cut, and whether there are more."""
        found: list[Path] = []
        loops: dict[Loop, None] = {}
        waiting: deque[tuple[Step, ...]] = deque([(self.step(self.start),)] if self.start else [])
        looked_at = 0
        while waiting:
            steps = waiting.popleft()
            looked_at += 1
            if looked_at > _MOST_STEPS or (len(found) == most and waiting):
                return found, list(loops), True
            onward = list(self.leads_to(steps[-1].task))
            if not onward or steps[-1].kind == END:
                found.append(Path(steps))
                continue
            passed = {step.task for step in steps}
            for way in onward:
                if way.target in passed:
                    loops[Loop(steps[-1].task, way.via, way.target)] = None
                else:
                    waiting.append((*steps, self.step(way.target, way.via)))
        return found, list(loops), False

    def _rules(self, task_id: str) -> list[Rule]:
        return self._flow.rules(task_id)

    def _label(self, task_id: str, interaction: str) -> str:
        """Return what happens, in words: of a button without a label, the kind of button."""
        label = self.document.interaction_label(task_id, interaction) if interaction else ""
        screen = self._flow.screens.get(text_of(self._flow.tasks[task_id].get("screenId")))
        nodes = screen.get("contents") if screen else None
        node = nodes.get(interaction) if isinstance(nodes, dict) else None
        if label != interaction or not isinstance(node, dict):
            return label
        props = node.get("props")
        own = text_of(props.get("children")) if isinstance(props, dict) else ""
        return " ".join((own or text_of(node.get("displayName"))).split()) or label
