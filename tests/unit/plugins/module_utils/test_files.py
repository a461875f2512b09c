# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Files that others read while they are written: as a whole or not at all, and for whom they are meant."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ansible_collections.community.descope.plugins.module_utils._files import FOR_EVERYBODY, replace_file


@pytest.fixture
def umask() -> Iterator[int]:
    before = os.umask(0o027)
    yield 0o027
    os.umask(before)


def test_readers_find_the_old_or_the_new(tmp_path: Path) -> None:
    path = tmp_path / "shared"
    contents = [bytes([65 + number]) * 300_000 for number in range(4)]
    replace_file(path, contents[0])

    def write(content: bytes) -> None:
        for _time in range(20):
            replace_file(path, content)

    with ThreadPoolExecutor(4) as pool:
        writing = [pool.submit(write, content) for content in contents]
        while not all(writer.done() for writer in writing):
            assert path.read_bytes() in contents
        assert [writer.result() for writer in writing] == [None] * 4
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.usefixtures("umask")
def test_a_file_is_for_its_owner_unless_it_is_for_people(tmp_path: Path) -> None:
    replace_file(tmp_path / "private", b"")
    replace_file(tmp_path / "report", b"", mode=FOR_EVERYBODY)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"private": 0o600, "report": 0o640}


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "shared"
    (path / "in the way").mkdir(parents=True)

    with pytest.raises(OSError, match="directory"):
        replace_file(path, b"new")

    assert list(tmp_path.iterdir()) == [path]


def test_a_name_as_long_as_names_may_be_is_no_problem(tmp_path: Path) -> None:
    replace_file(tmp_path / ("n" * 255), b"new")
    assert [len(path.name) for path in tmp_path.iterdir()] == [255]
