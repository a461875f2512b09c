# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Encrypting backups with Ansible Vault, with the secrets that this run of Ansible was given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import (
    VaultLib,
    VaultSecret,
    get_file_vault_secret,
    match_best_secret,
    parse_vaulttext_envelope,
)

from ansible_collections.community.descope.plugins.module_utils._errors import BackupError, InputError, Problem

_DEFAULT_ID = "default"
_HOW = "give it as with ansible-playbook --vault-id or --vault-password-file, or as backup_vault_password_file"

Secrets = list[tuple[str, VaultSecret]]


class VaultCipher:
    """Encrypts with one secret, or not at all; decrypts with whichever secret fits."""

    def __init__(self, secrets: Secrets, encrypt_with: tuple[str, VaultSecret] | None = None) -> None:
        self._secrets = secrets
        self._encrypt_with = encrypt_with

    @property
    def encrypts(self) -> bool:
        return self._encrypt_with is not None

    def encrypt(self, content: bytes) -> bytes:
        if self._encrypt_with is None:
            raise AssertionError("nothing to encrypt with")
        vault_id, secret = self._encrypt_with
        try:
            return bytes(VaultLib().encrypt(content, secret=secret, vault_id=vault_id))
        except AnsibleError as error:
            raise BackupError(f"the backup could not be encrypted: {_line(error)}; nothing was changed") from error

    def decrypt(self, content: bytes, place: str) -> bytes:
        try:
            vault_id = parse_vaulttext_envelope(content)[3]
        except (AnsibleError, ValueError, IndexError) as error:
            raise BackupError(f"{place} is not in the format of Ansible Vault; nothing was changed") from error
        try:
            return bytes(VaultLib(self._secrets).decrypt(content))
        except AnsibleError as error:
            have = "none that this run has fits" if self._secrets else "this run has no vault secret"
            message = (
                f'{place} is encrypted with the vault secret "{vault_id}", and {have}; {_HOW}; nothing was changed'
            )
            raise BackupError(message) from error


def vault_cipher(params: Mapping[str, Any], loader: DataLoader) -> VaultCipher:
    """Return what encrypts as a task's options say. Raises InputError where the secret for that cannot be had."""
    vault_id, password_file = params.get("backup_vault_id"), params.get("backup_vault_password_file")
    # There is no public way to the secrets that the loader was given.
    secrets: Secrets = list(loader._vault.secrets or [])
    if password_file:
        secret = (vault_id or _DEFAULT_ID, _secret_in_file(password_file, vault_id, loader))
        return VaultCipher([secret, *secrets], secret)
    if vault_id:
        return VaultCipher(secrets, _secret_of_run(vault_id, secrets))
    return VaultCipher(secrets)


def _secret_of_run(vault_id: str, secrets: Secrets) -> tuple[str, VaultSecret]:
    found = match_best_secret(secrets, [vault_id])
    if found is None:
        known = ", ".join(dict.fromkeys(known for known, _secret in secrets)) or "none"
        message = f"this run has no vault secret with the id {vault_id} (it has: {known}); {_HOW}"
        raise InputError([Problem("no-vault-secret", message, source="backup_vault_id")])
    return found[0], found[1]


def _secret_in_file(path: str, vault_id: str | None, loader: DataLoader) -> VaultSecret:
    try:
        secret = get_file_vault_secret(filename=path, vault_id=vault_id, loader=loader)
        secret.load()
    except AnsibleError as error:
        raise InputError([Problem("no-vault-secret", _line(error), source="backup_vault_password_file")]) from error
    return secret  # type: ignore[no-any-return]


def _line(error: AnsibleError) -> str:
    return " ".join(str(error).split())
