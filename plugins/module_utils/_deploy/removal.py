# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What a task tells of backups that it removes, or would remove."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._backup.store import Backup, BackupStore
from ansible_collections.community.descope.plugins.module_utils._backup.summary import shown_time

_MOST_NAMED = 5


def removed_entry(backup: Backup) -> dict[str, Any]:
    reason = backup.manifest.reason
    return {
        "id": backup.id,
        "time": shown_time(backup.manifest.time),
        "path": backup.place,
        "label": reason.label,
        "reason": reason.reason,
        "flows": list(backup.flows),
    }


def removal_diff(store: BackupStore, backups: Iterable[Backup]) -> list[dict[str, str]]:
    lines = []
    for backup in backups:
        label = f", label {backup.manifest.reason.label}" if backup.manifest.reason.label else ""
        lines.append(f"{backup.id} ({', '.join(backup.flows[:_MOST_NAMED]) or 'no flows'}{label})\n")
    header = f"backups in {store.place()}"
    return [{"before_header": header, "after_header": header, "before": "".join(lines), "after": ""}] if lines else []


def removal_failure(left: Mapping[str, str]) -> dict[str, Any]:
    if not left:
        return {}
    first = next(iter(left.values()))
    more = f"; and {len(left) - 1} more" if len(left) > 1 else ""
    return {"failed": True, "msg": f"backups that were to be removed are still there: {first}{more}"}
