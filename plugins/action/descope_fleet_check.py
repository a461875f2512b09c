# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Action plugin of C(descope_fleet_check): looks at the variables of all hosts before the first of them acts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.community.descope.plugins.module_utils._api.settings import checked_project_id
from ansible_collections.community.descope.plugins.module_utils._arguments import flow_arguments
from ansible_collections.community.descope.plugins.module_utils._deploy.desired import declared_sources, is_absent
from ansible_collections.community.descope.plugins.module_utils._errors import DescopeError, InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._fleet.check_task import (
    DESCOPE_FLEET_CHECK,
    fleet_result,
)
from ansible_collections.community.descope.plugins.module_utils._fleet.owners import Claim
from ansible_collections.community.descope.plugins.module_utils._task import failure
from ansible_collections.community.descope.plugins.plugin_utils._claims import SharedClaims
from ansible_collections.community.descope.plugins.plugin_utils._run import run_directory
from ansible_collections.community.descope.plugins.plugin_utils._sources import SourcesActionBase


class ActionModule(SourcesActionBase):
    """Checks that no two hosts of the play declare the same flow of a project."""

    use_case = DESCOPE_FLEET_CHECK

    def _runs_here(self) -> bool:
        # Nobody else knows the variables of other hosts.
        return True

    def _run_here(self, params: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        shared = SharedClaims(run_directory(), str(self._task._uuid))
        try:
            look = _FleetLook(self, params, variables)
            claims = shared.of(variables["ansible_play_hosts_all"], variables["ansible_play_batch"], look.claim)
            return fleet_result(claims, params)
        except DescopeError as error:
            result = failure(self.use_case, params, error)
            # There may be many projects here, and no single one.
            del result["project_id"]
            return result

    def completed(self, arguments: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Leave the arguments: what this host declares is of no more interest than what the others do."""
        return arguments

    def variables_of(self, host: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Return the variables that this task would have on another host of the play."""
        # Unlike hostvars, which the public way leads to, this knows the variables of the play and of the role.
        manager = variables["hostvars"]._variable_manager
        found: dict[str, Any] = manager.get_vars(
            play=self._task.get_play(),
            host=manager._inventory.get_host(host),
            task=self._task,
            # Each is the same for all hosts, and takes long to find out.
            _hosts=variables["ansible_play_batch"],
            _hosts_all=variables["ansible_play_hosts_all"],
        )
        return found


class _FleetLook:
    """Looks at one host after the other."""

    def __init__(self, action: ActionModule, params: Mapping[str, Any], variables: Mapping[str, Any]) -> None:
        self._action = action
        self._params = params
        self._variables = variables
        self._declared = action.declared_flows(params, variables)

    def claim(self, host: str) -> Claim | None:
        """Return what a host declares, None where that cannot be told; then its own task says why."""
        try:
            return self._claim(host, self._action.variables_of(host, self._variables))
        except InputError:
            return None

    def _claim(self, host: str, variables: Mapping[str, Any]) -> Claim:
        items = self._declared.of(variables, self._params["declared_in"])
        flows = {flow_id: label for item in items for flow_id, label in self._flows(item, variables)}
        absent = frozenset(str(item.get("flow_id")) for item in items if is_absent(item))
        return Claim(host, self._project(variables) if flows else "", flows, absent)

    def _project(self, variables: Mapping[str, Any]) -> str:
        name = self._params["project_in"]
        given = self._declared.values(variables, [name]).get(name) if name in variables else None
        project_id = str(given or os.environ.get("DESCOPE_PROJECT_ID") or "")
        if not project_id:
            raise InputError([Problem("missing-credential", "names no project", source=name)])
        # What is no id may be a key, which must not come into a result; and the host's own task will fail.
        return checked_project_id(project_id, None)

    def _flows(self, item: dict[str, Any], variables: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Return the ids of the flows of one item, each with where it comes from."""
        label = str(item.get("source") or item.get("template") or item.get("src") or "a definition")
        flow_id = self._declared.flow_id(item, variables)
        if flow_id:
            return [(flow_id, "absent" if is_absent(item) else label)]
        return [(document.flow_id, label) for document in self._loaded(item, variables)]

    def _loaded(self, item: dict[str, Any], variables: Mapping[str, Any]) -> list[Any]:
        """Return the flows of an item as its own task would load them, for ids that take more than a look."""
        spec = {name: options for name, options in flow_arguments().items() if not options.get("required")}
        given = {name: self._params[name] for name in ("library", "delimiters")}
        validated = ArgumentSpecValidator(spec).validate({"flows": [item], **given})
        if validated.error_messages:
            raise InputError([Problem("arguments", message) for message in validated.error_messages])
        sources = declared_sources(validated.validated_parameters)
        return [document for source in sources for document in self._action.load_source(source, variables)]
