# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Damage done to real flows, in every way that has been thought of: each is found, where it is, under its code."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument, json_path
from ansible_collections.community.descope.plugins.module_utils._flow.sources import read_source
from ansible_collections.community.descope.plugins.module_utils._validate.inventory import (
    ProjectInventory,
    inventory_of_snapshot,
)
from ansible_collections.community.descope.plugins.module_utils._validate.scripts import find_parser
from ansible_collections.community.descope.plugins.module_utils._validate.validate import (
    Settings,
    find_problems,
    find_problems_together,
)
from ansible_collections.community.descope.plugins.plugin_utils._run import run_command
from real_flows import real_flow_files, snapshot_dirs

Flow = dict[str, Any]
Place: TypeAlias = "tuple[str | int, ...]"

# Of each kind of damage, this many different real flows suffer it.
FLOWS_EACH = 2
NO_SUCH_TASK = "987654"
NO_SUCH_SCREEN = "SC0000000000000000000000000XX"

WITH_SCRIPTS = Settings(parse_scripts=find_parser(run_command))


@dataclass(frozen=True)
class Damage:
    """What was done to a flow: where it must be found, and as what. extra: other flows it is deployed with."""

    code: str
    place: Place
    settings: Settings = WITH_SCRIPTS
    inventory: ProjectInventory | None = None
    extra: tuple[Flow, ...] = ()


# Changes the flow in place; raises IndexError or KeyError where the flow has nothing to damage in this way.
Mutation = Callable[[Flow, random.Random], Damage]
MUTATIONS: dict[str, Mutation] = {}


def mutation(function: Mutation) -> Mutation:
    MUTATIONS[function.__name__.removeprefix("_").replace("_", " ")] = function
    return function


# --- finding something to damage --------------------------------------------------------------------------------------


def tasks(flow: Flow) -> dict[str, Any]:
    return dict(flow["contents"]["tasks"])


def some_task(flow: Flow, chance: random.Random, **wanted: Any) -> str:
    """Return a task with these members."""
    found = [key for key, task in tasks(flow).items() if all(task.get(name) == value for name, value in wanted.items())]
    return chance.choice(found)


def task_with_argument(flow: Flow, chance: random.Random, *names: str, filled: bool = False) -> tuple[str, str]:
    found = [
        (key, name)
        for key, task in tasks(flow).items()
        for name in names
        if name in (task.get("arguments") or {}) and (not filled or task["arguments"][name]["value"])
    ]
    return chance.choice(found)


def first_half(flow: Flow, chance: random.Random) -> tuple[str, str]:
    """Return the first half of an action of two steps, and its argument that names the other."""
    found = [
        (key, name)
        for key, task in tasks(flow).items()
        for name, argument in (task.get("arguments") or {}).items()
        if name.endswith("StepId") and argument["value"] == f"{key}.end"
    ]
    return chance.choice(found)


def some_rule(flow: Flow, chance: random.Random, **wanted: Any) -> tuple[str, int]:
    found = [
        (key, index)
        for key, task in tasks(flow).items()
        if key != "start" and all(task.get(name) == value for name, value in wanted.items())
        for index in range(len(task["next"].get("rules") or []))
    ]
    return chance.choice(found)


def some_node(flow: Flow, chance: random.Random, *kinds: str) -> tuple[int, str]:
    found = [
        (index, node_id)
        for index, screen in enumerate(flow["screens"])
        for node_id, node in screen["contents"].items()
        if node_id != "ROOT" and (not kinds or node["type"]["resolvedName"] in kinds)
    ]
    return chance.choice(found)


def in_tasks(*place: str | int) -> Place:
    return ("contents", "tasks", *place)


# --- tasks and edges --------------------------------------------------------------------------------------------------


@mutation
def a_deleted_task(flow: Flow, chance: random.Random) -> Damage:
    key, index = some_rule(flow, chance)
    target = tasks(flow)[key]["next"]["rules"][index]["taskId"]
    del flow["contents"]["tasks"][target]
    if key == target:
        raise KeyError(key)
    return Damage("dangling-edge", in_tasks(key, "next", "rules", index, "taskId"))


@mutation
def a_dangling_edge(flow: Flow, chance: random.Random) -> Damage:
    key, index = some_rule(flow, chance)
    flow["contents"]["tasks"][key]["next"]["rules"][index]["taskId"] = NO_SUCH_TASK
    return Damage("dangling-edge", in_tasks(key, "next", "rules", index, "taskId"))


@mutation
def a_rule_without_target(flow: Flow, chance: random.Random) -> Damage:
    key, index = some_rule(flow, chance)
    del flow["contents"]["tasks"][key]["next"]["rules"][index]["taskId"]
    return Damage("rule-without-target", in_tasks(key, "next", "rules", index, "taskId"))


