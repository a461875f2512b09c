# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Listing and exporting flows: by id, by pattern, and what there is to say of those that are not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from emulator_client import Emulator
from example_flows import minimal_flow
from flow_tasks import PROJECT_ID, Controller


@pytest.fixture
def controller(emulator: Emulator, tmp_path: Path) -> Controller:
    emulator.project(id=PROJECT_ID, flows=[minimal_flow(name) for name in ("sign-up", "sign-in", "other")])
    return Controller(emulator, tmp_path)


@pytest.mark.parametrize(
    ("asked", "found", "missing"),
    [
        (None, ["other", "sign-in", "sign-up"], []),
        (["sign-*"], ["sign-in", "sign-up"], []),
        (["sign-i?", "other", "sign-in"], ["other", "sign-in"], []),
        (["nobody", "[no]*", "x*"], ["other"], ["nobody", "x*"]),
    ],
)
def test_flows_are_found_by_id_and_by_pattern(
    controller: Controller, asked: list[str] | None, found: list[str], missing: list[str]
) -> None:
    options: dict[str, Any] = {"flow_id": asked} if asked else {}

    listed = controller.info(**options)
    exported = controller.info(dest=str(controller.folder / "exported"), **options)

    for result in (listed, exported):
        assert [flow["flow_id"] for flow in result["flows"]] == found
        assert result["missing"] == missing
    assert sorted(path.stem for path in (controller.folder / "exported").glob("*")) == found
    assert listed["warnings"] == []
    assert exported["warnings"] == (
        [f"the project has no flow that is called {' or '.join(missing)}; nothing was exported for it"]
        if missing
        else []
    )


def test_what_is_no_id_is_an_error(controller: Controller) -> None:
    result = controller.info(flow_id=["not an id"])

    assert result["failed"]
    assert "flow_id" in result["msg"]
