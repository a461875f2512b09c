# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Level 4: are the steps complete? The shapes are those of the actions seen in real flows; other actions pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

from ansible_collections.community.descope.plugins.module_utils._json import (
    JsonObject,
    describe,
    quoted,
    text_of,
)
from ansible_collections.community.descope.plugins.module_utils._validate.catalogue import Finding
from ansible_collections.community.descope.plugins.module_utils._validate.view import (
    ELSE,
    SECOND_HALF,
    STEP_SUFFIX,
    FlowView,
    in_task,
    is_text,
    objects,
)

# Takes the bodies of scriptlets, returns for each what is wrong with it, empty if nothing is; None if it cannot tell.
ScriptParser: TypeAlias = Callable[[Sequence[str]], "list[str] | None"]

_TYPES = frozenset({"screen", "automated", "condition", "flow"})
_ARGUMENT_TYPES = ("inline", "context")

# The first half of an action of two steps: the argument that names the second half, and the action of that.
PAIRS: dict[str, tuple[str, str]] = {
    "oauth-start": ("exchangeStepId", "exchange-oauth-code"),
    "oauth-start-sign-in": ("exchangeStepId", "exchange-oauth-code"),
    "oauth-start-sign-up": ("exchangeStepId", "exchange-oauth-code"),
    "password-send-reset": ("verifyStepId", "verify-magic-link"),
    "saml-start": ("exchangeStepId", "exchange-saml-code"),
    "sign-in-magic-link-email": ("verifyStepId", "verify-magic-link"),
    "sign-up-magic-link-email": ("verifyStepId", "verify-magic-link"),
    "sign-up-or-in-magic-link-email": ("verifyStepId", "verify-magic-link"),
    "update-user-magic-link-email": ("verifyStepId", "verify-magic-link"),
    "webauthn-sign-in-start": ("finishStepId", "webauthn-sign-in-finish"),
    "webauthn-sign-up-or-in-start": ("finishStepId", "webauthn-sign-up-or-in-finish"),
    "webauthn-sign-up-start": ("finishStepId", "webauthn-sign-up-finish"),
    "webauthn-update-user-start": ("finishStepId", "webauthn-update-user-finish"),
}
_SECOND_HALVES = frozenset(action for _argument, action in PAIRS.values())
_OTHER_ACTIONS = frozenset(
    {
        "admin-link-sso-generate-v2",
        "connector",
        "email-connector",
        "generate-audit-event",
        "loadUser",
        "logged-in",
        "password-replace",
        "password-sign-in-v2",
        "password-update",
        "risk",
        "scriptlet",
        "sign-in-magic-linkv2-email",
        "sign-in-otp-email",
        "sign-in-otp-sms",
        "sign-up-or-in-otp-email",
        "sign-up-or-in-otp-sms",
        "sign-up-otp-email",
        "step-up",
        "update-user-otp-email",
        "update-user-otp-sms",
        "update-user-properties",
        "update-user-totp",
        "verify-code-otp-email",
        "verify-code-otp-sms",
        "verify-totp-code",
    }
)
KNOWN_ACTIONS = frozenset(PAIRS) | _SECOND_HALVES | _OTHER_ACTIONS

