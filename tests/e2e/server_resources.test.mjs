// Everything of an account but documents through the official SDK: databases, containers, scripts, users, permissions
// with their tokens, offers, conflicts, regions.
import assert from 'node:assert/strict';
import https from 'node:https';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startEmulator, temporaryFolder } from './harness.mjs';

const { CosmosClient, PermissionMode } = createRequire(import.meta.url)('@azure/cosmos');

const refused = (status, substatus) => (error) => {
  assert.equal(error.code, status, error.message);
  if (substatus !== undefined) assert.equal(Number(error.substatus ?? error.headers?.['x-ms-substatus']), substatus);
  return true;
};
const ids = ({ resources }) => resources.map((each) => each.id).sort();

describe('resources', () => {
  let emulator;
  let database;
  let container;
  before(async () => {
    emulator = await startEmulator();
    ({ database } = await emulator.client.databases.create({ id: 'Shop' }));
    ({ container } = await database.containers.create({ id: 'Orders', partitionKey: { paths: ['/pk'], version: 2 } }));
  });
  after(() => emulator.stop());

  test('databases', async () => {
    const { databases } = emulator.client;
    assert.equal((await databases.createIfNotExists({ id: 'Other', throughput: 500 })).statusCode, 201);
    assert.equal((await databases.createIfNotExists({ id: 'Other' })).statusCode, 200);
    await assert.rejects(databases.create({ id: 'Other' }), refused(409));
    assert.deepEqual(ids(await databases.readAll().fetchAll()), ['Other', 'Shop']);
    assert.deepEqual(ids(await databases.query("SELECT * FROM root r WHERE r.id = 'Other'").fetchAll()), ['Other']);
    const other = emulator.client.database('Other');
    assert.equal((await other.read()).resource.id, 'Other');
    assert.equal((await other.readOffer()).resource.content.offerThroughput, 500);
    await other.delete();
    await assert.rejects(other.read(), refused(404));
    for (const id of ['a/b', 'a#b', 'a?b', 'end ']) await assert.rejects(databases.create({ id }));
  });

  test('containers: definitions are kept, what is fixed stays, the index is transformed', async () => {
    const definition = {
      id: 'Full',
      partitionKey: { paths: ['/a', '/b'], kind: 'MultiHash', version: 2 },
      uniqueKeyPolicy: { uniqueKeys: [{ paths: ['/mail'] }] },
      defaultTtl: 100,
      indexingPolicy: { indexingMode: 'consistent', includedPaths: [{ path: '/*' }], excludedPaths: [] },
    };
    assert.equal((await database.containers.createIfNotExists(definition)).statusCode, 201);
    const full = database.container('Full');
    const { resource } = await full.read();
    assert.deepEqual(resource.uniqueKeyPolicy, definition.uniqueKeyPolicy);
    assert.deepEqual(resource.partitionKey, definition.partitionKey);
    await assert.rejects(full.replace({ ...resource, partitionKey: { paths: ['/a'], version: 2 } }), refused(400));
    await assert.rejects(full.replace({ ...resource, uniqueKeyPolicy: { uniqueKeys: [] } }), refused(400));
    await full.items.create({ id: '1', a: 'x', b: 'y', mail: 'm' });
    const excludedPaths = [{ path: '/a/*' }];
    await full.replace({ ...resource, indexingPolicy: { ...resource.indexingPolicy, excludedPaths } });
    const progress = async () => {
      const { headers } = await full.read({ populateQuotaInfo: true });
      return Number(headers['x-ms-documentdb-collection-index-transformation-progress']);
    };
    for (let tries = 0; (await progress()) < 100; ++tries) assert.ok(tries < 1000, 'the index is never done');
    assert.deepEqual(ids(await database.containers.readAll().fetchAll()), ['Full', 'Orders']);
    assert.deepEqual(ids(await database.containers.query("SELECT * FROM c WHERE c.id = 'Full'").fetchAll()), ['Full']);
    assert.deepEqual((await full.getPartitionKeyDefinition()).resource.paths, ['/a', '/b']);
    await full.delete();
    await assert.rejects(full.items.create({ id: '1', a: 'x', b: 'y' }), refused(404));
  });

  test('scripts are stored, not run', async () => {
    const { scripts } = container;
    const kinds = [
      [scripts.storedProcedures, (id) => scripts.storedProcedure(id), {}],
      [scripts.userDefinedFunctions, (id) => scripts.userDefinedFunction(id), {}],
      [scripts.triggers, (id) => scripts.trigger(id), { triggerType: 'Pre', triggerOperation: 'All' }],
    ];
    for (const [all, one, more] of kinds) {
      assert.equal((await all.create({ id: 's', body: 'function () {}', ...more })).statusCode, 201);
      await assert.rejects(all.create({ id: 's', body: 'function () {}', ...more }), refused(409));
      assert.equal((await one('s').read()).resource.body, 'function () {}');
      await one('s').replace({ id: 's', body: 'function () { return 1; }', ...more });
      assert.deepEqual(ids(await all.readAll().fetchAll()), ['s']);
      assert.deepEqual(ids(await all.query("SELECT * FROM c WHERE c.id = 's'").fetchAll()), ['s']);
    }
    await assert.rejects(scripts.storedProcedure('s').execute('a', []), refused(400));
    for (const [, one] of kinds) await one('s').delete();
    await assert.rejects(scripts.trigger('s').read(), refused(404));
  });

  test('offers', async () => {
    const { resource: offer } = await container.readOffer();
    assert.equal(offer.content.offerThroughput, 400);
    offer.content.offerThroughput = 700;
    const replaced = await emulator.client.offer(offer.id).replace(offer);
    assert.equal(replaced.resource.content.offerThroughput, 700);
    assert.equal((await emulator.client.offer(offer.id).read()).resource.content.offerThroughput, 700);
    assert.ok(ids(await emulator.client.offers.readAll().fetchAll()).includes(offer.id));
  });

  test('users, permissions, and what their tokens open', async () => {
    const { user } = await database.users.create({ id: 'u' });
    assert.equal((await database.users.upsert({ id: 'u' })).statusCode, 200);
    assert.deepEqual(ids(await database.users.readAll().fetchAll()), ['u']);
    await container.items.create({ id: '1', pk: 'a' });
    await container.items.create({ id: '1', pk: 'b' });
    const grant = { id: 'p', permissionMode: PermissionMode.Read, resource: container.url };
    const { resource } = await user.permissions.create(grant, { resourceTokenExpirySeconds: 600 });
    const clientOf = (token) =>
      new CosmosClient({ endpoint: emulator.endpoint, resourceTokens: { [container.url]: token } });
    const itemOf = (client, key) => client.database('Shop').container('Orders').item('1', key);
    const reader = clientOf(resource._token);
    assert.equal((await itemOf(reader, 'a').read()).statusCode, 200);
    await assert.rejects(itemOf(reader, 'a').delete(), refused(403));
    await assert.rejects(reader.database('Shop').read());

    await user.permission('p').replace({ ...grant, permissionMode: PermissionMode.All, resourcePartitionKey: ['a'] });
    const again = await user.permission('p').read();
    const writer = clientOf(again.resource._token);
    assert.equal((await itemOf(writer, 'a').replace({ id: '1', pk: 'a', n: 1 })).statusCode, 200);
    await assert.rejects(itemOf(writer, 'b').read(), refused(403));

    await emulator.door('clock', { advance: 700 });
    await assert.rejects(itemOf(reader, 'a').read(), refused(403));
    assert.deepEqual(ids(await user.permissions.readAll().fetchAll()), ['p']);
    await user.permission('p').delete();
    await assert.rejects(itemOf(writer, 'a').read(), refused(403));
    await user.permissions.create(grant);
    const { resource: renamed } = await user.replace({ id: 'renamed' });
    assert.deepEqual(ids(await database.user('renamed').permissions.readAll().fetchAll()), ['p']);
    assert.equal(renamed.id, 'renamed');
    await assert.rejects(database.user('u').read(), refused(404));
    await database.user('renamed').delete();
    await assert.rejects(user.read(), refused(404));
    for (const client of [reader, writer]) client.dispose();
  });

  test('conflicts', async () => {
    await emulator.door('region', { multiple_writes: true });
    await container.items.create({ id: 'c', pk: 'a' });
    const content = { id: 'c', pk: 'a', lost: true };
    await emulator.door('conflict', { database: 'Shop', container: 'Orders', key: ['a'], id: 'c', content });
    const { resources } = await container.conflicts.readAll().fetchAll();
    assert.equal(resources.length, 1);
    assert.deepEqual(JSON.parse(resources[0].content), content);
    // conflict.read() of the SDK signs for a resource of another type, so it is asked without it.
    const { id } = resources[0];
    const link = `dbs/Shop/colls/Orders/conflicts/${id}`;
    const read = await emulator.raw('GET', 'conflicts', link, `/${link}`);
    assert.equal(JSON.parse(read.body).operationType, 'replace');
    await container.conflict(id, 'a').delete();
    assert.deepEqual((await container.conflicts.readAll().fetchAll()).resources, []);
    await emulator.door('region', { multiple_writes: false });
  });

  test('a session that is ahead of its replica', async () => {
    const session = new CosmosClient({ ...emulator, consistencyLevel: 'Session' });
    const { headers } = await container.items.create({ id: 's', pk: 'a' });
    const [range, rest] = headers['x-ms-session-token'].split(':');
    const sessionToken = `${range}:${rest.replace(/#\d+/, '#999999')}`;
    const link = 'dbs/Shop/colls/Orders/docs/s';
    const ahead = { 'x-ms-session-token': sessionToken, 'x-ms-documentdb-partitionkey': '["a"]' };
    const read = await emulator.raw('GET', 'docs', link, `/${link}`, ahead);
    assert.deepEqual([read.status, read.headers['x-ms-substatus']], [404, '1002']);
    // The SDK asks again without the token.
    const item = session.database('Shop').container('Orders').item('s', 'a');
    assert.equal((await item.read({ sessionToken })).statusCode, 200);
    session.dispose();
  });
});

