#!/usr/bin/python
# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: descope_flow
short_description: Deploy Descope authentication flows
version_added: 0.1.0
description:
  - Brings the flows of a Descope project to what files in version control say, or deletes them.
  - Every flow of the task is rendered, loaded and checked before the first request, and all that is wrong is reported
    at once. Then the project is read and compared, what is about to change is backed up, imported, read back and
    compared again.
  - What counts as the same flow ignores what the server changes by itself on import, such as the version of the screen
    components, so that a second run changes nothing.
  - Give one task all flows of a tenant. The project is then read once, and the requests of the task run side by side.
author:
  - The community.descope contributors (@ansible-collections)
extends_documentation_fragment:
  - community.descope.connection
  - community.descope.connection.run
  - community.descope.backups
  - community.descope.sources
  - community.descope.sources.templates
  - community.descope.references
  - community.descope.attributes
attributes:
  check_mode:
    support: full
    details:
      - Reads the project and writes nothing anywhere, not even a backup.
  diff_mode:
    support: full
    details:
      - Shows what changes in a reviewer's words, a few lines a flow, rather than whole documents.
  idempotent:
    support: full
options:
  flow_id:
    description:
      - With O(state=present), the id to give the single flow of the task, instead of the one in the document.
      - With O(state=absent), the flows to delete.
    type: list
    elements: str
  state:
    description:
      - V(present) imports flows that do not exist or differ.
      - V(absent) deletes flows. Descope's system flows V(sign-up), V(sign-in), V(sign-up-or-in) and V(step-up) cannot
        be deleted.
    type: str
    choices: [present, absent]
    default: present
  validate:
    description:
      - Whether to check each flow before anything is sent. The errors that stop the task hold for all flows the console
        exports, so a flow that does not pass is damaged, for example by a merge. Warnings are in RV(validation).
      - M(community.descope.descope_flow_validate) does the same offline, for a pull request.
    type: bool
    default: true
  backup:
    description:
      - Whether to save what is about to change, flows that do not exist yet included. A backup that cannot be written
        and read back stops the task before anything is changed.
    type: bool
    default: true
  verify:
    description:
      - Whether to read back what was written and compare it with what was sent.
    type: bool
    default: true
  on_failure:
    description:
      - What becomes of the other flows of the task where one of them fails, that is, where it is refused, cannot be
        sent, or is not what it should be when read back.
      - V(stop) starts nothing new. What was applied stays.
      - V(continue) tries every flow.
      - V(restore) starts nothing new, and puts back what this task had already changed, so that the project is as it
        was. Each flow that was, or may have been, written gets the content that stood there before, or is deleted where
        it did not exist, and is read again to see that it worked. Descope does not delete system flows, so those that
        were created stay, and the message says so.
      - The task fails in any case.
    type: str
    choices: [stop, continue, restore]
    default: stop
  changelog:
    description:
      - A note sent along with each import. By default it names the run.
    type: str
  compare:
    description:
      - What counts as a difference.
    type: dict
    suboptions:
      layout:
        description: Whether a flow is imported of which only the positions of its tasks on the canvas differ.
        type: bool
        default: false
notes:
  - C(changed) says whether the project is, or may be, another than before. A task that put everything back with
    O(on_failure=restore) has failed and changed nothing.
  - A backup has a journal, written before and after each flow is sent. It tells how far a run came that was killed.
seealso:
  - module: community.descope.descope_flow_info
  - module: community.descope.descope_flow_validate
  - module: community.descope.descope_flow_drift
  - module: community.descope.descope_fleet_check
  - name: Descope flow management API
    description: The API behind this module.
    link: https://docs.descope.com/api/management/flows
"""

EXAMPLES = r"""
- name: Deploy the flows of a tenant
  community.descope.descope_flow:
    project_id: P2example0000000000000000000
    management_key: "{{ vault_descope_management_key }}"
    template:
      - flows/sign-up-or-in.json
      - flows/step-up.json
    backup_dir: /var/backups/descope

- name: Mix sources and name the flows
  community.descope.descope_flow:
    flows:
      - template: flows/sign-up-or-in.json
        flow_id: "{{ inventory_hostname }}-sign-up-or-in"
        vars:
          max_attempts: 5
      - src: flows/forgot-password.json

- name: Deploy a flow from a value
  community.descope.descope_flow:
    definition: "{{ lookup('ansible.builtin.file', 'flows/step-up.json') | from_json }}"
    changelog: Ask for a second factor, see change 4711

- name: Deploy what the variables of all groups and of the host declare together
  community.descope.descope_flow:
    declared_in: descope_flows

- name: Delete flows that are not needed any more
  community.descope.descope_flow:
    flow_id:
      - old-sign-in
      - trial-sign-up
    state: absent

