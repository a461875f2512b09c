# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The plan: which flows change, and what must never be planned."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.community.descope.plugins.module_utils._deploy.plan import Action, DesiredFlow, make_plan
from ansible_collections.community.descope.plugins.module_utils._errors import InputError
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from example_flows import minimal_flow

OLD = FlowDocument(minimal_flow("welcome", title="Old"))
NEW = FlowDocument(minimal_flow("welcome", title="New"))
MOVED = FlowDocument(minimal_flow("welcome", title="Old", x=999))


def _plan(desired: FlowDocument | None, live: FlowDocument | None, **options: Any) -> Any:
    [flow] = make_plan("P1", [DesiredFlow("welcome", desired, "here")], {"welcome": live}, **options).flows
    return flow


@pytest.mark.parametrize(
    ("desired", "live", "layout", "action"),
    [
        (OLD, None, False, Action.CREATE),
        (NEW, OLD, False, Action.UPDATE),
        (OLD, OLD, False, Action.NONE),
        (MOVED, OLD, False, Action.NONE),
        (MOVED, OLD, True, Action.UPDATE),
        (None, OLD, False, Action.DELETE),
        (None, None, False, Action.NONE),
    ],
)
def test_what_is_planned(desired: FlowDocument | None, live: FlowDocument | None, layout: bool, action: Action) -> None:
    flow = _plan(desired, live, layout=layout)

    assert flow.action is action
    assert bool(flow.changes) is (action is not Action.NONE)


def test_server_noise_is_no_change() -> None:
    noisy = minimal_flow("welcome", title="Old")
    noisy["metadata"] |= {"componentsVersion": "9.9.9", "disabled": False, "translation": None}
    noisy["contents"]["tasks"]["0"] |= {"htmlTemplate": {"ROOT": {}}, "allInputKeys": []}

    assert _plan(OLD, FlowDocument(noisy)).action is Action.NONE


def test_all_system_flows_that_should_go_are_named_at_once() -> None:
    desired = [DesiredFlow(flow_id, None, "flow_id") for flow_id in ("sign-in", "mine", "step-up")]

    with pytest.raises(InputError) as caught:
        make_plan("P1", desired, dict.fromkeys(("sign-in", "mine", "step-up"), OLD))

    assert [problem.flow_id for problem in caught.value.problems] == ["sign-in", "step-up"]


def test_a_system_flow_that_does_not_exist_is_gone_already() -> None:
    [flow] = make_plan("P1", [DesiredFlow("sign-in", None, "flow_id")], {"sign-in": None}).flows

    assert flow.action is Action.NONE
