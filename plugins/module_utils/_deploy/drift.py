# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Drift: how a project differs from what is declared, and where the difference came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._backup.writes import LastWrite
from ansible_collections.community.descope.plugins.module_utils._deploy.plan import Action, Plan, PlannedFlow
from ansible_collections.community.descope.plugins.module_utils._deploy.report import told_changes_report
from ansible_collections.community.descope.plugins.module_utils._diff.flows import summarize


class State(StrEnum):
    """How a flow stands to what is declared."""

    IN_SYNC = "in_sync"
    DIFFERS = "differs"
    MISSING = "missing"
    UNEXPECTED = "unexpected"


class Origin(StrEnum):
    """Where a difference came from: which side is not any more what was last written from here."""

    FILES = "files"
    PROJECT = "project"
    BOTH = "both"
    UNKNOWN = "unknown"


_STATES = {
    Action.NONE: State.IN_SYNC,
    Action.UPDATE: State.DIFFERS,
    Action.CREATE: State.MISSING,
    Action.DELETE: State.UNEXPECTED,
}
_TOLD = {
    State.DIFFERS: "differs",
    State.MISSING: "is missing",
    State.UNEXPECTED: "exists and should not",
}
_ORIGINS = {
    Origin.FILES: "declared anew since it was applied",
    Origin.PROJECT: "changed in the project since it was applied",
    Origin.BOTH: "changed in the project and declared anew since it was applied",
    Origin.UNKNOWN: "no record tells since when",
}
_MOST_TOLD = 5


@dataclass(frozen=True, slots=True)
class DriftedFlow:
    """One declared flow: how it stands, and if it differs, where that came from and what was last written."""

    planned: PlannedFlow
    state: State
    origin: Origin | None
    last_write: LastWrite | None

    def report(self) -> dict[str, Any]:
        """Return what a result says of the flow. The shape is the same whatever its state is."""
        planned, write = self.planned, self.last_write
        return {
            "flow_id": planned.flow_id,
            "source": planned.source,
            "state": self.state.value,
            "changed_in": self.origin.value if self.origin else "",
            "summary": summarize(planned.changes) if planned.changes else "",
            **told_changes_report(planned.changes),
            "fingerprint_live": planned.fingerprint_before,
            "fingerprint_declared": planned.fingerprint_after,
            "last_write": {
                "time": write.time if write else "",
                "backup": write.backup_id if write else "",
                "user": write.reason.user if write else "",
                "run_id": write.reason.run_id if write else "",
                "job_id": write.reason.job_id if write else "",
                "tenant": write.reason.tenant if write else "",
            },
        }

    def __str__(self) -> str:
        parts = [f"{self.planned.flow_id} {_TOLD[self.state]}", _ORIGINS[self.origin or Origin.UNKNOWN]]
        if self.last_write:
            by = f" by {self.last_write.reason.user}" if self.last_write.reason.user else ""
            parts[-1] = f"{parts[-1]} at {self.last_write.time}{by}" if self.last_write.certain else parts[-1]
        told = f"{parts[0]} ({parts[1]})"
        return f"{told}: {summarize(self.planned.changes)}" if self.state is State.DIFFERS else told


def find_drift(plan: Plan, writes: Mapping[str, LastWrite]) -> list[DriftedFlow]:
    """Return how each flow of a plan stands; C(writes) has the flows that were ever written from here."""
    return [
        DriftedFlow(
            planned=flow,
            state=_STATES[flow.action],
            origin=None if flow.action is Action.NONE else origin_of(flow, writes.get(flow.flow_id)),
            last_write=writes.get(flow.flow_id),
        )
        for flow in plan.flows
    ]


def origin_of(flow: PlannedFlow, write: LastWrite | None) -> Origin:
    """Return which side of a difference has changed since the flow was last written from here."""
    live = flow.fingerprint_before
    declared = flow.fingerprint_after
    # Equal where only the layout differs, of which nothing is recorded.
    if write is None or not write.certain or live == declared:
        return Origin.UNKNOWN
    if live == write.fingerprint:
        return Origin.FILES
    return Origin.PROJECT if declared == write.fingerprint else Origin.BOTH


def undeclared_flows(existing: Iterable[str], declared: Iterable[str], elsewhere: Iterable[str]) -> list[str]:
    """Return the flows that exist and that nobody declares; C(elsewhere) may hold patterns."""
    known, patterns = set(declared), []
    for name in elsewhere:
        patterns.append(name) if any(sign in name for sign in "*?[") else known.add(name)
    return sorted(
        flow_id
        for flow_id in existing
        if flow_id not in known and not any(fnmatchcase(flow_id, pattern) for pattern in patterns)
    )


def drift_message(flows: Iterable[DriftedFlow], undeclared: list[str]) -> str:
    """Return one line that says what differs and why, empty if nothing does."""
    drifted = [flow for flow in flows if flow.state is not State.IN_SYNC]
    told = [str(flow) for flow in drifted[:_MOST_TOLD]]
    if len(drifted) > _MOST_TOLD:
        told.append(f"and {len(drifted) - _MOST_TOLD} more, see 'flows'")
    if undeclared:
        told.append(undeclared_message(undeclared))
    return "; ".join(told)


def undeclared_message(undeclared: list[str]) -> str:
    """Return one line that names flows that exist and that nobody declares."""
    more = f" and {len(undeclared) - _MOST_TOLD} more, see 'undeclared'" if len(undeclared) > _MOST_TOLD else ""
    return f"nobody declares {', '.join(undeclared[:_MOST_TOLD])}{more}"
