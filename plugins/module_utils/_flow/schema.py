# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The shape of a flow in the exported form as a JSON Schema, and the check against it.

Only shapes that every real export has are asked for. Members nobody here knows are allowed everywhere, null is allowed
wherever the Management API sends it, and types and actions of tasks are free, because Descope adds new ones.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._json import JsonObject, describe, json_path
from ansible_collections.community.descope.plugins.module_utils._secrets import hidden

JSONSCHEMA_IMPORT_ERROR: str | None
"""The traceback of importing jsonschema, None if it is there."""

try:
    import jsonschema
except ImportError:
    JSONSCHEMA_IMPORT_ERROR = traceback.format_exc()
else:
    JSONSCHEMA_IMPORT_ERROR = None

try:
    import jsonschema_rs
except ImportError:
    HAS_JSONSCHEMA_RS = False
else:
    HAS_JSONSCHEMA_RS = True


def _or_null(kind: str) -> JsonObject:
    return {"type": [kind, "null"]}


_TEXTS: JsonObject = {"type": ["array", "null"], "items": {"type": "string"}}
_INTERACTIONS: JsonObject = {
    "type": ["array", "null"],
    "items": {
        "type": "object",
        "required": ["id"],
        "properties": {
            "id": {"type": "string", "minLength": 1},
            "type": _or_null("string"),
            "label": _or_null("string"),
            "icon": _or_null("string"),
            "subType": _or_null("string"),
        },
    },
}
_METADATA: JsonObject = {
    "type": "object",
    "properties": {
        "name": _or_null("string"),
        "description": _or_null("string"),
        "componentsVersion": _or_null("string"),
        "disabled": _or_null("boolean"),
        "fingerprint": _or_null("boolean"),
        "widget": _or_null("boolean"),
        "management": _or_null("boolean"),
        "managementConfig": _or_null("object"),
        "translation": {
            "type": ["object", "null"],
            "properties": {
                "enabled": _or_null("boolean"),
                "connectorId": _or_null("string"),
                "sourceLanguage": _or_null("string"),
                "targetLanguages": _TEXTS,
            },
        },
        "sharedInteractions": _INTERACTIONS,
    },
}
_CONDITIONS: JsonObject = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["interactionId"],
        "properties": {
            "interactionId": {"type": "string"},
            "name": _or_null("string"),
            "logicalOr": _or_null("boolean"),
            "atomicConditions": {"type": ["array", "null"], "items": {"type": "object"}},
        },
    },
}
_NEXT: JsonObject = {
    "type": "object",
    "properties": {
        "rules": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["taskId"],
                "properties": {
                    "taskId": {"type": "string", "minLength": 1},
                    "interactionId": {"type": "string"},
                },
            },
        },
    },
}
_TASK: JsonObject = {
    "type": "object",
    "required": ["id", "name", "next", "view"],
    "properties": {
        "id": {"type": "string", "minLength": 1},
        "name": {"type": "string"},
        "type": {"type": "string", "minLength": 1},
        "action": {"type": "string"},
        "screenId": {"type": "string"},
        "next": _NEXT,
        "view": {"type": "object", "properties": {"x": {"type": "number"}, "y": {"type": "number"}}},
        "arguments": {
            "type": "object",
            "additionalProperties": {"type": "object", "properties": {"type": {"type": "string"}}},
        },
        "conditions": _CONDITIONS,
        "errorHandlingV2": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": {"errorHandlingType": {"type": "string"}, "errorMessage": {"type": "string"}},
            },
        },
    },
}
# What is inside the nodes, and the tree they form, is checked without a schema: there are hundreds in a flow.
_NODE: JsonObject = {"type": "object", "required": ["nodes", "props", "type"]}
_SCREEN: JsonObject = {
    "type": "object",
    "required": ["screenId", "contents"],
    "properties": {
        "screenId": {"type": "string", "minLength": 1},
        "interactions": _INTERACTIONS,
        "contents": {"type": "object", "minProperties": 1, "additionalProperties": _NODE},
    },
}
_REFERENCES: JsonObject = {
    "type": ["object", "null"],
    "properties": {
        "connectors": {"type": ["object", "null"], "additionalProperties": {"type": "string"}},
        # A list until 2025, a map of names to ids since.
        "roles": {"type": ["object", "array", "null"]},
        "oauth": _TEXTS,
        "omitted": _TEXTS,
        "userAttributes": _TEXTS,
        "tenantAttributes": _TEXTS,
    },
}

SCHEMA: JsonObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Descope flow, exported form",
    "type": "object",
    "required": ["flowId", "metadata", "contents"],
    "properties": {
        "flowId": {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"},
        "metadata": _METADATA,
        "contents": {
            "type": "object",
            "required": ["startTask", "tasks"],
            "properties": {
                "startTask": {"type": "string", "minLength": 1},
                "tasks": {"type": "object", "minProperties": 1, "additionalProperties": _TASK},
            },
        },
        "screens": {"type": ["array", "null"], "items": _SCREEN},
        "references": _REFERENCES,
    },
}

# Compiled when this is loaded: Ansible loads it once, and all workers of a run share it.
_QUICK_VALIDATOR: Any = jsonschema_rs.Draft202012Validator(SCHEMA) if HAS_JSONSCHEMA_RS else None

_TYPE_NAMES = {
    "array": "a list",
    "boolean": "true or false",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "a string",
}


def check_schema(document: FlowDocument) -> list[Problem]:
    """Return every place where a flow's shape differs from that of real exports.

    Raises InputError with the code C(missing-library) where C(JSONSCHEMA_IMPORT_ERROR) says that jsonschema is missing.
    """
    if JSONSCHEMA_IMPORT_ERROR is not None:
        message = "checking the schema needs the Python library jsonschema; install it"
        raise InputError([Problem("missing-library", message, source=document.source)])
    return [
        Problem(
            "schema",
            _message(error),
            path=json_path(*error.absolute_path),
            source=document.source,
            flow_id=document.flow_id,
        )
        for error in ([] if _fits_quickly(document.data) else _validator().iter_errors(document.data))
    ]


def _fits_quickly(flow: JsonObject) -> bool:
    """Tell whether jsonschema-rs, where it is installed, finds nothing wrong. What is wrong jsonschema says better."""
    try:
        return _QUICK_VALIDATOR is not None and bool(_QUICK_VALIDATOR.is_valid(flow))
    except (ValueError, TypeError):  # a value that it cannot take, half a surrogate pair for example
        return False


@cache
def _validator() -> Any:
    """Return the compiled validator: once a process, and only where it is used."""
    return jsonschema.Draft202012Validator(SCHEMA)


def _message(error: Any) -> str:
    """Say it in one short line; jsonschema's own messages repeat the whole value."""
    expected, value = error.validator_value, error.instance
    if error.validator == "type":
        kinds: Sequence[str] = [expected] if isinstance(expected, str) else expected
        return f"is {describe(value)}, expected {' or '.join(_TYPE_NAMES.get(kind, kind) for kind in kinds)}"
    if error.validator == "required" and isinstance(value, Mapping):
        missing = [name for name in expected if name not in value]
        return f"has no {', '.join(missing)}"
    if error.validator in ("minLength", "minProperties"):
        return "is empty"
    if error.validator == "pattern":
        return "contains characters other than letters, digits, - and _, or nothing at all"
    return " ".join(hidden(str(error.message)).split())[:200]
