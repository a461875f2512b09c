# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Rendering structured templates with Ansible's own templating.

The file is parsed first, then each string that contains C(${ expression }) is rendered alone. So a value can never
change the structure around it, a string that is one expression keeps the type of its value, and Descope's own
C({{...}}) is text like any other.
"""

from __future__ import annotations

import json
import re
from collections import ChainMap
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible.template import Templar, trust_as_template

from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._flow.document import json_path

_START = "${"
_ESCAPED = "$${"
_NAMES = re.compile(r"\$\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}")
# Blocks and comments have no meaning in a single value: their delimiters begin like an expression that makes no sense.
_DELIMITERS = {
    "variable_start_string": _START,
    "variable_end_string": "}",
    "block_start_string": "${%",
    "block_end_string": "%}",
    "comment_start_string": "${#",
    "comment_end_string": "#}",
}


class StructuredRenderer:
    """Renders parsed templates with one set of variables."""

    def __init__(self, templar: Templar, host_variables: Mapping[str, Any], variables: Mapping[str, Any]) -> None:
        scope = ChainMap(dict(variables), dict(host_variables)) if variables else dict(host_variables)
        self._templar = templar.copy_with_new_env(available_variables=scope)
        self._values: dict[str, Any] = {}

    def render(self, value: Any, source: str) -> Any:
        """Return C(value) with every expression in it evaluated; parts without expressions are shared, not copied.

        Raises InputError naming every expression that fails, with its JSON path.
        """
        problems: list[Problem] = []
        rendered = self._render(value, (), source, problems)
        if problems:
            raise InputError(problems)
        return rendered

    def _render(self, value: Any, path: tuple[str | int, ...], source: str, problems: list[Problem]) -> Any:
        if isinstance(value, str):
            return self._render_text(value, path, source, problems) if _START in value else value
        if isinstance(value, dict):
            members = {key: self._render(item, (*path, key), source, problems) for key, item in value.items()}
            return members if any(members[key] is not item for key, item in value.items()) else value
        if isinstance(value, list):
            items = [self._render(item, (*path, position), source, problems) for position, item in enumerate(value)]
            return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
        return value

    def _render_text(self, text: str, path: tuple[str | int, ...], source: str, problems: list[Problem]) -> Any:
        try:
            names = _NAMES.findall(text)
            if len(names) == text.count(_START) and _ESCAPED not in text:
                return self._filled_in(text, names)
            return self._evaluate(text.replace(_ESCAPED, "${ '${' }"))
        except AnsibleError as error:
            problems.append(Problem("template-error", _explain(error, text), json_path(*path), source))
        except (TypeError, ValueError):
            message = (
                f"the value of {_excerpt(text)} cannot stand in JSON; use text, numbers, booleans, lists or mappings"
            )
            problems.append(Problem("template-value", message, json_path(*path), source))
        return text

    def _filled_in(self, text: str, names: list[str]) -> Any:
        """Render a text whose expressions are all names of variables, the most usual kind, each name only once."""
        for name in names:
            if name not in self._values:
                self._values[name] = self._evaluate(f"${{ {name} }}")
        values = {name: self._values[name] for name in names}
        if len(names) == 1 and _NAMES.fullmatch(text):
            return values[names[0]]
        # How anything but text and whole numbers reads within a text is for the template engine to say.
        if all(isinstance(value, str | int) and not isinstance(value, bool) for value in values.values()):
            return _NAMES.sub(lambda found: str(values[found[1]]), text)
        return self._evaluate(text)

    def _evaluate(self, template: str) -> Any:
        value = self._templar.template(trust_as_template(template), overrides=_DELIMITERS)
        # Through JSON, so that what comes out is plain: Ansible's values carry tags and may be lazy.
        return json.loads(json.dumps(value, allow_nan=False))


def _explain(error: AnsibleError, text: str) -> str:
    reason = str(error).strip().splitlines()[0].rstrip(".")
    return f"{reason}, in {_excerpt(text)}; define it for this host or in vars, or write $${{ for a literal ${{"


def _excerpt(text: str, width: int = 60) -> str:
    start = max(text.find(_START) - 10, 0)
    cut = text[start : start + width].replace("\n", " ")
    return f"{'...' if start else ''}{cut}{'...' if start + width < len(text) else ''}"
