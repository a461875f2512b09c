# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The command line of the emulator, and running it in the background."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from emulator_client import CHECKOUT, running_emulator

FILES = CHECKOUT / "roles" / "emulator" / "files"


def _run(*arguments: str, python: tuple[str, ...] = (sys.executable,)) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*python, "-m", *arguments],
        env={"PYTHONPATH": str(FILES), "HOME": os.environ.get("HOME", "")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_listens_on_this_machine_only_and_says_where() -> None:
    with running_emulator() as emulator:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", emulator.url)
        assert requests.get(f"{emulator.url}/_emulator/health", timeout=10).json()["status"] == "ok"


def test_another_address_must_be_asked_for() -> None:
    with running_emulator("--host", "127.0.0.2") as emulator:
        assert emulator.url.startswith("http://127.0.0.2:")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--rate-limit", "fast"), "100/60"),
        (("--references-roles", "tuple"), "invalid choice"),
        (("--asset-limit", "much"), "not a whole number"),
        (("--strict", "/nowhere/projects.json"), "/nowhere/projects.json"),
        (("--latency-ms", "-5"), "latency"),
        (("--host", "256.0.0.1"), "256.0.0.1"),
    ],
)
def test_options_that_make_no_sense(arguments: tuple[str, ...], message: str) -> None:
    run = _run("descope_emulator", "--port", "0", *arguments)

    assert run.returncode in {1, 2}
    assert message in run.stderr.splitlines()[-1]
    assert "Traceback" not in run.stderr


def test_a_port_that_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        run = _run("descope_emulator", "--port", str(port))

    assert run.returncode == 1
    assert f"cannot listen on 127.0.0.1 port {port}" in run.stderr
    assert len(run.stderr.splitlines()) == 1


def test_every_switch_is_in_the_help() -> None:
    help_text = _run("descope_emulator", "--help").stdout

    assert "--references-roles {map,array}" in help_text
    assert "--theme-import {upsert,replace}" in help_text


@pytest.mark.parametrize("module", ["descope_emulator", "descope_emulator.service"])
def test_without_aiohttp_it_says_what_to_install(tmp_path: Path, module: str) -> None:
    arguments = ["start", "--state-file", str(tmp_path / "state.json")] if module.endswith("service") else []

    run = _run(module, *arguments, python=(sys.executable, "-S"))  # -S: without any installed library

    assert run.returncode == 1
    assert "-m pip install aiohttp" in run.stdout + run.stderr
    assert "Traceback" not in run.stderr


# --- in the background --------------------------------------------------------------------------------------------


@dataclass
class Service:
    """The background service with a state file."""

    state: Path

    def __call__(self, action: str, *arguments: str, **settings: Any) -> dict[str, Any]:
        options = ("--settings", json.dumps({"port": 0, **settings})) if action == "start" else ()
        run = _run("descope_emulator.service", action, "--state-file", str(self.state), *arguments, *options)
        outcome: dict[str, Any] = json.loads(run.stdout)
        assert run.returncode == (1 if outcome.get("failed") else 0)
        return outcome


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A service that is stopped in the end."""
    service = Service(tmp_path / "state" / "emulator.json")
    yield service
    service("stop")


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/_emulator/health", timeout=10).ok
    except requests.ConnectionError:
        return False


def test_it_is_started_once_and_stopped_once(service: Service) -> None:
    first, second = service("start"), service("start")
    assert (first["changed"], second["changed"]) == (True, False)
    assert first["url"] == second["url"]
    assert _answers(first["url"])

    stopped, again = service("stop"), service("stop")
    assert (stopped["changed"], again["changed"]) == (True, False)
    assert not _answers(first["url"])


def test_other_options_restart_it(service: Service) -> None:
    first = service("start", rate_limit="100/60")
    second = service("start", rate_limit="50/60", connectors_by_name=True, seed=[], strict="")

    assert second["changed"]
    assert second["pid"] != first["pid"]
    assert not _answers(first["url"])
    health = requests.get(f"{second['url']}/_emulator/health", timeout=10).json()
    assert (health["pid"], health["rate_limit"]) == (second["pid"], "50/60")


def test_checking_changes_nothing(service: Service) -> None:
    no_address = "the-emulator-is-not-started-in-check-mode"
    assert service("start", "--check") == {"changed": True, "url": no_address, "pid": 0}
    assert not service.state.exists()
    started = service("start")
    assert service("stop", "--check")["changed"]
    assert _answers(started["url"])


def test_a_stale_state_file_is_no_obstacle(service: Service) -> None:
    service.state.parent.mkdir()
    state = {"pid": os.getpid(), "url": "http://127.0.0.1:9", "arguments": ["--port=0"]}
    service.state.write_text(json.dumps(state), encoding="utf-8")

    assert service("stop") == {"changed": False, "url": "", "pid": 0}
    service.state.write_text("{", encoding="utf-8")
    assert service("start")["changed"]


def test_a_start_that_fails_says_why(service: Service) -> None:
    outcome = service("start", rate_limit="fast")

    assert outcome["failed"]
    assert "100/60" in outcome["msg"]
