# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""From what somebody types to one backup a flow, or to an error that names the choices."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ansible_collections.community.descope.plugins.module_utils._backup.history import History
from ansible_collections.community.descope.plugins.module_utils._backup.moments import parse_moment, shown
from ansible_collections.community.descope.plugins.module_utils._backup.records import Kind
from ansible_collections.community.descope.plugins.module_utils._backup.selection import (
    Selection,
    Wanted,
    changed_later,
    described,
    select,
    select_run,
)
from ansible_collections.community.descope.plugins.module_utils._backup.store import Backup
from ansible_collections.community.descope.plugins.module_utils._errors import InputError
from backup_records import PASTS, Chronicle, past_of

ALL = Wanted(everything=True)
# What a project's backups may be of, and more.
TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def wanted(*flow_ids: str) -> Wanted:
    return Wanted.of(flow_ids, everything=False)


def numbers(past: Chronicle, selection: Selection | None) -> dict[str, int]:
    """Return for each flow the number of the backup that it goes back to."""
    assert selection is not None
    return {target.flow_id: past.backups.index(target.backup) for target in selection.targets}


@pytest.fixture
def past() -> Chronicle:
    """A minute apart: two flows are created, both changed, a label, one changed, a failure, a rollback, a new flow."""
    past = Chronicle()
    past.change({"a": "", "b": ""}, {"a": "a1", "b": "b1"}, run_id="r0", job_id="100")
    past.change({"a": "a1", "b": "b1"}, {"a": "a2", "b": "b2"}, run_id="r1", job_id="101")
    past.requested({"a": "a2", "b": "b2"}, label="before-summer", complete=True)
    past.change({"a": "a2"}, {"a": "a3"}, {"a": "wrong"}, run_id="r3")
    past.change({"a": "a3!"}, {"a": "a2"}, kind=Kind.ROLLBACK, run_id="r4")
    past.change({"new": ""}, {"new": "n1"}, run_id="r5")
    return past


def chosen(past: Chronicle, selector: str, what: Wanted, **options: Any) -> dict[str, int]:
    return numbers(past, select(History(past.backups), selector, what, **options))


class TestKeywords:
    def test_a_named_flow_goes_back_to_the_newest_backup_that_holds_it(self, past: Chronicle) -> None:
        assert chosen(past, "latest", wanted("a", "b", "new")) == {"a": 4, "b": 2, "new": 5}

    def test_a_named_flow_goes_back_to_the_newest_backup_in_which_it_is_good(self, past: Chronicle) -> None:
        assert chosen(past, "last_good", wanted("a", "b", "new")) == {"a": 3, "b": 2, "new": 5}

    def test_a_pattern_chooses_among_the_flows_of_one_backup(self, past: Chronicle) -> None:
        past.change({"a": "a2"}, {"a": "a4"})
        assert chosen(past, "latest", wanted("[ab]")) == {"a": 6}
        assert chosen(past, "latest", wanted("b*")) == {"b": 2}

    def test_all_are_the_flows_of_one_backup(self, past: Chronicle) -> None:
        assert chosen(past, "last_good", ALL) == {"new": 5}

    def test_all_of_a_backup_have_to_be_good(self) -> None:
        past = Chronicle()
        past.change({"a": "1", "b": "1"}, {"a": "2"}, {"a": "wrong"})
        past.requested({"a": "?", "b": "1"})

        assert chosen(past, "last_good", ALL) == {"a": 0, "b": 0}
        assert chosen(past, "last_good", wanted("*")) == {"a": 0, "b": 0}
        assert chosen(past, "last_good", wanted("a", "b")) == {"a": 0, "b": 1}

    def test_a_name_comes_before_a_pattern(self, past: Chronicle) -> None:
        assert chosen(past, "last_good", wanted("*", "a")) == {"a": 3, "new": 5}

    def test_nothing_good_is_said(self) -> None:
        past = Chronicle()
        past.change({"a": "2"}, {"a": "1"}, kind=Kind.ROLLBACK)

        with pytest.raises(InputError, match="no good backup holds the flow a"):
            chosen(past, "last_good", wanted("a"))

    def test_every_flow_that_nobody_saved_is_named(self, past: Chronicle) -> None:
        with pytest.raises(InputError) as raised:
            chosen(past, "latest", wanted("x", "a", "y", "z-*"))

        assert [problem.message.split(";")[0] for problem in raised.value.problems] == [
            "no backup holds the flow x",
            "no backup holds the flow y",
            "no backup holds a flow like z-*",
        ]


