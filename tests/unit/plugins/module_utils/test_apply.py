# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Applying a plan to the emulator: what is sent, in which order, when it stops, and what is said of each flow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.community.descope.plugins.module_utils._api.management import DescopeApi
from ansible_collections.community.descope.plugins.module_utils._deploy.apply import (
    Applier,
    ApplyOptions,
    FlowResult,
    Result,
    expected_results,
    verified_results,
)
from ansible_collections.community.descope.plugins.module_utils._deploy.plan import DesiredFlow, Plan, make_plan
from ansible_collections.community.descope.plugins.module_utils._errors import DescopeError
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from emulator_client import Emulator
from example_flows import minimal_flow
from flow_tasks import DELETE, EXPORT, IMPORT, LIST, PROJECT_ID, open_api, saves, stored_flows, to

OLD, NEW = "Old", "New"


def document(flow_id: str, title: str = NEW, **options: Any) -> FlowDocument:
    return FlowDocument(minimal_flow(flow_id, title=title, **options))


def plan(live: dict[str, FlowDocument], desired: dict[str, FlowDocument | None], *, layout: bool = False) -> Plan:
    """Return the plan that brings C(live) to C(desired), where None stands for a flow that should go."""
    wanted = [DesiredFlow(flow_id, flow, "here") for flow_id, flow in desired.items()]
    return make_plan(PROJECT_ID, wanted, {flow_id: live.get(flow_id) for flow_id in desired}, layout=layout)


def creations(*flow_ids: str) -> Plan:
    return plan({}, {flow_id: document(flow_id) for flow_id in flow_ids})


def seed(emulator: Emulator, *flows: FlowDocument) -> dict[str, FlowDocument]:
    emulator.project(id=PROJECT_ID, flows=[flow.data for flow in flows])
    return {flow.flow_id: flow for flow in flows}


def results(found: dict[str, FlowResult]) -> dict[str, str]:
    return {flow_id: result.result.value for flow_id, result in found.items()}


class Watcher:
    """Remembers what it was told, and what the project held then."""

    def __init__(self, emulator: Emulator, *, refuses: bool = False) -> None:
        self.told: list[tuple[str, list[str], set[str]]] = []
        self._emulator = emulator
        self._refuses = refuses

    def sending(self, flow_ids: list[str]) -> None:
        if self._refuses:
            raise DescopeError("the directory is full")
        self.told.append(("sending", flow_ids, set(stored_flows(self._emulator))))

    def settled(self, results: Mapping[str, FlowResult]) -> None:
        [said] = {result.result.value for result in results.values()}
        self.told.append((said, list(results), set(stored_flows(self._emulator))))


@pytest.fixture
def api(emulator: Emulator) -> Iterator[DescopeApi]:
    with open_api(emulator.url) as opened:
        yield opened


