# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What tells whether the flows of two tenants change in the same way, although results carry a part of the changes."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._deploy.plan import PlannedFlow
from ansible_collections.community.descope.plugins.module_utils._diff.flows import Change, told_changes
from ansible_collections.community.descope.plugins.module_utils._diff.masked import redact_both
from ansible_collections.community.descope.plugins.module_utils._flow.normal import normal_form
from ansible_collections.community.descope.plugins.module_utils._json import JsonValue, object_of
from ansible_collections.community.descope.plugins.module_utils._redact import redact_text

_WHOLE_FLOWS = ("flow-added", "flow-removed")
_WHOLE_SCREENS = ("screen-added", "screen-removed")
_LENGTH = 16  # hexadecimal digits of each half
_FLOW_ID = "<flow id>"


def changes_digest(flow: PlannedFlow, run_key: bytes) -> str:
    """Return what is equal for equal changes of flows within one run, empty where there are none.

    What stands before the hyphen is equal where the same places change, whatever stands there; what stands after it
    where the same values do. All changes count, uncut, apart from positions on the canvas. The id of the flow itself
    does not, nor do ids of the project in what is told in words. Secrets count as masked, and the key keeps anybody
    from finding other values by trying. Of a flow that comes or goes as a whole, what is told counts.
    """
    if not flow.changes:
        return ""
    changes = [change for change in told_changes(flow.changes) if not change.layout]
    places = [[change.kind, change.path, *_whole_flow(change)] for change in changes]
    # A step tells that its screen comes or goes with it, but not what is on that.
    screens = [change for change in flow.changes if change.told_by and change.kind in _WHOLE_SCREENS]
    names = _names(flow)
    values = [_values(change, names) for change in (*changes, *screens) if change.kind not in _WHOLE_FLOWS]
    return "-".join(_digest([flow.action.value, *told], flow.flow_id, run_key) for told in (places, [*places, *values]))


def _digest(told: list[Any], flow_id: str, run_key: bytes) -> str:
    text = json.dumps(told, sort_keys=True, default=str)
    # As a word of its own: the id of a flow may well be "a".
    text = re.sub(rf"(?<![\w-]){re.escape(flow_id)}(?![\w-])", _FLOW_ID, text)
    return hmac.new(run_key, text.encode(), hashlib.sha256).hexdigest()[:_LENGTH]


def _whole_flow(change: Change) -> list[str]:
    return [redact_text(change.before_text or change.after_text)] if change.kind in _WHOLE_FLOWS else []


def _values(change: Change, names: Mapping[str, str]) -> list[JsonValue]:
    """Return what is told of a change and what stands there, apart from what the server changes by itself."""
    words = [change.before_text, change.after_text]
    sides = [change.before, change.after]
    if any(words):
        sides = [
            _with_names(_normal(change.kind, side), names) if isinstance(side, dict | list) else side for side in sides
        ]
    return [change.subject, change.what, *words, *redact_both(*sides, secret=change.secret)]


def _normal(kind: str, value: JsonValue) -> JsonValue:
    if kind.startswith("task-"):
        return normal_form({"contents": {"tasks": {"": value}}})["contents"]["tasks"][""]
    return normal_form({"screens": [value]})["screens"][0] if kind.startswith("screen-") else value


def _names(flow: PlannedFlow) -> dict[str, str]:
    """Return the names of what the flow refers to by ids of its project, by these ids."""
    told = [
        object_of(named) for document in (flow.before, flow.after) if document for named in document.references.values()
    ]
    return {own_id: name for named in told for name, own_id in named.items() if isinstance(own_id, str)}


def _with_names(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _with_names(member, names) for key, member in value.items()}
    if isinstance(value, list):
        return [_with_names(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value
