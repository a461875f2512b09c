# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Which backups are not needed any more: decided on what they say of themselves, and on nothing else.

Most backups hold the few flows that one change was about. So what counts is how many backups there are of a flow; the
number of backups in the store says nothing, where a thousand tenants share a project.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from ansible_collections.community.descope.plugins.module_utils._backup.history import History
from ansible_collections.community.descope.plugins.module_utils._backup.records import Status
from ansible_collections.community.descope.plugins.module_utils._backup.store import Backup

# What a backup of a project without flows counts as one of.
_NO_FLOW = ""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long backups are kept. A backup goes when neither rule keeps it; where no rule is given, none goes.

    keep: how many backups of each flow, the newest. keep_days: all that are not older than this.
    """

    keep: int | None = None
    keep_days: int | None = None

    def removable(self, history: History, now: datetime, spared: Iterable[str] = ()) -> list[Backup]:
        """Return the backups that are to go, oldest first.

        Never goes what is C(spared), what has a label, what is the last good state of any of its flows, and what
        belongs to a change that is under way or of which nobody knows how it ended, unless a later change has brought
        its flows to a good end. Nor does what goes change which of the others are good.
        """
        if self.keep is None and self.keep_days is None:
            return []
        wanted = _newest(history, self.keep or 0) | _last_good(history) | _unsettled(history) | set(spared)
        wanted |= {
            backup.id for backup in history.backups if backup.manifest.reason.label or self._is_young(backup, now)
        }
        wanted = _with_what_they_are_judged_by(history, wanted)
        return [backup for backup in history.backups if backup.id not in wanted]

    def _is_young(self, backup: Backup, now: datetime) -> bool:
        return self.keep_days is not None and backup.manifest.time >= now - timedelta(days=self.keep_days)


def _newest(history: History, count: int) -> set[str]:
    """Return the ids of the backups that are among the newest C(count) of one of their flows."""
    seen: Counter[str] = Counter()
    newest: set[str] = set()
    for backup in reversed(history.backups):
        flows = backup.flows or (_NO_FLOW,)
        if any(seen[flow_id] < count for flow_id in flows):
            newest.add(backup.id)
        seen.update(flows)
    return newest


def _last_good(history: History) -> set[str]:
    """Return the ids of the backups that hold the last good state of a flow, and that of the last good backup."""
    found: dict[str, str] = {}
    for backup in history.backups:
        found.update(dict.fromkeys(history.good_flows[backup.id], backup.id))
    whole = history.last_good()
    return {*found.values(), *([whole.id] if whole else [])}


def _unsettled(history: History) -> set[str]:
    """Return the ids of the backups whose changes may still need them."""
    settled: set[str] = set()
    unsettled: set[str] = set()
    for backup in reversed(history.backups):
        intended = backup.manifest.intended.keys()
        if backup.status is Status.GOOD:
            settled |= intended
        elif intended - settled:
            unsettled.add(backup.id)
    return unsettled


def _with_what_they_are_judged_by(history: History, wanted: set[str]) -> set[str]:
    """Return the backups that are wanted, and those without which they would be taken for better or worse."""
    while True:
        rest = History(backup for backup in history.backups if backup.id in wanted)
        misjudged = {
            flow_id for backup in rest.backups for flow_id in rest.good_flows[backup.id] ^ history.good_flows[backup.id]
        }
        missing = _changes_of(history, misjudged, wanted) or _oldest_look_at(history, misjudged, wanted)
        if not missing:
            return wanted
        wanted = wanted | missing


def _changes_of(history: History, flows: set[str], known: set[str]) -> set[str]:
    """Return the ids of the other changes of any of these flows."""
    return {
        backup.id
        for backup in history.backups
        if backup.id not in known and not flows.isdisjoint(backup.manifest.intended)
    }


def _oldest_look_at(history: History, flows: set[str], known: set[str]) -> set[str]:
    """Return the id of the oldest other backup that shows what came of a change of any of these flows.

    It may be another flow of that change that tells: one that did not arrive makes those that did doubtful.
    """
    changes = [backup.manifest.intended for backup in history.backups]
    told_by = {flow_id for intended in changes if not flows.isdisjoint(intended) for flow_id in intended}
    others = (backup for backup in history.backups if backup.id not in known)
    looks = (backup.id for backup in others if not told_by.isdisjoint(backup.manifest.flows))
    return set(islice(looks, 1))
