# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""A verdict as the files that other programs read: JSON, JUnit XML, SARIF 2.1.0. The same verdict, the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem, Severity
from ansible_collections.community.descope.plugins.module_utils._json import JsonObject, file_bytes
from ansible_collections.community.descope.plugins.module_utils._validate.catalogue import RULES, Rule
from ansible_collections.community.descope.plugins.module_utils._validate.report import Report
from ansible_collections.community.descope.plugins.module_utils._validate.verdict import Finding, Verdict
from ansible_collections.community.descope.plugins.module_utils._version import COLLECTION_VERSION as VERSION

REPORT_VERSION = 1
_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_SARIF_LEVELS = {Severity.ERROR.value: "error", Severity.WARNING.value: "warning", Severity.INFO.value: "note"}
_HOME = "https://github.com/ansible-collections/community.descope"


def json_report(verdict: Verdict) -> bytes:
    """Return the report that C(schemas/validation-report.json) describes."""
    return file_bytes({"version": REPORT_VERSION, "tool": f"community.descope {VERSION}", **verdict.as_dict()})


# --- JUnit ------------------------------------------------------------------------------------------------------------


def junit_report(verdict: Verdict) -> bytes:
    """Return one suite a tenant, one test a flow; a flow with errors has failed, and what is no flow has too."""
    root = ElementTree.Element("testsuites", {"name": "descope_flow_validate"})
    for tenant in verdict.tenants:
        suite = ElementTree.SubElement(root, "testsuite", {"name": _printable(tenant)})
        told: set[int] = set()
        for flow in verdict.flows:
            if tenant in flow.tenants:
                findings = verdict.of_flow(flow, tenant)
                told.update(map(id, findings))
                _case(suite, flow.flow_id, flow.source, findings)
        for finding in verdict.findings:
            if tenant in finding.tenants and id(finding) not in told:
                _case(suite, finding.report.source or tenant, finding.report.source, [finding])
        _count(suite)
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    ElementTree.indent(root)
    text: str = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def _case(suite: ElementTree.Element, name: str, source: str, findings: list[Finding]) -> None:
    case = ElementTree.SubElement(suite, "testcase", {"name": _printable(name), "classname": _printable(source)})
    for finding in findings:
        report = finding.report
        if report.severity == Severity.ERROR.value:
            attributes = {"type": report.code, "message": _printable(report.message)}
            ElementTree.SubElement(case, "failure", attributes).text = _printable(f"{report}\n{report.hint}")
    others = [str(finding.report) for finding in findings if finding.report.severity != Severity.ERROR.value]
    if others:
        ElementTree.SubElement(case, "system-out").text = _printable("\n".join(others))


def _count(suite: ElementTree.Element) -> None:
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(sum(case.find("failure") is not None for case in suite)))
    suite.set("errors", "0")


def _printable(text: str) -> str:
    """Return a text without what XML cannot hold."""
    return "".join(char if char in "\t\n" or (ord(char) >= 32 and not _is_odd(ord(char))) else "?" for char in text)


def _is_odd(code: int) -> bool:
    return 0xD800 <= code <= 0xDFFF or code in (0xFFFE, 0xFFFF)


# --- SARIF ------------------------------------------------------------------------------------------------------------


def sarif_report(verdict: Verdict) -> bytes:
    """Return the findings in the format from which code hosts annotate lines."""
    rules = list(RULES.values())
    positions = {rule.code: position for position, rule in enumerate(rules)}
    run = {
        "tool": {
            "driver": {
                "name": "community.descope",
                "version": VERSION,
                "informationUri": _HOME,
                "rules": [_rule(rule) for rule in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "Where the playbook was started"}}},
        "results": [_result(finding, positions) for finding in verdict.findings],
    }
    return file_bytes({"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(rule: Rule) -> JsonObject:
    return {
        "id": rule.code,
        "shortDescription": {"text": f"{rule.meaning}."},
        "help": {"text": rule.remedy},
        "defaultConfiguration": {"level": _SARIF_LEVELS[rule.severity.value]},
        "properties": {"level": rule.level.value},
    }


def _result(finding: Finding, positions: Mapping[str, int]) -> JsonObject:
    report = finding.report
    flow = f"flow {report.flow_id}: " if finding.flow_ids == [report.flow_id] != [""] else ""
    result: JsonObject = {
        "ruleId": report.code,
        "level": _SARIF_LEVELS[report.severity],
        "message": {"text": f"{flow}{report.message}. {report.hint}".replace("\ud800", "?")},
        "properties": {"tenants": list(finding.tenants)},
    }
    if report.code in positions:
        result["ruleIndex"] = positions[report.code]
    location = _location(report)
    return {**result, "locations": [location]} if location else result


def _location(report: Report) -> JsonObject:
    location: JsonObject = {}
    file = report.file or report.source
    if file and ("/" in file or "." in file) and not file.endswith("]"):
        artifact: JsonObject = {"uri": _uri(file)}
        if not PurePosixPath(file).is_absolute():
            artifact["uriBaseId"] = "SRCROOT"
        location["physicalLocation"] = {"artifactLocation": artifact}
        if report.line:
            region = {"startLine": report.line, "startColumn": max(report.column, 1)}
            location["physicalLocation"]["region"] = region
    if report.path:
        location["logicalLocations"] = [{"fullyQualifiedName": report.path}]
    return location


def _uri(file: str) -> str:
    encoded = quote(file.removeprefix("./"))
    return f"file://{encoded}" if PurePosixPath(file).is_absolute() else encoded


# --- files ------------------------------------------------------------------------------------------------------------

_FORMATS: dict[str, Callable[[Verdict], bytes]] = {"json": json_report, "junit": junit_report, "sarif": sarif_report}


def write_reports(verdict: Verdict, paths: Mapping[str, Any]) -> dict[str, str]:
    """Write the reports that have a path, and return their paths. Raises InputError for all that cannot be written."""
    problems: list[Problem] = []
    written: dict[str, str] = {}
    for name, render in _FORMATS.items():
        if not paths.get(name):
            continue
        path = Path(paths[name])
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(render(verdict))
        except OSError as error:
            reason = error.strerror or str(error)
            problems.append(Problem("not-writable", f"cannot be written: {reason}", source=str(path)))
        written[name] = str(path)
    if problems:
        raise InputError(problems)
    return written
