# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Measure what a rollout costs, side by side with what it could cost otherwise, and compare that with the budgets.

Every comparison runs its jobs in turn, so that whatever else the machine is doing hits all of them; read the ratios,
not the seconds. Exit status 0 only if every budget is kept.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench_comparisons import COMPARISONS, Sizes
from bench_fleet import FLEETS
from bench_report import Comparison, print_budgets, print_comparison, write_json
from bench_runs import RunFailedError
from emulator_client import CHECKOUT

_ALL = {**COMPARISONS, **FLEETS}
# Ten thousand tenants take as long as they take, so this is for those who ask for it.
_DEFAULT = [name for name in _ALL if name != "growth"]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument("--tenants", type=_positive, default=200, help="tenants of a rollout (default: %(default)s)")
    parser.add_argument("--flows", type=_positive, default=5, help="flows a tenant (default: %(default)s)")
    parser.add_argument("--runs", type=_positive, default=3, help="rounds of each comparison (default: %(default)s)")
    parser.add_argument("--forks", type=_positive, default=10, help="Ansible's forks (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="a smoke test: few tenants, one round, time is not judged")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(_ALL)} (default: all but growth)")
    parser.add_argument("--only", action="append", choices=list(_ALL), metavar="NAME", help="the same")
    parser.add_argument("--json", type=Path, default=CHECKOUT / ".cache" / "bench.json", metavar="FILE")
    given = parser.parse_args()
    given.only = [*given.names, *(given.only or [])] or _DEFAULT
    unknown = sorted(set(given.only) - set(_ALL))
    if unknown:
        parser.error(f"no comparison {', '.join(unknown)}: choose of {', '.join(_ALL)}")
    return given


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _sizes(arguments: argparse.Namespace) -> Sizes:
    if arguments.quick:
        return Sizes(tenants=2, flows=2, runs=1, forks=arguments.forks)
    return Sizes(arguments.tenants, arguments.flows, arguments.runs, arguments.forks)


def main() -> int:
    """Run the comparisons. Returns the exit status: 0 all budgets kept, 1 one missed, 2 something did not work."""
    arguments = _arguments()
    sizes = _sizes(arguments)
    # The emulator would be slower without its compiled files, and so would be everything that is measured against it.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    started = time.monotonic()
    done: list[Comparison] = []
    try:
        for name in arguments.only:
            for comparison in _ALL[name](sizes):
                done.append(comparison)
                print_comparison(comparison)
    except RunFailedError as error:
        print(error, file=sys.stderr)
        return 2
    write_json(arguments.json, asdict(sizes), done)
    budgets = [budget for comparison in done for budget in comparison.budgets]
    missed = [budget for budget in budgets if budget.judged and not budget.kept]
    print(
        f"\n{len(budgets)} budgets, {len(missed)} missed, in {time.monotonic() - started:.0f} s; see {arguments.json}"
    )
    print_budgets(missed)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
