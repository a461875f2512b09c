# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""A rollout while it runs: progress that says what counts, lines for tenants, files that are whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.descope.plugins.module_utils._api.limiter import Budget, RateLimit
from ansible_collections.community.descope.plugins.module_utils._deploy.apply import FlowResult, Result
from ansible_collections.community.descope.plugins.module_utils._errors import InputError
from ansible_collections.community.descope.plugins.module_utils._report.files import (
    RENDERERS,
    format_of,
    read_report,
    rendered,
    write_report,
)
from ansible_collections.community.descope.plugins.plugin_utils._rollout import (
    Rollout,
    debug_lines,
    entries_of,
    tenant_line,
)
from example_flows import minimal_flow
from fleet_results import fleet, plan_of, preview, result_of, same_change, tenants

NO_LIMIT = Budget(None, 0, 0.0)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rollout(clock: Clock) -> Rollout:
    rollout = Rollout(clock)
    rollout.expect(tenants(10))
    return rollout


class TestProgress:
    def test_it_says_who_is_done_what_is_left_and_for_how_long(self, rollout: Rollout, clock: Clock) -> None:
        for entry in fleet(tenants(3), same_change):
            rollout.add(entry)
        [failed] = entries_of("tenant4", {"msg": "no"}, failed=True)
        rollout.add(failed)
        clock.now += 40
        assert rollout.progress(Budget(RateLimit(100, 60.0), 23, 0.0)) == (
            "rollout: 4 of 10 tenants done, 3 changed, 1 failed; 23 of 100/60 requests left; about 60 s left"
        )

    def test_a_pause_is_told(self, rollout: Rollout) -> None:
        assert "paused for 12 s after a refusal" in rollout.progress(Budget(RateLimit(100, 60.0), 0, 12.2))

    def test_before_anybody_is_done_there_is_no_guess(self, rollout: Rollout) -> None:
        assert rollout.progress(NO_LIMIT) == "rollout: 0 of 10 tenants done, 0 changed"

    def test_it_is_due_once_an_interval_and_not_at_the_end(self, rollout: Rollout, clock: Clock) -> None:
        assert not rollout.is_due(10)
        clock.now += 10
        assert rollout.is_due(10)
        assert not rollout.is_due(10)
        clock.now += 10
        assert not rollout.is_due(0), "0 means never"
        for entry in fleet(tenants(10), same_change):
            rollout.add(entry)
        assert not rollout.is_due(10), "the summary follows"

    def test_a_tenant_counts_once_however_many_tasks_it_has(self, rollout: Rollout) -> None:
        flow = minimal_flow("a")
        [unchanged] = entries_of("tenant1", result_of(plan_of((flow, flow, "x"))))
        [changed] = fleet(["tenant1"], same_change)
        [failed] = entries_of("tenant1", {"msg": "no"}, failed=True)
        for entry, status in (
            (unchanged, "unchanged"),
            (changed, "changed"),
            (unchanged, "changed"),
            (failed, "failed"),
        ):
            rollout.add(entry)
            assert (rollout.count(), rollout.count(status)) == (1, 1)
        rollout.add(changed)
        assert rollout.count("failed") == 1

    def test_the_same_changes_are_kept_in_memory_once(self, rollout: Rollout) -> None:
        for entry in fleet(tenants(3), same_change):
            rollout.add(entry)
        assert len({id(flow.changes) for entry in rollout.entries for flow in entry.flows}) == 1


