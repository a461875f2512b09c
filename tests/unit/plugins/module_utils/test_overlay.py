# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors


"""Overlays: changes that name what they change, and say precisely what is missing where the base has changed."""

from __future__ import annotations

import contextlib
import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.community.descope.plugins.module_utils._errors import InputError
from ansible_collections.community.descope.plugins.module_utils._flow.checks import check_document
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._library.overlay import apply_overlay, read_overlay
from ansible_collections.community.descope.plugins.module_utils._walk.expect import failures, read_expectations
from ansible_collections.community.descope.plugins.module_utils._walk.paths import Walk
from full_flow import CONNECTOR, WELCOME, full_flow
from json_values import Place, json_values, places, replaced
from real_flows import real_flow_files


def _apply(*changes: dict[str, Any], flow: dict[str, Any] | None = None) -> dict[str, Any]:
    overlay = read_overlay({"changes": list(changes)}, "overlay.yml", needs_base=False)
    base = full_flow() if flow is None else flow
    untouched = copy.deepcopy(base)
    try:
        return apply_overlay(base, overlay)
    finally:
        assert base == untouched, "the base is shared with others"


def _refused(*changes: dict[str, Any], flow: dict[str, Any] | None = None) -> list[str]:
    with pytest.raises(InputError) as caught:
        _apply(*changes, flow=flow)
    assert all(problem.source == "overlay.yml" and problem.path.startswith("$.") for problem in caught.value.problems)
    return [problem.message for problem in caught.value.problems]


def _task(flow: dict[str, Any], task_id: str) -> Any:
    return flow["contents"]["tasks"][task_id]


def _ways(flow: dict[str, Any], task_id: str) -> dict[str, str]:
    return {rule["interactionId"]: rule["taskId"] for rule in _task(flow, task_id)["next"]["rules"]}


def _screen(flow: dict[str, Any], screen_id: str) -> Any:
    [screen] = [screen for screen in flow["screens"] if screen["screenId"] == screen_id]
    return screen


def test_the_text_of_a_button_is_changed_where_it_stands_and_where_it_is_repeated() -> None:
    screen = _screen(_apply({"screen": "Welcome", "texts": {" Continue": "Go on"}}), WELCOME)

    assert screen["contents"]["continue01"]["props"]["children"] == "Go on"
    assert screen["interactions"][0]["label"] == "Go on"


def test_a_text_by_its_component() -> None:
    flow = _apply({"screen": WELCOME, "texts": {"side000001": "Hi"}, "set": {"contents.ROOT.props.size": "lg"}})

    contents = _screen(flow, WELCOME)["contents"]
    assert contents["side000001"]["props"]["children"] == "Hi"
    assert contents["ROOT"]["props"] == {"size": "lg"}


def test_metadata_is_merged() -> None:
    flow = _apply({"metadata": {"name": "Other", "translation": {"targetLanguages": ["de"]}}})

    assert flow["metadata"]["name"] == "Other"
    assert flow["metadata"]["translation"]["targetLanguages"] == ["de"]
    assert flow["metadata"]["translation"]["sourceLanguage"] == "en"


def test_a_task() -> None:
    flow = _apply(
        {
            "task": "Sign Up or In / OAuth",
            "name": "Social",
            "arguments": {"redirectUrl": "https://acme.example"},
            "next": {"OAuthStartFailed": "End"},
            "set": {"errorHandlingV2.OAuthStartFailed.errorHandlingType": "automatic"},
        }
    )

    assert [_task(flow, key)["name"] for key in ("1", "1.end")] == ["Social", "Social"]
    assert _task(flow, "1")["arguments"]["redirectUrl"] == {"type": "inline", "value": "https://acme.example"}
    assert _ways(flow, "1") == {"success": "1.end", "OAuthStartFailed": "6"}
    assert _task(flow, "1")["errorHandlingV2"] == {"OAuthStartFailed": {"errorHandlingType": "automatic"}}


def test_a_branch_of_a_condition() -> None:
    flow = _apply({"task": "New user?", "branches": {"New user": {"operator": "greater-than", "value": 3}}})

    [test] = _task(flow, "2")["conditions"][0]["atomicConditions"]
    assert (test["operator"], test["predicate"], test["target"]["value"]) == (
        "greater-than",
        {"type": "inline", "value": 3},
        "firstSeen",
    )


