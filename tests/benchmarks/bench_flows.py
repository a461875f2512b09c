# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""A library of flow templates of the size and shape that real flows have, in two editions."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from copy import deepcopy
from pathlib import Path
from typing import Any

JsonObject = dict[str, Any]

# What real flows of a grown project weigh.
SMALLEST_KB = 50
LARGEST_KB = 95  # whole steps are added until the size is reached, so the largest is a little more
# A template has as many places for a tenant's own values as this many steps have; the other steps are the same for all.
_OWN_STEPS = 10
_EXPRESSION = re.compile(r"\$\{ \w+ \}")
_INTERACTION = {"type": "", "label": "", "icon": "", "subType": ""}


def write_library(folder: Path, count: int) -> dict[str, list[Path]]:
    """Write C(count) templates in two editions, C(now) and C(next). Returns edition -> files, alike named in both."""
    files: dict[str, list[Path]] = {"now": [], "next": []}
    for number in range(count):
        now = make_flow(f"flow-{number + 1}", size_of(number, count))
        for edition, flow in (("now", now), ("next", edited(now))):
            path = folder / edition / f"flow-{number + 1}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(flow, indent=2, sort_keys=True) + "\n", encoding="utf-8")
            files[edition].append(path)
    return files


def write_template(folder: Path, size: int, variables: int) -> Path:
    """Write one template of about C(size) bytes that uses C(variables) different variables, C(value_0) and so on."""
    numbers = itertools.cycle(range(variables))
    text = json.dumps(make_flow("rendered", size), indent=2)
    path = folder / "rendered.json"
    path.write_text(_EXPRESSION.sub(lambda _found: f"${{ value_{next(numbers)} }}", text), encoding="utf-8")
    return path


def size_of(number: int, count: int) -> int:
    """Return how many bytes a template should have: from the smallest to the largest, evenly spread."""
    step = (LARGEST_KB - SMALLEST_KB) / max(count - 1, 1)
    return round((SMALLEST_KB + number * step) * 1000)


def compact_size(flow: JsonObject) -> int:
    """Return how many bytes a flow has on the wire."""
    return len(json.dumps(flow, separators=(",", ":")))


def make_flow(name: str, size: int) -> JsonObject:
    """Return a template of about C(size) bytes on the wire. Its flow id begins with the tenant it is rendered for.

    In the exported form with the members of interactions spelled out, as the Management API answers.
    """
    flow: JsonObject = {
        "flowId": f"${{ inventory_hostname }}-{name}",
        "metadata": {"name": f"{name} of ${{ brand_name }}", "description": "Asks step by step, then logs in"},
        "contents": {"startTask": "0", "tasks": {"start": _task("start", -1, ("", "0"), key="start")}},
        "screens": [],
        "references": {},
    }
    flow["contents"]["tasks"]["end"] = _task("End", 1, key="end") | {"type": "automated", "action": "logged-in"}
    while compact_size(flow) < size:
        _add_step(flow, name)
    _lead_to(flow["contents"]["tasks"][str(3 * len(flow["screens"]) - 1)], "end")
    flow["screens"].sort(key=lambda screen: str(screen["screenId"]))
    return flow


def edited(flow: JsonObject) -> JsonObject:
    """Return the next edition: what an afternoon in the console changes. Two texts, an argument, a name, a rule."""
    result = deepcopy(flow)
    tasks, screens = result["contents"]["tasks"], result["screens"]
    for number, screen in enumerate(screens[:2]):
        _first_text(screen)["props"]["children"] = f"Welcome back to ${{ brand_name }}, you are at step {number}"
    tasks["1"]["arguments"]["templateId"]["value"] = "T3bench00000000000000000template"
    tasks["4"]["name"] = "Sign Up or In / OTP / SMS"
    _lead_to(tasks["5"], "0", rule=1)
    return result


def _first_text(screen: JsonObject) -> JsonObject:
    return next(node for node in screen["contents"].values() if node["displayName"] == "Text")


