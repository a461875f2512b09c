# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The playbook community.descope.validate over an inventory, and the module where the connection leads elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from emulator_client import Emulator
from example_flows import minimal_flow
from playbooks import PROJECT_ID, Playbooks

PLAYBOOK = "community.descope.validate"
TENANTS = 100


def _library(folder: Path) -> list[str]:
    """Write five templates: four are the same for every tenant, one is not."""
    folder.mkdir()
    for number in range(4):
        flow = minimal_flow(f"flow-{number}")
        (folder / f"flow-{number}.json").write_text(json.dumps(flow, indent=2), encoding="utf-8")
    own = minimal_flow("${ tenant }-sign-in", title="Welcome to ${ brand }")
    own["contents"]["tasks"]["1"]["next"]["rules"][0]["taskId"] = "${ after }"
    (folder / "own.json").write_text(json.dumps(own, indent=2), encoding="utf-8")
    return [f"flows/{path.name}" for path in sorted(folder.iterdir())]


def _tenants(templates: list[str]) -> dict[str, Any]:
    tenants = {f"tenant-{number:03}": {"brand": "Acme & Sons", "after": "2"} for number in range(TENANTS)}
    tenants["tenant-042"]["after"] = "99"
    tenants["tenant-077"]["after"] = "99"
    del tenants["tenant-050"]["brand"]
    common = {"tenant": "{{ inventory_hostname }}", "descope_flows": [{"template": template} for template in templates]}
    return {name: {**common, **variables} for name, variables in tenants.items()}


def test_a_hundred_tenants_without_key_and_network(tmp_path: Path) -> None:
    nothing = {"DESCOPE_PROJECT_ID": "", "DESCOPE_MANAGEMENT_KEY": ""}
    playbooks = Playbooks(tmp_path, "http://127.0.0.1:9", connection="ssh", environment=nothing)
    hosts = _tenants(_library(tmp_path / "flows"))

    run = playbooks.run(PLAYBOOK, "-e", "descope_report_dir=reports", hosts=hosts)

    assert run.returncode == 2, run.output
    assert "Traceback" not in run.output
    validated = [result["result"] for result in run.results if "validated" in result["result"]]
    assert sum(result["validated"] for result in validated) == 4 + TENANTS - 1
    report = json.loads((tmp_path / "reports" / "flows.json").read_bytes())
    assert report["counts"]["renderings"] == 4 + TENANTS - 1
    broken = {(problem["code"], tuple(problem["tenants"])) for problem in report["problems"]}
    assert ("template-error", ("tenant-050",)) in broken
    edges = [problem for problem in report["problems"] if problem["code"] == "dangling-edge"]
    assert [problem["tenants"] for problem in edges] == [["tenant-042", "tenant-077"]]
    template = (tmp_path / "flows" / "own.json").read_text(encoding="utf-8").splitlines()
    assert "${ after }" in template[edges[0]["line"] - 1]
    assert edges[0]["file"] == "flows/own.json"
    suites = ElementTree.parse(tmp_path / "reports" / "flows.xml").getroot()
    assert [suite.get("name") for suite in suites if suite.get("failures") != "0"] == [
        "tenant-042",
        "tenant-050",
        "tenant-077",
    ]
    sarif = json.loads((tmp_path / "reports" / "flows.sarif").read_bytes())
    assert sarif["runs"][0]["results"][0]["level"] == "error"
    assert "breaks tenant-042, tenant-077;" in run.output


def test_a_project_is_asked_from_where_the_connection_leads(playbooks: Playbooks, emulator: Emulator) -> None:
    emulator.project(id=PROJECT_ID, roles=["Member"])
    flow = {**minimal_flow("a"), "references": {"connectors": {"Lost": "CI1"}}}
    task = flow["contents"]["tasks"]["1"]
    values = {"connectorId": "CI1", "command": "post", "templateId": "http"}
    task.update(
        action="connector", arguments={name: {"type": "inline", "value": value} for name, value in values.items()}
    )
    (playbooks.folder / "a.json").write_text(json.dumps(flow), encoding="utf-8")

    run = playbooks.task("community.descope.descope_flow_validate", src="a.json", project=True)

    assert run.returncode == 2, run.output
    assert [problem["code"] for problem in run.result["problems"] if problem["severity"] == "error"] == [
        "unknown-connector"
    ]
    assert '"Lost" (CI1)' in run.result["msg"]
