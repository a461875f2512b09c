# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Show the main job from end to end: preview, apply, apply again, find and undo a console edit.

Runs C(playbooks/deploy.yml) for every tenant of C(inventory/) against the project's own emulator of Descope, prints
each command before it runs, and checks after each step that what happened is what was said. Needs no account, no key
and no network. Exit status 0 only if every step did what it says.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import requests

from emulated_project import MANAGEMENT_KEY, PROJECT_ID, EmulatedProject, EmulatorError, running_emulator
from flow_library import DEMO, read_inventory, read_templates
from former_project import FormerProject, fill

PLAYBOOK = "playbooks/deploy.yml"
KINDS = ("list", "export", "import", "snapshot", "other")
_RECAP = re.compile(
    r"^(?P<host>\S+)\s+: ok=(?P<ok>\d+)\s+changed=(?P<changed>\d+)\s+unreachable=(?P<unreachable>\d+)\s+"
)
_FAILED = re.compile(r"\sfailed=(\d+)")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class StepFailedError(Exception):
    """A step did not do what it says, so the ones after it would mean nothing."""


@dataclass(frozen=True)
class Run:
    """One finished ansible-playbook: what it printed, its exit status, the requests it made by "METHOD path"."""

    status: int
    output: str
    seconds: float
    requests: Counter[str]

    def recap(self) -> dict[str, tuple[int, int, int]]:
        """Return (ok, changed, failed or unreachable) of every host."""
        found = {}
        for line in self.output.splitlines():
            if (host := _RECAP.match(line)) and (failed := _FAILED.search(line)):
                found[host["host"]] = int(host["ok"]), int(host["changed"]), int(host["unreachable"]) + int(failed[1])
        return found

    def changed_hosts(self) -> list[str]:
        return sorted(host for host, (_unused, changed, _unused) in self.recap().items() if changed)

    def by_kind(self) -> Counter[str]:
        """Return how many requests were made to list, export, import, take a snapshot, and for anything else."""
        kinds: Counter[str] = Counter()
        for request, count in self.requests.items():
            kinds[kind_of(request)] += count
        return kinds


def kind_of(request: str) -> str:
    """Return the column of the table that counts a "METHOD path"."""
    if "/project/snapshot/" in request:
        return "snapshot"
    last = request.rsplit("/", 1)[-1]
    return last if last in KINDS else "other"


