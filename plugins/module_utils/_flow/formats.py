# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The formats flows come in, and the conversions between them. Pure: no files, no network.

=========  ==================================================================  =====================================
Format     Shape                                                               Written by
=========  ==================================================================  =====================================
exported   C({flowId, metadata, contents, screens, references})                Descope's command line tool, Terraform
response   C({flow: <exported with every default spelled out>})                the Management API, version 2
console    C({flow: {id, dsl, name, ...}, screens: [{id, htmlTemplate}]})      the console, Management API version 1
snapshot   C({metadata.json: ..., contents.json: ..., screen-<name>.json})     snapshots of a project, one flow of it
=========  ==================================================================  =====================================

The exported form is the one everything else works on. Members nobody here knows are kept, at every level. What a format
has no room for:

- every format but the exported one: members of metadata, references and interactions that equal their default come
  back absent, which means the same.
- response: nothing is lost. What stands beside C(flow) in the wrapper belongs to the answer, not to the flow.
- console: C(references) (the server derives them anyway); C(componentsVersion) of a flow without screens; members of
  C(metadata.translation) other than the four known ones; unknown members of metadata, screens or the whole flow whose
  name the console format uses itself (for example C(version), C(etag), C(dsl), C(inputs)). The other way round,
  C(version), C(etag) and C(modifiedTime) of the flow and C(version), C(flowId) and C(inputs) of its screens have no
  place in the exported form and are dropped, as Descope's own converter does.
- snapshot: the flow id is the directory's name, not part of the files. Members of the whole flow other than
  C(flowId), C(metadata), C(contents), C(screens) and C(references) have no file to live in; members of metadata that
  happen to be called C(screens) or C(references) give way to those of the format.

Sources: shapes from the Management API reference and real exports, mapping from Descope's command line tool (C(flow
convert)), file names and asset references observed in real snapshots.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

from ansible_collections.community.descope.plugins.module_utils._errors import FormatError, Problem
from ansible_collections.community.descope.plugins.module_utils._flow.defaults import (
    interactions_with_defaults,
    screen_with_defaults,
    screen_without_defaults,
    with_defaults,
    without_defaults,
)
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument, Known, identified
from ansible_collections.community.descope.plugins.module_utils._flow.normal import screen_order
from ansible_collections.community.descope.plugins.module_utils._flow.snapshot import (
    load_snapshot,
    load_snapshot_flow,
    to_snapshot,
)
from ansible_collections.community.descope.plugins.module_utils._json import (
    JsonObject,
    JsonValue,
    describe,
    parse_json,
    plain_json,
)
from ansible_collections.community.descope.plugins.module_utils._secrets import hidden

__all__ = ["Format", "detect", "dump", "id_in", "load", "load_snapshot", "to_exported"]

EXPORTED_MEMBERS = ("flowId", "metadata", "contents", "screens", "references")


class Format(StrEnum):
    """The formats a flow comes in."""

    EXPORTED = "exported"
    RESPONSE = "response"
    CONSOLE = "console"
    SNAPSHOT = "snapshot"


# --- recognising ------------------------------------------------------------------------------------------------------


def detect(value: object) -> Format:
    """Return the format of a value by its content. Raises FormatError, which says what the value looks like instead."""
    return _detect(value, "")


def _detect(value: object, source: str) -> Format:
    found = _format_of(value) if isinstance(value, dict) else None
    if found is None:
        message = f"not a flow in any known format; {_what_it_looks_like(value)}"
        raise FormatError([Problem("unknown-format", message, source=source)])
    return found


def _format_of(value: Mapping[str, object]) -> Format | None:
    if "metadata.json" in value or "contents.json" in value or "flows/flows.json" in value:
        return Format.SNAPSHOT
    flow = value.get("flow")
    if isinstance(flow, dict):
        if "dsl" in flow or ("id" in flow and "flowId" not in flow):
            return Format.CONSOLE
        return Format.RESPONSE if _is_exported(flow) else None
    return Format.EXPORTED if _is_exported(value) else None


def _is_exported(value: Mapping[str, object]) -> bool:
    return "screenId" not in value and "contents" in value and ("metadata" in value or "flowId" in value)


