# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Real flows through the whole pipeline: what a preview announces is what happens, and then nothing is left to do."""

from __future__ import annotations

import itertools
import json
import re
import statistics
from pathlib import Path
from typing import Any

import pytest

from emulator_client import Emulator
from playbooks import PROJECT_ID, Playbooks
from real_flows import corrupted_flow_files, real_flow_files, snapshot_dirs

pytestmark = pytest.mark.usefixtures("real_flows_dir")

IMPORT = "POST /v2/mgmt/flow/import"


def _one_task(files: list[Path]) -> list[dict[str, str]]:
    """All files in one task; many hold the same flow, so each gets an id of its own."""
    return [{"src": str(file), "flow_id": f"flow-{number:02}"} for number, file in enumerate(files)]


def _connectors_of(files: list[Path]) -> dict[str, str]:
    """The connectors that flows name, with ids of another project than the one they come from."""
    flows = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    named = [(flow.get("flow", flow).get("references") or {}).get("connectors") or {} for flow in flows]
    return {name: f"CI9{connector[3:]}" for connectors in named for name, connector in connectors.items()}


def _history() -> list[tuple[Path, Path]]:
    """Every pair of versions of one flow that followed each other in a real project."""
    files = [file for file in real_flow_files() if re.fullmatch(r"sign-up-or-in(\.v\d+)?\.json", file.name)]
    files = sorted((file for file in files if "descope-cx" in str(file)), key=lambda file: (len(file.name), file.name))
    assert len(files) >= 15
    return list(itertools.pairwise(files))


def test_every_real_flow_is_applied_once(playbooks: Playbooks, emulator: Emulator) -> None:
    files = real_flow_files()
    emulator.project(id=PROJECT_ID, connectors=_connectors_of(files))

    first = playbooks.flow(flows=_one_task(files))
    second = playbooks.flow(flows=_one_task(files))

    assert len(first.flows) == len(files) >= 45
    assert {(flow["action"], flow["result"], flow["verified"]) for flow in first.flows} == {("create", "applied", True)}
    assert [flow["source"] for flow in second.flows if flow["action"] != "none"] == []
    assert not second.changed
    assert emulator.stats()["requests"][IMPORT] == len(files)


def test_every_real_flow_is_applied_once_in_projects_of_their_own(
    local_playbooks: Playbooks, emulator: Emulator
) -> None:
    files = real_flow_files()
    hosts = {f"host{number:02}": {"file": str(file), "project": f"P2x{number:02}"} for number, file in enumerate(files)}
    options = {"project_id": "{{ project }}", "src": "{{ file }}"}
    for number in range(len(files)):
        emulator.project(id=f"P2x{number:02}", connectors=_connectors_of(files))

    first = local_playbooks.flow(hosts=hosts, **options)
    second = local_playbooks.flow(hosts=hosts, **options)

    assert first.returncode == second.returncode == 0, first.output + second.output
    assert all(result["changed"] for result in first.by_host().values())
    assert [host for host, result in second.by_host().items() if result["changed"]] == []
    assert len(second.by_host()) == len(files)


def test_a_snapshot_directory_brings_all_its_flows(playbooks: Playbooks, emulator: Emulator) -> None:
    [snapshot] = snapshot_dirs()
    emulator.project(id=PROJECT_ID, connectors=["Radiant Logic", "SMTP Connector"])

    first = playbooks.flow(src=str(snapshot))
    second = playbooks.flow(src=str(snapshot))

    assert sorted(flow["flow_id"] for flow in first.flows) == [
        "add-passkeys",
        "sign-in",
        "sign-up",
        "sign-up-or-in",
        "sso-config-request",
        "step-up",
    ]
    assert {flow["action"] for flow in first.flows} == {"create"}
    assert not second.changed


def test_a_preview_announces_what_the_next_run_does(playbooks: Playbooks, emulator: Emulator) -> None:
    pairs = _history()
    before, after = _one_task([pair[0] for pair in pairs]), _one_task([pair[1] for pair in pairs])
    assert playbooks.flow(flows=before).changed
    emulator.reset(counters_only=True)

    preview = playbooks.flow("--check", "--diff", flows=after)
    requests_of_preview = emulator.stats()["requests"]
    apply = playbooks.flow("--diff", flows=after)
    again = playbooks.flow("--check", "--diff", flows=after)

    assert not {request for request in requests_of_preview if request.endswith(("/import", "/delete"))}
    assert preview.result["diff"] == apply.result["diff"]
    assert [_announcement(flow) for flow in preview.flows] == [_announcement(flow) for flow in apply.flows]
    assert {flow["result"] for flow in preview.flows} <= {"planned", "unchanged"}
    assert {flow["result"] for flow in apply.flows} <= {"applied", "unchanged"}
    assert sum(flow["action"] == "update" for flow in apply.flows) >= 10
    assert not again.changed
    assert again.result["diff"] == []


def _announcement(flow: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in flow.items() if key not in ("result", "verified", "changes_digest")}


def test_a_diff_is_short_enough_to_read(local_playbooks: Playbooks) -> None:
    pairs = _history()
    local_playbooks.flow(flows=_one_task([pair[0] for pair in pairs]))

    run = local_playbooks.flow("--check", "--diff", flows=_one_task([pair[1] for pair in pairs]))

    lengths = [len(diff["before"]) + len(diff["after"]) for diff in run.result["diff"]]
    assert len(lengths) >= 10
    assert statistics.median(lengths) < 1500
    assert max(lengths) < 6000


def test_a_flow_that_a_merge_broke_is_refused(playbooks: Playbooks, emulator: Emulator) -> None:
    files = corrupted_flow_files()

    run = playbooks.flow(flows=_one_task(files))

    assert run.returncode == 2, run.output
    problems = run.result["problems"]
    assert {problem["source"] for problem in problems} == {str(file) for file in files}
    assert all(problem["path"].startswith("$.") for problem in problems)
    assert not emulator.stats()["requests"]
