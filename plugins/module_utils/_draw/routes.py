# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""How the arrows of a picture run: from a way out of one card to the left side of another, around all others."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.community.descope.plugins.module_utils._draw.layout import GUTTER, Layout, free_ways

_LANE = 7.0  # between lines that pass side by side
_CLEAR = 9.0  # between a line and the card it passes
_MOST_LANES = 40
_BEND = GUTTER * 0.62
_Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Arrow:
    """One arrow: the card and the height where it begins, the card and the height where it ends."""

    source: str
    target: str
    begins: float
    ends: float


class Routes:
    """Finds ways for arrows through one layout. Lines to the same card share a lane, others run beside each other."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._free = free_ways(layout)
        self._lanes = [_Lanes() for _column in layout.columns]
        self.top = 0.0
        self.bottom = layout.height

    def path(self, arrow: Arrow) -> str:
        """Return the line of an arrow as SVG path data."""
        source, target = self._layout.boxes[arrow.source], self._layout.boxes[arrow.target]
        forward = target.column > source.column
        onward, back = range(source.column + 1, target.column), range(source.column, target.column - 1, -1)
        points: list[tuple[_Point, _Point]] = []
        wanted = arrow.ends if forward else arrow.begins
        for column in onward if forward else back:
            height = self._lane(column, wanted, (arrow.target, forward))
            left, right = self._layout.columns[column]
            points.append(((left, height), (right, height)) if forward else ((right, height), (left, height)))
            wanted = arrow.ends if forward else height
        return _curves((source.right, arrow.begins), points, (target.left, arrow.ends), forward)

    def _lane(self, column: int, wanted: float, line: tuple[str, bool]) -> float:
        """Return the height nearest to the wanted one where this line may cross a column, and take it."""
        lanes = self._lanes[column]
        height = lanes.nearest_of(line, wanted)
        spans = [_clamped(wanted, top + _CLEAR, bottom - _CLEAR) for top, bottom in self._free[column]]
        spans.sort(key=lambda span: abs(span[0] - wanted))
        for nearest, top, bottom in spans:
            if height is not None and abs(height - wanted) <= abs(nearest - wanted):
                break
            found = next((near for near in _lanes_near(nearest, top, bottom) if lanes.is_free(near)), None)
            if found is not None and (height is None or abs(found - wanted) < abs(height - wanted)):
                height = found
        height = spans[0][0] if height is None else height
        lanes.take(height, line)
        self.top, self.bottom = min(self.top, height - 2 * _CLEAR), max(self.bottom, height + 2 * _CLEAR)
        return height


class _Lanes:
    """The heights at which lines cross one column."""

    def __init__(self) -> None:
        self._taken: list[float] = []
        self._of_lines: dict[tuple[str, bool], list[float]] = {}

    def is_free(self, height: float) -> bool:
        position = bisect_left(self._taken, height)
        return all(abs(height - taken) >= _LANE - 0.5 for taken in self._taken[max(position - 1, 0) : position + 1])

    def nearest_of(self, line: tuple[str, bool], wanted: float) -> float | None:
        """Return the lane that a line has already, the nearest if there are several."""
        return min(self._of_lines.get(line, ()), key=lambda height: abs(height - wanted), default=None)

    def take(self, height: float, line: tuple[str, bool]) -> None:
        own = self._of_lines.setdefault(line, [])
        if height not in own:
            own.append(height)
            insort(self._taken, height)


def _clamped(wanted: float, top: float, bottom: float) -> tuple[float, float, float]:
    """Return the height nearest to the wanted one in a span, and the span; of one too narrow, its middle."""
    if bottom < top:
        top = bottom = (top + bottom) / 2
    return min(max(wanted, top), bottom), top, bottom


def _lanes_near(nearest: float, top: float, bottom: float) -> Iterator[float]:
    """Yield heights in a span for a line, nearest first; not all, lest a flow of thousands of rules takes minutes."""
    yield nearest
    for step in range(1, _MOST_LANES):
        yield from (height for height in (nearest + step * _LANE, nearest - step * _LANE) if top <= height <= bottom)


def _curves(begin: _Point, crossed: list[tuple[_Point, _Point]], end: _Point, forward: bool) -> str:
    parts = [f"M{_pair(begin)}"]
    here, direction = begin, 1.0
    onward = 1.0 if forward else -1.0
    for enter, leave in crossed:
        parts.append(_curve(here, direction, enter, onward))
        parts.append(f"H{_figure(leave[0])}")
        here, direction = leave, onward
    parts.append(_curve(here, direction, end, 1.0))
    return "".join(parts)


def _curve(here: _Point, leaving: float, there: _Point, arriving: float) -> str:
    """Return a curve that leaves and arrives horizontally, to the right (1) or to the left (-1)."""
    reach = max(_BEND, abs(there[0] - here[0]) / 2) if leaving == arriving else _BEND
    first = here[0] + leaving * reach, here[1]
    second = there[0] - arriving * reach, there[1]
    return f"C{_pair(first)} {_pair(second)} {_pair(there)}"


def _pair(point: _Point) -> str:
    return f"{_figure(point[0])},{_figure(point[1])}"


def _figure(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