# The types that the values of arguments have in real flows, whatever the action: a name means the same everywhere.
_TEXT, _FLAG, _LIST = (str,), (str, bool), (list, type(None))
_ARGUMENTS: dict[str, tuple[type, ...]] = {
    "addToLoginIDs": _FLAG,
    "allowSetDefaultProvider": _FLAG,
    "args": _LIST,
    "async": (bool,),
    "bodyHtml": _TEXT,
    "command": _TEXT,
    "connectorId": (str, type(None)),
    "defaultProvider": _TEXT,
    "exchangeStepId": _TEXT,
    "extraTemplateVals": _TEXT,
    "finishStepId": _TEXT,
    "flowId": _TEXT,
    "forceAuthn": _FLAG,
    "forceNonNative": _FLAG,
    "loginHint": _TEXT,
    "onMergeUseExisting": _FLAG,
    "outputPath": _TEXT,
    "overrideForm": _LIST,
    "popup": _FLAG,
    "prompt": _LIST,
    "providerId": _TEXT,
    "rawResponse": _FLAG,
    "redirectUrl": _TEXT,
    "refreshCookieName": _TEXT,
    "restrictPasskeyTypes": _FLAG,
    "resultPath": _TEXT,
    "scriptArgs": _LIST,
    "scriptCode": _TEXT,
    "sessionCookieName": _TEXT,
    "skipVerify": _FLAG,
    "subject": _TEXT,
    "templateId": _TEXT,
    "timeout": (str, int),
    "to": _TEXT,
    "uri": _TEXT,
    "userPropertiesDefinitions": _LIST,
    "userVerificationDiscouraged": _FLAG,
    "verifyStepId": _TEXT,
}
_CONNECTORS = frozenset({"connector", "email-connector"})


def find(flow: FlowView, parse_scripts: ScriptParser | None) -> Iterator[Finding]:
    """Yield what is wrong with the steps of a flow, in document order, scriptlets last."""
    for task_id, task in flow.tasks.items():
        label = flow.document.task_label(task_id)
        yield from _kind(label, task_id, task)
        yield from _arguments(label, task_id, task)
        yield from _steps(flow, label, task_id, task)
        yield from _branches(label, task_id, task)
        yield from _conditions(label, task_id, task)
        if task.get("type") == "flow" and not is_text(flow.arguments(task_id).get("flowId")):
            yield "subflow-without-id", f"{label} does not say which flow it calls", in_task(task_id, "arguments")
        if text_of(task.get("action")) in _CONNECTORS:
            yield from _connector(flow, label, task_id)
    yield from _scriptlets(flow, parse_scripts)


def _kind(label: str, task_id: str, task: JsonObject) -> Iterator[Finding]:
    kind, action = task.get("type"), task.get("action")
    if isinstance(kind, str) and kind and kind not in _TYPES:
        yield "unknown-task-type", f"{label} has the type {quoted(kind)}", in_task(task_id, "type")
    if kind == "automated" and not is_text(action):
        yield "task-without-action", f"{label} has no action", in_task(task_id, "action")
    elif is_text(action) and action not in KNOWN_ACTIONS:
        yield "unknown-action", f"{label} does {quoted(action)}", in_task(task_id, "action")


def _arguments(label: str, task_id: str, task: JsonObject) -> Iterator[Finding]:
    arguments = task.get("arguments")
    for name, argument in arguments.items() if isinstance(arguments, dict) else ():
        place = in_task(task_id, "arguments", name)
        if not isinstance(argument, dict) or argument.get("type") not in _ARGUMENT_TYPES:
            what = (
                f"has the type {quoted(argument.get('type'))}"
                if isinstance(argument, dict)
                else f"is {describe(argument)}"
            )
            expected = "{type: inline or context, value: ...}"
            yield "argument-shape", f"{quoted(name)} of {label} is not {expected}; it {what}", place
        elif name in _ARGUMENTS and "value" in argument and not _fits(argument["value"], _ARGUMENTS[name]):
            message = f"{name} of {label} is {describe(argument['value'])}, as in no real flow"
            yield "argument-type", message, (*place, "value")


def _fits(value: Any, kinds: tuple[type, ...]) -> bool:
    return (
        isinstance(value, bool)
        if bool in kinds and isinstance(value, bool)
        else (isinstance(value, kinds) and not isinstance(value, bool))
    )