class TestResults:
    def test_a_loop_is_one_entry_an_item(self) -> None:
        item = result_of(plan_of(*same_change("acme")))
        bad = {**item, "flows": [], "failed": True, "msg": "no"}
        first, second = entries_of("acme", {"results": [item, bad], "msg": "All items completed"}, failed=True)
        assert (first.failed, second.message) == (False, "no")
        as_callbacks_see_it = {**item, "flows": [], "exception": "(no traceback)", "msg": "no"}
        [told] = entries_of("acme", {"results": [as_callbacks_see_it]}, failed=True)
        assert told.message == "no"

    def test_other_tasks_are_told_only_when_they_fail(self) -> None:
        assert entries_of("acme", {"msg": "fine"}) == []
        [entry] = entries_of("acme", {"msg": "brand is missing"}, task="Check variables", failed=True)
        assert entry.message == "Check variables: brand is missing"

    def test_of_a_loop_that_fails_the_first_failure_is_told(self) -> None:
        items = [{"msg": "fine"}, {"msg": "no", "failed": True}, {"msg": "never", "exception": "(no traceback)"}]
        [entry] = entries_of("acme", {"msg": "One or more items failed", "results": items}, task="Try", failed=True)
        assert entry.message == "Try: no (and 1 more item)"
        [entry] = entries_of("acme", {"msg": "All items unreachable", "results": [{}]}, task="Try", unreachable=True)
        assert entry.message == "Try: All items unreachable"

    def test_what_a_debug_task_says(self) -> None:
        assert debug_lines("acme", {"msg": "one"}) == ["acme: one"]
        assert debug_lines("acme", {"msg": "one\ntwo"}) == ["acme:", "one", "two"]
        assert debug_lines("acme", {"msg": ["a  b", "c\x1b"]}) == ["acme:", "a  b", "c\\u001b"]
        assert debug_lines("acme", {"x.y": 5, "changed": False}, "x.y") == ["acme: 5"]
        assert debug_lines("acme", {"msg": {"a": [1]}}) == ['acme: {"a": [1]}']
        assert debug_lines("acme", {"results": [{"msg": "a"}, {"msg": "b"}, {"skipped": True}]}) == [
            "acme: a",
            "acme: b",
        ]
        assert debug_lines("acme", {"censored": "hidden"}) == []
        assert debug_lines("acme", {"msg": []}) == []

    def test_a_line_for_a_tenant(self) -> None:
        flow = minimal_flow("a")
        [changed] = fleet(["acme"], same_change)
        [unchanged] = entries_of("acme", result_of(plan_of((flow, flow, "x"))))
        [failed] = entries_of("acme", {"msg": "two\nlines"}, failed=True)
        assert tenant_line(changed) == "acme: planned: sign-up (1 screen text changed)"
        assert tenant_line(unchanged) == "acme: 1 flow as declared"
        assert tenant_line(failed) == "acme: failed: two lines"


class TestFiles:
    def test_every_format_is_written_and_nothing_else(self, tmp_path: Path) -> None:
        report = preview(fleet(tenants(2), same_change, result=FlowResult(Result.PLANNED)))
        written = write_report(report, tmp_path / "new" / "dir", "preview", RENDERERS)
        assert [path.name for path in written] == ["preview.json", "preview.md", "preview.html"]
        assert sorted(path.name for path in (tmp_path / "new" / "dir").iterdir()) == sorted(p.name for p in written)
        assert json.loads(written[0].read_bytes()) == report

    def test_a_file_is_whole_or_as_it_was(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        report = preview(fleet(tenants(2), same_change))
        [path] = write_report(report, tmp_path, "rollout", ["json"])
        before = path.read_bytes()

        def full(_path: Path, _target: Any) -> None:
            raise OSError("no space left")

        monkeypatch.setattr(Path, "replace", full)
        with pytest.raises(OSError, match="no space left"):
            write_report({**report, "flows": ["x"]}, tmp_path, "rollout", ["json"])
        assert path.read_bytes() == before
        assert list(tmp_path.iterdir()) == [path]

    def test_a_saved_report_makes_the_same_files_again(self, tmp_path: Path) -> None:
        files = write_report(preview(fleet(tenants(3), same_change)), tmp_path, "rollout", RENDERERS)
        saved = read_report(files[0])
        for path in files:
            assert rendered(saved, format_of(path), "rollout.json") == path.read_bytes()

    @pytest.mark.parametrize(
        ("content", "complaint"),
        [
            (b"", "empty"),
            (b"{", "invalid JSON"),
            (b"\xff", "is no text in UTF-8"),
            (b"[]", "is no report of a rollout"),
            (b'{"kind": "else"}', "is no report of a rollout"),
            (b'{"kind": "community.descope.rollout", "schema_version": 2}', "has schema_version 2"),
        ],
    )
    def test_what_is_no_report_is_said_to_be_none(self, tmp_path: Path, content: bytes, complaint: str) -> None:
        path = tmp_path / "rollout.json"
        path.write_bytes(content)
        with pytest.raises(InputError, match=f"rollout.json: .*{complaint}"):
            read_report(path)

    def test_a_file_that_is_not_there_is_said_not_to_be(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"gone.json: cannot be read: No such file"):
            read_report(tmp_path / "gone.json")

    @pytest.mark.parametrize("member", ["run", "totals", "changes", "tenants", "estimate", "pictures"])
    def test_a_damaged_report_is_said_to_be_damaged(self, member: str) -> None:
        report = preview(fleet(tenants(3), same_change))
        with pytest.raises(InputError, match="is damaged"):
            rendered({**report, member: None}, "html", "rollout.json")

    def test_a_name_that_asks_for_no_format_is_refused(self) -> None:
        with pytest.raises(InputError, match=r"let it end in one of .json, .md, .html"):
            format_of(Path("report.pdf"))
