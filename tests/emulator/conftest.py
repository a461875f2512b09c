# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Fixtures for tests of the emulator itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator.api import Api
from emulator_client import Emulator
from real_flows import snapshot_dirs


@pytest.fixture
def api(emulator: Emulator) -> Api:
    """An empty project of an emulator without any other."""
    return Api(emulator)


@pytest.fixture
def real_snapshot(real_flows_dir: Path) -> Path:
    """A snapshot of a whole real project."""
    found = snapshot_dirs()
    if not found:
        pytest.skip(f"no project snapshot below {real_flows_dir}")
    return found[0]