def _steps(flow: FlowView, label: str, task_id: str, task: JsonObject) -> Iterator[Finding]:
    action, values = text_of(task.get("action")), flow.arguments(task_id)
    if action in PAIRS:
        name, second = PAIRS[action]
        target = values.get(name)
        place = in_task(task_id, "arguments", name, "value")
        if not is_text(target):
            yield "missing-step-argument", f"{label} does not say in {name} which task finishes it", place
        elif target in flow.tasks and flow.tasks[target].get("action") != second:
            does = quoted(flow.tasks[target].get("action"))
            message = f"{name} of {label} names task {quoted(target)}, which does {does} instead of {quoted(second)}"
            yield "step-pair-mismatch", message, place
        elif text_of(target).endswith(SECOND_HALF) and target != f"{task_id}{SECOND_HALF}":
            message = f"{name} of {label} names task {quoted(target)}, the second half of another task"
            yield "step-pair-mismatch", message, place
    elif action in _SECOND_HALVES:
        for name, target in values.items():
            if name.endswith(STEP_SUFFIX) and is_text(target) and target != task_id and target in flow.tasks:
                message = f"{quoted(name)} of {label} names task {quoted(target)} instead of this one"
                yield "step-pair-mismatch", message, in_task(task_id, "arguments", name, "value")


def _branches(label: str, task_id: str, task: JsonObject) -> Iterator[Finding]:
    branches = list(objects(task.get("conditions"))) if task.get("type") == "condition" else []
    seen: set[str] = set()
    for index, branch in branches:
        place, branch_id = in_task(task_id, "conditions", index), text_of(branch.get("interactionId"))
        shown = f"the branch {quoted(branch.get('name') or branch_id)} of {label}"
        if branch_id in seen:
            yield "duplicate-branch", f"{shown} has the id of another, {quoted(branch_id)}", (*place, "interactionId")
        elif branch_id == ELSE:
            if branches[-1][1].get("interactionId") != ELSE:
                yield "else-not-last", f"{ELSE} of {label} is not its last branch", place
        elif not branch.get("atomicConditions"):
            yield "empty-branch", f"{shown} has no condition", (*place, "atomicConditions")
        if branch_id:
            seen.add(branch_id)


def _conditions(label: str, task_id: str, task: JsonObject) -> Iterator[Finding]:
    for index, branch in objects(task.get("conditions")):
        if branch.get("interactionId") == ELSE:
            continue
        for position, part in objects(branch.get("atomicConditions")):
            missing = [name for name in ("operator", "target") if not part.get(name)]
            if missing:
                place = in_task(task_id, "conditions", index, "atomicConditions", position)
                message = (
                    f"a part of the branch {quoted(branch.get('name'))} of {label} has no {' and no '.join(missing)}"
                )
                yield "incomplete-condition", message, place


def _connector(flow: FlowView, label: str, task_id: str) -> Iterator[Finding]:
    values = flow.arguments(task_id)
    if not is_text(values.get("connectorId")):
        yield "connector-without-id", f"{label} names no connector", in_task(task_id, "arguments", "connectorId")
    missing = [name for name in ("command", "templateId") if not is_text(values.get(name))]
    if missing:
        message = f"{label} does not say what its connector does: it has no {' and no '.join(missing)}"
        yield "incomplete-connector", message, in_task(task_id, "arguments")


def _scriptlets(flow: FlowView, parse_scripts: ScriptParser | None) -> Iterator[Finding]:
    codes = {
        task_id: flow.arguments(task_id)["scriptCode"]
        for task_id, task in flow.tasks.items()
        if task.get("action") == "scriptlet" and is_text(flow.arguments(task_id).get("scriptCode"))
    }
    if not codes:
        return
    answers = parse_scripts(list(codes.values())) if parse_scripts else None
    for position, task_id in enumerate(codes):
        label, place = flow.document.task_label(task_id), in_task(task_id, "arguments", "scriptCode", "value")
        if answers is None:
            yield "scriptlet-not-parsed", f"the code of {label} was not parsed", place
        elif answers[position]:
            yield "scriptlet-syntax", f"the code of {label} is not JavaScript: {answers[position]}", place
