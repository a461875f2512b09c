# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The comparisons: which jobs run side by side, and what must come of it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench_flows import write_template
from bench_report import Budget, Comparison, Row, kinds_of, ratio
from bench_runs import Job, Sample, Workshop
from emulator_client import running_emulator

# So many tenants are enough to see what a loop over a module costs for each.
_URI_TENANTS = 10
JUDGED_TENANTS = 50
_COUNTED_TENANTS = 50
_PATH_TENANTS = 10
_LATENCY_MS = 100
_RENDERINGS = 1000
_FEW_RENDERINGS = 20
# On the wire; as a file that people read, it is about twice as large.
_RENDERED_BYTES = 50_000
_RENDERED_VARIABLES = 20

# What is required. Of a diff: its two headers, and about a hundred bytes for each of the five changes.
LEAST_SPEEDUP = 10.0
LEAST_RENDERING_SPEEDUP = 5.0
MOST_DIFF_RATIO = 2.0
MOST_DIFF_BYTES = 800.0
MOST_UNCHANGED_REQUESTS = 2.0

_EXPORTS = {"DESCOPE_READ": "export"}
_CHECK = ("--check",)


@dataclass(frozen=True)
class Sizes:
    """How much to measure."""

    tenants: int
    flows: int
    runs: int
    forks: int

    @property
    def judged(self) -> bool:
        """Whether times and memory mean anything: for few tenants, most of them are Ansible's own start."""
        return self.tenants >= JUDGED_TENANTS

    def fewer(self, tenants: int) -> Sizes:
        return replace(self, tenants=min(self.tenants, tenants))


@contextmanager
def workshop(sizes: Sizes, *arguments: str) -> Iterator[Workshop]:
    """A workshop around an emulator of its own, without latency and limits unless the arguments say otherwise."""
    with tempfile.TemporaryDirectory(prefix="descope-bench-") as folder, running_emulator(*arguments) as emulator:
        yield Workshop(Path(folder), emulator, sizes.tenants, sizes.flows, sizes.forks)


def in_turn(place: Workshop, jobs: Mapping[str, Job], runs: int) -> dict[str, Row]:
    """Run the jobs one after the other, C(runs) times, so that whatever else the machine does hits all of them."""
    rows = {name: Row(name) for name in jobs}
    for _run in range(runs):
        for name, job in jobs.items():
            rows[name].samples.append(place.run(job))
    return rows


def deploy(tenants: int, edition: str = "now") -> Job:
    """The job that brings every flow of every tenant to an edition, each of which is different before."""
    return Job("descope_flow", tenants, edition, changed=None)


def speed(sizes: Sizes) -> list[Comparison]:
    """Nothing to change: one descope_flow task a tenant against the same job written with ansible.builtin.uri."""
    sliced = min(sizes.tenants, _URI_TENANTS)
    ours = {
        "descope_flow, snapshot export": Job("descope_flow", sizes.tenants),
        "descope_flow, single exports": Job("descope_flow", sizes.tenants, environment=_EXPORTS),
    }
    others = {
        "ansible.builtin.uri": Job("uri", sliced),
        "Ansible alone, an empty task a tenant": Job("nothing", sizes.tenants),
        "Ansible alone, one tenant": Job("nothing", 1),
    }
    with workshop(sizes) as place:
        place.run(deploy(sizes.tenants))
        place.run(Job("uri", 1))  # the first run compiles what is not compiled yet
        rows = in_turn(place, ours | others, sizes.runs)
    uri = for_all(rows["ansible.builtin.uri"], rows["Ansible alone, one tenant"], sizes.tenants / sliced)
    rows["ansible.builtin.uri"].name += f", {sliced} tenants"
    budgets = [
        Budget(f"{name}, faster than uri", ratio(uri, rows[name], "seconds"), LEAST_SPEEDUP, "x", True, sizes.judged)
        for name in ours
    ]
    title = f"Nothing to change, {sizes.tenants} tenants x {sizes.flows} flows"
    return [Comparison(title, [*rows.values(), *([uri] if sliced < sizes.tenants else [])], budgets)]


def for_all(measured: Row, start: Row, times: float) -> Row:
    """Return what a job that was measured for a slice of the tenants would take for so many times more."""
    row = Row(
        f"{measured.name}, all tenants", note=f"not measured, but {times:g} times the slice, Ansible's start aside"
    )
    pairs = zip(measured.samples, start.samples, strict=True)
    row.samples = [_extrapolated(sample, floor, times) for sample, floor in pairs]
    return row


def _extrapolated(sample: Sample, start: Sample, times: float) -> Sample:
    """Return what a run for so many times more tenants takes, if each takes as long; its memory would grow too."""

    def scaled(number: str) -> float:
        floor = getattr(start, number)
        return float(floor + max(getattr(sample, number) - floor, 0) * times)

    requests = {name: round(count * times) for name, count in sample.requests.items()}
    return replace(
        sample,
        seconds=scaled("seconds"),
        cpu_seconds=scaled("cpu_seconds"),
        output_bytes=round(scaled("output_bytes")),
        requests=requests,
    )


