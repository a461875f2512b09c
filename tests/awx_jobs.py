# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Running job templates as AWX does: with C(ansible-runner), and a disk that is gone when the job ends.

What to run comes from the objects that the role C(awx) has made in AWX: playbook, job type, variables, survey,
credential with its injectors, inventory source, slices. Nothing else reaches a job.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from jinja2.sandbox import ImmutableSandboxedEnvironment

from fake_awx import FakeAwx, Object

_BIN = Path(sys.executable).parent
_RUN_SECONDS = 300
# What AWX sets for every job.
_AWX_VARIABLES = {
    "ANSIBLE_FORCE_COLOR": "True",
    "ANSIBLE_HOST_KEY_CHECKING": "False",
    "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True",
    "ANSIBLE_RETRY_FILES_ENABLED": "False",
    "MAX_EVENT_RES": "700000",
}
_INVENTORY_SCRIPT = """#!/usr/bin/env python3
print({content!r})
"""


@dataclass(frozen=True)
class Job:
    """A job that has ended. C(artifacts): what it leaves to those that follow in a workflow."""

    number: int
    status: str
    returncode: int
    output: str
    events: list[dict[str, Any]]

    @property
    def artifacts(self) -> dict[str, Any]:
        (stats,) = [event["event_data"] for event in self.events if event["event"] == "playbook_on_stats"]
        return dict(stats.get("artifact_data", {}))

    def results(self, task: str) -> dict[str, dict[str, Any]]:
        """Return the results of a task by host."""
        data = [event["event_data"] for event in self.events if event["event"].startswith("runner_on_")]
        return {entry["host"]: entry["res"] for entry in data if entry["task"] == task and "res" in entry}


