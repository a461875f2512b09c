# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors


"""Rendering structured templates with Ansible's own templating.

Each expression is evaluated alone and its value put where it stood. So a value can never change the structure around
it, a string that is one expression keeps the type of its value, and Descope's own C({{...}}) is text like any other.
"""

from __future__ import annotations

import json
import re
from collections import ChainMap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible.errors import AnsibleError
from ansible.template import Templar, trust_as_template

from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._json import JsonValue, plain_json
from ansible_collections.community.descope.plugins.plugin_utils._expressions import Code, Delimiters
from ansible_collections.community.descope.plugins.plugin_utils._template import (
    Branch,
    Place,
    StructuredTemplate,
    excerpt,
)

# What makes a template of a variable's text, if it is trusted. Its first line may set delimiters of its own.
_TEMPLATE = re.compile(r"\{[{%#]|\A#jinja2:")
_NOT_JSON = "its value cannot stand in JSON; use text, numbers, booleans, lists or mappings"


class EvaluationError(Exception):
    """An expression that has no value. C(str()) says why, in one line."""


class Scope:
    """The variables of one host and one template, and the values that expressions have with them.

    An expression that is used often is evaluated once.
    """

    def __init__(self, templar: Templar, host_variables: Mapping[str, Any], variables: Mapping[str, Any]) -> None:
        self.host_variables = host_variables
        self.variables = variables
        scope = ChainMap(dict(variables), dict(host_variables)) if variables else dict(host_variables)
        self.templar = templar.copy_with_new_env(available_variables=scope)
        self._values: dict[str, JsonValue | EvaluationError] = {}

    def __contains__(self, name: str) -> bool:
        return name in self.variables or name in self.host_variables

    def with_values(self, values: Mapping[str, Any]) -> Scope:
        """Return the same scope with these values, plain JSON, before all others. They are not evaluated again."""
        scope = Scope(self.templar, self.host_variables, {**self.variables, **values})
        scope._values.update(values)
        return scope

    def searching(self, folder: str) -> Scope:
        """Return the same scope for templates whose includes are in a folder."""
        scope = Scope(self.templar, self.host_variables, self.variables)
        scope.templar = self.templar.copy_with_new_env(
            searchpath=[folder], available_variables=self.templar.available_variables
        )
        return scope

    def evaluate(self, codes: Iterable[str]) -> None:
        """Evaluate expressions, all at once where that goes well: each alone would take as long as all of them."""
        new = [code for code in dict.fromkeys(codes) if code not in self._values and not self._take(code)]
        if len(new) > 1:
            try:
                values = self._evaluated(f"[{', '.join(f'({code})' for code in new)}]")
                self._values |= dict(zip(new, values, strict=True))
                return
            except (EvaluationError, ValueError):
                pass  # then each alone, to tell which
        for code in new:
            try:
                self._values[code] = self._evaluated(f"({code})")
            except EvaluationError as error:
                self._values[code] = error

    def _take(self, code: str) -> bool:
        """Take the value of a variable as it is where nothing in it can be a template, without asking the engine."""
        value = self.templar.available_variables.get(code, self) if code.isidentifier() else self
        if not (value is None or isinstance(value, str | int)) or (isinstance(value, str) and _TEMPLATE.search(value)):
            return False
        self._values[code] = plain_json(value)
        return True

    def value(self, code: str) -> JsonValue:
        """Return the value of an expression as plain JSON. Raises EvaluationError."""
        if code not in self._values:
            self.evaluate([code])
        value = self._values[code]
        if isinstance(value, EvaluationError):
            raise value
        return value

    def text(self, template: str, overrides: Mapping[str, str]) -> JsonValue:
        """Return what the template engine makes of a text. Raises EvaluationError."""
        try:
            rendered = self.templar.template(
                trust_as_template(template), overrides=dict(overrides), escape_backslashes=False
            )
        except AnsibleError as error:
            raise EvaluationError(_reason(error)) from None
        return _plain(rendered)

    def _evaluated(self, expression: str) -> Any:
        try:
            value = self.templar.evaluate_expression(trust_as_template(expression))
        except AnsibleError as error:
            raise EvaluationError(_reason(error)) from None
        return _plain(value)


def render(template: StructuredTemplate, scope: Scope, delimiters: Delimiters) -> JsonValue:
    """Return the value that C(rendering) brings. Raises as it does."""
    return rendering(template, scope, delimiters).value


@dataclass(frozen=True, slots=True)
class Rendering:
    """A template with every expression in it evaluated. C(texts): whether each of them has become a text with words."""

    value: JsonValue
    texts: bool


def rendering(template: StructuredTemplate, scope: Scope, delimiters: Delimiters) -> Rendering:
    """Evaluate every expression of a template; parts without expressions are shared, not copied.

    Raises InputError naming every string that has an expression without a value, with its JSON path.
    """
    walk = _RenderWalk(template.source, scope, delimiters)
    rendered = template.value
    if template.places is not None:
        scope.evaluate(code.expression for code in template.codes)
        rendered = walk.visit(template.value, template.places)
    if template.problems or walk.problems:
        raise InputError([*template.problems, *walk.problems])
    return Rendering(rendered, walk.texts)


class _RenderWalk:
    def __init__(self, source: str, scope: Scope, delimiters: Delimiters) -> None:
        self.source = source
        self.scope = scope
        self.delimiters = delimiters
        self.problems: list[Problem] = []
        self.texts = True

    def visit(self, value: JsonValue, places: Branch | Place) -> JsonValue:
        if isinstance(places, Place):
            rendered = self._rendered(places)
            self.texts = self.texts and isinstance(rendered, str) and rendered != ""
            return rendered
        copy = value.copy()
        for key, inner in places.items():
            copy[key] = self.visit(value[key], inner)
        return copy

    def _rendered(self, place: Place) -> JsonValue:
        start = self.delimiters.variable_start_string
        try:
            return self._text(place)
        except EvaluationError as error:
            shown = excerpt(place.text, start)
            hint = f"define it for this host or in vars, or write {self.delimiters.escaped_start} for a literal {start}"
            message = f"{error}, in {shown}; {hint}" if error.args[0] != _NOT_JSON else f"{shown}: {error}"
            code = "template-value" if error.args[0] == _NOT_JSON else "template-error"
            self.problems.append(Problem(code, message, place.path, self.source))
        return place.text

    def _text(self, place: Place) -> JsonValue:
        if len(place.parts) == 1 and isinstance(place.parts[0], Code):
            return self.scope.value(place.parts[0].expression)
        return "".join(
            as_text(self.scope.value(part.expression)) if isinstance(part, Code) else part for part in place.parts
        )


def as_text(value: JsonValue) -> str:
    """Return how a value reads within a text: as Jinja has it, only that nothing is no word."""
    return "" if value is None else str(value)


def _plain(value: Any) -> JsonValue:
    """Return a value as plain JSON: Ansible's values carry tags and may be lazy."""
    if value.__class__ is str:
        return value
    try:
        return plain_json(json.loads(json.dumps(value, allow_nan=False)))
    except (TypeError, ValueError):
        raise EvaluationError(_NOT_JSON) from None


def _reason(error: AnsibleError) -> str:
    return " ".join(str(error).strip().partition("\n")[0].split()).rstrip(".")
