# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Argument specifications, shared by the modules and by their action plugins."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from ansible.module_utils.common.validation import check_type_dict
from ansible.module_utils.errors import AnsibleFallbackNotFound

ArgumentSpec = dict[str, dict[str, Any]]

# They say where something goes. What was meant to name that and is empty must not lead to where others point.
_NEVER_EMPTY = ("project_id", "management_key", "base_url")


def _from_environment(*names: str) -> tuple[Any, list[str]]:
    return (_first_set, list(names))


def _first_set(*names: str) -> str:
    """Return the first of these environment variables that holds anything.

    One that is set but empty is how many systems hand over a setting that nobody made.
    """
    for name in names:
        if os.environ.get(name):
            return os.environ[name]
    raise AnsibleFallbackNotFound


def connection_arguments() -> ArgumentSpec:
    """Return the options every module has: which project, how to reach it, how fast."""
    return {
        "project_id": {"type": "str", "required": True, "fallback": _from_environment("DESCOPE_PROJECT_ID")},
        "management_key": {
            "type": "str",
            "required": True,
            "no_log": True,
            "fallback": _from_environment("DESCOPE_MANAGEMENT_KEY"),
        },
        "base_url": {"type": "str", "fallback": _from_environment("DESCOPE_BASE_URL", "DESCOPE_BASE_URI")},
        "timeout": {"type": "float", "default": 60.0, "fallback": _from_environment("DESCOPE_TIMEOUT")},
        "connect_timeout": {"type": "float", "default": 10.0, "fallback": _from_environment("DESCOPE_CONNECT_TIMEOUT")},
        "validate_certs": {"type": "bool", "default": True, "fallback": _from_environment("DESCOPE_VALIDATE_CERTS")},
        "ca_path": {"type": "path", "fallback": _from_environment("DESCOPE_CA_PATH")},
        "rate_limit": {"type": "str", "default": "100/60", "fallback": _from_environment("DESCOPE_RATE_LIMIT")},
        "rate_share": {"type": "str", "fallback": _from_environment("DESCOPE_RATE_SHARE")},
        "rate_window": {"type": "path", "fallback": _from_environment("DESCOPE_RATE_WINDOW")},
        "threads": {"type": "int", "default": 16, "fallback": _from_environment("DESCOPE_THREADS")},
        "read": {
            "type": "str",
            "choices": ["auto", "snapshot", "export"],
            "default": "auto",
            "fallback": _from_environment("DESCOPE_READ"),
        },
        **_run_arguments(),
    }


def _run_arguments() -> ArgumentSpec:
    """Return the options that the action plugin fills in, or takes others from."""
    parts = ("run_id", "run_dir", "task_id", "tenant", "job_id", "workflow_id", "user")
    return {
        "run_context": {
            "type": "dict",
            "options": {part: {"type": "path" if part == "run_dir" else "str"} for part in parts},
        },
        "options_from": {"type": "dict"},
    }


def backup_arguments() -> ArgumentSpec:
    """Return the options of every module that reads or writes backups: where they are, and how to encrypt them."""
    return {
        "backup_dir": {
            "type": "path",
            "default": "~/.descope/backups",
            "fallback": _from_environment("DESCOPE_BACKUP_DIR"),
        },
        "backup_vault_id": {"type": "str", "fallback": _from_environment("DESCOPE_BACKUP_VAULT_ID")},
        "backup_vault_password_file": {
            "type": "path",
            # The name of a file is no secret, whatever is in it.
            "no_log": False,
            "fallback": _from_environment("DESCOPE_BACKUP_VAULT_PASSWORD_FILE"),
        },
    }


