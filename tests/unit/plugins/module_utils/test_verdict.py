# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""One verdict over many tenants, and the reports that are made of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from ansible_collections.community.descope.plugins.module_utils._errors import InputError
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._validate.catalogue import RULES
from ansible_collections.community.descope.plugins.module_utils._validate.renderings import Renderings
from ansible_collections.community.descope.plugins.module_utils._validate.report import Report
from ansible_collections.community.descope.plugins.module_utils._validate.reports import (
    json_report,
    junit_report,
    sarif_report,
    write_reports,
)
from ansible_collections.community.descope.plugins.module_utils._validate.schemas import all_schemas
from ansible_collections.community.descope.plugins.module_utils._validate.validate import Settings
from ansible_collections.community.descope.plugins.module_utils._validate.verdict import Verdict, combined
from example_flows import minimal_flow

EDGE = "$.contents.tasks.0.next.rules[0].taskId"


def report(code: str = "dangling-edge", **members: Any) -> Report:
    rule = RULES[code]
    return Report(
        **{
            "severity": rule.severity.value,
            "level": rule.level.value,
            "code": code,
            "message": "leads nowhere",
            "hint": rule.remedy,
            "path": EDGE,
            "source": "flows/a.json",
            "flow_id": "a",
            **members,
        }
    )


def verdict_of_three() -> Verdict:
    """Two tenants share a broken rendering; the third has a file that cannot be read, in a folder with odd names."""
    verdict = Verdict(["unused-interaction"])
    for tenant in ("acme", "globex"):
        verdict.add_tenant(tenant)
        verdict.add_flow(tenant, "a", "flows/a.json", "1" * 32)
        verdict.add(tenant, [report(file="flows/a.json", line=17, column=5), report("unreachable-task")])
        verdict.add(tenant, [report("unused-interaction")])
    verdict.add_tenant("zoé")
    verdict.add_flow("zoé", "b", "definition[0]", "2" * 32)
    verdict.add("zoé", [report("git-conflict", path="", source="flöws/b & c.json", flow_id="", line=3, column=1)])
    verdict.add("zoé", [report("final-step", source="definition[0]", flow_id="b", message="\x00 <odd> \ud800")])
    return verdict


class TestVerdict:
    def test_a_finding_is_told_once_with_everybody_it_concerns(self) -> None:
        verdict = verdict_of_three()
        assert [(finding.report.code, finding.tenants) for finding in verdict.findings] == [
            ("dangling-edge", ["acme", "globex"]),
            ("git-conflict", ["zoé"]),
            ("unreachable-task", ["acme", "globex"]),
            ("final-step", ["zoé"]),
        ]
        counts = {"errors": 2, "warnings": 1, "infos": 1, "ignored": 2, "tenants": 3, "flows": 3, "renderings": 2}
        assert verdict.counts() == counts

    @pytest.mark.parametrize(("fail_on", "broken"), [("never", 0), ("error", 2), ("warning", 3), ("info", 4)])
    def test_what_counts_is_as_bad_as_was_asked_for(self, fail_on: str, broken: int) -> None:
        verdict = verdict_of_three()
        assert len(verdict.broken(fail_on)) == broken
        assert bool(verdict.failure(fail_on)) == bool(broken)

    def test_a_failure_names_tenants_and_lines_in_one_line(self) -> None:
        assert verdict_of_three().failure("error") == (
            "2 findings for 3 of 3 tenants (acme, globex, zoé): "
            f"[1] error dangling-edge: flows/a.json:17:5 at {EDGE}: leads nowhere; "
            "[2] error git-conflict: flöws/b & c.json: leads nowhere"
        )

    def test_a_summary_says_who_is_broken_and_what_to_do(self) -> None:
        lines = verdict_of_three().summary()
        assert lines[0] == "3 flows of 3 tenants, 2 renderings: 2 errors, 1 warning, 1 note, 2 ignored"
        assert lines[2] == f"    breaks acme, globex; {RULES['dangling-edge'].remedy}"
        assert len(lines) == 7

    def test_a_finding_in_flows_of_many_names_has_none_of_them(self) -> None:
        verdict = Verdict()
        for tenant in ("acme", "globex"):
            verdict.add_tenant(tenant)
            verdict.add(tenant, [report(flow_id=f"{tenant}-sign-in")])
        (finding,) = verdict.findings
        assert "acme" not in str(finding)
        assert verdict.summary()[2].startswith("    breaks every tenant;")

    def test_results_of_tasks_are_brought_together(self) -> None:
        results = {"acme": verdict_of_three().as_dict(), "globex": verdict_of_three().as_dict()}
        together = combined(results)
        assert together.tenants == ["acme", "globex"]
        assert [finding.tenants for finding in together.findings] == [["acme", "globex"]] * 4
        assert together.counts()["ignored"] == 4

    @pytest.mark.parametrize("result", [None, "", {}, {"failed": True, "msg": "no such option"}, {"flows": 1}, []])
    def test_a_tenant_without_a_result_is_an_error(self, result: Any) -> None:
        verdict = combined({"acme": result})
        assert [finding.report.code for finding in verdict.findings] == ["not-validated"]
        assert "acme" in verdict.failure("error")


