# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Run the gates that a change has to pass, and end with how many did.

``gates.py lint`` reads the source; ``gates.py test`` does that and runs it, with the oldest supported and the newest
stable ansible-core. Names (or parts of them) after that choose gates: ``gates.py test ruff sanity``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from gate_runner import CORES, Command, Gate, Outcome, print_outcome, run_gates
from interpreters import Interpreter, find_interpreters
from setup import CACHE, CHECKOUT, COLLECTIONS, MAIN, OLDEST, Environment

# ansible-test downloads a script to put pip into the environments of its tests, named after the pip that this
# ansible-core wants (2.19; 2.20 and later). Ours is there before it looks, so that a package index is all it needs.
_GET_PIP = Path(__file__).with_name("get_pip.py")
_GET_PIP_COPIES = ("get_pip_24_2.py", "get_pip_25_2.py")
_UNWANTED_PREFIXES = ("ANSIBLE_", "DESCOPE_", "MOLECULE_", "PYTHON", "VIRTUAL_ENV")
_WANTED = ("DESCOPE_REAL_FLOWS",)


@dataclass(frozen=True)
class Core:
    """An ansible-core to test with: its environment, and the folders that only its gates write to."""

    label: str
    environment: Environment

    @property
    def scratch(self) -> Path:
        return CACHE / self.label

    @property
    def copy(self) -> Path:
        """Where ansible-test finds the collection: it only works in a folder with this very ending."""
        return self.scratch / "ansible_collections" / "community" / "descope"

    @property
    def home(self) -> Path:
        return self.scratch / "home"

    @cached_property
    def versions(self) -> tuple[str, str]:
        """The versions of ansible-core and Python."""
        program = "import ansible.release, platform; print(ansible.release.__version__, platform.python_version())"
        answer = subprocess.run([self.environment.python, "-c", program], capture_output=True, text=True, check=True)
        core, python = answer.stdout.split()
        return core, python

    @property
    def title(self) -> str:
        return "core {}, Python {}".format(*self.versions)

    def program(self, name: str) -> Path:
        return self.environment.folder / "bin" / name

    def variables(self, **more: str | Path) -> dict[str, str]:
        """Return the environment of this core's gates: nothing in it depends on who runs them."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name in _WANTED or not name.startswith(_UNWANTED_PREFIXES)
        }
        own = {
            "ANSIBLE_COLLECTIONS_PATH": COLLECTIONS,
            "ANSIBLE_HOME": self.scratch / "ansible",
            "ANSIBLE_NOCOLOR": "1",
            "HYPOTHESIS_PROFILE": "repeatable",
            "HYPOTHESIS_STORAGE_DIRECTORY": self.scratch / "hypothesis",
            "NO_COLOR": "1",
            "PATH": self._path(),
            "XDG_CACHE_HOME": self.scratch / "xdg",
        }
        return inherited | {name: str(value) for name, value in {**own, **more}.items()}

    def _path(self) -> str:
        """Return PATH with this environment first, and without pyenv's shims, which exist but do not run."""
        inherited = os.environ.get("PATH", os.defpath).split(os.pathsep)
        folders = [str(self.environment.folder / "bin"), *_interpreter_folders()]
        return os.pathsep.join(folders + [folder for folder in inherited if Path(folder).name != "shims"])


NEWEST_CORE = Core("newest", MAIN)
OLDEST_CORE = Core("oldest", OLDEST)


def lint_gates() -> Iterator[Gate]:
    """Yield the gates that read the source."""
    core = NEWEST_CORE

    def gate(name: str, *commands: Command) -> Gate:
        programs = tuple((core.program(str(program)), *arguments) for program, *arguments in commands)
        return Gate(name, programs, CHECKOUT, core.variables())

    yield gate("ansible-lint", ("ansible-lint", "--offline", "--profile", "production"))
    yield gate("mypy --strict", ("mypy",))
    yield gate("ruff format", ("ruff", "format", "--check", "."))
    yield gate("ruff check", ("ruff", "check", "--output-format", "concise", "."))
    yield gate("yamllint", ("yamllint", "--strict", "."))
    yield gate("antsibull-docs", ("antsibull-docs", "lint-collection-docs", *_DOCS_OPTIONS, "."))
    yield gate(
        "antsibull-changelog",
        ("antsibull-changelog", "lint"),
        ("antsibull-changelog", "lint-changelog-yaml", "--strict", "changelogs/changelog.yaml"),
    )
    yield gate("collection build", ("python", "scripts/build_check.py"))
    # In the copy: reuse takes what git ignores inside folders that are new to git for files of ours.
    yield Gate("reuse", ((core.program("reuse"), "lint", "--lines"),), core.copy, core.variables())


_DOCS_OPTIONS = (
    "--plugin-docs",
    "--validate-collection-refs=all",
    "--check-extra-docs-refs",
    "--disallow-unknown-collection-refs",
)


