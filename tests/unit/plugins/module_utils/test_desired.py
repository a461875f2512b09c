# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What a task declares: every source under the right id and name, and everything that is wrong reported at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.descope.plugins.module_utils._deploy.desired import (
    FlowSource,
    declared_absent,
    declared_sources,
    desired_flows,
    load_desired,
    schema_problems,
)
from ansible_collections.community.descope.plugins.module_utils._deploy.flow_task import DESCOPE_FLOW
from ansible_collections.community.descope.plugins.module_utils._deploy.plan import DesiredFlow
from ansible_collections.community.descope.plugins.module_utils._errors import InputError
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._module import load_on_this_machine
from example_flows import minimal_flow
from flow_tasks import valid_params

CONNECTION = {"project_id": "P2desired", "management_key": "K2desired"}


def params(**arguments: Any) -> dict[str, Any]:
    return valid_params(DESCOPE_FLOW, {**CONNECTION, **arguments})


def load(**arguments: Any) -> list[DesiredFlow]:
    """Return what a task with these arguments wants, as the module finds it."""
    given = params(**arguments)
    return load_desired(declared_sources(given), load_on_this_machine, validate=given["validate"])


def absent(**arguments: Any) -> list[DesiredFlow]:
    return declared_absent(params(state="absent", **arguments))


def problems_of(error: pytest.ExceptionInfo[InputError]) -> list[tuple[str, str]]:
    """Return the code and the source of each problem."""
    return [(problem.code, problem.source) for problem in error.value.problems]


def write(path: Path, flow: dict[str, Any]) -> str:
    path.write_text(json.dumps(flow), encoding="utf-8")
    return str(path)


def without_id(flow: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in flow.items() if key != "flowId"}


def damaged(flow_id: str) -> dict[str, Any]:
    """Return a flow with a rule that leads nowhere."""
    flow = minimal_flow(flow_id)
    flow["contents"]["tasks"]["1"]["next"]["rules"][0]["taskId"] = "99"
    return flow


class TestSources:
    def test_each_in_its_place_with_its_name(self) -> None:
        sources = declared_sources(
            params(
                definition=[{"a": 1}, {"b": 2}],
                src=["one.json"],
                template=["two.json", "three.json"],
                flows=[
                    {"definition": {"c": 3}},
                    {"src": "four.json", "flow_id": "four"},
                    {"template": "five.json", "vars": {"x": "own"}, "source": "library/five"},
                ],
                vars={"x": "task", "y": "task"},
            )
        )

        assert [(source.kind, source.value, source.label, source.flow_id) for source in sources] == [
            ("definition", {"a": 1}, "definition[0]", ""),
            ("definition", {"b": 2}, "definition[1]", ""),
            ("src", "one.json", "one.json", ""),
            ("template", "two.json", "two.json", ""),
            ("template", "three.json", "three.json", ""),
            ("definition", {"c": 3}, "flows[0].definition", ""),
            ("src", "four.json", "four.json", "four"),
            ("template", "five.json", "library/five", ""),
        ]
        assert [source.variables for source in sources[-2:]] == [{"x": "task", "y": "task"}, {"x": "own", "y": "task"}]

    def test_a_single_value_is_as_good_as_a_list(self) -> None:
        [source] = declared_sources(params(definition={"a": 1}, flow_id="x"))

        assert (source.value, source.label, source.flow_id) == ({"a": 1}, "definition[0]", "x")

    @pytest.mark.parametrize(
        ("arguments", "problems"),
        [
            ({}, [("no-source", "")]),
            ({"flows": [{}]}, [("ambiguous-source", "flows[0]")]),
            (
                {"flows": [{"src": "a", "template": "b"}, {"src": "c"}, {"flow_id": "d"}]},
                [("ambiguous-source", "flows[0]"), ("ambiguous-source", "flows[2]")],
            ),
            ({"src": ["a", "b"], "flow_id": "c"}, [("ambiguous-flow-id", "flow_id")]),
            ({"src": ["a"], "flow_id": ["c", "d"]}, [("ambiguous-flow-id", "flow_id")]),
            (
                {"src": ["a"], "flows": [{}], "flow_id": ["c", "d"]},
                [("ambiguous-source", "flows[0]"), ("ambiguous-flow-id", "flow_id")],
            ),
        ],
    )
    def test_what_is_not_clear_is_asked_back(self, arguments: dict[str, Any], problems: list[tuple[str, str]]) -> None:
        with pytest.raises(InputError) as error:
            declared_sources(params(**arguments))

        assert problems_of(error) == problems

    def test_an_empty_list_declares_nothing(self) -> None:
        """For example a search for files that found none: there is nothing to do, and nothing wrong."""
        assert declared_sources(params(src=[])) == []
        assert declared_sources(params(flows=[])) == []


