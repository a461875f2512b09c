# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Projects as somebody describes them: in the file of C(--strict) and in the body of C(POST /_emulator/project)."""

from __future__ import annotations

from typing import Any

from .behaviour import SettingError
from .codec import JsonObject
from .seeds import plant_flow
from .store import Project, ProjectStore, generated_id

_MEMBERS = frozenset(
    {
        "id",
        "name",
        "keys",
        "snapshot_allowed",
        "license_tier",
        "connectors",
        "roles",
        "tenants",
        "flows",
        "run_outputs",
        "styles",
        "remove_connectors",
        "remove_roles",
        "remove_tenants",
        "remove_flows",
        "replace",
    }
)


def declarations_from(value: Any) -> list[JsonObject]:
    """Return the projects of a strict file: C({"projects": [{"id": ...}]}) or C({"projects": {"P...": {...}}})."""
    projects = value.get("projects") if isinstance(value, dict) else None
    if isinstance(projects, dict):
        projects = [{"id": project_id, **(project or {})} for project_id, project in projects.items()]
    if not isinstance(projects, list) or not projects:
        raise SettingError('the strict file needs {"projects": {"P...": {"keys": ["K..."], ...}}}')
    for project in projects:
        _check(project)
    return projects


def _check(declaration: Any) -> None:
    if not isinstance(declaration, dict) or not isinstance(declaration.get("id"), str) or not declaration["id"]:
        raise SettingError('a project needs an "id"')
    unknown = sorted(set(declaration) - _MEMBERS)
    if unknown:
        raise SettingError(f"project: unknown member {', '.join(unknown)}; there are: {', '.join(sorted(_MEMBERS))}")


def declare(store: ProjectStore, declaration: JsonObject) -> Project:
    """Create a project or add to it. C(replace): start from an empty one."""
    _check(declaration)
    if declaration.get("replace"):
        store.projects.pop(declaration["id"], None)
    project = store.open(declaration["id"])
    project.name = str(declaration.get("name", project.name))
    project.keys |= {str(key) for key in declaration.get("keys") or ()}
    for member in ("snapshot_allowed", "license_tier"):
        if member in declaration:
            setattr(project, member, declaration[member])
    _remove(project, declaration)
    _add(project, declaration)
    project.forget_encodings()
    return project


def _remove(project: Project, declaration: JsonObject) -> None:
    stores: dict[str, dict[str, Any]] = {
        "remove_connectors": project.connectors,
        "remove_roles": project.roles,
        "remove_tenants": project.tenants,
        "remove_flows": project.flows,
    }
    for member, items in stores.items():
        for name in declaration.get(member) or ():
            items.pop(str(name), None)


def _add(project: Project, declaration: JsonObject) -> None:
    for name, connector in _named(declaration.get("connectors"), "connectors"):
        project.add_connector(name, {**connector, "id": connector.get("id") or generated_id("CI", name)})
    for name, role in _named(declaration.get("roles"), "roles"):
        project.add_role(name, str(role.get("id") or generated_id("ROL", name)))
    for name, tenant in _named(declaration.get("tenants"), "tenants"):
        tenant_id = str(tenant.get("id") or name)
        project.tenants[tenant_id] = {"name": name, **tenant, "id": tenant_id}
    for flow in declaration.get("flows") or ():
        plant_flow(project, flow, "flows")
    project.theme.styles |= declaration.get("styles") or {}
    outputs = declaration.get("run_outputs") or {}
    if not isinstance(outputs, dict) or not all(isinstance(output, dict) for output in outputs.values()):
        raise SettingError("run_outputs: give a map of flow ids to the objects that their runs answer")
    project.run_outputs |= outputs


def _named(items: Any, what: str) -> list[tuple[str, JsonObject]]:
    """Read a list of names, a list of objects with a name, or a map of names to ids or objects."""
    if items is None:
        return []
    if isinstance(items, dict):
        items = [{"name": name, **(item if isinstance(item, dict) else {"id": item})} for name, item in items.items()]
    objects = [{"name": item} if isinstance(item, str) else item for item in items]
    if not all(isinstance(item, dict) and (item.get("name") or item.get("id")) for item in objects):
        raise SettingError(f"{what}: give names, objects with a name, or a map of names to ids")
    return [(str(item.get("name") or item["id"]), item) for item in objects]
