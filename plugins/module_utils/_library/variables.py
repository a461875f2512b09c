# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The variables that a template declares, in the terms of Ansible's argument specifications, and their values.

C(variables.yml) holds C(options:), a mapping of names to C(type), C(required), C(default), C(choices), C(elements),
C(description) and C(no_log).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._json import (
    JsonValue,
    describe,
    json_path,
    plain_json,
    quoted,
)
from ansible_collections.community.descope.plugins.module_utils._secrets import hidden

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_TYPES = ("str", "int", "float", "bool", "list", "dict", "raw", "path")
_TERMS = frozenset({"type", "required", "default", "choices", "elements", "description", "no_log", "options"})
# What the validator itself understands; a description is for people.
_VALIDATED = ("type", "required", "choices", "elements", "no_log", "options")
# Ansible's own words for what is wrong, less the parts that only make sense for a module.
_NOISE = re.compile(r"^argument '[^']*' is of type (?:<[^>]*>|\S+) and we were unable to convert to (\w+):")


@dataclass(frozen=True, slots=True)
class Declaration:
    """The variables of one template. C(source): the file that declares them."""

    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    source: str = ""

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.options)

    @property
    def secret(self) -> frozenset[str]:
        """The variables whose values, or parts of them, are to be shown nowhere."""
        return frozenset(name for name, terms in self.options.items() if _is_secret(terms))

    def secret_values(self, given: Mapping[str, JsonValue]) -> Iterator[JsonValue]:
        """Yield what is to be shown nowhere of the values of these variables, as they were given and in their types."""
        for name, value in given.items():
            terms = self.options[name]
            used = terms.get("default") if value is None else value
            for shape in (used, _validated(name, terms, used)[0]) if used is not None else ():
                yield from _secret_parts(terms, shape)

    def over(self, base: Declaration) -> Declaration:
        """Return these variables and those of the template that this one extends; these win."""
        return Declaration({**base.options, **self.options}, self.source or base.source)

    def values(self, given: Mapping[str, JsonValue], user: str) -> dict[str, JsonValue]:
        """Return the value of every declared variable, converted to its type, defaults filled in.

        C(user) is the template that the messages name. A variable that is not required and has no default has no value.
        Raises InputError naming every variable that is missing or wrong.
        """
        problems: list[Problem] = []
        values: dict[str, JsonValue] = {}
        for name, terms in self.options.items():
            if name in given and given[name] is not None:
                self._convert(name, given[name], values, problems)
            elif "default" in terms:
                values[name] = terms["default"]
            elif terms.get("required"):
                message = f"the variable {name} is required; define it for this host or in vars{_meaning(terms)}"
                problems.append(Problem("variable-missing", message))
            elif name in given:
                values[name] = None
        if problems:
            raise InputError([Problem(problem.code, problem.message, source=user) for problem in problems])
        return values

    def _convert(self, name: str, value: JsonValue, values: dict[str, JsonValue], problems: list[Problem]) -> None:
        terms = self.options[name]
        converted, errors = _validated(name, terms, value)
        if errors:
            told = "its value" if terms.get("no_log") else f"the value {_shown(value)}"
            reasons = "; ".join(errors) if not terms.get("no_log") else f"it has to be {_kind(terms)}"
            message = f"the variable {name} cannot take {told}: {reasons}"
            problems.append(Problem("variable-invalid", message))
        else:
            values[name] = converted


def read_declaration(value: object, source: str) -> Declaration:
    """Return what a C(variables.yml) declares. Raises InputError with everything that is wrong in it."""
    problems: list[Problem] = []

    def wrong(message: str, *place: str) -> None:
        problems.append(Problem("invalid-variables", message, path=json_path(*place), source=source))

    content = value if isinstance(value, dict) else {}
    if not isinstance(value, dict) or not isinstance(value.get("options"), dict):
        wrong(f"expected options:, a mapping of variables, found {describe(value)}{_keys(content)}")
    else:
        for name in content.keys() - {"options"}:
            wrong("unknown; a declaration of variables holds nothing but options", str(name))
        for name, terms in value["options"].items():
            _check_option(str(name), terms, wrong)
    if problems:
        raise InputError(problems)
    options = {name: _with_default(terms or {}) for name, terms in content["options"].items()}
    return Declaration(options, source)


def undeclared(names: Iterable[str], declaration: Declaration) -> list[str]:
    """Return the names that are neither declared nor Ansible's own, sorted."""
    return sorted(name for name in set(names) - declaration.names if not _is_ansibles(name))


def _is_ansibles(name: str) -> bool:
    return name in _MAGIC or name.startswith(("ansible_", "role_", "awx_", "tower_"))


