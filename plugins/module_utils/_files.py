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
from contextlib import suppress
from pathlib import Path

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
