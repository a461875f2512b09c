# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The endpoints of themes, tenants, the project and its licence."""

from __future__ import annotations

from typing import Any

from . import errors, snapshot
from .call import Call, check_message, object_argument, texts_argument
from .codec import JsonObject


def export_snapshot(call: Call) -> bytes:
    """POST /v1/mgmt/project/snapshot/export and its older name project/export (documented).

    C({"format": "plain"}) keeps long values in their places.
    """
    project = call.project
    allowed = project.snapshot_allowed
    if not (call.emulator.settings.snapshot_allowed if allowed is None else allowed):
        raise errors.snapshot_denied(call.behaviour)
    return snapshot.exported(project, call.behaviour, plain=call.body.get("format") == "plain")


def license_tier(call: Call) -> JsonObject:
    """GET /v1/mgmt/license (documented by the clients only). A company's key may ask, too (assumed)."""
    tier = call.behaviour.license_tier
    if call.bearer.project_id:
        tier = call.project.license_tier or tier
    if tier == "absent":
        raise errors.not_emulated("GET", "/v1/mgmt/license", status=404)
    return {"rateLimitTier": tier}


# --- themes ------------------------------------------------------------------------------------------------------


def export_theme(call: Call) -> JsonObject:
    """POST /v2/mgmt/theme/export (documented)."""
    return {"theme": call.project.theme.exported(call.behaviour)}


def import_theme(call: Call) -> JsonObject:
    """POST /v2/mgmt/theme/import (documented). Answers C({})."""
    theme = object_argument(call.body, "theme")
    check_message(theme, "theme", objects=("styles", "references"))
    call.project.theme.imported(theme, call.behaviour)
    return {}


def export_theme_v1(call: Call) -> JsonObject:
    """POST /v1/mgmt/theme/export: gone from the reference, used by every SDK but one (documented by them)."""
    return {"theme": call.project.theme.exported_v1()}


def import_theme_v1(call: Call) -> JsonObject:
    """POST /v1/mgmt/theme/import. Answers the stored theme (documented by the clients)."""
    theme = object_argument(call.body, "theme")
    check_message(theme, "theme", objects=("cssTemplate",))
    call.project.theme.imported_v1(theme, call.behaviour)
    return {"theme": call.project.theme.exported_v1()}


# --- tenants -----------------------------------------------------------------------------------------------------


def all_tenants(call: Call) -> JsonObject:
    """GET /v1/mgmt/tenant/all (documented). No paging."""
    return {"tenants": [_printed(tenant) for _id, tenant in sorted(call.project.tenants.items())]}


def load_tenant(call: Call) -> JsonObject:
    """GET /v1/mgmt/tenant?id= (documented); the answer for an unknown tenant is unknown."""
    tenant = call.project.tenants.get(call.query.get("id", ""))
    if tenant is None:
        raise errors.invalid("Tenant does not exist")
    return {"tenant": _printed(tenant)}


def search_tenants(call: Call) -> JsonObject:
    """POST /v1/mgmt/tenant/search (documented). A tenant must meet every condition that is given (assumed)."""
    check_message(call.body, "request", objects=("customAttributes",))
    tenants = [tenant for _id, tenant in sorted(call.project.tenants.items()) if _meets(tenant, call.body)]
    return {"tenants": [_printed(tenant) for tenant in tenants]}


def _printed(tenant: JsonObject) -> JsonObject:
    """Return a tenant with the members that the smallest real answer has (observed)."""
    return {"id": "", "name": "", "selfProvisioningDomains": [], "authType": "none", **tenant}


_ONE_OF = {"tenantIds": "id", "tenantNames": "name"}
_ANY_OF = {"tenantSelfProvisioningDomains": "selfProvisioningDomains", "tenantSSODomains": "domains"}
_EQUAL = {"authType": "authType", "parentTenantId": "parent"}


def _meets(tenant: JsonObject, wanted: JsonObject) -> bool:
    printed = _printed(tenant)
    one_of = all(_is_in(printed.get(member), texts_argument(wanted, name)) for name, member in _ONE_OF.items())
    any_of = all(_overlaps(printed.get(member), texts_argument(wanted, name)) for name, member in _ANY_OF.items())
    equal = all(wanted.get(name) in (None, "", printed.get(member)) for name, member in _EQUAL.items())
    attributes = (wanted.get("customAttributes") or {}).items()
    has_attributes = all((printed.get("customAttributes") or {}).get(key) == value for key, value in attributes)
    top_level = not (wanted.get("topLevelOnly") and printed.get("parent"))
    return one_of and any_of and equal and has_attributes and top_level


def _is_in(value: Any, wanted: list[str]) -> bool:
    return not wanted or value in wanted


def _overlaps(values: Any, wanted: list[str]) -> bool:
    return not wanted or bool(set(values or ()) & set(wanted))
