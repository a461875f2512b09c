# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Every switch for something unknown: what the emulator does by default, and what it does when switched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from descope_emulator.behaviour import SWITCHES
from emulator.api import DELETE, EXPORT, EXPORT_V1, IMPORT, IMPORT_V1, LICENSE, LIST, RUN, SNAPSHOT, Api
from emulator_client import Emulator, running_emulator
from example_flows import minimal_flow

Probe = Callable[[Api], Any]


def _first_flow(api: Api, **changes: Any) -> dict[str, Any]:
    api.import_flow({**minimal_flow("one"), **changes})
    return api.export_flow("one")


def _connector_flow(api: Api, connector_id: str = "CI2gone", **references: Any) -> requests.Response:
    flow = minimal_flow("one")
    flow["contents"]["tasks"]["1"]["arguments"]["connectorId"] = {"type": "inline", "value": connector_id}
    flow["references"] = references
    return api.post(IMPORT, {"flow": flow})


def _stored_connector(api: Api) -> str:
    value = api.stored("one")["document"]["contents"]["tasks"]["1"]["arguments"]["connectorId"]["value"]
    assert isinstance(value, str)
    return value


def references_roles(api: Api) -> Any:
    api.emulator.project(id=api.project, roles={"Admin": "ROL2admin"})
    flow = minimal_flow("one")
    flow["contents"]["tasks"]["1"]["arguments"]["role"] = {"type": "inline", "value": "ROL2admin"}
    api.import_flow(flow)
    return api.export_flow("one")["references"]["roles"]


def newer_fields(api: Api) -> Any:
    flow = _first_flow(api)
    return "management" in flow["metadata"], "omitted" in flow["references"]


def references_lists(api: Api) -> Any:
    return _first_flow(api, references={"oauth": ["acme"]})["references"]["oauth"]


def run_interactive_flow(api: Api) -> Any:
    api.import_flow(minimal_flow("one"))
    return api.post(RUN, {"flowId": "one"}).status_code


def unknown_flow_v2(api: Api) -> Any:
    return api.post(EXPORT, {"flowId": "nowhere"}).status_code


def list_dsl(api: Api) -> Any:
    api.import_flow(minimal_flow("one"))
    listed = api.ok(LIST)["flows"][0]
    return bool(listed["dsl"]), listed["version"]


def modified_time(api: Api) -> Any:
    api.import_flow(minimal_flow("one"))
    return type(api.ok(EXPORT_V1, {"flowId": "one"})["flow"]["modifiedTime"])


def html_template(api: Api) -> Any:
    api.import_flow(minimal_flow("one"))
    exported = api.ok(EXPORT_V1, {"flowId": "one"})
    api.ok(IMPORT_V1, {"flowId": "one", **exported})
    assert isinstance(api.export_flow("one")["screens"][0]["contents"], dict)
    return type(exported["screens"][0]["htmlTemplate"])


def components_version(api: Api) -> Any:
    return _first_flow(api)["metadata"]["componentsVersion"]


def skip_render_keeps_components_version(api: Api) -> Any:
    api.import_flow(minimal_flow("one"), skipRender=True)
    return api.export_flow("one")["metadata"]["componentsVersion"]


def editor_caches_on_import(api: Api) -> Any:
    flow = minimal_flow("one")
    flow["contents"]["tasks"]["0"]["clientScripts"] = []
    api.import_flow(flow)
    return "clientScripts" in api.export_flow("one")["contents"]["tasks"]["0"]


def import_validation(api: Api) -> Any:
    bad = [
        {**minimal_flow("one"), "contents": {"tasks": {}}},
        {**minimal_flow("one"), "contents": {"startTask": "9", "tasks": {"0": {}}}},
        minimal_flow("not an id"),
    ]
    assert api.post(IMPORT, {"flow": minimal_flow("good")}).status_code == 200
    return [api.post(IMPORT, {"flow": flow}).status_code for flow in bad]