test('request units that are spent are answered 429, and the SDK waits', async () => {
  const emulator = await startEmulator('--request-units', '30');
  const { database } = await emulator.client.databases.create({ id: 'Shop' });
  const { container } = await database.containers.create({ id: 'c', partitionKey: { paths: ['/pk'], version: 2 } });
  const waited = [];
  for (let n = 0; n < 12; ++n) {
    const { headers } = await container.items.create({ id: `${n}`, pk: 'a' });
    waited.push(Number(headers['x-ms-throttle-retry-count'] ?? 0));
  }
  assert.ok(waited.some((count) => count > 0), JSON.stringify(waited));
  await emulator.stop();
});

test('with --enforce-throughput what was asked for at creation limits; what is loaded is not limited', async () => {
  const tree = join(temporaryFolder(), 'tree');
  const partitionKey = { paths: ['/pk'], version: 2 };
  const source = await startEmulator('--dump', tree);
  const { database: own } = await source.client.databases.create({ id: 'Own' });
  const { container: filled } = await own.containers.create({ id: 'c', partitionKey, throughput: 10 });
  for (let n = 0; n < 40; ++n) assert.equal((await filled.items.create({ id: `${n}`, pk: 'a' })).statusCode, 201);
  const { database: sharing } = await source.client.databases.create({ id: 'Sharing', throughput: 20 });
  for (const id of ['a', 'b']) await sharing.containers.create({ id, partitionKey });
  const { database: scaled } = await source.client.databases.create({ id: 'Scaled' });
  await scaled.containers.create({ id: 'c', partitionKey, maxThroughput: 1000 });
  await source.stop();

  const log = join(temporaryFolder(), 'access.log');
  const emulator = await startEmulator('--enforce-throughput', '--load', tree, `--access-log=${log}`);
  // All the documents in one request, of which nothing had to be asked again.
  assert.deepEqual(readFileSync(log, 'utf8').match(/ bulk .*RU/g), [' bulk 200 211.60RU']);
  const client = new CosmosClient({
    endpoint: emulator.endpoint,
    key: emulator.key,
    connectionPolicy: { retryOptions: { maxRetryAttemptCount: 0 } },
  });
  // How many writes of some that are begun at once were refused.
  const refusals = async (...containers) => {
    const writes = containers.map((container) => container.items.upsert({ id: 'more', pk: 'a' }));
    const codes = (await Promise.allSettled(writes)).map(({ reason }) => reason?.code);
    assert.deepEqual(codes.filter((code) => code !== undefined && code !== 429), []);
    return codes.filter((code) => code === 429).length;
  };
  const containerOf = (database, id) => client.database(database).container(id);
  const times = (count, container) => Array(count).fill(container);
  assert.ok((await refusals(...times(20, containerOf('Own', 'c')))) > 0);
  assert.ok((await refusals(...times(10, containerOf('Sharing', 'a')), ...times(10, containerOf('Sharing', 'b')))) > 0);
  assert.equal(await refusals(...times(20, containerOf('Scaled', 'c'))), 0);
  client.dispose();
  await emulator.stop();
});

