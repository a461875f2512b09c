# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Running the modules' use cases in this process, against an emulator, and looking at what became of the flows."""

from __future__ import annotations

import itertools
import json
import multiprocessing
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.community.descope.plugins.module_utils._api.client import (
    Client,
    ConnectionSettings,
    RetryPolicy,
)
from ansible_collections.community.descope.plugins.module_utils._api.management import DescopeApi
from ansible_collections.community.descope.plugins.module_utils._deploy.backup_info_task import DESCOPE_FLOW_BACKUP_INFO
from ansible_collections.community.descope.plugins.module_utils._deploy.backup_task import DESCOPE_FLOW_BACKUP
from ansible_collections.community.descope.plugins.module_utils._deploy.drift_task import DESCOPE_FLOW_DRIFT
from ansible_collections.community.descope.plugins.module_utils._deploy.flow_info_task import DESCOPE_FLOW_INFO
from ansible_collections.community.descope.plugins.module_utils._deploy.flow_task import DESCOPE_FLOW
from ansible_collections.community.descope.plugins.module_utils._deploy.rollback_task import DESCOPE_FLOW_ROLLBACK
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._module import load_on_this_machine
from ansible_collections.community.descope.plugins.module_utils._task import Task, UseCase, run_use_case
from ansible_collections.community.descope.plugins.plugin_utils._run import run_command
from emulator_client import Emulator

PROJECT_ID = "P2flowTasksTests"
MANAGEMENT_KEY = "K2flowTasksTestsKey"

LICENSE = "GET /v1/mgmt/license"
LIST = "POST /v1/mgmt/flow/list"
EXPORT = "POST /v2/mgmt/flow/export"
IMPORT = "POST /v2/mgmt/flow/import"
DELETE = "POST /v1/mgmt/flow/delete"
SNAPSHOT = "POST /v1/mgmt/project/snapshot/export"

_FORK = multiprocessing.get_context("fork")
_PATIENCE_SECONDS = 10.0


def to(endpoint: str, **match: str) -> dict[str, str]:
    """Return what a fault matches: the requests to an endpoint."""
    return {"path": endpoint.partition(" ")[2], **match}


