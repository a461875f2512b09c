# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Pictures of flows: everything is on them, nothing covers anything else, and no text can break out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.community.descope.plugins.module_utils._draw.svg import draw_flow
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._flow.formats import load
from example_flows import minimal_flow
from full_flow import full_flow
from json_values import json_values, places, replaced
from real_flows import real_flow_files

SVG = "{http://www.w3.org/2000/svg}"
RANDOM = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


class Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float


class Picture:
    """A picture as a reader sees it: boxes, arrows, words."""

    def __init__(self, svg: str) -> None:
        self.svg = svg
        self.root = ElementTree.fromstring(svg)
        self.cards = {group.attrib["data-task"]: group for group in self.root.findall(f"{SVG}g")}

    def box(self, task_id: str) -> Box:
        card = self.cards[task_id]
        found = re.match(r"translate\((\S+) (\S+)\)", card.attrib["transform"])
        assert found
        left, top = float(found[1]), float(found[2])
        rect = card.find(f"{SVG}rect")
        assert rect is not None
        return Box(left, top, left + float(rect.attrib["width"]), top + float(rect.attrib["height"]))

    @property
    def boxes(self) -> list[Box]:
        return [self.box(task_id) for task_id in self.cards]

    @property
    def page(self) -> Box:
        left, top, width, height = map(float, self.root.attrib["viewBox"].split())
        return Box(left, top, left + width, top + height)

    def classes(self, name: str) -> list[ElementTree.Element]:
        return [element for element in self.root.iter() if name in element.attrib.get("class", "").split()]

    def words(self, task_id: str) -> list[str]:
        return [text.text or "" for text in self.cards[task_id].iter(f"{SVG}text")]

    def level_lines(self) -> Iterator[tuple[float, float, float]]:
        """Yield where arrows pass by other cards: from x, to x, height."""
        for arrow in self.classes("flow-arrow"):
            for x, y, to in re.findall(r" (\S+),(\S+?)H([-\d.]+)", arrow.attrib["d"]):
                yield min(float(x), float(to)), max(float(x), float(to)), float(y)


def drawn(flow: dict[str, Any], **marks: str) -> Picture:
    return Picture(draw_flow(FlowDocument(flow), marks=marks))


def overlap(one: Box, other: Box) -> bool:
    return one.left < other.right and other.left < one.right and one.top < other.bottom and other.top < one.bottom


def require_legible(picture: Picture) -> None:
    page = picture.page
    for one, other in combinations(picture.boxes, 2):
        assert not overlap(one, other), (one, other)
    for box in picture.boxes:
        assert page.left <= box.left < box.right <= page.right
        assert page.top <= box.top < box.bottom <= page.bottom
    for left, right, height in picture.level_lines():
        assert page.top <= height <= page.bottom
        for box in picture.boxes:
            assert not overlap(Box(left, height, right, height), box), (height, box)


def test_every_step_and_every_way_is_on_it() -> None:
    picture = drawn(minimal_flow("sign-in", title="Hello <World> & all"))

    assert list(picture.cards) == ["start", "0", "1", "2", "3", "4"]
    assert picture.words("0") == ["Screen", "0", "Welcome", "Hello <World> & all", "Continue"]
    assert picture.words("1") == ["Action", "1", "Sign In / OTP / Email", "sign-in-otp-email"]
    assert picture.words("4") == ["End"]
    assert len(picture.classes("flow-arrow")) == len(picture.classes("flow-tip")) == 5
    require_legible(picture)


def test_a_step_of_two_tasks_is_one_card_that_says_what_is_shown_in_between() -> None:
    flow = minimal_flow("sign-in")
    tasks = flow["contents"]["tasks"]
    tasks["1"]["next"]["rules"].append({"interactionId": "success", "taskId": "1.end"})
    tasks["1.end"] = {**tasks["1"], "id": "1.end", "next": {"rules": [{"interactionId": "success", "taskId": "4"}]}}
    picture = drawn(flow)

    assert "1.end" not in picture.cards
    assert picture.words("1")[-2:] == ["meanwhile", "success"]


def test_branches_and_failures_are_told_apart() -> None:
    flow = minimal_flow("sign-in")
    tasks = flow["contents"]["tasks"]
    tasks["1"]["errorHandlingV2"] = {"Blocked": {"errorHandlingType": "custom"}}
    tasks["1"]["next"]["rules"].insert(0, {"interactionId": "Blocked", "taskId": "0"})
    tasks["3"] |= {
        "type": "condition",
        "conditions": [{"interactionId": "a", "name": "New user"}, {"interactionId": "ELSE", "name": "Known user"}],
    }
    tasks["3"]["next"] = {"rules": [{"interactionId": "a", "taskId": "4"}, {"interactionId": "ELSE", "taskId": "0"}]}
    picture = drawn(flow)

    assert picture.words("1")[-2:] == ["success", "Blocked"]
    red = [label.text for label in picture.classes("flow-error") if label.tag == f"{SVG}text"]
    assert red == ["Blocked"]
    assert picture.words("3")[-2:] == ["New user", "else: Known user"]


