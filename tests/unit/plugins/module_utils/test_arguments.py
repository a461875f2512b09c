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
    flow_arguments,
    flow_backup_info_arguments,
    flow_info_arguments,
    given_arguments,
    with_values,
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

        found = given_arguments(connection_arguments(), {}, environment)

        assert found == {option: f"from {variable}" for option, variable in ALL.items()}
        assert set(connection_arguments()) == {*ALL, "run_context", "options_from"}

    def test_what_the_task_says_wins(self) -> None:
        environment = {"DESCOPE_PROJECT_ID": "P2environment", "DESCOPE_VALIDATE_CERTS": "true", "DESCOPE_THREADS": "4"}
        given = {"project_id": "P2task", "validate_certs": False, "threads": 0, "dest": "flows"}

        assert given_arguments(flow_info_arguments(), given, environment) == given

    def test_an_option_that_is_null_is_not_given(self) -> None:
        found = given_arguments(flow_arguments(), {"project_id": None}, {"DESCOPE_PROJECT_ID": "P2environment"})

        assert found["project_id"] == "P2environment"

    @pytest.mark.parametrize(("option", "variable"), ALL.items())
    def test_an_option_that_is_empty_is_not_given_or_stays_for_its_check(self, option: str, variable: str) -> None:
        found = given_arguments(flow_arguments(), {option: ""}, {variable: "from the environment"})

        where = option in ("project_id", "management_key", "base_url")
        assert found == {option: "" if where else "from the environment"}

    def test_what_encrypts_backups_is_not_turned_off_by_an_empty_option(self) -> None:
        environment = {"DESCOPE_BACKUP_VAULT_PASSWORD_FILE": "pw", "DESCOPE_BACKUP_VAULT_ID": ""}
        given = {"backup_vault_password_file": "", "backup_vault_id": ""}

        assert given_arguments(flow_arguments(), given, environment) == {"backup_vault_password_file": "pw"}

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
        assert given_arguments(connection_arguments(), {}, environment).get("base_url") == base_url

    def test_nothing_else_is_taken_from_the_environment(self) -> None:
        environment = {"DESCOPE_FLOW_ID": "x", "DESCOPE_STATE": "absent", "project_id": "P2x", "HOME": "/root"}

        assert given_arguments(flow_arguments(), {"state": "present"}, environment) == {"state": "present"}

    def test_backups_have_a_place_of_their_own(self) -> None:
        found = given_arguments(flow_arguments(), {}, {"DESCOPE_BACKUP_DIR": "/var/backups"})

        assert found == {"backup_dir": "/var/backups"}


class TestTexts:
    @pytest.mark.parametrize(
        ("given", "meant"),
        [
            ("acme", ["acme"]),
            (" acme ", ["acme"]),
            ("acme, zoe,\tpat-*,", ["acme", "zoe", "pat-*"]),
            # Nothing is left of these. The option's own check has something to say.
            ("", ""),
            (" , ", " , "),
            # Whoever writes a list has written what is in it.
            ([" acme "], [" acme "]),
            (None, None),
            (5, 5),
        ],
    )
    @pytest.mark.parametrize("option", ["flow_id", "tenant", "label", "status"])
    def test_a_list_may_be_written_with_space_after_its_commas(self, option: str, given: Any, meant: Any) -> None:
        assert given_arguments(flow_backup_info_arguments(), {option: given}, {}) == {option: meant}

    @pytest.mark.parametrize("option", ["src", "template", "library"])
    def test_paths_too(self, option: str) -> None:
        found = given_arguments(flow_arguments(), {option: "one dir/a, b"}, {})

        assert found == {option: ["one dir/a", "b"]}

    @pytest.mark.parametrize(
        ("given", "meant"), [('{"a": 1}', {"a": 1}), ("a=1", {"a": "1"}), ("abc", "abc"), ("", "")]
    )
    def test_a_dictionary_may_be_written_as_text(self, given: str, meant: Any) -> None:
        assert given_arguments(flow_arguments(), {"delimiters": given}, {}) == {"delimiters": meant}


def test_a_variable_counts_unless_it_is_empty() -> None:
    options = {"limit": 50, "read": "auto", "force": True, "project_id": "P2task"}
    values = {"limit": "", "read": "export", "force": False, "label": None, "project_id": ""}

    # An empty project is an error later on, and not the project that somebody else means.
    assert with_values(options, values) == {"limit": 50, "read": "export", "force": False, "project_id": ""}


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
