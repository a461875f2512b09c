# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The endpoints of flows."""

from __future__ import annotations

import re

from . import errors, exports, noise, v1
from .behaviour import Behaviour
from .call import Call, check_message, object_argument, text_argument, texts_argument
from .codec import JsonObject
from .store import SYSTEM_FLOWS, Project, StoredFlow


def list_flows(call: Call) -> bytes:
    """POST /v1/mgmt/flow/list (documented): all flows, or those whose ids are given. No paging."""
    wanted = set(texts_argument(call.body, "ids"))
    flows = [flow for flow_id, flow in sorted(call.project.flows.items()) if not wanted or flow_id in wanted]
    listed = b",".join(exports.listed(flow, call.behaviour) for flow in flows)
    return b'{"flows":[' + listed + b'],"total":%d}' % len(flows)


def export_v2(call: Call) -> bytes:
    """POST /v2/mgmt/flow/export (documented)."""
    flow_id = text_argument(call.body, "flowId")
    flow = call.project.flows.get(flow_id)
    if flow is None:
        raise errors.unknown_flow(int(call.behaviour.unknown_flow_v2))
    return exports.exported_v2(flow, call.project, call.behaviour)


def export_v1(call: Call) -> bytes:
    """POST /v1/mgmt/flow/export: gone from the reference, used by every SDK but one (documented by them)."""
    flow = call.project.flows.get(text_argument(call.body, "flowId"))
    if flow is None:
        raise errors.unknown_flow()
    return exports.exported_v1(flow, call.behaviour)


def import_v2(call: Call) -> JsonObject:
    """POST /v2/mgmt/flow/import: stores the flow under its own flowId, new or not (documented). Answers C({})."""
    flow = object_argument(call.body, "flow")
    text_argument(flow, "flowId")
    _check_types(flow)
    changelog = call.body.get("changelog")
    _import(
        call,
        flow,
        skip_render=call.body.get("skipRender") is True,
        changelog=changelog if isinstance(changelog, str) else "",
    )
    return {}


def _check_types(flow: JsonObject) -> None:
    check_message(flow, "flow", objects=("metadata", "contents", "references"), lists=("screens",))
    metadata = flow.get("metadata") or {}
    check_message(metadata, "flow.metadata", objects=("translation", "managementConfig"), lists=("sharedInteractions",))
    for number, screen in enumerate(flow.get("screens") or []):
        check_message(screen, f"flow.screens[{number}]", objects=("contents",), lists=("interactions",))


def _import(
    call: Call,
    flow: JsonObject,
    *,
    skip_render: bool = False,
    changelog: str = "",
    saved_by: str = "import",
    extras: v1.V1Extras | None = None,
) -> StoredFlow:
    project, behaviour = call.project, call.behaviour
    if behaviour.import_validation == "basic":
        _validate(flow)
    _connect(flow, project, behaviour)
    kept = noise.after_import(flow, behaviour, skip_render=skip_render)
    return project.save(kept, saved_by=saved_by, changelog=changelog, extras=extras)


def _validate(flow: JsonObject) -> None:
    """UNKNOWN whether the service checks any of this; the characters of an id are those of Descope's own provider."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", flow["flowId"]):
        raise errors.invalid(f"Flow id {flow['flowId']} has characters other than letters, digits, - and _")
    contents = flow.get("contents") or {}
    tasks = contents.get("tasks")
    if not isinstance(tasks, dict) or not tasks:
        raise errors.invalid("The flow has no tasks")
    if contents.get("startTask") not in tasks:
        raise errors.invalid(f"The flow starts at a task that does not exist: {contents.get('startTask')}")


def _connect(flow: JsonObject, project: Project, behaviour: Behaviour) -> None:
    """Do what the switches say about connectors; the service's behaviour is unknown."""
    ids = project.connector_ids
    named = (flow.get("references") or {}).get("connectors")
    moved = {old: ids[name] for name, old in named.items() if name in ids} if isinstance(named, dict) else {}
    for argument in noise.connector_arguments(flow):
        if behaviour.connectors_by_name:
            argument["value"] = moved.get(argument["value"], argument["value"])
        if argument["value"] in ids.values() or behaviour.missing_connector == "keep":
            continue
        if behaviour.missing_connector == "refuse":
            raise errors.invalid(f"Connector {argument['value']} does not exist")
        argument["value"] = ""


def import_v1(call: Call) -> bytes:
    """POST /v1/mgmt/flow/import: the flowId beside the flow wins (documented). Answers the stored flow (documented)."""
    flow = object_argument(call.body, "flow")
    check_message(call.body, "request", objects=(), lists=("screens",))
    check_message(flow, "flow", objects=("managementConfig",), lists=("sharedInteractions",))
    flow_id = text_argument(call.body if call.body.get("flowId") else {"flowId": flow.get("id")}, "flowId")
    _check_etag(call, flow_id, flow)
    document, extras = v1.to_v2(flow_id, flow, call.body.get("screens") or [])
    stored = _import(call, document, saved_by="v1-import", extras=extras)
    return exports.exported_v1(stored, call.behaviour)


def _check_etag(call: Call, flow_id: str, flow: JsonObject) -> None:
    stored = call.project.flows.get(flow_id)
    if call.behaviour.etag_conflict == "refuse" and stored and flow.get("etag") not in (None, "", stored.stamp.etag):
        raise errors.conflict(flow_id)


def delete(call: Call) -> JsonObject:
    """POST /v1/mgmt/flow/delete (documented). All or nothing (assumed). System flows stay (documented)."""
    project, behaviour = call.project, call.behaviour
    ids = texts_argument(call.body, "ids")
    unknown = [flow_id for flow_id in ids if flow_id not in project.flows]
    system = [flow_id for flow_id in ids if flow_id in SYSTEM_FLOWS and flow_id in project.flows]
    if unknown and behaviour.unknown_flow_delete == "refuse":
        raise errors.unknown_flow()
    if system and behaviour.system_flow_delete == "refuse":
        raise errors.invalid(f"System flows cannot be deleted: {', '.join(system)}")
    kept = set(system) if behaviour.system_flow_delete == "skip" else set()
    for flow_id in ids:
        if flow_id not in kept:
            project.flows.pop(flow_id, None)
    return {}


def run(call: Call) -> JsonObject:
    """POST /v1/mgmt/flow/run (documented): management flows only (documented by the clients).

    Nothing is executed: the output is what the project's declaration says for this flow, else empty. UNKNOWN what is
    answered for an unknown flow (assumed: as by an export), for another kind of flow, and whether C(preview) runs what
    is not published.
    """
    flow_id = text_argument(call.body, "flowId")
    options = call.body.get("options") or {}
    check_message(call.body, "request", objects=("options",))
    check_message(options, "options", objects=("input",))
    flow = call.project.flows.get(flow_id)
    if flow is None:
        raise errors.unknown_flow()
    metadata = flow.document.get("metadata") or {}
    if metadata.get("management") is not True and call.behaviour.run_interactive_flow == "refuse":
        raise errors.invalid(f"Flow {flow_id} is not a management flow")
    call.project.runs.append({"flow_id": flow_id, "options": options})
    return {"output": call.project.run_outputs.get(flow_id, {})}