def _add_step(flow: JsonObject, name: str) -> None:
    """Add a screen, the action behind it and a condition that leads on to the next step or back to the screen."""
    step = len(flow["screens"])
    shown, sent, checked = str(3 * step), str(3 * step + 1), str(3 * step + 2)
    screen_id = f"SC{hashlib.sha256(f'{name}/{step}'.encode()).hexdigest()[:27]}"
    screen, buttons = _screen(screen_id, step)
    flow["screens"].append(screen)
    flow["contents"]["tasks"] |= {
        shown: _task(f"Step {step}", step, (buttons[0], sent), (buttons[1], shown), key=shown)
        | {"type": "screen", "screenId": screen_id, "inputKeys": ["email", "phone"], "calculatedInputKeys": True},
        sent: _task("Sign Up or In / OTP / Email", step, ("success", checked), key=sent)
        | {"type": "automated", "action": "sign-up-or-in-otp-email", "arguments": _arguments(step)},
        checked: _task("Is the user known?", step, ("known", str(3 * step + 3)), ("ELSE", shown), key=checked)
        | {"type": "condition", "conditions": _conditions()},
    }


def _task(name: str, column: int, *rules: tuple[str, str], key: str) -> JsonObject:
    following = {"rules": [{"interactionId": interaction, "taskId": task} for interaction, task in rules]}
    view = {"x": 380 * column, "y": 140}
    return {"id": key, "name": name, "next": following if rules else {}, "view": view}


def _lead_to(task: JsonObject, target: str, rule: int = 0) -> None:
    task["next"]["rules"][rule]["taskId"] = target


def _arguments(step: int) -> JsonObject:
    provider = "${ sms_provider_id }" if step < _OWN_STEPS // 2 else ""
    values = {"addToLoginIDs": "", "extraTemplateVals": "", "providerId": provider, "templateId": ""}
    return {name: {"type": "inline", "value": value} for name, value in values.items()}


def _conditions() -> list[JsonObject]:
    target = {"type": "context", "value": "user.verifiedPhone"}
    known = {"operator": "is-true", "predicate": {"type": "inline", "value": ""}, "target": target}
    return [
        {"atomicConditions": [known], "interactionId": "known", "logicalOr": False, "name": "Yes"},
        {"atomicConditions": [], "interactionId": "ELSE", "name": "No"},
    ]


def _screen(screen_id: str, step: int) -> tuple[JsonObject, list[str]]:
    """Return a screen and the ids of its two buttons."""
    brand, support = (
        ("${ brand_name }", "${ support_email }") if step < _OWN_STEPS else ("Acme", "support@acme.example")
    )
    texts = {
        "Text": [
            f"Step {step} at {brand}",
            "We sent a code to {{sentTo.maskedEmail}}. It is good for ten minutes; look into your spam folder too.",
            f"Need help? Write to {support}.",
        ],
        "TextField": ["E-mail address", "Phone number"],
        "Button": ["Continue", "Send it again"],
    }
    nodes = {
        f"{screen_id[-5:]}{kind}{number}": _node(kind, text)
        for kind, children in texts.items()
        for number, text in enumerate(children)
    }
    for node_id, node in nodes.items():
        node["props"]["id"] = node_id
    buttons = [node_id for node_id, node in nodes.items() if node["displayName"] == "Button"]
    root = {**_node("Container", ""), "isCanvas": True, "nodes": list(nodes)}
    del root["parent"]
    interactions = [_INTERACTION | {"id": button, "type": "button"} for button in buttons]
    return {"screenId": screen_id, "contents": {"ROOT": root, **nodes}, "interactions": interactions}, buttons


def _node(kind: str, text: str) -> JsonObject:
    props = {
        "children": text,
        "color": "primary",
        "full-width": True,
        "italic": False,
        "link-target-blank": True,
        "mode": "primary",
        "size": "md",
        "text-align": "center",
        "variant": "body1",
    }
    return {
        "custom": {},
        "displayName": kind,
        "hidden": False,
        "isCanvas": False,
        "linkedNodes": {},
        "nodes": [],
        "parent": "ROOT",
        "props": props,
        "type": {"resolvedName": kind},
    }
