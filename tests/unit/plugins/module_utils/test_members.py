# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Large answers, member by member: what is parsed late is what would have been parsed at once."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.community.descope.plugins.module_utils._api import members
from ansible_collections.community.descope.plugins.module_utils._api.members import MembersOnDemand, parse_on_demand
from json_values import json_values

NAMES = st.sampled_from(["files", "file", "other", "", "ü", "\U0001f600", '"', "\\"])


def plain(value: Any) -> Any:
    return {name: dict(member) if isinstance(member, MembersOnDemand) else member for name, member in value.items()}


class TestWhole:
    @settings(max_examples=150, deadline=None)
    @given(
        value=st.dictionaries(NAMES, st.one_of(json_values(), st.dictionaries(NAMES, json_values(), max_size=4))),
        indent=st.sampled_from([None, 0, 3]),
        ascii_only=st.booleans(),
        window=st.sampled_from([3, 4, 5, 17, 65536]),
    )
    def test_is_as_if_parsed_at_once(self, value: Any, indent: int | None, ascii_only: bool, window: int) -> None:
        text = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
        try:
            expected = json.loads(text)
            text.decode("utf-8")
        except UnicodeDecodeError:
            return
        with patch.object(members, "_WINDOW_BYTES", window):
            parsed = parse_on_demand("files")(b" \n" + text + b"\n")
        assert plain(parsed) == expected
        assert isinstance(parsed.get("files"), MembersOnDemand) == isinstance(expected.get("files"), dict)

    @pytest.mark.parametrize("number", ["1.25", "-0.5", "1e5", "1E-5", "12.5e+10", "1234567890"])
    def test_numbers_are_not_cut_where_the_window_ends(self, number: str) -> None:
        for window in range(3, 12):
            with patch.object(members, "_WINDOW_BYTES", window):
                assert plain(parse_on_demand("files")(f'{{"files":{{"a":{number},"b":{number}}}}}'.encode())) == {
                    "files": {"a": float(number), "b": float(number)}
                }

    @pytest.mark.parametrize("text", [b"[1]", b"7", b"null", b'"files"', b"\xef\xbb\xbf{}"])
    def test_of_what_is_no_object_nothing_changes(self, text: bytes) -> None:
        assert parse_on_demand("files")(text) == json.loads(text)

    @given(cut=st.integers(0, 60))
    def test_what_is_cut_off_is_broken_at_once(self, cut: int) -> None:
        text = '{"a": [1], "files": {"x/y.json": {"k": "ü"}, "z": "text"}, "b": 1}'.encode()
        with pytest.raises(ValueError, match=r"."):
            parse_on_demand("files")(text[: min(cut, len(text) - 1)])

    @pytest.mark.parametrize(
        "text",
        [
            b'{"files": {"a": {}} "b": 1}',
            b'{"files": {"a" {}}}',
            b'{"files": {a: {}}}',
            b'{"files": {"a": nonsense}}',
            b'{"files": {"a": {},}}',
            b'{"files": {"a": "\xff"}}',
            b'{"files": {}} more',
        ],
    )
    def test_what_is_broken_is_broken_at_once_and_not_when_a_member_is_used(self, text: bytes) -> None:
        with pytest.raises(ValueError, match=r"."):
            json.loads(text)
        with pytest.raises(ValueError, match=r"."):
            parse_on_demand("files")(text)


class TestMemory:
    def test_is_that_of_one_member_beside_the_text(self) -> None:
        member = {f"task {number}": {"name": "x" * 50, "rules": [number] * 20} for number in range(200)}
        text = json.dumps({"files": {f"flows/{number}/contents.json": member for number in range(200)}}).encode()
        tracemalloc.start()
        try:
            files = parse_on_demand("files")(text)["files"]
            assert sum(len(files[path]) for path in files) == 200 * 200
            _now, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < len(text) / 5
