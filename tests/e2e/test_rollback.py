# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Rolling back as people do it at night: a module on either path, and the playbook that asks first."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from emulator_client import Emulator
from example_flows import minimal_flow
from playbooks import PROJECT_ID, Playbooks, Run

PLAYBOOK = "community.descope.rollback"


def _title(emulator: Emulator, flow_id: str) -> str:
    document = emulator.stored(PROJECT_ID)["flows"][flow_id]["document"]
    return str(document["screens"][1]["contents"]["title00001"]["props"]["children"])


def _edit(emulator: Emulator, flow_id: str, before: str, after: str) -> None:
    emulator.edit(project=PROJECT_ID, flow_id=flow_id, text={"from": before, "to": after}, noise=["caches", "order"])


def _run_id(playbooks: Playbooks) -> str:
    """Return the id of the newest run, as its backups say."""
    manifests = [json.loads(path.read_bytes()) for path in playbooks.backups.rglob("manifest.json")]
    return str(max(manifests, key=lambda manifest: manifest["time"])["run_id"])


def test_a_flow_goes_back_as_it_was_announced(playbooks: Playbooks, emulator: Emulator) -> None:
    playbooks.flow(definition=minimal_flow("welcome", title="One"))
    playbooks.flow(definition=minimal_flow("welcome", title="Two"))
    backups = sorted(playbooks.backups.rglob("manifest.json"))

    preview = playbooks.rollback("--check", "--diff", flow_id="welcome")
    assert sorted(playbooks.backups.rglob("manifest.json")) == backups
    assert _title(emulator, "welcome") == "Two"
    apply = playbooks.rollback("--diff", flow_id="welcome")
    again = playbooks.rollback("--diff", flow_id="welcome")

    assert [run.changed for run in (preview, apply, again)] == [True, True, False]
    assert preview.result["diff"] == apply.result["diff"]
    assert preview.result["summary"] == apply.result["summary"]
    assert '-    "Two"' in preview.output
    assert '+    "One"' in preview.output
    assert apply.flows[0]["verified"] is True
    assert _title(emulator, "welcome") == "One"
    manifest = json.loads((Path(apply.result["backup"]["path"]) / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["kind"], manifest["tenant"]) == ("rollback", "acme")
    assert manifest["reason"] == f"rollback of welcome to {apply.result['target'][0]['backup']}"


def test_what_the_controller_has_encrypted_it_restores(local_playbooks: Playbooks, emulator: Emulator) -> None:
    emulator.project(id=PROJECT_ID, flows=[minimal_flow("welcome", title="One")])
    source, password = local_playbooks.folder / "two.json", local_playbooks.folder / "password"
    source.write_text(json.dumps(minimal_flow("welcome", title="Two")), encoding="utf-8")
    password.write_text("hunter2", encoding="utf-8")
    encrypted = {"backup_vault_password_file": str(password)}
    tasks = [
        {"name": "Deploy", "community.descope.descope_flow": {"src": str(source), **encrypted}},
        {"name": "Fail", "community.descope.descope_flow_rollback": {"flow_id": "welcome"}, "ignore_errors": True},
        {"name": "Roll back", "community.descope.descope_flow_rollback": {"flow_id": "welcome", **encrypted}},
    ]

    run = local_playbooks.play([{"hosts": "all", "gather_facts": False, "tasks": tasks}])

    assert run.returncode == 0, run.output
    _deployed, locked, opened = (entry["result"] for entry in run.results)
    assert "encrypted with the vault secret" in locked["msg"]
    assert not locked["changed"]
    assert opened["flows"][0]["verified"] is True
    assert _title(emulator, "welcome") == "One"
    files = [path.read_text(encoding="utf-8") for path in local_playbooks.backups.rglob("*.vault")]
    assert len(files) == 2
    assert not any("Welcome" in text for text in files)


# --- the playbook ----------------------------------------------------------------------------------------------------


def _fleet(count: int) -> dict[str, Any]:
    return {f"tenant{number:02}": {} for number in range(count)}


def _deploy(playbooks: Playbooks, hosts: dict[str, Any], title: str) -> Run:
    flow = {"definition": minimal_flow("template", title=title), "flow_id": "{{ inventory_hostname }}-sign-in"}
    run = playbooks.flow(hosts=hosts, flows=[flow])
    assert run.returncode == 0, run.output
    return run


def _variables(**values: Any) -> list[str]:
    return ["-e", json.dumps({f"descope_rollback_{name}": value for name, value in values.items()})]


def test_a_run_over_thirty_tenants_is_undone_but_for_two(local_playbooks: Playbooks, emulator: Emulator) -> None:
    hosts = _fleet(30)
    emulator.project(id=PROJECT_ID, flows=[minimal_flow(f"{host}-sign-in", title="One") for host in hosts])
    _deploy(local_playbooks, hosts, "Two")
    run_id = _run_id(local_playbooks)
    for tenant in ("tenant07", "tenant21"):
        _edit(emulator, f"{tenant}-sign-in", "Two", "Edited by hand")

    preview = local_playbooks.run(PLAYBOOK, "--check", *_variables(run=run_id), hosts=hosts)
    assert {_title(emulator, f"{host}-sign-in") for host in hosts} == {"Two", "Edited by hand"}
    undo = local_playbooks.run(PLAYBOOK, *_variables(run=run_id, confirm=False), hosts=hosts)

    edited = {"tenant07", "tenant21"}
    conflicts = {f"{host}-sign-in: it was changed after {run_id}, in the console or otherwise" for host in edited}
    assert (preview.returncode, undo.returncode, undo.failed_hosts()) == (0, 2, edited), undo.output
    assert {host for host, result in preview.by_host().items() if result["changed"]} == hosts.keys() - edited
    for run in (preview, undo):
        assert all(conflict in " ".join(run.output.split()) for conflict in conflicts)
    titles = {host: _title(emulator, f"{host}-sign-in") for host in hosts}
    assert {host for host, title in titles.items() if title == "Edited by hand"} == edited
    assert {host for host, title in titles.items() if title == "One"} == hosts.keys() - edited

    force = _variables(run=run_id, confirm=False, force=True)
    forced = local_playbooks.run(PLAYBOOK, "--limit", ",".join(edited), *force, hosts=hosts)

    assert forced.returncode == 0, forced.output
    assert {_title(emulator, f"{host}-sign-in") for host in hosts} == {"One"}
    assert len(list(local_playbooks.backups.rglob("manifest.json"))) == 30 + 28 + 2


def test_nothing_happens_before_somebody_says_yes(local_playbooks: Playbooks, emulator: Emulator) -> None:
    hosts = _fleet(3)
    emulator.project(id=PROJECT_ID, flows=[minimal_flow(f"{host}-sign-in", title="One") for host in hosts])
    _deploy(local_playbooks, hosts, "Two")
    what = ["--limit", "tenant00,tenant01", *_variables(flow_id="*-sign-in")]

    nobody = local_playbooks.run(PLAYBOOK, *what, hosts=hosts)
    no = local_playbooks.run(PLAYBOOK, *what, hosts=hosts, answer="no")

    assert nobody.returncode == no.returncode == 2
    for run in (nobody, no):
        said = " ".join(run.output.split())
        assert "Nothing was changed, because nobody said yes." in said
        assert "set descope_rollback_confirm to false" in said
    assert {_title(emulator, f"{host}-sign-in") for host in hosts} == {"Two"}

    yes = local_playbooks.run(PLAYBOOK, "--diff", *what, hosts=hosts, answer="yes")

    assert yes.returncode == 0, yes.output
    assert [_title(emulator, f"{host}-sign-in") for host in hosts] == ["One", "One", "Two"]
    question = yes.output.partition("Type yes")[0]
    for host in ("tenant00", "tenant01"):
        line = rf"^  {host}\n    update {host}-sign-in as in 20\w+-\w+ \(20[\w:-]+\): 1 screen text changed$"
        assert re.search(line, question, re.MULTILINE), question
    assert "tenant02" not in question
    assert yes.output.count('-    "Two"') == 2
    assert "Type yes to change 2 of these flows" in yes.output
    # There is nothing left to ask about.
    assert local_playbooks.run(PLAYBOOK, *what, hosts=hosts).returncode == 0


@pytest.mark.parametrize("answer", ["", "ask"])
def test_only_a_clear_no_leaves_out_the_question(local_playbooks: Playbooks, emulator: Emulator, answer: str) -> None:
    hosts = _fleet(1)
    _deploy(local_playbooks, hosts, "One")

    run = local_playbooks.run(PLAYBOOK, *_variables(all=True, confirm=answer), hosts=hosts)

    assert run.returncode == 2, run.output
    complaint = 'descope_rollback_confirm is "ask", which is neither yes nor no' if answer else "nobody said yes"
    assert complaint in " ".join(run.output.split())
    assert _title(emulator, "tenant00-sign-in") == "One"
