# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Every genuine flow passes, every kind of damage is named with its place."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.community.descope.plugins.module_utils._flow.checks import check_document
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument, json_path
from ansible_collections.community.descope.plugins.module_utils._flow.formats import load
from ansible_collections.community.descope.plugins.module_utils._flow.sources import read_source
from example_flows import minimal_flow
from full_flow import CONNECTOR, VERIFY, WELCOME, full_flow
from json_values import Place, json_values, places, removed, replaced
from real_flows import corrupted_flow_files, real_flow_files, snapshot_dirs

TASKS = ("contents", "tasks")
NODES = ("screens", 1, "contents")


def found_in(flow: Any) -> list[tuple[str, str]]:
    return [(problem.code, problem.path) for problem in check_document(FlowDocument(flow, "flow.json"))]


# --- genuine flows ----------------------------------------------------------------------------------------------------


def test_our_own_flows_pass() -> None:
    assert found_in(full_flow()) == []
    assert found_in(minimal_flow("sign-in")) == []


def test_every_genuine_flow_passes(real_flows_dir: Path) -> None:
    documents = [read_source(path)[0] for path in real_flow_files()]
    documents += [document for root in snapshot_dirs() for document in read_source(root)]
    problems = [str(problem) for document in documents for problem in check_document(document)]
    assert problems == []
    assert len(documents) > 20


def _without_rule(flow: Any) -> Any:
    return removed(flow, (*TASKS, "0", "next", "rules", 0))


def _with_unreachable_task(flow: Any) -> Any:
    task = {**flow["contents"]["tasks"]["6"], "id": "77"}
    return replaced(flow, (*TASKS, "77"), task)


def _with_second_rule(flow: Any) -> Any:
    rules = flow["contents"]["tasks"]["3"]["next"]["rules"]
    return replaced(flow, (*TASKS, "3", "next", "rules"), [*rules, {"interactionId": "success", "taskId": "6"}])


OCCURS_IN_GENUINE_EXPORTS = {
    "a screen that is not in the file": removed(full_flow(), ("screens", 0)),
    "start leads elsewhere": replaced(full_flow(), (*TASKS, "start", "next"), {}),
    "a task nobody reaches": _with_unreachable_task(full_flow()),
    "two rules for one interaction": _with_second_rule(full_flow()),
    "a button without a rule": _without_rule(full_flow()),
    "a branch without a rule": removed(full_flow(), (*TASKS, "2", "next", "rules", 0)),
    "a shared interaction of a nested flow": replaced(
        full_flow(), ("metadata", "sharedInteractions", 0, "id"), "2.8.x"
    ),
    "a connector task without connector": replaced(full_flow(), (*TASKS, "3", "arguments", "connectorId", "value"), ""),
    "no references though a connector is used": removed(full_flow(), ("references",)),
    "references nobody uses": replaced(full_flow(), ("references", "connectors", "Unused"), "CI0"),
    "no components version": removed(full_flow(), ("metadata", "componentsVersion")),
    "no screens at all": replaced(
        minimal_flow("a"), TASKS, {k: minimal_flow("a")["contents"]["tasks"][k] for k in ("start", "4")}
    )
    | {"screens": None},
    "an unknown action": replaced(full_flow(), (*TASKS, "1.end", "action"), "something-new"),
    "an unknown type of task": replaced(full_flow(), (*TASKS, "5", "type"), "something-new"),
    "a condition that reacts to an error by name": replaced(
        replaced(full_flow(), (*TASKS, "2", "errorHandlingV2"), {"Oops": {"errorHandlingType": "custom"}}),
        (*TASKS, "2", "next", "rules", 0, "interactionId"),
        "Oops",
    ),
    "a screen that reacts to an error by name": replaced(
        replaced(full_flow(), (*TASKS, "0", "errorHandlingV2"), {"Oops": {"errorHandlingType": "custom"}}),
        (*TASKS, "0", "next", "rules", 0, "interactionId"),
        "Oops",
    ),
}


