# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What the workers of one run share about a project, so that it is read once and not once a host.

Everything lives below one directory that belongs to the run (0700, gone with it):

    <run dir>/<project>/<key>/<kind>-<task>.lock   held while one worker reads for all
    <run dir>/<project>/<key>/<kind>-<task>.json   when the reading began, and where everything stands in the data
    <run dir>/<project>/<key>/<kind>-<task>-*.data the entries, one JSON text after the other; a table; the facts
    <run dir>/<project>/written/<flow>             when this run last wrote that flow, empty while it does; what was
                                                   read before that is void
    <run dir>/<project>/writes                     a byte for each time that a flow was sent or had settled

What is read depends on the key that it is read with; what is written does not.

Ten thousand workers look for a few entries each among those of ten thousand, so what one of them does must not depend
on how many there are: it reads the small header, searches the table by halves, and parses nothing that is not its own.

Times are C(time.monotonic()), which all processes of one machine share.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

from ansible_collections.community.descope.plugins.module_utils._api.limiter import locked_file
from ansible_collections.community.descope.plugins.module_utils._errors import DescopeError
from ansible_collections.community.descope.plugins.module_utils._files import replace_file

Entries = Mapping[str, Any]

_DIGEST_BYTES = 16
# Among the facts, but no fact: the keys of all entries.
_KEYS = "keys of all entries"


@dataclass(frozen=True, slots=True)
class EntriesAndFacts:
    """What a reading brings where it is more than its entries.

    entries: one at a time, so that they are never all in memory, as values or, in bytes, as JSON text. facts: what else
    there is to tell, asked for when the last entry has been written.
    """

    entries: Iterable[tuple[str, Any]]
    facts: Callable[[], Mapping[str, Any]]


class _Table:
    """The keys of the entries as digests in order, each with the place of its entry, on disk."""

    RECORD = struct.Struct(f">{_DIGEST_BYTES}sQQ")

    def __init__(self, data: BinaryIO, offset: int, count: int) -> None:
        self._data = data
        self._offset = offset
        self._count = count

    def find(self, key: str) -> tuple[int, int] | None:
        """Return the offset and the length of an entry, None where there is none."""
        wanted = _digest_bytes(key)
        index = bisect_left(range(self._count), wanted, key=lambda number: self._record(number)[0])
        if index == self._count:
            return None
        digest, offset, length = self._record(index)
        return (offset, length) if digest == wanted else None

    def _record(self, index: int) -> tuple[bytes, int, int]:
        size = self.RECORD.size
        digest, offset, length = self.RECORD.unpack(os.pread(self._data.fileno(), size, self._offset + index * size))
        return digest, offset, length


class _Facts(Mapping[str, Any]):
    """The facts of a reading by name, each parsed when it is asked for."""

    def __init__(self, data: BinaryIO, places: Mapping[str, tuple[int, int]]) -> None:
        self._data = data
        self._places = places

    def __getitem__(self, name: str) -> Any:
        offset, length = self._places[name]
        return json.loads(os.pread(self._data.fileno(), length, offset))

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


class StoredReading:
    """Entries that were read at C(began_at) (monotonic seconds), and facts; single ones are parsed on demand.

    size: bytes of all entries. The data stay readable when a newer reading replaces this one, because they are open.
    """

    def __init__(self, header: Mapping[str, Any], data: BinaryIO) -> None:
        self.began_at = float(header["began_at"])
        self.size = int(header["size"])
        self._data = data
        self._table = _Table(data, self.size, header["count"])
        places: dict[str, tuple[int, int]] = dict(header["facts"])
        self._all_keys = _Facts(data, {_KEYS: places.pop(_KEYS)})
        self.facts: Mapping[str, Any] = _Facts(data, places)

    def __contains__(self, key: str) -> bool:
        return self._table.find(key) is not None

    @cached_property
    def keys(self) -> frozenset[str]:
        """The keys of all entries."""
        return frozenset(self._all_keys[_KEYS])

    def load(self, keys: Iterable[str]) -> dict[str, Any]:
        """Return the entries of C(keys) that exist, parsed."""
        found = {key: self._table.find(key) for key in keys}
        return {key: json.loads(self._read(*place)) for key, place in found.items() if place is not None}

    def raw(self, key: str) -> bytes:
        """Return an entry as the text that it was stored as. Raises KeyError where there is none."""
        place = self._table.find(key)
        if place is None:
            raise KeyError(key)
        return self._read(*place)

    def _read(self, offset: int, length: int) -> bytes:
        return os.pread(self._data.fileno(), length, offset)


