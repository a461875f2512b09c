# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What the workers of a run share: read once, by one of them, and never older than it may be."""

from __future__ import annotations

import json
import os
import shutil
import stat
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.community.descope.plugins.module_utils._deploy.readings import EntriesAndFacts, SharedReadings
from ansible_collections.community.descope.plugins.module_utils._errors import DescopeError
from flow_tasks import forked, in_processes
from json_values import json_values

WORKERS = 4


def shared(run_dir: Path, project_id: str = "P2one", access: str = "key", task_id: str = "task") -> SharedReadings:
    return SharedReadings(run_dir, project_id=project_id, address="here", access=access, task_id=task_id)


class Project:
    """Something to read that counts how often it was, over all processes."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "reads.log"
        self._log.touch()

    def read(self) -> dict[str, Any]:
        with self._log.open("a", encoding="ascii") as log:
            log.write("read\n")
        time.sleep(0.05)
        return {"flow": {"read": self.count}}

    @property
    def count(self) -> int:
        return len(self._log.read_text(encoding="ascii").splitlines())


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def _never() -> dict[str, Any]:
    raise AssertionError("this must not be read again")


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


class TestSharing:
    def test_many_workers_read_once(self, tmp_path: Path, project: Project) -> None:
        def work(_number: int) -> Any:
            return shared(tmp_path / "run").get("list", 0.0, project.read).load(["flow"])

        assert in_processes(WORKERS, work) == [{"flow": {"read": 1}}] * WORKERS
        assert project.count == 1

    def test_many_threads_read_once(self, tmp_path: Path, project: Project) -> None:
        readings = shared(tmp_path / "run")
        threads = [
            threading.Thread(target=lambda: readings.get("list", 0.0, project.read)) for _number in range(WORKERS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert project.count == 1

    @pytest.mark.parametrize("other", [{"project_id": "P2two"}, {"access": "other"}, {"task_id": "next"}])
    def test_another_project_key_or_task_reads_for_itself(
        self, tmp_path: Path, project: Project, other: dict[str, str]
    ) -> None:
        shared(tmp_path / "run").get("list", 0.0, project.read)
        shared(tmp_path / "run", **other).get("list", 0.0, project.read)

        assert project.count == 2

    def test_another_kind_is_another_reading(self, tmp_path: Path) -> None:
        readings = shared(tmp_path / "run")
        readings.get("list", 0.0, lambda: {"flow": "listed"})

        assert readings.get("snapshot", 0.0, lambda: {"flow": "exported"}).load(["flow"]) == {"flow": "exported"}
        assert readings.get("list", 0.0, _never).load(["flow"]) == {"flow": "listed"}

    def test_a_worker_that_fails_leaves_it_to_the_next(self, tmp_path: Path) -> None:
        def fail() -> dict[str, Any]:
            raise DescopeError("no answer")

        with pytest.raises(DescopeError, match="no answer"):
            shared(tmp_path / "run").get("list", 0.0, fail)

        assert shared(tmp_path / "run").get("list", 0.0, lambda: {"flow": 1}).load(["flow"]) == {"flow": 1}

    def test_a_worker_that_dies_while_it_reads_leaves_it_to_the_next(self, tmp_path: Path, project: Project) -> None:
        def die() -> dict[str, Any]:
            os._exit(1)

        forked(lambda: shared(tmp_path / "run").get("list", 0.0, die)).join()

        assert shared(tmp_path / "run").get("list", 0.0, project.read).load(["flow"]) == {"flow": {"read": 1}}

    def test_a_refusal_is_shared(self, tmp_path: Path) -> None:
        assert shared(tmp_path / "run").refusal("snapshot") is None

        in_processes(1, lambda _number: shared(tmp_path / "run").refuse("snapshot", "not with this license: ü"))

        assert shared(tmp_path / "run").refusal("snapshot") == "not with this license: ü"
        assert shared(tmp_path / "run", task_id="next").refusal("snapshot") == "not with this license: ü"
        assert shared(tmp_path / "run").refusal("list") is None
        assert shared(tmp_path / "run", project_id="P2two").refusal("snapshot") is None


class TestAge:
    def test_a_reading_counts_from_when_it_began(self, tmp_path: Path, project: Project) -> None:
        before = time.monotonic()
        reading = shared(tmp_path / "run").get("list", 0.0, project.read)

        assert before <= reading.began_at <= time.monotonic() - 0.05

    def test_one_that_is_too_old_is_made_again(self, tmp_path: Path, project: Project) -> None:
        readings = shared(tmp_path / "run")
        first = readings.get("list", 0.0, project.read)

        assert readings.get("list", first.began_at, _never).load(["flow"]) == {"flow": {"read": 1}}
        assert readings.get("list", first.began_at + 0.001, project.read).load(["flow"]) == {"flow": {"read": 2}}
        assert readings.get("list", 0.0, _never).load(["flow"]) == {"flow": {"read": 2}}, "the newest is for everybody"

    def test_workers_that_need_a_newer_one_make_it_once(self, tmp_path: Path, project: Project) -> None:
        not_before = shared(tmp_path / "run").get("list", 0.0, project.read).began_at + 0.001

        def work(_number: int) -> Any:
            return shared(tmp_path / "run").get("list", not_before, project.read).load(["flow"])

        assert in_processes(WORKERS, work) == [{"flow": {"read": 2}}] * WORKERS

    def test_what_was_written_is_remembered_by_all_workers_and_later_tasks(self, tmp_path: Path) -> None:
        before = time.monotonic()
        in_processes(1, lambda _number: shared(tmp_path / "run").mark_written("sign-in"))

        for readings in (shared(tmp_path / "run"), shared(tmp_path / "run", task_id="next")):
            assert before <= readings.written_at(["sign-in"]) <= time.monotonic()
            assert readings.written_at(["step-up", "sign-in"]) == readings.written_at(["sign-in"])
            assert readings.written_at(["step-up"]) == 0.0
            assert readings.written_at([]) == 0.0
        assert shared(tmp_path / "run", project_id="P2two").written_at(["sign-in"]) == 0.0

    def test_the_last_write_counts(self, tmp_path: Path) -> None:
        readings = shared(tmp_path / "run")
        readings.mark_written("sign-in")
        first = readings.written_at(["sign-in"])
        readings.mark_written("sign-in")

        assert readings.written_at(["sign-in"]) > first

    def test_what_is_read_while_a_flow_is_written_is_void(self, tmp_path: Path) -> None:
        readings, others = shared(tmp_path / "run"), shared(tmp_path / "run", task_id="next")
        readings.mark_sending("sign-in")
        while_writing = time.monotonic()
        still_writing = others.written_at(["sign-in"])
        readings.mark_written("sign-in")

        assert while_writing < still_writing < others.written_at(["sign-in"]) < time.monotonic()

    @pytest.mark.parametrize(
        "flow_id", ["", ".", "..", "../../outside", "/etc/passwd", "a\0b", "x" * 5000, "ü", "\ud83d"]
    )
    def test_any_id_can_be_marked_and_none_leaves_the_directory(self, tmp_path: Path, flow_id: str) -> None:
        run_dir = tmp_path / "deep" / "run"
        readings = shared(run_dir)

        assert readings.written_at([flow_id]) == 0.0
        readings.mark_written(flow_id)

        assert readings.written_at([flow_id]) > 0.0
        assert all(file.is_relative_to(run_dir) for file in _files(tmp_path))


class TestWhichFlowsThereAre:
    def test_after_any_write_they_are_read_anew(self, tmp_path: Path, project: Project) -> None:
        host, other = shared(tmp_path / "run"), shared(tmp_path / "run", access="another key")
        host.get("list", 0.0, project.read, complete=True)
        host.get("list", 0.0, project.read, complete=True)
        assert project.count == 1

        other.mark_sending("created")
        host.get("list", 0.0, project.read, complete=True)
        other.mark_written("created")
        host.get("list", 0.0, project.read, complete=True)
        host.get("list", 0.0, project.read)
        assert project.count == 3

    def test_what_is_read_while_a_flow_is_written_may_lack_it(self, tmp_path: Path, project: Project) -> None:
        readings = shared(tmp_path / "run")
        readings.mark_sending("created")

        def read_while_it_settles() -> dict[str, Any]:
            readings.mark_written("created")
            return project.read()

        readings.get("list", 0.0, read_while_it_settles, complete=True)
        readings.get("list", 0.0, project.read, complete=True)

        assert project.count == 2

    def test_who_writes_with_another_key_is_of_the_same_run(self, tmp_path: Path) -> None:
        shared(tmp_path / "run", access="another key").mark_written("sign-in")

        assert shared(tmp_path / "run").written_at(["sign-in"]) > 0


class TestEntries:
    @settings(max_examples=30)
    @given(entries=st.dictionaries(st.text(max_size=8), json_values(), max_size=8))
    def test_entries_come_back_as_they_were(
        self, tmp_path_factory: pytest.TempPathFactory, entries: dict[str, Any]
    ) -> None:
        readings = shared(tmp_path_factory.mktemp("run"))
        read = readings.get("list", 0.0, lambda: entries)
        again = readings.get("list", 0.0, _never)

        for reading in (read, again):
            assert reading.load(list(entries)) == entries
            assert reading.keys == set(entries)
            assert all(key in reading for key in entries)

    def test_only_what_is_asked_for_is_loaded(self, tmp_path: Path) -> None:
        reading = shared(tmp_path / "run").get("list", 0.0, lambda: {"a": [1], "b": [2], "c": [3]})

        assert reading.load(["c", "nothing", "a"]) == {"c": [3], "a": [1]}
        assert "nothing" not in reading

    def test_what_a_worker_reads_to_find_its_own_does_not_grow_with_the_project(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        read: list[int] = []
        real = os.pread

        def counting(descriptor: int, size: int, offset: int) -> bytes:
            read.append(size)
            return real(descriptor, size, offset)

        entries = {f"tenant-{number}-sign-in": number for number in range(10_000)}
        facts = {"inventory": sorted(entries), "roles": None}
        shared(tmp_path / "run").get("list", 0.0, lambda: EntriesAndFacts(entries.items(), lambda: facts))
        monkeypatch.setattr(os, "pread", counting)
        reading = shared(tmp_path / "run").get("list", 0.0, _never)

        assert reading.load(["tenant-7-sign-in", "nobody's"]) == {"tenant-7-sign-in": 7}
        assert sum(read) < 1000
        assert all(file.stat().st_size < 1000 for file in _files(tmp_path) if file.suffix == ".json")
        assert reading.facts["inventory"] == sorted(entries)
        assert reading.keys == set(entries)

    def test_entries_are_stored_as_they_come(self, tmp_path: Path) -> None:
        """One large flow after the other, and the facts when the last has been seen."""
        log: list[str] = []

        def entries() -> Iterator[tuple[str, Any]]:
            for name in "ab":
                log.append(f"take {name}")
                yield name, {"name": name}

        def facts() -> dict[str, Any]:
            log.append("facts")
            return {"seen": len(log)}

        reading = shared(tmp_path / "run").get("list", 0.0, lambda: EntriesAndFacts(entries(), facts))

        assert (log, reading.facts["seen"]) == (["take a", "take b", "facts"], 3)
        assert reading.load(["b", "a"]) == {"b": {"name": "b"}, "a": {"name": "a"}}

    def test_the_size_is_that_of_the_entries(self, tmp_path: Path) -> None:
        entries = {"a": "x" * 1000, "b": [1, 2, 3]}
        reading = shared(tmp_path / "run").get("list", 0.0, lambda: entries)

        assert reading.size == sum(len(json.dumps(entry, separators=(",", ":"))) for entry in entries.values())
        assert shared(tmp_path / "run").get("list", 0.0, _never).size == reading.size

    def test_an_empty_project_is_a_reading_too(self, tmp_path: Path) -> None:
        readings = shared(tmp_path / "run")
        readings.get("list", 0.0, dict)

        assert readings.get("list", 0.0, _never).load(["sign-in"]) == {}

    def test_a_reading_stays_readable_when_newer_ones_replace_it(self, tmp_path: Path) -> None:
        readings = shared(tmp_path / "run")
        first = readings.get("list", 0.0, lambda: {"flow": "first"})
        shared_first = readings.get("list", 0.0, _never)
        for number in range(3):
            readings.get("list", time.monotonic(), partial(dict, flow=number, more="x" * 100))

        assert first.load(["flow"]) == shared_first.load(["flow"]) == {"flow": "first"}

    def test_data_files_do_not_pile_up(self, tmp_path: Path) -> None:
        readings = shared(tmp_path / "run")
        for number in range(20):
            readings.get("list", time.monotonic(), partial(dict, flow=number))
            readings.get("snapshot", time.monotonic(), partial(dict, flow=number))

        assert len([file for file in _files(tmp_path) if file.suffix == ".data"]) <= 4
        assert readings.get("list", 0.0, _never).load(["flow"]) == {"flow": 19}

    def test_readers_and_writers_do_not_disturb_each_other(self, tmp_path: Path) -> None:
        """Some workers make ever newer readings while others use whatever is there."""

        def work(number: int) -> bool:
            readings = shared(tmp_path / "run")
            for turn in range(100):
                not_before = time.monotonic() if number % 2 else 0.0
                loaded = readings.get("list", not_before, partial(dict.fromkeys, "abc", [turn] * turn)).load(
                    ["a", "b", "c"]
                )
                assert loaded["a"] == loaded["b"] == loaded["c"], "one reading, not parts of two"
            return True

        assert in_processes(WORKERS, work) == [True] * WORKERS


class TestTheDirectory:
    def test_only_the_owner_can_look(self, tmp_path: Path) -> None:
        run_dir = tmp_path / "run"
        run_dir.mkdir(mode=0o700)
        readings = shared(run_dir)
        readings.get("snapshot", 0.0, lambda: {"flow": {"secret": "in a scriptlet"}})

        for file in _files(run_dir):
            if file.suffix in (".data", ".json"):
                assert stat.S_IMODE(file.stat().st_mode) == 0o600, file

    @pytest.mark.parametrize(
        "use",
        [
            lambda readings: readings.get("list", 0.0, dict),
            lambda readings: readings.mark_written("sign-in"),
            lambda readings: readings.refuse("snapshot", "no"),
        ],
    )
    def test_one_that_is_gone_is_an_error_in_words(
        self, tmp_path: Path, use: Callable[[SharedReadings], object]
    ) -> None:
        readings = shared(tmp_path / "run")
        shutil.rmtree(tmp_path / "run")

        with pytest.raises(DescopeError, match="which the workers of a run share, cannot be used"):
            use(readings)

    def test_a_file_in_its_place_is_an_error_in_words(self, tmp_path: Path) -> None:
        (tmp_path / "run").write_text("in the way", encoding="utf-8")

        with pytest.raises(DescopeError, match="cannot be used"):
            shared(tmp_path / "run")
