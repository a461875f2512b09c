# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors


"""What the action plugins of modules that take flows have in common: finding and rendering them on the controller."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible.module_utils.common.parameters import remove_values

from ansible_collections.community.descope.plugins.module_utils._deploy.desired import SOURCE_OPTIONS, FlowSource
from ansible_collections.community.descope.plugins.module_utils._deploy.plan import DesiredFlow
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._flow.sources import (
    load_definition,
    load_raw,
    read_source,
)
from ansible_collections.community.descope.plugins.module_utils._secrets import Secrets
from ansible_collections.community.descope.plugins.plugin_utils._action import DescopeActionBase
from ansible_collections.community.descope.plugins.plugin_utils._declared import DeclaredFlows
from ansible_collections.community.descope.plugins.plugin_utils._expressions import Delimiters
from ansible_collections.community.descope.plugins.plugin_utils._library import TemplateLibrary, search_path
from ansible_collections.community.descope.plugins.plugin_utils._render import Scope


class SourcesActionBase(DescopeActionBase):
    """Runs a use case whose flows come from definitions, files and templates."""

    _library: TemplateLibrary | None = None
    _shared_scope: tuple[Mapping[str, Any], Scope] | None = None

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the result of the task, without the values that templates declare to be secret."""
        result = super().run(tmp, task_vars)
        return dict(remove_values(result, self.secrets.texts)) if self.secrets else result

    def completed(self, arguments: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments with the flows that the host's variables declare. Raises InputError."""
        prefix = arguments.get("declared_in")
        if not prefix:
            return arguments
        declared = self.declared_flows(arguments, variables).of(variables, str(prefix))
        others = {name: value for name, value in arguments.items() if name != "declared_in"}
        return others | {"flows": [*(arguments.get("flows") or []), *declared]}

    def declared_flows(self, arguments: Mapping[str, Any], variables: Mapping[str, Any]) -> DeclaredFlows:
        """Return what reads the declarations of hosts, with the templates that the arguments lead to."""
        library = arguments.get("library") or []
        delimiters = Delimiters.from_option(arguments.get("delimiters"))
        templates = TemplateLibrary(
            lambda path: self.find("templates", path),
            library if isinstance(library, list) else [library],
            delimiters,
            search_path(variables),
        )
        return DeclaredFlows(self._templar, self.find, templates, delimiters)

    def load_source(self, source: FlowSource, variables: Mapping[str, Any]) -> list[FlowDocument]:
        """Return the flows of one source, templates rendered. Raises InputError."""
        if source.kind == "definition":
            return [load_definition(source.value, source.label, flow_id=source.flow_id)]
        if source.kind == "src":
            return read_source(self.find("files", source.value), flow_id=source.flow_id)
        template = self._templates(source, variables).open(source.value, self._overlay(source))
        scope = self._scope(variables, source.variables)
        self.secrets.add(template.secrets(scope))
        return [document for raw in template.render(scope) for document in load_raw(raw, flow_id=source.flow_id)]

    def _templates(self, source: FlowSource, variables: Mapping[str, Any]) -> TemplateLibrary:
        if self._library is None:
            self._library = TemplateLibrary(
                lambda path: self.find("templates", path),
                source.rendering.libraries,
                Delimiters.from_option(source.rendering.delimiters),
                search_path(variables),
            )
        return self._library

    def _overlay(self, source: FlowSource) -> Any:
        overlay = source.rendering.overlay
        return self.find("templates", overlay) if isinstance(overlay, str) else overlay

    def _scope(self, host_variables: Mapping[str, Any], variables: Mapping[str, Any]) -> Scope:
        """Return the scope of these variables; the templates of a host without variables of their own share one."""
        if variables:
            return Scope(self._templar, host_variables, variables)
        if self._shared_scope is None or self._shared_scope[0] is not host_variables:
            self._shared_scope = (host_variables, Scope(self._templar, host_variables, {}))
        return self._shared_scope[1]


def with_definitions(arguments: Mapping[str, Any], desired: Iterable[DesiredFlow], secrets: Secrets) -> dict[str, Any]:
    """Return the arguments with every source replaced by the flows it holds, for a machine without the files.

    C(secrets): the values that nobody may see, which only their templates could tell.
    """
    flows = [
        {"definition": flow.document.data, "flow_id": flow.flow_id, "source": flow.source}
        for flow in desired
        if flow.document
    ]
    others = {name: value for name, value in arguments.items() if name not in SOURCE_OPTIONS}
    return others | {"flows": flows} | ({"secret_values": secrets.as_argument()} if secrets else {})
