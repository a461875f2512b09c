# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What flows refer to by id, connectors and roles, found by name in the project that the flows go to.

An id means something only in the project it comes from. Descope imports a flow with the id of a connector that does not
exist without an error, and deselects the step; so that must never be sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, TypeAlias

from ansible_collections.community.descope.plugins.module_utils._deploy.plan import DesiredFlow
from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem, Severity
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._json import (
    JsonObject,
    JsonValue,
    describe,
    json_path,
    quoted,
)
from ansible_collections.community.descope.plugins.module_utils._validate.inventory import ProjectInventory
from ansible_collections.community.descope.plugins.module_utils._validate.view import is_text

# The parts of a flow that ids are used in. References only name them.
_PARTS = ("metadata", "contents", "screens")
_CONNECTOR_ID = re.compile(r"CI[A-Za-z0-9]{20,40}\Z")
# What stands where a flow is translated by hand instead of by a connector.
_BY_HAND = "manual"

Path: TypeAlias = "tuple[str | int, ...]"


class Unresolved(StrEnum):
    """What becomes of a task with a reference that the project does not have."""

    FAIL = "fail"
    WARN = "warn"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class ProjectNames:
    """The ids of what a project has, by name. None: that could not be read.

    The roles are those that flows of the project use already; no snapshot is known to list them.
    partial: whether the connectors, too, are only those that flows use.
    """

    connectors: Mapping[str, str] | None = None
    roles: Mapping[str, str] | None = None
    partial: bool = False

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> ProjectNames:
        """Return the names in what a reading of the whole project keeps beside the flows."""
        return cls(facts.get("connectors"), facts.get("roles"), bool(facts.get("partial")))

    def and_of(self, flow: FlowDocument | None) -> ProjectNames:
        """Return these names and those that a flow of the project tells."""
        return self.and_told(flow.references if flow is not None else None)

    def and_told(self, references: JsonValue) -> ProjectNames:
        """Return these names and those of a flow's references."""
        told = references if isinstance(references, dict) else {}
        connectors = _with(self.connectors, told.get("connectors"))
        partial = self.partial or (self.connectors is None and connectors is not None)
        return ProjectNames(connectors, _with(self.roles, told.get("roles")), partial)

    def as_facts(self) -> JsonObject:
        """Return what C(from_facts) takes."""
        return {"connectors": self.connectors, "roles": self.roles, "partial": self.partial}

    @property
    def tells_connectors(self) -> bool:
        """Whether a connector that is not among these does not exist."""
        return self.connectors is not None and not self.partial


def names_in_snapshot(files: Mapping[str, Any], inventory: ProjectInventory) -> ProjectNames:
    """Return the names in a project's snapshot: those of its inventory, and those that its flows tell."""
    known = ProjectNames(inventory.connectors, inventory.roles)
    for path in files:
        if path.startswith("flows/") and path.endswith("/metadata.json"):
            metadata = files[path]
            known = known.and_told(metadata.get("references") if isinstance(metadata, dict) else None)
    return known


@dataclass(frozen=True, slots=True)
class ReferenceOptions:
    """How references are resolved.

    connectors, roles: ids by name that the user gives. tenant, project_id: whom messages name.
    """

    connectors: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    unresolved: Unresolved = Unresolved.FAIL
    tenant: str = ""
    project_id: str = ""


def resolve_references(
    desired: Iterable[DesiredFlow],
    live: Mapping[str, FlowDocument | None],
    names: ProjectNames,
    options: ReferenceOptions,
) -> tuple[list[DesiredFlow], list[Problem]]:
    """Return the flows with the ids of the project, and what could not be found there."""
    problems: list[Problem] = []
    resolved = []
    for flow in desired:
        if flow.document is None:
            resolved.append(flow)
            continue
        resolver = _Resolver(flow.document, live.get(flow.flow_id), names, options)
        resolved.append(replace(flow, document=resolver.resolved()))
        problems += resolver.problems
    return resolved, problems if options.unresolved is not Unresolved.IGNORE else []


