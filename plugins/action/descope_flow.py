# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Action plugin of C(descope_flow): finds and renders files on the controller, then runs where the connection leads."""

from __future__ import annotations

from typing import Any

from ansible_collections.community.descope.plugins.module_utils._deploy.desired import (
    declared_absent,
    declared_sources,
    load_desired,
)
from ansible_collections.community.descope.plugins.module_utils._deploy.flow_task import DESCOPE_FLOW
from ansible_collections.community.descope.plugins.module_utils._task import Task
from ansible_collections.community.descope.plugins.plugin_utils._sources import SourcesActionBase, with_definitions


class ActionModule(SourcesActionBase):
    """Deploys flows."""

    use_case = DESCOPE_FLOW

    def elsewhere_arguments(self, arguments: dict[str, Any], task: Task) -> dict[str, Any]:
        """Return the arguments with every source replaced by the flows it holds, and with what each flow should be."""
        absent = declared_absent(task.params)
        desired = load_desired(declared_sources(task.params), task.load_source, validate=task.params["validate"])
        prepared = with_definitions(arguments, desired, task.secrets)
        prepared["flows"] += [{"flow_id": flow.flow_id, "state": "absent", "source": flow.source} for flow in absent]
        return prepared | {"state": "present"}
