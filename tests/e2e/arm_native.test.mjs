// `halley native` against the Resource Manager of the emulator, end to end: continuous backup is turned on and watched,
// what was deleted comes back with its documents, and what goes wrong is told, gone on with, and not done twice.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { accountSnapshot } from './account_snapshot.mjs';
import { fast, startArmEmulator } from './arm_emulator.mjs';
import { environment, halley, kBinary, moment, passed, temporaryFolder } from './harness.mjs';

const { CosmosClient } = createRequire(import.meta.url)('@azure/cosmos');

const group = 'halley-rg';
const source = 'halley-emulator';
let emulator;
let azure;

before(async () => {
  emulator = await startArmEmulator();
  azure = emulator.azure();
  const { database } = await emulator.client.databases.create({ id: 'store' });
  for (const id of ['orders', 'carts']) {
    const { container } = await database.containers.create({ id, partitionKey: '/pk' });
    for (let i = 0; i < 20; ++i) await container.items.create({ id: `${i}`, pk: `p${i % 3}`, total: i / 4 });
    await container.scripts.storedProcedures.create({ id: 'sum', body: 'function () {}' });
  }
});
after(() => emulator?.stop());
beforeEach(async () => {
  await emulator.armDoor('fault', { clear: true });
  await emulator.armDoor('operations', {});
});

// A client of an account's data, by what Resource Manager tells of it.
async function dataOf(name) {
  const { documentEndpoint } = await azure.databaseAccounts.get(group, name);
  const { primaryMasterKey } = await azure.databaseAccounts.listKeys(group, name);
  return new CosmosClient({ endpoint: documentEndpoint, key: primaryMasterKey });
}

async function documentsOf(client) {
  const snapshot = await accountSnapshot(client);
  return Object.fromEntries(Object.entries(snapshot).map(([name, { documents }]) => [name, documents]));
}

const accounts = async () => {
  const names = [];
  for await (const account of azure.databaseAccounts.list()) names.push(account.name);
  return names;
};

describe('an account with periodic backup', () => {
  before(() => azure.databaseAccounts.beginCreateOrUpdateAndWait(group, 'young', { location: 'East US' }, fast));

  it('is changed to continuous backup and the all-versions feed, one after the other', async () => {
    const before = await emulator.native(['status', '--account', 'young']);
    assert.equal(before.result.mode, 'periodic');
    assert.equal(before.result.events[0].event, 'continuous_backup_off');
    const args = ['enable', '--account', 'young', '--tier', '7d', '--all-versions', '--yes', '--wait'];
    assert.equal((await emulator.native(args)).result.changes, 2);
    const { result } = await emulator.native(['status', '--account', 'young']);
    assert.deepEqual([result.mode, result.tier, result.all_versions], ['continuous', 'Continuous7Days', true]);
    assert.equal((await emulator.native(args)).result.changes, 0);
    const longer = await emulator.native(['enable', '--account', 'young', '--tier', '35d']);
    assert.match(longer.said, /native status --operation/);
    const { result: waited } = await emulator.native(['status', '--operation', longer.result.operation, '--wait']);
    assert.equal(waited.status, 'Succeeded');
    assert.equal((await emulator.native(['status', '--account', 'young'])).result.tier, 'Continuous35Days');
  });
});

describe('a backup where [native] is configured', () => {
  it('reports what is not as it should be with the account', async () => {
    const folder = temporaryFolder();
    const env = { ...emulator.env, ...environment(emulator, join(folder, 'repository')) };
    const configuration = join(folder, 'halley.toml');
    writeFileSync(configuration, `${readFileSync(emulator.configuration, 'utf8')}tier = "Continuous35Days"\n`);
    await halley(['init'], { env });
    const args = ['backup', '--no-wait', '--config', configuration];
    const { result } = await halley(args, { env });
    const [event] = result.account_events;
    assert.deepEqual(
      [result.account_events.length, event.event, event.severity, event.subject],
      [1, 'tier_lowered', 'warning', source],
    );
    assert.match(event.hint, /native enable/);
    const { stderr } = await halley(args, { env, json: false });
    assert.ok(stderr.includes(`! ${event.message}`), stderr);
    const wished = await halley(['backup', '--no-wait', '--config', emulator.configuration], { env });
    assert.deepEqual(wished.result.account_events, []);
  });
});

describe('the backup of a container', () => {
  it('reaches up to now; not yet, while the service does not know', async () => {
    await emulator.armDoor('backup', { not_yet: 1 });
    assert.equal((await emulator.native(['latest', 'store/orders'], { expect: 3 })).result.latest, null);
    const { result } = await emulator.native(['latest', 'store/orders', '--wait']);
    assert.ok(Math.abs(Date.parse(result.latest) - Date.now()) < 60_000, result.latest);
    const status = (await emulator.native(['status'])).result;
    assert.deepEqual(status.containers.map((each) => each.container), ['store/carts', 'store/orders']);
  });
});

