# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""From the option C(backup_dir) to a store."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.community.descope.plugins.module_utils._backup.storage import LocalStorage
from ansible_collections.community.descope.plugins.module_utils._backup.store import BackupStore


def open_store(backup_dir: str, project_id: str) -> BackupStore:
    """Return the store of one project's backups."""
    return BackupStore(LocalStorage(Path(backup_dir)), project_id)
