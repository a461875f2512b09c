# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""A flow that uses every part of the format, and has a member nobody knows wherever there could be one."""

from __future__ import annotations

from typing import Any

WELCOME = "SC3full00000000000000welcome0"
VERIFY = "SC3full00000000000000verify00"
CONNECTOR = "CI3full000000000000000risk000"


def full_flow(flow_id: str = "sign-up-or-in") -> dict[str, Any]:
    """Return a new flow in the exported form. No member of it equals its default."""
    return {
        "flowId": flow_id,
        "metadata": {
            "name": "Sign Up or In",
            "description": "Social login or a one-time code, with a risk check",
            "componentsVersion": "2.0.500",
            "fingerprint": True,
            "management": True,
            "translation": {
                "enabled": True,
                "connectorId": "manual",
                "sourceLanguage": "en",
                "targetLanguages": ["fr"],
            },
            "sharedInteractions": [{"id": "6.success", "type": "success", "futureInteraction": "kept"}],
            "futureMetadata": {"deep": [{"er": 1}]},
        },
        "contents": {"startTask": "0", "tasks": _tasks(), "futureContents": "kept"},
        "screens": _screens(),
        "references": {"connectors": {"Risk Engine": CONNECTOR}, "roles": {"Member": "RL1"}, "futureReference": ["x"]},
        "futureTopLevel": "kept",
    }


def _tasks() -> dict[str, Any]:
    tasks = [
        {"id": "start", "name": "start", "next": {"rules": [{"taskId": "0"}]}},
        _task(
            "0",
            "Welcome",
            "screen",
            [("continue01", "3"), ("google0001", "1"), ("polling", "0")],
            screenId=WELCOME,
            allInputKeys=["email"],
            inputKeys=["email"],
            calculatedInputKeys=True,
        ),
        _task(
            "1",
            "Sign Up or In / OAuth",
            "automated",
            [("success", "1.end"), ("OAuthStartFailed", "0")],
            action="oauth-start",
            arguments={"exchangeStepId": _inline("1.end"), "prompt": _inline([]), "redirectUrl": _inline("")},
            errorHandlingV2={"OAuthStartFailed": {"errorHandlingType": "custom"}},
        ),
        _task("1.end", "Sign Up or In / OAuth", "automated", [("success", "2")], action="exchange-oauth-code"),
        _task(
            "2",
            "New user?",
            "condition",
            [("isNew", "5"), ("ELSE", "6")],
            conditions=[
                {
                    "interactionId": "isNew",
                    "name": "New user",
                    "logicalOr": False,
                    "atomicConditions": [
                        {"operator": "is-true", "target": {"type": "context", "value": "firstSeen"}, "predicate": None}
                    ],
                },
                {"interactionId": "ELSE", "name": "Known user", "atomicConditions": []},
            ],
        ),
        _task(
            "3",
            "Risk / Check",
            "automated",
            [("success", "4")],
            action="connector",
            arguments={
                "connectorId": _inline(CONNECTOR),
                "command": _inline("assess"),
                "templateId": _inline("risk"),
                "args": _inline({"threshold": 0.5}),
            },
        ),
        _task("4", "Verify OTP", "screen", [("codeSubmit", "2")], screenId=VERIFY),
        _task("5", "Set Up MFA", "flow", [("9.success", "6")], arguments={"flowId": _inline("preferred-mfa")}),
        {"id": "6", "name": "End", "type": "automated", "action": "logged-in", "next": {}},
    ]
    return {task["id"]: {**task, "view": {"x": 252 * place, "y": 0.5}} for place, task in enumerate(tasks)}


def _task(task_id: str, name: str, kind: str, rules: list[tuple[str, str]], **more: Any) -> dict[str, Any]:
    following = [{"interactionId": interaction, "taskId": target, "futureRule": 1} for interaction, target in rules]
    return {"id": task_id, "name": name, "type": kind, "next": {"rules": following}, "futureTask": [0], **more}


def _inline(value: Any) -> dict[str, Any]:
    return {"type": "inline", "value": value}


def _screens() -> list[dict[str, Any]]:
    verify = {
        "ROOT": _node("Container", None, nodes=["codeSubmit"]),
        "codeSubmit": _node("Button", "ROOT", children="Verify {{sentTo.maskedEmail}}"),
    }
    welcome = {
        "ROOT": _node("Container", None, nodes=["box0000001", "hint000001"], linked={"aside": "side000001"}),
        "box0000001": _node("Container", "ROOT", nodes=["continue01", "google0001"]),
        "continue01": _node("Button", "box0000001", children="Continue"),
        "google0001": _node("Google Button", "box0000001"),
        "hint000001": _node("Text", "ROOT", children=""),
        "side000001": _node("Text", "ROOT", children="Grüße \U0001f44b"),
    }
    return [
        {
            "screenId": VERIFY,
            "interactions": [{"id": "codeSubmit", "label": "Verify"}],
            "contents": verify,
        },
        {
            "screenId": WELCOME,
            "interactions": [
                {"id": "continue01", "label": "Continue", "type": "submit", "futureInteraction": 1},
                {"id": "google0001", "label": "Continue with Google", "icon": "google"},
                {"id": "polling", "label": "polling"},
            ],
            "contents": welcome,
            "futureScreen": {"kept": [False]},
        },
    ]


def _node(
    name: str, parent: str | None, *, nodes: list[str] | None = None, linked: dict[str, str] | None = None, **props: Any
) -> dict[str, Any]:
    node = {
        "type": {"resolvedName": name.replace(" ", "")},
        "displayName": name,
        "props": props,
        "custom": {},
        "hidden": False,
        "isCanvas": nodes is not None,
        "linkedNodes": linked or {},
        "nodes": nodes or [],
        "futureNode": "",
    }
    return node if parent is None else {**node, "parent": parent}
