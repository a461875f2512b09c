#!/usr/bin/python
# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: descope_flow_validate
short_description: Validate Descope authentication flows without deploying them
version_added: 0.1.0
description:
  - Renders and validates flows, and says everything that is wrong with them at once, with file and line where these can
    be told. It needs neither a key nor a network, unless O(project=true) asks whether a project has what flows name.
  - The checks are those of M(community.descope.descope_flow), and more, see C(docs/validation.md) for every finding,
    its severity, and what to do about it.
  - Each rendering is validated once, however many hosts of the run share it.
  - With O(results), brings what it found for many tenants together, in one verdict and one report. The playbook
    C(community.descope.validate) does that for an inventory.
author:
  - The community.descope contributors (@ansible-collections)
extends_documentation_fragment:
  - community.descope.connection
  - community.descope.connection.run
  - community.descope.sources
  - community.descope.sources.templates
  - community.descope.attributes
  - community.descope.attributes.info_module
attributes:
  action:
    details:
      - Runs on the controller whatever the connection, because the files are there. Only with O(project=true) it runs
        where the connection leads.
  check_mode:
    support: full
    details:
      - Nothing in a project is ever changed. In check mode, no report is written either.
options:
  project_id:
    description:
      - The Descope project to look things up in, needed with O(project=true).
      - Taken from the environment variable E(DESCOPE_PROJECT_ID) where it is not given.
    type: str
    required: false
  management_key:
    description:
      - A management key for that project, needed with O(project=true).
      - Taken from the environment variable E(DESCOPE_MANAGEMENT_KEY) where it is not given.
    type: str
    required: false
  flow_id:
    description:
      - The id to give the single flow of the task, instead of the one in the document.
    type: list
    elements: str
  results:
    description:
      - Results of this module by the name of the tenant, to bring together instead of validating anything.
      - A tenant whose value is not such a result counts as an error, so that none is overlooked.
    type: dict
  fail_on:
    description:
      - The task fails if there is a finding as bad as this, or worse. V(never) only reports.
    type: str
    choices: [error, warning, info, never]
    default: error
  ignore:
    description:
      - Codes of findings to leave out. How many were left out is in RV(counts).
    type: list
    elements: str
  redirect_hosts:
    description:
      - The hosts that redirects may lead to, V(*) standing for any text, for example V(*.example.com). By default every
        host is allowed.
    type: list
    elements: str
  project:
    description:
      - Whether to look up in the project whether it has the connectors, roles, sub-flows, styles and custom attributes
        that the flows name. The project is read the way M(community.descope.descope_flow) reads it.
    type: bool
    default: false
  report:
    description:
      - Files to write reports to. Their directories are made as needed.
    type: dict
    suboptions:
      json:
        description: A report in JSON, as C(schemas/validation-report.json) describes it.
        type: path
      junit:
        description: A report in JUnit XML, a suite for each tenant and a test for each flow.
        type: path
      sarif:
        description: A report in SARIF 2.1.0, from which code hosts annotate the lines of a pull request.
        type: path
seealso:
  - module: community.descope.descope_flow
  - module: community.descope.descope_flow_walk
"""

EXAMPLES = r"""
- name: Validate the flows of a tenant
  community.descope.descope_flow_validate:
    template:
      - flows/sign-up-or-in.json
      - flows/step-up.json
    redirect_hosts:
      - "*.example.com"

- name: Validate a library, and let warnings fail as well
  community.descope.descope_flow_validate:
    src: flows
    fail_on: warning
    ignore:
      - unused-interaction
    report:
      sarif: reports/flows.sarif

- name: See whether a project has everything that the flows name
  community.descope.descope_flow_validate:
    src: flows/sign-up-or-in.json
    project_id: P2example0000000000000000000
    management_key: "{{ vault_descope_management_key }}"
    project: true

- name: Bring the results of two tenants together
  community.descope.descope_flow_validate:
    results:
      acme: "{{ hostvars['acme'].validation }}"
      globex: "{{ hostvars['globex'].validation }}"
    report:
      junit: reports/flows.xml
