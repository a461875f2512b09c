# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors


"""Text templates: the whole of Jinja in a flow's file, and values that still cannot break the document around them.

Every expression is rewritten so that its value leaves the template engine wrapped up, as a word that no value can
forge. Only then is it decided what stands in its place: inside a JSON string the text, escaped; elsewhere the value as
JSON. So C("name": "${ brand }") and C("limit": ${ limit }) are both right, whatever the values.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from jinja2 import nodes
from jinja2.meta import find_referenced_templates

from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._flow.sources import parse_text, read_text
from ansible_collections.community.descope.plugins.module_utils._json import JsonValue, json_path, plain_json, quoted
from ansible_collections.community.descope.plugins.module_utils._library.entries import TEXT_TEMPLATE, Partials
from ansible_collections.community.descope.plugins.plugin_utils._expressions import (
    PARTIAL,
    ExpressionError,
    Syntax,
    partial_name,
    used_names,
    uses_partial,
)
from ansible_collections.community.descope.plugins.plugin_utils._outputs import (
    JSON,
    TEXT,
    VALUE,
    Defined,
    Output,
    check_filters,
    defined_in,
    outputs,
)
from ansible_collections.community.descope.plugins.plugin_utils._render import EvaluationError, Scope, as_text

# A word that begins every wrapped value. Made anew in each run, so that no value can hold it.
_MARK = f"dsc{secrets.token_hex(16)}"
_MARKED = re.compile(rf"{_MARK}(-?)([A-Za-z0-9+/=]*)\.")
# A wrapped value in a message may have been cut.
_ANY_MARK = re.compile(rf"{_MARK}[A-Za-z0-9+/=-]*\.?")
_JSON_TOKEN = re.compile(rf'{_MARKED.pattern}|\\.|"', re.DOTALL)
_YAML = (".yml", ".yaml")
# Files that are part of the document. Any other partial is a text, which has to be escaped.
_INCLUDED = (".json", *_YAML, TEXT_TEMPLATE)
# The filters that wrap up what an expression is.
_WRAPPED = {VALUE: "ansible.builtin.to_json | ansible.builtin.b64encode", JSON: "ansible.builtin.b64encode"}
# Stands before what is JSON already.
_IS_JSON = "-"
# What a first line may not say, for it would make expressions of what we take for text.
_OWN_DELIMITERS = re.compile(r"#jinja2:.*_(?:string|prefix)\b")
_UNDEFINED = re.compile(r"'(\w+)' is undefined")


@dataclass(frozen=True, slots=True)
class TextTemplate:
    """A text template made ready for rendering.

    names: the variables used, each with where it is first. includes: whether it includes anything; files: what that may
    be, rewritten, by name. problems: what is missing, or cannot be read by Jinja.
    """

    path: str
    text: str
    syntax: Syntax
    names: Mapping[str, str] = field(default_factory=dict)
    includes: bool = False
    files: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def render(self, scope: Scope) -> JsonValue:
        """Return the parsed document. Raises InputError with the place of what cannot be read, evaluated or parsed."""
        if self.problems:
            raise InputError(self.problems)
        overrides = self.syntax.delimiters.as_overrides(blocks=True)
        try:
            if self.includes:
                # Nothing else may be found, not even where there are no files: it would not be rewritten.
                with tempfile.TemporaryDirectory(prefix="community.descope-") as folder:
                    marked = scope.searching(_written(self.files, Path(folder))).text(self.text, overrides)
            else:
                marked = scope.text(self.text, overrides)
        except EvaluationError as error:
            raise InputError([self._problem(error)]) from None
        return parse_marked(marked if isinstance(marked, str) else json.dumps(marked), self.path)

    def _problem(self, error: EvaluationError) -> Problem:
        found = _UNDEFINED.search(str(error))
        where = f", at {self.names[found[1]]}" if found and found[1] in self.names else ""
        hint = "; define it for this host or in vars" if found else ""
        return Problem("template-error", f"{error}{where}{hint}", source=self.path)


def _written(files: Mapping[str, str], folder: Path) -> str:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return str(folder)


# --- values in their places -------------------------------------------------------------------------------------------


def parse_marked(text: str, path: str) -> JsonValue:
    """Parse what a template was rendered to, with every wrapped value in its place."""
    name = path.removesuffix(TEXT_TEMPLATE)
    try:
        if name.lower().endswith(_YAML):
            value = _unwrapped(_parsed(text, text, path, name), ())
            _check_whole(json.dumps(value, ensure_ascii=False, default=str), path)
            return value
        filled_in = "".join(_filled_in(text))
        _check_whole(filled_in, path)
        return _parsed(filled_in, text, path, name)
    except InputError as error:
        raise InputError([replace(problem, source=path) for problem in error.problems]) from None


def _parsed(text: str, marked: str, path: str, name: str) -> JsonValue:
    try:
        return parse_text(text, name)
    except InputError as error:
        raise InputError([_as_rendered(problem, marked, path) for problem in error.problems]) from None


def _as_rendered(problem: Problem, marked: str, path: str) -> Problem:
    found = re.search(r"at line (\d+)", problem.message)
    lines = marked.split("\n")
    line = lines[int(found[1]) - 1] if found and int(found[1]) <= len(lines) else ""
    shown = _ANY_MARK.sub("...", line).strip()
    reads = f"; the line reads: {shown[:100]}" if shown else ""
    # A value of a tenant may well look like a template, the text that was rendered is none.
    message = _ANY_MARK.sub("...", problem.message.partition(" (this looks like a text template")[0])
    return Problem(problem.code, f"what it renders to is {message}{reads}", source=path)


def _check_whole(text: str, path: str) -> None:
    if _MARK in text.lower():
        message = "a value went through a filter together with the text around it, by {% filter %} or a captured block"
        hint = "apply the filter to the value itself, and write macros and captured blocks by their own names"
        raise InputError([Problem("template-error", f"{message}; {hint}", source=path)])


def _filled_in(text: str) -> Iterator[str]:
    """Yield the pieces of a JSON text with every value as it has to be where it stands."""
    in_string = False
    end = 0
    for token in _JSON_TOKEN.finditer(text):
        if token[0] == '"':
            in_string = not in_string
        elif token[2] is not None:
            yield text[end : token.start()]
            yield json.dumps(_within_text(token))[1:-1] if in_string else _alone(token)
            end = token.end()
    yield text[end:]


def _alone(token: re.Match[str]) -> str:
    """Return a value as JSON. JSON of the author's own is read first: it could be less than a whole value, or more."""
    value = json.dumps(_value(token))
    return "".join(_filled_in(value)) if token[1] else value


