# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Run gates side by side, and report each in one line, with everything it said where it failed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

Command = tuple[str | Path, ...]

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
"""How many processors there are for the gates."""

# Some gates use one processor, some all of them, and most of them wait now and then.
_AT_ONCE = max(2, CORES - 1)
_LIMIT_SECONDS = 1200.0
# What pytest closes with, and what it says about each test that it left out.
_PYTEST_SUMMARY = re.compile(r"^=+ .*\b(passed|failed|error|errors|skipped|no tests ran)\b.* =+$", re.MULTILINE)
_PYTEST_SKIPPED = re.compile(r"^SKIPPED .*$", re.MULTILINE)


@dataclass(frozen=True)
class Gate:
    """Something that must hold: it does if all its commands end with status 0.

    lane: gates of one lane share files and never run side by side; empty for no lane.
    """

    name: str
    commands: tuple[Command, ...]
    folder: Path
    variables: Mapping[str, str] = field(repr=False)
    lane: str = ""


@dataclass(frozen=True)
class Outcome:
    """How a gate ended. seconds: wall clock."""

    gate: Gate
    passed: bool
    seconds: float
    output: str


def run_gates(gates: Iterable[Gate], report: Callable[[Outcome], None]) -> list[Outcome]:
    """Run all gates, some at a time, in their order as far as the lanes allow; report each as it ends."""
    waiting = list(gates)
    busy: set[str] = set()
    outcomes: list[Outcome] = []
    turn = threading.Condition()

    def take() -> Gate | None:
        with turn:
            while waiting:
                for gate in waiting:
                    if gate.lane not in busy:
                        waiting.remove(gate)
                        busy.update(filter(None, [gate.lane]))
                        return gate
                turn.wait()
            return None

    def work() -> None:
        while gate := take():
            outcome = _run(gate)
            with turn:
                busy.discard(gate.lane)
                outcomes.append(outcome)
                report(outcome)
                turn.notify_all()

    workers = [threading.Thread(target=work, daemon=True) for _number in range(_AT_ONCE)]
    for worker in workers:
        worker.start()
    try:
        for worker in workers:
            worker.join()
    finally:
        for process in list(_running):
            _end(process)
    return outcomes


def print_outcome(outcome: Outcome) -> None:
    """Print one line, pytest's own closing lines if there are any, and the whole output of a failure."""
    word = "pass" if outcome.passed else "FAIL"
    lines = [f"{word}  {outcome.gate.name:<44} {outcome.seconds:6.1f} s"]
    if outcome.passed:
        lines += dict.fromkeys(_PYTEST_SKIPPED.findall(outcome.output))
        lines += [match.group() for match in _PYTEST_SUMMARY.finditer(outcome.output)]
    else:
        lines.append(outcome.output.rstrip())
    print("\n".join(lines), flush=True)


def _run(gate: Gate) -> Outcome:
    started = time.monotonic()
    passed = True
    output: list[str] = []
    for command in gate.commands:
        status, said = _run_command(command, gate, _LIMIT_SECONDS - (time.monotonic() - started))
        passed = passed and status == 0
        if status != 0:
            output.append(f"$ {' '.join(map(str, command))}   (status {status}, in {gate.folder})\n")
        output.append(said)
    return Outcome(gate, passed, time.monotonic() - started, "".join(output))


def _run_command(command: Command, gate: Gate, limit: float) -> tuple[int, str]:
    """Run in a process group of its own, so that what outlives the limit can be ended together."""
    try:
        process = subprocess.Popen(
            command,
            cwd=gate.folder,
            env=gate.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        return 127, f"{error}\n"
    _running.add(process)
    with process:
        try:
            said, _nothing = process.communicate(timeout=max(limit, 1.0))
        except subprocess.TimeoutExpired:
            _end(process)
            said, _nothing = process.communicate()
            said += f"\nended after {_LIMIT_SECONDS:.0f} s\n"
    _running.discard(process)
    return process.returncode, said


# What has to be ended when somebody interrupts the run.
_running: set[subprocess.Popen[str]] = set()


def _end(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
