# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors


"""Structured templates, made ready for rendering once: where their expressions are, and what these use.

A template is parsed JSON or YAML. Only strings are looked at, and only those that contain C(${ expression }), so a
value can never change the structure around it, and everything else is shared between all renderings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._flow.sources import parse_text, read_text
from ansible_collections.community.descope.plugins.module_utils._json import JsonValue, json_path, quoted
from ansible_collections.community.descope.plugins.module_utils._library.entries import TEXT_TEMPLATE, Partials
from ansible_collections.community.descope.plugins.plugin_utils._expressions import (
    Code,
    ExpressionError,
    Syntax,
    partial_name,
    used_names,
    uses_partial,
)

_STRUCTURED = (".json", ".yml", ".yaml")
_DEEPEST = 50


class Literal(str):
    """A string of a template in which nothing is to be evaluated, whatever it looks like."""

    __slots__ = ()


def as_literal(value: JsonValue) -> JsonValue:
    """Return a value in which no string is a template."""
    if isinstance(value, str):
        return Literal(value)
    if isinstance(value, dict):
        return {Literal(key): as_literal(member) for key, member in value.items()}
    return [as_literal(item) for item in value] if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class Place:
    """A string with expressions. C(path): where, for messages; C(parts): its text and its expressions."""

    path: str
    text: str
    parts: tuple[str | Code, ...]

    @property
    def codes(self) -> Iterator[Code]:
        return (part for part in self.parts if isinstance(part, Code))


# A branch of the template that holds expressions: for each key or index a Place, or a branch of that kind again.
Branch = dict[Any, Any]


@dataclass(frozen=True, slots=True)
class StructuredTemplate:
    """A parsed value and the places in it that have to be rendered.

    names: the variables used, each with the first place that does. problems: the strings that cannot be read.
    """

    value: JsonValue
    source: str
    places: Branch | Place | None
    names: Mapping[str, str] = field(default_factory=dict)
    codes: tuple[Code, ...] = ()
    problems: tuple[Problem, ...] = ()

    def rendered_places(self) -> Iterator[tuple[str | int, ...]]:
        """Yield the keys and indexes that lead to each string with an expression."""
        waiting: list[tuple[tuple[str | int, ...], Branch | Place | None]] = [((), self.places)]
        while waiting:
            way, places = waiting.pop()
            if isinstance(places, Place):
                yield way
            elif places is not None:
                waiting += [((*way, key), inner) for key, inner in places.items()]


def compile_template(value: JsonValue, source: str, syntax: Syntax) -> StructuredTemplate:
    """Find the expressions of a value. What cannot be read is reported when it is rendered."""
    walk = _CompileWalk(source, syntax)
    plain, places = walk.visit(value, ())
    return StructuredTemplate(plain, source, places, walk.names, tuple(walk.codes), tuple(walk.problems))


class _CompileWalk:
    def __init__(self, source: str, syntax: Syntax) -> None:
        self.source = source
        self.syntax = syntax
        self.problems: list[Problem] = []
        self.names: dict[str, str] = {}
        self.codes: dict[Code, None] = {}

    def visit(self, value: JsonValue, place: tuple[str | int, ...]) -> tuple[JsonValue, Any]:
        """Return the value without marks of ours, and the places in it, None where there are none."""
        if isinstance(value, str):
            if isinstance(value, Literal):
                return str.__str__(value), None
            return value, self._text(value, place) if value in self.syntax else None
        if isinstance(value, dict):
            start = self.syntax.delimiters.variable_start_string
            keys = {key: self._key(key, place) for key in value if key.__class__ is not str or start in key}
            if not keys:
                return self._members(value, value.items(), dict, place)
            members = [(keys.get(key, key), member) for key, member in value.items()]
            return self._members(value, members, dict, place, changed=True)
        if isinstance(value, list):
            return self._members(value, enumerate(value), lambda items: [item for _position, item in items], place)
        return value, None

    def _members(
        self,
        value: JsonValue,
        members: Iterable[tuple[Any, JsonValue]],
        build: Callable[[Any], JsonValue],
        place: tuple[str | int, ...],
        *,
        changed: bool = False,
    ) -> tuple[JsonValue, Branch | None]:
        branch: Branch = {}
        visited = []
        for key, member in members:
            plain, places = self.visit(member, (*place, key))
            changed = changed or plain is not member
            visited.append((key, plain))
            if places is not None:
                branch[key] = places
        return (build(visited) if changed else value), branch or None

    def _key(self, key: Any, place: tuple[str | int, ...]) -> Any:
        """Return a key as text; an expression in one is reported, because a value must not change the structure."""
        if not isinstance(key, str):  # which YAML can have, and which is reported later
            return key
        if isinstance(key, Literal):
            return str.__str__(key)
        try:
            parts = self.syntax.parts(key)
            if any(isinstance(part, Code) for part in parts):
                raise ExpressionError("an expression in a key is not evaluated; a text template, .j2, can have some")
        except ExpressionError as error:
            self.problems.append(unreadable(error, key, json_path(*place, key), self.source, self.syntax))
            return key
        return "".join(map(str, parts))

    def _text(self, text: str, place: tuple[str | int, ...]) -> Place | None:
        path = json_path(*place)
        try:
            found = Place(path, text, self.syntax.parts(text))
            for code in found.codes:
                self.codes.setdefault(code)
                parsed = self.syntax.expression(code)
                if uses_partial(parsed):
                    raise ExpressionError("partial(...) has to be the whole string, not a part of an expression")
                for name in used_names(parsed):
                    self.names.setdefault(name, path)
        except ExpressionError as error:
            self.problems.append(unreadable(error, text, path, self.source, self.syntax))
            return None
        return found


def unreadable(error: ExpressionError, text: str, path: str, source: str, syntax: Syntax) -> Problem:
    """Return the problem of a string whose expressions cannot be read."""
    start, escaped = syntax.delimiters.variable_start_string, syntax.delimiters.escaped_start
    message = f"{error}, in {excerpt(text, start)}; write {escaped} for a literal {start}"
    return Problem("template-error", message, path, source)


def excerpt(text: str, start: str, width: int = 60) -> str:
    """Return the part of a text around its first expression, on one line."""
    begin = max(text.find(start) - 10, 0)
    cut = " ".join(text[begin : begin + width].splitlines())
    return f"{'...' if begin else ''}{cut}{'...' if begin + width < len(text) else ''}"


# --- partials ---------------------------------------------------------------------------------------------------------


def with_partials(value: JsonValue, source: str, partials: Partials, syntax: Syntax) -> tuple[JsonValue, list[Problem]]:
    """Return a template with every C("${ partial('name') }") replaced by what that file holds.

    The content of C(.json), C(.yml) and C(.yaml) becomes part of the template; any other is text, in which nothing is
    evaluated. Returned beside it: every partial that is missing, broken, or includes itself.
    """
    walk = _PartialWalk(partials, syntax)
    return walk.visit(value, (), _Origin(source)), walk.problems


@dataclass(frozen=True, slots=True)
class _Origin:
    """The file that a walk is in, and those through which it came there."""

    source: str
    through: tuple[str, ...] = ()


class _PartialWalk:
    def __init__(self, partials: Partials, syntax: Syntax) -> None:
        self.partials = partials
        self.syntax = syntax
        self.problems: list[Problem] = []

    def visit(self, value: JsonValue, place: tuple[str | int, ...], origin: _Origin) -> JsonValue:
        if isinstance(value, str):
            return self._text(value, place, origin) if "partial" in value and value in self.syntax else value
        if isinstance(value, dict):
            changed = {
                key: visited
                for key, member in value.items()
                if isinstance(member, str | dict | list)
                and (visited := self.visit(member, (*place, key), origin)) is not member
            }
            return {**value, **changed} if changed else value
        if isinstance(value, list):
            items = [self.visit(item, (*place, position), origin) for position, item in enumerate(value)]
            return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
        return value

    def _text(self, text: str, place: tuple[str | int, ...], origin: _Origin) -> JsonValue:
        if isinstance(text, Literal):
            return text
        try:
            name = self._name(text)
            return text if name is None else self._content(name, origin)
        except ExpressionError as error:
            self.problems.append(unreadable(error, text, json_path(*place), origin.source, self.syntax))
        except InputError as error:
            self.problems += [
                problem if problem.source else Problem(problem.code, problem.message, json_path(*place), origin.source)
                for problem in error.problems
            ]
        return Literal(text)

    def _name(self, text: str) -> str | None:
        parts = self.syntax.parts(text)
        code = parts[0] if len(parts) == 1 else None
        return partial_name(self.syntax.expression(code)) if isinstance(code, Code) else None

    def _content(self, name: str, origin: _Origin) -> JsonValue:
        path = self.partials.find(name)
        if path in origin.through or len(origin.through) > _DEEPEST:
            chain = " -> ".join(Path(step).name for step in (*origin.through, path))
            raise InputError([Problem("template-cycle", f"the partial {quoted(name)} includes itself: {chain}")])
        text = read_text(path)
        if path.endswith(TEXT_TEMPLATE):
            message = "a text template has no place in a structured one; name the flow's file .j2, too, or drop the .j2"
            raise InputError([Problem("partial-kind", message, source=path)])
        if not path.endswith(_STRUCTURED):
            return Literal(text)
        return self.visit(parse_text(text, path), (), _Origin(path, (*origin.through, path)))