@pytest.mark.parametrize("kind", OCCURS_IN_GENUINE_EXPORTS)
def test_what_occurs_in_genuine_exports_is_no_error(kind: str) -> None:
    flow = OCCURS_IN_GENUINE_EXPORTS[kind]
    if kind == "no screens at all":
        flow = replaced(flow, ("contents", "startTask"), "4")
        flow = replaced(flow, (*TASKS, "start", "next", "rules", 0, "taskId"), "4")
    assert found_in(flow) == []


# --- damage -----------------------------------------------------------------------------------------------------------

REMOVED = object()
START = ("contents", "startTask")
NEXT = (*TASKS, "3", "next", "rules", 0)
BUTTON = (*TASKS, "0", "next", "rules", 1, "interactionId")
BRANCH = (*TASKS, "2", "next", "rules", 0, "interactionId")
STEP = (*TASKS, "1", "arguments", "exchangeStepId", "value")
CONNECTED = (*TASKS, "3", "arguments", "connectorId", "value")
HINT = (*NODES, "hint000001")

# What is damaged, what stands there now, and the code under which that very place must be named.
DAMAGE: list[tuple[Place, Any, str]] = [
    (("metadata",), REMOVED, "wrong-type"),
    (("metadata",), [], "wrong-type"),
    (("contents",), REMOVED, "wrong-type"),
    (TASKS, REMOVED, "wrong-type"),
    (TASKS, [], "wrong-type"),
    (TASKS, {}, "no-tasks"),
    (("screens",), {}, "wrong-type"),
    (START, REMOVED, "missing-start-task"),
    (START, "", "missing-start-task"),
    (START, "12", "unknown-start-task"),
    ((*TASKS, "start"), REMOVED, "missing-start"),
    ((*TASKS, "start", "type"), "automated", "start-with-type"),
    ((*TASKS, "6", "id"), "7", "task-id-mismatch"),
    ((*TASKS, "6", "id"), 6, "task-id-mismatch"),
    ((*TASKS, "6", "next"), [], "wrong-type"),
    ((*TASKS, "6", "next"), {"rules": {}}, "wrong-type"),
    (NEXT, "success", "wrong-type"),
    ((*NEXT, "taskId"), REMOVED, "rule-without-target"),
    ((*NEXT, "taskId"), "99", "dangling-edge"),
    (BRANCH, "x", "unknown-condition"),
    (BUTTON, "apple", "unknown-interaction"),
    (BUTTON, [], "unknown-interaction"),
    (STEP, "9.end", "dangling-step"),
    (CONNECTED, "CI0", "unlisted-connector"),
    (NODES, REMOVED, "wrong-type"),
    (("screens", 1), "x", "wrong-type"),
    (HINT, "x", "wrong-type"),
    ((*HINT, "nodes"), "x", "wrong-type"),
    ((*HINT, "props"), None, "wrong-type"),
    ((*HINT, "linkedNodes"), [], "wrong-type"),
    ((*HINT, "parent"), REMOVED, "dangling-parent"),
    ((*HINT, "parent"), "gone", "dangling-parent"),
]

