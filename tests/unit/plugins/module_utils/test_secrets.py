# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Values that are known to be secret are in nothing that anybody gets to see, and neither is what they replaced."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.community.descope.plugins.module_utils._arguments import flow_arguments
from ansible_collections.community.descope.plugins.module_utils._deploy.flow_task import DESCOPE_FLOW
from ansible_collections.community.descope.plugins.module_utils._diff.flows import diff_documents, render_changes
from ansible_collections.community.descope.plugins.module_utils._diff.hidden import hide_both
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._json import quoted
from ansible_collections.community.descope.plugins.module_utils._redact import OTHER_SECRET, REDACTED
from ansible_collections.community.descope.plugins.module_utils._report.pictures import ask_for_pictures
from ansible_collections.community.descope.plugins.module_utils._secrets import Secrets, hidden, hiding
from ansible_collections.community.descope.plugins.module_utils._validate.validate_task import DESCOPE_FLOW_VALIDATE
from ansible_collections.community.descope.plugins.module_utils._walk.walk_task import DESCOPE_FLOW_WALK
from emulator_client import Emulator
from example_flows import minimal_flow
from flow_tasks import Controller, run, valid_params
from full_flow import full_flow
from json_values import Place, json_values, leaves, places, removed, replaced

SECRET = "sesame-42"
OLD = "mellon-23"
LONG = "open-sesame-" + "x1" * 400
LINES = "first-of-sesame\n  second-of-sesame"


def argument(value: Any) -> dict[str, Any]:
    """Return a flow in which a step has an argument of this value."""
    flow = minimal_flow("a")
    flow["contents"]["tasks"]["1"]["arguments"]["note"] = {"type": "inline", "value": value}
    return flow


def told(secret: Any, before: dict[str, Any] | None, after: dict[str, Any] | None) -> str:
    """Return everything that is told of a change."""
    documents = [None if side is None else FlowDocument(side) for side in (before, after)]
    changes = diff_documents(*hide_both(Secrets(secret), *documents))
    return json.dumps([[change.as_dict() for change in changes], render_changes(changes)])


def shown(secret: Any, before: Any, after: Any) -> Any:
    """Return the two values of an argument as they can be shown."""
    documents = hide_both(Secrets(secret), FlowDocument(argument(before)), FlowDocument(argument(after)))
    return [document and document.tasks["1"]["arguments"]["note"]["value"] for document in documents]


class TestValues:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (SECRET, f"it is {SECRET}!"),
            ([{"a": [SECRET]}], SECRET),
            (4711, "4711"),
            (f"  {SECRET}\n", SECRET),
            (LINES, LINES),
            (LINES, "first-of-sesame second-of-sesame"),
            (LINES, "second-of-sesame"),
            ('se"sa\\me', json.dumps({"key": 'se"sa\\me'})),
            ("abc", "its pin is abc."),
        ],
    )
    def test_they_are_found_in_texts(self, value: Any, text: str) -> None:
        assert REDACTED in Secrets(value).hide(text)
        assert not any(part in Secrets(value).hide(text) for part in ("sesame", "sa\\", "4711", "abc"))

    @pytest.mark.parametrize("value", ["", "  \n", None, True, [], {}, "true", "None"])
    def test_what_says_nothing_is_no_secret(self, value: Any) -> None:
        assert not Secrets(value)

    def test_a_short_one_is_no_part_of_a_word(self) -> None:
        assert Secrets("abc", 3).hide("abcd and 13 and 3") == f"abcd and 13 and {REDACTED}"

    def test_a_longer_one_goes_first(self) -> None:
        assert Secrets("sesame", "sesame-42").hide("sesame-42") == REDACTED

    def test_they_survive_as_the_argument_of_a_module(self) -> None:
        secrets = Secrets([SECRET, "abc", 3, LINES, 'q"'])
        [*given] = valid_params(DESCOPE_FLOW, {"secret_values": secrets.as_argument(), **_ANY})["secret_values"]
        assert set(Secrets(given).as_argument()) >= set(secrets.as_argument())
        assert flow_arguments()["secret_values"]["no_log"]
        # Ansible masks each of these wherever it is a part of a text or number of the result.
        assert not {"abc", "3"} & set(given)


