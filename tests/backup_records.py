# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Making up histories: what backups say of themselves, without a project or a store behind them.

A fingerprint in here is a short word for what a flow was; an empty one means that there was no such flow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from ansible_collections.community.descope.plugins.module_utils._backup.records import (
    BackupReason,
    FlowOutcome,
    Intention,
    Kind,
    Manifest,
    Outcome,
    SavedFlow,
    Status,
)
from ansible_collections.community.descope.plugins.module_utils._backup.store import Backup

START = datetime(2026, 1, 15, 10, 0, tzinfo=UTC)

FLOWS = ("a", "b", "c")
CHANGES = st.fixed_dictionaries(
    {
        "results": st.dictionaries(
            st.sampled_from(FLOWS),
            st.sampled_from(["applied", "untouched", "unknown", "wrong", "restored"]),
            min_size=1,
        ),
        "kind": st.sampled_from([Kind.CHANGE, Kind.CHANGE, Kind.ROLLBACK]),
        "finished": st.booleans(),
    }
)
REQUESTS = st.fixed_dictionaries({"flows": st.sets(st.sampled_from(FLOWS)), "label": st.sampled_from(["", "", "x"])})
PASTS = st.lists(st.one_of(CHANGES, REQUESTS), max_size=12)


@dataclass
class Chronicle:
    """Makes backups, one a minute. Each is called C(b0), C(b1), ... in the order they were made."""

    backups: list[Backup] = field(default_factory=list)
    step: timedelta = timedelta(minutes=1)
    start: datetime = START

    def change(
        self,
        holds: Mapping[str, str],
        to: Mapping[str, str],
        results: Mapping[str, str] | None = None,
        *,
        finished: bool = True,
        kind: Kind = Kind.CHANGE,
        run_id: str = "",
        job_id: str = "",
        tenant: str = "",
    ) -> Backup:
        """Add the backup of a change: what it holds, what the flows were to become, and what came of each.

        A result is C(applied) (the default), C(unverified), C(wrong), or another word of the outcome.
        """
        intended = {flow_id: Intention(_action(holds[flow_id], after), after) for flow_id, after in to.items()}
        outcomes = {
            flow_id: _outcome(intention, (results or {}).get(flow_id, "applied"))
            for flow_id, intention in intended.items()
        }
        reason = BackupReason(kind, run_id=run_id, job_id=job_id, tenant=tenant)
        return self._add(holds, reason, intended, Outcome(_status(outcomes), outcomes) if finished else None)

    def requested(
        self, holds: Mapping[str, str], *, label: str = "", complete: bool = False, tenant: str = ""
    ) -> Backup:
        """Add a backup that somebody asked for."""
        reason = BackupReason(Kind.REQUESTED, label=label, tenant=tenant)
        return self._add(holds, reason, {}, None, complete=complete)

    def _add(
        self,
        holds: Mapping[str, str],
        reason: BackupReason,
        intended: Mapping[str, Intention],
        outcome: Outcome | None,
        *,
        complete: bool = False,
    ) -> Backup:
        time = self.start + len(self.backups) * self.step
        backup_id = f"{time:%Y%m%dT%H%M%SZ}-{len(self.backups):08x}"
        flows = {
            flow_id: SavedFlow(flow_id, f"flows/{flow_id}.json", "0" * 64, fingerprint)
            if fingerprint
            else SavedFlow(flow_id)
            for flow_id, fingerprint in holds.items()
        }
        manifest = Manifest(backup_id, time, "P2project", "", reason, flows, intended, complete=complete)
        self.backups.append(Backup(manifest, f"/backups/P2project/{backup_id}", outcome))
        return self.backups[-1]


def past_of(events: list[dict[str, Any]]) -> Chronicle:
    """Return the backups, one a day, of what happened to a project: a change or a request each, as in C(PASTS)."""
    past = Chronicle(step=timedelta(days=1))
    live = dict.fromkeys(FLOWS, "at first")
    for number, event in enumerate(events):
        if "label" in event:
            past.requested({flow_id: live[flow_id] for flow_id in sorted(event["flows"])}, label=event["label"])
            continue
        to = dict.fromkeys(sorted(event["results"]), f"change {number}")
        holds = {flow_id: live[flow_id] for flow_id in to}
        past.change(holds, to, event["results"], finished=event["finished"], kind=event["kind"])
        for flow_id, result in event["results"].items():
            live[flow_id] = {"applied": to[flow_id], "wrong": f"wrong {number}"}.get(result, live[flow_id])
    return past


def _action(before: str, after: str) -> str:
    return "delete" if not after else "update" if before else "create"


def _outcome(intention: Intention, result: str) -> FlowOutcome:
    verified = {"applied": True, "wrong": False}.get(result)
    told = "applied" if result in ("applied", "unverified", "wrong") else result
    return FlowOutcome(intention.action, told, intention.fingerprint, verified)


def _status(outcomes: Mapping[str, FlowOutcome]) -> Status:
    if any(outcome.result == "unknown" for outcome in outcomes.values()):
        return Status.UNKNOWN
    if any(outcome.result == "untouched" or outcome.verified is False for outcome in outcomes.values()):
        return Status.FAILED
    return Status.GOOD if all(outcome.verified for outcome in outcomes.values()) else Status.UNKNOWN
