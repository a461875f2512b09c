# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Edits by somebody else, in the console."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from emulator.api import EXPORT_V1, PROJECT, Api
from example_flows import VERIFY, WELCOME, minimal_flow
from server_noise import EDITOR_CACHES

CACHES = EDITOR_CACHES | {"allInputKeys"}


@pytest.fixture
def edited(api: Api) -> Api:
    """A project with a flow that somebody is about to edit."""
    api.emulator.project(id=PROJECT, flows=[minimal_flow("one")])
    return api


def _edit(api: Api, **change: Any) -> Any:
    return api.emulator.edit(project=PROJECT, flow_id="one", **change)


def _task(api: Api, task_id: str) -> Any:
    return api.export_flow("one")["contents"]["tasks"][task_id]


def _texts(api: Api) -> list[str]:
    contents = [screen["contents"] for screen in api.export_flow("one")["screens"]]
    return [node["props"]["children"] for nodes in contents for node in nodes.values() if "children" in node["props"]]


def test_opening_and_saving_leaves_traces_and_changes_nothing_else(edited: Api) -> None:
    before = edited.export_flow("one")

    answer = _edit(edited, touch=True)

    after = edited.export_flow("one")
    assert answer["changes"] == []
    assert edited.stored("one")["version"] == answer["version"] == 2
    touched = after["contents"]["tasks"]["2"]
    assert set(touched) - set(before["contents"]["tasks"]["2"]) == CACHES
    assert touched["htmlTemplate"] == next(s["contents"] for s in after["screens"] if s["screenId"] == VERIFY)
    assert list(after["contents"]["tasks"]) == list(reversed(before["contents"]["tasks"]))
    for name in CACHES:
        del touched[name]
    assert after["metadata"].pop("componentsVersion") == "3.18.2"
    assert before["metadata"].pop("componentsVersion") == "2.0.500"
    assert after == before


def test_a_text_is_changed_where_it_is_found(edited: Api) -> None:
    _edit(edited, text={"from": "Welcome", "to": "Edited by hand"})

    assert "Edited by hand" in _texts(edited)
    assert "Welcome" not in _texts(edited)
    task = _task(edited, "0")
    assert set(task) >= CACHES
    assert "Edited by hand" in json.dumps(task["htmlTemplate"])
    assert not set(_task(edited, "2")) & CACHES


@pytest.mark.parametrize("screen", ["Welcome", WELCOME])
def test_the_first_text_of_a_screen_is_changed(edited: Api, screen: str) -> None:
    answer = _edit(edited, screen=screen, text="New title")

    assert answer["changes"] == [
        {
            "path": "$.screens[1].contents.title00001.props.children",
            "before": "Welcome",
            "after": "New title",
        }
    ]


def test_a_text_of_a_node_is_changed(edited: Api) -> None:
    _edit(edited, screen="Welcome", node="continue01", text="Go")

    assert {"Go", "Welcome"} <= set(_texts(edited))


def test_an_argument_is_changed_and_another_task_gains_empty_ones(edited: Api) -> None:
    _edit(edited, task="Sign In / OTP / Email", argument="templateId", value="T2acme")

    assert _task(edited, "1")["arguments"] == {"templateId": {"type": "inline", "value": "T2acme"}}
    assert _task(edited, "3")["arguments"] == {
        "templateId": {"type": "inline", "value": ""},
        "loginHint": {"type": "inline", "value": ""},
        "popup": {"type": "inline", "value": ""},
        "rawResponse": {"type": "inline", "value": ""},
    }


def test_only_the_wanted_traces_are_left(edited: Api) -> None:
    before = edited.export_flow("one")

    _edit(edited, task="1", name="Renamed", noise=[])

    after = edited.export_flow("one")
    assert after["contents"]["tasks"]["1"].pop("name") == "Renamed"
    del before["contents"]["tasks"]["1"]["name"]
    assert after["contents"] == before["contents"]


def test_several_changes_in_one_visit(edited: Api) -> None:
    answer = _edit(
        edited,
        changes=[
            {"task": "4", "move": {"x": 900}},
            {"pointer": "/metadata/description", "value": "By hand"},
            {"pointer": "/contents/tasks/0/next/rules/0/taskId", "value": "3"},
        ],
        changelog="three things",
    )

    assert [change["after"] for change in answer["changes"]] == [{"x": 900, "y": 120}, "By hand", "3"]
    assert edited.stored("one")["version"] == 2
    assert edited.stored("one")["history"][-1]["changelog"] == "three things"
    assert _task(edited, "0")["next"]["rules"][0]["taskId"] == "3"


def test_rules_are_reordered_when_asked(edited: Api) -> None:
    rules = [{"interactionId": "a", "taskId": "2"}, {"interactionId": "b", "taskId": "4"}]
    _edit(edited, pointer="/contents/tasks/1/next/rules", value=rules, noise=[])

    _edit(edited, touch=True, noise=["rules"])

    assert _task(edited, "1")["next"]["rules"] == rules[::-1]


def test_what_only_v1_carries_survives_an_edit(api: Api) -> None:
    screen = {"id": WELCOME, "inputs": [{"name": "email"}], "htmlTemplate": {"ROOT": {"nodes": []}}}
    flow = {"id": "one", "name": "One", "dsl": {"tasks": {}}}
    api.ok("/v1/mgmt/flow/import", {"flowId": "one", "flow": flow, "screens": [screen]})

    _edit(api, touch=True)

    assert api.ok(EXPORT_V1, {"flowId": "one"})["screens"][0]["inputs"] == [{"name": "email"}]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"screen": "Nowhere", "text": "x"}, "Nowhere"),
        ({"text": {"from": "no such text", "to": "x"}}, "no such text"),
        ({"task": "99", "name": "x"}, "99"),
        ({"task": "1"}, "argument"),
        ({"pointer": "/contents/nothing/here", "value": 1}, "/contents/nothing/here"),
        ({"touch": True, "noise": ["static"]}, "static"),
        ({"titel": "x"}, "give"),
    ],
)
def test_edits_that_make_no_sense_are_refused_and_change_nothing(
    edited: Api, change: dict[str, Any], message: str
) -> None:
    body = {"project": PROJECT, "flow_id": "one", **change}

    answer = requests.post(f"{edited.emulator.url}/_emulator/edit", json=body, timeout=30)

    assert answer.status_code == 400
    assert message in answer.json()["error"]
    assert edited.stored("one")["version"] == 1


@pytest.mark.parametrize(("project", "flow_id"), [("P2nobody", "one"), (PROJECT, "nothing")])
def test_a_flow_that_is_not_there_cannot_be_edited(edited: Api, project: str, flow_id: str) -> None:
    body = {"project": project, "flow_id": flow_id, "touch": True}

    answer = requests.post(f"{edited.emulator.url}/_emulator/edit", json=body, timeout=30)

    assert answer.status_code == 400
    assert requests.get(f"{edited.emulator.url}/_emulator/project", timeout=30).json() == {"projects": [PROJECT]}
