# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors


"""What the expressions of a text template write: values, JSON that their author wants, or text of the template's own.

Text of the template's own stands in the document as it is, so nothing may count as such that could be a value. A name
alone does not tell: a loop, a parameter or a variable of a host may have the name of a macro, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from jinja2 import nodes

from ansible_collections.community.descope.plugins.plugin_utils._expressions import ExpressionError

VALUE = "a value"
JSON = "JSON"
TEXT = "text"

# Filters after which an expression is the JSON that its author wants to have.
_WRITES_JSON = ("to_json", "to_nice_json", "tojson", "ansible.builtin.to_json", "ansible.builtin.to_nice_json")
# What can be called of a value, which itself cannot.
_METHODS = frozenset(name for kind in (str, list, dict, int, float) for name in dir(kind))
# What the names are of that a file defines.
_MACRO, _BLOCK, _IMPORT, _OTHER = "macro", "block", "import", "other"


@dataclass(frozen=True, slots=True)
class Output:
    """An expression whose value is written, and what that is: C(VALUE), C(JSON) or C(TEXT)."""

    expression: nodes.Expr
    kind: str


@dataclass(frozen=True, slots=True)
class Defined:
    """What a file defines for those who import it: macros, and blocks of text, C({% set x %}...{% endset %})."""

    macros: frozenset[str]
    blocks: frozenset[str]

    def gives(self, name: str, *, called: bool) -> bool:
        """Tell whether a name, or the call of it, is text of that file."""
        return name in (self.macros if called else self.blocks)


# Returns what a file defines, by its name; None where only rendering tells.
Imported: TypeAlias = Callable[[nodes.Expr], "Defined | None"]


def outputs(document: nodes.Template, used: frozenset[str], imported: Imported) -> list[Output]:
    """Return what a text template writes, in the order of its text. Raises ExpressionError where nobody can tell.

    C(used): the variables that may come from elsewhere, even if the file sets them, too.
    """
    names = _Names(document, used, imported)
    found: list[Output] = []
    for node, here in _writing(document.body, _Here()):
        if isinstance(node, nodes.CallBlock):
            if not names.give_text(node.call, here):
                message = "{% call %} takes a macro that this file defines or imports, by its name"
                raise ExpressionError(message, node.lineno)
        elif isinstance(node, nodes.Output):
            written = (part for part in node.nodes if not isinstance(part, nodes.TemplateData))
            found += [Output(expression, _kind(expression, here, names)) for expression in written]
    return found


def defined_in(document: nodes.Template) -> Defined:
    """Return what a file defines and never gives another meaning."""
    names = _Names(document, frozenset(), lambda _name: None)
    return Defined(frozenset(names.only(_MACRO)), frozenset(names.only(_BLOCK)))


def check_filters(document: nodes.Template) -> None:
    """Raise ExpressionError where a filter of a block could write a value into it, which would then be text."""
    for block in document.find_all((nodes.FilterBlock, nodes.AssignBlock)):
        filters: nodes.Node | None = getattr(block, "filter", None)
        if filters is not None and any(filters.find_all(nodes.Name)):
            message = "the filter of a block takes no variables; apply it to the value itself"
            raise ExpressionError(message, block.lineno)


def _kind(expression: nodes.Expr, here: _Here, names: _Names) -> str:
    if isinstance(expression, nodes.Filter) and expression.name in _WRITES_JSON:
        return JSON
    return TEXT if names.give_text(expression, here) else VALUE


@dataclass(frozen=True, slots=True)
class _Here:
    """What is known at a place of a file: the names that stand for values, and those set on every way to it."""

    values: frozenset[str] = frozenset()
    sure: set[str] = field(default_factory=set)


class _Names:
    """The names that a file defines, each with the kinds of what it stands for."""

    def __init__(self, document: nodes.Template, used: frozenset[str], imported: Imported) -> None:
        self._used = used
        self._kinds: dict[str, set[str]] = {}
        self._modules: dict[str, list[Defined | None]] = {}
        # What Jinja itself defines. Where it does not, there is a variable at most, which cannot be called.
        self._callable = {"caller", "super"}
        if any(loop.recursive for loop in document.find_all(nodes.For)):
            self._callable.add("loop")
        for name, kind in self._found(document, imported):
            self._kinds.setdefault(name, set()).add(kind)

    def only(self, kind: str) -> Iterator[str]:
        """Yield the names that stand for one kind of things and for no other."""
        return (name for name, kinds in self._kinds.items() if kinds == {kind})

    def _found(self, document: nodes.Template, imported: Imported) -> Iterator[tuple[str, str]]:
        kinds = (nodes.Macro, nodes.Assign, nodes.AssignBlock, nodes.Import, nodes.FromImport)
        node: Any
        for node in document.find_all(kinds):
            if isinstance(node, nodes.Macro):
                yield node.name, _MACRO
            elif isinstance(node, nodes.Import):
                self._modules.setdefault(node.target, []).append(imported(node.template))
                yield node.target, _IMPORT
            elif isinstance(node, nodes.FromImport):
                yield from _imported_names(node, imported(node.template))
            else:
                kind = _BLOCK if isinstance(node, nodes.AssignBlock) else _OTHER
                yield from ((name, kind) for name in _bound_by([node.target]))

    def give_text(self, expression: nodes.Expr, here: _Here) -> bool:
        """Tell whether an expression can only be text of the template's own.

        Raises ExpressionError where it could be a value, too.
        """
        called = isinstance(expression, nodes.Call)
        named: nodes.Expr = expression.node if isinstance(expression, nodes.Call) else expression
        owner = named.node if isinstance(named, nodes.Getattr) else named
        if not isinstance(owner, nodes.Name) or owner.name in here.values:
            return False
        name = owner.name
        kinds = self._kinds.get(name, set())
        attribute = named.attr if isinstance(named, nodes.Getattr) else ""
        if not kinds:
            found = name == "self" and name not in self._used if attribute else name in self._callable
            return called and found
        if attribute:
            text = _IMPORT in kinds and all(
                called if module is None else module.gives(attribute, called=called) for module in self._modules[name]
            )
        else:
            text = (_MACRO if called else _BLOCK) in kinds
        # A variable in its place would have no such attribute, or cannot be called.
        unsure = (not called or attribute in _METHODS) and name in self._used and name not in here.sure
        if text and (len(kinds) > 1 or unsure):
            message = f"{name} is text of this file in one place, and a variable in another or where it is not set yet"
            raise ExpressionError(f"{message}; use different names, or set it on every way", expression.lineno)
        return text


def _imported_names(node: nodes.FromImport, defined: Defined | None) -> Iterator[tuple[str, str]]:
    for given in node.names:
        name, alias = (given, given) if isinstance(given, str) else given
        if defined is None or name in defined.macros:
            yield alias, _MACRO
        else:
            yield alias, _BLOCK if name in defined.blocks else _OTHER


def _writing(body: list[nodes.Node], here: _Here) -> Iterator[tuple[nodes.Node, _Here]]:
    """Yield what writes something in a part of a file, each with what is known there."""
    for node in body:
        if isinstance(node, nodes.If):
            branches = [node.body, *(other.body for other in node.elif_), node.else_]
            ways = [replace(here, sure=set(here.sure)) for _branch in branches]
            for branch, way in zip(branches, ways, strict=True):
                yield from _writing(branch, way)
            here.sure.update(set.intersection(*(way.sure for way in ways)))
            continue
        if isinstance(node, nodes.Output | nodes.CallBlock):
            yield node, here
        # A block of a template that others extend sees what those set.
        sure = set() if isinstance(node, nodes.Block) else set(here.sure)
        yield from _writing(getattr(node, "body", []), _Here(here.values | frozenset(_bound_by(_own(node))), sure))
        yield from _writing(getattr(node, "else_", []), replace(here, sure=set(here.sure)))
        here.sure.update(_set_by(node))


def _set_by(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.Import):
        yield node.target
    elif isinstance(node, nodes.FromImport):
        yield from (name for name, _kind in _imported_names(node, None))
    elif isinstance(node, nodes.AssignBlock):
        yield from _bound_by([node.target])


def _own(node: nodes.Node) -> Iterable[nodes.Node]:
    """Return what a node gives a value for all that is inside of it."""
    if isinstance(node, nodes.For):
        return [node.target]
    if isinstance(node, nodes.Macro | nodes.CallBlock):
        return node.args
    return node.targets if isinstance(node, nodes.With) else []


def _bound_by(targets: Iterable[nodes.Node]) -> Iterator[str]:
    for target in targets:
        for name in (target, *target.find_all(nodes.Name)):
            if isinstance(name, nodes.Name):
                yield name.name
