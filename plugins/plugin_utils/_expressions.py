# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Where the expressions of a template are, and what they use, as Jinja itself sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from typing import Any

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.meta import find_undeclared_variables

from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem

# What a text may call beside Ansible's own functions.
PARTIAL = "partial"
# Jinja's and Ansible's own functions. Which there are is the same on every host.
_FUNCTIONS = frozenset(
    {"range", "dict", "lipsum", "cycler", "joiner", "namespace", "lookup", "query", "q", "now", "undef", PARTIAL}
)
# Jinja makes all line ends alike. This character, which no text has, stands for what it must not see.
_CARRIAGE_RETURN = "\U0010fffd"


@dataclass(frozen=True, slots=True)
class Delimiters:
    """How templates mark expressions, blocks and comments. Jinja's usual ones destroy Descope's own C({{...}})."""

    variable_start_string: str = "${"
    variable_end_string: str = "}"
    block_start_string: str = "{%"
    block_end_string: str = "%}"
    comment_start_string: str = "{#"
    comment_end_string: str = "#}"

    @property
    def escaped_start(self) -> str:
        """What stands for the start of an expression as text, in a structured template."""
        return self.variable_start_string[0] + self.variable_start_string

    @classmethod
    def from_option(cls, option: Mapping[str, str | None] | None) -> Delimiters:
        """Return the delimiters that a task asks for. Raises InputError where they cannot be told from each other."""
        if option is not None and not isinstance(option, Mapping):
            message = "are no dictionary: give for example {variable_start_string: '<<', variable_end_string: '>>'}"
            raise InputError([Problem("delimiters", message, source="delimiters")])
        unknown = sorted((option or {}).keys() - {field.name for field in fields(cls)})
        if unknown:
            raise InputError([Problem("delimiters", f"unknown: {', '.join(unknown)}", source="delimiters")])
        delimiters = cls(**{name: value for name, value in (option or {}).items() if value is not None})
        empty = [field.name for field in fields(cls) if not getattr(delimiters, field.name).strip()]
        starts = (
            delimiters.variable_start_string,
            delimiters.block_start_string,
            delimiters.comment_start_string,
        )
        if empty:
            raise InputError([Problem("delimiters", f"{', '.join(empty)} must not be empty", source="delimiters")])
        if len(set(starts)) < len(starts):
            message = "the three that begin an expression, a block and a comment must differ"
            raise InputError([Problem("delimiters", message, source="delimiters")])
        return delimiters

    def as_overrides(self, *, blocks: bool) -> dict[str, str]:
        """Return them as Ansible's templar takes them. C(blocks=False): blocks and comments have no meaning."""
        overrides = asdict(self)
        if not blocks:
            # Their delimiters then begin like an expression that makes no sense.
            overrides |= {
                "block_start_string": f"{self.variable_start_string}%",
                "block_end_string": "%}",
                "comment_start_string": f"{self.variable_start_string}#",
                "comment_end_string": "#}",
            }
        return overrides


@dataclass(frozen=True, slots=True)
class Code:
    """An expression, without its delimiters."""

    expression: str


class ExpressionError(Exception):
    """A text that Jinja cannot read. C(str()) says why, in a few words; C(line) is where, 0 for a single string."""

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.line = line


