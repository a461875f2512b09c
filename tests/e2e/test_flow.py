# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What a task does for its user: preview, apply, verify, back up, delete, and how many requests that takes."""

from __future__ import annotations

import hashlib
import json
import stat
from pathlib import Path
from typing import Any

from emulator_client import Emulator
from example_flows import minimal_flow
from playbooks import PROJECT_ID, Playbooks

IMPORT = "POST /v2/mgmt/flow/import"
EXPORT = "POST /v2/mgmt/flow/export"
LIST = "POST /v1/mgmt/flow/list"
SNAPSHOT = "POST /v1/mgmt/project/snapshot/export"
DELETE = "POST /v1/mgmt/flow/delete"


def _write(path: Path, value: object) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")
    return str(path)


def _tree(folder: Path) -> dict[str, str]:
    """The content of every file below a folder, what the tests themselves and Ansible write apart."""
    ignored = ("playbook.yml", "inventory.yml", "results.jsonl")
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in ignored and ".ansible" not in path.parts
    }


def test_check_mode_writes_nothing_anywhere(playbooks: Playbooks, emulator: Emulator) -> None:
    playbooks.flow(definition=minimal_flow("changes", title="Old"))
    playbooks.flow(definition=minimal_flow("goes"))
    emulator.reset(counters_only=True)
    before = _tree(playbooks.folder)

    create = playbooks.flow("--check", "--diff", definition=minimal_flow("new"))
    update = playbooks.flow("--check", "--diff", definition=minimal_flow("changes", title="New"))
    delete = playbooks.flow("--check", "--diff", flow_id="goes", state="absent")

    assert [run.flows[0]["action"] for run in (create, update, delete)] == ["create", "update", "delete"]
    assert all(run.result["changed"] for run in (create, update, delete))
    assert set(emulator.stats()["requests"]) <= {SNAPSHOT, LIST, "GET /v1/mgmt/license"}
    assert _tree(playbooks.folder) == before


def test_an_update_is_backed_up_applied_and_verified(playbooks: Playbooks, emulator: Emulator) -> None:
    playbooks.flow(definition=minimal_flow("welcome", title="Old title"), backup=False)

    run = playbooks.flow("--diff", definition=minimal_flow("welcome", title="New title"))

    [flow] = run.flows
    assert (flow["action"], flow["result"], flow["verified"], flow["error"]) == ("update", "applied", True, "")
    assert flow["fingerprint_before"] != flow["fingerprint_after"]
    [change] = flow["changes"]
    assert (change["before"], change["after"]) == ("Old title", "New title")
    assert "Old title" in run.output
    assert "New title" in run.output
    backup = Path(run.result["backup"]["path"])
    saved = json.loads((backup / "flows" / "welcome.json").read_text(encoding="utf-8"))
    assert set(saved) >= {"flowId", "metadata", "contents", "screens"}
    assert "Old title" in json.dumps(saved)
    assert "New title" not in json.dumps(saved)
    assert stat.S_IMODE(backup.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in backup.rglob("*.json")} == {0o600}
    outcome = json.loads((backup / "outcome.json").read_text(encoding="utf-8"))
    assert outcome["status"] == "good"
    assert outcome["flows"]["welcome"]["fingerprint"] == flow["fingerprint_after"]


