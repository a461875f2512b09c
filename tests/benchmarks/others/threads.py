# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The job as a script of one's own, without Ansible: the floor. Threads, one connection each, and nothing but requests.

It renders, compares and imports with as little as possible, keeps no backup, verifies nothing, and has no rate limit.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests

_SECONDS = 60.0
_local = threading.local()


def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Send a request over this thread's own connection. Raises where it is not answered as it should be."""
    if not hasattr(_local, "session"):
        _local.session = requests.Session()
        key = f"{os.environ['DESCOPE_PROJECT_ID']}:{os.environ['DESCOPE_MANAGEMENT_KEY']}"
        _local.session.headers["Authorization"] = f"Bearer {key}"
    answer = _local.session.post(os.environ["DESCOPE_BASE_URL"] + path, json=body, timeout=_SECONDS)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json() if answer.content else {}
    return found


def rendered(text: str, number: int) -> dict[str, Any]:
    """Put a tenant's values into a template."""
    name = f"tenant-{number:04}"
    values = {
        "inventory_hostname": name,
        "brand_name": f"Tenant {number}",
        "sms_provider_id": f"SMS{number}",
        "support_email": f"support@{name}.example",
    }
    for variable, value in values.items():
        text = text.replace(f"${{ {variable} }}", value)
    flow: dict[str, Any] = json.loads(text)
    return flow


def settled(flow: dict[str, Any]) -> dict[str, Any]:
    """Take away what the server adds."""
    metadata = {name: value for name, value in flow["metadata"].items() if value and name != "componentsVersion"}
    screens = [
        {
            **screen,
            "interactions": [
                {name: value for name, value in interaction.items() if value}
                for interaction in screen.get("interactions", [])
            ],
        }
        for screen in flow["screens"]
    ]
    return {"metadata": metadata, "contents": flow["contents"], "screens": screens}


def deploy(flow: dict[str, Any], *, compare: bool, verify: bool) -> bool:
    """Import one flow, unless it is compared first and is the same. Returns whether it was imported."""
    if compare and settled(post("/v2/mgmt/flow/export", {"flowId": flow["flowId"]})["flow"]) == settled(flow):
        return False
    post("/v2/mgmt/flow/import", {"flow": flow})
    if verify:
        post("/v2/mgmt/flow/export", {"flowId": flow["flowId"]})
    return True


def main() -> None:
    """Deploy the templates to so many tenants and say how many flows were imported."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument("--tenants", type=int, required=True)
    parser.add_argument("--threads", type=int, default=32)
    parser.add_argument("--import-all", action="store_true", help="import and read back, without comparing before")
    parser.add_argument("templates", type=Path, nargs="+")
    given = parser.parse_args()
    texts = [template.read_text(encoding="utf-8") for template in given.templates]
    if given.import_all:
        # What a run of the collection asks beside that: the whole project once, to compare and to back up.
        post("/v1/mgmt/project/snapshot/export", {"format": "plain"})

    def work(number: int, text: str) -> bool:
        return deploy(rendered(text, number), compare=not given.import_all, verify=given.import_all)

    jobs = [(number, text) for number in range(given.tenants) for text in texts]
    with ThreadPoolExecutor(given.threads) as pool:
        imported = sum(pool.map(lambda job: work(*job), jobs))
    sys.stdout.write(f"imported={imported}\n")


if __name__ == "__main__":
    main()
