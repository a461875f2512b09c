# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What a validation found, over all tenants: each finding once, with everybody it concerns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._errors import Problem, Severity
from ansible_collections.community.descope.plugins.module_utils._json import JsonObject
from ansible_collections.community.descope.plugins.module_utils._validate.report import Report, report_all, report_from

_ORDER = {Severity.ERROR.value: 0, Severity.WARNING.value: 1, Severity.INFO.value: 2}
NEVER = "never"
_MOST_LINES = 200
_MOST_NAMES = 10


@dataclass(slots=True)
class ValidatedFlow:
    """One rendering of a flow, and the tenants that get it."""

    flow_id: str
    source: str
    rendering: str
    tenants: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Finding:
    """One finding, the tenants it concerns, and the flows: a template may give each tenant's flow another id."""

    report: Report
    tenants: list[str] = field(default_factory=list)
    flow_ids: list[str] = field(default_factory=list)
    # Who has it in which flow: not every tenant has it in every one of the flows.
    places: set[tuple[str, str]] = field(default_factory=set)

    def __str__(self) -> str:
        return str(self._common())

    def as_dict(self) -> JsonObject:
        return {**self._common().as_dict(), "tenants": list(self.tenants)}

    def _common(self) -> Report:
        return replace(self.report, flow_id="") if len(self.flow_ids) > 1 else self.report


class Verdict:
    """The findings of all tenants, errors first, each once."""

    def __init__(self, ignored: Iterable[str] = ()) -> None:
        self._ignored_codes = frozenset(ignored)
        self._flows: dict[tuple[str, str, str], ValidatedFlow] = {}
        self._findings: dict[tuple[str, ...], Finding] = {}
        self.tenants: list[str] = []
        self.ignored = 0

    def add_tenant(self, tenant: str) -> None:
        if tenant not in self.tenants:
            self.tenants.append(tenant)

    def add_flow(self, tenant: str, flow_id: str, source: str, rendering: str) -> None:
        flow = self._flows.setdefault((flow_id, source, rendering), ValidatedFlow(flow_id, source, rendering))
        if tenant not in flow.tenants:
            flow.tenants.append(tenant)

    def add(self, tenant: str, reports: Iterable[Report]) -> None:
        """Take in what was found for one tenant."""
        for report in reports:
            if report.code in self._ignored_codes:
                self.ignored += 1
                continue
            finding = self._findings.setdefault(report.key, Finding(report))
            if tenant not in finding.tenants:
                finding.tenants.append(tenant)
            if report.flow_id not in finding.flow_ids:
                finding.flow_ids.append(report.flow_id)
            finding.places.add((tenant, report.flow_id))

    @property
    def flows(self) -> list[ValidatedFlow]:
        return list(self._flows.values())

    @property
    def findings(self) -> list[Finding]:
        """The findings, errors first, then by file and line."""
        return sorted(self._findings.values(), key=_order)

    def of_flow(self, flow: ValidatedFlow, tenant: str) -> list[Finding]:
        """Return the findings about one flow for one tenant."""
        return [
            finding
            for finding in self.findings
            if (tenant, flow.flow_id) in finding.places and flow.source == finding.report.source
        ]

    def counts(self) -> JsonObject:
        severities = Counter(finding.report.severity for finding in self._findings.values())
        return {
            "errors": severities[Severity.ERROR.value],
            "warnings": severities[Severity.WARNING.value],
            "infos": severities[Severity.INFO.value],
            "ignored": self.ignored,
            "tenants": len(self.tenants),
            "flows": sum(len(flow.tenants) for flow in self._flows.values()),
            "renderings": len({flow.rendering for flow in self._flows.values()}),
        }

    def broken(self, fail_on: str) -> list[Finding]:
        """Return the findings that are as bad as C(fail_on), or worse."""
        if fail_on == NEVER:
            return []
        return [finding for finding in self.findings if _ORDER[finding.report.severity] <= _ORDER[fail_on]]

    def failure(self, fail_on: str) -> str:
        """Return why the task fails, in one line; empty if it does not."""
        broken = self.broken(fail_on)
        if not broken:
            return ""
        tenants = list(dict.fromkeys(tenant for finding in broken for tenant in finding.tenants))
        listed = "; ".join(f"[{number}] {finding}" for number, finding in enumerate(broken[:5], start=1))
        more = f"; and {len(broken) - 5} more, see 'problems'" if len(broken) > 5 else ""
        whose = f" for {len(tenants)} of {len(self.tenants)} tenants ({names(tenants)})" if self.tenants[1:] else ""
        return f"{_counted(len(broken), 'finding')}{whose}: {listed}{more}"

    def summary(self) -> list[str]:
        """Return what was found as lines for people: errors first, each with the tenants that it breaks."""
        counts = self.counts()
        flows = f"{_counted(counts['flows'], 'flow')} of {_counted(counts['tenants'], 'tenant')}"
        found = ", ".join(
            _counted(counts[name], word)
            for name, word in (("errors", "error"), ("warnings", "warning"), ("infos", "note"))
        )
        ignored = f", {counts['ignored']} ignored" if counts["ignored"] else ""
        lines = [f"{flows}, {_counted(counts['renderings'], 'rendering')}: {found}{ignored}"]
        findings = [finding for finding in self.findings if finding.report.severity != Severity.INFO.value]
        for finding in findings[:_MOST_LINES]:
            lines.append(str(finding))
            lines.append(f"    breaks {self._whose(finding)}; {finding.report.hint}".rstrip("; "))
        if len(findings) > _MOST_LINES:
            lines.append(f"and {len(findings) - _MOST_LINES} more, see the reports")
        return lines

    def _whose(self, finding: Finding) -> str:
        return "every tenant" if len(finding.tenants) == len(self.tenants) > 1 else names(finding.tenants)

    def as_dict(self) -> JsonObject:
        """Return everything as plain values: what a result, the JSON report and the next stage are made of."""
        return {
            "counts": self.counts(),
            "tenants": list(self.tenants),
            "flows": [
                {
                    "flow_id": flow.flow_id,
                    "source": flow.source,
                    "rendering": flow.rendering,
                    "tenants": list(flow.tenants),
                }
                for flow in self.flows
            ],
            "problems": [finding.as_dict() for finding in self.findings],
        }


