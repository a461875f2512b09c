# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What a reviewer reads: each kind of change in its own words."""

from __future__ import annotations

import copy
import difflib
import json
from typing import Any

import pytest

from ansible_collections.community.descope.plugins.module_utils._diff.flows import (
    Change,
    diff_documents,
    render_changes,
    summarize,
    told_changes,
)
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from full_flow import WELCOME, full_flow

SEGMENT, HTTP = "CI3segment000000000000000000", "CI3http00000000000000000000000"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"


class Flow:
    """A flow to change, with short ways to its parts."""

    def __init__(self) -> None:
        self.data = full_flow()

    def task(self, task_id: str) -> dict[str, Any]:
        task: dict[str, Any] = self.data["contents"]["tasks"][task_id]
        return task

    def rules(self, task_id: str) -> list[dict[str, Any]]:
        rules: list[dict[str, Any]] = self.task(task_id)["next"]["rules"]
        return rules

    @property
    def screen(self) -> dict[str, Any]:
        screen: dict[str, Any] = next(screen for screen in self.data["screens"] if screen["screenId"] == WELCOME)
        return screen

    def node(self, node_id: str) -> dict[str, Any]:
        node: dict[str, Any] = self.screen["contents"][node_id]
        return node

    def add_node(self, node_id: str, kind: str, after: str, **props: Any) -> None:
        parent = self.node(after)["parent"]
        siblings = self.node(parent)["nodes"]
        siblings.insert(siblings.index(after) + 1, node_id)
        self.screen["contents"][node_id] = {
            **copy.deepcopy(self.node(after)),
            "displayName": kind,
            "type": {"resolvedName": kind.replace(" ", "")},
            "props": props,
        }

    def set_argument(self, task_id: str, name: str, value: Any) -> None:
        self.task(task_id).setdefault("arguments", {})[name] = {"type": "inline", "value": value}


@pytest.fixture
def before() -> Flow:
    return Flow()


@pytest.fixture
def after() -> Flow:
    return Flow()


def changes(before: Flow, after: Flow) -> list[Change]:
    return diff_documents(FlowDocument(before.data), FlowDocument(after.data))


def shown(before: Flow, after: Flow, **options: int) -> list[str]:
    """The lines that Ansible shows below the headers of its diff."""
    old, new = render_changes(changes(before, after), **options)
    return list(difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm=""))[3:]


