# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Attributes that the modules have in common."""

from __future__ import annotations


class ModuleDocFragment:
    """Documentation fragment C(community.descope.attributes)."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and return what it would do, without changing anything.
  diff_mode:
    description: Returns what has changed, or would change in check mode, when asked for a diff.
  idempotent:
    description: When run twice in a row with the same arguments, the second run changes nothing.
  action_group:
    description: Use C(group/community.descope.all) in C(module_defaults) to set options for all modules at once.
    support: full
    membership:
      - community.descope.all
  action:
    description: Runs inside the controller's worker process where the connection is local, without starting a module.
    support: full
  platform:
    description: Where it runs.
    platforms: posix
    support: full
"""

    INFO_MODULE = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - This module does not change anything in a project.
  diff_mode:
    support: none
  idempotent:
    support: full
"""

    FACTS = r"""
options: {}
attributes:
  facts:
    description: Returns facts about the project.
    support: full
"""