class TestWhatIsSent:
    def test_a_plan_is_carried_out_and_the_rest_of_the_project_left_alone(
        self, api: DescopeApi, emulator: Emulator
    ) -> None:
        live = seed(emulator, *(document(flow_id, OLD) for flow_id in ("change", "remove", "same", "bystander")))
        wanted = {"remove": None, "create": document("create"), "change": document("change"), "same": live["same"]}

        found = Applier(api, ApplyOptions(threads=4, changelog="Change 4711")).apply(plan(live, wanted))

        assert results(found) == {"remove": "applied", "create": "applied", "change": "applied", "same": "unchanged"}
        assert list(found) == list(wanted), "the order of the task"
        assert saves(emulator) == {"bystander": 1, "change": 2, "create": 1, "same": 1}
        assert stored_flows(emulator)["change"].fingerprint == document("change").fingerprint
        history = emulator.stored(PROJECT_ID)["flows"]["change"]["history"]
        assert [revision["changelog"] for revision in history][-1] == "Change 4711"
        assert emulator.stats()["requests"] == {IMPORT: 2, DELETE: 1}

    def test_a_plan_that_changes_nothing_sends_nothing(self, api: DescopeApi, emulator: Emulator) -> None:
        live = {"same": document("same")}

        found = Applier(api, ApplyOptions(threads=4)).apply(plan(live, {"same": document("same"), "never-was": None}))

        assert results(found) == {"same": "unchanged", "never-was": "unchanged"}
        assert emulator.stats()["total"] == 0

    def test_imports_run_side_by_side_but_no_more_than_allowed(self, api: DescopeApi, emulator: Emulator) -> None:
        emulator.reset(latency_ms=50)

        Applier(api, ApplyOptions(threads=3)).apply(creations(*(f"flow-{number}" for number in range(9))))

        assert emulator.stats()["max_in_flight"] == 3

    def test_every_write_is_announced_before_it_is_sent_and_told_of_afterwards(
        self, api: DescopeApi, emulator: Emulator
    ) -> None:
        live = seed(emulator, document("gone", OLD), document("gone-too", OLD))
        watcher = Watcher(emulator)

        wanted = {"gone": None, "made": document("made"), "gone-too": None}
        Applier(api, ApplyOptions(threads=1), watcher).apply(plan(live, wanted))

        assert watcher.told == [
            ("sending", ["made"], {"gone", "gone-too"}),
            ("applied", ["made"], {"gone", "gone-too", "made"}),
            ("sending", ["gone", "gone-too"], {"gone", "gone-too", "made"}),
            ("applied", ["gone", "gone-too"], {"made"}),
        ]

    def test_what_cannot_be_announced_is_not_sent(self, api: DescopeApi, emulator: Emulator) -> None:
        live = seed(emulator, document("gone", OLD))
        watcher = Watcher(emulator, refuses=True)

        found = {
            **Applier(api, ApplyOptions(threads=1), watcher).apply(creations("made")),
            **Applier(api, ApplyOptions(threads=1), watcher).apply(plan(live, {"gone": None})),
        }

        assert results(found) == {"made": "untouched", "gone": "untouched"}
        assert "the directory is full" in found["made"].error
        assert emulator.stats()["total"] == 0


