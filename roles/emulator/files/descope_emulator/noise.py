# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What the server changes by itself: on import, and by printing every default on export.

Written from the documented and observed facts alone. It shares no code with the collection's own idea of "the same
flow", so that the two can be tested against each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .behaviour import Behaviour
from .codec import JsonObject

# What the console's editor leaves on a screen task and an import takes away (observed).
EDITOR_CACHES = frozenset(
    {
        "htmlTemplate",
        "interactions",
        "clientScripts",
        "componentsConditions",
        "componentsConnectors",
        "connectorComponentProps",
        "dynamicSelects",
        "recoveryCodesData",
        "inputsMetadata",
    }
)

# The typed messages and the defaults protobuf prints for them (observed in raw answers, newer members documented).
_METADATA: JsonObject = {
    "name": "",
    "description": "",
    "componentsVersion": "",
    "disabled": False,
    "fingerprint": False,
    "widget": False,
    "translation": None,
    "sharedInteractions": [],
}
_NEWER_METADATA: JsonObject = {"management": False, "managementConfig": None}
_INTERACTION: JsonObject = {"id": "", "type": "", "label": "", "icon": "", "subType": ""}
_TRANSLATION: JsonObject = {"enabled": False, "connectorId": "", "sourceLanguage": "", "targetLanguages": []}
_TRIGGERS: JsonObject = {"enabled": False, "triggerType": "", "eventTriggers": None}
_EVENT_TRIGGERS: JsonObject = {"triggeringEventTypes": []}


def with_defaults(defaults: Mapping[str, Any], value: object) -> JsonObject:
    """Return C(value) with every default its message has; a null means the same as nothing."""
    given = value if isinstance(value, dict) else {}
    merged = {**defaults, **given}
    return {key: defaults[key] if member is None and key in defaults else member for key, member in merged.items()}


# --- on import ---------------------------------------------------------------------------------------------------


def after_import(flow: JsonObject, behaviour: Behaviour, *, skip_render: bool) -> JsonObject:
    """Return what the server keeps of an imported flow in the v2 form. The input is not changed."""
    kept = dict(flow)
    contents = kept.get("contents")
    if behaviour.editor_caches_on_import == "strip" and isinstance(contents, dict):
        kept["contents"] = _without_editor_caches(contents)
    if _rewrites_components_version(kept, behaviour, skip_render):
        kept["metadata"] = {**(kept.get("metadata") or {}), "componentsVersion": behaviour.components_version}
    return kept


def _rewrites_components_version(flow: JsonObject, behaviour: Behaviour, skip_render: bool) -> bool:
    """Flows without screens are seen with an empty version (observed), so theirs is left alone (assumed)."""
    if behaviour.components_version_on_import == "keep" or not flow.get("screens"):
        return False
    return not (skip_render and behaviour.skip_render_keeps_components_version)


def _without_editor_caches(contents: JsonObject) -> JsonObject:
    tasks = contents.get("tasks")
    if not isinstance(tasks, dict):
        return contents
    return {**contents, "tasks": {key: _without_caches(task) for key, task in tasks.items()}}


def _without_caches(task: Any) -> Any:
    """Observed: the caches go from screen tasks, and allInputKeys too when it is empty."""
    if not isinstance(task, dict) or task.get("type") != "screen":
        return task
    return {
        key: value
        for key, value in task.items()
        if key not in EDITOR_CACHES and not (key == "allInputKeys" and value == [])
    }


# --- on export ---------------------------------------------------------------------------------------------------


def printed_metadata(metadata: JsonObject, behaviour: Behaviour) -> JsonObject:
    """Return metadata as an export prints it: every default (observed), what nobody knows as it was sent."""
    defaults = {**_METADATA, **_NEWER_METADATA} if behaviour.newer_fields == "emitted" else _METADATA
    printed = with_defaults(defaults, metadata)
    printed["sharedInteractions"] = printed_interactions(printed["sharedInteractions"])
    if isinstance(printed["translation"], dict):
        printed["translation"] = with_defaults(_TRANSLATION, printed["translation"])
    if isinstance(printed.get("managementConfig"), dict):
        printed["managementConfig"] = _printed_management(printed["managementConfig"])
    return printed


def _printed_management(config: JsonObject) -> JsonObject:
    printed = with_defaults({"triggers": None}, config)
    if isinstance(printed["triggers"], dict):
        printed["triggers"] = with_defaults(_TRIGGERS, printed["triggers"])
        if isinstance(printed["triggers"]["eventTriggers"], dict):
            event_triggers = with_defaults(_EVENT_TRIGGERS, printed["triggers"]["eventTriggers"])
            printed["triggers"]["eventTriggers"] = event_triggers
    return printed


def printed_interactions(interactions: Any) -> Any:
    """Return interactions with their empty members (observed)."""
    if not isinstance(interactions, list):
        return interactions
    return [with_defaults(_INTERACTION, one) if isinstance(one, dict) else one for one in interactions]


def printed_screens(screens: list[JsonObject]) -> list[JsonObject]:
    """Return the screens sorted by their id (observed in 90 of 90 exports), defaults printed."""
    printed = []
    for screen in sorted(screens, key=lambda one: str(one.get("screenId", ""))):
        full = with_defaults({"screenId": "", "interactions": [], "contents": {}}, screen)
        printed.append({**full, "interactions": printed_interactions(full["interactions"])})
    return printed


def printed_references(
    sent: JsonObject, encoded: str, connectors: Mapping[str, str], roles: Mapping[str, str], behaviour: Behaviour
) -> JsonObject:
    """Return C(references): what the flow names and the project has (observed for connectors, assumed for roles).

    sent: the references of the import. encoded: the flow's contents and screens as JSON. connectors, roles: the
    project's own, name to id. An id that the project does not have stays in the contents and is not listed.
    """
    used_roles = _named_in(encoded, roles)
    as_list = behaviour.references_roles == "array"
    references: JsonObject = {"connectors": _named_in(encoded, connectors), "oauth": []}
    if behaviour.newer_fields == "emitted":
        references["omitted"] = []
    references |= {"roles": list(used_roles) if as_list else used_roles, "userAttributes": [], "tenantAttributes": []}
    if behaviour.references_lists == "echo":
        lists = {key: value for key, value in sent.items() if key not in ("connectors", "roles") and value}
        references |= lists
    return references


def _named_in(encoded: str, ids: Mapping[str, str]) -> dict[str, str]:
    return {name: identifier for name, identifier in sorted(ids.items()) if f'"{identifier}"' in encoded}


# --- connectors on import ----------------------------------------------------------------------------------------


def connector_arguments(flow: JsonObject) -> Iterator[JsonObject]:
    """Yield every argument of a task that holds a connector's id, as the object that is in the flow."""
    contents = flow.get("contents")
    tasks = contents.get("tasks") if isinstance(contents, dict) else None
    for task in tasks.values() if isinstance(tasks, dict) else ():
        arguments = task.get("arguments") if isinstance(task, dict) else None
        argument = arguments.get("connectorId") if isinstance(arguments, dict) else None
        if isinstance(argument, dict) and isinstance(argument.get("value"), str) and argument["value"]:
            yield argument