def missing_connector(api: Api) -> Any:
    return _connector_flow(api).status_code, _stored_connector(api) if api.flow_ids() else None


def connectors_by_name(api: Api) -> Any:
    api.emulator.project(id=api.project, connectors={"Mail": "CI2here"})
    _connector_flow(api, "CI2there", connectors={"Mail": "CI2there"})
    return _stored_connector(api)


def etag_conflict(api: Api) -> Any:
    api.import_flow(minimal_flow("one"))
    exported = api.ok(EXPORT_V1, {"flowId": "one"})
    assert api.post(IMPORT_V1, exported).status_code == 200
    return api.post(IMPORT_V1, exported).status_code


def max_body_bytes(api: Api) -> Any:
    return api.post(IMPORT, {"flow": minimal_flow("one")}).status_code


def system_flow_delete(api: Api) -> Any:
    for flow_id in ("sign-in", "other"):
        api.import_flow(minimal_flow(flow_id))
    return api.post(DELETE, {"ids": ["other", "sign-in"]}).status_code, api.flow_ids()


def unknown_flow_delete(api: Api) -> Any:
    return api.post(DELETE, {"ids": ["nowhere"]}).status_code


def theme_import(api: Api) -> Any:
    api.ok("/v2/mgmt/theme/import", {"theme": {"styles": {"acme": {"globals": {}}}}})
    return sorted(api.ok("/v2/mgmt/theme/export")["theme"]["styles"])


def snapshot_denied_status(api: Api) -> Any:
    api.emulator.project(id=api.project, snapshot_allowed=False)
    return api.post(SNAPSHOT).status_code


def asset_limit(api: Api) -> Any:
    api.import_flow(minimal_flow("one", title="a" * 60))
    return any(path.startswith("assets/value-") for path in api.ok(SNAPSHOT)["files"])


def license_tier(api: Api) -> Any:
    answer = api.get(LICENSE)
    return answer.status_code, answer.json().get("rateLimitTier")


def unauthorized_status(api: Api) -> Any:
    return requests.post(api.emulator.url + LIST, json={}, timeout=30).status_code


def forbidden_status(api: Api) -> Any:
    return api.post(LIST).status_code


def auth_error_body(api: Api) -> Any:
    answer = requests.post(api.emulator.url + LIST, json={}, timeout=30)
    return answer.headers["Content-Type"].split(";")[0]


def retry_after(api: Api) -> Any:
    answers = [api.post(LIST) for _unused in range(3)]
    return [answer.headers.get("Retry-After") for answer in answers[1:]]


LIMITED = {"rate_limit": "1/60", "penalty": 60}
ONLY_OTHERS: dict[str, Any] = {"strict": {"projects": {"P2other": {}}}}

