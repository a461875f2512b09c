# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Writes every result as one JSON line to the file that E(DESCOPE_TEST_RESULTS) names."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: test_results
type: notification
short_description: Results as JSON lines
description:
  - Writes every result as one JSON line to a file.
author: The community.descope contributors (@ansible-collections)
"""


class CallbackModule(CallbackBase):
    """Results as JSON lines."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "test_results"

    def _write(self, kind: str, result: Any) -> None:
        line = {
            "kind": kind,
            "host": result._host.get_name(),
            "task": result._task.get_name(),
            "result": result._result,
        }
        with Path(os.environ["DESCOPE_TEST_RESULTS"]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, default=str) + "\n")

    def v2_runner_on_ok(self, result: Any) -> None:
        self._write("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._write("failed", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._write("unreachable", result)
