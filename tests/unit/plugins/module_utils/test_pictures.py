# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What is kept to draw changes: only when asked, once for the same change, without secrets, small."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._flow.formats import load
from ansible_collections.community.descope.plugins.module_utils._report.entries import picture_key
from ansible_collections.community.descope.plugins.module_utils._report.pictures import (
    ask_for_pictures,
    find_picture,
    task_marks,
)
from ansible_collections.community.descope.plugins.module_utils._report.screens import screen_texts
from example_flows import VERIFY, WELCOME, minimal_flow
from fleet_results import fleet, own_words, plan_of, preview, result_of, same_change, tenants
from real_flows import real_flow_files


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    ask_for_pictures(tmp_path / "run")
    return tmp_path / "run"


def pictures(run_dir: Path) -> list[Path]:
    return sorted((run_dir / "pictures").iterdir())


class TestKeeping:
    def test_nothing_is_kept_unless_somebody_asked(self, tmp_path: Path) -> None:
        fleet(tenants(2), same_change, run_dir=tmp_path)
        assert list(tmp_path.iterdir()) == []

    def test_nothing_is_kept_of_flows_that_stay(self, run_dir: Path) -> None:
        flow = minimal_flow("same")
        result_of(plan_of((flow, flow, "x")), run_dir=run_dir)
        assert pictures(run_dir) == []

    @pytest.mark.parametrize("change", [same_change, own_words])
    def test_the_same_change_of_many_tenants_is_kept_once(self, run_dir: Path, change: Any) -> None:
        entries = fleet(tenants(20), change, run_dir=run_dir)
        assert len(pictures(run_dir)) == 1
        report = preview(entries, run_dir)
        [told] = report["changes"]
        assert told["picture"]
        assert set(report["pictures"]) == {told["picture"]}

    def test_nobody_else_can_read_them(self, run_dir: Path) -> None:
        assert stat.S_IMODE((run_dir / "pictures").stat().st_mode) == 0o700

    def test_no_secret_is_kept(self, run_dir: Path) -> None:
        new = minimal_flow("sign-up", title="password: hunter2secret9")
        new["contents"]["tasks"]["1"]["arguments"]["apiKey"] = {"type": "inline", "value": "sesame-42"}
        result_of(plan_of((minimal_flow("sign-up"), new, "x")), run_dir=run_dir)
        [path] = pictures(run_dir)
        assert "hunter2secret9" not in path.read_text(encoding="ascii")
        assert "sesame-42" not in path.read_text(encoding="ascii")

    def test_a_picture_is_found_from_the_result_alone(self, run_dir: Path) -> None:
        [flow] = result_of(plan_of(*same_change("acme")), run_dir=run_dir)["flows"]
        picture = find_picture(run_dir, picture_key(flow))
        assert picture is not None
        assert "New" in json.dumps(picture["after"])
        assert "New" not in json.dumps(picture["before"])

    def test_a_picture_that_cannot_be_kept_is_no_failure(self, run_dir: Path) -> None:
        [told] = result_of(plan_of(*same_change("acme")))["flows"]
        # A folder stands where the file should go.
        (run_dir / "pictures" / f"{picture_key(told)}.json" / "full").mkdir(parents=True)
        assert result_of(plan_of(*same_change("acme")), run_dir=run_dir)["changed"]
        assert find_picture(run_dir, picture_key(told)) is None

    @pytest.mark.parametrize("odd", [7, True, "x", ["x"], {"x": 1}])
    def test_an_odd_flow_has_a_picture_too(self, run_dir: Path, odd: Any) -> None:
        new = minimal_flow("sign-up", title="New")
        new["contents"]["tasks"]["0"]["screenId"] = odd
        new["screens"][0]["screenId"] = new["screens"][0]["interactions"] = odd
        new["screens"][1]["interactions"] = odd
        report = preview(fleet(["acme"], lambda _: [(minimal_flow("sign-up"), new, "x")], run_dir=run_dir), run_dir)
        assert "New" in json.dumps(report["pictures"])

    def test_nothing_that_goes_wrong_with_a_picture_is_a_failure(
        self, run_dir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_documents: object) -> None:
            raise RecursionError

        monkeypatch.setattr(
            "ansible_collections.community.descope.plugins.module_utils._report.pictures.task_marks", fail
        )
        assert result_of(plan_of(*same_change("acme")), run_dir=run_dir)["changed"]
        assert pictures(run_dir) == []

    def test_the_report_tells_all_changes_where_the_result_tells_the_first_25(self, run_dir: Path) -> None:
        def flows(_tenant: str) -> Any:
            old, new = minimal_flow("sign-up"), minimal_flow("sign-up")
            for number in range(40):
                new["contents"]["tasks"][f"x{number}"] = {**new["contents"]["tasks"]["4"], "id": f"x{number}"}
            return [(old, new, "x")]

        entries = fleet(["acme"], flows, run_dir=run_dir)
        assert entries[0].flows[0].changes_omitted == 15
        [variant] = preview(entries, run_dir)["changes"][0]["variants"]
        assert (len(variant["changes"]), variant["changes_omitted"]) == (40, 0)

    def test_nobody_is_told_the_changes_of_another(self, run_dir: Path) -> None:
        def flows(tenant: str) -> Any:
            old, new = minimal_flow("sign-up", title="Old"), minimal_flow("sign-up", title=f"Welcome to {tenant}")
            for number in range(40):
                new["contents"]["tasks"][f"x{number}"] = {**new["contents"]["tasks"]["4"], "id": f"x{number}"}
            return [(old, new, "x")]

        # Whoever is first leaves the picture.
        entries = fleet(["globex"], flows, run_dir=run_dir)
        entries = [*fleet(["acme", "zoe"], flows, run_dir=run_dir), *entries]
        [change] = preview(entries, run_dir)["changes"]
        told = {
            variant["tenants"][0]["tenant"]: (
                variant["changes_omitted"],
                [told["after"] for told in variant["changes"]],
            )
            for variant in change["variants"]
        }
        assert next(iter(told)) == "globex", "the example is the one that is drawn"
        assert told["globex"][0] == 0
        assert "Welcome to globex" in told["globex"][1]
        for tenant in ("acme", "zoe"):
            assert told[tenant][0] == 16
            assert "globex" not in str(told[tenant])

    @pytest.mark.parametrize("path", real_flow_files(), ids=lambda path: path.name)
    def test_a_picture_of_a_real_flow_is_small(self, run_dir: Path, path: Path) -> None:
        data = load(json.loads(path.read_text(encoding="utf-8")), "test").data
        result_of(plan_of((None, data, "x")), run_dir=run_dir)
        [kept] = pictures(run_dir)
        assert kept.stat().st_size < max(path.stat().st_size * 0.45, 4000)

    def test_only_the_changes_of_most_tenants_are_drawn(self, run_dir: Path) -> None:
        def flows(_tenant: str) -> Any:
            return [(minimal_flow(f"f{n}"), minimal_flow(f"f{n}", title="New"), f"{n}.json") for n in range(70)]

        report = preview(fleet(["acme"], flows, run_dir=run_dir), run_dir)
        assert (len(report["changes"]), len(report["pictures"])) == (70, 60)


