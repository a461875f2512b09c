# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors


"""Templates by name or path: finding them, checking what they are given, rendering them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._flow.sources import (
    RawFlow,
    parse_text,
    read_raw,
    read_text,
)
from ansible_collections.community.descope.plugins.module_utils._library.entries import (
    Entry,
    Partials,
    find_entry,
    open_entry,
    unknown_entry,
)
from ansible_collections.community.descope.plugins.module_utils._library.variables import (
    Declaration,
    read_declaration,
    undeclared,
)
from ansible_collections.community.descope.plugins.plugin_utils._expressions import Delimiters, Syntax, syntax_of
from ansible_collections.community.descope.plugins.plugin_utils._render import EvaluationError, Scope, render
from ansible_collections.community.descope.plugins.plugin_utils._template import (
    StructuredTemplate,
    compile_template,
    with_partials,
)
from ansible_collections.community.descope.plugins.plugin_utils._text_template import TextTemplate, open_text_template

SHIPPED = str(Path(__file__).resolve().parents[2] / "flows")
"""The library that comes with the collection."""

# Returns where Ansible finds a file or directory; raises InputError where it does not.
Find = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Flow:
    """One flow of a template, ready for rendering."""

    raw: RawFlow
    content: StructuredTemplate | TextTemplate

    def render(self, scope: Scope, delimiters: Delimiters) -> RawFlow:
        """Return the flow with every expression evaluated. Raises InputError."""
        if isinstance(self.content, TextTemplate):
            return self.raw.with_value(self.content.render(scope))
        return self.raw.with_value(render(self.content, scope, delimiters))


@dataclass(frozen=True, slots=True)
class Template:
    """One template, ready for rendering.

    declaration: its variables, None where it takes anything. problems: what is wrong with it, whatever it is given.
    """

    source: str
    flows: tuple[Flow, ...]
    delimiters: Delimiters
    declaration: Declaration | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def names(self) -> dict[str, str]:
        """The variables that it uses, each with the first place that does."""
        return {name: place for flow in reversed(self.flows) for name, place in flow.content.names.items()}

    def secrets(self, scope: Scope) -> list[str]:
        """Return the values that its declaration wants to be shown nowhere."""
        names = self.declaration.secret if self.declaration else frozenset()
        values = (scope.value(name) for name in sorted(names) if name in scope)
        return [str(value) for value in values if value not in (None, "")]

    def scope(self, scope: Scope) -> Scope:
        """Return a scope in which every declared variable has a value of its type. Raises InputError."""
        if self.declaration is None:
            return scope
        given = {}
        problems = []
        scope.evaluate(name for name in self.declaration.names if name in scope)
        for name in self.declaration.names:
            try:
                if name in scope:
                    given[name] = scope.value(name)
            except EvaluationError as error:
                problems.append(Problem("template-error", f"the variable {name}: {error}", source=self.source))
        if problems:
            raise InputError(problems)
        return scope.with_values(self.declaration.values(given, self.source))

    def render(self, scope: Scope) -> list[RawFlow]:
        """Return the flows with every expression evaluated. Raises InputError with all that is wrong in all of them."""
        problems = list(self.problems)
        own = _collected(problems, lambda: self.scope(scope), None)
        # Without their variables, flows can say only which of their strings cannot be read.
        for flow in self.flows if own is None else ():
            problems += flow.content.problems
        flows = self.flows if own is not None else ()
        rendered = [_collected(problems, partial(flow.render, own, self.delimiters), None) for flow in flows]
        if problems:
            raise InputError(problems)
        return rendered


# A template is read once by a process that needs it often: its key -> what its files were like, and the template.
_READY: dict[tuple[Any, ...], tuple[tuple[Any, ...], Template]] = {}


class TemplateLibrary:
    """Finds templates and makes them ready.

    find: finds a file or directory where Ansible looks for templates. libraries: folders of entries, in which a name is
    looked for first; the shipped one comes last. search_path: where text templates find what they include.
    """

    def __init__(
        self,
        find: Find,
        libraries: Iterable[str] = (),
        delimiters: Delimiters | None = None,
        search_path: Iterable[str] = (),
    ) -> None:
        self._find = find
        self._delimiters = delimiters or Delimiters()
        self._syntax: Syntax = syntax_of(self._delimiters)
        self._search_path = tuple(search_path)
        self.libraries = tuple(self._library(library) for library in libraries)

    def open(self, name: str, overlay: Any = None) -> Template:
        """Return a template by an entry's name or path, or by the path of a flow. Raises InputError if there is none.

        What else is wrong with it is reported when it is rendered, together with what it is given.
        """
        entry = open_entry(self._place(name))
        key = (entry, self._delimiters, self._search_path)
        stamp = tuple(_stamps(entry))
        known = _READY.get(key)
        if known is None or known[0] != stamp:
            known = _READY[key] = (stamp, self._ready(entry))
        return known[1]

    def _library(self, path: str) -> str:
        try:
            found = self._find(path)
        except InputError:
            found = ""
        if not found or not Path(found).is_dir():
            message = "there is no such directory; a library is a folder of templates"
            raise InputError([Problem("library-not-found", message, source=path)])
        return found

    def _place(self, name: str) -> str:
        found = find_entry(name, self.libraries)
        if found is not None:
            return found
        try:
            return self._find(name)
        except InputError:
            found = find_entry(name, [SHIPPED])
        if found is not None:
            return found
        searched = "templates/ and beside the playbook"
        raise InputError([unknown_entry(name, (*self.libraries, SHIPPED), searched)])

    def _ready(self, entry: Entry) -> Template:
        problems: list[Problem] = []
        declaration = _collected(problems, lambda: self._declaration(entry), None)
        flows = _collected(problems, lambda: self._flows(entry, problems), ())
        template = Template(entry.file, flows, self._delimiters, declaration)
        return replace(template, problems=(*problems, *_undeclared_problems(template)))

    def _declaration(self, entry: Entry) -> Declaration | None:
        if not entry.variables:
            return None
        return read_declaration(parse_text(read_text(entry.variables), entry.variables), entry.variables)

    def _flows(self, entry: Entry, problems: list[Problem]) -> tuple[Flow, ...]:
        partials = Partials([entry.partials])
        if entry.is_text:
            text = open_text_template(entry.flow, self._syntax, partials, self._search_path)
            return (Flow(RawFlow(None, entry.flow), text),)
        flows = []
        for raw in read_raw(entry.flow):
            value, wrong = with_partials(raw.value, raw.source, partials, self._syntax)
            problems += wrong
            flows.append(Flow(raw, compile_template(value, raw.source, self._syntax)))
        return tuple(flows)


def search_path(variables: Mapping[str, Any]) -> list[str]:
    """Return the folders in which templates of this play look for what they include, as Ansible's own templates do."""
    folders = [str(folder) for folder in variables.get("ansible_search_path") or ()]
    return [place for folder in folders for place in (str(Path(folder) / "templates"), folder)]


def _undeclared_problems(template: Template) -> Iterator[Problem]:
    if template.declaration is None:
        return
    known = ", ".join(sorted(template.declaration.names)) or "none"
    names = template.names
    for name in undeclared(names, template.declaration):
        where = template.declaration.source
        message = f"it uses the variable {name}, which {where} does not declare; declared: {known}"
        path, message = (names[name], message) if names[name].startswith("$") else ("", f"{message} ({names[name]})")
        yield Problem("undeclared-variable", message, path, template.source)


def _collected(problems: list[Problem], make: Callable[[], Any], otherwise: Any) -> Any:
    """Return what C(make) returns; where it raises InputError, take note of the problems instead."""
    try:
        return make()
    except InputError as error:
        problems += error.problems
        return otherwise


def _stamps(entry: Entry) -> Iterator[tuple[str, int, int]]:
    """Yield what tells whether a file of an entry has changed since it was read."""
    for path in (entry.flow, entry.overlay, entry.variables, entry.partials):
        root = Path(path) if path else None
        for file in [root, *sorted(root.rglob("*"))] if root and root.is_dir() else [root] if root else []:
            try:
                status = file.stat()
            except OSError:
                continue
            yield str(file), status.st_mtime_ns, status.st_size
