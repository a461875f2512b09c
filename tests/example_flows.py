# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""A small flow that is complete: a welcome screen, a one-time code by e-mail, an end that logs in."""

from __future__ import annotations

from typing import Any

WELCOME = "SC3tests0000000000000welcome0"
VERIFY = "SC3tests0000000000000verify00"


def minimal_flow(flow_id: str, *, title: str = "Welcome", x: int = 252) -> dict[str, Any]:
    """Return a flow in the exported form; C(title) is a text of its first screen, C(x) where that task stands."""
    return {
        "flowId": flow_id,
        "metadata": {
            "name": "Sign In",
            "description": "Signs in with a one-time code",
            "componentsVersion": "2.0.500",
            "sharedInteractions": [{"id": "4.success", "type": "success"}],
        },
        "contents": {"startTask": "0", "tasks": _tasks(x)},
        "screens": [
            _screen(
                VERIFY,
                {"codeTitle": _text("Enter the code sent to {{sentTo.maskedEmail}}"), "codeSubmit": _button("Verify")},
            ),
            _screen(WELCOME, {"title00001": _text(title), "continue01": _button("Continue")}),
        ],
        "references": {},
    }


def _tasks(x: int) -> dict[str, Any]:
    return {
        "start": {"id": "start", "name": "start", "next": _next(("", "0")), "view": {"x": 0, "y": 0}},
        "0": _screen_task("0", "Welcome", WELCOME, _next(("continue01", "1")), x),
        "1": _action("1", "Sign In / OTP / Email", "sign-in-otp-email", _next(("success", "2"))),
        "2": _screen_task("2", "Verify OTP", VERIFY, _next(("codeSubmit", "3")), 756),
        "3": _action("3", "Verify Code / OTP / Email", "verify-code-otp-email", _next(("success", "4"))),
        "4": _action("4", "End", "logged-in", {}),
    }


def _next(*rules: tuple[str, str]) -> dict[str, Any]:
    return {"rules": [{"interactionId": interaction, "taskId": task} for interaction, task in rules]}


def _screen_task(task_id: str, name: str, screen_id: str, following: dict[str, Any], x: int) -> dict[str, Any]:
    return {
        "id": task_id,
        "name": name,
        "type": "screen",
        "screenId": screen_id,
        "next": following,
        "view": {"x": x, "y": 0},
    }


def _action(task_id: str, name: str, action: str, following: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": task_id,
        "name": name,
        "type": "automated",
        "action": action,
        "arguments": {"templateId": {"type": "inline", "value": ""}},
        "next": following,
        "view": {"x": 504, "y": 120},
    }


def _screen(screen_id: str, nodes: dict[str, Any]) -> dict[str, Any]:
    root = _node("Container", {"direction": "column"}, canvas=True, nodes=list(nodes))
    del root["parent"]
    for node_id, node in nodes.items():
        node["props"]["id"] = node_id
    buttons = [key for key, node in nodes.items() if node["type"]["resolvedName"] == "Button"]
    return {
        "screenId": screen_id,
        "contents": {"ROOT": root, **nodes},
        "interactions": [{"id": key, "label": nodes[key]["props"]["children"]} for key in buttons],
    }


def _text(children: str) -> dict[str, Any]:
    return _node("Text", {"children": children, "variant": "h3"})


def _button(children: str) -> dict[str, Any]:
    return _node("Button", {"children": children, "data-type": "button", "variant": "contained"})


def _node(kind: str, props: dict[str, Any], *, canvas: bool = False, nodes: list[str] | None = None) -> dict[str, Any]:
    return {
        "type": {"resolvedName": kind},
        "displayName": kind,
        "props": props,
        "custom": {},
        "hidden": False,
        "isCanvas": canvas,
        "linkedNodes": {},
        "nodes": nodes or [],
        "parent": "ROOT",
    }
