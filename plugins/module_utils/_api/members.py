# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Large JSON answers, member by member: the text stays as it came, and a member is parsed when it is asked for.

The snapshot of a grown project has a hundred megabytes and is several times that as Python objects. Its files are only
needed one after the other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

_Span = tuple[int, int]

_SPACE = re.compile(rb"[ \t\n\r]*")
_DECODER = json.JSONDecoder()
# How much of the text is looked at to find where a value ends, and how much more where it is longer.
_WINDOW_BYTES = 64 * 1024
_GROWTH = 4


class MembersOnDemand(Mapping[str, Any]):
    """A JSON object whose members are parsed each time they are asked for."""

    def __init__(self, text: bytes, spans: Mapping[str, _Span]) -> None:
        self._text = text
        self._spans = spans

    def __getitem__(self, name: str) -> Any:
        return json.loads(self.text(name))

    def text(self, name: str) -> bytes:
        """Return the JSON text of a member as it came."""
        start, end = self._spans[name]
        return self._text[start:end]

    def __iter__(self) -> Iterator[str]:
        return iter(self._spans)

    def __len__(self) -> int:
        return len(self._spans)

    def __contains__(self, name: object) -> bool:
        return name in self._spans


def chosen_members(members: Mapping[str, Any], names: Iterable[str]) -> bytes:
    """Return the JSON text of an object with some of the members, null for one that is missing.

    They are not parsed where that can be spared.
    """
    in_text = (json.dumps(name).encode() + b":" + _text(members, name) for name in names)
    return b"{" + b",".join(in_text) + b"}"


def _text(members: Mapping[str, Any], name: str) -> bytes:
    if isinstance(members, MembersOnDemand) and name in members:
        return members.text(name)
    return json.dumps(members.get(name)).encode()


def parse_on_demand(large: str) -> Callable[[bytes], Any]:
    """Return a function like C(json.loads) that leaves the object in the member C(large) as C(MembersOnDemand).

    All of the text is checked at once, so that nothing is wrong with it later. It raises ValueError as C(json.loads).
    """

    def parse(text: bytes) -> Any:
        start = _after_space(text, 0)
        # What is in UTF-16, or begins with a byte order mark, is no large answer of this API.
        if text[start : start + 1] != b"{" or json.detect_encoding(text[:4]) != "utf-8":
            return json.loads(text)
        value: dict[str, Any] = {}

        def take(name: str, at: int) -> int:
            if name == large and text[at : at + 1] == b"{":
                spans: dict[str, _Span] = {}
                end = _scan(text, at, lambda member, begin: _noted(spans, text, member, begin))
                value[name] = MembersOnDemand(text, spans)
                return end
            end = _end_of_value(text, at)
            value[name] = json.loads(text[at:end])
            return end

        end = _after_space(text, _scan(text, start, take))
        if end != len(text):
            raise _broken("Extra data", end)
        return value

    return parse


def _noted(spans: dict[str, _Span], text: bytes, name: str, at: int) -> int:
    end = _end_of_value(text, at)
    spans[name] = (at, end)
    return end


def _scan(text: bytes, start: int, take: Callable[[str, int], int]) -> int:
    """Call C(take) with the name of each member of an object and where its value begins, for it to say where it ends.

    Returns where the object ends.
    """
    at = _after_space(text, start + 1)
    if text[at : at + 1] == b"}":
        return at + 1
    while True:
        if text[at : at + 1] != b'"':
            raise _broken("Expecting property name enclosed in double quotes", at)
        name_end = _end_of_value(text, at)
        colon = _after_space(text, name_end)
        if text[colon : colon + 1] != b":":
            raise _broken("Expecting ':' delimiter", colon)
        after = _after_space(text, take(json.loads(text[at:name_end]), _after_space(text, colon + 1)))
        if text[after : after + 1] == b"}":
            return after + 1
        if text[after : after + 1] != b",":
            raise _broken("Expecting ',' delimiter", after)
        at = _after_space(text, after + 1)


def _end_of_value(text: bytes, start: int) -> int:
    """Return where the JSON value that begins at C(start) ends. Raises ValueError where it is not one.

    Bytes stand for characters here, which does not move the end: a quote or bracket is never part of another character.
    """
    size = _WINDOW_BYTES
    while True:
        window = text[start : start + size].decode("latin-1")
        all_of_it = start + size >= len(text)
        try:
            _value, length = _DECODER.raw_decode(window)
        except ValueError:
            if all_of_it:
                raise
            length = size
        # A number may go on behind the window's end, as 1.5 where that shows "1." or 1e-5 where it shows "1e-".
        if length + 2 < len(window) or all_of_it:
            if not window[:length].isascii():
                _unused = text[start : start + length].decode("utf-8")
            return start + length
        size *= _GROWTH


def _after_space(text: bytes, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _broken(what: str, at: int) -> ValueError:
    return ValueError(f"{what}: char {at}")