def check_given_ids(params: Mapping[str, Any]) -> None:
    """Raise InputError where C(connectors) or C(roles) of a task give something else than an id.

    An empty one is what a lookup of a variable that nobody has set returns, and Descope would deselect the step.
    """
    problems = [
        Problem(
            "missing-id",
            f"{quoted(name)} has no id here, but {describe(value) if value != '' else 'an empty text'}; give the id "
            "that it has in the project, or leave the name out to have it found there",
            source=option,
        )
        for option in ("connectors", "roles")
        for name, value in (params[option] or {}).items()
        if not isinstance(value, str) or not value.strip()
    ]
    if problems:
        raise InputError(problems)


class _Resolver:
    """Finds the references of one flow."""

    def __init__(
        self, document: FlowDocument, live: FlowDocument | None, names: ProjectNames, options: ReferenceOptions
    ) -> None:
        self.document = document
        self.live = live
        self.names = names.and_of(live)
        self.options = options
        self.problems: list[Problem] = []

    def resolved(self) -> FlowDocument:
        """Return the flow with the ids of the project, the same document where there is nothing to replace."""
        named = {kind: _texts(self.document.references.get(kind)) for kind in ("connectors", "roles")}
        places = self._places({own_id for ids in named.values() for own_id in ids.values()})
        changes: dict[Path, str] = {}
        for kind, ids in named.items():
            for name, own_id in ids.items():
                if own_id in places:
                    found = self._found(kind, name, own_id, places[own_id][0])
                    changes |= dict.fromkeys(places[own_id], found) if found != own_id else {}
        changes |= self._unnamed(set(named["connectors"].values()))
        if not changes:
            return self.document
        data = {part: _changed(value, changes, (part,)) for part, value in self.document.data.items()}
        return FlowDocument(data | {"references": self._references(named)}, self.document.source)

    def _found(self, kind: str, name: str, own_id: str, place: Path) -> str:
        given = getattr(self.options, kind)
        known = getattr(self.names, kind)
        if name in given:
            return self._given(kind, name, place)
        if known is not None and name in known:
            return str(known[name])
        if own_id not in (known or {}).values() and own_id not in given.values() and not self._is_live(own_id):
            self._report(kind, name, place)
        return own_id

    def _given(self, kind: str, name: str, place: Path) -> str:
        """Return the id that the user gives for a name. Of roles, nobody knows all that a project has."""
        given = str(getattr(self.options, kind)[name])
        if kind == "connectors" and self.names.tells_connectors:
            there = (self.names.connectors or {}).values()
            if given not in there and not self._is_live(given):
                self._report_given(name, given, place)
        return given

    def _unnamed(self, named: set[str]) -> dict[Path, str]:
        """Return what to put where a connector is given by its name, or by an id that the flow's references lack."""
        changes: dict[Path, str] = {}
        known = self.names.connectors or {}
        given = {connector_id: name for name, connector_id in self.options.connectors.items()}
        for place, value in self._connector_places():
            if value in named or value in known.values():
                continue
            name = given.get(value, value)
            if name in self.options.connectors:
                changes[place] = self._given("connectors", name, place)
            elif value in known:
                changes[place] = known[value]
            elif not _CONNECTOR_ID.match(value):
                self._report("connectors", value, place)
            elif not self._is_live(value):
                self._report_dangling(value, place)
        return changes

    def _connector_places(self) -> Iterator[tuple[Path, str]]:
        for task_id, task in self.document.tasks.items():
            arguments = task.get("arguments") if isinstance(task, dict) else None
            argument = arguments.get("connectorId") if isinstance(arguments, dict) else None
            value = argument.get("value") if isinstance(argument, dict) else None
            if isinstance(value, str) and value:
                yield ("contents", "tasks", task_id, "arguments", "connectorId", "value"), value
        translation = self.document.metadata.get("translation")
        value = translation.get("connectorId") if isinstance(translation, dict) else None
        if isinstance(value, str) and value not in ("", _BY_HAND):
            yield ("metadata", "translation", "connectorId"), value

    def _places(self, ids: set[str]) -> dict[str, list[Path]]:
        places: dict[str, list[Path]] = {}
        for part in _PARTS if ids else ():
            for path, text in _strings(self.document.data.get(part), (part,)):
                if text in ids:
                    places.setdefault(text, []).append(path)
        return places

    def _is_live(self, own_id: str) -> bool:
        """Tell whether the flow in the project uses this very id already: then importing it changes nothing for it."""
        parts = (self.live.data.get(part) for part in _PARTS) if self.live is not None else ()
        return any(text == own_id for part in parts for _path, text in _strings(part, ()))

    def _references(self, named: Mapping[str, Mapping[str, str]]) -> JsonObject:
        references = dict(self.document.references)
        for kind, ids in named.items():
            known = {**(getattr(self.names, kind) or {}), **getattr(self.options, kind)}
            if ids:
                references[kind] = {name: known.get(name, own_id) for name, own_id in ids.items()}
        return references

    # --- messages -------------------------------------------------------------------------------------------------

    def _report(self, kind: str, name: str, place: Path) -> None:
        what = kind.removesuffix("s")
        project = self.options.project_id or "the project"
        if kind == "connectors" and self.names.tells_connectors:
            reason = (
                f"which {project} does not have{self._for_tenant()}; create it there, or give its id there in {kind}"
            )
        else:
            reason = (
                f"and whether {project} has it cannot be read{self._for_tenant()}; give its id there in {kind}, "
                f"as {kind}: {{{quoted(name)}: <id>}}"
            )
        message = f"{self._user(place)} uses the {what} {quoted(name)}, {reason}"
        self._add(f"unknown-{what}", message, place, self._severity)

    def _report_given(self, name: str, given: str, place: Path) -> None:
        project = self.options.project_id or "the project"
        message = (
            f"{self._user(place)} uses the connector {quoted(name)}, for which connectors gives {quoted(given)}, but "
            f"{project} has no connector of that id{self._for_tenant()}; correct the id, or leave it out where the "
            "project's connector has the same name"
        )
        self._add("unknown-connector", message, place, self._severity)

    def _report_dangling(self, own_id: str, place: Path) -> None:
        project = self.options.project_id or "the project"
        lacks = f"{project} does not have" if self.names.tells_connectors else f"may not be one of {project}"
        message = (
            f"{self._user(place)} uses the connector {own_id}, which the flow's references do not name and which "
            f"{lacks}{self._for_tenant()}; Descope deselects it in the step, so choose one in the console or name it"
        )
        self._add("dangling-connector", message, place, Severity.WARNING)

    def _user(self, place: Path) -> str:
        if place[:2] == ("contents", "tasks"):
            return self.document.task_label(str(place[2]))
        return "its translation" if place[0] == "metadata" else "one of its screens"

    @property
    def _severity(self) -> Severity:
        return Severity.ERROR if self.options.unresolved is Unresolved.FAIL else Severity.WARNING

    def _for_tenant(self) -> str:
        return f" (tenant {self.options.tenant})" if self.options.tenant else ""

    def _add(self, code: str, message: str, place: Path, severity: Severity) -> None:
        document = self.document
        self.problems.append(Problem(code, message, json_path(*place), document.source, document.flow_id, severity))


def _strings(value: JsonValue, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, member in value.items():
            if isinstance(member, str):
                yield (*path, key), member
            elif isinstance(member, dict | list):
                yield from _strings(member, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _strings(item, (*path, index))


def _changed(value: JsonValue, changes: Mapping[Path, str], path: Path) -> JsonValue:
    """Return a value with some strings replaced, sharing what has none of them."""
    if path in changes:
        return changes[path]
    inside = {place[len(path)] for place in changes if place[: len(path)] == path}
    if not inside or not isinstance(value, dict | list):
        return value
    copy: Any = value.copy()
    key: Any
    for key in inside:
        copy[key] = _changed(value[key], changes, (*path, key))
    return copy


def _with(known: Mapping[str, str] | None, told: Any) -> Mapping[str, str] | None:
    ids = _texts(told)
    return {**ids, **(known or {})} if ids else known


def _texts(value: Any) -> dict[str, str]:
    """Return the members of an object that are texts; of anything else, none."""
    return {key: text for key, text in value.items() if is_text(text)} if isinstance(value, dict) else {}