- name: Deploy flows that belong together, all of them or none
  community.descope.descope_flow:
    template:
      - flows/sign-up-or-in.json
      - flows/step-up.json
    on_failure: restore
"""

RETURN = r"""
project_id:
  description: The project that was managed.
  type: str
  returned: always
  sample: P2example0000000000000000000
flows:
  description: What became, or would become, of each flow, in the order of the task.
  type: list
  elements: dict
  returned: always, empty where the task failed before it had compared
  contains:
    flow_id:
      description: The flow.
      type: str
      sample: sign-up-or-in
    source:
      description: The file or argument that the flow came from.
      type: str
      sample: templates/flows/sign-up-or-in.json
    action:
      description: V(create), V(update), V(delete) or V(none).
      type: str
      sample: update
    result:
      description:
        - V(unchanged) where there was nothing to do, V(planned) in check mode, V(applied) where it was done.
        - V(untouched) where it was not done because of a failure.
        - V(restored) where it was, or may have been, done, and then put back as it was, with O(on_failure=restore).
        - V(unknown) where the connection was lost and not even reading could tell, or where a write that was lost may
          still arrive.
      type: str
      sample: applied
    error:
      description: Why the flow was not applied, not verified, put back or not put back. Empty where all is well.
      type: str
      sample: ""
    verified:
      description:
        - Whether reading back showed what was sent, or for V(restored) what stood there before.
        - None where nothing was read back.
      type: bool
      sample: true
    summary:
      description: The changes in one line.
      type: str
      sample: 1 task rewired, 2 screen texts changed
    changes:
      description:
        - The changes one by one, at most 25. Long values are cut, secrets are masked. Where there was another secret
          before, V(<redacted> (changed\)) stands after.
      type: list
      elements: dict
      sample:
        - kind: screen-text-changed
          subject: screen "Welcome"
          what: text of Title
          path: $.screens[0].contents.LmrSIGOWZb.props.children
          before: Welcome!
          after: Welcome to Acme
    changes_omitted:
      description: How many changes are not in RV(flows[].changes).
      type: int
      sample: 0
    layout_changes:
      description: How many tasks moved on the console's canvas.
      type: int
      sample: 0
    changes_digest:
      description:
        - Equal for all flows of one run that change in the same way, also in what RV(flows[].changes) leaves out. What
          stands before the hyphen is equal where the same places change. It says nothing of the values, and means
          nothing outside of the run, nor between tasks that run on different machines. Empty where nothing changes.
      type: str
      sample: 5d41402abc4b2a76-b9719d911017c592
    fingerprint_before:
      description: Tells one content of a flow from another, server noise apart. Empty where the flow did not exist.
      type: str
      sample: 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae
    fingerprint_after:
      description:
        - The fingerprint of what should be there afterwards, whatever became of it. Empty where the flow is deleted.
      type: str
      sample: fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9
backup:
  description: The backup that was taken. Its parts are empty where none was needed.
  type: dict
  returned: always
  contains:
    id:
      description: The id of the backup.
      type: str
      sample: 20260115T103000Z-1f3a9c2e
    path:
      description: The directory of the backup.
      type: str
      sample: /var/backups/descope/P2example0000000000000000000/20260115T103000Z-1f3a9c2e
    flows:
      description: The flows in it, those recorded as not existing included.
      type: list
      elements: str
      sample: [sign-up-or-in]
bystanders:
  description: What became of the flows of the project that the task does not mention.
  type: dict
  returned: always
  contains:
    checked:
      description:
        - Whether they were compared with what they were before. That happens where it costs no request, which is where
          the whole project was read at once both before and after the change.
      type: bool
      sample: true
    changed:
      description:
        - Those that are not what they were, and that no task of this run has written. The task warns of them.
      type: list
      elements: str
      sample: []
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
validation:
  description: What validating the flows found that stops nothing.
  type: dict
  returned: always
  contains:
    warnings:
      description: How many findings there are.
      type: int
      sample: 1
    problems:
      description: The findings, at most 25, in the shape of RV(problems).
      type: list
      elements: dict
      sample: []
estimate:
  description: What applying takes. In check mode, what it would take.
  type: dict
  returned: always
  contains:
    requests:
      description:
        - How many requests, imports and verifying reads, beyond those already made to compare. Nothing is allowed for
          failures, after which O(on_failure=restore) may need as many again.
      type: int
      sample: 2
    seconds:
      description: How long the rate limit makes that many requests take at least.
      type: float
      sample: 0.0
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

from ansible_collections.community.descope.plugins.module_utils._deploy.flow_task import DESCOPE_FLOW
from ansible_collections.community.descope.plugins.module_utils._module import run_module


def main() -> None:
    """Run the use case with the module's arguments."""
    run_module(DESCOPE_FLOW)


if __name__ == "__main__":
    main()