_ANY = {"project_id": "P2", "management_key": "K2"}


class TestMessages:
    def test_a_secret_is_gone_before_the_text_is_cut(self) -> None:
        with hiding(Secrets(LONG)):
            assert quoted(LONG) == f'"{REDACTED}"'
        assert "sesame" in quoted(LONG)

    def test_one_task_forgets_them_after_another(self) -> None:
        with hiding(Secrets(SECRET)), pytest.raises(ValueError, match="told"):
            raise ValueError(f"told {hidden(SECRET)}")
        assert hidden(SECRET) == SECRET


class TestChanges:
    @pytest.mark.parametrize(
        ("secret", "value"),
        [
            (SECRET, f"before {SECRET} after"),
            (LONG, LONG),
            (LINES, LINES),
            (LINES, f"const a = 1;\n\n{LINES}\nreturn a;\n"),
            ([SECRET, "other-sesame"], [SECRET, "x", "other-sesame"]),
            ({"inner": {"deep": SECRET}}, {"inner": {"deep": SECRET}}),
            (47114711, 47114711),
            (SECRET, [{"key": "X-Api", "value": SECRET}]),
            (SECRET, {SECRET: 1}),
        ],
    )
    @pytest.mark.parametrize("before", [None, "plain", OLD, [OLD], 5, argument])
    def test_a_secret_that_comes_or_goes_is_not_told(self, secret: Any, value: Any, before: Any) -> None:
        old = minimal_flow("a") if before is argument else argument(before)
        for texts in (told(secret, old, argument(value)), told(secret, argument(value), old)):
            assert "sesame" not in texts
            assert "47114711" not in texts

    @pytest.mark.parametrize("shape", [minimal_flow, partial(minimal_flow, title=SECRET)])
    def test_a_flow_that_comes_or_goes_as_a_whole(self, shape: Any) -> None:
        flow = shape("a")
        flow["metadata"]["name"] = flow["contents"]["tasks"]["0"]["name"] = f"Login {LONG}"
        for sides in ((None, flow), (flow, None)):
            assert "sesame" not in told([SECRET, LONG], *sides)

    @pytest.mark.parametrize(
        "value",
        [
            "{}",
            "Bearer of {}",
            [["{}", "x"]],
            {"a": {"{}": 1, "b": "{}"}},
            "const a = 1;\nconst key = '{}';\nreturn a;\n",
            [{"key": "X-Api", "value": "{}"}],
        ],
    )
    def test_what_a_secret_replaces_is_not_told(self, value: Any) -> None:
        texts = told(SECRET, *(argument(json.loads(json.dumps(value).replace("{}", text))) for text in (OLD, SECRET)))
        assert SECRET not in texts
        assert OLD not in texts
        assert REDACTED in texts

    def test_both_sides_are_redacted_and_still_differ(self) -> None:
        assert shown(SECRET, f"key {OLD}", f"key {SECRET}") == [REDACTED, OTHER_SECRET]
        assert shown(SECRET, f"key {SECRET}", f"key {SECRET}") == [f"key {REDACTED}"] * 2
        assert shown(SECRET, "one", "two") == ["one", "two"]

    def test_what_is_gone_may_be_the_old_value_under_another_name(self) -> None:
        old, new = ([{"key": name, "value": value}] for name, value in (("X-Old", OLD), ("X-New", SECRET)))
        assert OLD not in json.dumps(shown(SECRET, old, new))
        assert OLD not in json.dumps(shown(SECRET, [OLD, "x"], [SECRET]))
        assert OLD not in json.dumps(shown(SECRET, {"old": OLD}, {"new": SECRET}))

    def test_other_steps_are_still_told(self) -> None:
        old, new = minimal_flow("a"), argument(SECRET)
        old["contents"]["tasks"]["5"] = {**old["contents"]["tasks"]["4"], "id": "5", "name": "Farewell"}
        new["contents"]["tasks"]["6"] = {**new["contents"]["tasks"]["1"], "id": "6", "name": "Greeting"}
        assert "Farewell" in told(SECRET, old, new)
        assert "Greeting" in told(SECRET, old, new)

    def test_a_script_keeps_the_lines_that_hold_none(self) -> None:
        old = f"const a = 1;\nconst key = '{OLD}';\nconst b = 1;\nreturn a;\n"
        new = f"const a = 1;\nconst key = '{SECRET}';\nconst b = 2;\nreturn a;\n"
        before, after = shown(SECRET, old, new)
        assert before.splitlines() == ["const a = 1;", REDACTED, REDACTED, "return a;"]
        assert after.splitlines() == ["const a = 1;", OTHER_SECRET, "const b = 2;", "return a;"]
        # Where the secret stays what it was, so does the rest.
        before, after = shown(SECRET, old.replace(OLD, SECRET), new)
        assert before.splitlines()[1:3] == [f"const key = '{REDACTED}';", "const b = 1;"]
        assert after.splitlines()[1:3] == [f"const key = '{REDACTED}';", "const b = 2;"]

    def test_a_short_secret_does_not_tear_the_flow_apart(self) -> None:
        _before, after = hide_both(Secrets(1, "2"), None, FlowDocument(argument("it is 2")))
        assert after
        assert after.tasks["1"]["next"]["rules"][0]["taskId"] == "2"
        assert after.tasks["1"]["arguments"]["note"]["value"] == f"it is {REDACTED}"

    def test_without_secrets_nothing_is_copied(self) -> None:
        documents = FlowDocument({}), FlowDocument({})
        assert list(map(id, hide_both(Secrets(), *documents))) == list(map(id, documents))

    @given(data=st.data())
    @settings(max_examples=50)
    def test_any_flow_with_a_secret_anywhere(self, data: st.DataObject) -> None:
        flow = data.draw(st.sampled_from([minimal_flow("a"), full_flow()]))
        texts = [place for place, value in leaves(flow) if isinstance(value, str) and _has_no_id(place)]
        before = after = flow
        for place in data.draw(st.lists(st.sampled_from(texts), min_size=1, max_size=3, unique=True)):
            shape = data.draw(st.sampled_from(["{}", "is {} here", "a\nb\n{}\nc\nd"]))
            before, after = replaced(before, place, shape.format(OLD)), replaced(after, place, shape.format(SECRET))
        documents = hide_both(Secrets(SECRET), FlowDocument(before), FlowDocument(after))
        assert SECRET not in json.dumps([document and document.data for document in documents])
        assert OLD not in json.dumps([document and document.data for document in documents])
        self._differ_alike(before, after)

        anywhere: list[Place] = [place for place, _value in places(after) if place]
        for place in data.draw(st.lists(st.sampled_from(anywhere), max_size=2, unique=True)):
            if place not in [other for other, _value in places(after)]:
                continue
            value = data.draw(json_values() | st.sampled_from([SECRET, [SECRET], {SECRET: SECRET}]))
            after = removed(after, place) if data.draw(st.booleans()) else replaced(after, place, value)
        self._differ_alike(before, after)

    @staticmethod
    def _differ_alike(before: dict[str, Any], after: dict[str, Any]) -> None:
        """Hiding makes no two flows the same, and none different."""
        old, new = FlowDocument(before), FlowDocument(after)
        shown_old, shown_new = hide_both(Secrets(SECRET), old, new)
        assert shown_old
        assert shown_new
        assert SECRET not in json.dumps([shown_old.data, shown_new.data])
        assert (old.fingerprint == new.fingerprint) == (shown_old.fingerprint == shown_new.fingerprint)


