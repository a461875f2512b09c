# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""A module of this collection in its shortest form: validate the arguments, run the use case, exit."""

from __future__ import annotations

from functools import partial

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.community.descope.plugins.module_utils._deploy.desired import FlowSource
from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._flow.sources import load_definition, read_source
from ansible_collections.community.descope.plugins.module_utils._task import Task, UseCase, run_use_case


def run_module(use_case: UseCase) -> None:
    """Run a use case as a module. Exits the process with the module's result."""
    # C(no_log) keeps the arguments out of the system's log: whole flows are among them, with the secrets of templates.
    module = AnsibleModule(argument_spec=use_case.arguments(), supports_check_mode=True, no_log=True)
    task = Task(
        params=module.params,
        check_mode=module.check_mode,
        diff_mode=bool(module._diff),
        load_source=load_on_this_machine,
        run_command=partial(_run_command, module),
    )
    result = run_use_case(use_case, task)
    for warning in result.pop("warnings", ()):
        module.warn(warning)
    if result.pop("failed", False):
        module.fail_json(**result)
    module.exit_json(**result)


def _run_command(module: AnsibleModule, command: list[str], text: str) -> str | None:
    status, printed, _complaints = module.run_command(command, data=text, binary_data=True, handle_exceptions=False)
    return str(printed) if status == 0 else None


def load_on_this_machine(source: FlowSource) -> list[FlowDocument]:
    """Load a source where the module runs. Raises InputError, also for a template: rendering needs the controller."""
    if source.kind == "definition":
        return [load_definition(source.value, source.label, flow_id=source.flow_id)]
    if source.kind == "src":
        return read_source(source.value, flow_id=source.flow_id)
    message = "templates are rendered on the controller by the action plugin; give src or definition instead"
    raise InputError([Problem("template-on-target", message, source=source.label)])