def test_a_connector_is_swapped_wherever_it_is_used() -> None:
    flow = _apply({"connector": "Risk Engine", "becomes": "Other Engine"})

    new_id = flow["references"]["connectors"]["Other Engine"]
    assert flow["references"]["connectors"] == {"Other Engine": new_id}
    assert _task(flow, "3")["arguments"]["connectorId"]["value"] == new_id != CONNECTOR
    by_task = _apply({"task": "Risk / Check", "connector": "Other Engine"})
    assert _task(by_task, "3") == _task(flow, "3")
    assert by_task["references"]["connectors"] == {"Risk Engine": CONNECTOR, "Other Engine": new_id}


def _with_two_connectors(**references: Any) -> dict[str, Any]:
    """A flow with two connectors, neither of which its references name. Those of some genuine exports name none."""
    flow = full_flow()
    flow["contents"]["tasks"]["8"] = {**copy.deepcopy(_task(flow, "3")), "id": "8", "name": "Mail"}
    del flow["references"]
    return {**flow, **references}


@pytest.mark.parametrize("references", [{}, {"references": {}}, {"references": {"connectors": {}, "roles": {}}}])
@pytest.mark.parametrize(
    ("changes", "used"),
    [
        ([{"task": "Mail", "connector": "SMTP"}], ["manual", CONNECTOR, "SMTP"]),
        (
            [{"task": "Mail", "connector": "SMTP"}, {"connector": "SMTP", "becomes": "Mailer"}],
            ["manual", CONNECTOR, "Mailer"],
        ),
        (
            [
                {"task": "Mail", "connector": "SMTP"},
                {"task": "Risk / Check", "arguments": {"connectorId": "CI3other00000000000000other000"}},
            ],
            ["manual", "CI3other00000000000000other000", "SMTP"],
        ),
        ([{"connector": "manual", "becomes": "Translator"}], ["Translator", CONNECTOR, CONNECTOR]),
    ],
)
def test_a_connector_goes_by_its_name_where_the_references_leave_out_others(
    references: dict[str, Any], changes: list[dict[str, Any]], used: list[str]
) -> None:
    flow = _apply(*changes, flow=_with_two_connectors(**references))

    ids = [_task(flow, task_id)["arguments"]["connectorId"]["value"] for task_id in ("3", "8")]
    assert [flow["metadata"]["translation"]["connectorId"], *ids] == used
    assert flow.get("references") == references.get("references")
    assert check_document(FlowDocument(flow)) == []


def test_the_references_name_all_connectors_or_none() -> None:
    by_task = [{"task": "Mail", "connector": "SMTP"}, {"task": "Risk / Check", "connector": "Risk Engine"}]
    at_once = {"connector": CONNECTOR, "becomes": "Risk Engine"}
    for changes, names in ((by_task, ["SMTP", "Risk Engine"]), ([at_once], ["Risk Engine"])):
        flow = _apply(*changes, flow=_with_two_connectors())

        assert list(flow["references"]["connectors"]) == names
        assert check_document(FlowDocument(flow)) == []
    listed = _with_two_connectors(references={"connectors": {"Other": "CI3other00000000000000other000"}})
    problems = check_document(FlowDocument(_apply({"task": "Mail", "connector": "SMTP"}, flow=listed)))
    assert [problem.code for problem in problems] == ["unlisted-connector"], "a list that was there is complete"


@pytest.mark.parametrize("place", [{"after": "New user?", "on": "New user"}, {"before": "Set Up MFA"}])
def test_a_screen_is_added_with_its_task_and_the_ways_to_it(place: dict[str, str]) -> None:
    flow = _apply(
        {"add_screen": "Terms", "screen": {"title": "Terms", "text": "Read {{x}}", "button": "Agree"}, **place}
    )

    assert _ways(flow, "2") == {"isNew": "7", "ELSE": "6"}
    assert list(_ways(flow, "7").values()) == ["5"]
    screen = _screen(flow, _task(flow, "7")["screenId"])
    texts = [node["props"].get("children") for node in screen["contents"].values()]
    assert texts == [None, "Terms", "Read {{x}}", "Agree"]
    before = {str(problem) for problem in check_document(FlowDocument(full_flow()))}
    assert {str(problem) for problem in check_document(FlowDocument(flow))} <= before


