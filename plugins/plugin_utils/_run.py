# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What belongs to one run of Ansible on the controller, and what it lets tasks do there."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ansible import constants as C

_COMMAND_SECONDS = 30.0


def run_id() -> str:
    """Return what tells this run from others, the same in all its workers."""
    return _local_tmp().name.removeprefix("ansible-local-")


def run_directory() -> Path:
    """Return the directory that everything in this run shares, for this user alone. Ansible removes it at the end."""
    directory = _local_tmp() / "community.descope"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return directory


def _local_tmp() -> Path:
    """Return the directory that belongs to this run of Ansible, made before its workers were and removed after them."""
    return Path(C.DEFAULT_LOCAL_TMP)  # type: ignore[attr-defined]  # constants are made at run time


def run_command(command: list[str], text: str) -> str | None:
    """Run a program with C(text) as its input. Returns what it printed, None where it failed or could not be run."""
    try:
        done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
