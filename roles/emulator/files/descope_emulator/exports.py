# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Flows as bytes. What is large is encoded once per version of a flow: reads are far more frequent than saves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import noise, v1
from .behaviour import Behaviour
from .codec import JsonObject, encode
from .store import Project, StoredFlow

_PARTS = ("flowId", "metadata", "contents", "screens", "references")


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a flow that its v2 export and its snapshot have in common (observed: no difference between them)."""

    contents: bytes
    screens: tuple[tuple[str, bytes], ...]  # (screenId, the screen), sorted by screenId
    references: JsonObject


def parts_of(flow: StoredFlow, project: Project, behaviour: Behaviour) -> Parts:
    """Return the encoded parts of a flow."""
    return flow.encoding("parts", lambda: _make_parts(flow, project, behaviour))


def _make_parts(flow: StoredFlow, project: Project, behaviour: Behaviour) -> Parts:
    document = flow.document
    contents = encode(document.get("contents") or {})
    screens = tuple(
        (str(screen["screenId"]), encode(screen)) for screen in noise.printed_screens(document.get("screens") or [])
    )
    references: JsonObject = noise.printed_references(
        document.get("references") or {},
        _searchable(document, contents, screens),
        project.connector_ids,
        project.roles,
        behaviour,
    )
    return Parts(contents, screens, references)


def _searchable(document: JsonObject, contents: bytes, screens: tuple[tuple[str, bytes], ...]) -> str:
    """Return the text in which ids of connectors and roles are looked for."""
    translation = encode((document.get("metadata") or {}).get("translation"))
    return b"\n".join((contents, translation, *(encoded for _id, encoded in screens))).decode("utf-8")


def exported_v2(flow: StoredFlow, project: Project, behaviour: Behaviour) -> bytes:
    """Return the answer to a v2 export: the flow with every default printed (observed)."""
    parts = parts_of(flow, project, behaviour)
    metadata = noise.printed_metadata(flow.document.get("metadata") or {}, behaviour)
    members = {
        "flowId": encode(flow.flow_id),
        "metadata": encode(metadata),
        "contents": parts.contents,
        "screens": b"[" + b",".join(encoded for _id, encoded in parts.screens) + b"]",
        "references": encode(parts.references),
    }
    members |= {key: encode(value) for key, value in flow.document.items() if key not in _PARTS}
    return b'{"flow":' + joined(members) + b"}"


def joined(members: dict[str, bytes]) -> bytes:
    """Return a JSON object of members that are encoded already."""
    return b"{" + b",".join(encode(key) + b":" + value for key, value in members.items()) + b"}"


def exported_v1(flow: StoredFlow, behaviour: Behaviour) -> bytes:
    """Return the answer to a v1 export or import: the flow and its screens."""
    return flow.encoding("v1", lambda: encode(_make_v1(flow, behaviour)))


def _make_v1(flow: StoredFlow, behaviour: Behaviour) -> JsonObject:
    screens = noise.printed_screens(flow.document.get("screens") or [])
    as_text = behaviour.html_template == "string"
    printed = [v1.printed_screen(screen, flow.document, flow.extras, flow.stamp, as_text) for screen in screens]
    return {"flow": v1.printed_flow(flow.document, flow.extras, flow.stamp, behaviour), "screens": printed}


def listed(flow: StoredFlow, behaviour: Behaviour) -> bytes:
    """Return a flow as a list shows it.

    Documented as a whole FlowV1, while every client reads only id, name, description and disabled; so the rest is empty
    unless a switch says otherwise.
    """
    return flow.encoding("listed", lambda: encode(_make_listed(flow, behaviour)))


def _make_listed(flow: StoredFlow, behaviour: Behaviour) -> dict[str, Any]:
    if behaviour.list_dsl == "full":
        return v1.printed_flow(flow.document, flow.extras, flow.stamp, behaviour)
    empty: JsonObject = {
        "version": 0,
        "modifiedTime": "0" if behaviour.modified_time == "string" else 0,
        "etag": "",
        "dsl": {},
    }
    return {**v1.printed_summary(flow.document, flow.extras), **empty}
