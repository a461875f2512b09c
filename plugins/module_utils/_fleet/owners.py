# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Which hosts declare which flows of which project: with two hosts for one flow, each run would undo the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem

_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Claim:
    """The flows that one host declares in one project, by id, each with where it comes from.

    absent: those of them that the host wants not to exist.
    """

    host: str
    project_id: str
    flows: Mapping[str, str]
    absent: frozenset[str] = field(default=frozenset())


@dataclass(frozen=True, slots=True)
class ProjectClaims:
    """A project with the hosts that declare flows in it, in the order of the inventory, and those flows."""

    project_id: str
    hosts: tuple[str, ...]
    flows: tuple[str, ...]


def by_project(claims: Iterable[Claim]) -> list[ProjectClaims]:
    """Return what is declared in each project, in the order in which the hosts come."""
    hosts: dict[str, list[str]] = {}
    flows: dict[str, set[str]] = {}
    for claim in claims:
        hosts.setdefault(claim.project_id, []).append(claim.host)
        flows.setdefault(claim.project_id, set()).update(claim.flows)
    return [ProjectClaims(project, tuple(names), tuple(sorted(flows[project]))) for project, names in hosts.items()]


def check_owners(claims: Iterable[Claim]) -> None:
    """Raise InputError naming every flow that several hosts declare in one project, and those hosts.

    Hosts that agree on a flow not existing do not contradict each other.
    """
    owners: dict[tuple[str, str], list[Claim]] = {}
    for claim in claims:
        for flow_id in claim.flows:
            owners.setdefault((claim.project_id, flow_id), []).append(claim)
    problems = [
        _conflict(project_id, flow_id, owning)
        for (project_id, flow_id), owning in owners.items()
        if len(owning) > 1 and not all(flow_id in claim.absent for claim in owning)
    ]
    if problems:
        raise InputError(problems)


def _conflict(project_id: str, flow_id: str, owning: list[Claim]) -> Problem:
    named = [f"{claim.host} ({claim.flows[flow_id]})" for claim in owning[:_MOST_NAMED]]
    more = len(owning) - len(named)
    hosts = f"{', '.join(named)} and {more} more" if more else f"{', '.join(named[:-1])} and {named[-1]}"
    message = (
        f"declared in project {project_id} by {hosts}; give each a flow_id of its own, "
        "or declare the flow for one of them only"
    )
    return Problem("flow-of-several-hosts", message, flow_id=flow_id)
