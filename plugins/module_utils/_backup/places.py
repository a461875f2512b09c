# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""From a task's options to the store that they mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from ansible_collections.community.descope.plugins.module_utils._api.settings import checked_project_id
from ansible_collections.community.descope.plugins.module_utils._backup.cipher import NO_CIPHER, Cipher
from ansible_collections.community.descope.plugins.module_utils._backup.kept import KeptRecords
from ansible_collections.community.descope.plugins.module_utils._backup.remote import open_remote
from ansible_collections.community.descope.plugins.module_utils._backup.storage import LocalStorage, Storage
from ansible_collections.community.descope.plugins.module_utils._backup.store import BackupStore, Record
from ansible_collections.community.descope.plugins.module_utils._backup.times import BackupTimes
from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._files import private_directory

_URL = re.compile(r"(?:[a-z][a-z0-9+.-]*(?:://|::))+", re.IGNORECASE)
_VAULT_OPTIONS = ("backup_vault_id", "backup_vault_password_file")


def open_task_store(params: Mapping[str, Any], cipher: Cipher) -> BackupStore:
    """Return the store that the options of C(backup_arguments) and C(project_id) mean; nothing is touched yet.

    Raises InputError where one of them is wrong, or asks for an encryption that is not possible here, and DescopeError
    where the directory of the run cannot be used.
    """
    problems = [
        Problem(
            "vault-on-target",
            "backups are encrypted by the controller, and this task runs on another machine: run it with a local"
            f" connection, for example with delegate_to: localhost, or leave {option} away",
            source=option,
        )
        for option in _VAULT_OPTIONS
        if params.get(option) and not cipher.encrypts
    ]
    if problems:
        raise InputError(problems[:1])
    project_id = checked_project_id(params["project_id"], params.get("management_key"))
    run_dir = (params.get("run_context") or {}).get("run_dir")
    directory = private_directory(Path(run_dir)) if run_dir else None
    kept: KeptRecords[Record] | None = KeptRecords(directory) if directory else None
    return replace(open_store(params["backup_dir"], project_id, cipher), kept=kept, times=BackupTimes(directory))


def open_store(backup_dir: str, project_id: str, cipher: Cipher = NO_CIPHER) -> BackupStore:
    """Return the store of one project's backups, in a directory or behind a URL. Raises DescopeError."""
    return BackupStore(_storage(backup_dir), project_id, cipher)


def _storage(backup_dir: str) -> Storage:
    if not _URL.match(backup_dir):
        return LocalStorage(Path(backup_dir))
    if "::" in backup_dir:
        message = "a chain of URLs would keep copies that other runs do not see: give the place itself"
        raise InputError([Problem("bad-backup-dir", message, source="backup_dir")])
    url = urlsplit(backup_dir)
    if url.scheme.lower() != "file":
        return open_remote(backup_dir)
    if url.netloc not in ("", "localhost") or not url.path:
        message = "a file URL holds an absolute path: give file:///path, or the path alone"
        raise InputError([Problem("bad-backup-dir", message, source="backup_dir")])
    return LocalStorage(Path(unquote(url.path)))
