# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Making up JSON values, and finding and replacing places in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

Place = tuple[str | int, ...]

_texts = st.text(max_size=8)
_numbers = st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)


def json_values() -> st.SearchStrategy[Any]:
    """Any JSON value, not too large."""
    leaves = st.none() | st.booleans() | _numbers | _texts
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_texts, inner, max_size=4),
        max_leaves=12,
    )


def telling_values() -> st.SearchStrategy[Any]:
    """JSON values without a single member that equals its default, so that no format may leave anything out."""
    leaves = st.just(True) | st.integers(1, 10**9) | st.text(min_size=1, max_size=8)
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, min_size=1, max_size=3)
            | st.dictionaries(st.text(min_size=1, max_size=8), inner, min_size=1, max_size=3)
        ),
        max_leaves=6,
    )


def places(value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Yield every place in a value with what is there, the whole value first."""
    yield place, value
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield from places(member, (*place, key))


def leaves(value: Any) -> list[tuple[Place, Any]]:
    """Return the places that hold no further values."""
    return [(place, found) for place, found in places(value) if not isinstance(found, dict | list) or not found]


def replaced(value: Any, place: Place, new: Any) -> Any:
    """Return a copy of the value with something else in one place; nothing of the original is changed."""
    if not place:
        return new
    key: Any = place[0]
    rest = place[1:]
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[key] = replaced(copy[key] if rest else None, rest, new)
    return copy


def removed(value: Any, place: Place) -> Any:
    """Return a copy of the value without what is in one place."""
    key: Any = place[0]
    rest = place[1:]
    copy = dict(value) if isinstance(value, dict) else list(value)
    if rest:
        copy[key] = removed(copy[key], rest)
    else:
        del copy[key]
    return copy