def test_a_screen_before_the_first_one_starts_the_flow() -> None:
    contents = copy.deepcopy(_screen(full_flow(), WELCOME)["contents"])
    interactions = [{"id": "continue01", "label": "Continue"}, {"id": "google0001"}]
    given = {"screenId": "SC3new", "contents": contents, "interactions": interactions}

    flow = _apply({"add_screen": "Hello", "screen": given, "before": "Welcome", "next": {"google0001": "End"}})

    assert flow["contents"]["startTask"] == "7"
    assert [rule["taskId"] for rule in _task(flow, "start")["next"]["rules"]] == ["7"]
    assert _ways(flow, "7") == {"continue01": "0", "google0001": "6"}
    assert _ways(flow, "0")["polling"] == "0"


@pytest.mark.parametrize(
    ("change", "first"),
    [
        ({"add_screen": "House Rules", "screen": {"title": "Be kind"}, "after": "start"}, "7"),
        ({"add_screen": "House Rules", "screen": {"title": "Be kind"}, "after": "start", "on": ""}, "7"),
        ({"task": "start", "next": {"": "New user?"}}, "2"),
        ({"task": "start", "set": {"next.rules[0].taskId": "2"}}, "2"),
        ({"task": "start", "set": {"next": {"rules": [{"taskId": "2"}]}}}, "2"),
        ({"remove": "Welcome", "lead_to": "New user?"}, "2"),
    ],
)
@pytest.mark.parametrize("told", [{}, {"interactionId": ""}])
def test_the_flow_starts_where_its_start_leads(change: dict[str, Any], first: str, told: dict[str, str]) -> None:
    base = full_flow()
    base["contents"]["tasks"]["start"]["next"]["rules"] = [{"taskId": "0", **told}]

    flow = _apply(change, flow=base)

    assert Walk(FlowDocument(flow)).start == flow["contents"]["startTask"] == first
    assert [rule["taskId"] for rule in _task(flow, "start")["next"]["rules"]] == [first]


def test_a_flow_that_starts_elsewhere_than_its_start_leads_goes_on_doing_so() -> None:
    base = full_flow()
    base["contents"]["startTask"] = "4"

    flow = _apply({"task": "start", "next": {"": "New user?"}}, flow=base)

    assert flow["contents"]["startTask"] == "4"


def test_a_task_is_removed_with_its_screen_and_the_ways_to_it() -> None:
    flow = _apply({"remove": "Verify OTP"}, {"remove": "Sign Up or In / OAuth", "lead_to": "End"})

    assert set(flow["contents"]["tasks"]) == {"start", "0", "2", "3", "5", "6"}
    assert [screen["screenId"] for screen in flow["screens"]] == [WELCOME]
    assert _ways(flow, "3") == {"success": "2"}
    assert _ways(flow, "0")["google0001"] == "6"


def _magic_link() -> dict[str, Any]:
    """A link is sent, which leads to a screen that says so; once it is followed, the second step leads on to End."""
    flow = full_flow()
    tasks = flow["contents"]["tasks"]
    tasks["1"]["action"], tasks["1.end"]["action"] = "sign-up-or-in-magic-link-email", "verify-magic-link"
    tasks["1"]["next"]["rules"] = [
        {"interactionId": "success", "taskId": "4"},
        {"interactionId": "success", "taskId": "1.end"},
        {"interactionId": "MagicLinkFailed", "taskId": "0"},
    ]
    tasks["1.end"]["next"]["rules"] = [{"interactionId": "success", "taskId": "6"}]
    for step in ("1", "1.end"):
        tasks[step]["name"] = "Magic Link"
    return flow


def _steps_lead_to(flow: dict[str, Any]) -> list[list[str]]:
    return [[rule["taskId"] for rule in _task(flow, step)["next"]["rules"]] for step in ("1", "1.end")]


