# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Which backups hold a state that somebody may want back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.descope.plugins.module_utils._backup.history import History, undone_flows
from ansible_collections.community.descope.plugins.module_utils._backup.records import Kind
from ansible_collections.community.descope.plugins.module_utils._backup.store import Backup
from backup_records import Chronicle


def good(chronicle: Chronicle) -> list[int]:
    """Return the numbers of the backups that are good."""
    history = History(chronicle.backups)
    return [number for number, backup in enumerate(chronicle.backups) if history.is_good(backup)]


def last_good(chronicle: Chronicle, flow_id: str | None = None) -> int | None:
    backup = History(chronicle.backups).last_good(flow_id)
    return None if backup is None else chronicle.backups.index(backup)


def test_without_backups_nothing_is_good() -> None:
    assert History([]).last_good() is None
    assert History([]).last_good("a") is None


def test_before_a_good_change_and_between_two_all_is_well() -> None:
    past = Chronicle()
    past.change({"a": ""}, {"a": "1"})
    past.change({"a": "1"}, {"a": "2"})
    past.requested({"a": "2"})

    assert good(past) == [0, 1, 2]
    assert last_good(past) == 2


def test_what_a_wrong_import_left_is_not_good() -> None:
    past = Chronicle()
    past.change({"a": "1"}, {"a": "2"}, {"a": "wrong"})
    past.requested({"a": "2, but not quite"})

    assert good(past) == [0]
    assert last_good(past) == last_good(past, "a") == 0


def test_what_a_refused_import_left_is_as_good_as_before() -> None:
    past = Chronicle()
    past.change({"a": "1"}, {"a": "2"}, {"a": "untouched"})
    past.requested({"a": "1"})

    assert good(past) == [0, 1]


def test_what_a_refused_import_left_of_a_wrong_one_is_as_bad_as_before() -> None:
    past = Chronicle()
    past.change({"a": "1"}, {"a": "2"}, {"a": "wrong"})
    past.change({"a": "?"}, {"a": "3"}, {"a": "untouched"})
    past.requested({"a": "?"})

    assert good(past) == [0]


def test_what_restoring_left_is_as_good_as_before() -> None:
    past = Chronicle()
    past.change({"a": "1", "b": "1"}, {"a": "2", "b": "2"}, {"a": "restored", "b": "untouched"})
    past.requested({"a": "1", "b": "1"})

    assert good(past) == [0, 1]


class TestHalfDone:
    @pytest.fixture
    def past(self) -> Chronicle:
        """A change that applied one of its flows and not the other."""
        past = Chronicle()
        past.change({"a": "1", "b": "1"}, {"a": "2", "b": "2"}, {"b": "untouched"})
        return past

    def test_neither_side_is_good(self, past: Chronicle) -> None:
        past.requested({"a": "2"})
        past.requested({"b": "1"})
        past.requested({"c": "1"})

        assert good(past) == [0, 3]
        assert last_good(past, "a") == last_good(past, "b") == 0

    def test_it_is_over_when_the_rest_is_done(self, past: Chronicle) -> None:
        past.change({"b": "1"}, {"b": "2"})
        past.requested({"a": "2", "b": "2"})

        assert good(past) == [0, 2]

    def test_it_is_over_when_what_was_done_is_taken_back(self, past: Chronicle) -> None:
        past.change({"a": "2"}, {"a": "1"}, kind=Kind.ROLLBACK)
        past.requested({"a": "1", "b": "1"})

        assert good(past) == [0, 2]

    def test_it_is_not_over_when_doing_the_rest_fails_too(self, past: Chronicle) -> None:
        past.change({"b": "1"}, {"b": "2"}, {"b": "untouched"})
        past.requested({"a": "2", "b": "1"})

        assert good(past) == [0]


@pytest.mark.parametrize("results", [None, {"a": "unknown", "b": "unknown"}, {"a": "unverified", "b": "unverified"}])
class TestUnclear:
    """A change whose run was killed, or that could not tell what became of it."""

    def past(self, results: dict[str, str] | None) -> Chronicle:
        past = Chronicle()
        past.change({"a": "1", "b": "1"}, {"a": "2", "b": "2"}, results, finished=results is not None)
        return past

    @pytest.mark.parametrize(
        ("found", "is_good"),
        [
            pytest.param({"a": "2", "b": "2"}, True, id="it turned out complete"),
            pytest.param({"a": "1", "b": "1"}, True, id="nothing of it had happened"),
            pytest.param({"a": "2", "b": "1"}, False, id="half of it had happened"),
            pytest.param({"a": "2", "b": "?"}, False, id="something else had happened"),
            pytest.param({"c": "1"}, True, id="the backup is about something else"),
        ],
    )
    def test_what_was_found_later_tells(
        self, results: dict[str, str] | None, found: dict[str, str], is_good: bool
    ) -> None:
        past = self.past(results)
        past.requested(found)

        assert good(past) == ([0, 1] if is_good else [0])

    def test_a_good_change_ends_it(self, results: dict[str, str] | None) -> None:
        past = self.past(results)
        past.change({"a": "?", "b": "?"}, {"a": "3", "b": "3"})
        past.requested({"a": "3", "b": "3"})

        assert good(past) == [0, 2]


def test_a_killed_deletion_is_judged_by_absence() -> None:
    past = Chronicle()
    past.change({"a": "1"}, {"a": ""}, finished=False)
    past.change({"a": ""}, {"a": "2"})

    assert good(past) == [0, 1]


