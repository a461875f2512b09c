# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""A tenant as the Management API tells of it, and what tenants can be searched by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._json import JsonObject, describe

_SEARCHED_BY = {
    "ids": "tenantIds",
    "names": "tenantNames",
    "domains": "tenantSelfProvisioningDomains",
    "sso_domains": "tenantSSODomains",
    "attributes": "customAttributes",
    "auth_type": "authType",
    "parent": "parentTenantId",
    "top_level": "topLevelOnly",
}


@dataclass(frozen=True, slots=True)
class Tenant:
    """One tenant. Of its many members only an id is always there; the others read as empty where they are not."""

    data: JsonObject

    @property
    def id(self) -> str:
        return str(self.data["id"])

    @property
    def name(self) -> str:
        return str(self.data.get("name") or "")

    @property
    def attributes(self) -> JsonObject:
        attributes = self.data.get("customAttributes")
        return attributes if isinstance(attributes, dict) else {}

    def variables(self) -> dict[str, Any]:
        """Return what there is to know of the tenant, by names for people who write inventories."""
        data = self.data
        return {
            "id": self.id,
            "name": self.name,
            "attributes": self.attributes,
            "auth_type": str(data.get("authType") or "none"),
            "disabled": data.get("disabled") is True,
            "domains": _list(data.get("selfProvisioningDomains")),
            "sso_domains": _list(data.get("domains")),
            "parent": str(data.get("parent") or ""),
        }


def tenants_of(answer: Mapping[str, Any]) -> list[Tenant] | str:
    """Return the tenants of an answer, or what is wrong with it."""
    # The API's encoding may leave out, or write as null, what is empty.
    tenants = [] if answer in ({}, {"tenants": None}) else answer.get("tenants")
    if not isinstance(tenants, list):
        return f"the tenants are {describe(tenants)} instead of a list"
    if not all(isinstance(tenant, dict) and isinstance(tenant.get("id"), str) and tenant["id"] for tenant in tenants):
        return "a tenant without an id is listed"
    return [Tenant(tenant) for tenant in tenants]


def search_body(search: Mapping[str, Any]) -> JsonObject:
    """Return a search as the API takes it, without what is not searched for."""
    return {_SEARCHED_BY[name]: value for name, value in search.items() if value not in (None, "", [], {}, False)}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
