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


class Finishing(Protocol):
    """What says the same for ever from some time on."""

    @property
    def finished(self) -> bool:
        """Whether it does by now."""


Found = TypeVar("Found", bound=Finishing)


class KeptRecords(Generic[Found]):
    """The records of finished backups by their places, in a file of a directory that nobody else can write to.

    A file that cannot be used only costs time.
    """

    def __init__(self, directory: Path) -> None:
        self._file = directory / "backups.kept"
        # Who holds the turn reads much, who holds the lock writes the file.
        self._turn = directory / "backups.turn"
        self._lock = directory / "backups.lock"
        self._known: dict[str, Found] = {}
        self._read_bytes = 0

    def get(self, places: list[str], read: Callable[[list[str]], Mapping[str, Found]]) -> dict[str, Found]:
        """Return the records at all places. C(read) reads those that nobody has kept; much is read by one for all."""
        if self._missing(places):
            self._look()
        with ExitStack() as held:
            if len(self._missing(places)) > _FEW:
                with suppress(DescopeError):
                    held.enter_context(locked_file(self._turn))
                    self._look()
            found = read(self._missing(places))
            self._keep({place: record for place, record in found.items() if record.finished})
        return {place: self._known[place] if place in self._known else found[place] for place in places}

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

    def _keep(self, finished: dict[str, Found]) -> None:
        """Add records to the file, in the place of what a killed worker has left half written."""
        if not finished:
            return
        self._known |= finished
        with suppress(DescopeError), locked_file(self._lock):
            self._look()
            with os.fdopen(os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
                file.truncate(self._read_bytes)
                file.seek(self._read_bytes)
                self._read_bytes += file.write(pickle.dumps(finished, pickle.HIGHEST_PROTOCOL))
