#!/usr/bin/python
# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: descope_fleet_check
short_description: Check that no two hosts declare the same Descope flow
version_added: 0.1.0
description:
  - Looks at the flows that the variables of all hosts of the play declare, before the first of them writes anything. It
    fails, naming both, where two hosts declare the same flow of the same project; each would undo what the other did.
  - Sends no request and renders no more of a flow than its id. With C(run_once), one look serves the whole play, its
    later batches included.
  - A host whose variables or files are wrong does not stop the others. Its own task says what is wrong.
author:
  - The community.descope contributors (@ansible-collections)
extends_documentation_fragment:
  - community.descope.sources.templates
  - community.descope.attributes
  - community.descope.attributes.info_module
attributes:
  action_group:
    description: Its options are not those of the other modules, so defaults for all modules do not reach it.
    support: none
    membership: []
  action:
    details:
      - Runs on the controller whatever the connection is, because nobody else knows the variables of other hosts.
options:
  declared_in:
    description:
      - How the names of the variables begin in which hosts declare flows, as in M(community.descope.descope_flow).
    type: str
    default: descope_flows
  project_in:
    description:
      - The variable that names the project of a host.
      - Hosts without it are taken to use the project of the environment variable E(DESCOPE_PROJECT_ID).
    type: str
    default: descope_project_id
  list_flows:
    description:
      - Whether to return the ids of all flows that are declared.
    type: bool
    default: false
  conflicts:
    description:
      - Whether a flow with several hosts makes the task fail, which with C(run_once) ends the play for all of them, or
        is a warning only.
    type: str
    choices: [fail, warn]
    default: fail
  options_from:
    description:
      - Variables that hold options, by the names of the options, as in M(community.descope.descope_flow).
    type: dict
notes:
  - Hosts that C(--limit) leaves out are not looked at.
seealso:
  - module: community.descope.descope_flow
"""

EXAMPLES = r"""
- name: Check that no flow has two hosts
  community.descope.descope_fleet_check:
    declared_in: descope_flows
  run_once: true
"""

RETURN = r"""
projects:
  description: The projects in which flows are declared, in the order of their hosts.
  type: list
  elements: dict
  returned: always
  contains:
    project_id:
      description: The project.
      type: str
      sample: P2example0000000000000000000
    first_host:
      description: The first host of the play that declares flows in it.
      type: str
      sample: acme
    hosts:
      description: How many hosts do.
      type: int
      sample: 20
    flows:
      description: How many flows they declare.
      type: int
      sample: 100
    flow_ids:
      description: The ids of these flows.
      type: list
      elements: str
      returned: when O(list_flows=true)
      sample: [acme-sign-in]
unresolved:
  description: The hosts whose declarations are wrong, so that nothing is known of their flows.
  type: list
  elements: str
  returned: always
  sample: []
problems:
  description: The flows with several hosts, where the task failed because of them.
  type: list
  elements: dict
  returned: when there are any
  sample:
    - severity: error
      code: flow-of-several-hosts
      message: declared in project P2example by acme (flows/sign-in.json) and globex (flows/sign-in.json)
      path: ""
      source: ""
      flow_id: sign-in
"""

from ansible_collections.community.descope.plugins.module_utils._fleet.check_task import DESCOPE_FLEET_CHECK
from ansible_collections.community.descope.plugins.module_utils._module import run_module


def main() -> None:
    """Run the use case with the module's arguments."""
    run_module(DESCOPE_FLEET_CHECK)


if __name__ == "__main__":
    main()