@dataclass
class Step:
    """What a step says it does, and whether it did."""

    title: str
    run: Run
    problems: list[str] = field(default_factory=list)

    def require(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self.problems.append(otherwise)


@dataclass
class Demo:
    """The demo's state: a project, a place for everything that is written, and the steps so far."""

    project: EmulatedProject
    tenants: list[str]
    backups: Path
    environment: Mapping[str, str]
    steps: list[Step] = field(default_factory=list)

    def play(self, title: str, *options: str, brief: bool = False) -> Step:
        """Run the playbook for real and print what it prints; brief leaves out the hosts where nothing changed."""
        if self.steps and self.steps[-1].problems:
            raise StepFailedError
        print(f"\n--- {len(self.steps) + 1}. {title}", flush=True)
        command = [str(Path(sys.executable).with_name("ansible-playbook")), PLAYBOOK, *options]
        print("$ " + shlex.join(["ansible-playbook", *command[1:]]), flush=True)
        quiet = {"ANSIBLE_DISPLAY_OK_HOSTS": "false"} if brief else {}
        before, started = self.project.requests_made(), time.monotonic()
        status, output = _run_and_show(command, {**self.environment, **quiet})
        seconds = time.monotonic() - started
        step = Step(title, Run(status, output, seconds, self.project.requests_made() - before))
        self.steps.append(step)
        return step

    def backup_files(self) -> int:
        return sum(1 for path in self.backups.rglob("*") if path.is_file())


def _run_and_show(command: list[str], environment: Mapping[str, str]) -> tuple[int, str]:
    """Run a command in the demo's directory, print its lines as they come, return its status and the plain text."""
    lines = []
    with subprocess.Popen(
        command, cwd=DEMO, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
    ) as process:
        try:
            for line in process.stdout or ():
                print(line, end="", flush=True)
                lines.append(_COLOUR.sub("", line))
        except BaseException:
            process.terminate()
            raise
    return process.returncode, "".join(lines)


# --- what a step must have done ----------------------------------------------------------------------------------


def require_played(step: Step, hosts: Iterable[str], changed: Iterable[str]) -> None:
    """The playbook ended well for exactly these hosts and reported a change for exactly these of them."""
    run = step.run
    step.require(run.status == 0, f"ansible-playbook ended with status {run.status}, expected 0")
    step.require(MANAGEMENT_KEY not in run.output, "the output shows the management key")
    expected = set(changed)
    recap = run.recap()
    step.require(set(recap) == set(hosts), f"the recap names {_names(recap)}, expected {_names(hosts)}")
    for host, (ok, changes, failed) in recap.items():
        wanted = (1, int(host in expected), 0)
        got = (ok, changes, failed)
        step.require(got == wanted, f"{host}: ok={ok} changed={changes} failed={failed}, expected changed={wanted[1]}")


def require_writes(step: Step, imports: int) -> None:
    """The emulator received exactly so many imports, and no delete at all."""
    made = step.run.by_kind()["import"]
    step.require(made == imports, f"the emulator received {made} imports, expected {imports}")
    deletes = sum(count for request, count in step.run.requests.items() if request.endswith("/delete"))
    step.require(deletes == 0, f"the emulator received {deletes} deletes, expected none")


def require_text(step: Step, *texts: str) -> None:
    for text in texts:
        step.require(text in step.run.output, f"the preview does not say {text!r}")


def _names(hosts: Iterable[str]) -> str:
    names = sorted(hosts)
    return ", ".join(names) if len(names) <= 4 else f"{len(names)} hosts"


# --- the story ---------------------------------------------------------------------------------------------------


def tell(demo: Demo, former: FormerProject, flows: int) -> None:
    """Run every step in turn. Raises StepFailedError before a step whose forerunner went wrong."""
    everyone = demo.tenants
    shown = [former.outdated[-1], former.edited[0]]
    to_import = flows * len(everyone) - former.right_already

    step = demo.play("Preview two tenants in full", "--check", "--diff", "--limit", ",".join(shown))
    require_played(step, shown, shown)
    require_writes(step, 0)
    require_text(step, *(f"{tenant}-sign-in" for tenant in shown), "Log in to our app")
    step = demo.play("Preview all tenants", "--check", brief=True)
    require_played(step, everyone, everyone)
    require_writes(step, 0)
    step.require(demo.backup_files() == 0, "the preview has written backup files")

    step = demo.play("Apply: exactly what the preview said", brief=True)
    require_played(step, everyone, everyone)
    require_writes(step, to_import)
    step.require(demo.backup_files() > 0, f"there is no backup in {demo.backups}")
    kept = demo.backup_files()

    require_nothing_left(demo, demo.play("Apply again: nothing left to do", brief=True), kept)
    undo_a_console_edit(demo, former.current[0])
    require_nothing_left(demo, demo.play("Final check: clean", "--check", "--diff", brief=True), demo.backup_files())


def require_nothing_left(demo: Demo, step: Step, backups: int) -> None:
    """Nothing changed anywhere: not in the project, not on disk."""
    require_played(step, demo.tenants, ())
    require_writes(step, 0)
    step.require(demo.backup_files() == backups, "backup files have appeared although nothing changed")


def undo_a_console_edit(demo: Demo, tenant: str) -> None:
    """Change one tenant's flow behind Ansible's back; the preview finds it, the apply undoes it."""
    text = "Log in here!!!"
    flow_id = f"{tenant}-sign-in"
    print(f"\n*** Meanwhile, in the console: somebody changes a title of {flow_id} to {text!r}.", flush=True)
    demo.project.edit_in_console(flow_id, screen="Sign In", text=text)

    step = demo.play("Preview: the drift of one tenant", "--check", "--diff", brief=True)
    require_played(step, demo.tenants, [tenant])
    require_writes(step, 0)
    require_text(step, flow_id, text)
    step = demo.play("Apply: the drift goes", brief=True)
    require_played(step, demo.tenants, [tenant])
    require_writes(step, 1)
    left = text in str(demo.project.export_flow(flow_id))
    step.require(not left, f"{flow_id} still says {text!r} in the project")


def print_table(steps: list[Step]) -> None:
    """Print a line for each step, and below it what went wrong, if anything."""
    width = max(len(step.title) for step in steps)
    print(f"\n{'':>2}  {'step':<{width}}  changed  seconds  " + "  ".join(f"{kind:>8}" for kind in KINDS) + "  result")
    for number, step in enumerate(steps, 1):
        kinds = step.run.by_kind()
        counts = "  ".join(f"{kinds[kind]:>8}" for kind in KINDS)
        result = "FAIL" if step.problems else "pass"
        changed = len(step.run.changed_hosts())
        print(f"{number:>2}  {step.title:<{width}}  {changed:>7}  {step.run.seconds:>7.1f}  {counts}  {result}")
    sys.stdout.flush()
    for number, step in enumerate(steps, 1):
        for problem in step.problems:
            print(f"FAIL in step {number} ({step.title}): {problem}", file=sys.stderr, flush=True)


# --- running it --------------------------------------------------------------------------------------------------


def ansible_environment(url: str, scratch: Path, backups: Path) -> dict[str, str]:
    """Return the environment of ansible-playbook: the project to work on, and no trace outside the scratch folder."""
    colour = {"ANSIBLE_FORCE_COLOR": "1"} if sys.stdout.isatty() and "NO_COLOR" not in os.environ else {}
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name == "ANSIBLE_COLLECTIONS_PATH" or not name.startswith(("ANSIBLE_", "DESCOPE_"))
    }
    return {
        **inherited,
        **colour,
        "ANSIBLE_CONFIG": str(DEMO / "ansible.cfg"),
        "ANSIBLE_HOME": str(scratch / "ansible"),
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml",
        "DESCOPE_BASE_URL": url,
        "DESCOPE_PROJECT_ID": PROJECT_ID,
        "DESCOPE_MANAGEMENT_KEY": MANAGEMENT_KEY,
        "DESCOPE_BACKUP_DIR": str(backups),
        "DESCOPE_RATE_LIMIT": "0",
    }


