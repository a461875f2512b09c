# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What a rollback tells its user beside what every change tells: which backups, which conflicts, all in few lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._backup.moments import shown
from ansible_collections.community.descope.plugins.module_utils._backup.records import Kind
from ansible_collections.community.descope.plugins.module_utils._backup.selection import (
    LAST_GOOD,
    Target,
    changed_later,
    described,
)
from ansible_collections.community.descope.plugins.module_utils._backup.store import Backup
from ansible_collections.community.descope.plugins.module_utils._deploy.apply import Result
from ansible_collections.community.descope.plugins.module_utils._deploy.plan import SYSTEM_FLOWS, Action
from ansible_collections.community.descope.plugins.module_utils._deploy.rollback import Choice, Request

_MOST_NAMES = 5

NOT_VALIDATED = "validation"
"""The part of a pipeline's result that says what validating found: what stood there goes back as it was."""


def reason_for(choice: Choice, request: Request) -> str:
    """Return what the rollback's own backup says it was taken for: C(rollback of X to Y)."""
    targets = choice.selection.targets
    what = f"run {request.run}" if request.run else _counted([target.flow_id for target in targets], "flows")
    backups = _counted(list(dict.fromkeys(target.backup.id for target in targets)), "backups", most=1)
    return f"rollback of {what or 'nothing'} to {backups or 'nothing'}"


def with_rollback(done: Mapping[str, Any], choice: Choice, request: Request, *, check_mode: bool) -> dict[str, Any]:
    """Return the result of a pipeline with what a rollback adds to it.

    It has failed if there are conflicts. A preview only warns of them, so that whoever sees it can decide.
    """
    targets = {target.flow_id: target for target in choice.selection.targets}
    kept = [flow for flow in done["flows"] if _is_kept(flow)]
    conflicts = [
        _conflict(flow, targets[flow["flow_id"]], choice, request)
        for flow in kept
        if not _never_deleted(flow, targets.get(flow["flow_id"]))
    ]
    reasons = {conflict["flow_id"]: conflict["reason"] for conflict in conflicts}
    flows = [{**flow, "error": reasons.get(flow["flow_id"], flow["error"])} for flow in done["flows"]]
    spared = [flow["flow_id"] for flow in kept if flow["flow_id"] not in reasons]
    trouble = _conflict_message(conflicts, request, check_mode=check_mode)
    result = {
        **{part: value for part, value in done.items() if part != NOT_VALIDATED},
        "flows": flows,
        "target": [_told(target) for target in choice.selection.targets],
        "conflicts": conflicts,
        "summary": list(_lines(flows, targets, spared)),
        "warnings": [*done["warnings"], *choice.warnings, *_notes(choice, request, spared)],
    }
    if check_mode:
        return {**result, "warnings": [*result["warnings"], *filter(None, [trouble])]}
    message = "; ".join(filter(None, (done.get("msg", ""), trouble)))
    return result | ({"failed": True, "msg": message} if message else {})


def _is_kept(flow: Mapping[str, Any]) -> bool:
    return (flow["action"], flow["result"]) == (Action.NONE.value, Result.UNTOUCHED.value)


def _never_deleted(flow: Mapping[str, Any], target: Target | None) -> bool:
    return flow["flow_id"] in SYSTEM_FLOWS and (target is None or target.saved.absent)


def _told(target: Target) -> dict[str, str]:
    manifest = target.backup.manifest
    return {
        "flow_id": target.flow_id,
        "state": "absent" if target.saved.absent else "present",
        "backup": manifest.id,
        "time": shown(manifest.time),
        "label": manifest.reason.label,
        "reason": manifest.reason.reason,
    }


def _conflict(flow: Mapping[str, Any], target: Target, choice: Choice, request: Request) -> dict[str, Any]:
    later = changed_later(choice.history, target, request.run)
    who = f"by the change that the backup {described(later)} was taken for" if later else "in the console or otherwise"
    return {
        "flow_id": flow["flow_id"],
        "reason": f"it was changed after {request.run}, {who}",
        "fingerprint": flow["fingerprint_before"],
        "left_by_run": sorted(target.only_from or ()),
    }


