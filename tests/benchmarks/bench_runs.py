# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Measured runs of C(ansible-playbook): time, memory, output, requests, and whether they did what they should."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bench_flows import write_library
from emulator_client import Emulator
from playbooks import MANAGEMENT_KEY, PLUGINS, PROJECT_ID

PLAYBOOKS = Path(__file__).with_name("playbooks")
SCRIPTS = Path(__file__).with_name("others")
_SAMPLE_SECONDS = 0.1
# Of so many tenants one has the next edition of its flows in the inventory "few".
_ONE_IN = 100
_RECAP = re.compile(r"^\S+\s+: ok=\d+\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)
# A process's memory, what it shares with others divided among them (proportional set size); the most that it ever had.
_PSS = re.compile(rb"^Pss:\s+(\d+) kB", re.MULTILINE)
_PEAK = re.compile(rb"^VmHWM:\s+(\d+) kB", re.MULTILINE)


class RunFailedError(Exception):
    """A playbook did not do what it was measured for, so its numbers mean nothing."""


@dataclass(frozen=True)
class Sample:
    """What one run of C(ansible-playbook) took, its worker processes included, the emulator's not.

    largest_mb: the most memory that any one of its processes had, controller_mb: the most that the first of them had.
    all_mb: the most that all had at one time, shared pages counted once. The last two are 0 where the system does not
    tell. requests: how many of each "METHOD path" the emulator counted.
    """

    seconds: float
    cpu_seconds: float
    largest_mb: float
    controller_mb: float
    all_mb: float
    output_bytes: int
    requests: dict[str, int]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Job:
    """What to run: a playbook of this folder, for how many tenants, with which edition of the flows, and how.

    changed: how many tenants must be reported as changed, None for all. script: a script to run in its place.
    """

    playbook: str
    tenants: int
    edition: str = "now"
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    connection: str = "local"
    changed: int | None = 0
    script: str = ""


@dataclass
class Workshop:
    """A folder with an inventory and a library of flows, and the emulator that they are deployed to."""

    folder: Path
    emulator: Emulator
    tenants: int
    flows: int
    forks: int
    _files: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        library = write_library(self.folder / "library", self.flows)
        (self.folder / "home").mkdir()
        for edition, files in library.items():
            inventory = self._inventory([str(file) for file in files])
            self._inventory_file(edition).write_text(yaml.safe_dump(inventory), encoding="utf-8")
            self._files[edition] = [str(file) for file in files]
        few = self._inventory(self._files["now"])
        for host in list(few["tenants"]["hosts"].values())[::_ONE_IN]:
            host["flow_files"] = self._files["next"]
        self._inventory_file("few").write_text(yaml.safe_dump(few), encoding="utf-8")

    def run(self, job: Job) -> Sample:
        """Run a job and measure it. Raises RunFailedError where it fails or changes more or less than it should."""
        before = self._requests()
        output = self.folder / "output.txt"
        with output.open("wb") as file:
            status, sample = _measured(self._command(job), self.folder, self._environment(job), file)
        text = output.read_text(encoding="utf-8")
        _require(job, status, text)
        requests = {name: count - before.get(name, 0) for name, count in self._requests().items()}
        made = {name: count for name, count in requests.items() if count}
        return Sample(**sample, output_bytes=len(text.encode()), requests=made)

    def _requests(self) -> dict[str, int]:
        return dict(self.emulator.stats()["requests"])

    def _inventory_file(self, edition: str) -> Path:
        return self.folder / f"inventory-{edition}.yml"

    def _inventory(self, flow_files: list[str]) -> dict[str, Any]:
        hosts = {
            f"tenant-{number:04}": {"brand_name": f"Tenant {number}", "sms_provider_id": f"SMS{number}"}
            for number in range(self.tenants)
        }
        variables = {
            # What Ansible would otherwise look for on every host, at the expense of the modules.
            "ansible_python_interpreter": sys.executable,
            "support_email": "support@{{ inventory_hostname }}.example",
            "flow_files": flow_files,
            "base_url": self.emulator.url,
            "project_id": PROJECT_ID,
            "management_key": MANAGEMENT_KEY,
        }
        return {"tenants": {"hosts": hosts, "vars": variables}}

    def few(self) -> int:
        """Return how many tenants have the next edition in the inventory "few"."""
        return len(range(0, self.tenants, _ONE_IN))

    def _command(self, job: Job) -> list[str]:
        if job.script:
            script = str(SCRIPTS / f"{job.script}.py")
            return [sys.executable, script, "--tenants", str(job.tenants), *job.arguments, *self._files[job.edition]]
        program = str(Path(sys.executable).with_name("ansible-playbook"))
        playbook = str(PLAYBOOKS / f"{job.playbook}.yml")
        inventory = str(self._inventory_file(job.edition))
        # A slice, as an operator would cut it: the first tenants of the whole inventory.
        slice_ = ["--limit", f"tenants[0:{job.tenants - 1}]"] if job.tenants < self.tenants else []
        connection = ["--connection", job.connection]
        return [program, playbook, "--inventory", inventory, *connection, *slice_, *job.arguments]

    def _environment(self, job: Job) -> dict[str, str]:
        unwanted = ("ANSIBLE_", "DESCOPE_", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith(unwanted)},
            "ANSIBLE_CONNECTION_PLUGINS": str(PLUGINS / "connection"),
            "ANSIBLE_FORKS": str(self.forks),
            "ANSIBLE_NOCOLOR": "1",
            "DESCOPE_BACKUP_DIR": str(self.folder / "backups"),
            "DESCOPE_BASE_URL": self.emulator.url,
            "DESCOPE_PROJECT_ID": PROJECT_ID,
            "DESCOPE_MANAGEMENT_KEY": MANAGEMENT_KEY,
            "DESCOPE_RATE_LIMIT": "0",
            "HOME": str(self.folder / "home"),
            **job.environment,
        }


