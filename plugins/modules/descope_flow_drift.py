#!/usr/bin/python
# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: descope_flow_drift
short_description: Tell how Descope flows differ from what is declared, and where that came from
version_added: 0.1.0
description:
  - Compares the flows of a project with what files in version control say, and writes nothing.
  - For each flow that differs, the records beside the backups tell which side has changed since this collection last
    wrote it, the files or the project. A change in the project was made in the console, or by another tool.
  - Also finds flows that exist and that nobody declares.
  - Takes flows from the same sources as M(community.descope.descope_flow), and as many requests to read them.
author:
  - The community.descope contributors (@ansible-collections)
extends_documentation_fragment:
  - community.descope.connection
  - community.descope.connection.run
  - community.descope.sources
  - community.descope.sources.templates
  - community.descope.references
  - community.descope.attributes
  - community.descope.attributes.info_module
  - community.descope.attributes.facts
options:
  flow_id:
    description:
      - With O(state=present), the id to give the single flow of the task, instead of the one in the document.
      - With O(state=absent), the flows that should not exist.
    type: list
    elements: str
  state:
    description:
      - V(present) means that the flows should exist as they are declared.
      - V(absent) means that the flows in O(flow_id) should not exist.
    type: str
    choices: [present, absent]
    default: present
  validate:
    description:
      - Whether to check each declared flow before anything is compared, as M(community.descope.descope_flow) does.
    type: bool
    default: true
  compare:
    description:
      - What counts as a difference.
    type: dict
    suboptions:
      layout:
        description: Whether a flow differs of which only the positions of its tasks on the canvas do.
        type: bool
        default: false
  backup_dir:
    description:
      - Where the backups of M(community.descope.descope_flow) are, on the machine that talks to the API. What it
        recorded there tells who changed a flow.
      - Taken from the environment variable E(DESCOPE_BACKUP_DIR) where it is not given.
    type: path
    default: ~/.descope/backups
  undeclared:
    description:
      - What to do about flows that exist in the project and that nobody declares.
      - V(report) returns them, V(drift) also counts them as drift.
      - No file is needed to keep a flow as it is; so most projects have some.
    type: str
    choices: [ignore, report, drift]
    default: report
  declared_elsewhere:
    description:
      - Flows that something else declares, so that they are not undeclared, for example those of the other tenants of
        the project. Patterns such as V(acme-*) are allowed.
    type: list
    elements: str
  fail_on_drift:
    description:
      - Whether the task fails where there is drift.
      - The host is then unreachable, instead of failed, where it cannot be told whether there is drift, so that
        C(ansible-playbook) ends with V(0) where all is in sync, V(2) where something has drifted, and V(4) where at
        least one host could not be told.
    type: bool
    default: false
seealso:
  - module: community.descope.descope_flow
"""

EXAMPLES = r"""
- name: Look for drift
  community.descope.descope_flow_drift:
    template:
      - flows/sign-up-or-in.json
      - flows/step-up.json
  register: drift

- name: Say who should look at it
  ansible.builtin.debug:
    msg: "{{ drift.flows | selectattr('changed_in', 'in', ['project', 'both']) | map(attribute='flow_id') | list }}"

- name: Fail where anything differs from what the variables declare
  community.descope.descope_flow_drift:
    declared_in: descope_flows
    undeclared: drift
    declared_elsewhere:
      - internal-*
    fail_on_drift: true
"""

RETURN = r"""
project_id:
  description: The project that was compared.
  type: str
  returned: always
  sample: P2example0000000000000000000
drifted:
  description: Whether anything differs. False also where that cannot be told, and then the task fails.
  type: bool
  returned: always
  sample: true
