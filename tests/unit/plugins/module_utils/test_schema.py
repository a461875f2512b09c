# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The schema asks for what every real flow has, and for nothing more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.community.descope.plugins.module_utils._errors import InputError
from ansible_collections.community.descope.plugins.module_utils._flow import schema
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._flow.formats import Format, dump
from ansible_collections.community.descope.plugins.module_utils._flow.schema import (
    JSONSCHEMA_IMPORT_ERROR,
    SCHEMA,
    check_schema,
)
from ansible_collections.community.descope.plugins.module_utils._flow.sources import read_source
from example_flows import minimal_flow
from full_flow import full_flow
from json_values import Place, json_values, places, removed, replaced
from real_flows import real_flow_files, snapshot_dirs

TASKS = ("contents", "tasks")


def test_the_schema_is_a_valid_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert JSONSCHEMA_IMPORT_ERROR is None


def test_our_own_flows_pass_with_members_nobody_knows() -> None:
    assert check_schema(FlowDocument(full_flow())) == []
    assert check_schema(FlowDocument(minimal_flow("a"))) == []


def test_every_genuine_flow_passes(real_flows_dir: Path) -> None:
    documents = [read_source(path)[0] for path in real_flow_files()]
    documents += [document for root in snapshot_dirs() for document in read_source(root)]
    assert [str(problem) for document in documents for problem in check_schema(document)] == []
    assert len(documents) > 20


def test_answers_with_every_default_spelled_out_pass() -> None:
    answer = dump(FlowDocument(minimal_flow("a")), Format.RESPONSE)["flow"]
    assert check_schema(FlowDocument(answer)) == []
    assert check_schema(FlowDocument(replaced(answer, ("references", "roles"), []))) == []


@pytest.mark.parametrize(
    ("place", "value", "path", "message"),
    [
        (("metadata",), None, "$", "has no metadata"),
        (("contents", "startTask"), None, "$.contents", "has no startTask"),
        (("flowId",), "a b", "$.flowId", "contains characters other than letters, digits, - and _, or nothing at all"),
        (("metadata", "name"), 5, "$.metadata.name", "is a number, expected a string or null"),
        (("metadata", "disabled"), "no", "$.metadata.disabled", "is a string, expected true or false or null"),
        (("contents", "startTask"), "", "$.contents.startTask", "is empty"),
        (TASKS, {}, "$.contents.tasks", "is empty"),
        ((*TASKS, "0", "view"), None, "$.contents.tasks.0", "has no view"),
        ((*TASKS, "0", "view", "x"), "1", "$.contents.tasks.0.view.x", "is a string, expected a number"),
        ((*TASKS, "1.end", "next"), [], '$.contents.tasks["1.end"].next', "is a list, expected an object"),
        (("screens", 0, "contents"), None, "$.screens[0]", "has no contents"),
        (("screens", 1, "interactions", 0), "x", "$.screens[1].interactions[0]", "is a string, expected an object"),
        (("references", "connectors"), ["CI1"], "$.references.connectors", "is a list, expected an object or null"),
    ],
)
def test_a_wrong_shape_is_one_line_with_its_place(place: Place, value: Any, path: str, message: str) -> None:
    flow = removed(full_flow(), place) if value is None else replaced(full_flow(), place, value)
    (problem,) = check_schema(FlowDocument(flow, "flow.json"))
    assert (problem.code, problem.path, problem.message) == ("schema", path, message)
    assert (problem.source, problem.flow_id) == ("flow.json", FlowDocument(flow).flow_id)


def test_all_wrong_shapes_at_once() -> None:
    flow = replaced(full_flow(), ("metadata", "name"), 5)
    flow = replaced(flow, (*TASKS, "0", "type"), [])
    assert [problem.path for problem in check_schema(FlowDocument(flow))] == [
        "$.metadata.name",
        "$.contents.tasks.0.type",
    ]


@given(st.sampled_from([place for place, _value in places(full_flow()) if place]), json_values())
@settings(max_examples=200, deadline=None)
def test_the_quick_library_finds_what_jsonschema_finds(place: Place, value: Any) -> None:
    pytest.importorskip("jsonschema_rs", reason="optional; the oldest environment does without it")
    damaged = FlowDocument(replaced(full_flow(), place, value))
    quickly = check_schema(damaged)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "_QUICK_VALIDATOR", None)
        assert check_schema(damaged) == quickly


def test_the_quick_library_spares_a_sound_flow_the_slow_one(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("jsonschema_rs", reason="optional; the oldest environment does without it")
    monkeypatch.setattr(schema, "_validator", None)
    assert check_schema(FlowDocument(full_flow())) == []


@pytest.mark.parametrize("text", ["\ud800", "a\n"], ids=["half a surrogate pair", "a line break after an id"])
def test_what_the_quick_library_cannot_judge_jsonschema_does(text: str) -> None:
    assert check_schema(FlowDocument(replaced(full_flow(), ("metadata", "description"), text))) == []
    assert check_schema(FlowDocument(replaced(full_flow(), (*TASKS, "0", "type"), text))) == []


@given(st.sampled_from([place for place, _value in places(full_flow()) if place]), json_values())
@settings(max_examples=60, deadline=None)
def test_any_damage_is_survived(place: Place, value: Any) -> None:
    for problem in check_schema(FlowDocument(replaced(full_flow(), place, value))):
        assert len(problem.message) <= 200
        assert len(problem.message.splitlines()) == 1


def test_a_missing_library_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "JSONSCHEMA_IMPORT_ERROR", "Traceback ...")
    with pytest.raises(InputError) as caught:
        check_schema(FlowDocument(full_flow()))
    assert caught.value.problems[0].code == "missing-library"


def test_the_validator_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "_QUICK_VALIDATOR", None)
    check_schema(FlowDocument(full_flow()))
    monkeypatch.setattr(jsonschema, "Draft202012Validator", None)
    assert check_schema(FlowDocument(full_flow())) == []
