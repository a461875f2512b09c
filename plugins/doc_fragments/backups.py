# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Options of the modules that read or write backups: where they are, and how they are encrypted."""

from __future__ import annotations


class ModuleDocFragment:
    """Documentation fragment C(community.descope.backups)."""

    DOCUMENTATION = r"""
options:
  backup_dir:
    description:
      - Where backups are kept. A directory on the machine that talks to the API, or a URL such as
        V(s3://bucket/prefix), for which that machine needs the Python library C(fsspec) and the one for that kind of
        place, for example C(s3fs).
      - Credentials for a URL come from the environment and the files that such a library reads. For V(s3://) those are
        the ones of the AWS tools, such as E(AWS_PROFILE), E(AWS_ACCESS_KEY_ID) and E(AWS_ENDPOINT_URL).
      - Taken from the environment variable E(DESCOPE_BACKUP_DIR) where it is not given.
    type: path
    default: ~/.descope/backups
  backup_vault_id:
    description:
      - Encrypts the flows of new backups with Ansible Vault, with the secret that the run has under this vault id, for
        example from C(ansible-playbook --vault-id prod@prompt).
      - Backups that are encrypted are decrypted with whatever vault secrets the run has, whether this is given or not.
      - The manifest of a backup, which lists its flows but holds none of their content, is never encrypted.
      - Needs a local connection, because only the controller has vault secrets.
      - Taken from the environment variable E(DESCOPE_BACKUP_VAULT_ID) where it is not given.
    type: str
  backup_vault_password_file:
    description:
      - A file on the controller with the vault password to encrypt with, or a script that prints it, as with
        C(ansible-playbook --vault-password-file). It opens backups as well.
      - Together with O(backup_vault_id), that is the name under which the backups remember this password.
      - Taken from the environment variable E(DESCOPE_BACKUP_VAULT_PASSWORD_FILE) where it is not given.
    type: path
requirements:
  - fsspec >= 2025.9 and the library for that kind of place, such as s3fs, where O(backup_dir) is a URL
"""
