# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""JSON values: their types, paths into them, reading them from text and making foreign ones plain."""

from __future__ import annotations

import contextlib
import json
import math
import re
from typing import Any, NoReturn, TypeAlias

from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._secrets import hidden

JsonValue: TypeAlias = Any  # None | bool | int | float | str | list[JsonValue] | dict[str, JsonValue]
JsonObject: TypeAlias = dict[str, Any]

MAX_DEPTH = 100  # real flows nest about 12 levels; beyond this a document is a mistake or an attack
_WHOLE_NUMBER_LIMIT = 2.0**53  # above it a float no longer stands for one whole number

_BARE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z|[0-9]+\Z")
_LEAVES = frozenset({str, int, bool, type(None)})  # exact types that need no second look


def json_path(*parts: str | int) -> str:
    """Return the path to a place in a JSON document, for example C($.contents.tasks["12.end"].next.rules[0]).

    Keys that are names or digits follow a dot, all others stand in brackets as JSON strings; integers are list indexes.
    """
    return "$" + "".join(_path_step(part) for part in parts)


def _path_step(part: str | int) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    return f".{part}" if _BARE_NAME.match(part) else f"[{_in_quotes(part)}]"


def _in_quotes(text: str) -> str:
    """Return a JSON string that is safe to print on one line: anything unprintable is escaped."""
    return json.dumps(text, ensure_ascii=not text.isprintable())


def describe(value: object) -> str:
    """Name a value's JSON type for a message, for example C(a list)."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    names = ((dict, "an object"), (list, "a list"), (str, "a string"), ((int, float), "a number"))
    return next((name for kind, name in names if isinstance(value, kind)), f"a {type(value).__name__}")


def quoted(value: object) -> str:
    """Return a string in quotes and on one line, cut if it is long, without secrets; of any other value, its type."""
    return _in_quotes(hidden(value)[:80]) if isinstance(value, str) else describe(value)


# --- values that may be anything --------------------------------------------------------------------------------------


def object_of(value: object) -> JsonObject:
    """Return a value that is an object; of anything else, an empty one."""
    return value if isinstance(value, dict) else {}


def list_of(value: object) -> list[Any]:
    """Return a value that is a list; of anything else, an empty one."""
    return value if isinstance(value, list) else []


def text_of(value: object) -> str:
    """Return a value that is a string; of anything else, an empty one."""
    return value if isinstance(value, str) else ""


# --- foreign values ---------------------------------------------------------------------------------------------------


def plain_json(value: object, source: str = "") -> JsonValue:
    """Return the value as plain JSON types, sharing every sub-object that already is.

    Subclasses of the built-in types (Ansible tags its strings and containers) become the built-in types, and floats
    that are whole numbers become integers, because the server prints 42 for 42.0. Raises InputError for what JSON
    cannot say (dates, NaN, keys that are not strings) and for nesting deeper than C(MAX_DEPTH).
    """
    if _is_plain(value, MAX_DEPTH - 1):
        return value
    walk = _PlainWalk(source)
    result = walk.convert(value)
    if walk.problems:
        raise InputError(walk.problems)
    return result


def _is_plain(value: Any, levels: int) -> bool:
    """Tell quickly whether there is nothing to convert and nothing to report, which is nearly always so."""
    kind = type(value)
    if kind is dict:
        for key in value:
            if key.__class__ is not str:
                return False
        value = value.values()
    elif kind is float:
        return math.isfinite(value) and not value.is_integer()
    elif kind is not list:
        return kind in _LEAVES
    for member in value:
        if type(member) in _LEAVES:
            continue
        if not levels or not _is_plain(member, levels - 1):
            return False
    return True


class _PlainWalk:
    """One pass over a value. Remembers where it is, so that problems can say so."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.problems: list[Problem] = []
        self.place: list[str | int] = []

    def convert(self, value: object) -> JsonValue:
        if isinstance(value, dict):
            return self._members(value)
        if isinstance(value, list | tuple):
            return self._items(value)
        return self._leaf(value)

    def _members(self, value: dict[Any, Any]) -> JsonValue:
        if self._too_deep():
            return None
        foreign_keys = self._check_keys(value)
        changed: dict[Any, Any] = {}
        for key, member in value.items():
            self.place.append(str(key))
            converted = self.convert(member)
            self.place.pop()
            if converted is not member:
                changed[key] = converted
        if foreign_keys:
            return {_plain_key(key): changed.get(key, member) for key, member in value.items()}
        if changed:
            return {**value, **changed}
        return value if value.__class__ is dict else dict(value.items())

    def _items(self, value: list[Any] | tuple[Any, ...]) -> JsonValue:
        if self._too_deep():
            return None
        result: list[Any] | None = None if value.__class__ is list else list(value)
        for index, item in enumerate(value):
            self.place.append(index)
            converted = self.convert(item)
            self.place.pop()
            if converted is not item:
                result = list(value) if result is None else result
                result[index] = converted
        return value if result is None else result

    def _leaf(self, value: object) -> JsonValue:
        if type(value) in _LEAVES:
            return value
        if isinstance(value, str):
            return str.__str__(value)
        if isinstance(value, int):
            return int.__int__(value)
        if isinstance(value, float):
            return self._number(value)
        self._report("not-json", f"a {type(value).__name__} is not a JSON value; write it as a quoted string")
        return None

    def _number(self, value: float) -> int | float | None:
        if not math.isfinite(value):
            self._report("invalid-number", f"{value} is not a JSON number")
            return None
        if value.is_integer() and abs(value) < _WHOLE_NUMBER_LIMIT:
            return int(value)
        return float.__float__(value)

    def _check_keys(self, value: dict[Any, Any]) -> bool:
        """Report keys that are not strings, and tell whether any key is not exactly a string."""
        for key in value:
            if not isinstance(key, str):
                self._report("key-not-string", f"the key {key!r} is not a string; write it in quotes")
        return any(key.__class__ is not str for key in value)

    def _too_deep(self) -> bool:
        if len(self.place) < MAX_DEPTH:
            return False
        self._report("too-deep", f"nested deeper than {MAX_DEPTH} levels", path="")
        return True

    def _report(self, code: str, message: str, path: str | None = None) -> None:
        place = json_path(*self.place) if path is None else path
        self.problems.append(Problem(code, message, path=place, source=self.source))