class TestIds:
    def test_the_id_is_that_of_the_document_unless_another_is_given(self, tmp_path: Path) -> None:
        file = write(tmp_path / "file.json", minimal_flow("inside"))

        [own] = load(src=[file])
        [given] = load(src=[file], flow_id="given")
        [item] = load(flows=[{"src": file, "flow_id": "item"}])

        assert [flow.flow_id for flow in (own, given, item)] == ["inside", "given", "item"]
        for flow in (own, given, item):
            assert flow.document is not None
            assert flow.document.flow_id == flow.flow_id
            assert flow.source == file

    @pytest.mark.parametrize("how", ["task", "item"])
    @pytest.mark.parametrize("kind", ["definition", "src"])
    def test_a_file_without_an_id_is_given_one(self, tmp_path: Path, kind: str, how: str) -> None:
        flow = without_id(minimal_flow("x"))
        value = flow if kind == "definition" else write(tmp_path / "file.json", flow)

        if how == "task":
            [desired] = load(**{kind: [value]}, flow_id="given")
        else:
            [desired] = load(flows=[{kind: value, "flow_id": "given"}])

        assert desired.flow_id == "given"

    def test_without_any_id_there_is_no_flow(self, tmp_path: Path) -> None:
        file = write(tmp_path / "file.json", without_id(minimal_flow("x")))
        with pytest.raises(InputError, match="the flow has no id; add flowId to it or give flow_id beside it"):
            load(src=[file])

    @pytest.mark.parametrize("arguments", [{"flow_id": [""]}, {"flow_id": ""}])
    @pytest.mark.parametrize("kind", ["definition", "src"])
    def test_an_empty_id_is_not_taken_for_none(self, tmp_path: Path, kind: str, arguments: dict[str, Any]) -> None:
        """An empty variable must not send the flow where the document says."""
        flow = minimal_flow("inside")
        value = flow if kind == "definition" else write(tmp_path / "file.json", flow)

        with pytest.raises(InputError) as of_task:
            load(**{kind: [value]}, **arguments)
        with pytest.raises(InputError) as of_item:
            load(flows=[{kind: value, "flow_id": ""}])

        for error in (of_task, of_item):
            assert [code for code, _source in problems_of(error)] == ["invalid-flow-id"]

    @pytest.mark.parametrize("validate", [True, False])
    @pytest.mark.parametrize("kind", ["definition", "src"])
    @pytest.mark.parametrize("flow_id", ["../../evil", "a b", "a/b", "ü"])
    def test_an_id_must_be_one_whether_the_flow_is_checked_or_not(
        self, tmp_path: Path, kind: str, flow_id: str, validate: bool
    ) -> None:
        flow = minimal_flow("inside")
        value = flow if kind == "definition" else write(tmp_path / "file.json", flow)

        with pytest.raises(InputError, match="is not a flow id"):
            load(**{kind: [value]}, flow_id=flow_id, validate=validate)

    @pytest.mark.parametrize("kind", ["definition", "src"])
    def test_one_invalid_id_is_one_problem(self, tmp_path: Path, kind: str) -> None:
        flow = minimal_flow("x")
        value = flow if kind == "definition" else write(tmp_path / "file.json", flow)

        with pytest.raises(InputError) as error:
            load(**{kind: [value]}, flow_id="a b")

        assert len(error.value.problems) == 1

    def test_one_id_cannot_name_many_flows(self, tmp_path: Path) -> None:
        for name in ("one", "two"):
            (tmp_path / "flows" / name).mkdir(parents=True)
            (tmp_path / "flows" / name / "metadata.json").write_text('{"name": "x"}', encoding="utf-8")
            (tmp_path / "flows" / name / "contents.json").write_text("{}", encoding="utf-8")

        with pytest.raises(InputError) as error:
            load(src=[str(tmp_path / "flows")], flow_id="both", validate=False)

        assert [code for code, _source in problems_of(error)] == ["ambiguous-flow-id"]

    @pytest.mark.parametrize("kind", ["definition", "src"])
    def test_a_source_goes_by_the_name_it_is_given(self, tmp_path: Path, kind: str) -> None:
        flow = damaged("x")
        value = flow if kind == "definition" else write(tmp_path / "file.json", flow)
        item = {kind: value, "source": "library/x"}

        [desired] = load(flows=[item], validate=False)
        with pytest.raises(InputError) as error:
            load(flows=[item])

        assert desired.source == "library/x"
        assert {problem.source for problem in error.value.problems} == {"library/x"}


