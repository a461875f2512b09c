# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Bring the collection awx.awx to where tests of the role C(awx) find it.

The collection is on Galaxy, and in the package C(ansible) on a Python package index up to version 13. The latter is
what a machine that runs tests can reach anyway. Standard library only.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from setup import CACHE

PACKAGE = "ansible==12.3.0"
_FOLDER = "ansible_collections/awx/awx/"
_DOWNLOAD_SECONDS = 300


class AwxCollectionError(Exception):
    """The collection cannot be had; the text says why."""


def awx_collections_path() -> Path:
    """Return a collections path with awx.awx in it, downloading it the first time. Raises AwxCollectionError."""
    root = CACHE / "awx" / PACKAGE.replace("==", "-")
    root.parent.mkdir(parents=True, exist_ok=True)
    with (root.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.exists():
            with tempfile.TemporaryDirectory(dir=root.parent) as scratch:
                _unpack(_download(Path(scratch)), Path(scratch) / "unpacked")
                shutil.move(Path(scratch) / "unpacked", root)
    return root


def _download(folder: Path) -> Path:
    command = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), PACKAGE)
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_DOWNLOAD_SECONDS)
    except subprocess.TimeoutExpired:
        raise AwxCollectionError(f"{PACKAGE} was not there after {_DOWNLOAD_SECONDS} seconds") from None
    found = list(folder.glob("*.whl"))
    if done.returncode != 0 or not found:
        raise AwxCollectionError(f"{PACKAGE} cannot be downloaded: {done.stderr.strip() or 'there is no wheel of it'}")
    return found[0]


def _unpack(wheel: Path, folder: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.startswith(_FOLDER)]
        if not names:
            raise AwxCollectionError(f"{wheel.name} does not hold awx.awx")
        archive.extractall(folder, names)


if __name__ == "__main__":
    try:
        print(awx_collections_path())
    except AwxCollectionError as error:
        sys.exit(f"awx.awx: {error}")
