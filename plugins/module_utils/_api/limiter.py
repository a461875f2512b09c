# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Pacing: one sliding window of requests and one pause after a refusal, shared by every worker of a run.

Descope counts requests per IP address (documented: 100 in 60 s, then 60 s of refusals), so it does not matter which
process or thread sends one. All of them take numbered slots from one small file. A slot has a planned time from the
moment it is taken, which makes the order first come, first served; it is granted under the file's lock only when the
window really has room at that moment, so a thread that wakes late or a worker that dies never breaks the limit.

All times are seconds of C(time.monotonic()), which the processes of one machine share.
"""

from __future__ import annotations

import fcntl
import json
import math
import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ansible_collections.community.descope.plugins.module_utils._errors import DescopeError, InputError, Problem

# The server counts arrivals, not departures: requests that leave the window's length apart may arrive closer together.
_MARGIN_SHARE = 0.02
_LEAST_MARGIN_SECONDS = 0.05
# When a request arrived is known only to lie before its answer. A new connection or a busy machine can take this long;
# what takes longer takes it at the server, after the arrival.
_LATEST_ARRIVAL_SECONDS = 1.5
# A third of 300 is 100, whatever binary fractions make of it.
_ROUNDING = 1e-9
# Shorter sleeps may not move a clock at all, and the loop around them would spin.
_LEAST_SLEEP_SECONDS = 0.001

_RATE = re.compile(r"([0-9]+)\s*/\s*([0-9]+(?:\.[0-9]+)?)\s*s?")
_SHARE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(?:/\s*([0-9]+(?:\.[0-9]+)?))?")

WINDOW_FILE = "requests.window"
"""What the file of a shared window is called in a directory."""


class Clock(Protocol):
    """Where time comes from. The C(time) module is one."""

    def monotonic(self) -> float: ...
    def sleep(self, seconds: float, /) -> None: ...


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most C(requests) requests in any C(seconds) seconds."""

    requests: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.requests}/{self.seconds:g}"

    @classmethod
    def parse(cls, text: str) -> RateLimit | None:
        """Read C(100/60). C(0) and C(none) mean no limit and return None. Raises InputError for anything else."""
        cleaned = text.strip().lower()
        if cleaned in {"0", "none"}:
            return None
        match = _RATE.fullmatch(cleaned)
        requests, seconds = (int(match[1]), float(match[2])) if match else (0, 0.0)
        if requests < 1 or not 0 < seconds < math.inf:
            raise InputError([_bad_rate(text)])
        return cls(requests, seconds)

    def part(self, share: float) -> RateLimit:
        """Return the rate of somebody to whom C(share) of this one belongs, never more than that.

        Where the share is less than one request, it is one in a longer time.
        """
        requests = math.floor(self.requests * share + _ROUNDING)
        return RateLimit(requests, self.seconds) if requests else RateLimit(1, self.seconds / (self.requests * share))

    @property
    def paced_seconds(self) -> float:
        """The length of the window that is kept: the limit's own and a margin for what the network does to it."""
        return self.seconds + max(self.seconds * _MARGIN_SHARE, _LEAST_MARGIN_SECONDS)

    def seconds_for(self, requests: int) -> float:
        """Return how long the limit alone makes C(requests) requests take, from an unused window."""
        return max(0, requests - 1) // self.requests * self.paced_seconds


def _shown(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}..."


def _bad_rate(text: str) -> Problem:
    message = f'"{_shown(text)}" is not a rate: give requests/seconds, for example 100/60, or 0 for no limit'
    return Problem(code="invalid-rate-limit", message=message, source="rate_limit")


def parse_share(text: str) -> float:
    """Read C(1/4) or C(0.25): more than 0, at most 1. Raises InputError for anything else."""
    match = _SHARE.fullmatch(text.strip())
    whole = float(match[2] or 1) if match else 0.0
    share = float(match[1]) / whole if match and whole else 0.0
    if not 0 < share <= 1:
        message = f'"{_shown(text)}" is not a share: give for example 1/4 or 0.25, which is more than 0 and at most 1'
        raise InputError([Problem(code="invalid-rate-share", message=message, source="rate_share")])
    return share


def own_rate(rate_limit: str, rate_share: str | None) -> RateLimit | None:
    """Return the rate that this run may use of the address's limit, None for no limit.

    Raises InputError with what is wrong with either.
    """
    problems: list[Problem] = []
    rate, share = None, 1.0
    try:
        rate = RateLimit.parse(rate_limit)
    except InputError as error:
        problems += error.problems
    try:
        share = parse_share(rate_share or "1")
    except InputError as error:
        problems += error.problems
    if problems:
        raise InputError(problems)
    return rate.part(share) if rate else None


