# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Options that every module has: which project, how to reach it, how fast."""

from __future__ import annotations


class ModuleDocFragment:
    """Documentation fragment C(community.descope.connection)."""

    DOCUMENTATION = r"""
options:
  project_id:
    description:
      - The Descope project, for example V(P2abc...).
      - Taken from the environment variable E(DESCOPE_PROJECT_ID) where it is not given.
    type: str
    required: true
  management_key:
    description:
      - A management key of the company that may manage the project.
      - Taken from the environment variable E(DESCOPE_MANAGEMENT_KEY) where it is not given. Keep it in a vault or in a
        credential of your automation controller, never in a playbook.
    type: str
    required: true
  base_url:
    description:
      - Where the Management API is reached. By default this follows from the region in O(project_id). An empty text is
        an error, so that no key goes elsewhere because a variable is empty.
      - Taken from the environment variables E(DESCOPE_BASE_URL) or E(DESCOPE_BASE_URI) where it is not given.
    type: str
  timeout:
    description:
      - How many seconds to wait for the API to send something once it is connected.
      - Taken from the environment variable E(DESCOPE_TIMEOUT) where it is not given.
    type: float
    default: 60.0
  connect_timeout:
    description:
      - How many seconds to wait for a connection.
      - Taken from the environment variable E(DESCOPE_CONNECT_TIMEOUT) where it is not given.
    type: float
    default: 10.0
  validate_certs:
    description:
      - Whether to check the certificate of the API. Turn this off only against a server of your own on a safe network.
      - Taken from the environment variable E(DESCOPE_VALIDATE_CERTS) where it is not given.
    type: bool
    default: true
  ca_path:
    description:
      - A file of certificate authorities to trust instead of the system's, for example those of a company's proxy.
      - Taken from the environment variable E(DESCOPE_CA_PATH) where it is not given.
    type: path
  rate_limit:
    description:
      - How many requests may be sent in how many seconds, as V(requests/seconds). V(0) means no limit.
      - The default is Descope's documented general limit, which it counts per IP address. All workers of a run share
        one window, and a refusal for going too fast pauses all of them once.
      - Taken from the environment variable E(DESCOPE_RATE_LIMIT) where it is not given.
    type: str
    default: 100/60
  rate_share:
    description:
      - Which part of O(rate_limit) is this run's, as V(1/4) or V(0.25), where several runs reach Descope through one
        address at the same time, for example the slices of a job on several machines.
      - The shares of all of them must not be more than V(1) in all. A share that nobody uses is lost, so runs on one
        machine do better with O(rate_window).
      - Taken from the environment variable E(DESCOPE_RATE_SHARE) where it is not given.
    type: str
  rate_window:
    description:
      - A file, or an existing directory, by which several runs on one machine keep O(rate_limit) together and pause
        together. Whatever one of them does not need, the others use.
      - It has to be on a local disk, and readable and writable for the user of every one of these runs alone. All of
        them have to give the same O(rate_limit).
      - By default each run has a window of its own, and does not know of others.
      - Taken from the environment variable E(DESCOPE_RATE_WINDOW) where it is not given.
    type: path
  threads:
    description:
      - How many requests one task may have under way at once.
      - Taken from the environment variable E(DESCOPE_THREADS) where it is not given.
    type: int
    default: 16
  read:
    description:
      - How the project is read.
      - V(snapshot) uses one snapshot export, a single request whatever the number of flows. Descope allows it only with
        some licences.
      - V(export) lists the flows and exports those that the task names, one request each.
      - V(auto) uses the snapshot export, and falls back to V(export) where that is not allowed.
      - Taken from the environment variable E(DESCOPE_READ) where it is not given.
    type: str
    choices: [auto, snapshot, export]
    default: auto
requirements:
  - requests >= 2.31
  - jsonschema >= 4.18
"""

    RUN = r"""
options:
  run_context:
    description:
      - What the tasks of one run have in common. The action plugin fills it in; there is no need to set it.
    type: dict
    suboptions:
      run_id:
        description: What backups and notes call this run.
        type: str
      run_dir:
        description: The directory in which the workers of the run share the request window and what they read.
        type: path
      task_id:
        description: Tells the readings of one task from those of another.
        type: str
      tenant:
        description: The inventory host that the task runs for.
        type: str
      job_id:
        description: The job of the automation controller, where there is one.
        type: str
      workflow_id:
        description: The workflow that the job is part of; all slices of a sliced job have the same.
        type: str
      user:
        description: Who started the run.
        type: str
  options_from:
    description:
      - Names of variables that hold options, by the names of the options. Where such a variable is set, it counts, and
        what the task itself says does not. One that is empty is as good as none, but for C(project_id),
        C(management_key) and C(base_url), which are never empty.
      - Unlike with the filter C(default(omit)), a variable with something undefined in it is an error.
    type: dict
"""