class TestFailures:
    def test_nothing_new_is_started_after_the_first(self, api: DescopeApi, emulator: Emulator) -> None:
        emulator.faults(kind="status", status=400, match=to(IMPORT, flow_id="flow-3"))

        # How many more are under way with several threads is up to the machine.
        found = Applier(api, ApplyOptions(threads=1)).apply(creations(*(f"flow-{number}" for number in range(20))))

        assert emulator.stats()["requests"][IMPORT] == 4
        untouched = [flow_id for flow_id, result in found.items() if result.result is Result.UNTOUCHED]
        assert len(untouched) == 20 - len(stored_flows(emulator))
        assert all(found[flow_id].error for flow_id in untouched)
        assert "HTTP 400" in found["flow-3"].error
        assert "because another flow of this task had failed" in found["flow-19"].error

    def test_nothing_is_deleted_where_something_could_not_be_imported(
        self, api: DescopeApi, emulator: Emulator
    ) -> None:
        live = seed(emulator, document("gone", OLD))
        emulator.faults(kind="status", status=400, match=to(IMPORT))

        found = Applier(api, ApplyOptions(threads=2)).apply(plan(live, {"gone": None, "made": document("made")}))

        assert results(found) == {"gone": "untouched", "made": "untouched"}
        assert DELETE not in emulator.stats()["requests"]

    def test_told_to_keep_going_it_tries_every_flow(self, api: DescopeApi, emulator: Emulator) -> None:
        live = seed(emulator, document("gone", OLD))
        emulator.faults(kind="status", status=400, match=to(IMPORT, flow_id="flow-[13]"))
        desired: dict[str, FlowDocument | None] = {
            "gone": None,
            **{f"flow-{number}": document(f"flow-{number}") for number in range(5)},
        }

        found = Applier(api, ApplyOptions(threads=2, keep_going=True)).apply(plan(live, desired))

        failed = {flow_id for flow_id, result in found.items() if result.failed}
        assert failed == {"flow-1", "flow-3"}
        assert set(stored_flows(emulator)) == {"flow-0", "flow-2", "flow-4"}
        assert not any(result.followed for result in found.values())

    def test_told_to_keep_going_it_deletes_what_can_be_deleted(self, api: DescopeApi, emulator: Emulator) -> None:
        live = seed(emulator, document("one", OLD), document("two", OLD))
        emulator.reset(counters_only=True, unknown_flow_delete="refuse")
        desired: dict[str, FlowDocument | None] = {"one": None, "never-was": None, "two": None}
        assumed = {**live, "never-was": document("never-was")}

        found = Applier(api, ApplyOptions(threads=1, keep_going=True)).apply(plan(assumed, desired))

        assert results(found) == dict.fromkeys(desired, "applied"), "none of them is there any more"
        assert stored_flows(emulator) == {}

    def test_what_was_lost_may_arrive_although_the_second_attempt_was_refused(
        self, api: DescopeApi, emulator: Emulator
    ) -> None:
        rules = [{"kind": "drop", "nth": 1}, {"kind": "status", "status": 400}]
        emulator.faults(rules=[{**rule, "match": to(IMPORT)} for rule in rules])

        found = Applier(api, ApplyOptions(threads=1)).apply(creations("made"))["made"]

        assert (found.result, found.late) == (Result.UNKNOWN, True)
        assert "HTTP 400" in found.error

    def test_a_surprise_with_one_flow_does_not_hide_the_others(
        self, api: DescopeApi, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        imports = api.import_flow

        def surprising(flow: FlowDocument, changelog: str = "") -> None:
            if flow.flow_id == "b":
                raise ZeroDivisionError("by\nzero")
            imports(flow, changelog)

        monkeypatch.setattr(api, "import_flow", surprising)

        found = Applier(api, ApplyOptions(threads=1)).apply(creations("a", "b", "c"))

        assert results(found) == {"a": "applied", "b": "unknown", "c": "untouched"}
        assert "ZeroDivisionError: by zero" in found["b"].error

    @pytest.mark.parametrize("kind", ["drop", "html200"])
    def test_an_import_is_tried_a_few_times_with_a_look_after_each(
        self, api: DescopeApi, emulator: Emulator, kind: str
    ) -> None:
        emulator.faults(kind=kind, match=to(IMPORT))

        found = Applier(api, ApplyOptions(threads=1)).apply(creations("made"))

        assert emulator.stats()["requests"] == {IMPORT: 3, EXPORT: 3}
        assert found["made"].result is not Result.APPLIED
        assert found["made"].error

    def test_a_lost_answer_to_a_deletion_is_not_sent_again(self, api: DescopeApi, emulator: Emulator) -> None:
        live = seed(emulator, document("one", OLD), document("two", OLD))
        emulator.faults(kind="drop_after", match=to(DELETE))

        found = Applier(api, ApplyOptions(threads=1)).apply(plan(live, {"one": None, "two": None}))

        assert results(found) == {"one": "applied", "two": "applied"}
        assert emulator.stats()["requests"] == {DELETE: 1, LIST: 1}

    def test_a_layout_change_that_got_lost_is_told_from_none(self, api: DescopeApi, emulator: Emulator) -> None:
        live = seed(emulator, document("moved", x=0))
        moved = document("moved", x=900)
        emulator.faults(kind="drop", nth=1, match=to(IMPORT))

        found = Applier(api, ApplyOptions(threads=1, layout=True)).apply(plan(live, {"moved": moved}, layout=True))

        assert found["moved"].result is Result.APPLIED
        assert emulator.stats()["requests"][IMPORT] == 2
        assert stored_flows(emulator)["moved"].tasks["0"]["view"]["x"] == 900


# What a request may meet, most of them nothing at all.
_KINDS = st.sampled_from(["none", "none", "none", "drop", "drop_after", "truncate", "400", "500", "503", "html200"])
_FLOW = st.tuples(st.sampled_from(["create", "update", "delete", "same"]), st.lists(_KINDS, max_size=4))


def _rules(flow_id: str, endpoint: str, kinds: list[str]) -> list[dict[str, Any]]:
    return [
        {
            **({"kind": "status", "status": int(kind)} if kind.isdigit() else {"kind": kind}),
            "match": to(endpoint, flow_id=flow_id),
            "nth": position,
        }
        for position, kind in enumerate(kinds, start=1)
        if kind != "none"
    ]


@settings(max_examples=40)
@given(
    flows=st.lists(_FLOW, min_size=1, max_size=6),
    reads=st.lists(_KINDS, max_size=6),
    threads=st.sampled_from([1, 4]),
    keep_going=st.booleans(),
)
def test_whatever_happens_the_truth_is_told(
    emulator_server: Emulator, flows: list[tuple[str, list[str]]], reads: list[str], threads: int, keep_going: bool
) -> None:
    """Any plan, any faults on any request: what is said of each flow fits what the project holds."""
    emulator = emulator_server
    emulator.reset()
    before: dict[str, FlowDocument] = {"bystander": document("bystander", OLD)}
    desired: dict[str, FlowDocument | None] = {}
    rules: list[dict[str, Any]] = []
    for number, (action, kinds) in enumerate(flows):
        flow_id = f"{action}-{number}"
        if action != "create":
            before[flow_id] = document(flow_id, NEW if action == "same" else OLD)
        desired[flow_id] = None if action == "delete" else document(flow_id)
        rules += _rules(flow_id, DELETE if action == "delete" else IMPORT, kinds)
    seed(emulator, *before.values())
    emulator.faults(rules=[*rules, *_rules("*", EXPORT, reads)])

    with open_api(emulator.url) as api:
        found = Applier(api, ApplyOptions(threads=threads, keep_going=keep_going)).apply(plan(before, desired))

    after = stored_flows(emulator)
    assert list(found) == list(desired), "every flow that was planned is reported, once"
    assert after.pop("bystander").fingerprint == before["bystander"].fingerprint
    assert set(after) <= set(desired)
    for flow_id, result in found.items():
        was, wanted, is_now = (_fingerprint(state.get(flow_id)) for state in (before, desired, after))
        truth = {"applied": {wanted}, "unchanged": {was}, "untouched": {was}, "unknown": {was, wanted}}
        assert is_now in truth[result.result.value], (flow_id, result)
        assert result.failed == (result.result in (Result.UNTOUCHED, Result.UNKNOWN))


def _fingerprint(flow: FlowDocument | None) -> str:
    return flow.fingerprint if flow else ""


# What should be there, what is there, and whether that is right; None is no flow.
@pytest.mark.parametrize(
    ("wanted", "live", "layout", "verified", "words"),
    [
        (document("a"), document("a"), False, True, ""),
        (document("a"), document("a", x=900), False, True, ""),
        (document("a"), document("a", x=900), True, False, "differs"),
        (document("a"), document("a", OLD), False, False, "differs: 1 screen text changed"),
        (document("a"), None, False, False, "does not have it"),
        (None, None, False, True, ""),
        (None, document("a", OLD), False, False, "still has it"),
    ],
)
def test_what_was_written_is_judged_by_what_is_there(
    wanted: FlowDocument | None, live: FlowDocument | None, layout: bool, verified: bool, words: str
) -> None:
    before = {"a": document("a", "Even older")}
    applied = {"a": FlowResult(Result.APPLIED)}

    judged = verified_results(plan(before, {"a": wanted}), applied, {"a": live}, layout=layout)["a"]

    assert (judged.result, judged.verified) == (Result.APPLIED, verified)
    assert words in judged.error
    assert judged.failed is not verified


def test_flows_that_were_not_read_back_are_not_judged() -> None:
    wanted = {"a": document("a"), "b": document("b")}
    applied = {flow_id: FlowResult(Result.APPLIED) for flow_id in wanted}

    judged = verified_results(plan({}, dict(wanted)), applied, {"a": wanted["a"]})

    assert (judged["a"].verified, judged["b"].verified) == (True, None)


def test_a_plan_that_is_only_shown_promises_nothing() -> None:
    live = {"same": document("same"), "gone": document("gone")}

    shown = expected_results(plan(live, {"same": live["same"], "gone": None, "made": document("made")}))

    assert results(shown) == {"same": "unchanged", "gone": "planned", "made": "planned"}
    assert not any(result.failed for result in shown.values())
