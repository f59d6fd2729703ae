// What Azure's restore does not bring back, end to end: an account with scripts, users, roles and network rules is
// backed up, a container of it or all of it is lost, restored by `halley native` and fixed up, and equal to before.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { accountSnapshot, withoutSystem } from './account_snapshot.mjs';
import { all, fast, startArmEmulator } from './arm_emulator.mjs';
import { environment, halley, kBinary, moment, passed, temporaryFolder } from './harness.mjs';

const { CosmosClient } = createRequire(import.meta.url)('@azure/cosmos');

const group = 'halley-rg';
const source = 'halley-emulator';
const role = '11111111-1111-4111-8111-111111111111';
const principal = '22222222-2222-4222-8222-222222222222';
const script = new URL('../../scripts/disaster-recovery', import.meta.url).pathname;
let emulator;
let azure;
let env;
let folder;

before(async () => {
  emulator = await startArmEmulator();
  azure = emulator.azure();
  folder = temporaryFolder();
  env = { ...emulator.env, ...environment(emulator, join(folder, 'repository')) };
  copyFileSync(emulator.configuration, join(folder, 'halley.toml'));
  await fill();
  await halley(['init'], { env });
  await backup();
});
after(() => emulator?.stop());

const backup = () => halley(['backup', '--config', emulator.configuration], { env });
const fixup = (args, expect = 0) => emulator.native(['fixup', ...args], { env, expect });

// `halley native fixup` on a terminal of its own, where `answer` is typed to what it asks: {code, stdout}.
function fixupOnTerminal(args, answer) {
  const words = [kBinary, 'native', 'fixup', ...args, '--config', emulator.configuration];
  const line = words.map((word) => `'${word}'`).join(' ');
  const all = { PATH: process.env.PATH, ...emulator.env, ...env };
  return new Promise((resolve) => {
    const run = execFile('script', ['-qec', line, '/dev/null'], { env: all, timeout: 60_000 }, (error, stdout) =>
      resolve({ code: error?.code ?? 0, stdout }),
    );
    let asked = false;
    let seen = '';
    run.stdout.on('data', (text) => {
      seen += text;
      if (!asked && seen.includes("Type 'yes'")) run.stdin.write(`${answer}\n`);
      asked ||= seen.includes("Type 'yes'");
    });
  });
}

async function fill() {
  const { database } = await emulator.client.databases.create({ id: 'store' });
  const conflictResolutionPolicy = { mode: 'LastWriterWins', conflictResolutionPath: '/total' };
  const definition = {
    id: 'orders',
    partitionKey: '/pk',
    defaultTtl: 86_400,
    throughput: 700,
    conflictResolutionPolicy,
  };
  const { container } = await database.containers.create(definition);
  for (let i = 0; i < 20; ++i) await container.items.create({ id: `${i}`, pk: `p${i % 3}`, total: i / 4 });
  await container.scripts.storedProcedures.create({ id: 'sum', body: 'function () { return 1; }' });
  await container.scripts.triggers.create({
    id: 'stamp',
    body: 'function () {}',
    triggerType: 'Pre',
    triggerOperation: 'All',
  });
  await container.scripts.userDefinedFunctions.create({ id: 'tax', body: 'function (x) { return x; }' });
  await database.containers.create({ id: 'carts', partitionKey: '/pk', maxThroughput: 4000 });
  const { user } = await database.users.create({ id: 'ada' });
  await user.permissions.create({ id: 'read', permissionMode: 'Read', resource: container.url });
  const { resource: document } = await container.item('0', 'p0').read();
  await user.permissions.create({ id: 'one', permissionMode: 'Read', resource: document._self });
  const id = `/subscriptions/${emulator.arm.subscription}/resourceGroups/${group}`;
  const account = `${id}/providers/Microsoft.DocumentDB/databaseAccounts/${source}`;
  await azure.sqlResources.beginCreateUpdateSqlRoleDefinitionAndWait(
    role,
    group,
    source,
    {
      roleName: 'till',
      type: 'CustomRole',
      assignableScopes: [account],
      permissions: [{ dataActions: ['Microsoft.DocumentDB/databaseAccounts/readMetadata'] }],
    },
    fast,
  );
  await azure.sqlResources.beginCreateUpdateSqlRoleAssignmentAndWait(
    principal,
    group,
    source,
    { roleDefinitionId: `${account}/sqlRoleDefinitions/${role}`, scope: account, principalId: principal },
    fast,
  );
  const rules = { ipRules: [{ ipAddressOrRange: '10.1.0.0/16' }], tags: { team: 'till' } };
  await azure.databaseAccounts.beginUpdateAndWait(group, source, rules, fast);
}

