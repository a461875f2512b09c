# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The callback with the real C(ansible-playbook): what a job of many tenants prints, and the report it leaves."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ansible_collections.community.descope.plugins.module_utils._report.files import write_report
from emulator_client import CHECKOUT, Emulator
from example_flows import minimal_flow
from fleet_results import fleet, preview, same_change, tenants
from playbooks import MANAGEMENT_KEY, PROJECT_ID, Playbooks, Run

SCHEMA = json.loads((CHECKOUT / "docs" / "rollout-report.schema.json").read_text(encoding="utf-8"))
IMPORT = "POST /v2/mgmt/flow/import"
HOSTILE = "<script>alert('Acme')</script>"


@pytest.fixture
def rollouts(local_playbooks: Playbooks) -> Playbooks:
    local_playbooks.environment |= {"ANSIBLE_CALLBACKS_ENABLED": "community.descope.rollout"}
    return local_playbooks


def _summary(run: Run) -> list[str]:
    """The lines from the banner of the summary on."""
    lines = run.output.splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith("ROLLOUT"))
    return lines[start:]


def _report(run: Run, folder: Path) -> dict[str, Any]:
    assert (folder / "rollout.json").exists(), run.output
    report = json.loads((folder / "rollout.json").read_bytes())
    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    return dict(report)


def _template(folder: Path, **options: Any) -> str:
    (folder / "sign-up.json").write_text(json.dumps(minimal_flow("sign-up", **options)), encoding="utf-8")
    return "sign-up.json"


