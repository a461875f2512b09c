# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""AWX: the role C(awx) with the real awx.awx against a stand-in for AWX, and the jobs that it sets up."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from awx_jobs import Job, Jobs
from emulator_client import Emulator
from fake_awx import TOKEN, FakeAwx, real_collections, running_awx
from playbooks import MANAGEMENT_KEY, PROJECT_ID
from s3 import S3

# To set everything up takes longer than most tests, so whatever runs side by side, they share one AWX.
pytestmark = pytest.mark.xdist_group("awx")

CHECKOUT = Path(__file__).resolve().parents[2]
REPOSITORY = CHECKOUT / "examples" / "awx"
TENANTS = ("acme", "globex", "initech", "zoe")
SIGN_IN = "flows/sign-in.json"
TEMPLATES = ["backup", "drift", "history", "preview", "rollback", "sync", "validate"]
# What AWX keeps and shows of a job where nobody has set it otherwise; docs/awx.md says what lies beyond.
MAX_UI_JOB_EVENTS = 4000
STDOUT_MAX_BYTES_DISPLAY = 1_048_576
EVENT_STDOUT_MAX_BYTES_DISPLAY = 1024
MAX_EVENT_RES_DATA = 700_000
# That many tenants are promised. What a job says grows with them, so a tenth of them tell in a tenth of the time.
PROMISED_TENANTS = 1000
TRIED_TENANTS = int(os.environ.get("AWX_TENANTS", "100"))
# An override for every variable of the role that says where something is, so that no field of awx.awx is left out.
BACKUPS = "s3://to-be-replaced/descope"
VARIABLES = {
    "awx_descope_scm_url": "https://git.example.com/flows.git",
    "awx_descope_image": "quay.example.com/acme/descope-ee:1",
    "awx_descope_backup_dir": BACKUPS,
    "awx_descope_scm_credential": "Repository",
    "awx_descope_store_credentials": ["Backups in S3"],
    "awx_descope_instance_groups": ["default"],
    "awx_descope_project_id": PROJECT_ID,
    "awx_descope_management_key": MANAGEMENT_KEY,
    "awx_descope_requests": 1000,
    "awx_descope_slices": 2,
}


@dataclass(frozen=True)
class SetUp:
    """How often a run of the playbook changed something, and what it said."""

    changed: int
    output: str


def set_up(
    awx: FakeAwx, *arguments: str, playbook: str | Path = "community.descope.awx_setup", **variables: Any
) -> SetUp:
    """Run the playbook against it, with the real awx.awx."""
    collections = real_collections()
    program = Path(sys.executable).with_name("ansible-playbook")
    extra = json.dumps({**VARIABLES, **variables})
    done = subprocess.run(
        [program, playbook, "-i", "localhost,", "-e", extra, *arguments],
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "CONTROLLER_"))},
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "CONTROLLER_HOST": awx.url,
            "CONTROLLER_OAUTH_TOKEN": TOKEN,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    assert MANAGEMENT_KEY not in output
    counted = re.search(r"changed=(\d+)", output)
    assert counted, output
    return SetUp(int(counted[1]), output)


@pytest.fixture(scope="module")
def playbook_files() -> tuple[str, ...]:
    return tuple(f"playbooks/{path.name}" for path in (REPOSITORY / "playbooks").glob("*.yml"))


@pytest.fixture(scope="module")
def awx(playbook_files: tuple[str, ...]) -> Iterator[FakeAwx]:
    """An AWX in which everything is set up."""
    with running_awx(*playbook_files) as running:
        set_up(running)
        yield running


def test_a_first_preview_names_what_is_missing_and_writes_nothing(playbook_files: tuple[str, ...]) -> None:
    with running_awx(*playbook_files) as empty:
        preview = set_up(empty, "--check")

        assert preview.changed > 0
        assert "Descope rollout" in preview.output
        assert empty.writes == []


