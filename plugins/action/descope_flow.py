# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Action plugin of C(descope_flow): finds and renders files on the controller, then runs where the connection leads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._deploy.desired import (
    FlowSource,
    declared_sources,
    load_desired,
)
from ansible_collections.community.descope.plugins.module_utils._deploy.flow_task import DESCOPE_FLOW
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._flow.sources import (
    load_definition,
    load_raw,
    read_raw,
    read_source,
)
from ansible_collections.community.descope.plugins.module_utils._task import Task
from ansible_collections.community.descope.plugins.plugin_utils._action import DescopeActionBase
from ansible_collections.community.descope.plugins.plugin_utils._render import StructuredRenderer


class ActionModule(DescopeActionBase):
    """Deploys flows."""

    use_case = DESCOPE_FLOW
    _shared_renderer: StructuredRenderer | None = None

    def load_source(self, source: FlowSource, variables: Mapping[str, Any]) -> list[FlowDocument]:
        """Return the flows of one source, templates rendered. Raises InputError."""
        if source.kind == "definition":
            return [load_definition(source.value, source.label, flow_id=source.flow_id)]
        if source.kind == "src":
            return read_source(self.find("files", source.value), flow_id=source.flow_id)
        path = self.find("templates", source.value)
        renderer = self._renderer(variables, source.variables)
        return [
            document
            for raw in read_raw(path)
            for document in load_raw(raw.with_value(renderer.render(raw.value, raw.source)), flow_id=source.flow_id)
        ]

    def _renderer(self, host_variables: Mapping[str, Any], variables: Mapping[str, Any]) -> StructuredRenderer:
        """Return a renderer for these variables; the templates without variables of their own share one."""
        if variables:
            return StructuredRenderer(self._templar, host_variables, variables)
        if self._shared_renderer is None:
            self._shared_renderer = StructuredRenderer(self._templar, host_variables, {})
        return self._shared_renderer

    def elsewhere_arguments(self, arguments: dict[str, Any], task: Task) -> dict[str, Any]:
        """Return the arguments with every source replaced by the flows it holds."""
        if task.params["state"] == "absent":
            return arguments
        desired = load_desired(declared_sources(task.params), task.load_source, validate=task.params["validate"])
        flows = [
            {"definition": flow.document.data, "flow_id": flow.flow_id, "source": flow.source}
            for flow in desired
            if flow.document
        ]
        sources = ("definition", "src", "template", "flow_id", "vars")
        return {name: value for name, value in arguments.items() if name not in sources} | {"flows": flows}
