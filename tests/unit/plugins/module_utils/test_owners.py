# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""No two hosts may declare the same flow of a project, and what is wrong names all of them."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.descope.plugins.module_utils._errors import InputError
from ansible_collections.community.descope.plugins.module_utils._fleet.owners import (
    Claim,
    ProjectClaims,
    by_project,
    check_owners,
)
from ansible_collections.community.descope.plugins.plugin_utils._claims import SharedClaims


def claim(host: str, project_id: str, *flow_ids: str, absent: Iterable[str] = ()) -> Claim:
    return Claim(host, project_id, {flow_id: f"{flow_id}.json" for flow_id in flow_ids}, frozenset(absent))


def test_each_project_may_have_the_same_flows() -> None:
    check_owners([claim("acme", "P2dev", "sign-in"), claim("globex", "P2prod", "sign-in")])


def test_both_hosts_of_a_flow_are_named_with_their_files() -> None:
    claims = [claim("acme", "P2dev", "a", "sign-in"), claim("globex", "P2dev", "sign-in"), claim("zoe", "P2dev", "z")]

    with pytest.raises(InputError) as error:
        check_owners(claims)

    (problem,) = error.value.problems
    assert (problem.code, problem.flow_id) == ("flow-of-several-hosts", "sign-in")
    assert "project P2dev by acme (sign-in.json) and globex (sign-in.json)" in problem.message


def test_of_many_hosts_the_first_are_named() -> None:
    with pytest.raises(InputError) as error:
        check_owners([claim(f"host-{number}", "P2dev", "sign-in") for number in range(40)])

    assert "host-4 (sign-in.json) and 35 more" in str(error.value)


def test_hosts_may_agree_that_a_flow_should_not_exist() -> None:
    check_owners([claim("acme", "P2dev", "old", absent=["old"]), claim("globex", "P2dev", "old", absent=["old"])])


def test_one_host_cannot_delete_what_another_deploys() -> None:
    with pytest.raises(InputError):
        check_owners([claim("acme", "P2dev", "old", absent=["old"]), claim("globex", "P2dev", "old")])


def test_projects_come_in_the_order_of_their_hosts() -> None:
    claims = [claim("zoe", "P2b", "z"), claim("acme", "P2a", "b", "a"), claim("globex", "P2b", "g")]

    assert by_project(claims) == [
        ProjectClaims("P2b", ("zoe", "globex"), ("g", "z")),
        ProjectClaims("P2a", ("acme",), ("a", "b")),
    ]


@given(st.lists(st.tuples(st.sampled_from("PQ"), st.sets(st.sampled_from("abcd"))), max_size=6))
def test_exactly_the_flows_with_several_hosts_are_refused(fleet: list[tuple[str, set[str]]]) -> None:
    claims = [claim(f"host-{number}", project, *flows) for number, (project, flows) in enumerate(fleet)]
    pairs = [(project, flow_id) for project, flows in fleet for flow_id in flows]
    expected = {flow_id for project, flow_id in pairs if pairs.count((project, flow_id)) > 1}

    with nullcontext() if not expected else pytest.raises(InputError) as error:
        check_owners(claims)

    assert {problem.flow_id for problem in error.value.problems} == expected if error else not expected


def test_every_host_is_looked_at_once_and_those_of_a_later_batch_again(tmp_path: Path) -> None:
    looked: list[str] = []

    def look(host: str) -> Claim | None:
        looked.append(host)
        return claim(host, "P2dev", f"{host}-{len(looked)}", absent=[host]) if host != "odd" else None

    hosts = ["acme", "globex", "odd"]
    first = SharedClaims(tmp_path / "run", "task").of(hosts, ["acme"], look)
    again = SharedClaims(tmp_path / "run", "task").of(hosts, ["acme"], look)
    later = SharedClaims(tmp_path / "run", "task").of(hosts, ["globex", "odd"], look)
    other = SharedClaims(tmp_path / "run", "another task").of(hosts[:1], ["acme"], look)

    assert looked == [*hosts, "globex", "odd", "acme"]
    assert first == again
    assert later["acme"] == first["acme"]
    assert later["globex"] == claim("globex", "P2dev", "globex-4", absent=["globex"])
    assert (first["odd"], list(other)) == (None, ["acme"])