@pytest.mark.parametrize(
    ("task", "way", "expected"),
    [
        ("Magic Link", "success", [["4", "1.end", "0"], ["5"]]),
        ("1.end", "success", [["4", "1.end", "0"], ["5"]]),
        ("1", "success", [["5", "1.end", "0"], ["6"]]),
        ("Magic Link", "MagicLinkFailed", [["4", "1.end", "5"], ["6"]]),
    ],
)
def test_a_way_that_both_steps_of_an_action_have_is_changed_in_one(
    task: str, way: str, expected: list[list[str]]
) -> None:
    flow = _apply({"task": task, "next": {way: "Set Up MFA"}}, flow=_magic_link())

    assert _steps_lead_to(flow) == expected


def test_where_the_second_step_leads_nowhere_yet_the_first_one_is_not_meant_either() -> None:
    base = replaced(_magic_link(), ("contents", "tasks", "1.end", "next"), {})

    assert _steps_lead_to(_apply({"task": "Magic Link", "next": {"success": "End"}}, flow=base)) == [
        ["4", "1.end", "0"],
        ["6"],
    ]
    after = {"add_screen": "Terms", "screen": {"title": "Terms"}, "after": "Magic Link", "on": "success"}
    assert "leads nowhere" in _refused(after, flow=base)[0]


def test_a_way_that_only_the_second_step_has_is_found_by_the_id_of_the_first_one_too() -> None:
    flow = _apply({"task": "1", "next": {"success": "End"}})

    assert _steps_lead_to(flow) == [["1.end", "0"], ["6"]]


@pytest.mark.parametrize(
    ("after", "expected", "onward"),
    [
        ({"after": "Magic Link", "on": "success"}, [["4", "1.end", "0"], ["7"]], "6"),
        ({"after": "1.end"}, [["4", "1.end", "0"], ["7"]], "6"),
        ({"after": "1", "on": "success"}, [["7", "1.end", "0"], ["6"]], "4"),
    ],
)
def test_a_screen_after_an_action_in_two_steps(after: dict[str, str], expected: list[list[str]], onward: str) -> None:
    flow = _apply({"add_screen": "Terms", "screen": {"title": "Terms"}, **after}, flow=_magic_link())

    assert _steps_lead_to(flow) == expected
    assert list(_ways(flow, "7").values()) == [onward]


def test_an_action_in_two_steps_is_not_removed_without_saying_where_the_ways_to_it_lead() -> None:
    [message] = _refused({"remove": "Magic Link"}, flow=_magic_link())

    assert "say which is meant with lead_to" in message


def test_what_follows_a_magic_link_lets_nobody_in_who_did_not_follow_the_link() -> None:
    folder = Path(__file__).parents[4] / "flows"
    flow = json.loads((folder / "magic-link" / "flow.json").read_text(encoding="utf-8"))
    changed = _apply(
        {"add_screen": "Terms", "screen": {"title": "Terms", "button": "I agree"}, "before": "End"},
        {"task": "Sign Up or In / Magic Link / Email", "next": {"success": "Terms"}},
        flow=flow,
    )

    steps = {"no_path": [{"screen": "Welcome"}, {"end": "End"}], "without": [{"action": "verify-magic-link"}]}
    agreed = {"path": [{"screen": "Welcome"}, {"screen": "Terms"}, {"press": "I agree"}, {"end": "End"}]}
    for expectation in read_expectations([steps, agreed], "expect"):
        assert failures(expectation, Walk(FlowDocument(changed))) == []


