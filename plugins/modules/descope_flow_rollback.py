#!/usr/bin/python
# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: descope_flow_rollback
short_description: Bring Descope authentication flows back to a backup
version_added: 0.1.0
description:
  - Brings flows back to what a backup of M(community.descope.descope_flow) holds, or undoes everything that one run of
    Ansible has changed.
  - It takes the same way as every change. The backups are read and checked against what was written there, the project
    is read and compared, what is about to change is backed up, imported, read back and compared again. So a rollback
    can be previewed, and rolled back like any other change.
  - A flow that the backup recorded as not existing is deleted. Descope's system flows V(sign-up), V(sign-in),
    V(sign-up-or-in) and V(step-up) cannot be deleted; one that did not exist stays as it is, with a warning, and the
    other flows go back all the same.
  - Whatever is not certain, such as a backup that is damaged, is of another project or of a newer version of this
    collection, a flow that it does not hold, or a time that means several backups, fails the task before anything is
    changed.
  - The next regular run deploys again what version control says, so put it right there too.
author:
  - The community.descope contributors (@ansible-collections)
extends_documentation_fragment:
  - community.descope.connection
  - community.descope.connection.run
  - community.descope.backups
  - community.descope.attributes
attributes:
  check_mode:
    support: full
    details:
      - Reads the backups and the project, and writes nothing anywhere, not even a backup.
      - Conflicts, see O(run), are warnings in check mode, and only fail the task that rolls back.
  diff_mode:
    support: full
    details:
      - Shows what changes in a reviewer's words, a few lines a flow, rather than whole documents.
  idempotent:
    support: partial
    details:
      - The second run with the id of a backup, a label, a time, O(run), or O(backup=last_good) changes nothing.
      - O(backup=latest) takes back the last change, and after a rollback that is the rollback.
options:
  flow_id:
    description:
      - The flows to roll back. With V(*), V(?) and V([...]) in it, one is a pattern for the flows of a backup, for
        example V(acme-*).
      - With O(run), the only flows of the run to undo.
    type: list
    elements: str
  all:
    description:
      - Whether to roll back all flows of a backup. That of a change holds the flows that were changed.
    type: bool
    default: false
  backup:
    description:
      - Which backup to go back to. By default V(last_good).
      - V(last_good) is the newest backup that holds a good state. It is not good if the change before it went wrong or
        was left half done, or if somebody has rolled back away from it. This usually takes back the last change.
      - Where a backup cannot be read that may say which one V(last_good) is, the task fails and names it.
      - V(latest) is the newest backup, whatever it holds.
      - For each flow that is named in O(flow_id), these two are the newest backup that holds this flow. For a pattern
        and with O(all=true), they are one backup, whose flows are then chosen from.
      - The id of a backup, or its first characters, at least 8 of them.
      - A label, which means the newest backup with it, also where the label is the beginning of ids or a time.
      - A time, such as V(2026-01-15T10:30:00), V(2026-01-15 10:30+01:00) or V(2026-01-15), in UTC unless it has an
        offset. If one backup that holds the flow was taken in that second, minute or day, it is that one. If several
        were, the task fails and lists them. If none was, each flow goes back to what it was at that time, which is what
        the first later backup holds. A flow that no task has changed since then is left as it is.
    type: str
  run:
    description:
      - Undoes everything that one run of Ansible or one job or workflow of an automation controller has changed in the
        project. The id is C(run_id), C(job_id) or C(workflow_id) in the manifest of its backups. The last undoes all
        slices of a sliced job.
      - A flow goes back to what it was before the run, if it still is what the run has made of it. If it was changed
        since, for example in the console, that is a conflict. It is left as it is and named, and the task fails after
        the other flows went back.
      - A run that is known, but has not changed anything in this project, is nothing to undo. One that no backup in
        O(backup_dir) is of is an error.
    type: str
  tenant:
    description:
      - Counts only the backups that were taken for this inventory host, where several share a project. By default,
        those of all.
      - It has no meaning for a backup that is given by its id.
    type: str
  prune:
    description:
      - Whether to delete flows that were made after the backup. This needs a backup of the whole project; the one of a
        change does not know what else there was.
      - With O(all=true), all flows of the project that the backup does not have are deleted, except system flows. With
        O(flow_id), those of them that it means.
    type: bool
    default: false
  force:
    description:
      - Whether to overwrite flows that were changed after O(run).
    type: bool
    default: false
  verify:
    description:
      - Whether to read back what was written and compare it with what was sent.
    type: bool
    default: true
  on_failure:
    description:
      - What becomes of the other flows where one of them fails, as in M(community.descope.descope_flow). By default,
        every flow is tried.
    type: str
    choices: [stop, continue, restore]
    default: continue
  changelog:
    description:
      - A note that is added to the reason in the rollback's own backup, C(rollback of ... to ...), and sent along with
        each import.
    type: str
  compare:
    description:
      - What counts as a difference.
    type: dict
    suboptions:
      layout:
        description: Whether a flow goes back of which only the positions of its tasks on the canvas differ.
        type: bool
        default: false
seealso:
  - module: community.descope.descope_flow
"""

EXAMPLES = r"""
- name: Take back the last change of a flow
  community.descope.descope_flow_rollback:
    project_id: P2example0000000000000000000
    management_key: "{{ vault_descope_management_key }}"
    flow_id: sign-up-or-in
    backup_dir: /var/backups/descope

- name: Bring back everything that a change has changed
  community.descope.descope_flow_rollback:
    all: true
    backup: 20260115T103000Z-1f3a9c2e