@mutation
def next_of_the_wrong_type(flow: Flow, chance: random.Random) -> Damage:
    key, _index = some_rule(flow, chance)
    flow["contents"]["tasks"][key]["next"] = []
    return Damage("wrong-type", in_tasks(key, "next"))


@mutation
def a_task_that_is_a_text(flow: Flow, chance: random.Random) -> Damage:
    key, _index = some_rule(flow, chance)
    flow["contents"]["tasks"][key] = "lost"
    return Damage("wrong-type", in_tasks(key))


@mutation
def swapped_task_ids(flow: Flow, chance: random.Random) -> Damage:
    one, other = chance.sample([key for key in tasks(flow) if key != "start"], 2)
    flow["contents"]["tasks"][one]["id"], flow["contents"]["tasks"][other]["id"] = other, one
    return Damage("task-id-mismatch", in_tasks(one, "id"))


@mutation
def a_task_without_view(flow: Flow, chance: random.Random) -> Damage:
    key = chance.choice(sorted(tasks(flow)))
    del flow["contents"]["tasks"][key]["view"]
    return Damage("missing-task-member", in_tasks(key))


@mutation
def a_task_without_type(flow: Flow, chance: random.Random) -> Damage:
    key, _index = some_rule(flow, chance)
    del flow["contents"]["tasks"][key]["type"]
    return Damage("missing-task-member", in_tasks(key))


@mutation
def no_tasks(flow: Flow, chance: random.Random) -> Damage:
    flow["contents"]["tasks"] = {}
    return Damage("no-tasks", ("contents", "tasks"))


@mutation
def contents_lost(flow: Flow, chance: random.Random) -> Damage:
    del flow["contents"]
    return Damage("wrong-type", ("contents",))


@mutation
def no_start(flow: Flow, chance: random.Random) -> Damage:
    del flow["contents"]["tasks"]["start"]
    return Damage("missing-start", in_tasks("start"))


@mutation
def a_start_with_a_type(flow: Flow, chance: random.Random) -> Damage:
    flow["contents"]["tasks"]["start"]["type"] = "automated"
    return Damage("start-with-type", in_tasks("start", "type"))


@mutation
def an_unknown_start_task(flow: Flow, chance: random.Random) -> Damage:
    flow["contents"]["startTask"] = NO_SUCH_TASK
    return Damage("unknown-start-task", ("contents", "startTask"))


@mutation
def an_empty_start_task(flow: Flow, chance: random.Random) -> Damage:
    flow["contents"]["startTask"] = ""
    return Damage("missing-start-task", ("contents", "startTask"))


@mutation
def a_start_that_leads_elsewhere(flow: Flow, chance: random.Random) -> Damage:
    flow["contents"]["tasks"]["start"]["next"] = {}
    return Damage("start-elsewhere", in_tasks("start", "next"))


@mutation
def no_end(flow: Flow, chance: random.Random) -> Damage:
    some_task(flow, chance, action="logged-in")
    for task in flow["contents"]["tasks"].values():
        if task.get("action") == "logged-in":
            task["action"] = "loadUser"
    return Damage("no-end", ("contents", "tasks"))


@mutation
def the_only_way_lost(flow: Flow, chance: random.Random) -> Damage:
    """The first task leads back to itself and nowhere else."""
    first = flow["contents"]["startTask"]
    rules = flow["contents"]["tasks"][first]["next"]["rules"]
    for rule in rules:
        rule["taskId"] = first
    return Damage("endless-loop", in_tasks("start" if next(iter(tasks(flow))) == "start" else first))


@mutation
def an_action_that_leads_nowhere(flow: Flow, chance: random.Random) -> Damage:
    key, _index = some_rule(flow, chance, action="verify-code-otp-sms")
    flow["contents"]["tasks"][key]["next"] = {}
    return Damage("dead-end", in_tasks(key, "next"))


@mutation
def a_task_nobody_reaches(flow: Flow, chance: random.Random) -> Damage:
    key = some_task(flow, chance, action="logged-in")
    flow["contents"]["tasks"]["4711"] = {**tasks(flow)[key], "id": "4711"}
    return Damage("unreachable-task", in_tasks("4711"))


@mutation
def a_second_rule_for_an_outcome(flow: Flow, chance: random.Random) -> Damage:
    key, _index = some_rule(flow, chance, action="verify-code-otp-sms")
    rules = flow["contents"]["tasks"][key]["next"]["rules"]
    rules.append({**rules[0], "taskId": flow["contents"]["startTask"]})
    return Damage("ambiguous-rule", in_tasks(key, "next", "rules", len(rules) - 1))


@mutation
def a_misspelled_outcome(flow: Flow, chance: random.Random) -> Damage:
    key, index = some_rule(flow, chance, type="automated")
    flow["contents"]["tasks"][key]["next"]["rules"][index]["interactionId"] = "sucess"
    return Damage("unknown-outcome", in_tasks(key, "next", "rules", index, "interactionId"))


