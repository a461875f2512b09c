# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors


"""Templates by name or path: finding them, checking what they are given, rendering them."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial, reduce
from pathlib import Path
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._errors import FormatError, InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument, Known
from ansible_collections.community.descope.plugins.module_utils._flow.formats import Format, detect, to_exported
from ansible_collections.community.descope.plugins.module_utils._flow.sources import (
    RawFlow,
    parse_text,
    read_raw,
    read_text,
)
from ansible_collections.community.descope.plugins.module_utils._json import (
    JsonObject,
    JsonValue,
    json_path,
    plain_json,
    quoted,
)
from ansible_collections.community.descope.plugins.module_utils._library.entries import (
    Entry,
    Partials,
    find_entry,
    open_entry,
    unknown_entry,
)
from ansible_collections.community.descope.plugins.module_utils._library.overlay import (
    Overlay,
    apply_overlay,
    read_overlay,
)
from ansible_collections.community.descope.plugins.module_utils._library.variables import (
    Declaration,
    read_declaration,
    undeclared,
)
from ansible_collections.community.descope.plugins.module_utils._validate.texts import holds_text_only
from ansible_collections.community.descope.plugins.module_utils._validate.validate import WHAT_STOPS, find_problems
from ansible_collections.community.descope.plugins.plugin_utils._expressions import Delimiters, Syntax, syntax_of
from ansible_collections.community.descope.plugins.plugin_utils._ready import ReadyOnce
from ansible_collections.community.descope.plugins.plugin_utils._render import EvaluationError, Scope, render, rendering
from ansible_collections.community.descope.plugins.plugin_utils._template import (
    StructuredTemplate,
    as_literal,
    compile_template,
    with_partials,
)
from ansible_collections.community.descope.plugins.plugin_utils._text_template import TextTemplate, open_text_template

SHIPPED = str(Path(__file__).resolve().parents[2] / "flows")
"""The library that comes with the collection."""

# What is expected in files that are no flows.
_OVERLAY = "an overlay (extends: and changes:)"
_VARIABLES = "a declaration of variables (options:)"

# Returns where Ansible finds a file or directory; raises InputError where it does not.
Find = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class LateOverlay:
    """Changes to a flow that only exists once it is rendered. C(changes): what they are, ready for rendering."""

    changes: StructuredTemplate

    def applied(self, data: JsonObject, scope: Scope, delimiters: Delimiters) -> JsonObject:
        """Return the flow with the changes made. Raises InputError."""
        value = render(self.changes, scope, delimiters)
        return apply_overlay(data, Overlay(tuple(value["changes"]), self.changes.source))


@dataclass(frozen=True, slots=True)
class Flow:
    """One flow of a template, ready for rendering.

    overlays: changes to make when it is rendered. sound: whether validation finds nothing in it, as long as its
    expressions become texts.
    """

    raw: RawFlow
    content: StructuredTemplate | TextTemplate
    overlays: tuple[LateOverlay, ...] = ()
    sound: bool = False

    @property
    def names(self) -> dict[str, str]:
        """The variables that it uses, each with the first place that does."""
        contents = (self.content, *(overlay.changes for overlay in self.overlays))
        return {name: place for content in reversed(contents) for name, place in content.names.items()}

    def render(self, scope: Scope, delimiters: Delimiters) -> RawFlow:
        """Return the flow with every expression evaluated. Raises InputError."""
        if isinstance(self.content, StructuredTemplate):
            rendered = rendering(self.content, scope, delimiters)
            # Plain are the template and the values in it, each since it was read.
            return self.raw.with_value(rendered.value, Known.SOUND if self.sound and rendered.texts else Known.PLAIN)
        value = self.content.render(scope)
        for overlay in self.overlays:
            value = overlay.applied(to_exported(value, self.raw.source), scope, delimiters)
        return self.raw.with_value(value)


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
        return {name: place for flow in reversed(self.flows) for name, place in flow.names.items()}

    def secrets(self, scope: Scope) -> list[JsonValue]:
        """Return the values that its declaration wants to be shown nowhere."""
        given = {}
        for name in self.declaration.secret if self.declaration else ():
            with suppress(EvaluationError):  # rendering tells of it
                given[name] = scope.value(name) if name in scope else None
        return list(self.declaration.secret_values(given)) if self.declaration else []

    def strangers(self, given: Iterable[str]) -> list[Problem]:
        """Return the problems of variables that somebody gives to this template, and that it does not declare."""
        if self.declaration is None or self.problems:
            return []
        return [
            Problem("undeclared-variable", f"it gets {_undeclared(name, self.declaration)}", source=self.source)
            for name in undeclared(given, self.declaration)
        ]

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
            raise InputError(self._without_repetition(problems))
        return rendered

    def _without_repetition(self, problems: list[Problem]) -> list[Problem]:
        """Return the problems less those that say of an undeclared variable that it is undefined, too."""
        names = undeclared(self.names, self.declaration) if self.declaration else []
        repeated = tuple(f"'{name}' is undefined" for name in names)
        return [problem for problem in problems if not problem.message.startswith(repeated)]


def _lasts(template: Template) -> bool:
    """Tell whether a template is plain data: a text template holds parsed code, and problems are the rare case."""
    plain = all(isinstance(flow.content, StructuredTemplate) for flow in template.flows)
    return plain and not template.problems


_READY: ReadyOnce[Template] = ReadyOnce("template", _lasts)


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
        self._search_path = tuple(search_path)
        self.libraries = tuple(self._library(library) for library in libraries)

    def open(self, name: str, overlay: Any = None) -> Template:
        """Return a template by an entry's name or path, or by the path of a flow. Raises InputError if there is none.

        What else is wrong with it is reported when it is rendered, together with what it is given.
        """
        try:
            layers = self._layers(name)
            extra = _given_overlay(overlay)
        except InputError as error:
            return Template(name, (), self._delimiters, problems=error.problems)
        return self._opened(layers, extra)

    def _opened(self, layers: tuple[Entry, ...], extra: Overlay | None) -> Template:
        stamp = [stamp for entry in layers for stamp in _stamps(entry)]
        key = (layers, extra, self._delimiters, self._search_path, stamp)
        make = _Assembly(layers, extra, self._delimiters, self._search_path).template
        # What stands in a task may come from a vault, so it is not written to a disk.
        return _READY.get(key, make, share=extra is None)

    def _layers(self, name: str) -> tuple[Entry, ...]:
        """Return an entry and those that it extends, each by the next. Raises InputError where one is missing."""
        layers = [open_entry(self._place(name))]
        while layers[-1].overlay:
            overlay = _overlay_of(layers[-1])
            base = open_entry(self._base(overlay, layers[-1]))
            if base in layers:
                chain = " -> ".join(Path(entry.directory).name for entry in (*layers, base))
                message = f"it extends itself: {chain}"
                raise InputError([Problem("template-cycle", message, json_path("extends"), overlay.source)])
            layers.append(base)
        return tuple(layers)

    def _base(self, overlay: Overlay, entry: Entry) -> str:
        """Return where the template is that an overlay extends: beside it, or wherever templates are."""
        directory = Path(entry.directory)
        for place in (directory.parent / overlay.extends, directory / overlay.extends):
            if place.exists() and place != directory:
                return str(place)
        try:
            return self._place(overlay.extends)
        except InputError as error:
            message = f"{quoted(overlay.extends)}: {error.problems[0].message}"
            problem = Problem(error.problems[0].code, message, json_path("extends"), overlay.source)
            raise InputError([problem]) from None

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


def _given_overlay(given: Any) -> Overlay | None:
    """Return the overlay that stands beside a template in a task: the path of a file, or the changes themselves."""
    if given is None:
        return None
    if isinstance(given, str):
        return read_overlay(parse_text(read_text(given), given, _OVERLAY), given, needs_base=False)
    # What stands in a task, Ansible has templated already.
    return read_overlay(as_literal(plain_json(given, "overlay")), "overlay", needs_base=False)


def _as_value(overlay: Overlay) -> JsonObject:
    """Return the changes where they stand in the overlay's file, for the paths in messages."""
    return {"changes": list(overlay.changes)}


