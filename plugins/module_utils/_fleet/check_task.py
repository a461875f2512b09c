# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The use case of C(descope_fleet_check): what the hosts of a play declare, together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._arguments import fleet_check_arguments
from ansible_collections.community.descope.plugins.module_utils._errors import DescopeError, InputError
from ansible_collections.community.descope.plugins.module_utils._fleet.owners import (
    Claim,
    ProjectClaims,
    by_project,
    check_owners,
)
from ansible_collections.community.descope.plugins.module_utils._task import Task, UseCase

_MOST_NAMED = 10


def fleet_result(claims: Mapping[str, Claim | None], params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the result for the claims of all hosts, None for one that cannot be told.

    Raises InputError where several hosts declare the same flow of a project, unless that is to be a warning.
    """
    told = [claim for claim in claims.values() if claim is not None and claim.flows]
    idle = [host for host, claim in claims.items() if claim is not None and not claim.flows]
    warnings = [_idle_warning(idle, params["declared_in"])] if idle else []
    try:
        check_owners(told)
    except InputError as error:
        if params["conflicts"] == "fail":
            raise
        warnings.append(str(error))
    return {
        "changed": False,
        "projects": [_described(project, flows=params["list_flows"]) for project in by_project(told)],
        "unresolved": [host for host, claim in claims.items() if claim is None],
        "warnings": warnings,
    }


def _on_the_controller(_task: Task) -> dict[str, Any]:
    raise DescopeError("the variables of other hosts are known to the controller alone; let its action plugin do this")


DESCOPE_FLEET_CHECK = UseCase(
    name="descope_fleet_check",
    arguments=fleet_check_arguments,
    run=_on_the_controller,
    empty_result={"projects": [], "unresolved": []},
)


def _described(project: ProjectClaims, *, flows: bool) -> dict[str, Any]:
    described = {
        "project_id": project.project_id,
        "first_host": project.hosts[0],
        "hosts": len(project.hosts),
        "flows": len(project.flows),
    }
    return described | ({"flow_ids": list(project.flows)} if flows else {})


def _idle_warning(hosts: list[str], prefix: str) -> str:
    more = len(hosts) - _MOST_NAMED
    named = f"{', '.join(hosts[:_MOST_NAMED])}{f' and {more} more' if more > 0 else ''}"
    return f"no flows are declared in {prefix} for {named}; nothing is done there"
