# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Backups through the real C(ansible-playbook): on both ways a task can run, encrypted, in S3 from several workers."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

from emulator_client import Emulator
from example_flows import minimal_flow
from playbooks import PROJECT_ID, Playbooks, Run
from s3 import S3

FLOW = "community.descope.descope_flow"
BACKUP = "community.descope.descope_flow_backup"
HISTORY = "community.descope.descope_flow_backup_info"
ROLLBACK = "community.descope.descope_flow_rollback"


def play(playbooks: Playbooks, *tasks: tuple[str, dict[str, Any]], arguments: tuple[str, ...] = (), **more: Any) -> Run:
    """Run tasks on one host; one that fails does not stop the others."""
    new = minimal_flow("sign-in", title="New")
    (playbooks.folder / "new.json").write_text(json.dumps(new), encoding="utf-8")
    listed = [{"name": "Test", module: options} for module, options in tasks]
    return playbooks.play(
        [{"hosts": "all", "gather_facts": False, "ignore_errors": True, "tasks": listed, **more}], *arguments
    )


def test_backups_are_taken_listed_and_proven(playbooks: Playbooks, emulator: Emulator) -> None:
    emulator.project(id=PROJECT_ID, flows=[minimal_flow("sign-in"), minimal_flow("sign-up")])

    run = play(
        playbooks,
        (BACKUP, {"label": "before", "flow_id": "sign-*"}),
        (BACKUP, {"flow_id": "sign-*"}),
        (HISTORY, {"label": "before"}),
        (BACKUP, {"verify": True, "backup": "{{ history.backups[0].id }}"}),
        vars={"history": {"backups": [{"id": "20"}]}},
    )

    taken, again, listed, refused = (result["result"] for result in run.results)
    assert taken["backup"]["flows"] == ["sign-in", "sign-up"], run.output
    assert (taken["changed"], again["changed"], again["compared_with"]) == (True, False, taken["backup"]["id"])
    (entry,) = listed["backups"]
    assert (entry["id"], entry["tenant"], entry["label"]) == (taken["backup"]["id"], "acme", "before")
    assert "begins with 20" in refused["msg"]
    assert "Traceback" not in run.output


class TestEncryption:
    def test_the_controller_encrypts_and_decrypts(self, local_playbooks: Playbooks, emulator: Emulator) -> None:
        emulator.project(id=PROJECT_ID, flows=[minimal_flow("sign-in", title="A text that nobody may read")])
        password = local_playbooks.folder / "password"
        password.write_text("hunter2", encoding="utf-8")
        vault_id = ("--vault-id", f"prod@{password}")

        written = play(
            local_playbooks,
            (FLOW, {"src": "new.json", "backup_vault_id": "prod"}),
            (BACKUP, {"backup_vault_id": "prod"}),
            (BACKUP, {"verify": True}),
            arguments=vault_id,
        )
        before = written.results[0]["result"]["backup"]
        locked = play(
            local_playbooks,
            (BACKUP, {"verify": True}),
            (HISTORY, {}),
            (BACKUP, {"backup_vault_id": "prod"}),
            (ROLLBACK, {"flow_id": "sign-in", "backup": before["id"]}),
        )
        opened = play(
            local_playbooks,
            (BACKUP, {"verify": True}),
            (ROLLBACK, {"flow_id": "sign-in", "backup": before["id"]}),
            environment={"DESCOPE_BACKUP_VAULT_PASSWORD_FILE": str(password)},
        )

        assert written.returncode == opened.returncode == 0, written.output + opened.output
        assert [found["whole"] for found in written.results[2]["result"]["verified"]] == [True, True], written.output
        assert [found["whole"] for found in opened.results[0]["result"]["verified"]] == [True, True]
        files = [path.read_text(encoding="utf-8") for path in local_playbooks.backups.rglob("*") if path.is_file()]
        assert not any("nobody may read" in text for text in files)
        verified, history, taken, rolled_back = (result["result"] for result in locked.results)
        assert 'encrypted with the vault secret "prod"' in verified["msg"]
        assert [backup["encrypted"] for backup in history["backups"]] == [True, True]
        assert "no vault secret with the id prod" in taken["msg"]
        assert 'encrypted with the vault secret "prod"' in rolled_back["msg"]
        assert "nothing was changed" in rolled_back["msg"]
        assert "nobody may read" in json.dumps(emulator.stored(PROJECT_ID)["flows"]["sign-in"]), "it is back"
        assert "hunter2" not in written.output + locked.output + opened.output

    def test_another_machine_never_writes_what_should_be_encrypted(self, tmp_path: Path, emulator: Emulator) -> None:
        bastion = Playbooks(tmp_path, emulator.url, connection="bastion")
        emulator.project(id=PROJECT_ID, flows=[minimal_flow("sign-in")])

        run = play(
            bastion,
            (BACKUP, {"backup_vault_id": "prod"}),
            (FLOW, {"src": "new.json", "backup_vault_id": "prod"}),
        )

        for result in run.results:
            assert "encrypted by the controller" in result["result"]["msg"], run.output
            assert "delegate_to: localhost" in result["result"]["msg"]
        assert not bastion.backups.exists()
        assert set(emulator.stats()["requests"]) == set()


def test_workers_share_a_bucket(local_playbooks: Playbooks, emulator: Emulator, s3_server: S3) -> None:
    """The libraries behind a URL have threads, and Ansible's workers are forks: each has to make its own."""
    place = s3_server.new_bucket(f"bucket-{uuid.uuid4().hex[:12]}")
    tenants = [f"tenant-{number}" for number in range(6)]
    options = {"backup_dir": place}
    tasks = [
        {"name": "Deploy", FLOW: {"template": "flow.json", **options}},
        {"name": "Look", HISTORY: {"tenant": "{{ inventory_hostname }}", **options}},
    ]
    (local_playbooks.folder / "flow.json").write_text(
        json.dumps(minimal_flow("${ inventory_hostname }-sign-in")), encoding="utf-8"
    )

    run = local_playbooks.play(
        [{"hosts": "all", "gather_facts": False, "environment": s3_server.environment, "tasks": tasks}],
        "--forks",
        "2",
        hosts={tenant: {} for tenant in tenants},
    )

    assert run.returncode == 0, run.output
    assert "Unclosed" not in run.output
    histories = run.by_host()
    assert set(histories) == set(tenants)
    for tenant, history in histories.items():
        (backup,) = history["backups"]
        assert (backup["status"], backup["flows"][0]["flow_id"]) == ("good", f"{tenant}-sign-in")
        assert backup["path"].startswith(f"{place}/{PROJECT_ID}/")
