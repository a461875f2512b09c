# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Where the cards of a picture stand: as on the console's canvas, in clean columns, without gaps and overlaps."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ansible_collections.community.descope.plugins.module_utils._draw.cards import Card

MARGIN = 32.0
GUTTER = 76.0  # between columns: room for lines to bend
GAP = 30.0  # between cards of a column: room for lines to pass
_SAME_COLUMN = 190.0  # on the canvas, where a step takes about 280
_NEXT_COLUMN = 380.0
_SQUEEZE = 0.6  # cards are lower than on the canvas
_ROW = 200.0


@dataclass(frozen=True, slots=True)
class Box:
    """Where a card stands, and in which column, counted from the left."""

    column: int
    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height


@dataclass(frozen=True, slots=True)
class Layout:
    """The boxes by task, the left and right edges of the columns, and the size of the whole."""

    boxes: dict[str, Box]
    columns: list[tuple[float, float]]
    width: float
    height: float


def place(cards: Sequence[Card], sizes: Mapping[str, tuple[float, float]]) -> Layout:
    """Place cards of these sizes (width, height). Keeps what stands left, right, above and below of what."""
    points = _points(cards)
    columns = _columns(points)
    boxes: dict[str, Box] = {}
    edges = []
    left = MARGIN
    for index, column in enumerate(columns):
        width = max(sizes[task_id][0] for task_id in column)
        heights = [sizes[task_id][1] for task_id in column]
        tops = _spread([points[task_id][1] * _SQUEEZE for task_id in column], heights)
        for task_id, top, height in zip(column, tops, heights, strict=True):
            own = sizes[task_id][0]
            boxes[task_id] = Box(index, left + (width - own) / 2, top, own, height)
        edges.append((left, left + width))
        left += width + GUTTER
    return _at_origin(boxes, edges)


def _at_origin(boxes: dict[str, Box], columns: list[tuple[float, float]]) -> Layout:
    top = min((box.top for box in boxes.values()), default=0.0) - MARGIN
    moved = {task_id: Box(box.column, box.left, box.top - top, box.width, box.height) for task_id, box in boxes.items()}
    width = columns[-1][1] + MARGIN if columns else 2 * MARGIN
    height = max((box.bottom for box in moved.values()), default=MARGIN) + MARGIN
    return Layout(moved, columns, width, height)


def _columns(points: Mapping[str, tuple[float, float]]) -> list[list[str]]:
    """Return the tasks of each column from top to bottom."""
    columns: list[list[str]] = []
    begins = 0.0
    for task_id in sorted(points, key=lambda task_id: points[task_id][0]):
        x = points[task_id][0]
        if not columns or x - begins > _SAME_COLUMN:
            columns.append([])
            begins = x
        columns[-1].append(task_id)
    return [sorted(column, key=lambda task_id: points[task_id][1]) for column in columns]


def _spread(wanted: Sequence[float], heights: Sequence[float]) -> list[float]:
    """Return tops as near to the wanted ones as they can be (least squares) without an overlap, in the same order.

    Counted from where each card would stand if all were pushed together, "no overlap" means "not descending"; so
    neighbours that would descend are pooled, and share their average.
    """
    packed = [0.0]
    for height in heights[:-1]:
        packed.append(packed[-1] + height + GAP)
    pools: list[tuple[float, int]] = []
    for top, offset in zip(wanted, packed, strict=True):
        mean, size = top - offset, 1
        while pools and pools[-1][0] > mean:
            other, others = pools.pop()
            mean, size = (mean * size + other * others) / (size + others), size + others
        pools.append((mean, size))
    shifts = [mean for mean, size in pools for _each in range(size)]
    return [offset + shift for offset, shift in zip(packed, shifts, strict=True)]


# --- cards without a place --------------------------------------------------------------------------------------------


def _points(cards: Sequence[Card]) -> dict[str, tuple[float, float]]:
    """Return where each card wants to stand: where the console shows it; all by their order if it shows too few."""
    known = {card.task_id: (card.x, card.y) for card in cards if card.x is not None and card.y is not None}
    points = {task_id: (x, y) for task_id, (x, y) in known.items() if x is not None and y is not None}
    if len(set(points.values())) * 2 <= len(cards) and len(cards) > 1:
        points = {}
    steps = _steps(cards)
    below = max((y for _x, y in points.values()), default=0.0)
    taken: dict[int, int] = {}
    for card in cards:
        if card.task_id not in points:
            step = steps[card.task_id]
            taken[step] = taken.get(step, 0) + 1
            points[card.task_id] = (step * _NEXT_COLUMN, below + taken[step] * _ROW)
    return points


def _steps(cards: Sequence[Card]) -> dict[str, int]:
    """Return how many steps lead to each card from the first."""
    outlets = {card.task_id: card.outlets for card in cards}
    steps: dict[str, int] = {}
    for card in cards:
        queue = deque([card.task_id] if card.task_id not in steps else ())
        steps.setdefault(card.task_id, 0)
        while queue:
            task_id = queue.popleft()
            for outlet in outlets[task_id]:
                if outlet.target in outlets and outlet.target not in steps:
                    steps[outlet.target] = steps[task_id] + 1
                    queue.append(outlet.target)
    return steps


# --- free ways --------------------------------------------------------------------------------------------------------


def free_ways(layout: Layout) -> list[list[tuple[float, float]]]:
    """Return for each column the spans from top to bottom where a line can cross it."""
    ways = []
    for index in range(len(layout.columns)):
        stack = sorted((box.top, box.bottom) for box in layout.boxes.values() if box.column == index)
        between = [(upper[1], lower[0]) for upper, lower in pairwise(stack)]
        ways.append([(float("-inf"), stack[0][0]), *between, (stack[-1][1], float("inf"))])
    return ways