class SharedReadings:
    """The readings of one project with one key, shared by all workers of a run.

    C(access) tells one key from another; it must not reveal the key. All methods raise DescopeError where the shared
    directory cannot be used.
    """

    def __init__(self, run_dir: Path, *, project_id: str, address: str, access: str, task_id: str) -> None:
        project = run_dir / f"{project_id}-{_digest(address)}"
        self._directory = project / access
        self._written = project / "written"
        self._writes = project / "writes"
        self._task = _digest(task_id)
        with self._usable():
            for directory in (self._directory, self._written):
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def get(
        self, kind: str, not_before: float, read: Callable[[], Entries | EntriesAndFacts], *, complete: bool = False
    ) -> StoredReading:
        """Return a reading that began at or after C(not_before), made by whichever worker needs it first.

        C(complete): this run must not have written any flow since, for whoever asks which flows there are. C(read) is
        called at most once, by one worker at a time; the others wait for it and use what it brought.
        """
        name = f"{kind}-{self._task}"
        with self._usable():
            least_writes = self._count_writes() if complete else 0
            stored = self._stored(name, not_before, least_writes)
            if stored is not None:
                return stored
            with locked_file(self._directory / f"{name}.lock"):
                stored = self._stored(name, not_before, least_writes)
                if stored is not None:
                    return stored
                header = {"began_at": time.monotonic(), "writes": self._count_writes()}
                return self._store(name, header, read())

    def refusal(self, kind: str) -> str | None:
        """Return why the project does not allow this kind of reading, None where nobody was refused yet."""
        with self._usable():
            return _content(self._directory / f"{kind}.refused")

    def refuse(self, kind: str, reason: str) -> None:
        """Tell the other workers that this project does not allow this kind of reading."""
        with self._usable():
            (self._directory / f"{kind}.refused").write_text(reason, encoding="utf-8")

    def mark_sending(self, flow_id: str) -> None:
        """Void all readings of a flow, those too that others make before C(mark_written): it is about to be written.

        When the server takes the flow, nobody knows, so a reading of that time may or may not show it.
        """
        self._mark(flow_id, "")

    def mark_written(self, flow_id: str) -> None:
        """Void all readings of a flow that began before now: it has been written, or it is certain that it was not."""
        self._mark(flow_id, repr(time.monotonic()))

    def written_at(self, flow_ids: list[str]) -> float:
        """Return when this run last wrote any of the flows, now if that is going on, 0 if it never did."""
        with self._usable():
            times = [_content(self._written / _digest(flow_id)) for flow_id in flow_ids]
        return max((float(at) if at else time.monotonic() for at in times if at is not None), default=0.0)

    def _mark(self, flow_id: str, content: str) -> None:
        with self._usable():
            (self._written / _digest(flow_id)).write_text(content, encoding="ascii")
            # Counted, because of times the last one to come to the disk need not be the latest.
            with self._writes.open("ab", buffering=0) as file:
                file.write(b".")

    def _count_writes(self) -> int:
        try:
            return self._writes.stat().st_size
        except FileNotFoundError:
            return 0

    def _stored(self, name: str, not_before: float, least_writes: int) -> StoredReading | None:
        try:
            header = json.loads((self._directory / f"{name}.json").read_bytes())
            if header["began_at"] < not_before or header["writes"] < least_writes:
                return None
            data = (self._directory / header["data"]).open("rb")
        except FileNotFoundError:
            # None yet, or this moment replaced by newer ones.
            return None
        return StoredReading(header, data)

    def _store(self, name: str, began: Mapping[str, Any], found: Entries | EntriesAndFacts) -> StoredReading:
        # A data file is never overwritten: another worker may be reading the one before.
        data_file = self._directory / f"{name}-{time.monotonic_ns():020}.data"
        with _private_file(data_file) as file:
            header = {**began, "data": data_file.name, **_write(file, found)}
        data = data_file.open("rb")
        replace_file(self._directory / f"{name}.json", json.dumps(header).encode())
        for old in sorted(self._directory.glob(f"{name}-*.data"))[:-1]:
            old.unlink(missing_ok=True)
        return StoredReading(header, data)

    @contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = error.strerror or type(error).__name__
            message = f"{self._directory}, which the workers of a run share, cannot be used: {reason}"
            raise DescopeError(message) from None


def _write(file: BinaryIO, found: Entries | EntriesAndFacts) -> dict[str, Any]:
    """Write the entries, the table and the facts. Returns where they are."""
    entries = found.entries if isinstance(found, EntriesAndFacts) else found.items()
    keys: list[str] = []
    records: list[bytes] = []
    size = 0
    for key, value in entries:
        length = file.write(value if isinstance(value, bytes) else _compact(value))
        keys.append(key)
        records.append(_Table.RECORD.pack(_digest_bytes(key), size, length))
        size += length
    offset = size + file.write(b"".join(sorted(records)))
    places: dict[str, tuple[int, int]] = {}
    facts = found.facts() if isinstance(found, EntriesAndFacts) else {}
    for fact, value in {**facts, _KEYS: keys}.items():
        length = file.write(_compact(value))
        places[fact] = (offset, length)
        offset += length
    return {"size": size, "count": len(keys), "facts": places}


def _compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _digest(text: str) -> str:
    return _digest_bytes(text).hex()


def _digest_bytes(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()[:_DIGEST_BYTES]


def _content(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def _private_file(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
