# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Runs of management flows: what the emulator answers, to its own protocol and to Descope's Python SDK."""

from __future__ import annotations

import pytest
from descope import DescopeClient

from emulator.api import KEY, PROJECT, RUN, Api
from emulator_client import Emulator
from example_flows import minimal_flow


@pytest.fixture
def managed(api: Api) -> Api:
    flow = minimal_flow("nightly")
    flow["metadata"]["management"] = True
    api.emulator.project(id=PROJECT, flows=[flow, minimal_flow("sign-in")], run_outputs={"nightly": {"removed": 3}})
    return api


def test_a_management_flow_answers_what_was_declared(managed: Api) -> None:
    options = {"input": {"a": 1}, "tenant": "acme"}
    assert managed.ok(RUN, {"flowId": "nightly", "options": options}) == {"output": {"removed": 3}}
    assert managed.emulator.stored(PROJECT)["runs"] == [{"flow_id": "nightly", "options": options}]


def test_without_a_declaration_the_output_is_empty(managed: Api) -> None:
    managed.emulator.project(id=PROJECT, run_outputs={"nightly": {}})
    assert managed.ok(RUN, {"flowId": "nightly"}) == {"output": {}}


def test_other_flows_are_refused(managed: Api) -> None:
    assert managed.post(RUN, {"flowId": "sign-in"}).status_code == 400
    assert managed.post(RUN, {"flowId": "unknown"}).json()["errorCode"] == "E103003"


@pytest.mark.parametrize("body", [{}, {"flowId": 5}, {"flowId": "nightly", "options": []}])
def test_a_malformed_run_is_refused(managed: Api, body: object) -> None:
    assert managed.post(RUN, body).status_code == 400


def test_a_declaration_that_is_none_is_refused(emulator: Emulator) -> None:
    declarations: list[object] = [["nightly"], {"nightly": 5}]
    for wrong in declarations:
        with pytest.raises(Exception, match="400"):
            emulator.project(id=PROJECT, run_outputs=wrong)


def test_the_python_sdk_runs_it(managed: Api) -> None:
    client = DescopeClient(project_id=PROJECT, management_key=KEY, base_url=managed.emulator.url)
    answer = client.mgmt.flow.run_flow("nightly")
    assert answer["output"] == {"removed": 3}
