# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The examples that users copy: every flow is one that Descope could have exported, for every tenant."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from jinja2 import meta

from ansible_collections.community.descope.plugins.module_utils._flow.checks import check_document
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._flow.formats import load
from ansible_collections.community.descope.plugins.module_utils._flow.schema import check_schema
from demo import Run, kind_of
from flow_library import (
    DEMO,
    TEMPLATE_ENVIRONMENT,
    Variables,
    read_defaults,
    read_inventory,
    read_template,
    read_templates,
    rendered,
    tenant_flow,
)
from former_project import fill

QUICKSTART = DEMO.parent / "quickstart"
TEMPLATES = read_templates()
EXPRESSION = re.compile(r"\$\{.*?\}", re.DOTALL)


@pytest.fixture(scope="module")
def tenants() -> dict[str, Variables]:
    return read_inventory()


def texts(value: Any) -> Iterator[str]:
    """Every string in a document, keys aside."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for member in value.values() if isinstance(value, dict) else value:
            yield from texts(member)


def expressions(template: Any) -> set[str]:
    return {expression for text in texts(template) for expression in EXPRESSION.findall(text)}


def names_used(template: Any) -> set[str]:
    parsed = (TEMPLATE_ENVIRONMENT.parse(expression) for expression in expressions(template))
    return set().union(*(meta.find_undeclared_variables(tree) for tree in parsed))


def findings(document: FlowDocument) -> list[str]:
    return [str(problem) for problem in [*check_schema(document), *check_document(document)]]


# --- the flows ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_flow_is_well_formed_for_every_tenant(name: str, tenants: dict[str, Variables]) -> None:
    for tenant, variables in tenants.items():
        document = load(tenant_flow(name, TEMPLATES[name], variables), f"{name} of {tenant}")
        assert findings(document) == []
        assert document.flow_id == f"{tenant}-{name}"


def test_the_inventory_defines_what_the_flows_use(tenants: dict[str, Variables]) -> None:
    for name, template in TEMPLATES.items():
        for tenant, variables in tenants.items():
            missing = names_used(template) - variables.keys() - read_defaults(name).keys()
            assert missing == set(), f"{name} of {tenant}"


def test_the_flows_use_what_the_inventory_defines(tenants: dict[str, Variables]) -> None:
    own = {"inventory_hostname", "tenant_id", "email_domain", "login_domain"}
    used = own.union(*map(names_used, TEMPLATES.values()))
    assert {name for variables in tenants.values() for name in variables} - used == set()


def test_the_flow_for_a_forgotten_password_is_the_tenants_own(tenants: dict[str, Variables]) -> None:
    for tenant, variables in tenants.items():
        sign_in = load(tenant_flow("sign-in", TEMPLATES["sign-in"], variables))
        called = [task["arguments"]["flowId"]["value"] for task in sign_in.tasks.values() if task.get("type") == "flow"]
        assert called == [f"{tenant}-forgot-password"]


def test_a_value_that_is_one_expression_keeps_its_type(tenants: dict[str, Variables]) -> None:
    sign_in = load(tenant_flow("sign-in", TEMPLATES["sign-in"], tenants["velo-city"]))
    attempts = sign_in.tasks["8"]["conditions"][0]["atomicConditions"][0]["predicate"]["value"]
    assert (attempts, type(attempts)) == (tenants["velo-city"]["max_attempts"], int)
    nodes = [node for screen in sign_in.screens for node in screen["contents"].values()]
    assert {type(node["hidden"]) for node in nodes} == {bool}
    assert any(node["hidden"] for node in nodes), "a starter plan has no passkey button"


def test_the_names_of_tenants_are_hard_ones(tenants: dict[str, Variables]) -> None:
    names = "".join(variables["brand_name"] for variables in tenants.values())
    assert [character for character in "\"'&\\%<{ÅÜüéł株م☀" if character not in names] == ["Ü"]
    assert "Barbershop {{ mustache }}" in names


# --- the playbooks and the demo ----------------------------------------------------------------------------------


def test_the_playbook_deploys_what_the_demo_counts() -> None:
    playbook = yaml.safe_load((DEMO / "playbooks" / "deploy.yml").read_text(encoding="utf-8"))
    flows = playbook[0]["tasks"][0]["community.descope.descope_flow"]["flows"]
    assert {flow["template"]: flow["flow_id"] for flow in flows} == {
        name: f"{{{{ tenant_id }}}}-{name}" for name in TEMPLATES
    }


def test_the_smallest_project_is_complete() -> None:
    inventory = read_inventory(QUICKSTART / "inventory.yml")
    assert len(inventory) == 3
    for tenant, variables in inventory.items():
        document = load(rendered(read_template(QUICKSTART / "flows" / "sign-in.json"), variables))
        assert findings(document) == []
        assert document.flow_id == f"{tenant}-sign-in"
    playbook = yaml.safe_load((QUICKSTART / "deploy.yml").read_text(encoding="utf-8"))
    assert len(yaml.safe_dump(playbook).splitlines()) <= 10


class RecordingProject:
    """Stands in for the emulator: keeps what is imported and what is edited."""

    def __init__(self) -> None:
        self.flows: dict[str, FlowDocument] = {}
        self.edited: list[tuple[str, dict[str, Any]]] = []

    def import_flow(self, flow: dict[str, Any]) -> None:
        document = load(flow)
        self.flows[document.flow_id] = document

    import_console_export = import_flow

    def edit_in_console(self, flow_id: str, **edit: Any) -> None:
        assert flow_id in self.flows
        self.edited.append((flow_id, edit))


def test_the_demo_starts_from_flows_that_are_well_formed_and_older(tenants: dict[str, Variables]) -> None:
    project = RecordingProject()
    former = fill(project, TEMPLATES, tenants)  # type: ignore[arg-type]
    library = {
        document.flow_id: document
        for variables in tenants.values()
        for document in (load(tenant_flow(name, template, variables)) for name, template in TEMPLATES.items())
    }
    assert {flow_id: findings(flow) for flow_id, flow in project.flows.items() if findings(flow)} == {}
    same = [flow_id for flow_id, flow in project.flows.items() if flow.fingerprint == library[flow_id].fingerprint]
    changed_by_hand = [flow_id for flow_id, edit in project.edited if edit]
    assert former.right_already == len(set(same) - set(changed_by_hand))
    assert not any(flow_id.rsplit("-sign-in")[0] in former.outdated for flow_id in same)


def test_the_demo_reads_the_recap() -> None:
    output = """
PLAY RECAP *********
ferry-and-sons             : ok=1    changed=1    unreachable=0    failed=0    skipped=0    rescued=0    ignored=0
midori                     : ok=0    changed=0    unreachable=1    failed=2    skipped=0    rescued=0    ignored=0
"""
    run = Run(0, output, 0.0, Counter())
    assert run.recap() == {"ferry-and-sons": (1, 1, 0), "midori": (0, 0, 3)}
    assert run.changed_hosts() == ["ferry-and-sons"]


@pytest.mark.parametrize(
    ("request_made", "kind"),
    [
        ("POST /v1/mgmt/flow/list", "list"),
        ("POST /v2/mgmt/flow/export", "export"),
        ("POST /v2/mgmt/flow/import", "import"),
        ("POST /v1/mgmt/project/snapshot/export", "snapshot"),
        ("POST /v1/mgmt/flow/delete", "other"),
        ("GET /v1/mgmt/license", "other"),
    ],
)
def test_the_demo_counts_requests_by_kind(request_made: str, kind: str) -> None:
    assert kind_of(request_made) == kind
