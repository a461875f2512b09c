# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The library that ships, through the whole pipeline: deployed for three tenants, exported, equal, nothing to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import requests

from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._flow.formats import load
from draw_library import ENTRIES, LIBRARY, declared_options, render_entry
from emulator_client import Emulator
from playbooks import MANAGEMENT_KEY, PROJECT_ID, Playbooks, unsafe
from shipped_tenants import TENANTS, tenant_values


def own_id(entry: str) -> str:
    """An overlay has the id of the entry that it extends, so the id has to be told where both are deployed."""
    return f"our-{entry}"


def exported(emulator: Emulator, project_id: str, flow_id: str) -> FlowDocument:
    answer = requests.post(
        f"{emulator.url}/v2/mgmt/flow/export",
        json={"flowId": flow_id},
        headers={"Authorization": f"Bearer {project_id}:{MANAGEMENT_KEY}"},
        timeout=30,
    )
    return load(answer.json(), flow_id)


def play(tenant: str, flows: list[dict[str, Any]], **options: Any) -> dict[str, Any]:
    task = {"name": "Deploy", "community.descope.descope_flow": {"project_id": f"P2{tenant}", "flows": flows}}
    return {"name": tenant, "hosts": "acme", "gather_facts": False, "tasks": [task], **options}


def test_every_entry_is_deployed_and_comes_back_as_it_was_sent(local_playbooks: Playbooks, emulator: Emulator) -> None:
    plays = [
        play(
            tenant,
            [
                {
                    "template": entry,
                    "flow_id": own_id(entry),
                    "vars": unsafe(tenant_values(declared_options(entry), tenant)),
                }
                for entry in ENTRIES
            ],
        )
        for tenant in TENANTS
    ]

    first, second = local_playbooks.play(plays), local_playbooks.play(plays)

    assert first.returncode == second.returncode == 0, first.output + second.output
    for tenant, created, unchanged in zip(TENANTS, first.results, second.results, strict=True):
        results = [(flow["action"], flow["result"], flow["verified"]) for flow in created["result"]["flows"]]
        assert results == [("create", "applied", True)] * len(ENTRIES)
        assert {flow["action"] for flow in unchanged["result"]["flows"]} == {"none"}
        for entry in ENTRIES:
            sent = render_entry(entry, tenant_values(declared_options(entry), tenant))
            found = exported(emulator, f"P2{tenant}", own_id(entry))
            assert found.fingerprint == sent.with_flow_id(own_id(entry)).fingerprint, f"{entry} of {tenant}"


def test_a_name_goes_where_a_path_goes(local_playbooks: Playbooks, emulator: Emulator) -> None:
    """A copy that somebody made their own is found before the entry that ships."""
    own = local_playbooks.folder / "forgot-password"
    own.mkdir()
    for file in ("flow.json", "variables.yml"):
        text = (LIBRARY / "forgot-password" / file).read_text(encoding="utf-8")
        Path(own, file).write_text(text.replace("Check your inbox", "Look into your inbox"), encoding="utf-8")
    options = {"brand_name": "Acme", "support_email": "help@acme.example", "reset_url": "https://acme.example/reset"}

    run = local_playbooks.flow(template=["forgot-password", "step-up"], vars=options)

    assert [flow["flow_id"] for flow in run.flows] == ["forgot-password", "step-up"]
    assert "Look into your inbox" in str(emulator.stored(PROJECT_ID)["flows"])