def test_a_field_that_awx_does_not_have_is_named_in_a_preview(awx: FakeAwx, tmp_path: Path) -> None:
    """The modules of awx.awx check all that the role gives them, so every set-up here checks the role's data."""
    shutil.copytree(CHECKOUT / "roles" / "awx", tmp_path / "roles" / "awx")
    tasks = tmp_path / "roles" / "awx" / "tasks" / "referring.yml"
    text = tasks.read_text(encoding="utf-8")
    for right, wrong in (("source: scm\n", "source: smc\n"), ("job_slice_count:", "job_slices:")):
        assert text.count(right) == 1
        text = text.replace(right, wrong)
    tasks.write_text(text, encoding="utf-8")
    playbook = tmp_path / "awx_setup.yml"
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "roles": ["awx"]}
    # All that is wrong in one run.
    playbook.write_text(yaml.safe_dump([{**play, "ignore_errors": True}]), encoding="utf-8")
    sync = {"name": "Descope sync", "description": "Deploys", "playbook": "sync.yml", "survey": []}

    output = set_up(awx, "--check", playbook=playbook, awx_descope_job_templates=[sync]).output

    assert re.search(r"value of source must be one of: .*scm.*, got: smc", output), output
    assert re.search(r"Unsupported parameters for \(awx\.awx\.job_template\) module: job_slices\.", output), output


def test_a_second_set_up_changes_nothing_and_a_removal_leaves_nothing(awx: FakeAwx) -> None:
    before, writes = deepcopy(awx.objects), len(awx.writes)

    again = set_up(awx)

    assert (again.changed, awx.writes[writes:]) == (0, []), again.output
    with running_awx(*awx.playbooks) as other:
        everything = {kind: len(items) for kind, items in other.objects.items()}
        for name in ("objects", "associations", "surveys"):
            setattr(other, name, deepcopy(getattr(awx, name)))
        set_up(other, awx_descope_state="absent")
        assert {kind: len(items) for kind, items in other.objects.items()} == everything
    assert awx.objects == before


def test_the_workflow_goes_back_where_sync_or_the_drift_check_fails(awx: FakeAwx) -> None:
    nodes = {node["id"]: node for node in awx.find("workflow_job_template_nodes")}
    ways = {
        (nodes[number]["identifier"], what, nodes[target]["identifier"])
        for (kind, number, what), targets in awx.associations.items()
        if kind == "workflow_job_template_nodes"
        for target in targets
    }
    assert ways == {
        ("preview", "success_nodes", "approval"),
        ("approval", "success_nodes", "sync"),
        ("sync", "success_nodes", "drift"),
        ("sync", "failure_nodes", "rollback"),
        ("drift", "failure_nodes", "rollback"),
    }
    (rollback,) = awx.find("workflow_job_template_nodes", identifier="rollback")
    assert rollback["job_type"] == "run"
    (approval,) = awx.find("workflow_approval_templates")
    assert approval["timeout"] == 86400


def test_surveys_ask_what_the_service_desk_understands(awx: FakeAwx) -> None:
    names = [template["name"] for template in awx.find("job_templates")]
    assert sorted(names) == [f"Descope {name}" for name in TEMPLATES]
    for template in awx.find("job_templates"):
        for question in awx.surveys[template["id"]]["spec"]:
            assert question["question_name"].endswith("?"), question
            assert question["question_description"], question
            if question["type"] == "multiplechoice":
                assert question["default"] in question["choices"]
                assert question["required"]
        limits = json.loads(template["extra_vars"])
        share = "500/60" if template["job_slice_count"] == 2 else "1000/60"
        assert limits["descope_rate_limit"] == share, template["name"]


