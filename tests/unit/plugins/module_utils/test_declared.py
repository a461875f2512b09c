# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Which flows a host has: what several variables declare adds up, and the more specific of two declarations counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.descope.plugins.module_utils._errors import InputError
from ansible_collections.community.descope.plugins.module_utils._fleet.declared import (
    declarations,
    declaring_variables,
    merged,
)

PREFIX = "descope_flows"


def compose(**variables: Any) -> list[Mapping[str, Any]]:
    """Return the flows of a host with these variables, whose items all give their id."""
    values = {name: variables[name] for name in declaring_variables(variables, PREFIX)}
    return [found.item for found in merged(declarations(values, PREFIX), _given_id, PREFIX)]


def _given_id(item: Mapping[str, Any]) -> str:
    return str(item.get("flow_id", ""))


def flow(flow_id: str, **more: Any) -> dict[str, Any]:
    return {"template": f"{flow_id}.json", "flow_id": flow_id, **more}


def problems_of(error: pytest.ExceptionInfo[InputError]) -> list[tuple[str, str]]:
    return [(problem.code, problem.source) for problem in error.value.problems]


def test_variables_are_read_from_the_general_to_the_particular() -> None:
    names = ["descope_flows_host", "other", "descope_flows_eu", "descope_flowsx", "descope_flows", "descope_flows_de"]

    assert declaring_variables(names, PREFIX) == [
        "descope_flows",
        "descope_flows_de",
        "descope_flows_eu",
        "descope_flows_host",
    ]


def test_levels_add_up() -> None:
    flows = compose(
        descope_flows=[flow("a")],
        descope_flows_plan=[flow("b")],
        descope_flows_region=[flow("c")],
        descope_flows_host=[flow("d")],
    )

    assert [item["flow_id"] for item in flows] == ["a", "b", "c", "d"]


def test_the_more_specific_declaration_counts_as_a_whole_and_keeps_its_place() -> None:
    flows = compose(
        descope_flows=[flow("a", vars={"limit": 1}), flow("b")],
        descope_flows_plan=[flow("a", vars={"brand": "x"})],
        descope_flows_host=[{"flow_id": "b", "state": "absent"}],
    )

    assert flows == [flow("a", vars={"brand": "x"}), {"flow_id": "b", "state": "absent"}]


def test_a_text_names_a_template() -> None:
    assert compose(descope_flows=["flows/sign-in.json"]) == [{"template": "flows/sign-in.json"}]


def test_without_an_id_the_source_tells_one_flow_from_another() -> None:
    flows = compose(
        descope_flows=["flows/sign-in.json", {"definition": {"flowId": "a"}}, {"definition": {"flowId": "b"}}],
        descope_flows_host=[{"template": "flows/sign-in.json", "vars": {"limit": 1}}],
    )

    assert flows[0] == {"template": "flows/sign-in.json", "vars": {"limit": 1}}
    assert len(flows) == 3


def test_one_file_may_make_several_flows() -> None:
    several = [{"template": "flows/sign-in.j2", "vars": {"tenant_id": tenant}} for tenant in ("acme", "zoe")]

    assert compose(descope_flows=several) == several
    assert compose(descope_flows=["flows/sign-in.j2"], descope_flows_host=several) == several


def test_two_groups_that_say_the_same_agree() -> None:
    assert compose(descope_flows_eu=[flow("a")], descope_flows_de=[flow("a")]) == [flow("a")]


def test_two_groups_that_contradict_each_other_are_an_error_that_says_what_to_do() -> None:
    with pytest.raises(InputError) as error:
        compose(descope_flows_eu=[flow("a", vars={"limit": 1})], descope_flows_de=[flow("b"), flow("a")])

    assert problems_of(error) == [("declared-twice", "descope_flows_eu[0]")]
    assert "descope_flows_de[1]" in str(error.value)
    assert "descope_flows_host" in str(error.value)


def test_the_host_settles_what_groups_contradict_each_other_about() -> None:
    flows = compose(
        descope_flows_eu=[flow("a", vars={"limit": 1})],
        descope_flows_de=[flow("a")],
        descope_flows_host=[flow("a", vars={"limit": 2})],
    )

    assert flows == [flow("a", vars={"limit": 2})]


def test_one_variable_declares_a_flow_once() -> None:
    with pytest.raises(InputError) as error:
        compose(descope_flows=[flow("a"), flow("a")])

    assert problems_of(error) == [("declared-twice", "descope_flows[1]")]


@pytest.mark.parametrize("value", [None, "flows/sign-in.json", {"template": "x"}, 3])
def test_a_variable_that_is_not_a_list_is_named(value: object) -> None:
    with pytest.raises(InputError) as error:
        compose(descope_flows_eu=value, descope_flows=[["nested"], 7])

    assert problems_of(error) == [
        ("not-a-flow", "descope_flows[0]"),
        ("not-a-flow", "descope_flows[1]"),
        ("not-a-list", "descope_flows_eu"),
    ]


@given(
    st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), st.integers(), max_size=4),
    st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), st.integers(), max_size=4),
    st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), st.integers(), max_size=4),
)
def test_composing_is_what_ansible_does_with_variables(
    everybody: dict[str, int], group: dict[str, int], host: dict[str, int]
) -> None:
    levels = {"descope_flows": everybody, "descope_flows_x": group, "descope_flows_host": host}
    variables = {name: [flow(key, vars={"n": n}) for key, n in level.items()] for name, level in levels.items()}

    found = {item["flow_id"]: item["vars"]["n"] for item in compose(**variables)}

    assert found == {**everybody, **group, **host}
