# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Fixtures that several suites use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir

from emulator_client import Emulator, running_emulator
from real_flows import real_flows_folder
from s3 import S3, running_s3

_CACHE = Path(__file__).resolve().parent.parent / ".cache"

# How long an example takes says more about what else the machine does than about the code.
settings.register_profile("project", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# The gates judge a change by the same examples each time; looking for new ones is for whoever works on the code.
settings.register_profile("repeatable", settings.get_profile("project"), derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or "project")
set_hypothesis_home_dir(os.environ.get("HYPOTHESIS_STORAGE_DIRECTORY") or _CACHE / "hypothesis")

# A test never meets the project that whoever runs it works with.
for _name in [name for name in os.environ if name.startswith("DESCOPE_") and name != "DESCOPE_REAL_FLOWS"]:
    del os.environ[_name]


# The slowest of the domain's tests, by the beginnings of their names: pure Python, so the newest core's has to do.
_PURE = (
    "crashes",
    "diff",
    "failures",
    "fleet",
    "flow_task",
    "limiter",
    "members",
    "normal",
    "places",
    "report",
    "retention",
    "rollback",
    "session",
    "texts",
    "validate_mutations",
    "walk",
)
# Folders and files whose tests run no ansible-core, and the slowest of those that hardly do.
_ONCE = (
    "tests/emulator/",
    "tests/unit/flows/",
    *(f"tests/unit/plugins/module_utils/test_{subject}" for subject in _PURE),
    "tests/e2e/test_awx.py",
    "tests/e2e/test_docs",
    "tests/e2e/test_execution_environment.py",
    "tests/e2e/test_flow.py::test_requests_of_fifty_tenants",
    "tests/e2e/test_readme.py",
    "tests/e2e/test_real_flows.py::test_a_preview",
    "tests/e2e/test_real_flows.py::test_a_snapshot",
    "tests/e2e/test_real_flows.py::test_every_real_flow_is_applied_once_in_projects",
    "tests/e2e/test_report_page.py",
)
# How a module gets to another machine and back is the same for all of them.
_OTHER_MACHINE, _ENOUGH_OF_IT = "[bastion", "tests/e2e/test_flow.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need not run with every ansible-core."""
    for item in items:
        again = _OTHER_MACHINE in item.nodeid and not item.nodeid.startswith(_ENOUGH_OF_IT)
        if again or item.nodeid.startswith(_ONCE):
            item.add_marker("once")


@pytest.fixture(scope="session")
def real_flows_dir() -> Path:
    """The folder with real exports; a test that asks for it is skipped where there is none."""
    folder = real_flows_folder()
    if folder is None:
        pytest.skip("no real flow exports on this machine: set DESCOPE_REAL_FLOWS to a folder of them")
    return folder


@pytest.fixture(scope="session")
def emulator_server() -> Iterator[Emulator]:
    """One emulator for the whole session, with whatever earlier tests left in it."""
    with running_emulator() as emulator:
        yield emulator


@pytest.fixture
def emulator(emulator_server: Emulator) -> Emulator:
    """The emulator of this session, empty."""
    emulator_server.reset()
    return emulator_server


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    """One S3 for the whole session; tests take buckets of their own."""
    with running_s3(tmp_path_factory.mktemp("s3") / "log") as server:
        yield server


@pytest.fixture
def s3(s3_server: S3, monkeypatch: pytest.MonkeyPatch) -> S3:
    """The S3 of this session, which this process finds through its environment."""
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    return s3_server
