# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Flows that a task has nothing to do with, and whether they are still what they were when it began."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._deploy.plan import same_flow
from ansible_collections.community.descope.plugins.module_utils._deploy.project import Reading, stored_flows
from ansible_collections.community.descope.plugins.module_utils._deploy.readings import StoredReading

_MOST_NAMES = 10


@dataclass(frozen=True, slots=True)
class Bystanders:
    """What became of the flows outside of a plan. C(changed) holds the ids of those that are not what they were.

    checked: whether they were compared, which is done where the whole project was read at once before and after.
    """

    checked: bool = False
    changed: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return what a result says of them."""
        return {"checked": self.checked, "changed": list(self.changed)}

    def warnings(self, project_id: str) -> list[str]:
        """Return what to say loudly, nothing where all is as it was."""
        if not self.changed:
            return []
        names = ", ".join(self.changed[:_MOST_NAMES])
        more = f" and {len(self.changed) - _MOST_NAMES} more" if len(self.changed) > _MOST_NAMES else ""
        what = f"flows of {project_id} that this run did not write have changed since this task read it: {names}{more}"
        return [f"{what}; somebody has edited them, or an import did more than it was asked to: look at them"]


NOT_CHECKED = Bystanders()


def compare_bystanders(
    before: Reading, after: Reading, planned: Iterable[str], written_at: Callable[[list[str]], float]
) -> Bystanders:
    """Compare the flows outside of C(planned), which costs no request.

    C(written_at) returns when this run last wrote a flow. What it wrote since the first reading is nobody's surprise.
    """
    if before.everything is None or after.everything is None or after.everything is before.everything:
        return NOT_CHECKED
    was, is_now = before.everything, after.everything
    others = (was.keys | is_now.keys) - set(planned)
    differing = [flow_id for flow_id in sorted(others) if _differs(was, is_now, flow_id)]
    foreign = tuple(flow_id for flow_id in differing if written_at([flow_id]) < was.began_at)
    return Bystanders(checked=True, changed=foreign)


def _differs(was: StoredReading, is_now: StoredReading, flow_id: str) -> bool:
    if flow_id not in was or flow_id not in is_now:
        return True
    if was.raw(flow_id) == is_now.raw(flow_id):
        return False
    before, after = (stored_flows(reading, [flow_id])[flow_id] for reading in (was, is_now))
    # One that cannot be understood at one time cannot be compared.
    return before is not None and after is not None and not same_flow(before, after, layout=False)