def _with_twins() -> dict[str, Any]:
    flow = full_flow()
    flow["contents"]["tasks"]["4"]["name"] = "Welcome"
    return flow


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        ({"screen": "Welcom", "texts": {"a": "b"}}, ('no screen "Welcom"', 'did you mean "Welcome"')),
        ({"screen": "Welcome", "texts": {"Go": "b"}}, ('no text "Go"', '"Continue"')),
        ({"screen": "Welcome", "set": {"contents.no.props": 1}}, ("no contents.no to set",)),
        ({"task": "Gone", "name": "x"}, ('no task "Gone"',)),
        ({"task": "End", "arguments": {"url": "x"}}, ('the task "End" has no argument "url"', "it has none")),
        ({"task": "Risk / Check", "arguments": {"arg": "x"}}, ("there are args, command, connectorId, templateId",)),
        ({"task": "Welcome", "next": {"Continue with X": "End"}}, ("no way on of the task", "Continue with Google")),
        ({"task": "start", "next": {"success": "End"}}, ('no way on of the task "start" "success"; there are ""',)),
        ({"task": "Welcome", "next": {"Continue": "Gone"}}, ('no task "Gone"',)),
        ({"task": "New user?", "branches": {"Old": {}}}, ('no single branch "Old"', '"New user"')),
        ({"task": "New user?", "branches": {"New user": {"size": 1}}}, ("does not take size",)),
        ({"task": "New user?", "branches": {"Known user": {"value": 1}}}, ("has 0 conditions",)),
        ({"connector": "SMTP", "becomes": "x"}, ('no connector "SMTP"', '"Risk Engine"')),
        ({"remove": "New user?"}, ('leads to "Set Up MFA", "End"', "lead_to")),
        ({"remove": "End"}, ("leads nowhere", "lead_to")),
        ({"add_screen": "A", "screen": {"title": "x"}}, ("either after or before",)),
        ({"add_screen": "A", "screen": {"title": "x"}, "after": "New user?"}, ("say which is meant with on",)),
        ({"add_screen": "End", "screen": {"title": "x"}, "before": "End"}, ("already",)),
        ({"add_screen": "A", "screen": {"colour": "x"}, "before": "End"}, ("title, text, button", "colour")),
        ({"add_screen": "A", "screen": {"contents": {}}, "before": "End"}, ("contents and interactions",)),
        (
            {"add_screen": "A", "screen": {"contents": {}, "interactions": [{"id": "a"}, 5]}, "before": "End"},
            ("interactions[1] is a number, expected an object",),
        ),
    ],
)
def test_what_is_missing_is_said(change: dict[str, Any], parts: tuple[str, ...]) -> None:
    [message] = _refused(change)

    assert all(part in message for part in parts), message


def test_a_name_that_several_have_is_no_name() -> None:
    [message] = _refused({"screen": "Welcome", "set": {}}, flow=_with_twins())

    assert "2 of that name" in message
    assert WELCOME in message
    assert _apply({"task": "4", "name": "Other"}, flow=_with_twins())["contents"]["tasks"]["4"]["name"] == "Other"


def test_twins_in_two_steps_are_told_with_the_ids_of_both() -> None:
    flow = _magic_link()
    flow["contents"]["tasks"]["4"]["name"] = "Magic Link"
    [message] = _refused({"task": "Magic Link", "next": {"success": "End"}}, flow=flow)

    assert message.startswith('there are 2 of that name, task "Magic Link": use one of 1, 1.end, 4,')


def test_all_changes_that_fail_are_said_at_once() -> None:
    assert len(_refused({"task": "a", "name": "x"}, {"metadata": {"name": "y"}}, {"remove": "b"})) == 2


@pytest.mark.parametrize(
    ("value", "path", "part"),
    [
        ([], "$", "expected extends: and changes:"),
        ({"extends": "x"}, "$.extends", "leave it out"),
        ({"change": []}, "$.change", "unknown"),
        ({"changes": {}}, "$.changes", "a list of changes"),
        ({"changes": ["x"]}, "$.changes[0]", "metadata, add_screen, screen, task, connector, remove"),
        ({"changes": [{"task": "x", "text": {}}]}, "$.changes[0]", "does not go with text"),
        ({"changes": [{"connector": "x"}]}, "$.changes[0]", "needs becomes"),
        ({"changes": [{"task": "x", "arguments": []}]}, "$.changes[0].arguments", "a mapping"),
        ({"changes": [{"task": ["x"]}]}, "$.changes[0].task", "a text"),
    ],
)
def test_a_broken_overlay(value: Any, path: str, part: str) -> None:
    with pytest.raises(InputError) as caught:
        read_overlay(value, "overlay.yml", needs_base=False)

    [problem] = caught.value.problems
    assert (problem.path, problem.source) == (path, "overlay.yml")
    assert part in problem.message


# --- flows with something missing or wrong ----------------------------------------------------------------------------

