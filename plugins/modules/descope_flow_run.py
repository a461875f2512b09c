#!/usr/bin/python
# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: descope_flow_run
short_description: Run a Descope management flow
version_added: 0.1.0
description:
  - Runs a management flow of a project, one that has no screens, and returns its output.
  - With O(expect_output), compares the output with what is expected, and fails where it differs. So a flow can be tried
    in a project of its own before it goes to another.
  - What a flow does is up to the flow. A run is never sent again, not even where its answer got lost.
author:
  - The community.descope contributors (@ansible-collections)
extends_documentation_fragment:
  - community.descope.connection
  - community.descope.connection.run
  - community.descope.attributes
attributes:
  check_mode:
    support: partial
    details:
      - In check mode nothing is run, so there is no output to compare.
  diff_mode:
    support: none
  idempotent:
    support: none
    details:
      - Each task runs the flow once more, and counts as a change.
options:
  flow_id:
    description: The management flow to run.
    type: str
    required: true
  input:
    description: The input of the flow, by name.
    type: dict
  tenant:
    description: The tenant to run the flow for.
    type: str
  preview:
    description: Whether to ask for a preview. Descope does not document further what that does.
    type: bool
    default: false
  expect_output:
    description:
      - What the output must hold. Members that are not named here may be anything. Lists must be as long.
    type: dict
seealso:
  - module: community.descope.descope_flow_walk
  - module: community.descope.descope_flow
"""

EXAMPLES = r"""
- name: See that the clean-up flow finds nothing to do
  community.descope.descope_flow_run:
    project_id: P2example0000000000000000000
    management_key: "{{ vault_descope_management_key }}"
    flow_id: clean-up
    input:
      older_than_days: 90
    expect_output:
      removed: 0
"""

RETURN = r"""
project_id:
  description: The project that the flow was run in.
  type: str
  returned: always
  sample: P2example0000000000000000000
flow_id:
  description: The flow.
  type: str
  returned: always
  sample: clean-up
ran:
  description: Whether the flow ran and answered.
  type: bool
  returned: always
  sample: true
output:
  description: What the flow gave back.
  type: dict
  returned: always
  sample: {"removed": 0}
differences:
  description: In what the output is not as O(expect_output) says. Secrets are masked.
  type: list
  elements: str
  returned: always
  sample: []
requests:
  description: What the task asked of the API, as M(community.descope.descope_flow) returns it.
  type: dict
  returned: always
  sample: {"made": 2, "retried": 0, "waited_seconds": 0.0, "paused_429": 0, "by_endpoint": {}}
failure:
  description: What the API answered.
  type: dict
  returned: when the API refused
  sample:
    status: 400
    code: E113007
    method: POST
    path: /v1/mgmt/flow/run
"""

from ansible_collections.community.descope.plugins.module_utils._deploy.flow_run_task import DESCOPE_FLOW_RUN
from ansible_collections.community.descope.plugins.module_utils._module import run_module


def main() -> None:
    """Run the use case with the module's arguments."""
    run_module(DESCOPE_FLOW_RUN)


if __name__ == "__main__":
    main()