def test_marks_say_what_has_become_of_a_step() -> None:
    flow = minimal_flow("sign-in")
    flow["contents"]["tasks"]["1.end"] = {**flow["contents"]["tasks"]["1"], "id": "1.end"}
    picture = Picture(
        draw_flow(FlowDocument(flow), marks={"0": "added", "2": "removed", "1.end": "added", "4": "odd", "99": "added"})
    )

    badges = {task_id: picture.words(task_id)[-1:] for task_id in ("0", "1", "2", "4")}
    assert badges == {"0": ["added"], "1": ["changed"], "2": ["removed"], "4": ["End"]}


def test_the_picture_needs_nothing_else_and_runs_nothing() -> None:
    svg = draw_flow(FlowDocument(full_flow()))
    picture = Picture(svg)

    assert {element.tag.removeprefix(SVG) for element in picture.root.iter()} <= {
        *("svg", "title", "style", "rect", "g", "path", "circle", "text")
    }
    assert not re.search(r"url\(|@import|href|\bid=", svg)
    assert "prefers-color-scheme:dark" in svg
    names = set(re.findall(r"var\((--flow-\w+)\)", svg))
    assert names - {"--flow-colour"} <= set(re.findall(r"(--flow-\w+):#", svg))


def test_the_same_flow_gives_the_same_picture_whatever_the_order_of_its_members() -> None:
    flow = full_flow()
    shuffled = json.loads(json.dumps(flow, sort_keys=True))

    assert draw_flow(FlowDocument(flow)) == draw_flow(FlowDocument(shuffled))


def test_steps_without_a_position_stand_in_the_order_of_the_flow() -> None:
    flow = minimal_flow("sign-in")
    for task in flow["contents"]["tasks"].values():
        del task["view"]
    picture = drawn(flow)

    lefts = [picture.box(task_id).left for task_id in ("start", "0", "1", "2", "3", "4")]
    assert lefts == sorted(set(lefts))
    require_legible(picture)


def test_long_names_are_cut_where_the_card_ends_and_whole_in_the_tooltip() -> None:
    flow = minimal_flow("sign-in", title="Ünïcødé " * 30)
    flow["contents"]["tasks"]["0"]["name"] = "Donaudampfschifffahrtsgesellschaft " * 5
    picture = drawn(flow)

    assert all(len(word) < 40 for word in picture.words("0"))
    tooltip = picture.cards["0"].find(f"{SVG}title")
    assert tooltip is not None
    assert flow["contents"]["tasks"]["0"]["name"].strip() in str(tooltip.text)


@pytest.mark.skipif(not real_flow_files(), reason="no folder with real flows beside the checkout")
def test_real_flows_draw_without_anything_covering_anything() -> None:
    for path in real_flow_files():
        document = load(json.loads(path.read_text(encoding="utf-8")), path.name)
        picture = Picture(draw_flow(document))
        firsts = {task_id.removesuffix(".end") for task_id in document.tasks}
        assert set(picture.cards) == firsts, path
        require_legible(picture)


@RANDOM
@given(st.data())
def test_any_damage_still_gives_a_picture(data: st.DataObject) -> None:
    flow = full_flow()
    place, _value = data.draw(st.sampled_from(list(places(flow))))
    damaged = replaced(flow, place, data.draw(json_values())) if place else flow
    Picture(draw_flow(FlowDocument(damaged)))


@RANDOM
@given(st.text())
def test_any_text_arrives_as_it_is_or_as_xml_can_say_it(text: str) -> None:
    flow = minimal_flow("sign-in", title=text)
    flow["metadata"]["name"] = flow["contents"]["tasks"]["0"]["name"] = f"A{text}Z"
    picture = drawn(flow)

    assert list(picture.cards) == ["start", "0", "1", "2", "3", "4"]
    title = picture.root.find(f"{SVG}title")
    assert title is not None
    sayable = re.sub("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", f"A{text}Z")
    assert title.text == re.sub("\r\n?", "\n", sayable)


_points = st.tuples(st.integers(-3000, 3000), st.integers(-3000, 3000))


@RANDOM
@given(st.lists(_points, min_size=6, max_size=6, unique=True), st.data())
def test_wherever_the_steps_stand_and_lead_nothing_covers_anything(
    points: list[tuple[int, int]], data: st.DataObject
) -> None:
    flow = minimal_flow("sign-in")
    tasks = flow["contents"]["tasks"]
    for task, (x, y) in zip(tasks.values(), points, strict=True):
        targets = data.draw(st.lists(st.sampled_from(list(tasks)), max_size=3))
        task["view"] = {"x": x, "y": y}
        task["next"] = {"rules": [{"interactionId": str(place), "taskId": to} for place, to in enumerate(targets)]}
    require_legible(drawn(flow))
