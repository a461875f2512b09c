#!/usr/bin/python
# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: descope_flow_backup
short_description: Back up Descope authentication flows
version_added: 0.1.0
description:
  - Saves the flows of a Descope project, all of them or those that you choose, and says what has changed since they
    were last saved.
  - M(community.descope.descope_flow) saves by itself what it is about to change. This module is for what others change,
    for example in the console, and for points in time that should have a name.
  - Nothing is written where the latest backup already holds exactly this state, so it can run every night.
  - It also removes old backups, and proves that backups are whole. Removing named backups and proving need no
    management key and send no request.
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
      - Reads the project, and says what would be saved and what would be removed.
  diff_mode:
    support: full
    details:
      - Shows what has changed in the project since the latest backup, in a reviewer's words, and which backups go.
  idempotent:
    support: full
options:
  management_key:
    description:
      - A management key of the company that may manage the project. Needed to take a backup, and for nothing else.
      - Taken from the environment variable E(DESCOPE_MANAGEMENT_KEY) where it is not given. Keep it in a vault or in a
        credential of your automation controller, never in a playbook.
    type: str
    required: false
  flow_id:
    description:
      - The flows to save, by their ids or by patterns such as V(sign-*). By default, all of the project.
      - One that is named and does not exist is recorded as not existing, with a warning. Where none exists at all, the
        task fails.
    type: list
    elements: str
  state:
    description:
      - V(present) takes a backup.
      - V(absent) removes the backups that O(backup) names, whatever they hold. One that does not exist is no error.
    type: str
    choices: [present, absent]
    default: present
  verify:
    description:
      - Proves that backups can be restored, instead of taking one. Every file is there, is what was written there, and
        can be loaded as a flow. The task fails where that is not so.
    type: bool
    default: false
  backup:
    description:
      - With O(state=absent) the backups to remove, with O(verify=true) those to look at, by default all.
      - The id of a backup, or at least the first 8 characters of it if no other begins like that.
    type: list
    elements: str
  label:
    description:
      - A name for this point in time, by which M(community.descope.descope_flow_backup_info) finds it. A backup with a
        label is never removed to save space.
      - Where the latest backup holds this state but does not have this label, one is taken.
    type: str
  reason:
    description:
      - Why the backup is taken, for whoever reads the history.
    type: str
  force:
    description:
      - Whether to take a backup although the latest one already holds exactly this state.
    type: bool
    default: false
  keep:
    description:
      - How many backups of each flow to keep, the newest. All others are removed, once the new one is there.
      - Never removed are backups that the same run has taken, those with a label, those that hold the last good state
        of a flow, those of a change that never came to its end and that no later change has settled, and those that
        cannot be read. While there is one that cannot be read, nothing is removed, and a warning says so.
      - Together with O(keep_days), what either of them keeps is kept.
    type: int
  keep_days:
    description:
      - Keep backups that are at most so many days old. Older ones are removed, with the exceptions of O(keep).
    type: int
seealso:
  - module: community.descope.descope_flow
  - module: community.descope.descope_flow_backup_info
"""

EXAMPLES = r"""
- name: Save all flows of a project every night, and keep a month
  community.descope.descope_flow_backup:
    project_id: P2example0000000000000000000
    management_key: "{{ vault_descope_management_key }}"
    backup_dir: /var/backups/descope
    keep_days: 31
    keep: 3

- name: Give the state before a release a name
  community.descope.descope_flow_backup:
    flow_id: sign-*
    label: before-release-42
    reason: Release 42 changes how people sign in

- name: Keep backups in S3, encrypted
  community.descope.descope_flow_backup:
    backup_dir: s3://example-backups/descope
    backup_vault_id: prod

- name: Prove that all backups can be restored
  community.descope.descope_flow_backup:
    project_id: P2example0000000000000000000
    verify: true

- name: Remove a backup
  community.descope.descope_flow_backup:
    project_id: P2example0000000000000000000
    backup: 20260115T103000Z-1f3a9c2e
    state: absent
"""

RETURN = r"""
project_id:
  description: The project whose flows were saved.
  type: str
  returned: always
  sample: P2example0000000000000000000
