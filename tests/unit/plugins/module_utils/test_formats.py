# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Flows in all their formats: nothing is lost that the format has room for, and nothing else is taken for a flow."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.community.descope.plugins.module_utils._errors import FormatError, InputError
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._flow.formats import Format, detect, dump, load
from example_flows import minimal_flow
from full_flow import VERIFY, WELCOME, full_flow
from json_values import Place, json_values, places, removed, replaced, telling_values
from real_flows import real_flow_files

CONVERTED = [Format.RESPONSE, Format.CONSOLE, Format.SNAPSHOT]

# What each format has no room for, as the documentation of the formats says.
NO_ROOM: dict[Format, list[tuple[str, ...]]] = {
    Format.EXPORTED: [],
    Format.RESPONSE: [],
    Format.CONSOLE: [("references",), ("metadata", "translation", "*")],
    Format.SNAPSHOT: [("*",)],
}


def through(data: dict[str, Any], fmt: Format) -> dict[str, Any]:
    """Return a flow after it was written in a format and read again."""
    text = json.dumps(dump(FlowDocument(data), fmt))
    return load(json.loads(text), flow_id=data["flowId"]).data


def error_of(value: object, *, flow_id: str = "") -> InputError:
    with pytest.raises(InputError) as caught:
        load(value, "given", flow_id=flow_id)
    return caught.value


# --- round trips ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fmt", [Format.EXPORTED, Format.RESPONSE])
def test_the_whole_flow_survives(fmt: Format) -> None:
    assert through(full_flow(), fmt) == full_flow()


def test_the_console_format_keeps_all_but_the_references() -> None:
    assert through(full_flow(), Format.CONSOLE) == removed(full_flow(), ("references",))


def test_a_snapshot_keeps_all_but_unknown_members_of_the_whole_flow() -> None:
    assert through(full_flow(), Format.SNAPSHOT) == removed(full_flow(), ("futureTopLevel",))


@given(
    st.sampled_from(list(Format)),
    st.sampled_from([place for place, value in places(full_flow()) if isinstance(value, dict)]),
    telling_values(),
)
@settings(max_examples=200, deadline=None)
def test_an_unknown_member_survives_wherever_there_is_room(fmt: Format, parent: Place, value: Any) -> None:
    place = (*parent, "aMemberNobodyKnows")
    flow = through(replaced(full_flow(), place, value), fmt)
    if any(_matches(place, pattern) for pattern in NO_ROOM[fmt]):
        return
    for key in place[:-1]:
        flow = flow[key]  # type: ignore[index]
    assert flow[str(place[-1])] == value


def _matches(place: tuple[str | int, ...], pattern: tuple[str, ...]) -> bool:
    if pattern[-1] == "*":
        return len(place) == len(pattern) and place[:-1] == pattern[:-1]
    return place[: len(pattern)] == pattern


@pytest.mark.parametrize("fmt", CONVERTED)
def test_what_there_is_no_room_for_is_documented_honestly(fmt: Format) -> None:
    """If a format finds room for more one day, the list of what is lost must shrink."""
    for pattern in NO_ROOM[fmt]:
        place = tuple("aMemberNobodyKnows" if key == "*" else key for key in pattern)
        flow = full_flow() if place in dict(places(full_flow())) else replaced(full_flow(), place, "lost")
        assert place not in dict(places(through(flow, fmt)))


@pytest.mark.parametrize("fmt", CONVERTED)
@pytest.mark.parametrize("path", real_flow_files(), ids=lambda path: f"{path.parent.name[:6]}-{path.stem}")
def test_real_flows_survive(path: Path, fmt: Format) -> None:
    document = load(json.loads(path.read_text(encoding="utf-8")), str(path))
    again = load(json.loads(json.dumps(dump(document, fmt))), flow_id=document.flow_id)
    lost = ("references",) if fmt is Format.CONSOLE else ()
    assert _without_empty(again.data, lost) == _without_empty(document.data, lost)
    assert again.fingerprint == document.fingerprint
    assert again.normal == document.normal


def _without_empty(data: dict[str, Any], lost: tuple[str, ...]) -> dict[str, Any]:
    """Leave out what may come back absent or as an empty list: screens and their interactions."""
    kept = {key: value for key, value in data.items() if value not in ([], {}) and key not in lost}
    screens = [{k: v for k, v in screen.items() if v != []} for screen in kept.pop("screens", [])]
    has_version = bool(screens)  # the console keeps it on the screens
    metadata = {k: v for k, v in kept["metadata"].items() if k != "componentsVersion" or has_version}
    return {**kept, "metadata": metadata, "screens": sorted(screens, key=lambda screen: str(screen["screenId"]))}