def _require(job: Job, status: int, output: str) -> None:
    if job.script:
        if status or "imported=" not in output:
            raise RunFailedError(f"{job.script}.py: status {status}\n{output[-3000:]}")
        return
    recap = [tuple(int(number) for number in line) for line in _RECAP.findall(output)]
    changed = sum(bool(line[0]) for line in recap)
    expected = job.tenants if job.changed is None else job.changed
    if status or len(recap) != job.tenants or changed != expected or any(line[1] or line[2] for line in recap):
        said = f"status {status}, {len(recap)} of {job.tenants} tenants, {changed} changed instead of {expected}"
        raise RunFailedError(f"{job.playbook} with {job.edition} {' '.join(job.arguments)}: {said}\n{output[-3000:]}")


def _measured(command: list[str], folder: Path, environment: dict[str, str], output: Any) -> tuple[int, dict[str, Any]]:
    """Run a command to its end. Returns its status, and time and memory of it and all processes below it."""
    started = time.monotonic()
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT)
    meter = _MemoryMeter(process.pid)
    meter.start()
    try:
        _process, wait_status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
    finally:
        meter.stop()
    process.returncode = os.waitstatus_to_exitcode(wait_status)
    kilobytes = 1024 if sys.platform == "darwin" else 1
    return process.returncode, {
        "seconds": seconds,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "largest_mb": usage.ru_maxrss / kilobytes / 1024,
        "controller_mb": meter.root_kb / 1024,
        "all_mb": meter.most_kb / 1024,
    }


class _MemoryMeter(threading.Thread):
    """Watches how much memory a process and all processes below it have at the same time."""

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self.most_kb = 0
        self.root_kb = 0
        self._root = root
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(_SAMPLE_SECONDS):
            self.most_kb = max(
                self.most_kb, sum(_kilobytes(each, "smaps_rollup", _PSS) for each in _family(self._root))
            )
            self.root_kb = max(self.root_kb, _kilobytes(self._root, "status", _PEAK))

    def stop(self) -> None:
        self._ended.set()
        self.join()


def _family(process: int) -> Iterator[int]:
    yield process
    for children in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            found = children.read_text(encoding="ascii").split()
        except OSError:  # it has just ended
            continue
        for child in found:
            yield from _family(int(child))


def _kilobytes(process: int, file: str, pattern: re.Pattern[bytes]) -> int:
    """Return a number that the system tells of a process, 0 where it has just ended or the system does not tell."""
    try:
        found = pattern.search(Path(f"/proc/{process}/{file}").read_bytes())
    except OSError:
        return 0
    return int(found[1]) if found else 0
