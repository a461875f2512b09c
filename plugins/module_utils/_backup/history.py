# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The history of a project, told by its backups: which of them hold a state that somebody may want back.

A backup holds what stood there before a change, so it is the change before it that decides whether that was good. A
flow in a backup is good, unless

- an earlier change went wrong with it: it was neither as before nor as intended, or it could not be told, and the
  backup does not show that it arrived after all;
- an earlier change was left half done: it had applied some of its flows and not others, and this is one of them. That
  is over when a later change has replaced all of one side or all of the other;
- somebody rolled back away from it. What a rollback saves is what it was to leave, so that the last good state stays
  the same however often it is restored.

A backup is good if all its flows are.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter

from ansible_collections.community.descope.plugins.module_utils._backup.records import Kind
from ansible_collections.community.descope.plugins.module_utils._backup.store import Backup

_NOT_DONE = frozenset({"untouched", "restored", "unchanged"})


class History:
    """The backups of one project, oldest first, whatever order they came in.

    whole: the history of all tenants, where this is the part of one.
    """

    def __init__(self, backups: Iterable[Backup], whole: History | None = None) -> None:
        # Ids tell the second, manifests the microsecond; tasks of one run follow each other faster than that.
        self.backups = tuple(sorted(backups, key=lambda backup: (backup.manifest.time, backup.id)))
        self._whole = whole

    def of_tenant(self, tenant: str) -> History:
        """Return the backups that were taken for one host of an inventory. Which are good is decided on all."""
        return History((backup for backup in self.backups if backup.manifest.reason.tenant == tenant), self)

    @cached_property
    def good_flows(self) -> Mapping[str, frozenset[str]]:
        """The ids of the good flows of every backup, by the backup's id."""
        return self._judged.good

    @cached_property
    def _judged(self) -> _Judged:
        return self._whole._judged if self._whole else _Judge().judge(self.backups)

    def is_good(self, backup: Backup) -> bool:
        """Tell whether a backup holds nothing but good flows, and was not taken to leave the state that it holds."""
        return backup.manifest.reason.kind is not Kind.ROLLBACK and len(self.good_flows[backup.id]) == len(backup.flows)

    def rests_on(self, backup: Backup, flow_ids: Iterable[str]) -> str:
        """Return since when backups have a part in whether these flows are good in one, as the beginning of their ids.

        That is since the change that made a flow what it was there: whatever came before that, it was replaced. Empty
        where a flow was not made by any change: then all have a part in it.
        """
        position = self._judged.positions[backup.id]
        oldest = backup.id
        for flow_id in flow_ids:
            made = self._judged.made.get(flow_id, [])
            known = bisect_right(made, position, key=itemgetter(0))
            oldest = min(oldest, made[known - 1][1] if known else "")
        return oldest.partition("-")[0]

    def last_good(self, flow_id: str | None = None) -> Backup | None:
        """Return the newest good backup, or the newest in which this flow is good; None where there is none."""
        for backup in reversed(self.backups):
            if self.is_good(backup) if flow_id is None else flow_id in self.good_flows[backup.id]:
                return backup
        return None


def undone_flows(backup: Backup) -> frozenset[str]:
    """Return the flows that were to be changed, of which it is certain that they are as they were before."""
    return frozenset(flow_id for flow_id in backup.manifest.intended if _result(backup, flow_id) == "undone")


def _result(backup: Backup, flow_id: str) -> str:
    """Return what the outcome proves of a flow that was to be changed: C(done), C(undone), else C(unclear)."""
    outcome = backup.outcome.flows.get(flow_id) if backup.outcome else None
    if outcome is None:
        return "unclear"
    if outcome.result in _NOT_DONE:
        return "undone"
    return "done" if outcome.result == "applied" and outcome.verified else "unclear"