# The same for damage that shows in another place, or in several.
DAMAGE_ELSEWHERE: list[tuple[Place, Any, list[tuple[str, Place]]]] = [
    ((*TASKS, "6", "action"), "logged-out", [("no-end", TASKS)]),
    ((*TASKS, "6", "id"), REMOVED, [("missing-task-member", (*TASKS, "6"))]),
    ((*TASKS, "6", "name"), REMOVED, [("missing-task-member", (*TASKS, "6"))]),
    ((*TASKS, "6", "next"), REMOVED, [("missing-task-member", (*TASKS, "6"))]),
    ((*TASKS, "6", "view"), REMOVED, [("missing-task-member", (*TASKS, "6"))]),
    ((*TASKS, "6", "type"), REMOVED, [("missing-task-member", (*TASKS, "6"))]),
    ((*TASKS, "start", "name"), REMOVED, [("missing-task-member", (*TASKS, "start"))]),
    (
        (*TASKS, "4", "screenId"),
        REMOVED,
        [("screen-task-without-screen", (*TASKS, "4", "screenId")), ("orphan-screen", ("screens", 0))],
    ),
    (
        (*TASKS, "2", "conditions", 1, "interactionId"),
        "else",
        [
            ("unknown-condition", (*TASKS, "2", "next", "rules", 1, "interactionId")),
            ("condition-without-else", (*TASKS, "2", "conditions")),
        ],
    ),
    (("screens", 1, "interactions", 1), REMOVED, [("unknown-interaction", BUTTON)]),
    (HINT, REMOVED, [("dangling-node", (*NODES, "ROOT", "nodes", 1))]),
    ((*NODES, "side000001"), REMOVED, [("dangling-node", (*NODES, "ROOT", "linkedNodes", "aside"))]),
]


def damaged(place: Place, value: Any) -> Any:
    return removed(full_flow(), place) if value is REMOVED else replaced(full_flow(), place, value)


@pytest.mark.parametrize(("place", "value", "code"), DAMAGE, ids=lambda part: part if isinstance(part, str) else "")
def test_damage_is_named_where_it_is_and_nothing_else(place: Place, value: Any, code: str) -> None:
    assert found_in(damaged(place, value)) == [(code, json_path(*place))]


@pytest.mark.parametrize(("place", "value", "expected"), DAMAGE_ELSEWHERE)
def test_damage_that_shows_elsewhere(place: Place, value: Any, expected: list[tuple[str, Place]]) -> None:
    assert found_in(damaged(place, value)) == [(code, json_path(*shown)) for code, shown in expected]


@pytest.mark.parametrize("flow_id", ["sign up", "", 5, None])
def test_a_malformed_flow_id(flow_id: Any) -> None:
    assert found_in({**full_flow(), "flowId": flow_id}) == [("invalid-flow-id", "")]


def test_a_second_half_without_its_first() -> None:
    flow = removed(full_flow(), (*TASKS, "1"))
    assert ("missing-first-half", '$.contents.tasks["1.end"]') in found_in(flow)
    assert ("dangling-edge", "$.contents.tasks.0.next.rules[1].taskId") in found_in(flow)


def test_a_screen_without_root() -> None:
    nodes = full_flow()["screens"][0]["contents"]
    orphaned = {"codeSubmit": {**nodes["codeSubmit"], "parent": "codeSubmit"}}
    assert found_in(replaced(full_flow(), ("screens", 0, "contents"), orphaned)) == [
        ("missing-root-node", "$.screens[0].contents")
    ]


@pytest.mark.parametrize("screen_id", ["welcome", "SC2short", WELCOME + "x", WELCOME[:-1] + "-", 5, None])
def test_a_screen_id_of_the_wrong_shape(screen_id: Any) -> None:
    flow = replaced(full_flow(), ("screens", 1, "screenId"), screen_id)
    assert ("invalid-screen-id", "$.screens[1].screenId") in found_in(flow)


def test_a_screen_that_is_there_twice() -> None:
    flow = replaced(full_flow(), ("screens",), [*full_flow()["screens"], full_flow()["screens"][1]])
    assert found_in(flow) == [("duplicate-screen", "$.screens[2].screenId")]
    (problem,) = check_document(FlowDocument(flow))
    assert problem.message == f'screen "{WELCOME}" is there twice, first as $.screens[1]'


def test_an_orphan_screen_proves_that_a_missing_one_was_lost() -> None:
    renamed = VERIFY[:-1] + "9"
    flow = replaced(full_flow(), ("screens", 0, "screenId"), renamed)
    assert found_in(flow) == [("orphan-screen", "$.screens[0]"), ("dangling-screen", "$.contents.tasks.4.screenId")]


