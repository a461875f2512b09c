# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Where options that a task does not give come from: its environment, that of Ansible, the default, in this order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.descope.plugins.module_utils._arguments import (
    connection_arguments,
    environment_fallbacks,
    flow_arguments,
    flow_info_arguments,
)
from emulator_client import Emulator
from playbooks import PROJECT_ID, Playbooks

ALL = {
    "project_id": "DESCOPE_PROJECT_ID",
    "management_key": "DESCOPE_MANAGEMENT_KEY",
    "base_url": "DESCOPE_BASE_URL",
    "timeout": "DESCOPE_TIMEOUT",
    "connect_timeout": "DESCOPE_CONNECT_TIMEOUT",
    "validate_certs": "DESCOPE_VALIDATE_CERTS",
    "ca_path": "DESCOPE_CA_PATH",
    "rate_limit": "DESCOPE_RATE_LIMIT",
    "rate_share": "DESCOPE_RATE_SHARE",
    "rate_window": "DESCOPE_RATE_WINDOW",
    "threads": "DESCOPE_THREADS",
    "read": "DESCOPE_READ",
}
# Refused before anything is sent.
BAD = "ftp://example.com"


class TestFallbacks:
    def test_every_option_of_a_connection_can_come_from_the_environment(self) -> None:
        environment = {variable: f"from {variable}" for variable in ALL.values()}

        found = environment_fallbacks(connection_arguments(), {}, environment)

        assert found == {option: f"from {variable}" for option, variable in ALL.items()}
        assert set(connection_arguments()) == {*ALL, "run_context"}

    def test_what_the_task_says_wins(self) -> None:
        environment = {"DESCOPE_PROJECT_ID": "P2environment", "DESCOPE_VALIDATE_CERTS": "true", "DESCOPE_THREADS": "4"}
        given = {"project_id": "P2task", "validate_certs": False, "threads": 0, "dest": "flows"}

        assert environment_fallbacks(flow_info_arguments(), given, environment) == given

    def test_an_option_that_is_null_is_not_given(self) -> None:
        found = environment_fallbacks(flow_arguments(), {"project_id": None}, {"DESCOPE_PROJECT_ID": "P2environment"})

        assert found["project_id"] == "P2environment"

    @pytest.mark.parametrize(
        ("environment", "base_url"),
        [
            ({"DESCOPE_BASE_URL": "https://url", "DESCOPE_BASE_URI": "https://uri"}, "https://url"),
            ({"DESCOPE_BASE_URI": "https://uri"}, "https://uri"),
            ({"DESCOPE_BASE_URL": "", "DESCOPE_BASE_URI": "https://uri"}, "https://uri"),
            ({"DESCOPE_BASE_URL": "", "DESCOPE_BASE_URI": ""}, None),
            ({}, None),
        ],
    )
    def test_an_url_comes_before_an_uri(self, environment: dict[str, str], base_url: str | None) -> None:
        assert environment_fallbacks(connection_arguments(), {}, environment).get("base_url") == base_url

    def test_nothing_else_is_taken_from_the_environment(self) -> None:
        environment = {"DESCOPE_FLOW_ID": "x", "DESCOPE_STATE": "absent", "project_id": "P2x", "HOME": "/root"}

        assert environment_fallbacks(flow_arguments(), {"state": "present"}, environment) == {"state": "present"}

    def test_backups_have_a_place_of_their_own(self) -> None:
        found = environment_fallbacks(flow_arguments(), {}, {"DESCOPE_BACKUP_DIR": "/var/backups"})

        assert found == {"backup_dir": "/var/backups"}


def _list(environment: dict[str, str] | None = None, **options: Any) -> dict[str, Any]:
    return {
        "name": "List",
        "community.descope.descope_flow_info": options,
        "environment": environment or {},
        "ignore_errors": True,
    }


class TestPlaybooks:
    """The keyword C(environment) of tasks, plays and blocks is meant for modules; it holds in action plugins too."""

    @pytest.mark.parametrize("connection", ["local", "bastion"])
    def test_the_nearest_wins(self, emulator: Emulator, tmp_path: Path, connection: str) -> None:
        playbooks = Playbooks(tmp_path, emulator.url, connection)
        tasks = [
            _list(),
            _list({"DESCOPE_PROJECT_ID": "P2task"}),
            _list({"DESCOPE_PROJECT_ID": "P2task"}, project_id="P2option"),
            _list({"DESCOPE_BASE_URI": BAD}),
            _list({"DESCOPE_BASE_URL": BAD}),
            _list({"DESCOPE_BASE_URL": BAD}, base_url=emulator.url),
            _list({"DESCOPE_MANAGEMENT_KEY": "P2notAKey"}),
        ]
        play = {"hosts": "all", "gather_facts": False, "environment": {"DESCOPE_READ": "export"}, "tasks": tasks}

        results = playbooks.play([play]).results

        assert [(result["result"]["project_id"], result["kind"]) for result in results] == [
            (PROJECT_ID, "ok"),
            ("P2task", "ok"),
            ("P2option", "ok"),
            (PROJECT_ID, "ok"),
            (PROJECT_ID, "failed"),
            (PROJECT_ID, "ok"),
            (PROJECT_ID, "failed"),
        ]
        assert "does not begin with https://" in results[4]["result"]["msg"]
        assert "management_key" in results[6]["result"]["msg"]

    def test_a_variable_that_is_empty_is_not_set(self, emulator: Emulator, tmp_path: Path) -> None:
        """Pipelines leave variables empty where a secret or a setting is missing."""
        unset = set(ALL) - {"project_id", "management_key", "base_url"}
        playbooks = Playbooks(tmp_path, emulator.url, environment={ALL[option]: "" for option in unset})

        run = playbooks.info()

        assert run.returncode == 0, run.output

    def test_what_is_missing_is_named(self, emulator: Emulator, tmp_path: Path) -> None:
        empty = {"DESCOPE_PROJECT_ID": "", "DESCOPE_MANAGEMENT_KEY": ""}
        playbooks = Playbooks(tmp_path, emulator.url, environment=empty)

        message = playbooks.info().result["msg"]

        assert "DESCOPE_PROJECT_ID" in message
        assert "project_id" in message
        assert "DESCOPE_MANAGEMENT_KEY" in message
        assert "management_key" in message
