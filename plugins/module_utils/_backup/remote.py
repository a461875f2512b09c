# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Backups in places that have a URL, through C(fsspec): S3 and its relatives, SFTP and whatever else it reaches.

A job's own disk is often gone when the job ends. Nothing is renamed there, because object stores cannot: a backup is
complete when its manifest is there, so that is written last and removed first. Requests go side by side where the
library can, so that a long history does not take one round trip after the other.

The libraries are loaded when something is first read or written, in the process that does it: they have threads of
their own, which do not survive the fork of one of Ansible's workers, and loading them takes half a second, which a task
that has nothing to back up does not pay.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

from ansible.module_utils.basic import missing_required_lib

from ansible_collections.community.descope.plugins.module_utils._backup.storage import MissingFileError, StorageError
from ansible_collections.community.descope.plugins.module_utils._errors import DescopeError, InputError, Problem

# Places without directories, and the library for each. Asking them to create a directory creates the bucket, which
# nobody wants by mistake.
_OBJECT_STORES = {
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "az": "adlfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
}
_LONGEST_CAUSE = 300
# A backup that cannot be read keeps others from being restored or removed, so one lost answer is not the last word. Not
# all of the libraries try again themselves, and none after all errors.
_PAUSES_SECONDS = (0.5, 2.0)

T = TypeVar("T")


class RemoteStorage:
    """A place behind a URL. C(open_filesystem) brings one of fsspec's filesystems, and the path in it."""

    def __init__(self, url: str, open_filesystem: Callable[[str], tuple[Any, str]]) -> None:
        self._url = url
        self._shown_url = _without_credentials(url).rstrip("/")
        self._hidden = urlsplit(url).password or ""
        self._has_directories = _scheme(url) not in _OBJECT_STORES
        self._open_filesystem = open_filesystem
        # What this process has appended to: only the one that makes a change writes its journal.
        self._appended: dict[str, bytes] = {}

    @cached_property
    def _opened(self) -> tuple[Any, str]:
        filesystem, root = self._open_filesystem(self._url)
        return filesystem, root.rstrip("/")

    @property
    def _filesystem(self) -> Any:
        return self._opened[0]

    def place(self, name: str = "") -> str:
        return f"{self._shown_url}/{name}" if name else self._shown_url

    def create_directory(self, name: str, files: Mapping[str, bytes], last: str) -> None:
        rest = {file: content for file, content in files.items() if file != last}
        self._try("cannot be written", name, lambda: self._write_all(name, rest))
        self._try("cannot be written", name, lambda: self._write_all(name, {last: files[last]}))

    def write(self, name: str, content: bytes) -> None:
        self._try("cannot be written", name, lambda: self._filesystem.pipe_file(self._path(name), content))

    def append(self, name: str, content: bytes) -> None:
        # Object stores only know whole files, and replace them as a whole.
        if name not in self._appended:
            self._appended[name] = self._existing(name)
        whole = self._appended[name] + content
        self.write(name, whole)
        self._appended[name] = whole

    def read(self, name: str) -> bytes:
        return self._try("cannot be read", name, lambda: bytes(self._filesystem.cat_file(self._path(name), start=0)))

    def read_many(self, names: Iterable[str]) -> dict[str, bytes | StorageError]:
        found = self._read_once(list(names))
        for pause in _PAUSES_SECONDS:
            again = [name for name, content in found.items() if _may_pass(content)]
            if not again:
                break
            time.sleep(pause)
            found |= self._read_once(again)
        return {
            name: self._error("cannot be read", name, content) if isinstance(content, Exception) else bytes(content)
            for name, content in found.items()
        }

    def directories(self, parent: str) -> list[str]:
        try:
            entries = self._try("cannot be read", parent, lambda: self._list(parent))
        except MissingFileError:
            return []
        names = [entry["name"].rstrip("/").rpartition("/")[2] for entry in entries if entry["type"] == "directory"]
        return sorted(name for name in names if not name.startswith("."))

    def remove_directory(self, name: str, first: str) -> None:
        self._try("cannot be removed", name, lambda: self._remove(name, first))

    def _path(self, name: str) -> str:
        root = self._opened[1]
        return f"{root}/{name}" if name else root

    def _read_once(self, names: list[str]) -> dict[str, bytes | Exception]:
        if not names:
            return {}
        paths = [self._path(name) for name in names]
        # From the first byte on is the whole of a file, but unlike "cat" this does not ask first how much that is.
        found = self._try(
            "cannot be read", "", lambda: self._filesystem.cat_ranges(paths, 0, [None] * len(paths), on_error="return")
        )
        return dict(zip(names, found, strict=True))

    def _list(self, name: str) -> list[dict[str, Any]]:
        # It keeps what it has listed, also where other processes have written since.
        self._filesystem.invalidate_cache()
        return list(self._filesystem.ls(self._path(name), detail=True))

    def _write_all(self, name: str, files: Mapping[str, bytes]) -> None:
        paths = {self._path(f"{name}/{file}"): content for file, content in files.items()}
        if self._has_directories:
            for folder in {path.rpartition("/")[0] for path in paths}:
                self._filesystem.makedirs(folder, exist_ok=True)
        if paths:
            self._filesystem.pipe(paths)

    def _existing(self, name: str) -> bytes:
        try:
            return self.read(name)
        except MissingFileError:
            return b""

    def _remove(self, name: str, first: str) -> None:
        self._filesystem.invalidate_cache()
        if self._filesystem.exists(self._path(f"{name}/{first}")):
            self._filesystem.rm_file(self._path(f"{name}/{first}"))
        self._filesystem.invalidate_cache()
        self._filesystem.rm(self._path(name), recursive=True)

    def _try(self, what: str, name: str, do: Callable[[], T]) -> T:
        try:
            return do()
        except DescopeError:
            raise
        except Exception as error:
            # Each library has errors of its own, and not all of them are OSErrors.
            raise self._error(what, name, error) from error

    def _error(self, what: str, name: str, error: Exception) -> StorageError:
        kind = MissingFileError if isinstance(error, FileNotFoundError) else StorageError
        return kind(f"{self.place(name)} {what}: {self._cause(error)}")

    def _cause(self, error: Exception) -> str:
        text = " ".join(str(error).split())[:_LONGEST_CAUSE] or type(error).__name__
        return text.replace(self._hidden, "***") if self._hidden else text


