# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The project as the console's users left it, before the flows moved to git.

Two thirds of the tenants have their flows already, most of them from last year's library and some changed by hand
since; the others are new. Nobody has the invitation flow yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from emulated_project import EmulatedProject, JsonObject
from flow_library import Variables, tenant_flow

NEW_FLOW = "accept-invitation"

# What the screens said last year.
_FORMER_TEXTS = {
    "One code is all you need: no password to remember.": "Please sign in or sign up below.",
    "That did not work": "Something went wrong",
    "One more check": "Multi-factor authentication",
    "Forgot your password?": "Reset password",
    "Choose a new password": "New password",
    "Your password": "Enter password",
    "Let us take a break": "Account locked",
}


@dataclass(frozen=True)
class FormerProject:
    """Who had what: the names of the tenants, and how many of the flows are what the library says already."""

    outdated: list[str]
    current: list[str]
    edited: list[str]
    new: list[str]
    right_already: int


def fill(project: EmulatedProject, templates: dict[str, JsonObject], tenants: dict[str, Variables]) -> FormerProject:
    """Import and edit flows until the project looks as it did, and say what it holds."""
    names = list(tenants)
    outdated, current, edited, new = names[:8], names[8:12], names[12:15], names[15:]
    known_flows = {name: template for name, template in templates.items() if name != NEW_FLOW}
    for tenant in [*outdated, *current, *edited]:
        for name, template in known_flows.items():
            flow = tenant_flow(name, template, tenants[tenant])
            if tenant in outdated:
                flow = _as_of_last_year(flow)
            _import(project, flow)
    for tenant in edited:
        project.edit_in_console(f"{tenant}-sign-in", screen="Sign In", text="Log in to our app")
    for tenant in current:
        project.edit_in_console(f"{tenant}-sign-in")
    right_already = len(known_flows) * (len(current) + len(edited)) - len(edited)
    return FormerProject(outdated, current, edited, new, right_already)


def _import(project: EmulatedProject, flow: JsonObject) -> None:
    if "contents" in flow:
        project.import_flow(flow)
    else:
        project.import_console_export(flow)


def _as_of_last_year(flow: JsonObject) -> JsonObject:
    """Return the flow with other texts, and without Apple."""
    for screen in flow["screens"]:
        _put_former_texts(screen)
        _remove_button(screen, "AppleButton")
    tasks = (flow.get("contents") or flow["flow"]["dsl"])["tasks"]
    offered = {interaction["id"] for screen in flow["screens"] for interaction in screen["interactions"]}
    for task in tasks.values():
        rules = task["next"].get("rules", [])
        if task.get("type") == "screen" and rules:
            task["next"] = {"rules": [rule for rule in rules if rule["interactionId"] in offered]}
        if task.get("action") == "logged-in":
            task.pop("arguments", None)
    return flow


def _nodes(screen: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    yield from list((screen.get("contents") or screen["htmlTemplate"]).items())


def _put_former_texts(screen: JsonObject) -> None:
    for _unused, node in _nodes(screen):
        text = node["props"].get("children")
        if isinstance(text, str) and text in _FORMER_TEXTS:
            node["props"]["children"] = _FORMER_TEXTS[text]


def _remove_button(screen: JsonObject, component: str) -> None:
    nodes = screen.get("contents") or screen["htmlTemplate"]
    for node_id, node in _nodes(screen):
        if node["type"]["resolvedName"] == component:
            nodes[node["parent"]]["nodes"].remove(node_id)
            del nodes[node_id]
            screen["interactions"] = [one for one in screen["interactions"] if one["id"] != node_id]
