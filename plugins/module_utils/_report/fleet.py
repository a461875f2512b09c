# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The tasks of a run as one report of the fleet: who changes alike, who differs, who failed and why, what it takes.

The report is plain JSON, described by C(docs/rollout-report.schema.json). Text, Markdown and HTML are made from it
alone.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._api.limiter import RateLimit
from ansible_collections.community.descope.plugins.module_utils._report.entries import (
    FlowEntry,
    TaskEntry,
    change_shape,
    digest,
    picture_key,
)
from ansible_collections.community.descope.plugins.module_utils._version import COLLECTION_VERSION

SCHEMA_VERSION = 1
KIND = "community.descope.rollout"
Report = dict[str, Any]
FindPicture = Callable[[str], "dict[str, Any] | None"]

# Drawings of more changes than anybody looks through would make the report large.
_MOST_PICTURES = 60
_ORDER = {"failed": 0, "unreachable": 1, "changed": 2, "unchanged": 3}
_SEPARATORS = re.compile(r"[-._/]")


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What there is to know of the run itself. started_at: a time of ISO 8601. rate: None where there is no limit."""

    playbook: str = ""
    check_mode: bool = False
    started_at: str = ""
    seconds: float = 0.0
    job_id: str = ""
    rate: RateLimit | None = None


@dataclass(slots=True)
class _Tenant:
    """One row of the fleet while it is put together from the tasks that ran for it."""

    name: str
    messages: list[str] = field(default_factory=list)
    unreachable: bool = False
    problems: list[Mapping[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    project_ids: list[str] = field(default_factory=list)
    backups: list[str] = field(default_factory=list)
    flows: dict[tuple[str, str, str], FlowEntry] = field(default_factory=dict)

    @property
    def status(self) -> str:
        if self.messages:
            return "unreachable" if self.unreachable else "failed"
        return "changed" if any(flow.changes_flow for flow in self.flows.values()) else "unchanged"


def build_report(entries: Iterable[TaskEntry], run: RunFacts, find_picture: FindPicture = lambda _key: None) -> Report:
    """Return the report of a run. C(find_picture) brings what was kept to draw a change, None where nothing was."""
    tasks = list(entries)
    tenants = _tenants(tasks)
    flows = [flow for tenant in tenants for flow in tenant.flows.values()]
    labels = flow_labels(flows)
    groups = _groups(flows, labels)
    changes, pictures = _told_groups(groups, labels, find_picture)
    group_of = {entry.place: f"c{number}" for number, group in enumerate(groups, start=1) for entry in group}
    requests = sum(task.estimate for task in tasks)
    return {
        "kind": KIND,
        "schema_version": SCHEMA_VERSION,
        "collection_version": COLLECTION_VERSION,
        "run": {
            "playbook": run.playbook,
            "check_mode": run.check_mode,
            "started_at": run.started_at,
            "seconds": _tenths(run.seconds),
            "job_id": run.job_id,
        },
        "totals": _totals(tenants, flows),
        "requests": _requests(tasks),
        "estimate": {
            "requests": requests,
            "seconds": _tenths(run.rate.seconds_for(requests)) if run.rate else 0,
            "rate_limit": str(run.rate) if run.rate else "",
        },
        "flows": list(dict.fromkeys(sorted(labels.values(), key=_natural))),
        "changes": changes,
        "failures": _failures(tenants),
        "unresolved": _unresolved(flows),
        "warnings": _warnings(tenants),
        "tenants": [_told_tenant(tenant, labels, group_of) for tenant in tenants],
        "pictures": pictures,
    }


# --- tenants ----------------------------------------------------------------------------------------------------------


def _tenants(tasks: Iterable[TaskEntry]) -> list[_Tenant]:
    found: dict[str, _Tenant] = {}
    for task in tasks:
        mine = found.setdefault(task.tenant, _Tenant(task.tenant))
        if task.failed:
            mine.messages.append(task.message)
            mine.unreachable = mine.unreachable or task.unreachable
        mine.problems += task.problems
        mine.warnings += task.warnings
        mine.backups += [task.backup] if task.backup else []
        for flow in task.flows:
            _add_flow(found.setdefault(flow.tenant, _Tenant(flow.tenant)), flow)
        if task.project_id and task.project_id not in mine.project_ids:
            mine.project_ids.append(task.project_id)
    rows = [tenant for tenant in found.values() if tenant.flows or tenant.messages or tenant.project_ids]
    return sorted(rows, key=lambda tenant: (_ORDER[tenant.status], _natural(tenant.name)))


def _add_flow(tenant: _Tenant, flow: FlowEntry) -> None:
    """Add a flow. A later task that finds nothing left to do does not undo what an earlier one has told."""
    if flow.project_id and flow.project_id not in tenant.project_ids:
        tenant.project_ids.append(flow.project_id)
    known = tenant.flows.get(flow.place)
    if known is None or flow.changes_flow:
        tenant.flows[flow.place] = flow


def _told_tenant(
    tenant: _Tenant, labels: Mapping[tuple[str, str, str], str], group_of: Mapping[tuple[str, str, str], str]
) -> dict[str, Any]:
    return {
        "tenant": tenant.name,
        "status": tenant.status,
        "project_ids": tenant.project_ids,
        "message": "; ".join(dict.fromkeys(tenant.messages)),
        "problems": list(tenant.problems),
        "backups": tenant.backups,
        "flows": [
            {
                "flow": labels[flow.place],
                "flow_id": flow.flow_id,
                "project_id": flow.project_id,
                "source": flow.source,
                "action": flow.action,
                "result": flow.result,
                "error": flow.error,
                "verified": flow.verified,
                "summary": flow.summary,
                "change": group_of.get(flow.place, ""),
                "fingerprint_before": flow.before,
                "fingerprint_after": flow.after,
            }
            for flow in tenant.flows.values()
        ],
    }


def _totals(tenants: Sequence[_Tenant], flows: Sequence[FlowEntry]) -> dict[str, Any]:
    statuses = Counter(tenant.status for tenant in tenants)
    actions = Counter(flow.action for flow in flows)
    return {
        "tenants": len(tenants),
        **{status: statuses[status] for status in ("changed", "unchanged", "failed", "unreachable")},
        "flows": {"all": len(flows), **{action: actions[action] for action in ("create", "update", "delete", "none")}},
    }


def _requests(tasks: Iterable[TaskEntry]) -> dict[str, Any]:
    by_endpoint: Counter[str] = Counter()
    numbers: Counter[str] = Counter()
    for task in tasks:
        numbers.update({name: task.requests[name] for name in ("made", "retried", "paused_429")})
        by_endpoint.update(task.requests["by_endpoint"])
    return {**{name: numbers[name] for name in ("made", "retried", "paused_429")}, "by_endpoint": dict(by_endpoint)}


# --- flows ------------------------------------------------------------------------------------------------------------


def flow_labels(flows: Iterable[FlowEntry]) -> dict[tuple[str, str, str], str]:
    """Return what to call each flow across the fleet, so that one flow of many tenants is one column.

    Where a file becomes a flow of another id for each tenant (C(acme-sign-in), C(globex-sign-in)), the tenant's part
    is replaced by an asterisk.
    """
    by_source: dict[str, list[FlowEntry]] = {}
    for flow in flows:
        by_source.setdefault(flow.source or flow.flow_id, []).append(flow)
    labels: dict[tuple[str, str, str], str] = {}
    for found in by_source.values():
        differ = len({flow.flow_id for flow in found}) > 1
        for flow in found:
            labels[flow.place] = _without_tenant(flow.flow_id, flow.tenant) if differ else flow.flow_id
    return labels


def _without_tenant(flow_id: str, tenant: str) -> str:
    """Replace the tenant's name, or the end of it (C(acme) of C(production-acme)), at either end of a flow's id."""
    starts = [0, *(match.end() for match in _SEPARATORS.finditer(tenant))]
    for name in (tenant[start:] for start in starts if tenant[start:]):
        if flow_id.startswith(name) and _SEPARATORS.match(flow_id[len(name) :]):
            return f"*{flow_id[len(name) :]}"
        if flow_id.endswith(name) and _SEPARATORS.match(flow_id[: -len(name)][-1:]):
            return f"{flow_id[: -len(name)]}*"
    return flow_id


# --- changes ----------------------------------------------------------------------------------------------------------


def _groups(flows: Iterable[FlowEntry], labels: Mapping[tuple[str, str, str], str]) -> list[list[FlowEntry]]:
    """Put the flows together that change in the same places, most tenants first."""
    groups: dict[tuple[str, str], list[FlowEntry]] = {}
    for flow in flows:
        if flow.changes_flow:
            shape = change_shape(flow.action, flow.changes, flow.changes_omitted, flow.changes_digest)
            groups.setdefault((labels[flow.place], shape), []).append(flow)
    return sorted(groups.values(), key=lambda group: (-len(group), _natural(labels[group[0].place])))


def _told_groups(
    groups: Sequence[list[FlowEntry]], labels: Mapping[tuple[str, str, str], str], find_picture: FindPicture
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    told: list[dict[str, Any]] = []
    pictures: dict[str, Any] = {}
    for number, group in enumerate(groups, start=1):
        key, picture = _picture(group, find_picture) if number <= _MOST_PICTURES else ("", None)
        if picture is not None:
            pictures[key] = {name: picture[name] for name in ("before", "after", "marks")}
        # The first one is the example, so of those of the same size it is the one that is drawn.
        variants = sorted(
            _variants(group, labels), key=lambda variant: (-len(variant), not _is_drawn(variant, picture))
        )
        told.append(
            {
                "id": f"c{number}",
                "flow": labels[group[0].place],
                "action": group[0].action,
                "summary": variants[0][0].summary,
                "tenants": len({flow.tenant for flow in group}),
                "variants": [_told_variant(variant, picture) for variant in variants],
                "picture": key if picture is not None else "",
            }
        )
    return told, pictures


def _picture(group: Iterable[FlowEntry], find_picture: FindPicture) -> tuple[str, dict[str, Any] | None]:
    keys = dict.fromkeys(
        picture_key(
            {
                "action": flow.action,
                "source": flow.source,
                "changes": flow.changes,
                "changes_omitted": flow.changes_omitted,
                "changes_digest": flow.changes_digest,
            }
        )
        for flow in group
    )
    for key in keys:
        picture = find_picture(key)
        if picture is not None:
            return key, picture
    return "", None


def _variants(group: Iterable[FlowEntry], labels: Mapping[tuple[str, str, str], str]) -> list[list[FlowEntry]]:
    """Put the flows of a group together that also get the same values, apart from the id of the flow itself."""
    variants: dict[str, list[FlowEntry]] = {}
    for flow in group:
        variants.setdefault(flow.changes_digest or _digest_of_told(flow, labels[flow.place]), []).append(flow)
    return list(variants.values())


def _digest_of_told(flow: FlowEntry, label: str) -> str:
    """Return what stands for the digest of all changes where a result has none."""
    if not flow.changes or flow.changes[0].get("kind") in ("flow-added", "flow-removed"):
        # What comes or goes as a whole is told by its size and its parts, the same for the whole group.
        return ""
    text = json.dumps(flow.changes, sort_keys=True)
    if flow.flow_id != label:
        text = text.replace(flow.flow_id, label)
    # Nobody knows whether changes that are not told are the same.
    return digest([text, *((flow.before, flow.after) if flow.changes_omitted else ())])


def _is_drawn(variant: Sequence[FlowEntry], picture: Mapping[str, Any] | None) -> bool:
    """Tell whether the picture of a group is that of a flow that gets the values of this variant."""
    told = variant[0].changes_digest
    return picture is not None and bool(told) and told == picture.get("changes_digest")


def _told_variant(variant: Sequence[FlowEntry], picture: Mapping[str, Any] | None) -> dict[str, Any]:
    first = variant[0]
    changes, omitted = list(first.changes), first.changes_omitted
    if picture is not None and _is_drawn(variant, picture):
        changes, omitted = picture["changes"], picture["changes_omitted"]
    return {
        "tenants": [
            {
                "tenant": flow.tenant,
                "project_id": flow.project_id,
                "flow_id": flow.flow_id,
                "result": flow.result,
                "error": flow.error,
            }
            for flow in sorted(variant, key=lambda flow: _natural(flow.tenant))
        ],
        "changes": changes,
        "changes_omitted": omitted,
        "layout_changes": min(flow.layout_changes for flow in variant),
    }


# --- what went wrong --------------------------------------------------------------------------------------------------


def _failures(tenants: Iterable[_Tenant]) -> list[dict[str, Any]]:
    """Return the reasons of failures with the tenants they hit, those that hit most first."""
    found: dict[str, list[str]] = {}
    for tenant in tenants:
        for message in _for_all(tenant.messages, tenant.name):
            found.setdefault(message, []).append(tenant.name)
    reasons = sorted(found.items(), key=lambda item: -len(item[1]))
    return [{"message": message, "tenants": names} for message, names in reasons]


def _for_all(messages: Iterable[str], tenant: str) -> Iterable[str]:
    """Return the messages, each once, without what would make those of another tenant look different."""
    return dict.fromkeys(message.replace(f" (tenant {tenant})", "") for message in messages)


def _unresolved(flows: Iterable[FlowEntry]) -> list[dict[str, Any]]:
    """Return the flows of which nobody knows, or that were left as they were, with the reason where there is one."""
    return [
        {
            "tenant": flow.tenant,
            "project_id": flow.project_id,
            "flow_id": flow.flow_id,
            "result": flow.result,
            "error": flow.error,
        }
        for flow in flows
        if flow.unresolved
    ]


def _warnings(tenants: Iterable[_Tenant]) -> list[dict[str, Any]]:
    found: dict[str, list[str]] = {}
    for tenant in tenants:
        for warning in _for_all(tenant.warnings, tenant.name):
            found.setdefault(warning, []).append(tenant.name)
    return [{"message": message, "tenants": names} for message, names in found.items()]


def _tenths(seconds: float) -> float:
    """Return a time as JSON writes it, whoever has read it meanwhile: 2 rather than 2.0."""
    rounded = round(seconds, 1)
    return int(rounded) if rounded.is_integer() else rounded


def _natural(text: str) -> tuple[Any, ...]:
    """Order names as people do: tenant2 before tenant10."""
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"([0-9]+)", text))
