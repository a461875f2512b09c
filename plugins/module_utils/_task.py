# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""A task as a use case sees it, and the one place where errors become results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible.module_utils.basic import missing_required_lib

from ansible_collections.community.descope.plugins.module_utils._api.client import REQUESTS_IMPORT_ERROR
from ansible_collections.community.descope.plugins.module_utils._api.settings import shown_project_id
from ansible_collections.community.descope.plugins.module_utils._arguments import ArgumentSpec
from ansible_collections.community.descope.plugins.module_utils._backup.cipher import NO_CIPHER, Cipher
from ansible_collections.community.descope.plugins.module_utils._deploy.desired import SourceLoader
from ansible_collections.community.descope.plugins.module_utils._errors import DescopeError
from ansible_collections.community.descope.plugins.module_utils._flow.schema import JSONSCHEMA_IMPORT_ERROR
from ansible_collections.community.descope.plugins.module_utils._secrets import Secrets, hiding
from ansible_collections.community.descope.plugins.module_utils._validate.scripts import RunCommand


@dataclass(frozen=True, slots=True)
class Task:
    """What the caller, an action plugin or a module, hands to a use case.

    params: validated arguments. load_source: how the flows of one source are found, which differs between the
    controller and another machine. run_command: runs a program of the machine. cipher: what encrypts and decrypts
    backups, which only the controller can. secrets: values that nobody may see; C(load_source) adds those it meets.
    """

    params: Mapping[str, Any]
    check_mode: bool
    diff_mode: bool
    load_source: SourceLoader
    run_command: RunCommand
    cipher: Cipher = NO_CIPHER
    secrets: Secrets = field(default_factory=Secrets)

    def __post_init__(self) -> None:
        """Take in what was known before the task was sent here."""
        self.secrets.add(self.params.get("secret_values"))


@dataclass(frozen=True, slots=True)
class UseCase:
    """What a module does, wherever it runs.

    name: the module's. arguments: its argument specification. run: takes a task and returns its result; C(failed) and
    C(msg) in it mean that something was done before it failed, failures before that are raised as DescopeError.
    empty_result: the parts that every result has, as they are where nothing was found or done. offline: whether it
    can do without a project, and so without what talks to one.
    """

    name: str
    arguments: Callable[[], ArgumentSpec]
    run: Callable[[Task], dict[str, Any]]
    empty_result: Mapping[str, Any]
    offline: bool = False


def run_use_case(use_case: UseCase, task: Task) -> dict[str, Any]:
    """Run a use case and return its result, or its failure with the same parts as any result of it."""
    try:
        _check_libraries(use_case)
        with hiding(task.secrets):
            return use_case.run(task)
    except DescopeError as error:
        return failure(use_case, task.params, error)


def _check_libraries(use_case: UseCase) -> None:
    required = {"jsonschema": JSONSCHEMA_IMPORT_ERROR}
    if not use_case.offline:
        required = {"requests": REQUESTS_IMPORT_ERROR, **required}
    missing = [library for library, import_error in required.items() if import_error]
    if missing:
        # Ansible's own words for this also name the host and the Python that lacks the library.
        raise DescopeError(" ".join(missing_required_lib(library) for library in missing))


def failure(use_case: UseCase, params: Mapping[str, Any], error: DescopeError) -> dict[str, Any]:
    """Return the result of a task that failed before it had changed anything."""
    return {
        **use_case.empty_result,
        **({} if use_case.offline else {"project_id": shown_project_id(params.get("project_id"))}),
        "changed": False,
        "failed": True,
        "msg": str(error),
        **({"requests": error.requests} if error.requests else {}),
        **error.details(),
    }