def _may_pass(content: bytes | Exception) -> bool:
    """Tell whether a file may be there to read in a moment."""
    return isinstance(content, Exception) and not isinstance(content, (FileNotFoundError, PermissionError))


def open_remote(url: str, option: str = "backup_dir") -> RemoteStorage:
    """Return the storage behind the URL that an option holds; nothing is sent yet.

    Raises InputError where a library for it is missing.
    """
    for library in ("fsspec", _OBJECT_STORES.get(_scheme(url), "fsspec")):
        if importlib.util.find_spec(library) is None:
            message = f"{_without_credentials(url)} is a URL: {missing_required_lib(library)}"
            raise InputError([Problem("missing-library", message, source=option)])
    return RemoteStorage(url, partial(_open_with_fsspec, option=option))


def _open_with_fsspec(url: str, option: str) -> tuple[Any, str]:
    core = importlib.import_module("fsspec.core")
    try:
        filesystem, root = core.url_to_fs(url, skip_instance_cache=True)
    except (ImportError, ValueError) as error:
        message = f"{_without_credentials(url)} cannot be opened by {sys.executable}: {' '.join(str(error).split())}"
        raise InputError([Problem("bad-backup-dir", message, source=option)]) from error
    return filesystem, root


def _scheme(url: str) -> str:
    return url.partition("://")[0].lower()


def _without_credentials(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
