# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What a write tells the other workers of its run, so that none of them plans on what it read before."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from ansible_collections.community.descope.plugins.module_utils._deploy.apply import FlowResult, Result
from ansible_collections.community.descope.plugins.module_utils._deploy.readings import SharedReadings
from ansible_collections.community.descope.plugins.module_utils._deploy.write_log import RestoreLog, WriteLog
from ansible_collections.community.descope.plugins.module_utils._errors import DescopeError

LOGS = pytest.mark.parametrize("log", [WriteLog, RestoreLog])


@pytest.fixture
def readings(tmp_path: Path) -> SharedReadings:
    return SharedReadings(tmp_path / "run", project_id="P2one", address="here", access="key", task_id="task")


def _is_open(readings: SharedReadings) -> bool:
    """Tell whether a reading of the flow that begins now would be void before it is over."""
    now = time.monotonic()
    return readings.written_at(["sign-in"]) >= now


@LOGS
@pytest.mark.parametrize("result", [Result.APPLIED, Result.UNTOUCHED])
def test_what_is_read_after_a_write_is_good(readings: SharedReadings, log: type[WriteLog], result: Result) -> None:
    write = log(readings, None)
    write.sending(["sign-in"])
    assert _is_open(readings)
    write.settled({"sign-in": FlowResult(result)})
    assert not _is_open(readings)


@LOGS
def test_what_may_still_arrive_is_read_anew_each_time(readings: SharedReadings, log: type[WriteLog]) -> None:
    write = log(readings, None)
    write.sending(["sign-in"])
    write.settled({"sign-in": FlowResult(Result.UNKNOWN, "no answer", late=True)})
    assert _is_open(readings)


def test_what_nobody_can_be_told_of_is_not_sent(readings: SharedReadings, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "run")
    with pytest.raises(DescopeError, match="cannot be used"):
        WriteLog(readings, None).sending(["sign-in"])


def test_what_was_done_comes_out_even_if_nobody_can_be_told(readings: SharedReadings, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "run")
    WriteLog(readings, None).settled({"sign-in": FlowResult(Result.APPLIED)})
    RestoreLog(readings, None).sending(["sign-in"])
