# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The v1 form of a flow (FlowV1 and ScreenV1) and the v2 form it is stored in.

The mapping is the one of Descope's own command line tool (documented by its source). v1 is gone from the reference,
but every SDK except the one for Go still exports and imports through it. Members that v2 cannot carry (a screen's
inputs) are kept beside the flow and lost when a v2 import replaces it (assumed).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from .behaviour import Behaviour
from .codec import JsonObject
from .noise import printed_interactions, with_defaults

_TRANSLATION = {
    "translate": "enabled",
    "translateConnectorID": "connectorId",
    "translateSourceLang": "sourceLanguage",
    "translateTargetLangs": "targetLanguages",
}
_SERVER_OWNED = frozenset({"id", "version", "modifiedTime", "etag", "dsl"})
_ONLY_V1 = frozenset({"referencesGlobalStrings"})
_SCREEN_SERVER_OWNED = frozenset({"id", "version", "flowId", "componentsVersion", "htmlTemplate", "interactions"})
_ONLY_V1_SCREEN = frozenset({"inputs"})
_FLOW_DEFAULTS: JsonObject = {
    "name": "",
    "description": "",
    "disabled": False,
    "translate": False,
    "translateConnectorID": "",
    "translateSourceLang": "",
    "translateTargetLangs": [],
    "fingerprint": False,
    "widget": False,
    "sharedInteractions": [],
    "management": False,
    "managementConfig": None,
    "referencesGlobalStrings": False,
}


@dataclass(frozen=True, slots=True)
class V1Extras:
    """What only v1 carries: members of the flow, and members of its screens by screen id."""

    flow: JsonObject = field(default_factory=dict)
    screens: dict[str, JsonObject] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the server counts: C(version) up by one at each save, C(modified_time) in seconds since 1970."""

    version: int
    etag: str
    modified_time: int

    def printed(self, behaviour: Behaviour) -> JsonObject:
        """Return the stamp as members of FlowV1."""
        as_text = behaviour.modified_time == "string"
        time = str(self.modified_time) if as_text else self.modified_time
        return {"version": self.version, "modifiedTime": time, "etag": self.etag}


def to_v2(flow_id: str, flow: JsonObject, screens: list[JsonObject]) -> tuple[JsonObject, V1Extras]:
    """Return the v2 form of a v1 flow and what that form has no place for."""
    v2_screens = []
    extras: dict[str, JsonObject] = {}
    for screen in screens:
        v2_screens.append(_screen_to_v2(screen))
        extras[str(screen.get("id", ""))] = {key: screen[key] for key in _ONLY_V1_SCREEN if key in screen}
    metadata = _metadata_to_v2(flow)
    versions = [one["componentsVersion"] for one in screens if one.get("componentsVersion")]
    if versions:
        metadata["componentsVersion"] = versions[-1]
    document: JsonObject = {
        "flowId": flow_id,
        "metadata": metadata,
        "contents": _parsed(flow.get("dsl") or {}),
        "screens": v2_screens,
    }
    return document, V1Extras({key: flow[key] for key in _ONLY_V1 if key in flow}, extras)


def _metadata_to_v2(flow: JsonObject) -> JsonObject:
    left_out = _SERVER_OWNED | _ONLY_V1 | _TRANSLATION.keys()
    metadata = {key: value for key, value in flow.items() if key not in left_out}
    translation = {new: flow[old] for old, new in _TRANSLATION.items() if flow.get(old)}
    if translation:
        metadata["translation"] = translation
    return metadata


def _screen_to_v2(screen: JsonObject) -> JsonObject:
    left_out = _SCREEN_SERVER_OWNED | _ONLY_V1_SCREEN
    return {
        "screenId": screen.get("id", ""),
        "interactions": screen.get("interactions") or [],
        "contents": _parsed(screen.get("htmlTemplate") or {}),
        **{key: value for key, value in screen.items() if key not in left_out},
    }


def _parsed(value: Any) -> Any:
    """Return an object that may have come as a JSON string (a client that works with real answers expects both)."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def printed_summary(document: JsonObject, extras: V1Extras) -> JsonObject:
    """Return FlowV1 without C(dsl) and the server's own members, every default printed."""
    metadata = dict(document.get("metadata") or {})
    metadata.pop("componentsVersion", None)
    translation = metadata.pop("translation", None) or {}
    flat = {old: translation[new] for old, new in _TRANSLATION.items() if translation.get(new)}
    printed = with_defaults(_FLOW_DEFAULTS, {**metadata, **flat, **extras.flow})
    printed["sharedInteractions"] = printed_interactions(printed["sharedInteractions"])
    return {"id": document["flowId"], **printed}


def printed_flow(document: JsonObject, extras: V1Extras, stamp: Stamp, behaviour: Behaviour) -> JsonObject:
    """Return FlowV1 as an export prints it."""
    dsl = document.get("contents") or {}
    return {**printed_summary(document, extras), **stamp.printed(behaviour), "dsl": dsl}


def printed_screen(
    screen: JsonObject, document: JsonObject, extras: V1Extras, stamp: Stamp, as_text: bool
) -> JsonObject:
    """Return ScreenV1; its version is the flow's (assumed). C(screen) is in the v2 form with its defaults."""
    metadata = document.get("metadata") or {}
    own = {key: value for key, value in screen.items() if key not in ("screenId", "interactions", "contents")}
    template = screen["contents"]
    return {
        "id": screen["screenId"],
        "version": stamp.version,
        "flowId": document["flowId"],
        "inputs": [],
        "interactions": screen["interactions"],
        "htmlTemplate": json.dumps(template, ensure_ascii=False) if as_text else template,
        "componentsVersion": metadata.get("componentsVersion") or "",
        **own,
        **extras.screens.get(str(screen["screenId"]), {}),
    }
