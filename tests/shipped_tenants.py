# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Three tenants for the flows that ship, with values that a careless template would choke on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

# Quotes, what ends a string in JSON or YAML; letters beyond ASCII; what other template engines would take for theirs.
_NAMES = {
    "quotes": 'Acme "Best" & Sons\' </b> \\ <script>',
    "letters": "Über Müller株式会社 \U0001f680\u2028 ¿?",
    "syntax": "{{user.email}} ${ secret } {% raw %} {# no #} $${x} {{ mustache }}",
}
TENANTS = tuple(_NAMES)


def tenant_values(options: Mapping[str, Mapping[str, Any]], tenant: str) -> dict[str, Any]:
    """Return a value for each variable of an entry: its default for the first tenant, something else for the others."""
    return {name: _value(name, terms, tenant) for name, terms in options.items()}


def _value(name: str, terms: Mapping[str, Any], tenant: str) -> Any:
    if name == "brand_name":
        return _NAMES[tenant]
    if not terms.get("required") and tenant == TENANTS[0]:
        return terms["default"]
    if terms.get("choices"):
        return terms["choices"] if terms["type"] == "list" else terms["choices"][-1]
    kind, default = terms.get("type", "str"), terms.get("default")
    others: dict[str, Callable[[], Any]] = {
        "bool": lambda: not default,
        "int": lambda: (default or 0) + 1,
        "float": lambda: 0.25,
        "list": lambda: [f"{name}.example", "ümlaut.example"],
        "str": lambda: f"https://{tenant}.example/{name}?a=1&b='\"",
    }
    return others[kind]()
