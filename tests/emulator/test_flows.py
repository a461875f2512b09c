# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Flows in and out: what the server keeps, changes and prints."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from emulator.api import DELETE, EXPORT, EXPORT_V1, IMPORT, IMPORT_V1, LIST, Api
from example_flows import WELCOME, minimal_flow
from server_noise import EDITOR_CACHES

SERVER_VERSION = "3.18.2"


@pytest.mark.parametrize("path", [EXPORT, EXPORT_V1])
def test_an_unknown_flow_is_a_server_error_with_four_members(api: Api, path: str) -> None:
    answer = api.post(path, {"flowId": "nowhere"})

    assert answer.status_code == 500
    assert answer.json() == {
        "errorCode": "E103003",
        "errorDescription": "Failed getting flow",
        "errorMessage": "Failed loading flow by ID",
        "message": "Failed loading flow by ID",
    }


def test_an_import_creates_and_replaces_under_the_id_in_the_body(api: Api) -> None:
    assert api.import_flow(minimal_flow("one")) == {}
    api.import_flow(minimal_flow("two"))
    api.import_flow(minimal_flow("one", title="Again"))

    assert api.flow_ids() == ["one", "two"]
    assert api.stored("one")["version"] == 2
    assert api.stored("two")["version"] == 1
    assert "Again" in json.dumps(api.export_flow("one"))


def test_every_save_has_a_new_etag_and_a_later_time_and_a_note(api: Api) -> None:
    for note in ("first", "second", ""):
        api.import_flow(minimal_flow("one"), changelog=note)

    stored = api.stored("one")
    times = [revision["modified_time"] for revision in stored["history"]]
    assert [revision["changelog"] for revision in stored["history"]] == ["first", "second", ""]
    assert times == sorted(set(times))
    assert stored["etag"]


def test_an_export_spells_out_every_default(api: Api) -> None:
    api.import_flow({"flowId": "bare", "metadata": {"name": "Bare"}, "contents": {"tasks": {}}})

    assert api.export_flow("bare") == {
        "flowId": "bare",
        "metadata": {
            "name": "Bare",
            "description": "",
            "componentsVersion": "",
            "disabled": False,
            "fingerprint": False,
            "widget": False,
            "translation": None,
            "sharedInteractions": [],
            "management": False,
            "managementConfig": None,
        },
        "contents": {"tasks": {}},
        "screens": [],
        "references": {
            "connectors": {},
            "oauth": [],
            "omitted": [],
            "roles": {},
            "userAttributes": [],
            "tenantAttributes": [],
        },
    }


def test_interactions_and_translation_are_spelled_out(api: Api) -> None:
    flow = minimal_flow("one")
    flow["metadata"]["translation"] = {"enabled": True, "connectorId": "manual"}
    api.import_flow(flow)

    exported = api.export_flow("one")

    assert exported["metadata"]["sharedInteractions"] == [
        {"id": "4.success", "type": "success", "label": "", "icon": "", "subType": ""}
    ]
    assert exported["metadata"]["translation"] == {
        "enabled": True,
        "connectorId": "manual",
        "sourceLanguage": "",
        "targetLanguages": [],
    }
    welcome = next(screen for screen in exported["screens"] if screen["screenId"] == WELCOME)
    assert welcome["interactions"] == [{"id": "continue01", "type": "", "label": "Continue", "icon": "", "subType": ""}]


def test_reads_are_the_same_every_time_and_screens_are_sorted(api: Api) -> None:
    flow = minimal_flow("one")
    flow["screens"].reverse()
    api.import_flow(flow)

    answers = {api.post(EXPORT, {"flowId": "one"}).content for _unused in range(3)}

    assert len(answers) == 1
    ids = [screen["screenId"] for screen in api.export_flow("one")["screens"]]
    assert ids == sorted(ids)


def test_an_import_rewrites_the_components_version_and_drops_the_editors_caches(api: Api) -> None:
    flow = minimal_flow("one")
    task = flow["contents"]["tasks"]["0"]
    task |= {name: {"of": "the editor"} for name in EDITOR_CACHES}
    task |= {"allInputKeys": [], "inputKeys": ["email"], "contextKeys": ["user"], "calculatedInputKeys": True}
    other = flow["contents"]["tasks"]["2"]
    other["allInputKeys"] = ["code"]
    action = flow["contents"]["tasks"]["1"]
    action["interactions"] = ["not a screen, so not a cache"]
    api.import_flow(flow)

    exported = api.export_flow("one")

    tasks = exported["contents"]["tasks"]
    assert exported["metadata"]["componentsVersion"] == SERVER_VERSION
    assert set(tasks["0"]) == {
        *("id", "name", "type", "screenId", "next", "view"),
        *("inputKeys", "contextKeys", "calculatedInputKeys"),
    }
    assert tasks["2"]["allInputKeys"] == ["code"]
    assert tasks["1"]["interactions"] == ["not a screen, so not a cache"]


