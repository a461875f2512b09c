# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Values of flows as short, safe text: one line, printable, without secrets, cut around what differs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from ansible_collections.community.descope.plugins.module_utils._diff.masked import redact_both
from ansible_collections.community.descope.plugins.module_utils._json import JsonValue
from ansible_collections.community.descope.plugins.module_utils._redact import OTHER_SECRET, redact_text, redact_value

_SPACES = re.compile(r"\s+")
_LONGEST_NAME = 40
_MANY_LINES = 300  # above this, only equal lines at both ends are matched; the rest counts as changed
_LONG_TEXT = 60
_LONG_LIST = 4
_LONGEST_LIST = 200

Block = tuple[int, list[str], list[str]]  # line number in the new text, old lines, new lines


def quoted(text: str, room: int = _LONGEST_NAME) -> str:
    """Return a name or text in double quotes, on one line, cut to C(room) characters, without secrets."""
    return f'"{printable(shortened(collapsed(redact_text(text)), room))}"'


def bare(text: str, room: int = _LONGEST_NAME) -> str:
    """Return an id or key as it is, made safe to show."""
    return printable(shortened(redact_text(text), room))


def collapsed(text: str) -> str:
    return _SPACES.sub(" ", text).strip()


def shortened(text: str, room: int) -> str:
    return text if len(text) <= room else text[: max(room - 3, 1)].rstrip() + "..."


def printable(text: str) -> str:
    """Escape what would break the line or play tricks on a terminal (control and direction characters)."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _escaped(character) for character in text)


def listed(items: Iterable[str], most: int = 3) -> str:
    """Return C(a, b, c and 4 more)."""
    every = list(items)
    more = len(every) - most
    return ", ".join(every) if more <= 0 else f"{', '.join(every[:most])} and {more} more"


def counted(number: int, singular: str, plural: str = "") -> str:
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def value_text(value: JsonValue, room: int = 80, *, secret: bool = False) -> str:
    """Return one JSON value as text: strings in quotes, objects as compact JSON."""
    value = redact_value(value, secret=secret)
    if isinstance(value, str):
        return f'"{printable(shortened(collapsed(value), room))}"'
    return printable(shortened(_compact(value), room))


def value_texts(before: JsonValue, after: JsonValue, room: int, *, secret: bool = False) -> tuple[str, str]:
    """Return two differing JSON values as text, long ones cut around the first difference."""
    before, after = redact_both(before, after, secret=secret)
    if isinstance(before, str) and isinstance(after, str):
        if collapsed(before) != collapsed(after):
            before, after = collapsed(before), collapsed(after)
        left, right = cut_around_difference(before, after, room - 2)
        return f'"{printable(left)}"', f'"{printable(right)}"'
    if (
        _is_scalar_list(before)
        and _is_scalar_list(after)
        and _LONG_LIST < max(len(before), len(after)) <= _LONGEST_LIST
    ):
        before, after = _only_differing(before, after)
    left, right = cut_around_difference(_compact(before), _compact(after), room)
    return printable(left), printable(right)


def cut_around_difference(before: str, after: str, room: int) -> tuple[str, str]:
    """Cut two texts to C(room) characters so that both show where they begin to differ, and that a secret does."""
    if len(before) <= room and len(after) <= room:
        return before, after
    same = _equal_start(before, after)
    start = same - room // 4 if same > room // 2 else 0
    return _window(before, start, room), _window(after, start, room)


def changed_lines(before: str, after: str) -> list[Block]:
    """Return the blocks of lines that differ between two texts of several lines, blank lines apart."""
    old, new = _numbered(before), _numbered(after)
    old_lines, new_lines = [line for _unused, line in old], [line for _unused, line in new]
    first = _equal_start(old_lines, new_lines)
    last = _equal_start(old_lines[first:][::-1], new_lines[first:][::-1])
    old_lines, new_lines = old_lines[first : len(old) - last], new_lines[first : len(new) - last]
    numbers = [number for number, _unused in new[first:]] + [len(after.splitlines()) + 1]
    if len(old_lines) + len(new_lines) > _MANY_LINES:
        return [(numbers[0], old_lines, new_lines)]
    matcher = SequenceMatcher(None, old_lines, new_lines, autojunk=False)
    return [
        (numbers[left], old_lines[i:j], new_lines[left:right])
        for tag, i, j, left, right in matcher.get_opcodes()
        if tag != "equal"
    ]


def is_multiline(before: JsonValue, after: JsonValue) -> bool:
    """Tell whether two values are worth comparing line by line."""
    if not (isinstance(before, str) and isinstance(after, str)) or max(len(before), len(after)) < _LONG_TEXT:
        return False
    return min(before.strip().count("\n"), after.strip().count("\n")) > 1


def _escaped(character: str) -> str:
    return json.dumps(character)[1:-1] if character in "\n\r\t" else f"\\u{ord(character):04x}"


def _window(text: str, start: int, room: int) -> str:
    head = "..." if start > 0 else ""
    window = head + shortened(text[start:], room - len(head))
    mark = f"... {OTHER_SECRET}"
    if OTHER_SECRET not in text or OTHER_SECRET in window or room < 2 * len(mark):
        return window
    return window[: room - len(mark)].rstrip() + mark


def _compact(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def _is_scalar_list(value: JsonValue) -> bool:
    return isinstance(value, list) and not any(isinstance(item, dict | list) for item in value)


def _only_differing(before: list[JsonValue], after: list[JsonValue]) -> tuple[list[JsonValue], list[JsonValue]]:
    """Leave out what two long lists share, unless order is all that differs."""
    gone = [item for item in before if item not in after]
    new = [item for item in after if item not in before]
    return (["...", *gone], ["...", *new]) if gone or new else (before, after)


def _numbered(text: str) -> list[tuple[int, str]]:
    return [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]


def _equal_start(left: Sequence[str], right: Sequence[str]) -> int:
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count