def run_gates_of(core: Core) -> Iterator[Gate]:
    """Yield the gates that run the code with one ansible-core."""
    yield Gate(f"pytest ({core.title})", (_pytest(core),), CHECKOUT, core.variables(), lane="pytest")
    in_copy = core.variables(HOME=core.home)
    yield Gate(f"ansible-test sanity ({core.title})", tuple(_sanity(core)), core.copy, in_copy, lane=core.label)
    if (CHECKOUT / "tests" / "integration" / "targets").exists():
        integration = _ansible_test(core, "integration", "--local", "--python", _minor(core.versions[1]))
        yield Gate(f"ansible-test integration ({core.title})", (integration,), core.copy, in_copy, lane=core.label)


def molecule_gate() -> Gate:
    core = NEWEST_CORE
    command = (core.program("molecule"), "test", "--all")
    return Gate(f"molecule ({core.title})", (command,), CHECKOUT, core.variables())


def _pytest(core: Core) -> Command:
    side_by_side = ("-n", str(max(2, CORES)), "--dist", "loadgroup")
    options = ("-q", *side_by_side, "-o", f"cache_dir={core.scratch / 'pytest'}")
    chosen = () if core is NEWEST_CORE else ("-m", "not once")
    return (core.program("python"), "-m", "pytest", *options, *chosen)


def _sanity(core: Core) -> Iterator[Command]:
    """Yield all sanity tests on this core's Python, and with the newest core those that differ on other Pythons."""
    own = _minor(core.versions[1])
    yield _ansible_test(core, "sanity", "--python", own)
    for interpreter in _interpreters():
        version = ".".join(map(str, interpreter.minor))
        if core is NEWEST_CORE and version != own:
            yield _ansible_test(core, "sanity", "--test", "compile", "--test", "import", "--python", version)


def _ansible_test(core: Core, command: str, *arguments: str) -> Command:
    return (core.program("ansible-test"), command, "--color", "no", *arguments)


def _minor(version: str) -> str:
    return version.rpartition(".")[0]


_found: list[Interpreter] = []


def _interpreters() -> list[Interpreter]:
    if not _found:
        _found.extend(find_interpreters())
    return _found


def _interpreter_folders() -> list[str]:
    return [str(interpreter.path.parent) for interpreter in _interpreters()]


def copy_checkout(core: Core) -> None:
    """Copy what git knows or would add to where ansible-test works, as a repository of its own."""
    shutil.rmtree(core.copy, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        source, target = CHECKOUT / name, core.copy / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
    subprocess.run(["git", "init", "--quiet"], cwd=core.copy, check=True)


def prepare_home(core: Core) -> None:
    """Give ansible-test a home folder of its own, with the stand-in where it looks for the download."""
    for name in _GET_PIP_COPIES:
        copied = core.home / ".ansible" / "test" / "cache" / name
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_GET_PIP, copied)
    # What the user has told pip about package indexes holds there too.
    for name in (".pip", ".config/pip"):
        told, link = Path.home() / name, core.home / name
        if told.exists() and not link.exists():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(told)


def chosen_gates(suite: str, names: list[str]) -> list[Gate]:
    """Return the gates of a suite, those with one of the names in theirs if there are any; prepare their folders."""
    copy_checkout(NEWEST_CORE)
    gates = list(lint_gates())
    if suite == "test":
        prepare_home(NEWEST_CORE)
        gates += run_gates_of(NEWEST_CORE)
        if OLDEST_CORE.environment.is_ready():
            copy_checkout(OLDEST_CORE)
            prepare_home(OLDEST_CORE)
            gates += run_gates_of(OLDEST_CORE)
        gates.append(molecule_gate())
    return [gate for gate in gates if not names or any(name in gate.name for name in names)]


def print_heading(suite: str) -> None:
    """Say what runs, and what does not and why."""
    print(f"newest ansible-core: {NEWEST_CORE.title}")
    if suite != "test":
        return
    if OLDEST_CORE.environment.is_ready():
        print(f"oldest ansible-core: {OLDEST_CORE.title} (without the tests that say nothing about ansible-core)")
    elif NEWEST_CORE.versions[0].startswith("2.19."):
        print("skipped: newer versions of ansible-core, because they need Python 3.12 or newer")
    else:
        print("skipped: ansible-core 2.19, the oldest supported, because it needs Python 3.11, 3.12 or 3.13")
    if not shutil.which("chromedriver"):
        print("skipped: the report's page in a browser, because there is no chromedriver here")
    print(flush=True)


def print_summary(outcomes: list[Outcome], seconds: float) -> None:
    failed = [outcome.gate.name for outcome in outcomes if not outcome.passed]
    print(f"\n{len(outcomes)} gates in {seconds:.0f} s")
    if failed:
        print("failed: " + ", ".join(failed))
    print(f"{len(outcomes) - len(failed)} passed, {len(failed)} failed", flush=True)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("suite", choices=["lint", "test"])
    parser.add_argument("names", nargs="*", metavar="NAME", help="run only the gates with this in their name")
    options = parser.parse_args(arguments)
    started = time.monotonic()
    print_heading(options.suite)
    gates = chosen_gates(options.suite, options.names)
    if not gates:
        parser.error(f"no gate has a name with {' or '.join(options.names)} in it")
    signal.signal(signal.SIGTERM, lambda *_received: sys.exit("ended by a signal"))
    outcomes = run_gates(gates, print_outcome)
    print_summary(outcomes, time.monotonic() - started)
    return 0 if all(outcome.passed for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
