# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Doing what a document says: its code blocks are run as a reader would run them, and what they print is compared.

A comment before a block, which readers do not see, says what the block is:

    <!-- session: NAME -->     commands; all blocks of one session run one after the other in one shell
    <!-- background: NAME -->  a command that goes on running beside that session, as in a second terminal
    <!-- file: PATH -->        a file of the session, relative to where its shell stands
    <!-- edit: PATH -->        lines of such a file to replace, as a diff; "..." separates places
    <!-- example -->           nothing to run; a test of its own looks at it

Below a command stands what it prints, or nothing if that does not matter; a line "..." stands for any lines.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from emulator_client import CHECKOUT
from playbooks import MANAGEMENT_KEY

# The port that documents use. Tests run on a free one.
DOCUMENTED_PORT = "8765"
# Where the reader lives.
DOCUMENTED_HOME = "/home/you"
_COMMAND_SECONDS = 300
_START_SECONDS = 60.0

_BLOCK = re.compile(
    r"^(?:<!-- (?P<kind>[a-z]+)(?:: (?P<name>[^\n]+?))? -->\n)?^```(?P<language>[a-z]*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
# What differs from run to run, or from machine to machine.
_CHANGING = (
    (re.compile(r"\b\d{8}T\d{6}Z-[0-9a-f]{8}\b"), "BACKUP"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z"), "TIME"),
    (re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\b"), "TIME"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "HASH"),
    (re.compile(r'("(?:run_id|user)": )"[^"]*"'), r"\1ANY"),
    # The table of a project's history: the column of the runs is as wide as their ids are.
    (re.compile(r"\bRUN +(?=WHAT\b)"), "RUN  "),
    (re.compile(r"\b\d+[a-z0-9_]{8}  +(?=\S)"), "RUN  "),
    (re.compile(r"\b127\.0\.0\.1:\d+\b"), "HOST"),
)


@dataclass(frozen=True)
class Block:
    """A code block: what it is, what it belongs to, and where in the document it begins."""

    kind: str
    name: str
    language: str
    text: str
    line: int


@dataclass(frozen=True)
class Command:
    """One command of a console block, and what it is said to print, if anything is."""

    text: str
    output: tuple[str, ...]


def blocks(document: Path) -> list[Block]:
    """Return the code blocks of a Markdown document, those that no comment explains with an empty kind."""
    text = document.read_text(encoding="utf-8")
    found = list(_BLOCK.finditer(text))
    assert len(found) * 2 == len(re.findall(r"^```", text, re.MULTILINE)), f"{document.name}: a block is not closed"
    return [
        Block(
            kind=match["kind"] or "",
            name=match["name"] or "",
            language=match["language"],
            text=match["text"],
            line=text.count("\n", 0, match.start()) + 1,
        )
        for match in found
    ]


def session_blocks(document: Path, session: str) -> list[Block]:
    """Return the blocks that a session consists of: its commands, and the files that come before or between them."""
    chosen: list[Block] = []
    waiting: list[Block] = []
    for block in blocks(document):
        if block.kind in ("file", "edit"):
            waiting.append(block)
        elif block.kind == "session":
            chosen += [*waiting, block] if block.name == session else []
            waiting = []
    return chosen


def commands(block: Block) -> list[Command]:
    """Return the commands of a console block. They begin with C($); lines that go on begin with C(>)."""
    found: list[tuple[list[str], list[str]]] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            found.append(([line[2:]], []))
        elif line.startswith("> ") and found and not found[-1][1]:
            found[-1][0].append(line[2:])
        else:
            assert found, f"line {block.line}: a console block begins with a command"
            found[-1][1].append(line)
    return [Command("\n".join(text), tuple(output)) for text, output in found]


@dataclass
class Shell:
    """A reader's shell: variables and the working directory outlive the commands. C(said) is what the last one said.

    C(here) has what commands of the document are to say on this machine, by what they say there.
    """

    home: Path
    start: Path
    variables: dict[str, str] = field(default_factory=dict)
    port: str = DOCUMENTED_PORT
    here: dict[str, str] = field(default_factory=dict)
    said: str = ""
    _state: Path = field(init=False)

    def __post_init__(self) -> None:
        self.home.mkdir(exist_ok=True)
        self._state = self.home / ".shell-state"
        self._state.write_text(f"cd {self.start}\n", encoding="utf-8")

    def follow(self, steps: list[Block]) -> None:
        """Do what the blocks say, in their order."""
        for block in steps:
            if block.kind == "file":
                self.file(block.name).parent.mkdir(parents=True, exist_ok=True)
                self.file(block.name).write_text(block.text, encoding="utf-8")
            elif block.kind == "edit":
                _edit(self.file(block.name), block)
            else:
                for command in commands(block):
                    self.run(command)

    def run(self, command: Command) -> None:
        """Run a command, which must succeed, and compare what it prints with what it is said to print."""
        status, self.said = self._execute(command.text)
        assert status == 0, f"$ {command.text}\nended with status {status}:\n{self.said}"
        if command.output:
            expected, printed = self._comparable("\n".join(command.output)), self._comparable(self.said)
            assert _matches(expected, printed), f"$ {command.text}\nprints\n{printed}\n\ninstead of\n{expected}"

    def file(self, name: str) -> Path:
        """Return the path of a file, relative to where the shell stands."""
        where = re.findall(r"^cd (.+)$", self._state.read_text(encoding="utf-8"), re.MULTILINE)[-1]
        return Path(where) / name

    def _execute(self, command: str) -> tuple[int, str]:
        # "set -a" and the dump of exported variables carry all variables over, those that were not exported too.
        script = f"""
            set -a
            . {self._state}
            {{ {self._here(command)}
            }}
            status=$?
            {{ declare -px; echo "cd $PWD"; }} | grep -v '^declare -[a-z]*r' > {self._state}
            exit $status
        """
        completed = subprocess.run(
            ["bash", "-c", script],
            env=reader_environment(HOME=str(self.home), **self.variables),
            input=f"{MANAGEMENT_KEY}\n",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=_COMMAND_SECONDS,
        )
        return completed.returncode, completed.stdout

    def _here(self, command: str) -> str:
        """Return a command of the document as it is on this machine."""
        for documented, real in {".venv/bin/": f"{sys.prefix}/bin/", DOCUMENTED_PORT: self.port, **self.here}.items():
            command = command.replace(documented, real)
        return command

    def _comparable(self, text: str) -> str:
        text = text.replace(str(self.home), DOCUMENTED_HOME)
        for changing, stand_in in _CHANGING:
            text = changing.sub(stand_in, text)
        return "\n".join(line.rstrip() for line in text.strip().splitlines())


def _matches(expected: str, printed: str) -> bool:
    """Tell whether a text is what was expected, where a line of three dots stands for any lines."""
    lines = (r"(?:.*\n)*?" if line == "..." else re.escape(line) + r"\n" for line in expected.splitlines())
    return re.fullmatch("".join(lines), printed + "\n") is not None


def _edit(path: Path, block: Block) -> None:
    """Replace lines of a file as a diff says. Every place must be found exactly once."""
    text = path.read_text(encoding="utf-8")
    for hunk in re.split(r"^\.\.\.\n", block.text, flags=re.MULTILINE):
        before, after = (
            "".join(line[1:] for line in hunk.splitlines(keepends=True) if line[0] in signs) for signs in (" -", " +")
        )
        assert text.count(before) == 1, f"line {block.line}: these lines are not once in {path.name}:\n{before}"
        text = text.replace(before, after)
    path.write_text(text, encoding="utf-8")


def reader_environment(**more: str) -> dict[str, str]:
    """Return the environment of a reader: this Ansible, its output in one order, and nobody's settings."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "DESCOPE_", "VIRTUAL_"))
    }
    own = {
        "ANSIBLE_FORKS": "1",
        "ANSIBLE_NOCOLOR": "1",
        "LC_ALL": "C.UTF-8",
        "LOGNAME": "you",
        "PATH": os.pathsep.join([f"{sys.prefix}/bin", os.environ.get("PATH", os.defpath)]),
        "PIP_NO_INDEX": "1",
    }
    return {**inherited, **own, **more}


@contextmanager
def second_terminal(document: Path, session: str) -> Iterator[str]:
    """Run the commands that go on beside a session, in the checkout, until the block ends. Yields the port they use."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    running = [
        subprocess.Popen(
            ["bash", "-c", command.text.replace(DOCUMENTED_PORT, port)],
            cwd=CHECKOUT,
            env=reader_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        for block in blocks(document)
        if (block.kind, block.name) == ("background", session)
        for command in commands(block)
    ]
    try:
        _wait_until_it_answers(f"http://127.0.0.1:{port}/_emulator/health")
        yield port
    finally:
        for process in running:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(_COMMAND_SECONDS)


def _wait_until_it_answers(url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            requests.get(url, timeout=5).raise_for_status()
        except requests.ConnectionError:
            assert time.monotonic() < deadline, f"nothing answers at {url}"
            time.sleep(0.1)
        else:
            return
