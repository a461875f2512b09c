# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What is measured, as tables of numbers, and the budgets that the numbers have to keep."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from ansible.release import __version__ as ansible_version

from bench_runs import Sample

REQUEST_KINDS = {
    "GET /v1/mgmt/license": "license",
    "POST /v1/mgmt/project/snapshot/export": "snapshot",
    "POST /v1/mgmt/flow/list": "list",
    "POST /v2/mgmt/flow/export": "export",
    "POST /v2/mgmt/flow/import": "import",
    "POST /v1/mgmt/flow/delete": "delete",
}
_HEADINGS = ("wall s", "ratio", "CPU s", "largest MB", "contr. MB", "all MB", "output kB", "requests")
_NAME_WIDTH = 46


@dataclass
class Row:
    """The samples of one job, in the order of the rounds. C(note) says what is not obvious from its name."""

    name: str
    samples: list[Sample] = field(default_factory=list)
    note: str = ""

    def middle(self, number: str) -> float:
        """Return the median of one of the numbers of a sample."""
        return float(median(getattr(sample, number) for sample in self.samples))


@dataclass(frozen=True)
class Budget:
    """A number that must not be above C(limit), or not below it where C(least). judged: whether the sizes mean it."""

    name: str
    measured: float
    limit: float
    unit: str = ""
    least: bool = False
    judged: bool = True

    @property
    def kept(self) -> bool:
        return self.measured >= self.limit if self.least else self.measured <= self.limit

    @property
    def verdict(self) -> str:
        if not self.judged:
            return "not judged"
        return "pass" if self.kept else "FAIL"


@dataclass
class Comparison:
    """Jobs that were run in turn, the same number of times each, and what is required of them."""

    title: str
    rows: list[Row] = field(default_factory=list)
    budgets: list[Budget] = field(default_factory=list)
    shows_requests: bool = False


def ratio(left: Row, right: Row, number: str) -> float:
    """Return how many times C(right)'s number is C(left)'s: the median over the rounds, each compared with itself."""
    pairs = zip(left.samples, right.samples, strict=True)
    return float(median(getattr(one, number) / max(getattr(other, number), 1e-9) for one, other in pairs))


def kinds_of(requests: dict[str, int]) -> dict[str, int]:
    """Return how many requests of each kind there were, by their short names."""
    return {REQUEST_KINDS.get(name, name): count for name, count in requests.items()}


def print_comparison(comparison: Comparison) -> None:
    """Print the medians of every job, and the budgets."""
    rounds = max(len(row.samples) for row in comparison.rows)
    print(f"\n{comparison.title}" + (f"; medians of {rounds} rounds" if rounds > 1 else ""))
    headings = ("requests",) if comparison.shows_requests else _HEADINGS
    print("  " + " " * _NAME_WIDTH + "".join(f"{heading:>11}" for heading in headings))
    for row in comparison.rows:
        print(
            f"  {row.name:<{_NAME_WIDTH}}"
            + (_requests(row) if comparison.shows_requests else _numbers(row, comparison.rows[0]))
        )
    for row in comparison.rows:
        if row.note:
            print(f"    {row.name}: {row.note}")
    print_budgets(comparison.budgets)


def _numbers(row: Row, first: Row) -> str:
    """Return a line of medians; the ratio is that of the wall clock to the first job's."""
    times = row.middle("seconds") / max(first.middle("seconds"), 1e-9)
    memory = "".join(f"{row.middle(name):>11.0f}" for name in ("largest_mb", "controller_mb", "all_mb"))
    requests = median(sum(sample.requests.values()) for sample in row.samples)
    return (
        f"{row.middle('seconds'):>11.2f}{times:>11.2f}{row.middle('cpu_seconds'):>11.2f}{memory}"
        f"{row.middle('output_bytes') / 1000:>11.0f}{requests:>11.0f}"
    )


def _requests(row: Row) -> str:
    requests = kinds_of(row.samples[-1].requests)
    details = ", ".join(f"{count} {kind}" for kind, count in requests.items())
    return f"{sum(requests.values()):>11}  {details}"


def print_budgets(budgets: Iterable[Budget]) -> None:
    """Print one line a budget."""
    for budget in budgets:
        bound = "at least" if budget.least else "at most"
        measured = f"{budget.measured:.4g}{budget.unit}"
        print(f"  {budget.verdict:>10}  {budget.name}: {measured} ({bound} {budget.limit:g}{budget.unit})")


def write_json(path: Path, settings: dict[str, Any], comparisons: Sequence[Comparison]) -> None:
    """Write everything that was measured, every round of it."""
    content = {
        "machine": {
            "cpus": os.cpu_count(),
            "system": platform.platform(),
            "python": platform.python_version(),
            "ansible_core": ansible_version,
        },
        "settings": settings,
        "comparisons": [_as_json(comparison) for comparison in comparisons],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _as_json(comparison: Comparison) -> dict[str, Any]:
    rows = [
        {"name": row.name, "note": row.note, "samples": [sample.as_dict() for sample in row.samples]}
        for row in comparison.rows
    ]
    budgets = [asdict(budget) | {"verdict": budget.verdict} for budget in comparison.budgets]
    return {"title": comparison.title, "rows": rows, "budgets": budgets}
