# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""A report as text, as Markdown and as a page: short, complete in itself, and nothing in it becomes markup."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.descope.plugins.module_utils._deploy.apply import FlowResult, Result
from ansible_collections.community.descope.plugins.module_utils._report.entries import task_entry
from ansible_collections.community.descope.plugins.module_utils._report.fleet import Report, build_report
from ansible_collections.community.descope.plugins.module_utils._report.markdown import render_markdown
from ansible_collections.community.descope.plugins.module_utils._report.page import render_page
from ansible_collections.community.descope.plugins.module_utils._report.pictures import ask_for_pictures
from ansible_collections.community.descope.plugins.module_utils._report.summary import render_summary
from ansible_collections.community.descope.plugins.module_utils._report.words import sides
from ansible_collections.community.descope.plugins.plugin_utils._rollout import tenant_line
from example_flows import minimal_flow
from fleet_results import PREVIEW, fleet, own_words, plan_of, preview, result_of, same_change, tenants

HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'` --> ]]> </style></svg> & @everyone \x1b[31m\u202e"
SCREEN_LINES, SCREEN_COLUMNS = 24, 120
RENDERERS: Any = [render_markdown, render_page, lambda report: "\n".join(render_summary(report))]


def failed(tenant: str, message: str) -> Any:
    return task_entry(tenant, {"msg": message}, failed=True)


def test_a_thousand_lines_of_tenants_and_the_rest_are_fewer_than_1500() -> None:
    lines = [tenant_line(entry) for entry in fleet(tenants(1000), own_words)]
    assert all(line.isprintable() for line in lines)
    assert len(lines) + len(render_summary(large_fleet())) < 1500


def large_fleet() -> Report:
    """Everything that can happen at once, to 200 tenants."""
    different = [
        task_entry(
            f"odd{number}",
            result_of(
                plan_of((minimal_flow("sign-up"), minimal_flow("sign-up", title=f"T{number}"), f"{number}.json"))
            ),
        )
        for number in range(20)
    ]
    unknown = fleet(["u1", "u2", "u3", "u4"], own_words, result=FlowResult(Result.UNKNOWN, "lost " * 50))
    failures = [failed(f"f{number}", f"reason {number} " + "of many words " * 40) for number in range(30)]
    warned = [replace(entry, warnings=(f"w{entry.tenant} " * 30,)) for entry in fleet(tenants(50), same_change)]
    return preview([*fleet(tenants(200), own_words), *different, *unknown, *failures, *warned])


class TestSummary:
    def test_sixty_tenants_with_one_change_fit_on_a_screen(self) -> None:
        lines = render_summary(preview(fleet(tenants(60), same_change)))
        assert len(lines) < SCREEN_LINES
        assert lines == [
            "60 tenants: 60 would change",
            "",
            "sign-up would change: 1 screen text changed",
            f"  60 tenants, the same change: {', '.join(tenants(8))} and 52 more",
            '    screen "Welcome" (0), text of Text: Old -> New',
            "",
            "applying takes 120 requests, about 61 s at 100/60 s; the preview took 120",
        ]

    def test_whatever_happens_it_stays_short(self) -> None:
        lines = render_summary(large_fleet())
        assert len(lines) < 60
        assert max(map(len, lines)) <= SCREEN_COLUMNS

    def test_it_names_who_failed_and_why_and_what_nobody_knows(self) -> None:
        entries = fleet(["acme"], same_change, result=FlowResult(Result.UNKNOWN, "the answer got lost"))
        text = "\n".join(render_summary(preview([*entries, failed("globex", "its template is broken")])))
        assert "failed: globex\n  its template is broken" in text
        assert "unknown: sign-up of acme: the answer got lost" in text

    def test_after_an_apply_it_says_what_was_done(self) -> None:
        entries = fleet(tenants(2), same_change, result=FlowResult(Result.APPLIED, "", verified=True))
        lines = render_summary(build_report(entries, replace(PREVIEW, check_mode=False, seconds=12.3)))
        assert lines[0] == "2 tenants: 2 changed"
        assert lines[-1] == "4 requests in 12 s"

    def test_nothing_to_do(self) -> None:
        flow = minimal_flow("a")
        lines = render_summary(preview([task_entry("acme", result_of(plan_of((flow, flow, "x"))))]))
        assert lines == ["1 tenant: 1 is as declared", "", "nothing to apply; the preview took 2 requests"]

    def test_no_line_plays_tricks_on_a_terminal(self) -> None:
        entries = fleet(["acme"], lambda _tenant: [(minimal_flow("a"), minimal_flow("a", title=HOSTILE), HOSTILE)])
        text = "".join(render_summary(preview([*entries, failed(HOSTILE, HOSTILE)])))
        assert text.isprintable()

    def test_no_secret_in_a_message_is_shown(self) -> None:
        report = preview([failed("acme", "refused: password=hunter2secret9")])
        for render in RENDERERS:
            assert "hunter2secret9" not in render(report)