def _has_no_id(place: Place) -> bool:
    """Leave out the ids by which the parts of two flows are told from each other."""
    return place[-1] not in ("screenId", "flowId")


class TestTasks:
    """A task that was sent to another machine, with the secrets as an argument."""

    @pytest.mark.parametrize("check", [True, False])
    def test_neither_results_nor_diffs_nor_pictures_hold_them(
        self, emulator: Emulator, tmp_path: Path, check: bool
    ) -> None:
        controller = Controller(emulator, tmp_path)
        controller.flow(_everywhere(OLD, "mellon-line-1\nmellon-line-2"))
        context = controller.new_run()
        ask_for_pictures(Path(context["run_dir"]))

        result = controller.flow(
            _everywhere(SECRET, LINES), check=check, run_context=context, secret_values=[SECRET, LINES], validate=False
        )

        assert result["changed"]
        [picture] = (Path(context["run_dir"]) / "pictures").iterdir()
        for text in (json.dumps(result), picture.read_text(encoding="ascii")):
            assert "sesame" not in text
            assert "mellon" not in text
            assert "redacted" in text
        drift = controller.drift(_everywhere("another-sesame", LINES), secret_values=["another-sesame", LINES])
        assert drift["drifted"]
        assert "sesame" not in json.dumps(drift)

    def test_no_report_of_a_validation_holds_them(self, tmp_path: Path) -> None:
        flow = _everywhere(LONG, LINES)
        flow["contents"]["tasks"]["1"]["arguments"]["redirectUrl"] = {"type": "inline", "value": f"http://x/?{LONG}"}
        flow["contents"]["tasks"]["1"]["arguments"]["scriptCode"] = {"type": "inline", "value": f"{SECRET} = 'a' 'b'"}
        flow["contents"]["tasks"]["1"]["next"]["rules"].append({"interactionId": LONG, "taskId": LONG})
        flow["contents"]["tasks"]["3"]["action"] = "scriptlet"
        flow["contents"]["tasks"]["3"]["arguments"]["scriptCode"] = {"type": "inline", "value": f"let {SECRET} let"}
        flow["contents"]["tasks"][SECRET] = {"id": LONG, "name": LINES, "type": LONG}
        flow["screens"][0]["contents"][LONG] = {"displayName": LINES, "parent": LONG, "props": {"id": "x"}}
        report = {name: str(tmp_path / name) for name in ("json", "junit", "sarif")}

        result = run(
            DESCOPE_FLOW_VALIDATE,
            {"definition": flow, "report": report, "secret_values": [SECRET, LONG, LINES], "redirect_hosts": ["y"]},
            check=False,
        )

        assert result["counts"]["errors"] > 3
        # What stands in results as it is, Ansible takes out.
        _assert_nothing_is_left(result["msg"], result["problems"])
        for path in tmp_path.iterdir():
            assert "sesame" not in path.read_text(encoding="utf-8"), path.name

    def test_a_walk_cuts_none_of_them(self) -> None:
        flow = _everywhere(LONG, LINES)
        result = run(
            DESCOPE_FLOW_WALK,
            {"definition": flow, "secret_values": [LONG, LINES], "expect": [{"screens": ["Nowhere"]}]},
            check=False,
        )
        assert result["failed"]
        _assert_nothing_is_left(result)


