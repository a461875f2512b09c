# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Running real playbooks with the real C(ansible-playbook), and reading what they did."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

PLUGINS = Path(__file__).parent / "e2e" / "plugins"
PROJECT_ID = "P2abcdefghijklmnopqrstuvwxyz"
MANAGEMENT_KEY = "K2secretsecretsecretsecretsecretsecretsecret"
_RUN_SECONDS = 300
_PATIENCE_SECONDS = 0.5


class _Unsafe(str):
    """A text that Ansible must not take for a template."""


class _Dumper(yaml.SafeDumper):
    """Writes such texts with the tag that says so, and everything in full: a playbook has no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.add_representer(_Unsafe, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text)))


def _with_unsafe_definitions(options: dict[str, Any]) -> dict[str, Any]:
    items = [_with_unsafe_definitions(item) for item in options.get("flows", ())]
    definition = {"definition": unsafe(options["definition"])} if "definition" in options else {}
    return {**options, **definition, **({"flows": items} if items else {})}


def unsafe(value: Any) -> Any:
    """Return a value whose texts Ansible takes for no templates when it stands in a playbook."""
    if isinstance(value, dict):
        return {key: unsafe(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unsafe(item) for item in value]
    return _Unsafe(value) if isinstance(value, str) and "{{" in value else value


def _at_a_terminal(command: list[str], folder: Path, environment: dict[str, str], answer: str) -> tuple[int, str]:
    """Run a command at a terminal of its own, and type the answer when it asks for C(yes)."""
    program = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
    output = b""
    with subprocess.Popen(
        [sys.executable, "-c", program, *command],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        typing, shown = process.stdin, process.stdout
        assert typing
        assert shown
        while True:
            if select.select([shown], [], [], _PATIENCE_SECONDS)[0]:
                chunk = os.read(shown.fileno(), 65536)
                if not chunk:
                    break
                output += chunk
            elif b"Type yes" in output:
                # Ansible forgets what was typed before it began to listen, so only silence says that it does.
                typing.write(f"{answer}\r".encode())
                typing.flush()
    return process.returncode, output.decode().replace("\r", "")


@dataclass(frozen=True)
class Run:
    """One run of C(ansible-playbook). C(results) are the results of its tasks, in the order they came."""

    returncode: int
    output: str
    results: list[dict[str, Any]]

    @property
    def result(self) -> dict[str, Any]:
        """The result of the only task that ran on the only host."""
        assert len(self.results) == 1, self.output
        return dict(self.results[0]["result"])

    @property
    def flows(self) -> list[dict[str, Any]]:
        """What the only task that ran says of its flows; it must have succeeded."""
        assert self.returncode == 0, self.output
        return list(self.result["flows"])

    def by_host(self) -> dict[str, dict[str, Any]]:
        """The last result of each host."""
        return {result["host"]: result["result"] for result in self.results}

    def failed_hosts(self) -> set[str]:
        """The hosts with a task that failed."""
        return {result["host"] for result in self.results if result["kind"] == "failed"}

    @property
    def changed(self) -> bool:
        return any(result["result"].get("changed") for result in self.results)


@dataclass
class Playbooks:
    """Writes playbooks below a folder and runs them against one emulator, as a user would from the shell."""

    folder: Path
    base_url: str
    # local: in the controller's worker process. bastion: as a module on what looks like another machine.
    connection: str = "local"
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def backups(self) -> Path:
        return self.folder / "backups"

    def flow(self, *arguments: str, hosts: dict[str, Any] | None = None, **options: Any) -> Run:
        """Run one C(descope_flow) task for each host of an inventory; arguments are those of C(ansible-playbook)."""
        return self.task("community.descope.descope_flow", *arguments, hosts=hosts, **options)

    def info(self, *arguments: str, hosts: dict[str, Any] | None = None, **options: Any) -> Run:
        """Run one C(descope_flow_info) task."""
        return self.task("community.descope.descope_flow_info", *arguments, hosts=hosts, **options)

    def rollback(self, *arguments: str, hosts: dict[str, Any] | None = None, **options: Any) -> Run:
        """Run one C(descope_flow_rollback) task."""
        return self.task("community.descope.descope_flow_rollback", *arguments, hosts=hosts, **options)

    def task(self, module: str, *arguments: str, hosts: dict[str, Any] | None = None, **options: Any) -> Run:
        """Run a playbook of one task. Descope's own C({{...}}) inside a C(definition) is written as it has to be."""
        task = {"name": "Test", module: _with_unsafe_definitions(options)}
        play = {"hosts": "all", "gather_facts": False, "tasks": [task]}
        return self.play([play], *arguments, hosts=hosts)

    def cases(self, cases: dict[str, dict[str, Any]], *arguments: str) -> Run:
        """Run many unrelated C(descope_flow) tasks in one go, each on a host of its own, whether they fail or not."""
        module = "community.descope.descope_flow"
        tasks = {name: {"name": name, module: _with_unsafe_definitions(options)} for name, options in cases.items()}
        plays = [
            {"hosts": name, "gather_facts": False, "ignore_errors": True, "tasks": [task]}
            for name, task in tasks.items()
        ]
        return self.play(plays, *arguments, hosts={name: {} for name in cases})

    def play(self, plays: list[dict[str, Any]], *arguments: str, hosts: dict[str, Any] | None = None) -> Run:
        """Run a playbook of any plays."""
        playbook = self.folder / "playbook.yml"
        playbook.write_text(yaml.dump(plays, Dumper=_Dumper, sort_keys=False, allow_unicode=True), encoding="utf-8")
        return self.run(playbook, *arguments, hosts=hosts)

    def run(
        self,
        playbook: Path | str,
        *arguments: str,
        hosts: dict[str, Any] | Path | None = None,
        answer: str | None = None,
    ) -> Run:
        """Run a playbook that exists, by its path or full name, for these hosts or those of an inventory.

        C(answer) is what somebody at a terminal types when asked; without it there is no terminal, as in a job.
        """
        results = self.folder / "results.jsonl"
        results.unlink(missing_ok=True)
        program = str(Path(sys.executable).with_name("ansible-playbook"))
        command = [program, str(playbook), "-i", str(self._inventory(hosts)), *arguments]
        returncode, output = self._execute(command, self.variables(results), answer)
        lines = results.read_text(encoding="utf-8").splitlines() if results.exists() else []
        return Run(returncode, output, [json.loads(line) for line in lines])

    def _execute(self, command: list[str], environment: dict[str, str], answer: str | None) -> tuple[int, str]:
        if answer is not None:
            return _at_a_terminal(command, self.folder, environment, answer)
        completed = subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_RUN_SECONDS,
        )
        return completed.returncode, completed.stdout + completed.stderr

    def _inventory(self, hosts: dict[str, Any] | Path | None) -> Path:
        if isinstance(hosts, Path):
            return hosts
        inventory = self.folder / "inventory.yml"
        variables = {"ansible_connection": self.connection, "ansible_python_interpreter": sys.executable}
        content = {"all": {"hosts": hosts or {"acme": {}}, "vars": variables}}
        inventory.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        return inventory

    def variables(self, results: Path) -> dict[str, str]:
        """Return the environment of a user's shell; the results of tasks go to the file C(results)."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "DESCOPE_"))},
            "ANSIBLE_CALLBACKS_ENABLED": "test_results",
            "ANSIBLE_CALLBACK_PLUGINS": str(PLUGINS / "callback"),
            "ANSIBLE_CONNECTION_PLUGINS": str(PLUGINS / "connection"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_DEPRECATION_WARNINGS": "1",
            "DESCOPE_TEST_RESULTS": str(results),
            "DESCOPE_BASE_URL": self.base_url,
            "DESCOPE_PROJECT_ID": PROJECT_ID,
            "DESCOPE_MANAGEMENT_KEY": MANAGEMENT_KEY,
            "DESCOPE_RATE_LIMIT": "0",
            "DESCOPE_BACKUP_DIR": str(self.backups),
            "HOME": str(home),
            **self.environment,
        }