class TestMarkdown:
    def test_a_change_is_a_folded_diff(self) -> None:
        text = render_markdown(preview(fleet(tenants(2), same_change)))
        assert text.startswith("## Descope flows: preview\n\n**2 tenants: 2 would change**\n")
        assert '```diff\n  screen "Welcome" (0)\n    text of Text\n-     Old\n+     New\n```' in text
        assert text.count("<details>") == text.count("</details>") == 1

    def test_it_is_never_longer_than_a_comment_may_be(self) -> None:
        words = "long " * 40

        def flows(tenant: str) -> Any:
            return [(minimal_flow(f"f{n}", title=f"{tenant}{words}"), minimal_flow(f"f{n}"), "x") for n in range(60)]

        text = render_markdown(preview(fleet(tenants(20), flows)))
        assert 30_000 < len(text) < 65_536
        assert "there is no more room here" in text
        assert text.rstrip().endswith(".")

    def test_nothing_in_it_becomes_markup_or_a_mention(self) -> None:
        entries = fleet([HOSTILE], lambda _t: [(minimal_flow("a"), minimal_flow("a", title=HOSTILE), HOSTILE)])
        text = render_markdown(preview([*entries, failed(HOSTILE, HOSTILE)]))
        outside = re.sub(r"^(`{3,})diff\n.*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)
        assert set(re.findall(r"<[^>]*>", outside)) == {"<details>", "</details>", "<summary>", "</summary>"}
        assert "@everyone" not in outside

    def test_a_change_of_white_space_can_be_seen(self) -> None:
        def flows(_tenant: str) -> Any:
            old, new = minimal_flow("a", title="Hello World"), minimal_flow("a", title="Hello  World ")
            new["contents"]["tasks"]["1"]["arguments"]["n"] = {"type": "inline", "value": "1"}
            old["contents"]["tasks"]["1"]["arguments"]["n"] = {"type": "inline", "value": 1}
            return [(old, new, "x")]

        text = render_markdown(preview(fleet(["acme"], flows)))
        assert "-     Hello\u00b7World\n+     Hello\u00b7\u00b7World\u00b7\n" in text
        assert '-     1\n+     "1"\n' in text

    @pytest.mark.parametrize(
        ("before", "after", "told"),
        [
            ("a\tb", "a b", ("a\u2192b", "a\u00b7b")),
            ("a\nb", "a\n\nb", ("a\u21b5\nb", "a\u21b5\n\u21b5\nb")),
            ("a\u00a0b", "a b", ("a\\u00a0b", "a\u00b7b")),
            ("", " ", ('""', '"\u00b7"')),
            ("a  b", "a  c", ("a  b", "a  c")),
            (None, " ", ("", '"\u00b7"')),
        ],
    )
    def test_white_space_has_signs_where_nothing_else_differs(self, before: Any, after: Any, told: Any) -> None:
        assert sides({"before": before, "after": after}) == told

    def test_names_in_html_are_not_escaped_as_in_markdown(self) -> None:
        text = render_markdown(preview(fleet(["acme_corp", "<b> & @all #1"], own_words)))
        assert "<summary>acme_corp</summary>" in text
        assert "<summary>&lt;b&gt; &amp; @&#8203;all #&#8203;1</summary>" in text

    def test_a_fence_cannot_be_closed_from_inside(self) -> None:
        title = "```\n# Heading\n````"
        text = render_markdown(
            preview(fleet(["a"], lambda _t: [(minimal_flow("a"), minimal_flow("a", title=title), "x")]))
        )
        [(fence, inside)] = re.findall(r"^(`{3,})diff\n(.*?)^\1$", text, flags=re.MULTILINE | re.DOTALL)
        assert fence not in inside


class Page(HTMLParser):
    """The elements of a page in order, and what is in them; complains of what is not closed."""

    VOID = frozenset({"meta", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.attributes: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _value in attrs)))
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def page_with(text: str, run_dir: Path | None = None) -> Page:
    """Return the page of a report in which this text stands everywhere a text of somebody else can stand."""

    def flows(_tenant: str) -> Any:
        new = minimal_flow("a", title=f"New {text}")
        new["metadata"]["name"] = f"Name {text}"
        new["contents"]["tasks"]["1"]["name"] = f"Task {text}"
        new["screens"][0]["interactions"][0]["label"] = f"Label {text}"
        return [(minimal_flow("a"), new, f"Source {text}"), (None, {**new, "flowId": "b"}, f"Source {text}")]

    result = FlowResult(Result.UNKNOWN, f"Error {text}")
    entries = fleet([f"Tenant {text}"], flows, result=result, **({"run_dir": run_dir} if run_dir else {}))
    entries = [replace(entry, warnings=(f"Warning {text}",)) for entry in entries]
    report = preview([*entries, failed(f"Other {text}", f"Message {text}")], run_dir)
    run = {**report["run"], "playbook": f"Playbook {text}", "job_id": f"Job {text}"}
    # As if it came from a file that somebody else has written.
    return Page(render_page(json.loads(json.dumps({**report, "run": run}))))


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    ask_for_pictures(tmp_path)
    return tmp_path


