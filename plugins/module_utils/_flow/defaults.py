# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Members that equal their default: the Management API spells them out, files leave them out, both mean the same.

True for metadata, references and interactions only. Inside contents every member counts as it stands.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.community.descope.plugins.module_utils._json import JsonObject, JsonValue

# Observed in answers of the Management API.
_INTERACTION_DEFAULTS: JsonObject = {"id": "", "type": "", "label": "", "icon": "", "subType": ""}


def without_defaults(value: Any) -> Any:
    """Return the value without the members that equal their default, at any depth; list items stay.

    The same rule as Descope's command line tool applies to what it writes. Shares what did not change.
    """
    if isinstance(value, dict):
        return _members_without_defaults(value)
    if isinstance(value, list):
        items = [without_defaults(item) if isinstance(item, dict | list) else item for item in value]
        same = all(new is old for new, old in zip(items, value, strict=True))
        return value if same else items
    return value


def _members_without_defaults(value: JsonObject) -> JsonObject:
    result: JsonObject = {}
    same = True
    for key, member in value.items():
        kept = without_defaults(member) if isinstance(member, dict | list) else member
        if not kept:  # false, 0, "", null, [] and {} are exactly JSON's falsy values
            same = False
            continue
        same = same and kept is member
        result[key] = kept
    return value if same else result


def screen_without_defaults(screen: JsonValue) -> JsonValue:
    """Return a screen whose interactions lack the members that equal their default."""
    if not isinstance(screen, dict) or "interactions" not in screen:
        return screen
    interactions = without_defaults(screen["interactions"])
    return screen if interactions is screen["interactions"] else {**screen, "interactions": interactions}


def with_defaults(value: JsonValue, defaults: JsonObject) -> JsonValue:
    """Spell out the defaults of an object; anything but an object stays."""
    if value is None:
        return dict(defaults)
    return {**defaults, **value} if isinstance(value, dict) else value


def interactions_with_defaults(value: JsonValue) -> JsonValue:
    """Spell out the defaults of every interaction in a list; absent becomes the empty list."""
    if not isinstance(value, list):
        return [] if value is None else value
    return [with_defaults(item, _INTERACTION_DEFAULTS) if item is not None else None for item in value]


def screen_with_defaults(screen: JsonObject) -> JsonObject:
    """Return a screen whose interactions have all their members."""
    return {**screen, "interactions": interactions_with_defaults(screen.get("interactions"))}
