# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""The preview of a fleet as it may well be: fifty tenants, flows of the library, and not everything went right."""

from __future__ import annotations

import copy
import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

from ansible_collections.community.descope.plugins.module_utils._flow.formats import load
from ansible_collections.community.descope.plugins.module_utils._report.entries import TaskEntry, task_entry
from ansible_collections.community.descope.plugins.module_utils._report.fleet import Report
from ansible_collections.community.descope.plugins.module_utils._report.pictures import ask_for_pictures
from emulator_client import CHECKOUT
from fleet_results import Flow, plan_of, preview, result_of

sys.path.insert(0, str(CHECKOUT / "examples" / "demo"))

from flow_library import read_templates, tenant_flow

_WORDS = (
    *("acme", "altair", "borealis", "brightwater", "cobalt", "corvid", "delta-nine", "ember", "fairwind", "finch"),
    *("granite", "harbour", "indigo", "juniper", "kestrel", "lantern", "meridian", "northlight", "oakhurst"),
    *("pinnacle", "quarry", "redwood", "saffron", "tamarack", "umbra"),
)
NAMES = [f"{word}{ending}" for ending in ("", "-labs") for word in _WORDS]
HOSTILE = "<script>document.title='owned'</script><b>Corvid</b> & \"Sons\""
FAILED = ("lantern", "quarry-labs")
EDITED = ("ember", "ember-labs", "saffron", "umbra-labs")
NEW = ("kestrel", "redwood-labs", "finch")
OWN_WORDS = ("acme", "corvid", "indigo", "juniper-labs", "pinnacle", "tamarack")
# The steps that ask for a confirmed address, which most tenants do not have yet.
_CONFIRMATION = ("10", "11", "12", "13")
_CONFIRMATION_SCREEN = "SCSignUpOrInConfirmYourEmail0"


def example_report(run_dir: Path) -> Report:
    """Return the report. C(run_dir) is an empty folder for what drawings need."""
    ask_for_pictures(run_dir)
    return preview([_entry(number, name, run_dir) for number, name in enumerate(NAMES)], run_dir)


def _entry(number: int, name: str, run_dir: Path) -> TaskEntry:
    if name in FAILED:
        message = (
            "flows/sign-in/flow.yml at $.metadata.name: 'brand_name' is undefined, in ${ brand_name }: Sign In; define"
            " it for this host or in vars, or write $${ for a literal ${"
        )
        return task_entry(name, {"msg": message, "project_id": "P2example"}, failed=True)
    brand = HOSTILE if name == "corvid" else name.replace("-", " ").title()
    return task_entry(name, result_of(plan_of(*_flows(number, name, brand)), run_dir=run_dir))


def _flows(number: int, name: str, brand: str) -> list[tuple[Flow | None, Flow | None, str]]:
    variables = {"tenant_id": name, "inventory_hostname": name, "brand_name": brand, **_domains(name)}
    library = {
        entry: load(tenant_flow(entry, template, variables), entry).data for entry, template in _templates().items()
    }
    live: dict[str, Flow | None] = dict(copy.deepcopy(library))
    if number % 8:
        live["sign-up-or-in"] = _without_confirmation(library["sign-up-or-in"])
    if name in EDITED:
        live["sign-in"] = _with_text(library["sign-in"], "Sign in to", "Log in to")
    if name in NEW:
        live["step-up"] = None
    if name in OWN_WORDS:
        live["accept-invitation"] = _with_text(library["accept-invitation"], brand, f"the all new {brand}")
    return [(live[entry], flow, f"flows/{entry}") for entry, flow in library.items()]


@cache
def _templates() -> dict[str, Flow]:
    return read_templates()


def _domains(name: str) -> dict[str, Any]:
    domain = f"{name}.example"
    return {
        "forgot_password_flow": f"{name}-forgot-password",
        "invitation_url": f"https://login.{domain}/invitation",
        "login_domain": f"login.{domain}",
        "logo_url": f"https://cdn.{domain}/logo.svg",
        "max_attempts": 3,
        "privacy_url": f"https://{domain}/privacy",
        "refresh_cookie_name": f"{name}-refresh",
        "reset_url": f"https://login.{domain}/reset-password",
        "session_cookie_name": f"{name}-session",
        "sso_domain": domain,
        "sso_enabled": True,
        "sso_url": f"https://login.{domain}/sso",
        "support_email": f"support@{domain}",
        "terms_url": f"https://{domain}/terms",
    }


def _without_confirmation(flow: Flow) -> Flow:
    """Return a flow as it was before it asked for a confirmed address."""
    former = copy.deepcopy(flow)
    tasks = former["contents"]["tasks"]
    for task_id in _CONFIRMATION:
        del tasks[task_id]
    for task in tasks.values():
        for rule in (task.get("next") or {}).get("rules", ()):
            if rule["taskId"] == "10":
                rule["taskId"] = "4"
    former["screens"] = [screen for screen in former["screens"] if screen["screenId"] != _CONFIRMATION_SCREEN]
    text = json.dumps(former).replace("Email me a code", "Send me a code")
    return dict(json.loads(text))


def _with_text(flow: Flow, text: str, other: str) -> Flow:
    """Return a flow with another text in the first component that shows this one."""
    former = copy.deepcopy(flow)
    for screen in former["screens"]:
        for node in screen["contents"].values():
            shown = node["props"].get("children")
            if isinstance(shown, str) and text in shown:
                node["props"]["children"] = shown.replace(text, other)
                return former
    raise AssertionError(f"{flow['flowId']} shows {text} nowhere")
