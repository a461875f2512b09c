# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""JSON text is read strictly, and what Ansible and YAML make of values becomes plain JSON or a clear error."""

from __future__ import annotations

import contextlib
import datetime
import json
from collections.abc import Callable
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._json import MAX_DEPTH, parse_json, plain_json
from json_values import json_values, places


def problems_of(read: Callable[[], Any]) -> list[Problem]:
    with pytest.raises(InputError) as caught:
        read()
    return list(caught.value.problems)


# --- text -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("", "empty-file", "empty; a flow as JSON was expected"),
        ("\ufeff \n", "empty-file", "empty; a flow as JSON was expected"),
        (
            '{\n  "a": 1,\n  "b" 2\n}',
            "invalid-json",
            "invalid JSON at line 3, column 7: expecting ':' delimiter",
        ),
        ('{"a": 1,\n}', "invalid-json", "trailing comma before"),
        ("[1, 2,\n]", "invalid-json", "trailing comma before"),
        ('{"a": {', "invalid-json", "the text ends too early; is the file cut off?"),
        ("<!DOCTYPE html>\n<html></html>", "invalid-json", "this looks like a web page, not like a flow"),
        ("---\nflowId: sign-in\n", "invalid-json", "this looks like YAML; if it is, name the file .yml"),
        ("flowId: sign-in\n", "invalid-json", "this looks like YAML"),
        ('{\n  {% if mfa %}\n  "a": 1\n}', "invalid-json", "this looks like a text template"),
        ('{"a": ${ b }}', "invalid-json", "this looks like a text template"),
        (
            '{\n  "a": 1,\n<<<<<<< HEAD\n  "b": 2\n=======\n  "b": 3\n>>>>>>> theirs\n}',
            "git-conflict",
            "git conflict markers (<<<<<<<) from line 3 on; resolve the merge first",
        ),
        ('{"a": NaN}', "invalid-number", "NaN is not a JSON number"),
        ('{"a": -Infinity}', "invalid-number", "-Infinity is not a JSON number"),
        ('{"a": 1e999}', "invalid-number", "1e999 is too large for a number"),
        ('{"a": ' + "1" * 5000 + "}", "invalid-number", "invalid number"),
        ("[" * 100_000, "too-deep", f"nested deeper than {MAX_DEPTH} levels"),
    ],
)
def test_invalid_text(text: str, code: str, message: str) -> None:
    (problem,) = problems_of(lambda: parse_json(text, "flows/a.json"))
    assert problem.code == code
    assert message in problem.message
    assert problem.source == "flows/a.json"
    assert "\n" not in problem.message


def test_a_duplicate_key_is_named_with_the_object_it_is_in() -> None:
    text = '{\n "tasks": {\n  "0": {\n   "id": "0",\n   "name": "a",\n   "id": "1"\n  },\n  "1": {}\n }\n}'
    (problem,) = problems_of(lambda: parse_json(text))
    assert problem.code == "duplicate-key"
    assert problem.message == 'the key "id" is given twice in the object that begins at line 3; keep one of the two'


@pytest.mark.parametrize("text", ['{"\\u00e9": 1, "é": 2}', '{"a": 1, "a": 1}'])
def test_a_duplicate_key_counts_however_it_is_written(text: str) -> None:
    assert [problem.code for problem in problems_of(lambda: parse_json(text))] == ["duplicate-key"]


def test_conflict_markers_inside_a_text_are_no_conflict() -> None:
    assert parse_json('{"a": "<<<<<<< HEAD"}') == {"a": "<<<<<<< HEAD"}


def test_numbers_keep_their_meaning() -> None:
    text = "[42.0, 0.5, -0.0, 1e3, 1e300, 12345678901234567890, -7]"
    assert json.dumps(parse_json(text)) == "[42, 0.5, 0, 1000, 1e+300, 12345678901234567890, -7]"


@given(json_values())
def test_valid_text_is_read_as_it_is(value: Any) -> None:
    assert parse_json(json.dumps(value)) == value


@given(st.text() | st.text(alphabet='{}[]:,"\\01e.- \n<>tfn'))
def test_any_text_is_a_value_or_an_input_error(text: str) -> None:
    with contextlib.suppress(InputError):
        parse_json(text)


# --- foreign values ---------------------------------------------------------------------------------------------------


class Tagged(str):
    """A string as Ansible hands it over: a subclass that carries more."""


class LazyDict(dict[str, Any]):
    """A mapping as Ansible hands it over."""


@given(json_values())
def test_plain_values_are_shared_and_equal(value: Any) -> None:
    plain = plain_json(value)
    assert plain == value
    if json.dumps(plain) == json.dumps(value):
        assert plain is value


def test_only_what_changes_is_copied() -> None:
    untouched = {"deep": ["down"]}
    value = {"a": untouched, "b": {"x": 1.0}}
    plain = plain_json(value)
    assert plain["a"] is untouched
    assert json.dumps(plain["b"]) == '{"x": 1}'
    assert json.dumps(value["b"]) == '{"x": 1.0}'


def test_subclasses_become_the_built_in_types() -> None:
    value = {Tagged("key"): [Tagged("text"), LazyDict(inner=Tagged("x"))], "tuple": (1, 2)}
    plain = plain_json(value)
    assert plain == {"key": ["text", {"inner": "x"}], "tuple": [1, 2]}
    (key, (text, inner)) = next(iter(plain.items()))
    assert (type(key), type(text), type(inner), type(inner["inner"])) == (str, str, dict, str)


def test_values_as_ansible_loads_them_become_plain() -> None:
    loaded = DataLoader().load(
        'flowId: a\nview: {"x": 1.0, "y": 0.5, n: 3, b: true, z: [null]}\n', file_name="/flow.yml"
    )
    assert loaded["flowId"].__class__ is not str  # Ansible tags what it loads
    plain = plain_json(loaded)
    assert json.dumps(plain) == '{"flowId": "a", "view": {"x": 1, "y": 0.5, "n": 3, "b": true, "z": [null]}}'
    assert {type(value) for _place, value in places(plain)} == {dict, list, str, int, float, bool, type(None)}


def test_what_json_cannot_say_is_named_with_its_place() -> None:
    value = {
        "created": datetime.date(2026, 1, 2),
        "tasks": {0: {"limits": [float("nan")]}, "1": {"raw": b"x"}},
    }
    found = {problem.path: problem.message for problem in problems_of(lambda: plain_json(value, "vars"))}
    assert found == {
        "$.created": "a date is not a JSON value; write it as a quoted string",
        "$.tasks": "the key 0 is not a string; write it in quotes",
        "$.tasks.0.limits[0]": "nan is not a JSON number",
        "$.tasks.1.raw": "a bytes is not a JSON value; write it as a quoted string",
    }


@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"a": inner}])
def test_depth_is_limited_at_the_same_place_however_the_value_came(wrap: Callable[[Any], Any]) -> None:
    value: Any = 0
    for _level in range(MAX_DEPTH):
        value = wrap(value)
    assert plain_json(value) is value
    assert [problem.code for problem in problems_of(lambda: plain_json(wrap(value)))] == ["too-deep"]


def test_a_value_that_contains_itself_is_an_input_error() -> None:
    value: list[Any] = []
    value.append(value)
    assert [problem.code for problem in problems_of(lambda: plain_json(value))] == ["too-deep"]