@mutation
def a_result_of_no_task(flow: Flow, chance: random.Random) -> Damage:
    flow["metadata"]["sharedInteractions"][0]["id"] = f"{NO_SUCH_TASK}.success"
    return Damage("foreign-shared-interaction", ("metadata", "sharedInteractions", 0, "id"))


@mutation
def more_tasks_than_advised(flow: Flow, chance: random.Random) -> Damage:
    end = some_task(flow, chance, action="logged-in")
    for number in range(5000, 5101):
        flow["contents"]["tasks"][str(number)] = {**tasks(flow)[end], "id": str(number)}
    return Damage("many-tasks", ("contents", "tasks"))


@mutation
def a_way_longer_than_is_executed(flow: Flow, chance: random.Random) -> Damage:
    end = some_task(flow, chance, action="logged-in")
    before = flow["contents"]["tasks"]
    step = {"name": "Load", "type": "automated", "action": "loadUser", "view": {"x": 0, "y": 0}}
    chain = {
        str(number): {**step, "id": str(number), "next": _one_rule(str(number + 1) if number < 5210 else end)}
        for number in range(5000, 5211)
    }
    before["start"]["next"]["rules"][0]["taskId"] = "5000"
    flow["contents"].update(startTask="5000", tasks={**before, **chain})
    for key, task in before.items():
        if task.get("action") == "logged-in" and key != end:
            raise KeyError(key)
    return Damage("too-many-tasks", ("contents", "tasks"))


def _one_rule(target: str) -> dict[str, Any]:
    return {"rules": [{"interactionId": "success", "taskId": target}]}


# --- conditions -------------------------------------------------------------------------------------------------------


@mutation
def a_condition_without_else(flow: Flow, chance: random.Random) -> Damage:
    key = some_task(flow, chance, type="condition")
    task = flow["contents"]["tasks"][key]
    task["conditions"] = [branch for branch in task["conditions"] if branch["interactionId"] != "ELSE"]
    return Damage("condition-without-else", in_tasks(key, "conditions"))


@mutation
def a_rule_for_no_branch(flow: Flow, chance: random.Random) -> Damage:
    key, index = some_rule(flow, chance, type="condition")
    flow["contents"]["tasks"][key]["next"]["rules"][index]["interactionId"] = "nobranch"
    return Damage("unknown-condition", in_tasks(key, "next", "rules", index, "interactionId"))


@mutation
def a_branch_without_rule(flow: Flow, chance: random.Random) -> Damage:
    key, index = some_rule(flow, chance, type="condition")
    task = flow["contents"]["tasks"][key]
    removed = task["next"]["rules"].pop(index)["interactionId"]
    branches = [branch["interactionId"] for branch in task["conditions"]]
    return Damage("branch-without-rule", in_tasks(key, "conditions", branches.index(removed)))


@mutation
def a_condition_without_operator(flow: Flow, chance: random.Random) -> Damage:
    key = some_task(flow, chance, type="condition")
    for index, branch in enumerate(flow["contents"]["tasks"][key]["conditions"]):
        if branch.get("atomicConditions"):
            del branch["atomicConditions"][0]["operator"]
            return Damage("incomplete-condition", in_tasks(key, "conditions", index, "atomicConditions", 0))
    raise KeyError(key)


def some_branch(flow: Flow, chance: random.Random) -> tuple[str, int]:
    """Return a branch that is not ELSE."""
    found = [
        (key, index)
        for key, task in tasks(flow).items()
        if task.get("type") == "condition"
        for index, branch in enumerate(task["conditions"])
        if branch["interactionId"] != "ELSE"
    ]
    return chance.choice(found)


@mutation
def a_duplicated_branch(flow: Flow, chance: random.Random) -> Damage:
    key, index = some_branch(flow, chance)
    branches = flow["contents"]["tasks"][key]["conditions"]
    branches.insert(index, copy.deepcopy(branches[index]))
    return Damage("duplicate-branch", in_tasks(key, "conditions", index + 1, "interactionId"))


@mutation
def a_second_else(flow: Flow, chance: random.Random) -> Damage:
    key, _index = some_branch(flow, chance)
    branches = flow["contents"]["tasks"][key]["conditions"]
    branches.append(copy.deepcopy(branches[-1]))
    return Damage("duplicate-branch", in_tasks(key, "conditions", len(branches) - 1, "interactionId"))


@mutation
def an_else_before_the_others(flow: Flow, chance: random.Random) -> Damage:
    key, _index = some_branch(flow, chance)
    branches = flow["contents"]["tasks"][key]["conditions"]
    branches.insert(0, branches.pop())
    return Damage("else-not-last", in_tasks(key, "conditions", 0))


@mutation
def a_branch_that_lost_what_it_looks_at(flow: Flow, chance: random.Random) -> Damage:
    key, index = some_branch(flow, chance)
    del flow["contents"]["tasks"][key]["conditions"][index]["atomicConditions"]
    return Damage("empty-branch", in_tasks(key, "conditions", index, "atomicConditions"))