def test_everything_else_survives_an_import(api: Api) -> None:
    flow = minimal_flow("one")
    flow["fromTheFuture"] = {"a": [1, None, {"b": ""}]}
    flow["metadata"]["newSetting"] = [False]
    flow["contents"]["engine"] = 2
    flow["contents"]["tasks"]["1"]["onError"] = {"retry": 0}
    flow["screens"][0]["theme"] = "dark"
    flow["screens"][0]["interactions"][0]["hint"] = ""
    flow["contents"]["tasks"]["1"]["next"]["rules"] += [{"interactionId": "success", "taskId": "4"}]
    sent = copy.deepcopy(flow)
    api.import_flow(flow)

    exported = api.export_flow("one")

    assert exported["fromTheFuture"] == sent["fromTheFuture"]
    assert exported["metadata"]["newSetting"] == [False]
    assert exported["contents"] == sent["contents"]
    assert exported["screens"][0]["theme"] == "dark"
    assert exported["screens"][0]["interactions"][0]["hint"] == ""
    assert [screen["contents"] for screen in exported["screens"]] == [s["contents"] for s in sent["screens"]]


def test_numbers_come_back_as_a_protobuf_server_prints_them(api: Api) -> None:
    body = json.dumps({"flow": {"flowId": "n", "contents": {"a": 42.0, "b": 41.5, "c": -0.25, "d": 1e3, "e": 7}}})

    api.session.post(api.emulator.url + IMPORT, data=body, timeout=30)

    assert b'"contents":{"a":42,"b":41.5,"c":-0.25,"d":1000,"e":7}' in api.post(EXPORT, {"flowId": "n"}).content


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        '{"flow": ',
        '{"flow": {"flowId": "a", "contents": {"x": NaN}}}',
        '{"flow": {"flowId": "a", "contents": {"x": 1e999}}}',
        b'{"flow": {"flowId": "\xff"}}',
        '{"flow": []}',
        '{"flow": {"flowId": 7}}',
        '{"flow": {"flowId": ""}}',
        '{"flow": {"flowId": "a", "screens": {}}}',
        '{"flow": {"flowId": "a", "metadata": "x"}}',
        '{"flow": {"flowId": "a", "screens": [null]}}',
        "[" * 100_000,
    ],
)
def test_a_body_of_the_wrong_shape_is_refused_and_stores_nothing(api: Api, body: str | bytes) -> None:
    answer = api.session.post(api.emulator.url + IMPORT, data=body, timeout=30)

    assert answer.status_code == 400
    assert answer.json()["errorCode"] in {"E011001", "E011002"}
    assert api.flow_ids() == []


def test_characters_of_every_kind_survive(api: Api) -> None:
    flow = minimal_flow("one", title='שלום \U0001f511 \u2028 \x07 \\ " </script> {{.projectName}}')
    api.import_flow(flow)

    title = next(s for s in api.export_flow("one")["screens"] if s["screenId"] == WELCOME)["contents"]["title00001"]

    assert title["props"]["children"] == 'שלום \U0001f511 \u2028 \x07 \\ " </script> {{.projectName}}'


# --- references ---------------------------------------------------------------------------------------------------


def _with_connector(flow_id: str, connector_id: str) -> dict[str, Any]:
    flow = minimal_flow(flow_id)
    flow["contents"]["tasks"]["1"]["arguments"]["connectorId"] = {"type": "inline", "value": connector_id}
    return flow


def test_references_list_only_connectors_and_roles_that_exist_here(api: Api) -> None:
    api.emulator.project(
        id=api.project, connectors={"Mail": "CI2mail", "Unused": "CI2unused"}, roles={"Admin": "ROL2a"}
    )
    flow = _with_connector("one", "CI2mail")
    flow["contents"]["tasks"]["3"]["arguments"]["connectorId"] = {"type": "inline", "value": "CI2elsewhere"}
    flow["contents"]["tasks"]["3"]["arguments"]["roles"] = {"type": "inline", "value": ["ROL2a"]}
    flow["references"] = {"connectors": {"Elsewhere": "CI2elsewhere"}, "userAttributes": ["plan"]}
    api.import_flow(flow)

    exported = api.export_flow("one")

    assert exported["references"]["connectors"] == {"Mail": "CI2mail"}
    assert exported["references"]["roles"] == {"Admin": "ROL2a"}
    assert exported["references"]["userAttributes"] == ["plan"]
    assert exported["contents"]["tasks"]["3"]["arguments"]["connectorId"]["value"] == "CI2elsewhere"


def test_a_connector_that_arrives_later_is_listed_from_then_on(api: Api) -> None:
    api.import_flow(_with_connector("one", "CI2late"))
    before = api.export_flow("one")["references"]["connectors"]

    api.emulator.project(id=api.project, connectors={"Late": "CI2late"})
    after = api.export_flow("one")["references"]["connectors"]
    api.emulator.project(id=api.project, remove_connectors=["Late"])

    assert (before, after) == ({}, {"Late": "CI2late"})
    assert api.export_flow("one")["references"]["connectors"] == {}


