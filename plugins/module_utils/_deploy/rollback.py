# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Where the flows of a rollback come from: which backups are meant, and what they hold, before anything is asked.

What cannot be read here is an error as long as it could have been the answer, or could say that the answer is not good.
A backup that is named by its whole id
needs no other, so damage elsewhere in the store never stands in the way of that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._backup.history import History
from ansible_collections.community.descope.plugins.module_utils._backup.selection import (
    LAST_GOOD,
    Selection,
    Target,
    Wanted,
    backup_of_id,
    described,
    is_of_run,
    select,
    select_run,
)
from ansible_collections.community.descope.plugins.module_utils._backup.store import (
    BACKUP_ID,
    BackupStore,
    UnreadableBackup,
)
from ansible_collections.community.descope.plugins.module_utils._deploy.plan import SYSTEM_FLOWS, DesiredFlow
from ansible_collections.community.descope.plugins.module_utils._errors import BackupError, InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument

_MOST_NAMES = 5
_BEGINNING_OF_ID = re.compile(r"\d{8}T\d{0,6}(Z(-[0-9a-f]{0,8})?)?\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks to roll back. C(run) is empty where C(selector) says which backups are meant.

    tenant: the inventory host whose backups count, empty for those of all.
    """

    wanted: Wanted
    selector: str
    run: str
    tenant: str
    prune: bool
    force: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """What goes back to what, and the history that this was decided on."""

    selection: Selection
    history: History
    warnings: tuple[str, ...] = ()


def parse_request(params: Mapping[str, Any]) -> Request:
    """Return what a task asks for. Raises InputError with everything that is wrong with it."""
    flow_ids, run, everything = params["flow_id"] or [], params["run"], params["all"]
    wrong = {
        "give the flows to roll back: flow_id, all=true, or run": not (flow_ids or everything or run is not None),
        "flow_id is an empty list, which names no flow; leave it away where all of a run is meant": (
            params["flow_id"] == [] and run is not None
        ),
        "give either flow_id or all=true": bool(flow_ids) and everything,
        "give either backup or run": params["backup"] is not None and run is not None,
        "run is empty; give the id of a run or of a job, as the history shows it": run == "",
        "a run says nothing about other flows, so prune has no use with it": bool(run) and params["prune"],
    }
    problems = [Problem("arguments", message) for message, is_so in wrong.items() if is_so]
    if problems:
        raise InputError(problems)
    return Request(
        wanted=Wanted.of(flow_ids, everything=everything or not flow_ids),
        selector=params["backup"] if params["backup"] is not None else LAST_GOOD,
        run=run or "",
        tenant=params["tenant"] or "",
        prune=params["prune"],
        force=params["force"],
    )


def choose(store: BackupStore, request: Request) -> Choice:
    """Decide which flows go back to which backups. Raises DescopeError where that is not certain."""
    named = "" if request.run else _named_backup(store, request.selector)
    if named:
        history = History([store.load(named)])
        return Choice(_selected(history, replace(request, selector=named)), history)
    inventory = store.load_all()
    history = History(inventory.backups)
    part = history.of_tenant(request.tenant) if request.tenant else history
    if request.run:
        selection = _of_run(store, history, part, request)
    else:
        try:
            selection = _selected(part, request)
        except InputError as error:
            hints = [*_tenant_problems(history, part, request), *map(_unreadable_problem, inventory.damaged)]
            raise InputError([*error.problems, *hints]) from error
    warnings = [*_check_unreadable(inventory.damaged, selection), *_of_others(history, part, request)]
    return Choice(selection, history, tuple(warnings))


def desired_flows(store: BackupStore, choice: Choice, request: Request) -> list[DesiredFlow]:
    """Return the flows as they are to be again, read from their backups and checked against what was written there.

    Raises BackupError with everything that cannot be read.
    """
    documents: dict[str, FlowDocument | None] = {}
    failures: list[str] = []
    targets = choice.selection.targets
    for backup in {target.backup.id: target.backup for target in targets}.values():
        there = [target.flow_id for target in targets if target.backup == backup and not target.saved.absent]
        try:
            documents |= store.read_flows(backup, there) if there else {}
        except BackupError as error:
            failures.append(str(error))
    if failures:
        raise BackupError("; ".join(failures))
    return [_desired_flow(target, documents.get(target.flow_id), force=request.force) for target in targets]


def pruned_flows(choice: Choice, request: Request, live: Iterable[str]) -> list[DesiredFlow]:
    """Return the flows of a project that are to be deleted, because the backup of the whole project lacks them."""
    going_back = {target.flow_id for target in choice.selection.targets}
    made_since = (
        flow_id
        for flow_id in sorted(set(live) - going_back)
        if request.wanted.everything or request.wanted.matches(flow_id)
    )
    origins = ", ".join(dict.fromkeys(origin.id for origin in choice.selection.origins if origin))
    return [_spared_if_system(DesiredFlow(flow_id, None, f"backup {origins}")) for flow_id in made_since]


def _named_backup(store: BackupStore, selector: str) -> str:
    """Return the id of the backup that is named by its id or the beginning of it, empty if none is."""
    if not _BEGINNING_OF_ID.match(selector):
        return ""
    if not BACKUP_ID.match(selector) and _is_label(store, selector):
        return ""
    found = backup_of_id(store.ids(), selector)
    if not found and BACKUP_ID.match(selector):
        _check_other_projects(store, selector)
    return found


def _is_label(store: BackupStore, selector: str) -> bool:
    return any(backup.manifest.reason.label == selector for backup in store.load_all().backups)


def _check_other_projects(store: BackupStore, backup_id: str) -> None:
    for project_id in store.storage.directories(""):
        if project_id != store.project_id and backup_id in replace(store, project_id=project_id).ids():
            message = f"the backup {backup_id} is one of project {project_id}, not of {store.project_id}"
            raise InputError([Problem("other-project", f"{message}; nothing was changed", source="backup")])


def _selected(history: History, request: Request) -> Selection:
    selection = select(history, request.selector, request.wanted, absent_too=request.prune)
    parts = [origin for origin in selection.origins if origin is None or not origin.manifest.complete]
    if request.prune and parts:
        which = described(parts[0]) if parts[0] else f"what stood at {request.selector}"
        message = (
            f"prune needs a backup of the whole project, as descope_flow_backup takes it, and {which} is only known in"
            " part: what it lacks may have existed; nothing was changed"
        )
        raise InputError([Problem("incomplete-backup", message, source="prune")])
    return selection


def _of_run(store: BackupStore, history: History, part: History, request: Request) -> Selection:
    selection = select_run(part, request.run, request.wanted)
    if selection is None and not _is_known(store, history, request.run):
        message = f"no backup in {store.storage.place()} is of a run or job {request.run}; nothing was changed"
        raise InputError([Problem("no-such-run", message, source="run")])
    return selection or Selection(())


def _of_others(history: History, part: History, request: Request) -> Iterator[str]:
    """Yield a warning where a run has changed this project, but nothing of it for the tenant that is asked for."""
    if any(is_of_run(backup, request.run) for backup in part.backups):
        return
    tenants = {backup.manifest.reason.tenant for backup in history.backups if is_of_run(backup, request.run)}
    if tenants:
        who = ", ".join(sorted(tenants)[:_MOST_NAMES]) + (" and others" if len(tenants) > _MOST_NAMES else "")
        yield f"{request.run} has changed nothing for {request.tenant} in this project, only for {who}"


def _tenant_problems(history: History, part: History, request: Request) -> Iterator[Problem]:
    others = len(history.backups) - len(part.backups)
    if request.tenant and others:
        message = f"only backups taken for {request.tenant} count; this project has {others} of other hosts"
        yield Problem("tenant", message, source="tenant")


def _is_known(store: BackupStore, history: History, run: str) -> bool:
    """Tell whether a run changed anything at all, so that it is not a slip where it did not change this project."""
    if any(is_of_run(backup, run) for backup in history.backups):
        return True
    others = (project_id for project_id in store.storage.directories("") if project_id != store.project_id)
    return any(
        is_of_run(backup, run)
        for project_id in others
        for backup in replace(store, project_id=project_id).load_all().backups
    )


def _check_unreadable(unreadable: Iterable[UnreadableBackup], selection: Selection) -> Iterator[str]:
    """Yield warnings of backups that cannot be read. Raises BackupError where one of them may be what was meant."""
    doubtful = [backup for backup in unreadable if backup.id >= selection.since]
    if doubtful:
        problems = "; ".join(map(_fault, doubtful[:_MOST_NAMES]))
        more = f" and {len(doubtful) - _MOST_NAMES} more" if len(doubtful) > _MOST_NAMES else ""
        todo = "give the id of the one to go back to, or remove or move away what cannot be read; nothing was changed"
        message = f"which backup is meant cannot be told while {len(doubtful)} cannot be read: {problems}{more}; {todo}"
        raise BackupError(message)
    for backup in unreadable:
        yield f"a backup that was not needed here cannot be read: {_fault(backup)}"


def _fault(backup: UnreadableBackup) -> str:
    return backup.problem.removesuffix("; nothing was changed")


def _unreadable_problem(backup: UnreadableBackup) -> Problem:
    return Problem("unreadable-backup", backup.problem, source="backup_dir")


def _desired_flow(target: Target, document: FlowDocument | None, *, force: bool) -> DesiredFlow:
    only_from = None if force else target.only_from
    return _spared_if_system(DesiredFlow(target.flow_id, document, f"backup {target.backup.id}", only_from))


def _spared_if_system(flow: DesiredFlow) -> DesiredFlow:
    """Return a flow, one that Descope does not delete so that it is not deleted, and the others are all the same."""
    spared = flow.document is None and flow.flow_id in SYSTEM_FLOWS
    return replace(flow, only_from=frozenset({""})) if spared else flow