@mutation
def a_branch_that_looks_at_nothing(flow: Flow, chance: random.Random) -> Damage:
    key, index = some_branch(flow, chance)
    flow["contents"]["tasks"][key]["conditions"][index]["atomicConditions"] = []
    return Damage("empty-branch", in_tasks(key, "conditions", index, "atomicConditions"))


# --- actions ----------------------------------------------------------------------------------------------------------


@mutation
def a_lost_first_half(flow: Flow, chance: random.Random) -> Damage:
    key, _name = first_half(flow, chance)
    del flow["contents"]["tasks"][key]
    return Damage("missing-first-half", in_tasks(f"{key}.end"))


@mutation
def a_lost_second_half(flow: Flow, chance: random.Random) -> Damage:
    key, name = first_half(flow, chance)
    del flow["contents"]["tasks"][f"{key}.end"]
    return Damage("dangling-step", in_tasks(key, "arguments", name, "value"))


@mutation
def swapped_second_halves(flow: Flow, chance: random.Random) -> Damage:
    key, name = first_half(flow, chance)
    flow["contents"]["tasks"][key]["arguments"][name]["value"] = flow["contents"]["startTask"]
    return Damage("step-pair-mismatch", in_tasks(key, "arguments", name, "value"))


@mutation
def the_second_half_of_another(flow: Flow, chance: random.Random) -> Damage:
    """It does the right thing, but for a task that was never begun."""
    key, name = first_half(flow, chance)
    action = tasks(flow)[f"{key}.end"]["action"]
    halves = [other for other, task in tasks(flow).items() if other.endswith(".end") and task["action"] == action]
    flow["contents"]["tasks"][key]["arguments"][name]["value"] = chance.choice(
        [other for other in halves if other != f"{key}.end"]
    )
    return Damage("step-pair-mismatch", in_tasks(key, "arguments", name, "value"))


@mutation
def a_second_half_that_names_another(flow: Flow, chance: random.Random) -> Damage:
    key, name = first_half(flow, chance)
    flow["contents"]["tasks"][f"{key}.end"]["arguments"][name]["value"] = key
    return Damage("step-pair-mismatch", in_tasks(f"{key}.end", "arguments", name, "value"))


@mutation
def an_action_without_its_second_half(flow: Flow, chance: random.Random) -> Damage:
    key, name = first_half(flow, chance)
    flow["contents"]["tasks"][key]["arguments"][name]["value"] = ""
    return Damage("missing-step-argument", in_tasks(key, "arguments", name, "value"))


@mutation
def an_argument_of_no_type(flow: Flow, chance: random.Random) -> Damage:
    key, name = task_with_argument(flow, chance, "prompt", "templateId", "flowId")
    flow["contents"]["tasks"][key]["arguments"][name]["type"] = "inlne"
    return Damage("argument-shape", in_tasks(key, "arguments", name))


@mutation
def an_argument_of_the_wrong_type(flow: Flow, chance: random.Random) -> Damage:
    key, name = task_with_argument(flow, chance, "prompt", "templateId", "redirectUrl")
    flow["contents"]["tasks"][key]["arguments"][name]["value"] = {"oops": 1}
    return Damage("argument-type", in_tasks(key, "arguments", name, "value"))


@mutation
def an_argument_that_is_a_text(flow: Flow, chance: random.Random) -> Damage:
    key, name = task_with_argument(flow, chance, "prompt", "templateId", "redirectUrl")
    flow["contents"]["tasks"][key]["arguments"][name] = "bare"
    return Damage("schema", in_tasks(key, "arguments", name))


@mutation
def an_automated_task_without_action(flow: Flow, chance: random.Random) -> Damage:
    key, _index = some_rule(flow, chance, type="automated")
    del flow["contents"]["tasks"][key]["action"]
    return Damage("task-without-action", in_tasks(key, "action"))


@mutation
def a_new_action(flow: Flow, chance: random.Random) -> Damage:
    key, _index = some_rule(flow, chance, type="automated")
    flow["contents"]["tasks"][key]["action"] = "read-the-mind-of-the-user"
    return Damage("unknown-action", in_tasks(key, "action"))


@mutation
def an_unlisted_connector(flow: Flow, chance: random.Random) -> Damage:
    key = some_task(flow, chance, action="connector")
    if not flow["references"]["connectors"]:
        raise KeyError(key)
    flow["contents"]["tasks"][key]["arguments"]["connectorId"]["value"] = "CI0000000000000000000000000000"
    return Damage("unlisted-connector", in_tasks(key, "arguments", "connectorId", "value"))


@mutation
def a_connector_without_command(flow: Flow, chance: random.Random) -> Damage:
    key = some_task(flow, chance, action="connector")
    del flow["contents"]["tasks"][key]["arguments"]["command"]
    return Damage("incomplete-connector", in_tasks(key, "arguments"))


