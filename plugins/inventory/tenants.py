# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Inventory plugin C(tenants): the tenants of Descope projects as hosts."""

from __future__ import annotations

DOCUMENTATION = r"""
name: tenants
short_description: Tenants of Descope projects as hosts
version_added: 0.1.0
description:
  - Makes every tenant of one or several Descope projects a host, with what Descope knows of it as variables.
  - The file that configures it is called C(tenants.yml) or C(descope.yml), or ends in C(.tenants.yml) or
    C(.descope.yml); C(.yaml) will do as well.
  - A project costs one request, and one more asks for the rate limit tier of the licence. They count in the same window
    of O(rate_limit) as those of the tasks.
  - If one project cannot be read, the whole source fails, because a rollout that silently leaves out tenants is worse
    than none. Ansible itself only warns of a source that failed, unless E(ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED)
    is set. Set it.
author:
  - The community.descope contributors (@ansible-collections)
extends_documentation_fragment:
  - constructed
  - inventory_cache
options:
  plugin:
    description: Says that the file is for this plugin.
    type: str
    required: true
    choices: [community.descope.tenants]
  projects:
    description:
      - The projects to ask. Without it, the one that O(project_id) and O(management_key) name.
      - All values may be templates, so that the keys can stay in the environment or in a vault.
    type: list
    elements: dict
    suboptions:
      project_id:
        description: The project. By default O(project_id).
        type: str
      management_key:
        description: Its management key. By default O(management_key). It never becomes a variable.
        type: str
      base_url:
        description: Where its API is reached. By default O(base_url).
        type: str
      name:
        description:
          - What to call the project in an inventory, for example V(production). Its tenants are in a group of this
            name, and host names may begin with it.
        type: str
  project_id:
    description: The project, or the one of the O(projects) that name none. May be a template.
    type: str
    env:
      - name: DESCOPE_PROJECT_ID
  management_key:
    description: A management key of the company. May be a template. It never becomes a variable.
    type: str
    env:
      - name: DESCOPE_MANAGEMENT_KEY
  base_url:
    description: Where the Management API is reached. By default this follows from the region in the project id.
    type: str
    env:
      - name: DESCOPE_BASE_URL
      - name: DESCOPE_BASE_URI
  search:
    description:
      - Ask only for tenants that this finds. What several options ask for must hold together.
    type: dict
    suboptions:
      ids:
        description: The tenants with one of these ids.
        type: list
        elements: str
      names:
        description: The tenants with one of these names.
        type: list
        elements: str
      domains:
        description: The tenants with one of these domains for self-provisioning.
        type: list
        elements: str
      sso_domains:
        description: The tenants with one of these domains for single sign-on.
        type: list
        elements: str
      attributes:
        description: The tenants whose custom attributes have these values.
        type: dict
      auth_type:
        description: The tenants that sign in this way.
        type: str
        choices: [none, saml, oidc]
      parent:
        description: The tenants below this one.
        type: str
      top_level:
        description: Only tenants that have no parent.
        type: bool
  include_disabled:
    description: Whether tenants that are disabled become hosts.
    type: bool
    default: true
  hostname:
    description:
      - A Jinja expression, without braces, for the name of a host. The variables of the host are known to it.
      - Ansible takes the name of a host that is also the name of a group for the group. No host gets such a name, the
        source fails instead. V('tenant-' ~ descope_tenant_id) is an expression that gives other names.
    type: str
    default: descope_tenant_id
  project_prefix:
    description:
      - Whether host names begin with the name of the project, or its id where it has no name.
      - V(auto) does so where there are several projects, V(always) and V(never) do what they say.
    type: str
    choices: [auto, always, never]
    default: auto
  separator:
    description: What stands between the project and the rest of the host name.
    type: str
    default: "-"
  group:
    description: The group that all tenants are in. Empty for none.
    type: str
    default: tenants
  attributes:
    description:
      - Which custom attributes become variables of their own, as names or patterns with V(*) and V(?). All of them are
        in the variable C(descope_tenant_attributes) anyway.
      - Whoever may edit the attributes of a tenant can set these variables, above those of C(group_vars). Name those
        that your templates use where tenants are run by others. Their values are never taken for templates.
      - An attribute is left out, and a warning names it, where the variable would not be a valid name, would be one of
        Ansible's own such as C(ansible_connection), or would begin with C(descope_).
    type: list
    elements: str
    default: ["*"]
  attribute_prefix:
    description: What the names of these variables begin with, for example V(tenant_).
    type: str
    default: ""
  timeout:
    description: How many seconds to wait for the API to send something once it is connected.
    type: float
    default: 60.0
    env:
      - name: DESCOPE_TIMEOUT
  connect_timeout:
    description: How many seconds to wait for a connection.
    type: float
    default: 10.0
    env:
      - name: DESCOPE_CONNECT_TIMEOUT
  validate_certs:
    description: Whether to check the certificate of the API.
    type: bool
    default: true
    env:
      - name: DESCOPE_VALIDATE_CERTS
  ca_path:
    description: A file of certificate authorities to trust instead of the system's.
    type: path
    env:
      - name: DESCOPE_CA_PATH
  rate_limit:
    description: How many requests may be sent in how many seconds, as V(requests/seconds). V(0) means no limit.
    type: str
    default: 100/60
    env:
      - name: DESCOPE_RATE_LIMIT
  rate_share:
    description: Which part of O(rate_limit) is this run's, as O(community.descope.descope_flow#module:rate_share).
    type: str
    env:
      - name: DESCOPE_RATE_SHARE
  rate_window:
    description:
      - What runs on one machine share to keep O(rate_limit) together, as
        O(community.descope.descope_flow#module:rate_window).
    type: path
    env:
      - name: DESCOPE_RATE_WINDOW
notes:
  - "Variables that tell of the project: C(descope_project_id), C(descope_project_name) and C(descope_base_url)."
  - "Variables that tell of the tenant: C(descope_tenant_id), C(descope_tenant_name), C(descope_tenant_attributes),
    C(descope_tenant_auth_type), C(descope_tenant_disabled), C(descope_tenant_domains), C(descope_tenant_sso_domains)
    and C(descope_tenant_parent)."
requirements:
  - requests >= 2.31
seealso:
  - module: community.descope.descope_flow
"""