def combined(results: Mapping[str, Any], ignored: Iterable[str] = ()) -> Verdict:
    """Return the verdict over the results of several tasks, by tenant. What is no result is a finding itself."""
    verdict = Verdict(ignored)
    for tenant, result in results.items():
        verdict.add_tenant(tenant)
        try:
            for flow in result["flows"]:
                verdict.add_flow(tenant, flow["flow_id"], flow["source"], flow["rendering"])
            verdict.add(tenant, [report for problem in result["problems"] for report in _reports(problem)])
            verdict.ignored += result["counts"]["ignored"]
            if result.get("failed") and not result["problems"]:
                raise KeyError("problems")
        except (TypeError, KeyError, AttributeError):
            reason = result.get("msg") if isinstance(result, dict) else None
            message = f"it has no result of a validation: {_one_line(reason) or 'its task did not run'}"
            verdict.add(tenant, report_all([Problem("not-validated", message, source=tenant)]))
    return verdict


def _reports(problem: Mapping[str, Any]) -> list[Report]:
    """Return what a result says of a problem: a finding, or what was wrong with the arguments of its task."""
    if "level" in problem:
        return [report_from({key: value for key, value in problem.items() if key != "tenants"})]
    code, message, path = (str(problem[member]) for member in ("code", "message", "path"))
    return report_all([Problem(code, message, path, str(problem["source"]), str(problem["flow_id"]))])


def names(tenants: Sequence[str]) -> str:
    """Return the names of tenants, the first of them where there are many."""
    shown = ", ".join(tenants[:_MOST_NAMES])
    return f"{shown} and {len(tenants) - _MOST_NAMES} more" if len(tenants) > _MOST_NAMES else shown


def _order(finding: Finding) -> tuple[int, str, int, int]:
    report = finding.report
    return _ORDER[report.severity], report.file or report.source, report.line, report.column


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _one_line(value: Any) -> str:
    return " ".join(str(value or "").split())[:300]
