// Copyright (c) 2026, community.descope contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: 2026, community.descope contributors

// Calls Descope's Node SDK against an emulator and prints what it returned as JSON.
// Usage: node sdk.cjs <base URL> <project id> <management key>, with NODE_PATH naming the folder that holds the SDK.
const sdk = require('@descope/node-sdk');

const [baseUrl, projectId, managementKey] = process.argv.slice(2);
const { management } = (sdk.default || sdk)({ baseUrl, projectId, managementKey });

async function main() {
  const exported = await management.flow.export('one');
  const { flow, screens } = exported.data;
  const theme = await management.theme.export();
  const seen = {
    exported,
    copied: await management.flow.import('three', flow, screens),
    again: await management.flow.import('one', flow, screens),
    deleted: await management.flow.delete(['two']),
    listed: await management.flow.list(),
    unknown: await management.flow.export('nowhere'),
    theme,
    themed: await management.theme.import({
      ...theme.data.theme,
      cssTemplate: { ...theme.data.theme.cssTemplate, acme: { globals: {} } },
    }),
    snapshot: await management.project.exportSnapshot(),
    tenants: await management.tenant.loadAll(),
  };
  console.log(JSON.stringify(seen));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