def test_a_preview_of_sixty_tenants_in_three_projects(rollouts: Playbooks, emulator: Emulator) -> None:
    environments = ("dev", "staging", "production")
    hosts: dict[str, Any] = {}
    for number in range(60):
        environment = environments[number % 3]
        hosts[f"{environment}-t{number}"] = {"project_id": f"P2{environment}", "flow": f"t{number}-sign-up"}
    # One tenant's variable is missing, and two flows were edited in the console.
    hosts["dev-t0"]["brand"] = HOSTILE
    missing = hosts.pop("staging-t1")
    for environment in environments:
        flows = [
            minimal_flow(host["flow"], title=f"Old {host.get('brand', 'Brand')}")
            for host in (*hosts.values(), missing)
            if host["project_id"] == f"P2{environment}"
        ]
        emulator.project(id=f"P2{environment}", keys=[MANAGEMENT_KEY], flows=flows)
    for flow_id, project in (("t3-sign-up", "P2dev"), ("t5-sign-up", "P2production")):
        pointer = "/contents/tasks/1/name"
        emulator.edit(project=project, flow_id=flow_id, changes=[{"pointer": pointer, "value": "Edited"}])
    hosts["staging-t1"] = {**missing, "brand": "{{ not_there }}"}
    emulator.reset(counters_only=True)
    unanswered = ["-e", "descope_report_formats= descope_report_name= descope_progress_seconds="]
    flow = {"template": _template(rollouts.folder, title="New ${ brand }"), "flow_id": "{{ flow }}"}
    task = {"name": "Sync", "community.descope.descope_flow": {"project_id": "{{ project_id }}", "flows": [flow]}}
    play = {"hosts": "all", "gather_facts": False, "tasks": [task]}
    hosts = {name: {"brand": "Brand", **variables} for name, variables in hosts.items()}

    run = rollouts.play([play], "--check", "-e", "descope_report_dir=report", *unanswered, hosts=hosts)

    assert run.returncode == 2, run.output
    lines = _summary(run)
    assert len(lines) < 24, "\n".join(lines)
    assert lines[1] == "60 tenants: 59 would change, 1 failed"
    text = "\n".join(lines)
    assert "57 tenants, in the same places, 2 different wordings" in text
    assert "2 tenants, the same change: dev-t3, production-t5" in text
    assert "failed: staging-t1\n" in text
    assert "'not_there' is undefined" in text
    assert re.search(r"^applying takes 118 requests", text, re.MULTILINE)
    folder = rollouts.folder / "report"
    report = _report(run, folder)
    assert {path.name for path in folder.iterdir()} == {"rollout.json", "rollout.md", "rollout.html"}
    assert [change["tenants"] for change in report["changes"]] == [57, 2]
    assert report["flows"] == ["*-sign-up"]
    assert len(report["pictures"]) == 2, "one for each change, however many tenants it has"
    page = (folder / "rollout.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 4
    assert "alert(&#x27;Acme&#x27;)" in page
    assert "<script" not in page
    requests = emulator.stats()["requests"]
    reads = ("GET /v1/mgmt/license", "POST /v1/mgmt/project/snapshot/export", "POST /v1/mgmt/flow/list")
    assert set(requests) <= set(reads)
    assert sum(requests.values()) == report["requests"]["made"] <= 9


def test_an_apply_says_what_was_done_and_what_was_not(playbooks: Playbooks, emulator: Emulator) -> None:
    playbooks.environment |= {
        "ANSIBLE_CALLBACKS_ENABLED": "community.descope.rollout",
        "DESCOPE_REPORT_DIR": "report",
        "DESCOPE_REPORT_FORMATS": "json,html",
    }
    refused = {"path": "/v2/mgmt/flow/import", "project": "P2refused"}
    emulator.faults(rules=[{"kind": "status", "status": 400, "match": refused}])
    hosts = {name: {"project_id": f"P2{name}"} for name in ("good", "refused")}
    options = {"project_id": "{{ project_id }}", "src": str(playbooks.folder / _template(playbooks.folder))}

    run = playbooks.flow(hosts=hosts, **options)

    assert run.returncode == 2
    assert _summary(run)[1] == "2 tenants: 1 changed, 1 failed"
    folder = playbooks.folder / "report"
    report = _report(run, folder)
    assert not report["run"]["check_mode"]
    results = {
        row["tenant"]: (row["status"], row["flows"][0]["result"], len(row["backups"])) for row in report["tenants"]
    }
    assert results == {"good": ("changed", "applied", 1), "refused": ("failed", "untouched", 1)}
    assert [flow["tenant"] for flow in report["unresolved"]] == ["refused"]
    assert {path.name for path in folder.iterdir()} == {"rollout.json", "rollout.html"}
    # Where the module runs on another machine, there is nothing here to draw from.
    assert bool(report["pictures"]) == (playbooks.connection == "local")


def test_a_job_prints_one_line_a_tenant_and_little_more(rollouts: Playbooks, emulator: Emulator) -> None:
    # What comes on top does not grow with the fleet, so that a thousand tenants stay far below 1,500 lines.
    number_of_tenants = 200
    emulator.project(id=PROJECT_ID, flows=[minimal_flow("sign-up", title="Old")])
    rollouts.environment |= {
        # It is enabled twice, which must not make it speak twice.
        "ANSIBLE_STDOUT_CALLBACK": "community.descope.rollout",
        "DESCOPE_TENANT_LINES": "changed",
        "DESCOPE_PROGRESS_SECONDS": "1",
        "ANSIBLE_FORKS": "10",
    }
    hosts: dict[str, Any] = {f"tenant{number}": {} for number in range(number_of_tenants)}

    run = rollouts.flow("--check", "--diff", hosts=hosts, src=str(rollouts.folder / _template(rollouts.folder)))

    assert run.returncode == 0, run.output
    lines = run.output.splitlines()
    assert len(lines) - number_of_tenants < 100, "with some 60 lines of progress, one a second, at worst"
    assert sum(line.startswith("ROLLOUT") for line in lines) == 1
    assert sum(line.endswith(": planned: sign-up (1 screen text changed)") for line in lines) == number_of_tenants
    progress = [line for line in lines if line.startswith("rollout: ")]
    assert re.match(r"rollout: \d+ of 200 tenants done, \d+ changed; .* left$", progress[0])
    assert f"  {number_of_tenants} tenants, the same change: tenant0, tenant1, tenant2" in "\n".join(_summary(run))


def test_without_flows_there_is_nothing_to_tell(rollouts: Playbooks) -> None:
    run = rollouts.play([{"hosts": "all", "gather_facts": False, "tasks": [{"ansible.builtin.meta": "noop"}]}])
    assert run.returncode == 0
    assert "ROLLOUT" not in run.output


@pytest.fixture
def jobs(rollouts: Playbooks) -> Playbooks:
    """Playbooks whose only output is that of the callback."""
    rollouts.environment |= {"ANSIBLE_STDOUT_CALLBACK": "community.descope.rollout", "DESCOPE_REPORT_DIR": "report"}
    return rollouts


def test_as_the_only_output_it_hides_no_failure(jobs: Playbooks) -> None:
    gone = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 9, "ansible_ssh_retries": 0}
    loop = {"ansible.builtin.fail": {"msg": "no {{ item }}"}, "loop": ["brand", "plan"]}
    tasks: list[dict[str, Any]] = [
        {"name": "Ask", "ansible.builtin.ping": {}},
        {"name": "Look", "ansible.builtin.fail": {"msg": "never mind"}, "ignore_errors": True},
        {"name": "Check variables", **loop, "when": "inventory_hostname == 'acme'"},
        {"name": "Say", "ansible.builtin.debug": {"msg": ["two  words", "{{ inventory_hostname }}"]}},
        {"name": "Say", "ansible.builtin.debug": {"var": "inventory_hostname"}, "loop": ["once"]},
        {"name": "Warn", "community.descope.descope_flow_drift": {"declared_in": "nobody"}},
        {"name": "Assert", "ansible.builtin.assert": {"that": "true"}},
    ]

    play = {"hosts": "all", "gather_facts": False, "tasks": tasks}
    run = jobs.play([play, {**play, "hosts": "nowhere"}], hosts={"acme": {}, "globex": {}, "gone": gone})

    assert run.returncode == 4, run.output
    lines = run.output.splitlines()
    assert any(line.startswith("gone: unreachable: Ask: ") for line in lines), run.output
    assert "globex: failed, and ignored: Look: never mind" in lines
    assert "acme: failed: Check variables: no brand (and 1 more item)" in lines
    assert lines[lines.index("globex:") + 1 :][:2] == ["two  words", "globex"]
    assert "globex: globex" in lines
    assert "no variable is called nobody" in run.output
    assert "skipping: no hosts matched" in lines
    assert _summary(run)[1] == "2 tenants: 1 failed, 1 unreachable"
    assert "assertions" not in run.output
    assert not (jobs.folder / "report").exists(), "there is nothing of a rollout to report"


