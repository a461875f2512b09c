# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Options of the modules that compare or deploy flows: what flows refer to in their project."""

from __future__ import annotations


class ModuleDocFragment:
    """Documentation fragment C(community.descope.references)."""

    DOCUMENTATION = r"""
options:
  connectors:
    description:
      - The ids of connectors in the target project, by name.
      - A flow that was exported names its connectors in C(references). Its ids are replaced by those of the connectors
        of the same names in the target project, which are known from the snapshot of the project. Give here what the
        snapshot does not tell, or tells otherwise than you want it.
      - An empty id is an error. One that the snapshot does not have is treated as O(unresolved) says, where the flow in
        the project does not use it already.
    type: dict
  roles:
    description:
      - The ids of roles in the target project, by name, as O(connectors). A snapshot is known to tell only those that
        flows of the project use already, so whether an id given here exists is not known; an empty one is an error.
    type: dict
  unresolved:
    description:
      - What to do about a connector or role that the target project does not have. Descope would import such a flow and
        deselect the step.
      - V(fail) stops the task before anything is written. V(warn) warns and goes on. V(ignore) goes on.
      - A connector that not even the flow's own C(references) name, as in some exports, is never more than a warning.
    type: str
    choices: [fail, warn, ignore]
    default: fail
"""
