#!/usr/bin/python
# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: descope_flow_backup_info
short_description: List the backups of Descope authentication flows
version_added: 0.1.0
description:
  - Lists the backups of a Descope project, newest first. That is its history as well, because every change begins with
    a backup, and the backup says what was then done to each flow.
  - Reads backups and nothing else. It sends no request to Descope and needs no management key.
author:
  - The community.descope contributors (@ansible-collections)
extends_documentation_fragment:
  - community.descope.connection
  - community.descope.connection.run
  - community.descope.backups
  - community.descope.attributes
  - community.descope.attributes.info_module
options:
  management_key:
    description:
      - Not used. It is here so that C(module_defaults) can set it for all modules at once.
    type: str
    required: false
  flow_id:
    description:
      - Only backups that hold one of these flows, given by their ids or by patterns such as V(sign-*).
    type: list
    elements: str
  since:
    description:
      - Only backups that were taken at this time or later, as V(2026-01-15), V(2026-01-15 10:30) or
        V(2026-01-15T10:30:00Z). In UTC, unless the time ends in an offset such as V(+02:00).
    type: str
  until:
    description:
      - Only backups that were taken at this time or earlier, written as O(since). What is left open belongs to it, so
        V(2026-01-15) is until the end of that day.
    type: str
  label:
    description:
      - Only backups with one of these labels, which may be patterns.
    type: list
    elements: str
  status:
    description:
      - Only backups with one of these in RV(backups[].status).
    type: list
    elements: str
    choices: [good, failed, unknown, unfinished, none]
  run:
    description:
      - Only backups of this run of Ansible, or of this job of an automation controller.
    type: str
  tenant:
    description:
      - Only backups that were taken for one of these inventory hosts, which may be patterns.
    type: list
    elements: str
  limit:
    description:
      - At most so many backups, the newest of those that the other options leave.
    type: int
seealso:
  - module: community.descope.descope_flow_backup
  - module: community.descope.descope_flow
"""

EXAMPLES = r"""
- name: Look at what has happened to a project
  community.descope.descope_flow_backup_info:
    project_id: P2example0000000000000000000
    limit: 20
  register: history

- name: Look at what one job has done to the sign-in flows
  community.descope.descope_flow_backup_info:
    flow_id: sign-*
    run: "4711"
  register: job

- name: Find changes that did not come to a good end this year
  community.descope.descope_flow_backup_info:
    backup_dir: s3://example-backups/descope
    since: "2026-01-01"
    status: [failed, unknown, unfinished]
  register: trouble
"""

RETURN = r"""
project_id:
  description: The project whose backups are listed.
  type: str
  returned: always
  sample: P2example0000000000000000000
place:
  description: Where its backups are, a directory or a URL.
  type: str
  returned: always
  sample: /var/backups/descope/P2example0000000000000000000
