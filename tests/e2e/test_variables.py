# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What the variables of the playbooks mean: something undefined in them is an error, and an empty one is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from emulator_client import Emulator
from example_flows import minimal_flow
from playbooks import PROJECT_ID, Playbooks, Run

ALL = ("sync", "preview", "drift", "validate", "backup", "history", "rollback", "import")
WRITES = {"POST /v2/mgmt/flow/import", "POST /v1/mgmt/flow/delete"}
TYPO = "{{ prodution }}/x"
MESSAGE = "'prodution' is undefined"
ROLES = Path(__file__).parents[2] / "roles"


@pytest.fixture
def fleet(local_playbooks: Playbooks) -> Playbooks:
    """A folder with a flow that every host gets under a name of its own."""
    flows = local_playbooks.folder / "flows"
    flows.mkdir()
    (flows / "welcome.json").write_text(json.dumps(minimal_flow("${ inventory_hostname }-welcome")), encoding="utf-8")
    return local_playbooks


def hosts(**variables: dict[str, Any]) -> dict[str, Any]:
    return {name: {"descope_flows": ["flows/welcome.json"], **more} for name, more in variables.items()}


def play(playbooks: Playbooks, name: str, *arguments: str, **more: Any) -> Run:
    return playbooks.run(f"community.descope.{name}", *arguments, **more)


def variables(**values: Any) -> list[str]:
    return ["-e", json.dumps({f"descope_{name}": value for name, value in values.items()})]


def unreachable(run: Run) -> set[str]:
    return {entry["host"] for entry in run.results if entry["kind"] == "unreachable"}


# --- something undefined ---------------------------------------------------------------------------------------------


def test_a_variable_with_something_undefined_in_it_is_not_taken_for_none(fleet: Playbooks, emulator: Emulator) -> None:
    names = ("project_id", "management_key", "base_url", "backup_dir", "backup_vault_password_file", "validate")
    broken = {name.replace("_", "-"): {f"descope_{name}": TYPO} for name in names}
    tenants = hosts(good={}, **broken)

    sync = play(fleet, "sync", hosts=tenants)
    drift = play(fleet, "drift", hosts=tenants)

    assert sync.failed_hosts() == set(broken), sync.output
    assert list(emulator.stored(PROJECT_ID)["flows"]) == ["good-welcome"]
    for name in names:
        assert sync.by_host()[name.replace("_", "-")]["msg"] == f"descope_{name}: {MESSAGE}"
    # Drift does not look at what encrypts backups.
    assert unreachable(drift) == set(broken) - {"backup-vault-password-file"}, drift.output
    assert drift.returncode == 4


@pytest.mark.parametrize(
    ("playbook", "variable"),
    [
        ("sync", "hosts"),
        ("backup", "project_id"),
        ("history", "history_flow_id"),
        ("rollback", "rollback_backup"),
        ("rollback", "rollback_confirm"),
        ("drift", "undeclared_ignore"),
    ],
)
def test_the_other_playbooks_say_so_too(fleet: Playbooks, emulator: Emulator, playbook: str, variable: str) -> None:
    chosen = variables(rollback_all=True, hosts="acme") if playbook != "sync" else []

    run = play(fleet, playbook, *chosen, *variables(**{variable: TYPO}), hosts=hosts(acme={}))

    assert run.returncode == (4 if playbook in ("sync", "drift") else 2), run.output
    assert MESSAGE in run.output
    assert emulator.stats()["total"] == 0


def test_no_line_of_a_playbook_or_role_hides_what_is_undefined() -> None:
    files = [*ROLES.glob("descope_flows/**/*.yml"), *(ROLES.parent / "playbooks").glob("*.yml")]
    results = ("descope_validation", "descope_rollback_preview", "__descope_flows_fleet", "__descope_flows_project")
    harmless = (*results, "attribute='descope_project_id'")

    hiding = [
        line.strip()
        for file in files
        for line in file.read_text(encoding="utf-8").splitlines()
        if "descope_" in line and "default(" in line and not any(name in line for name in harmless)
    ]

    assert hiding == []


