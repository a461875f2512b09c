# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Walking through flows: which paths there are, and whether they are as somebody expects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ansible_collections.community.descope.plugins.module_utils._errors import InputError
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._flow.sources import read_source
from ansible_collections.community.descope.plugins.module_utils._walk.expect import failures, read_expectations
from ansible_collections.community.descope.plugins.module_utils._walk.paths import END, Walk
from ansible_collections.community.descope.plugins.module_utils._walk.walk_task import DESCOPE_FLOW_WALK
from example_flows import minimal_flow
from flow_tasks import run
from full_flow import full_flow
from json_values import Place, json_values, places, replaced
from real_flows import real_flow_files, real_flows_folder

MINIMAL = (
    'screen "Welcome" > [Continue] action "Sign In / OTP / Email" > [success] screen "Verify OTP" > '
    '[Verify] action "Verify Code / OTP / Email" > [success] end "End"'
)
# What holds of the real flow's version 6, and of version 7 does not: it was built anew.
EXPECTED_OF_V6 = """
flow: sign-up-or-in
expect:
  - name: A code by e-mail leads in
    path:
      - {screen: Welcome}
      - {press: Continue}
      - {action: sign-up-or-in-otp-email}
      - {screen: Verify OTP}
      - {end: End}
  - name: A code can be sent again
    path:
      - {screen: Verify OTP}
      - {press: Send again}
      - {screen: Verify OTP}
  - name: Passkeys and social login are offered
    screens: [Welcome]
    actions: [webauthn-sign-up-or-in-start, oauth-start]
    ends: [End]
  - name: Nobody gets in without proof
    no_path: [{screen: Welcome}, {end: End}]
    without:
      - {action: verify-code-otp-email}
      - {action: exchange-oauth-code}
      - {action: webauthn-sign-up-or-in-finish}
"""


def walk(**arguments: Any) -> dict[str, Any]:
    return run(DESCOPE_FLOW_WALK, arguments, check=False)


def faults(flow: dict[str, Any], **expectation: Any) -> list[str]:
    (read,) = read_expectations([expectation], "expect")
    return failures(read, Walk(FlowDocument(flow)))


def real(name: str) -> FlowDocument:
    folder = real_flows_folder()
    assert folder is not None
    return read_source(folder / "descope-cx+descope-terraform-demo" / f"{name}.json")[0]


# --- paths ------------------------------------------------------------------------------------------------------------


def test_a_path_names_what_people_see() -> None:
    paths, loops, truncated = Walk(FlowDocument(minimal_flow("a"))).paths(10)
    assert ([str(path) for path in paths], loops, truncated) == ([MINIMAL], [], False)


def test_loops_are_cut_and_told() -> None:
    flow = full_flow()
    flow["contents"]["tasks"]["4"]["next"]["rules"].append({"interactionId": "again", "taskId": "3"})
    paths, loops, _truncated = Walk(FlowDocument(flow)).paths(50)
    assert {(loop.task, loop.via, loop.back_to) for loop in loops} >= {("4", "again", "3"), ("0", "polling", "0")}
    for path in paths:
        tasks = [step.task for step in path.steps]
        assert len(tasks) == len(set(tasks))


def test_the_shortest_paths_come_first_and_it_is_said_where_there_are_more() -> None:
    walked = Walk(FlowDocument(full_flow()))
    every, _loops, truncated = walked.paths(100)
    assert not truncated
    assert [len(path.steps) for path in every] == sorted(len(path.steps) for path in every)
    some, _loops, truncated = walked.paths(1)
    assert (some, truncated) == (every[:1], True)


def test_a_flow_with_more_paths_than_anybody_can_count_is_walked_in_no_time() -> None:
    """Twenty conditions after each other, each of which leads on in two ways: a million paths."""
    flow = minimal_flow("a")
    tasks = flow["contents"]["tasks"]
    for number in range(100, 160):
        rules = [{"interactionId": side, "taskId": str(min(number + step, 160))} for side, step in (("l", 1), ("r", 2))]
        tasks[str(number)] = {"id": str(number), "name": f"C{number}", "type": "condition", "next": {"rules": rules}}
    tasks["160"] = {**tasks["4"], "id": "160"}
    tasks["0"]["next"]["rules"][0]["taskId"] = "100"
    paths, _loops, truncated = Walk(FlowDocument(flow)).paths(200)
    assert truncated
    assert len(paths) <= 200
    assert faults(flow, name="x", path=[{"screen": "Welcome"}, {"condition": "C159"}, {"end": "End"}]) == []


@given(st.sampled_from([place for place, _value in places(full_flow()) if place]), json_values())
@example(("contents", "tasks", "0"), None)
@settings(max_examples=100)
def test_any_damaged_flow_can_be_walked_and_is_left_as_it_is(place: Place, value: Any) -> None:
    flow = replaced(full_flow(), place, value)
    before = json.dumps(flow)
    walked = Walk(FlowDocument(flow))
    paths, _loops, _truncated = walked.paths(20)
    reached = {step.task for step in walked.reached}
    assert all(step.task in reached for path in paths for step in path.steps)
    assert json.dumps(flow) == before