def diff(sizes: Sizes) -> list[Comparison]:
    """Every flow changed: a preview with the diff against one without."""
    with workshop(sizes) as place:
        place.run(deploy(sizes.tenants))
        jobs = {
            "--check": Job("descope_flow", sizes.tenants, "next", _CHECK, changed=None),
            "--check --diff": Job("descope_flow", sizes.tenants, "next", (*_CHECK, "--diff"), changed=None),
        }
        plain, shown = in_turn(place, jobs, sizes.runs).values()
    changed_flows = sizes.tenants * sizes.flows
    printed = (shown.middle("output_bytes") - plain.middle("output_bytes")) / changed_flows
    budgets = [
        Budget(f"{what}, --diff against none", ratio(shown, plain, number), MOST_DIFF_RATIO, "x", judged=sizes.judged)
        for what, number in (("time", "seconds"), ("largest process", "largest_mb"), ("all processes", "all_mb"))
    ]
    budgets.append(Budget("printed for a flow with five changes", printed, MOST_DIFF_BYTES, " bytes"))
    title = f"Previewing a change, {sizes.tenants} tenants x {sizes.flows} changed flows"
    return [Comparison(title, [plain, shown], budgets)]


def requests(sizes: Sizes) -> list[Comparison]:
    """How many requests each phase of a rollout makes, where the licence allows snapshots and where not."""
    sizes = sizes.fewer(_COUNTED_TENANTS)
    return [_requests(sizes, allowed) for allowed in (True, False)]


def _requests(sizes: Sizes, allowed: bool) -> Comparison:
    flows = sizes.tenants * sizes.flows
    phases = {
        "apply, all flows new": deploy(sizes.tenants),
        "apply again, no change": Job("descope_flow", sizes.tenants),
        "preview of a change of every flow": Job("descope_flow", sizes.tenants, "next", _CHECK, changed=None),
        "apply that change": deploy(sizes.tenants, "next"),
    }
    with workshop(sizes, "--snapshot", "allowed" if allowed else "denied") as place:
        rows = in_turn(place, phases, 1)
    counts = {name: kinds_of(row.samples[0].requests) for name, row in rows.items()}
    unchanged, applied = counts["apply again, no change"], counts["apply that change"]
    budgets = [
        Budget("writes while previewing", counts["preview of a change of every flow"].get("import", 0), 0),
        Budget("imports a changed flow", applied.get("import", 0) / flows, 1),
    ]
    if allowed:
        budgets.append(Budget("no change, requests in all", sum(unchanged.values()), MOST_UNCHANGED_REQUESTS))
    else:
        budgets.append(Budget("no change, lists", unchanged.get("list", 0), 1))
        budgets.append(Budget("no change, exports a flow", unchanged.get("export", 0) / flows, 1))
    title = f"Requests, {sizes.tenants} tenants x {sizes.flows} flows, snapshots {'allowed' if allowed else 'denied'}"
    return Comparison(title, list(rows.values()), budgets, shows_requests=True)


def paths(sizes: Sizes) -> list[Comparison]:
    """Nothing to change: in the worker process against as a module elsewhere, near the API and far from it."""
    latencies = (0, _LATENCY_MS) if sizes.judged else (_LATENCY_MS,)
    sizes = sizes.fewer(_PATH_TENANTS)
    jobs = {
        f"{path}, {read}": Job("descope_flow", sizes.tenants, environment=environment, connection=connection)
        for path, connection in (("in the worker", "local"), ("as a module", "bastion"))
        for read, environment in (("snapshot export", {}), ("single exports", _EXPORTS))
    }
    with workshop(sizes) as place:
        place.run(deploy(sizes.tenants))
        place.run(jobs["as a module, snapshot export"])
        compared = []
        for latency in latencies:
            place.emulator.reset(counters_only=True, latency_ms=latency)
            title = f"Nothing to change, {sizes.tenants} tenants x {sizes.flows} flows, {latency} ms of latency"
            compared.append(Comparison(title, list(in_turn(place, jobs, sizes.runs).values())))
        return compared


def rendering(sizes: Sizes) -> list[Comparison]:
    """One template rendered many times: the lookup of this collection against C(lookup('template') | from_json)."""
    times = _RENDERINGS if sizes.judged else _FEW_RENDERINGS
    with workshop(replace(sizes, tenants=1)) as place:
        template = write_template(place.folder, _RENDERED_BYTES, _RENDERED_VARIABLES)
        values = {f"value_{number}": f"value {number}" for number in range(_RENDERED_VARIABLES)}
        given = json.dumps({"renderings": times, "template": str(template), **values})
        jobs = {
            "community.descope.flow": Job("render_flow", 1, arguments=("--extra-vars", given)),
            "ansible.builtin.template | from_json": Job("render_template", 1, arguments=("--extra-vars", given)),
        }
        size = template.stat().st_size / 1000
        ours, theirs = in_turn(place, jobs, 1).values()
    speedup = ratio(theirs, ours, "seconds")
    budget = Budget("faster than template | from_json", speedup, LEAST_RENDERING_SPEEDUP, "x", True, sizes.judged)
    title = f"Rendering {times} times a template of {size:.0f} kB with {_RENDERED_VARIABLES} variables"
    return [Comparison(title, [ours, theirs], [budget])]


COMPARISONS = {"speed": speed, "diff": diff, "requests": requests, "paths": paths, "rendering": rendering}
