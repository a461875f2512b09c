# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Level 6: does everything that a flow names exist in the project it goes to?

Descope imports a flow whose connector does not exist without an error, and deselects the step. So this is looked at
before the first write.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._json import quoted
from ansible_collections.community.descope.plugins.module_utils._validate.catalogue import Finding
from ansible_collections.community.descope.plugins.module_utils._validate.inventory import ProjectInventory
from ansible_collections.community.descope.plugins.module_utils._validate.view import FlowView, in_task, is_text

CONNECTORS, ROLES, STYLES, ATTRIBUTES = "connectors", "roles", "styles", "attributes"
EVERYTHING = frozenset({CONNECTORS, ROLES, STYLES, ATTRIBUTES})

_ATTRIBUTE = re.compile(r"customAttributes\.([A-Za-z0-9_-]+)")
# Members of the metadata that name a style of the project. No real export seen has one: a flow takes the style that
# the page around it asks for.
_STYLE_MEMBERS = ("styleId", "style")


def find(flow: FlowView, project: ProjectInventory, wanted: frozenset[str] = EVERYTHING) -> Iterator[Finding]:
    """Yield what the flow names and the project does not have. C(wanted): the kinds of things to look for."""
    if CONNECTORS in wanted and project.connectors is not None:
        yield from _connectors(flow, dict(project.connectors))
    if ROLES in wanted and project.roles is not None:
        yield from _roles(flow, dict(project.roles))
    if STYLES in wanted and project.styles is not None:
        for member in _STYLE_MEMBERS:
            style = flow.document.metadata.get(member)
            if is_text(style) and style not in project.styles:
                yield "unknown-style", f"the project has no style {quoted(style)}", ("metadata", member)
    if ATTRIBUTES in wanted and project.attributes is not None:
        yield from _attributes(flow, project.attributes)


def _connectors(flow: FlowView, existing: dict[str, str]) -> Iterator[Finding]:
    """A connector is there if its id is, or if it goes by one of the project's names, itself or in C(references)."""
    listed = flow.document.references.get("connectors")
    names = {value: name for name, value in listed.items()} if isinstance(listed, dict) and _texts(listed) else {}
    for task_id in flow.tasks:
        used = flow.arguments(task_id).get("connectorId")
        if is_text(used) and used not in existing.values() and names.get(used, used) not in existing:
            shown = f"{quoted(names[used])} ({used})" if used in names else quoted(used)
            message = f"{flow.document.task_label(task_id)} uses the connector {shown}, which the project does not have"
            yield "unknown-connector", message, in_task(task_id, "arguments", "connectorId", "value")


def _roles(flow: FlowView, existing: dict[str, str]) -> Iterator[Finding]:
    listed = flow.document.references.get("roles")
    if isinstance(listed, dict):
        for name, role_id in listed.items():
            if name not in existing and role_id not in existing.values():
                yield "unknown-role", f"the project has no role {quoted(name)}", ("references", "roles", name)


def _attributes(flow: FlowView, existing: frozenset[str]) -> Iterator[Finding]:
    for member in ("userAttributes", "tenantAttributes"):
        listed = flow.document.references.get(member)
        for index, name in enumerate(listed if isinstance(listed, list) else ()):
            if is_text(name) and name.removeprefix("customAttributes.") not in existing:
                yield "unknown-attribute", _no_attribute(name), ("references", member, index)
    for task_id, task in flow.tasks.items():
        for member in ("arguments", "conditions"):
            for place, value in _all_texts(task.get(member), in_task(task_id, member)):
                for name in dict.fromkeys(_ATTRIBUTE.findall(value) if "customAttributes." in value else ()):
                    if name not in existing:
                        yield "unknown-attribute", _no_attribute(name), place


def _no_attribute(name: str) -> str:
    return f"the project has no custom attribute {quoted(name)}"


def _all_texts(value: Any, place: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from _all_texts(member, (*place, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _all_texts(item, (*place, index))


def _texts(values: dict[str, Any]) -> bool:
    return all(isinstance(value, str) for value in values.values())
