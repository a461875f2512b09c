# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Descope's own Python SDK, which nobody here wrote, works against the emulator."""

from __future__ import annotations

import json
from importlib.metadata import version

import pytest
from descope import AuthException, DescopeClient, RateLimitException

from emulator.api import KEY, LICENSE, PROJECT, Api
from emulator_client import Emulator
from example_flows import minimal_flow


@pytest.fixture
def sdk(emulator: Emulator) -> DescopeClient:
    """The SDK as a user makes it."""
    return DescopeClient(project_id=PROJECT, management_key=KEY, base_url=emulator.url)


def test_the_licence_handshake(sdk: DescopeClient, emulator: Emulator) -> None:
    sdk.mgmt.flow.list_flows()

    asked = emulator.stats()["requests"].get(f"GET {LICENSE}", 0)
    assert asked == (1 if int(version("descope").split(".")[0]) >= 2 else 0)
    assert emulator.stats()["statuses"] == {"200": 1 + asked}


def test_flows(sdk: DescopeClient, api: Api) -> None:
    sdk_flow = sdk.mgmt.flow
    api.import_flow(minimal_flow("one"))
    api.import_flow(minimal_flow("two"))

    exported = sdk_flow.export_flow("one")
    copied = sdk_flow.import_flow("three", exported["flow"], exported["screens"])
    again = sdk_flow.import_flow("one", exported["flow"], exported["screens"])
    deleted = sdk_flow.delete_flows(["two"])
    listed = sdk_flow.list_flows()

    assert copied["flow"]["id"] == "three"
    assert again["flow"]["version"] == exported["flow"]["version"] + 1
    assert deleted == {}
    assert {flow["id"]: flow["name"] for flow in listed["flows"]} == {"one": "Sign In", "three": "Sign In"}
    assert listed["total"] == 2
    first, third = api.export_flow("one"), api.export_flow("three")
    assert {**first, "flowId": ""} == {**third, "flowId": ""}


def test_an_unknown_flow(sdk: DescopeClient) -> None:
    with pytest.raises(AuthException) as refused:
        sdk.mgmt.flow.export_flow("nowhere")

    assert refused.value.status_code == 500
    assert json.loads(str(refused.value.error_message))["errorCode"] == "E103003"


def test_themes(sdk: DescopeClient, api: Api) -> None:
    theme = sdk.mgmt.flow.export_theme()["theme"]
    theme["cssTemplate"]["acme"] = {"globals": {"fonts": {}}}

    imported = sdk.mgmt.flow.import_theme(theme)["theme"]

    assert imported["version"] == theme["version"] + 1
    assert api.ok("/v2/mgmt/theme/export")["theme"]["styles"]["acme"] == {"globals": {"fonts": {}}}


def test_tenants_and_snapshot(sdk: DescopeClient, api: Api) -> None:
    api.emulator.project(id=PROJECT, tenants=[{"id": "acme", "name": "Acme"}, {"id": "beta", "name": "Beta"}])
    api.import_flow(minimal_flow("one"))

    assert [tenant["id"] for tenant in sdk.mgmt.tenant.load_all()["tenants"]] == ["acme", "beta"]
    assert [tenant["id"] for tenant in sdk.mgmt.tenant.search_all(names=["Beta"])["tenants"]] == ["beta"]
    assert sdk.mgmt.tenant.load("acme")["tenant"]["name"] == "Acme"
    assert sdk.mgmt.project.export_project()["flows/flows.json"] == {"flows": ["one"]}


def test_a_rate_limit(sdk: DescopeClient, emulator: Emulator) -> None:
    emulator.reset(rate_limit="1/60", penalty=7)
    sdk.mgmt.flow.list_flows()

    with pytest.raises(RateLimitException) as refused:
        sdk.mgmt.flow.list_flows()

    assert refused.value.rate_limit_parameters == {"Retry-After": 7}
    assert refused.value.error_message == "API rate limit exceeded."