# One of every kind of change, and each fits the full flow.
_EVERY_KIND: tuple[dict[str, Any], ...] = (
    {"metadata": {"name": "Other"}},
    {"screen": "Welcome", "texts": {"Continue": "Go on"}, "set": {"contents.ROOT.hidden": True}},
    {"task": "Risk / Check", "name": "Risk", "arguments": {"command": "x"}, "connector": "Other Engine"},
    {"task": "Welcome", "next": {"Continue": "End"}},
    {"task": "New user?", "branches": {"New user": {"value": 1}}, "set": {"conditions[0].name": "New"}},
    {"connector": "Risk Engine", "becomes": "Other Engine"},
    {"add_screen": "Terms", "screen": {"title": "Terms"}, "before": "End"},
    {"add_screen": "Terms", "screen": {"title": "Terms"}, "after": "Sign Up or In / OAuth", "on": "success"},
    {"remove": "New user?", "lead_to": "End"},
)


@given(
    st.sampled_from([place for place, _value in places(full_flow()) if place]),
    st.one_of(st.sampled_from([None, "x", 5, [], {}, [None], {"a": None}, ["x"]]), json_values()),
    st.sampled_from(_EVERY_KIND),
)
@settings(max_examples=150)
def test_any_damaged_flow_is_changed_or_it_is_said_why_not(place: Place, value: Any, change: dict[str, Any]) -> None:
    flow = replaced(full_flow(), place, value)
    with contextlib.suppress(InputError):
        _apply(change, flow=flow)


@pytest.mark.parametrize("change", _EVERY_KIND)
def test_nothing_that_is_missing_or_of_the_wrong_type_stops_a_task(change: dict[str, Any]) -> None:
    containers = [place for place, value in places(full_flow()) if place and isinstance(value, dict | list)]
    for place in containers:
        for value in (None, "x"):
            with contextlib.suppress(InputError):
                _apply(change, flow=replaced(full_flow(), place, value))


@pytest.mark.parametrize(
    ("place", "change"),
    [
        (("references",), {"task": "Risk / Check", "connector": "Other Engine"}),
        (("references", "connectors"), {"task": "Risk / Check", "connector": "Other Engine"}),
        (("references",), {"connector": CONNECTOR, "becomes": "Other Engine"}),
        (("screens",), {"add_screen": "Terms", "screen": {"title": "Terms"}, "before": "End"}),
        (("screens",), {"remove": "Verify OTP", "lead_to": "End"}),
        (("metadata",), {"metadata": {"name": "Other"}}),
        (("metadata",), {"connector": "Risk Engine", "becomes": "Other Engine"}),
        (("screens", 1, "interactions"), {"screen": "Welcome", "texts": {"Continue": "Go on"}}),
    ],
)
def test_null_is_as_good_as_nothing(place: Place, change: dict[str, Any]) -> None:
    missing = full_flow()
    holder: Any = missing
    for key in place[:-1]:
        holder = holder[key]
    del holder[place[-1]]

    changed = _apply(change, flow=replaced(full_flow(), place, None))

    assert FlowDocument(changed).fingerprint == FlowDocument(_apply(change, flow=missing)).fingerprint


@pytest.mark.parametrize(
    ("place", "value", "change", "message"),
    [
        (("contents",), None, {"task": "End", "name": "x"}, 'there is no task "End"; there are none'),
        (("contents",), [], {"task": "End", "name": "x"}, "$.contents is a list, expected an object"),
        (("contents", "tasks"), "x", {"remove": "End"}, "$.contents.tasks is a string, expected an object"),
        (("contents", "tasks", "1"), 5, {"remove": "End"}, "$.contents.tasks.1 is a number, expected an object"),
        (("metadata",), "x", {"metadata": {"name": "x"}}, "$.metadata is a string, expected an object"),
        (("references",), [], {"connector": "a", "becomes": "b"}, "$.references is a list, expected an object"),
        (("screens",), None, {"screen": "Welcome", "set": {}}, 'there is no screen "Welcome"; there are none'),
        (("screens",), {}, {"screen": "Welcome", "set": {}}, "$.screens is an object, expected a list"),
        (("screens", 0), "x", {"screen": "Welcome", "set": {}}, "$.screens[0] is a string, expected an object"),
        (
            ("screens", 1, "interactions"),
            ["x"],
            {"screen": "Welcome", "texts": {"Continue": "x"}},
            "$.screens[1].interactions[0] is a string, expected an object",
        ),
        (
            ("screens", 1, "contents"),
            "x",
            {"screen": "Welcome", "texts": {"Continue": "x"}},
            "$.screens[1].contents is a string, expected an object",
        ),
        (
            ("contents", "tasks", "4", "next"),
            "${ next }",
            {"remove": "End", "lead_to": "Welcome"},
            "$.contents.tasks.4.next is a string, expected an object",
        ),
        (
            ("contents", "tasks", "3", "arguments", "command"),
            "x",
            {"task": "3", "arguments": {"command": "y"}},
            "$.contents.tasks.3.arguments.command is a string, expected an object",
        ),
        (
            ("contents", "tasks", "2", "conditions"),
            {},
            {"task": "2", "branches": {"New user": {"value": 1}}},
            "$.contents.tasks.2.conditions is an object, expected a list",
        ),
    ],
)
def test_what_is_of_the_wrong_type_is_said(place: Place, value: Any, change: dict[str, Any], message: str) -> None:
    [found] = _refused(change, flow=replaced(full_flow(), place, value))

    assert found == f"{message}, in the flow that is changed"