// A moment that the repository and Azure's backup know.
async function backedUpMoment() {
  const at = await emulator.second();
  await passed(emulator, at);
  await backup();
  return at;
}

async function dataOf(name) {
  const { documentEndpoint } = await azure.databaseAccounts.get(group, name);
  const { primaryMasterKey } = await azure.databaseAccounts.listKeys(group, name);
  return new CosmosClient({ endpoint: documentEndpoint, key: primaryMasterKey });
}

async function permissionsOf(client) {
  const user = client.database('store').user('ada');
  const permissions = (await user.permissions.readAll().fetchAll()).resources.map((each) => {
    const { _token, ...rest } = withoutSystem(each);
    assert.match(_token, /^type=resource/);
    return { ...rest, resource: rest.resource.replace(/^\/|\/$/g, '') };
  });
  return permissions.sort((a, b) => a.id.localeCompare(b.id));
}

async function rolesOf(name) {
  const definitions = await all(azure.sqlResources.listSqlRoleDefinitions(group, name));
  const assignments = await all(azure.sqlResources.listSqlRoleAssignments(group, name));
  const of = (text) => text.replaceAll(`/databaseAccounts/${name}`, '');
  return {
    definitions: definitions.map((each) => [each.name, each.roleName, each.assignableScopes.map(of)]),
    assignments: assignments.map((each) => [each.name, each.principalId, of(each.roleDefinitionId), of(each.scope)]),
  };
}