describe('an account that was deleted', () => {
  let before;
  let at;

  it('is listed with the days that are left', async () => {
    before = await documentsOf(emulator.client);
    at = await emulator.second();
    await passed(emulator, at);
    await azure.databaseAccounts.beginCreateOrUpdateAndWait(
      group,
      'doomed',
      {
        location: 'West US',
        createMode: 'Restore',
        restoreParameters: {
          restoreMode: 'PointInTime',
          restoreSource: (await emulator.native(['restorable'])).result.accounts.map(
            (each) =>
              `/subscriptions/${emulator.arm.subscription}/providers/Microsoft.DocumentDB/locations/westus/` +
              `restorableDatabaseAccounts/${each.instance}`,
          )[0],
          restoreTimestampInUtc: new Date(at * 1000),
        },
      },
      fast,
    );
    const data = await dataOf('doomed');
    await passed(emulator, await emulator.second());
    assert.deepEqual(await documentsOf(data), before);
    at = await emulator.second();
    await passed(emulator, at);
    await azure.databaseAccounts.beginDeleteAndWait(group, 'doomed', fast);
    await assert.rejects(data.databases.readAll().fetchAll());
    data.dispose();
    await emulator.armDoor('clock', { advance: 6 * 86_400 + 3600 });
    const { result } = await emulator.native(['restorable']);
    const doomed = result.accounts.find((each) => each.account === 'doomed');
    assert.equal(doomed.days_left, 23);
    const { stdout } = await emulator.native(['restorable', '--account', 'doomed', '--suggest'], { json: false });
    assert.match(stdout, /halley native restore --account doomed --at /);
    await emulator.armDoor('clock', { advance: -(6 * 86_400 + 3600) });
  });

  it('comes back as a new one, closed to public networks, its documents equal to before', async () => {
    const args = ['restore', '--account', 'doomed', '--at', moment(at), '--to-account', 'doomed-back', '--wait'];
    const { result, stderr } = await emulator.native(args);
    assert.equal(result.done, true);
    assert.match(stderr, /becomes the new account doomed-back in West US: 1 database, 2 containers\n/);
    const account = await azure.databaseAccounts.get(group, 'doomed-back');
    assert.equal(account.documentEndpoint, result.endpoint);
    assert.equal(account.publicNetworkAccess, 'Disabled');
    const data = await dataOf('doomed-back');
    assert.deepEqual(await documentsOf(data), before);
    data.dispose();
    // Given again it is the same restore; another one under that name is refused.
    assert.equal((await emulator.native(args)).result.endpoint, result.endpoint);
    args[4] = moment(at - 1);
    const { error } = await emulator.native(args, { expect: 1 });
    assert.match(error.message, /there is an account called doomed-back already/);
  });
});

describe('what was deleted in an account', () => {
  it('comes back: a container with its documents and without its scripts', async () => {
    const then = (await accountSnapshot(emulator.client))['store/orders'];
    await passed(emulator, await emulator.second());
    await emulator.client.database('store').container('orders').delete();
    const { stdout } = await emulator.native(['restorable', '--suggest'], { json: false });
    assert.match(stdout, /halley native restore-container store\/orders --account halley-emulator --at /);
    const { result } = await emulator.native(['restore-container', 'store/orders', '--wait']);
    assert.equal(result.resources[0].error, null);
    const back = (await accountSnapshot(emulator.client))['store/orders'];
    assert.deepEqual(back.documents, then.documents);
    assert.deepEqual([then.sprocs.length, back.sprocs.length], [1, 0]);
    const { error } = await emulator.native(['restore-container', 'store/orders'], { expect: 1 });
    assert.match(error.message, /only what was deleted/);
  });

  it('comes back: a database with its containers', async () => {
    const then = await documentsOf(emulator.client);
    await passed(emulator, await emulator.second());
    await emulator.client.database('store').delete();
    await emulator.native(['restore-database', 'store', '--with-containers', '--wait']);
    assert.deepEqual(await documentsOf(emulator.client), then);
  });

  it('comes back: a container of a database that was restored without it', async () => {
    const then = (await documentsOf(emulator.client))['store/carts'];
    await passed(emulator, await emulator.second());
    await emulator.client.database('store').delete();
    await emulator.native(['restore-database', 'store', '--wait']);
    assert.deepEqual(await documentsOf(emulator.client), { store: undefined });
    await emulator.native(['restore-container', 'store/carts', '--container', 'store/orders', '--wait']);
    assert.deepEqual((await documentsOf(emulator.client))['store/carts'], then);
  });
});

