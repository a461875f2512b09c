# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What belongs to one run of Ansible on the controller."""

from __future__ import annotations

from pathlib import Path

from ansible import constants as C


def run_directory() -> Path:
    """Return the directory that everything in this run shares, for this user alone. Ansible removes it at the end."""
    directory = Path(C.DEFAULT_LOCAL_TMP) / "community.descope"  # type: ignore[attr-defined]  # made at run time
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return directory