def shared_window_file(rate_window: str | None) -> Path | None:
    """Return the file of the window that this run shares with others, None where it has one of its own.

    C(rate_window) is a file, which need not exist, or a directory that does. Raises InputError for any other path.
    """
    if not rate_window:
        return None
    path = Path(rate_window)
    if path.is_dir():
        return path / WINDOW_FILE
    if not path.parent.is_dir():
        message = f"the directory {path.parent} does not exist: create it, for the user who runs this"
        raise InputError([Problem(code="no-such-directory", message=message, source="rate_window")])
    return path


@dataclass(slots=True)
class _Slot:
    """One request's place. C(at): when it is planned to go out, then when it went, then when it had surely arrived."""

    number: int
    at: float


@dataclass(slots=True)
class _Window:
    """What the workers share. Pure: knows no file and does not sleep.

    longest: the longest window, in seconds, of those who took slots. Until then slots are kept, because hosts of one
    run may have limits of their own.
    """

    slots: list[_Slot] = field(default_factory=list)
    next_number: int = 0
    paused_at: float = -1.0
    paused_until: float = -1.0
    rate: str = ""
    longest: float = 0.0

    def take(self, number: int | None, rate: RateLimit | None, now: float) -> tuple[int | None, float]:
        """Take the slot C(number), or a new one. Returns its number, and C(now) if it may be used or when to ask again.

        A slot that is older than the window counts no longer, also not as the place of somebody who slept so long.
        """
        self.rate = str(rate or "")
        if rate is None:
            return None, max(now, self.paused_until)
        self.longest = max(self.longest, rate.paced_seconds)
        own, others = rate.paced_seconds, self.longest
        self.slots = [slot for slot in self.slots if slot.at + (own if slot.number == number else others) > now]
        mine = next((slot for slot in self.slots if slot.number == number), None) or self._append(now)
        mine.at = self._earliest(mine, rate, now)
        return mine.number, mine.at

    def answered(self, number: int, now: float) -> None:
        """Take note that the request of slot C(number) has its answer, so that it cannot arrive any later."""
        for slot in self.slots:
            if slot.number == number:
                slot.at = min(now, slot.at + _LATEST_ARRIVAL_SECONDS)

    def pause(self, sent_at: float, seconds: float, now: float) -> bool:
        """Stop everybody until C(seconds) from now, unless a pause is on or began after C(sent_at)."""
        if now < self.paused_until or sent_at <= self.paused_at:
            return False
        self.paused_at = now
        self.paused_until = now + seconds
        return True

    def _append(self, now: float) -> _Slot:
        slot = _Slot(self.next_number, now)
        self.next_number += 1
        self.slots.append(slot)
        return slot

    def _earliest(self, mine: _Slot, rate: RateLimit, now: float) -> float:
        """Return when there is room after every slot that was taken earlier.

        Those taken later have left room for this one, however late its owner wakes up.
        """
        times = sorted(slot.at for slot in self.slots if slot.number < mine.number)
        room_at = times[-rate.requests] + rate.paced_seconds if len(times) >= rate.requests else now
        return max(now, self.paused_until, room_at)


class RequestWindow:
    """Hands out the right to send one request.

    Without a C(state_file) it is shared by the threads of this process, with one by every process that names the same
    file. Holds nothing open, so it may be created before or after a fork.
    """

    def __init__(self, rate: RateLimit | None, state_file: Path | None = None, clock: Clock = time) -> None:
        self.rate = rate
        self._clock = clock
        self._store: _Store = _MemoryStore() if state_file is None else _FileStore(state_file, clock)

    def acquire(self) -> float:
        """Wait until a request may go out, first come, first served. Returns the seconds waited, 0.0 for none."""
        return self._take()[1]

    @contextmanager
    def turn(self) -> Iterator[float]:
        """Wait like acquire(), then send the request and wait for its answer in the block. Yields the seconds waited.

        A request that was long on its way, because it had to open a connection or the machine was busy, then makes
        those of the next window wait for as long, and they cannot catch up with it.
        """
        number, waited = self._take()
        try:
            yield waited
        finally:
            if number is not None:
                # The answer counts for more than its mark in the window: trouble with the file must not hide it.
                with suppress(DescopeError), self._store.locked() as window:
                    window.answered(number, self._clock.monotonic())

    def _take(self) -> tuple[int | None, float]:
        began = self._clock.monotonic()
        number: int | None = None
        waited = 0.0
        while True:
            with self._store.locked() as window:
                now = self._clock.monotonic()
                number, free_at = window.take(number, self.rate, now)
            if free_at <= now:
                return number, waited
            # A pause may have been set meanwhile, so waking up is a reason to ask again, not to go.
            self._clock.sleep(max(free_at - now, _LEAST_SLEEP_SECONDS))
            waited = self._clock.monotonic() - began

    def pause(self, sent_at: float, seconds: float) -> bool:
        """After a refusal of a request sent at C(sent_at): hold every worker back for C(seconds).

        Returns False, and changes nothing, where a pause that is still on, or began after C(sent_at), covers this
        refusal already: all requests that were under way are refused at about the same time, and one pause answers
        them all.
        """
        with self._store.locked() as window:
            return window.pause(sent_at, seconds, self._clock.monotonic())