@mutation
def a_connector_without_id(flow: Flow, chance: random.Random) -> Damage:
    key = some_task(flow, chance, action="connector")
    flow["contents"]["tasks"][key]["arguments"]["connectorId"]["value"] = ""
    return Damage("connector-without-id", in_tasks(key, "arguments", "connectorId"))


@mutation
def a_scriptlet_with_a_syntax_error(flow: Flow, chance: random.Random) -> Damage:
    key = some_task(flow, chance, action="scriptlet")
    flow["contents"]["tasks"][key]["arguments"]["scriptCode"]["value"] = "return { userEmail: email ;"
    code = "scriptlet-syntax" if find_parser(run_command) else "scriptlet-not-parsed"
    return Damage(code, in_tasks(key, "arguments", "scriptCode", "value"))


# --- sub-flows and the project ----------------------------------------------------------------------------------------


@mutation
def a_subflow_without_id(flow: Flow, chance: random.Random) -> Damage:
    key = some_task(flow, chance, type="flow")
    flow["contents"]["tasks"][key]["arguments"] = {}
    return Damage("subflow-without-id", in_tasks(key, "arguments"))


@mutation
def a_flow_that_calls_itself(flow: Flow, chance: random.Random) -> Damage:
    key = some_task(flow, chance, type="flow")
    flow["contents"]["tasks"][key]["arguments"]["flowId"]["value"] = flow["flowId"]
    return Damage("subflow-cycle", in_tasks(key, "arguments", "flowId", "value"))


@mutation
def two_flows_that_call_each_other(flow: Flow, chance: random.Random) -> Damage:
    key = some_task(flow, chance, type="flow")
    other = copy.deepcopy(flow)
    other["flowId"] = flow["contents"]["tasks"][key]["arguments"]["flowId"]["value"]
    for task in other["contents"]["tasks"].values():
        if task.get("type") == "flow":
            task["arguments"]["flowId"]["value"] = flow["flowId"]
    place = in_tasks(key, "arguments", "flowId", "value")
    return Damage("subflow-cycle", place, extra=(other,))


@mutation
def a_subflow_nobody_has(flow: Flow, chance: random.Random) -> Damage:
    key = some_task(flow, chance, type="flow")
    inventory = ProjectInventory(flows=frozenset({"something-else"}))
    return Damage("unknown-subflow", in_tasks(key, "arguments", "flowId", "value"), inventory=inventory)


def _called(flow: Flow, key: str, **metadata: Any) -> Flow:
    called = {name: value for name, value in copy.deepcopy(flow).items() if name != "references"}
    called["flowId"] = flow["contents"]["tasks"][key]["arguments"]["flowId"]["value"]
    called["metadata"].update(metadata)
    return called


@mutation
def a_disabled_subflow(flow: Flow, chance: random.Random) -> Damage:
    key = some_task(flow, chance, type="flow")
    place = in_tasks(key, "arguments", "flowId", "value")
    return Damage("disabled-subflow", place, extra=(_called(flow, key, disabled=True),))


@mutation
def a_result_that_the_subflow_has_not(flow: Flow, chance: random.Random) -> Damage:
    key, index = some_rule(flow, chance, type="flow")
    place = in_tasks(key, "next", "rules", index, "interactionId")
    return Damage("unknown-subflow-output", place, extra=(_called(flow, key, sharedInteractions=[]),))


@mutation
def a_connector_that_the_project_has_not(flow: Flow, chance: random.Random) -> Damage:
    key, name = task_with_argument(flow, chance, "connectorId", filled=True)
    inventory = ProjectInventory(connectors={"Another": "CI1111111111111111111111111111"})
    return Damage("unknown-connector", in_tasks(key, "arguments", name, "value"), inventory=inventory)


@mutation
def a_role_that_the_project_has_not(flow: Flow, chance: random.Random) -> Damage:
    flow.setdefault("references", {})["roles"] = {"Ghost": "ROL1"}
    return Damage(
        "unknown-role", ("references", "roles", "Ghost"), inventory=ProjectInventory(roles={"Member": "ROL2"})
    )


@mutation
def a_style_that_the_project_has_not(flow: Flow, chance: random.Random) -> Damage:
    flow["metadata"]["styleId"] = "baroque"
    return Damage("unknown-style", ("metadata", "styleId"), inventory=ProjectInventory(styles=frozenset({"light"})))


@mutation
def an_attribute_that_the_project_has_not(flow: Flow, chance: random.Random) -> Damage:
    key, name = task_with_argument(flow, chance, "userPropertiesDefinitions", filled=True)
    inventory = ProjectInventory(attributes=frozenset({"shoeSize"}))
    return Damage("unknown-attribute", in_tasks(key, "arguments", name, "value", 0, "key"), inventory=inventory)


# --- screens ----------------------------------------------------------------------------------------------------------


