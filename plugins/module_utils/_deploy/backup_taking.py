# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Taking a backup that somebody asks for: of what the project holds now, where the latest one does not hold it already.

project --> read ---+
                    +--> what has changed since --> [check mode ends here] --> backup --> retention
store --> latest ---+
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._backup.history import History
from ansible_collections.community.descope.plugins.module_utils._backup.records import (
    BackupReason,
    Kind,
    Manifest,
    SavedFlow,
)
from ansible_collections.community.descope.plugins.module_utils._backup.retention import Retention
from ansible_collections.community.descope.plugins.module_utils._backup.selection import Wanted
from ansible_collections.community.descope.plugins.module_utils._backup.store import (
    Backup,
    BackupStore,
    Inventory,
)
from ansible_collections.community.descope.plugins.module_utils._backup.upkeep import remove_all
from ansible_collections.community.descope.plugins.module_utils._deploy import report
from ansible_collections.community.descope.plugins.module_utils._deploy.apply import FlowResult, Result
from ansible_collections.community.descope.plugins.module_utils._deploy.plan import Action, PlannedFlow, same_flow
from ansible_collections.community.descope.plugins.module_utils._deploy.removal import (
    removal_diff,
    removal_failure,
    removed_entry,
)
from ansible_collections.community.descope.plugins.module_utils._deploy.session import Session
from ansible_collections.community.descope.plugins.module_utils._diff.flows import render_changes
from ansible_collections.community.descope.plugins.module_utils._errors import BackupError, InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._task import Task

_FRESH_SECONDS = 30.0
_CHANGES = {
    Action.CREATE: "created",
    Action.UPDATE: "changed",
    Action.DELETE: "deleted",
    Action.NONE: "none",
}
_TOLD = ("flow_id", "summary", "changes", "changes_omitted", "layout_changes")

_Flows = Mapping[str, "FlowDocument | None"]


