# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""One flow, in the one form that everything else works on."""

from __future__ import annotations

import re
from enum import Enum
from functools import cached_property
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._flow.normal import fingerprint_of, normal_form
from ansible_collections.community.descope.plugins.module_utils._json import (
    JsonObject,
    JsonValue,
    json_path,
    object_of,
    plain_json,
    quoted,
    text_of,
)
from ansible_collections.community.descope.plugins.module_utils._secrets import hidden

__all__ = ["FlowDocument", "JsonObject", "JsonValue", "json_path", "task_order"]

# What Descope accepts as a flow id (its Terraform provider's rule).
FLOW_ID = re.compile(r"[A-Za-z0-9_-]+\Z")


class FlowDocument:
    """A flow in the exported form: C(flowId), C(metadata), C(contents), C(screens), C(references).

    C(data) is shared, never copied: neither the document nor its users may change it. C(source) is the file or argument
    it came from, for messages. C(sound): whether validating the flow by itself is known to find nothing. Parts that are
    missing or of the wrong type read as empty, so that a damaged flow can be looked at; saying what is damaged is the
    business of the checks.
    """

    def __init__(self, data: JsonObject, source: str = "", *, sound: bool = False) -> None:
        self.data = data
        self.source = source
        self.sound = sound
        self._task_labels: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"FlowDocument({self.flow_id!r}, source={self.source!r})"

    @property
    def flow_id(self) -> str:
        return text_of(self.data.get("flowId"))

    @property
    def name(self) -> str:
        """The human name from the metadata, empty if there is none."""
        return text_of(self.metadata.get("name"))

    @property
    def metadata(self) -> JsonObject:
        return object_of(self.data.get("metadata"))

    @property
    def contents(self) -> JsonObject:
        """C(startTask) and C(tasks)."""
        return object_of(self.data.get("contents"))

    @cached_property
    def tasks(self) -> JsonObject:
        """The tasks by their id. A task of a damaged flow may be anything."""
        return object_of(self.contents.get("tasks"))

    @property
    def screens(self) -> list[JsonObject]:
        """The screens that are objects, in the document's order."""
        screens = self.data.get("screens")
        return [screen for screen in screens if isinstance(screen, dict)] if isinstance(screens, list) else []

    @property
    def references(self) -> JsonObject:
        return object_of(self.data.get("references"))

    @cached_property
    def normal(self) -> JsonObject:
        """The normal form: two flows are the same exactly if these are equal as JSON. Not to be changed."""
        return normal_form(self.data)

    @cached_property
    def fingerprint(self) -> str:
        """The SHA-256 of the normal form, 64 hexadecimal digits."""
        return fingerprint_of(self.normal)

    def with_flow_id(self, flow_id: str) -> FlowDocument:
        """Return the same flow under another id."""
        return FlowDocument({**self.data, "flowId": plain_json(flow_id)}, self.source)

    def task_label(self, task_id: str) -> str:
        """Return how to name a task to people, for example C(task "Sign Up / OTP / Email" (7))."""
        if task_id not in self._task_labels:
            name = _one_line(object_of(self.tasks.get(task_id)).get("name"))
            shown = _one_line(task_id)
            self._task_labels[task_id] = f'task "{name}" ({shown})' if name and name != shown else f"task {shown}"
        return self._task_labels[task_id]

    def screen_label(self, screen_id: str) -> str:
        """Return how to name a screen to people, for example C(screen "Welcome" (SC2w...SVGf)).

        A screen has no name of its own in this form; it goes by the name of the task that shows it.
        """
        name = self.screen_names.get(screen_id)
        return f'screen "{name}" ({_short(screen_id)})' if name else f"screen {_one_line(screen_id)}"

    def interaction_label(self, task_id: str, interaction_id: str) -> str:
        """Return the text of the button or the name of the condition behind an interaction, else its id."""
        task = object_of(self.tasks.get(task_id))
        choices = task.get("conditions"), self._interactions.get(text_of(task.get("screenId")))
        for choice, key, label in ((choices[0], "interactionId", "name"), (choices[1], "id", "label")):
            for entry in choice if isinstance(choice, list) else ():
                if isinstance(entry, dict) and entry.get(key) == interaction_id and _one_line(entry.get(label)):
                    return _one_line(entry[label])
        return interaction_id

    @cached_property
    def screen_names(self) -> dict[str, str]:
        """The human names of the screens by their id; screens that no task shows are missing."""
        names: dict[str, str] = {}
        for task_id in sorted(self.tasks, key=task_order):
            task = object_of(self.tasks[task_id])
            screen_id, name = text_of(task.get("screenId")), _one_line(task.get("name"))
            if screen_id and name:
                names.setdefault(screen_id, name)
        return names

    @cached_property
    def _interactions(self) -> dict[str, Any]:
        return {text_of(screen.get("screenId")): screen.get("interactions") for screen in self.screens}


class Known(Enum):
    """What is known of a value without looking at it."""

    NOTHING = 0
    PLAIN = 1
    """It is plain JSON, as C(plain_json) makes it."""
    SOUND = 2
    """It is also a flow in the exported form in which validation finds nothing."""


def identified(data: JsonObject, source: str, flow_id: str, *, sound: bool = False) -> FlowDocument:
    """Return a flow's document under C(flow_id), else under the id inside. Raises InputError where there is none."""
    wanted = flow_id or data.get("flowId")
    if wanted is None or wanted == "":
        message = "the flow has no id; add flowId to it or give flow_id beside it"
        raise InputError([Problem("missing-flow-id", message, source=source)])
    problem = flow_id_problem(wanted, source)
    if problem is not None:
        raise InputError([problem])
    named = data if data.get("flowId") == wanted else {**data, "flowId": plain_json(wanted)}
    return FlowDocument(named, source, sound=sound)


def flow_id_problem(flow_id: object, source: str = "") -> Problem | None:
    """Return what is wrong with a flow id, None if nothing is."""
    if isinstance(flow_id, str) and FLOW_ID.match(flow_id):
        return None
    message = f"{quoted(flow_id)} is not a flow id; use only letters, digits, - and _"
    return Problem("invalid-flow-id", message, source=source)


def task_order(task_id: str) -> tuple[int, str]:
    """Order task ids as people count: 2 before 12, 12 before 12.end, names last."""
    number = task_id.partition(".")[0]
    return (int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 10**10, task_id)


def _short(screen_id: str) -> str:
    screen_id = _one_line(hidden(screen_id))
    return screen_id if len(screen_id) <= 12 else f"{screen_id[:4]}...{screen_id[-4:]}"


def _one_line(value: object) -> str:
    """Return a string without line breaks, empty for anything else: labels stand in messages of one line."""
    return " ".join(value.split()) if isinstance(value, str) else ""
