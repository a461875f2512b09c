# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Themes in both versions, tenants, and the licence."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.api import TENANTS, Api

THEME, THEME_V1 = "/v2/mgmt/theme", "/v1/mgmt/theme"
ACME = {"globals": {"colors": {"primary": {"main": "#123456"}}}, "components": {}}


def test_a_theme_import_adds_its_styles_and_leaves_the_others(api: Api) -> None:
    before = api.ok(f"{THEME}/export")["theme"]

    assert api.ok(f"{THEME}/import", {"theme": {"styles": {"acme": ACME}, "componentsVersion": "1.0.0"}}) == {}

    after = api.ok(f"{THEME}/export")["theme"]
    assert after["styles"] == {**before["styles"], "acme": ACME}
    assert after["componentsVersion"] == "3.18.2"
    assert set(after["references"]) == {"connectors", "oauth", "omitted", "roles", "userAttributes", "tenantAttributes"}


def test_a_v1_theme_is_the_whole_theme(api: Api) -> None:
    exported = api.ok(f"{THEME_V1}/export")["theme"]
    wanted = {**exported, "cssTemplate": {"light": ACME}, "codeMode": True}

    imported = api.ok(f"{THEME_V1}/import", {"theme": wanted})["theme"]

    assert imported == {**wanted, "version": exported["version"] + 1, "componentsVersion": "3.18.2"}
    assert api.ok(f"{THEME_V1}/export")["theme"] == imported
    assert api.ok(f"{THEME}/export")["theme"]["styles"] == {"light": ACME}


@pytest.mark.parametrize("theme", [None, [], {"styles": []}])
def test_a_theme_of_the_wrong_shape_is_refused(api: Api, theme: Any) -> None:
    assert api.post(f"{THEME}/import", {"theme": theme}).status_code == 400


@pytest.fixture
def tenants(api: Api) -> Api:
    """A project with three tenants."""
    api.emulator.project(
        id=api.project,
        tenants=[
            {
                "id": "acme",
                "name": "Acme",
                "selfProvisioningDomains": ["acme.com"],
                "customAttributes": {"plan": "pro"},
            },
            {"id": "beta", "name": "Beta", "authType": "saml", "domains": ["beta.io"], "parent": "acme"},
            "Gamma",
        ],
    )
    return api


def test_all_tenants(tenants: Api) -> None:
    listed = tenants.get(TENANTS).json()["tenants"]

    assert [tenant["id"] for tenant in listed] == ["Gamma", "acme", "beta"]
    assert listed[0] == {"id": "Gamma", "name": "Gamma", "selfProvisioningDomains": [], "authType": "none"}


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ({}, ["Gamma", "acme", "beta"]),
        ({"tenantIds": ["acme", "nobody"]}, ["acme"]),
        ({"tenantNames": ["Beta"]}, ["beta"]),
        ({"tenantSelfProvisioningDomains": ["acme.com", "x.com"]}, ["acme"]),
        ({"tenantSSODomains": ["beta.io"]}, ["beta"]),
        ({"authType": "saml"}, ["beta"]),
        ({"parentTenantId": "acme"}, ["beta"]),
        ({"topLevelOnly": True}, ["Gamma", "acme"]),
        ({"customAttributes": {"plan": "pro"}}, ["acme"]),
        ({"customAttributes": {"plan": "free"}}, []),
        ({"tenantIds": ["acme"], "authType": "saml"}, []),
    ],
)
def test_tenants_are_searched(tenants: Api, search: dict[str, Any], found: list[str]) -> None:
    assert [tenant["id"] for tenant in tenants.ok("/v1/mgmt/tenant/search", search)["tenants"]] == found


def test_one_tenant(tenants: Api) -> None:
    assert tenants.get("/v1/mgmt/tenant", params={"id": "beta"}).json()["tenant"]["name"] == "Beta"
    assert tenants.get("/v1/mgmt/tenant", params={"id": "nobody"}).status_code == 400
