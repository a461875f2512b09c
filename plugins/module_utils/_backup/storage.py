# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Where backups are kept: named bytes below one place, whatever that place is.

A directory is there as a whole or not at all. Names are relative to the place, with "/" between their parts.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from ansible_collections.community.descope.plugins.module_utils._errors import BackupError


class Storage(Protocol):
    """What a backup store needs of the place that it keeps backups in. All of it raises StorageError."""

    def place(self, name: str = "") -> str:
        """Return what to call a name to people: a path or a URL."""

    def create_directory(self, name: str, files: Mapping[str, bytes], last: str) -> None:
        """Create a directory with files; it is complete from when the file C(last) is there."""

    def write(self, name: str, content: bytes) -> None:
        """Create or replace one file as a whole."""

    def append(self, name: str, content: bytes) -> None:
        """Add to the end of a file, so that it is there even if the process is killed in the next moment."""

    def read(self, name: str) -> bytes:
        """Return the content of a file. Raises MissingFileError where there is none."""

    def read_many(self, names: Iterable[str]) -> dict[str, bytes | StorageError]:
        """Return the content of each file, or why it cannot be read. A file costs no round trip of its own."""

    def directories(self, parent: str) -> list[str]:
        """Return the names of the directories right below C(parent), sorted; none where it does not exist.

        Where nothing can be renamed, one that is being written or removed is among them, without its last file.
        """

    def remove_directory(self, name: str, first: str) -> None:
        """Remove a directory with everything in it; without the file C(first) what is left does not look complete."""


class StorageError(BackupError):
    """A place for backups cannot be read or written. The message begins with what was tried, without a consequence."""


class MissingFileError(StorageError):
    """There is no such file."""


class LocalStorage:
    """A directory on this machine, for its owner's eyes only."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def place(self, name: str = "") -> str:
        return str(self._directory / name)

    def create_directory(self, name: str, files: Mapping[str, bytes], last: str) -> None:
        path = self._directory / name
        partial = path.with_name(f".{path.name}.partial")
        with _explained("cannot be written", path), _gone_if_it_fails(partial):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            partial.mkdir(mode=0o700)
            partial.chmod(0o700)
            folders = {partial}
            for file in (*(file for file in files if file != last), last):
                target = partial / file
                target.parent.mkdir(mode=0o700, exist_ok=True)
                folders.add(target.parent)
                _write(target, files[file], os.O_CREAT | os.O_EXCL)
            for folder in folders:
                _flush(folder)
            partial.rename(path)
            _flush(path.parent)

    def write(self, name: str, content: bytes) -> None:
        path = self._directory / name
        partial = path.with_name(f".{path.name}.partial")
        with _explained("cannot be written", path), _gone_if_it_fails(partial):
            _write(partial, content, os.O_CREAT | os.O_TRUNC)
            partial.rename(path)
            _flush(path.parent)

    def append(self, name: str, content: bytes) -> None:
        path = self._directory / name
        with _explained("cannot be written", path):
            _write(path, content, os.O_CREAT | os.O_APPEND)

    def read(self, name: str) -> bytes:
        path = self._directory / name
        with _explained("cannot be read", path):
            return path.read_bytes()

    def read_many(self, names: Iterable[str]) -> dict[str, bytes | StorageError]:
        return {name: _content_or_error(self, name) for name in names}

    def directories(self, parent: str) -> list[str]:
        path = self._directory / parent
        try:
            with _explained("cannot be read", path):
                return sorted(entry.name for entry in path.iterdir() if entry.is_dir() and entry.name[0] != ".")
        except MissingFileError:
            return []

    def remove_directory(self, name: str, first: str) -> None:
        path = self._directory / name
        doomed = path.with_name(f".{path.name}.removed")
        with _explained("cannot be removed", path):
            path.rename(doomed)
            _flush(path.parent)
            for folder, _folders, files in os.walk(doomed, topdown=False):
                for file in files:
                    (Path(folder) / file).unlink()
                Path(folder).rmdir()


def _content_or_error(storage: Storage, name: str) -> bytes | StorageError:
    try:
        return storage.read(name)
    except StorageError as error:
        return error


@contextmanager
def _gone_if_it_fails(partial: Path) -> Iterator[None]:
    """Leave no part behind: on a full disk its bytes are what others need."""
    try:
        yield
    except OSError:
        if partial.is_dir():
            shutil.rmtree(partial, ignore_errors=True)
        else:
            partial.unlink(missing_ok=True)
        raise


@contextmanager
def _explained(what: str, path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise MissingFileError(f"{path} {what}: {_cause(error)}") from error
    except OSError as error:
        raise StorageError(f"{path} {what}: {_cause(error)}") from error


def _cause(error: OSError) -> str:
    return error.strerror or type(error).__name__


def _write(path: Path, content: bytes, flags: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | flags, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
