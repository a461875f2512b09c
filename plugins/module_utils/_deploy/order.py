# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors


"""The order of imports: a flow comes after the flows that it runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ansible_collections.community.descope.plugins.module_utils._deploy.plan import PlannedFlow
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument


def import_waves(flows: Iterable[PlannedFlow]) -> list[tuple[PlannedFlow, ...]]:
    """Return the flows in groups, each of which can be imported side by side once those before it are there.

    Flows that run each other in a circle come last, together, in the order they were declared.
    """
    waiting = {flow.flow_id: flow for flow in flows}
    needs = {flow_id: _needs(flow, waiting) for flow_id, flow in waiting.items()}
    waves = []
    while waiting:
        ready = [flow_id for flow_id in waiting if not needs[flow_id] & waiting.keys()] or list(waiting)
        waves.append(tuple(waiting.pop(flow_id) for flow_id in ready))
    return waves


def sub_flows(document: FlowDocument) -> frozenset[str]:
    """Return the ids of the flows that a flow runs."""
    return frozenset(_called(document))


def _needs(flow: PlannedFlow, others: Mapping[str, PlannedFlow]) -> frozenset[str]:
    called = sub_flows(flow.after) if flow.after is not None else frozenset()
    return (called & others.keys()) - {flow.flow_id}


def _called(document: FlowDocument) -> Iterator[str]:
    for task in document.tasks.values():
        arguments = task.get("arguments") if isinstance(task, dict) and task.get("type") == "flow" else None
        called = arguments.get("flowId") if isinstance(arguments, dict) else None
        flow_id = called.get("value") if isinstance(called, dict) else None
        if isinstance(flow_id, str) and flow_id:
            yield flow_id
