# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Action plugin of C(descope_flow_validate): works on the controller, where the files are, as long as it can."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.community.descope.plugins.module_utils._deploy.desired import declared_sources, load_sources
from ansible_collections.community.descope.plugins.module_utils._errors import InputError
from ansible_collections.community.descope.plugins.module_utils._task import Task
from ansible_collections.community.descope.plugins.module_utils._validate.validate_task import DESCOPE_FLOW_VALIDATE
from ansible_collections.community.descope.plugins.plugin_utils._sources import SourcesActionBase, with_definitions


class ActionModule(SourcesActionBase):
    """Validates flows."""

    use_case = DESCOPE_FLOW_VALIDATE

    def _runs_here(self) -> bool:
        needs_project = boolean(self._task.args.get("project", False), strict=False)
        return not needs_project or super()._runs_here()

    def elsewhere_arguments(self, arguments: dict[str, Any], task: Task) -> dict[str, Any]:
        """Return the arguments with every source replaced by the flows it holds. Raises InputError."""
        if task.params["results"] is not None:
            return arguments
        desired, problems = load_sources(declared_sources(task.params), task.load_source)
        if problems:
            raise InputError(problems)
        return with_definitions(arguments, desired, task.secrets)