# What every host has without anybody defining it.
_MAGIC = frozenset(
    {
        "group_names",
        "groups",
        "hostvars",
        "inventory_dir",
        "inventory_file",
        "inventory_hostname",
        "inventory_hostname_short",
        "omit",
        "play_hosts",
        "playbook_dir",
        "vars",
    }
)


def _check_option(name: str, terms: Any, wrong: Any) -> None:
    place = ("options", name)
    if not _NAME.match(name):
        wrong(f"{quoted(name)} is not a name for a variable; use letters, digits and _", *place)
    if terms is None:
        return
    if not isinstance(terms, dict):
        wrong(f"expected the variable's type, default and so on, found {describe(terms)}", *place)
        return
    unknown = sorted(str(term) for term in terms.keys() - _TERMS)
    if unknown:
        wrong(f"unknown: {', '.join(unknown)}; a variable has {', '.join(sorted(_TERMS))}", *place)
    for term in ("type", "elements"):
        if terms.get(term, "str") not in _TYPES:
            wrong(f"{quoted(terms[term])} is not a type; there are {', '.join(_TYPES)}", *place, term)
            return
    _check_terms(name, terms, lambda message, term: wrong(message, *place, term))


def _check_terms(name: str, terms: Mapping[str, Any], wrong: Any) -> None:
    for term in ("required", "no_log"):
        if not isinstance(terms.get(term, False), bool):
            wrong(f"expected true or false, found {describe(terms[term])}", term)
    if not isinstance(terms.get("choices", []), list):
        wrong(f"expected a list, found {describe(terms['choices'])}", "choices")
        return
    if "default" not in terms:
        return
    if terms.get("required"):
        wrong("a variable that is required has no use for a default; keep one of the two", "default")
    elif terms["default"] is not None:
        errors = _validated(name, terms, terms["default"])[1]
        if errors:
            wrong(f"the default {_shown(terms['default'])} is not one of its values: {'; '.join(errors)}", "default")


def _with_default(terms: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the terms with the default in the type that they say, so that it needs no second look."""
    if terms.get("default") is None:
        return terms
    return {**terms, "default": _validated("", terms, terms["default"])[0]}


def _is_secret(terms: Mapping[str, Any]) -> bool:
    return bool(terms.get("no_log")) or any(map(_is_secret, _inner(terms).values()))


def _secret_parts(terms: Mapping[str, Any], value: JsonValue) -> Iterator[JsonValue]:
    if terms.get("no_log"):
        yield value
        return
    for entry in value if isinstance(value, list) else [value]:
        for name, inner in _inner(terms).items() if isinstance(entry, dict) else ():
            yield from _secret_parts(inner, entry.get(name))


def _inner(terms: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """Return the terms of the members of a variable. What is in C(options) is Ansible's business, and may be wrong."""
    options = terms.get("options")
    members = options.items() if isinstance(options, dict) else ()
    return {name: inner for name, inner in members if isinstance(inner, dict)}


def _validated(name: str, terms: Mapping[str, Any], value: JsonValue) -> tuple[JsonValue, list[str]]:
    """Return a value in its declared type, and what is wrong with it in a few words each."""
    if terms.get("type", "str") == "str" and isinstance(value, bool | list | dict):
        return None, [f"it is {describe(value)}, not of type str; write it in quotes if it is a text"]
    spec = {term: terms[term] for term in _VALIDATED if term in terms}
    result = ArgumentSpecValidator({name: {**spec, "no_log": False, "required": False}}).validate({name: value})
    if result.error_messages:
        return None, [_reason(message) for message in result.error_messages]
    return plain_json(result.validated_parameters[name]), []


def _reason(message: str) -> str:
    found = _NOISE.match(message)
    text = f"it is not of type {found[1]}" if found else message
    return " ".join(text.split()).rstrip(".")


def _kind(terms: Mapping[str, Any]) -> str:
    choices = terms.get("choices")
    return f"one of {', '.join(map(str, choices))}" if choices else f"of type {terms.get('type', 'str')}"


def _shown(value: JsonValue) -> str:
    return quoted(value) if isinstance(value, str) else f"{hidden(str(value))[:80]} ({describe(value)})"


def _meaning(terms: Mapping[str, Any]) -> str:
    description = terms.get("description")
    first = description[0] if isinstance(description, list) and description else description
    return f" ({' '.join(first.split()).rstrip('.')})" if isinstance(first, str) and first else ""


def _keys(content: Mapping[Any, Any]) -> str:
    return f" with {', '.join(map(str, list(content)[:5]))}" if content else ""
