# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""How the flows of a backup are encrypted: by whoever has the secrets, which is the controller and nobody else."""

from __future__ import annotations

from typing import Protocol

from ansible_collections.community.descope.plugins.module_utils._errors import BackupError


class Cipher(Protocol):
    """Encrypts and decrypts the files of flows."""

    @property
    def encrypts(self) -> bool:
        """Whether new backups are encrypted. Those that already are can be decrypted either way."""

    def encrypt(self, content: bytes) -> bytes:
        """Return the content as it may lie on a disk. Raises BackupError."""

    def decrypt(self, content: bytes, place: str) -> bytes:
        """Return what was encrypted. C(place) is what messages call it. Raises BackupError."""


class NoCipher:
    """What a module has on another machine than the controller, where there are no vault secrets."""

    encrypts = False

    def encrypt(self, content: bytes) -> bytes:
        raise AssertionError("nothing to encrypt with")

    def decrypt(self, content: bytes, place: str) -> bytes:
        message = (
            f"{place} is encrypted with Ansible Vault, which only the controller can decrypt: run this task with a"
            " local connection, for example with delegate_to: localhost, if the backup can be reached from there;"
            " nothing was changed"
        )
        raise BackupError(message)


NO_CIPHER = NoCipher()
