# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors


"""A flow that is being changed: its parts by the names that people give them."""

from __future__ import annotations

import copy
import difflib
import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._json import (
    JsonObject,
    JsonValue,
    describe,
    json_path,
    list_of,
    object_of,
    quoted,
    text_of,
)
from ansible_collections.community.descope.plugins.module_utils._validate.view import START, in_task

_SECOND_HALF = ".end"
# What stands where a flow is translated by hand instead of by a connector.
_BY_HAND = "manual"
# Where the components of a screen keep what people read.
_TEXT_ENDINGS = ("children", "label", "placeholder", "title", "alt", "text")
_TEXT_BEGINNINGS = ("data-errormessage", "data-password-policy-message")
_MAIN_TEXTS = ("children", "label", "placeholder", "title", "alt")
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


class ChangeError(Exception):
    """A change that cannot be made. C(str()) says what is missing, or which of several is meant."""


class Draft:
    """A copy of a flow in the exported form, for changing.

    Everything raises ChangeError where a name fits nothing, and where what it looks at is of the wrong type. What it
    does not look at may be anything: an expression, say, which becomes what it has to be once it is rendered.
    """

    def __init__(self, data: JsonObject) -> None:
        self.data: JsonObject = copy.deepcopy(data)
        # The ids by name of the connectors of a flow whose references name none.
        self._begun: JsonObject = {}

    def finished(self) -> JsonObject:
        """Return the flow with its changes.

        References that name connectors name all that a flow uses, and checks count on it. So those that named none name
        the new ones only if that is all; else the new ones go by their names, as the connectors of templates may.
        """
        if self._begun:
            names = {connector_id: name for name, connector_id in self._begun.items()}
            uses = [(place, key) for place, key in self._connector_uses() if place[key] != _BY_HAND]
            if all(place[key] in names for place, key in uses):
                self.data["references"] = {**object_in(self.data, "references"), "connectors": self._begun}
            else:
                for place, key in uses:
                    place[key] = names.get(place[key], place[key])
        return self.data

    # --- parts ----------------------------------------------------------------------------------------------------

    @cached_property
    def contents(self) -> JsonObject:
        return object_in(self.data, "contents")

    @cached_property
    def tasks(self) -> JsonObject:
        tasks = object_in(self.contents, "tasks", "contents")
        for task_id in tasks:
            object_in(tasks, task_id, "contents", "tasks", null=False)
        return tasks

    @property
    def screens(self) -> list[JsonObject]:
        return objects_in(self.data, "screens")

    def conditions(self, task_id: str) -> list[JsonObject]:
        return objects_in(self.tasks[task_id], "conditions", *in_task(task_id))

    def arguments(self, task_id: str) -> JsonObject:
        return object_in(self.tasks[task_id], "arguments", *in_task(task_id))

    def interactions(self, screen: JsonObject) -> list[JsonObject]:
        return objects_in(screen, "interactions", *self._in_screen(screen))

    def following(self, task_id: str) -> list[JsonObject]:
        """Return the rules of one task, or of one step of an action."""
        following = object_in(self.tasks[task_id], "next", *in_task(task_id))
        return objects_in(following, "rules", *in_task(task_id, "next"))

    def _in_screen(self, screen: JsonObject) -> tuple[str | int, ...]:
        return "screens", next(index for index, known in enumerate(self.screens) if known is screen)

    # --- finding --------------------------------------------------------------------------------------------------

    def task(self, name: str) -> str:
        """Return the id of the task of that name, or of that id. Of an action in two steps, it is the first."""
        name = str(name)
        found = [key for key, task in self.tasks.items() if task.get("name") == name and not self._is_second(key)]
        if not found and name in self.tasks:
            return name
        ids = [step for key in found for step in self.steps(key)]
        return _only(found, "task", name, (str(task.get("name", key)) for key, task in self.tasks.items()), ids)

    def screen(self, name: str) -> JsonObject:
        """Return the screen that the task of that name shows, or the screen of that id."""
        by_id = {str(screen.get("screenId")): screen for screen in self.screens}
        shown: dict[str, list[str]] = {}
        for task in self.tasks.values():
            if text_of(task.get("screenId")) in by_id:
                shown.setdefault(str(task.get("name")), []).append(task["screenId"])
        found = list(dict.fromkeys(shown.get(name, [name] if name in by_id else [])))
        return by_id[_only(found, "screen", name, shown)]

    def steps(self, task_id: str) -> list[str]:
        """Return the id of a task and, of an action in two steps, that of the second one too."""
        return [step for step in (task_id, f"{task_id}{_SECOND_HALF}") if step in self.tasks]

    def rules(self, task_id: str) -> Iterator[JsonObject]:
        """Yield what follows a task, the way to its own second step apart."""
        for step in self.steps(task_id):
            yield from self._onward(step, task_id)

    def ways_on(self, task_id: str, named: str) -> list[JsonObject]:
        """Return what follows a task, of a way that both steps of an action have only what follows one of them.

        That is the second step, because nobody has been verified yet where only the first one is done. It is the first
        one if the task was named, C(named), by its id.
        """
        by_id = named == task_id
        meant, *others = self.steps(task_id) if by_id else reversed(self.steps(task_id))
        ways = {interaction_of(rule) for rule in self._onward(meant, task_id)}
        if not by_id:
            # What leads from the first step to the second is a way of both, also if the second leads nowhere yet.
            ways |= {interaction_of(rule) for rule in self.following(task_id) if rule.get("taskId") == meant}
        rest = (rule for step in others for rule in self._onward(step, task_id) if interaction_of(rule) not in ways)
        return [*self._onward(meant, task_id), *rest]

    def _onward(self, step: str, task_id: str) -> Iterator[JsonObject]:
        for rule in self.following(step):
            if rule.get("taskId") != f"{task_id}{_SECOND_HALF}":
                yield rule

    def interaction(self, task_id: str, name: str) -> str:
        """Return the id of the button, the branch or the outcome of a task, by its text, name or id."""
        task = self.tasks[task_id]
        screens = (screen for screen in self.screens if screen.get("screenId") == task.get("screenId"))
        labels: dict[str, str] = {}
        named = [(entry.get("id"), entry.get("label")) for screen in screens for entry in self.interactions(screen)]
        named += [(entry.get("interactionId"), entry.get("name")) for entry in self.conditions(task_id)]
        named += [(interaction_of(rule), None) for rule in self.rules(task_id)]
        for interaction, label in named:
            labels.setdefault(str(interaction), str(label or interaction))
        found = [interaction for interaction, label in labels.items() if name in (interaction, label)]
        return _only(found, f"way on of the task {quoted(task.get('name'))}", name, labels.values())

    def text_places(self, screen: JsonObject, text: str) -> tuple[str, list[str]]:
        """Return the component of a screen that has a text, or that id, and the properties that hold the text."""
        nodes = object_in(screen, "contents", *self._in_screen(screen))
        texts = {node_id: dict(_texts(node)) for node_id, node in nodes.items()}
        if text in nodes:
            main = [key for key in _MAIN_TEXTS if texts[text].get(key)]
            if not main:
                raise ChangeError(f"the component {quoted(text)} has no text")
            return text, main[:1]
        wanted = _one_line(text)
        found = [node_id for node_id, held in texts.items() if wanted in map(_one_line, held.values())]
        node_id = _only(found, "text", wanted, (_one_line(value) for held in texts.values() for value in held.values()))
        return node_id, [key for key, value in texts[node_id].items() if _one_line(value) == wanted]

    def _is_second(self, task_id: str) -> bool:
        first = self.tasks.get(task_id.removesuffix(_SECOND_HALF), {})
        return task_id.endswith(_SECOND_HALF) and first.get("name") == self.tasks[task_id].get("name")

    # --- changing -------------------------------------------------------------------------------------------------

    def redirect(self, rules: Iterable[JsonObject], target: str) -> None:
        for rule in rules:
            rule["taskId"] = target

    def ways_to(self, task_id: str) -> list[JsonObject]:
        """Return every rule of another task that leads to a task."""
        own = {task_id, f"{task_id}{_SECOND_HALF}"}
        rules = (rule for key in self.tasks if key not in own for rule in self.following(key))
        return [rule for rule in rules if rule.get("taskId") == task_id]

    def only_target(self, rules: Iterable[JsonObject], of: str, option: str) -> str:
        """Return where all of the rules lead. Raises ChangeError where that is several places, or none."""
        targets = list(dict.fromkeys(str(rule.get("taskId")) for rule in rules))
        if len(targets) != 1:
            names = ", ".join(quoted(self.tasks.get(target, {}).get("name", target)) for target in targets)
            where = f"leads to {names}" if targets else "leads nowhere"
            raise ChangeError(f"the task {quoted(of)} {where}; say which is meant with {option}")
        return targets[0]

    def starts(self) -> list[str]:
        """Return where the rules of the start lead."""
        tasks = object_of(object_of(self.data.get("contents")).get("tasks"))
        following = object_of(object_of(tasks.get(START)).get("next"))
        return [text_of(object_of(rule).get("taskId")) for rule in list_of(following.get("rules"))]

    def follow_start(self, before: list[str]) -> None:
        """Let C(startTask) follow the rule of the start that led there, C(before), where that has been redirected.

        A flow begins at its C(startTask), whatever the rule says.
        """
        now = self.starts()
        first = self.contents.get("startTask") if now else None
        if first in before and first not in now:
            self.contents["startTask"] = now[min(before.index(first), len(now) - 1)]

    def new_task_id(self) -> str:
        numbers = [int(key.partition(".")[0]) for key in self.tasks if key.partition(".")[0].isdecimal()]
        return str(max(numbers, default=-1) + 1)

    @property
    def connectors(self) -> JsonObject:
        return object_in(object_in(self.data, "references"), "connectors", "references") or self._begun

    def connector_id(self, name: str) -> str:
        """Return the id that stands for a connector in this flow: its own, or one until the target's is known."""
        return _id_in(self.connectors, name)

    def swap_connector(self, old: str, new: str) -> None:
        """Use another connector wherever one is used, known by its name or, where nothing names it, by its id."""
        connectors = self.connectors
        old_id = text_of(connectors.pop(old, "")) or old
        places = [(place, key) for place, key in self._connector_uses() if place[key] == old_id]
        if not places:
            names = ", ".join(map(quoted, connectors))
            uses = f"its references name {names}" if names else "its references name none"
            raise ChangeError(f"the flow uses no connector {quoted(old)}; {uses}")
        new_id = _id_in(connectors, new)
        for place, key in places:
            place[key] = new_id

    def _connector_uses(self) -> Iterator[tuple[JsonObject, str]]:
        """Yield every place that holds the id of a connector: the object, and which of its members that is."""
        arguments = [object_of(task.get("arguments")).get("connectorId") for task in self.tasks.values()]
        translation = object_of(self.data.get("metadata")).get("translation")
        for place, key in (*((argument, "value") for argument in arguments), (translation, "connectorId")):
            if isinstance(place, dict) and text_of(place.get(key)):
                yield place, key


