# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What backups say of themselves, kept for the workers of one run.

A thousand hosts that roll back decide on the same thousand backups, and a place behind a URL takes a request for each.
What a finished backup says of itself never changes, so the first worker that reads it leaves it for the others. Flows
are always read from the backup itself.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from ansible_collections.community.descope.plugins.module_utils._api.limiter import locked_file
from ansible_collections.community.descope.plugins.module_utils._errors import DescopeError

# So many each worker reads for itself: one or two that another has just finished are no reason to wait in line.
_FEW = 20


class Record(Protocol):
    """What is read of a backup."""

    @property
    def finished(self) -> bool:
        """Whether it will say the same for ever."""


Found = TypeVar("Found", bound=Record)


class KeptRecords(Generic[Found]):
    """The records of finished backups by their places, in a file of a directory that nobody else can write to.

    A file that cannot be used only costs time.
    """

    def __init__(self, directory: Path) -> None:
        self._file = directory / "backups.kept"
        self._lock = directory / "backups.lock"
        self._known: dict[str, Found] = {}
        self._read_bytes = 0

    def get(self, places: list[str], read: Callable[[list[str]], Mapping[str, Found]]) -> dict[str, Found]:
        """Return the records at all places. C(read) reads those that nobody has kept; much is read by one for all."""
        if self._missing(places):
            self._look()
        if len(self._missing(places)) <= _FEW:
            found = read(self._missing(places))
            if any(record.finished for record in found.values()):
                with suppress(DescopeError, OSError), locked_file(self._lock):
                    self._keep(found)
        else:
            found = self._read_for_all(places, read)
        return {place: self._known[place] if place in self._known else found[place] for place in places}

    def _read_for_all(self, places: list[str], read: Callable[[list[str]], Mapping[str, Found]]) -> Mapping[str, Found]:
        with ExitStack() as held:
            try:
                held.enter_context(locked_file(self._lock))
            except DescopeError:
                return read(self._missing(places))
            self._look()
            found = read(self._missing(places))
            with suppress(OSError):
                self._keep(found)
            return found

    def _missing(self, places: list[str]) -> list[str]:
        return [place for place in places if place not in self._known]

    def _look(self) -> None:
        """Take note of what was kept since the last look."""
        # What another worker is just writing cannot be read to its end, and is there the next time.
        with suppress(OSError, EOFError, pickle.UnpicklingError), self._file.open("rb") as file:
            file.seek(self._read_bytes)
            while True:
                self._known |= pickle.load(file)
                self._read_bytes = file.tell()

    def _keep(self, found: Mapping[str, Found]) -> None:
        """Add what is finished to the file, in the place of what a killed worker has left half written."""
        self._look()
        finished = {place: record for place, record in found.items() if record.finished}
        with os.fdopen(os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            file.truncate(self._read_bytes)
            file.seek(self._read_bytes)
            self._read_bytes += file.write(pickle.dumps(finished, pickle.HIGHEST_PROTOCOL))
        self._known |= finished