# --- list and delete ----------------------------------------------------------------------------------------------


def test_a_list_has_what_every_client_reads(api: Api) -> None:
    flow = minimal_flow("one")
    flow["metadata"]["disabled"] = True
    api.import_flow(flow)
    api.import_flow(minimal_flow("two"))

    everything = api.ok(LIST, {"ids": []})
    some = api.ok(LIST, {"ids": ["two", "three"]})

    first = everything["flows"][0]
    assert (first["id"], first["name"], first["disabled"]) == ("one", "Sign In", True)
    assert first["description"] == "Signs in with a one-time code"
    assert first["dsl"] == {}
    assert everything["total"] == 2
    assert [flow["id"] for flow in some["flows"]] == ["two"]
    assert some["total"] == 1


def test_a_delete_removes_the_named_flows_and_forgives_unknown_ones(api: Api) -> None:
    for flow_id in ("one", "two", "three"):
        api.import_flow(minimal_flow(flow_id))

    assert api.ok(DELETE, {"ids": ["one", "three", "four"]}) == {}

    assert api.flow_ids() == ["two"]


def test_a_system_flow_is_not_deleted_and_neither_is_anything_with_it(api: Api) -> None:
    for flow_id in ("sign-up-or-in", "other"):
        api.import_flow(minimal_flow(flow_id))

    answer = api.post(DELETE, {"ids": ["other", "sign-up-or-in"]})

    assert answer.status_code == 400
    assert "sign-up-or-in" in answer.json()["errorMessage"]
    assert api.flow_ids() == ["other", "sign-up-or-in"]


# --- version 1 ----------------------------------------------------------------------------------------------------


def test_a_v1_import_answers_the_stored_flow_with_its_next_version(api: Api) -> None:
    api.import_flow(minimal_flow("one"))
    exported = api.ok(EXPORT_V1, {"flowId": "one"})

    imported = api.ok(IMPORT_V1, {"flowId": "one", **exported})

    assert (exported["flow"]["version"], imported["flow"]["version"]) == (1, 2)
    assert imported["flow"]["etag"] != exported["flow"]["etag"]
    assert int(imported["flow"]["modifiedTime"]) > int(exported["flow"]["modifiedTime"])
    assert {screen["version"] for screen in imported["screens"]} == {2}
    assert imported == api.ok(EXPORT_V1, {"flowId": "one"})


def test_both_versions_show_the_same_flow(api: Api) -> None:
    flow = minimal_flow("one")
    flow["metadata"]["translation"] = {
        "enabled": True,
        "connectorId": "CI2t",
        "sourceLanguage": "en",
        "targetLanguages": ["fr", "he"],
    }
    api.import_flow(flow)
    v2 = api.export_flow("one")

    v1 = api.ok(EXPORT_V1, {"flowId": "one"})
    api.ok(IMPORT_V1, {"flowId": "one", **v1})

    assert api.export_flow("one") == v2
    assert v1["flow"]["dsl"] == v2["contents"]
    assert v1["flow"]["translate"] is True
    assert v1["flow"]["translateTargetLangs"] == ["fr", "he"]
    assert [screen["htmlTemplate"] for screen in v1["screens"]] == [screen["contents"] for screen in v2["screens"]]
    assert {screen["componentsVersion"] for screen in v1["screens"]} == {SERVER_VERSION}


def test_the_id_beside_a_v1_flow_wins(api: Api) -> None:
    api.import_flow(minimal_flow("one"))

    copied = api.ok(IMPORT_V1, {**api.ok(EXPORT_V1, {"flowId": "one"}), "flowId": "copy"})

    assert copied["flow"]["id"] == "copy"
    assert {screen["flowId"] for screen in copied["screens"]} == {"copy"}
    assert api.flow_ids() == ["copy", "one"]


def test_what_only_v1_carries_stays_until_a_v2_import(api: Api) -> None:
    flow = {"id": "one", "name": "One", "dsl": {"tasks": {}}, "referencesGlobalStrings": True, "future": 1}
    screens = [{"id": WELCOME, "inputs": [{"name": "email"}], "htmlTemplate": '{"ROOT": {}}', "extra": "kept"}]
    api.ok(IMPORT_V1, {"flowId": "one", "flow": flow, "screens": screens})

    v1 = api.ok(EXPORT_V1, {"flowId": "one"})
    v2 = api.export_flow("one")
    api.import_flow(v2)
    again = api.ok(EXPORT_V1, {"flowId": "one"})

    assert v1["flow"]["referencesGlobalStrings"] is True
    assert v1["screens"][0]["inputs"] == [{"name": "email"}]
    assert v2["screens"][0]["contents"] == {"ROOT": {}}
    assert v2["metadata"]["future"] == 1
    assert v2["screens"][0]["extra"] == "kept"
    assert again["screens"][0]["inputs"] == []
    assert again["flow"]["future"] == 1