def _within_text(token: re.Match[str]) -> str:
    """Return how a value reads within a text. In JSON of the author's own there may be others, from captured blocks."""
    return "".join(_filled_in(_content(token))) if token[1] else as_text(_value(token))


def _unwrapped(value: JsonValue, place: tuple[str | int, ...]) -> JsonValue:
    """Return a parsed YAML document with every value in its place; one that is a whole string keeps its type."""
    if isinstance(value, str):
        whole = _MARKED.fullmatch(value)
        if whole is None:
            return _MARKED.sub(_within_text, value)
        return _unwrapped(_value(whole), place) if whole[1] else _value(whole)
    if isinstance(value, dict):
        members: dict[str, JsonValue] = {}
        for written, member in value.items():
            key = as_text(_unwrapped(written, place))
            if key in members:
                # The parser has seen what was written, not what it becomes.
                message = f"the key {quoted(key)} is given twice once the template is rendered; keep one of the two"
                raise InputError([Problem("duplicate-key", message, json_path(*place))])
            members[key] = _unwrapped(member, (*place, key))
        return members
    if isinstance(value, list):
        return [_unwrapped(item, (*place, position)) for position, item in enumerate(value)]
    return value


def _value(token: re.Match[str]) -> JsonValue:
    try:
        return plain_json(json.loads(_content(token)))
    except json.JSONDecodeError:
        message = "an expression that ends in to_json is not JSON; leave out what it gives to_json beside the value"
        raise InputError([Problem("template-error", message)]) from None


def _content(token: re.Match[str]) -> str:
    return base64.b64decode(token[2]).decode()


# --- rewriting --------------------------------------------------------------------------------------------------------


def open_text_template(path: str, syntax: Syntax, partials: Partials, search_path: tuple[str, ...]) -> TextTemplate:
    """Read a text template and all it includes. Raises InputError where the file itself cannot be read.

    Includes are found among the partials, and then in the search path.
    """
    reader = _Reader(syntax, partials, (str(Path(path).parent), *search_path))
    text = reader.read(path, ())
    return TextTemplate(path, text, syntax, reader.names, reader.includes, reader.files, tuple(reader.problems))