- name: Bring the flows of a tenant back to what they were that morning
  community.descope.descope_flow_rollback:
    flow_id: acme-*
    backup: "2026-01-15T08:00:00+01:00"
    changelog: Logins fail since 09:10, see incident 7

- name: Undo what a job has changed for this host
  community.descope.descope_flow_rollback:
    run: "4711"
    tenant: "{{ inventory_hostname }}"

- name: Make the project what it was before the campaign
  community.descope.descope_flow_rollback:
    all: true
    backup: before-campaign
    prune: true
"""

RETURN = r"""
project_id:
  description: The project that was managed.
  type: str
  returned: always
  sample: P2example0000000000000000000
target:
  description: What each flow goes back to.
  type: list
  elements: dict
  returned: always, empty where the task failed before that was certain
  contains:
    flow_id:
      description: The flow.
      type: str
      sample: sign-up-or-in
    state:
      description: V(present), or V(absent) where the flow did not exist.
      type: str
      sample: present
    backup:
      description: The id of the backup.
      type: str
      sample: 20260115T103000Z-1f3a9c2e
    time:
      description: When it was taken.
      type: str
      sample: "2026-01-15T10:30:00Z"
    label:
      description: Its label, empty where it has none.
      type: str
      sample: ""
    reason:
      description: What it was taken for, empty where nobody said.
      type: str
      sample: Ask for a second factor, see change 4711
conflicts:
  description: The flows that O(run) is not undone for, because they were changed since.
  type: list
  elements: dict
  returned: always
  contains:
    flow_id:
      description: The flow.
      type: str
      sample: sign-up-or-in
    reason:
      description: Who has changed it since, as far as that is known.
      type: str
      sample: it was changed after 4711, in the console or otherwise
    fingerprint:
      description: The fingerprint of what it is now. Empty where it does not exist.
      type: str
      sample: 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae
    left_by_run:
      description: The fingerprints of what the run has made of it.
      type: list
      elements: str
      sample: [fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9]
summary:
  description: What happens, or would happen, in one line a flow.
  type: list
  elements: str
  returned: always
  sample:
    - "update sign-up-or-in as in 20260115T103000Z-1f3a9c2e (2026-01-15T10:30:00Z): 2 screen texts changed"
    - 1 flow already as asked for
flows:
  description: What became, or would become, of each flow, as in M(community.descope.descope_flow).
  type: list
  elements: dict
  returned: always, empty where the task failed before it had compared
  contains:
    flow_id:
      description: The flow.
      type: str
      sample: sign-up-or-in
    source:
      description: The backup that the flow comes from.
      type: str
      sample: backup 20260115T103000Z-1f3a9c2e
    action:
      description: V(create), V(update), V(delete) or V(none).
      type: str
      sample: update
    result:
      description:
        - V(unchanged) where there was nothing to do, V(planned) in check mode, V(applied) where it was done.
        - V(untouched) where it was not done because of a failure or a conflict, and for system flows that cannot be
          deleted.
        - V(restored) where it was done and put back, with O(on_failure=restore).
        - V(unknown) where the connection was lost and not even reading could tell.
      type: str
      sample: applied
    error:
      description: Why the flow was not applied or not verified, empty where all is well.
      type: str
      sample: ""
    verified:
      description: Whether reading back showed what was sent. None where nothing was read back.
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
          before: Welcome to Acme
          after: Welcome!
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
      description: The fingerprint of what was, or would be, there afterwards. Empty where the flow is deleted.
      type: str
      sample: fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9
backup:
  description: The rollback's own backup, to roll it back with. Its parts are empty where none was needed.
  type: dict
  returned: always
  contains:
    id:
      description: The id of the backup.
      type: str
      sample: 20260115T113000Z-2e4b8d1f
    path:
      description: The directory of the backup.
      type: str
      sample: /var/backups/descope/P2example0000000000000000000/20260115T113000Z-2e4b8d1f
    flows:
      description: The flows in it, those recorded as not existing included.
      type: list
      elements: str
      sample: [sign-up-or-in]
bystanders:
  description: What became of the flows of the project that do not go back, as in M(community.descope.descope_flow).
  type: dict
  returned: always
  sample: {"checked": true, "changed": []}
requests:
  description: What the task asked of the API, as in M(community.descope.descope_flow).
  type: dict
  returned: always
  sample:
    made: 3
    retried: 0
    waited_seconds: 0.0
    paused_429: 0
    by_endpoint: {"POST /v2/mgmt/flow/import": 1}
estimate:
  description: What applying takes, as in M(community.descope.descope_flow).
  type: dict
  returned: always
  sample: {"requests": 2, "seconds": 0.0}
problems:
  description: All that is wrong with what the task was given, as in M(community.descope.descope_flow).
  type: list
  elements: dict
  returned: when the arguments are wrong, or no backup or several are meant
  sample: []
failure:
  description: What the API answered, as in M(community.descope.descope_flow).
  type: dict
  returned: when the API refused
  sample: {"status": 401, "code": "", "method": "POST", "path": "/v1/mgmt/flow/list"}
"""

from ansible_collections.community.descope.plugins.module_utils._deploy.rollback_task import DESCOPE_FLOW_ROLLBACK
from ansible_collections.community.descope.plugins.module_utils._module import run_module


def main() -> None:
    """Run the use case with the module's arguments."""
    run_module(DESCOPE_FLOW_ROLLBACK)


if __name__ == "__main__":
    main()
