// The safety net end to end: an account is brought into each state that `halley native status --check` warns of, as
// far as Resource Manager can, and out of it again. Periodic backup and deletion: arm_native and native_fixup.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fast, startArmEmulator } from './arm_emulator.mjs';
import { halley, moment, passed, temporaryFolder } from './harness.mjs';

const group = 'halley-rg';
const day = 86_400;
let emulator;
let azure;

// An account of yesterday with a container, as it should be, and a restored one that is closed to networks.
before(async () => {
  emulator = await startArmEmulator();
  azure = emulator.azure();
  await emulator.armDoor('clock', { advance: -day });
  const settings = { location: 'West US', backupPolicy: continuous('Continuous30Days') };
  await azure.databaseAccounts.beginCreateOrUpdateAndWait(group, 'watched', settings, fast);
  const { sqlResources } = azure;
  const database = { resource: { id: 'store' } };
  await sqlResources.beginCreateUpdateSqlDatabaseAndWait(group, 'watched', 'store', database, fast);
  const container = { resource: { id: 'orders', partitionKey: { paths: ['/pk'] } } };
  await sqlResources.beginCreateUpdateSqlContainerAndWait(group, 'watched', 'store', 'orders', container, fast);
  await emulator.armDoor('clock', { advance: day });
  await emulator.patch('watched', { enableAllVersionsAndDeletesChangeFeed: true });
  const at = await emulator.second();
  await passed(emulator, at);
  const restore = ['restore', '--account', 'watched', '--at', moment(at), '--to-account', 'copy', '--wait'];
  await emulator.native(restore);
});
after(() => emulator?.stop());

const continuous = (tier) => ({ type: 'Continuous', continuousModeProperties: { tier } });
const lower = (tier) =>
  azure.databaseAccounts.beginUpdateAndWait(group, 'watched', { backupPolicy: continuous(tier) }, fast);

// `halley native status --check` with `wish` in [native]: what it warns of. Its exit code says whether there is any.
async function warnings(account, wish, expect) {
  const configuration = join(temporaryFolder(), 'halley.toml');
  writeFileSync(configuration, `${readFileSync(emulator.configuration, 'utf8')}${wish}\n`);
  const args = ['native', 'status', '--check', '--account', account, '--config', configuration];
  const { result } = await halley(args, { env: emulator.env, expect });
  return result.events;
}

const states = [
  {
    event: 'tier_lowered',
    wish: 'tier = "Continuous30Days"',
    message: /reaches back 7 days, not 30/,
    spoil: () => lower('Continuous7Days'),
    mend: () => emulator.native(['enable', '--account', 'watched', '--tier', '30d', '--yes', '--wait']),
  },
  {
    event: 'restorable_time_lags',
    subject: 'store/orders',
    message: /can be restored up to .* only/,
    spoil: () => emulator.armDoor('backup', { lag: 7200 }),
    mend: () => emulator.armDoor('backup', { lag: 3000 }),
  },
  {
    event: 'restorable_time_lags',
    subject: 'store/orders',
    message: /was made at .* and cannot be restored yet/,
    spoil: () => emulator.armDoor('backup', { not_yet: 1 }),
    mend: () => emulator.armDoor('backup', {}),
  },
  {
    event: 'restorable_time_lags',
    wish: 'longest_lag = "30m"',
    subject: 'store/orders',
    message: /can be restored up to .* only/,
    spoil: () => emulator.armDoor('backup', { lag: 3000 }),
    mend: () => emulator.armDoor('backup', {}),
  },
  {
    event: 'all_versions_off',
    wish: 'all_versions = true',
    message: /feed of watched is off/,
    spoil: () => emulator.patch('watched', { enableAllVersionsAndDeletesChangeFeed: false }),
    mend: () => emulator.native(['enable', '--account', 'watched', '--all-versions', '--yes', '--wait']),
  },
  {
    event: 'restored_but_public',
    account: 'copy',
    message: /made by a restore, and is open to every network/,
    spoil: () => emulator.patch('copy', { publicNetworkAccess: 'Enabled' }),
    mend: () => emulator.patch('copy', { publicNetworkAccess: 'Disabled' }),
  },
  {
    event: 'restored_but_public',
    account: 'copy',
    message: /made by a restore, and is open to every network/,
    spoil: () => emulator.patch('copy', { publicNetworkAccess: 'Enabled' }),
    mend: () => emulator.patch('copy', { ipRules: [{ ipAddressOrRange: '10.1.0.0/16' }] }),
  },
];

describe('native status --check', () => {
  for (const { event, account = 'watched', subject = account, wish = '', message, spoil, mend } of states) {
    it(`warns of ${event} (${message.source}) until it is mended`, async () => {
      assert.deepEqual(await warnings(account, wish, 0), []);
      await spoil();
      const [warning, ...others] = await warnings(account, wish, 4);
      assert.deepEqual(others, []);
      assert.deepEqual([warning.event, warning.severity, warning.subject], [event, 'warning', subject]);
      assert.match(warning.message, message);
      assert.notEqual(warning.hint, '');
      await mend();
      assert.deepEqual(await warnings(account, wish, 0), []);
    });
  }

  // No change takes an account's zones away: it is asked for more of them.
  it('warns of redundancy_lower where zones are asked for', async () => {
    assert.deepEqual(await warnings('watched', 'zone_redundant = false', 0), []);
    const [warning, ...others] = await warnings('watched', 'zone_redundant = true', 4);
    assert.deepEqual(others, []);
    assert.deepEqual([warning.event, warning.severity, warning.subject], ['redundancy_lower', 'warning', 'watched']);
    assert.match(warning.message, /in West US are in one availability zone/);
  });
});