@mutation
def a_renamed_screen(flow: Flow, chance: random.Random) -> Damage:
    index = chance.randrange(len(flow["screens"]))
    flow["screens"][index]["screenId"] = NO_SUCH_SCREEN
    return Damage("orphan-screen", ("screens", index))


@mutation
def a_task_with_a_renamed_screen(flow: Flow, chance: random.Random) -> Damage:
    key = some_task(flow, chance, type="screen")
    shown = flow["contents"]["tasks"][key]["screenId"]
    if sum(task.get("screenId") == shown for task in tasks(flow).values()) > 1 or not flow["screens"]:
        raise KeyError(key)
    flow["contents"]["tasks"][key]["screenId"] = NO_SUCH_SCREEN
    return Damage("dangling-screen", in_tasks(key, "screenId"))


@mutation
def a_screen_task_without_screen(flow: Flow, chance: random.Random) -> Damage:
    key = some_task(flow, chance, type="screen")
    flow["contents"]["tasks"][key]["screenId"] = ""
    return Damage("screen-task-without-screen", in_tasks(key, "screenId"))


@mutation
def screens_that_were_left_out(flow: Flow, chance: random.Random) -> Damage:
    some_task(flow, chance, type="screen")
    del flow["screens"]
    return Damage("no-screens", ("screens",))


@mutation
def screens_that_are_null(flow: Flow, chance: random.Random) -> Damage:
    some_task(flow, chance, type="screen")
    flow["screens"] = None
    return Damage("no-screens", ("screens",))


@mutation
def screens_that_are_all_gone(flow: Flow, chance: random.Random) -> Damage:
    some_task(flow, chance, type="screen")
    flow["screens"] = []
    return Damage("no-screens", ("screens",))


@mutation
def a_screen_that_is_not_there(flow: Flow, chance: random.Random) -> Damage:
    if len(flow["screens"]) < 2:
        raise IndexError
    removed = flow["screens"].pop(chance.randrange(len(flow["screens"])))["screenId"]
    key = next(key for key, task in tasks(flow).items() if task.get("screenId") == removed)
    return Damage("missing-screen", in_tasks(key, "screenId"))


@mutation
def a_malformed_screen_id(flow: Flow, chance: random.Random) -> Damage:
    index = chance.randrange(len(flow["screens"]))
    flow["screens"][index]["screenId"] = "welcome"
    return Damage("invalid-screen-id", ("screens", index, "screenId"))


@mutation
def a_duplicated_screen(flow: Flow, chance: random.Random) -> Damage:
    flow["screens"].append(copy.deepcopy(chance.choice(flow["screens"])))
    return Damage("duplicate-screen", ("screens", len(flow["screens"]) - 1, "screenId"))


@mutation
def screens_of_the_wrong_type(flow: Flow, chance: random.Random) -> Damage:
    flow["screens"] = {}
    return Damage("wrong-type", ("screens",))


@mutation
def a_renamed_interaction(flow: Flow, chance: random.Random) -> Damage:
    key, index = some_rule(flow, chance, type="screen")
    shown = tasks(flow)[key]["screenId"]
    if all(screen["screenId"] != shown for screen in flow["screens"]):
        raise KeyError(key)
    flow["contents"]["tasks"][key]["next"]["rules"][index]["interactionId"] = "elsewhere"
    return Damage("unknown-interaction", in_tasks(key, "next", "rules", index, "interactionId"))


@mutation
def a_button_without_rule(flow: Flow, chance: random.Random) -> Damage:
    key, index = some_rule(flow, chance, type="screen")
    shown = tasks(flow)[key]["screenId"]
    if all(screen["screenId"] != shown for screen in flow["screens"]):
        raise KeyError(key)
    removed = flow["contents"]["tasks"][key]["next"]["rules"].pop(index)["interactionId"]
    if any(rule["interactionId"] == removed for rule in tasks(flow)[key]["next"]["rules"]):
        raise KeyError(key)
    return Damage("unused-interaction", in_tasks(key, "next", "rules"))


@mutation
def a_duplicated_interaction(flow: Flow, chance: random.Random) -> Damage:
    index = chance.choice([at for at, screen in enumerate(flow["screens"]) if screen.get("interactions")])
    interactions = flow["screens"][index]["interactions"]
    interactions.append(copy.deepcopy(interactions[0]))
    return Damage("duplicate-interaction", ("screens", index, "interactions", len(interactions) - 1, "id"))


@mutation
def an_interaction_of_no_component(flow: Flow, chance: random.Random) -> Damage:
    index = chance.choice([at for at, screen in enumerate(flow["screens"]) if screen.get("interactions")])
    flow["screens"][index]["interactions"].append({"id": "ghost", "label": "Ghost"})
    position = len(flow["screens"][index]["interactions"]) - 1
    return Damage("interaction-without-node", ("screens", index, "interactions", position, "id"))


# --- the tree of a screen ---------------------------------------------------------------------------------------------


