# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Who may ask: bearers, keys, projects."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import requests

from emulator.api import KEY, LICENSE, LIST, PROJECT, TENANTS, Api
from emulator_client import Emulator, running_emulator
from example_flows import minimal_flow


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer P2x",
        "Bearer P2x:",
        "Bearer X2x:K2x",
        "Bearer P2x:X2x",
        "Basic P2x:K2x",
        "Bearer P2x:K2x:K2y",
        "Bearer P2x:K2 x",
    ],
)
def test_a_bearer_that_is_not_well_formed(emulator: Emulator, header: str) -> None:
    answer = requests.post(emulator.url + LIST, json={}, headers={"Authorization": header}, timeout=30)

    assert answer.status_code == 401
    assert set(answer.json()) == {"errorCode", "errorDescription", "errorMessage"}


def test_a_project_exists_from_its_first_use(emulator: Emulator) -> None:
    assert Api(emulator, "P2new", "K2any").ok(LIST) == {"flows": [], "total": 0}
    assert Api(emulator, "P2new", "K2other").ok(LIST) == {"flows": [], "total": 0}


def test_projects_do_not_see_each_other(emulator: Emulator) -> None:
    one, two = Api(emulator, "P2one"), Api(emulator, "P2two")
    one.import_flow(minimal_flow("mine"))

    assert (one.flow_ids(), two.flow_ids()) == (["mine"], [])


def test_a_project_with_keys_accepts_only_these(emulator: Emulator) -> None:
    emulator.project(id=PROJECT, keys=["K2right"])

    assert Api(emulator, key="K2right").post(LIST).status_code == 200
    assert Api(emulator, key="K2wrong").post(LIST).status_code == 401


def test_a_companys_key_without_a_project(emulator: Emulator) -> None:
    header = {"Authorization": f"Bearer {KEY}"}

    assert requests.get(emulator.url + LICENSE, headers=header, timeout=30).json() == {"rateLimitTier": "tier1"}
    assert requests.get(emulator.url + TENANTS, headers=header, timeout=30).status_code == 401


def test_only_declared_projects_and_keys_exist_when_strict(tmp_path: Path) -> None:
    declared = tmp_path / "projects.yml"
    declared.write_text(
        """
        projects:
          P2acme:
            name: Acme
            keys: [K2acme]
            license_tier: tier3
            connectors: {Mail: CI2mail}
            roles: [Tenant Admin]
            tenants: [acme, {id: t2, name: Second}]
          P2open:
        """,
        encoding="utf-8",
    )
    with running_emulator("--strict", str(declared)) as emulator:
        acme = Api(emulator, "P2acme", "K2acme")
        for _unused in range(2):
            assert acme.get(LICENSE).json() == {"rateLimitTier": "tier3"}
            assert [tenant["id"] for tenant in acme.get(TENANTS).json()["tenants"]] == ["acme", "t2"]
            assert Api(emulator, "P2acme", "K2else").get(TENANTS).status_code == 401
            assert Api(emulator, "P2else", "K2acme").get(TENANTS).status_code == 403
            assert Api(emulator, "P2open", "K2else").get(TENANTS).status_code == 200
            stored = emulator.stored("P2acme")
            assert stored["connectors"] == {"Mail": {"name": "Mail", "id": "CI2mail"}}
            assert list(stored["roles"]) == ["Tenant Admin"]
            emulator.reset()  # what the command line declares is there again


def test_an_endpoint_that_is_not_emulated_says_so(api: Api) -> None:
    answer = api.post("/v1/mgmt/user/create", {"loginId": "x"})

    assert answer.status_code == 501
    assert "POST /v1/mgmt/user/create is not part of the emulator" in answer.text


def test_no_key_is_ever_shown(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    with running_emulator("--journal", str(journal)) as emulator:
        emulator.project(id=PROJECT, keys=["K2verysecret"])
        Api(emulator, key="K2verysecret").import_flow(minimal_flow("one"))
        refused = Api(emulator, key="K2alsosecret").post(LIST)
        shown = json.dumps([emulator.stored(PROJECT), emulator.stats()]) + refused.text

    lines = journal.read_text(encoding="utf-8").splitlines()
    assert [line.split()[1:6] for line in lines] == [
        ["POST", "/v2/mgmt/flow/import", PROJECT, "one", "200"],
        ["POST", "/v1/mgmt/flow/list", PROJECT, "-", "401"],
    ]
    assert "secret" not in shown + "".join(lines)


def test_a_journal_has_one_line_a_request(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    with running_emulator("--journal", str(journal)) as emulator:
        emulator.faults(kind="drop", nth=2)
        api = Api(emulator)
        api.post(LIST, {"ids": ["two words\nand lines", "b"]})
        with pytest.raises(requests.ConnectionError):
            api.post(LIST)

    first, second = journal.read_text(encoding="utf-8").splitlines()
    assert first.split()[4] == "two?words?and?lines,b"
    assert second.split()[-1] == "fault=drop"