flows:
  description: How each declared flow stands, in the order of the task.
  type: list
  elements: dict
  returned: always, empty where that cannot be told
  contains:
    flow_id:
      description: The flow.
      type: str
      sample: sign-up-or-in
    source:
      description: The file or argument that declares it.
      type: str
      sample: templates/flows/sign-up-or-in.json
    state:
      description:
        - V(in_sync) or V(differs); V(missing) where it should exist and does not, V(unexpected) where it exists and
          should not.
      type: str
      sample: differs
    changed_in:
      description:
        - Where the difference came from. V(files) where the project still holds what was last applied, V(project) where
          the files still say it, V(both) where neither does.
        - V(unknown) where no record tells, for example because the flow was applied without a backup or from another
          machine. Empty where nothing differs.
      type: str
      sample: project
    summary:
      description: What applying the declared flow would change, in one line.
      type: str
      sample: 1 screen text changed
    changes:
      description: These changes one by one, as M(community.descope.descope_flow) returns them.
      type: list
      elements: dict
      sample:
        - kind: screen-text-changed
          subject: screen "Welcome"
          what: text of Title
          path: $.screens[0].contents.LmrSIGOWZb.props.children
          before: Hi there!
          after: Welcome to Acme
    changes_omitted:
      description: How many changes are not in RV(flows[].changes).
      type: int
      sample: 0
    layout_changes:
      description: How many tasks would move on the console's canvas.
      type: int
      sample: 0
    fingerprint_live:
      description: Tells one content of a flow from another, server noise apart. Empty where it does not exist.
      type: str
      sample: 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae
    fingerprint_declared:
      description: The fingerprint of the declared flow. Empty where it should not exist.
      type: str
      sample: fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9
    last_write:
      description:
        - The last change of the flow that this collection has recorded. Looked up where something differs; else, and
          where there is no record, its parts are empty.
      type: dict
      contains:
        time:
          description: When, in UTC.
          type: str
          sample: "2026-01-15T10:30:00Z"
        backup:
          description: The backup that was taken before it.
          type: str
          sample: 20260115T103000Z-1f3a9c2e
        user:
          description: Who started the run.
          type: str
          sample: deploy
        run_id:
          description: The run.
          type: str
          sample: 4711abcdefg
        job_id:
          description: The job of the automation controller, where there was one.
          type: str
          sample: ""
        tenant:
          description: The inventory host it was done for.
          type: str
          sample: acme
undeclared:
  description: The flows that exist and that nobody declares, by id.
  type: list
  elements: str
  returned: always
  sample: [old-sign-in]
ansible_facts:
  description: The same in short, for tasks that come later.
  type: dict
  returned: where it could be told
  contains:
    descope_drift:
      description:
        - RV(project_id), RV(drifted) and RV(undeclared), and under C(flows) the flows that differ with their
          RV(flows[].changed_in).
        - Ansible keeps facts of tasks that succeed, so this needs O(fail_on_drift=false).
      type: dict
      sample: {"project_id": "P2example", "drifted": true, "flows": {"sign-up-or-in": "project"}, "undeclared": []}
requests:
  description: What the task asked of the API.
  type: dict
  returned: always
  contains:
    made:
      description: How many requests were sent.
      type: int
      sample: 3
    retried:
      description: How many of them were sent again after a failure.
      type: int
      sample: 0
    waited_seconds:
      description: For how long at least one request of the task was held back, by the rate limit or before a retry.
      type: float
      sample: 0.0
    paused_429:
      description: How often the API refused for going too fast, which pauses all workers of the run.
      type: int
      sample: 0
    by_endpoint:
      description: How many requests went to each endpoint.
      type: dict
      sample: {"POST /v2/mgmt/flow/import": 1}
problems:
  description: All that is wrong with what the task was given.
  type: list
  elements: dict
  returned: when the arguments, files or flows are wrong
  sample:
    - severity: error
      code: dangling-edge
      message: the rule leads to task 99, which does not exist
      path: $.contents.tasks.3.next.rules[0].taskId
      source: templates/flows/sign-up-or-in.json
      flow_id: sign-up-or-in
failure:
  description: What the API answered.
  type: dict
  returned: when the API refused
  sample:
    status: 401
    code: ""
    method: POST
    path: /v1/mgmt/flow/list
"""

from ansible_collections.community.descope.plugins.module_utils._deploy.drift_task import DESCOPE_FLOW_DRIFT
from ansible_collections.community.descope.plugins.module_utils._module import run_module


def main() -> None:
    """Run the use case with the module's arguments."""
    run_module(DESCOPE_FLOW_DRIFT)


if __name__ == "__main__":
    main()
