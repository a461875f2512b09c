# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What the history says of a backup: as values for playbooks, and as a line of a table for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._backup.journal import FlowState
from ansible_collections.community.descope.plugins.module_utils._backup.records import Kind, Status
from ansible_collections.community.descope.plugins.module_utils._backup.store import Backup, UnreadableBackup

NO_CHANGE = "none"
"""What stands for a status where no change followed a backup."""

_COLUMNS = ("TIME (UTC)", "BACKUP", "STATUS", "FOR", "BY", "RUN", "WHAT")
_MOST_NAMES = 3
_LONGEST_REASON = 60
_PAST = {"create": "created", "update": "updated", "delete": "deleted", "none": "kept"}
_STATES = {
    FlowState.NOT_STARTED: "not started",
    FlowState.SENT: "sent, and only reading the project can tell whether it arrived",
    FlowState.RESTORING: "being put back, and only reading the project can tell whether that arrived",
    FlowState.NOT_RESTORED: "not put back",
}


def status_of(backup: Backup) -> str:
    """Return how the change ended that a backup was taken for."""
    return backup.status.value if backup.status else NO_CHANGE


def backup_entry(
    backup: Backup, good_flows: frozenset[str], good: bool, states: Mapping[str, FlowState]
) -> dict[str, Any]:
    """Return everything about a backup. C(states): how far its change had come, where that never came to its end."""
    manifest = backup.manifest
    reason = manifest.reason
    return {
        "id": backup.id,
        "time": shown_time(manifest.time),
        "path": backup.place,
        "kind": reason.kind.value,
        "status": status_of(backup),
        "explanation": _explanation(states) if backup.status is Status.UNFINISHED else "",
        "good": good,
        "label": reason.label,
        "reason": reason.reason,
        "run_id": reason.run_id,
        "job_id": reason.job_id,
        "workflow_id": reason.workflow_id,
        "user": reason.user,
        "tenant": reason.tenant,
        "base_url": manifest.base_url,
        "complete": manifest.complete,
        "encrypted": manifest.encrypted,
        "flows": [_flow_entry(backup, flow_id, flow_id in good_flows, states) for flow_id in backup.flows],
    }


def unreadable_entry(unreadable: UnreadableBackup) -> dict[str, Any]:
    """Return what is known of a backup that cannot be read."""
    return {
        "id": unreadable.id,
        "path": unreadable.place,
        "incomplete": unreadable.incomplete,
        "problem": unreadable.problem,
    }


def shown_time(time: datetime) -> str:
    """Return a time in the form in which the options take it too."""
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"


def _flow_entry(backup: Backup, flow_id: str, good: bool, states: Mapping[str, FlowState]) -> dict[str, Any]:
    saved = backup.manifest.flows[flow_id]
    intention = backup.manifest.intended.get(flow_id)
    outcome = backup.outcome.flows.get(flow_id) if backup.outcome else None
    state = states.get(flow_id)
    return {
        "flow_id": flow_id,
        "state": "absent" if saved.absent else "present",
        "good": good,
        "action": intention.action if intention else NO_CHANGE,
        "result": outcome.result if outcome else state.value if state else "",
        "verified": outcome.verified if outcome else None,
        "fingerprint_before": saved.fingerprint,
        "fingerprint_after": outcome.fingerprint if outcome else intention.fingerprint if intention else "",
    }


def _explanation(states: Mapping[str, FlowState]) -> str:
    """Say how far a change had come, and what to do about it."""
    groups: dict[FlowState, list[str]] = {}
    for flow_id, state in states.items():
        groups.setdefault(state, []).append(flow_id)
    told = "; ".join(
        f"{_names(flow_ids)}: {_STATES.get(state, state.value)}" for state, flow_ids in sorted(groups.items())
    )
    return (
        f"the run is still under way, or was stopped before its end: {told}; run it again to bring it to its end, or"
        " roll back to this backup"
    )


def table(entries: Iterable[Mapping[str, Any]], unreadable: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the history as lines, each backup one, columns side by side."""
    rows = [_COLUMNS, *(_row(entry) for entry in entries)]
    rows += [("", entry["id"], "unreadable", "", "", "", str(entry["problem"])) for entry in unreadable]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    shown = [column for column in range(len(_COLUMNS)) if any(row[column] for row in rows[1:])] or range(len(_COLUMNS))
    return ["  ".join(row[column].ljust(widths[column]) for column in shown).rstrip() for row in rows]


def _row(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        str(entry["time"]).replace("T", " ").rstrip("Z"),
        entry["id"],
        "saved" if entry["status"] == NO_CHANGE else entry["status"],
        entry["tenant"],
        entry["user"],
        # What the option run of a rollback takes.
        entry["job_id"] or entry["run_id"],
        "; ".join(filter(None, (_label(entry), _done(entry), _reason(entry)))),
    )


def _label(entry: Mapping[str, Any]) -> str:
    return f"[{entry['label']}]" if entry["label"] else ""


def _reason(entry: Mapping[str, Any]) -> str:
    text = " ".join(str(entry["reason"]).split())
    return text if len(text) <= _LONGEST_REASON else f"{text[: _LONGEST_REASON - 3]}..."


def _done(entry: Mapping[str, Any]) -> str:
    """Say what was done to which flows, or which were saved."""
    flows = entry["flows"]
    if entry["kind"] == Kind.REQUESTED.value:
        return f"all flows ({len(flows)})" if entry["complete"] else _names([flow["flow_id"] for flow in flows])
    groups: dict[str, list[str]] = {}
    for flow in flows:
        groups.setdefault(_deed(flow), []).append(flow["flow_id"])
    order = Counter({deed: len(flow_ids) for deed, flow_ids in groups.items()})
    return "; ".join(f"{deed} {_names(groups[deed])}" for deed, _count in order.most_common())


def _deed(flow: Mapping[str, Any]) -> str:
    if flow["result"] == "applied":
        return _PAST.get(str(flow["action"]), str(flow["action"]))
    return f"{flow['action']} {str(flow['result'] or 'unknown').replace('_', ' ')}:"


def _names(flow_ids: list[str]) -> str:
    more = len(flow_ids) - _MOST_NAMES
    named = ", ".join(flow_ids[:_MOST_NAMES])
    return f"{named} and {more} more" if more > 0 else named
