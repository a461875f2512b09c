# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Action plugin of C(descope_flow_walk): works on the controller, where the files are, whatever the connection."""

from __future__ import annotations

from typing import Any

from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._walk.walk_task import DESCOPE_FLOW_WALK
from ansible_collections.community.descope.plugins.plugin_utils._sources import SourcesActionBase


class ActionModule(SourcesActionBase):
    """Walks through flows."""

    use_case = DESCOPE_FLOW_WALK

    def _runs_here(self) -> bool:
        return True

    def _validated(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return the parameters, with files of expectations where Ansible finds them. Raises InputError."""
        params = super()._validated(arguments)
        found: list[str] = []
        problems: list[Problem] = []
        for path in params["expect_src"] or ():
            try:
                found.append(self.find("files", path))
            except InputError as error:
                problems += error.problems
        if problems:
            raise InputError(problems)
        return {**params, "expect_src": found}
