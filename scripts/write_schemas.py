# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

"""Write the JSON Schemas in C(schemas/), from the ones that the collection itself works with."""

from __future__ import annotations

import sys
from pathlib import Path

from ansible_collections.community.descope.plugins.module_utils._json import file_bytes
from ansible_collections.community.descope.plugins.module_utils._validate.schemas import all_schemas

SCHEMAS = Path(__file__).resolve().parent.parent / "schemas"


def main() -> int:
    SCHEMAS.mkdir(exist_ok=True)
    for name, schema in all_schemas().items():
        (SCHEMAS / name).write_bytes(file_bytes(schema))
        print(f"schemas/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
