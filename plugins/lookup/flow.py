# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors


from __future__ import annotations

DOCUMENTATION = r"""
name: flow
short_description: Render a Descope flow from a template
version_added: 0.1.0
author:
  - The community.descope contributors (@ansible-collections)
description:
  - Renders a template as M(community.descope.descope_flow) does, and returns the flow as it would be sent, in the form
    that C(descope flow export) writes. Nothing is asked of Descope.
  - For tasks of your own, for example to write the flow to a file or to look something up in it.
options:
  _terms:
    description:
      - Templates, each by the name of its entry in a library, or by the path of an entry, a file or a directory.
    type: list
    elements: str
    required: true
  vars:
    description:
      - Variables for the templates, in addition to those of the host. They win over those.
    type: dict
    default: {}
  flow_id:
    description:
      - The id to give the flow, instead of the one in the document.
    type: str
    default: ""
  overlay:
    description:
      - Changes to make to the template before it is rendered, as a mapping with C(changes), or as the path of a file
        that holds one.
    type: raw
  library:
    description:
      - Folders of templates in which a name is looked for first.
    type: list
    elements: str
    default: []
  delimiters:
    description:
      - What marks expressions, blocks and comments, as the option of M(community.descope.descope_flow).
    type: dict
    default: {}
seealso:
  - module: community.descope.descope_flow
"""

EXAMPLES = r"""
- name: Write a flow to a file that Descope's own tools can import
  ansible.builtin.copy:
    content: "{{ lookup('community.descope.flow', 'step-up', vars={'brand_name': 'Acme'}) | to_nice_json }}"
    dest: /tmp/step-up.json
    mode: "0600"

- name: Say which screens a flow has
  ansible.builtin.debug:
    msg: "{{ lookup('community.descope.flow', 'flows/sign-in.json').screens | map(attribute='screenId') }}"
"""

RETURN = r"""
_raw:
  description: The flows, with C(flowId), C(metadata), C(contents), C(screens) and, where there are any, C(references).
  type: list
  elements: dict
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._flow.sources import load_raw
from ansible_collections.community.descope.plugins.module_utils._json import plain_json
from ansible_collections.community.descope.plugins.plugin_utils._expressions import Delimiters
from ansible_collections.community.descope.plugins.plugin_utils._library import TemplateLibrary, search_path
from ansible_collections.community.descope.plugins.plugin_utils._render import Scope


class LookupModule(LookupBase):
    """Renders templates of flows."""

    def run(self, terms: list[str], variables: Mapping[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        """Return the flows of the templates. Raises AnsibleLookupError with all that is wrong with one."""
        self.set_options(var_options=variables, direct=kwargs)  # type: ignore[no-untyped-call]
        host_variables = variables or {}
        try:
            delimiters = Delimiters.from_option(plain_json(self._option("delimiters")))
            library = TemplateLibrary(
                lambda path: self._find(path, host_variables),
                self._option("library"),
                delimiters,
                search_path(host_variables),
            )
            if self._templar is None:
                raise AssertionError("a lookup has a templar")
            scope = Scope(self._templar, host_variables, plain_json(self._option("vars"), "vars"))
            return [flow for term in terms for flow in self._flows(library, str(term), scope)]
        except InputError as error:
            raise AnsibleLookupError(str(error)) from None

    def _option(self, name: str) -> Any:
        return self.get_option(name)  # type: ignore[no-untyped-call]

    def _flows(self, library: TemplateLibrary, term: str, scope: Scope) -> list[Any]:
        overlay = self._option("overlay")
        path = self._find(overlay, scope.host_variables) if isinstance(overlay, str) else overlay
        rendered = library.open(term, path).render(scope)
        flow_id = self._option("flow_id")
        return [document.data for raw in rendered for document in load_raw(raw, flow_id=flow_id)]

    def _find(self, path: str, variables: Mapping[str, Any]) -> str:
        found = self.find_file_in_search_path(  # type: ignore[no-untyped-call]
            variables, "templates", path, ignore_missing=True
        )
        if found is None:
            message = "there is no such file or directory; it was searched in templates/ and beside the playbook"
            raise InputError([Problem("file-not-found", message, source=path)])
        working_directory = Path.cwd()
        place = Path(str(found))
        return str(place.relative_to(working_directory) if place.is_relative_to(working_directory) else place)
