# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What a task says of its flows, held against what the project really holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flow_tasks import by_flow, outcome

Fingerprints = Mapping[str, str]
"""What a project holds, or should hold: the fingerprint of each flow by its id; "" or nothing where there is none."""


def assert_it_says_the_truth(
    result: dict[str, Any], wanted: Fingerprints, before: Fingerprints, after: Fingerprints
) -> None:
    """Compare what a task says of each flow with what the project held before and holds now."""
    flows = by_flow(result)
    assert list(flows) == list(wanted), "what was planned is what is reported, each flow once"
    for flow_id, flow in flows.items():
        was, should_be, is_now = (state.get(flow_id, "") for state in (before, wanted, after))
        assert (flow["fingerprint_before"], flow["fingerprint_after"]) == (was, should_be)
        _assert_the_flow_is_told_right(flow, was, should_be, is_now)
    assert _others(after, wanted) == _others(before, wanted), "no other flow is touched"
    said = {flow["result"] for flow in flows.values()}
    assert result["changed"] == bool(said & {"applied", "unknown"})
    assert result["changed"] or after == before
    _assert_the_message_agrees(result)


def assert_the_outcome_agrees(result: dict[str, Any]) -> None:
    """Compare what stands beside the backup with what the task says."""
    changed = {flow_id: flow for flow_id, flow in by_flow(result).items() if flow["action"] != "none"}
    recorded = outcome(result)
    assert set(recorded["flows"]) == set(changed)
    for flow_id, entry in recorded["flows"].items():
        said = changed[flow_id]
        since = said["fingerprint_before" if said["result"] == "restored" else "fingerprint_after"]
        expected = (said["action"], said["result"], said["verified"], since)
        assert (entry["action"], entry["result"], entry["verified"], entry["fingerprint"]) == expected
    assert recorded["status"] == _status(list(changed.values()))


def _assert_the_flow_is_told_right(flow: dict[str, Any], was: str, should_be: str, is_now: str) -> None:
    truth = {
        "applied": {should_be},
        "unchanged": {should_be},
        "untouched": {was},
        "restored": {was},
        "unknown": {was, should_be},
    }
    if flow["result"] == "applied" and flow["error"] and flow["verified"] is not True:
        # The server said that it did it, and the task that it could not see that.
        truth["applied"] = {was, should_be, is_now if flow["verified"] is False else should_be}
    assert is_now in truth[flow["result"]], flow
    if flow["result"] in ("untouched", "unknown", "restored"):
        assert flow["error"], flow
    if flow["result"] == "restored":
        assert flow["verified"] is True, flow
    if flow["result"] in ("untouched", "unknown", "unchanged"):
        assert flow["verified"] is None, flow
    if flow["result"] == "applied" and not flow["error"]:
        assert flow["verified"] is True, flow


def _assert_the_message_agrees(result: dict[str, Any]) -> None:
    errors = [flow["error"] for flow in result["flows"] if flow["error"]]
    assert bool(result.get("failed")) == bool(errors)
    if errors:
        assert "\n" not in result["msg"]
        told = [error for error in errors if error in result["msg"]]
        assert told == errors or "more, see 'flows'" in result["msg"]


def _others(state: Fingerprints, wanted: Fingerprints) -> dict[str, str]:
    return {flow_id: fingerprint for flow_id, fingerprint in state.items() if flow_id not in wanted}


def _status(flows: list[dict[str, Any]]) -> str:
    unread = any(flow["result"] == "applied" and flow["error"] and flow["verified"] is None for flow in flows)
    if unread or any(flow["result"] == "unknown" for flow in flows):
        return "unknown"
    return "failed" if any(flow["error"] for flow in flows) else "good"
