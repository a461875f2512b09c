# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Which flows a host has: several variables declare them, and the lists add up.

C(descope_flows) is for everybody, C(descope_flows_<anything>) for groups, C(descope_flows_host) for one host. Which of
several variables of one name a host sees is Ansible's own precedence; what is here decides between different names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._json import describe

HOST_LEVEL = "host"
_SOURCES = ("template", "src", "definition")

Identify = Callable[[Mapping[str, Any]], str]


@dataclass(frozen=True, slots=True)
class Declaration:
    """One flow that a variable declares: an item as C(flows) of C(descope_flow) takes it.

    level: 0 for everybody, 1 for groups, 2 for the host.
    """

    item: Mapping[str, Any]
    variable: str
    position: int
    level: int

    @property
    def place(self) -> str:
        """Where it is declared, as messages call it."""
        return f"{self.variable}[{self.position}]"


def declaring_variables(names: Iterable[str], prefix: str) -> list[str]:
    """Return those of the names that declare flows: for everybody first, then for groups by name, then for the host."""
    found = [name for name in names if name == prefix or name.startswith(f"{prefix}_")]
    return sorted(found, key=lambda name: (_level(name, prefix), name))


def declarations(values: Mapping[str, Any], prefix: str) -> list[Declaration]:
    """Return what the variables declare, in their order. Raises InputError with all that is not a list of flows.

    C(values) are those of C(declaring_variables), in that order. An item that is text names a template.
    """
    problems: list[Problem] = []
    found: list[Declaration] = []
    for variable, value in values.items():
        if not isinstance(value, list):
            message = f"it is {describe(value)}, but declares flows: give a list"
            problems.append(Problem("not-a-list", message, source=variable))
            continue
        for position, given in enumerate(value):
            item = {"template": given} if isinstance(given, str) else given
            if isinstance(item, Mapping):
                found.append(Declaration(item, variable, position, _level(variable, prefix)))
            else:
                message = f"it is {describe(given)}, but a flow is the name of a template, or template, src or flow_id"
                problems.append(Problem("not-a-flow", message, source=f"{variable}[{position}]"))
    if problems:
        raise InputError(problems)
    return found


def merged(found: Iterable[Declaration], identify: Identify, prefix: str) -> list[Declaration]:
    """Return the flows that are declared, of those declared several times the most specific one.

    C(identify) returns the id of an item, empty where that takes more than a look; then its source stands for it, and
    what one level makes of that source replaces what less specific ones make of it.
    Raises InputError where two declarations of one level contradict each other.
    """
    declared: dict[tuple[str, str], list[Declaration]] = {}
    for declaration in found:
        flow_id = identify(declaration.item)
        declared.setdefault((flow_id, "" if flow_id else _source(declaration)), []).append(declaration)
    chosen: list[Declaration] = []
    problems: list[Problem] = []
    for (flow_id, _source_of_it), several in declared.items():
        level = max(declaration.level for declaration in several)
        first, *others = (declaration for declaration in several if declaration.level == level)
        more = [other for other in others if other.item != first.item or (flow_id and other.variable == first.variable)]
        if flow_id:
            problems.extend(_contradiction(first, other, flow_id, f"{prefix}_{HOST_LEVEL}") for other in more)
        # The same source may well make several flows. Two of one id are found when they are loaded.
        chosen.extend([first] if flow_id else [first, *more])
    if problems:
        raise InputError(problems)
    return chosen


def _level(variable: str, prefix: str) -> int:
    if variable == prefix:
        return 0
    return 2 if variable == f"{prefix}_{HOST_LEVEL}" else 1


def _source(declaration: Declaration) -> str:
    """Return what stands for an item whose id is not known: a path, or the place where it is declared."""
    named = next((declaration.item[kind] for kind in _SOURCES if kind in declaration.item), None)
    return f"from {named}" if isinstance(named, str) else f"at {declaration.place}"


def _contradiction(earlier: Declaration, later: Declaration, flow_id: str, host_variable: str) -> Problem:
    message = f"{earlier.place} declares this flow too"
    if earlier.variable == later.variable:
        return Problem("declared-twice", f"{message}; keep one of the two", source=later.place, flow_id=flow_id)
    advice = "give both variables one name, so that Ansible's precedence of groups decides, or declare it in"
    message = f"{message}, in another way; {advice} {host_variable}"
    return Problem("declared-twice", message, source=later.place, flow_id=flow_id)
