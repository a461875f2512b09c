# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Real flow exports to test on, read from a folder beside the checkout and never copied into it."""

from __future__ import annotations

import os
from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parent.parent
_DAMAGED = "_corrupted-by-git-merge"


def real_flows_folder() -> Path | None:
    """Return the folder with real exports, or None where this machine has none.

    ``DESCOPE_REAL_FLOWS`` names it, else it is looked for beside the checkout.
    """
    folder = Path(os.environ.get("DESCOPE_REAL_FLOWS") or _CHECKOUT.parent / "shared" / "flows")
    return folder.resolve() if folder.is_dir() else None


def real_flow_files() -> list[Path]:
    """Return the genuine exports that hold one flow each, sorted; empty where there is no such folder."""
    folder = real_flows_folder()
    if folder is None:
        return []
    return sorted(path for path in folder.glob("*/*.json") if path.parent.name != _DAMAGED)


def corrupted_flow_files() -> list[Path]:
    """Return the exports that a line-wise merge broke: still valid JSON, no longer a flow that works."""
    folder = real_flows_folder()
    return sorted((folder / _DAMAGED).glob("*.json")) if folder else []


def snapshot_dirs() -> list[Path]:
    """Return the roots of whole project snapshots: the directories above ``flows/flows.json``."""
    folder = real_flows_folder()
    return sorted(index.parent.parent for index in folder.rglob("flows/flows.json")) if folder else []