def test_formats_of_real_files(real_flows_dir: Path) -> None:
    found = {path: detect(json.loads(path.read_text(encoding="utf-8"))) for path in real_flow_files()}
    assert set(found.values()) == {Format.EXPORTED, Format.RESPONSE, Format.CONSOLE}
    for path, fmt in found.items():
        assert (fmt is Format.RESPONSE) == ("raw-response" in path.name)


@pytest.mark.parametrize("fmt", list(Format))
def test_converting_leaves_the_document_alone(fmt: Format) -> None:
    document = FlowDocument(full_flow())
    before = copy.deepcopy(document.data)
    load(dump(document, fmt), flow_id="other-id")
    assert document.data == before


# --- each format ------------------------------------------------------------------------------------------------------


def test_response_spells_out_every_default() -> None:
    flow = dump(load(minimal_flow("sign-in")), Format.RESPONSE)["flow"]
    assert flow["metadata"] == {
        "name": "Sign In",
        "description": "Signs in with a one-time code",
        "componentsVersion": "2.0.500",
        "disabled": False,
        "fingerprint": False,
        "widget": False,
        "translation": None,
        "sharedInteractions": [{"id": "4.success", "type": "success", "label": "", "icon": "", "subType": ""}],
    }
    assert flow["references"] == {
        "connectors": {},
        "oauth": [],
        "omitted": [],
        "roles": {},
        "userAttributes": [],
        "tenantAttributes": [],
    }
    assert set(flow["screens"][0]["interactions"][0]) == {"id", "type", "label", "icon", "subType"}


def test_what_stands_beside_the_flow_in_an_answer_is_not_part_of_it() -> None:
    answer = {**dump(FlowDocument(full_flow()), Format.RESPONSE), "requestId": "abc"}
    assert load(answer).data == full_flow()


def test_roles_may_be_a_list_as_they_once_were() -> None:
    answer = dump(load(minimal_flow("sign-in")), Format.RESPONSE)
    old = replaced(answer, ("flow", "references", "roles"), [])
    assert "references" not in load(old).data
    old = replaced(answer, ("flow", "references", "roles"), ["Member"])
    assert load(old).references == {"roles": ["Member"]}


CONSOLE = {
    "flow": {
        "id": "sign-in",
        "version": 36,
        "etag": "abc",
        "modifiedTime": 1725220394,
        "name": "Sign In",
        "description": "",
        "disabled": False,
        "translate": True,
        "translateConnectorID": "manual",
        "translateTargetLangs": ["fr"],
        "managementConfig": {"triggers": {"enabled": True}},
        "dsl": {"startTask": "0", "tasks": {}},
    },
    "screens": [
        {
            "id": WELCOME,
            "version": 6,
            "flowId": "sign-in",
            "inputs": [],
            "interactions": [],
            "htmlTemplate": {"ROOT": {}},
        },
        {"id": VERIFY, "htmlTemplate": '{"ROOT": {"nodes": []}}', "componentsVersion": "2.0.1"},
        {"id": "SCx", "htmlTemplate": {}, "componentsVersion": "2.0.2"},
    ],
}


def test_console_export_becomes_the_exported_form() -> None:
    assert load(CONSOLE).data == {
        "flowId": "sign-in",
        "metadata": {
            "name": "Sign In",
            "componentsVersion": "2.0.2",
            "translation": {"enabled": True, "connectorId": "manual", "targetLanguages": ["fr"]},
            "managementConfig": {"triggers": {"enabled": True}},
        },
        "contents": {"startTask": "0", "tasks": {}},
        "screens": [
            {"screenId": VERIFY, "contents": {"ROOT": {"nodes": []}}},
            {"screenId": WELCOME, "interactions": [], "contents": {"ROOT": {}}},
            {"screenId": "SCx", "contents": {}},
        ],
    }


def test_console_screens_name_their_flow_and_components() -> None:
    console = dump(FlowDocument(full_flow("my-flow")), Format.CONSOLE)
    assert console["flow"]["id"] == "my-flow"
    assert console["flow"]["translateConnectorID"] == "manual"
    assert [screen["flowId"] for screen in console["screens"]] == ["my-flow", "my-flow"]
    assert [screen["componentsVersion"] for screen in console["screens"]] == ["2.0.500", "2.0.500"]
    assert {screen["id"]: screen["htmlTemplate"] for screen in console["screens"]}.keys() == {WELCOME, VERIFY}


