# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Draw the flows of the shipped library, and list their variables, where their pages show them.

Writes C(flows/<entry>/flow.svg), and in C(flows/<entry>/README.md) what stands between the comments C(variables) and
C(end of variables). With C(--check), writes nothing and says what is not current. Run it in C(.venv) after any change
to an entry; a test makes sure that somebody did.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.community.descope.plugins.module_utils._draw.svg import draw_flow
from ansible_collections.community.descope.plugins.module_utils._errors import InputError, Problem
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument
from ansible_collections.community.descope.plugins.module_utils._flow.sources import load_raw
from ansible_collections.community.descope.plugins.module_utils._library.entries import entries_of
from ansible_collections.community.descope.plugins.plugin_utils._library import Template, TemplateLibrary
from ansible_collections.community.descope.plugins.plugin_utils._render import Scope

LIBRARY = Path(__file__).resolve().parent.parent / "flows"
ENTRIES = entries_of(str(LIBRARY))
# What the pictures show where an entry has no default.
_SAMPLES: dict[str, Any] = {
    "brand_name": "Acme & Sons",
    "support_email": "help@acme.example",
    "sso_domains": ["acme.example", "acme-labs.example"],
    "brand_color": "#D62828",
}
_BEGIN, _END = "<!-- variables -->\n", "<!-- end of variables -->\n"


def open_entry(entry: str) -> Template:
    """Return an entry of the shipped library, as a task finds it."""

    def nothing_else(path: str) -> str:
        raise InputError([Problem("file-not-found", "only the shipped library is looked at", source=path)])

    return TemplateLibrary(nothing_else).open(entry)


def render_entry(entry: str, variables: Mapping[str, Any]) -> FlowDocument:
    """Return the flow of an entry with these variables. Raises InputError."""
    rendered = open_entry(entry).render(Scope(Templar(DataLoader()), {}, variables))
    [document] = [document for raw in rendered for document in load_raw(raw)]
    return document


def declared_options(entry: str) -> dict[str, dict[str, Any]]:
    """Return the variables of an entry, those of the entries that it extends included."""
    declaration = open_entry(entry).declaration
    return {name: dict(terms) for name, terms in declaration.options.items()} if declaration else {}


def sample_values(entry: str) -> dict[str, Any]:
    """Return a plain value for each variable that has to be given."""
    required = [name for name, terms in declared_options(entry).items() if terms.get("required")]
    return {name: _SAMPLES.get(name, f"https://acme.example/{name.removesuffix('_url')}") for name in required}


def page_of(entry: str) -> str:
    """Return an entry's page with its table of variables as it has to be."""
    text = (LIBRARY / entry / "README.md").read_text(encoding="utf-8")
    before, _begin, rest = text.partition(_BEGIN)
    _old, _end, after = rest.partition(_END)
    table = "\n".join(_rows(declared_options(entry)))
    return f"{before}{_BEGIN}\n{table}\n\n{_END}{after}"


def _rows(options: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield "| Variable | Type | Default | What it is |"
    yield "|---|---|---|---|"
    for name, terms in options.items():
        kind = f"list of {terms['elements']}" if terms.get("elements") else terms.get("type", "str")
        default = "required" if terms.get("required") else f"`{_shown(terms.get('default'))}`"
        choices = f" One of {', '.join(f'`{choice}`' for choice in terms['choices'])}." if terms.get("choices") else ""
        yield f"| `{name}` | {kind} | {default} | {terms['description']}{choices} |"


def _shown(value: object) -> str:
    text: str = yaml.safe_dump(value, default_flow_style=True, width=1000, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")


def wanted_files() -> dict[Path, str]:
    """Return what the files made by this program have to hold."""
    files = {}
    for entry in ENTRIES:
        files[LIBRARY / entry / "flow.svg"] = draw_flow(render_entry(entry, sample_values(entry)))
        files[LIBRARY / entry / "README.md"] = page_of(entry)
    return files


def main() -> int:
    parser = argparse.ArgumentParser(description="Draw the flows of the shipped library and list their variables.")
    parser.add_argument("--check", action="store_true", help="write nothing, say what is not current")
    check = parser.parse_args().check
    outdated = [
        (path, text)
        for path, text in wanted_files().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path, text in outdated:
        print(f"{'outdated' if check else 'written'}: {path.relative_to(LIBRARY.parent)}")
        if not check:
            path.write_text(text, encoding="utf-8")
    return 1 if check and outdated else 0


if __name__ == "__main__":
    sys.exit(main())