@mutation
def a_truncated_tree(flow: Flow, chance: random.Random) -> Damage:
    index, node_id = some_node(flow, chance)
    nodes = flow["screens"][index]["contents"]
    parent = nodes[node_id]["parent"]
    position = nodes[parent]["nodes"].index(node_id)
    del nodes[node_id]
    return Damage("dangling-node", ("screens", index, "contents", parent, "nodes", position))


@mutation
def a_screen_without_root(flow: Flow, chance: random.Random) -> Damage:
    index = chance.randrange(len(flow["screens"]))
    del flow["screens"][index]["contents"]["ROOT"]
    return Damage("missing-root-node", ("screens", index, "contents"))


@mutation
def a_node_in_no_parent(flow: Flow, chance: random.Random) -> Damage:
    index, node_id = some_node(flow, chance)
    flow["screens"][index]["contents"][node_id]["parent"] = "nowhere"
    return Damage("dangling-parent", ("screens", index, "contents", node_id, "parent"))


@mutation
def a_node_in_another_parent(flow: Flow, chance: random.Random) -> Damage:
    index, node_id = some_node(flow, chance)
    nodes = flow["screens"][index]["contents"]
    other = chance.choice([key for key in nodes if key not in (node_id, nodes[node_id]["parent"])])
    nodes[node_id]["parent"] = other
    return Damage("misplaced-node", ("screens", index, "contents", node_id, "parent"))


def _boxes(flow: Flow, chance: random.Random) -> tuple[int, str, str]:
    """Return a component that others are in, and one of those."""
    index, node_id = some_node(flow, chance, "Container")
    return index, node_id, chance.choice(flow["screens"][index]["contents"][node_id]["nodes"])


@mutation
def a_subtree_that_was_cut_off(flow: Flow, chance: random.Random) -> Damage:
    """It hangs below a part of itself, so each of its links leads where it should."""
    index, node_id, child = _boxes(flow, chance)
    nodes = flow["screens"][index]["contents"]
    nodes[nodes[node_id]["parent"]]["nodes"].remove(node_id)
    nodes[node_id]["parent"] = child
    nodes[child]["nodes"].append(node_id)
    first = min(node_id, child, key=list(nodes).index)
    return Damage("node-cycle", ("screens", index, "contents", first))


@mutation
def a_node_inside_itself(flow: Flow, chance: random.Random) -> Damage:
    index, node_id = some_node(flow, chance)
    flow["screens"][index]["contents"][node_id]["nodes"].append(node_id)
    return Damage("node-cycle", ("screens", index, "contents", node_id))


@mutation
def a_root_inside_another(flow: Flow, chance: random.Random) -> Damage:
    index = chance.randrange(len(flow["screens"]))
    nodes = flow["screens"][index]["contents"]
    child = nodes["ROOT"]["nodes"][0]
    nodes[child]["nodes"].append("ROOT")
    return Damage("node-cycle", ("screens", index, "contents", min("ROOT", child, key=list(nodes).index)))


@mutation
def a_node_without_props(flow: Flow, chance: random.Random) -> Damage:
    index, node_id = some_node(flow, chance)
    del flow["screens"][index]["contents"][node_id]["props"]
    return Damage("wrong-type", ("screens", index, "contents", node_id, "props"))


@mutation
def an_input_without_name(flow: Flow, chance: random.Random) -> Damage:
    index, node_id = some_node(flow, chance, "EmailInput", "Password", "CodeInput", "NewPassword", "FullNameInput")
    del flow["screens"][index]["contents"][node_id]["props"]["name"]
    return Damage("unnamed-input", ("screens", index, "contents", node_id, "props", "name"))


@mutation
def two_inputs_of_one_name(flow: Flow, chance: random.Random) -> Damage:
    index, node_id = some_node(flow, chance, "EmailInput", "Password", "CodeInput", "NewPassword", "FullNameInput")
    nodes = flow["screens"][index]["contents"]
    nodes["copy"] = copy.deepcopy(nodes[node_id])
    nodes["copy"]["props"]["id"] = "copy"
    nodes[nodes[node_id]["parent"]]["nodes"].append("copy")
    return Damage("duplicate-input", ("screens", index, "contents", "copy", "props", "name"))


# --- types and safety -------------------------------------------------------------------------------------------------


@mutation
def metadata_of_the_wrong_type(flow: Flow, chance: random.Random) -> Damage:
    flow["metadata"] = []
    return Damage("wrong-type", ("metadata",))


@mutation
def a_name_that_is_a_number(flow: Flow, chance: random.Random) -> Damage:
    flow["metadata"]["name"] = 5
    return Damage("schema", ("metadata", "name"))


@mutation
def a_position_that_is_a_text(flow: Flow, chance: random.Random) -> Damage:
    key = chance.choice(sorted(tasks(flow)))
    flow["contents"]["tasks"][key]["view"]["x"] = "12"
    return Damage("schema", in_tasks(key, "view", "x"))


