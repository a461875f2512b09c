# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What belongs to one run of Ansible on the controller, and what it lets tasks do there."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path
from typing import Any

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


def occasion(task: Any, host: str) -> str:
    """Tell each time that a host comes to a task from the others: a handler is flushed again, C(until) tries again.

    The items of a loop are one time; their tasks are copies, where each attempt is made with the same.
    """
    number, latest, attempt = _occasions.get(task._uuid) or (_visits_before(task._uuid, host), None, 0)
    attempt = attempt + 1 if task is latest else 1
    _occasions[task._uuid] = (number, task, attempt)
    return f"{number}-{attempt}"


# Of this worker process, which lives for one task of one host: which visit it is, with which task it was tried last,
# and how often.
_occasions: dict[str, tuple[int, Any, int]] = {}


def _visits_before(task: str, host: str) -> int:
    """Return how often other worker processes have come to a task of this host, and count this one."""
    visits = run_directory() / "visits"
    visits.mkdir(mode=0o700, exist_ok=True)
    name = hashlib.sha256(f"{task} {host}".encode(errors="surrogatepass")).hexdigest()
    with (visits / name).open("ab", buffering=0) as file:
        file.write(b".")
        return os.fstat(file.fileno()).st_size - 1


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