class TestIds:
    def test_an_id_is_one_backup(self, past: Chronicle) -> None:
        assert chosen(past, past.backups[1].id, ALL) == {"a": 1, "b": 1}

    def test_so_is_its_beginning(self, past: Chronicle) -> None:
        assert chosen(past, past.backups[1].id[:13], wanted("b")) == {"b": 1}

    def test_a_beginning_of_several_is_ambiguous(self, past: Chronicle) -> None:
        with pytest.raises(InputError, match=r"6 backups have an id that begins with 20260115: .* and 1 more"):
            chosen(past, "20260115", ALL)

    def test_a_short_beginning_is_none(self, past: Chronicle) -> None:
        with pytest.raises(
            InputError, match=r'no backup has the id or the label "2026"; the newest are 2026.* and 1 more'
        ):
            chosen(past, "2026", ALL)

    def test_a_flow_that_is_not_in_it_is_said_with_those_that_are(self, past: Chronicle) -> None:
        with pytest.raises(InputError, match="does not hold the flow new, only a, b; nothing was changed"):
            chosen(past, past.backups[1].id, wanted("new"))

    def test_a_flow_that_was_not_there_can_be_pruned(self, past: Chronicle) -> None:
        whole = past.backups[2].id
        with pytest.raises(InputError, match="holds the whole project as it was, so prune=true deletes"):
            chosen(past, whole, wanted("new"))
        [target] = select(History(past.backups), whole, wanted("new"), absent_too=True).targets

        assert target.saved.absent

    def test_only_a_backup_of_the_whole_project_says_what_was_not_there(self, past: Chronicle) -> None:
        with pytest.raises(InputError, match="does not hold the flow new"):
            chosen(past, past.backups[1].id, wanted("new"), absent_too=True)

    def test_without_backups_that_is_said(self) -> None:
        with pytest.raises(InputError, match="there is none at all"):
            chosen(Chronicle(), "20260115T100000Z-00000000", ALL)


class TestLabels:
    def test_a_label_is_the_newest_backup_with_it(self, past: Chronicle) -> None:
        past.requested({"a": "a2"}, label="before-summer")
        assert chosen(past, "before-summer", ALL) == {"a": 6}
        assert chosen(past, "before-summer", wanted("a", "b")) == {"a": 6, "b": 2}

    def test_a_flow_that_none_of_them_holds_is_said(self, past: Chronicle) -> None:
        past.requested({"a": "a2"}, label="before-summer")
        with pytest.raises(InputError, match='no backup with the label "before-summer" holds the flow new'):
            chosen(past, "before-summer", wanted("new"))

    @pytest.mark.parametrize("label", ["20260115", "20260115T10"])
    def test_a_label_may_look_like_the_beginning_of_an_id(self, past: Chronicle, label: str) -> None:
        with pytest.raises(InputError, match="backups have an id that begins with"):
            chosen(past, label, ALL)
        past.requested({"b": "b2"}, label=label)
        assert chosen(past, label, ALL) == {"b": 6}
        whole = past.backups[2].id
        past.requested({"b": "b2"}, label=whole)
        assert chosen(past, whole, wanted("b")) == {"b": 2}, "but not like a whole one"

    def test_a_label_may_look_like_a_time(self, past: Chronicle) -> None:
        past.requested({"b": "b2"}, label="2026-01-15")
        assert chosen(past, "2026-01-15", ALL) == {"b": 6}

    def test_no_label_is_not_a_label(self, past: Chronicle) -> None:
        with pytest.raises(InputError, match="no backup has the id or the label"):
            chosen(past, "", ALL)


