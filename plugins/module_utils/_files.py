# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Files that others read while they are written: those that the workers of a run share, and reports.

Backups and flows in a working copy have writers of their own, which also see to what a crash of the machine leaves.
"""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from ansible_collections.community.descope.plugins.module_utils._errors import DescopeError

FOR_EVERYBODY = 0o666
"""The mode of files for people: who may read them, the umask says."""


def replace_file(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Create or replace a file as a whole: who reads it finds the old content or the new, and nothing in between.

    Raises OSError, and leaves nothing behind then.
    """
    partial = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
        partial.replace(path)
    except BaseException:
        with suppress(OSError):
            partial.unlink()
        raise


def private_directory(path: Path) -> Path:
    """Return a directory that belongs to this user alone, made if need be. Raises DescopeError where it does not."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = path.lstat()
    except OSError as error:
        raise DescopeError(f"{path}, which the workers of a run share, cannot be used: {error.strerror}") from error
    # In a shared temporary directory somebody else may have been there first.
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise DescopeError(f"{path}, which the workers of a run share, does not belong to this user alone; remove it")
    return path