describe('trouble', () => {
  const restoreArgs = async (name) => {
    const at = await emulator.second();
    await passed(emulator, at);
    return ['restore', '--at', moment(at), '--to-account', name];
  };

  it('an expired token is asked for anew once, and then is an error', async () => {
    const expired = { kind: 'status', status: 401, match: '/databaseAccounts/' };
    await emulator.armDoor('fault', expired);
    await emulator.native(['status']);
    await emulator.armDoor('fault', { ...expired, count: 0 });
    const { error } = await emulator.native(['status'], { expect: 1 });
    assert.match(error.message, /ExpiredAuthenticationToken/);
  });

  it('a secret that is not taken is said', async () => {
    await emulator.armDoor('fault', { kind: 'status', status: 401, match: '/oauth2/', count: 0 });
    const { error } = await emulator.native(['status'], { expect: 1 });
    assert.match(error.message, /AADSTS7000222/);
  });

  it('a missing role is named', async () => {
    await emulator.armDoor('fault', { kind: 'status', status: 403, match: '/databaseAccounts/' });
    const reading = await emulator.native(['status'], { expect: 1 });
    assert.match(reading.error.hint, /Cosmos DB Account Reader Role.*databaseAccounts\/read/);
    await emulator.armDoor('fault', { kind: 'status', status: 403, match: '/restorableDatabaseAccounts' });
    const restoring = await emulator.native(['restorable'], { expect: 1 });
    assert.match(restoring.error.hint, /CosmosRestoreOperator/);
    await emulator.armDoor('fault', { kind: 'status', status: 403, method: 'PUT' });
    const writing = await emulator.native(await restoreArgs('not-allowed'), { expect: 1 });
    assert.match(writing.error.hint, /DocumentDB Account Contributor/);
    assert.ok(!(await accounts()).includes('not-allowed'));
  });

  it('what is not there is named', async () => {
    const account = await emulator.native(['status', '--account', 'nobody'], { expect: 1 });
    assert.match(account.error.message, /ResourceNotFound.*nobody/);
    const subscription = await emulator.native(['status', '--subscription', 'other'], { expect: 1 });
    assert.match(subscription.error.hint, /--subscription/);
    const resourceGroup = await emulator.native(['status', '--resource-group', 'other'], { expect: 1 });
    assert.match(resourceGroup.error.hint, /--resource-group/);
    const args = ['restore', '--at', moment(await emulator.second()), '--databases', 'store=nothing'];
    const { error } = await emulator.native(args, { expect: 1 });
    assert.match(error.message, /store\/nothing/);
  });

  it('a certificate that is not trusted is said', async () => {
    const args = ['status', '--cloud', emulator.arm.endpoint, '--azure-ca', '/etc/ssl/certs/ca-certificates.crt'];
    const { error } = await emulator.native(args, { expect: 1 });
    assert.match(`${error.message} ${error.hint}`, /certificate/);
  });

  it('what is trusted of the account is not trusted of Azure', async () => {
    const folder = temporaryFolder();
    const env = { ...emulator.env, ...environment(emulator, join(folder, 'repository')) };
    const configuration = join(folder, 'halley.toml');
    const text = readFileSync(emulator.configuration, 'utf8');
    writeFileSync(configuration, text.replace('[native]\nca =', 'key_env = "COSMOS_KEY"\n[native]\n# ca ='));
    await halley(['init'], { env });
    for (const trust of [[], ['--ca', emulator.certificate], ['--insecure-tls']]) {
      const { result, stderr } = await halley(['backup', '--no-wait', '--config', configuration, ...trust], { env });
      assert.deepEqual(result.account_events, []);
      assert.match(stderr, /Azure's own backup was not looked at: .*certificate/);
    }
    await halley(['native', 'status', '--config', configuration], { env, expect: 1 });
    const trusted = ['native', 'status', '--config', configuration, '--azure-ca', emulator.certificate];
    await halley(trusted, { env });
    await halley([...trusted, '--insecure-tls'], { env, expect: 2 });
  });

  it('a moment outside the window exits with 20', async () => {
    const { error } = await emulator.native(['restore', '--at', '2020-01-01T00:00:00Z'], { expect: 20 });
    assert.match(error.message, /outside the backup of halley-emulator/);
  });

  it('throttling and failures that pass are borne', async () => {
    await emulator.armDoor('fault', { kind: 'throttle', retry_after_ms: 0, count: 2 });
    await emulator.armDoor('fault', { kind: 'status', status: 500, method: 'GET', count: 1 });
    await emulator.native(['status']);
  });

  it('a change while the account is being changed is refused, and nothing is done', async () => {
    await emulator.armDoor('operations', { looks: 1000 });
    const tags = { team: 'one' };
    const begun = await azure.databaseAccounts.beginUpdate(group, source, { tags }, { updateIntervalInMs: 60_000 });
    const { error } = await emulator.native(['enable', '--tier', '7d', '--yes'], { expect: 1 });
    assert.match(error.message, /is being changed already/);
    const another = await emulator.client.database('store').containers.create({ id: 'brief', partitionKey: '/id' });
    await passed(emulator, await emulator.second());
    await another.container.delete();
    const blocked = await emulator.native(['restore-container', 'store/brief'], { expect: 1 });
    assert.match(blocked.said, /exclusive lock/);
    assert.match(blocked.said, /try later/);
    assert.ok(begun.getOperationState().status === 'running');
  });
});

describe('a restore that is interrupted', () => {
  let at;
  const args = (name) => ['restore', '--at', moment(at), '--to-account', name];

  before(async () => {
    at = await emulator.second();
    await passed(emulator, at);
  });

  it('goes on by its id', async () => {
    const { result } = await emulator.native(args('by-id'));
    assert.equal(result.done, false);
    const other = await emulator.native(args('by-id'));
    assert.equal(other.result.done, false, 'it is the same restore');
    await emulator.native(['status', '--operation', result.operation, '--wait']);
    const data = await dataOf('by-id');
    assert.deepEqual(await documentsOf(data), await documentsOf(emulator.client));
    data.dispose();
  });

  it('goes on when the same command is given again', async () => {
    await emulator.armDoor('operations', { looks: 4 });
    await emulator.native(args('again'));
    const { result } = await emulator.native([...args('again'), '--wait']);
    assert.equal(result.done, true);
    assert.equal((await accounts()).filter((name) => name === 'again').length, 1);
  });

  it('whose answer was lost is found, and not begun twice', async () => {
    await emulator.armDoor('fault', { kind: 'lose_reply', method: 'PUT', count: 1 });
    const { result } = await emulator.native([...args('lost'), '--wait']);
    assert.equal(result.done, true);
  });

  it('whose polls are answered with 500 goes on', async () => {
    await emulator.armDoor('fault', { kind: 'status', status: 500, match: '/operationsStatus/', count: 2 });
    const { result } = await emulator.native([...args('bumpy'), '--wait']);
    assert.equal(result.done, true);
  });

  it('whose operation is forgotten is asked about by its account', async () => {
    await emulator.armDoor('fault', { kind: 'status', status: 404, match: '/operationsStatus/', count: 0 });
    const { result } = await emulator.native([...args('forgotten'), '--wait']);
    assert.equal(result.done, true);
  });

  it('that ends as Failed says why', async () => {
    await emulator.armDoor('operations', { fail: 'InternalServerError', message: 'It broke.' });
    const { error } = await emulator.native([...args('broken'), '--wait'], { expect: 1 });
    assert.match(error.message, /ended as Failed InternalServerError: It broke\./);
    const again = await emulator.native([...args('broken'), '--wait'], { expect: 1 });
    assert.match(again.error.message, /Failed/);
    await azure.databaseAccounts.beginDeleteAndWait(group, 'broken', fast);
    assert.equal((await emulator.native([...args('broken'), '--wait'])).result.done, true);
  });
});

describe('what the emulator prints', () => {
  it('can be pasted', async () => {
    const args = ['emulator', '--arm', '--account-id', 'pasted'];
    const child = spawn(kBinary, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (said += text));
    const ended = once(child, 'close');
    try {
      while (!said.includes('AZURE_CLIENT_SECRET=') && child.exitCode === null) await once(child.stdout, 'data');
      const configuration = join(temporaryFolder(), 'halley.toml');
      writeFileSync(configuration, said.slice(said.indexOf('[account]'), said.indexOf('# any secret')));
      const env = Object.fromEntries([...said.matchAll(/(AZURE_\w+)=(\S+)/g)].map(([, name, value]) => [name, value]));
      const { result } = await halley(['native', 'status', '--config', configuration], { env });
      assert.deepEqual([result.account, result.tier], ['pasted', 'Continuous30Days']);
    } finally {
      child.kill('SIGTERM');
    }
    assert.deepEqual(await ended, [0, null]);
  });

  it('is refused with options that do not go together', async () => {
    const refused = async (args, words) => {
      const { error } = await halley(['emulator', ...args], { expect: 2 });
      assert.match(error.message, words);
    };
    await refused(['--arm', '--data', temporaryFolder()], /--arm does not go with --data/);
    await refused(['--arm-listen', '127.0.0.1:0'], /--arm-listen needs --arm/);
    await refused(['--arm', '--arm-listen', 'nowhere'], /--arm-listen takes ADDRESS:PORT/);
    await refused(['--arm', '--test-door', '--arm-listen', '0.0.0.0:0'], /--test-door is on loopback only/);
  });
});