backups:
  description: The backups, newest first.
  type: list
  elements: dict
  returned: always
  contains:
    id:
      description: The id of the backup.
      type: str
      sample: 20260115T103000Z-1f3a9c2e
    time:
      description: When it was taken, in UTC.
      type: str
      sample: "2026-01-15T10:30:00Z"
    path:
      description: The directory of the backup, or its URL.
      type: str
      sample: /var/backups/descope/P2example0000000000000000000/20260115T103000Z-1f3a9c2e
    kind:
      description:
        - Why it was taken.
        - V(change) is before a change, V(rollback) before a rollback, V(requested) where somebody asked for it.
      type: str
      sample: change
    status:
      description:
        - How the change ended that the backup was taken for.
        - V(good) where all was applied and verified, V(failed) where something was refused or is not what it should be,
          V(unknown) where it could not be told.
        - V(unfinished) where the run is still under way or was killed, V(none) where there was no change.
      type: str
      sample: good
    explanation:
      description: How far a change has come that is V(unfinished), and what to do about it. Else empty.
      type: str
      sample: ""
    good:
      description:
        - Whether the flows in the backup were in a good state, rather than in one that an earlier change had left half
          done, or that somebody rolled back from.
      type: bool
      sample: true
    label:
      description: Its label.
      type: str
      sample: before-release-42
    reason:
      description: Why the change was made, or the backup taken.
      type: str
      sample: Ask for a second factor, see change 4711
    run_id:
      description: The run of Ansible that took it.
      type: str
      sample: 4711abcdefg
    job_id:
      description: The job of the automation controller that took it.
      type: str
      sample: "4711"
    workflow_id:
      description: The workflow of the automation controller that the job was part of. Slices of one job have the same.
      type: str
      sample: "4709"
    user:
      description: Who started that run.
      type: str
      sample: jo
    tenant:
      description: The inventory host that it was taken for.
      type: str
      sample: acme
    base_url:
      description: Where the project was reached.
      type: str
      sample: https://api.descope.com
    complete:
      description: Whether it holds every flow that the project had.
      type: bool
      sample: false
    encrypted:
      description: Whether the flows in it are encrypted with Ansible Vault.
      type: bool
      sample: false
    flows:
      description: The flows in it, and what was then done to each.
      type: list
      elements: dict
      contains:
        flow_id:
          description: The flow.
          type: str
          sample: sign-up-or-in
        state:
          description: V(present), or V(absent) where it did not exist.
          type: str
          sample: present
        good:
          description: As RV(backups[].good), for this flow alone.
          type: bool
          sample: true
        action:
          description: What was to be done, which is V(create), V(update), V(delete), or V(none).
          type: str
          sample: update
        result:
          description:
            - What came of it, in the words of M(community.descope.descope_flow). Empty where nothing was to be done.
            - Where the change is V(unfinished), how far it had come, for example V(not_started), V(sent) or V(applied).
              What was V(sent) may have arrived or not, which only reading the project can tell.
          type: str
          sample: applied
        verified:
          description: Whether reading back showed what was sent. None where nothing was read back.
          type: bool
          sample: true
        fingerprint_before:
          description: The fingerprint of the flow in the backup. Empty where it did not exist.
          type: str
          sample: 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae
        fingerprint_after:
          description: The fingerprint that the flow was to have afterwards. Empty where it was deleted, or not changed.
          type: str
          sample: fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9
unreadable:
  description:
    - What stands where backups should be but cannot be read as one, newest first, whatever the other options say.
  type: list
  elements: dict
  returned: always
  contains:
    id:
      description: The name of its directory.
      type: str
      sample: 20260115T103000Z-1f3a9c2e
    path:
      description: Where it is.
      type: str
      sample: /var/backups/descope/P2example0000000000000000000/20260115T103000Z-1f3a9c2e
    incomplete:
      description: Whether it has no manifest, because it is being written or removed, or whoever did that was killed.
      type: bool
      sample: false
    problem:
      description: What is wrong with it.
      type: str
      sample: the manifest is damaged
last_good:
  description:
    - The newest backup of the project of which all flows are in a good state, whatever the other options leave. Empty
      where there is none, or where one that cannot be read may say that it is another.
  type: str
  returned: always
  sample: 20260115T103000Z-1f3a9c2e
table:
  description: RV(backups) and RV(unreadable) as lines for people to read; where there is none, a line that says so.
  type: list
  elements: str
  returned: always
  sample:
    - "TIME (UTC)           BACKUP                     STATUS  FOR   BY  RUN   WHAT"
    - "2026-01-15 10:30:00  20260115T103000Z-1f3a9c2e  good    acme  jo  4711  updated sign-up-or-in"
problems:
  description: All that is wrong with what the task was given, as in M(community.descope.descope_flow).
  type: list
  elements: dict
  returned: when the arguments are wrong
  sample: []
"""

from ansible_collections.community.descope.plugins.module_utils._deploy.backup_info_task import DESCOPE_FLOW_BACKUP_INFO
from ansible_collections.community.descope.plugins.module_utils._module import run_module


def main() -> None:
    """Run the use case with the module's arguments."""
    run_module(DESCOPE_FLOW_BACKUP_INFO)


if __name__ == "__main__":
    main()
