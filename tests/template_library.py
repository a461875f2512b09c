# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors


"""Libraries of templates for tests, and a controller's view of them without a playbook."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem
from ansible_collections.community.descope.plugins.plugin_utils._expressions import Delimiters
from ansible_collections.community.descope.plugins.plugin_utils._library import Template, TemplateLibrary
from ansible_collections.community.descope.plugins.plugin_utils._render import Scope

# Everything that a careless template would choke on.
ODD = 'Acme "Best" </b> {{x}} ${y} {% if %} {# #} \\ \n \x01 \u2028 \U0001f600'


@dataclass
class Library:
    """A library below a folder, and the variables of one host."""

    folder: Path
    host: dict[str, Any] = field(default_factory=dict)
    libraries: tuple[str, ...] = ("library",)
    delimiters: Delimiters = field(default_factory=Delimiters)

    def write(self, name: str, content: object) -> Path:
        """Write a file of the library: a text as it is, anything else as YAML or JSON, as its name says."""
        path = self.folder / "library" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(content, str):
            content = yaml.safe_dump(content) if path.suffix == ".yml" else json.dumps(content)
        path.write_text(content, encoding="utf-8")
        return path

    def opened(self) -> TemplateLibrary:
        return TemplateLibrary(self._find, self.libraries, self.delimiters, [str(self.folder / "search")])

    def template(self, name: str, overlay: Any = None) -> Template:
        return self.opened().open(name, overlay)

    def scope(self, variables: Mapping[str, Any]) -> Scope:
        return Scope(Templar(DataLoader(), self.host), self.host, variables)

    def render(self, template: str, overlay: Any = None, /, **variables: Any) -> Any:
        """Return what the only flow of a template renders to."""
        [flow] = self.template(template, overlay).render(self.scope(variables))
        return flow.value

    def problems(self, template: str, overlay: Any = None, /, **variables: Any) -> list[Problem]:
        """Return what is wrong with a template and these variables."""
        with pytest.raises(InputError) as caught:
            self.render(template, overlay, **variables)
        assert all("\n" not in str(problem) for problem in caught.value.problems)
        return list(caught.value.problems)

    def _find(self, path: str) -> str:
        found = self.folder / path
        if not found.exists():
            raise InputError([Problem("file-not-found", "there is no such file", source=path)])
        return str(found)
