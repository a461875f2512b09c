# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The comparisons of fleets: with what people do without the collection, with Ansible alone, and how costs grow."""

from __future__ import annotations

from dataclasses import replace

from bench_comparisons import Sizes, deploy, for_all, in_turn, workshop
from bench_report import Budget, Comparison, Row, ratio
from bench_runs import Job, Workshop

# Loops are slow: so many tenants are measured, and the others extrapolated.
_LOOP_TENANTS = 50
_FLOOR_TENANTS = 50
_LATENCIES_MS = (0, 20, 100)
_GROWTH = (10, 100, 1000, 10_000)

# What is required.
MOST_MARGINAL_RATIO = 3.0
LEAST_URI_SPEEDUP = 30.0
MOST_FLOOR_RATIO = 1.5
MOST_GROWTH = 1.25
MOST_CONTROLLER_KB = 100.0
UNCHANGED_REQUESTS = 2.0

_ONE_TENANT = "Ansible alone, one tenant"


def fleet(sizes: Sizes) -> list[Comparison]:
    """Nothing to change: the collection against Ansible alone, loops, scripts; then one tenant in a hundred changes."""
    with workshop(sizes) as place:
        place.run(deploy(sizes.tenants))
        return [_nothing_to_change(place, sizes), _one_percent(place)]


def _nothing_to_change(place: Workshop, sizes: Sizes) -> Comparison:
    some, all_of_them = min(sizes.tenants, _LOOP_TENANTS), sizes.tenants
    kept = ("--kept", str(place.folder / "kept"))
    place.run(Job("", all_of_them, arguments=kept, script="sdk"))
    one = {"descope_flow, one tenant": Job("descope_flow", 1), _ONE_TENANT: Job("nothing", 1)}
    jobs = {
        "descope_flow": Job("descope_flow", all_of_them),
        "empty action plugin": Job("nothing", all_of_them),
        "threads with requests": Job("", all_of_them, script="threads"),
        "official SDK, in turn": Job("", all_of_them, arguments=kept, script="sdk"),
    }
    loops = {
        f"module a flow, {some} tenants": Job("module_per_flow", some, connection="bastion"),
        f"ansible.builtin.uri, {some} tenants": Job("uri", some),
    }
    rows = in_turn(place, jobs | one | loops, sizes.runs)
    times = all_of_them / some
    extrapolated = [for_all(rows[name], rows[_ONE_TENANT], times) for name in loops] if times > 1 else []
    uri = extrapolated[-1] if extrapolated else rows[list(loops)[-1]]
    ours = rows["descope_flow"]
    marginal = _marginal(ours, rows["descope_flow, one tenant"], all_of_them - 1)
    floor = _marginal(rows["empty action plugin"], rows[_ONE_TENANT], all_of_them - 1)
    budgets = [
        Budget(
            "marginal cost against an empty action", marginal / floor, MOST_MARGINAL_RATIO, "x", judged=sizes.judged
        ),
        Budget("faster than uri", ratio(uri, ours, "seconds"), LEAST_URI_SPEEDUP, "x", True, sizes.judged),
        Budget("requests", float(sum(ours.samples[-1].requests.values())), UNCHANGED_REQUESTS),
    ]
    title = f"A fleet with nothing to change, {all_of_them} tenants x {sizes.flows} flows"
    return Comparison(title, [*rows.values(), *extrapolated], budgets)


def _marginal(many: Row, few: Row, more_tenants: int, number: str = "seconds") -> float:
    """Return what each of so many more tenants costs: seconds, or another number of a sample."""
    return max(many.middle(number) - few.middle(number), 1e-9) / max(more_tenants, 1)


def _one_percent(place: Workshop) -> Comparison:
    job = replace(deploy(place.tenants, "few"), changed=place.few())
    rows = in_turn(place, {"nothing to change": Job("descope_flow", place.tenants), "1 % changed": job}, 1)
    return Comparison(f"One tenant in a hundred changes, {place.tenants} tenants", list(rows.values()))


def floor(sizes: Sizes) -> list[Comparison]:
    """Every flow changed, at several latencies: the collection against threads that do the same requests."""
    sizes = sizes.fewer(_FLOOR_TENANTS)
    with workshop(sizes) as place:
        place.run(deploy(sizes.tenants))
        return [_all_changed(place, sizes, latency) for latency in _LATENCIES_MS]


def _all_changed(place: Workshop, sizes: Sizes, latency: int) -> Comparison:
    place.emulator.reset(counters_only=True, latency_ms=latency)
    rows = {name: Row(name) for name in ("descope_flow", "threads with requests")}
    script = Job("", sizes.tenants, "now", ("--import-all",), script="threads")
    for _run in range(sizes.runs):
        rows["descope_flow"].samples.append(place.run(deploy(sizes.tenants, "next")))
        rows["threads with requests"].samples.append(place.run(script))
    judged = sizes.judged and latency == max(_LATENCIES_MS)
    slower = ratio(rows["descope_flow"], rows["threads with requests"], "seconds")
    budget = Budget("against threads with requests", slower, MOST_FLOOR_RATIO, "x", judged=judged)
    title = f"Every flow changed, {sizes.tenants} tenants x {sizes.flows} flows, {latency} ms of latency"
    return Comparison(title, list(rows.values()), [budget])


def growth(sizes: Sizes) -> list[Comparison]:
    """One flow a tenant, nothing to change: what a tenant costs among ten and among ten thousand."""
    counts = [count for count in _GROWTH if count <= sizes.tenants] or [sizes.tenants]
    sizes = replace(sizes, tenants=counts[-1], flows=1)
    with workshop(sizes) as place:
        place.run(deploy(sizes.tenants))
        jobs = {
            f"{what}, {count} tenants": Job(playbook, count)
            for what, playbook in (("descope_flow", "descope_flow"), ("empty action plugin", "nothing"))
            for count in counts
        }
        rows = list(in_turn(place, jobs, 1).values())
    budgets: list[Budget] = []
    ours = rows[: len(counts)]
    if len(counts) > 2:
        judged = len(counts) > 3
        early = _marginal(ours[2], ours[1], counts[2] - counts[1])
        late = _marginal(ours[-1], ours[1], counts[-1] - counts[1])
        most = max(late / early, early / late)
        budgets.append(Budget("cost a tenant, how it grows", most, MOST_GROWTH, "x", judged=judged))
        # Not how it grows: reading the inventory takes more for a moment than many tenants do later.
        memory = 1024 * _marginal(ours[-1], ours[1], counts[-1] - counts[1], "controller_mb")
        budgets.append(Budget("memory of the controller a tenant", memory, MOST_CONTROLLER_KB, " kB", judged=judged))
    return [Comparison("How costs grow, one flow a tenant, nothing to change", rows, budgets)]


FLEETS = {"fleet": fleet, "floor": floor, "growth": growth}
"""The comparisons of this file. C(growth) takes as long as its tenants, so it runs where it is asked for."""
