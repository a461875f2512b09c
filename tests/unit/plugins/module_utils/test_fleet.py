# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The report of a fleet: what is the same, who differs, who failed and why, and that nobody is left out."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.descope.plugins.module_utils._deploy.apply import FlowResult, Result
from ansible_collections.community.descope.plugins.module_utils._report.entries import task_entry, tells_of_flows
from ansible_collections.community.descope.plugins.module_utils._report.fleet import build_report
from emulator_client import CHECKOUT
from example_flows import minimal_flow
from fleet_results import PREVIEW, fleet, own_words, plan_of, preview, result_of, same_change, tenants
from json_values import json_values

SCHEMA = json.loads((CHECKOUT / "docs" / "rollout-report.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

MEMBERS = ["project_id", "msg", "flows", "problems", "warnings", "requests", "estimate", "backup"]
FLOW_MEMBERS = ["tenant", "flow_id", "action", "result", "error", "verified", "summary", "changes", "changes_omitted"]
INNER_MEMBERS = ["made", "retried", "paused_429", "by_endpoint", "requests", "id"]


def members(change: dict[str, Any]) -> list[list[str]]:
    return [[member["tenant"] for member in variant["tenants"]] for variant in change["variants"]]


def failed(tenant: str, message: str = "it went wrong", **members: Any) -> Any:
    return task_entry(tenant, {"msg": message, "failed": True, **members}, failed=True)


def many_and_own_words(tenant: str) -> Any:
    """More changes than a result carries, the same for everybody, and in the last place what the tenant has alone."""
    old, new = minimal_flow("sign-up"), minimal_flow("sign-up")
    for flow, name in ((old, "Step"), (new, "New step")):
        for number in range(30):
            flow["contents"]["tasks"][f"x{number}"] = {**flow["contents"]["tasks"]["4"], "name": f"{name} {number}"}
    new["screens"][-1]["contents"]["title00001"]["props"]["children"] = f"{'Welcome, ' * 40}{tenant}"
    return [(old, new, "flows/sign-up.json")]


class TestChanges:
    def test_tenants_with_the_same_change_are_one_group(self) -> None:
        [change] = preview(fleet(tenants(37), same_change))["changes"]
        assert (change["flow"], change["action"], change["tenants"]) == ("sign-up", "update", 37)
        assert change["summary"] == "1 screen text changed"
        assert members(change) == [tenants(37)]
        [told] = change["variants"][0]["changes"]
        assert (told["before"], told["after"]) == ("Old", "New")

    def test_words_of_ones_own_in_the_same_place_are_one_group_of_several_wordings(self) -> None:
        [change] = preview(fleet(tenants(3), own_words))["changes"]
        assert members(change) == [["tenant1"], ["tenant2"], ["tenant3"]]

    def test_words_of_ones_own_count_where_results_do_not_carry_them_any_more(self) -> None:
        [change] = preview(fleet(["acme", "globex"], many_and_own_words))["changes"]
        assert members(change) == [["acme"], ["globex"]]

    def test_a_place_of_ones_own_counts_where_results_do_not_carry_it_any_more(self) -> None:
        def flows(tenant: str) -> Any:
            [(old, new, source)] = many_and_own_words("everybody")
            new["screens"][-1 if tenant == "acme" else 0]["interactions"][0]["label"] = "Another label"
            return [(old, new, source)]

        entries = fleet(["acme", "globex"], flows)
        assert entries[0].flows[0].changes == entries[1].flows[0].changes
        assert entries[0].flows[0].changes_omitted == entries[1].flows[0].changes_omitted
        assert [change["tenants"] for change in preview(entries)["changes"]] == [1, 1]

    def test_many_tenants_with_the_same_many_changes_are_one_variant(self) -> None:
        [change] = preview(fleet(tenants(100), lambda _tenant: many_and_own_words("everybody")))["changes"]
        assert members(change) == [tenants(100)]

    def test_without_a_digest_what_a_result_leaves_out_is_not_taken_for_the_same(self) -> None:
        entries = [
            replace(entry, flows=tuple(replace(flow, changes_digest="") for flow in entry.flows))
            for entry in fleet(["acme", "globex"], many_and_own_words)
        ]
        [change] = preview(entries)["changes"]
        assert members(change) == [["acme"], ["globex"]]

    def test_who_differs_is_told_apart(self) -> None:
        entries = fleet(tenants(5), same_change)
        odd = minimal_flow("sign-up", title="Old")
        odd["contents"]["tasks"]["1"]["name"] = "Edited in the console"
        other = plan_of((odd, minimal_flow("sign-up", title="New"), "flows/sign-up.json"))
        report = preview([*entries, task_entry("zoe", result_of(other))])
        assert [members(change) for change in report["changes"]] == [[tenants(5)], [["zoe"]]]

    def test_the_same_flow_created_for_everybody_is_one_change_whatever_it_is_called(self) -> None:
        def created(tenant: str) -> Any:
            flow = minimal_flow(f"{tenant}-sign-in", title=f"Welcome to {tenant}")
            return [(None, {**flow, "metadata": {"name": f"{tenant} Sign In"}}, "flows/sign-in.json")]

        report = preview(fleet(["acme", "globex"], created))
        [change] = report["changes"]
        assert (change["flow"], change["action"]) == ("*-sign-in", "create")
        assert members(change) == [["acme", "globex"]]
        assert report["flows"] == ["*-sign-in"]

    def test_flows_named_after_their_tenant_change_alike(self) -> None:
        def flows(tenant: str) -> Any:
            name = tenant.removeprefix("production-")
            old, new = (minimal_flow(f"sign-in.{name}", title=title) for title in ("Old", "New"))
            return [(old, new, "flows/sign-in.json")]

        [change] = preview(fleet(["production-acme", "production-globex"], flows))["changes"]
        assert (change["flow"], len(change["variants"])) == ("sign-in.*", 1)

    def test_a_name_inside_another_word_stays(self) -> None:
        def flows(tenant: str) -> Any:
            flow_id = "signal-flow" if tenant == "sign" else "sign-up"
            return [(None, minimal_flow(flow_id), "flows/a.json")]

        assert preview(fleet(["sign", "globex"], flows))["flows"] == ["sign-up", "signal-flow"]

    def test_a_later_task_with_nothing_to_do_does_not_undo_what_was_told(self) -> None:
        first = result_of(plan_of(*same_change("acme")), FlowResult(Result.APPLIED, "", verified=True))
        new = minimal_flow("sign-up", title="New")
        second = result_of(plan_of((new, new, "flows/sign-up.json")))
        report = preview([task_entry("acme", first), task_entry("acme", second)])
        [tenant] = report["tenants"]
        assert tenant["status"] == "changed"
        assert [flow["result"] for flow in tenant["flows"]] == ["applied"]

    def test_one_task_may_serve_the_flows_of_many_tenants(self) -> None:
        result = result_of(plan_of((None, minimal_flow("a"), "x"), (None, minimal_flow("b"), "x")))
        for flow, tenant in zip(result["flows"], ("acme", "globex"), strict=True):
            flow["tenant"] = tenant
        report = preview([task_entry("localhost", result)])
        assert {tenant["tenant"] for tenant in report["tenants"] if tenant["flows"]} == {"acme", "globex"}


class TestTroubles:
    def test_failures_are_grouped_by_their_reason(self) -> None:
        report = preview([failed("b", "no key"), failed("a", "no key"), failed("c", "bad file")])
        assert report["failures"] == [
            {"message": "no key", "tenants": ["a", "b"]},
            {"message": "bad file", "tenants": ["c"]},
        ]
        assert report["totals"]["failed"] == 3

    def test_a_tenant_that_failed_stands_first_and_is_failed_whatever_else_it_did(self) -> None:
        report = preview([*fleet(tenants(2), same_change), failed("tenant2")])
        assert [(row["tenant"], row["status"]) for row in report["tenants"]] == [
            ("tenant2", "failed"),
            ("tenant1", "changed"),
        ]

    def test_unreachable_is_told_apart_from_failed(self) -> None:
        report = preview([task_entry("acme", {"msg": "no route"}, unreachable=True)])
        assert (report["totals"]["unreachable"], report["totals"]["failed"]) == (1, 0)

    @pytest.mark.parametrize(
        "outcome",
        [
            FlowResult(Result.UNKNOWN, "the answer got lost"),
            FlowResult(Result.UNTOUCHED, ""),
            FlowResult(Result.APPLIED, "it is not what was sent", verified=False),
        ],
    )
    def test_what_nobody_knows_is_unresolved(self, outcome: FlowResult) -> None:
        [flow] = preview(fleet(["acme"], same_change, result=outcome))["unresolved"]
        assert (flow["tenant"], flow["flow_id"], flow["result"]) == ("acme", "sign-up", outcome.result.value)

    def test_what_is_planned_or_done_is_not(self) -> None:
        for outcome in (FlowResult(Result.PLANNED), FlowResult(Result.APPLIED, "", verified=True)):
            assert preview(fleet(["acme"], same_change, result=outcome))["unresolved"] == []

    def test_warnings_are_told_once(self) -> None:
        entries = [
            replace(entry, warnings=("http is not safe", f"http is not safe (tenant {entry.tenant})"))
            for entry in fleet(tenants(3), same_change)
        ]
        assert preview(entries)["warnings"] == [{"message": "http is not safe", "tenants": tenants(3)}]

    def test_no_secret_in_a_message_is_kept(self) -> None:
        secret = "password=hunter2secret9"
        outcome = FlowResult(Result.UNKNOWN, secret)
        entries = [*fleet(["acme"], same_change, result=outcome), failed("zoe", secret, warnings=[secret])]
        assert "hunter2secret9" not in json.dumps(preview(entries))


class TestNumbers:
    def test_what_applying_takes_is_counted_for_the_whole_fleet(self) -> None:
        report = preview(fleet(tenants(60), same_change))
        assert report["estimate"] == {"requests": 120, "seconds": 61.2, "rate_limit": "100/60"}
        assert report["requests"]["made"] == 120
        assert report["requests"]["by_endpoint"] == {"POST /v1/mgmt/flow/list": 120}

    def test_without_a_limit_there_is_no_time_to_tell(self) -> None:
        report = build_report(fleet(tenants(60), same_change), replace(PREVIEW, rate=None))
        assert report["estimate"] == {"requests": 120, "seconds": 0.0, "rate_limit": ""}

    def test_tenants_are_sorted_as_people_count(self) -> None:
        report = preview(fleet(["t10", "t9", "T1"], same_change))
        assert [row["tenant"] for row in report["tenants"]] == ["T1", "t9", "t10"]


def _results() -> st.SearchStrategy[Any]:
    flow = st.fixed_dictionaries(
        {},
        optional={
            "flow_id": st.sampled_from(["a", "b", "acme-a"]),
            "source": st.sampled_from(["x", "y", None]),
            "action": st.sampled_from(["create", "update", "delete", "none"]),
            "result": st.sampled_from(["planned", "applied", "unknown", 7]),
            "changes": st.lists(
                st.fixed_dictionaries({name: st.text(max_size=3) for name in ("kind", "subject", "what", "path")})
            ),
            "changes_omitted": st.integers(0, 3),
        },
    )
    return st.fixed_dictionaries(
        {"flows": st.lists(flow), "estimate": st.just({"requests": 1}), "backup": st.just({"id": "b"})},
        optional={"project_id": st.sampled_from(["P1", "P2"]), "problems": json_values(), "msg": st.text()},
    )


def _odd_values() -> st.SearchStrategy[Any]:
    flows = st.dictionaries(st.sampled_from(FLOW_MEMBERS), json_values() | st.sampled_from(["update", "create"]))
    changes = st.dictionaries(st.sampled_from(["changes"]), st.lists(st.dictionaries(st.text(), json_values())))
    return json_values() | st.lists(flows | changes) | st.dictionaries(st.sampled_from(INNER_MEMBERS), json_values())


class TestLaws:
    @given(st.lists(st.tuples(st.sampled_from(["acme", "globex"]), _results(), st.booleans())))
    def test_every_change_of_every_tenant_is_told_exactly_once(self, ran: list[tuple[str, Any, bool]]) -> None:
        report = preview([task_entry(tenant, result, failed=bad) for tenant, result, bad in ran])
        VALIDATOR.validate(report)
        changed = [
            (row["tenant"], flow["project_id"], flow["flow_id"])
            for row in report["tenants"]
            for flow in row["flows"]
            if flow["action"] != "none"
        ]
        told = [
            (member["tenant"], member["project_id"], member["flow_id"])
            for change in report["changes"]
            for variant in change["variants"]
            for member in variant["tenants"]
        ]
        assert sorted(told) == sorted(changed)
        totals = report["totals"]
        assert totals["tenants"] == len(report["tenants"])
        assert totals["tenants"] == sum(totals[name] for name in ("changed", "unchanged", "failed", "unreachable"))
        assert {flow["flow"] for row in report["tenants"] for flow in row["flows"]} == set(report["flows"])

    @given(st.dictionaries(st.sampled_from(MEMBERS), _odd_values()))
    def test_no_result_is_too_odd_for_a_report(self, result: Any) -> None:
        VALIDATOR.validate(preview([task_entry("acme", result), task_entry("acme", result, failed=True)]))

    def test_only_tasks_that_bring_flows_to_something_are_of_interest(self) -> None:
        assert tells_of_flows(result_of(plan_of(*same_change("acme"))))
        assert not tells_of_flows({"flows": [], "project_id": "P2", "count": 3})
        assert not tells_of_flows({})
