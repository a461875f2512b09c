# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The examples in the documentation of the modules are tasks that the modules accept."""

from __future__ import annotations

import ast
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.community.descope.plugins.module_utils._arguments import (
    ArgumentSpec,
    drift_arguments,
    fleet_check_arguments,
    flow_arguments,
    flow_backup_arguments,
    flow_backup_info_arguments,
    flow_info_arguments,
    flow_rollback_arguments,
    flow_run_arguments,
    flow_validate_arguments,
    flow_walk_arguments,
    rollout_report_arguments,
)
from emulator_client import CHECKOUT

MODULES = CHECKOUT / "plugins" / "modules"
ARGUMENTS = {
    "descope_fleet_check": fleet_check_arguments,
    "descope_flow": flow_arguments,
    "descope_flow_backup": flow_backup_arguments,
    "descope_flow_backup_info": flow_backup_info_arguments,
    "descope_flow_drift": drift_arguments,
    "descope_flow_info": flow_info_arguments,
    "descope_flow_rollback": flow_rollback_arguments,
    "descope_flow_run": flow_run_arguments,
    "descope_flow_validate": flow_validate_arguments,
    "descope_flow_walk": flow_walk_arguments,
    "descope_rollout_report": rollout_report_arguments,
}


def _documented(module: str, name: str) -> Any:
    """Return one of the YAML texts at the top of a module, without running the module."""
    tree = ast.parse((MODULES / f"{module}.py").read_text(encoding="utf-8"))
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == name:
            return yaml.safe_load(ast.literal_eval(statement.value))
    raise AssertionError(f"{module} has no {name}")


def _examples() -> list[Any]:
    return [
        pytest.param(module, task, id=f"{module}: {task['name']}")
        for module in ARGUMENTS
        for task in _documented(module, "EXAMPLES")
        if f"community.descope.{module}" in task
    ]


def _options_used(arguments: dict[str, Any], spec: ArgumentSpec) -> set[str]:
    """Return the options in a task's arguments, those inside lists of objects as C(flows.src)."""
    used = set(arguments)
    for name, value in arguments.items():
        inner = spec.get(name, {}).get("options", {})
        for item in value if inner and isinstance(value, list) else []:
            used |= {f"{name}.{option}" for option in _options_used(item, inner)}
    return used


def test_every_module_has_examples_that_are_tested() -> None:
    assert {path.stem for path in MODULES.glob("[!_]*.py")} == set(ARGUMENTS)


@pytest.mark.parametrize(("module", "task"), _examples())
def test_an_example_is_a_task_that_the_module_accepts(
    module: str, task: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESCOPE_PROJECT_ID", "P2example")
    monkeypatch.setenv("DESCOPE_MANAGEMENT_KEY", "K2example")
    name = f"community.descope.{module}"
    assert set(task) <= {"name", name, "register", "run_once"}, "a task names its module in full"
    assert task["name"][0].isupper()

    result = ArgumentSpecValidator(ARGUMENTS[module]()).validate(task[name])

    assert result.error_messages == []


def test_the_examples_show_every_way_to_give_a_flow() -> None:
    tasks = [task["community.descope.descope_flow"] for task in _documented("descope_flow", "EXAMPLES")]
    shown: set[str] = set().union(*(_options_used(arguments, flow_arguments()) for arguments in tasks))
    assert shown >= {"definition", "template", "flows", "flows.template", "flows.src", "flow_id", "state"}


@pytest.mark.parametrize("module", ARGUMENTS)
def test_no_example_holds_a_key(module: str) -> None:
    for task in _documented(module, "EXAMPLES"):
        key = task.get(f"community.descope.{module}", {}).get("management_key", "{{ }}")
        assert key.startswith("{{"), "a management key comes from a vault"


def test_the_libraries_in_the_documentation_are_those_that_are_required() -> None:
    fragment = (MODULES.parent / "doc_fragments" / "connection.py").read_text(encoding="utf-8")
    lines = (CHECKOUT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    for line in lines:
        if line and not line.startswith("#"):
            library, version = line.split(",")[0].split(">=")
            assert f"{library} >= {version}" in fragment