describe('a container that was deleted', () => {
  let then;
  let at;
  const args = () => ['--to', source, '--container', 'store/orders', '--at', moment(at)];

  it('comes back without scripts, and is equal to before once it is fixed up', async () => {
    then = await accountSnapshot(emulator.client);
    assert.equal(then['store/orders'].throughput, 700);
    at = await backedUpMoment();
    await emulator.client.database('store').container('orders').delete();
    await emulator.native(['restore-container', 'store/orders', '--at', moment(at), '--wait']);
    const back = (await accountSnapshot(emulator.client))['store/orders'];
    assert.deepEqual([back.sprocs, back.triggers, back.udfs, back.throughput], [[], [], [], 400]);

    const { result: planned } = await fixup([...args(), '--dry-run']);
    const parts = ['script', 'script', 'script', 'throughput', 'expiry'];
    assert.deepEqual(planned.steps.map((step) => step.part), parts);
    assert.deepEqual((await accountSnapshot(emulator.client))['store/orders'], back, 'a plan changes nothing');
    const unasked = await fixup(args(), 2);
    assert.match(unasked.error.hint, /--yes/);
    assert.deepEqual((await accountSnapshot(emulator.client))['store/orders'], back, 'nobody agreed');
    const { result } = await fixup([...args(), '--yes']);
    assert.equal(result.as_it_was, true);
    assert.equal(result.done.length, 5);
    assert.deepEqual(await accountSnapshot(emulator.client), then);
  });

  it('has nothing left to be done', async () => {
    const { result } = await fixup(args());
    assert.deepEqual([result.done, result.differences], [[], []]);
  });

  it('has what is another replaced only when that is agreed to', async () => {
    const { scripts } = emulator.client.database('store').container('orders');
    await scripts.storedProcedure('sum').replace({ id: 'sum', body: 'function () { return 2; }' });
    await scripts.storedProcedures.create({ id: 'new', body: 'function () {}' });
    await scripts.trigger('stamp').delete();
    const now = await accountSnapshot(emulator.client);
    const { result: planned } = await fixup([...args(), '--dry-run']);
    assert.deepEqual(planned.steps.map((step) => step.replaces), [true, false]);
    const unasked = await fixup(args(), 2);
    assert.match(unasked.error.hint, /--yes/);
    assert.match(unasked.stderr, /is replaced.*\n {2}stored procedure sum of store\/orders is another\n/);
    const declined = await fixupOnTerminal(args(), 'no');
    assert.equal(declined.code, 2, declined.stdout);
    assert.match(declined.stdout, /not agreed to: nothing was changed/);
    assert.deepEqual(await accountSnapshot(emulator.client), now);
    const { result } = await fixup([...args(), '--yes'], 4);
    assert.equal(result.done.length, 2);
    assert.match(result.differences[0].what, /stored procedure new of store\/orders was not there/);
    await scripts.storedProcedure('new').delete();
    assert.deepEqual(await accountSnapshot(emulator.client), then);
  });

  it('has what is missing brought back unasked, and what is agreed to on a terminal', async () => {
    const { scripts } = emulator.client.database('store').container('orders');
    await scripts.userDefinedFunction('tax').delete();
    assert.equal((await fixup(args())).result.done.length, 1);
    const { resource: stamp } = await scripts.trigger('stamp').read();
    await scripts.trigger('stamp').replace({ ...stamp, triggerType: 'Post' });
    const agreed = await fixupOnTerminal(args(), 'yes');
    assert.equal(agreed.code, 0, agreed.stdout);
    assert.deepEqual(await accountSnapshot(emulator.client), then);
  });

  it('has nothing replaced that only turns up while the rest is put right', async () => {
    const database = emulator.client.database('store');
    const whole = ['--to', source, '--database', 'store', '--at', moment(at), '--yes'];
    const permission = database.user('ada').permission('read');
    const { _token, ...was } = (await permission.read()).resource;
    await permission.replace({ ...was, permissionMode: 'All' });
    await database.container('orders').scripts.userDefinedFunction('tax').delete();
    await emulator.door('fault', { kind: 'status', status: 403, match: '/users' });
    const { result, said } = await fixup(whole, 4);
    assert.equal(result.done.length, 1, said);
    assert.deepEqual(result.differences.map((each) => each.what), ['permission read of user ada of store is another']);
    assert.equal((await permission.read()).resource.permissionMode, 'All');
    assert.equal((await fixup(whole)).result.done.length, 1);
    assert.equal((await permission.read()).resource.permissionMode, 'Read');
  });

  it('has its conflict resolution policy as before, and again where it is another', async () => {
    const orders = emulator.client.database('store').container('orders');
    const policyNow = async () => (await orders.read()).resource.conflictResolutionPolicy;
    const was = then['store/orders'].definition.conflictResolutionPolicy;
    assert.equal(was.conflictResolutionPath, '/total');
    const { resource: definition } = await orders.read();
    await orders.replace({ ...definition, conflictResolutionPolicy: { ...was, conflictResolutionPath: '/other' } });
    const { result: planned } = await fixup([...args(), '--dry-run']);
    assert.deepEqual(planned.steps.map((step) => [step.part, step.replaces]), [['conflicts', true]]);
    await fixup(args(), 2);
    assert.equal((await policyNow()).conflictResolutionPath, '/other', 'nobody agreed');
    await fixup([...args(), '--yes']);
    assert.deepEqual(await policyNow(), was);
    assert.deepEqual(await accountSnapshot(emulator.client), then);
  });

  it('keeps a conflict resolution policy that the service does not change, which is told', async () => {
    const { database } = await emulator.client.databases.create({ id: 'side' });
    await database.containers.create({ id: 'racks', partitionKey: '/pk' });
    const before = await backedUpMoment();
    await database.container('racks').delete();
    const policy = { mode: 'Custom', conflictResolutionProcedure: '' };
    const definition = { id: 'racks', partitionKey: '/pk', conflictResolutionPolicy: policy };
    const { container } = await database.containers.create(definition);
    const { result } = await fixup(['--to', source, '--container', 'side/racks', '--at', moment(before), '--yes'], 4);
    const what = 'conflict resolution policy of side/racks is another';
    assert.deepEqual(result.done.map((each) => each.what), [what]);
    assert.match(result.done[0].error, /mode .* can't change/);
    assert.deepEqual(result.differences.map((each) => each.what), [what]);
    assert.equal((await container.read()).resource.conflictResolutionPolicy.mode, 'Custom');
    await database.delete();
    await backup(); // later moments are without it
  });

  it('does not expire where it did not, unasked', async () => {
    const carts = emulator.client.database('store').container('carts');
    await carts.replace({ ...(await carts.read()).resource, defaultTtl: 3600 });
    const { result } = await fixup(['--to', source, '--container', 'store/carts', '--at', moment(at), '--no-ttl']);
    assert.match(result.done[0].what, /time to live of store\/carts is 3600, was off/);
    assert.deepEqual(await accountSnapshot(emulator.client), then);
  });

  it('must be named, and known at the moment', async () => {
    const unnamed = await fixup(['--to', source, '--at', moment(at)], 2);
    assert.match(unnamed.error.message, /not made by a restore/);
    const wrong = await fixup(['--to', source, '--container', 'store/none', '--at', moment(at)], 1);
    assert.match(wrong.error.message, /there was no store\/none/);
    const timeless = await fixup(['--to', source, '--container', 'store/orders'], 2);
    assert.match(timeless.error.hint, /--at/);
    await fixup(['--to', source, '--container', 'store/orders', '--at', '2020-01-01T00:00:00Z'], 20);
  });

  it('does not get its expiry before its scripts are there', async () => {
    await emulator.client.database('store').container('orders').delete();
    await emulator.native(['restore-container', 'store/orders', '--at', moment(at), '--wait']);
    const container = emulator.client.database('store').container('orders');
    const refusal = { kind: 'status', status: 403, method: 'PUT', match: 'storedProcedures', count: 0 };
    await emulator.armDoor('fault', refusal);
    const { result } = await fixup([...args(), '--yes'], 4);
    assert.equal((await container.read()).resource.defaultTtl, undefined);
    assert.match(result.done.find((each) => each.error).error, /403/);
    await emulator.armDoor('fault', { clear: true });
    const { result: left, said } = await fixup([...args(), '--no-ttl'], 4);
    assert.equal(left.as_it_was, false);
    const off = 'time to live of store/orders is off, was 86400';
    assert.deepEqual(left.differences, [{ what: off, hint: '--no-ttl leaves it as it is' }], said);
    assert.equal((await container.read()).resource.defaultTtl, undefined);
    assert.equal((await fixup([...args(), '--yes'])).result.done.length, 1);
    assert.deepEqual(await accountSnapshot(emulator.client), then);
  });
});

describe('which way to restore', () => {
  it('is compared, and Azure is taken where the repository has nowhere to go', async () => {
    const at = await backedUpMoment();
    const args = ['restore', '--at', moment(at), '--config', emulator.configuration];
    const { lines, result } = await halley([...args, '--using', 'auto', '--dry-run'], { env });
    const [azures, own] = lines[0].comparison;
    assert.deepEqual([azures.possible, azures.exact, own.possible, lines[0].chosen], [true, true, false, 'native']);
    assert.ok(azures.seconds >= 1800 && azures.cost >= 0);
    assert.equal(result.requests.length, 1);
    const files = ['--using', 'auto', '--to', `dir:${join(folder, 'files')}`, '--yes'];
    const restored = await halley([...args, ...files], { env });
    assert.equal(restored.lines[0].chosen, 'repository');
    assert.equal(restored.result.documents, 20);
  });

  it('is Azure, carried out; what the repository does not know of the new account is told', async () => {
    const database = emulator.client.database('store');
    const { container } = await database.containers.create({ id: 'late', partitionKey: '/pk' });
    await container.items.create({ id: 'only', pk: 'p' });
    const at = await emulator.second();
    await passed(emulator, at);
    await container.delete();
    const args = ['restore', '--at', moment(at), '--using', 'native', '--to-account', 'parts', '--wait'];
    const names = ['--container', 'store/late', '--container', 'store/carts', '--config', emulator.configuration];
    const { result } = await halley([...args, ...names], { env });
    assert.deepEqual(result.databases, [{ database: 'store', containers: ['late', 'carts'] }]);
    assert.equal(result.done, true);
    const data = await dataOf('parts');
    const read = await data.database('store').container('late').item('only', 'p').read();
    assert.equal(read.resource.id, 'only');
    data.dispose();

    await fixup(['--to', 'parts', '--container', 'store/carts'], 2); // of which moment must be said
    const { result: fixed } = await fixup(['--to', 'parts', '--approximate', '--yes'], 4);
    assert.equal(fixed.as_it_was, false);
    assert.deepEqual(fixed.differences.map((each) => each.what), [
      'container store/late is not in the repository as of the moment: it cannot be compared',
    ]);
    const parts = await dataOf('parts');
    await parts.database('store').container('late').delete();
    parts.dispose();
    const { result: without } = await fixup(['--to', 'parts', '--approximate'], 4);
    assert.deepEqual(without.differences, fixed.differences, 'what was restored and went again is told, too');
    await azure.databaseAccounts.beginDeleteAndWait(group, 'parts', fast);
  });
});

describe('an account that was deleted', () => {
  let then;
  let at;

  before(async () => {
    at = await backedUpMoment();
    const account = await azure.databaseAccounts.get(group, source);
    then = {
      data: await accountSnapshot(emulator.client),
      permissions: await permissionsOf(emulator.client),
      roles: await rolesOf(source),
      rules: account.ipRules,
      tags: account.tags,
    };
    await passed(emulator, await emulator.second());
    await azure.databaseAccounts.beginDeleteAndWait(group, source, fast);
  });

  async function isAsBefore(name) {
    const data = await dataOf(name);
    const account = await azure.databaseAccounts.get(group, name);
    const now = {
      data: await accountSnapshot(data),
      permissions: await permissionsOf(data),
      roles: await rolesOf(name),
      rules: account.ipRules,
      tags: account.tags,
    };
    data.dispose();
    assert.deepEqual(now, then);
    assert.equal(account.publicNetworkAccess, 'Enabled');
  }

  it('is told with its countdown', async () => {
    const { result } = await emulator.native(['status'], { expect: 3 });
    assert.equal(result.deleted, true);
    assert.deepEqual([result.events[0].event, result.events[0].severity], ['account_deleted', 'critical']);
    assert.match(result.events[0].message, /gone in (29|30) days/);
    await emulator.native(['status', '--check'], { expect: 4 });
  });

  it('comes back as a new one, closed and without what surrounded it, until it is fixed up', async () => {
    await emulator.native(['restore', '--at', moment(at), '--to-account', 'second', '--wait']);
    assert.equal((await azure.databaseAccounts.get(group, 'second')).publicNetworkAccess, 'Disabled');
    const unasked = await fixup(['--to', 'second'], 2);
    assert.match(unasked.stderr, /network rules of second are others: .*; it is opened to networks/);
    assert.equal((await azure.databaseAccounts.get(group, 'second')).publicNetworkAccess, 'Disabled');
    const { result } = await fixup(['--to', 'second', '--yes']);
    assert.deepEqual(result.differences, []);
    assert.equal(result.at, moment(at));
    await isAsBefore('second');
    assert.deepEqual((await fixup(['--to', 'second'])).result.done, []);
    const data = await dataOf('second');
    const { database } = await data.databases.create({ id: 'new' });
    await database.containers.create({ id: 'things', partitionKey: '/pk' });
    data.dispose();
    const { result: told } = await fixup(['--to', 'second'], 4);
    assert.deepEqual(
      told.differences.map((each) => each.what.split(' is not in the repository')[0]),
      ['container new/things', 'database new'],
    );
  });

  it('comes back by one script', async () => {
    // Without a terminal that could be asked on, wherever the tests run.
    const run = (...args) =>
      promisify(execFile)('setsid', ['--wait', script, ...args], {
        cwd: folder,
        env: { PATH: process.env.PATH, HALLEY: kBinary, ...env },
      });
    await assert.rejects(run(), { code: 2 });
    await assert.rejects(run('yesterday'), { code: 2 });
    const unasked = await run(moment(at), '--to-account', 'third').catch((error) => error);
    assert.equal(unasked.code, 2);
    assert.match(unasked.stderr, /--yes agrees/);
    const { stdout } = await run(moment(at), '--to-account', 'third', '--yes');
    assert.match(stdout, /Restored: third/);
    assert.match(stdout, /third is as it was at/);
    await isAsBefore('third');
  });
});
