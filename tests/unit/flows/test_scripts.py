# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The scripts of the library's flows do what the steps that run them are for. Needs node."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest

from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from draw_library import render_entry, sample_values

_RUN = """
const {code, names, values} = JSON.parse(require('fs').readFileSync(0, 'utf8'));
process.stdout.write(JSON.stringify(new Function(...names, code)(...values)));
"""

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="there is no node on this machine")


def script(document: FlowDocument) -> dict[str, Any]:
    """Return the arguments of the only task that runs a script."""
    [task] = [task for task in document.tasks.values() if task.get("action") == "scriptlet"]
    return {name: argument["value"] for name, argument in task["arguments"].items()}


def run(document: FlowDocument, **context: Any) -> Any:
    """Run the script as a flow does: what the task names are its arguments, and it returns its result."""
    arguments = script(document)
    given = arguments["scriptArgs"]
    values = [context.get(one["key"]) if one["type"] == "context" else one["value"] for one in given]
    call = {"code": arguments["scriptCode"], "names": [one["key"] for one in given], "values": values}
    completed = subprocess.run(
        ["node", "-e", _RUN], input=json.dumps(call), capture_output=True, text=True, check=True, timeout=60
    )
    return json.loads(completed.stdout)


def test_attempts_are_counted() -> None:
    document = render_entry("sign-in", sample_values("sign-in"))

    assert run(document) == {"attempts": 1}
    assert run(document, attempts=4) == {"attempts": 5}


@pytest.mark.parametrize(
    ("email", "domain", "known"),
    [
        ("jo@acme.example", "acme.example", True),
        (" Jo@ACME-labs.Example ", "acme-labs.example", True),
        ("jo@evil-acme.example", "evil-acme.example", False),
        ("acme.example@evil.example", "evil.example", False),
        ("jo@acme.example@evil.example", "evil.example", False),
        ("jo@", "", False),
        (None, "", False),
    ],
)
def test_the_company_is_found_by_the_domain_of_the_address_and_nothing_else(
    email: str | None, domain: str, known: bool
) -> None:
    document = render_entry(
        "tenant-sso", {**sample_values("tenant-sso"), "sso_domains": ["Acme.example", "acme-labs.example", ""]}
    )

    assert run(document, email=email) == {"domain": domain, "known": known}