def _conflict_message(conflicts: list[dict[str, Any]], request: Request, *, check_mode: bool) -> str:
    if not conflicts:
        return ""
    named = "; ".join(f"{conflict['flow_id']}: {conflict['reason']}" for conflict in conflicts[:_MOST_NAMES])
    more = f"; and {len(conflicts) - _MOST_NAMES} more, see 'conflicts'" if len(conflicts) > _MOST_NAMES else ""
    what = f"{len(conflicts)} flow{'s are' if len(conflicts) > 1 else ' is'} no longer what {request.run} left"
    then = "this will fail once the other flows have gone back" if check_mode else "the other flows have gone back"
    return f"{what}, and not touched: {named}{more}; {then}; force=true overwrites what was changed since"


def _notes(choice: Choice, request: Request, spared: list[str]) -> Iterator[str]:
    """Yield what was asked for and cannot be had, although nothing failed."""
    if spared:
        message = "Descope does not delete system flows, so what did not exist then stays as it is now"
        yield f"{message}: {', '.join(spared)}; disable in the console what nobody should reach"
    if choice.selection.unchanged:
        named = ", ".join(choice.selection.unchanged)
        yield f"no task has changed {named} since {request.selector}, so there is nothing to put back"


def _overwrites(flow: Mapping[str, Any], target: Target | None) -> bool:
    """Tell whether a flow is changed from what the run that is undone has not made of it."""
    return target is not None and target.only_from is not None and flow["fingerprint_before"] not in target.only_from


def _lines(flows: Iterable[Mapping[str, Any]], targets: Mapping[str, Target], spared: list[str]) -> Iterator[str]:
    """Yield what happens to each flow, in one line, as people read it who have to say yes to it."""
    same = 0
    for flow in flows:
        flow_id, target = flow["flow_id"], targets.get(flow["flow_id"])
        where = f"as in {_dated(target)}" if target else f"not in {flow['source']}"
        what = f": {flow['summary']}" if flow["summary"] else ""
        what += ", OVERWRITING what was changed since" if _overwrites(flow, target) else ""
        if flow_id in spared:
            yield f"keep {flow_id}: a system flow is not deleted"
        elif _is_kept(flow):
            yield f"CONFLICT {flow_id}: {flow['error']}"
        elif flow["action"] == Action.NONE.value:
            same += 1
        elif flow["action"] == Action.DELETE.value:
            yield f"delete {flow_id}, absent {where}{what}" if target else f"delete {flow_id}, {where}"
        else:
            yield f"{flow['action']} {flow_id} {where}{what}"
    if same:
        yield f"{same} flow{'s' if same > 1 else ''} already as asked for"
    if not flows:
        yield "nothing to roll back"


def _dated(target: Target) -> str:
    return f"{target.backup.id} ({shown(target.backup.manifest.time)})"


def _counted(names: list[str], what: str, *, most: int = _MOST_NAMES) -> str:
    return ", ".join(names) if len(names) <= most else f"{len(names)} {what}"


def earlier_states(choice: Choice, request: Request) -> list[str]:
    """Say where to go back to when the last good state is there already, because somebody had asked for its backup.

    Nightly backups hold what the last change has made. Who calls for a rollback then may mean the state before that.
    """
    if request.run or request.selector != LAST_GOOD:
        return []
    flows: dict[tuple[str, str], list[str]] = {}
    for target in choice.selection.targets:
        earlier = _before(choice, target)
        if target.backup.manifest.reason.kind is Kind.REQUESTED and earlier is not None:
            flows.setdefault((target.backup.id, earlier.id), []).append(target.flow_id)
    return [
        f"{_counted(flow_ids, 'flows')}: nothing to do, because the backup {asked_for}, which somebody had"
        f" asked for, holds what is there; to go back to what stood there before the last change, give backup={earlier}"
        for (asked_for, earlier), flow_ids in flows.items()
    ]


def _before(choice: Choice, target: Target) -> Backup | None:
    """Return the newest backup of a change before the target's, in which the flow is good and something else."""
    good = choice.history.good_flows
    for backup in reversed(choice.history.backups):
        held = backup.manifest.flows.get(target.flow_id)
        is_older = backup.manifest.time < target.backup.manifest.time
        if is_older and held and backup.manifest.reason.kind is Kind.CHANGE and target.flow_id in good[backup.id]:
            return backup if held.fingerprint != target.saved.fingerprint else None
    return None
