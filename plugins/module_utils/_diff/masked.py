# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Two versions of a value without their secrets, so that it still shows which of the secrets changed.

Masked alone, another secret looks like the old one, and nobody sees that it changed where more of the text did.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from ansible_collections.community.descope.plugins.module_utils._json import JsonValue
from ansible_collections.community.descope.plugins.module_utils._redact import (
    OTHER_SECRET,
    REDACTED,
    redact_value,
    secret_members,
)

_NAME_BEFORE = re.compile(r"[\w.-]*\W{0,6}\Z")
_LONGEST_NAME = 60
_MANY_SECRETS = 300  # above this, only those in the same order are compared


class _Secret(NamedTuple):
    """What was taken out of a text, and the words before it, which mostly name it."""

    name: str
    value: str


def redact_both(before: JsonValue, after: JsonValue, *, secret: bool = False) -> tuple[Any, Any]:
    """Return two versions of a JSON value with their secrets replaced.

    On the side after, C(<redacted> (changed)) stands where there was another secret before.
    """
    return redact_value(before, secret=secret), _redacted_after(before, after, secret, secret)


def redacted_words(words: tuple[str, str], before: JsonValue, after: JsonValue) -> tuple[str, str]:
    """Return the words that tell two versions of a value, marked where a secret in the value changed.

    The words are without secrets already, so of several it cannot be told which of them it is.
    """
    old, new = words
    if REDACTED not in old or REDACTED not in new or not _has_other_secret(redact_both(before, after)[1]):
        return words
    if new.count(REDACTED) == 1:
        return old, new.replace(REDACTED, OTHER_SECRET)
    return old, f"{new}, with {OTHER_SECRET}"


def _has_other_secret(value: JsonValue) -> bool:
    if isinstance(value, dict):
        return any(map(_has_other_secret, value.values()))
    if isinstance(value, list):
        return any(map(_has_other_secret, value))
    return isinstance(value, str) and OTHER_SECRET in value


def _redacted_after(before: JsonValue, after: JsonValue, was_secret: bool, is_secret: bool) -> Any:
    """Return C(after) as L(redact_value) does, with marks."""
    if before == after:
        return redact_value(after, secret=is_secret)
    if isinstance(before, dict) and isinstance(after, dict):
        hidden_before, hidden = secret_members(before, secret=was_secret), secret_members(after, secret=is_secret)
        return {
            key: _redacted_after(before[key], member, key in hidden_before, key in hidden)
            if key in before
            else redact_value(member, secret=key in hidden)
            for key, member in after.items()
        }
    if isinstance(before, list) and isinstance(after, list):
        return [
            redact_value(item, secret=is_secret)
            if other is None
            else _redacted_after(before[other], item, was_secret, is_secret)
            for item, other in _counterparts(before, after)
        ]
    shown = redact_value(after, secret=is_secret)
    shown_before = redact_value(before, secret=was_secret)
    if not all(isinstance(side, str) and REDACTED in side for side in (shown_before, shown)):
        return shown
    return _marked(_secrets(str(before), shown_before), _secrets(str(after), shown), shown)


def _counterparts(before: list[JsonValue], after: list[JsonValue]) -> Iterator[tuple[JsonValue, int | None]]:
    """Yield the items of a list, each with the place of what it was in the other one, None where it is new."""
    first = 0
    for old, new in zip(before, after, strict=False):
        if old != new:
            break
        first += 1
    last = 0
    while last < min(len(before), len(after)) - first and before[-1 - last] == after[-1 - last]:
        last += 1
    for place, item in enumerate(after):
        if place < len(after) - last:
            yield item, place if place < max(first, len(before) - last) else None
        else:
            yield item, place - len(after) + len(before)


def _secrets(text: str, shown: str) -> list[_Secret]:
    """Return what was taken out of a text, found by what was left of it."""
    piece, *others = shown.split(REDACTED)
    found: list[_Secret] = []
    at = len(piece)
    for number, other in enumerate(others, start=1):
        end = len(text) - len(other) if number == len(others) else text.find(other, at + 1)
        end = end if end >= at else len(text)
        name = _NAME_BEFORE.search(piece[-_LONGEST_NAME:])
        found.append(_Secret(name[0] if name else "", text[at:end]))
        piece, at = other, end + len(other)
    return found


def _marked(before: list[_Secret], after: list[_Secret], shown: str) -> str:
    """Return the text after, without its secrets, with a mark at those that were others before."""
    first, *others = shown.split(REDACTED)
    changed = _changed(before, after)
    masks = (OTHER_SECRET if number in changed else REDACTED for number in range(len(others)))
    return first + "".join(f"{mask}{other}" for mask, other in zip(masks, others, strict=True))


def _changed(before: list[_Secret], after: list[_Secret]) -> set[int]:
    """Return the places of the secrets that were others before. Those that came, went or moved are not among them."""
    if max(len(before), len(after)) > _MANY_SECRETS or [old.name for old in before] == [new.name for new in after]:
        return {place for place, (old, new) in enumerate(zip(before, after, strict=False)) if old.value != new.value}
    changed: set[int] = set()
    for tag, i, j, left, right in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "replace":
            continue
        for place in range(left, right):
            new = after[place]
            if right - left == j - i:
                others = [before[i + place - left]]
            else:
                others = [old for old in before[i:j] if old.name == new.name]
            if others and all(old.value != new.value for old in others):
                changed.add(place)
    return changed
