# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The times of new backups: each is later than all that were there before, whatever the clock of the machine does.

Backups are put in order by their times, and that order decides what a rollback brings back. But a clock can be set back
between two tasks, and that of one machine can be behind that of another. So the first backup that a run takes of a
project is later than the newest that is there. Those that follow are later by what the monotonic clock says, which the
processes of one machine share, or by more where the clock of the machine is ahead of that.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from ansible_collections.community.descope.plugins.module_utils._api.limiter import locked_file
from ansible_collections.community.descope.plugins.module_utils._errors import BackupError, DescopeError

_LEAST_STEP = timedelta(microseconds=1)
_LONGEST_STATE = 200
# Clocks that are kept right differ by less than this, also those of several machines.
_MUCH_AHEAD = timedelta(minutes=5)

Newest: TypeAlias = Callable[[datetime], "datetime | None"]


@dataclass(frozen=True, slots=True)
class _Given:
    """A time that a backup was given, and when that was, in monotonic seconds."""

    time: datetime
    at: float

    def next(self) -> _Given:
        """Return the time of the next backup."""
        at = time.monotonic()
        elapsed = timedelta(seconds=at - self.at)
        return _Given(max(_now(), self.time + max(elapsed, _LEAST_STEP)), at)


class BackupTimes:
    """Gives times to new backups. C(directory): what the workers of the run share, None where there are no others."""

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory
        self._given: dict[str, _Given] = {}
        self._ahead: set[str] = set()

    def give(self, place: str, newest: Newest) -> datetime:
        """Return the time of a new backup in a place, in UTC.

        newest: returns a time that no backup there is later than, None where there is none; it gets what the clock
        says, and is asked once a run. Raises what it raises.
        """
        given = self._given[place] = self._shared(place, newest)
        if given.time - _now() > _MUCH_AHEAD:
            self._ahead.add(place)
        return given.time

    def is_ahead(self, place: str) -> bool:
        """Tell whether a time was given that is minutes ahead of the clock, because others before it were."""
        return place in self._ahead

    def _shared(self, place: str, newest: Newest) -> _Given:
        if self._directory is None:
            return _next(self._given.get(place), newest)
        name = hashlib.sha256(place.encode()).hexdigest()[:16]
        try:
            with locked_file(self._directory / f"backups-{name}.time") as descriptor:
                given = _next(_decoded(os.pread(descriptor, _LONGEST_STATE, 0)), newest)
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, _encoded(given), 0)
        except BackupError:
            raise
        except DescopeError:
            # Without the file, what the other workers have taken so far is found in the place itself.
            return _next(None, newest)
        return given


def _next(last: _Given | None, newest: Newest) -> _Given:
    if last is not None:
        return last.next()
    now = _now()
    there = newest(now)
    return _Given(now if there is None else max(now, there + _LEAST_STEP), time.monotonic())


def _now() -> datetime:
    return datetime.now(tz=UTC)


def _encoded(given: _Given) -> bytes:
    return json.dumps({"time": given.time.isoformat(), "at": given.at}).encode("ascii")


def _decoded(content: bytes) -> _Given | None:
    """Return what was written, None where a killed worker has not written all of it."""
    try:
        state = json.loads(content)
        return _Given(datetime.fromisoformat(state["time"]), float(state["at"]))
    except (ValueError, KeyError, TypeError):
        return None
