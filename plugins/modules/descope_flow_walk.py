#!/usr/bin/python
# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: descope_flow_walk
short_description: Walk through Descope authentication flows, and test their paths
version_added: 0.1.0
description:
  - Lists the paths that a user can take through a flow, from its start to where it ends, with screens, buttons, actions
    and ends in their order. It needs neither a key nor a network.
  - With O(expect) or O(expect_src), tests whether the paths are as somebody expects, so that a team can keep tests of
    its flows beside them, and have them fail before a change reaches a user.
  - Conditions are not evaluated and sub-flows not entered, a path may take every branch.
author:
  - The community.descope contributors (@ansible-collections)
extends_documentation_fragment:
  - community.descope.connection.run
  - community.descope.sources
  - community.descope.sources.templates
  - community.descope.attributes
  - community.descope.attributes.info_module
attributes:
  action:
    details:
      - Runs on the controller whatever the connection, because the files are there.
options:
  flow_id:
    description:
      - The id to give the single flow of the task, instead of the one in the document.
    type: list
    elements: str
  expect:
    description:
      - What is expected of the paths, a list of expectations as in the examples. C(docs/flow-tests.md) says what there
        is.
    type: raw
  expect_src:
    description:
      - Files on the controller with such expectations, in YAML or JSON.
      - Relative paths are searched where Ansible searches files, first in C(files/) of the role and of the playbook.
    type: list
    elements: path
  max_paths:
    description:
      - How many paths of each flow to return, the shortest first. Expectations do not depend on it.
    type: int
    default: 200
requirements:
  - jsonschema >= 4.18
seealso:
  - module: community.descope.descope_flow_validate
  - module: community.descope.descope_flow_run
"""

EXAMPLES = r"""
- name: See the paths of a flow
  community.descope.descope_flow_walk:
    src: flows/sign-up-or-in.json

- name: Test the paths of a flow
  community.descope.descope_flow_walk:
    template: flows/sign-up-or-in.json
    expect:
      - name: A code by e-mail leads in
        path:
          - screen: Welcome
          - press: Continue
          - action: sign-up-or-in-otp-email
          - screen: Verify OTP
          - end: End
      - name: Nobody gets in without proof
        no_path:
          - screen: Welcome
          - end: End
        without:
          - action: verify-code-otp-email
          - action: exchange-oauth-code
      - name: Social login is offered
        actions: [oauth-start]

- name: Test the flows of a library
  community.descope.descope_flow_walk:
    src: flows
    expect_src: tests/flows.yml
"""

RETURN = r"""
flows:
  description: The flows, with what their paths show.
  type: list
  elements: dict
  returned: always
  contains:
    flow_id:
      description: The flow.
      type: str
      sample: sign-in
    source:
      description: The file or argument that the flow came from.
      type: str
      sample: flows/sign-in.json
    screens:
      description: The names of the screens that some path shows, the nearest to the start first.
      type: list
      elements: str
      sample: [Welcome, Verify OTP]
    actions:
      description: The actions that some path does.
      type: list
      elements: str
      sample: [sign-in-otp-email, verify-code-otp-email]
    flows:
      description: The ids of the flows that some path calls.
      type: list
      elements: str
      sample: []
    ends:
      description: The names of the ends that some path comes to.
      type: list
      elements: str
      sample: [End]
    paths:
      description: The paths, the shortest first. A path passes no task twice.
      type: list
      elements: dict
      contains:
        text:
          description: The path in one line, with what the user presses or what happens in brackets.
          type: str
          sample: screen "Welcome" > [Continue] action "Sign In / OTP / Email" > [success] end "End"
        logged_in:
          description: Whether the path ends at an End, and not at a screen or sub-flow that leads nowhere.
          type: bool
          sample: true
        steps:
          description: The steps of the path.
          type: list
          elements: dict
          contains:
            task:
              description: The id of the task.
              type: str
              sample: "0"
            kind:
              description: V(screen), V(action), V(condition), V(flow) or V(end).
              type: str
              sample: screen
            name:
              description: The name of the step in the console.
              type: str
              sample: Welcome
            does:
              description: The action of an action, the id of a called flow, the id of a screen.
              type: str
              sample: SC3tests0000000000000welcome0
            via:
              description: What the user pressed, or what happened, to get here.
              type: str
              sample: ""
    loops:
      description: The rules that lead back to where their path has been.
      type: list
      elements: dict
      contains:
        task:
          description: The task that leads back.
          type: str
          sample: "2"
        via:
          description: What leads back.
          type: str
          sample: Send again
        back_to:
          description: The task that it leads to.
          type: str
          sample: "1"
    truncated:
      description: Whether there are more paths than are returned.
      type: bool
      sample: false
expectations:
  description: What was expected, and in what it does not hold.
  type: list
  elements: dict
  returned: always
  contains:
    name:
      description: The name of the expectation.
      type: str
      sample: A code by e-mail leads in
    flow_id:
      description: The flow that it is about.
      type: str
      sample: sign-up-or-in
    source:
      description: The file or argument that it came from.
      type: str
      sample: tests/flows.yml
    failures:
      description: In what it does not hold, empty where it does.
      type: list
      elements: str
      sample: []
problems:
  description: All that is wrong with what the task was given.
  type: list
  elements: dict
  returned: when the arguments, flows or expectations are wrong
  sample:
    - severity: error
      code: invalid-expectation
      message: "a step is an object with one of screen, action, condition, flow, end, press and a name"
      path: $[0].path[1]
      source: tests/flows.yml
      flow_id: ""
"""

from ansible_collections.community.descope.plugins.module_utils._module import run_module
from ansible_collections.community.descope.plugins.module_utils._walk.walk_task import DESCOPE_FLOW_WALK


def main() -> None:
    """Run the use case with the module's arguments."""
    run_module(DESCOPE_FLOW_WALK)


if __name__ == "__main__":
    main()