def source_arguments() -> ArgumentSpec:
    """Return the options that say where flows come from, and how templates among them are found and read."""
    item: ArgumentSpec = {
        "definition": {"type": "raw"},
        "src": {"type": "path"},
        "template": {"type": "path"},
        "overlay": {"type": "raw"},
        "flow_id": {"type": "str"},
        "vars": {"type": "dict"},
        "source": {"type": "str"},
        "state": {"type": "str", "choices": ["present", "absent"]},
    }
    strings = ("variable_start", "variable_end", "block_start", "block_end", "comment_start", "comment_end")
    return {
        "definition": {"type": "raw"},
        "src": {"type": "list", "elements": "path"},
        "template": {"type": "list", "elements": "path"},
        "flows": {"type": "list", "elements": "dict", "options": item},
        "declared_in": {"type": "str"},
        "flow_id": {"type": "list", "elements": "str"},
        "vars": {"type": "dict"},
        "library": {"type": "list", "elements": "path"},
        "delimiters": {"type": "dict", "options": {f"{string}_string": {"type": "str"} for string in strings}},
        "secret_values": {"type": "list", "elements": "str", "no_log": True},
    }


def flow_arguments() -> ArgumentSpec:
    """Return the argument specification of C(descope_flow)."""
    return {
        **connection_arguments(),
        **backup_arguments(),
        **source_arguments(),
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "validate": {"type": "bool", "default": True},
        "connectors": {"type": "dict"},
        "roles": {"type": "dict"},
        "unresolved": {"type": "str", "choices": ["fail", "warn", "ignore"], "default": "fail"},
        "backup": {"type": "bool", "default": True},
        "verify": {"type": "bool", "default": True},
        "on_failure": {"type": "str", "choices": ["stop", "continue", "restore"], "default": "stop"},
        "changelog": {"type": "str"},
        "compare": {"type": "dict", "options": {"layout": {"type": "bool", "default": False}}},
    }


def drift_arguments() -> ArgumentSpec:
    """Return the argument specification of C(descope_flow_drift)."""
    written = ("backup", "backup_vault_id", "backup_vault_password_file", "verify", "on_failure", "changelog")
    return {name: options for name, options in flow_arguments().items() if name not in written} | {
        "undeclared": {"type": "str", "choices": ["ignore", "report", "drift"], "default": "report"},
        "declared_elsewhere": {"type": "list", "elements": "str"},
        "fail_on_drift": {"type": "bool", "default": False},
    }


def flow_info_arguments() -> ArgumentSpec:
    """Return the argument specification of C(descope_flow_info)."""
    return connection_arguments() | {
        "flow_id": {"type": "list", "elements": "str"},
        "export": {"type": "bool", "default": False},
        "dest": {"type": "path"},
        "format": {
            "type": "str",
            "choices": ["exported", "response", "console", "snapshot"],
            "default": "exported",
        },
    }