@dataclass(frozen=True, slots=True)
class Budget:
    """What a window allows at the moment. C(rate): None where there is no limit, or nothing was sent yet."""

    rate: RateLimit | None
    left: int
    paused_seconds: float


def budget_left(state_file: Path, clock: Clock = time) -> Budget:
    """Look at a shared window without taking anything from it. Raises DescopeError where the file cannot be used."""
    if not state_file.exists():
        return Budget(None, 0, 0.0)
    with locked_file(state_file) as descriptor:
        content = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
    now = clock.monotonic()
    window = _decode(content, now)
    rate = RateLimit.parse(window.rate) if window.rate else None
    used = sum(slot.at + rate.paced_seconds > now for slot in window.slots) if rate else 0
    return Budget(rate, max(rate.requests - used, 0) if rate else 0, max(window.paused_until - now, 0.0))


class _Store(Protocol):
    def locked(self) -> AbstractContextManager[_Window]: ...


class _MemoryStore:
    """Keeps the window for the threads of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._window = _Window()

    @contextmanager
    def locked(self) -> Iterator[_Window]:
        with self._lock:
            yield self._window


class _FileStore:
    """Keeps the window in a file, for all processes that name it."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock

    @contextmanager
    def locked(self) -> Iterator[_Window]:
        with locked_file(self._path) as descriptor:
            now = self._clock.monotonic()
            window = _decode(os.pread(descriptor, os.fstat(descriptor).st_size, 0), now)
            yield window
            # One write that never makes the file shorter: a worker killed here leaves the old line or the new one.
            os.pwrite(descriptor, _encode(window, now), 0)


@contextmanager
def locked_file(path: Path) -> Iterator[int]:
    """Open C(path) for this process and thread alone, creating it (0600), and yield its descriptor.

    The kernel frees the lock when its holder dies. Raises DescopeError where the file cannot be used.
    """
    try:
        # Opened for every use: a descriptor that lives on through a fork would share its lock with the child.
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            try:
                yield file.fileno()
            finally:
                # Closing alone would not free it while a child forked in between still holds its copy.
                fcntl.flock(file, fcntl.LOCK_UN)
    except OSError as error:
        raise DescopeError(f"{path}, which the workers of a run share, cannot be used: {error.strerror}") from None


def _encode(window: _Window, now: float) -> bytes:
    state = {
        "written_at": now,
        "next_number": window.next_number,
        "paused_at": window.paused_at,
        "paused_until": window.paused_until,
        "rate": window.rate,
        "longest": window.longest,
        "slots": [[slot.number, slot.at] for slot in window.slots],
    }
    return json.dumps(state, separators=(",", ":")).encode("ascii") + b"\n"


def _decode(content: bytes, now: float) -> _Window:
    """Read the file's first line. What cannot be read, or was written before this boot, counts for nothing."""
    try:
        line, newline, _rest = content.partition(b"\n")
        state: dict[str, Any] = json.loads(line) if newline else {}
        if not state or float(state["written_at"]) > now:
            return _Window()
        return _Window(
            slots=[_Slot(int(number), float(at)) for number, at in state["slots"]],
            next_number=int(state["next_number"]),
            paused_at=float(state["paused_at"]),
            paused_until=float(state["paused_until"]),
            rate=str(state.get("rate") or ""),
            longest=float(state.get("longest") or 0.0),
        )
    except (ValueError, TypeError, KeyError):
        return _Window()
