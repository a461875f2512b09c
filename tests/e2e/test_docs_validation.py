# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The pages about validation and tests of flows do what they say; the modules return what they say they do."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from documented import Shell, blocks, session_blocks
from e2e.test_docs import _compare, _examples, _task
from emulator_client import CHECKOUT, Emulator
from example_flows import minimal_flow
from playbooks import PROJECT_ID, Playbooks

VALIDATION = CHECKOUT / "docs" / "validation.md"
FLOW_TESTS = CHECKOUT / "docs" / "flow-tests.md"


@pytest.mark.parametrize(("document", "session"), [(VALIDATION, "validate"), (FLOW_TESTS, "flow-tests")])
def test_the_commands_of_a_page_do_what_it_says(document: Path, session: str, tmp_path: Path) -> None:
    shutil.copytree(CHECKOUT / "examples" / "quickstart", tmp_path / "examples" / "quickstart")
    reader = Shell(tmp_path / "home", tmp_path)
    reader.follow(session_blocks(document, session))


def test_the_failure_on_the_page_is_the_one_that_comes(local_playbooks: Playbooks) -> None:
    """A flow that lost a button fails the tests on the page in the words on the page."""
    (expectations,) = (block.text for block in blocks(FLOW_TESTS) if block.name == "tests/sign-in.yml")
    (said,) = (block.text for block in blocks(FLOW_TESTS) if block.language == "text")
    flow = json.loads((CHECKOUT / "examples" / "quickstart" / "flows" / "sign-in.json").read_text(encoding="utf-8"))
    flow["flowId"] = "acme-sign-in"
    rules = flow["contents"]["tasks"]["2"]["next"]["rules"]
    flow["contents"]["tasks"]["2"]["next"]["rules"] = rules[:1]
    (local_playbooks.folder / "flow.json").write_text(json.dumps(flow), encoding="utf-8")
    (local_playbooks.folder / "expect.yml").write_text(expectations, encoding="utf-8")

    run = local_playbooks.task("community.descope.descope_flow_walk", src="flow.json", expect_src="expect.yml")

    assert run.result["msg"] == said.strip()


def test_the_modules_return_what_their_documentation_says(local_playbooks: Playbooks, emulator: Emulator) -> None:
    flow = minimal_flow("a")
    flow["contents"]["tasks"]["2"]["next"]["rules"].append({"interactionId": "codeTitle", "taskId": "1"})
    flow["metadata"]["management"] = True
    (local_playbooks.folder / "a.json").write_text(json.dumps(flow), encoding="utf-8")
    emulator.project(id=PROJECT_ID, flows=[flow])
    emulator.project(id="P2locked", keys=["K2right"])
    tasks: dict[str, list[dict[str, Any]]] = {
        "flow_validate": [
            _task("flow_validate", src="a.json", report={"json": str(local_playbooks.folder / "report.json")}),
            _task("flow_validate", src="a.json", ignore=["nonsense"]),
            _task("flow_validate", src="a.json", project=True, project_id="P2locked"),
        ],
        "flow_walk": [
            _task("flow_walk", src="a.json", expect=[{"name": "x", "screens": ["Nowhere"]}]),
            _task("flow_walk", src="a.json", expect=[{}]),
        ],
        "flow_run": [
            _task("flow_run", flow_id="a", expect_output={"removed": 1}),
            _task("flow_run", flow_id="a", project_id="P2locked"),
        ],
    }

    run = local_playbooks.play(
        [{"hosts": "all", "gather_facts": False, "tasks": [one for own in tasks.values() for one in own]}]
    )

    results = [entry["result"] for entry in run.results]
    for module, own in tasks.items():
        _compare(f"descope_{module}", [results.pop(0) for _task_of in own])


def test_the_examples_of_the_modules_run(local_playbooks: Playbooks, emulator: Emulator) -> None:
    project_id = "P2example0000000000000000000"
    managed = minimal_flow("clean-up")
    managed["metadata"]["management"] = True
    emulator.project(id=project_id, flows=[managed], run_outputs={"clean-up": {"removed": 0}})
    for flow_id in ("sign-up-or-in", "step-up"):
        path = local_playbooks.folder / "flows" / f"{flow_id}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(minimal_flow(flow_id)), encoding="utf-8")
    tasks = [*_examples("descope_flow_validate"), *_examples("descope_flow_run")]
    # A library in a snapshot's folder, and results of other tasks, are not here.
    tasks = [task for task in tasks if _options(task).get("src") != "flows" and "results" not in _options(task)]
    walk = _examples("descope_flow_walk")[0]
    play = {
        "hosts": "all",
        "gather_facts": False,
        "vars": {"vault_descope_management_key": "K2example"},
        "tasks": [*tasks, walk],
    }

    run = local_playbooks.play([play])

    assert run.returncode == 0, run.output
    assert len(run.results) == 4


def _options(task: dict[str, Any]) -> dict[str, Any]:
    return next(value for key, value in task.items() if key.startswith("community.descope."))