def flow_backup_arguments() -> ArgumentSpec:
    """Return the argument specification of C(descope_flow_backup)."""
    return {
        **_offline_arguments(),
        **backup_arguments(),
        "flow_id": {"type": "list", "elements": "str"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "verify": {"type": "bool", "default": False},
        "backup": {"type": "list", "elements": "str"},
        "label": {"type": "str"},
        "reason": {"type": "str"},
        "force": {"type": "bool", "default": False},
        "keep": {"type": "int"},
        "keep_days": {"type": "int"},
    }


def flow_backup_info_arguments() -> ArgumentSpec:
    """Return the argument specification of C(descope_flow_backup_info)."""
    return {
        **_offline_arguments(),
        **backup_arguments(),
        "flow_id": {"type": "list", "elements": "str"},
        "since": {"type": "str"},
        "until": {"type": "str"},
        "label": {"type": "list", "elements": "str"},
        "status": {
            "type": "list",
            "elements": "str",
            "choices": ["good", "failed", "unknown", "unfinished", "none"],
        },
        "run": {"type": "str"},
        "tenant": {"type": "list", "elements": "str"},
        "limit": {"type": "int"},
    }


def _offline_arguments() -> ArgumentSpec:
    """Return the options of a connection for modules that may need none, and so no key."""
    arguments = connection_arguments()
    return {**arguments, "management_key": {**arguments["management_key"], "required": False}}


def flow_rollback_arguments() -> ArgumentSpec:
    """Return the argument specification of C(descope_flow_rollback)."""
    return {
        **connection_arguments(),
        **backup_arguments(),
        "flow_id": {"type": "list", "elements": "str"},
        "all": {"type": "bool", "default": False},
        "backup": {"type": "str"},
        "run": {"type": "str"},
        "tenant": {"type": "str"},
        "prune": {"type": "bool", "default": False},
        "force": {"type": "bool", "default": False},
        "verify": {"type": "bool", "default": True},
        "on_failure": {"type": "str", "choices": ["stop", "continue", "restore"], "default": "continue"},
        "changelog": {"type": "str"},
        "compare": {"type": "dict", "options": {"layout": {"type": "bool", "default": False}}},
    }


def rollout_report_arguments() -> ArgumentSpec:
    """Return the argument specification of C(descope_rollout_report)."""
    return {
        "src": {"type": "path", "required": True},
        "dest": {"type": "path", "required": True},
        "format": {"type": "str", "choices": ["json", "markdown", "html"]},
    }


def fleet_check_arguments() -> ArgumentSpec:
    """Return the argument specification of C(descope_fleet_check)."""
    sources = source_arguments()
    return {
        "declared_in": {"type": "str", "default": "descope_flows"},
        "project_in": {"type": "str", "default": "descope_project_id"},
        "library": sources["library"],
        "delimiters": sources["delimiters"],
        "list_flows": {"type": "bool", "default": False},
        "conflicts": {"type": "str", "choices": ["fail", "warn"], "default": "fail"},
        "options_from": {"type": "dict"},
    }


def flow_validate_arguments() -> ArgumentSpec:
    """Return the argument specification of C(descope_flow_validate)."""
    arguments = _offline_arguments()
    reports: ArgumentSpec = {name: {"type": "path"} for name in ("json", "junit", "sarif")}
    return {
        **arguments,
        **source_arguments(),
        "project_id": {**arguments["project_id"], "required": False},
        "results": {"type": "dict"},
        "fail_on": {"type": "str", "choices": ["error", "warning", "info", "never"], "default": "error"},
        "ignore": {"type": "list", "elements": "str"},
        "redirect_hosts": {"type": "list", "elements": "str"},
        "project": {"type": "bool", "default": False},
        "report": {"type": "dict", "options": reports},
    }


def flow_walk_arguments() -> ArgumentSpec:
    """Return the argument specification of C(descope_flow_walk)."""
    return {
        **source_arguments(),
        "expect": {"type": "raw"},
        "expect_src": {"type": "list", "elements": "path"},
        "max_paths": {"type": "int", "default": 200},
        **_run_arguments(),
    }


def flow_run_arguments() -> ArgumentSpec:
    """Return the argument specification of C(descope_flow_run)."""
    return {
        **connection_arguments(),
        "flow_id": {"type": "str", "required": True},
        "input": {"type": "dict"},
        "tenant": {"type": "str"},
        "preview": {"type": "bool", "default": False},
        "expect_output": {"type": "dict"},
    }


def with_values(arguments: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments with values of variables in their place. An empty variable is as good as none."""
    return {**arguments, **{name: value for name, value in values.items() if _is_given(name, value)}}


def given_arguments(spec: ArgumentSpec, arguments: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the arguments as the task means them: texts become the lists and dictionaries that the options want, and
    what is not given comes from C(environment).

    A module on another machine cannot see the controller's environment, so the controller looks for it.
    """
    given = {name: _read(spec.get(name, {}).get("type"), value) for name, value in arguments.items()}
    for name, options in spec.items():
        if "fallback" in options and not _is_given(name, given.get(name)):
            given.pop(name, None)
            found = next(
                (environment[variable] for variable in options["fallback"][1] if environment.get(variable)), ""
            )
            given |= {name: found} if found else {}
    return given


def _is_given(name: str, value: Any) -> bool:
    return value is not None and (value != "" or name in _NEVER_EMPTY)


def _read(kind: Any, value: Any) -> Any:
    """Return a text as what an option wants. What cannot be read stays, for the check of the arguments to say so.

    Ansible would do that later, but keep the space that people write after commas.
    """
    if kind == "list" and isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()] or value
    if kind == "dict" and isinstance(value, str):
        with suppress(TypeError):
            return check_type_dict(value)
    return value
