# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Action plugin of C(descope_flow_drift)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.community.descope.plugins.action.descope_flow import ActionModule as FlowAction
from ansible_collections.community.descope.plugins.module_utils._deploy.drift_task import DESCOPE_FLOW_DRIFT


class ActionModule(FlowAction):
    """Tells how the project differs from what is declared."""

    use_case = DESCOPE_FLOW_DRIFT
    _fails_on_drift = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the result; with C(fail_on_drift), a host of which nothing can be told is unreachable, not failed."""
        result = super().run(tmp, task_vars)
        if self._fails_on_drift and result.get("failed") and not result.get("drifted"):
            # So that the recap, and the exit status of ansible-playbook, tell the two apart.
            del result["failed"]
            result["unreachable"] = True
        return result

    def options_told(self, options: Mapping[str, Any]) -> None:
        """Take note of whether drift fails. What is neither yes nor no is an error, and so not what drift is."""
        try:
            self._fails_on_drift = boolean(options.get("fail_on_drift") or False)
        except TypeError:
            self._fails_on_drift = True
