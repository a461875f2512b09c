# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""A task as a use case sees it, and the one place where errors become results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._desired import SourceLoader
from ansible_collections.community.descope.plugins.module_utils._errors import DescopeError


@dataclass(frozen=True, slots=True)
class Task:
    """What the caller, an action plugin or a module, hands to a use case.

    params: validated arguments. load_source: how the flows of one source are found, which differs between the
    controller and another machine.
    """

    params: Mapping[str, Any]
    check_mode: bool
    diff_mode: bool
    load_source: SourceLoader


# Takes a task and returns its result. C(failed) and C(msg) in it mean that something was done before it failed;
# failures before that are raised as DescopeError.
UseCase = Callable[[Task], dict[str, Any]]


def run_use_case(use_case: UseCase, task: Task) -> dict[str, Any]:
    """Run a use case and return its result, or the failure in the shape of C(fail_json)."""
    try:
        return use_case(task)
    except DescopeError as error:
        return {"changed": False, "failed": True, "msg": str(error), **error.details()}
