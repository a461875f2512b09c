# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The control paths below /_emulator: for tests and for people, never counted, limited or made to fail."""

from __future__ import annotations

import os
from typing import Any

from . import __version__, console, faults
from .behaviour import SettingError
from .codec import JsonObject
from .declarations import declare
from .emulator import Emulator
from .store import Project


def health(emulator: Emulator, _query: dict[str, str], _body: Any) -> JsonObject:
    """GET /_emulator/health: it runs, and with which settings."""
    return {"status": "ok", "version": __version__, "pid": os.getpid(), **emulator.settings.as_dict()}


def stats(emulator: Emulator, _query: dict[str, str], _body: Any) -> JsonObject:
    """GET /_emulator/stats."""
    return emulator.stats.as_dict()


def reset(emulator: Emulator, _query: dict[str, str], body: Any) -> JsonObject:
    """POST /_emulator/reset."""
    return emulator.reset(_object(body))


def set_faults(emulator: Emulator, _query: dict[str, str], body: Any) -> JsonObject:
    """POST /_emulator/faults: replaces all rules; an empty list ends them."""
    rules = faults.rules_from(body)
    emulator.faults.set(rules)
    return {"rules": len(rules)}


def edit(emulator: Emulator, _query: dict[str, str], body: Any) -> JsonObject:
    """POST /_emulator/edit."""
    request = _object(body)
    project = _project(emulator, str(request.get("project", "")))
    flow = project.flows.get(str(request.get("flow_id", "")))
    if flow is None:
        raise SettingError(f"edit: project {project.id} has no flow {request.get('flow_id')!r}")
    return console.edit(project, flow, request, emulator.settings.behaviour)


def add_to_project(emulator: Emulator, _query: dict[str, str], body: Any) -> JsonObject:
    """POST /_emulator/project: connectors, roles, tenants, flows, keys of one project."""
    project = declare(emulator.store, _object(body))
    return {
        "id": project.id,
        "flows": sorted(project.flows),
        "connectors": project.connector_ids,
        "roles": dict(project.roles),
        "tenants": sorted(project.tenants),
    }


def show_project(emulator: Emulator, query: dict[str, str], _body: Any) -> JsonObject:
    """GET /_emulator/project?id=: everything stored; without an id the ids of all projects."""
    if "id" not in query:
        return {"projects": sorted(emulator.store.projects)}
    return _dump(_project(emulator, query["id"]))


def _dump(project: Project) -> JsonObject:
    """Return the state of a project as it is stored, nothing printed or derived. Keys are never shown."""
    flows = {
        flow_id: {
            "document": flow.document,
            "version": flow.stamp.version,
            "etag": flow.stamp.etag,
            "modified_time": flow.stamp.modified_time,
            "history": [revision.as_dict() for revision in flow.history],
        }
        for flow_id, flow in sorted(project.flows.items())
    }
    return {
        "id": project.id,
        "name": project.name,
        "snapshot_allowed": project.snapshot_allowed,
        "license_tier": project.license_tier,
        "flows": flows,
        "connectors": project.connectors,
        "roles": project.roles,
        "tenants": project.tenants,
        "runs": project.runs,
        "theme": {"styles": project.theme.styles, "version": project.theme.version},
    }


def _project(emulator: Emulator, project_id: str) -> Project:
    """Return a project that exists; looking does not make one."""
    project = emulator.store.projects.get(project_id)
    if project is None:
        raise SettingError(f"there is no project {project_id!r} yet; its first request makes it")
    return project


def _object(body: Any) -> JsonObject:
    if not isinstance(body, dict):
        raise SettingError("send a JSON object")
    return body


ROUTES = {
    ("GET", "/_emulator/health"): health,
    ("GET", "/_emulator/stats"): stats,
    ("POST", "/_emulator/reset"): reset,
    ("POST", "/_emulator/faults"): set_faults,
    ("POST", "/_emulator/edit"): edit,
    ("POST", "/_emulator/project"): add_to_project,
    ("GET", "/_emulator/project"): show_project,
}
