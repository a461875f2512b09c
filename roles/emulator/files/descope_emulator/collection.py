# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""What the emulator borrows from the collection it is part of: reading flow files.

It does not borrow the collection's idea of when two flows are the same, nor its validation: they are tested against it.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

_NAME = "ansible_collections.community.descope"


def _make_importable() -> None:
    """Let this very copy of the collection be imported by its name, wherever it lies and whatever else is installed."""
    root = Path(__file__).resolve().parents[4]
    if root in _found():
        return
    parts = _NAME.split(".")
    for length in range(1, len(parts) + 1):
        name = ".".join(parts[:length])
        if name == _NAME or name not in sys.modules:
            package = ModuleType(name)
            package.__path__ = [str(root)] if name == _NAME else []
            sys.modules[name] = package


def _found() -> list[Path]:
    """Return where Python would import the collection from."""
    try:
        spec = importlib.util.find_spec(_NAME)
    except (ImportError, ValueError):
        return []
    locations = spec.submodule_search_locations if spec else None
    return [Path(location).resolve() for location in locations or ()]


_make_importable()

from ansible_collections.community.descope.plugins.module_utils._errors import InputError  # noqa: E402
from ansible_collections.community.descope.plugins.module_utils._flow.document import FlowDocument  # noqa: E402
from ansible_collections.community.descope.plugins.module_utils._flow.formats import Format, detect, load  # noqa: E402
from ansible_collections.community.descope.plugins.module_utils._flow.sources import parse_text, read_source  # noqa: E402

__all__ = ["FlowDocument", "Format", "InputError", "detect", "load", "parse_text", "read_source"]
