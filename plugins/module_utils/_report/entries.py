# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What single tasks said of their tenants, read from their results, and what makes two changes the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._redact import redact_text

NONE = "none"
_ACTIONS = ("create", "update", "delete")
_OUTSTANDING = ("unknown", "untouched")


@dataclass(frozen=True, slots=True)
class FlowEntry:
    """What a result says of one flow. See the return values of C(descope_flow)."""

    tenant: str
    project_id: str
    flow_id: str
    source: str
    action: str
    result: str
    error: str
    verified: bool | None
    summary: str
    changes: tuple[Mapping[str, Any], ...]
    changes_omitted: int
    layout_changes: int
    changes_digest: str
    before: str
    after: str

    @property
    def changes_flow(self) -> bool:
        return self.action != NONE

    @property
    def unresolved(self) -> bool:
        """Whether it could not be told what became of the flow, or nothing was tried although it was wanted."""
        return self.changes_flow and (self.result in _OUTSTANDING or (self.result == "applied" and bool(self.error)))

    @property
    def place(self) -> tuple[str, str, str]:
        return (self.tenant, self.project_id, self.flow_id)


@dataclass(frozen=True, slots=True)
class TaskEntry:
    """What one task said of one tenant. C(message): why it failed, empty where it did not."""

    tenant: str
    project_id: str = ""
    message: str = ""
    unreachable: bool = False
    flows: tuple[FlowEntry, ...] = ()
    problems: tuple[Mapping[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()
    requests: Mapping[str, Any] = field(default_factory=lambda: _requests({}))
    estimate: int = 0
    backup: str = ""

    @property
    def failed(self) -> bool:
        return bool(self.message)


def tells_of_flows(result: Mapping[str, Any]) -> bool:
    """Tell whether a result is one of the tasks of this collection that bring flows to what they should be."""
    return isinstance(result.get("flows"), list) and isinstance(result.get("estimate"), dict) and "backup" in result


def task_entry(tenant: str, result: Mapping[str, Any], *, failed: bool = False, unreachable: bool = False) -> TaskEntry:
    """Read a result. Whatever is missing or odd in it reads as empty: a report never stops a run."""
    message = ""
    if failed or unreachable:
        message = _text(result.get("msg")) or ("it cannot be reached" if unreachable else "it failed without a message")
    project_id = _text(result.get("project_id"))
    return TaskEntry(
        tenant=tenant,
        project_id=project_id,
        message=redact_text(message),
        unreachable=unreachable,
        flows=tuple(_flow_entry(tenant, project_id, flow) for flow in _objects(result.get("flows"))),
        problems=tuple(_plain(_objects(result.get("problems")))),
        warnings=tuple(redact_text(_text(warning)) for warning in _list(result.get("warnings"))),
        requests=_requests(_object(result.get("requests"))),
        estimate=_number(_object(result.get("estimate")).get("requests")),
        backup=_text(_object(result.get("backup")).get("id")),
    )


def _requests(told: Mapping[str, Any]) -> dict[str, Any]:
    numbers = {name: _number(told.get(name)) for name in ("made", "retried", "paused_429")}
    by_endpoint = {str(name): _number(count) for name, count in _object(told.get("by_endpoint")).items()}
    return {**numbers, "by_endpoint": by_endpoint}


def _flow_entry(tenant: str, project_id: str, flow: Mapping[str, Any]) -> FlowEntry:
    action = _text(flow.get("action"))
    return FlowEntry(
        # A task that serves the flows of many tenants says with each flow whose it is.
        tenant=_text(flow.get("tenant")) or tenant,
        project_id=_text(flow.get("project_id")) or project_id,
        flow_id=_text(flow.get("flow_id")),
        source=_text(flow.get("source")),
        action=action if action in _ACTIONS else NONE,
        result=_text(flow.get("result")),
        error=redact_text(_text(flow.get("error"))),
        verified=flow.get("verified") if isinstance(flow.get("verified"), bool) else None,
        summary=_text(flow.get("summary")),
        changes=tuple(_change(change) for change in _plain(_objects(flow.get("changes")))),
        changes_omitted=_number(flow.get("changes_omitted")),
        layout_changes=_number(flow.get("layout_changes")),
        changes_digest=_text(flow.get("changes_digest")),
        before=_text(flow.get("fingerprint_before")),
        after=_text(flow.get("fingerprint_after")),
    )


def _change(change: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**change, **{name: _text(change.get(name)) for name in ("kind", "subject", "what", "path")}}


# --- what makes two changes the same ----------------------------------------------------------------------------------


def change_shape(action: str, changes: Iterable[Mapping[str, Any]], omitted: int, changes_digest: str) -> str:
    """Return what two changes have in common that touch the same places, whatever values they put there.

    A template gives each tenant its own words in the same places. Of a flow that comes or goes as a whole there is
    only one place, so there its size and its parts count. Without a digest of all changes, only those that the result
    carries can be looked at.
    """
    if changes_digest:
        return digest([action, changes_digest.partition("-")[0]])
    places = [
        [
            change.get("kind"),
            change.get("path"),
            *([change.get("before"), change.get("after")] if _whole(change) else ()),
        ]
        for change in changes
    ]
    return digest([action, places, omitted])


def picture_key(flow: Mapping[str, Any]) -> str:
    """Return the name of the picture of a flow's change, from what a result says of the flow.

    Tenants whose flow comes from the same file and changes in the same places share a picture.
    """
    shape = change_shape(
        _text(flow.get("action")),
        _objects(flow.get("changes")),
        _number(flow.get("changes_omitted")),
        _text(flow.get("changes_digest")),
    )
    return digest([flow.get("source"), shape])


def digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]


def _whole(change: Mapping[str, Any]) -> bool:
    return change.get("kind") in ("flow-added", "flow-removed")


# --- tolerant access --------------------------------------------------------------------------------------------------


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str) else ""


def _number(value: Any) -> int:
    return max(int(value), 0) if isinstance(value, (int, float)) and not isinstance(value, bool) else 0


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else []


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in _list(value) if isinstance(item, Mapping)]


def _plain(values: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the values as plain JSON: Ansible's own kinds of text and list would not outlive the run."""
    return list(json.loads(json.dumps(values, default=str)))
