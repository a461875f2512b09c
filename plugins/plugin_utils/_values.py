# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The values of variables, as the host that has them sees them itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleError, AnsibleValueOmittedError
from ansible.template import Templar

from ansible_collections.community.descope.plugins.module_utils._errors import Problem


def values_of(
    templar: Templar, variables: Mapping[str, Any], names: Iterable[str]
) -> tuple[dict[str, Any], list[Problem]]:
    """Return the values of variables that are set, and what is wrong with those that cannot be told.

    C(default(omit)) in a playbook would take a variable that is set to something undefined for one that is not set.
    """
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name in names:
        try:
            values[name] = templar.template(variables[name])
        except AnsibleValueOmittedError:
            continue
        except AnsibleError as error:
            problems.append(Problem("template-error", str(error).strip().splitlines()[0], source=name))
    return values, problems
