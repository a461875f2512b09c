# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What a team expects of the paths through its flows, and whether it is so.

An expectation names things that some path must show, or a path by some of its steps in their order. Names are those
that people see in the console: the name of a step, the label of a button; ids do as well.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._flow.document import json_path
from ansible_collections.community.descope.plugins.module_utils._json import describe, quoted
from ansible_collections.community.descope.plugins.module_utils._walk.paths import (
    ACTION,
    CONDITION,
    END,
    FLOW,
    SCREEN,
    Step,
    Walk,
)

PRESS = "press"
_STEPS = (SCREEN, ACTION, CONDITION, FLOW, END, PRESS)
_SEEN = {"screens": SCREEN, "actions": ACTION, "flows": FLOW, "ends": END}
_MEMBERS = ("name", "flow", *_SEEN, "path", "no_path", "without")
_MOST_NAMES = 8


@dataclass(frozen=True, slots=True)
class Wanted:
    """One step of an expected path: its kind, and the name it goes by."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {quoted(self.name)}"

    def is_step(self, step: Step) -> bool:
        return self.kind == step.kind and self.name in (step.name, step.does, step.task)


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must hold of one flow. C(None): it says nothing of the kind."""

    name: str
    flow: str
    seen: tuple[Wanted, ...]
    path: tuple[Wanted, ...] | None
    no_path: tuple[Wanted, ...] | None
    without: tuple[Wanted, ...]


# --- reading ----------------------------------------------------------------------------------------------------------


def read_expectations(value: Any, source: str) -> list[Expectation]:
    """Return the expectations in a value: a list, or an object with C(expect). Raises InputError with all problems."""
    listed = value.get("expect") if isinstance(value, dict) else value
    reader = _Reader(source)
    if not isinstance(listed, list) or not listed:
        reader.report("give a list of expectations, or an object with expect", ())
        listed = []
    flow = value.get("flow", "") if isinstance(value, dict) else ""
    expectations = [reader.expectation(entry, (index,), flow) for index, entry in enumerate(listed)]
    if reader.problems:
        raise InputError(reader.problems)
    return [expectation for expectation in expectations if expectation is not None]


class _Reader:
    """Reads expectations and remembers everything that is wrong with them."""

    def __init__(self, source: str) -> None:
        self.problems: list[Problem] = []
        self._source = source

    def report(self, message: str, place: tuple[str | int, ...]) -> None:
        path = json_path(*place) if place else ""
        self.problems.append(Problem("invalid-expectation", message, path=path, source=self._source))

    def expectation(self, entry: Any, place: tuple[str | int, ...], flow: str) -> Expectation | None:
        if not isinstance(entry, dict):
            self.report(f"an expectation is {describe(entry)} instead of an object", place)
            return None
        for member in entry:
            if member not in _MEMBERS:
                self.report(f"an expectation has no {quoted(member)}; it has {', '.join(_MEMBERS)}", place)
        seen = tuple(Wanted(kind, name) for member, kind in _SEEN.items() for name in self._names(entry, member, place))
        path, no_path = (self._steps(entry, member, place) for member in ("path", "no_path"))
        without = self._steps(entry, "without", place) or ()
        if not seen and path is None and no_path is None:
            self.report(f"it expects nothing; give {', '.join(_SEEN)}, path or no_path", place)
        if PRESS in {wanted.kind for wanted in without}:
            self.report("without names steps; a button that must not be pressed is none", (*place, "without"))
        name = entry.get("name") or f"expectation {place[0]}"
        return Expectation(str(name), str(entry.get("flow") or flow), seen, path, no_path, without)

    def _names(self, entry: dict[str, Any], member: str, place: tuple[str | int, ...]) -> Iterator[str]:
        names = entry.get(member, [])
        if isinstance(names, str):
            names = [names]
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            self.report(f"{member} is not a list of names", (*place, member))
            return
        yield from names

    def _steps(self, entry: dict[str, Any], member: str, place: tuple[str | int, ...]) -> tuple[Wanted, ...] | None:
        if member not in entry:
            return None
        steps = entry[member]
        if not isinstance(steps, list) or not steps:
            self.report(f"{member} is not a list of steps", (*place, member))
            return None
        found = [self._step(step, (*place, member, index)) for index, step in enumerate(steps)]
        return tuple(wanted for wanted in found if wanted is not None)

    def _step(self, step: Any, place: tuple[str | int, ...]) -> Wanted | None:
        if isinstance(step, dict) and len(step) == 1:
            ((kind, name),) = step.items()
            if kind in _STEPS and isinstance(name, str | int) and not isinstance(name, bool):
                return Wanted(kind, str(name))
        self.report(f"a step is an object with one of {', '.join(_STEPS)} and a name", place)
        return None