class Syntax:
    """Reads texts with one set of delimiters."""

    def __init__(self, delimiters: Delimiters) -> None:
        self.delimiters = delimiters
        self._environment = _reading_environment(**asdict(delimiters))
        single: dict[str, Any] = delimiters.as_overrides(blocks=False)
        self._single = _reading_environment(**single)

    def __contains__(self, text: str) -> bool:
        return self.delimiters.variable_start_string in text

    def parts(self, text: str) -> tuple[str | Code, ...]:
        """Return the text and the expressions that a string consists of. Raises ExpressionError."""
        parts: list[str | Code] = []
        for position, piece in enumerate(text.replace("\r", _CARRIAGE_RETURN).split(self.delimiters.escaped_start)):
            if position:
                parts.append(self.delimiters.variable_start_string)
            parts += self._pieces(piece)
        return tuple(_joined(parts))

    def _pieces(self, text: str) -> Iterator[str | Code]:
        code: list[str] | None = None
        for _line, kind, value in self._tokens(text):
            if kind == "variable_begin":
                code = []
            elif kind == "variable_end":
                yield Code("".join(code or ()).strip())
                code = None
            elif code is None:
                yield value
            else:
                code.append(value)
        if code is not None:
            raise ExpressionError(f"an expression has no end, {self.delimiters.variable_end_string}")

    def _tokens(self, text: str) -> Iterator[tuple[int, str, str]]:
        try:
            yield from self._single.lex(text)
        except TemplateSyntaxError as error:
            raise ExpressionError(_reason(error)) from None

    def expression(self, code: Code) -> nodes.Node:
        """Return the parsed form of an expression. Raises ExpressionError."""
        output: Any = _parsed(self._single, _wrapped(self.delimiters, code.expression)).body[0]
        expression: nodes.Node = output.nodes[0]
        return expression

    def document(self, text: str) -> nodes.Template:
        """Return the parsed form of a text template. Raises ExpressionError."""
        return _parsed(self._environment, text)

    def tokens(self, text: str) -> list[tuple[int, str, str]]:
        """Return the tokens of a text template, as Jinja's C(lex) does. Raises ExpressionError."""
        try:
            return list(self._environment.lex(text))
        except TemplateSyntaxError as error:
            raise ExpressionError(_reason(error), error.lineno) from None


def used_names(parsed: nodes.Node) -> frozenset[str]:
    """Return the variables that an expression or a text template uses and does not set itself."""
    template = parsed if isinstance(parsed, nodes.Template) else _as_template(parsed)
    return frozenset(find_undeclared_variables(template)) - _FUNCTIONS


def partial_name(parsed: nodes.Node) -> str | None:
    """Return the name in C(partial('name')), None for any other expression."""
    if not isinstance(parsed, nodes.Call) or not isinstance(parsed.node, nodes.Name) or parsed.node.name != PARTIAL:
        return None
    given = [argument.value for argument in parsed.args if isinstance(argument, nodes.Const)]
    if len(parsed.args) != 1 or len(given) != 1 or parsed.kwargs or not isinstance(given[0], str):
        raise ExpressionError(f"{PARTIAL} takes the name of one file, in quotes")
    return given[0]


def uses_partial(parsed: nodes.Node) -> bool:
    """Tell whether a partial is asked for anywhere in an expression."""
    return any(name.name == PARTIAL for name in _as_template(parsed).find_all(nodes.Name))


@cache
def syntax_of(delimiters: Delimiters) -> Syntax:
    """Return the syntax of these delimiters, made once."""
    return Syntax(delimiters)


def _as_template(expression: nodes.Node) -> nodes.Template:
    template = nodes.Template([nodes.Output([expression])], lineno=1)
    template.set_environment(_reading_environment())
    return template


class _Anything(dict[str, Any]):
    """Filters and tests of any name: which there are, only Ansible knows when an expression is evaluated."""

    def get(self, key: str, default: Any = None) -> Any:
        return lambda value, *_arguments: value


def _reading_environment(**delimiters: Any) -> Environment:
    """Return an environment that reads templates and never runs any."""
    environment = Environment(keep_trailing_newline=True, trim_blocks=False, optimized=False, **delimiters)
    environment.filters = _Anything()
    environment.tests = _Anything()
    return environment


def _parsed(environment: Environment, text: str) -> nodes.Template:
    try:
        return environment.parse(text)
    except TemplateSyntaxError as error:
        raise ExpressionError(_reason(error), error.lineno) from None


def _wrapped(delimiters: Delimiters, expression: str) -> str:
    return f"{delimiters.variable_start_string} {expression} {delimiters.variable_end_string}"


def _reason(error: TemplateSyntaxError) -> str:
    reason: Any = error.message or "it cannot be read"
    return " ".join(str(reason).split()).rstrip(".")


def _joined(parts: list[str | Code]) -> Iterator[str | Code]:
    text = ""
    for part in parts:
        if isinstance(part, str):
            text += part
            continue
        if text:
            yield text.replace(_CARRIAGE_RETURN, "\r")
        text = ""
        yield part
    if text:
        yield text.replace(_CARRIAGE_RETURN, "\r")