@contextmanager
def prepared_demo(keep: Path | None) -> Iterator[tuple[Demo, FormerProject, int]]:
    """Start the emulator and fill the project; when the block ends the emulator and the scratch folder are gone."""
    with tempfile.TemporaryDirectory(prefix="descope-demo-") as folder:
        scratch = Path(folder)
        backups = (keep or scratch / "backups").absolute()
        with running_emulator(scratch / "emulator.log") as project:
            templates, tenants = read_templates(), read_inventory()
            former = fill(project, templates, tenants)
            environment = ansible_environment(project.url, scratch, backups)
            yield Demo(project, list(tenants), backups, environment), former, len(templates)


def print_opening(demo: Demo, former: FormerProject, flows: int) -> None:
    print(f"The Descope emulator runs at {demo.project.url}. {len(demo.tenants)} tenants, {flows} flows each.")
    print(f"The project as its console users left it: {len(former.outdated)} tenants with last year's flows,")
    print(f"{len(former.edited)} with flows changed by hand, {len(former.current)} up to date, {len(former.new)} new.")
    print("Nobody has the invitation flow yet. From here on, the commands are what you would type:")
    print(f"\n$ cd {os.path.relpath(DEMO)}")
    for name in ("DESCOPE_PROJECT_ID", "DESCOPE_BASE_URL", "DESCOPE_BACKUP_DIR", "DESCOPE_RATE_LIMIT"):
        print(f"$ export {name}={shlex.quote(demo.environment[name])}")
    print("$ read -rs DESCOPE_MANAGEMENT_KEY && export DESCOPE_MANAGEMENT_KEY")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Preview, apply and verify flows for many tenants, on an emulator.")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="write the backups here and leave them there")
    arguments = parser.parse_args()
    if arguments.keep and arguments.keep.exists() and (not arguments.keep.is_dir() or any(arguments.keep.iterdir())):
        parser.error(f"--keep {arguments.keep}: give a new or an empty directory")
    return arguments


def main() -> int:
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    arguments = parse_arguments()
    try:
        with prepared_demo(arguments.keep) as (demo, former, flows):
            print_opening(demo, former, flows)
            with suppress(StepFailedError):
                tell(demo, former, flows)
    except (EmulatorError, OSError, requests.RequestException, subprocess.CalledProcessError) as error:
        print(f"The demo could not run: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    print_table(demo.steps)
    failed = any(step.problems for step in demo.steps)
    print(f"\nStep {len(demo.steps)} failed; the demo ends here." if failed else "\nEvery step did what it says.")
    if arguments.keep:
        print(f"The backups are in {demo.backups}.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
