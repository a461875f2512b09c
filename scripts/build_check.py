# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Build the collection, and check that the package holds nothing that git does not know about."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

from setup import CACHE, CHECKOUT, MAIN

# What ansible-galaxy adds.
_GENERATED = {"FILES.json", "MANIFEST.json"}


def build(folder: Path) -> Path:
    """Build into a folder, which is emptied of older packages, and return the package."""
    for old in folder.glob("*.tar.gz"):
        old.unlink()
    ansible_galaxy = MAIN.folder / "bin" / "ansible-galaxy"
    subprocess.run([ansible_galaxy, "collection", "build", "--output-path", folder, CHECKOUT], check=True)
    (package,) = folder.glob("*.tar.gz")
    return package


def strangers(package: Path) -> list[str]:
    """Return the packaged files that are neither in git nor would be added by `git add`."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    known = set(listed.stdout.split("\0")) | _GENERATED
    with tarfile.open(package) as opened:
        return sorted(member.name for member in opened if not member.isdir() and member.name not in known)


def main() -> int:
    package = build(CACHE / "dist")
    unknown = strangers(package)
    for name in unknown:
        print(f"{package.name} holds {name}: name it in build_ignore of galaxy.yml")
    print(f"{package.name}: {package.stat().st_size / 1000:.0f} kB")
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
