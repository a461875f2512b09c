# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Run the emulator: C(python -m descope_emulator --port 8765)."""

from __future__ import annotations

import asyncio
import signal
import sys
from argparse import Namespace

try:
    from aiohttp import web

    from .app import Front
except ModuleNotFoundError as missing:
    if missing.name != "aiohttp":
        raise
    sys.exit(f"the emulator needs aiohttp; install it with: {sys.executable} -m pip install aiohttp")

from .behaviour import SettingError
from .emulator import Emulator
from .journal import Journal
from .options import emulator_from, parser


def main() -> int:
    """Run until interrupted. Return the exit status."""
    options = parser().parse_args()
    try:
        emulator = emulator_from(options)
        journal = Journal.open(options.journal)
        asyncio.run(_serve(emulator, journal, options))
    except SettingError as error:
        print(f"descope_emulator: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(
            f"descope_emulator: cannot listen on {options.host} port {options.port}: {error.strerror}", file=sys.stderr
        )
        return 1
    return 0


async def _serve(emulator: Emulator, journal: Journal, options: Namespace) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    runner = web.AppRunner(Front(emulator, journal).application(), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, options.host, options.port, backlog=1024)
        await site.start()
        host, port = runner.addresses[0][:2]
        print(f"listening on http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)
        await stopped.wait()
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    sys.exit(main())
