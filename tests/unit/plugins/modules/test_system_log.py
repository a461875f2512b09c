# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What modules write to the log of the machine that they run on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from example_flows import minimal_flow

_MODULE = Path(__file__).resolve().parents[4] / "plugins" / "modules" / "descope_flow.py"
_PROGRAM = """
import json, runpy, sys, syslog
syslog.syslog = lambda *said: print("LOGGED", said[-1])
syslog.openlog = lambda *_said: None
from ansible.module_utils import basic
basic.has_journal = False
basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": json.loads(sys.argv[2])}).encode()
basic._ANSIBLE_PROFILE = "legacy"
runpy.run_path(sys.argv[1], run_name="__main__")
"""


def test_no_flow_goes_to_the_system_log() -> None:
    """The arguments of a module on another machine are the flows as they were rendered."""
    flow = minimal_flow("welcome", title="told to nobody")
    arguments = {
        "project_id": "P2x",
        "management_key": "K2abcdefgh",
        "base_url": "http://127.0.0.1:9",
        "flows": [{"definition": flow}],
        "_ansible_check_mode": True,
    }

    ended = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(_MODULE), json.dumps(arguments)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert '"failed": true' in ended.stdout, ended.stderr
    assert "LOGGED" not in ended.stdout
