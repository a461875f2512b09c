# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Whatever a client sends, the emulator answers like an API and stays able to answer."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from emulator.api import EXPORT, EXPORT_V1, IMPORT, IMPORT_V1, LIST, SNAPSHOT, Api

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def _object(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with some of these members, each as it should be or as anything."""
    return st.fixed_dictionaries({}, optional={name: member | JSON for name, member in members.items()})


INTERACTIONS = st.lists(_object(id=st.text(max_size=3), label=st.text(max_size=3)), max_size=2)
ARGUMENT = _object(type=st.just("inline"), value=JSON)
TASK = _object(
    id=st.text(max_size=2),
    name=st.text(max_size=5),
    type=st.sampled_from(["screen", "automated"]),
    screenId=st.sampled_from(["SC1", "SC2"]),
    arguments=st.dictionaries(st.sampled_from(["connectorId", "code"]), ARGUMENT | JSON, max_size=2),
    allInputKeys=st.just([]),
)
CONTENTS = _object(tasks=st.dictionaries(st.sampled_from(["0", "1", "start"]), TASK | JSON, max_size=3))
METADATA = _object(
    name=st.text(max_size=3),
    translation=_object(enabled=st.booleans()),
    sharedInteractions=INTERACTIONS,
    managementConfig=_object(triggers=_object(eventTriggers=_object(triggeringEventTypes=st.just([])))),
    componentsVersion=st.text(max_size=3),
)
SCREEN = _object(screenId=st.sampled_from(["SC1", "SC2"]), interactions=INTERACTIONS, contents=JSON)
SCREEN_V1 = _object(id=st.sampled_from(["SC1", "SC2"]), interactions=INTERACTIONS, htmlTemplate=JSON, inputs=JSON)
FLOW = _object(
    metadata=METADATA,
    contents=CONTENTS,
    screens=st.lists(SCREEN | JSON, max_size=2),
    references=_object(connectors=st.just({"Mail": "CI2x"}), roles=st.just([]), oauth=st.just(["a"])),
    more=JSON,
)
FLOW_V1 = _object(
    name=st.text(max_size=3), dsl=CONTENTS, translate=st.booleans(), sharedInteractions=INTERACTIONS, etag=JSON
)


def _still_answers(api: Api) -> None:
    """Every way to read the flow works."""
    for path, body in ((LIST, {}), (EXPORT, {"flowId": "a"}), (EXPORT_V1, {"flowId": "a"}), (SNAPSHOT, {})):
        answer = api.post(path, body)
        assert answer.status_code == 200, (path, answer.text)
        assert isinstance(answer.json(), dict)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(flow=FLOW)
def test_any_v2_import_is_stored_or_refused(api: Api, flow: dict[str, Any]) -> None:
    api.emulator.project(id=api.project, connectors={"Mail": "CI2y"})
    answer = api.post(IMPORT, {"flow": {**flow, "flowId": "a"}})

    assert answer.status_code in {200, 400}, answer.text
    if answer.status_code == 200:
        _still_answers(api)
        assert api.post(IMPORT, {"flow": api.export_flow("a")}).status_code == 200


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(flow=FLOW_V1, screens=st.lists(SCREEN_V1 | JSON, max_size=2) | JSON)
@example(flow={}, screens=[{"id": None}])
def test_any_v1_import_is_stored_or_refused(api: Api, flow: dict[str, Any], screens: Any) -> None:
    answer = api.post(IMPORT_V1, {"flowId": "a", "flow": flow, "screens": screens})

    assert answer.status_code in {200, 400}, answer.text
    if answer.status_code == 200:
        _still_answers(api)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(body=JSON, path=st.sampled_from([LIST, EXPORT, IMPORT, IMPORT_V1, SNAPSHOT, "/v1/mgmt/flow/delete"]))
def test_any_body_is_answered(api: Api, body: Any, path: str) -> None:
    assert api.post(path, body).status_code in {200, 400}


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    theme=_object(styles=JSON, references=JSON, cssTemplate=JSON, more=JSON),
    search=_object(tenantIds=st.just(["acme"]), customAttributes=JSON, authType=JSON, topLevelOnly=JSON),
)
def test_any_theme_and_search_are_answered(api: Api, theme: dict[str, Any], search: dict[str, Any]) -> None:
    api.emulator.project(id=api.project, tenants=["acme"])
    for path in ("/v1/mgmt/theme/import", "/v2/mgmt/theme/import"):
        assert api.post(path, {"theme": theme}).status_code in {200, 400}
        assert api.post("/v2/mgmt/theme/export").status_code == 200
    assert api.post("/v1/mgmt/tenant/search", search).status_code in {200, 400}