# What is observed by default, the switch's other values with what is observed then, and further settings of the reset.
CASES: dict[str, tuple[Probe, Any, dict[Any, Any], dict[str, Any]]] = {
    "references_roles": (references_roles, {"Admin": "ROL2admin"}, {"array": ["Admin"]}, {}),
    "newer_fields": (newer_fields, (True, True), {"absent": (False, False)}, {}),
    "references_lists": (references_lists, ["acme"], {"empty": []}, {}),
    "unknown_flow_v2": (unknown_flow_v2, 500, {"404": 404}, {}),
    "list_dsl": (list_dsl, (False, 0), {"full": (True, 1)}, {}),
    "modified_time": (modified_time, str, {"number": int}, {}),
    "html_template": (html_template, dict, {"string": str}, {}),
    "components_version": (components_version, "3.18.2", {"4.0.0": "4.0.0"}, {}),
    "components_version_on_import": (components_version, "3.18.2", {"keep": "2.0.500"}, {}),
    "skip_render_keeps_components_version": (
        skip_render_keeps_components_version,
        "3.18.2",
        {True: "2.0.500"},
        {},
    ),
    "editor_caches_on_import": (editor_caches_on_import, False, {"keep": True}, {}),
    "import_validation": (import_validation, [200, 200, 200], {"basic": [400, 400, 400]}, {}),
    "missing_connector": (missing_connector, (200, "CI2gone"), {"clear": (200, ""), "refuse": (400, None)}, {}),
    "connectors_by_name": (connectors_by_name, "CI2there", {True: "CI2here"}, {}),
    "etag_conflict": (etag_conflict, 200, {"refuse": 409}, {}),
    "max_body_bytes": (max_body_bytes, 200, {1000: 413, 100_000: 200}, {}),
    "system_flow_delete": (
        system_flow_delete,
        (400, ["other", "sign-in"]),
        {"skip": (200, ["sign-in"]), "allow": (200, [])},
        {},
    ),
    "unknown_flow_delete": (unknown_flow_delete, 200, {"refuse": 500}, {}),
    "run_interactive_flow": (run_interactive_flow, 400, {"run": 200}, {}),
    "theme_import": (theme_import, ["acme", "dark", "light"], {"replace": ["acme"]}, {}),
    "snapshot_denied_status": (snapshot_denied_status, 403, {402: 402, 404: 404}, {}),
    "asset_limit": (asset_limit, False, {59: True, 60: False}, {}),
    "license_tier": (license_tier, (200, "tier1"), {"tier4": (200, "tier4"), "absent": (404, None)}, {}),
    "unauthorized_status": (unauthorized_status, 401, {400: 400}, {}),
    "forbidden_status": (forbidden_status, 403, {401: 401}, ONLY_OTHERS),
    "auth_error_body": (auth_error_body, "application/json", {"html": "text/html", "empty": "text/plain"}, {}),
    "retry_after": (
        retry_after,
        ["60", "60"],
        {"absent": [None, None], "text": ["soon", "soon"], "alternate": ["60", None]},
        LIMITED,
    ),
}


def test_every_switch_has_a_test() -> None:
    assert set(CASES) == SWITCHES


@pytest.mark.parametrize("name", CASES)
def test_the_default(api: Api, name: str) -> None:
    probe, expected, _others, settings = CASES[name]
    api.emulator.reset(**settings)

    assert probe(api) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, (_probe, _default, others, _settings) in CASES.items() for value in others],
)
def test_the_other_values(api: Api, name: str, value: Any) -> None:
    probe, _default, others, settings = CASES[name]
    api.emulator.reset(**{name: value}, **settings)

    assert probe(api) == others[value]


def test_switches_are_options_of_the_command_line() -> None:
    with running_emulator("--references-roles", "array", "--connectors-by-name", "true") as emulator:
        api = Api(emulator)

        assert references_roles(api) == ["Admin"]
        assert connectors_by_name(api) == "CI2here"
        emulator.reset(references_roles="map")
        assert references_roles(api) == {"Admin": "ROL2admin"}
        assert connectors_by_name(api) == "CI2here"
        emulator.reset()
        assert references_roles(api) == ["Admin"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"references_roles": "tuple"}, "references_roles: 'tuple' is none of map, array"),
        ({"no_such_switch": 1}, "unknown no_such_switch"),
        ({"rate_limit": "fast"}, "100/60"),
        ({"latency_ms": -1}, "latency_ms"),
        ({"snapshot": "maybe"}, "allowed"),
        ({"strict": {"projects": []}}, "projects"),
        ({"connectors_by_name": "perhaps"}, "neither true nor false"),
        ({"max_body_bytes": "big"}, "not a whole number"),
    ],
)
def test_settings_that_make_no_sense_are_refused_and_change_nothing(
    emulator: Emulator, settings: dict[str, Any], message: str
) -> None:
    Api(emulator).import_flow(minimal_flow("one"))

    answer = requests.post(f"{emulator.url}/_emulator/reset", json=settings, timeout=30)

    assert answer.status_code == 400
    assert message in answer.json()["error"]
    assert Api(emulator).flow_ids() == ["one"]
