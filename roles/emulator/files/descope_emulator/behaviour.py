# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Everything nobody outside Descope can vouch for, as switches in one place.

Each field of C(Behaviour) is one UNKNOWN: its comment says what is known and why the default is what it is. Every
switch is an option of the command line (C(--references-roles array)) and a member of the body of
C(POST /_emulator/reset) (C({"references_roles": "array"})).
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any


class SettingError(ValueError):
    """A setting of the emulator is not one of those it has, or has a value it cannot take."""


def _choice(help_text: str, default: str, *others: str) -> dict[str, Any]:
    return {"help": help_text, "choices": (default, *others)}


def _value(help_text: str) -> dict[str, Any]:
    return {"help": help_text}


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What the emulated server does where the facts end. Frozen: a reset makes a new one."""

    # --- flows, export -------------------------------------------------------------------------------------------

    # UNKNOWN which a given account gets: a list in answers of 2025 (observed), a map in today's reference (documented).
    references_roles: str = field(
        default="map", metadata=_choice("shape of references.roles in a v2 export", "map", "array")
    )

    # UNKNOWN when they arrived: the answers of 2025 lack them (observed), today's reference has them (documented).
    newer_fields: str = field(
        default="emitted",
        metadata=_choice(
            "metadata.management, metadata.managementConfig and references.omitted in a v2 export", "emitted", "absent"
        ),
    )

    # UNKNOWN how the server derives references.oauth, userAttributes and tenantAttributes from a flow; connectors and
    # roles are derived from the flow's contents either way.
    references_lists: str = field(
        default="echo", metadata=_choice("the lists in references: as they were sent, or empty", "echo", "empty")
    )

    # UNKNOWN: observed for the v1 export only (HTTP 500 with E103003).
    unknown_flow_v2: str = field(
        default="500", metadata=_choice("HTTP status of a v2 export of a flow that does not exist", "500", "404")
    )

    # UNKNOWN: the reference lists whole flows, every client reads only id, name, description and disabled.
    list_dsl: str = field(
        default="empty", metadata=_choice("dsl, version, etag and modifiedTime of the flows in a list", "empty", "full")
    )

    # UNKNOWN: a string in the reference (an int64 in protobuf's JSON), a number in the one console export that has it.
    modified_time: str = field(default="string", metadata=_choice("type of modifiedTime", "string", "number"))

    # UNKNOWN: an object in every file seen, while a client that works with real answers copes with a JSON string too.
    html_template: str = field(
        default="object", metadata=_choice("type of htmlTemplate in a v1 export", "object", "string")
    )

    # --- flows, import -------------------------------------------------------------------------------------------

    # The value is invented; that the server writes its own into what is imported is observed for snapshot imports.
    components_version: str = field(
        default="3.18.2", metadata=_value("what the server writes into metadata.componentsVersion")
    )

    # UNKNOWN: observed for snapshot imports, assumed for the import of one flow, which uses the same messages.
    components_version_on_import: str = field(
        default="rewrite", metadata=_choice("metadata.componentsVersion of an imported flow", "rewrite", "keep")
    )

    # UNKNOWN: only the name of skipRender is documented.
    skip_render_keeps_components_version: bool = field(
        default=False, metadata=_value("an import with skipRender keeps the componentsVersion it was sent")
    )

    # UNKNOWN: observed for snapshot imports, assumed for the import of one flow.
    editor_caches_on_import: str = field(
        default="strip", metadata=_choice("editor caches of the screen tasks of an imported flow", "strip", "keep")
    )

    # UNKNOWN whether an import looks into a flow at all. C(basic) refuses a flow whose tasks or ids cannot work.
    import_validation: str = field(
        default="none", metadata=_choice("what an import checks inside a flow", "none", "basic")
    )

    # UNKNOWN: said to deselect the step (a user's report), while real exports still carry ids that do not exist there.
    # C(clear) empties the argument, C(refuse) answers with an error.
    missing_connector: str = field(
        default="keep",
        metadata=_choice("a connector id that does not exist in the project, on import", "keep", "clear", "refuse"),
    )

    # UNKNOWN, and contradicted by a user's report: only snapshot imports are known to map connectors by name.
    connectors_by_name: bool = field(
        default=False, metadata=_value("an import of one flow maps connector ids by the names in its references")
    )

    # UNKNOWN: no client sends an expected etag apart from the one inside a v1 flow, no conflict error is documented.
    etag_conflict: str = field(
        default="ignore", metadata=_choice("a v1 import with another etag than the stored flow's", "ignore", "refuse")
    )

    # UNKNOWN: no limit is documented; the largest real flow is about 100 KB.
    max_body_bytes: int = field(default=0, metadata=_value("largest request body, 0 for no limit"))

    # --- flows, delete -------------------------------------------------------------------------------------------

    # UNKNOWN: "management flows only" is documented by the clients, an answer to anything else is not.
    run_interactive_flow: str = field(
        default="refuse", metadata=_choice("running a flow that is not a management flow", "refuse", "run")
    )

    # The console cannot delete sign-up, sign-in, sign-up-or-in and step-up (documented); UNKNOWN what the API answers.
    system_flow_delete: str = field(
        default="refuse", metadata=_choice("a delete that names a system flow", "refuse", "skip", "allow")
    )

    # UNKNOWN.
    unknown_flow_delete: str = field(
        default="ignore", metadata=_choice("a delete that names a flow that does not exist", "ignore", "refuse")
    )

    # --- themes --------------------------------------------------------------------------------------------------

    # Changed about 2026-09 (documented by a provider's change); UNKNOWN whether it is so everywhere yet.
    theme_import: str = field(
        default="upsert",
        metadata=_choice("a v2 theme import: only the styles it carries, or the whole theme", "upsert", "replace"),
    )

    # --- project -------------------------------------------------------------------------------------------------

    # UNKNOWN: documented only as "supported only with a pro license or above".
    snapshot_denied_status: int = field(
        default=403, metadata=_value("HTTP status of a snapshot export that the licence does not allow")
    )

    # UNKNOWN: strings of 272 characters stayed, scriptlets and e-mail bodies of some KB left (observed).
    asset_limit: int = field(default=1000, metadata=_value("longest string that a snapshot export leaves in its place"))

    # UNKNOWN: tiers tier1 to tier4 exist (documented by a client). C(absent) answers 404, as an older server would.
    license_tier: str = field(default="tier1", metadata=_value("rateLimitTier of GET /v1/mgmt/license, or 'absent'"))

    # --- errors --------------------------------------------------------------------------------------------------

    # UNKNOWN: the clients know the idea of 401 and 403, no stored answer shows one.
    unauthorized_status: int = field(
        default=401, metadata=_value("HTTP status of a bearer that is missing, malformed or has a wrong key")
    )
    forbidden_status: int = field(
        default=403, metadata=_value("HTTP status of a project that the key has no access to")
    )
    auth_error_body: str = field(default="json", metadata=_choice("body of those two", "json", "html", "empty"))

    # Retry-After is seconds (documented) but "may be absent or non-numeric" (documented by a client).
    retry_after: str = field(
        default="present", metadata=_choice("Retry-After of HTTP 429", "present", "absent", "text", "alternate")
    )

    def changed(self, values: Mapping[str, object]) -> Behaviour:
        """Return this behaviour with other values. Raise C(SettingError) for an unknown switch or value."""
        known = {one.name: one for one in fields(self)}
        checked: dict[str, Any] = {}
        for name, value in values.items():
            switch = known.get(name.replace("-", "_"))
            if switch is None:
                raise SettingError(f"unknown switch {name!r}; there are: {', '.join(sorted(known))}")
            checked[switch.name] = _checked(switch, value)
        return replace(self, **checked)


SWITCHES = frozenset(switch.name for switch in fields(Behaviour))


def _checked(switch: Field[Any], value: object) -> object:
    """Return C(value) in the type of its switch, whether it came as JSON or as text."""
    if isinstance(switch.default, bool):
        return _boolean(switch.name, value)
    if isinstance(switch.default, int):
        try:
            return int(str(value))
        except ValueError:
            raise SettingError(f"switch {switch.name}: {value!r} is not a whole number") from None
    choices = switch.metadata.get("choices")
    if choices and str(value) not in choices:
        raise SettingError(f"switch {switch.name}: {value!r} is none of {', '.join(choices)}")
    return str(value)


def _boolean(name: str, value: object) -> bool:
    text = str(value).lower()
    if text in ("true", "yes", "1"):
        return True
    if text in ("false", "no", "0"):
        return False
    raise SettingError(f"switch {name}: {value!r} is neither true nor false")


def add_switches(parser: argparse.ArgumentParser) -> None:
    """Add one option per switch to the command line."""
    group = parser.add_argument_group("switches for what is unknown about the real service")
    for switch in fields(Behaviour):
        group.add_argument(
            f"--{switch.name.replace('_', '-')}",
            dest=f"switch_{switch.name}",
            metavar=None if "choices" in switch.metadata else "VALUE",
            choices=switch.metadata.get("choices"),
            help=f"{switch.metadata['help']} (default: {switch.default})".replace("%", "%%"),
        )


def switches_from(options: argparse.Namespace) -> dict[str, str]:
    """Return the switches that the command line sets."""
    given = ((name.removeprefix("switch_"), value) for name, value in vars(options).items() if value is not None)
    return {name: value for name, value in given if name in SWITCHES}