class TestLoading:
    def test_all_problems_of_all_sources_at_once(self, tmp_path: Path) -> None:
        (tmp_path / "broken.json").write_text("{", encoding="utf-8")
        broken, missing = str(tmp_path / "broken.json"), str(tmp_path / "missing.json")

        with pytest.raises(InputError) as error:
            load(
                flows=[
                    {"src": broken},
                    {"definition": damaged("damaged")},
                    {"definition": minimal_flow("twice")},
                    {"src": missing},
                    {"definition": minimal_flow("twice")},
                ]
            )

        assert sorted(problems_of(error)) == sorted(
            [
                ("invalid-json", broken),
                ("dangling-edge", "flows[1].definition"),
                ("file-not-found", missing),
                ("duplicate-flow", "flows[4].definition"),
            ]
        )
        assert str(error.value).startswith("4 problems: [1] ")

    def test_what_is_given_twice_names_both_places(self) -> None:
        with pytest.raises(InputError) as error:
            load(definition=[minimal_flow("a"), minimal_flow("b"), minimal_flow("a")])

        [problem] = error.value.problems
        assert (problem.source, problem.flow_id) == ("definition[2]", "a")
        assert "definition[0] defines this flow too" in problem.message

    def test_the_same_file_under_two_ids_is_two_flows(self, tmp_path: Path) -> None:
        file = write(tmp_path / "file.json", minimal_flow("x"))

        flows = load(flows=[{"src": file, "flow_id": "one"}, {"src": file, "flow_id": "two"}])

        assert [flow.flow_id for flow in flows] == ["one", "two"]
        assert flows[0].document is not None
        assert flows[1].document is not None
        assert flows[0].document.fingerprint != flows[1].document.fingerprint

    def test_a_damaged_flow_passes_only_unchecked(self) -> None:
        with pytest.raises(InputError, match="99"):
            load(definition=[damaged("x")])

        assert len(load(definition=[damaged("x")], validate=False)) == 1

    def test_the_schema_completes_a_list_of_problems(self) -> None:
        flow = damaged("x")
        flow["screens"][0]["interactions"] = "none"

        with pytest.raises(InputError) as error:
            load(definition=[flow])

        paths = [problem.path for problem in error.value.problems]
        assert "$.contents.tasks.1.next.rules[0].taskId" in paths
        assert "$.screens[0].interactions" in paths
        assert len(set(paths)) == len(paths), "each place once"

    def test_the_schema_has_nothing_to_say_of_a_good_flow_or_of_none(self) -> None:
        good = DesiredFlow("x", FlowDocument(minimal_flow("x")), "here")

        assert schema_problems([good, DesiredFlow("gone", None, "flow_id")]) == []

    def test_a_template_needs_the_controller(self) -> None:
        with pytest.raises(InputError, match="rendered on the controller") as error:
            load_desired([FlowSource("template", "a.json", "a.json", "", {})], load_on_this_machine, validate=True)

        assert problems_of(error) == [("template-on-target", "a.json")]


