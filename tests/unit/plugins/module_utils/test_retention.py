# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Which backups are kept: whatever is needed to get back to any good state, and not more than was asked for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.community.descope.plugins.module_utils._backup.history import History
from ansible_collections.community.descope.plugins.module_utils._backup.records import Kind
from ansible_collections.community.descope.plugins.module_utils._backup.retention import Retention
from backup_records import FLOWS, PASTS, START, Chronicle, past_of

NOW = START + timedelta(days=400)
TOMORROW = START + timedelta(days=1)


def kept(past: Chronicle, retention: Retention, *, now: Any = NOW, spared: Iterable[str] = ()) -> list[int]:
    """Return the numbers of the backups that stay."""
    gone = {backup.id for backup in retention.removable(History(past.backups), now, spared)}
    return [number for number, backup in enumerate(past.backups) if backup.id not in gone]


def nights(count: int) -> Chronicle:
    past = Chronicle(step=timedelta(days=1))
    for night in range(count):
        past.requested({"a": str(night), "b": str(night)}, complete=True)
    return past


def test_without_a_rule_nothing_goes() -> None:
    assert kept(nights(3), Retention()) == [0, 1, 2]


def test_the_newest_are_kept() -> None:
    assert kept(nights(5), Retention(keep=2)) == [3, 4]


def test_what_is_young_is_kept() -> None:
    assert kept(nights(5), Retention(keep_days=2), now=START + timedelta(days=4)) == [2, 3, 4]


def test_what_either_rule_keeps_is_kept() -> None:
    now = START + timedelta(days=4)
    assert kept(nights(5), Retention(keep=1, keep_days=2), now=now) == [2, 3, 4]
    assert kept(nights(5), Retention(keep=4, keep_days=2), now=now) == [1, 2, 3, 4]


def test_what_is_old_is_kept_where_there_is_nothing_newer() -> None:
    assert kept(nights(3), Retention(keep_days=1)) == [2]


def test_a_label_keeps_a_backup() -> None:
    past = nights(2)
    past.requested({"a": "2"}, label="before-release-42")
    past.requested({"a": "3"})
    past.requested({"a": "4"})

    assert 2 in kept(past, Retention(keep=1, keep_days=1))


def test_what_is_spared_is_kept_with_what_it_is_judged_by() -> None:
    past = Chronicle()
    past.change({"a": "1"}, {"a": "2"}, {"a": "wrong"})
    spared = past.requested({"a": "wrong"})
    past.change({"a": "wrong"}, {"a": "3"})
    past.requested({"a": "3"})

    assert kept(past, Retention(keep=1)) == [3]
    assert kept(past, Retention(keep=1), spared=[spared.id]) == [0, 1, 2, 3]


def test_what_counts_is_backups_of_a_flow_not_of_the_project() -> None:
    past = Chronicle()
    for version in range(3):
        for tenant in range(50):
            past.change({f"flow-{tenant}": str(version)}, {f"flow-{tenant}": str(version + 1)}, tenant=f"t{tenant}")

    assert kept(past, Retention(keep=2)) == list(range(50, 150))


def test_the_last_good_state_is_kept_however_old_it_is() -> None:
    past = Chronicle()
    past.change({"a": "1"}, {"a": "2"}, {"a": "wrong"})
    for _number in range(3):
        past.requested({"a": "wrong"})

    assert kept(past, Retention(keep=1)) == [0, 3]


def test_the_last_good_state_of_each_flow_is_kept() -> None:
    past = Chronicle()
    past.requested({"a": "1", "b": "1"})
    past.requested({"a": "1"})
    past.requested({"a": "1"})

    assert kept(past, Retention(keep=1)) == [0, 2]


def test_a_change_under_way_is_kept_until_a_later_one_came_to_a_good_end() -> None:
    past = Chronicle()
    past.change({"a": "1"}, {"a": "2"}, finished=False)
    past.requested({"a": "2"})
    past.requested({"a": "2"})
    assert kept(past, Retention(keep=1)) == [0, 2]

    past.change({"a": "2"}, {"a": "3"})
    assert 0 not in kept(past, Retention(keep=1))


def test_what_shows_that_another_is_not_good_is_kept() -> None:
    past = Chronicle()
    past.change({"a": "1", "b": "1"}, {"a": "2", "b": "2"}, {"b": "untouched"})
    half_done = past.change({"a": "2", "b": "1"}, {"a": "3", "b": "3"})

    stay = kept(past, Retention(keep=1))

    assert stay == [0, 1]
    assert not History(past.backups[number] for number in stay).is_good(half_done)


def test_a_project_without_flows_has_backups_too() -> None:
    past = Chronicle()
    for _number in range(3):
        past.requested({}, complete=True)

    assert kept(past, Retention(keep=1)) == [2]


RULES = st.builds(Retention, st.none() | st.integers(1, 4), st.none() | st.integers(1, 15))

# A killed change of two flows, one of which had arrived: only the look at both of them tells that.
HALF_ARRIVED: list[dict[str, Any]] = [
    {"results": {"a": "applied", "b": "untouched"}, "kind": Kind.CHANGE, "finished": False},
    {"flows": {"a", "b"}, "label": ""},
    {"flows": {"a"}, "label": ""},
]


@example(HALF_ARRIVED, Retention(keep_days=1))
@given(PASTS, RULES)
def test_whatever_goes_the_way_back_stays(events: list[dict[str, Any]], rules: Retention) -> None:
    past = past_of(events)
    now = START + timedelta(days=len(events))
    before = History(past.backups)

    gone = {backup.id for backup in rules.removable(before, now)}
    after = History(backup for backup in past.backups if backup.id not in gone)

    for flow_id in (None, *FLOWS):
        assert after.last_good(flow_id) == before.last_good(flow_id)
    for backup in after.backups:
        assert after.good_flows[backup.id] == before.good_flows[backup.id]
    assert not any(backup.manifest.reason.label for backup in past.backups if backup.id in gone)


@given(PASTS, RULES)
def test_what_was_kept_is_kept_again(events: list[dict[str, Any]], rules: Retention) -> None:
    past = past_of(events)
    now = START + timedelta(days=len(events))
    gone = {backup.id for backup in rules.removable(History(past.backups), now)}

    rest = History(backup for backup in past.backups if backup.id not in gone)

    assert rules.removable(rest, now) == []
