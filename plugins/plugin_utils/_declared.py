# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""From the variables of a host to the flows it declares, and to their ids without rendering the flows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from ansible.template import Templar

from ansible_collections.community.descope.plugins.module_utils._errors import InputError
from ansible_collections.community.descope.plugins.module_utils._fleet.declared import (
    declarations,
    declaring_variables,
    merged,
)
from ansible_collections.community.descope.plugins.module_utils._flow.formats import id_in
from ansible_collections.community.descope.plugins.module_utils._flow.sources import read_raw
from ansible_collections.community.descope.plugins.plugin_utils._expressions import Delimiters, syntax_of
from ansible_collections.community.descope.plugins.plugin_utils._library import Template, TemplateLibrary
from ansible_collections.community.descope.plugins.plugin_utils._render import Scope, render
from ansible_collections.community.descope.plugins.plugin_utils._template import (
    StructuredTemplate,
    compile_template,
)
from ansible_collections.community.descope.plugins.plugin_utils._values import values_of


class DeclaredFlows:
    """Reads declarations from the variables of any number of hosts; each file is looked at once.

    C(find) returns where a file of a kind (C(templates), C(files)) is, and raises InputError where there is none.
    """

    def __init__(
        self, templar: Templar, find: Callable[[str, str], str], templates: TemplateLibrary, delimiters: Delimiters
    ) -> None:
        self._templar = templar
        self._find = find
        self._templates = templates
        self._delimiters = delimiters
        self._opened: dict[str, Template] = {}
        self._ids: dict[str, list[str]] = {}
        self._shared: tuple[Mapping[str, Any], Scope] | None = None

    def of(self, variables: Mapping[str, Any], prefix: str) -> list[dict[str, Any]]:
        """Return the items for C(flows) that the variables beginning with C(prefix) declare. Raises InputError."""
        names = declaring_variables(variables, prefix)
        found = declarations(self.values(variables, names), prefix)
        # Nothing can be declared twice at different levels where there is only one.
        several = len({declaration.variable for declaration in found}) > 1
        chosen = merged(found, lambda item: self.flow_id(item, variables, look=several), prefix)
        return [dict(declaration.item) for declaration in chosen]

    def values(self, variables: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
        """Return variables of a host as it sees them itself. Raises InputError naming those that cannot be told."""
        templar = self._templar.copy_with_new_env(available_variables=dict(variables))
        values, problems = values_of(templar, variables, names)
        if problems:
            raise InputError(problems)
        return values

    def flow_id(self, item: Mapping[str, Any], variables: Mapping[str, Any], *, look: bool = True) -> str:
        """Return the id of the single flow of an item, empty where it takes more than a look to tell."""
        ids = [item["flow_id"]] if item.get("flow_id") else self._ids_in(item, variables) if look else []
        return ids[0] if len(ids) == 1 and isinstance(ids[0], str) else ""

    def _ids_in(self, item: Mapping[str, Any], variables: Mapping[str, Any]) -> list[str]:
        """Return the ids of the flows of an item, none where only loading it can tell."""
        try:
            if "definition" in item:
                return [id_in(item["definition"])]
            if isinstance(item.get("src"), str):
                return self._ids_of_file(item["src"])
            if isinstance(item.get("template"), str) and item.get("overlay") is None:
                return self._ids_of_template(item["template"], self._scope(variables, item.get("vars") or {}))
        except InputError:
            # What is wrong is said where the flow is loaded, together with all the rest.
            pass
        return []

    def _ids_of_file(self, path: str) -> list[str]:
        if path not in self._ids:
            self._ids[path] = [flow.flow_id or id_in(flow.value) for flow in read_raw(self._find("files", path))]
        return self._ids[path]

    def _ids_of_template(self, name: str, scope: Scope) -> list[str]:
        if name not in self._opened:
            self._opened[name] = self._templates.open(name)
        template = self._opened[name]
        texts = [
            flow.raw.flow_id or id_in(flow.content.value)
            for flow in template.flows
            # Of others, only what is rendered has an id.
            if isinstance(flow.content, StructuredTemplate) and not flow.overlays
        ]
        if template.problems or len(texts) < len(template.flows):
            return []
        if not any(self._delimiters.variable_start_string in text for text in texts):
            return texts
        own = template.scope(scope)
        return [str(render(_compiled(text, self._delimiters), own, self._delimiters)) for text in texts]

    def _scope(self, variables: Mapping[str, Any], more: Mapping[str, Any]) -> Scope:
        """Return a scope; the items of a host without variables of their own share one, which remembers values."""
        if more:
            return Scope(self._templar, variables, more)
        if self._shared is None or self._shared[0] is not variables:
            self._shared = (variables, Scope(self._templar, variables, {}))
        return self._shared[1]


@cache
def _compiled(text: str, delimiters: Delimiters) -> StructuredTemplate:
    return compile_template(text, "", syntax_of(delimiters))