class TestPage:
    def test_it_asks_for_nothing_and_runs_nothing(self, run_dir: Path) -> None:
        page = page_with("x", run_dir)
        assert {tag for tag, _names in page.elements}.isdisjoint({"script", "link", "img", "iframe", "object", "form"})
        names = {name for name, _value in page.attributes}
        assert not any(name.startswith("on") or name in ("src", "srcset", "action") for name in names)
        assert all(value.startswith("#") for name, value in page.attributes if name == "href")
        assert "url(" not in "".join(page.texts)
        [policy] = [value for _name, value in page.attributes if value.startswith("default-src")]
        assert policy.startswith("default-src 'none';")

    def test_no_text_becomes_markup(self, run_dir: Path, tmp_path: Path) -> None:
        ask_for_pictures(tmp_path / "other")
        page = page_with(HOSTILE, run_dir)
        assert set(page.elements) == set(page_with("harmless", tmp_path / "other").elements)
        assert "<script>alert(1)</script>" in "".join(page.texts), "it is shown as what it is"

    @given(st.text(max_size=12))
    def test_no_text_at_all_becomes_markup(self, text: str) -> None:
        assert [tag for tag, _names in page_with(text).elements] == [tag for tag, _names in page_with("x").elements]

    def test_every_change_has_its_flow_drawn_before_and_after(self, run_dir: Path) -> None:
        page = page_with("x", run_dir)
        captions = [text for text in page.texts if text in ("Before", "After")]
        assert captions == ["Before", "After", "After"], "one flow changes, another is new"
        assert [tag for tag, _names in page.elements].count("svg") == 3
        assert [tag for tag, _names in page.elements].count("style") == 2, "the drawings share theirs"

    def test_without_pictures_it_is_still_a_report(self) -> None:
        page = page_with("x")
        assert "svg" not in {tag for tag, _names in page.elements}

    def test_the_matrix_has_every_tenant_and_every_flow_and_leads_to_the_changes(self) -> None:
        text = render_page(preview([*fleet(tenants(3), same_change), failed("zoe", "no")]))
        page = Page(text)
        assert [tag for tag, _names in page.elements].count("tr") == 1 + 4
        targets = {value for name, value in page.attributes if name == "id"}
        links = {value.removeprefix("#") for name, value in page.attributes if name == "href"}
        assert links == {"c1", "changes", "tenants", "failures"}
        assert links <= targets

    def test_a_thousand_tenants_with_one_change_are_a_small_page(self) -> None:
        assert len(render_page(preview(fleet(tenants(1000), same_change)))) < 400_000
        assert len(render_page(preview(fleet(tenants(1000), own_words)))) < 700_000