class TestTasks:
    def test_rewired(self, before: Flow, after: Flow) -> None:
        after.rules("0")[0]["taskId"] = "6"
        assert shown(before, after) == [
            ' screen "Welcome" (0)',
            '   on "Continue" goes to',
            '-    task "Risk / Check" (3)',
            '+    task "End" (6)',
        ]
        (change,) = changes(before, after)
        assert (change.kind, change.path) == ("task-rewired", "$.contents.tasks.0.next.rules[0].taskId")
        assert (change.before, change.after) == ("3", "6")

    def test_rewired_by_an_error_and_by_a_branch(self, before: Flow, after: Flow) -> None:
        after.rules("1")[1]["taskId"] = "99"
        after.rules("2")[0]["taskId"] = "6"
        after.rules("2")[1]["taskId"] = "5"
        assert [line.rstrip() for line in shown(before, after)] == [
            ' task "Sign Up or In / OAuth" (1)',
            "   on error OAuthStartFailed goes to",
            '-    screen "Welcome" (0)',
            "+    missing task 99",
            ' condition "New user?" (2)',
            '   if "New user" goes to',
            '-    sub-flow "Set Up MFA" (5)',
            '+    task "End" (6)',
            '   else "Known user" goes to',
            '-    task "End" (6)',
            '+    sub-flow "Set Up MFA" (5)',
        ]

    def test_of_two_rules_with_one_interaction_only_the_changed_one_is_told(self, before: Flow, after: Flow) -> None:
        """A magic link has two rules named "success": to the screen that says so, and to its own second half."""
        for flow in (before, after):
            flow.rules("1").append({"interactionId": "success", "taskId": "4"})
        after.rules("1")[-1]["taskId"] = "0"
        after.rules("1").reverse()
        first, second = changes(before, after)
        assert (first.kind, first.before, first.after) == ("task-rewired", "4", "0")
        assert first.path == "$.contents.tasks.1.next.rules[0].taskId"
        assert second.kind == "rules-reordered"

    def test_rules_that_only_stand_in_another_order_are_told_as_that(self, before: Flow, after: Flow) -> None:
        after.rules("0").reverse()
        assert shown(before, after) == [
            ' screen "Welcome" (0)',
            "+  rules re-ordered: only their order, they lead where they led",
        ]

    def test_a_rule_that_came_and_one_that_went(self, before: Flow, after: Flow) -> None:
        del after.rules("0")[1]
        after.rules("3").append({"interactionId": "request_error", "taskId": "0"})
        assert shown(before, after) == [
            ' screen "Welcome" (0)',
            '-  on "Continue with Google" goes to task "Sign Up or In / OAuth" (1)',
            ' task "Risk / Check" (3)',
            '+  on request_error goes to screen "Welcome" (0)',
        ]

    def test_a_task_without_rules_that_gets_one(self, before: Flow, after: Flow) -> None:
        after.task("6")["next"] = {"rules": [{"interactionId": "success", "taskId": "0"}]}
        assert shown(before, after)[1:] == ['+  on success goes to screen "Welcome" (0)']

    def test_the_start_is_told_once(self, before: Flow, after: Flow) -> None:
        after.data["contents"]["startTask"] = "3"
        after.rules("start")[0].update(taskId="3", interactionId="")
        assert shown(before, after) == [
            ' flow "Sign Up or In"',
            "   starts with",
            '-    screen "Welcome" (0)',
            '+    task "Risk / Check" (3)',
        ]

    def test_the_two_halves_of_a_task_that_changed_alike_are_told_once(self, before: Flow, after: Flow) -> None:
        for task_id in ("1", "1.end"):
            before.set_argument(task_id, "redirectUrl", "")
            after.set_argument(task_id, "redirectUrl", "https://acme.example/back")
            for name in ("loginHint", "popup"):
                after.set_argument(task_id, name, "")
        before.task("1.end")["arguments"].update(copy.deepcopy(before.task("1")["arguments"]))
        after.task("1.end")["arguments"] = copy.deepcopy(after.task("1")["arguments"])
        assert shown(before, after) == [
            ' task "Sign Up or In / OAuth" (1, 1.end)',
            '+  argument loginHint, popup: ""',
            "   argument redirectUrl",
            '-    ""',
            '+    "https://acme.example/back"',
        ]

    def test_arguments_inside_a_list_of_named_values(self, before: Flow, after: Flow) -> None:
        for flow, endpoint in ((before, "/api/user"), (after, "/api/member")):
            flow.set_argument("3", "args", [{"key": "endpoint", "type": "string", "value": endpoint}])
        (change,) = changes(before, after)
        assert change.what == "argument args.endpoint"
        assert change.path == "$.contents.tasks.3.arguments.args.value[0].value"

    def test_another_connector_is_told_by_name(self, before: Flow, after: Flow) -> None:
        for flow, connector in ((before, SEGMENT), (after, HTTP)):
            flow.data["references"]["connectors"] = {"Segment": SEGMENT, "HTTP": HTTP}
            flow.set_argument("3", "connectorId", connector)
        assert shown(before, after) == [' task "Risk / Check" (3)', "   connector", '-    "Segment"', '+    "HTTP"']
        assert summarize(changes(before, after)) == "1 connector replaced"

    def test_connectors_of_one_name_differ_in_their_id(self, before: Flow, after: Flow) -> None:
        for flow, connector in ((before, SEGMENT), (after, HTTP)):
            flow.data["references"]["connectors"] = {"Segment": connector}
            flow.set_argument("3", "connectorId", connector)
        assert shown(before, after)[-1] == f'+    "Segment" ("{HTTP}")'

    def test_another_sub_flow(self, before: Flow, after: Flow) -> None:
        after.set_argument("5", "flowId", "totp-only")
        assert shown(before, after)[1:] == ["   runs flow", '-    "preferred-mfa"', '+    "totp-only"']
        assert summarize(changes(before, after)) == "1 sub-flow swapped"

    def test_of_a_script_only_the_changed_lines_are_told(self, before: Flow, after: Flow) -> None:
        code = [f"const value{number} = {number};" for number in range(40)]
        before.set_argument("3", "scriptCode", "\n".join(code))
        code[17] = "const value17 = email.toLowerCase();"
        after.set_argument("3", "scriptCode", "\n".join([*code[:3], "", *code[3:], "", "return { value17 };"]))
        assert shown(before, after)[1:] == [
            "   script, line 19",
            "-    const value17 = 17;",
            "+    const value17 = email.toLowerCase();",
            "   script, line 43",
            "+    return { value17 };",
        ]

    def test_a_branch_of_a_condition(self, before: Flow, after: Flow) -> None:
        conditions = after.task("2")["conditions"]
        conditions[0]["atomicConditions"][0]["operator"] = "is-false"
        risk = {"operator": "greater-than", "target": {"type": "context", "value": "riskInfo.riskScore"}}
        risk["predicate"] = {"type": "inline", "value": 0.5}
        conditions.insert(1, {"interactionId": "risky", "name": "High risk", "atomicConditions": [risk]})
        assert shown(before, after)[1:] == [
            '   branch "New user"',
            '-    "New user": firstSeen is-true null',
            '+    "New user": firstSeen is-false null',
            '+  branch "High risk": riskInfo.riskScore greater-than 0.5',
        ]
        assert summarize(changes(before, after)) == "1 condition changed"

    def test_branches_in_another_order_decide_differently(self, before: Flow, after: Flow) -> None:
        after.task("2")["conditions"].reverse()
        assert shown(before, after)[1:] == [
            "   order of the branches",
            '-    "New user", "Known user"',
            '+    "Known user", "New user"',
        ]

    def test_error_handling(self, before: Flow, after: Flow) -> None:
        after.task("1")["errorHandlingV2"]["OAuthStartFailed"] = {
            "errorHandlingType": "customWithError",
            "errorMessage": "Please try again",
        }
        for code in ("RequestFailed", "TenantDisabled"):
            after.task("1")["errorHandlingV2"][code] = {"errorHandlingType": "automatic"}
        assert shown(before, after)[1:] == [
            "   error handling of OAuthStartFailed",
            "-    custom",
            '+    customWithError, message "Please try again"',
            "+  error handling of RequestFailed, TenantDisabled: automatic",
        ]

    def test_renamed_and_another_action(self, before: Flow, after: Flow) -> None:
        after.task("6")["name"] = "Done"
        after.task("3")["action"] = "scriptlet"
        assert [(change.kind, change.subject) for change in changes(before, after)] == [
            ("action-changed", 'task "Risk / Check" (3)'),
            ("task-renamed", 'task "Done" (6)'),
        ]

    def test_an_id_that_another_task_got_is_a_replacement(self, before: Flow, after: Flow) -> None:
        after.task("3").update(
            name="Sign In", type="flow", arguments={"flowId": {"type": "inline", "value": "sign-in"}}
        )
        assert shown(before, after) == [
            '-task "Risk / Check" (3): connector "Risk Engine" -> screen "Verify OTP" (4)',
            '+sub-flow "Sign In" (3): runs flow "sign-in" -> screen "Verify OTP" (4)',
        ]

    def test_many_replacements_are_listed(self, before: Flow, after: Flow) -> None:
        for task_id in ("0", "1", "3", "4", "5"):
            after.task(task_id).update(name=f"Other: {task_id}", type="new-type")
        old, new = (line for line in shown(before, after) if "Other" in line or "Welcome" in line)
        assert shown(before, after)[0] == "-5 tasks replaced:"
        assert "+5 tasks in their place:" in shown(before, after)
        assert old.startswith('-  screen "Welcome" (0),')
        assert new.startswith('+  "Other: 0" (0),')

    def test_tasks_and_screens_that_came_or_went_with_each_other(self, before: Flow, after: Flow) -> None:
        """The second half goes with the first, the screen with the task that shows it."""
        for task_id in ("1", "1.end", "4"):
            del after.data["contents"]["tasks"][task_id]
        del after.data["screens"][0]
        assert shown(before, after) == [
            '-task "Sign Up or In / OAuth" (1): oauth-start -> condition "New user?" (2)',
            '-screen "Verify OTP" (4): 1 button',
        ]
        assert summarize(changes(before, after)) == "2 tasks removed"
        assert [change.kind for change in changes(before, after)].count("screen-removed") == 1

    def test_many_tasks_that_came_are_listed(self, before: Flow, after: Flow) -> None:
        for number in range(20, 45):
            after.data["contents"]["tasks"][str(number)] = {
                "id": str(number),
                "name": f"Step {number}",
                "type": "automated",
                "action": "risk",
            }
        lines = shown(before, after)
        assert lines[0] == "+25 tasks added:"
        assert lines[1].startswith('+  "Step 20" (20), "Step 21" (21),')
        assert lines[-1].endswith("more")
        assert len(lines) == 5

    def test_a_task_of_a_wrong_type(self, before: Flow, after: Flow) -> None:
        after.data["contents"]["tasks"]["3"] = "broken"
        assert shown(before, after)[-1] == '+task 3: "broken"'

    def test_the_order_is_that_in_which_users_meet_the_tasks(self, before: Flow, after: Flow) -> None:
        for task_id in ("6", "2", "0", "start", "3"):
            after.task(task_id)["note"] = "new"
        assert [change.path.split(".")[3] for change in changes(before, after)] == ["start", "0", "3", "2", "6"]