def _overlay_of(entry: Entry) -> Overlay:
    return read_overlay(parse_text(read_text(entry.overlay), entry.overlay, _OVERLAY), entry.overlay, needs_base=True)


class _Assembly:
    """Makes one template of an entry, those it extends (the last of which is a flow) and an overlay beside it."""

    def __init__(
        self, layers: tuple[Entry, ...], extra: Overlay | None, delimiters: Delimiters, search_path: tuple[str, ...]
    ) -> None:
        self._layers = layers
        self._base = layers[-1]
        self._extra = extra
        self._delimiters = delimiters
        self._syntax: Syntax = syntax_of(delimiters)
        self._search_path = search_path
        self._problems: list[Problem] = []

    def template(self) -> Template:
        """Return the template. What is wrong with it is among its problems."""
        declaration = self._declaration()
        flows = _collected(self._problems, self._flows, ())
        template = Template(self._layers[0].file, flows, self._delimiters, declaration)
        return replace(template, problems=(*self._problems, *_undeclared_problems(template)))

    def _declaration(self) -> Declaration | None:
        """Return the variables of all layers, None where one of them takes anything."""
        declared: list[Declaration | None] = [
            _collected(self._problems, partial(_declaration_of, entry), None) for entry in self._layers
        ]
        found = [declaration for declaration in declared if declaration is not None]
        if not found or (declared[-1] is None and len(self._layers) > 1):
            return None
        return reduce(Declaration.over, found)

    def _partials(self, layer: int) -> Partials:
        return Partials(entry.partials for entry in self._layers[layer:])

    def _flows(self) -> tuple[Flow, ...]:
        if self._base.is_text:
            partials = self._partials(len(self._layers) - 1)
            text = open_text_template(self._base.flow, self._syntax, partials, self._search_path)
            late = tuple(
                LateOverlay(compile_template(_as_value(overlay), overlay.source, self._syntax))
                for overlay in self._overlays()
            )
            return (Flow(RawFlow(None, self._base.flow), text, late),)
        flows = [self._base.named(raw) for raw in read_raw(self._base.flow)]
        return tuple(self._structured(raw) for raw in self._changed(flows))

    def _structured(self, raw: RawFlow) -> Flow:
        compiled = compile_template(raw.value, raw.source, self._syntax)
        plain = replace(compiled, value=plain_json(compiled.value, raw.source))
        return Flow(raw, plain, sound=_is_sound(plain))

    def _changed(self, flows: list[RawFlow]) -> list[RawFlow]:
        """Return the flows of the base with its partials in place and the changes of all layers made."""
        overlays = self._overlays()
        if overlays and len(flows) != 1:
            message = f"there are {len(flows)} flows in {self._base.flow}; an overlay changes a single one"
            raise InputError([Problem("overlay", message, source=overlays[0].source)])
        if overlays:
            flows = [raw.with_value(to_exported(raw.value, raw.source)) for raw in flows]
        partials = self._partials(len(self._layers) - 1)
        flows = [raw.with_value(self._with_partials(raw.value, raw.source, partials)) for raw in flows]
        for overlay in overlays:
            flows = [replace(raw, value=apply_overlay(raw.value, overlay), source=overlay.source) for raw in flows]
        return flows

    def _overlays(self) -> list[Overlay]:
        """Return the overlays in the order in which they apply, their partials in place."""
        overlays = []
        for layer in reversed(range(len(self._layers) - 1)):
            overlay = _overlay_of(self._layers[layer])
            value = self._with_partials(_as_value(overlay), overlay.source, self._partials(layer))
            overlays.append(replace(overlay, changes=tuple(value["changes"])))
        return [*overlays, self._extra] if self._extra else overlays

    def _with_partials(self, value: JsonValue, source: str, partials: Partials) -> JsonValue:
        found, wrong = with_partials(value, source, partials, self._syntax)
        self._problems += wrong
        return found