def _plain_key(key: object) -> str:
    return str.__str__(key) if isinstance(key, str) else str(key)


# --- text -------------------------------------------------------------------------------------------------------------


def parse_json(text: str, source: str = "", what: str = "a flow") -> JsonValue:
    """Read JSON text, strictly.

    Raises InputError for invalid JSON (with line and column, and what the text looks like instead), for a key given
    twice in one object, for NaN and Infinity, and for nesting too deep to read. C(what): what is said to be expected.
    """
    text = text.removeprefix("\ufeff")
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_float=_float, parse_constant=_constant)
    except _TextProblemError as problem:
        raise InputError([_locate(problem, text, source)]) from None
    except json.JSONDecodeError as error:
        raise InputError([_invalid_json(error, text, source, what)]) from None
    except RecursionError:
        message = f"nested deeper than {MAX_DEPTH} levels"
        raise InputError([Problem("too-deep", message, source=source)]) from None
    except ValueError as error:  # an integer of thousands of digits
        raise InputError([Problem("invalid-number", f"invalid number: {error}", source=source)]) from None


class _TextProblemError(ValueError):
    def __init__(self, code: str, message: str, key: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.key = key


def _unique(pairs: list[tuple[str, Any]]) -> JsonObject:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        key = next(key for key, _value in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _TextProblemError("duplicate-key", f"the key {quoted(key)} is given twice", key)
    return result


def _float(text: str) -> int | float:
    number = float(text)
    if not math.isfinite(number):
        raise _TextProblemError("invalid-number", f"{text} is too large for a number")
    return int(number) if number.is_integer() and abs(number) < _WHOLE_NUMBER_LIMIT else number


def _constant(text: str) -> NoReturn:
    raise _TextProblemError("invalid-number", f"{text} is not a JSON number")


def _locate(problem: _TextProblemError, text: str, source: str) -> Problem:
    message = str(problem)
    if problem.code == "duplicate-key":
        line = _line_of_duplicate(text, problem.key)
        message += f" in the object that begins at line {line}; keep one of the two"
    return Problem(problem.code, message, source=source)


def _line_of_duplicate(text: str, key: str) -> int:
    """Read the text once more, slowly, with the decoder written in Python, because only that one tells positions."""
    found: list[int] = []
    original = json.decoder.JSONObject  # type: ignore[attr-defined]

    def parse_object(text_and_start: tuple[str, int], *arguments: Any) -> tuple[Any, int]:
        value, end = original(text_and_start, *arguments)
        keys = [pair[0] for pair in value]
        if keys.count(key) > 1:
            found.append(text.count("\n", 0, text_and_start[1]) + 1)
        return value, end

    decoder = json.JSONDecoder(object_pairs_hook=list)
    decoder.parse_object = parse_object  # type: ignore[attr-defined]
    decoder.scan_once = json.scanner.py_make_scanner(decoder)  # type: ignore[attr-defined]
    with contextlib.suppress(ValueError, RecursionError):  # a later error in the same text
        decoder.decode(text)
    return found[0] if found else 1


def _invalid_json(error: json.JSONDecodeError, text: str, source: str, what: str) -> Problem:
    if not text.strip():
        return Problem("empty-file", f"empty; {what} as JSON was expected", source=source)
    marker = conflict_line(text)
    if marker:
        return Problem("git-conflict", conflict_message(marker), source=source)
    reason = error.msg[:1].lower() + error.msg[1:]
    message = f"invalid JSON at line {error.lineno}, column {error.colno}: {reason}{_hint(error, text)}"
    return Problem("invalid-json", message, source=source)


def conflict_line(text: str) -> int:
    """Return the line of the first git conflict marker, 0 if there is none."""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith(("<<<<<<< ", ">>>>>>> ", "||||||| ")):
            return number
    return 0


def conflict_message(line: int) -> str:
    """Return what to say about git conflict markers."""
    return f"git conflict markers (<<<<<<<) from line {line} on; resolve the merge first"


def _hint(error: json.JSONDecodeError, text: str) -> str:
    """Say what the text looks like where it is not JSON, empty if that is not clear."""
    start = text.lstrip()[:200]
    if re.match(r"<(!doctype|html|head|body|\?xml)", start, re.IGNORECASE):
        return " (this looks like a web page, not like a flow)"
    if re.match(r"(---\s|%YAML|#|[\w.-]+:(\s|$))", start):
        return " (this looks like YAML; if it is, name the file .yml)"
    if error.pos >= len(text.rstrip()):
        return " (the text ends too early; is the file cut off?)"
    line = text.splitlines()[error.lineno - 1] if error.lineno <= len(text.splitlines()) else ""
    if "{%" in line or "${" in line:
        return " (this looks like a text template; if it is, name the file .j2)"
    if re.search(r",\s*$", text[: error.pos]) and text[error.pos : error.pos + 1] in ("}", "]"):
        return " (because of a trailing comma before it)"
    return ""


def file_bytes(value: JsonValue) -> bytes:
    """Return a JSON value as the content of a file that people compare: sorted, indented, readable, in UTF-8."""
    try:
        return (json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False) + "\n").encode()
    except UnicodeEncodeError:  # half a surrogate pair: JSON can escape it, UTF-8 cannot hold it
        return (json.dumps(value, sort_keys=True, indent=2) + "\n").encode()