class TestAbsent:
    def test_flows_are_named_by_id_each_once(self) -> None:
        flows = absent(flow_id=["a", "b", "a"], flows=[{"flow_id": "c"}, {"flow_id": "b"}])

        assert [(flow.flow_id, flow.document) for flow in flows] == [("a", None), ("b", None), ("c", None)]

    @pytest.mark.parametrize("flow_id", ["", ".", "..", "../../x", "a/b", "a b", "a\0b", "ü", " a"])
    def test_ids_to_delete_must_be_flow_ids(self, flow_id: str) -> None:
        with pytest.raises(InputError) as of_task:
            absent(flow_id=["fine", flow_id])
        with pytest.raises(InputError) as of_item:
            absent(flows=[{"flow_id": flow_id}])

        assert problems_of(of_task) == [("invalid-flow-id", "flow_id")]
        assert problems_of(of_item) == [("invalid-flow-id", "flows[0].flow_id")]

    @pytest.mark.parametrize(
        ("arguments", "problems"),
        [
            ({}, [("missing-flow-id", "")]),
            ({"flow_id": []}, [("missing-flow-id", "")]),
            ({"flows": [{}, {"flow_id": "a"}]}, [("missing-flow-id", "flows[0]")]),
            ({"flow_id": ["a"], "src": ["b.json"]}, [("source-without-use", "")]),
            ({"flows": [{"flow_id": "a", "src": "b.json"}]}, [("source-without-use", "flows[0]")]),
            ({"definition": {"a": 1}, "template": ["b.json"]}, [("source-without-use", "")] * 2),
        ],
    )
    def test_what_is_not_clear_is_asked_back(self, arguments: dict[str, Any], problems: list[tuple[str, str]]) -> None:
        with pytest.raises(InputError) as error:
            absent(**arguments)

        assert problems_of(error) == problems


def test_one_task_makes_some_flows_exist_and_others_not() -> None:
    items = [{"flow_id": "goes", "state": "absent"}, {"definition": minimal_flow("stays"), "state": "present"}]

    desired = desired_flows(params(flows=items), load_on_this_machine)

    assert [(flow.flow_id, flow.document is None, flow.source) for flow in desired] == [
        ("stays", False, "flows[1].definition"),
        ("goes", True, "flows[0]"),
    ]


def test_what_an_item_says_of_itself_comes_before_what_the_task_says() -> None:
    items = [
        {"flow_id": "stays", "state": "present", "definition": minimal_flow("any")},
        {"flow_id": "goes"},
        {"flow_id": "goes-too", "state": "absent"},
    ]

    desired = desired_flows(params(flows=items, state="absent", flow_id=["first"]), load_on_this_machine)

    assert [(flow.flow_id, flow.document is None) for flow in desired] == [
        ("stays", False),
        ("first", True),
        ("goes", True),
        ("goes-too", True),
    ]


def test_an_item_of_an_absent_flow_says_which_and_no_more() -> None:
    items = [
        {"state": "absent"},
        {"state": "absent", "flow_id": "has a space"},
        {"state": "absent", "flow_id": "goes", "src": "goes.json"},
    ]

    with pytest.raises(InputError) as error:
        desired_flows(params(flows=items), load_on_this_machine)

    assert problems_of(error) == [
        ("missing-flow-id", "flows[0]"),
        ("invalid-flow-id", "flows[1].flow_id"),
        ("source-without-use", "flows[2]"),
    ]


def test_a_flow_cannot_both_exist_and_not() -> None:
    items = [{"definition": minimal_flow("torn")}, {"flow_id": "torn", "state": "absent"}]

    with pytest.raises(InputError) as error:
        desired_flows(params(flows=items), load_on_this_machine)

    assert problems_of(error) == [("duplicate-flow", "flows[1]")]