EXAMPLES = r"""
# inventory/tenants.yml for one project. Project and key come from DESCOPE_PROJECT_ID and DESCOPE_MANAGEMENT_KEY, so
# this file is also all that an inventory source of AWX needs, with a credential that sets the two.
---
plugin: community.descope.tenants
keyed_groups:
  - key: plan # a custom attribute
    prefix: plan

# Three environments, each a project with a key of its own. The hosts are called dev-acme, production-acme and so on.
---
plugin: community.descope.tenants
projects:
  - name: dev
    project_id: P2exampledev0000000000000000
    management_key: "{{ lookup('ansible.builtin.env', 'DESCOPE_KEY_DEV') }}"
  - name: staging
    project_id: P2examplestaging000000000000
    management_key: "{{ lookup('ansible.builtin.env', 'DESCOPE_KEY_STAGING') }}"
  - name: production
    project_id: P2exampleproduction000000000
    management_key: "{{ lookup('ansible.builtin.env', 'DESCOPE_KEY_PRODUCTION') }}"
search:
  top_level: true
include_disabled: false
attributes: [brand_name, plan, region]
compose:
  tenant_id: descope_tenant_id
groups:
  single_sign_on: descope_tenant_auth_type != 'none'
keyed_groups:
  - key: region
    prefix: region
strict: false
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: .cache/inventory
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable

from ansible_collections.community.descope.plugins.module_utils._api.client import REQUESTS_IMPORT_ERROR, Client
from ansible_collections.community.descope.plugins.module_utils._api.limiter import (
    WINDOW_FILE,
    RequestWindow,
    own_rate,
    shared_window_file,
)
from ansible_collections.community.descope.plugins.module_utils._api.management import DescopeApi
from ansible_collections.community.descope.plugins.module_utils._api.tenants import Tenant
from ansible_collections.community.descope.plugins.module_utils._errors import DescopeError
from ansible_collections.community.descope.plugins.plugin_utils._run import run_directory
from ansible_collections.community.descope.plugins.plugin_utils._tenants import (
    AttributeRules,
    ProjectSource,
    TenantHost,
    host_names,
    project_sources,
    refuse_names_of_groups,
    tenant_host,
    validated_search,
)

_FILES = tuple(f"{name}.{ending}" for name in ("tenants", "descope") for ending in ("yml", "yaml"))
_DEFAULT_HOSTNAME = "descope_tenant_id"


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Tenants as hosts."""

    NAME = "community.descope.tenants"

    def verify_file(self, path: str) -> bool:
        """Tell whether the file is called as one for this plugin has to be."""
        name = Path(path).name
        readable = bool(super().verify_file(path))  # type: ignore[no-untyped-call]
        return readable and (name in _FILES or name.endswith(tuple(f".{file}" for file in _FILES)))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Fill the inventory. Raises AnsibleParserError with everything that is wrong."""
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)  # type: ignore[no-untyped-call]
        try:
            self._check_libraries()
            projects = self._projects()
            tenants = self._tenants(projects, path, cache)
            named = self._named(list(self._hosts(projects, tenants)), several=len(projects) > 1)
            self._add_all(named, self._known_groups(projects))
        except DescopeError as error:
            raise AnsibleParserError(f"{path}: {error}") from error

    def _check_libraries(self) -> None:
        if REQUESTS_IMPORT_ERROR:
            raise DescopeError("the Python library 'requests' is not installed: install it with pip")

    # --- what to ask ---

    def _projects(self) -> list[ProjectSource]:
        single = {name: self._option(name) for name in ("project_id", "management_key", "base_url")}
        common = {name: self._option(name) for name in ("timeout", "connect_timeout", "validate_certs", "ca_path")}
        return project_sources(self._option("projects"), single, common, self._templated)

    def _templated(self, text: str) -> Any:
        self.templar.available_variables = self._vars or {}
        return self.templar.template(text)

    # --- asking ---

    def _tenants(self, projects: list[ProjectSource], path: str, cache: bool) -> dict[str, list[Tenant]]:
        """Return the tenants by project, from the cache where it holds the answer to the very same question."""
        search = validated_search(self._option("search"))
        question = {"projects": [project.settings.base_url + project.project_id for project in projects], **search}
        self.load_cache_plugin()
        key = self.get_cache_key(path)
        stored = self._stored(key) if cache and self._option("cache") else None
        if stored is None or stored.get("question") != question:
            stored = {"question": question, "tenants": self._ask_all(projects, search)}
            # A forced refresh asks with cache=False, and its answer is worth keeping too.
            if self._option("cache"):
                self._cache[key] = stored
        return {project_id: [Tenant(data) for data in found] for project_id, found in stored["tenants"].items()}

    def _stored(self, key: str) -> dict[str, Any] | None:
        try:
            stored = self._cache[key]
        except KeyError:
            return None
        return stored if isinstance(stored, dict) else None

    def _ask_all(self, projects: list[ProjectSource], search: dict[str, Any]) -> dict[str, list[Any]]:
        window = self._window()
        found: dict[str, list[Any]] = {}
        failures: list[str] = []
        for project in projects:
            for warning in project.settings.warnings:
                self.display.warning(warning)
            try:
                found[project.project_id] = _ask(project, search, window)
            except DescopeError as error:
                failures.append(f"{project.label}: {error}")
        if failures:
            raise DescopeError("; ".join(failures))
        return found

    def _window(self) -> RequestWindow:
        """Return the window of requests, the same that the tasks of this run take their turns from."""
        shared = shared_window_file(self._option("rate_window"))
        rate = own_rate(str(self._option("rate_limit")), self._option("rate_share"))
        return RequestWindow(rate, shared or run_directory() / WINDOW_FILE)

    def _option(self, name: str) -> Any:
        return self.get_option(name)  # type: ignore[no-untyped-call]

    # --- hosts ---

    def _hosts(self, projects: list[ProjectSource], tenants: dict[str, list[Tenant]]) -> Iterator[TenantHost]:
        rules = AttributeRules(tuple(self._option("attributes")), self._option("attribute_prefix"))
        disabled_too = self._option("include_disabled")
        for project in projects:
            refused: set[str] = set()
            for tenant in tenants[project.project_id]:
                host = tenant_host(project, tenant, {})
                if disabled_too or not host.variables["descope_tenant_disabled"]:
                    attributes, not_variables = rules.variables(tenant)
                    refused.update(not_variables)
                    yield tenant_host(project, tenant, attributes)
            if refused:
                names = ", ".join(sorted(map(repr, refused)))
                self.display.warning(f"{project.label}: these attributes of tenants cannot become variables: {names}")

    def _named(self, hosts: list[TenantHost], *, several: bool) -> dict[str, TenantHost]:
        prefix = {"always": True, "never": False}.get(self._option("project_prefix"), several)
        return host_names(
            ((host, self._own_name(host)) for host in hosts), prefix=prefix, separator=self._option("separator")
        )

    def _own_name(self, host: TenantHost) -> str:
        expression = self._option("hostname")
        if expression == _DEFAULT_HOSTNAME:
            return host.tenant.id
        try:
            name = self._compose(expression, dict(host.variables))  # type: ignore[no-untyped-call]
        except AnsibleError as error:
            raise DescopeError(f"hostname: {expression} cannot be evaluated for {host.label}: {error}") from None
        return "" if name is None else str(name)

    def _known_groups(self, projects: list[ProjectSource]) -> set[str]:
        """Return the groups that are known before any host is: those of other sources too, and some nobody is in."""
        inventory: Any = self.inventory
        sanitize: Any = self._sanitize_group_name
        declared = (self._option("group"), *(project.name for project in projects), *(self._option("groups") or ()))
        return {*inventory.groups, *(sanitize(str(name)) for name in declared if name)}

    def _add_all(self, named: dict[str, TenantHost], known_groups: set[str]) -> None:
        """Add all hosts or, where something is wrong, none: Ansible keeps what a source added before it failed."""
        inventory: Any = self.inventory
        added = [name for name in named if name not in inventory.hosts]
        try:
            for name, host in named.items():
                # What is added under the name of a group goes to the group. That there is such a name is told below.
                if name not in known_groups and name not in inventory.groups:
                    self._add(name, host)
            refuse_names_of_groups(named, known_groups.union(inventory.groups))
        except DescopeError:
            for name in filter(inventory.hosts.get, added):
                inventory.remove_host(inventory.hosts[name])
            raise

    def _add(self, name: str, host: TenantHost) -> None:
        try:
            self._add_host(name, host)
        except Exception as error:
            # Ansible has bare exceptions for what a configuration can bring about, a group in itself for example.
            raise DescopeError(f"{host.label}: {error}") from error

    def _add_host(self, name: str, host: TenantHost) -> None:
        inventory: Any = self.inventory
        constructable: Any = self
        strict = self._option("strict")
        inventory.add_host(name)
        for group in filter(None, (self._option("group"), host.project.name)):
            safe = inventory.add_group(constructable._sanitize_group_name(group))
            inventory.add_child(safe, name)
        for variable, value in host.variables.items():
            inventory.set_variable(name, variable, value)
        variables = inventory.get_host(name).get_vars()
        constructable._set_composite_vars(self._option("compose"), variables, name, strict=strict)
        variables = inventory.get_host(name).get_vars()
        constructable._add_host_to_composed_groups(self._option("groups"), variables, name, strict=strict)
        constructable._add_host_to_keyed_groups(self._option("keyed_groups"), variables, name, strict=strict)


def _ask(project: ProjectSource, search: dict[str, Any], window: RequestWindow) -> list[Any]:
    with Client(project.settings, window) as client:
        api = DescopeApi(client, run_dir=run_directory())
        api.license()
        return [tenant.data for tenant in api.list_tenants(search)]