class TestRollback:
    @pytest.fixture
    def past(self) -> Chronicle:
        """A second version, saved on request while it was live, and then taken back."""
        past = Chronicle()
        past.change({"a": ""}, {"a": "1"})
        past.change({"a": "1"}, {"a": "2"})
        past.requested({"a": "2"})
        past.change({"a": "2"}, {"a": "1"}, kind=Kind.ROLLBACK)
        return past

    def test_what_somebody_left_is_not_good(self, past: Chronicle) -> None:
        assert good(past) == [0, 1]
        assert last_good(past) == last_good(past, "a") == 1

    def test_what_came_after_is_good_again(self, past: Chronicle) -> None:
        past.change({"a": "1"}, {"a": "3"})

        assert last_good(past) == 4

    def test_a_rollback_that_was_refused_has_left_nothing(self, past: Chronicle) -> None:
        past.change({"a": "1"}, {"a": "2"})
        past.requested({"a": "2"})
        past.change({"a": "2"}, {"a": "1"}, {"a": "untouched"}, kind=Kind.ROLLBACK)

        assert good(past) == [0, 1, 4, 5]

    def test_what_was_there_before_the_rollback_of_a_rollback_is_still_good(self, past: Chronicle) -> None:
        past.change({"a": "1"}, {"a": "2"}, kind=Kind.ROLLBACK)

        assert good(past) == [0, 1]


def test_a_bad_change_of_one_flow_leaves_the_others_good() -> None:
    past = Chronicle()
    past.change({"a": "1"}, {"a": "2"}, {"a": "wrong"})
    past.requested({"a": "?", "b": "1"})

    assert good(past) == [0]
    assert last_good(past, "b") == 1


def test_backups_of_one_second_are_in_order() -> None:
    past = Chronicle()
    past.change({"a": "1"}, {"a": "2"}, {"a": "wrong"})
    past.change({"a": "?"}, {"a": "3"})
    first, second = past.backups
    # The random end of an id says nothing about which came first.
    swapped = [
        replace(first, manifest=replace(first.manifest, id="20260115T100000Z-ffffffff")),
        replace(second, manifest=replace(second.manifest, id="20260115T100000Z-00000000")),
    ]

    assert History(swapped).last_good() == swapped[0]


def test_what_is_certainly_undone() -> None:
    past = Chronicle()
    words = ("applied", "unverified", "wrong", "untouched", "restored", "unknown")
    backup = past.change(dict.fromkeys(words, "1"), dict.fromkeys(words, "2"), {word: word for word in words})

    assert undone_flows(backup) == {"untouched", "restored"}
    assert undone_flows(past.change({"a": "1"}, {"a": "2"}, finished=False)) == frozenset()


FLOWS = ("a", "b", "c")
EVENTS = st.lists(
    st.fixed_dictionaries(
        {"flows": st.sets(st.sampled_from(FLOWS), min_size=1), "done": st.sets(st.sampled_from(FLOWS))}
    ),
    max_size=8,
)


def _played(events: list[dict[str, Any]], *, finished: bool) -> list[Backup]:
    """Play changes on a project, each of which applies only some of its flows, and end with a look at what there is."""
    past = Chronicle()
    live = dict.fromkeys(FLOWS, "at first")
    for number, event in enumerate(events):
        to = dict.fromkeys(sorted(event["flows"]), f"change {number}")
        results = {flow_id: "applied" if flow_id in event["done"] else "untouched" for flow_id in to}
        past.change(dict(live), to, results, finished=finished)
        live |= {flow_id: after for flow_id, after in to.items() if flow_id in event["done"]}
    past.requested(live)
    return past.backups


@given(EVENTS)
def test_what_was_found_later_replaces_what_nobody_recorded(events: list[dict[str, Any]]) -> None:
    recorded, killed = (History(_played(events, finished=finished)) for finished in (True, False))

    assert recorded.good_flows == killed.good_flows


@given(EVENTS)
def test_where_all_was_done_or_nothing_all_is_good(events: list[dict[str, Any]]) -> None:
    for event in events:
        event["done"] = event["flows"] if event["done"] else set()
    history = History(_played(events, finished=True))

    assert all(history.is_good(backup) for backup in history.backups)


@given(EVENTS, st.randoms())
def test_the_order_in_which_backups_come_does_not_matter(events: list[dict[str, Any]], random: Any) -> None:
    backups = _played(events, finished=True)
    shuffled = list(backups)
    random.shuffle(shuffled)

    assert History(shuffled).good_flows == History(backups).good_flows


@given(EVENTS)
def test_the_last_good_state_of_a_flow_stays_the_same_however_often_it_is_restored(
    events: list[dict[str, Any]],
) -> None:
    past = Chronicle(backups=_played(events, finished=True))
    past.change(dict.fromkeys(FLOWS, "a slip"), {"a": "a mistake"})
    first = History(past.backups).last_good("a")
    assert first is not None
    wanted = first.manifest.flows["a"].fingerprint
    past.change({"a": "edited in the console"}, {"a": wanted}, kind=Kind.ROLLBACK)
    second = History(past.backups).last_good("a")

    assert second is not None
    assert second.manifest.flows["a"].fingerprint == wanted


def test_the_backups_of_a_tenant_are_judged_by_what_others_did_too() -> None:
    past = Chronicle()
    past.change({"a": "1"}, {"a": "2"}, {"a": "wrong"}, tenant="globex")
    past.change({"a": "?"}, {"a": "3"}, tenant="acme")

    acme = History(past.backups).of_tenant("acme")

    assert acme.backups == (past.backups[1],)
    assert acme.last_good() is None
