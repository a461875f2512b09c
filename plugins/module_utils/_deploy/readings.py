# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What the workers of one run share about a project, so that it is read once and not once a host.

Everything lives below one directory that belongs to the run (0700, gone with it):

    <run dir>/<project>/<kind>-<task>.lock   held while one worker reads for all
    <run dir>/<project>/<kind>-<task>.json   index: when the reading began, and where each entry stands in the data
    <run dir>/<project>/<kind>-<task>.data   the entries, one JSON text after the other
    <run dir>/<project>/written/<flow>       when this run last wrote that flow; older readings of it are void

Times are C(time.monotonic()), which all processes of one machine share.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from ansible_collections.community.descope.plugins.module_utils._api.limiter import locked_file
from ansible_collections.community.descope.plugins.module_utils._errors import DescopeError

Entries = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EntriesAndFacts:
    """What a reading brought where it is more than its entries."""

    entries: Entries
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StoredReading:
    """An index over entries that were read at C(began_at) (monotonic seconds); single entries are parsed on demand.

    size: bytes of all entries. data: the open file of the entries, so that it stays readable when a newer one replaces
    it. facts: what else the reading told, small enough to be read each time.
    """

    began_at: float
    size: int
    data: BinaryIO
    index: Mapping[str, tuple[int, int]]
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __contains__(self, key: str) -> bool:
        return key in self.index

    def load(self, keys: list[str]) -> dict[str, Any]:
        """Return the entries of C(keys) that exist, parsed."""
        return {key: json.loads(self.raw(key)) for key in keys if key in self.index}

    def raw(self, key: str) -> bytes:
        """Return an entry that exists as the text that it was stored as."""
        offset, length = self.index[key]
        return os.pread(self.data.fileno(), length, offset)


class SharedReadings:
    """The readings of one project with one key, shared by all workers of a run.

    C(access) tells one address and key from another; it must not reveal the key. All methods raise DescopeError where
    the shared directory cannot be used.
    """

    def __init__(self, run_dir: Path, *, project_id: str, access: str, task_id: str) -> None:
        self._directory = run_dir / f"{project_id}-{access}"
        self._written = self._directory / "written"
        self._task = _digest(task_id)
        with self._usable():
            self._written.mkdir(mode=0o700, parents=True, exist_ok=True)

    def get(self, kind: str, not_before: float, read: Callable[[], Entries | EntriesAndFacts]) -> StoredReading:
        """Return a reading that began at or after C(not_before), made by whichever worker needs it first.

        C(read) is called at most once, by one worker at a time; the others wait for it and use what it brought.
        """
        name = f"{kind}-{self._task}"
        with self._usable():
            stored = self._stored(name, not_before)
            if stored is not None:
                return stored
            with locked_file(self._directory / f"{name}.lock"):
                stored = self._stored(name, not_before)
                if stored is not None:
                    return stored
                began_at = time.monotonic()
                return self._store(name, began_at, read())

    def refusal(self, kind: str) -> str | None:
        """Return why the project does not allow this kind of reading, None where nobody was refused yet."""
        with self._usable():
            return _content(self._directory / f"{kind}.refused")

    def refuse(self, kind: str, reason: str) -> None:
        """Tell the other workers that this project does not allow this kind of reading."""
        with self._usable():
            (self._directory / f"{kind}.refused").write_text(reason, encoding="utf-8")

    def mark_written(self, flow_id: str) -> None:
        """Void all earlier readings of a flow."""
        with self._usable():
            (self._written / _digest(flow_id)).write_text(repr(time.monotonic()), encoding="ascii")

    def written_at(self, flow_ids: list[str]) -> float:
        """Return when this run last wrote any of the flows, 0 if it never did."""
        with self._usable():
            times = [_content(self._written / _digest(flow_id)) for flow_id in flow_ids]
        # A mark that is just being made is as good as one of now.
        return max((float(at) if at else time.monotonic() for at in times if at is not None), default=0.0)

    def _stored(self, name: str, not_before: float) -> StoredReading | None:
        try:
            header = json.loads((self._directory / f"{name}.json").read_bytes())
            if header["began_at"] < not_before:
                return None
            data = (self._directory / header["data"]).open("rb")
        except FileNotFoundError:
            # None yet, or this moment replaced by newer ones.
            return None
        return StoredReading(header["began_at"], header["size"], data, header["index"], header["facts"])

    def _store(self, name: str, began_at: float, found: Entries | EntriesAndFacts) -> StoredReading:
        entries, facts = (found.entries, found.facts) if isinstance(found, EntriesAndFacts) else (found, {})
        # A data file is never overwritten: another worker may be reading the one before.
        data_file = self._directory / f"{name}-{time.monotonic_ns():020}.data"
        index: dict[str, tuple[int, int]] = {}
        offset = 0
        with _private_file(data_file) as file:
            for key, value in entries.items():
                text = json.dumps(value, separators=(",", ":")).encode()
                index[key] = (offset, len(text))
                offset += file.write(text)
        header = {"began_at": began_at, "size": offset, "data": data_file.name, "index": index, "facts": facts}
        partial = self._directory / f".{name}.partial"
        with _private_file(partial) as file:
            file.write(json.dumps(header).encode())
        data = data_file.open("rb")
        partial.rename(self._directory / f"{name}.json")
        for old in sorted(self._directory.glob(f"{name}-*.data"))[:-1]:
            old.unlink(missing_ok=True)
        return StoredReading(began_at, offset, data, index, facts)

    @contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = error.strerror or type(error).__name__
            message = f"{self._directory}, which the workers of a run share, cannot be used: {reason}"
            raise DescopeError(message) from None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]


def _content(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def _private_file(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