def test_every_real_flow_is_walked_from_its_start_to_an_end(real_flows_dir: Path) -> None:
    for path in real_flow_files():
        walked = Walk(read_source(path)[0])
        paths, _loops, _truncated = walked.paths(200)
        assert paths, path
        assert {step.task for one in paths for step in one.steps} <= {step.task for step in walked.reached}


def test_the_real_paths_of_a_real_flow(real_flows_dir: Path) -> None:
    paths, loops, truncated = Walk(real("sign-up-or-in.v6")).paths(200)
    assert [str(path) for path in paths] == [
        'screen "Welcome" > [Passkey Button] action "Sign Up or In / Passkeys (WebAuthn)" > '
        '[success] action "Sign Up or In / Passkeys (WebAuthn)" > [success] end "End"',
        'screen "Welcome" > [Google] action "Sign Up or In / OAuth" > '
        '[success] action "Sign Up or In / OAuth" > [success] end "End"',
        'screen "Welcome" > [Facebook] action "Sign Up or In / OAuth" > '
        '[success] action "Sign Up or In / OAuth" > [success] end "End"',
        'screen "Welcome" > [Continue] action "Sign Up or In / OTP / Email" > [success] screen "Verify OTP" > '
        '[Verify OTP code] action "Verify Code / OTP / Email" > [success] end "End"',
    ]
    assert {(loop.via, loop.back_to) for loop in loops} == {
        ("Choose another authentication method", "6"),
        ("Send again", "7"),
    }
    assert not truncated
    large, _loops, truncated = Walk(real("sign-up-or-in")).paths(200)
    assert not truncated
    assert len(large) == 27
    assert {path.steps[-1].kind for path in large} == {END, "screen"}


# --- expectations -----------------------------------------------------------------------------------------------------


def test_what_holds_of_one_version_and_not_of_the_next_is_said(real_flows_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "expect.yml").write_text(EXPECTED_OF_V6, encoding="utf-8")
    versions = {name: str(real(f"sign-up-or-in.{name}").source) for name in ("v6", "v7")}

    assert "failed" not in walk(src=versions["v6"], expect_src=str(tmp_path / "expect.yml"))
    result = walk(src=versions["v7"], expect_src=str(tmp_path / "expect.yml"))

    assert result["failed"]
    assert {entry["name"]: entry["failures"] for entry in result["expectations"]} == {
        "A code by e-mail leads in": [
            'no path comes to screen "Welcome": no path shows screen "Welcome"; did you mean "Welcome Screen"?'
        ],
        "A code can be sent again": [
            'no path comes to screen "Verify OTP": no path shows screen "Verify OTP"; there is "Welcome Screen"'
        ],
        "Passkeys and social login are offered": [
            'no path shows screen "Welcome"; did you mean "Welcome Screen"?',
            'no path shows action "webauthn-sign-up-or-in-start"; there are "Redirect to Broker Login OAuth (IdP)", '
            '"SSO", "Redirect to Provider OAuth (IdP)", "Sign Up or In / OAuth"',
        ],
        "Nobody gets in without proof": [],
    }
    assert result["msg"].startswith('3 of 4 expectations do not hold: flow sign-up-or-in, "A code by e-mail leads in":')


@pytest.mark.parametrize(
    "path",
    [
        [{"screen": "Welcome"}, {"end": "End"}],
        [{"screen": "SC3tests0000000000000welcome0"}, {"press": "continue01"}, {"action": "1"}],
        [{"screen": "Welcome"}, {"press": "Continue"}, {"press": "Verify"}, {"end": "4"}],
        [{"action": "Sign In / OTP / Email"}, {"screen": "Verify OTP"}],
        [{"end": "End"}],
    ],
)
def test_a_path_is_described_by_some_of_its_steps(path: list[dict[str, str]]) -> None:
    assert faults(minimal_flow("a"), name="x", path=path) == []


@pytest.mark.parametrize(
    ("expectation", "message"),
    [
        ({"screens": ["Welcome", "Verify"]}, 'no path shows screen "Verify"; did you mean "Verify OTP"?'),
        ({"actions": "sign-up"}, 'no path shows action "sign-up"; there are'),
        ({"flows": ["sign-in"]}, 'no path shows flow "sign-in"; there is none at all'),
        (
            {"path": [{"end": "End"}, {"screen": "Welcome"}]},
            'after end "End", no path comes to screen "Welcome"',
        ),
        (
            {"path": [{"screen": "Welcome"}, {"press": "Cancel"}, {"end": "End"}]},
            'after screen "Welcome", no path comes to press "Cancel"',
        ),
        (
            {"path": [{"end": "End"}], "without": [{"action": "verify-code-otp-email"}]},
            'no path comes to end "End" without action "verify-code-otp-email"',
        ),
        (
            {"no_path": [{"screen": "Welcome"}, {"action": "verify-code-otp-email"}]},
            'there is a path that must not be: screen "Welcome" > action "Sign In / OTP / Email" > '
            'screen "Verify OTP" > action "Verify Code / OTP / Email"',
        ),
    ],
)
def test_in_what_an_expectation_does_not_hold(expectation: dict[str, Any], message: str) -> None:
    (fault,) = faults(minimal_flow("a"), name="x", **expectation)
    assert fault.startswith(message)


