# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""A Descope project in the emulator: start it, fill it, change it as somebody in the console would, count requests."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

JsonObject = dict[str, Any]

EMULATOR_FILES = Path(__file__).resolve().parents[2] / "roles" / "emulator" / "files"
# Well-formed and worthless: the emulator takes any project id and key that look like Descope's.
PROJECT_ID = "P2demo0000000000000000000000"
MANAGEMENT_KEY = "K2demo0000000000000000000000-for-the-emulator-only"

_READY = re.compile(r"listening on (http://\S+)")
_TIMEOUT_SECONDS = 30.0


class EmulatorError(Exception):
    """The emulator did not start, or refused what the demo asked of it."""


@dataclass(frozen=True)
class EmulatedProject:
    """One project of a running emulator."""

    url: str

    def import_flow(self, flow: JsonObject) -> None:
        """Store a flow in exported form."""
        self._post("/v2/mgmt/flow/import", {"flow": flow})

    def import_console_export(self, export: JsonObject) -> None:
        """Store a flow in the form that the console exports, as Descope's older SDKs do."""
        self._post("/v1/mgmt/flow/import", {"flowId": export["flow"]["id"], **export})

    def export_flow(self, flow_id: str) -> JsonObject:
        """Return the flow as the project has it."""
        flow: JsonObject = self._post("/v2/mgmt/flow/export", {"flowId": flow_id})["flow"]
        return flow

    def edit_in_console(self, flow_id: str, **edit: Any) -> None:
        """Change a flow the way the console does, or only open and save it, which leaves the editor's traces."""
        self._post("/_emulator/edit", {"project": PROJECT_ID, "flow_id": flow_id, **(edit or {"touch": True})})

    def requests_made(self) -> Counter[str]:
        """Return how many requests came for each "METHOD path" since the emulator started."""
        answer = requests.get(f"{self.url}/_emulator/stats", timeout=_TIMEOUT_SECONDS)
        return Counter(answer.json()["requests"])

    def _post(self, path: str, body: JsonObject) -> Any:
        headers = {"Authorization": f"Bearer {PROJECT_ID}:{MANAGEMENT_KEY}"}
        answer = requests.post(self.url + path, json=body, headers=headers, timeout=_TIMEOUT_SECONDS)
        if not answer.ok:
            raise EmulatorError(f"the emulator refused POST {path} with {answer.status_code}: {answer.text[:300]}")
        return answer.json() if answer.content else {}


@contextmanager
def running_emulator(log: Path) -> Iterator[EmulatedProject]:
    """Run the emulator on a free port for as long as the block lasts; what it prints goes to a file."""
    with log.open("w+", encoding="utf-8") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "descope_emulator", "--port", "0"],
            env={**os.environ, "PYTHONPATH": str(EMULATOR_FILES)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
        )
        try:
            yield EmulatedProject(_announced_url(process, log))
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _announced_url(process: subprocess.Popen[str], log: Path) -> str:
    """Return the address in the emulator's first line; it prints nothing else there."""
    line = process.stdout.readline() if process.stdout else ""
    if announced := _READY.search(line):
        return announced[1]
    process.wait(timeout=10) if not line else None
    raise EmulatorError(f"the emulator did not start; it said: {(line + log.read_text(encoding='utf-8'))[-500:]!r}")
