# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The inventory plugin with the real C(ansible-inventory), against the emulator."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from emulator_client import CHECKOUT, Emulator
from example_flows import minimal_flow
from playbooks import MANAGEMENT_KEY, Playbooks

ALL = "GET /v1/mgmt/tenant/all"
SEARCH = "POST /v1/mgmt/tenant/search"
LICENSE = "GET /v1/mgmt/license"
DEV, PRODUCTION = "P2inventoryDev", "P2inventoryProduction"
HOSTILE = {"ansible_connection": "ssh", "brand_name": "{{ 6 * 7 }} & <b>Sons</b>", "plan": "gold"}


@dataclass
class Inventories:
    """Reads inventory files as a user would."""

    playbooks: Playbooks
    warnings: str = ""

    def read(self, configuration: dict[str, Any], name: str = "tenants.yml", **environment: str) -> Any:
        completed = self.run(configuration, name, **environment)
        assert completed.returncode == 0, completed.stderr
        self.warnings = completed.stderr
        return json.loads(completed.stdout, object_hook=_without_marks)

    def run(
        self, configuration: dict[str, Any], name: str = "tenants.yml", *, also: Iterable[str] = (), **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Read a configuration, after what other files say."""
        path = self.playbooks.folder / name
        path.write_text(yaml.safe_dump({"plugin": "community.descope.tenants", **configuration}), encoding="utf-8")
        unused = self.playbooks.folder / "unused.jsonl"
        return subprocess.run(
            [
                Path(sys.executable).with_name("ansible-inventory"),
                *(part for file in (*also, name) for part in ("-i", file)),
                "--list",
            ],
            cwd=self.playbooks.folder,
            env={
                **self.playbooks.variables(unused),
                "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "1",
                "ANSIBLE_INVENTORY_ENABLED": "auto,yaml" if also else "auto",
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


def _without_marks(value: dict[str, Any]) -> Any:
    """Take away how C(ansible-inventory) marks a text that is no template."""
    return value["__ansible_unsafe"] if set(value) == {"__ansible_unsafe"} else value


@pytest.fixture
def inventories(local_playbooks: Playbooks, emulator: Emulator) -> Inventories:
    acme = {"id": "acme", "name": "Acme", "customAttributes": HOSTILE, "authType": "saml"}
    globex = {"id": "globex", "name": "Globex", "customAttributes": {"plan": "basic"}, "disabled": True}
    emulator.project(id=DEV, keys=["K2dev"], tenants=[acme, globex])
    emulator.project(id=PRODUCTION, keys=["K2production"], tenants=[acme])
    return Inventories(local_playbooks)


def test_one_project_from_the_environment_alone(inventories: Inventories, emulator: Emulator) -> None:
    found = inventories.read({}, "descope.yml", DESCOPE_PROJECT_ID=DEV, DESCOPE_MANAGEMENT_KEY="K2dev")

    assert found["tenants"]["hosts"] == ["acme", "globex"]
    acme = found["_meta"]["hostvars"]["acme"]
    assert acme["descope_tenant_name"] == "Acme"
    assert acme["descope_project_id"] == DEV
    assert acme["brand_name"] == HOSTILE["brand_name"], "what stands in an attribute is no template"
    assert "ansible_connection" not in acme
    assert "'ansible_connection'" in inventories.warnings
    assert "K2dev" not in json.dumps(found)
    assert emulator.stats()["requests"] == {ALL: 1, LICENSE: 1}


def test_several_projects_searched_grouped_and_named(inventories: Inventories, emulator: Emulator) -> None:
    configuration = {
        "projects": [
            {"name": "dev", "project_id": DEV, "management_key": "{{ lookup('ansible.builtin.env', 'KEY_DEV') }}"},
            {"name": "production", "project_id": PRODUCTION, "management_key": "K2production"},
        ],
        "search": {"attributes": {"plan": "gold"}},
        "hostname": "descope_tenant_name | lower",
        "compose": {"tenant_id": "descope_tenant_id ~ '-of-' ~ descope_project_name"},
        "groups": {"single_sign_on": "descope_tenant_auth_type != 'none'"},
        "keyed_groups": [{"key": "plan", "prefix": "plan"}],
        "attributes": ["plan"],
    }
    found = inventories.read(configuration, KEY_DEV="K2dev")

    both = ["dev-acme", "production-acme"]
    assert found["dev"]["hosts"] == ["dev-acme"]
    assert found["tenants"]["hosts"] == found["single_sign_on"]["hosts"] == found["plan_gold"]["hosts"] == both
    variables = found["_meta"]["hostvars"]["production-acme"]
    assert variables["tenant_id"] == "acme-of-production"
    assert "brand_name" not in variables
    assert variables["descope_tenant_attributes"]["brand_name"] == HOSTILE["brand_name"]
    assert emulator.stats()["requests"] == {SEARCH: 2, LICENSE: 2}


def test_the_cache_answers_the_same_question_only(inventories: Inventories, emulator: Emulator) -> None:
    cache = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": "cache"}
    who = {"DESCOPE_PROJECT_ID": DEV, "DESCOPE_MANAGEMENT_KEY": "K2dev"}

    first = inventories.read(cache, **who)
    again = inventories.read({**cache, "include_disabled": False}, **who)
    other = inventories.read({**cache, "search": {"ids": ["globex"]}}, **who)

    assert first["tenants"]["hosts"] == ["acme", "globex"]
    assert again["tenants"]["hosts"] == ["acme"]
    assert other["tenants"]["hosts"] == ["globex"]
    requests = emulator.stats()["requests"]
    assert (requests[ALL], requests[SEARCH]) == (1, 1)
    stored = "".join(path.read_text(encoding="utf-8") for path in (inventories.playbooks.folder / "cache").iterdir())
    assert "Globex" in stored
    assert "K2dev" not in stored


def test_a_project_that_cannot_be_read_fails_the_inventory(inventories: Inventories) -> None:
    configuration = {
        "projects": [
            {"name": "dev", "project_id": DEV, "management_key": "K2wrong"},
            {"name": "production", "project_id": PRODUCTION, "management_key": "K2production"},
        ]
    }
    failed = inventories.run(configuration)

    assert failed.returncode != 0
    told = " ".join(failed.stderr.split())
    assert "project dev: GET /v1/mgmt/tenant/all:" in told
    assert "check that management_key is complete" in told
    assert "Traceback" not in failed.stderr
    assert "K2wrong" not in failed.stderr


CONSTRUCTED: dict[str, Any] = {
    "projects": [{"name": "production", "project_id": PRODUCTION, "management_key": "K2production"}],
    "groups": {"flagship": "descope_tenant_id == 'acme'"},
    "keyed_groups": [{"key": "plan", "prefix": "plan", "parent_group": "plans"}],
}


def _tenants(*ids: str) -> list[dict[str, Any]]:
    return [{"id": name, "name": name, "customAttributes": {"plan": "gold"}} for name in ids]


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize(
    "name", ["all", "ungrouped", "tenants", "production", "flagship", "unused", "plan_gold", "plans", "elsewhere"]
)
def test_a_tenant_that_is_called_like_a_group_is_never_left_out_silently(
    inventories: Inventories, emulator: Emulator, name: str, place: int
) -> None:
    """Ansible takes its name for the group, whichever of the two comes first."""
    ids = ["acme", "globex"]
    ids.insert(place * 2, name)
    emulator.project(id=PRODUCTION, keys=["K2production"], tenants=_tenants(*ids))
    (inventories.playbooks.folder / "static.yml").write_text("elsewhere: {hosts: {other: }}", encoding="utf-8")
    configuration = {**CONSTRUCTED, "groups": {**CONSTRUCTED["groups"], "unused": "false"}}

    failed = inventories.run(configuration, also=["static.yml"])

    assert failed.returncode != 0
    told = " ".join(failed.stderr.split())
    assert f"tenant {name} of project production: its host name {name} is also that of a group" in told
    assert "see 'hostname', 'project_prefix'" in told
    assert "Traceback" not in failed.stderr
    assert "bug" not in failed.stderr


def test_all_tenants_that_are_called_like_a_group_are_named(inventories: Inventories, emulator: Emulator) -> None:
    emulator.project(id=PRODUCTION, keys=["K2production"], tenants=_tenants("acme", "tenants", "plan_gold", "plans"))

    failed = inventories.run(CONSTRUCTED)

    told = " ".join(failed.stderr.split())
    assert "its host name tenants is also that of a group" in told
    assert "its host name plan_gold is also that of a group" in told
    assert "its host name plans is also that of a group" in told


@pytest.mark.parametrize("options", [{"hostname": "'t-' ~ descope_tenant_id"}, {"project_prefix": "always"}])
def test_another_host_name_makes_such_a_tenant_a_host(
    inventories: Inventories, emulator: Emulator, options: dict[str, str]
) -> None:
    emulator.project(id=PRODUCTION, keys=["K2production"], tenants=_tenants("acme", "plan_gold", "all"))

    found = inventories.read({**CONSTRUCTED, **options})

    assert len(found["tenants"]["hosts"]) == len(found["plan_gold"]["hosts"]) == 3
    assert "WARNING" not in inventories.warnings


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"groups": {"late": "no_such_variable"}, "strict": True}, "no_such_variable"),
        ({"keyed_groups": [{"key": "plan", "prefix": "plan", "parent_group": "plan_gold"}]}, "itself"),
        ({"keyed_groups": ["plan"]}, "keyed group"),
    ],
)
def test_what_goes_wrong_with_groups_is_said_and_leaves_no_half_of_an_inventory(
    inventories: Inventories, options: dict[str, Any], told: str
) -> None:
    (inventories.playbooks.folder / "static.yml").write_text("elsewhere: {hosts: {other: }}", encoding="utf-8")

    completed = inventories.run(
        {**CONSTRUCTED, **options}, also=["static.yml"], ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED="0"
    )

    said = " ".join(completed.stderr.split())
    assert "tenants.yml: tenant acme of project production:" in said
    assert told in said
    assert "Traceback" not in said
    assert set(json.loads(completed.stdout)["_meta"]["hostvars"]) <= {"other"}
    assert "acme" not in completed.stdout


def test_a_flow_is_deployed_for_the_tenants_of_two_projects(inventories: Inventories, emulator: Emulator) -> None:
    folder = inventories.playbooks.folder
    (folder / "tenants.yml").write_text(
        yaml.safe_dump(
            {
                "plugin": "community.descope.tenants",
                "projects": [{"name": name, "project_id": name} for name in (DEV, PRODUCTION)],
                "management_key": MANAGEMENT_KEY,
            }
        ),
        encoding="utf-8",
    )
    emulator.project(id=DEV, keys=[MANAGEMENT_KEY])
    emulator.project(id=PRODUCTION, keys=[MANAGEMENT_KEY])
    (folder / "sign-in.json").write_text(json.dumps(minimal_flow("sign-in", title="${ plan }")), encoding="utf-8")
    options = {"template": "sign-in.json", "project_id": "{{ descope_project_id }}"}
    task = {"name": "Deploy", "community.descope.descope_flow": options}
    play = {"hosts": "tenants", "connection": "local", "gather_facts": False, "tasks": [task]}

    run = inventories.playbooks.play([play], "-i", "tenants.yml", "--limit", "*-acme")

    assert run.returncode == 0, run.output
    assert set(run.by_host()) == {f"{DEV}-acme", f"{PRODUCTION}-acme"}
    for project_id in (DEV, PRODUCTION):
        assert "gold" in json.dumps(emulator.stored(project_id)["flows"]["sign-in"])


def test_the_examples_of_the_documentation_are_read(inventories: Inventories, emulator: Emulator) -> None:
    shown = subprocess.run(
        [Path(sys.executable).with_name("ansible-doc"), "-t", "inventory", "--json", "community.descope.tenants"],
        capture_output=True,
        text=True,
        check=True,
        cwd=CHECKOUT,
    )
    examples = yaml.safe_load_all(json.loads(shown.stdout)["community.descope.tenants"]["examples"])
    one, several = (example for example in examples if example)
    acme = {"name": "Acme", "id": "acme", "customAttributes": {"plan": "gold", "region": "eu"}, "authType": "saml"}
    for project in ({"project_id": DEV}, *several["projects"]):
        emulator.project(id=project["project_id"], keys=["K2example"], tenants=[acme])
    keys = dict.fromkeys(("DESCOPE_KEY_DEV", "DESCOPE_KEY_STAGING", "DESCOPE_KEY_PRODUCTION"), "K2example")

    small = inventories.read(one, DESCOPE_PROJECT_ID=DEV, DESCOPE_MANAGEMENT_KEY="K2example")
    large = inventories.read(several, **keys)

    assert "acme" in small["plan_gold"]["hosts"]
    hosts = ["dev-acme", "staging-acme", "production-acme"]
    assert large["region_eu"]["hosts"] == large["single_sign_on"]["hosts"] == hosts
    assert large["_meta"]["hostvars"]["staging-acme"]["tenant_id"] == "acme"