@dataclass
class _Change:
    """A change and those of its flows that still are as it left them, as far as that is known."""

    backup: Backup
    done: set[str] = field(default_factory=set)
    undone: set[str] = field(default_factory=set)
    unclear: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, backup: Backup) -> _Change:
        change = cls(backup)
        for flow_id in backup.manifest.intended:
            getattr(change, _result(backup, flow_id)).add(flow_id)
        return change

    @property
    def half_done(self) -> bool:
        return bool(self.done and self.undone)

    @property
    def matters(self) -> bool:
        return bool(self.unclear) or self.half_done

    def doubts(self, flow_id: str) -> bool:
        """Tell whether this change makes a flow's state one that nobody wanted."""
        return flow_id in self.unclear or (self.half_done and flow_id in self.done | self.undone)

    def forget(self, flow_id: str) -> None:
        """Take note that a later change has replaced a flow."""
        for flows in (self.done, self.undone, self.unclear):
            flows.discard(flow_id)

    def settle(self, flow_id: str, fingerprint: str) -> bool:
        """Judge a flow by what was found there later. Returns whether that is what the change was to make of it."""
        if flow_id not in self.unclear:
            return False
        manifest = self.backup.manifest
        arrived = fingerprint == manifest.intended[flow_id].fingerprint
        if arrived or (flow_id in manifest.flows and fingerprint == manifest.flows[flow_id].fingerprint):
            self.unclear.discard(flow_id)
            (self.done if arrived else self.undone).add(flow_id)
        return arrived


@dataclass(frozen=True, slots=True)
class _Judged:
    """What is known of a history.

    good: the good flows of each backup, by its id. positions: which of the history a backup is, by its id.
    made: for each flow the changes that have made it what it was, by the ids of their backups, each with the position
    of the first backup that knows.
    """

    good: Mapping[str, frozenset[str]]
    made: Mapping[str, list[tuple[int, str]]]
    positions: Mapping[str, int]


class _Judge:
    """Walks through a history, oldest first, and remembers which changes did not come to a good end."""

    def __init__(self) -> None:
        self._open: list[_Change] = []
        self._good: dict[str, set[str]] = {}
        # The backups that were taken since a flow was last to be changed, with the fingerprint it had then.
        self._holders: dict[str, list[tuple[str, str]]] = {}
        self._made: dict[str, list[tuple[int, str]]] = {}
        self._positions: dict[str, int] = {}

    def judge(self, backups: Iterable[Backup]) -> _Judged:
        for position, backup in enumerate(backups):
            self._positions[backup.id] = position
            self._look(backup, position)
            if backup.manifest.intended:
                self._pass(_Change.of(backup), position)
        good = {backup_id: frozenset(flows) for backup_id, flows in self._good.items()}
        return _Judged(good, self._made, self._positions)

    def _look(self, backup: Backup, position: int) -> None:
        """Learn from what a backup found, and judge it by that."""
        for flow_id, saved in backup.manifest.flows.items():
            self._holders.setdefault(flow_id, []).append((backup.id, saved.fingerprint))
            for number in reversed(range(len(self._open))):
                if self._open[number].settle(flow_id, saved.fingerprint):
                    self._replace(flow_id, self._open[:number])
                    self._made.setdefault(flow_id, []).append((position, self._open[number].backup.id))
                    break
        self._open = [change for change in self._open if change.matters]
        kept = backup.manifest.reason.kind is not Kind.ROLLBACK
        self._good[backup.id] = {
            flow_id for flow_id in backup.flows if kept and not any(change.doubts(flow_id) for change in self._open)
        }

    def _pass(self, change: _Change, position: int) -> None:
        """Go on to the time after a change."""
        rollback = change.backup.manifest.reason.kind is Kind.ROLLBACK
        for flow_id in change.done | change.unclear:
            holders = self._holders.pop(flow_id, [])
            for backup_id, fingerprint in holders if rollback else ():
                if fingerprint == holders[-1][1]:
                    self._good[backup_id].discard(flow_id)
        for flow_id in change.done:
            self._replace(flow_id, self._open)
            self._made.setdefault(flow_id, []).append((position + 1, change.backup.id))
        self._open.append(change)

    def _replace(self, flow_id: str, changes: Iterable[_Change]) -> None:
        for change in changes:
            change.forget(flow_id)
