# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Which flows go back to which backup: from what somebody typed to one backup a flow.

Pure: it decides on what the backups say of themselves. Whatever is not certain is an error, which names the choices.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ansible_collections.community.descope.plugins.module_utils._backup.history import History, undone_flows
from ansible_collections.community.descope.plugins.module_utils._backup.moments import Moment, parse_moment, shown
from ansible_collections.community.descope.plugins.module_utils._backup.records import Kind, SavedFlow
from ansible_collections.community.descope.plugins.module_utils._backup.store import Backup
from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._flow.document import flow_id_problem
from ansible_collections.community.descope.plugins.module_utils._json import quoted

LATEST = "latest"
LAST_GOOD = "last_good"

_GLOB = re.compile(r"[*?\[]")
_SHORTEST_PREFIX = 8
_MOST_CHOICES = 5
_MOST_NAMES = 10
# How ids of backups begin.
_ID_TIME = "%Y%m%dT%H%M%SZ"
_TIME_LENGTH = len("20260115T103000Z")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which flows somebody wants back: some by their ids, some by patterns, or all."""

    ids: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    everything: bool = False

    @classmethod
    def of(cls, flow_ids: Iterable[str], *, everything: bool) -> Wanted:
        """Return what the options C(flow_id) and C(all) mean. Raises InputError for ids that are none."""
        given = tuple(dict.fromkeys(flow_ids))
        patterns = tuple(text for text in given if _GLOB.search(text))
        ids = tuple(text for text in given if text not in patterns)
        problems = [problem for flow_id in ids if (problem := flow_id_problem(flow_id, "flow_id"))]
        if problems:
            raise InputError(problems)
        return cls(ids, patterns, everything)

    def __contains__(self, flow_id: str) -> bool:
        return self.everything or flow_id in self.ids or self.matches(flow_id)

    def matches(self, flow_id: str) -> bool:
        """Tell whether a flow is meant by a pattern."""
        return any(fnmatchcase(flow_id, pattern) for pattern in self.patterns)

    def missing(self, existing: Collection[str]) -> list[str]:
        """Return the ids and the patterns that none of these flows goes by."""
        ids = (flow_id for flow_id in self.ids if flow_id not in existing)
        patterns = (text for text in self.patterns if not any(fnmatchcase(flow_id, text) for flow_id in existing))
        return [*ids, *patterns]


@dataclass(frozen=True, slots=True)
class Target:
    """What one flow is to be again: what a backup holds of it.

    only_from: the fingerprints of what it may be changed from, None for anything.
    """

    flow_id: str
    backup: Backup
    only_from: frozenset[str] | None = None

    @property
    def saved(self) -> SavedFlow:
        """The flow in the backup; absent also where a backup of the whole project does not have it."""
        return self.backup.manifest.flows.get(self.flow_id, SavedFlow(self.flow_id))


@dataclass(frozen=True, slots=True)
class Selection:
    """What goes back to what.

    since: the beginning of the ids of the backups that this might have been decided on, had they been readable.
    origins: the backups in which flows were looked for by patterns, or all of them, None for a time between backups.
    unchanged: flows that were asked for, but that nobody has changed since the time that was asked for.
    """

    targets: tuple[Target, ...]
    since: str = ""
    origins: tuple[Backup | None, ...] = ()
    unchanged: tuple[str, ...] = ()


def select(history: History, selector: str, wanted: Wanted, *, absent_too: bool = False) -> Selection:
    """Return which flows go back to which backup of C(history).

    C(absent_too): flows that are named, but that a backup of the whole project does not have, are to be deleted.
    Raises InputError where that is not certain, or not possible.
    """
    choose = _chooser(history, selector)
    found: dict[str, Backup] = {}
    since: list[str] = []
    origins: list[Backup | None] = []
    unchanged: list[str] = []
    problems: list[Problem] = []
    for item in _items(wanted, absent_too=absent_too):
        try:
            choice = choose(item)
        except InputError as error:
            problems.extend(error.problems)
            continue
        found = {**choice.flows, **found}
        since.append(choice.since)
        origins += [choice.origin] if item.flow_id is None else []
        unchanged += [item.flow_id] if item.flow_id and not choice.flows else []
    if problems:
        raise InputError(problems)
    targets = tuple(Target(flow_id, backup) for flow_id, backup in sorted(found.items()))
    return Selection(targets, min(since, default=""), tuple(origins), tuple(unchanged))


def select_run(history: History, run: str, wanted: Wanted) -> Selection | None:
    """Return what undoes everything that one run or job has changed, None where no backup is of that run.

    A flow goes back to what it was before the run first changed it, if it still is what the run has made of it.
    """
    backups = [backup for backup in history.backups if backup.manifest.intended and is_of_run(backup, run)]
    if not backups:
        return None
    first: dict[str, Backup] = {}
    left: dict[str, set[str]] = {}
    for backup in backups:
        for flow_id in backup.manifest.intended.keys() - undone_flows(backup):
            if flow_id in wanted:
                first.setdefault(flow_id, backup)
                left.setdefault(flow_id, set()).add(backup.manifest.intended[flow_id].fingerprint)
    targets = (Target(flow_id, backup, frozenset(left[flow_id])) for flow_id, backup in sorted(first.items()))
    return Selection(tuple(targets), since=min(backup.id for backup in backups)[:_TIME_LENGTH])


def is_of_run(backup: Backup, run: str) -> bool:
    """Tell whether a backup was taken by a run of Ansible, or by a job or workflow of its controller."""
    # What nobody named is empty in a manifest, and no run.
    reason = backup.manifest.reason
    return bool(run) and run in (reason.run_id, reason.job_id, reason.workflow_id)


def changed_later(history: History, target: Target, run: str) -> Backup | None:
    """Return the backup of the newest other change, after the target's, that may have changed its flow."""
    for backup in reversed(history.backups):
        if backup == target.backup:
            return None
        if target.flow_id in backup.manifest.intended.keys() - undone_flows(backup) and not is_of_run(backup, run):
            return backup
    return None