class TestTimes:
    @pytest.mark.parametrize(
        "typed",
        [
            "2026-01-15T10:01:00Z",
            "2026-01-15T10:01:00",
            "2026-01-15 10:01",
            "2026-01-15 10:01:00.000000+00:00",
            "2026-01-15 12:01 +02:00",
            "2026-01-15T06:31:00-0330",
        ],
    )
    def test_the_one_backup_of_that_time_is_meant(self, past: Chronicle, typed: str) -> None:
        assert chosen(past, typed, ALL) == {"a": 1, "b": 1}

    def test_one_of_many_on_that_day_is_not_chosen_by_chance(self, past: Chronicle) -> None:
        with pytest.raises(InputError) as raised:
            chosen(past, "2026-01-15", wanted("a"))

        [problem] = raised.value.problems
        assert problem.code == "ambiguous-backup"
        assert all(past.backups[number].id in problem.message for number in (0, 1, 2, 3))
        assert "2026-01-15T10:02:00Z" in problem.message

    def test_only_backups_that_hold_the_flow_count(self, past: Chronicle) -> None:
        assert chosen(past, "2026-01-15", wanted("new")) == {"new": 5}

    def test_what_a_rollback_saved_counts_only_alone(self, past: Chronicle) -> None:
        past.change({"new": "n1"}, {"new": ""}, kind=Kind.ROLLBACK)
        assert chosen(past, "2026-01-15", wanted("new")) == {"new": 5}
        assert chosen(past, "2026-01-15 10:06", wanted("new")) == {"new": 6}

    def test_between_backups_every_flow_goes_back_to_what_it_was_then(self, past: Chronicle) -> None:
        selection = select(History(past.backups), "2026-01-15T10:02:30", ALL)

        assert numbers(past, selection) == {"a": 3, "new": 5}
        assert selection.origins == (None,)

    def test_before_everything_is_before_everything(self, past: Chronicle) -> None:
        assert chosen(past, "2026-01-14", ALL) == {"a": 0, "b": 0, "new": 5}

    def test_a_flow_that_nobody_changed_since_stays(self, past: Chronicle) -> None:
        selection = select(History(past.backups), "2026-01-15T10:02:30", wanted("a", "b"))

        assert numbers(past, selection) == {"a": 3}
        assert selection.unchanged == ("b",)

    def test_a_flow_that_nobody_ever_saved_is_said(self, past: Chronicle) -> None:
        with pytest.raises(InputError, match="no backup holds the flow x"):
            chosen(past, "2026-01-15T10:02:30", wanted("x"))

    @pytest.mark.parametrize(
        "typed", ["2026-02-30", "2026-01-15T25:00", "2026-01-15T10:00:61", "2026-01-15 10:00+99:00"]
    )
    def test_a_time_that_does_not_exist_is_said(self, past: Chronicle, typed: str) -> None:
        with pytest.raises(InputError, match="there is no such time as"):
            chosen(past, typed, ALL)

    @pytest.mark.parametrize("typed", ["yesterday", "15.01.2026", "2026-1-15", "2026-01-15T10", "10:30"])
    def test_what_is_no_time_is_not_taken_for_one(self, typed: str) -> None:
        assert parse_moment(typed, "backup") is None

    @given(TIMES)
    def test_a_time_that_is_shown_can_be_typed(self, time: datetime) -> None:
        moment = parse_moment(shown(time), "backup")

        assert moment is not None
        assert time in moment
        assert moment.end - moment.start == timedelta(seconds=1)

    @given(TIMES)
    def test_what_is_left_open_is_all_of_it(self, time: datetime) -> None:
        for form in ("%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f"):
            moment = parse_moment(f"{time:{form}}", "backup")
            assert moment is not None
            assert time in moment
            assert f"{moment.start:{form}}" == f"{moment.end - timedelta(microseconds=1):{form}}" == f"{time:{form}}"


@given(st.data())
def test_what_stood_at_a_time_is_restored_as_of_it(data: st.DataObject) -> None:
    """The law of "as of": of any history, at any time between two backups, every flow that we changed since."""
    past = Chronicle()
    live = dict.fromkeys("abc", "")
    stood: list[dict[str, str]] = []
    for number in range(data.draw(st.integers(1, 8))):
        stood.append(dict(live))
        flows = sorted(data.draw(st.sets(st.sampled_from("abc"), min_size=1)))
        to = {flow_id: data.draw(st.sampled_from(["", f"{number}"])) for flow_id in flows}
        past.change({flow_id: live[flow_id] for flow_id in flows}, to)
        live |= to
    point = data.draw(st.integers(0, len(stood) - 1))
    time = past.backups[point].manifest.time - timedelta(seconds=30)

    selection = select(History(past.backups), shown(time), ALL)
    restored = live | {target.flow_id: target.saved.fingerprint for target in selection.targets}

    assert restored == stood[point]