@dataclass(frozen=True)
class Taking:
    """Taking one backup. C(inventory) is what the store held before."""

    task: Task
    store: BackupStore
    session: Session
    inventory: Inventory

    def run(self, wanted: Wanted) -> dict[str, Any]:
        live = self._read(wanted)
        missing = wanted.missing([flow_id for flow_id, document in live.items() if document])
        if not any(live.values()) and not wanted.everything:
            message = f"the project has no flow that is called {' or '.join(missing)}; nothing was saved"
            raise InputError([Problem("no-such-flow", message, source="flow_id")])
        latest, saved, warnings = self._latest(wanted, live)
        flows = [_compared(flow_id, saved.get(flow_id), live.get(flow_id)) for flow_id in sorted({*saved, *live})]
        needed = latest is None or self._says_more(latest) or any(flow.action is not Action.NONE for flow in flows)
        backup = self._take(wanted, live) if needed else None
        unneeded = self._unneeded(backup)
        # What cannot be read may say which of the others are good, and so which are needed.
        old = [] if self.inventory.damaged else unneeded
        left = {} if self.task.check_mode else remove_all(self.store, [removed.id for removed in old])
        result: dict[str, Any] = {
            "changed": needed or len(old) > len(left),
            "project_id": self.session.project_id,
            "backup": report.backup_report(backup),
            "compared_with": latest.id if latest else "",
            "flows": [_told(flow) for flow in flows],
            "missing": missing,
            "removed": [removed_entry(removed) for removed in old if removed.id not in left],
            "verified": [],
            "requests": self.session.requests(),
            "warnings": [
                *self.session.warnings(),
                *self.store.warnings(),
                *warnings,
                *self._warnings(missing, held_back=len(unneeded) - len(old)),
            ],
        }
        if self.task.diff_mode:
            result["diff"] = [*self._diffs(flows, latest), *removal_diff(self.store, old)]
        return result | removal_failure(left)

    def _read(self, wanted: Wanted) -> _Flows:
        project = self.session.project
        not_before = time.monotonic() - _FRESH_SECONDS
        found = project.read_all(wanted.__contains__, not_before=not_before)
        return {**dict.fromkeys(wanted.ids), **project.whole(found, found.flows).flows}

    def _latest(self, wanted: Wanted, live: _Flows) -> tuple[Backup | None, _Flows, list[str]]:
        """Return the newest backup that holds all that is wanted, the flows in it, and why it cannot be used."""
        for backup in reversed(History(self.inventory.backups).backups):
            held = backup.manifest.flows
            if not backup.manifest.complete and (wanted.everything or not live.keys() <= held.keys()):
                continue
            try:
                found = self.store.read_flows(backup, [flow_id for flow_id in held if flow_id in wanted])
            except BackupError as error:
                why = str(error).removesuffix("; nothing was changed")
                return None, {}, [f"what has changed since the backup {backup.id} is not known: {why}"]
            return backup, {flow_id: document for flow_id, document in found.items() if document}, []
        return None, {}, []

    def _says_more(self, latest: Backup) -> bool:
        """Tell whether a backup of the same state would have a use of its own."""
        label = self.task.params["label"]
        return bool(self.task.params["force"] or (label and label != latest.manifest.reason.label))

    def _take(self, wanted: Wanted, live: _Flows) -> Backup:
        params = self.task.params
        reason = self.session.reason(params["reason"] or "", kind=Kind.REQUESTED, label=params["label"] or "")
        if self.task.check_mode:
            return self._imagined(reason, live)
        base_url = self.session.base_url
        return self.store.create(live, reason, base_url=base_url, complete=wanted.everything)

    def _imagined(self, reason: BackupReason, live: _Flows) -> Backup:
        """Return the backup that would be taken, as far as check mode can know it."""
        flows = {
            flow_id: SavedFlow(flow_id, "flow", "", document.fingerprint) if document else SavedFlow(flow_id)
            for flow_id, document in live.items()
        }
        # It would be the newest, whatever the clock says.
        newest = max([datetime.now(tz=UTC), *(backup.manifest.time for backup in self.inventory.backups)])
        taken_at = newest + timedelta(microseconds=1)
        manifest = Manifest("", taken_at, self.session.project_id, self.session.base_url, reason, flows)
        return Backup(manifest, place="")

    def _unneeded(self, taken: Backup | None) -> list[Backup]:
        params = self.task.params
        backups = [*self.inventory.backups, *([taken] if taken else [])]
        run_id = self.session.context.get("run_id")
        # What a run has saved is the way back out of that run: it stays, whatever the clocks have done to its time.
        own = {backup.id for backup in backups if run_id and backup.manifest.reason.run_id == run_id}
        own |= {taken.id} if taken else set()
        retention = Retention(params["keep"], params["keep_days"])
        return retention.removable(History(backups), datetime.now(tz=UTC), spared=own)

    def _warnings(self, missing: list[str], *, held_back: int) -> Iterator[str]:
        if missing:
            yield f"the project has no flow that is called {' or '.join(missing)}; ids were recorded as not existing"
        damaged = self.inventory.damaged
        if damaged:
            problem = damaged[0].problem.removesuffix("; nothing was changed")
            more = f", and {len(damaged) - 1} more" if len(damaged) > 1 else ""
            yield f"there are backups that cannot be read: {problem}{more}"
        if damaged and held_back:
            yield (
                f"nothing was removed, although {held_back} would go by what can be read: what cannot be read, such as"
                f" {damaged[0].id}, may say which are needed; remove it by its id, or move it away"
            )

    def _diffs(self, flows: Iterable[PlannedFlow], latest: Backup | None) -> list[dict[str, str]]:
        before = f"in the backup {latest.id}" if latest else "in no backup yet"
        diffs = []
        for flow in flows:
            if flow.action is not Action.NONE:
                old, new = render_changes(flow.changes)
                now = "deleted from" if flow.action is Action.DELETE else "in"
                headers = {
                    "before_header": f"{flow.flow_id} {before}",
                    "after_header": f"{flow.flow_id} {now} {self.session.project_id}",
                }
                diffs.append({**headers, "before": old, "after": new})
        return diffs


def _compared(flow_id: str, before: FlowDocument | None, after: FlowDocument | None) -> PlannedFlow:
    """Return what has become of a flow. Positions on the canvas count: a backup holds them too."""
    if before is None or after is None:
        actions = {(False, True): Action.CREATE, (True, False): Action.DELETE, (False, False): Action.NONE}
        action = actions[before is not None, after is not None]
    else:
        action = Action.NONE if same_flow(before, after, layout=True) else Action.UPDATE
    return PlannedFlow(flow_id, action, before, after, source="")


def _told(flow: PlannedFlow) -> dict[str, Any]:
    told = report.flow_report(flow, FlowResult(Result.UNCHANGED))
    return {
        **{name: told[name] for name in _TOLD},
        "state": "present" if flow.after else "absent",
        "change": _CHANGES[flow.action],
        "fingerprint": flow.fingerprint_after,
    }
