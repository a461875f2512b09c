# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The use case of C(descope_flow_backup_info): the history of a project, read from its backups and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._arguments import flow_backup_info_arguments
from ansible_collections.community.descope.plugins.module_utils._backup.history import History
from ansible_collections.community.descope.plugins.module_utils._backup.journal import (
    FlowState,
    flow_states,
    read_journals,
)
from ansible_collections.community.descope.plugins.module_utils._backup.moments import Moment, parse_moment
from ansible_collections.community.descope.plugins.module_utils._backup.places import open_task_store
from ansible_collections.community.descope.plugins.module_utils._backup.records import Status
from ansible_collections.community.descope.plugins.module_utils._backup.selection import is_of_run
from ansible_collections.community.descope.plugins.module_utils._backup.store import (
    Backup,
    BackupStore,
    UnreadableBackup,
)
from ansible_collections.community.descope.plugins.module_utils._backup.summary import (
    backup_entry,
    status_of,
    table,
    unreadable_entry,
)
from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._task import Task, UseCase


def describe_backups(task: Task) -> dict[str, Any]:
    """Return the history of a project, newest first. Raises DescopeError."""
    params = task.params
    wanted = _Filter.of(params)
    store = open_task_store(params, task.cipher)
    inventory = store.load_all()
    history = History(inventory.backups)
    chosen = [backup for backup in reversed(history.backups) if wanted(backup)][: params["limit"]]
    states = _states(store, chosen)
    entries = [
        backup_entry(backup, history.good_flows[backup.id], history.is_good(backup), states.get(backup.id, {}))
        for backup in chosen
    ]
    unreadable = [unreadable_entry(unreadable) for unreadable in reversed(inventory.unreadable)]
    last_good = _last_good(history, inventory.damaged)
    return {
        "changed": False,
        "project_id": store.project_id,
        "place": store.place(),
        "backups": entries,
        "unreadable": unreadable,
        "last_good": last_good.id if last_good else "",
        "table": table(entries, unreadable) if entries or unreadable else [_nothing(inventory.backups, store)],
        "warnings": list(_warnings(inventory.damaged)),
    }


DESCOPE_FLOW_BACKUP_INFO = UseCase(
    name="descope_flow_backup_info",
    arguments=flow_backup_info_arguments,
    run=describe_backups,
    empty_result={"place": "", "backups": [], "unreadable": [], "last_good": "", "table": []},
)


def _nothing(backups: Sequence[Backup], store: BackupStore) -> str:
    """Say that there is nothing to list, and where that was looked for: it may be the wrong place."""
    if not backups:
        return f"no backups in {store.place()}"
    return f"none of the {len(backups)} backups in {store.place()} fits the filters"


@dataclass(frozen=True, slots=True)
class _Filter:
    """Which backups to list: those for which all conditions hold."""

    conditions: tuple[Callable[[Backup], bool], ...]

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> _Filter:
        """Return what the options mean. Raises InputError with all that is wrong with them."""
        problems: list[Problem] = []
        since, until = (_moment(params, option, problems) for option in ("since", "until"))
        if params["limit"] is not None and params["limit"] < 1:
            problems.append(Problem("bad-number", "must be 1 or more", source="limit"))
        if problems:
            raise InputError(problems)
        return cls((*_time_conditions(since, until), *_other_conditions(params)))

    def __call__(self, backup: Backup) -> bool:
        return all(condition(backup) for condition in self.conditions)


def _moment(params: Mapping[str, Any], option: str, problems: list[Problem]) -> Moment | None:
    text = params[option]
    if not text:
        return None
    try:
        moment = parse_moment(text, option)
    except InputError as error:
        problems.extend(error.problems)
        return None
    if moment is None:
        message = f"{text} is not a time: write it as 2026-01-15, 2026-01-15 10:30 or 2026-01-15T10:30:00Z"
        problems.append(Problem("bad-time", message, source=option))
    return moment


def _time_conditions(since: Moment | None, until: Moment | None) -> Iterator[Callable[[Backup], bool]]:
    if since:
        yield lambda backup: backup.manifest.time >= since.start
    if until:
        yield lambda backup: backup.manifest.time < until.end


def _other_conditions(params: Mapping[str, Any]) -> Iterator[Callable[[Backup], bool]]:
    patterns, labels, statuses, tenants = (params[name] for name in ("flow_id", "label", "status", "tenant"))
    run = params["run"]
    if patterns:
        yield lambda backup: any(_fits(flow_id, patterns) for flow_id in backup.flows)
    if labels:
        yield lambda backup: _fits(backup.manifest.reason.label, labels)
    if statuses:
        yield lambda backup: status_of(backup) in statuses
    if tenants:
        yield lambda backup: _fits(backup.manifest.reason.tenant, tenants)
    if run:
        yield lambda backup: is_of_run(backup, run)


def _fits(text: str, patterns: list[str]) -> bool:
    return bool(text) and any(fnmatchcase(text, pattern) for pattern in patterns)


def _last_good(history: History, damaged: Iterable[UnreadableBackup]) -> Backup | None:
    """Return the last good backup, None also where one that cannot be read may say that it is another."""
    last_good = history.last_good()
    if last_good is None:
        return None
    looked_at = history.backups[history.backups.index(last_good) :]
    since = min(history.rests_on(backup, backup.flows) for backup in looked_at)
    return None if any(unreadable.id >= since for unreadable in damaged) else last_good


def _warnings(damaged: tuple[UnreadableBackup, ...]) -> Iterator[str]:
    if damaged:
        problem = damaged[0].problem.removesuffix("; nothing was changed")
        more = f", and {len(damaged) - 1} more" if len(damaged) > 1 else ""
        yield f"there are backups that cannot be read, and they may say that others are not good: {problem}{more}"


def _states(store: BackupStore, backups: list[Backup]) -> dict[str, dict[str, FlowState]]:
    """Return how far the changes had come that never came to their end."""
    unfinished = [backup for backup in backups if backup.status is Status.UNFINISHED]
    journals = read_journals(store, [backup.id for backup in unfinished])
    return {backup.id: flow_states(backup.manifest.intended, journals[backup.id]) for backup in unfinished}
