# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The command line of the emulator."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import __version__
from .behaviour import SettingError, add_switches, switches_from
from .codec import JsonObject
from .collection import InputError, parse_text
from .declarations import declarations_from
from .emulator import Emulator, Settings
from .seeds import read_seed


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    result = argparse.ArgumentParser(
        prog="descope_emulator",
        description="Emulates the part of Descope's Management API that community.descope uses.",
        epilog="Prints 'listening on http://HOST:PORT' when it is ready. Its control paths begin with /_emulator/.",
    )
    add = result.add_argument
    add("--version", action="version", version=__version__)
    add(
        "--host",
        default="127.0.0.1",
        help="address to listen on; there is no protection, so think twice (default: %(default)s)",
    )
    add("--port", type=int, default=8765, help="port to listen on, 0 for a free one (default: %(default)s)")
    add(
        "--rate-limit",
        default="0",
        metavar="N/S",
        help="N requests in S seconds per client address, 0 for none (default: 0)",
    )
    add(
        "--penalty", type=float, default=60.0, metavar="S", help="seconds of refusals after that (default: %(default)g)"
    )
    add(
        "--trust-forwarded-for",
        action="store_true",
        help="take the client's address from X-Forwarded-For, so that one machine can be several clients",
    )
    add("--latency-ms", type=float, default=0.0, metavar="MS", help="wait before each answer (default: %(default)g)")
    add(
        "--seed",
        action="append",
        default=[],
        metavar="[PROJECT=]PATH",
        help="flow file, directory of flows, or snapshot to load; without a project id into every project (repeatable)",
    )
    add("--strict", metavar="FILE", help="JSON or YAML that names the only projects there are, with their keys")
    add("--snapshot", choices=("allowed", "denied"), default="allowed", help="snapshot exports (default: %(default)s)")
    add("--journal", default="", metavar="FILE", help="write one line a request, '-' for standard error")
    add_switches(result)
    return result


_SETTINGS = ("rate_limit", "penalty", "latency_ms", "snapshot", "trust_forwarded_for")


def emulator_from(options: argparse.Namespace) -> Emulator:
    """Return the emulator that the command line describes. Raise C(SettingError) saying what is wrong with it."""
    settings = Settings().changed({**switches_from(options), **{name: getattr(options, name) for name in _SETTINGS}})
    declarations = _read_declarations(options.strict) if options.strict else None
    return Emulator(settings, seeds=[read_seed(place) for place in options.seed], declarations=declarations)


def _read_declarations(name: str) -> list[JsonObject]:
    try:
        return declarations_from(parse_text(Path(name).read_text(encoding="utf-8"), name))
    except (OSError, UnicodeDecodeError, InputError) as error:
        raise SettingError(f"--strict {name}: {error}") from None
