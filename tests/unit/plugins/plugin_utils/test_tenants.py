# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Which projects an inventory of tenants asks, and which variables and names its hosts get."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.descope.plugins.module_utils._api.settings import ConnectionSettings
from ansible_collections.community.descope.plugins.module_utils._api.tenants import Tenant
from ansible_collections.community.descope.plugins.module_utils._errors import InputError
from ansible_collections.community.descope.plugins.plugin_utils._tenants import (
    AttributeRules,
    ProjectSource,
    host_names,
    project_sources,
    refuse_names_of_groups,
    tenant_host,
    validated_search,
)

KEY = "K2inventorySecret"
SINGLE = {"project_id": "P2single", "management_key": KEY, "base_url": None}
EVERYTHING = AttributeRules(("*",), "")


def sources(declared: Any, single: dict[str, Any] | None = None) -> list[ProjectSource]:
    return project_sources(declared, single or SINGLE, {}, lambda text: text.replace("${key}", KEY))


def project(project_id: str = "P2one", name: str = "") -> ProjectSource:
    return ProjectSource(ConnectionSettings(project_id, KEY, read_only=True), name, f"project {name or project_id}")


def tenant(tenant_id: str = "acme", **members: Any) -> Tenant:
    return Tenant({"id": tenant_id, **members})


class TestProjects:
    def test_without_a_list_it_is_the_project_of_the_environment(self) -> None:
        [found] = sources(None)
        assert (found.project_id, found.settings.management_key, found.name) == ("P2single", KEY, "")

    def test_what_a_project_does_not_say_comes_from_the_single_one(self) -> None:
        first, second = sources([{"project_id": "P2a"}, {"project_id": "P2b", "management_key": "K2other"}])
        assert (first.settings.management_key, second.settings.management_key) == (KEY, "K2other")

    def test_keys_may_be_templates(self) -> None:
        [found] = sources([{"project_id": "P2a", "management_key": "${key}"}])
        assert found.settings.management_key == KEY

    def test_an_inventory_can_never_write(self) -> None:
        assert all(found.settings.read_only for found in sources(None))

    def test_everything_that_is_wrong_is_told_at_once_and_where(self) -> None:
        declared = [{"project_id": "nonsense"}, {"project_id": "P2a", "key": "x"}, "P2b", {"base_url": "ftp://x"}]
        with pytest.raises(InputError) as caught:
            sources(declared, {"project_id": "P2single", "management_key": "", "base_url": ""})
        told = [str(problem) for problem in caught.value.problems]
        assert [text.partition(":")[0] for text in told] == [
            "projects[0].project_id",
            "projects[0].management_key",
            "projects[1]",
            "projects[2]",
            "projects[3].management_key",
            "projects[3].base_url",
        ]

    def test_no_message_shows_a_key(self) -> None:
        with pytest.raises(InputError) as caught:
            sources([{"project_id": KEY, "management_key": f" {KEY}"}])
        assert KEY not in str(caught.value)

    @pytest.mark.parametrize("repeated", [{"project_id": "P2b", "name": "dev"}, {"project_id": "P2a", "name": "qa"}])
    def test_a_project_or_name_that_is_there_twice_is_refused(self, repeated: dict[str, str]) -> None:
        with pytest.raises(InputError, match="is there twice"):
            sources([{"project_id": "P2a", "name": "dev"}, repeated])

    def test_a_list_that_is_none_is_refused(self) -> None:
        with pytest.raises(InputError, match="must be a list of projects"):
            sources({"project_id": "P2a"})


class TestSearch:
    def test_an_option_that_does_not_exist_is_refused(self) -> None:
        with pytest.raises(InputError, match=r"search: .*tenant_ids"):
            validated_search({"tenant_ids": ["a"]})

    def test_types_are_checked(self) -> None:
        with pytest.raises(InputError, match="auth_type"):
            validated_search({"auth_type": "password"})


