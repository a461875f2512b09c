# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Start the emulator as a user would, and control it from tests."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import requests

CHECKOUT = Path(__file__).resolve().parent.parent
_ANNOUNCEMENT = re.compile(r"listening on (http://\S+)")
_START_SECONDS = 30.0
_STOP_SECONDS = 10.0
_REQUEST_SECONDS = 30.0


@dataclass(frozen=True)
class Emulator:
    """A running emulator: where it listens, and its control paths, which count as no requests."""

    url: str

    def stats(self) -> dict[str, Any]:
        """Return the counters: ``requests`` has one a "METHOD path"; ``rate_limited`` is how many were refused."""
        return self._get("stats")

    def reset(self, **settings: Any) -> Any:
        """Forget all projects, counters and faults; go on with these settings, the others as at the start."""
        return self._post("reset", settings)

    def faults(self, **faults: Any) -> Any:
        """Set the faults that the next requests meet, instead of those set before."""
        return self._post("faults", faults)

    def edit(self, **change: Any) -> Any:
        """Change a flow as somebody working in the console would."""
        return self._post("edit", change)

    def project(self, **declaration: Any) -> Any:
        """Give a project connectors, roles, tenants, flows or keys; make it where there is none."""
        return self._post("project", declaration)

    def stored(self, project_id: str) -> dict[str, Any]:
        """Return what a project holds, as it is stored: nothing printed or derived."""
        return self._get("project", id=project_id)

    def _get(self, action: str, **query: str) -> dict[str, Any]:
        answer = requests.get(f"{self.url}/_emulator/{action}", params=query, timeout=_REQUEST_SECONDS)
        assert answer.ok, f"/_emulator/{action} answered {answer.status_code}: {answer.text[:500]}"
        return cast(dict[str, Any], answer.json())

    def _post(self, action: str, body: dict[str, Any]) -> Any:
        answer = requests.post(f"{self.url}/_emulator/{action}", json=body, timeout=_REQUEST_SECONDS)
        assert answer.ok, f"/_emulator/{action} answered {answer.status_code}: {answer.text[:500]}"
        return answer.json() if answer.content else None


@contextmanager
def running_emulator(*arguments: str) -> Iterator[Emulator]:
    """Run an emulator on a free port for as long as the block lasts; arguments are those of its command line."""
    paths = [str(CHECKOUT / "roles" / "emulator" / "files"), os.environ.get("PYTHONPATH", "")]
    process = subprocess.Popen(
        [sys.executable, "-m", "descope_emulator", "--port", "0", *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Emulator(_announced_url(process))
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _announced_url(process: subprocess.Popen[str]) -> str:
    """Return the address that the emulator prints when it is ready; keep reading, so that it never blocks."""
    output = cast(IO[str], process.stdout)
    lines: list[str] = []
    ready = threading.Event()

    def read() -> None:
        for line in output:
            lines.append(line)
            if _ANNOUNCEMENT.search(line):
                ready.set()
        ready.set()

    threading.Thread(target=read, daemon=True).start()
    ready.wait(_START_SECONDS)
    announced = _ANNOUNCEMENT.search("".join(lines))
    assert announced, f"the emulator did not start within {_START_SECONDS:.0f} s; it said: {''.join(lines)!r}"
    return announced.group(1)
