# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The JSON Schemas that editors and other programs use, made from the one that flows are checked against.

The files in C(schemas/) are these, byte for byte: C(scripts/write_schemas.py) writes them, a test compares them.
"""

from __future__ import annotations

from ansible_collections.community.descope.plugins.module_utils._flow.schema import SCHEMA
from ansible_collections.community.descope.plugins.module_utils._json import JsonObject
from ansible_collections.community.descope.plugins.module_utils._validate.catalogue import RULES, Level

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_HOME = "https://raw.githubusercontent.com/ansible-collections/community.descope/main/schemas/"
_TEXT: JsonObject = {"type": "string"}
_COUNT: JsonObject = {"type": "integer", "minimum": 0}
_TENANTS: JsonObject = {"type": "array", "items": {"type": "string"}}


def all_schemas() -> dict[str, JsonObject]:
    """Return every schema by the name of its file."""
    parts: JsonObject = SCHEMA["properties"]
    screen: JsonObject = parts["screens"]["items"]
    schemas = {
        "flow-exported.json": _titled("Descope flow, exported", SCHEMA),
        "flow-response.json": _titled("Descope flow, answer of the Management API", _response()),
        "flow-console.json": _titled("Descope flow, exported by the console", _console(parts, screen)),
        "flow-snapshot-contents.json": _titled("Descope flow, contents.json of a snapshot", parts["contents"]),
        "flow-snapshot-metadata.json": _titled("Descope flow, metadata.json of a snapshot", _metadata(parts)),
        "flow-snapshot-screen.json": _titled("Descope flow, screen of a snapshot", screen),
        "validation-report.json": _titled("Report of descope_flow_validate", _report()),
    }
    return {name: {"$schema": _DIALECT, "$id": f"{_HOME}{name}", **schema} for name, schema in schemas.items()}


def _titled(title: str, schema: JsonObject) -> JsonObject:
    return {"title": title, **{key: value for key, value in schema.items() if key not in ("$schema", "title")}}


def _response() -> JsonObject:
    return {"type": "object", "required": ["flow"], "properties": {"flow": _titled("The flow", SCHEMA)}}


def _console(parts: JsonObject, screen: JsonObject) -> JsonObject:
    """Version 1 has other names for the same things, and has also sent its objects as texts."""
    metadata = {
        key: value
        for key, value in parts["metadata"]["properties"].items()
        if key not in ("translation", "componentsVersion")
    }
    members = screen["properties"]
    return {
        "type": "object",
        "required": ["flow"],
        "properties": {
            "flow": {
                "type": "object",
                "required": ["id", "dsl"],
                "properties": {**metadata, "id": parts["flowId"], "dsl": _or_text(parts["contents"])},
            },
            "screens": {
                "type": ["array", "null"],
                "items": {
                    "type": "object",
                    "required": ["id", "htmlTemplate"],
                    "properties": {
                        "id": members["screenId"],
                        "interactions": members["interactions"],
                        "htmlTemplate": _or_text(members["contents"]),
                    },
                },
            },
        },
    }


def _or_text(schema: JsonObject) -> JsonObject:
    return {"anyOf": [schema, {"type": "string", "pattern": "^\\s*\\{"}]}


def _metadata(parts: JsonObject) -> JsonObject:
    own: JsonObject = {"screens": {"type": ["array", "null"], "items": _TEXT}, "references": parts["references"]}
    return {"type": "object", "properties": {**parts["metadata"]["properties"], **own}}


def _report() -> JsonObject:
    counts = ("errors", "warnings", "infos", "ignored", "tenants", "flows", "renderings")
    problem: JsonObject = {
        "severity": {"enum": ["error", "warning", "info"]},
        "level": {"enum": [level.value for level in Level]},
        "code": {"enum": list(RULES)},
        **dict.fromkeys(("message", "hint", "path", "source", "flow_id", "file"), _TEXT),
        "line": _COUNT,
        "column": _COUNT,
        "tenants": _TENANTS,
    }
    flow: JsonObject = {**dict.fromkeys(("flow_id", "source", "rendering"), _TEXT), "tenants": _TENANTS}
    return _exactly(
        {
            "version": {"const": 1},
            "tool": _TEXT,
            "counts": _exactly(dict.fromkeys(counts, _COUNT)),
            "tenants": _TENANTS,
            "flows": {"type": "array", "items": _exactly(flow)},
            "problems": {"type": "array", "items": _exactly(problem)},
        }
    )


def _exactly(members: JsonObject) -> JsonObject:
    return {"type": "object", "required": list(members), "additionalProperties": False, "properties": members}