@pytest.fixture
def jobs(awx: FakeAwx, emulator: Emulator, s3_server: S3, tmp_path: Path) -> Jobs:
    """Jobs of that AWX in a repository of one's own, with four tenants and an empty bucket."""
    emulator.project(id=PROJECT_ID, tenants=[{"id": name, "name": name.title()} for name in TENANTS])
    repository = tmp_path / "repository"
    shutil.copytree(REPOSITORY, repository)
    bucket = s3_server.new_bucket(f"awx-{uuid.uuid4().hex[:12]}")
    # What each set-up would do with another place for backups, without the time it takes.
    for template in awx.find("job_templates"):
        text = re.sub(r"s3://[a-z0-9-]+/\w+", bucket, template["extra_vars"])
        awx.objects["job_templates"][template["id"]]["extra_vars"] = text
    environment = {**s3_server.environment, "DESCOPE_BASE_URL": emulator.url}
    jobs = Jobs(awx, repository, tmp_path / "disk", environment, {"management_key": MANAGEMENT_KEY})
    credential = awx.named("credentials", "Descope project")
    credential["inputs"]["base_url"] = emulator.url
    return jobs


def succeeded(jobs: list[Job]) -> list[Job]:
    for job in jobs:
        assert job.status == "successful", job.output
        assert MANAGEMENT_KEY not in job.output + json.dumps(job.events)
    return jobs


def stored_flows(emulator: Emulator) -> dict[str, Any]:
    return dict(emulator.stored(PROJECT_ID)["flows"])


def report_of(job: Job, s3: S3) -> dict[str, Any]:
    """Return what the report of a job holds, read from where the job's artifacts say that its page is."""
    url, number = str(job.artifacts["descope_report"]), str(job.number)
    assert url.endswith(f"/rollout-{number}.html")
    assert f"job {number}<" in s3.read(url).decode()
    report: dict[str, Any] = json.loads(s3.read(url.removesuffix(".html") + ".json"))
    assert report["run"]["job_id"] == job.artifacts["descope_job"] == number
    return report


def reported(job: Job, s3: S3) -> dict[str, dict[str, str]]:
    """Return what the report of a job says of each tenant: what became of which flow."""
    return {
        row["tenant"]: {flow["flow_id"]: flow["result"] for flow in row["flows"]}
        for row in report_of(job, s3)["tenants"]
    }


def change_the_repository(jobs: Jobs) -> None:
    path = jobs.repository / SIGN_IN
    path.write_text(path.read_text().replace("Welcome to", "Hello from"), encoding="utf-8")


def test_each_job_template_does_its_work_on_a_disk_that_is_wiped(jobs: Jobs, emulator: Emulator, s3: S3) -> None:
    preview = succeeded(jobs.launch("Descope preview"))
    assert len(preview) == 2, "slices"
    assert stored_flows(emulator) == {}, "a preview writes nothing"
    assert "acme-sign-in" in preview[0].output

    synced = succeeded(jobs.launch("Descope sync", {"descope_serial": "1", "descope_on_failure": "restore"}))

    assert sorted(stored_flows(emulator)) == [f"{name}-sign-in" for name in TENANTS]
    notes = {flow["history"][-1]["changelog"] for flow in stored_flows(emulator).values()}
    assert notes == {f"community.descope, job {job.number}, by jo" for job in synced}
    undo = {job.artifacts["descope_rollback_run"] for job in synced}
    assert len(undo) == 1, "all slices are undone together"
    report = synced[0].artifacts["descope_report"]
    assert synced[0].artifacts["descope_backups"] in report
    assert report in synced[0].output

    checked = succeeded(jobs.launch("Descope drift"))
    checked += succeeded(jobs.launch("Descope validate", {"descope_ignore": "file-not-found,empty-file"}))
    label = {"descope_backup_label": "before-campaign", "descope_backup_flow_id": "acme-*,zoe-*"}
    checked += succeeded(jobs.launch("Descope backup", label))
    history = succeeded(jobs.launch("Descope history", {"descope_history_limit": "10"}))[0]
    assert "before-campaign" in history.output
    assert re.search(rf"\bjo +{synced[1].number}\b", history.output), history.output

    look = succeeded(jobs.launch("Descope rollback", {"descope_rollback_run": undo.pop()}))
    assert "acme-sign-in" in look[0].output
    assert len(stored_flows(emulator)) == len(TENANTS), "the job type is check, unless somebody says run"

    assert not list(jobs.disk.glob("awx_*")), "the disk of every job is gone, and what follows is not"
    for job, what, tenants in (
        (preview[0], "planned", ("acme", "initech")),
        (preview[1], "planned", ("globex", "zoe")),
        (synced[0], "applied", ("acme", "initech")),
        (synced[1], "applied", ("globex", "zoe")),
        (look[0], "planned", TENANTS),
    ):
        assert reported(job, s3) == {name: {f"{name}-sign-in": what} for name in tenants}
    (created,) = report_of(synced[1], s3)["changes"]
    assert (created["flow"], created["action"], created["tenants"]) == ("*-sign-in", "create", 2)
    for job in (*checked, history):
        assert "descope_report" not in job.artifacts, "no link to what is not there"