def _id_in(connectors: JsonObject, name: str) -> str:
    connector_id = text_of(connectors.get(name)) or stand_in("CI", name)
    connectors[name] = connector_id
    return connector_id


def object_in(owner: JsonObject, key: str, *place: str | int, null: bool = True) -> JsonObject:
    """Return the object that is a member of another one, C(place), empty where there is none.

    Raises ChangeError for anything else. C(null): whether null counts as none.
    """
    value = owner.get(key)
    if value is None and null:
        return {}
    if not isinstance(value, dict):
        raise ChangeError(f"{json_path(*place, key)} is {describe(value)}, expected an object")
    return value


def objects_in(owner: JsonObject, key: str, *place: str | int) -> list[JsonObject]:
    """Return the list of objects that is a member of an object, empty where there is none. Raises ChangeError, too."""
    value = [] if owner.get(key) is None else owner[key]
    if not isinstance(value, list):
        raise ChangeError(f"{json_path(*place, key)} is {describe(value)}, expected a list")
    for index, item in enumerate(value):
        if not isinstance(item, dict):
            raise ChangeError(f"{json_path(*place, key, index)} is {describe(item)}, expected an object")
    return value


def interaction_of(rule: JsonObject) -> str:
    """Return to what a rule reacts. The rule of the start reacts to nothing, and may not even have a member for it."""
    return str(rule.get("interactionId") or "")


