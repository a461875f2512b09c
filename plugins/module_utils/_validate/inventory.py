# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What a project has that flows can name: connectors, roles, styles, custom attributes, other flows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._json import (
    JsonObject,
    object_of,
)
from ansible_collections.community.descope.plugins.module_utils._validate.view import is_text, objects, texts


@dataclass(frozen=True, slots=True)
class ProjectInventory:
    """The names in a project. A member that is None could not be read, so nothing can be said about it.

    connectors, roles: id by name. attributes: names of custom attributes of users and tenants.
    """

    flows: frozenset[str] | None = None
    disabled_flows: frozenset[str] = field(default_factory=frozenset)
    connectors: Mapping[str, str] | None = None
    roles: Mapping[str, str] | None = None
    styles: frozenset[str] | None = None
    attributes: frozenset[str] | None = None

    def as_dict(self) -> JsonObject:
        """Return the inventory as plain JSON, the way workers share it."""
        return {
            "flows": None if self.flows is None else sorted(self.flows),
            "disabled_flows": sorted(self.disabled_flows),
            "connectors": None if self.connectors is None else dict(self.connectors),
            "roles": None if self.roles is None else dict(self.roles),
            "styles": None if self.styles is None else sorted(self.styles),
            "attributes": None if self.attributes is None else sorted(self.attributes),
        }


def inventory_from(data: Mapping[str, Any]) -> ProjectInventory:
    """Return what C(as_dict) was made from."""
    return ProjectInventory(
        flows=_names(data.get("flows")),
        disabled_flows=_names(data.get("disabled_flows")) or frozenset(),
        connectors=data.get("connectors"),
        roles=data.get("roles"),
        styles=_names(data.get("styles")),
        attributes=_names(data.get("attributes")),
    )


def inventory_of_snapshot(files: Mapping[str, Any]) -> ProjectInventory:
    """Return the names in a project's snapshot, whose files are here as JSON values by path."""
    flows = object_of(files.get("flows/flows.json")).get("flows")
    styles = object_of(files.get("styles/styles.json")).get("styles")
    return ProjectInventory(
        flows=_names(flows),
        disabled_flows=frozenset(_disabled(files)),
        connectors=_connectors(files),
        roles=_roles(files),
        styles=_names(styles),
        attributes=_attributes(files),
    )


def _connectors(files: Mapping[str, Any]) -> dict[str, str] | None:
    found = _ids_by_name(files[path] for path in files if path.startswith("connectors/"))
    return found if found or "connectors/connectors.json" in files else None


def _roles(files: Mapping[str, Any]) -> dict[str, str] | None:
    """Return the roles, None where no file has any. Which file real snapshots keep them in is not known."""
    found: dict[str, str] = {}
    for path in files:
        if not path.startswith("flows/") and ("role" in path or path.startswith("authorization")):
            found |= _ids_by_name(role for _index, role in objects(object_of(files[path]).get("roles")))
    return found or None


def _ids_by_name(values: Iterable[Any]) -> dict[str, str]:
    """Return the ids of those values that have a name and an id."""
    named = (value for value in values if isinstance(value, dict) and is_text(value.get("name")))
    return {value["name"]: value["id"] for value in named if is_text(value.get("id"))}


def _attributes(files: Mapping[str, Any]) -> frozenset[str] | None:
    """Return the custom attributes of users and tenants, None where the snapshot does not tell them."""
    if "attributes.json" not in files:
        return None
    kinds = object_of(files["attributes.json"])
    return frozenset(name for entries in kinds.values() for name in texts(entries, "name"))


def _disabled(files: Mapping[str, Any]) -> Iterator[str]:
    for path in files:
        is_metadata = path.startswith("flows/") and path.endswith("/metadata.json")
        if is_metadata and object_of(files[path]).get("disabled") is True:
            yield path.split("/")[1]


def _names(values: Any) -> frozenset[str] | None:
    return frozenset(value for value in values if isinstance(value, str)) if isinstance(values, list) else None