# The first entry whose keys are all there says what a value looks like.
_LOOK_ALIKES: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"errorCode"}), "it looks like an error of the Management API"),
    (frozenset({"screenId"}), "it looks like one screen of a snapshot; give the directory it is in"),
    (frozenset({"startTask", "tasks"}), "it looks like the contents.json of a snapshot; give the directory it is in"),
    (frozenset({"name", "screens"}), "it looks like the metadata.json of a snapshot; give the directory it is in"),
    (frozenset({"files"}), "it looks like the response of a snapshot export; give its files"),
    (frozenset({"flows"}), "it looks like a list of flows, or a snapshot's flows.json; give one flow or a directory"),
    (frozenset({"dsl"}), "it looks like a console export without its screens"),
    (frozenset({"theme"}), "it looks like a theme"),
    (frozenset({"styles"}), "it looks like a theme"),
    (frozenset({"cssTemplate"}), "it looks like a theme"),
    (frozenset({"flowId"}), "it has a flowId but no contents"),
    (frozenset({"contents"}), "it has contents but neither flowId nor metadata"),
)


def _what_it_looks_like(value: object) -> str:
    if isinstance(value, str):
        return "it is a string; if it is the text of a flow, parse it first"
    if not isinstance(value, dict):
        return f"it is {describe(value)}, but a flow is an object"
    if not value:
        return "it is an empty object"
    for telling, looks_like in _LOOK_ALIKES:
        if telling <= value.keys():
            return looks_like
    keys = ", ".join(sorted(hidden(str(key))[:40] for key in value)[:6])
    return f"it is an object with the keys {keys}; a flow has flowId, metadata, contents and screens"


# --- reading ----------------------------------------------------------------------------------------------------------


def load(value: object, source: str = "", *, flow_id: str = "", known: Known = Known.NOTHING) -> FlowDocument:
    """Return the one flow in a value, in whatever format it is.

    C(flow_id) overrides the id inside the value, and is needed for the files of a snapshot's flow directory, which do
    not hold it. What is C(known) of the value is not found out again. Raises FormatError for anything that is not one
    flow, and InputError for a flow without id, with an invalid id or with values that JSON does not know.
    """
    content: JsonValue = plain_json(value, source) if known is Known.NOTHING else value
    found = _detect(content, source)
    if found is not Format.SNAPSHOT:
        return identified(_TO_EXPORTED[found](content, source), source, flow_id, sound=known is Known.SOUND)
    if "flows/flows.json" in content:
        message = "this is a whole snapshot, not one flow; take the flows out of it first"
        raise FormatError([Problem("unknown-format", message, source=source)])
    return load_snapshot_flow(content, flow_id, source, {})


def to_exported(value: object, source: str = "") -> JsonObject:
    """Return the one flow in a value in the exported form, whatever its id is. Raises FormatError and InputError."""
    plain = plain_json(value, source)
    found = _detect(plain, source)
    if found is Format.SNAPSHOT:
        return load(plain, source, flow_id="any").data
    return _TO_EXPORTED[found](plain, source)


def id_in(value: object) -> str:
    """Return the flow id as it stands in a value, which may be a template not rendered yet. Empty if there is none."""
    found = _format_of(value) if isinstance(value, dict) else None
    if found is None or not isinstance(value, dict):
        return ""
    flow = value.get("flow") if found in (Format.RESPONSE, Format.CONSOLE) else value
    named = flow.get("id" if found is Format.CONSOLE else "flowId") if isinstance(flow, dict) else None
    return named if isinstance(named, str) else ""


def _from_exported(value: JsonObject, source: str) -> JsonObject:
    return value


def _from_response(value: JsonObject, source: str) -> JsonObject:
    """Unwrap, and leave out the defaults in the parts where Descope's command line tool leaves them out."""
    data = dict(value["flow"])
    for part in ("metadata", "references"):
        if isinstance(data.get(part), dict):
            data[part] = without_defaults(data[part])
    if data.get("references", True) in ({}, None):
        del data["references"]
    if isinstance(data.get("screens"), list):
        data["screens"] = [screen_without_defaults(screen) for screen in data["screens"]]
    return data


# Console names of what the exported form keeps in metadata.translation.
_TRANSLATION = {
    "translate": "enabled",
    "translateConnectorID": "connectorId",
    "translateSourceLang": "sourceLanguage",
    "translateTargetLangs": "targetLanguages",
}
_CONSOLE_FLOW_ONLY = frozenset({"id", "dsl", "version", "etag", "modifiedTime", *_TRANSLATION})
_CONSOLE_SCREEN_ONLY = frozenset({"id", "version", "flowId", "inputs", "htmlTemplate", "componentsVersion"})


