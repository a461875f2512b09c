# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors


"""What the action plugins of modules that take flows have in common: finding and rendering them on the controller."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible.module_utils.common.parameters import remove_values

from ansible_collections.community.descope.plugins.module_utils._backup.cipher import NO_CIPHER, Cipher
from ansible_collections.community.descope.plugins.module_utils._deploy.desired import (
    SOURCE_OPTIONS,
    FlowSource,
    declared_sources,
)
from ansible_collections.community.descope.plugins.module_utils._deploy.plan import DesiredFlow
from ansible_collections.community.descope.plugins.module_utils._errors import InputError
from ansible_collections.community.descope.plugins.module_utils._fleet.declared import declaring_variables
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._flow.sources import (
    load_definition,
    load_raw,
    read_source,
)
from ansible_collections.community.descope.plugins.module_utils._secrets import Secrets
from ansible_collections.community.descope.plugins.module_utils._task import Task
from ansible_collections.community.descope.plugins.plugin_utils._action import DescopeActionBase
from ansible_collections.community.descope.plugins.plugin_utils._declared import DeclaredFlows
from ansible_collections.community.descope.plugins.plugin_utils._expressions import Delimiters
from ansible_collections.community.descope.plugins.plugin_utils._library import Template, TemplateLibrary, search_path
from ansible_collections.community.descope.plugins.plugin_utils._render import Scope


class SourcesActionBase(DescopeActionBase):
    """Runs a use case whose flows come from definitions, files and templates."""

    _library: TemplateLibrary | None = None
    _params: Mapping[str, Any]
    _shared_scope: tuple[Mapping[str, Any], Scope] | None = None

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the result of the task, without the values that templates declare to be secret."""
        self._judged: set[str] = set()
        self._warnings: list[str] = []
        result = super().run(tmp, task_vars)
        if self._warnings:
            result["warnings"] = [*(result.get("warnings") or ()), *self._warnings]
        return dict(remove_values(result, self.secrets.texts)) if self.secrets else result

    def completed(self, arguments: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments with the flows that the host's variables declare. Raises InputError."""
        prefix = arguments.get("declared_in")
        if not prefix:
            return arguments
        if not declaring_variables(variables, str(prefix)):
            # Without the host's name, so that it is said once for all of them.
            self._warnings.append(
                f"declared_in: no variable is called {prefix} or begins with {prefix}_, so nothing is declared"
            )
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
        template = self._template(source, variables)
        scope = self._scope(variables, source.variables)
        self.secrets.add(template.secrets(scope))
        strangers = template.strangers(self._given(source, template, variables))
        try:
            rendered = template.render(scope)
        except InputError as error:
            raise InputError([*strangers, *error.problems]) from error
        if strangers:
            raise InputError(strangers)
        return [document for raw in rendered for document in load_raw(raw, flow_id=source.flow_id)]

    def _task_for(self, params: dict[str, Any], variables: Mapping[str, Any], cipher: Cipher = NO_CIPHER) -> Task:
        self._params = params
        return super()._task_for(params, variables, cipher)

    def _given(self, source: FlowSource, template: Template, variables: Mapping[str, Any]) -> set[str]:
        """Return the variables that were given to this template, those of the whole task if no template takes them."""
        given = set(source.own)
        declared = template.declaration.names if template.declaration else frozenset()
        # Each is said once, with the first template.
        shared = set(source.variables) - given - declared - self._judged
        if shared and template.declaration:
            self._judged |= shared
            for other in declared_sources(self._params):
                shared -= self._taken(shared, other, variables) if other.kind == "template" else set()
            given |= shared
        return given

    def _taken(self, names: set[str], source: FlowSource, variables: Mapping[str, Any]) -> set[str]:
        """Return those of the variables that a template takes."""
        try:
            declaration = self._template(source, variables).declaration
        except InputError:
            # What is wrong is said where that template is loaded.
            return names
        return names & declaration.names if declaration else names

    def _template(self, source: FlowSource, variables: Mapping[str, Any]) -> Template:
        return self._templates(source, variables).open(source.value, self._overlay(source))

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