def described(backup: Backup) -> str:
    """Return a backup as messages name it: its id, and what tells people which one it is."""
    reason = backup.manifest.reason
    what = f'label "{reason.label}"' if reason.label else reason.reason
    details = (shown(backup.manifest.time), reason.tenant and f"for {reason.tenant}", what)
    return f"{backup.id} ({', '.join(filter(None, details))})"


@dataclass(frozen=True, slots=True)
class _Item:
    """One thing that is asked for: a flow, or whatever flows of a backup there are.

    none_will_do: whether a backup of the whole project is an answer even if it has none of them.
    """

    name: str
    flow_id: str | None
    found_in: Callable[[Backup], frozenset[str]]
    none_will_do: bool = False

    def is_in(self, backup: Backup) -> bool:
        return bool(self.found_in(backup)) or (self.none_will_do and backup.manifest.complete)


@dataclass(frozen=True, slots=True)
class _Choice:
    """Where the flows of an item were found. C(origin) is the one backup, None for several. C(since): see Selection."""

    flows: Mapping[str, Backup]
    since: str
    origin: Backup | None = None


def _items(wanted: Wanted, *, absent_too: bool) -> list[_Item]:
    def named(flow_id: str) -> Callable[[Backup], frozenset[str]]:
        def found_in(backup: Backup) -> frozenset[str]:
            there = flow_id in backup.manifest.flows or (absent_too and backup.manifest.complete)
            return frozenset({flow_id} if there else ())

        return found_in

    def matching(pattern: str) -> Callable[[Backup], frozenset[str]]:
        return lambda backup: frozenset(flow_id for flow_id in backup.flows if fnmatchcase(flow_id, pattern))

    items = [_Item(f"the flow {flow_id}", flow_id, named(flow_id)) for flow_id in wanted.ids]
    items += [_Item(f"a flow like {pattern}", None, matching(pattern), absent_too) for pattern in wanted.patterns]
    if wanted.everything:
        items.append(_Item("any flow", None, lambda backup: frozenset(backup.flows), absent_too))
    return items