def _from_console(value: JsonObject, source: str) -> JsonObject:
    flow = value["flow"]
    data = {key: member for key, member in value.items() if key not in {"flow", "screens", *EXPORTED_MEMBERS}}
    metadata = {key: member for key, member in flow.items() if key not in _CONSOLE_FLOW_ONLY}
    translation = {name: flow[key] for key, name in _TRANSLATION.items() if flow.get(key)}
    if translation:
        metadata["translation"] = translation
    screens = value.get("screens")
    screens = [] if screens is None else screens
    if isinstance(screens, list):
        versions = [screen["componentsVersion"] for screen in screens if _components_version(screen)]
        if versions:
            metadata["componentsVersion"] = versions[-1]
        screens = sorted((_screen_from_console(screen, source) for screen in screens), key=screen_order)
    if "id" in flow:
        data["flowId"] = flow["id"]
    if "dsl" in flow:
        data["contents"] = _object_or_text(flow["dsl"], source)
    return {**data, "metadata": without_defaults(metadata), "screens": screens}


def _components_version(screen: JsonValue) -> JsonValue:
    return screen.get("componentsVersion") if isinstance(screen, dict) else None


def _screen_from_console(screen: JsonValue, source: str) -> JsonValue:
    if not isinstance(screen, dict):
        return screen
    result = {key: value for key, value in screen.items() if key not in _CONSOLE_SCREEN_ONLY}
    if "id" in screen:
        result["screenId"] = screen["id"]
    if "htmlTemplate" in screen:
        result["contents"] = _object_or_text(screen["htmlTemplate"], source)
    return screen_without_defaults(result)


def _object_or_text(value: JsonValue, source: str) -> JsonValue:
    """Version 1 of the API has sent these objects as JSON text, too (seen in its clients)."""
    return plain_json(parse_json(value, source), source) if isinstance(value, str) and value.strip() else value


_TO_EXPORTED: dict[Format, Callable[[JsonObject, str], JsonObject]] = {
    Format.EXPORTED: _from_exported,
    Format.RESPONSE: _from_response,
    Format.CONSOLE: _from_console,
}


# --- writing ----------------------------------------------------------------------------------------------------------


def dump(document: FlowDocument, fmt: Format) -> JsonObject:
    """Return a flow in a format. The result shares parts with the document: it is to be written or sent, not changed.

    C(Format.SNAPSHOT) gives the files of the flow's directory by their names; the directory's name is the flow id.
    """
    return _FROM_EXPORTED[fmt](document)


def _to_exported(document: FlowDocument) -> JsonObject:
    return document.data


_METADATA_DEFAULTS: JsonObject = {
    "name": "",
    "description": "",
    "componentsVersion": "",
    "disabled": False,
    "fingerprint": False,
    "widget": False,
    "translation": None,
    "sharedInteractions": [],
}
_REFERENCE_DEFAULTS: JsonObject = {
    "connectors": {},
    "oauth": [],
    "omitted": [],
    "roles": {},
    "userAttributes": [],
    "tenantAttributes": [],
}


def _to_response(document: FlowDocument) -> JsonObject:
    data = dict(document.data)
    data["metadata"] = with_defaults(data.get("metadata"), _METADATA_DEFAULTS)
    if isinstance(data["metadata"], dict):
        data["metadata"]["sharedInteractions"] = interactions_with_defaults(data["metadata"]["sharedInteractions"])
    data.setdefault("contents", {})
    data["screens"] = [screen_with_defaults(screen) for screen in document.screens]
    data["references"] = with_defaults(data.get("references"), _REFERENCE_DEFAULTS)
    return {"flow": data}


def _to_console(document: FlowDocument) -> JsonObject:
    metadata = document.metadata
    reserved = _CONSOLE_FLOW_ONLY | {"translation", "componentsVersion"}
    flow = {key: value for key, value in metadata.items() if key not in reserved}
    translation = metadata.get("translation")
    if isinstance(translation, dict):
        flow |= {key: translation[name] for key, name in _TRANSLATION.items() if name in translation}
    flow["id"] = document.flow_id
    flow["dsl"] = document.contents
    rest = {k: v for k, v in document.data.items() if k not in {"flow", *EXPORTED_MEMBERS}}
    version = metadata.get("componentsVersion")
    screens = [_screen_to_console(screen, document.flow_id, version) for screen in document.screens]
    return {**rest, "flow": flow, "screens": screens}


def _screen_to_console(screen: JsonObject, flow_id: str, components_version: JsonValue) -> JsonObject:
    reserved = _CONSOLE_SCREEN_ONLY | {"screenId", "contents"}
    result = {key: value for key, value in screen.items() if key not in reserved}
    result["flowId"] = flow_id
    for key, name in (("id", "screenId"), ("htmlTemplate", "contents")):
        if name in screen:
            result[key] = screen[name]
    if components_version:
        result["componentsVersion"] = components_version
    return result


_FROM_EXPORTED: dict[Format, Callable[[FlowDocument], JsonObject]] = {
    Format.EXPORTED: _to_exported,
    Format.RESPONSE: _to_response,
    Format.CONSOLE: _to_console,
    Format.SNAPSHOT: to_snapshot,
}