def test_what_did_not_exist_is_backed_up_as_absent(local_playbooks: Playbooks) -> None:
    run = local_playbooks.flow(definition=minimal_flow("new"), changelog="First version")

    manifest = json.loads((Path(run.result["backup"]["path"]) / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["flows"] == {"new": {"state": "absent"}}
    assert manifest["project_id"] == PROJECT_ID
    assert manifest["tenant"] == "acme"
    assert manifest["reason"] == "First version"


def test_nothing_to_do_means_no_backup(local_playbooks: Playbooks) -> None:
    local_playbooks.flow(definition=minimal_flow("same"), backup=False)

    run = local_playbooks.flow(definition=minimal_flow("same"))

    assert not run.result["changed"]
    assert run.result["backup"] == {"id": "", "path": "", "flows": []}
    assert not local_playbooks.backups.exists()


def test_a_flow_is_deleted_once(playbooks: Playbooks, emulator: Emulator) -> None:
    playbooks.flow(definition=[minimal_flow("goes"), minimal_flow("stays")])

    first = playbooks.flow("--diff", flow_id=["goes", "never-was"], state="absent")
    second = playbooks.flow(flow_id=["goes", "never-was"], state="absent")

    assert [flow["action"] for flow in first.flows] == ["delete", "none"]
    assert first.flows[0]["verified"] is True
    assert not second.result["changed"]
    assert emulator.stats()["requests"][DELETE] == 1
    assert [flow["flow_id"] for flow in playbooks.info().result["flows"]] == ["stays"]


def test_a_system_flow_is_not_deleted(local_playbooks: Playbooks, emulator: Emulator) -> None:
    local_playbooks.flow(definition=minimal_flow("sign-in"))

    run = local_playbooks.flow(flow_id="sign-in", state="absent")

    assert run.returncode == 2
    assert "system flow" in run.result["msg"]
    assert DELETE not in emulator.stats()["requests"]


def test_a_console_edit_is_drift_that_the_next_run_mends(playbooks: Playbooks, emulator: Emulator) -> None:
    playbooks.flow(definition=minimal_flow("welcome", title="As declared"))
    emulator.edit(project=PROJECT_ID, flow_id="welcome", text={"from": "As declared", "to": "Edited by hand"})

    preview = playbooks.flow("--check", "--diff", definition=minimal_flow("welcome", title="As declared"))
    apply = playbooks.flow(definition=minimal_flow("welcome", title="As declared"))
    after = playbooks.flow("--check", definition=minimal_flow("welcome", title="As declared"))

    assert preview.result["changed"]
    assert "Edited by hand" in preview.output
    assert apply.flows[0]["verified"] is True
    assert not after.result["changed"]


def test_layout_counts_only_when_asked(local_playbooks: Playbooks) -> None:
    local_playbooks.flow(definition=minimal_flow("moved", x=0))

    ignored = local_playbooks.flow(definition=minimal_flow("moved", x=500))
    asked = local_playbooks.flow(definition=minimal_flow("moved", x=500), compare={"layout": True})
    again = local_playbooks.flow(definition=minimal_flow("moved", x=500), compare={"layout": True})

    assert not ignored.result["changed"]
    assert asked.result["changed"]
    assert asked.flows[0]["layout_changes"] == 1
    assert not again.result["changed"]


def _tenants(count: int) -> dict[str, Any]:
    return {f"tenant{number:03}": {} for number in range(count)}


def _five_flows(title: str) -> list[dict[str, Any]]:
    flow = {"definition": None, "flow_id": ""}
    return [
        {**flow, "definition": minimal_flow("template", title=title), "flow_id": f"{{{{ inventory_hostname }}}}-{kind}"}
        for kind in ("sign-in", "sign-up", "step-up", "reset", "invite")
    ]


def test_requests_of_fifty_tenants_with_a_snapshot(local_playbooks: Playbooks, emulator: Emulator) -> None:
    hosts = _tenants(50)

    apply = local_playbooks.flow(hosts=hosts, flows=_five_flows("One"))
    of_apply = emulator.stats()["requests"]
    emulator.reset(counters_only=True)
    again = local_playbooks.flow(hosts=hosts, flows=_five_flows("One"))
    of_again = emulator.stats()["requests"]

    assert apply.returncode == again.returncode == 0, apply.output
    assert of_apply[IMPORT] == 250
    assert not again.changed
    assert sum(of_again.values()) <= 2, of_again


def test_requests_of_fifty_tenants_without_a_snapshot(local_playbooks: Playbooks, emulator: Emulator) -> None:
    hosts = _tenants(50)
    emulator.reset(snapshot="denied")

    apply = local_playbooks.flow(hosts=hosts, flows=_five_flows("One"))
    of_apply = emulator.stats()["requests"]
    emulator.reset(counters_only=True)
    again = local_playbooks.flow(hosts=hosts, flows=_five_flows("One"), read="export")
    of_again = emulator.stats()["requests"]

    assert apply.returncode == again.returncode == 0, apply.output
    assert (of_apply[SNAPSHOT], of_apply[LIST], of_apply[IMPORT], of_apply[EXPORT]) == (1, 1, 250, 250)
    assert not again.changed
    assert (of_again[LIST], of_again[EXPORT]) == (1, 250)
    assert set(of_again) <= {LIST, EXPORT, "GET /v1/mgmt/license"}


def test_what_others_read_while_a_flow_was_under_way_is_not_taken_for_true(
    playbooks: Playbooks, emulator: Emulator
) -> None:
    """The project is read once for all hosts, also by a host that goes on while another one's import takes long."""
    template = _write(playbooks.folder / "flow.json", minimal_flow("${ inventory_hostname }", title="${ title }"))
    options = {"template": template, "vars": {"title": "{{ item }}"}}
    task = {"name": "Test", "community.descope.descope_flow": options, "loop": ["One", "Two", "Three"]}
    emulator.faults(kind="delay", seconds=2, match={"path": "/v2/mgmt/flow/import", "flow_id": "slow"}, times=1)

    run = playbooks.play([{"hosts": "all", "gather_facts": False, "tasks": [task]}], hosts={"slow": {}, "quick": {}})

    for host, result in run.by_host().items():
        actions = [item["flows"][0]["action"] for item in result["results"]]
        assert actions == ["create", "update", "update"], f"{host}: {run.output}"


def test_whoever_comes_to_a_task_again_reads_again(local_playbooks: Playbooks, emulator: Emulator) -> None:
    """A handler is flushed twice, and somebody edits the flow in between."""
    template = _write(local_playbooks.folder / "flow.json", minimal_flow("welcome", title="One"))
    edit = {"project": PROJECT_ID, "flow_id": "welcome", "text": {"from": "One", "to": "Edited"}}
    uri = {"url": f"{emulator.url}/_emulator/edit", "method": "POST", "body_format": "json", "body": edit}
    flush = {"ansible.builtin.meta": "flush_handlers"}
    notify = {"ansible.builtin.debug": {"msg": "changed"}, "changed_when": True, "notify": "Deploy"}
    handler = {"name": "Deploy", "community.descope.descope_flow": {"template": template}}
    tasks = [notify, flush, {"ansible.builtin.uri": uri}, notify, flush]

    run = local_playbooks.play([{"hosts": "all", "gather_facts": False, "tasks": tasks, "handlers": [handler]}])

    deployed = [result["result"]["flows"][0]["action"] for result in run.results if "flows" in result["result"]]
    assert deployed == ["create", "update"], run.output


def test_each_attempt_of_a_task_reads_anew(local_playbooks: Playbooks, emulator: Emulator) -> None:
    declared = _write(local_playbooks.folder / "flow.json", minimal_flow("missing"))
    drift = {"community.descope.descope_flow_drift": {"src": declared}, "register": "found"}
    until = {"until": "not found.drifted", "retries": 2, "delay": 0}

    local_playbooks.play([{"hosts": "all", "gather_facts": False, "tasks": [drift | until]}])

    assert emulator.stats()["requests"][SNAPSHOT] == 3


def test_the_preview_says_how_many_requests_applying_takes(local_playbooks: Playbooks, emulator: Emulator) -> None:
    flows = [minimal_flow(f"flow-{number}") for number in range(3)]

    preview = local_playbooks.flow("--check", definition=flows, read="export")
    emulator.reset(counters_only=True)
    local_playbooks.flow(definition=flows, read="export")

    requests = emulator.stats()["requests"]
    assert preview.result["estimate"]["requests"] == requests[IMPORT] + requests[EXPORT]


def test_all_workers_of_a_run_keep_one_rate(local_playbooks: Playbooks, emulator: Emulator) -> None:
    emulator.reset(rate_limit="40/2")

    run = local_playbooks.flow("--forks", "10", hosts=_tenants(12), flows=_five_flows("One"), rate_limit="40/2")

    assert run.returncode == 0, run.output
    assert emulator.stats()["rate_limited"] == 0
    assert sum(result["requests"]["made"] for result in run.by_host().values()) > 80


def test_a_refusal_pauses_and_the_task_finishes(playbooks: Playbooks, emulator: Emulator) -> None:
    emulator.reset(rate_limit="4/1", penalty=1)

    run = playbooks.flow(definition=[minimal_flow(f"flow-{number}") for number in range(6)], read="export")

    assert run.returncode == 0, run.output
    assert emulator.stats()["rate_limited"] >= 1
    assert run.result["requests"]["waited_seconds"] > 0