def test_items_of_a_loop_fail_alone(jobs: Playbooks, emulator: Emulator) -> None:
    flow = {"community.descope.descope_flow": {"src": "{{ item }}"}, "loop": [_template(jobs.folder), "nowhere.json"]}

    run = jobs.play([{"hosts": "all", "gather_facts": False, "tasks": [{"name": "Sync", **flow}]}])

    assert run.returncode == 2
    assert "acme: failed: Sync: nowhere.json: there is no such file" in run.output
    assert _summary(run)[1] == "1 tenant: 1 failed"


def test_as_the_only_output_it_shows_what_the_playbooks_say(jobs: Playbooks, emulator: Emulator) -> None:
    emulator.project(id=PROJECT_ID, flows=[minimal_flow("sign-up")])
    template = jobs.folder / _template(jobs.folder, title="New")
    hosts = {"localhost": {"descope_flows": [{"src": str(template)}]}}

    backup, history, validate, drift, refused = (
        jobs.run(f"community.descope.{name}", *arguments, hosts=hosts)
        for name, arguments in {
            "backup": (),
            "history": (),
            "validate": (),
            "drift": ("-e", "descope_fail_on_drift=true"),
            "sync": ("-e", "descope_base_url=http://127.0.0.1:9"),
        }.items()
    )

    assert "localhost: 1 flows are in " in backup.output
    assert re.search(r"^localhost:\nTIME \(UTC\) +BACKUP +.*\n.* saved ", history.output, re.MULTILINE)
    assert "1 flow" in validate.output
    assert drift.returncode == 2
    assert "localhost: failed: " in drift.output
    assert "refuses the connection" in refused.output
    for run in (backup, history, validate):
        assert run.returncode == 0, run.output
        assert "ROLLOUT" not in run.output


def test_beside_the_usual_output_other_playbooks_have_no_summary(rollouts: Playbooks) -> None:
    play = {"hosts": "all", "gather_facts": False, "tasks": [{"ansible.builtin.fail": {"msg": "no"}}]}

    run = rollouts.play([play])

    assert run.returncode == 2
    assert "ROLLOUT" not in run.output


def test_a_report_that_cannot_be_written_is_said_and_fails_nothing(rollouts: Playbooks) -> None:
    (rollouts.folder / "taken").write_text("a file, not a folder", encoding="utf-8")
    rollouts.environment["DESCOPE_REPORT_DIR"] = "taken"

    run = rollouts.flow("--check", definition=minimal_flow("sign-up"))

    assert run.returncode == 0
    assert "the report cannot be written to" in run.output
    assert "see report_dir" in run.output
    assert "Traceback" not in run.output


def test_a_page_is_made_of_a_saved_report(local_playbooks: Playbooks) -> None:
    folder = local_playbooks.folder
    report = preview(fleet(tenants(5), same_change))
    write_report(report, folder, "rollout", ["json", "html"])
    (folder / "else.json").write_text('{"flowId": "sign-in"}', encoding="utf-8")
    module = "community.descope.descope_rollout_report"
    tasks = [
        {module: {"src": "rollout.json", "dest": "page.html"}, "check_mode": True},
        {module: {"src": "rollout.json", "dest": "page.html"}},
        {module: {"src": "rollout.json", "dest": "page.html"}},
        {module: {"src": "rollout.json", "dest": "comment.txt", "format": "markdown"}},
        {module: {"src": "else.json", "dest": "page.html"}, "ignore_errors": True},
        {module: {"src": "rollout.json", "dest": "gone/page.html"}, "ignore_errors": True},
    ]

    run = local_playbooks.play([{"hosts": "all", "gather_facts": False, "tasks": tasks}])

    looked, written, again, comment, wrong, nowhere = (entry["result"] for entry in run.results)
    assert [result["changed"] for result in (looked, written, again, comment)] == [True, True, False, True]
    assert (written["dest"], written["format"], comment["format"]) == ("page.html", "html", "markdown")
    assert (folder / "page.html").read_bytes() == (folder / "rollout.html").read_bytes()
    assert (folder / "comment.txt").read_text(encoding="utf-8").startswith("## Descope flows")
    assert wrong["msg"].startswith("else.json: is no report of a rollout")
    assert wrong["problems"][0]["code"] == "not-a-report"
    assert "gone/page.html cannot be written: No such file or directory" in nowhere["msg"]