class _Chooser:
    """Finds the newest of some backups that holds what is asked for. C(lacking) is how messages say that none does.

    judged_by: the history that has to call good what is found, None to take it as it is.
    """

    def __init__(self, backups: Iterable[Backup], lacking: str, *, judged_by: History | None = None) -> None:
        self._backups = tuple(backups)
        self._lacking = lacking
        self._history = judged_by

    def __call__(self, item: _Item) -> _Choice:
        rests_on: list[str] = []
        for backup in reversed(self._backups):
            if not item.is_in(backup):
                continue
            flows = item.found_in(backup)
            # That a newer one is not good is part of the answer too.
            rests_on.append(self._history.rests_on(backup, flows) if self._history else backup.id[:_TIME_LENGTH])
            if self._history is None or flows <= self._history.good_flows[backup.id]:
                return _Choice(dict.fromkeys(flows, backup), min(rests_on), backup)
        raise _problem("flow-not-in-backup", f"{self._lacking} {item.name}{self._what_there_is()}")

    def _what_there_is(self) -> str:
        if len(self._backups) != 1:
            return ""
        [backup] = self._backups
        more = f" and {len(backup.flows) - _MOST_NAMES} more" if len(backup.flows) > _MOST_NAMES else ""
        held = f", only {', '.join(backup.flows[:_MOST_NAMES])}{more}" if backup.flows else ""
        if backup.manifest.complete:
            return f"{held}; it holds the whole project as it was, so prune=true deletes what it does not hold"
        return held


class _TimeChooser:
    """Finds what stood at a time: in the one backup that was taken then, else in the first one after it."""

    def __init__(self, history: History, moment: Moment) -> None:
        self._since = f"{moment.start:{_ID_TIME}}"
        self._backups = history.backups
        self._moment = moment

    def __call__(self, item: _Item) -> _Choice:
        then = [backup for backup in self._backups if backup.manifest.time in self._moment and item.is_in(backup)]
        if len(then) > 1:
            # What a rollback saved in that time must not keep it from being repeated.
            then = [backup for backup in then if backup.manifest.reason.kind is not Kind.ROLLBACK] or then
        if len(then) > 1:
            raise _problem("ambiguous-backup", f"{len(then)} backups of that time hold {item.name}: {_choices(then)}")
        if then:
            return _Choice(dict.fromkeys(item.found_in(then[0]), then[0]), self._since, then[0])
        return self._after(item)

    def _after(self, item: _Item) -> _Choice:
        flows: dict[str, Backup] = {}
        for backup in self._backups:
            if backup.manifest.time >= self._moment.end:
                for flow_id in item.found_in(backup):
                    flows.setdefault(flow_id, backup)
        if not flows and not any(item.found_in(backup) for backup in self._backups):
            raise _problem("flow-not-in-backup", f"no backup holds {item.name}")
        return _Choice(flows, self._since)


def _chooser(history: History, selector: str) -> _Chooser | _TimeChooser:
    """Return what finds the backups that a text means."""
    backups = history.backups
    if selector == LATEST:
        return _Chooser(backups, "no backup holds")
    if selector == LAST_GOOD:
        return _Chooser(backups, "no good backup holds", judged_by=history)
    ids = [backup.id for backup in backups]
    labelled = [backup for backup in backups if backup.manifest.reason.label == selector]
    # Before beginnings of ids: a label like 20261129 is one, too.
    if selector and labelled and selector not in ids:
        return _Chooser(labelled, f'no backup with the label "{selector}" holds')
    exact = backup_of_id(ids, selector)
    moment = None if exact else parse_moment(selector, "backup")
    if moment:
        return _TimeChooser(history, moment)
    for backup in backups:
        if backup.id == exact:
            return _Chooser([backup], f"the backup {described(backup)} does not hold")
    raise _problem("no-such-backup", f"no backup has the id or the label {quoted(selector)}{_newest(backups)}")


def backup_of_id(backup_ids: Iterable[str], selector: str) -> str:
    """Return the id that a text is, or is the beginning of; empty where there is none.

    Raises InputError where several ids begin with it.
    """
    if len(selector) < _SHORTEST_PREFIX:
        return ""
    found = [backup_id for backup_id in backup_ids if backup_id.startswith(selector)]
    if len(found) > 1:
        message = f"{len(found)} backups have an id that begins with {selector}: {_listed(found)}; give more of it"
        raise _problem("ambiguous-backup", message)
    return found[0] if found else ""


def _problem(code: str, message: str) -> InputError:
    return InputError([Problem(code, f"{message}; nothing was changed", source="backup")])


def _newest(backups: tuple[Backup, ...]) -> str:
    newest = [described(backup) for backup in reversed(backups)]
    return f"; the newest are {_listed(newest)}" if newest else "; there is none at all"


def _choices(backups: list[Backup]) -> str:
    return f"{_listed([described(backup) for backup in backups])}; give the id of one"


def _listed(texts: list[str]) -> str:
    more = f" and {len(texts) - _MOST_CHOICES} more" if len(texts) > _MOST_CHOICES else ""
    return f"{', '.join(texts[:_MOST_CHOICES])}{more}"
