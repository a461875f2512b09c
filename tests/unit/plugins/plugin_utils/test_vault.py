# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Backups encrypted with Ansible Vault: nobody reads them without a secret, and with one they are what they were."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import PromptVaultSecret, VaultLib, VaultSecret

from ansible_collections.community.descope.plugins.module_utils._backup.places import open_store
from ansible_collections.community.descope.plugins.module_utils._backup.records import BackupReason
from ansible_collections.community.descope.plugins.module_utils._backup.store import BackupStore
from ansible_collections.community.descope.plugins.module_utils._errors import BackupError, InputError
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.plugin_utils._vault import VaultCipher, vault_cipher
from example_flows import minimal_flow

WELCOME = FlowDocument(minimal_flow("welcome", title="A text that nobody may read"))


def loader(**secrets: str) -> DataLoader:
    """Return a loader as Ansible makes it, with secrets by their vault ids."""
    made = DataLoader()
    made.set_vault_secrets([(vault_id, PromptVaultSecret(secret.encode())) for vault_id, secret in secrets.items()])
    return made


def cipher(vault_id: str = "", password_file: Path | None = None, **secrets: str) -> VaultCipher:
    options = {"backup_vault_id": vault_id or None, "backup_vault_password_file": password_file and str(password_file)}
    return vault_cipher(options, loader(**secrets))


def store(folder: Path, with_cipher: VaultCipher) -> BackupStore:
    return open_store(str(folder), "P2project", with_cipher)


def read(folder: Path, with_cipher: VaultCipher) -> str:
    """Return the fingerprint of the flow in the only backup."""
    opened = store(folder, with_cipher)
    (backup_id,) = opened.ids()
    flow = opened.read_flow(opened.verify(backup_id), "welcome")
    assert flow is not None
    return flow.fingerprint


@pytest.fixture
def encrypted(tmp_path: Path) -> Path:
    store(tmp_path, cipher("prod", prod="hunter2", dev="other")).create(
        {"welcome": WELCOME, "new": None}, BackupReason(reason="Change 4711")
    )
    return tmp_path


def test_nothing_of_a_flow_is_readable_and_the_manifest_is(encrypted: Path) -> None:
    (manifest_file,) = encrypted.rglob("manifest.json")
    manifest = json.loads(manifest_file.read_text(encoding="utf-8"))
    texts = [path.read_text(encoding="utf-8") for path in encrypted.rglob("*") if path.is_file()]

    assert manifest["encrypted"] is True
    assert manifest["reason"] == "Change 4711"
    assert manifest["flows"]["welcome"]["file"] == "flows/welcome.json.vault"
    assert not any("nobody may read" in text or "hunter2" in text for text in texts)
    assert sum(text.startswith("$ANSIBLE_VAULT;1.2;AES256;prod\n") for text in texts) == 1


def test_the_files_are_those_of_ansible_vault(encrypted: Path) -> None:
    (file,) = encrypted.rglob("*.vault")
    vault = VaultLib([("any", VaultSecret(b"hunter2"))])

    assert json.loads(vault.decrypt(file.read_bytes()))["flowId"] == "welcome"


@pytest.mark.parametrize("secrets", [{"prod": "hunter2"}, {"dev": "other", "renamed": "hunter2"}])
def test_any_secret_that_fits_opens_them(encrypted: Path, secrets: dict[str, str]) -> None:
    assert read(encrypted, vault_cipher({}, loader(**secrets))) == WELCOME.fingerprint


def test_a_password_file_encrypts_and_opens(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("from a file\n", encoding="utf-8")
    folder = tmp_path / "backups"
    store(folder, cipher(password_file=password, prod="hunter2")).create({"welcome": WELCOME}, BackupReason())

    assert read(folder, cipher(password_file=password)) == WELCOME.fingerprint
    assert read(folder, cipher(default="from a file")) == WELCOME.fingerprint
    with pytest.raises(BackupError):
        read(folder, cipher(prod="hunter2"))


def test_a_script_that_prints_the_password_is_as_good(tmp_path: Path) -> None:
    script = tmp_path / "password.sh"
    script.write_text("#!/bin/sh\necho from a script\n", encoding="utf-8")
    script.chmod(0o700)
    folder = tmp_path / "backups"
    store(folder, cipher("prod", script)).create({"welcome": WELCOME}, BackupReason())

    (file,) = folder.rglob("*.vault")
    assert file.read_bytes().startswith(b"$ANSIBLE_VAULT;1.2;AES256;prod\n")
    assert read(folder, cipher(prod="from a script")) == WELCOME.fingerprint


def test_without_the_options_nothing_is_encrypted(tmp_path: Path) -> None:
    store(tmp_path, cipher(default="hunter2")).create({"welcome": WELCOME}, BackupReason())

    assert list(tmp_path.rglob("*.vault")) == []
    assert read(tmp_path, cipher()) == WELCOME.fingerprint


@pytest.mark.parametrize(
    ("secrets", "words"), [({}, "this run has no vault secret"), ({"prod": "wrong"}, "none that this run has fits")]
)
def test_without_the_secret_nobody_gets_in(encrypted: Path, secrets: dict[str, str], words: str) -> None:
    with pytest.raises(BackupError) as raised:
        read(encrypted, vault_cipher({}, loader(**secrets)))

    message = str(raised.value)
    assert words in message
    assert "welcome.json.vault" in message
    assert '"prod"' in message
    assert "--vault-id" in message
    assert "\n" not in message
    assert "wrong" not in message


def test_another_machine_says_that_only_the_controller_can(encrypted: Path) -> None:
    on_target = open_store(str(encrypted), "P2project")
    (backup_id,) = on_target.ids()

    with pytest.raises(BackupError, match=r"only the controller can decrypt.*delegate_to: localhost"):
        on_target.verify(backup_id)


def test_damage_is_found_without_the_secret(encrypted: Path) -> None:
    (file,) = encrypted.rglob("*.vault")
    file.write_bytes(file.read_bytes()[:-20])

    with pytest.raises(BackupError, match="not what was written there"):
        read(encrypted, cipher())


class TestOptions:
    def test_an_id_that_the_run_does_not_have(self) -> None:
        with pytest.raises(InputError, match=r"backup_vault_id: .*no vault secret with the id prod \(it has: dev\)"):
            cipher("prod", dev="x")

    def test_a_password_file_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"backup_vault_password_file: .*nowhere was not found"):
            cipher(password_file=tmp_path / "nowhere")

    def test_a_password_file_that_is_empty(self, tmp_path: Path) -> None:
        (tmp_path / "empty").write_bytes(b"")
        with pytest.raises(InputError, match="backup_vault_password_file"):
            cipher(password_file=tmp_path / "empty")