backup:
  description:
    - The backup that was taken. Its parts are empty where none was needed; in check mode, RV(backup.flows) says what
      would be in it.
  type: dict
  returned: always
  contains:
    id:
      description: The id of the backup.
      type: str
      sample: 20260115T103000Z-1f3a9c2e
    path:
      description: The directory of the backup, or its URL.
      type: str
      sample: /var/backups/descope/P2example0000000000000000000/20260115T103000Z-1f3a9c2e
    flows:
      description: The flows in it, those recorded as not existing included.
      type: list
      elements: str
      sample: [sign-up-or-in]
compared_with:
  description:
    - The latest backup that holds the flows of the task, with which they were compared. Empty where there is none.
  type: str
  returned: always
  sample: 20260114T103000Z-8d2b1f07
flows:
  description: What has become of each flow since that backup, ordered by id.
  type: list
  elements: dict
  returned: always, empty where no backup was to be taken
  contains:
    flow_id:
      description: The flow.
      type: str
      sample: sign-up-or-in
    state:
      description: V(present), or V(absent) where the project does not have it.
      type: str
      sample: present
    change:
      description:
        - V(created), V(changed), V(deleted) or V(none).
        - Where there was no backup to compare with, every flow that exists is V(created).
      type: str
      sample: changed
    summary:
      description: The changes in one line.
      type: str
      sample: 1 task rewired, 2 screen texts changed
    changes:
      description: The changes one by one, at most 25, as in M(community.descope.descope_flow).
      type: list
      elements: dict
      sample: []
    changes_omitted:
      description: How many changes are not in RV(flows[].changes).
      type: int
      sample: 0
    layout_changes:
      description: How many tasks moved on the console's canvas.
      type: int
      sample: 0
    fingerprint:
      description: Tells one content of a flow from another, server noise apart. Empty where the flow does not exist.
      type: str
      sample: fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9
missing:
  description: Ids and patterns of O(flow_id) that no flow has; with O(state=absent), ids that no backup has.
  type: list
  elements: str
  returned: always
  sample: []
removed:
  description: The backups that were removed, or would be removed in check mode, oldest first.
  type: list
  elements: dict
  returned: always
  contains:
    id:
      description: The id of the backup.
      type: str
      sample: 20251201T103000Z-5c9e0a44
    time:
      description: When it was taken. Empty where it could not be read.
      type: str
      sample: "2025-12-01T10:30:00Z"
    path:
      description: Where it was.
      type: str
      sample: /var/backups/descope/P2example0000000000000000000/20251201T103000Z-5c9e0a44
    label:
      description: Its label.
      type: str
      sample: ""
    reason:
      description: Why it was taken.
      type: str
      sample: Nightly
    flows:
      description: The flows that were in it.
      type: list
      elements: str
      sample: [sign-up-or-in]
verified:
  description: The backups that were looked at with O(verify=true), oldest first.
  type: list
  elements: dict
  returned: always
  contains:
    id:
      description: The id of the backup.
      type: str
      sample: 20260115T103000Z-1f3a9c2e
    path:
      description: Where it is.
      type: str
      sample: /var/backups/descope/P2example0000000000000000000/20260115T103000Z-1f3a9c2e
    whole:
      description: Whether it can be restored.
      type: bool
      sample: true
    problem:
      description: Why it cannot be restored, empty where it can.
      type: str
      sample: ""
    flows:
      description: How many flows are in it.
      type: int
      sample: 5
requests:
  description: What the task asked of the API, as in M(community.descope.descope_flow).
  type: dict
  returned: always
  sample:
    made: 2
    retried: 0
    waited_seconds: 0.0
    paused_429: 0
    by_endpoint: {"POST /v1/mgmt/project/snapshot/export": 1, "GET /v1/mgmt/license": 1}
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

from ansible_collections.community.descope.plugins.module_utils._deploy.backup_task import DESCOPE_FLOW_BACKUP
from ansible_collections.community.descope.plugins.module_utils._module import run_module


def main() -> None:
    """Run the use case with the module's arguments."""
    run_module(DESCOPE_FLOW_BACKUP)


if __name__ == "__main__":
    main()
