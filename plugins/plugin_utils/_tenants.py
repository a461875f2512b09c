# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What an inventory of tenants is made of: which projects to ask, and the hosts that their tenants become. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.vars.reserved import get_reserved_names

from ansible_collections.community.descope.plugins.module_utils._api.settings import (
    ConnectionSettings,
)
from ansible_collections.community.descope.plugins.module_utils._api.tenants import Tenant
from ansible_collections.community.descope.plugins.module_utils._arguments import ArgumentSpec
from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem

PREFIX = "descope_"
"""What the names of all variables begin with that describe a tenant and its project."""

_PROJECT: ArgumentSpec = {
    "project_id": {"type": "str"},
    "management_key": {"type": "str", "no_log": True},
    "base_url": {"type": "str"},
    "name": {"type": "str"},
}
_SEARCH: ArgumentSpec = {
    "ids": {"type": "list", "elements": "str"},
    "names": {"type": "list", "elements": "str"},
    "domains": {"type": "list", "elements": "str"},
    "sso_domains": {"type": "list", "elements": "str"},
    "attributes": {"type": "dict"},
    "auth_type": {"type": "str", "choices": ["none", "saml", "oidc"]},
    "parent": {"type": "str"},
    "top_level": {"type": "bool"},
}
# What Ansible knows by itself, beside the words of a play.
_MAGIC = frozenset({"group_names", "groups", "hostvars", "item", "omit", "play_hosts", "playbook_dir"})
_PREFIXES = ("ansible_", "_ansible", "inventory_", "role_", PREFIX)
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


@dataclass(frozen=True, slots=True)
class ProjectSource:
    """One project to ask for its tenants. C(label): what messages call it. C(name): its group, empty for none."""

    settings: ConnectionSettings
    name: str
    label: str

    @property
    def project_id(self) -> str:
        return self.settings.project_id

    def variables(self) -> dict[str, Any]:
        """Return what the tenants of the project have in common. The key is not part of it."""
        return {
            f"{PREFIX}project_id": self.project_id,
            f"{PREFIX}project_name": self.name,
            # Said even where it is the usual one, or the environment of a later run could lead elsewhere.
            f"{PREFIX}base_url": self.settings.base_url,
        }


@dataclass(frozen=True, slots=True)
class TenantHost:
    """A host of the inventory, before any expression of the user was looked at."""

    project: ProjectSource
    tenant: Tenant
    variables: Mapping[str, Any]

    @property
    def label(self) -> str:
        return f"tenant {self.tenant.id} of {self.project.label}"


def validated_search(search: Any) -> dict[str, Any]:
    """Return the search options, checked. Raises InputError."""
    return _validated(_SEARCH, search or {}, "search")


def project_sources(
    declared: Any, single: Mapping[str, Any], common: Mapping[str, Any], template: Callable[[str], Any]
) -> list[ProjectSource]:
    """Return the projects to ask, those that are declared or else the single one. Raises InputError with all problems.

    single: project_id, management_key and base_url as given beside the list; a declared project that lacks one of them
    takes it from there. common: how to reach every project.
    """
    problems: list[Problem] = []
    sources: list[ProjectSource] = []
    for index, project in enumerate(_declared(declared)):
        source = f"projects[{index}]" if declared else ""
        try:
            sources.append(_project_source(project, source, (single, common), template))
        except InputError as error:
            problems += error.problems
    problems += _repeated(sources)
    if problems:
        raise InputError(problems)
    return sources


def _declared(declared: Any) -> list[Any]:
    if declared is not None and not isinstance(declared, list):
        raise InputError([Problem("arguments", "must be a list of projects", source="projects")])
    return declared or [{}]


