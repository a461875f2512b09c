# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""From a place in a flow to a line of the file it came from, for JSON and YAML."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from ansible_collections.community.descope.plugins.module_utils._flow.sources import YAML_IMPORT_ERROR

try:
    import yaml
except ImportError:  # told by YAML_IMPORT_ERROR
    yaml = None  # type: ignore[assignment]

Place: TypeAlias = "tuple[str | int, ...]"

_TOKEN = re.compile(r'[\s,:]*([{}\[\]]|"(?:[^"\\]|\\.)*"|[^\s{}\[\],:"]+)', re.DOTALL)
_STEP = re.compile(r'\.([A-Za-z0-9_-]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]')


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a text, counted from 1."""

    line: int
    column: int


class TextLines:
    """Where the parts of a JSON or YAML text stand. Text that cannot be parsed has no parts."""

    def __init__(self, content: str, *, is_yaml: bool) -> None:
        places = _yaml_places(content) if is_yaml else _json_places(content)
        self._places = dict(places)

    def find(self, place: Place) -> Position | None:
        """Return where a place stands, else the nearest place around it that is there."""
        for length in range(len(place), -1, -1):
            position = self._places.get(place[:length])
            if position is not None:
                return position
        return None


def place_of(path: str) -> Place:
    """Return the steps of a path that C(json_path) made."""
    return tuple(int(index) if index else json.loads(key) if key else name for name, index, key in _STEP.findall(path))


def _json_places(content: str) -> Iterator[tuple[Place, Position]]:
    """Yield every member and item of a JSON text: members begin at their key."""
    starts = [0, *(found.end() for found in re.finditer("\n", content))]
    line = 0
    stack: list[_Open] = []
    for found in _TOKEN.finditer(content):
        token, offset = found[1], found.start(1)
        while line + 1 < len(starts) and starts[line + 1] <= offset:
            line += 1
        position = Position(line + 1, offset - starts[line] + 1)
        if token in ("}", "]"):
            if stack:
                stack.pop()
            continue
        parent = stack[-1] if stack else None
        if parent and parent.keyed and parent.key is None:
            parent.key = _key(token)
            yield (*parent.place, parent.key), position
            continue
        place = parent.next_place() if parent else ()
        if parent is None or not parent.keyed:
            yield place, position
        if token in ("{", "["):
            stack.append(_Open(place, keyed=token == "{"))


@dataclass(slots=True)
class _Open:
    """An object or list that has begun."""

    place: Place
    keyed: bool
    key: str | None = None
    index: int = -1

    def next_place(self) -> Place:
        """Return the place of the value that comes now."""
        if self.keyed:
            key, self.key = self.key, None
            return (*self.place, key or "")
        self.index += 1
        return (*self.place, self.index)


def _key(token: str) -> str:
    try:
        return str(json.loads(token))
    except ValueError:
        return token


def _yaml_places(content: str) -> Iterator[tuple[Place, Position]]:
    if YAML_IMPORT_ERROR is not None:
        return
    try:
        root = yaml.compose(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, ValueError, RecursionError):
        return
    waiting: list[tuple[Place, Any, Any]] = [((), root, root)] if root is not None else []
    while waiting:
        place, node, shown = waiting.pop()
        yield place, Position(shown.start_mark.line + 1, shown.start_mark.column + 1)
        if isinstance(node, yaml.MappingNode):
            waiting += [((*place, str(key.value)), value, key) for key, value in node.value if len(place) < _DEEPEST]
        elif isinstance(node, yaml.SequenceNode):
            waiting += [((*place, index), item, item) for index, item in enumerate(node.value) if len(place) < _DEEPEST]


_DEEPEST = 100  # an alias may contain itself
