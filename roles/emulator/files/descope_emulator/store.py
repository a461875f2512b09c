# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What the emulated service remembers: projects, and in each its flows, connectors, roles, tenants and theme."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from .codec import JsonObject
from .themes import Theme
from .v1 import Stamp, V1Extras

# The console cannot delete these (documented).
SYSTEM_FLOWS = frozenset({"sign-up", "sign-in", "sign-up-or-in", "step-up"})

# How many saves of a flow are remembered; how many the real console keeps is unknown.
_HISTORY = 50

_Encoding = TypeVar("_Encoding")


@dataclass(frozen=True, slots=True)
class Revision:
    """One save of a flow. C(saved_by): import, v1-import, console or seed; C(changelog): the version note."""

    version: int
    saved_by: str
    changelog: str
    modified_time: int

    def as_dict(self) -> JsonObject:
        return {
            "version": self.version,
            "saved_by": self.saved_by,
            "changelog": self.changelog,
            "modified_time": self.modified_time,
        }


@dataclass(frozen=True, slots=True)
class StoredFlow:
    """A flow as the server holds it. Never changed: every save makes a new one, so its encodings stay true.

    document: the v2 form as it was sent, less what the server takes away. Unknown members are kept.
    """

    document: JsonObject
    extras: V1Extras
    stamp: Stamp
    history: tuple[Revision, ...]
    encodings: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def flow_id(self) -> str:
        return str(self.document["flowId"])

    def encoding(self, name: str, make: Callable[[], _Encoding]) -> _Encoding:
        """Return an encoding of this flow, made at the first call."""
        if name not in self.encodings:
            self.encodings[name] = make()
        made: _Encoding = self.encodings[name]
        return made


@dataclass(slots=True)
class Project:
    """One project. C(keys): the management keys it accepts, none for any well-formed key."""

    id: str
    name: str = ""
    keys: frozenset[str] = frozenset()
    snapshot_allowed: bool | None = None
    license_tier: str | None = None
    flows: dict[str, StoredFlow] = field(default_factory=dict)
    connectors: dict[str, JsonObject] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    tenants: dict[str, JsonObject] = field(default_factory=dict)
    theme: Theme = field(default_factory=Theme)
    other_files: dict[str, Any] = field(default_factory=dict)
    # What runs of management flows answer, by flow, and the runs that were asked for.
    run_outputs: dict[str, JsonObject] = field(default_factory=dict)
    runs: list[JsonObject] = field(default_factory=list)

    @property
    def connector_ids(self) -> dict[str, str]:
        """The connectors' ids by name."""
        return {name: str(connector["id"]) for name, connector in self.connectors.items()}

    def save(
        self, document: JsonObject, *, saved_by: str, changelog: str = "", extras: V1Extras | None = None
    ) -> StoredFlow:
        """Store a flow under its own flowId as its next version."""
        flow_id = str(document["flowId"])
        before = self.flows.get(flow_id)
        stamp = _next_stamp(flow_id, before.stamp if before else None)
        revision = Revision(stamp.version, saved_by, changelog, stamp.modified_time)
        history = (*(before.history if before else ()), revision)[-_HISTORY:]
        self.flows[flow_id] = StoredFlow(document, extras or V1Extras(), stamp, history)
        return self.flows[flow_id]

    def add_connector(self, name: str, connector: JsonObject) -> None:
        """Add or replace a connector. C(connector) has at least an id."""
        self.connectors[name] = {"name": name, **connector}
        self.forget_encodings()

    def add_role(self, name: str, role_id: str) -> None:
        """Add or replace a role."""
        self.roles[name] = role_id
        self.forget_encodings()

    def forget_encodings(self) -> None:
        """Encode every flow anew when it is next asked for: something they refer to has changed."""
        for flow in self.flows.values():
            flow.encodings.clear()


def _next_stamp(flow_id: str, before: Stamp | None) -> Stamp:
    """Return the stamp of the next save: version up by one (observed), a later time, another etag."""
    now = int(time.time())
    version = before.version + 1 if before else 1
    modified_time = max(now, before.modified_time + 1) if before else now
    etag = hashlib.sha256(f"{flow_id}:{version}:{modified_time}".encode()).hexdigest()[:32]
    return Stamp(version, etag, modified_time)


def generated_id(prefix: str, name: str) -> str:
    """Return an id in the form of Descope's (C(CI...), C(ROL...)), always the same for the same name."""
    return prefix + "2" + hashlib.sha256(name.encode()).hexdigest()[: 30 - len(prefix) - 1]


class ProjectStore:
    """All projects by id."""

    def __init__(self, *, strict: bool, furnish: Callable[[Project], None] = lambda _project: None) -> None:
        """C(strict): there are only the projects that were opened here. C(furnish): called with each new project."""
        self.strict = strict
        self.projects: dict[str, Project] = {}
        self._furnish = furnish

    def open(self, project_id: str) -> Project:
        """Return a project, made at its first use."""
        project = self.projects.get(project_id)
        if project is None:
            project = self.projects[project_id] = Project(project_id)
            self._furnish(project)
        return project

    def known(self, project_id: str) -> Project | None:
        """Return the project a request names; None where only declared projects exist and it is none of them."""
        return self.projects.get(project_id) if self.strict else self.open(project_id)

    def forget_encodings(self) -> None:
        """Encode everything anew when it is next asked for."""
        for project in self.projects.values():
            project.forget_encodings()