def test_console_template_that_is_broken_text_is_named() -> None:
    broken = replaced(CONSOLE, ("screens", 1, "htmlTemplate"), '{"ROOT": ')
    assert [problem.code for problem in error_of(broken).problems] == ["invalid-json"]


def test_whole_numbers_are_integers_however_they_were_written() -> None:
    flow = replaced(full_flow(), ("contents", "tasks", "0", "view"), {"x": 42.0, "y": 0.5})
    view = load(flow).tasks["0"]["view"]
    assert json.dumps(view) == '{"x": 42, "y": 0.5}'


# --- the flow id ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fmt", list(Format))
def test_an_explicit_id_wins_over_the_one_inside(fmt: Format) -> None:
    value = dump(FlowDocument(full_flow("inside")), fmt)
    assert load(value, flow_id="outside").flow_id == "outside"


def test_the_id_inside_is_taken() -> None:
    for fmt in (Format.EXPORTED, Format.RESPONSE, Format.CONSOLE):
        assert load(dump(FlowDocument(full_flow("inside")), fmt)).flow_id == "inside"


@pytest.mark.parametrize("fmt", list(Format))
def test_a_flow_without_id_is_refused_even_if_its_file_has_a_name(fmt: Format) -> None:
    value = dump(FlowDocument({**full_flow(), "flowId": ""}), fmt)
    with pytest.raises(InputError) as caught:
        load(value, "flows/sign-in.json")
    assert [problem.code for problem in caught.value.problems] == ["missing-flow-id"]
    assert str(caught.value) == ("flows/sign-in.json: the flow has no id; add flowId to it or give flow_id beside it")


@pytest.mark.parametrize("flow_id", ["sign in", "sign/in", "../x", "anmeldén", "a\n", 7, ["x"]])
def test_a_malformed_id_is_refused(flow_id: Any) -> None:
    error = error_of({**full_flow(), "flowId": flow_id})
    assert [problem.code for problem in error.problems] == ["invalid-flow-id"]


# --- what is no flow --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "looks_like"),
    [
        ([full_flow()], "a list, but a flow is an object"),
        ("{}", "a string; if it is the text of a flow, parse it first"),
        (None, "null"),
        ({}, "an empty object"),
        ({"errorCode": "E103003", "errorMessage": "x"}, "an error of the Management API"),
        ({"flows": ["sign-in"]}, "a snapshot's flows.json"),
        ({"screenId": "SC1", "contents": {}, "interactions": []}, "one screen of a snapshot"),
        ({"startTask": "0", "tasks": {}}, "the contents.json of a snapshot"),
        ({"name": "Sign In", "screens": [], "disabled": False}, "the metadata.json of a snapshot"),
        ({"files": {"project.json": {}}}, "the response of a snapshot export"),
        ({"id": "sign-in", "dsl": {}}, "a console export without its screens"),
        ({"theme": {"styles": {}}}, "a theme"),
        ({"flowId": "sign-in"}, "it has a flowId but no contents"),
        ({"contents": {}}, "it has contents but neither flowId nor metadata"),
        ({"hosts": "all", "tasks": []}, "an object with the keys hosts, tasks; a flow has flowId"),
        ({"flows/flows.json": {"flows": []}}, "this is a whole snapshot, not one flow"),
    ],
)
def test_says_what_it_looks_like_instead(value: object, looks_like: str) -> None:
    error = error_of(value)
    assert isinstance(error, FormatError)
    assert [problem.code for problem in error.problems] == ["unknown-format"]
    assert str(error).startswith("given: ")
    assert looks_like in str(error)


@given(json_values())
@settings(deadline=None)
def test_any_value_is_a_flow_or_an_input_error(value: Any) -> None:
    with pytest.raises(InputError):
        load(value)


WHOLE = {fmt: dump(FlowDocument(full_flow()), fmt) for fmt in Format}


@given(
    st.sampled_from([(fmt, place) for fmt in Format for place, _value in places(WHOLE[fmt]) if place]),
    json_values(),
)
@settings(max_examples=200, deadline=None)
def test_a_damaged_flow_loads_or_is_an_input_error(damage: tuple[Format, Place], value: Any) -> None:
    fmt, place = damage
    try:
        document = load(replaced(WHOLE[fmt], place, value), flow_id="sign-in")
    except InputError:
        return
    for target in Format:
        json.dumps(dump(document, target))