# --- checking ---------------------------------------------------------------------------------------------------------


def failures(expectation: Expectation, walk: Walk) -> list[str]:
    """Return in what a flow is not as expected, a line each."""
    found = [line for wanted in expectation.seen if (line := _unseen(wanted, walk))]
    if expectation.path is not None:
        reached, _way = _follow(expectation.path, expectation.without, walk)
        if reached < len(expectation.path):
            found.append(_no_further(expectation, reached, walk))
    if expectation.no_path is not None:
        reached, way = _follow(expectation.no_path, expectation.without, walk)
        if reached == len(expectation.no_path):
            found.append(f"there is a path that must not be: {' > '.join(map(str, way))}")
    return found


def _unseen(wanted: Wanted, walk: Walk) -> str:
    if any(wanted.is_step(step) for step in walk.reached):
        return ""
    names = list(dict.fromkeys(step.name for step in walk.reached if step.kind == wanted.kind))
    close = get_close_matches(wanted.name, names, n=1)
    hint = f"; did you mean {quoted(close[0])}?" if close else f"; there {_are(names)}"
    return f"no path shows {wanted}{hint}"


def _no_further(expectation: Expectation, reached: int, walk: Walk) -> str:
    path = expectation.path or ()
    missing = path[reached]
    without = f" without {' or '.join(map(str, expectation.without))}" if expectation.without else ""
    before = f"after {path[reached - 1]}, no path comes to {missing}" if reached else f"no path comes to {missing}"
    if missing.kind == PRESS:
        return f"{before}{without}"
    return (
        f"{before}{without}"
        if any(missing.is_step(step) for step in walk.reached)
        else (f"{before}: {_unseen(missing, walk)}")
    )


def _are(names: Sequence[str]) -> str:
    if not names:
        return "is none at all"
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"{'is' if len(names) == 1 else 'are'} {', '.join(map(quoted, names[:_MOST_NAMES]))}{more}"


def _follow(pattern: Sequence[Wanted], without: Sequence[Wanted], walk: Walk) -> tuple[int, list[Step]]:
    """Return how many steps of a pattern some path shows in their order, and such a path, loops included."""
    if not walk.start:
        return 0, []
    first = walk.step(walk.start)
    if any(wanted.is_step(first) for wanted in without):
        return 0, []
    begin = (walk.start, int(bool(pattern) and pattern[0].is_step(first)))
    came_from: dict[tuple[str, int], tuple[tuple[str, int], str] | None] = {begin: None}
    waiting, best = deque([begin]), begin
    while waiting:
        state = waiting.popleft()
        best = max(best, state, key=lambda one: one[1])
        if best[1] == len(pattern):
            break
        task, matched = state
        for way in walk.leads_to(task):
            step = walk.step(way.target)
            if any(wanted.is_step(step) for wanted in without):
                continue
            # Several buttons may have the same label, and each its own id.
            following = (way.target, _matched(pattern, matched, {way.via, way.interaction}, step))
            if following not in came_from:
                came_from[following] = (state, way.via)
                waiting.append(following)
    return best[1], _way(best, came_from, walk)


def _matched(pattern: Sequence[Wanted], matched: int, pressed: set[str], step: Step) -> int:
    """Return how much of a pattern is shown once something happened and a step was reached."""
    if matched < len(pattern) and pattern[matched].kind == PRESS and pattern[matched].name in pressed:
        matched += 1
    return matched + int(matched < len(pattern) and pattern[matched].is_step(step))


def _way(
    state: tuple[str, int], came_from: dict[tuple[str, int], tuple[tuple[str, int], str] | None], walk: Walk
) -> list[Step]:
    steps: list[Step] = []
    before = came_from[state]
    while before is not None:
        steps.append(walk.step(state[0], before[1]))
        state, before = before[0], came_from[before[0]]
    return [walk.step(state[0]), *reversed(steps)]