def valid_params(use_case: UseCase, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return what a module gets for the arguments of a task: defaults, fallbacks and types applied."""
    validated = ArgumentSpecValidator(use_case.arguments()).validate(arguments)
    assert not validated.error_messages, validated.error_messages
    return dict(validated.validated_parameters)


@contextmanager
def open_api(url: str, project_id: str = PROJECT_ID, **settings: Any) -> Iterator[DescopeApi]:
    """Open the API of a project, retrying without the waits that a real network deserves."""
    where = ConnectionSettings(project_id, MANAGEMENT_KEY, base_url=url, **{"timeout": 20.0, **settings})
    with Client(where, policy=RetryPolicy(retries=2, first_delay=0.01)) as client:
        yield DescopeApi(client)


def stored_flows(emulator: Emulator, project_id: str = PROJECT_ID) -> dict[str, FlowDocument]:
    """Return the flows that a project really holds."""
    flows = emulator.stored(project_id)["flows"]
    return {flow_id: FlowDocument(flow["document"]) for flow_id, flow in flows.items()}


def saves(emulator: Emulator, project_id: str = PROJECT_ID) -> dict[str, int]:
    """Return how often each flow of a project was saved."""
    return {flow_id: flow["version"] for flow_id, flow in emulator.stored(project_id)["flows"].items()}


@dataclass
class Controller:
    """Somebody's machine: it runs tasks against one emulator, each as a run of its own, and keeps their backups.

    C(options) are arguments that all of its tasks have.
    """

    emulator: Emulator
    folder: Path
    options: dict[str, Any] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def backups(self) -> Path:
        return self.folder / "backups"

    def new_run(self) -> dict[str, str]:
        """Return what the tasks of a new run have in common."""
        number = next(self._numbers)
        return {"run_id": f"run-{number}", "run_dir": str(self.folder / f"run-{number}"), "task_id": "task"}

    def connection(self, **options: Any) -> dict[str, Any]:
        """Return the arguments that every module takes, of a task in a new run, without a rate limit."""
        return {
            "base_url": self.emulator.url,
            "project_id": PROJECT_ID,
            "management_key": MANAGEMENT_KEY,
            "rate_limit": "0",
            "run_context": self.new_run(),
            **self.options,
            **options,
        }

    def flow(self, *definitions: dict[str, Any], check: bool = False, **options: Any) -> dict[str, Any]:
        """Run C(descope_flow) and return its result; definitions are the flows of the task."""
        given = {"definition": list(definitions)} if definitions else {}
        arguments = self.connection(backup_dir=str(self.backups), **given)
        return run(DESCOPE_FLOW, {**arguments, **options}, check=check)

    def rollback(self, *flow_ids: str, check: bool = False, **options: Any) -> dict[str, Any]:
        """Run C(descope_flow_rollback) and return its result; ids and patterns are those of the task."""
        given = {"flow_id": list(flow_ids)} if flow_ids else {}
        arguments = self.connection(backup_dir=str(self.backups), **given)
        return run(DESCOPE_FLOW_ROLLBACK, {**arguments, **options}, check=check)

    def info(self, check: bool = False, **options: Any) -> dict[str, Any]:
        """Run C(descope_flow_info) and return its result."""
        return run(DESCOPE_FLOW_INFO, self.connection(**options), check=check)

    def backup(self, check: bool = False, **options: Any) -> dict[str, Any]:
        """Run C(descope_flow_backup) and return its result."""
        return run(DESCOPE_FLOW_BACKUP, self.connection(**{"backup_dir": str(self.backups), **options}), check=check)

    def history(self, **options: Any) -> dict[str, Any]:
        """Run C(descope_flow_backup_info) and return its result."""
        return run(
            DESCOPE_FLOW_BACKUP_INFO, self.connection(**{"backup_dir": str(self.backups), **options}), check=False
        )

    def drift(self, *definitions: dict[str, Any], **options: Any) -> dict[str, Any]:
        """Run C(descope_flow_drift) and return its result; definitions are the declared flows."""
        given = {"definition": list(definitions)} if definitions else {}
        arguments = self.connection(backup_dir=str(self.backups), **given)
        return run(DESCOPE_FLOW_DRIFT, {**arguments, **options}, check=False)

    def stored(self) -> dict[str, FlowDocument]:
        return stored_flows(self.emulator)

    def requests(self) -> dict[str, int]:
        """Return how many requests went to each endpoint since the emulator was last reset."""
        return dict(self.emulator.stats()["requests"])

    def forget_requests(self) -> None:
        self.emulator.reset(counters_only=True)


def run(use_case: UseCase, arguments: dict[str, Any], *, check: bool) -> dict[str, Any]:
    """Run a use case with the arguments of a task and return its result."""
    params = valid_params(use_case, arguments)
    task = Task(params, check, diff_mode=True, load_source=load_on_this_machine, run_command=run_command)
    return run_use_case(use_case, task)


def by_flow(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what a result says of each flow."""
    return {flow["flow_id"]: flow for flow in result["flows"]}


def outcome(result: dict[str, Any]) -> dict[str, Any]:
    """Return what the backup of a task says became of the change."""
    text = (Path(result["backup"]["path"]) / "outcome.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def eventually(holds: Callable[[], object]) -> None:
    """Wait for something that another thread or process is about to bring about."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.01)


@contextmanager
def meanwhile(act: Callable[[], object]) -> Iterator[None]:
    """Act in another thread while the block runs. Raises what went wrong there."""
    failures: list[BaseException] = []

    def work() -> None:
        try:
            act()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join()
        for failure in failures:
            raise failure


def in_processes(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Run C(work) in several processes that were forked as Ansible forks its workers, and return their answers."""
    receivers = []
    processes = []
    for number in range(count):
        receiver, sender = _FORK.Pipe(duplex=False)
        receivers.append(receiver)
        processes.append(forked(partial(_answer, work, number, sender)))
    answers = []
    for receiver in receivers:
        assert receiver.poll(_PATIENCE_SECONDS * 6), "a process never answered"
        succeeded, answer = receiver.recv()
        assert succeeded, answer
        answers.append(answer)
    for process in processes:
        process.join()
    return answers


def _answer(work: Callable[[int], Any], number: int, sender: Connection) -> None:
    try:
        answer = True, work(number)
    except BaseException as error:
        answer = False, repr(error)
    sender.send(answer)


def forked(work: Callable[[], object]) -> BaseProcess:
    """Start C(work) in a process of its own."""
    process = _FORK.Process(target=work)
    with warnings.catch_warnings():
        # The other threads of a test hold nothing that the child needs.
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
    return process