class _Reader:
    def __init__(self, syntax: Syntax, partials: Partials, search_path: tuple[str, ...]) -> None:
        self.syntax = syntax
        self.partials = partials
        self.search_path = search_path
        self.problems: list[Problem] = []
        self.names: dict[str, str] = {}
        self.includes = False
        self.files: dict[str, str] = {}

    def read(self, path: str, through: tuple[str, ...]) -> str:
        """Return the rewritten text of a file, and take in what it includes."""
        text = read_text(path)
        if path in through:
            chain = " -> ".join(Path(step).name for step in (*through, path))
            self.problems.append(Problem("template-cycle", f"it includes itself: {chain}", source=path))
            return ""
        try:
            if not through and _OWN_DELIMITERS.match(text):
                raise ExpressionError("the #jinja2 line sets delimiters of its own; the option delimiters does that", 1)
            document = self.syntax.document(text)
            check_filters(document)
            used = used_names(document)
            self._take_names(document, used, path, through)
            written = outputs(document, used, lambda name: self._defined(name, path))
            rewritten = _Rewriting(self, written, path).rewritten(text)
            self._take_includes(document, path, (*through, path))
        except ExpressionError as error:
            where = f" at line {error.line}" if error.line else ""
            self.problems.append(Problem("template-error", f"not a template{where}: {error}", source=path))
            return ""
        return rewritten

    def content(self, name: str, path: str, line: int) -> str | None:
        """Return a partial that is a text, None for one that is a part of the document."""
        if name.endswith(_INCLUDED):
            return None
        found = self._found(name, path, line)
        return read_text(found) if found else ""

    def _defined(self, name: nodes.Expr, path: str) -> Defined | None:
        """Return what a file defines that is imported, None where its name or content cannot be told."""
        if not isinstance(name, nodes.Const) or not isinstance(name.value, str):
            return None
        found = self._found(name.value, path, name.lineno)
        try:
            return defined_in(self.syntax.document(read_text(found))) if found else None
        except ExpressionError:
            return None  # which is said where that file is rewritten

    def _take_names(self, document: nodes.Template, used: frozenset[str], path: str, through: tuple[str, ...]) -> None:
        lines: dict[str, int] = {}
        for node in document.find_all(nodes.Name):
            lines.setdefault(node.name, node.lineno)
        place = f" of {Path(path).name}" if through else ""
        for name in used:
            self.names.setdefault(name, f"line {lines.get(name, 1)}{place}")

    def _take_includes(self, document: nodes.Template, path: str, through: tuple[str, ...]) -> None:
        referenced = set(find_referenced_templates(document))
        asked = {name for name in referenced if name is not None}
        asked |= {name for call in document.find_all(nodes.Call) if (name := partial_name(call)) is not None}
        if None in referenced:
            asked |= set(self.partials.names())
        self.includes = self.includes or bool(asked or referenced)
        for name in sorted(asked):
            if not name.endswith(_INCLUDED) and any(name == own for own in self.partials.names()):
                continue
            found = self._found(name, path, 0)
            if found in through:
                self.read(found, through)  # which reports it
            elif found and name not in self.files:
                self.files[name] = self.read(found, through)

    def _found(self, name: str, path: str, line: int) -> str:
        inside = not Path(name).is_absolute() and ".." not in Path(name).parts
        for directory in ("", *self.search_path) if inside else ():
            try:
                found = str(Path(directory, name)) if directory else self.partials.find(name)
            except InputError:
                continue
            if Path(found).is_file():
                return found
        where = f" at line {line}" if line else ""
        known = self.partials.names()
        there_are = f"; the partials are {', '.join(known[:12])}" if known else ""
        there_are = there_are if inside else "; write its path from the partials or from beside the template on"
        message = f'there is no file "{name}" to include{where}{there_are}'
        problem = Problem("partial-not-found", message, source=path)
        if problem.code not in {known.code for known in self.problems if f'"{name}"' in known.message}:
            self.problems.append(problem)
        return ""


class _Rewriting:
    """Rewrites one file: each expression so that its value is wrapped, each partial that is a text to that text."""

    def __init__(self, reader: _Reader, written: list[Output], path: str) -> None:
        self.reader = reader
        self.path = path
        self.written = iter(written)

    def rewritten(self, text: str) -> str:
        written: list[str] = []
        inside: list[tuple[int, str, str]] = []
        for token in self.reader.syntax.tokens(text):
            kind = token[1]
            if kind in ("variable_begin", "block_begin"):
                inside = [token]
            elif inside:
                inside.append(token)
                if kind in ("variable_end", "block_end"):
                    written.append(self._expression(inside) if kind == "variable_end" else self._block(inside))
                    inside = []
            else:
                written.append(token[2])
        return "".join(written)

    def _expression(self, tokens: list[tuple[int, str, str]]) -> str:
        begin, code, end = tokens[0][2], _source(tokens[1:-1]), tokens[-1][2]
        output = next(self.written)
        name = partial_name(output.expression)
        if name is not None:
            return self._included(name, tokens[0][0])
        if uses_partial(output.expression):
            raise ExpressionError(f"{PARTIAL}(...) has to be an expression of its own", tokens[0][0])
        if output.kind is TEXT:
            return f"{begin}{code}{end}"
        mark = f"{_MARK}{_IS_JSON if output.kind is JSON else ''}"
        return f'{begin} "{mark}" ~ (({code.strip()}) | {_WRAPPED[output.kind]}) ~ "." {end}'

    def _block(self, tokens: list[tuple[int, str, str]]) -> str:
        words = [token for token in tokens[1:-1] if token[1] != "whitespace"]
        kinds = [(kind, value) for _line, kind, value in words[:1]]
        if kinds == [("name", "print")]:
            message = "{% print %} writes values as they are; write ${ ... } instead"
            raise ExpressionError(message, tokens[0][0])
        if kinds == [("name", "include")] and len(words) > 1 and words[1][1] == "string":
            name = words[1][2][1:-1]
            if self.reader.content(name, self.path, tokens[0][0]) is not None:
                return self._included(name, tokens[0][0])
        return _source(tokens)

    def _included(self, name: str, line: int) -> str:
        content = self.reader.content(name, self.path, line)
        if content is None:
            block_start = self.reader.syntax.delimiters.block_start_string
            return f"{block_start} include {json.dumps(name)} {self.reader.syntax.delimiters.block_end_string}"
        return f"{_MARK}{base64.b64encode(json.dumps(content).encode()).decode()}."


def _source(tokens: list[tuple[int, str, str]]) -> str:
    return "".join(value for _line, _kind, value in tokens)