@mutation
def a_secret_in_the_clear(flow: Flow, chance: random.Random) -> Damage:
    key = some_task(flow, chance, action="connector")
    arguments = flow["contents"]["tasks"][key]["arguments"]["args"]["value"]
    arguments.append({"key": "apiKey", "type": "string", "value": "not-a-real-key-0123456789"})
    return Damage("secret-in-clear", in_tasks(key, "arguments", "args", "value", len(arguments) - 1, "value"))


@mutation
def a_redirect_over_http(flow: Flow, chance: random.Random) -> Damage:
    key, name = task_with_argument(flow, chance, "redirectUrl", "uri")
    flow["contents"]["tasks"][key]["arguments"][name]["value"] = "http://login.example.com/done"
    return Damage("plain-http", in_tasks(key, "arguments", name, "value"))


@mutation
def a_redirect_to_a_stranger(flow: Flow, chance: random.Random) -> Damage:
    key, name = task_with_argument(flow, chance, "redirectUrl", "uri")
    flow["contents"]["tasks"][key]["arguments"][name]["value"] = "https://example.com.evil.example/done"
    settings = Settings(redirect_hosts=("example.com", "*.example.com"))
    return Damage("foreign-redirect", in_tasks(key, "arguments", name, "value"), settings)


@mutation
def a_redirect_to_whoever_asks(flow: Flow, chance: random.Random) -> Damage:
    key, name = task_with_argument(flow, chance, "redirectUrl", "uri")
    flow["contents"]["tasks"][key]["arguments"][name]["value"] = "https://{{form.host}}/done"
    settings = Settings(redirect_hosts=("*.example.com",))
    return Damage("redirect-at-run-time", in_tasks(key, "arguments", name, "value"), settings)


# --- the tests --------------------------------------------------------------------------------------------------------


@cache
def genuine() -> list[FlowDocument]:
    documents = [read_source(path)[0] for path in real_flow_files()]
    return documents + [document for root in snapshot_dirs() for document in read_source(root)]


def damaged_flows(name: str) -> Iterator[tuple[FlowDocument, FlowDocument, Damage]]:
    """Yield some real flows that can suffer this, chosen and damaged the same way each time."""
    chance = random.Random(name)
    documents = list(genuine())
    chance.shuffle(documents)
    found = 0
    for document in documents:
        flow = copy.deepcopy(document.data)
        try:
            damage = MUTATIONS[name](flow, chance)
        except (KeyError, IndexError, ValueError, StopIteration, TypeError):
            continue
        yield document, FlowDocument(flow, document.source), damage
        found += 1
        if found == FLOWS_EACH:
            return


def findings(document: FlowDocument, damage: Damage) -> set[tuple[str, str]]:
    together = [document, *(FlowDocument(flow, "another") for flow in damage.extra)]
    problems = find_problems(document, damage.settings) + find_problems_together(together, damage.inventory)
    return {(problem.code, problem.path) for problem in problems if problem.source == document.source}


@pytest.mark.parametrize("name", MUTATIONS)
def test_this_damage_is_found_where_it_is(name: str, real_flows_dir: Path) -> None:
    suffered = list(damaged_flows(name))
    assert suffered, "no real flow can be damaged in this way"
    for original, document, damage in suffered:
        wanted = (damage.code, json_path(*damage.place))
        assert wanted in findings(document, damage), f"{document.source}: {wanted} not in {findings(document, damage)}"
        if not damage.inventory and not damage.extra:
            assert wanted not in findings(original, damage), f"{document.source} has that already: {wanted}"


def test_the_kill_rate(real_flows_dir: Path, record_property: Callable[[str, object], None]) -> None:
    """Count once more, over everything: what was done, and what was not found."""
    survivors, total = [], 0
    for name in MUTATIONS:
        for _original, document, damage in damaged_flows(name):
            total += 1
            if (damage.code, json_path(*damage.place)) not in findings(document, damage):
                survivors.append(f"{name} in {document.source}")
    record_property("kill rate", f"{total - len(survivors)} of {total}: {', '.join(MUTATIONS)}")
    assert survivors == []
    assert total >= 100


def test_a_real_snapshot_tells_what_its_project_has(real_flows_dir: Path) -> None:
    """The flows of a real project name nothing that this project does not have."""
    for root in snapshot_dirs():
        files = {
            path.relative_to(root).as_posix(): _json(path)
            for path in root.rglob("*.json")
            if "assets" not in path.parts
        }
        inventory = inventory_of_snapshot(files)
        assert {"Forter", "Radiant Logic", "SMTP Connector"} <= set(inventory.connectors or ())
        assert inventory.attributes == frozenset({"memberId", "preferredMfa"})
        assert "light" in (inventory.styles or ())
        documents = read_source(root)
        problems = find_problems_together(documents, inventory)
        assert [str(problem) for problem in problems if problem.code != "unknown-subflow"] == []


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