"""

RETURN = r"""
counts:
  description: How much was looked at, and how much was found.
  type: dict
  returned: always
  contains:
    errors:
      description: How many errors there are, each counted once however many tenants it concerns.
      type: int
      sample: 1
    warnings:
      description: How many warnings there are.
      type: int
      sample: 0
    infos:
      description: How many notes there are.
      type: int
      sample: 2
    ignored:
      description: How many findings O(ignore) has left out.
      type: int
      sample: 0
    tenants:
      description: How many tenants were looked at.
      type: int
      sample: 1
    flows:
      description: How many flows were looked at, those of each tenant for themselves.
      type: int
      sample: 2
    renderings:
      description: How many different flows that were.
      type: int
      sample: 2
tenants:
  description: The tenants that were looked at.
  type: list
  elements: str
  returned: always
  sample: [acme]
flows:
  description: The flows that were looked at.
  type: list
  elements: dict
  returned: always
  contains:
    flow_id:
      description: The flow.
      type: str
      sample: sign-up-or-in
    source:
      description: The file or argument that the flow came from.
      type: str
      sample: templates/flows/sign-up-or-in.json
    rendering:
      description: Tells one rendering from another.
      type: str
      sample: 2c26b46b68ffc68ff99b453c1d304134
    tenants:
      description: The tenants that get this rendering.
      type: list
      elements: str
      sample: [acme]
problems:
  description: The findings, errors first.
  type: list
  elements: dict
  returned: always
  contains:
    severity:
      description: V(error), V(warning) or V(info).
      type: str
      sample: error
    level:
      description: V(syntax), V(schema), V(screens), V(actions), V(graph), V(project) or V(safety).
      type: str
      sample: graph
    code:
      description: Which finding it is. The codes are stable.
      type: str
      sample: dangling-edge
    message:
      description: What is wrong.
      type: str
      sample: task "Welcome" (0) leads to task "99", which is missing
    hint:
      description: What to do about it.
      type: str
      sample: Take the flow from the console or an earlier commit again; a merge may have mixed two versions.
    path:
      description: The place inside the flow, in its exported form. Empty where the flow could not be read.
      type: str
      sample: $.contents.tasks.0.next.rules[0].taskId
    source:
      description: The file or argument that the flow came from.
      type: str
      sample: templates/flows/sign-up-or-in.json
    flow_id:
      description: The flow.
      type: str
      sample: sign-up-or-in
    file:
      description: The file with the line. Empty where none can be told.
      type: str
      sample: templates/flows/sign-up-or-in.json
    line:
      description: The line, counted from 1. 0 where none can be told.
      type: int
      sample: 17
    column:
      description: The column, counted from 1. 0 where none can be told.
      type: int
      sample: 13
    tenants:
      description: The tenants that it concerns.
      type: list
      elements: str
      sample: [acme]
summary:
  description: The errors and warnings as lines for people, the numbers first.
  type: list
  elements: str
  returned: always
  sample:
    - "2 flows of 1 tenant, 2 renderings: 0 errors, 0 warnings, 2 notes"
validated:
  description: How many renderings this task has validated. The others had been, by other tasks of the run.
  type: int
  returned: always
  sample: 2
requests:
  description: What the task asked of the API, as M(community.descope.descope_flow) returns it.
  type: dict
  returned: when reading the project failed
  sample: {"made": 2, "retried": 0, "waited_seconds": 0.0, "paused_429": 0, "by_endpoint": {}}
failure:
  description: What the API answered.
  type: dict
  returned: when the API refused
  sample:
    status: 401
    code: ""
    method: POST
    path: /v1/mgmt/flow/list
script_parser:
  description: With what scriptlets were parsed. Empty if there is no parser on this machine.
  type: str
  returned: always
  sample: Node.js
reports:
  description: The files that reports were written to, empty where none was.
  type: dict
  returned: always
  sample: {"json": "", "junit": "", "sarif": reports/flows.sarif}
"""

from ansible_collections.community.descope.plugins.module_utils._module import run_module
from ansible_collections.community.descope.plugins.module_utils._validate.validate_task import DESCOPE_FLOW_VALIDATE


def main() -> None:
    """Run the use case with the module's arguments."""
    run_module(DESCOPE_FLOW_VALIDATE)


if __name__ == "__main__":
    main()