class TestScreens:
    def test_texts(self, before: Flow, after: Flow) -> None:
        before.node("hint000001")["props"].update(children="Welcome!\n\n")
        after.node("hint000001")["props"].update(children="Welcome to Acme\n\n")
        after.node("continue01")["props"].update(children="Go on")
        after.screen["interactions"][0]["label"] = "Go on"  # the editor repeats the text there
        assert shown(before, after) == [
            ' screen "Welcome" (0)',
            "   text of Button",
            '-    "Continue"',
            '+    "Go on"',
            "   text of Text",
            '-    "Welcome!"',
            '+    "Welcome to Acme"',
        ]
        assert summarize(changes(before, after)) == "2 screen texts changed"

    def test_a_text_that_differs_in_white_space_only_shows_it(self, before: Flow, after: Flow) -> None:
        before.node("hint000001")["props"].update(children="Welcome!\n\n")
        after.node("hint000001")["props"].update(children="Welcome!")
        assert shown(before, after)[-2:] == ['-    "Welcome!\\n\\n"', '+    "Welcome!"']

    def test_a_long_text_is_cut_around_the_first_difference(self, before: Flow, after: Flow) -> None:
        terms = "By signing in you accept our terms of service, as published on the first day of this year. " * 4
        before.node("hint000001")["props"].update(children=terms)
        after.node("hint000001")["props"].update(children=terms.replace("year. By", "month. By", 1))
        old, new = shown(before, after)[-2:]
        assert "first day of this year. By" in old
        assert "first day of this month. By" in new
        assert len(old) <= 101

    def test_an_input_that_is_required_now(self, before: Flow, after: Flow) -> None:
        for flow, required in ((before, False), (after, True)):
            flow.add_node("phone00001", "Phone Input", "hint000001", label="Phone", required=required)
        after.node("phone00001")["hidden"] = True
        assert shown(before, after)[1:] == [
            '   Phone Input "Phone" is',
            "-    optional",
            "+    required",
            '   Phone Input "Phone" is',
            "-    shown",
            "+    hidden",
        ]

    def test_a_component_that_came_with_its_interaction(self, before: Flow, after: Flow) -> None:
        after.add_node("facebook01", "Facebook Button", "google0001", children="Facebook")
        after.screen["interactions"].append({"id": "facebook01", "label": "Facebook"})
        after.rules("0").append({"interactionId": "facebook01", "taskId": "1"})
        assert shown(before, after) == [
            ' screen "Welcome" (0)',
            '+  on "Facebook" goes to task "Sign Up or In / OAuth" (1)',
            '+  Facebook Button "Facebook" after Google Button',
        ]
        assert summarize(changes(before, after)) == "1 task rewired, 1 component added"

    def test_where_a_component_was_put_is_kept_even_if_not_shown(self, before: Flow, after: Flow) -> None:
        after.add_node("facebook01", "Facebook Button", "google0001")
        children, added = changes(before, after)
        assert told_changes([children, added]) == [added]
        assert children.told_by == added.path
        assert children.after == ["continue01", "google0001", "facebook01"]

    def test_a_box_is_told_with_what_is_in_it(self, before: Flow, after: Flow) -> None:
        for node_id in ("box0000001", "continue01", "google0001"):
            del after.screen["contents"][node_id]
        after.node("ROOT")["nodes"].remove("box0000001")
        after.screen["interactions"] = after.screen["interactions"][2:]
        assert shown(before, after)[1:] == ['-  Container with Button "Continue" and 1 more before Text']

    def test_a_component_made_anew_still_shows(self, before: Flow, after: Flow) -> None:
        contents = after.screen["contents"]
        contents["another001"] = contents.pop("hint000001")
        after.node("ROOT")["nodes"][1] = "another001"
        assert shown(before, after)[1:] == ["-  Text after Google Button", "+  Text after Google Button (anew)"]

    def test_a_component_that_moved(self, before: Flow, after: Flow) -> None:
        after.node("box0000001")["nodes"].reverse()
        assert shown(before, after)[1:] == [
            '   place of Button "Continue"',
            "-    before Google Button",
            "+    after Google Button",
        ]

    def test_a_component_that_moved_to_another_box(self, before: Flow, after: Flow) -> None:
        after.node("box0000001")["nodes"].remove("google0001")
        after.node("ROOT")["nodes"].append("google0001")
        after.node("google0001")["parent"] = "ROOT"
        assert shown(before, after)[1:] == [
            "   place of Google Button",
            '-    after Button "Continue"',
            "+    after Text",
        ]

    def test_few_properties_are_told_one_by_one_and_many_together(self, before: Flow, after: Flow) -> None:
        before.node("continue01")["props"].update(variant="outlined")
        after.node("continue01")["props"].update(variant="contained", color="primary")
        after.node("google0001")["props"].update({f"st-size-{number}": number for number in range(30)})
        lines = shown(before, after)
        assert lines[1:5] == [
            '+  color of Button "Continue": "primary"',
            '   variant of Button "Continue"',
            '-    "outlined"',
            '+    "contained"',
        ]
        assert lines[5] == "   30 properties of Google Button"
        assert lines[6].startswith("+    st-size-0 0, st-size-1 1,")
        assert lines[-1] == "+    and 12 more"

    def test_the_same_change_of_many_components_is_told_once(self, before: Flow, after: Flow) -> None:
        for flow in (before, after):
            for number in range(6):
                flow.add_node(f"text00000{number}", "Text", "hint000001", children=f"Line {number}")
        for number in range(6):
            after.node(f"text00000{number}")["props"]["link-target-blank"] = True
        (line,) = shown(before, after)[1:]
        assert line == '+  link-target-blank of Text "Line 5", Text "Line 4", Text "Line 3" and 3 more: true'

    def test_a_screen_that_no_task_shows(self, before: Flow, after: Flow) -> None:
        lone = {"screenId": "SC3lone0000000000000000000000", "contents": copy.deepcopy(before.screen["contents"])}
        after.data["screens"].append(lone)
        assert shown(before, after) == ["+screen SC3l...0000: 2 texts, 2 buttons"]