class TestRuns:
    def test_a_run_is_undone_where_it_left_what_is_there(self, past: Chronicle) -> None:
        for name in ("r1", "101"):
            selection = select_run(History(past.backups), name, ALL)
            assert numbers(past, selection) == {"a": 1, "b": 1}
            assert selection is not None
            assert [target.only_from for target in selection.targets] == [frozenset({"a2"}), frozenset({"b2"})]

    def test_only_flows_that_are_wanted(self, past: Chronicle) -> None:
        assert numbers(past, select_run(History(past.backups), "r1", wanted("b"))) == {"b": 1}
        assert numbers(past, select_run(History(past.backups), "r1", wanted("x*"))) == {}

    def test_a_run_that_changed_a_flow_twice_is_undone_as_a_whole(self) -> None:
        past = Chronicle()
        past.change({"a": "1"}, {"a": "2"}, run_id="r")
        past.change({"a": "2", "b": "1"}, {"a": "3", "b": "2"}, run_id="r", finished=False)
        selection = select_run(History(past.backups), "r", ALL)

        assert numbers(past, selection) == {"a": 0, "b": 1}
        assert selection is not None
        assert selection.targets[0].only_from == frozenset({"2", "3"})

    def test_what_it_certainly_did_not_change_is_left_alone(self) -> None:
        past = Chronicle()
        past.change({"a": "1", "b": "1"}, {"a": "2", "b": "2"}, {"b": "untouched"}, run_id="r")

        assert numbers(past, select_run(History(past.backups), "r", ALL)) == {"a": 0}

    def test_no_such_run(self, past: Chronicle) -> None:
        assert select_run(History(past.backups), "r99", ALL) is None
        assert select_run(History(past.backups), "", ALL) is None

    def test_who_changed_a_flow_since_is_known_where_we_did(self, past: Chronicle) -> None:
        selection = select_run(History(past.backups), "r1", ALL)
        assert selection is not None
        found = [changed_later(History(past.backups), target, "r1") for target in selection.targets]

        assert found == [past.backups[4], None]


class TestWanted:
    def test_names_and_patterns(self) -> None:
        what = wanted("sign-in", "acme-*", "step-u[pq]", "step?")

        assert what.ids == ("sign-in",)
        assert [flow_id in what for flow_id in ("sign-in", "acme-x", "step-up", "steps", "sign-up")] == [
            *[True] * 4,
            False,
        ]
        assert "anything" in ALL

    def test_what_is_neither_is_said(self) -> None:
        with pytest.raises(InputError) as raised:
            wanted("sign in", "ok", "a/b")

        assert [problem.source for problem in raised.value.problems] == ["flow_id", "flow_id"]


def test_what_the_decision_rests_on_begins_with_the_oldest_choice(past: Chronicle) -> None:
    def since(selector: str) -> str:
        return select(History(past.backups), selector, wanted("a", "b")).since

    assert since("latest") == past.backups[2].id[:16]
    assert since("2026-01-15T10:02:30") == "20260115T100230Z"


def test_what_was_good_rests_on_the_change_that_made_it(past: Chronicle) -> None:
    def since(*flow_ids: str) -> str:
        return select(History(past.backups), "last_good", wanted(*flow_ids)).since

    # What a failed change has left is known since the change before it, and of a flow that is new nothing is.
    assert since("a") == since("b") == since("a", "b") == past.backups[1].id[:16]
    assert since("new") == since("a", "new") == ""


# A change of two flows that was left half done, as is only known later, and after which one of them was replaced, which
# nobody can read. So the newest backup is good, and seems not to be.
HALF_DONE: list[dict[str, Any]] = [
    {"results": {"a": "applied", "b": "unknown"}, "kind": Kind.CHANGE, "finished": True},
    {"results": {"a": "applied"}, "kind": Kind.CHANGE, "finished": True},
    {"results": {"c": "applied"}, "kind": Kind.CHANGE, "finished": True},
    {"flows": {"c"}, "label": ""},
    {"flows": {"b"}, "label": ""},
    {"flows": {"a", "c"}, "label": ""},
]


@settings(max_examples=300)
@example(HALF_DONE, wanted("[ac]"), {1})
@given(
    PASTS,
    st.sampled_from([ALL, *map(wanted, "abc*"), wanted("a", "b"), wanted("[ab]"), wanted("[bc]", "a")]),
    st.sets(st.integers(0, 11), min_size=1, max_size=3),
)
def test_what_is_older_than_that_has_no_part_in_it(
    events: list[dict[str, Any]], what: Wanted, unreadable: set[int]
) -> None:
    """Whatever such backups say that cannot be read, the answer would be the same."""
    whole = past_of(events).backups
    rest = [backup for number, backup in enumerate(whole) if number not in unreadable]
    try:
        selection = select(History(rest), "last_good", what)
    except InputError:
        return
    if all(whole[number].id < selection.since for number in unreadable if number < len(whole)):
        known = select(History(whole), "last_good", what)
        assert (selection.targets, selection.origins) == (known.targets, known.origins)


def test_a_backup_is_named_so_that_people_know_it() -> None:
    past = Chronicle()
    backup: Backup = past.requested({"a": "1"}, label="before-summer", tenant="acme")

    assert described(backup) == f'{backup.id} (2026-01-15T10:00:00Z, for acme, label "before-summer")'
