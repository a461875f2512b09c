# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Find the Python interpreters of this machine that can run the project."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import total_ordering
from pathlib import Path

OLDEST_PYTHON = (3, 11)
NEWEST_PYTHON = (3, 14)
# The Python versions that the controller side of the oldest supported ansible-core runs on.
OLDEST_CORE_PYTHONS = ((3, 11), (3, 13))

# A virtual environment answers with the interpreter it was made from, so that ours do not depend on it.
_PROBE = """
import sys, venv, ensurepip
assert sys.version_info.releaselevel == "final"
print(*sys.version_info[:3], getattr(sys, "_base_executable", sys.executable))
"""


@total_ordering
@dataclass(frozen=True)
class Interpreter:
    """A Python that was seen to run, and to be able to make virtual environments."""

    version: tuple[int, int, int]
    path: Path

    @property
    def minor(self) -> tuple[int, int]:
        return self.version[:2]

    @property
    def label(self) -> str:
        return ".".join(map(str, self.version))

    def __lt__(self, other: Interpreter) -> bool:
        return self.version < other.version


def find_interpreters() -> list[Interpreter]:
    """Return the usable interpreters, oldest first, the best one of each minor version.

    Looks at ``PATH`` and at the versions that pyenv holds; a name alone proves nothing (pyenv's shims exist for
    versions that are switched off), so every candidate is run once.
    """
    best: dict[tuple[int, int], Interpreter] = {}
    for candidate in dict.fromkeys(_candidates()):
        found = probe(candidate)
        if found is None or not OLDEST_PYTHON <= found.minor <= NEWEST_PYTHON:
            continue
        if found.minor not in best or best[found.minor] < found:
            best[found.minor] = found
    return sorted(best.values())


def probe(executable: Path) -> Interpreter | None:
    """Run an interpreter and say what it is; None if it does not run or cannot make virtual environments."""
    try:
        answer = subprocess.run([executable, "-c", _PROBE], capture_output=True, text=True, timeout=30, check=True)
        major, minor, micro, path = answer.stdout.strip().split(maxsplit=3)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return Interpreter((int(major), int(minor), int(micro)), Path(path))


def _candidates() -> Iterator[Path]:
    minors = range(NEWEST_PYTHON[1], OLDEST_PYTHON[1] - 1, -1)
    names = ["python3", *(f"python3.{minor}" for minor in minors)]
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders += sorted(pyenv.glob("versions/*/bin"))
    for folder in folders:
        yield from (folder / name for name in names if (folder / name).exists())
