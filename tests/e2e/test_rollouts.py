# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""A fleet as its platform team runs it: the playbooks by their full names, over inventories with groups."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from emulator_client import CHECKOUT, Emulator
from example_flows import minimal_flow
from playbooks import MANAGEMENT_KEY, Playbooks, Run
from real_flows import real_flow_files

PREVIEW, SYNC, DRIFT = (f"community.descope.{name}" for name in ("preview", "sync", "drift"))
IMPORT = "POST /v2/mgmt/flow/import"
WRITES = {IMPORT, "POST /v1/mgmt/flow/delete"}

SIGN_IN = json.loads((CHECKOUT / "examples" / "quickstart" / "flows" / "sign-in.json").read_text(encoding="utf-8"))
ENVIRONMENTS = ("dev", "staging", "production")
FLEET = [f"{environment}-{number:02}" for environment in ENVIRONMENTS for number in range(20)]
BROKEN, EDITED = "staging-07", ("dev-03", "production-11")
# It gets a flow with a connector that its project does not have.
UNCONNECTED = "production-01"
FAILING = {BROKEN, UNCONNECTED}


def write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content) if path.suffix == ".json" else yaml.safe_dump(content, sort_keys=False)
    path.write_text(text, encoding="utf-8")


def tenants(*names: str, **variables: Any) -> dict[str, Any]:
    """Return hosts that differ by their names."""
    return {name: {"tenant_id": name, "brand_name": name.title(), **variables} for name in names}


def declared(playbooks: Playbooks, flow_id: str) -> dict[str, str]:
    """Return what declares a minimal flow, having put its file where the playbooks are run."""
    write(playbooks.folder / "flows" / f"{flow_id}.json", minimal_flow(flow_id))
    return {"src": f"flows/{flow_id}.json"}


def written(emulator: Emulator) -> int:
    """Return how many requests wrote something since the counters began."""
    return sum(count for endpoint, count in emulator.stats()["requests"].items() if endpoint in WRITES)


def deployed(run: Run) -> dict[str, dict[str, Any]]:
    """Return what the task that deploys says of each host."""
    return {entry["host"]: entry["result"] for entry in run.results if "backup" in entry["result"]}


