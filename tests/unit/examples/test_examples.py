# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The examples that users copy: every flow is one that Descope could have exported, for every tenant."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import meta

from ansible_collections.community.descope.plugins.module_utils._flow.checks import check_document
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._flow.formats import Format, detect, load
from ansible_collections.community.descope.plugins.module_utils._flow.schema import check_schema
from demo import Run, kind_of
from flow_library import (
    DEMO,
    FLOWS,
    TEMPLATE_ENVIRONMENT,
    Variables,
    read_inventory,
    read_templates,
    rendered,
)
from former_project import fill

QUICKSTART = DEMO.parent / "quickstart"
TEMPLATES = read_templates()
QUICKSTART_TEMPLATES = read_templates(QUICKSTART / "flows")
ALL_TEMPLATES = {**TEMPLATES, **{f"quickstart/{name}": value for name, value in QUICKSTART_TEMPLATES.items()}}
EXPRESSION = re.compile(r"\$\{.*?\}", re.DOTALL)
DESCOPE_VALUE = re.compile(r"\{\{.*?\}\}")


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


def test_the_examples_come_in_every_format_a_team_commits() -> None:
    formats = {name: detect(template) for name, template in TEMPLATES.items() if name != "accept-invitation"}
    assert formats == {
        "forgot-password": Format.CONSOLE,
        "sign-in": Format.EXPORTED,
        "sign-up-or-in": Format.EXPORTED,
        "step-up": Format.EXPORTED,
    }
    assert (FLOWS / "sign-in.yml").is_file()
    assert (FLOWS / "accept-invitation" / "metadata.json").is_file()


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_flow_is_well_formed_for_every_tenant(name: str, tenants: dict[str, Variables]) -> None:
    for tenant, variables in tenants.items():
        document = load(rendered(TEMPLATES[name], variables), f"{name} of {tenant}")
        assert findings(document) == []
        assert document.flow_id == f"{tenant}-{name}"


def test_no_two_screens_of_the_library_share_an_id() -> None:
    documents = [load({**template}, flow_id="any") for template in ALL_TEMPLATES.values()]
    screens = Counter(screen["screenId"] for document in documents for screen in document.screens)
    assert [screen for screen, times in screens.items() if times > 1] == []


@pytest.mark.parametrize("name", ALL_TEMPLATES)
def test_every_placeholder_is_an_expression_that_jinja_reads(name: str) -> None:
    found = expressions(ALL_TEMPLATES[name])
    assert found
    for expression in found:
        TEMPLATE_ENVIRONMENT.parse(expression)
        assert "${" not in expression[2:]


def test_the_inventory_defines_what_the_flows_use(tenants: dict[str, Variables]) -> None:
    for name, template in TEMPLATES.items():
        for tenant, variables in tenants.items():
            assert names_used(template) - variables.keys() == set(), f"{name} of {tenant}"


def test_the_flows_use_what_the_inventory_defines(tenants: dict[str, Variables]) -> None:
    used = {"inventory_hostname", "email_domain"}.union(*map(names_used, TEMPLATES.values()))
    assert {name for variables in tenants.values() for name in variables} - used == set()


def test_values_of_descope_stay_as_they_are(tenants: dict[str, Variables]) -> None:
    for template in TEMPLATES.values():
        before = Counter(DESCOPE_VALUE.findall(" ".join(texts(template))))
        after = Counter(DESCOPE_VALUE.findall(" ".join(texts(rendered(template, tenants["chez-zoe"])))))
        assert after == before
    assert "{{sentTo.maskedEmail}}" in str(TEMPLATES["sign-up-or-in"])


def test_a_value_that_is_one_expression_keeps_its_type(tenants: dict[str, Variables]) -> None:
    sign_in = load(rendered(TEMPLATES["sign-in"], tenants["velo-city"]))
    attempts = sign_in.tasks["8"]["conditions"][0]["atomicConditions"][0]["predicate"]["value"]
    assert (attempts, type(attempts)) == (tenants["velo-city"]["max_attempts"], int)
    nodes = [node for screen in sign_in.screens for node in screen["contents"].values()]
    assert {type(node["hidden"]) for node in nodes} == {bool}
    assert any(node["hidden"] for node in nodes), "a starter plan has no passkey button"


def test_the_names_of_tenants_are_hard_ones(tenants: dict[str, Variables]) -> None:
    names = "".join(variables["brand_name"] for variables in tenants.values())
    assert [character for character in "\"'&\\%<{ÅÜüéł株م☀" if character not in names] == ["Ü"]
    assert "Barbershop {{ mustache }}" in names


def test_the_library_holds_what_real_ones_hold() -> None:
    documents = [load({**template}, flow_id="any") for template in TEMPLATES.values()]
    sizes = [(len(document.tasks), len(document.screens)) for document in documents]
    assert all(tasks >= 9 and screens >= 5 for tasks, screens in sizes), sizes
    assert (FLOWS / "sign-up-or-in.json").stat().st_size > 40_000


# --- the playbooks and the demo ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("playbook", "flows"),
    [(DEMO / "playbooks" / "deploy.yml", FLOWS), (QUICKSTART / "deploy.yml", QUICKSTART / "flows")],
)
def test_a_playbook_deploys_the_whole_library(playbook: Path, flows: Path) -> None:
    named = re.findall(r"template: (\S+)", playbook.read_text(encoding="utf-8"))
    assert sorted((playbook.parent / name).resolve() for name in named) == sorted(flows.iterdir())


def test_the_smallest_project_is_complete() -> None:
    inventory = read_inventory(QUICKSTART / "inventory.yml")
    assert len(inventory) == 3
    for tenant, variables in inventory.items():
        (template,) = QUICKSTART_TEMPLATES.values()
        document = load(rendered(template, variables))
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
        for document in (load(rendered(template, variables)) for template in TEMPLATES.values())
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