class TestFlow:
    def test_name_description_state_translation_and_outputs(self, before: Flow, after: Flow) -> None:
        after.data["metadata"].update(name="Log In", description="Social login only", disabled=True)
        after.data["metadata"]["translation"]["targetLanguages"] = ["fr", "de"]
        after.data["metadata"]["sharedInteractions"].append({"id": "4.cancel", "label": "Cancel"})
        assert shown(before, after) == [
            ' flow "Log In"',
            "   name",
            '-    "Sign Up or In"',
            '+    "Log In"',
            "   description",
            '-    "Social login or a one-time code, with a risk check"',
            '+    "Social login only"',
            "   is",
            "-    enabled",
            "+    disabled",
            "   translation",
            '-    on, from "en" to "fr", by "manual"',
            '+    on, from "en" to "fr", "de", by "manual"',
            '+  output "Cancel" (4.cancel)',
        ]
        told = "renamed, description changed, disabled, translation changed, 1 output changed"
        assert summarize(changes(before, after)) == told

    def test_defaults_that_are_written_out_change_nothing(self, before: Flow, after: Flow) -> None:
        after.data["metadata"].update(disabled=False, widget=None)
        after.screen["interactions"][0]["subType"] = ""
        assert changes(before, after) == []
        assert render_changes([]) == ("", "")
        assert summarize([]) == "no changes"

    def test_null_is_not_the_same_as_nothing(self, before: Flow, after: Flow) -> None:
        after.data["newPart"] = None
        after.task("6")["newPart"] = None
        assert [(change.kind, change.path) for change in changes(before, after)] == [
            ("task-property-added", "$.contents.tasks.6.newPart"),
            ("value-added", "$.newPart"),
        ]
        assert shown(before, after) == [
            ' flow "Sign Up or In"',
            "+  newPart: null",
            ' task "End" (6)',
            "+  newPart: null",
        ]

    def test_layout_is_one_line_and_apart(self, before: Flow, after: Flow) -> None:
        for task_id in ("0", "1", "1.end", "3"):
            after.task(task_id)["view"] = {"x": 12, "y": 12}
        assert all(change.layout for change in changes(before, after))
        assert shown(before, after) == ["+layout: 3 tasks moved on the canvas"]
        assert summarize(changes(before, after)) == "layout moved"
        after.task("6")["name"] = "Done"
        assert summarize(changes(before, after)) == "1 task renamed, layout moved"
        assert shown(before, after)[-1] == "+layout: 3 tasks moved on the canvas"

    def test_a_new_flow_is_summarized(self, after: Flow) -> None:
        after.data["metadata"]["disabled"] = True
        (change,) = diff_documents(None, FlowDocument(after.data))
        assert (change.kind, change.path, change.after) == ("flow-added", "$", after.data)
        assert render_changes([change]) == (
            "",
            'flow "Sign Up or In" (sign-up-or-in)\n'
            '  9 tasks, 2 screens: "Welcome", "Verify OTP"\n'
            '  starts with screen "Welcome" (0), ends with task "End" (6)\n'
            '  runs flows "preferred-mfa"\n'
            '  uses connectors "Risk Engine"\n'
            "  is disabled\n",
        )
        assert summarize([change]) == "new flow (9 tasks, 2 screens)"

    def test_a_deleted_flow_is_summarized(self, before: Flow) -> None:
        deleted = diff_documents(FlowDocument(before.data), None)
        text, nothing = render_changes(deleted)
        assert text.startswith('flow "Sign Up or In" (sign-up-or-in)\n  9 tasks')
        assert nothing == ""
        assert summarize(deleted) == "flow removed (9 tasks, 2 screens)"
        assert diff_documents(None, None) == []

    def test_beyond_the_limit_changes_are_counted(self, before: Flow, after: Flow) -> None:
        for task_id in ("0", "1", "2", "3", "4", "5", "6"):
            after.task(task_id)["name"] = f"Step {task_id}"
        lines = shown(before, after, limit=3)
        assert len([line for line in lines if line.startswith("+")]) == 3
        assert lines[-1] == " ... and 4 more changes"

    def test_text_that_could_play_tricks_on_a_terminal_is_escaped(self, before: Flow, after: Flow) -> None:
        after.node("hint000001")["props"]["children"] = "red \x1b[31m text \u202e reversed\u2028line"
        after.task("6")["name"] = "End\x07"
        text = render_changes(changes(before, after))[1]
        assert all(line.isprintable() for line in text.split("\n"))
        assert "\\u001b[31m" in text
        assert "\\u202e" in text


