# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Level 7: what works, and should not go out all the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._json import (
    JsonObject,
    quoted,
    text_of,
)
from ansible_collections.community.descope.plugins.module_utils._redact import redact_value, secret_members
from ansible_collections.community.descope.plugins.module_utils._validate.catalogue import Finding
from ansible_collections.community.descope.plugins.module_utils._validate.view import (
    FlowView,
    in_task,
)

# Arguments that send the browser somewhere, with a code or a token in the address.
_REDIRECTS = re.compile(r"uri\Z|redirect_?(?:url|uri)?\Z", re.IGNORECASE)
_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_AT_RUN_TIME = "{{"
# Copies of a screen that the console keeps on tasks; an import drops them, and the screen itself is looked at.
_CACHES = frozenset({"htmlTemplate", "interactions", "clientScripts", "inputsMetadata", "view"})
_CONTAINERS = frozenset({dict, list})


def find(
    flow: FlowView, redirect_hosts: Sequence[str] | None, standing: FlowDocument | None = None
) -> Iterator[Finding]:
    """Yield secrets and redirects that should not be there.

    C(redirect_hosts): None allows every host. C(standing): the flow as the project has it; tasks and screens that are
    the same there are not looked at.
    """
    known_tasks = standing.tasks if standing else {}
    known_screens = FlowView(standing).screens if standing else {}
    for task_id, task in flow.tasks.items():
        if known_tasks.get(task_id) == task:
            continue
        label = flow.document.task_label(task_id)
        kept = {name: value for name, value in task.items() if name not in _CACHES}
        for place in _secrets(kept, in_task(task_id)):
            yield "secret-in-clear", f"{label} holds what looks like a secret", place
        for name, value in flow.arguments(task_id).items():
            if isinstance(value, str) and value and _REDIRECTS.search(name):
                yield from _redirect(
                    f"{quoted(name)} of {label}", value, in_task(task_id, "arguments", name, "value"), redirect_hosts
                )
    for index, screen in enumerate(flow.document.screens):
        contents = screen.get("contents")
        if known_screens.get(text_of(screen.get("screenId")), {}).get("contents") == contents:
            continue
        for place in _secrets(contents, ("screens", index, "contents")):
            yield "secret-in-clear", f"{_screen(flow, screen)} holds what looks like a secret", place


def _redirect(what: str, value: str, place: tuple[str | int, ...], allowed: Sequence[str] | None) -> Iterator[Finding]:
    if not _URL.match(value):
        if allowed is not None and value.lstrip().startswith(_AT_RUN_TIME):
            yield "redirect-at-run-time", f"{what} is known at run time only: {quoted(value)}", place
        return
    host = _host(value)
    if value.lower().startswith("http://") and host not in _LOCAL:
        yield "plain-http", f"{what} is not encrypted: {quoted(value)}", place
    if allowed is None:
        return
    if _AT_RUN_TIME in host:
        yield "redirect-at-run-time", f"{what} has a host that is known at run time only: {quoted(value)}", place
    elif not any(fnmatchcase(host, pattern.lower()) for pattern in allowed):
        yield "foreign-redirect", f"{what} leads to {quoted(host)}, which is not an allowed host", place


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return url.lower()


def _secrets(value: Any, place: tuple[str | int, ...]) -> list[tuple[str | int, ...]]:
    """Return the places of everything that a diff would mask."""
    found: list[tuple[str | int, ...]] = []
    waiting: list[tuple[Any, tuple[str | int, ...], bool]] = [(value, place, False)]
    while waiting:
        value, place, secret = waiting.pop()
        if isinstance(value, dict | list):
            waiting += [(member, (*place, key), hidden) for key, member, hidden in reversed(_suspects(value, secret))]
        elif value and _looks_secret(value, secret):
            found.append(place)
    return found


def _suspects(value: JsonObject | list[Any], secret: bool) -> list[tuple[str | int, Any, bool]]:
    """Return the members of a value that may hide something, each with its key and whether that says so.

    Most are short texts and switches, thousands of them in a flow, so they are sorted out here, where they cost least.
    """
    if isinstance(value, list):
        return [(index, item, secret) for index, item in enumerate(value)]
    hidden = secret_members(value, secret=secret)
    return [
        (key, member, key in hidden)
        for key, member in value.items()
        if member and member is not True and (member.__class__ in _CONTAINERS or _looks_secret(member, key in hidden))
    ]


@lru_cache(maxsize=8192)
def _looks_secret(value: Any, secret: bool) -> bool:
    return bool(redact_value(value, secret=secret) != value)


def _screen(flow: FlowView, screen: JsonObject) -> str:
    screen_id = screen.get("screenId")
    return flow.document.screen_label(screen_id) if isinstance(screen_id, str) else "a screen"