def _is_sound(template: StructuredTemplate) -> bool:
    """Tell whether validation finds nothing in a flow, whatever texts its expressions become."""
    if not all(map(holds_text_only, template.rendered_places())):
        return False
    try:
        exported = detect(template.value) is Format.EXPORTED
    except FormatError:
        return False
    named = FlowDocument({**template.value, "flowId": "rendered"})
    return exported and not template.problems and not find_problems(named, WHAT_STOPS)


def _declaration_of(entry: Entry) -> Declaration | None:
    if not entry.variables:
        return None
    return read_declaration(parse_text(read_text(entry.variables), entry.variables, _VARIABLES), entry.variables)


def search_path(variables: Mapping[str, Any]) -> list[str]:
    """Return the folders in which templates of this play look for what they include, as Ansible's own templates do."""
    folders = [str(folder) for folder in variables.get("ansible_search_path") or ()]
    return [place for folder in folders for place in (str(Path(folder) / "templates"), folder)]


def _undeclared_problems(template: Template) -> Iterator[Problem]:
    if template.declaration is None:
        return
    names = template.names
    for name in undeclared(names, template.declaration):
        message = f"it uses {_undeclared(name, template.declaration)}"
        path, message = (names[name], message) if names[name].startswith("$") else ("", f"{message} ({names[name]})")
        yield Problem("undeclared-variable", message, path, template.source)


def _undeclared(name: str, declaration: Declaration) -> str:
    known = ", ".join(sorted(declaration.names)) or "none"
    near = difflib.get_close_matches(name, declaration.names, 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"the variable {name}, which {declaration.source} does not declare; declared: {known}{hint}"


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
