# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Places of a flow that hold a text and nothing else: no rule cares what it says, as long as it says something.

A template whose expressions all stand at such places is validated once, and not for each of ten thousand tenants. Which
places these are is written down here and not derived, so the tests try every one of them on every real flow.
"""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.community.descope.plugins.module_utils._validate.view import STEP_SUFFIX

# Members that rules look into: components are found by one of these, inputs are sent under the other.
_LOOKED_AT_PROPS = frozenset({"id", "name"})
# Arguments that name something which has to exist, or hold code.
_LOOKED_AT_ARGUMENTS = frozenset({"connectorId", "flowId", "scriptCode"})


def holds_text_only(place: Sequence[str | int]) -> bool:
    """Tell whether a place of a flow in the exported form, keys and indexes, is one of those.

    The id of the flow is such a place as well: a wrong one is not left for validation to find.
    """
    match list(place):
        case ["flowId"] | ["metadata", "name" | "description"] | ["contents", "tasks", str(), "name"]:
            return True
        case ["contents", "tasks", str(), "arguments", str() as name, "value"]:
            return name not in _LOOKED_AT_ARGUMENTS and not name.endswith(STEP_SUFFIX)
        case ["screens", int(), "contents", str(), "props", str() as name]:
            return name not in _LOOKED_AT_PROPS
    return False
