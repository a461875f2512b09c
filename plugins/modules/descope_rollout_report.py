#!/usr/bin/python
# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

from __future__ import annotations

DOCUMENTATION = r"""
module: descope_rollout_report
short_description: Make a page or a comment of a saved rollout report
version_added: 0.1.0
description:
  - Makes Markdown or HTML of the C(rollout.json) that the callback P(community.descope.rollout#callback) has saved, for
    example in another job than the one that ran the preview. It needs no project and no key.
author:
  - The community.descope contributors (@ansible-collections)
attributes:
  check_mode:
    description: Can run in check mode and return what it would do, without changing anything.
    support: full
  diff_mode:
    description: Returns what has changed, or would change in check mode, when asked for a diff.
    support: none
  idempotent:
    description: When run twice in a row with the same arguments, the second run changes nothing.
    support: full
options:
  src:
    description: The report, as JSON.
    type: path
    required: true
  dest:
    description: The file to write. Its directory has to exist.
    type: path
    required: true
  format:
    description: What to write. By default, what the end of O(dest) says, C(.html), C(.md) or C(.json).
    type: str
    choices: [json, markdown, html]
seealso:
  - plugin: community.descope.rollout
    plugin_type: callback
"""

EXAMPLES = r"""
- name: Make a page of the report that the preview has saved
  community.descope.descope_rollout_report:
    src: report/rollout.json
    dest: report/rollout.html

- name: Make a comment for the pull request
  community.descope.descope_rollout_report:
    src: report/rollout.json
    dest: report/comment.txt
    format: markdown
"""

RETURN = r"""
dest:
  description: The file that was, or would be, written.
  type: str
  returned: success
  sample: report/rollout.html
format:
  description: What is in it.
  type: str
  returned: success
  sample: html
problems:
  description: All that is wrong with the report.
  type: list
  elements: dict
  returned: when the report cannot be used
  sample:
    - severity: error
      code: not-a-report
      message: is no report of a rollout
      path: ""
      source: report/rollout.json
      flow_id: ""
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.community.descope.plugins.module_utils._arguments import rollout_report_arguments
from ansible_collections.community.descope.plugins.module_utils._errors import DescopeError
from ansible_collections.community.descope.plugins.module_utils._files import FOR_EVERYBODY, replace_file
from ansible_collections.community.descope.plugins.module_utils._report.files import format_of, read_report, rendered


def main() -> None:
    """Write the file if it is not there already with this very content."""
    module = AnsibleModule(argument_spec=rollout_report_arguments(), supports_check_mode=True)
    source, dest = Path(module.params["src"]), Path(module.params["dest"])
    try:
        format_name = module.params["format"] or format_of(dest)
        content = rendered(read_report(source), format_name, str(source))
        changed = not dest.exists() or dest.read_bytes() != content
        if changed and not module.check_mode:
            replace_file(dest, content, mode=FOR_EVERYBODY)
    except DescopeError as error:
        module.fail_json(msg=str(error), **error.details())
    except OSError as error:
        module.fail_json(msg=f"{dest} cannot be written: {error.strerror}; give a file in a directory that exists")
    module.exit_json(changed=changed, dest=str(dest), format=format_name)


if __name__ == "__main__":
    main()
