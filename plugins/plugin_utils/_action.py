# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What the action plugins have in common: run the module's use case in the worker process where that is possible."""

from __future__ import annotations

import gc
import getpass
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import AnsibleValidationError, RequiredError, UnsupportedError
from ansible.plugins.action import ActionBase

from ansible_collections.community.descope.plugins.module_utils._arguments import (
    ArgumentSpec,
    given_arguments,
    with_values,
)
from ansible_collections.community.descope.plugins.module_utils._backup.cipher import NO_CIPHER, Cipher
from ansible_collections.community.descope.plugins.module_utils._errors import DescopeError, InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._secrets import Secrets, hiding
from ansible_collections.community.descope.plugins.module_utils._task import Task, UseCase, failure, run_use_case
from ansible_collections.community.descope.plugins.plugin_utils._run import (
    occasion,
    run_command,
    run_directory,
    run_id,
)
from ansible_collections.community.descope.plugins.plugin_utils._values import values_of
from ansible_collections.community.descope.plugins.plugin_utils._vault import vault_cipher


class DescopeActionBase(ActionBase):
    """Runs the module's use case here where the connection is local, and the module itself elsewhere."""

    _supports_check_mode = True
    _supports_async = False

    use_case: ClassVar[UseCase]
    _inventory_directory = ""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the result of the task, in the shape the module's documentation gives."""
        super().run(tmp, task_vars)
        self.secrets = Secrets()
        variables = task_vars or {}
        self._inventory_directory = str(variables.get("inventory_dir") or "")
        environment: dict[str, str] = {}
        self._compute_environment_string(environment)
        arguments = dict(self._task.args)
        try:
            arguments = self._with_variables(arguments, variables)
            arguments = self._arguments(arguments, variables, environment)
            arguments = self.completed(arguments, variables)
            params = self._validated(arguments)
            if self._runs_here():
                with _environment(environment):
                    return self._run_here(params, variables)
        except DescopeError as error:
            return failure(self.use_case, arguments, error)
        return self._run_elsewhere(arguments, params, variables)

    def completed(self, arguments: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments with what the controller alone can add. Raises InputError."""
        return arguments

    def elsewhere_arguments(self, arguments: dict[str, Any], task: Task) -> dict[str, Any]:
        """Return the module's arguments for another machine. Files of the controller must have become values here."""
        return arguments

    def load_source(self, source: Any, variables: Mapping[str, Any]) -> list[FlowDocument]:
        """Return the flows of one source. Actions whose module takes sources override this."""
        raise NotImplementedError

    def find(self, directory: str, path: str) -> str:
        """Return where Ansible finds a file of the role or playbook. Raises InputError where it does not."""
        working_directory = Path.cwd()
        try:
            found = Path(os.path.normpath(self._find_needle(directory, path)))  # type: ignore[no-untyped-call]
        except AnsibleError as error:
            # A playbook that came with a collection has no files of its users beside it.
            users = (working_directory, Path(self._inventory_directory or working_directory))
            places = [Path(os.path.normpath(place / path)) for place in users]
            existing = next((place for place in places if place.exists()), None)
            if existing is None:
                message = (
                    f"there is no such file or directory; it was searched in {directory}/, beside the playbook, "
                    "in the working directory and beside the inventory"
                )
                raise InputError([Problem("file-not-found", message, source=path)]) from error
            found = existing
        # Messages and diffs are read in a shell or a job that runs in the project, so they say less without losing any.
        return str(found.relative_to(working_directory) if found.is_relative_to(working_directory) else found)

    def options_told(self, options: Mapping[str, Any]) -> None:
        """Take note of what the task and its variables say, even where some of it turns out to be wrong."""

    def _with_variables(self, arguments: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments with those that variables of the host hold. Raises InputError."""
        places = arguments.pop("options_from", None) or {}
        if not isinstance(places, Mapping):
            message = "must name variables by the options that they hold"
            raise InputError([Problem("arguments", message, source="options_from")])
        values, problems = values_of(self._templar, variables, [name for name in places.values() if name in variables])
        told = with_values(arguments, {option: values.get(name) for option, name in places.items()})
        self.options_told(told)
        if problems:
            raise InputError(problems)
        return told

    def _arguments(
        self, arguments: Mapping[str, Any], variables: Mapping[str, Any], environment: Mapping[str, str]
    ) -> dict[str, Any]:
        spec = self.use_case.arguments()
        given = given_arguments(spec, arguments, {**os.environ, **environment})
        if "run_context" not in spec:
            return given
        return {**given, "run_context": {**self._run_context(variables), **(given.get("run_context") or {})}}

    def _validated(self, arguments: dict[str, Any]) -> dict[str, Any]:
        result = ArgumentSpecValidator(self.use_case.arguments()).validate(arguments)
        if result.error_messages:
            spec = self.use_case.arguments()
            problems = [
                Problem("arguments", _told(error, spec), source=self.use_case.name) for error in result.errors.errors
            ]
            raise InputError(problems)
        return dict(result.validated_parameters)

    def _run_context(self, variables: Mapping[str, Any]) -> dict[str, str]:
        batch = variables.get("ansible_play_batch") or [""]
        host = str(variables.get("inventory_hostname", ""))
        # A batch of hosts reads the projects anew: the one before it may have taken long. So does whoever comes again.
        task_id = f"{self._task._uuid}-{batch[0]}-{len(batch)}-{occasion(self._task, host)}"
        return {
            "run_id": run_id(),
            "task_id": task_id,
            "tenant": host,
            "job_id": str(variables.get("awx_job_id") or variables.get("tower_job_id") or os.environ.get("JOB_ID", "")),
            "workflow_id": str(variables.get("awx_workflow_job_id") or variables.get("tower_workflow_job_id") or ""),
            "user": str(variables.get("awx_user_name") or variables.get("tower_user_name") or _user()),
        }

    def _runs_here(self) -> bool:
        connection = getattr(self._connection, "ansible_name", "") or self._connection.transport
        return connection in ("local", "ansible.builtin.local") and not self._play_context.become

    def _task_for(self, params: dict[str, Any], variables: Mapping[str, Any], cipher: Cipher = NO_CIPHER) -> Task:
        return Task(
            params=params,
            check_mode=bool(self._task.check_mode),
            diff_mode=bool(self._task.diff),
            load_source=lambda source: self.load_source(source, variables),
            run_command=run_command,
            cipher=cipher,
            secrets=self.secrets,
        )

    def _run_here(self, params: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        # This worker shares all that Ansible had loaded. While flows are parsed, the garbage collector would look
        # through that again and again, and so make the system copy it.
        gc.freeze()
        context = {**params["run_context"], "run_dir": str(run_directory())}
        task = self._task_for({**params, "run_context": context}, variables, vault_cipher(params, self._loader))
        return run_use_case(self.use_case, task)

    def _run_elsewhere(
        self, arguments: dict[str, Any], params: dict[str, Any], variables: dict[str, Any]
    ) -> dict[str, Any]:
        task = self._task_for(params, variables)
        try:
            with hiding(self.secrets):
                prepared = self.elsewhere_arguments(arguments, task)
        except DescopeError as error:
            return failure(self.use_case, params, error)
        module = f"community.descope.{self.use_case.name}"
        result = dict(self._execute_module(module_name=module, module_args=prepared, task_vars=variables))
        # It repeats the arguments, whole flows among them, which do not belong in registered results.
        result.pop("invocation", None)
        return result


def _told(error: AnsibleValidationError, spec: ArgumentSpec) -> str:
    """Return what is wrong with an argument. The message for unknown ones begins with their names and no verb."""
    if isinstance(error, RequiredError):
        names = str(error.msg).rpartition(": ")[2].split(", ")
        variables = [name for option in names for name in spec.get(option, {}).get("fallback", (None, []))[1][:1]]
        return (
            f"{error.msg}; give it here or in the environment: {', '.join(variables)}" if variables else str(error.msg)
        )
    return f"unsupported parameters: {error.msg}" if isinstance(error, UnsupportedError) else str(error.msg)


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Give this process the variables of the task, as a module has them: libraries look for credentials there."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
