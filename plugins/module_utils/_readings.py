# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What the workers of one run share about a project, so that it is read once and not once a host.

Everything lives below one directory that belongs to the run (0700, gone with it):

    <run dir>/<project>/<kind>-<task>.lock   held while one worker reads for all
    <run dir>/<project>/<kind>-<task>.json   index: when the reading began, and where each entry stands in the data
    <run dir>/<project>/<kind>-<task>.data   the entries, one JSON text after the other
    <run dir>/<project>/written/<flow id>    when this run last wrote that flow; older readings of it are void

Times are C(time.monotonic()), which all processes of one machine share.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

Entries = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StoredReading:
    """An index over entries that were read at C(began_at) (monotonic seconds); single entries are parsed on demand."""

    began_at: float
    size: int
    data_file: Path
    index: Mapping[str, tuple[int, int]]

    def __contains__(self, key: str) -> bool:
        return key in self.index

    def load(self, keys: list[str]) -> dict[str, Any]:
        """Return the entries of C(keys) that exist, parsed."""
        wanted = [key for key in keys if key in self.index]
        if not wanted:
            return {}
        with self.data_file.open("rb") as file:
            return {key: json.loads(self._slice(file.fileno(), key)) for key in wanted}

    def _slice(self, descriptor: int, key: str) -> bytes:
        offset, length = self.index[key]
        return os.pread(descriptor, length, offset)


class SharedReadings:
    """The readings of one project, shared by all workers of a run."""

    def __init__(self, run_dir: Path, *, base_url: str, project_id: str, task_id: str) -> None:
        scope = hashlib.sha256(f"{base_url}\0{project_id}".encode()).hexdigest()[:16]
        self._directory = run_dir / f"{project_id}-{scope}"
        self._written = self._directory / "written"
        self._task = hashlib.sha256(task_id.encode()).hexdigest()[:16]
        self._written.mkdir(mode=0o700, parents=True, exist_ok=True)

    def get(self, kind: str, not_before: float, read: Callable[[], Entries]) -> StoredReading:
        """Return a reading that began at or after C(not_before), made by whichever worker needs it first.

        C(read) is called at most once, by one worker at a time; the others wait for it and use what it brought.
        """
        name = f"{kind}-{self._task}"
        stored = self._stored(name, not_before)
        if stored is not None:
            return stored
        with _locked(self._directory / f"{name}.lock"):
            stored = self._stored(name, not_before)
            return stored if stored is not None else self._store(name, time.monotonic(), read())

    def refusal(self, kind: str) -> str | None:
        """Return why the project does not allow this kind of reading, None where nobody was refused yet."""
        try:
            return (self._directory / f"{kind}.refused").read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def refuse(self, kind: str, reason: str) -> None:
        """Tell the other workers that this project does not allow this kind of reading."""
        (self._directory / f"{kind}.refused").write_text(reason, encoding="utf-8")

    def mark_written(self, flow_id: str) -> None:
        """Void all earlier readings of a flow."""
        (self._written / flow_id).write_text(repr(time.monotonic()), encoding="ascii")

    def written_at(self, flow_ids: list[str]) -> float:
        """Return when this run last wrote any of the flows, 0 if it never did."""
        return max((self._written_at(flow_id) for flow_id in flow_ids), default=0.0)

    def _written_at(self, flow_id: str) -> float:
        try:
            return float((self._written / flow_id).read_text(encoding="ascii") or "inf")
        except FileNotFoundError:
            return 0.0

    def _stored(self, name: str, not_before: float) -> StoredReading | None:
        try:
            header = json.loads((self._directory / f"{name}.json").read_bytes())
        except FileNotFoundError:
            return None
        if header["began_at"] < not_before:
            return None
        return StoredReading(
            began_at=header["began_at"],
            size=header["size"],
            data_file=self._directory / header["data"],
            index={key: (offset, length) for key, (offset, length) in header["index"].items()},
        )

    def _store(self, name: str, began_at: float, entries: Entries) -> StoredReading:
        # A data file is never overwritten: another worker may be reading the one before.
        data_file = self._directory / f"{name}-{began_at!r}.data"
        index: dict[str, tuple[int, int]] = {}
        offset = 0
        with _private_file(data_file) as file:
            for key, value in entries.items():
                text = json.dumps(value, separators=(",", ":")).encode()
                index[key] = (offset, len(text))
                offset += file.write(text)
        header = {"began_at": began_at, "size": offset, "data": data_file.name, "index": index}
        partial = self._directory / f".{name}.partial"
        with _private_file(partial) as file:
            file.write(json.dumps(header).encode())
        partial.rename(self._directory / f"{name}.json")
        self._drop_old_data(name)
        return StoredReading(began_at=began_at, size=offset, data_file=data_file, index=index)

    def _drop_old_data(self, name: str) -> None:
        # The one before the newest stays, for a worker that has just taken its index and not opened it yet.
        newest_last = sorted(self._directory.glob(f"{name}-*.data"), key=lambda file: file.stat().st_mtime_ns)
        for file in newest_last[:-2]:
            file.unlink(missing_ok=True)


def _private_file(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
