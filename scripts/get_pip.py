# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Stand in for the script that ansible-test would download to put pip into an empty virtual environment.

Does the same with the pip that every Python brings along: installs that one, and has it install what was asked for.
"""

from __future__ import annotations

import runpy
import subprocess
import sys

_UNKNOWN_TO_PIP = {"--no-setuptools", "--no-wheel"}

# In a process of its own, because it makes the one it runs in forget what is configured for pip.
subprocess.run([sys.executable, "-m", "ensurepip"], stdout=subprocess.DEVNULL, check=True)
sys.argv[1:] = ["install", *(argument for argument in sys.argv[1:] if argument not in _UNKNOWN_TO_PIP)]
runpy.run_module("pip", run_name="__main__", alter_sys=True)