def _everywhere(value: str, lines: str) -> dict[str, Any]:
    """Return a flow with a value in all that people get to see of one."""
    flow = minimal_flow("a", title=f"Welcome {value}")
    flow["metadata"] |= {"name": f"Sign In {value}", "description": lines}
    tasks = flow["contents"]["tasks"]
    tasks["0"]["name"] = tasks["1"]["name"] = f"Step {value}"
    tasks["1"]["arguments"] |= {
        "note": {"type": "inline", "value": value},
        "scriptCode": {"type": "inline", "value": f"const a = 1;\n{lines}\nconst b = 2;\nreturn a;"},
        "headers": {"type": "inline", "value": [{"key": "X-Note", "value": value}]},
        "many": {"type": "inline", "value": [value, "x"]},
    }
    for screen in flow["screens"]:
        for node in screen["contents"].values():
            if "children" in node["props"]:
                node["props"]["children"] += f" {value}"
        for interaction in screen["interactions"]:
            interaction["label"] += f" {value}"
    return flow


def _assert_nothing_is_left(*told: Any) -> None:
    """What is left of a secret is whole, so that Ansible finds it."""
    text = json.dumps(told)
    for form in sorted(Secrets(SECRET, LONG, LINES).texts, key=len, reverse=True):
        text = text.replace(json.dumps(form)[1:-1], "")
    assert "sesame" not in text