class TestMarks:
    def test_steps_that_came_went_or_changed(self) -> None:
        old, new = minimal_flow("a", title="Old"), minimal_flow("a", title="New")
        del old["contents"]["tasks"]["4"]
        del new["contents"]["tasks"]["3"]
        new["contents"]["tasks"]["1"]["name"] = "Else"
        assert task_marks(FlowDocument(old), FlowDocument(new)) == {
            "before": {"0": "changed", "1": "changed", "3": "removed"},
            "after": {"0": "changed", "1": "changed", "4": "added"},
        }

    def test_a_step_that_moved_on_the_canvas_is_not_marked(self) -> None:
        old, new = (FlowDocument(minimal_flow("a", x=x)) for x in (0, 900))
        assert task_marks(old, new) == {"before": {}, "after": {}}

    def test_where_there_is_no_other_side_nothing_is_marked(self) -> None:
        assert task_marks(None, FlowDocument(minimal_flow("a"))) == {"before": {}, "after": {}}


class TestScreens:
    def test_the_texts_of_screens_and_which_of_them_change(self) -> None:
        old, new = (FlowDocument(minimal_flow("a", title=title)) for title in ("Old", "New"))
        welcome, verify = screen_texts(old, new)
        assert (welcome.name, welcome.mark) == ("Welcome", "changed")
        assert welcome.lines == (("Text", "Old", "gone"), ("Text", "New", "new"), ("Button", "Continue", ""))
        assert (verify.name, verify.mark) == ("Verify OTP", "")
        assert verify.lines[0] == ("Text", "Enter the code sent to {{sentTo.maskedEmail}}", "")

    def test_screens_that_come_and_go(self) -> None:
        old, new = minimal_flow("a"), minimal_flow("a")
        old["screens"] = [screen for screen in old["screens"] if screen["screenId"] == WELCOME]
        new["screens"] = [screen for screen in new["screens"] if screen["screenId"] == VERIFY]
        marks = {screen.name: screen.mark for screen in screen_texts(FlowDocument(old), FlowDocument(new))}
        assert marks == {"Welcome": "removed", "Verify OTP": "added"}

    def test_of_a_new_flow_nothing_is_marked(self) -> None:
        assert {screen.mark for screen in screen_texts(None, FlowDocument(minimal_flow("a")))} == {""}

    @pytest.mark.parametrize(
        "screens", [None, [{}], [{"screenId": WELCOME, "contents": {"ROOT": {"nodes": ["ROOT"]}}}]]
    )
    def test_a_damaged_flow_has_fewer_texts(self, screens: Any) -> None:
        assert all(
            not screen.lines for screen in screen_texts(None, FlowDocument({**minimal_flow("a"), "screens": screens}))
        )