@dataclass
class Jobs:
    """Launches them. C(environment): what the network around AWX, and credentials of other types, bring along."""

    awx: FakeAwx
    repository: Path
    disk: Path
    environment: Mapping[str, str]
    secrets: Mapping[str, str]
    _numbers: Any = field(default_factory=lambda: count(4711))
    _update: tuple[float, dict[str, Any]] | None = None

    def launch(
        self,
        template: str,
        answers: Mapping[str, str] | None = None,
        *,
        job_type: str = "",
        limit: str = "",
        artifacts: Mapping[str, Any] | None = None,
        workflow: int = 0,
    ) -> list[Job]:
        """Run a job template with answers to its survey; return its job, or those it is sliced into."""
        found = self.awx.named("job_templates", template)
        assert not job_type or found["ask_job_type_on_launch"], f"{template} does not ask for the job type"
        assert not limit or found["ask_limit_on_launch"], f"{template} does not ask for a limit"
        variables = json.loads(found["extra_vars"]) | self._answered(found, answers or {}) | dict(artifacts or {})
        slices = found["job_slice_count"]
        # A sliced job is a workflow of its own.
        workflow = next(self._numbers) if slices > 1 else workflow
        inventory = self.inventory()
        options = _options(found, job_type or found["job_type"], limit)
        return [
            self._run(found, variables, _slice(inventory, number, slices), options, workflow)
            for number in range(slices)
        ]

    def inventory(self) -> dict[str, Any]:
        """Return the hosts that the inventory source brought when it was last updated, for as long as that is good."""
        (source,) = self.awx.find("inventory_sources")
        now = time.monotonic()
        if self._update is None or now - self._update[0] > source["update_cache_timeout"]:
            self._update = now, self._updated(source)
        return self._update[1]

    def _updated(self, source: Object) -> dict[str, Any]:
        environment = self._environment(self.disk / "inventory-home", [source["credential"]])
        command = (_BIN / "ansible-inventory", "-i", source["source_path"], "--list", "--export")
        listed = subprocess.run(
            command, cwd=self.repository, env=environment, capture_output=True, text=True, check=True
        )
        found: dict[str, Any] = json.loads(listed.stdout)
        return found

    def _answered(self, template: Object, answers: Mapping[str, str]) -> dict[str, Any]:
        questions = {question["variable"]: question for question in self.awx.surveys[template["id"]]["spec"]}
        assert set(answers) <= set(questions), "AWX leaves out what no question asks for"
        given = {name: answers.get(name, question["default"]) for name, question in questions.items()}
        for name, question in questions.items():
            assert given[name] != "" or not question["required"], f"{name} needs an answer"
            assert question["type"] != "multiplechoice" or given[name] in question["choices"], f"{name} is no choice"
        return given

    def _run(
        self, template: Object, variables: Mapping[str, Any], inventory: object, options: list[str], workflow: int
    ) -> Job:
        number = next(self._numbers)
        folder = self.disk / f"awx_{number}"
        shutil.copytree(self.repository, folder / "project")
        credentials = self.awx.associated("job_templates", template["id"], "credentials")
        environment = self._environment(folder / "home", credentials) | {"JOB_ID": str(number)}
        ids = {"awx_job_id": number, "awx_user_name": "jo"} | ({"awx_workflow_job_id": workflow} if workflow else {})
        _write(folder / "env" / "extravars", json.dumps({**variables, **ids}))
        _write(folder / "env" / "cmdline", shlex.join(options))
        _write(folder / "inventory" / "hosts", _INVENTORY_SCRIPT.format(content=json.dumps(inventory)))
        (folder / "inventory" / "hosts").chmod(0o700)
        command = (_BIN / "ansible-runner", "run", folder, "-p", template["playbook"], "--ident", str(number))
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_RUN_SECONDS,
        )
        job = _ended(number, folder / "artifacts" / str(number), done.stdout + done.stderr)
        shutil.rmtree(folder)
        return job

    def _environment(self, home: Path, credentials: list[int]) -> dict[str, str]:
        home.mkdir(parents=True, exist_ok=True)
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("ANSIBLE_", "AWS_", "DESCOPE_", "RUNNER_"))
        }
        injected: dict[str, str] = {}
        for number in credentials:
            injected |= self._injected(self.awx.objects["credentials"][number])
        path = os.pathsep.join((str(_BIN), os.environ["PATH"]))
        return {**inherited, **_AWX_VARIABLES, **self.environment, **injected, "HOME": str(home), "PATH": path}

    def _injected(self, credential: Object) -> dict[str, str]:
        """Return the environment variables that a credential becomes, by the injectors of its type."""
        kind = self.awx.objects["credential_types"][credential["credential_type"]]
        inputs = {**credential["inputs"], **self.secrets} if credential["inputs"] else {}
        environment = ImmutableSandboxedEnvironment()
        injectors = kind["injectors"].get("env", {})
        return {name: environment.from_string(text).render(**inputs) for name, text in injectors.items()}


def _options(template: Object, job_type: str, limit: str) -> list[str]:
    """Return what AWX adds to the command line. The limit is the same for all slices, each of which has other hosts."""
    options = ["--forks", str(template["forks"]), *(["-l", limit] if limit else [])]
    options += ["--check"] if job_type == "check" else []
    return options + (["--diff"] if template["diff_mode"] else [])


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _slice(inventory: Mapping[str, Any], number: int, slices: int) -> dict[str, Any]:
    """Return the inventory of one slice: every so many-th host, and what the groups say."""
    hostvars = inventory["_meta"]["hostvars"]
    wanted = sorted(hostvars)[number::slices]
    groups = {
        name: {**group, "hosts": [host for host in group.get("hosts", ()) if host in wanted]}
        for name, group in inventory.items()
        if name != "_meta"
    }
    return {**groups, "_meta": {"hostvars": {host: hostvars[host] for host in wanted}}}


def _ended(number: int, artifacts: Path, output: str) -> Job:
    assert (artifacts / "rc").exists(), output
    events = [json.loads(path.read_text()) for path in (artifacts / "job_events").glob("*.json")]
    events.sort(key=lambda event: event["counter"])
    shown = (artifacts / "stdout").read_text()
    return Job(number, (artifacts / "status").read_text(), int((artifacts / "rc").read_text()), shown, events)