def test_a_job_looks_at_writes_and_undoes_no_more_than_its_limit(jobs: Jobs, emulator: Emulator, s3: S3) -> None:
    some, others = {"acme", "zoe"}, {"globex", "initech"}
    planned = {name: {f"{name}-sign-in": "planned"} for name in some}

    preview = succeeded(jobs.launch("Descope preview", limit="acme,zoe"))

    assert reported(preview[0], s3) | reported(preview[1], s3) == planned, "one of them in each slice"
    assert not [name for name in others for job in preview if name in job.output]

    synced = succeeded(jobs.launch("Descope sync", limit="acme,zoe"))
    assert set(stored_flows(emulator)) == {f"{name}-sign-in" for name in some}
    assert set(reported(synced[0], s3) | reported(synced[1], s3)) == some

    undo = {"descope_rollback_run": synced[0].artifacts["descope_rollback_run"]}
    succeeded(jobs.launch("Descope rollback", undo, job_type="run", limit="acme"))
    assert set(stored_flows(emulator)) == {"zoe-sign-in"}


def deploy_to_many(jobs: Jobs, emulator: Emulator) -> None:
    """Give the project many more tenants, each with the flow that the repository has for it, without a sync."""
    names = [f"tenant-{number:05}" for number in range(TRIED_TENANTS)]
    text = (jobs.repository / SIGN_IN).read_text(encoding="utf-8")
    flows = [
        json.loads(text.replace("${ tenant_id }", name).replace("${ brand_name }", name.title())) for name in names
    ]
    tenants = [{"id": name, "name": name.title()} for name in names]
    emulator.reset()
    emulator.project(id=PROJECT_ID, tenants=tenants, flows=flows)


def of_a_thousand(number: int) -> float:
    return number * PROMISED_TENANTS / TRIED_TENANTS


