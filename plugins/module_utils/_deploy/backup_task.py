# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The use case of C(descope_flow_backup): take a backup, remove named ones, or prove that they are whole.

Removing and proving need nothing but the store: no key, no request.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._api.client import Statistics
from ansible_collections.community.descope.plugins.module_utils._arguments import flow_backup_arguments
from ansible_collections.community.descope.plugins.module_utils._backup.moments import parse_moment
from ansible_collections.community.descope.plugins.module_utils._backup.places import open_task_store
from ansible_collections.community.descope.plugins.module_utils._backup.selection import LAST_GOOD, LATEST, Wanted
from ansible_collections.community.descope.plugins.module_utils._backup.store import (
    BACKUP_ID,
    BackupStore,
)
from ansible_collections.community.descope.plugins.module_utils._backup.upkeep import (
    Verdict,
    find_named,
    judge,
    remove_all,
)
from ansible_collections.community.descope.plugins.module_utils._deploy import report
from ansible_collections.community.descope.plugins.module_utils._deploy.backup_taking import Taking
from ansible_collections.community.descope.plugins.module_utils._deploy.removal import (
    removal_diff,
    removal_failure,
    removed_entry,
)
from ansible_collections.community.descope.plugins.module_utils._deploy.session import open_session
from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._task import Task, UseCase

_MOST_NAMED = 5


def manage_backups(task: Task) -> dict[str, Any]:
    """Do with the backups of a project what the task asks for. Raises DescopeError where nothing was changed."""
    params = task.params
    problems = list(_option_problems(params))
    if problems:
        raise InputError(problems)
    store = open_task_store(params, task.cipher)
    if params["verify"]:
        return _verify(task, store)
    if params["state"] == "absent":
        return _remove_named(task, store)
    wanted = Wanted.of(params["flow_id"] or (), everything=not params["flow_id"])
    # A store that cannot be read is found before anything is asked.
    inventory = store.load_all()
    with open_session(params, read_only=True) as session:
        return Taking(task, store, session, inventory).run(wanted)


DESCOPE_FLOW_BACKUP = UseCase(
    name="descope_flow_backup",
    arguments=flow_backup_arguments,
    run=manage_backups,
    empty_result={
        "backup": report.backup_report(None),
        "compared_with": "",
        "flows": [],
        "missing": [],
        "removed": [],
        "verified": [],
        "requests": Statistics().as_dict(),
    },
)


def _option_problems(params: Mapping[str, Any]) -> Iterator[Problem]:
    takes = params["state"] == "present" and not params["verify"]
    if params["state"] == "absent" and params["verify"]:
        yield Problem(
            "contradiction", "a backup is either proven or removed: leave it away with state=absent", source="verify"
        )
    if params["state"] == "absent" and not params["backup"]:
        yield Problem("missing-backup", "state=absent needs the ids of the backups to remove", source="backup")
    if takes:
        yield from _taking_problems(params)
    else:
        for option in ("flow_id", "label", "reason", "keep", "keep_days"):
            if params[option] is not None:
                message = "has no use where backups are only proven or removed, so it may be a mistake: leave it away"
                yield Problem("option-without-use", message, source=option)


def _taking_problems(params: Mapping[str, Any]) -> Iterator[Problem]:
    if params["backup"]:
        message = "names backups to remove (state=absent) or to prove (verify=true); one to take gets its id by itself"
        yield Problem("option-without-use", message, source="backup")
    if not params["management_key"]:
        message = "is needed to read the project: give it, here or in the environment variable DESCOPE_MANAGEMENT_KEY"
        yield Problem("missing-credential", message, source="management_key")
    if params["flow_id"] == []:
        yield Problem("no-flow", "is an empty list, which names no flow: leave it away for all flows", source="flow_id")
    for option in ("keep", "keep_days"):
        if params[option] is not None and params[option] < 1:
            yield Problem("bad-number", "must be 1 or more", source=option)
    if params["label"] and not _is_label(params["label"]):
        message = (
            "is not a good name for a backup: one line, and nothing that a rollback takes for something else, which is"
            f" {LATEST}, {LAST_GOOD}, a time and the id of a backup"
        )
        yield Problem("bad-label", message, source="label")


def _is_label(label: str) -> bool:
    try:
        is_time = parse_moment(label, "label") is not None
    except InputError:
        is_time = True
    one_line = label.isprintable() and label == label.strip()
    return one_line and not is_time and label not in (LATEST, LAST_GOOD) and not BACKUP_ID.match(label)


def _remove_named(task: Task, store: BackupStore) -> dict[str, Any]:
    inventory = store.load_all()
    readable = {backup.id: backup for backup in inventory.backups}
    others = {unreadable.id: unreadable.place for unreadable in inventory.unreadable}
    named = find_named([*readable, *others], task.params["backup"])
    left = {} if task.check_mode else remove_all(store, named.found)
    gone = [backup_id for backup_id in named.found if backup_id not in left]
    result = {
        **DESCOPE_FLOW_BACKUP.empty_result,
        "changed": bool(gone),
        "project_id": store.project_id,
        "missing": list(named.missing),
        "removed": [
            removed_entry(readable[backup_id])
            if backup_id in readable
            else {"id": backup_id, "time": "", "path": others[backup_id], "label": "", "reason": "", "flows": []}
            for backup_id in gone
        ],
    }
    if task.diff_mode:
        result["diff"] = removal_diff(store, [readable[backup_id] for backup_id in gone if backup_id in readable])
    return result | removal_failure(left)


def _verify(task: Task, store: BackupStore) -> dict[str, Any]:
    ids = store.ids()
    if task.params["backup"]:
        named = find_named(ids, task.params["backup"])
        if named.missing:
            message = f"there is no such backup: {', '.join(named.missing)}"
            raise InputError([Problem("no-such-backup", message, source="backup")])
        ids = list(named.found)
    verdicts = [judge(store, backup_id) for backup_id in ids]
    doubts = [doubt for verdict in verdicts for doubt in verdict.doubts]
    result = {
        **DESCOPE_FLOW_BACKUP.empty_result,
        "changed": False,
        "project_id": store.project_id,
        "verified": [_verified_entry(verdict) for verdict in verdicts],
        "warnings": _doubt_warnings(doubts),
    }
    damaged = [verdict for verdict in verdicts if verdict.problem]
    if not damaged:
        return result
    named_problems = "; ".join(verdict.problem for verdict in damaged[:_MOST_NAMED])
    more = f"; and {len(damaged) - _MOST_NAMED} more, see 'verified'" if len(damaged) > _MOST_NAMED else ""
    message = f"{len(damaged)} of {len(verdicts)} backups cannot be restored: {named_problems}{more}"
    return {**result, "failed": True, "msg": message}


def _verified_entry(verdict: Verdict) -> dict[str, Any]:
    return {
        "id": verdict.backup_id,
        "path": verdict.place,
        "whole": not verdict.problem,
        "problem": verdict.problem,
        "flows": verdict.flows,
    }


def _doubt_warnings(doubts: list[Problem]) -> list[str]:
    if not doubts:
        return []
    more = f", and {len(doubts) - 1} more" if len(doubts) > 1 else ""
    return [f"these flows are whole, but as odd as they were in the project: {doubts[0]}{more}"]
