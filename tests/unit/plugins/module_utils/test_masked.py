# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Two versions of a value without their secrets: which of them changed can still be told."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from ansible_collections.community.descope.plugins.module_utils._diff.masked import redact_both, redacted_words
from ansible_collections.community.descope.plugins.module_utils._redact import OTHER_SECRET, REDACTED, redact_value
from json_values import json_values

CHANGED = "<redacted> (changed)"


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("token=aaaa&a=1", "token=aaaa&a=2", "token=<redacted>&a=2"),
        ("token=aaaa&a=1", "token=bbbb&a=2", f"token={CHANGED}&a=2"),
        ("token=aaaa&secret=bbbb", "token=aaaa&secret=cccc", f"token=<redacted>&secret={CHANGED}"),
        ("a=1", "a=1&token=aaaa", "a=1&token=<redacted>"),
        ("token=aaaa&a=1", "secret=bbbb&token=aaaa&a=1", "secret=<redacted>&token=<redacted>&a=1"),
        ("token=aaaa&a=1", "secret=bbbb&token=cccc&a=1", f"secret=<redacted>&token={CHANGED}&a=1"),
        ("secret=bbbb&token=aaaa", "token=aaaa&secret=bbbb", "token=<redacted>&secret=<redacted>"),
        ("password: 'a b', jwt", "passphrase: 'c d', jwt", f"passphrase: '{CHANGED}', jwt"),
        ("https://bob:hunter2@x/a", "https://bob:hunter3@x/b", f"https://bob:{CHANGED}@x/b"),
        ("token='{{form.a}}'", "token='abcd'", "token='<redacted>'"),
        (["token=aaaa", "x"], ["token=bbbb", "y"], [f"token={CHANGED}", "y"]),
        (["token=aaaa", "x"], ["new", "token=aaaa", "x"], ["new", "token=<redacted>", "x"]),
        (["x", "token=aaaa"], ["x", "y", "token=bbbb", "z"], ["x", "y", "token=<redacted>", "z"]),
        ({"apiKey": "a", "b": 1}, {"apiKey": "c", "b": 2}, {"apiKey": CHANGED, "b": 2}),
        ({"apiKey": 1}, {"apiKey": "c"}, {"apiKey": CHANGED}),
        (
            {"apiKey": ["a", "b"]},
            {"apiKey": ["a", "c"], "pwd": "d"},
            {"apiKey": ["<redacted>", CHANGED], "pwd": "<redacted>"},
        ),
        ({"key": "pwd", "value": "a"}, {"key": "pwd", "value": "b"}, {"key": "pwd", "value": CHANGED}),
    ],
)
def test_what_changed_among_the_secrets_is_marked(before: Any, after: Any, shown: Any) -> None:
    assert redact_both(before, after) == (redact_value(before), shown)
    # Reports mask once more what results tell.
    assert redact_value(shown) == shown


def test_what_stands_under_a_secret_name_is_marked_as_a_whole() -> None:
    assert redact_both("hunter2", "hunter3", secret=True) == ("<redacted>", CHANGED)
    assert redact_both("hunter2", "hunter2", secret=True) == ("<redacted>", "<redacted>")
    assert redact_both(None, "hunter2", secret=True) == (None, "<redacted>")


def test_many_secrets_take_no_long_time() -> None:
    before, after = ("".join(f"token={number}{end}\n" for number in range(10_000, 13_000)) for end in ("a", "b"))
    assert redact_both(before, f"token=first\n{after}")[1].count(CHANGED) == 3000


def test_words_are_marked_where_they_have_one_secret_and_else_at_their_end() -> None:
    one, both = ("a <redacted>", "b <redacted>"), ("a <redacted> <redacted>", "b <redacted> <redacted>")
    assert redacted_words(one, ["token=aaaa"], ["token=bbbb"]) == ("a <redacted>", f"b {CHANGED}")
    assert redacted_words(both, {"pwd": 1}, {"pwd": 2}) == (both[0], f"{both[1]}, with {CHANGED}")
    assert redacted_words(both, ["token=aaaa", 1], ["token=aaaa", 2]) == both
    assert redacted_words(("a", "b <redacted>"), None, ["token=bbbb"]) == ("a", "b <redacted>")


@given(json_values(), json_values())
def test_marks_are_all_that_differs_from_masking_alone(before: Any, after: Any) -> None:
    old, new = redact_both(before, after)
    assert old == redact_value(before)
    assert _unmarked(new) == redact_value(after)
    assert redact_both(after, after)[1] == redact_value(after)


def _unmarked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unmarked(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_unmarked(item) for item in value]
    return value.replace(OTHER_SECRET, REDACTED) if isinstance(value, str) else value
