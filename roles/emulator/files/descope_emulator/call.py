# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""One request on its way through the emulator, and who sent it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import errors
from .behaviour import Behaviour
from .codec import JsonObject, decode
from .emulator import Emulator
from .store import Project

# Documented by Descope's own tools: project ids begin with P, management keys with K.
_BEARER = re.compile(r"Bearer (?:(P[A-Za-z0-9_-]+):)?(K[A-Za-z0-9_-]+)")


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who asks. C(project_id) is empty for a key of a whole company (documented by the clients)."""

    project_id: str
    key: str

    @classmethod
    def parse(cls, header: str) -> Bearer | None:
        """Read an Authorization header; None if it is not well-formed."""
        match = _BEARER.fullmatch(header)
        return cls(match[1] or "", match[2]) if match else None


@dataclass(frozen=True, slots=True)
class Call:
    """A request that may be handled: its parsed body, its query, its caller."""

    emulator: Emulator
    body: JsonObject
    query: Mapping[str, str]
    bearer: Bearer

    @property
    def behaviour(self) -> Behaviour:
        return self.emulator.settings.behaviour

    @property
    def project(self) -> Project:
        """The project the caller names, if the key is one of its own."""
        return _authorized(self.emulator, self.bearer)


def _authorized(emulator: Emulator, bearer: Bearer) -> Project:
    behaviour = emulator.settings.behaviour
    if not bearer.project_id:
        raise errors.unauthorized(behaviour, "This endpoint needs a project id")
    project = emulator.store.known(bearer.project_id)
    if project is None:
        raise errors.forbidden(behaviour, f"Project {bearer.project_id} does not exist")
    if project.keys and bearer.key not in project.keys:
        raise errors.unauthorized(behaviour, "Invalid management key")
    return project


def parsed_body(raw: bytes) -> Any:
    """Return the body of a request, C({}) where there is none. Raise C(ValueError) if it is not JSON."""
    return decode(raw) if raw.strip() else {}


def named_flows(body: Any) -> tuple[str, ...]:
    """Return the ids of the flows a request is about."""
    if not isinstance(body, dict):
        return ()
    flow = body.get("flow")
    inside = (flow.get("flowId"), flow.get("id")) if isinstance(flow, dict) else ()
    listed = body.get("ids")
    found = (body.get("flowId"), *inside, *(listed if isinstance(listed, list) else ()))
    return tuple(dict.fromkeys(str(one) for one in found if one))


# --- arguments of a request --------------------------------------------------------------------------------------


def text_argument(body: JsonObject, name: str) -> str:
    """Return an argument that must be text and must not be empty."""
    value = body.get(name)
    if value is None or value == "":
        raise errors.missing_argument(name)
    if not isinstance(value, str):
        raise errors.malformed(f"{name} is not a string")
    return value


def object_argument(body: JsonObject, name: str) -> JsonObject:
    """Return an argument that must be an object."""
    value = body.get(name)
    if value is None:
        raise errors.missing_argument(name)
    if not isinstance(value, dict):
        raise errors.malformed(f"{name} is not an object")
    return value


def texts_argument(body: JsonObject, name: str) -> list[str]:
    """Return an argument that is a list of texts; absent and null are empty."""
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise errors.malformed(f"{name} is not a list of strings")
    return value


def check_message(message: JsonObject, where: str, *, objects: tuple[str, ...], lists: tuple[str, ...] = ()) -> None:
    """Refuse typed members of another type, as any protobuf server does (assumed); null is absent."""
    for name in objects:
        if not isinstance(message.get(name), dict | None):
            raise errors.malformed(f"{where}.{name} is not an object")
    for name in lists:
        items = message.get(name)
        if not isinstance(items, list | None) or not all(isinstance(item, dict) for item in items or ()):
            raise errors.malformed(f"{where}.{name} is not a list of objects")