def test_awx_shows_all_that_a_job_of_a_thousand_tenants_says(
    jobs: Jobs, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy_to_many(jobs, emulator)
    for name in ("sync", "preview"):
        monkeypatch.setitem(jobs.awx.named("job_templates", f"Descope {name}"), "job_slice_count", 1)

    [unchanged] = succeeded(jobs.launch("Descope sync"))
    change_the_repository(jobs)
    [changed] = succeeded(jobs.launch("Descope preview"))

    assert f"{TRIED_TENANTS} tenants: {TRIED_TENANTS} are as declared" in unchanged.output
    assert f"{TRIED_TENANTS} tenants: {TRIED_TENANTS} would change" in changed.output
    # What is left is room for longer names and for a second change.
    for job, share in ((unchanged, 0.25), (changed, 0.6)):
        assert of_a_thousand(len(job.events)) < 0.85 * MAX_UI_JOB_EVENTS
        assert of_a_thousand(len(job.output.encode())) < share * STDOUT_MAX_BYTES_DISPLAY
        for event in job.events:
            assert len(json.dumps(event["event_data"].get("res", {}))) < MAX_EVENT_RES_DATA / 100, event
            # What belongs to the playbook, such as the recap of all tenants, is shown however long it is.
            of_playbook = event["event"].startswith("playbook_on_")
            assert of_playbook or len(event["stdout"].encode()) < EVENT_STDOUT_MAX_BYTES_DISPLAY / 2, event["stdout"]


def test_a_slice_without_one_of_the_tenants_fails_for_a_limit_and_not_for_an_answer(jobs: Jobs, s3: S3) -> None:
    limited = jobs.launch("Descope preview", limit="acme")
    answered = succeeded(jobs.launch("Descope preview", {"descope_hosts": "acme", "descope_diff": "false"}))

    assert [job.status for job in limited] == ["successful", "failed"]
    assert "no hosts to target" in limited[1].output
    assert reported(limited[0], s3) == reported(answered[0], s3) == {"acme": {"acme-sign-in": "planned"}}
    assert "no hosts matched" in answered[1].output
    assert "+++ after: acme-sign-in" in limited[0].output
    assert "+++ after" not in answered[0].output, "nobody wanted to see each line"


def test_only_what_looks_at_tenants_asks_for_a_limit(awx: FakeAwx) -> None:
    asking = {template["name"] for template in awx.find("job_templates") if template["ask_limit_on_launch"]}
    # The others run once for a whole project, on localhost, which no limit to tenants includes.
    assert asking == {f"Descope {name}" for name in TEMPLATES if name not in ("backup", "history")}


def test_the_workflow_undoes_what_it_did_in_all_slices(jobs: Jobs, emulator: Emulator) -> None:
    succeeded(jobs.launch("Descope sync"))
    change_the_repository(jobs)
    workflow = 1000
    succeeded(jobs.launch("Descope preview", workflow=workflow))
    artifacts: dict[str, Any] = {}
    for job in succeeded(jobs.launch("Descope sync", workflow=workflow, artifacts=artifacts)):
        artifacts |= job.artifacts
    emulator.edit(project=PROJECT_ID, flow_id="zoe-sign-in", text={"from": "Hello from Zoe", "to": "Edited by hand"})

    [drift] = jobs.launch("Descope drift", workflow=workflow, artifacts=artifacts)
    assert drift.status == "failed", drift.output
    artifacts |= drift.artifacts
    [rollback] = jobs.launch("Descope rollback", job_type="run", workflow=workflow, artifacts=artifacts)

    texts = {name: json.dumps(flow) for name, flow in stored_flows(emulator).items()}
    assert all("Welcome to" in texts[f"{name}-sign-in"] for name in TENANTS if name != "zoe"), rollback.output
    assert "Edited by hand" in texts["zoe-sign-in"]
    assert rollback.status == "failed", "what somebody has changed since is a conflict, and is told"
    assert "zoe-sign-in" in rollback.output


def test_a_sync_that_fails_leaves_its_report_and_what_is_needed_to_undo_it(
    jobs: Jobs, emulator: Emulator, s3: S3
) -> None:
    path = jobs.repository / "inventory" / "group_vars" / "tenants.yml"
    variables = yaml.safe_load(path.read_text())
    variables["brand_name"] = "{{ descope_tenant_name if descope_tenant_id != 'zoe' else no_such_variable }}"
    path.write_text(yaml.safe_dump(variables), encoding="utf-8")
    artifacts: dict[str, Any] = {}

    ended = jobs.launch("Descope sync")

    for job in ended:
        artifacts |= job.artifacts
    assert {job.status for job in ended} == {"successful", "failed"}
    assert "no_such_variable" in "".join(job.output for job in ended)
    (failure,) = [failure for job in ended for failure in report_of(job, s3)["failures"]]
    assert (failure["tenants"], "no_such_variable" in failure["message"]) == (["zoe"], True)
    succeeded(jobs.launch("Descope rollback", job_type="run", artifacts=artifacts))
    assert stored_flows(emulator) == {}