def test_a_loop_is_a_path_too() -> None:
    flow = minimal_flow("a")
    flow["contents"]["tasks"]["2"]["next"]["rules"].append({"interactionId": "codeTitle", "taskId": "1"})
    again = [{"screen": "Verify OTP"}, {"press": "codeTitle"}, {"screen": "Verify OTP"}, {"end": "End"}]
    assert faults(flow, name="x", path=again) == []
    assert len(faults(minimal_flow("a"), name="x", path=again)) == 1


def test_a_label_is_that_of_every_button_that_has_it_and_an_id_is_that_of_one() -> None:
    flow = minimal_flow("a")
    tasks, (_verify, welcome) = flow["contents"]["tasks"], flow["screens"]
    tasks["0"]["next"]["rules"].append({"interactionId": "other", "taskId": "3"})
    welcome["interactions"].append({"id": "other", "label": "Continue"})
    ways = {"Continue": {"1", "3"}, "continue01": {"1"}, "other": {"3"}}
    for press, targets in ways.items():
        for target in ("1", "3"):
            steps = [{"press": press}, {"action": target}]
            without = [{"action": other} for other in ("1", "3") if other != target]
            assert (faults(flow, name="x", path=steps, without=without) == []) is (target in targets)
            assert (faults(flow, name="x", no_path=steps, without=without) == []) is (target not in targets)


def test_everything_wrong_with_expectations_is_said_at_once() -> None:
    wrong = [
        "text",
        {"name": "nothing"},
        {"screens": 5},
        {"pathh": []},
        {"path": []},
        {"path": [{"screen": "a", "end": "b"}, {"jump": "c"}, "d", {"screen": True}]},
        {"no_path": [{"end": "End"}], "without": [{"press": "x"}]},
    ]
    with pytest.raises(InputError) as caught:
        read_expectations(wrong, "tests/flows.yml")
    found = {problem.path for problem in caught.value.problems}
    assert {
        "$[0]",
        "$[1]",
        "$[2].screens",
        "$[3]",
        "$[4].path",
        "$[5].path[0]",
        "$[5].path[3]",
        "$[6].without",
    } <= found
    assert {problem.code for problem in caught.value.problems} == {"invalid-expectation"}
    empty: list[object] = [[], {}, {"expect": []}, "x", 5, None]
    for nothing in empty:
        with pytest.raises(InputError):
            read_expectations(nothing, "a")


# --- the task ---------------------------------------------------------------------------------------------------------


def test_a_task_lists_what_its_flows_show() -> None:
    result = walk(definition=[minimal_flow("a"), full_flow("b")])
    first, second = result["flows"]
    assert first["screens"] == ["Welcome", "Verify OTP"]
    assert first["actions"] == ["sign-in-otp-email", "verify-code-otp-email"]
    assert (first["flows"], first["ends"], first["truncated"]) == ([], ["End"], False)
    assert [path["text"] for path in first["paths"]] == [MINIMAL]
    assert first["paths"][0]["logged_in"]
    assert second["flows"] == ["preferred-mfa"]
    assert set(result) == {"changed", *DESCOPE_FLOW_WALK.empty_result}


def test_an_expectation_says_which_flow_it_is_about() -> None:
    flows = [minimal_flow("a"), minimal_flow("b")]
    expect = [
        {"name": "one", "flow": "b", "screens": ["Welcome"]},
        {"name": "two", "flow": "c", "screens": ["Welcome"]},
        {"name": "three", "screens": ["Welcome"]},
    ]
    result = walk(definition=flows, expect=expect)
    assert [entry["failures"] for entry in result["expectations"]] == [
        [],
        ['there is no flow "c"; there are: a, b'],
        ["it does not say which flow it is about; there are: a, b"],
    ]
    assert "failed" not in walk(definition=flows[:1], expect=expect[2:])


def test_an_empty_file_of_expectations_says_so(tmp_path: Path) -> None:
    (tmp_path / "empty.yml").write_text("\n", encoding="utf-8")
    result = walk(definition=minimal_flow("a"), expect_src=[str(tmp_path / "empty.yml")])
    assert "empty; a list of expectations as YAML was expected" in result["msg"]


def test_all_that_is_wrong_with_a_task_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "bad.yml").write_text("- {name: x\n", encoding="utf-8")
    result = walk(definition={"a": 1}, expect=[{}], expect_src=[str(tmp_path / "bad.yml"), "gone.yml"], max_paths=0)
    codes = [problem["code"] for problem in result["problems"]]
    assert codes == ["unknown-format", "invalid-yaml", "not-readable", "invalid-expectation", "arguments"]