def test_what_was_wrong_with_a_task_is_told_as_it_was() -> None:
    problem = {
        "severity": "error",
        "code": "no-source",
        "message": "give the flows",
        "path": "",
        "source": "",
        "flow_id": "",
    }
    failed = {**Verdict().as_dict(), "failed": True, "msg": "give the flows", "problems": [problem]}
    assert [finding.report.code for finding in combined({"acme": failed}).findings] == ["no-source"]
    empty = {**failed, "problems": [], "msg": "no key"}
    assert [finding.report.message for finding in combined({"acme": empty}).findings] == [
        "it has no result of a validation: no key"
    ]


class TestJson:
    def test_it_is_what_its_schema_says(self) -> None:
        content = json.loads(json_report(verdict_of_three()))
        jsonschema.Draft202012Validator(all_schemas()["validation-report.json"]).validate(content)
        assert [problem["code"] for problem in content["problems"]][:2] == ["dangling-edge", "git-conflict"]

    def test_the_same_verdict_is_the_same_file(self) -> None:
        for render in (json_report, junit_report, sarif_report):
            assert render(verdict_of_three()) == render(verdict_of_three())


class TestJunit:
    def test_it_has_the_structure_of_junit(self) -> None:
        root = ElementTree.fromstring(junit_report(verdict_of_three()))
        assert root.tag == "testsuites"
        assert {suite.tag for suite in root} == {"testsuite"}
        for suite in root:
            assert {case.tag for case in suite} == {"testcase"}
            assert suite.get("tests") == str(len(suite))
            assert suite.get("failures") == str(len(suite.findall("testcase/failure")))
            for case in suite:
                assert set(case.keys()) == {"name", "classname"}
                assert {part.tag for part in case} <= {"failure", "system-out"}
                assert all(failure.get("message") and failure.get("type") for failure in case.findall("failure"))
        assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("4", "3", "0")

    def test_a_suite_is_a_tenant_and_a_test_is_a_flow(self) -> None:
        root = ElementTree.fromstring(junit_report(verdict_of_three()))
        cases = {(suite.get("name"), case.get("name")): case for suite in root for case in suite}
        assert set(cases) == {("acme", "a"), ("globex", "a"), ("zoé", "b"), ("zoé", "flöws/b & c.json")}
        assert cases[("acme", "a")].find("failure") is not None
        assert cases[("zoé", "b")].find("failure") is None

    def test_a_flow_fails_for_those_tenants_only_that_have_the_finding_in_it(self) -> None:
        verdict = Verdict()
        for tenant, broken in (("acme", "a"), ("globex", "b")):
            verdict.add_tenant(tenant)
            for flow_id in ("a", "b"):
                verdict.add_flow(tenant, flow_id, "flows/a.json", f"{tenant}-{flow_id}")
            verdict.add(tenant, [report(flow_id=broken)])
        root = ElementTree.fromstring(junit_report(verdict))
        cases = [(suite.get("name"), case.get("name"), len(case)) for suite in root for case in suite]
        assert cases == [("acme", "a", 1), ("acme", "b", 0), ("globex", "a", 0), ("globex", "b", 1)]


