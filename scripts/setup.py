# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Make the virtual environments that everything else in this checkout runs in.

``.venv`` holds the newest stable ansible-core for the newest supported Python, the tests and the development tools.
``--oldest`` also makes ``.cache/oldest-core``, with the oldest supported ansible-core on the oldest Python found.
Both find ``community.descope`` in this very checkout, from any working directory. Standard library only.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from interpreters import NEWEST_PYTHON, OLDEST_CORE_PYTHONS, OLDEST_PYTHON, Interpreter, find_interpreters, probe

CHECKOUT = Path(__file__).resolve().parent.parent
CACHE = CHECKOUT / ".cache"
# A collections path that holds nothing but this checkout: for Ansible and its tools, and for mypy (pyproject.toml).
COLLECTIONS = CACHE / "collections"
CHECKOUT_FIRST = CHECKOUT / "scripts" / "checkout_first.py"


@dataclass(frozen=True)
class Environment:
    """A virtual environment, and what belongs in it."""

    name: str
    folder: Path
    requirements: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def stamp(self) -> Path:
        return self.folder / ".ready"

    def wanted(self) -> str:
        """Return a fingerprint of everything that decides the content: place, requirements, and how it is made."""
        digest = hashlib.sha256(str(self.folder).encode())
        requirements = [CHECKOUT / "requirements.txt", *sorted((CHECKOUT / "requirements").glob("*.txt"))]
        for source in [*requirements, CHECKOUT_FIRST, Path(__file__)]:
            digest.update(source.read_bytes())
        return digest.hexdigest()

    def is_ready(self) -> bool:
        """Tell whether there is nothing to do: made for these requirements, and its interpreter still exists."""
        try:
            return self.stamp.read_text() == self.wanted() and self.python.exists()
        except FileNotFoundError:
            return False


MAIN = Environment("newest ansible-core", CHECKOUT / ".venv", CHECKOUT / "requirements" / "dev.txt")
OLDEST = Environment("oldest ansible-core", CACHE / "oldest-core", CHECKOUT / "requirements" / "oldest.txt")


class SetupError(Exception):
    """The environment cannot be made; the text says what to do."""


def choose_main(found: list[Interpreter]) -> Interpreter:
    """Return the interpreter for ``.venv``: the newest."""
    if not found:
        raise SetupError(
            f"no usable Python found: {_dotted(OLDEST_PYTHON)} to {_dotted(NEWEST_PYTHON)} with the modules venv and"
            " ensurepip is needed (on Debian and Ubuntu: apt install python3-venv)"
        )
    return found[-1]


def choose_oldest(found: list[Interpreter]) -> Interpreter | None:
    """Return the interpreter for the oldest ansible-core, or None where ``.venv`` holds that version already."""
    first, last = OLDEST_CORE_PYTHONS
    suitable = [interpreter for interpreter in found if first <= interpreter.minor <= last]
    return suitable[0] if suitable and choose_main(found).minor > first else None


def make(environment: Environment, interpreter: Interpreter) -> None:
    """Create the environment, or bring an existing one up to date, and mark it ready."""
    started = time.monotonic()
    print(f"setup: {environment.name} on Python {interpreter.label} in {environment.folder}", flush=True)
    environment.stamp.unlink(missing_ok=True)
    existing = probe(environment.python)
    if existing is None or existing.version != interpreter.version:
        shutil.rmtree(environment.folder, ignore_errors=True)
        _run(interpreter.path, "-m", "venv", environment.folder)
    _install(environment)
    (site_packages,) = environment.folder.glob("lib/python3.*/site-packages")
    _link_checkout(site_packages)
    _link_checkout(COLLECTIONS)
    shutil.copy2(CHECKOUT_FIRST, site_packages)
    (site_packages / "checkout_first.pth").write_text(f"import {CHECKOUT_FIRST.stem}\n")
    environment.stamp.write_text(environment.wanted())
    print(f"setup: ready in {time.monotonic() - started:.0f} s", flush=True)


def _link_checkout(folder: Path) -> None:
    """Make the collection in this checkout importable from a folder, by its full name."""
    link = folder / "ansible_collections" / "community" / "descope"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(CHECKOUT, target_is_directory=True)


def _install(environment: Environment) -> None:
    """Install with uv, which takes seconds; with pip where uv cannot be had or cannot reach pip's package index."""
    _run(environment.python, "-m", "pip", "install", "--quiet", "uv>=0.8,<1", check=False)
    uv = environment.folder / "bin" / "uv"
    arguments = ("install", "--quiet", "--requirement", environment.requirements)
    compiled = ("--compile-bytecode", "--python", environment.python)
    if uv.exists() and _run(uv, "pip", *arguments, *compiled, check=False):
        return
    print("setup: uv did not do it, trying pip", flush=True)
    _run(environment.python, "-m", "pip", *arguments)


def _run(*command: str | Path, check: bool = True) -> bool:
    variables = {name: value for name, value in os.environ.items() if name not in _UNWANTED_VARIABLES}
    done = subprocess.run(command, env=variables | _VARIABLES, check=False)
    if check and done.returncode != 0:
        raise SetupError(f"this failed with status {done.returncode}: {' '.join(map(str, command))}")
    return done.returncode == 0


# The first would leave everything uncompiled (each Ansible start then costs half as much again); the others would
# make the tools work on another environment than ours.
_UNWANTED_VARIABLES = {"PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV"}
# Certificates that this machine trusts are good enough for uv too, under the old and the new name of the setting.
_VARIABLES = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "UV_NATIVE_TLS": "1", "UV_SYSTEM_CERTS": "1"}


@contextmanager
def _alone() -> Iterator[None]:
    """Let one setup run at a time; a second one waits and then finds nothing to do."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--oldest", action="store_true", help="also the environment with the oldest ansible-core")
    options = parser.parse_args(arguments)
    environments = [MAIN, OLDEST] if options.oldest else [MAIN]
    try:
        with _alone():
            missing = [environment for environment in environments if not environment.is_ready()]
            found = find_interpreters() if missing else []
            for environment in missing:
                interpreter = choose_main(found) if environment is MAIN else choose_oldest(found)
                if interpreter is not None:
                    make(environment, interpreter)
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