test('regions: reads go on elsewhere, writes follow a failover', async () => {
  const emulator = await startEmulator('--region', 'West US', '--region', 'East US');
  const client = new CosmosClient({
    endpoint: emulator.endpoint,
    key: emulator.key,
    connectionPolicy: { preferredLocations: ['West US', 'East US'] },
  });
  const { database } = await client.databases.create({ id: 'Shop' });
  const { container } = await database.containers.create({ id: 'c', partitionKey: { paths: ['/pk'], version: 2 } });
  await container.items.create({ id: '1', pk: 'a' });
  await emulator.door('region', { name: 'East US', writes: true });
  assert.equal((await container.items.upsert({ id: '2', pk: 'a' })).statusCode, 201);
  await emulator.door('region', { name: 'West US', state: 'removed' });
  assert.equal((await container.item('1', 'a').read()).statusCode, 200);
  client.dispose();
  await emulator.stop();
});

test('https with the certificate that was generated', async () => {
  const certificate = join(temporaryFolder(), 'emulator.pem');
  const emulator = await startEmulator('--tls', '--cert-out', certificate);
  assert.match(emulator.endpoint, /^https:/);
  const agent = new https.Agent({ ca: readFileSync(certificate), keepAlive: true });
  const client = new CosmosClient({ endpoint: emulator.endpoint, key: emulator.key, agent });
  assert.equal((await client.databases.create({ id: 'Shop' })).statusCode, 201);
  assert.deepEqual(ids(await client.databases.readAll().fetchAll()), ['Shop']);
  client.dispose();
  agent.destroy();
  await emulator.stop();
});
