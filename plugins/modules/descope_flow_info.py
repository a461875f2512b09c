#!/usr/bin/python
# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: descope_flow_info
short_description: List and export Descope authentication flows
version_added: 0.1.0
description:
  - Lists the flows of a Descope project, and exports them as values or into files, in the format of your choice.
author:
  - The community.descope contributors (@ansible-collections)
extends_documentation_fragment:
  - community.descope.connection
  - community.descope.connection.run
  - community.descope.attributes
  - community.descope.attributes.info_module
attributes:
  check_mode:
    support: full
    details:
      - The project is only ever read. In check mode, no file is written below O(dest) either.
options:
  flow_id:
    description:
      - The flows to list or export, by id or by a pattern such as V(acme-*). By default, all of the project.
      - Where flows are exported and one of these fits none, there is a warning.
    type: list
    elements: str
  export:
    description:
      - Whether to return the flows themselves. Flows are large, so ask for those that you need.
    type: bool
    default: false
  dest:
    description:
      - A directory to write the flows to, which is created where it does not exist. One file a flow, named after its
        id, or one directory a flow with O(format=snapshot).
      - The task reports a change where a file was written that differs from what was there.
    type: path
  format:
    description:
      - The format of RV(flows[].definition) and of the files below O(dest).
      - V(exported) is what C(descope flow export) writes, and what belongs in version control.
      - V(response) is what the Management API answers, V(console) what the console exports.
      - V(snapshot) is the directory of a flow in a project snapshot.
    type: str
    choices: [exported, response, console, snapshot]
    default: exported
seealso:
  - module: community.descope.descope_flow
"""

EXAMPLES = r"""
- name: List the flows of a project
  community.descope.descope_flow_info:
    project_id: P2example0000000000000000000
    management_key: "{{ vault_descope_management_key }}"
  register: project

- name: Bring the flows of a project into version control
  community.descope.descope_flow_info:
    dest: flows

- name: Look at one flow
  community.descope.descope_flow_info:
    flow_id: sign-up-or-in
    export: true
  register: sign_up_or_in
"""

RETURN = r"""
project_id:
  description: The project that was read.
  type: str
  returned: always
  sample: P2example0000000000000000000
flows:
  description: The flows, ordered by id.
  type: list
  elements: dict
  returned: always
  contains:
    flow_id:
      description: The flow.
      type: str
      sample: sign-up-or-in
    name:
      description: Its name in the console.
      type: str
      sample: Sign Up or In
    description:
      description: Its description in the console.
      type: str
      sample: Sign up or in with a one-time code
    disabled:
      description: Whether it is disabled.
      type: bool
      sample: false
    widget:
      description: Whether it belongs to a widget.
      type: bool
      sample: false
    fingerprint:
      description: Tells one content of a flow from another, server noise apart. Empty where the flow was only listed.
      type: str
      sample: fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9
    definition:
      description: The flow itself in O(format). With V(snapshot), a mapping from file names to their contents.
      type: dict
      returned: when O(export=true)
      sample: {}
missing:
  description: Those of O(flow_id) that the project does not have, patterns that fit none of its flows included.
  type: list
  elements: str
  returned: always
  sample: []
files:
  description: The files below O(dest), whether they had to be written or not.
  type: list
  elements: str
  returned: always
  sample: [flows/sign-up-or-in.json]
requests:
  description: What the task asked of the API, as in M(community.descope.descope_flow).
  type: dict
  returned: always
  sample:
    made: 1
    retried: 0
    waited_seconds: 0.0
    paused_429: 0
    by_endpoint: {"POST /v1/mgmt/flow/list": 1}
problems:
  description: All that is wrong with what the task was given, as in M(community.descope.descope_flow).
  type: list
  elements: dict
  returned: when the arguments are wrong
  sample: []
failure:
  description: What the API answered, as in M(community.descope.descope_flow).
  type: dict
  returned: when the API refused
  sample: {"status": 401, "code": "", "method": "POST", "path": "/v1/mgmt/flow/list"}
"""

from ansible_collections.community.descope.plugins.module_utils._deploy.flow_info_task import DESCOPE_FLOW_INFO
from ansible_collections.community.descope.plugins.module_utils._module import run_module


def main() -> None:
    """Run the use case with the module's arguments."""
    run_module(DESCOPE_FLOW_INFO)


if __name__ == "__main__":
    main()