# --- nothing in it ---------------------------------------------------------------------------------------------------

# All that a survey could ask for, but for what says where to go.
_ANSWERS = """
hosts serial strategy throttle max_fail_percentage diff apply flow_id changelog library delimiters connectors roles
unresolved validate verify on_failure compare timeout connect_timeout validate_certs ca_path rate_limit rate_share
rate_window threads read backup backup_dir backup_vault_id backup_vault_password_file fail_on_drift undeclared
undeclared_ignore fail_on ignore redirect_hosts report_dir report_url report_name report_formats progress_seconds
backup_flow_id backup_label backup_reason backup_force backup_keep backup_keep_days history_flow_id history_since
history_until history_label history_status history_run history_tenant history_limit rollback_run rollback_backup
rollback_prune rollback_force rollback_changelog rollback_confirm rollback_flow_id
"""


def test_empty_answers_are_no_answers(fleet: Playbooks, emulator: Emulator) -> None:
    folder = fleet.folder
    (folder / "password").write_text("a long password", encoding="utf-8")
    (folder / "flows" / "one.json").write_text(json.dumps(minimal_flow("one")), encoding="utf-8")
    fleet.environment |= {
        "ANSIBLE_CALLBACKS_ENABLED": "test_results,community.descope.rollout",
        "DESCOPE_REPORT_DIR": "report",
        "DESCOPE_BACKUP_VAULT_PASSWORD_FILE": "password",
    }
    plays = [{"import_playbook": f"community.descope.{name}"} for name in ALL if name != "rollback"]
    (folder / "all.yml").write_text(yaml.safe_dump(plays), encoding="utf-8")
    answers = dict.fromkeys(_ANSWERS.split(), "")
    tenants = hosts(acme={}, zoe={})

    done = fleet.run(folder / "all.yml", *variables(**answers, file="flows/one.json"), hosts=tenants)
    flows = set(emulator.stored(PROJECT_ID)["flows"])
    undo = play(fleet, "rollback", *variables(**{**answers, "rollback_all": True}), hosts=tenants)

    assert done.returncode == 0, done.output
    assert {path.name for path in (folder / "report").iterdir()} == {"rollout.json", "rollout.md", "rollout.html"}
    assert flows == {"acme-welcome", "zoe-welcome"}, "import only looks"
    assert len(list(fleet.backups.rglob("*.vault"))) == 2, "the backup playbook saved what is there, encrypted"
    assert "Traceback" not in done.output + undo.output
    # Nobody could be asked.
    assert undo.returncode == 2
    assert "nobody said yes" in " ".join(undo.output.split())
    assert set(emulator.stored(PROJECT_ID)["flows"]) == flows


def test_where_to_go_is_never_empty(fleet: Playbooks, emulator: Emulator) -> None:
    tenants = hosts(project_id={}, management_key={}, base_url={})
    for name, own in tenants.items():
        own[f"descope_{name}"] = ""

    run = play(fleet, "sync", hosts=tenants)

    assert all(f"{name}: is empty: give" in run.by_host()[name]["msg"] for name in tenants), run.output
    assert emulator.stats()["total"] == 0


# --- drift -----------------------------------------------------------------------------------------------------------


def test_drift_is_not_what_cannot_be_told(fleet: Playbooks, emulator: Emulator) -> None:
    tenants = hosts(
        # The first host tells of what nobody declares.
        acme={"descope_undeclared_ignore": "old, older"},
        delimiters={"descope_delimiters": "abc"},
        library={"descope_library": "nowhere"},
        answer={"descope_fail_on_drift": "perhaps"},
        empty={"descope_fail_on_drift": ""},
    )
    emulator.project(id=PROJECT_ID, flows=[minimal_flow(name) for name in ("old", "older", "other")])

    run = play(fleet, "drift", hosts=tenants)
    # Here the first host, whose look serves all, cannot tell either.
    alone = play(fleet, "drift", "--limit", "library", hosts=tenants)

    assert unreachable(run) == {"delimiters", "library", "answer"}, run.output
    assert run.failed_hosts() == {"acme", "empty"}, run.output
    assert run.by_host()["acme"]["undeclared"] == ["other"]
    assert run.returncode == alone.returncode == 4
    assert "nowhere: there is no such directory" in alone.output


