# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Action plugin of C(descope_flow_run)."""

from __future__ import annotations

from ansible_collections.community.descope.plugins.module_utils._deploy.flow_run_task import DESCOPE_FLOW_RUN
from ansible_collections.community.descope.plugins.plugin_utils._action import DescopeActionBase


class ActionModule(DescopeActionBase):
    """Runs management flows."""

    use_case = DESCOPE_FLOW_RUN
