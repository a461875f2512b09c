# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What workers of a run leave to each other: made once, never mistaken for something else, never a secret."""

from __future__ import annotations

import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ansible_collections.community.descope.plugins.plugin_utils import _library, _ready
from ansible_collections.community.descope.plugins.plugin_utils._ready import ReadyOnce
from full_flow import full_flow
from template_library import ODD, Library


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of a run of its own."""
    directory = tmp_path / "run"
    directory.mkdir()
    monkeypatch.setattr(_ready, "run_directory", lambda: directory)
    return directory


def worker() -> ReadyOnce[list[str]]:
    """A worker that has just been forked: it knows nothing yet."""
    return ReadyOnce("things", lambda thing: "for this process" not in thing)


def kept(run: Path) -> bytes:
    """Everything that workers find in the directory."""
    return b"".join(file.read_bytes() for file in sorted(run.iterdir()))


def test_what_one_worker_made_the_next_one_finds(run: Path) -> None:
    assert worker().get(("key", 1), lambda: ["made"]) == ["made"]
    assert worker().get(("key", 1), lambda: ["made again"]) == ["made"]
    assert worker().get(("key", 2), lambda: ["another"]) == ["another"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in run.iterdir()} == {0o600}


def test_workers_that_start_together_make_it_once(run: Path) -> None:
    start = threading.Barrier(8)
    made: list[str] = []

    def make() -> list[str]:
        made.append("made")
        time.sleep(0.05)  # long enough for the others to have looked for it
        return [f"by worker {len(made)}"]

    def work(_number: int) -> list[str]:
        start.wait()
        return worker().get("key", make)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == [["by worker 1"]] * 8


def test_what_does_not_last_each_worker_makes_for_itself(run: Path) -> None:
    assert worker().get("key", lambda: ["for this process", "1"])[1] == "1"
    assert worker().get("key", lambda: ["for this process", "2"])[1] == "2"
    assert kept(run) == b""


def test_what_is_not_to_be_shared_leaves_nothing(run: Path) -> None:
    assert worker().get("secret", lambda: ["made"], share=False) == ["made"]
    assert list(run.iterdir()) == []


def test_a_directory_that_cannot_be_written_only_costs_time(run: Path) -> None:
    run.rmdir()
    assert worker().get("key", lambda: ["made"]) == ["made"]


def test_a_template_from_another_worker_renders_the_same(
    library: Library, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = library.render("sign-in", brand=ODD, attempts=2)
    monkeypatch.setattr(_library, "_READY", ReadyOnce("template", _library._lasts))
    monkeypatch.setattr(_library._Assembly, "template", lambda _assembly: pytest.fail("it was made ready again"))
    assert library.render("sign-in", brand=ODD, attempts=2) == first
    assert library.render("sign-in", brand="Other", attempts=True)["name"] == "Other: ${x}"


def test_a_template_that_changed_is_made_ready_anew(library: Library, run: Path) -> None:
    library.render("sign-in", brand="Acme", attempts=1)
    library.write("sign-in/flow.json", {"flowId": "sign-in", "name": "now ${ brand }, really"})
    assert library.render("sign-in", brand="Acme")["name"] == "now Acme, really"


def test_nothing_of_a_task_is_left_on_the_disk(library: Library, run: Path) -> None:
    library.write("base/flow.json", full_flow())
    changed = library.render("base", {"changes": [{"metadata": {"name": "from the vault"}}]})
    assert changed["metadata"]["name"] == "from the vault"
    assert list(run.iterdir()) == []
    library.render("base")
    assert kept(run)
    assert b"from the vault" not in kept(run)


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    monkeypatch.setattr(_library, "_READY", ReadyOnce("template", _library._lasts))
    library = Library(tmp_path)
    library.write(
        "sign-in/flow.json",
        {"flowId": "sign-in", "name": "${ brand }: $${x}", "max": "${ attempts }", "deep": [{"a": ["${ brand }!", 1]}]},
    )
    return library