class TestSecrets:
    def test_values_under_the_name_of_a_secret(self, before: Flow, after: Flow) -> None:
        for flow, secret in ((before, "hunter2hunter2"), (after, "correct horse battery")):
            flow.set_argument("3", "apiKey", secret)
            header = {"key": "X-Api-Key", "type": "string", "value": secret}
            flow.set_argument("3", "args", [header, {"key": "timeout", "type": "number", "value": len(secret)}])
        lines = shown(before, after)
        assert lines[1:] == [
            "   argument apiKey",
            '-    "<redacted>"',
            '+    "<redacted> (changed)"',
            "   argument args.X-Api-Key",
            '-    "<redacted>"',
            '+    "<redacted> (changed)"',
            "   argument args.timeout",
            "-    14",
            "+    21",
        ]

    def test_secrets_inside_longer_texts(self, before: Flow, after: Flow) -> None:
        code = "\n".join(
            ["const user = form.email;", 'const apiKey = "k-{}";', f"const jwt = '{TOKEN}';", "return user;"]
        )
        before.set_argument("3", "scriptCode", code.format("0123456789"))
        after.set_argument("3", "scriptCode", code.format("9876543210").replace("return user", "return null"))
        before.set_argument("3", "bodyHtml", f"Authorization: Bearer {TOKEN}")
        after.set_argument("3", "bodyHtml", "Authorization: Bearer abcdef.123456")
        text = "\n".join(shown(before, after))
        for secret in ("0123456789", "9876543210", TOKEN, "abcdef.123456"):
            assert secret not in text
        assert '"Authorization: Bearer <redacted> (changed)"' in text
        assert "+    return null;" in text

    def test_another_secret_shows_although_more_of_the_text_changed(self, before: Flow, after: Flow) -> None:
        code = "const a = {};\nconst apiKey = '{}';\nconst password = 'stays-the-same';\nreturn a;\n"
        before.set_argument("3", "scriptCode", code.format(1, "aaaa1111bbbb"))
        after.set_argument("3", "scriptCode", code.format(2, "cccc2222dddd"))
        assert shown(before, after)[1:] == [
            "   script, line 1",
            "-    const a = 1;",
            "-    const apiKey = '<redacted>';",
            "+    const a = 2;",
            "+    const apiKey = '<redacted> (changed)';",
        ]
        (change,) = changes(before, after)
        assert "apiKey = '<redacted> (changed)';\nconst password = '<redacted>';" in change.as_dict()["after"]

    @pytest.mark.parametrize(
        ("path", "told"),
        [
            ("", "&token=<redacted> (changed)&key=1"),
            ("/a-longer-path-of-many-characters" * 8, "... <redacted> (changed)"),
        ],
    )
    def test_another_secret_shows_although_more_of_the_line_changed(
        self, before: Flow, after: Flow, path: str, told: str
    ) -> None:
        for flow, user, token in ((before, "me", "abcd1234"), (after, "you", "efgh5678")):
            flow.set_argument("3", "url", f"https://x.example/?user={user}&at={path}&token={token}&key=1")
        line = shown(before, after)[-1]
        assert line.startswith('+    "https://x.example/?user=you&at=')
        assert line.endswith(f'{told}"')
        (change,) = changes(before, after)
        assert change.as_dict()["after"].endswith(told)
        assert "(changed)" not in change.as_dict()["before"]

    def test_another_secret_in_a_branch_shows_although_more_of_the_branch_changed(
        self, before: Flow, after: Flow
    ) -> None:
        for flow, score, token in ((before, 1, TOKEN), (after, 2, f"{TOKEN}x")):
            flow.task("2")["conditions"][0]["atomicConditions"] = [
                {"target": {"type": "context", "value": "a"}, "operator": "equals", "predicate": score},
                {"target": {"type": "context", "value": "b"}, "operator": "equals", "predicate": token},
            ]
        assert shown(before, after)[-1].endswith('b equals "<redacted> (changed)"')

    def test_a_value_that_is_looked_up_at_run_time_is_no_secret(self, before: Flow, after: Flow) -> None:
        after.set_argument("3", "password", "{{form.newPassword}}")
        after.task("3")["arguments"]["token"] = {"type": "context", "value": "connectors.httpResult.token"}
        text = "\n".join(shown(before, after))
        assert "{{form.newPassword}}" in text
        assert 'argument token: from context "connectors.httpResult.token"' in text

    def test_nothing_that_leaves_has_a_secret(self, before: Flow, after: Flow) -> None:
        """Neither results nor the representation of a change, on either side, whole tasks included."""
        before.set_argument("3", "clientSecret", "hunter2hunter2")
        after.set_argument("3", "clientSecret", "correct-horse-battery")
        after.data["contents"]["tasks"]["7"] = {
            "id": "7",
            "name": f"Bearer {TOKEN}",
            "arguments": {"password": {"type": "inline", "value": "hunter2hunter2"}},
        }
        found = changes(before, after)
        everything = json.dumps([change.as_dict() for change in found]) + repr(found)
        for secret in ("hunter2hunter2", "correct-horse-battery", TOKEN):
            assert secret not in everything
        secret_change = next(change for change in found if "clientSecret" in change.what).as_dict()
        assert secret_change["before"] == "<redacted>"
        assert secret_change["after"] == "<redacted> (changed)"


def test_results_are_short_whatever_changed(before: Flow, after: Flow) -> None:
    before.node("hint000001")["props"]["children"] = "lorem ipsum " * 500
    after.node("hint000001")["props"]["children"] = "lorem ipsum " * 250 + "dolor " + "lorem ipsum " * 250
    after.task("3")["notes"] = {"text": ["long"] * 500}
    del after.data["contents"]["tasks"]["5"]
    for change in changes(before, after):
        told = change.as_dict()
        assert len(json.dumps(told)) < 800
        assert told["kind"]
        assert told["path"].startswith("$.")
        assert told["before"] != told["after"]
