# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The report's page in a real browser: a desk and a phone, light and dark, fifty tenants, one of them hostile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.descope.plugins.module_utils._report.page import render_page
from fleet_example import FAILED, HOSTILE, NAMES, example_report

browser = pytest.importorskip("browser", reason="pages are not looked at: selenium is not installed")
if browser.missing():
    pytest.skip(f"pages are not looked at: {browser.missing()}", allow_module_level=True)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    path = folder / "rollout.html"
    path.write_text(render_page(example_report(folder / "run")), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser.open_browser() as driver:
        yield driver


@pytest.fixture(params=[browser.DESKTOP, browser.PHONE], ids=["desktop", "phone"])
def driver(request: pytest.FixtureRequest, chromium: Any, page: Path) -> Any:
    browser.set_screen(chromium, request.param)
    chromium.get("about:blank")
    chromium.get_log("browser")
    chromium.get(page.as_uri())
    return chromium


def _run(driver: Any, script: str, *arguments: Any) -> Any:
    return driver.execute_script(script, *arguments)


def _colour(driver: Any, selector: str, name: str) -> list[int]:
    script = "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]].match(/\\d+/g).map(Number)"
    return list(_run(driver, script, selector, name))[:3]


def _luminance(colour: list[int]) -> float:
    """The brightness of a colour as the accessibility guidelines count it."""
    parts = [part / 255 for part in colour]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(driver: Any, selector: str) -> float:
    texts = _luminance(_colour(driver, selector, "color"))
    page = _luminance(_colour(driver, selector, "backgroundColor"))
    return (max(texts, page) + 0.05) / (min(texts, page) + 0.05)


def test_the_page_fits_the_screen_and_nothing_is_cut_off(driver: Any) -> None:
    width, room = _run(driver, "let e = document.documentElement; return [e.scrollWidth, e.clientWidth]")
    assert width <= room
    script = """return [...document.querySelectorAll('.card, .tile, h1, h3')]
        .filter(e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display != 'inline')
        .map(e => e.outerHTML)"""
    assert _run(driver, script) == []


def test_texts_are_large_enough_to_read(driver: Any) -> None:
    script = """return [...document.querySelectorAll('body *')]
        .filter(e => !e.closest('svg') && e.checkVisibility())
        .filter(e => [...e.childNodes].some(n => n.nodeType == 3 && n.data.trim()))
        .map(e => parseFloat(getComputedStyle(e).fontSize))"""
    assert min(_run(driver, script)) >= 12


def test_it_asks_for_nothing_runs_nothing_and_the_browser_has_nothing_to_complain_of(driver: Any) -> None:
    assert _run(driver, "return performance.getEntriesByType('resource').map(e => e.name)") == []
    assert driver.get_log("browser") == []
    assert _run(driver, "return document.scripts.length") == 0


def test_a_hostile_name_is_shown_and_does_nothing(driver: Any) -> None:
    assert driver.title.startswith("Rollout preview: 50 tenants")
    text = _run(driver, "return document.body.textContent")
    assert HOSTILE in text
    assert _run(driver, "return document.querySelectorAll('b').length") == 6, "the numbers at the top, and no other"


def test_every_tenant_has_a_row_that_leads_to_its_changes(driver: Any) -> None:
    rows = _run(driver, "return [...document.querySelectorAll('tbody th')].map(e => e.title)")
    assert sorted(rows) == sorted(NAMES)
    assert set(rows[:2]) == set(FAILED), "those that failed come first"
    _run(driver, "document.documentElement.style.scrollBehavior = 'auto'; document.querySelector('td a').click()")
    top, height = _run(driver, "return [document.querySelector(':target').getBoundingClientRect().top, innerHeight]")
    assert 0 <= top < height / 2


def test_the_flow_is_drawn_before_and_after_with_what_changed_in_colour(driver: Any) -> None:
    script = """return [...document.querySelectorAll('#c1 .canvas')].map(canvas => {
        let marks = {}, box = canvas.getBoundingClientRect();
        canvas.querySelectorAll('.flow-mark').forEach(e => {
            let stroke = getComputedStyle(e).stroke; marks[stroke] = (marks[stroke] || 0) + 1 });
        return [box.width > 250 && box.height > 150, canvas.scrollWidth >= canvas.clientWidth, marks]})"""
    (before_fits, _scrolls, before), (after_fits, _scrolls, after) = _run(driver, script)
    assert before_fits
    assert after_fits
    assert sorted(before.values()) == [3], "a screen and two steps change"
    assert sorted(after.values()) == [3, 4], "four steps are new, in another colour"


def test_what_is_folded_unfolds(driver: Any) -> None:
    _run(driver, "document.querySelector('#c1 details').open = true")
    chips = _run(
        driver, "return [...document.querySelectorAll('#c1 .chips li')].map(e => e.getBoundingClientRect().height)"
    )
    assert len(chips) == 41
    assert min(chips) > 0


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_everything_can_be_read_in_light_and_in_dark(driver: Any, dark: bool) -> None:
    browser.set_screen(driver, browser.DESKTOP, dark=dark)
    assert (_luminance(_colour(driver, "body", "backgroundColor")) < 0.2) is dark
    for selector in (
        "body",
        "del",
        "ins",
        ".badge.update",
        ".badge.create",
        ".badge.failed",
        "thead th",
    ):
        assert _contrast(driver, selector) >= 4.5, selector