class TestVariables:
    def test_what_descope_knows_of_a_tenant(self) -> None:
        acme = tenant(
            name="Acme & Sons",
            customAttributes={"plan": "gold"},
            authType="saml",
            domains=["sso.example"],
            selfProvisioningDomains=["example.com"],
            parent="holding",
            disabled=True,
        )
        assert tenant_host(project(name="dev"), acme, {"plan": "gold"}).variables == {
            "plan": "gold",
            "descope_tenant_id": "acme",
            "descope_tenant_name": "Acme & Sons",
            "descope_tenant_attributes": {"plan": "gold"},
            "descope_tenant_auth_type": "saml",
            "descope_tenant_disabled": True,
            "descope_tenant_domains": ["example.com"],
            "descope_tenant_sso_domains": ["sso.example"],
            "descope_tenant_parent": "holding",
            "descope_project_id": "P2one",
            "descope_project_name": "dev",
            "descope_base_url": "https://api.descope.com",
        }

    @pytest.mark.parametrize("attributes", [None, [], "text"])
    def test_a_tenant_with_odd_members_is_still_a_tenant(self, attributes: Any) -> None:
        variables = tenant_host(project(), tenant(customAttributes=attributes, domains=None), {}).variables
        assert (variables["descope_tenant_attributes"], variables["descope_tenant_sso_domains"]) == ({}, [])

    @pytest.mark.parametrize(
        "name",
        [
            "ansible_connection",
            "ansible_become_password",
            "descope_project_id",
            "hostvars",
            "groups",
            "vars",
            "role_path",
            "with space",
            "1st",
            "",
            "naïve-dash",
        ],
    )
    def test_no_attribute_decides_how_ansible_works_or_which_project_is_managed(self, name: str) -> None:
        assert EVERYTHING.variables(tenant(customAttributes={name: "x", "plan": "gold"})) == ({"plan": "gold"}, [name])

    def test_a_prefix_does_not_open_what_is_closed(self) -> None:
        rules = AttributeRules(("*",), "ansible_")
        assert rules.variables(tenant(customAttributes={"connection": "ssh"})) == ({}, ["connection"])

    def test_only_attributes_that_match_become_variables(self) -> None:
        rules = AttributeRules(("plan", "brand_*"), "tenant_")
        attributes = {"plan": "gold", "brand_name": "Acme", "secret": "x", "ansible_connection": "ssh"}
        variables, refused = rules.variables(tenant(customAttributes=attributes))
        assert variables == {"tenant_plan": "gold", "tenant_brand_name": "Acme"}
        assert refused == []

    @given(st.dictionaries(st.text(), st.integers()))
    def test_every_attribute_is_a_variable_or_named_as_refused(self, attributes: dict[str, int]) -> None:
        variables, refused = EVERYTHING.variables(tenant(customAttributes=attributes))
        assert set(variables) | set(refused) == set(attributes)
        assert all(name.isidentifier() for name in variables)


class TestNames:
    def test_a_prefix_tells_projects_apart(self) -> None:
        hosts = [(tenant_host(project(f"P2{name}", name), tenant(), {}), "acme") for name in ("dev", "prod")]
        assert list(host_names(hosts, prefix=True, separator="-")) == ["dev-acme", "prod-acme"]

    def test_a_project_without_a_name_goes_by_its_id(self) -> None:
        assert list(host_names([(tenant_host(project(), tenant(), {}), "acme")], prefix=True, separator="/")) == [
            "P2one/acme"
        ]

    def test_two_hosts_never_become_one(self) -> None:
        hosts = [(tenant_host(project(f"P2{name}", name), tenant(), {}), "acme") for name in ("dev", "prod")]
        with pytest.raises(InputError, match="tenant acme of project prod: its host name acme is also that of tenant"):
            host_names(hosts, prefix=False, separator="-")

    def test_a_name_must_not_be_empty(self) -> None:
        with pytest.raises(InputError, match="tenant acme of project P2one: its host name is empty"):
            host_names([(tenant_host(project(), tenant(), {}), " ")], prefix=True, separator="-")

    def test_a_name_must_not_be_that_of_a_group(self) -> None:
        hosts = [(tenant_host(project(), tenant(name), {}), name) for name in ("acme", "gold", "all")]
        named = host_names(hosts, prefix=False, separator="-")
        with pytest.raises(InputError) as caught:
            refuse_names_of_groups(named, {"all", "gold", "P2one-acme"})
        assert [str(problem) for problem in caught.value.problems] == [
            f"tenant {name} of project P2one: its host name {name} is also that of a group;"
            " see 'hostname', 'project_prefix' and what names the group"
            for name in ("gold", "all")
        ]

    def test_with_a_prefix_it_is_the_whole_name_that_counts(self) -> None:
        named = host_names([(tenant_host(project(), tenant(), {}), "acme")], prefix=True, separator="-")
        refuse_names_of_groups(named, {"acme"})
        with pytest.raises(InputError, match="P2one-acme is also that of a group"):
            refuse_names_of_groups(named, {"P2one-acme"})