def stand_in(prefix: str, name: str) -> str:
    """Return an id in the form of Descope's, the same for the same name."""
    return f"{prefix}0{hashlib.sha256(name.encode()).hexdigest()[:26]}"


def set_member(value: Any, path: str, member: JsonValue) -> None:
    """Put a value at a path like C(conditions[0].name) in an object. Only the last step of the path may be new."""
    steps = [int(index) if index else key for key, index in _STEP.findall(str(path))]
    for done, step in enumerate(steps[:-1], start=1):
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            raise ChangeError(f"there is no {_written(steps[:done])} to set {path} in") from None
    last = steps[-1] if steps else ""
    fits = isinstance(value, dict) if isinstance(last, str) else isinstance(value, list) and last < len(value)
    if not steps or not fits:
        raise ChangeError(f"there is no place {path}")
    value[last] = member


def _written(steps: list[str | int]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


def _one_line(text: str) -> str:
    """Return a text as it reads: the console leaves line ends behind that nobody sees."""
    return " ".join(text.split())


def _texts(node: Any) -> Iterator[tuple[str, str]]:
    props = node.get("props") if isinstance(node, dict) else None
    for key, value in props.items() if isinstance(props, dict) else ():
        if isinstance(value, str) and value and _is_text(key):
            yield key, value


def _is_text(key: str) -> bool:
    return key.lower().endswith(_TEXT_ENDINGS) or key.startswith(_TEXT_BEGINNINGS)


def _only(found: list[str], what: str, name: str, names: Iterable[str], ids: Iterable[str] = ()) -> str:
    """Return what was found if it is one. C(ids): by which to tell several apart, if not by those found."""
    if len(found) == 1:
        return found[0]
    if found:
        use = ", ".join(ids or found)
        raise ChangeError(f"there are {len(found)} of that name, {what} {quoted(name)}: use one of {use}")
    known = list(dict.fromkeys(names))
    near = difflib.get_close_matches(name, known, 1)
    there_are = ", ".join(map(quoted, known[:8])) + (", ..." if len(known) > 8 else "")
    hint = f"did you mean {quoted(near[0])}?" if near else f"there are {there_are}" if known else "there are none"
    raise ChangeError(f"there is no {what} {quoted(name)}; {hint}")
