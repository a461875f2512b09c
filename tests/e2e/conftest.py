# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Fixtures of the end-to-end tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator_client import Emulator
from playbooks import Playbooks


@pytest.fixture(params=["local", "bastion"])
def playbooks(request: pytest.FixtureRequest, tmp_path: Path, emulator: Emulator) -> Playbooks:
    """Playbooks against an empty emulator, once for each way a task can run."""
    return Playbooks(tmp_path, emulator.url, connection=request.param)


@pytest.fixture
def local_playbooks(tmp_path: Path, emulator: Emulator) -> Playbooks:
    """Playbooks against an empty emulator, run the usual way, in the controller's worker process."""
    return Playbooks(tmp_path, emulator.url)