def test_what_a_change_does_not_look_at_may_be_anything() -> None:
    flow = replaced(full_flow(), ("screens",), "${ screens }")

    assert _apply({"metadata": {"name": "Other"}}, flow=flow)["screens"] == "${ screens }"
    assert _apply({"task": "End", "name": "Done"}, flow=flow)["screens"] == "${ screens }"


# --- the history of a real flow ---------------------------------------------------------------------------------------


# What a team might do to a flow that somebody else goes on changing.
TEN_LINES = (
    {"screen": "Welcome Screen", "texts": {"Forgot password": "Trouble signing in?"}},
    {"connector": "manual", "becomes": "Translator"},
    {
        "add_screen": "House Rules",
        "screen": {"title": "House rules", "text": "Be kind.", "button": "I will be"},
        "before": "End",
    },
)


def _history() -> dict[str, dict[str, Any]]:
    files = [file for file in real_flow_files() if re.fullmatch(r"sign-up-or-in(\.v\d+)?\.json", file.name)]
    return {
        file.stem.partition(".")[2] or "v1": json.loads(file.read_text(encoding="utf-8"))
        for file in files
        if "descope-cx" in str(file)
    }


@pytest.mark.usefixtures("real_flows_dir")
def test_ten_lines_on_the_history_of_a_real_flow() -> None:
    applied, missing = {}, {}
    for version, flow in _history().items():
        try:
            applied[version] = _apply(*TEN_LINES, flow=flow)
        except InputError as error:
            missing[version] = {(problem.path, problem.message.split(";")[0]) for problem in error.problems}

    no_translator = ("$.changes[1]", 'the flow uses no connector "manual"')
    no_welcome = ("$.changes[0]", 'there is no screen "Welcome Screen"')
    no_text = ("$.changes[0]", 'there is no text "Forgot password"')
    assert set(applied) == {"v7", "v8", "v9", "v10", "v11"}
    for version, problems in {
        "v1 v2 v4": {no_text, no_translator},
        "v3": {no_text, no_translator, ("$.changes[2]", 'there is no task "End"')},
        "v5 v6": {no_welcome},
        "v12 v13 v14 v15": {no_translator},
    }.items():
        assert [missing.pop(one) for one in version.split()] == [problems] * len(version.split())
    assert not missing
    for version, flow in applied.items():
        text = json.dumps(flow)
        assert "Trouble signing in?" in text
        assert "Forgot password" not in json.dumps(flow["screens"])
        assert "Translator" in flow["references"]["connectors"]
        new = max(flow["contents"]["tasks"].values(), key=lambda task: task["name"] == "House Rules")
        leading_to_end = {
            task["name"]
            for task in flow["contents"]["tasks"].values()
            for rule in (task.get("next") or {}).get("rules") or ()
            if flow["contents"]["tasks"][rule["taskId"]]["name"] == "End"
        }
        assert leading_to_end == {"House Rules"}, version
        assert new["screenId"] in {screen["screenId"] for screen in flow["screens"]}
        assert check_document(FlowDocument(flow)) == check_document(FlowDocument(_history()[version]))
