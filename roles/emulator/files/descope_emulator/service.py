# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Run the emulator in the background: C(python -m descope_emulator.service start|stop).

Prints one JSON object: C({"changed": ..., "url": ..., "pid": ...}), or C({"failed": true, "msg": ...}). What runs is
remembered in a state file; a second start with the same options finds it and does nothing, one with other options
restarts it. Standard library only, so that it can say that aiohttp is missing.
"""

from __future__ import annotations

import argparse
import fcntl
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_READY = re.compile(r"^listening on (http://\S+)$", re.MULTILINE)
# What has the address of the emulator where none was started. No client takes it for a place to send a key to, while an
# empty one would lead to Descope.
NOT_STARTED = "the-emulator-is-not-started-in-check-mode"
_STEP = 0.05  # seconds between two looks


class ServiceError(Exception):
    """The emulator cannot be started or stopped; the text says why."""


@dataclass(frozen=True, slots=True)
class Running:
    """An emulator in the background."""

    pid: int
    url: str
    arguments: list[str]

    @classmethod
    def load(cls, state_file: Path) -> Running | None:
        """Return the emulator that the state file names, if it still answers."""
        try:
            running = cls(**json.loads(state_file.read_text(encoding="utf-8")))
        except (OSError, TypeError, ValueError):
            return None
        return running if running.answers() else None

    def save(self, state_file: Path) -> None:
        """Remember it."""
        state_file.write_text(json.dumps(asdict(self)), encoding="utf-8")

    def answers(self) -> bool:
        """Tell whether this very process listens at its address."""
        place = urlsplit(self.url)
        connection = HTTPConnection(place.hostname or "", place.port, timeout=5)
        try:
            connection.request("GET", "/_emulator/health")
            health = json.loads(connection.getresponse().read())
        except (OSError, HTTPException, ValueError):
            return False
        finally:
            connection.close()
        return isinstance(health, dict) and health.get("pid") == self.pid

    def stop(self, patience: float) -> None:
        """End it, by force if it does not go."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return
            deadline = time.monotonic() + patience
            while time.monotonic() < deadline:
                if not self.answers():
                    return
                time.sleep(_STEP)
        raise ServiceError(f"the emulator at {self.url} (process {self.pid}) does not stop")


def start(state_file: Path, arguments: list[str], *, patience: float, check: bool = False) -> dict[str, Any]:
    """Make sure that an emulator runs with these arguments. C(check): only say what would happen."""
    running = Running.load(state_file)
    if running is not None and running.arguments == arguments:
        return {"changed": False, "url": running.url, "pid": running.pid}
    if check:
        return {"changed": True, "url": NOT_STARTED, "pid": 0}
    if importlib.util.find_spec("aiohttp") is None:
        raise ServiceError(
            f"the emulator needs the Python library aiohttp, which {sys.executable} does not have;"
            f" install it with: {sys.executable} -m pip install aiohttp"
        )
    if running is not None:
        running.stop(patience)
    running = _launch(state_file.with_suffix(".log"), arguments, patience)
    running.save(state_file)
    return {"changed": True, "url": running.url, "pid": running.pid}


def _launch(log: Path, arguments: list[str], patience: float) -> Running:
    """Start a process that outlives this one; return when it listens."""
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "descope_emulator", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        announced = _READY.search(log.read_text(encoding="utf-8"))
        if announced:
            return Running(process.pid, announced[1], arguments)
        if process.poll() is not None:
            said = log.read_text(encoding="utf-8").strip() or f"exit status {process.returncode}"
            raise ServiceError(f"the emulator did not start: {said.splitlines()[-1]}")
        time.sleep(_STEP)
    process.kill()
    raise ServiceError(f"the emulator did not start within {patience:g} seconds, see {log}")


def stop(state_file: Path, *, patience: float, check: bool = False) -> dict[str, Any]:
    """Make sure that the emulator of this state file does not run."""
    running = Running.load(state_file)
    if running is not None and not check:
        running.stop(patience)
    if not check:
        state_file.unlink(missing_ok=True)
    return {"changed": running is not None, "url": running.url if running else "", "pid": running.pid if running else 0}


@contextmanager
def _alone(state_file: Path) -> Iterator[None]:
    """Let one process at a time look after a state file."""
    state_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with state_file.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def arguments_from(settings: dict[str, Any]) -> list[str]:
    """Return a command line: lists repeat their option, empty values are left out."""
    arguments = []
    for name, value in sorted(settings.items()):
        option = "--" + name.replace("_", "-")
        values = value if isinstance(value, list) else [value]
        arguments += [f"{option}={one}" for one in values if one not in (None, "")]
    return arguments


def main() -> int:
    """Do what the command line says, print the outcome as JSON, return the exit status."""
    parser = argparse.ArgumentParser(prog="descope_emulator.service", description="Run the emulator in the background.")
    parser.add_argument("action", choices=("start", "stop"))
    parser.add_argument("--state-file", type=Path, required=True)
    parser.add_argument("--patience", type=float, default=30.0, help="seconds to wait (default: %(default)g)")
    parser.add_argument(
        "--check", action=argparse.BooleanOptionalAction, default=False, help="only say what would change"
    )
    parser.add_argument("--settings", default="{}", help="options of the emulator as a JSON object, names without --")
    options = parser.parse_args()
    state_file = options.state_file.expanduser()
    try:
        with _alone(state_file):
            if options.action == "start":
                arguments = arguments_from(json.loads(options.settings))
                outcome = start(state_file, arguments, patience=options.patience, check=options.check)
            else:
                outcome = stop(state_file, patience=options.patience, check=options.check)
    except (ServiceError, OSError) as error:
        outcome = {"failed": True, "changed": False, "msg": str(error)}
    sys.stdout.write(json.dumps(outcome) + "\n")
    return 1 if outcome.get("failed") else 0


if __name__ == "__main__":
    sys.exit(main())
