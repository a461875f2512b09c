# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Parsing scriptlets as JavaScript, where Node.js is on this machine. Nothing is executed, only compiled."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ansible_collections.community.descope.plugins.module_utils._secrets import hidden

# A scriptlet is the body of a function: it returns. Whether it may wait is not documented, so it may.
_PROGRAM = """
const vm = require("vm");
const AsyncFunction = Object.getPrototypeOf(async function () {}).constructor;
function fault(code) {
  try { new AsyncFunction(code); return ""; } catch (error) {
    let line = "";
    try { new vm.Script("(async function () {" + code + "\\n})", {filename: "scriptlet"}); } catch (located) {
      const found = /^scriptlet:([0-9]+)/.exec(located.stack || "");
      line = found ? ", line " + found[1] : "";
    }
    return error.message + line;
  }
}
const codes = JSON.parse(require("fs").readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(codes.map(fault)));
"""


class RunCommand(Protocol):
    """Runs a program with a text as its input. Returns what it printed, None where it failed or could not be run."""

    def __call__(self, command: list[str], text: str) -> str | None: ...


@dataclass(frozen=True)
class NodeParser:
    """A parser that asks Node.js. label: what it is, for reports."""

    program: str
    run_command: RunCommand
    label: str = "Node.js"
    _known: dict[str, str] = field(default_factory=dict)

    def __call__(self, codes: Sequence[str]) -> list[str] | None:
        """Return what is wrong with each code, empty texts where nothing is; None if Node.js cannot be asked."""
        new = [code for code in dict.fromkeys(codes) if code not in self._known]
        if new:
            answers = self._ask(new)
            if answers is None:
                return None
            self._known.update(zip(new, answers, strict=True))
        return [self._known[code] for code in codes]

    def _ask(self, codes: list[str]) -> list[str] | None:
        printed = self.run_command([self.program, "-e", _PROGRAM], json.dumps(codes))
        try:
            answers = json.loads(printed or "")
        except ValueError:
            return None
        texts = [" ".join(hidden(str(answer)).split())[:200] for answer in answers] if isinstance(answers, list) else []
        return texts if len(texts) == len(codes) else None


def find_parser(run_command: RunCommand) -> NodeParser | None:
    """Return a parser, None where this machine has no Node.js. It is only asked once there is a scriptlet."""
    program = shutil.which("node")
    return NodeParser(program, run_command) if program else None
