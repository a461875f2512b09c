# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The role, run by the real ansible-playbook."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.api import Api
from emulator_client import CHECKOUT, Emulator
from example_flows import minimal_flow
from playbooks import Playbooks, Run

ROLE = "community.descope.emulator"


@pytest.fixture
def role(tmp_path: Path) -> Iterator[Playbooks]:
    """A folder for playbooks; what they start is stopped in the end."""
    yield Playbooks(tmp_path, base_url="")
    state_file = tmp_path / "state" / "emulator.json"
    subprocess.run(
        [sys.executable, "-m", "descope_emulator.service", "stop", "--state-file", str(state_file)],
        env={"PYTHONPATH": str(CHECKOUT / "roles" / "emulator" / "files")},
        check=True,
        capture_output=True,
    )


def _include(folder: Path, tasks_from: str = "main", **variables: Any) -> dict[str, Any]:
    state_file = str(folder / "state" / "emulator.json")
    return {
        "name": "Emulator",
        "ansible.builtin.include_role": {"name": ROLE, "tasks_from": tasks_from},
        "vars": {"emulator_state_file": state_file, "emulator_port": 0, **variables},
    }


def _play(*tasks: dict[str, Any]) -> dict[str, Any]:
    return {"name": "Test", "hosts": "all", "gather_facts": False, "tasks": list(tasks)}


def _commands(run: Run) -> list[bool]:
    """Return what the role's own commands say about changes, in their order."""
    return [result["result"]["changed"] for result in run.results if "cmd" in result["result"]]


def test_it_starts_serves_and_stops(role: Playbooks, tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(json.dumps(minimal_flow("one")), encoding="utf-8")
    settings: dict[str, Any] = {
        "emulator_seeds": ["P2a=one.json"],
        "emulator_rate_limit": "1000/60",
        "emulator_behaviour": {"references_roles": "array", "connectors_by_name": True},
    }
    ask = {
        "name": "Ask",
        "ansible.builtin.uri": {
            "url": "{{ emulator_url }}/v1/mgmt/flow/list",
            "method": "POST",
            "body": {},
            "body_format": "json",
            "headers": {"Authorization": "Bearer P2a:K2a"},
        },
    }
    start = _include(tmp_path, **settings)

    run = role.play([_play(start, start, ask)], hosts={"acme": {}, "beta": {}})
    url = json.loads((tmp_path / "state" / "emulator.json").read_text(encoding="utf-8"))["url"]
    exported = Api(Emulator(url), "P2a").export_flow("one")
    stop = _include(tmp_path, "stop")
    stopped = role.play([_play(stop, stop)])

    assert run.returncode == 0, run.output
    assert _commands(run) == [True, False]  # one emulator for both hosts
    assert [result["result"]["json"]["total"] for result in run.results if "json" in result["result"]] == [1, 1]
    assert exported["references"]["roles"] == []
    assert _commands(stopped) == [True, False]


def test_check_mode_starts_nothing(role: Playbooks, tmp_path: Path) -> None:
    # Without an address, this would go to Descope.
    ask = {
        "name": "Ask",
        "community.descope.descope_flow_info": {
            "base_url": "{{ emulator_url }}",
            "project_id": "P2anything",
            "management_key": "K2anything",
        },
        "ignore_errors": True,
    }

    run = role.play([_play(_include(tmp_path), ask)], "--check")

    assert run.returncode == 0, run.output
    assert _commands(run) == [True]
    assert run.results[-1]["result"]["msg"].startswith('base_url: "the-emulator-is-not-started-in-check-mode" does not')
    assert not (tmp_path / "state" / "emulator.json").exists()


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"emulator_rate_limit": "fast"}, "rate limit 'fast': write <requests>/<seconds>"),
        ({"emulator_port": "many"}, "emulator_port"),
    ],
)
def test_a_start_that_fails_says_why(role: Playbooks, tmp_path: Path, variables: dict[str, Any], message: str) -> None:
    run = role.play([_play(_include(tmp_path, **variables))])

    assert run.returncode == 2
    assert message in run.output
    assert "Traceback" not in run.output