def test_in_a_broken_tree_every_displaced_node_is_named() -> None:
    flow = full_flow()
    nodes = flow["screens"][1]["contents"]
    nodes["box0000001"]["nodes"] = ["continue01", "wanted0001"]
    nodes["google0001"]["props"]["id"] = "wanted0001"
    assert found_in(flow) == [
        ("dangling-node", "$.screens[1].contents.box0000001.nodes[1]"),
        ("node-id-mismatch", "$.screens[1].contents.google0001.props.id"),
        ("detached-node", "$.screens[1].contents.google0001.parent"),
    ]


def test_all_problems_at_once_each_one_line_with_names_people_know() -> None:
    flow = full_flow()
    flow["contents"]["tasks"]["3"]["next"]["rules"][0]["taskId"] = "99"
    flow["contents"]["tasks"]["0"]["next"]["rules"][1]["interactionId"] = "apple"
    problems = check_document(FlowDocument(flow, "flows/sign-up-or-in.json"))
    assert [str(problem) for problem in problems] == [
        "flows/sign-up-or-in.json at $.contents.tasks.0.next.rules[1].interactionId: "
        'task "Welcome" (0) has a rule "apple", but its screen has no such interaction',
        "flows/sign-up-or-in.json at $.contents.tasks.3.next.rules[0].taskId: "
        'task "Risk / Check" (3) leads to task "99", which is missing',
    ]
    assert {problem.flow_id for problem in problems} == {"sign-up-or-in"}


def test_the_connector_is_checked_only_where_references_list_any() -> None:
    unlisted = replaced(full_flow(), ("references", "connectors"), {})
    assert found_in(unlisted) == []
    assert CONNECTOR in json.dumps(unlisted)


@given(st.sampled_from([place for place, _value in places(full_flow()) if place]), json_values())
@settings(max_examples=200, deadline=None)
def test_any_damage_is_survived(place: Place, value: Any) -> None:
    for problem in check_document(FlowDocument(replaced(full_flow(), place, value))):
        assert problem.code
        assert len(problem.message.splitlines()) == 1


# --- what a git merge does --------------------------------------------------------------------------------------------


def test_flows_that_a_git_merge_broke_are_refused_with_every_place(real_flows_dir: Path) -> None:
    codes: Counter[str] = Counter()
    for path in corrupted_flow_files():
        document = load(json.loads(path.read_text(encoding="utf-8")), str(path))
        problems = check_document(document)
        named = {problem.path for problem in problems}
        assert _damaged_places(document.data) <= named
        assert all(problem.source == str(path) and problem.flow_id == document.flow_id for problem in problems)
        codes += Counter(problem.code for problem in problems)
    for code, count in {"dangling-screen": 5, "orphan-screen": 3, "dangling-node": 2, "dangling-parent": 1}.items():
        assert codes[code] == count


def _damaged_places(flow: Any) -> set[str]:
    """Find the damage once more, by other means: whatever names something that is not there."""
    tasks = flow["contents"]["tasks"]
    present = {screen["screenId"] for screen in flow["screens"]}
    shown = {task.get("screenId") for task in tasks.values()}
    damaged = {
        json_path(*TASKS, key, "screenId")
        for key, task in tasks.items()
        if task.get("screenId") not in {*present, None}
    }
    for index, screen in enumerate(flow["screens"]):
        if screen["screenId"] not in shown:
            damaged.add(json_path("screens", index))
        nodes = screen["contents"]
        for place, value in places(nodes):
            links = len(place) == 3 and place[1] in ("nodes", "linkedNodes")
            parent = len(place) == 2 and place[1] == "parent"
            if (links or parent) and value not in nodes:
                damaged.add(json_path("screens", index, "contents", *place))
    assert damaged
    return damaged