# The parts of SARIF 2.1.0 that we write, as its schema (sarif-schema-2.1.0.json, OASIS) defines them.
MESSAGE = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool"],
                "additionalProperties": False,
                "properties": {
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "originalUriBaseIds": {
                        "type": "object",
                        "additionalProperties": {
                            "type": "object",
                            "additionalProperties": False,
                            "properties": {"uri": {"type": "string"}, "description": MESSAGE},
                        },
                    },
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name"],
                                "additionalProperties": False,
                                "properties": {
                                    "name": {"type": "string"},
                                    "version": {"type": "string"},
                                    "informationUri": {"type": "string", "format": "uri"},
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": {
                                            "type": "object",
                                            "required": ["id"],
                                            "additionalProperties": False,
                                            "properties": {
                                                "id": {"type": "string"},
                                                "shortDescription": MESSAGE,
                                                "help": MESSAGE,
                                                "defaultConfiguration": {
                                                    "type": "object",
                                                    "properties": {
                                                        "level": {"enum": ["none", "note", "warning", "error"]}
                                                    },
                                                },
                                                "properties": {"type": "object"},
                                            },
                                        },
                                    },
                                },
                            }
                        },
                    },
                    "results": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["message"],
                            "additionalProperties": False,
                            "properties": {
                                "ruleId": {"type": "string"},
                                "ruleIndex": {"type": "integer", "minimum": -1},
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "message": MESSAGE,
                                "properties": {"type": "object"},
                                "locations": {
                                    "type": "array",
                                    "items": {
                                        "type": "object",
                                        "additionalProperties": False,
                                        "properties": {
                                            "logicalLocations": {
                                                "type": "array",
                                                "items": {
                                                    "type": "object",
                                                    "additionalProperties": False,
                                                    "properties": {"fullyQualifiedName": {"type": "string"}},
                                                },
                                            },
                                            "physicalLocation": {
                                                "type": "object",
                                                "required": ["artifactLocation"],
                                                "additionalProperties": False,
                                                "properties": {
                                                    "artifactLocation": {
                                                        "type": "object",
                                                        "additionalProperties": False,
                                                        "properties": {
                                                            "uri": {"type": "string", "pattern": "^[!-~]+$"},
                                                            "uriBaseId": {"type": "string"},
                                                        },
                                                    },
                                                    "region": {
                                                        "type": "object",
                                                        "additionalProperties": False,
                                                        "properties": {
                                                            "startLine": {"type": "integer", "minimum": 1},
                                                            "startColumn": {"type": "integer", "minimum": 1},
                                                        },
                                                    },
                                                },
                                            },
                                        },
                                    },
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}


class TestSarif:
    def test_it_has_the_structure_of_sarif(self) -> None:
        jsonschema.Draft202012Validator(SARIF).validate(json.loads(sarif_report(verdict_of_three())))

    def test_results_point_to_their_rule_their_line_and_their_tenants(self) -> None:
        (run,) = json.loads(sarif_report(verdict_of_three()))["runs"]
        rules = run["tool"]["driver"]["rules"]
        for result in run["results"]:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        edge, conflict = run["results"][:2]
        assert edge["locations"] == [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "flows/a.json", "uriBaseId": "SRCROOT"},
                    "region": {"startLine": 17, "startColumn": 5},
                },
                "logicalLocations": [{"fullyQualifiedName": EDGE}],
            }
        ]
        assert edge["properties"] == {"tenants": ["acme", "globex"]}
        location = conflict["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert location == "fl%C3%B6ws/b%20%26%20c.json"

    def test_what_came_from_no_file_names_none(self) -> None:
        (run,) = json.loads(sarif_report(verdict_of_three()))["runs"]
        assert "physicalLocation" not in run["results"][-1]["locations"][0]


def test_reports_are_written_where_they_were_asked_for(tmp_path: Path) -> None:
    paths = {"json": tmp_path / "new" / "flows.json", "junit": None, "sarif": str(tmp_path / "flows.sarif")}
    written = write_reports(verdict_of_three(), paths)
    assert written == {"json": str(paths["json"]), "sarif": paths["sarif"]}
    assert json.loads((tmp_path / "flows.sarif").read_bytes())["version"] == "2.1.0"


def test_every_report_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    paths = {"json": tmp_path / "file" / "a.json", "junit": tmp_path}
    with pytest.raises(InputError) as caught:
        write_reports(Verdict(), paths)
    assert [problem.source for problem in caught.value.problems] == [str(paths["json"]), str(tmp_path)]


class TestRenderings:
    def test_each_rendering_is_validated_once_for_all_workers(self, tmp_path: Path) -> None:
        first, second = Renderings(tmp_path, Settings()), Renderings(tmp_path, Settings())
        flow = minimal_flow("a")
        del flow["contents"]["tasks"]["4"]
        documents = [FlowDocument(json.loads(json.dumps(flow)), "a.json") for _number in range(3)]
        reports = [renderings.reports(document) for renderings in (first, second) for document in documents]
        assert all(found == reports[0] for found in reports)
        assert {found.code for found in reports[0]} >= {"dangling-edge", "no-end"}
        assert (first.validated, second.validated) == (1, 0)

    def test_another_flow_place_or_question_is_another_rendering(self, tmp_path: Path) -> None:
        renderings = Renderings(tmp_path, Settings())
        same = FlowDocument(minimal_flow("a"), "a.json")
        keys = {
            renderings.key(same),
            renderings.key(FlowDocument(minimal_flow("b"), "a.json")),
            renderings.key(FlowDocument(minimal_flow("a"), "b.json")),
            Renderings(tmp_path, Settings(redirect_hosts=("a",))).key(same),
        }
        assert len(keys) == 4

    def test_what_a_worker_left_half_written_is_done_again(self, tmp_path: Path) -> None:
        document = FlowDocument(minimal_flow("a"), "a.json")
        renderings = Renderings(tmp_path, Settings())
        folder = tmp_path / "validated"
        folder.mkdir()
        (folder / f"{renderings.key(document)}.json").write_text('[{"severity": "err', encoding="utf-8")
        assert renderings.reports(document) == []
        assert Renderings(tmp_path, Settings()).reports(document) == []

    def test_nothing_is_shared_without_a_run(self) -> None:
        renderings = Renderings(None, Settings())
        assert renderings.reports(FlowDocument(minimal_flow("a"))) == []
        assert renderings.validated == 1
