# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The job as a script with Descope's own SDK for Python: one flow after the other.

The SDK speaks another format than templates do, so this compares each flow with what it was when the script last ran,
and puts back what has changed since: what such scripts do that keep flows in git as the SDK exports them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from descope import DescopeClient


def main() -> None:
    """Compare and put back the flows of so many tenants, and say how many were imported."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument("--tenants", type=int, required=True)
    parser.add_argument("--kept", type=Path, required=True, help="folder of the flows as they should be")
    parser.add_argument("templates", type=Path, nargs="+")
    given = parser.parse_args()
    given.kept.mkdir(exist_ok=True)
    client = DescopeClient(
        project_id=os.environ["DESCOPE_PROJECT_ID"],
        management_key=os.environ["DESCOPE_MANAGEMENT_KEY"],
        base_url=os.environ["DESCOPE_BASE_URL"],
    )
    ids = [f"tenant-{number:04}-{template.stem}" for number in range(given.tenants) for template in given.templates]
    imported = sum(_put_back(client.mgmt.flow, flow_id, given.kept / f"{flow_id}.json") for flow_id in ids)
    sys.stdout.write(f"imported={imported}\n")


def _put_back(flows: Any, flow_id: str, kept: Path) -> bool:
    live = flows.export_flow(flow_id)
    if not kept.exists():
        kept.write_text(json.dumps(live), encoding="utf-8")
        return False
    wanted = json.loads(kept.read_text(encoding="utf-8"))
    if wanted == live:
        return False
    flows.import_flow(flow_id, wanted["flow"], wanted["screens"])
    return True


if __name__ == "__main__":
    main()
