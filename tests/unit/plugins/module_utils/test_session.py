# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""A session: what the tasks of a run share, where it is kept, and that it is nobody else's."""

from __future__ import annotations

import os
import re
import stat
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.descope.plugins.module_utils._api.limiter import Budget, RateLimit, budget_left
from ansible_collections.community.descope.plugins.module_utils._deploy.flow_task import DESCOPE_FLOW
from ansible_collections.community.descope.plugins.module_utils._deploy.session import open_session
from ansible_collections.community.descope.plugins.module_utils._errors import DescopeError, InputError, ReadOnlyError
from emulator_client import Emulator
from example_flows import minimal_flow
from flow_tasks import IMPORT, LICENSE, MANAGEMENT_KEY, PROJECT_ID, SNAPSHOT, Controller, in_processes, valid_params

DAY = 24 * 60 * 60


def params(url: str, **arguments: Any) -> dict[str, Any]:
    lead = {"base_url": url, "project_id": PROJECT_ID, "management_key": MANAGEMENT_KEY, "rate_limit": "0"}
    return valid_params(DESCOPE_FLOW, {**lead, **arguments})


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory for temporary files that is only ours."""
    directory = tmp_path / "tmp"
    directory.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(directory))
    return directory


def visit(emulator: Emulator, **context: str) -> None:
    """Open a session and read the project, as any task does."""
    with open_session(params(emulator.url, run_context=context), read_only=True) as session:
        session.project.read(["sign-in"])


class TestTheRunsDirectory:
    def test_is_made_for_its_owner_alone(self, emulator: Emulator, tmp_path: Path) -> None:
        before = os.umask(0)
        try:
            visit(emulator, run_dir=str(tmp_path / "run"))
        finally:
            os.umask(before)

        assert stat.S_IMODE((tmp_path / "run").stat().st_mode) == 0o700

    def test_is_used_again(self, emulator: Emulator, tmp_path: Path) -> None:
        for _task in range(2):
            visit(emulator, run_dir=str(tmp_path / "run"), task_id="one")

        assert emulator.stats()["requests"] == {LICENSE: 1, SNAPSHOT: 1}

    @pytest.mark.parametrize("mode", [0o755, 0o750, 0o701, 0o777])
    def test_that_others_can_enter_is_refused(self, emulator: Emulator, tmp_path: Path, mode: int) -> None:
        (tmp_path / "run").mkdir()
        (tmp_path / "run").chmod(mode)

        with pytest.raises(DescopeError, match="does not belong to this user alone; remove it"):
            visit(emulator, run_dir=str(tmp_path / "run"))

        assert not emulator.stats()["requests"]

    @pytest.mark.parametrize("target", ["directory", "nothing"])
    def test_that_is_a_link_is_refused(self, emulator: Emulator, tmp_path: Path, target: str) -> None:
        (tmp_path / "directory").mkdir(mode=0o700)
        (tmp_path / "run").symlink_to(tmp_path / target)

        with pytest.raises(DescopeError, match="which the workers of a run share"):
            visit(emulator, run_dir=str(tmp_path / "run"))

        assert not emulator.stats()["requests"]
        assert not list((tmp_path / "directory").iterdir())

    @pytest.mark.skipif(os.getuid() != 0, reason="only root can give a directory away")
    def test_that_somebody_else_made_is_refused(self, emulator: Emulator, temporary: Path) -> None:
        """In a shared directory for temporary files anybody could make it first."""
        directory = temporary / f"community.descope-{os.getuid()}-run"
        directory.mkdir(mode=0o700)
        os.chown(directory, 12345, 12345)

        with pytest.raises(DescopeError, match="does not belong to this user alone"):
            visit(emulator, run_id="run")

        assert not emulator.stats()["requests"]

    def test_that_is_a_file_is_refused(self, emulator: Emulator, tmp_path: Path) -> None:
        (tmp_path / "run").write_text("in the way", encoding="utf-8")

        with pytest.raises(DescopeError, match=re.escape(str(tmp_path / "run"))):
            visit(emulator, run_dir=str(tmp_path / "run"))

    def test_on_another_machine_is_found_by_the_runs_id(self, emulator: Emulator, temporary: Path) -> None:
        for _task in range(2):
            visit(emulator, run_id="run7", task_id="one")
        visit(emulator, run_id="run8", task_id="one")

        assert sorted(path.name.rpartition("-")[2] for path in temporary.iterdir()) == ["run7", "run8"]
        assert emulator.stats()["requests"] == {LICENSE: 2, SNAPSHOT: 2}

    def test_of_no_run_in_particular_is_gone_afterwards(self, emulator: Emulator, temporary: Path) -> None:
        visit(emulator)

        assert not list(temporary.iterdir())

    def test_directories_of_old_runs_are_removed_on_another_machine(self, emulator: Emulator, temporary: Path) -> None:
        for run_id in ("old", "recent"):
            visit(emulator, run_id=run_id)
        ours = {path.name.rpartition("-")[2]: path for path in temporary.iterdir()}
        (temporary / "somebody-elses").mkdir()
        for path, age in ((ours["old"], 2 * DAY), (ours["recent"], DAY / 2), (temporary / "somebody-elses", 2 * DAY)):
            os.utime(path, (time.time() - age,) * 2)

        visit(emulator, run_id="new")

        left = {path.name.rpartition("-")[2] for path in temporary.iterdir()}
        assert left == {"recent", "new", "elses"}

    def test_holds_no_key(self, emulator: Emulator, tmp_path: Path) -> None:
        controller = Controller(emulator, tmp_path)
        controller.flow(minimal_flow("sign-in"), rate_limit="1000/1")

        for path in tmp_path.rglob("*"):
            assert MANAGEMENT_KEY not in str(path)
            assert not path.is_file() or MANAGEMENT_KEY.encode() not in path.read_bytes()


class TestSharing:
    def test_a_reading_is_not_shared_with_another_key(self, emulator: Emulator, tmp_path: Path) -> None:
        emulator.reset(strict={"projects": {PROJECT_ID: {"keys": [MANAGEMENT_KEY]}}})
        controller = Controller(emulator, tmp_path)
        controller.flow(minimal_flow("sign-in"))
        run = controller.new_run()

        right = controller.flow(minimal_flow("sign-in"), run_context=run)
        wrong = controller.flow(minimal_flow("sign-in"), run_context=run, management_key="K2somebodyElses")

        assert (right.get("failed", False), right["changed"]) == (False, False)
        assert wrong["failed"]
        assert "management_key" in wrong["msg"]

    def test_all_workers_keep_one_rate(self, emulator: Emulator, tmp_path: Path) -> None:
        emulator.reset(rate_limit="10/1")

        def work(number: int) -> int:
            context = {"run_dir": str(tmp_path / "run"), "task_id": str(number)}
            arguments = params(emulator.url, run_context=context, rate_limit="10/1", read="export")
            with open_session(arguments, read_only=True) as session:
                for _request in range(6):
                    session.api.list_flows()
                return int(session.requests()["made"])

        assert sum(in_processes(4, work)) == 25, "the licence is asked for once"
        assert emulator.stats()["rate_limited"] == 0

    def test_runs_that_name_a_window_keep_one_rate(self, emulator: Emulator, tmp_path: Path) -> None:
        emulator.reset(rate_limit="10/1")

        def run(number: int) -> int:
            context = {"run_dir": str(tmp_path / f"run-{number}")}
            arguments = params(emulator.url, run_context=context, rate_limit="10/1", rate_window=str(tmp_path))
            with open_session(arguments, read_only=True) as session:
                for _request in range(6):
                    session.api.list_flows()
                return int(session.requests()["made"])

        assert sum(in_processes(4, run)) == 28, "each run asks for its licence"
        assert emulator.stats()["rate_limited"] == 0

    def test_progress_sees_the_window_that_others_use_too(self, emulator: Emulator, tmp_path: Path) -> None:
        arguments = params(
            emulator.url,
            run_context={"run_dir": str(tmp_path / "run")},
            rate_limit="100/60",
            rate_share="1/2",
            rate_window=str(tmp_path / "window"),
        )
        for _task in range(2):
            with open_session(arguments, read_only=True) as session:
                session.api.list_flows()

        assert budget_left(tmp_path / "run" / "requests.window") == Budget(RateLimit(50, 60.0), 47, 0.0)


class TestArguments:
    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ({"project_id": "wrong"}, "project_id"),
            ({"base_url": "ftp://example.com"}, "https://"),
            ({"rate_limit": "fast"}, "100/60"),
            ({"rate_share": "2"}, "1/4"),
            ({"rate_window": "/nowhere/window"}, "/nowhere does not exist"),
            ({"timeout": 0}, "timeout"),
            ({"threads": 0}, "threads"),
            ({"ca_path": "/nowhere.pem"}, "/nowhere.pem"),
        ],
    )
    def test_that_are_wrong_leave_no_trace(
        self, emulator: Emulator, tmp_path: Path, arguments: dict[str, Any], words: str
    ) -> None:
        context = {"run_dir": str(tmp_path / "run")}
        with (
            pytest.raises(InputError, match=re.escape(words)),
            open_session(params(emulator.url, run_context=context, **arguments), read_only=True),
        ):
            pass

        assert not emulator.stats()["requests"]
        assert not list(tmp_path.iterdir())

    def test_a_session_that_only_looks_cannot_write(self, emulator: Emulator, tmp_path: Path) -> None:
        context = {"run_dir": str(tmp_path / "run")}
        with (
            pytest.raises(ReadOnlyError),
            open_session(params(emulator.url, run_context=context), read_only=True) as session,
        ):
            session.api.delete_flows(["sign-in"])

        assert set(emulator.stats()["requests"]) == {LICENSE}

    def test_a_failure_tells_what_was_asked_of_the_api(self, emulator: Emulator, tmp_path: Path) -> None:
        emulator.faults(kind="status", status=403, match={"path": "/v1/mgmt/flow/list"})

        failed = Controller(emulator, tmp_path).flow(minimal_flow("sign-in"), read="export")

        assert failed["failed"]
        assert failed["requests"]["made"] == 2


class TestNotes:
    @pytest.mark.parametrize(
        ("context", "note"),
        [
            ({"run_id": "r1"}, "community.descope, run r1"),
            ({"run_id": "r1", "user": "jo"}, "community.descope, run r1, by jo"),
            ({"run_id": "r1", "job_id": "7", "user": "jo"}, "community.descope, job 7, by jo"),
            ({"user": "jo"}, "community.descope, by jo"),
            ({}, "community.descope"),
        ],
    )
    def test_a_change_nobody_described_names_the_run(
        self, emulator: Emulator, tmp_path: Path, context: dict[str, str], note: str
    ) -> None:
        run = {"run_dir": str(tmp_path / "run"), **context}
        Controller(emulator, tmp_path).flow(minimal_flow("sign-in"), run_context=run)

        [revision] = emulator.stored(PROJECT_ID)["flows"]["sign-in"]["history"]
        assert revision["changelog"] == note
        assert emulator.stats()["requests"][IMPORT] == 1

    def test_a_backup_names_who_asked_and_why(self, emulator: Emulator, tmp_path: Path) -> None:
        run = {"run_dir": str(tmp_path / "run"), "run_id": "r1", "tenant": "acme", "job_id": "7", "user": "jo"}
        run["workflow_id"] = "5"
        with open_session(params(emulator.url, run_context=run), read_only=True) as session:
            reason = session.reason("Change 4711")

        assert reason.workflow_id == "5"
        assert (reason.reason, reason.run_id, reason.tenant, reason.job_id, reason.user) == (
            "Change 4711",
            "r1",
            "acme",
            "7",
            "jo",
        )