def _project_source(
    declared: Any, source: str, inherited: tuple[Mapping[str, Any], Mapping[str, Any]], template: Callable[[str], Any]
) -> ProjectSource:
    single, common = inherited
    project = _validated(_PROJECT, declared, source)
    given: dict[str, Any] = {
        name: str(template(project[name] or single.get(name) or "") or "")
        for name in ("project_id", "management_key", "base_url")
    }
    name = str(template(project["name"] or "") or "")
    try:
        settings = ConnectionSettings(**given, **common, read_only=True)
    except InputError as error:
        where = f"{source}." if source else ""
        raise InputError(
            [Problem(problem.code, problem.message, source=f"{where}{problem.source}") for problem in error.problems]
        ) from None
    return ProjectSource(settings, name, f"project {name or settings.project_id}")


def _validated(spec: ArgumentSpec, value: Any, source: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError([Problem("arguments", "must have names and values, as a dictionary", source=source)])
    result = ArgumentSpecValidator(spec).validate(dict(value))
    if result.error_messages:
        raise InputError([Problem("arguments", "; ".join(result.error_messages), source=source)])
    return dict(result.validated_parameters)


def _repeated(sources: Iterable[ProjectSource]) -> list[Problem]:
    """Return a problem for each name or project that is there twice: its tenants could not be told apart."""
    problems: list[Problem] = []
    seen: set[str] = set()
    for source in sources:
        for what, value in (("project", source.project_id), ("name", source.name)):
            if value and f"{what} {value}" in seen:
                problems.append(
                    Problem("repeated", f"the {what} {value} is there twice; remove one", source="projects")
                )
            seen.add(f"{what} {value}")
    return problems


# --- hosts ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AttributeRules:
    """Which custom attributes become variables of their own: those whose name matches a pattern, under a prefix."""

    patterns: tuple[str, ...]
    prefix: str

    def variables(self, tenant: Tenant) -> tuple[dict[str, Any], list[str]]:
        """Return the variables, and the names of the attributes that must not become one.

        Attributes may be in the hands of a tenant's own administrators. They must never decide how Ansible works
        (C(ansible_connection)), what it knows by itself (C(groups)), or which project is managed (C(descope_...)).
        """
        variables: dict[str, Any] = {}
        refused: list[str] = []
        for attribute, value in tenant.attributes.items():
            if not any(fnmatchcase(attribute, pattern) for pattern in self.patterns):
                continue
            name = f"{self.prefix}{attribute}"
            if _may_be_variable(name):
                variables[name] = value
            else:
                refused.append(attribute)
        return variables, refused


def _may_be_variable(name: str) -> bool:
    if not _IDENTIFIER.match(name) or name.startswith(_PREFIXES):
        return False
    return name not in _MAGIC and name not in get_reserved_names()


def tenant_host(project: ProjectSource, tenant: Tenant, attributes: Mapping[str, Any]) -> TenantHost:
    """Return a tenant as a host with all its variables. The collection's own come last and win."""
    own = {f"{PREFIX}tenant_{name}": value for name, value in tenant.variables().items()}
    return TenantHost(project, tenant, {**attributes, **own, **project.variables()})


def host_names(hosts: Iterable[tuple[TenantHost, str]], *, prefix: bool, separator: str) -> dict[str, TenantHost]:
    """Return the hosts by their names in the inventory. Raises InputError for names that are empty or not unique."""
    named: dict[str, TenantHost] = {}
    problems: list[Problem] = []
    for host, own_name in hosts:
        project = host.project.name or host.project.project_id
        name = f"{project}{separator}{own_name}" if prefix else own_name
        if not own_name.strip():
            problems.append(Problem("no-host-name", "its host name is empty; see 'hostname'", source=host.label))
        elif name in named:
            message = f"its host name {name} is also that of {named[name].label}; see 'hostname' and 'project_prefix'"
            problems.append(Problem("same-host-name", message, source=host.label))
        named.setdefault(name, host)
    if problems:
        raise InputError(problems)
    return named


def refuse_names_of_groups(named: Mapping[str, TenantHost], groups: Container[str]) -> None:
    """Raise InputError for every host that is called like a group."""
    remedy = "see 'hostname', 'project_prefix' and what names the group"
    problems = [
        Problem("group-host-name", f"its host name {name} is also that of a group; {remedy}", source=host.label)
        for name, host in named.items()
        if name in groups
    ]
    if problems:
        raise InputError(problems)