def recap(run: Run) -> dict[str, dict[str, int]]:
    """Return the figures of each host at the end of a run."""
    lines = re.findall(r"^(\S+)\s+: (ok=\d.*)$", run.output.partition("PLAY RECAP")[2], re.MULTILINE)
    return {host: {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", line)} for host, line in lines}


@pytest.fixture
def fleet(local_playbooks: Playbooks, emulator: Emulator) -> Playbooks:
    """Sixty tenants in three projects, all as their repository says; then somebody goes on working, here and there."""
    folder = local_playbooks.folder
    own = minimal_flow("${ tenant_id }-welcome", title="Welcome to ${ brand_name }")
    write(folder / "flows" / "welcome.json", own)
    real = next(iter(path for path in real_flow_files() if path.stem == "sign-up-or-in"), None)
    shutil.copy(real or CHECKOUT / "examples" / "demo" / "flows" / "step-up.json", folder / "flows" / "shared.json")
    children = {
        environment: {
            "hosts": {name: None for name in FLEET if name.startswith(environment)},
            "vars": {"descope_project_id": f"P2{environment}"},
        }
        for environment in ENVIRONMENTS
    }
    write(folder / "inventory" / "hosts.yml", {"tenants": {"children": children}})
    write(
        folder / "inventory" / "group_vars" / "tenants.yml",
        {
            "tenant_id": "{{ inventory_hostname }}",
            "brand_name": "{{ inventory_hostname | title }}",
            "descope_flows": [
                "flows/welcome.json",
                {"src": "flows/shared.json", "flow_id": "{{ tenant_id }}-shared"},
            ],
        },
    )
    assert local_playbooks.run(SYNC, hosts=folder / "inventory").returncode == 0
    write(folder / "flows" / "welcome.json", _with_text(own, "Welcome to ${ brand_name }", "Good to see you"))
    write(folder / "inventory" / "host_vars" / f"{BROKEN}.yml", {"brand_name": "{{ brand_of_the_year }}"})
    write(folder / "flows" / "mail.json", _with_connector(minimal_flow("${ tenant_id }-mail")))
    write(folder / "inventory" / "mail.yml", {"mail": {"hosts": {f"{name}-01": None for name in ENVIRONMENTS}}})
    write(folder / "inventory" / "group_vars" / "mail.yml", {"descope_flows_mail": ["flows/mail.json"]})
    for environment in ("dev", "staging"):
        emulator.project(id=f"P2{environment}", connectors={"Mail server": f"CI2{environment}"})
    for tenant in EDITED:
        text = {"from": f"Welcome to {tenant.title()}", "to": "By hand"}
        emulator.edit(project=f"P2{tenant.partition('-')[0]}", flow_id=f"{tenant}-welcome", text=text)
    emulator.reset(counters_only=True)
    return local_playbooks


def _with_text(flow: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    # The brand stays in the flow, where it is its name.
    changed = json.loads(json.dumps(flow).replace(old, new))
    return {**changed, "metadata": {**changed["metadata"], "description": "Signs in to ${ brand_name }"}}


def _with_connector(flow: dict[str, Any]) -> dict[str, Any]:
    # As it was exported from the project of the developers.
    tasks = flow["contents"]["tasks"]
    tasks["1"]["arguments"] = {"connectorId": {"type": "inline", "value": "CI2dev"}}
    return {**flow, "references": {"connectors": {"Mail server": "CI2dev"}}}


def test_a_fleet_is_previewed_deployed_in_batches_and_then_in_sync(fleet: Playbooks, emulator: Emulator) -> None:
    inventory = fleet.folder / "inventory"

    preview = fleet.run(PREVIEW, hosts=inventory)

    assert written(emulator) == 0
    found = deployed(preview)
    assert preview.failed_hosts() == FAILING
    assert "brand_of_the_year" in found[BROKEN]["msg"]
    assert "Mail server" in found[UNCONNECTED]["msg"]
    assert {host for host, result in found.items() if result["changed"]} == set(FLEET) - FAILING
    assert all(preview.output.count(f"--- before: {host}-welcome in P2") == 1 for host in set(FLEET) - FAILING)
    assert preview.output.count('-    "By hand"') == len(EDITED)
    assert "-shared in P2" not in preview.output, "what does not change is not shown"

    drift = fleet.run(DRIFT, "-e", "descope_fail_on_drift=false", hosts=inventory)
    flows = {flow["flow_id"]: flow for host in drift.by_host().values() for flow in host.get("flows", [])}
    assert {flow["flow_id"] for flow in flows.values() if flow["changed_in"] == "both"} == {
        f"{tenant}-welcome" for tenant in EDITED
    }
    assert sum(flow["changed_in"] == "files" for flow in flows.values()) == len(FLEET) - len(EDITED) - len(FAILING)

    sync = fleet.run(SYNC, "-e", "descope_serial=25", hosts=inventory)

    assert sync.returncode == 2
    assert sync.output.count("PLAY [Bring the flows") == 3
    # Beside the flow that every tenant has, two get the one with the connector.
    assert written(emulator) == len(FLEET) - len(FAILING) + 2
    assert {host for host, figures in recap(sync).items() if figures["failed"]} == FAILING
    assert {host for host, figures in recap(sync).items() if figures["changed"]} == set(FLEET) - FAILING
    assert all(reason in sync.output for reason in ("brand_of_the_year", "Mail server"))
    mail = emulator.stored("P2staging")["flows"]["staging-01-mail"]["document"]
    assert mail["contents"]["tasks"]["1"]["arguments"]["connectorId"]["value"] == "CI2staging"

    again = fleet.run(DRIFT, hosts=inventory)

    assert again.returncode == 4, "of two tenants it cannot be told"
    assert {host for host, figures in recap(again).items() if figures["unreachable"]} == FAILING
    told = [entry["result"] for entry in again.results if entry["kind"] == "ok" and "drifted" in entry["result"]]
    assert len(told) == len(FLEET) - len(FAILING)
    assert {(result["msg"], result["drifted"]) for result in told} == {("in sync", False)}


# --- flows of several hosts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [[], ["-e", "descope_serial=1"], ["-e", "descope_strategy=free"]])
def test_two_tenants_with_one_flow_stop_the_run_before_it_begins(
    local_playbooks: Playbooks, emulator: Emulator, options: list[str]
) -> None:
    write(local_playbooks.folder / "flows" / "sign-in.json", SIGN_IN)
    hosts = tenants("acme", "globex", "zoe", descope_flows=["flows/sign-in.json"])
    hosts["zoe"]["tenant_id"] = "globex"

    run = local_playbooks.run(SYNC, *options, hosts=hosts)

    assert run.returncode == 2
    assert "flow globex-sign-in" in run.output
    assert "globex (flows/sign-in.json) and zoe (flows/sign-in.json)" in run.output
    assert deployed(run) == {}
    assert emulator.stats()["total"] == 0


def test_each_tenant_of_a_project_of_its_own_may_have_the_same_flow(
    local_playbooks: Playbooks, emulator: Emulator
) -> None:
    write(local_playbooks.folder / "flows" / "sign-in.json", minimal_flow("sign-in"))
    hosts = tenants("acme", "globex", descope_flows=["flows/sign-in.json"])
    for name, variables in hosts.items():
        variables |= {"descope_project_id": f"P2{name}", "descope_management_key": MANAGEMENT_KEY}
    local_playbooks.environment["DESCOPE_MANAGEMENT_KEY"] = ""

    run = local_playbooks.run(SYNC, "-e", "descope_strategy=free", "-e", "descope_throttle=1", hosts=hosts)

    assert run.returncode == 0, run.output
    assert {name: list(emulator.stored(f"P2{name}")["flows"]) for name in hosts} == {
        "acme": ["sign-in"],
        "globex": ["sign-in"],
    }


def test_variables_of_the_play_declare_flows_too(local_playbooks: Playbooks, emulator: Emulator) -> None:
    write(local_playbooks.folder / "flows" / "sign-in.json", minimal_flow("sign-in"))
    play = {
        "hosts": "all",
        "gather_facts": False,
        "vars": {"descope_flows": ["flows/sign-in.json"]},
        "roles": ["community.descope.descope_flows"],
    }

    run = local_playbooks.play([play], hosts=tenants("acme", "globex"))

    assert "acme (flows/sign-in.json) and globex (flows/sign-in.json)" in run.output
    assert emulator.stats()["total"] == 0


def test_ids_that_a_look_does_not_tell_are_found_by_loading(local_playbooks: Playbooks, emulator: Emulator) -> None:
    for flow_id in ("one", "two"):
        write(local_playbooks.folder / "snapshot" / "flows" / flow_id / "contents.json", _contents())
        write(local_playbooks.folder / "snapshot" / "flows" / flow_id / "metadata.json", {"name": flow_id})
    hosts = tenants("acme", descope_flows=[{"src": "snapshot"}])
    hosts |= tenants("globex", descope_flows=[{**declared(local_playbooks, "two"), "source": "a flow"}])

    run = local_playbooks.run(PREVIEW, hosts=hosts)

    assert "acme (snapshot) and globex (a flow)" in run.output
    assert emulator.stats()["total"] == 0


def _contents() -> dict[str, Any]:
    ends = {"id": "1", "name": "End", "type": "action", "action": "logged-in", "next": {}}
    start = {"id": "start", "name": "start", "next": {"rules": [{"interactionId": "", "taskId": "1"}]}}
    return {"startTask": "1", "tasks": {"start": start, "1": ends}}


# --- what Ansible's users expect -------------------------------------------------------------------------------------


def test_groups_and_hosts_add_flows_of_their_own(local_playbooks: Playbooks, emulator: Emulator) -> None:
    folder = local_playbooks.folder / "repository"
    for name in ("sign-in", "step-up", "audit"):
        write(folder / "flows" / f"{name}.json", minimal_flow(f"${{ inventory_hostname }}-{name}", title="${ title }"))
    inventory = folder / "inventory.yml"
    tenants_of_plans = {"plan_team": {"hosts": {"acme": None, "globex": None}}, "region_eu": {"hosts": {"acme": None}}}
    write(inventory, {"tenants": {"children": tenants_of_plans}})
    levels: dict[str, dict[str, Any]] = {
        "group_vars/tenants": {"descope_flows": ["flows/sign-in.json"], "title": "Hello"},
        "group_vars/plan_team": {"descope_flows_plan": ["flows/step-up.json"]},
        "group_vars/region_eu": {"descope_flows_region": ["flows/audit.json"]},
        "host_vars/globex": {
            "descope_flows_host": [
                # The id of the other declaration stands inside of its file.
                {"template": "flows/audit.json", "flow_id": "globex-sign-in", "vars": {"title": "Special"}},
                {"flow_id": "globex-step-up", "state": "absent"},
            ]
        },
    }
    for name, variables in levels.items():
        write(folder / f"{name}.yml", variables)

    run = local_playbooks.run(SYNC, hosts=inventory)

    assert run.returncode == 0, run.output
    (project_id,) = emulator.stats()["by_project"]
    flows = emulator.stored(project_id)["flows"]
    assert set(flows) == {"acme-sign-in", "acme-step-up", "acme-audit", "globex-sign-in"}
    assert "Special" in json.dumps(flows["globex-sign-in"])


def test_too_many_failures_stop_the_batches_that_follow(local_playbooks: Playbooks, emulator: Emulator) -> None:
    write(local_playbooks.folder / "flows" / "sign-in.json", SIGN_IN)
    hosts = tenants("acme", "globex", "zoe", descope_flows=["flows/sign-in.json"])
    hosts["globex"]["descope_flows_host"] = [{"template": "flows/no-such-file.json"}]

    run = local_playbooks.run(
        SYNC, "-e", "descope_serial=1", "-e", "descope_max_fail_percentage=0", "--tags", "descope_flows", hosts=hosts
    )

    assert run.returncode == 2
    assert "flows/no-such-file.json: there is no such file" in run.output
    assert list(deployed(run)) == ["acme", "globex"]
    assert written(emulator) == 1


def test_a_preview_writes_nothing_whatever_the_command_line_says(
    local_playbooks: Playbooks, emulator: Emulator
) -> None:
    hosts = tenants("acme", descope_flows=[declared(local_playbooks, "sign-in")], check_mode=False)

    run = local_playbooks.run(PREVIEW, "-e", "descope_apply=true", "-e", "ansible_check_mode=false", hosts=hosts)

    assert deployed(run)["acme"]["changed"]
    assert "+++ after: sign-in in P2" in run.output
    assert written(emulator) == 0
    assert not local_playbooks.backups.exists()


@pytest.mark.parametrize(
    ("playbook", "given", "shown"),
    [
        (PREVIEW, '{"descope_diff": false}', False),
        (PREVIEW, "descope_diff=", True),
        (SYNC, "descope_diff=false", False),
        (SYNC, "descope_diff=", True),
    ],
    ids=["preview, boolean", "preview, empty answer", "sync, text", "sync, empty answer"],
)
def test_the_diff_of_each_tenant_can_be_left_out(
    local_playbooks: Playbooks, playbook: str, given: str, shown: bool
) -> None:
    hosts = tenants("acme", descope_flows=[declared(local_playbooks, "sign-in")])

    run = local_playbooks.run(playbook, "--diff", "-e", given, hosts=hosts)

    assert deployed(run)["acme"]["changed"]
    assert ("+++ after: sign-in in P2" in run.output) is shown


def test_a_host_without_flows_is_named_and_left_alone(local_playbooks: Playbooks, emulator: Emulator) -> None:
    hosts = {"new": {}, **tenants("acme", descope_flows=[declared(local_playbooks, "sign-in")])}

    run = local_playbooks.run(SYNC, hosts=hosts)

    assert run.returncode == 0, run.output
    assert "no flows are declared in descope_flows for new" in run.output
    assert not deployed(run)["new"]["changed"]


# --- drift -----------------------------------------------------------------------------------------------------------


def test_drift_is_told_from_what_cannot_be_told(playbooks: Playbooks, emulator: Emulator) -> None:
    hosts = tenants("acme", "globex", descope_flows=[declared(playbooks, "sign-in")])
    for name, variables in hosts.items():
        variables["descope_project_id"] = f"P2{name}"
    assert playbooks.run(SYNC, hosts=hosts).returncode == 0
    emulator.edit(project="P2globex", flow_id="sign-in", text={"from": "Welcome", "to": "By hand"})
    emulator.faults(rules=[{"kind": "status", "status": 401, "match": {"project": "P2acme"}}])

    run = playbooks.run(DRIFT, hosts=hosts)

    assert run.returncode == 4
    assert recap(run)["acme"]["unreachable"] == 1
    assert run.failed_hosts() == {"globex"}
    assert run.by_host()["globex"]["flows"][0]["changed_in"] == "project"


def test_drift_that_does_not_fail_is_a_fact(local_playbooks: Playbooks, emulator: Emulator) -> None:
    hosts = tenants("acme", descope_flows=[declared(local_playbooks, "sign-in")])
    drift = {"name": "Look", "community.descope.descope_flow_drift": {"declared_in": "descope_flows"}}
    show = {"name": "Show", "ansible.builtin.debug": {"msg": "{{ ansible_facts.descope_drift.flows }}"}}

    run = local_playbooks.play([{"hosts": "all", "gather_facts": False, "tasks": [drift, show]}], hosts=hosts)

    assert run.by_host()["acme"]["msg"] == {"sign-in": "unknown"}


def test_tenants_of_one_project_do_not_take_each_others_flows_for_strangers(
    local_playbooks: Playbooks, emulator: Emulator
) -> None:
    write(local_playbooks.folder / "flows" / "sign-in.json", SIGN_IN)
    hosts = tenants("acme", "globex", descope_flows=["flows/sign-in.json"])
    assert local_playbooks.run(SYNC, hosts=hosts).returncode == 0
    (project_id,) = emulator.stats()["by_project"]
    emulator.project(id=project_id, flows=[minimal_flow("old")])
    emulator.reset(counters_only=True)

    run = local_playbooks.run(DRIFT, hosts=hosts)

    told = {entry["host"]: entry["result"]["undeclared"] for entry in run.results if "drifted" in entry["result"]}
    assert told == {"acme": ["old"], "globex": []}
    assert emulator.stats()["total"] == 2
    assert f"project {project_id}: nobody declares old" in " ".join(run.output.split())