# --- the rest --------------------------------------------------------------------------------------------------------


def test_backup_and_rollback_connect_as_sync_does(fleet: Playbooks, emulator: Emulator) -> None:
    where = variables(ca_path="no-such-file.pem", read="snapshots", rollback_all=True, hosts="acme")

    told = {name: play(fleet, name, *where, hosts=hosts(acme={})).output for name in ("sync", "backup", "rollback")}

    assert all("value of read must be one of: auto, snapshot, export, got: snapshots" in said for said in told.values())
    text = (ROLES / "descope_flows" / "vars" / "main.yml").read_text(encoding="utf-8")
    connection = yaml.safe_load(text)["__descope_flows_connection"]
    assert connection == {name.removeprefix("descope_"): name for name in connection.values()}


def test_a_limit_chooses_the_projects_to_back_up(fleet: Playbooks, emulator: Emulator) -> None:
    tenants = hosts(acme={"descope_project_id": "P2acme"}, zoe={"descope_project_id": "P2zoe"})
    emulator.project(id="P2acme", flows=[minimal_flow("one")])

    run = play(fleet, "backup", "--limit", "acme", hosts=tenants)
    listed = play(fleet, "history", "--limit", "acme", hosts=tenants)

    assert list(run.by_host()) == ["acme"]
    assert [path.name for path in fleet.backups.iterdir() if path.name.startswith("P2")] == ["P2acme"]
    assert "all flows (1)" in listed.output


def test_validate_says_what_it_was_not_asked_well(fleet: Playbooks) -> None:
    tenants = {"new": {}, **hosts(acme={})}

    wrong = play(fleet, "validate", *variables(fail_on="errors"), hosts=tenants)
    right = play(fleet, "validate", "--tags", "descope_flows", hosts=tenants)

    assert 'descope_fail_on is "errors": give error, warning, info or never' in wrong.by_host()["acme"]["msg"]
    assert right.returncode == 0
    assert "1 flow of 2 tenants" in right.output
    assert "no flows are declared in descope_flows for new" in right.output


def test_validate_finds_a_flow_of_two_hosts(fleet: Playbooks) -> None:
    (fleet.folder / "flows" / "one.json").write_text(json.dumps(minimal_flow("one")), encoding="utf-8")
    tenants = {name: {"descope_flows": ["flows/one.json"]} for name in ("acme", "zoe")}

    run = play(fleet, "validate", hosts=tenants)
    never = play(fleet, "validate", *variables(fail_on="never"), hosts=tenants)

    assert (run.returncode, never.returncode) == (2, 0)
    assert all("acme (flows/one.json) and zoe (flows/one.json)" in " ".join(it.output.split()) for it in (run, never))


def test_lists_may_have_space_after_their_commas(playbooks: Playbooks, emulator: Emulator) -> None:
    emulator.project(id=PROJECT_ID, flows=[minimal_flow("one"), minimal_flow("two")])
    backup = "community.descope.descope_flow_backup"
    history = "community.descope.descope_flow_backup_info"
    tasks = [{backup: {"flow_id": flow}} for flow in ("one", "two", "one, two")]
    tasks[2][backup]["force"] = "true"
    tasks += [{history: {"flow_id": "one , two", "tenant": " acme "}}]

    run = playbooks.play([{"hosts": "all", "gather_facts": False, "tasks": tasks}])

    assert run.returncode == 0, run.output
    assert run.results[2]["result"]["backup"]["flows"] == ["one", "two"]
    assert len(run.results[3]["result"]["backups"]) == 3
