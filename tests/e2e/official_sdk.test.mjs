// What the official SDK wrote, Halley backs up at five moments and restores into another account at each of them: the
// SDK reads everything back equal.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { accountSnapshot } from './account_snapshot.mjs';
import * as hard from './hard_documents.mjs';
import { environment, halley, moment, passed, startEmulator, temporaryFolder } from './harness.mjs';

const { BulkOperationType } = createRequire(import.meta.url)('@azure/cosmos');
const kNearlyTwoMegabytes = 2_000_000;
const kMinute = 60;

const repository = join(temporaryFolder(), 'repository');
const moments = []; // {name, at, snapshot}
let source;
let env;

before(async () => {
  source = await startEmulator('--partitions', '3');
  env = environment(source, repository);
  await halley(['init'], { env });
});
after(() => source?.stop());

const backup = async () => {
  const { result, said } = await halley(['backup'], { env });
  assert.deepEqual(result.incomplete, [], said);
  return result;
};

// Notes what the account holds, and the second in which it held just that.
async function remember(name) {
  const at = await source.second();
  const snapshot = await accountSnapshot(source.client);
  moments.push({ name, at, snapshot });
  await passed(source, at);
  await source.door('clock', { advance: kMinute });
}

const shop = () => source.client.database('shop');
const container = (name) => shop().container(name);

async function createContainers() {
  await source.client.databases.create({ id: 'shop' });
  await source.client.databases.create({ id: 'empty database' });
  const hash = (path, version) => ({ paths: [path], kind: 'Hash', ...(version && { version }) });
  const containers = [
    { id: 'plain', partitionKey: hash('/pk', 2), throughput: 700 },
    { id: 'first version', partitionKey: hash('/pk') },
    { id: 'nested', partitionKey: hash('/address/city/code', 2) },
    { id: 'tree', partitionKey: { paths: ['/tenant', '/user', '/session'], kind: 'MultiHash', version: 2 } },
    { id: 'big', partitionKey: hash('/pk', 2) },
    { id: 'short lived', partitionKey: hash('/pk', 2), defaultTtl: -1 },
    {
      id: 'policies',
      partitionKey: hash('/"quoted name"', 2),
      indexingPolicy: {
        indexingMode: 'consistent',
        automatic: true,
        includedPaths: [{ path: '/*' }],
        excludedPaths: [{ path: '/blob/*' }, { path: '/"_etag"/?' }],
        compositeIndexes: [[{ path: '/day', order: 'ascending' }, { path: '/sum', order: 'descending' }]],
      },
      uniqueKeyPolicy: { uniqueKeys: [{ paths: ['/mail'] }] },
      defaultTtl: 86400,
    },
  ];
  for (const definition of containers) await shop().containers.create(definition);
}

async function writeHardDocuments() {
  const plain = container('plain').items;
  await plain.create({ id: 'numbers', pk: 'a', numbers: hard.numbers });
  const named = Object.fromEntries(hard.strings.map((text) => [`p${text}`, text]));
  await plain.create({ id: 'strings', pk: 'a', strings: hard.strings, ...named });
  await plain.create({ id: 'underscored', pk: 'a', ...hard.underscored });
  await plain.create({ id: 'deep', pk: 'a', nested: hard.nested(60), empty: [{}, [], '', null, true, false] });
  for (const id of hard.ids) await plain.create({ id, pk: 'ids', id2: id });
  for (const id of hard.idsThatTheSdkRefuses) {
    await createRaw('plain', 'ids', JSON.stringify({ id, pk: 'ids', id2: id }));
  }
  await createRaw('plain', 'a', `{"id":"number texts","pk":"a","numbers":[${hard.numberTexts}]}`);
  await createRaw('plain', 'a', '{ "z" : 1,\n"id":"order","a":"\\u00e9\\/","pk":"a","_own":true }');
}

async function writeKeys() {
  for (const [index, pk] of hard.keys.entries()) {
    for (const name of ['plain', 'first version', 'short lived']) {
      await container(name).items.create({ id: 'the same id', pk, index });
    }
    const code = pk;
    await container('nested').items.create({ id: 'the same id', address: { city: { code, name: 'x' } }, index });
  }
  for (const name of ['plain', 'first version']) {
    await container(name).items.create({ id: 'the same id', text: 'without key' });
  }
  await container('nested').items.create({ id: 'the same id', address: { city: 'not an object' } });
  const tree = container('tree').items;
  const paths = [['a', 'b', 'c'], ['a', 'b', 'd'], ['a', 1, null], ['', true, 'x'], [null, null, null]];
  for (const [tenant, user, session] of paths) {
    await tree.create({ id: 'the same id', tenant, user, session });
  }
  await tree.create({ id: 'the same id', tenant: 'a', user: 'b' });
  await tree.create({ id: 'the same id' });
  for (let number = 0; number < 40; ++number) {
    const document = { id: `${number}`, 'quoted name': number % 7, mail: `${number}@example.com` };
    await container('policies').items.create(document);
  }
}

async function writeScripts() {
  const { scripts } = container('plain');
  const body = 'function (x) { getContext().getResponse().setBody("ä\\n" + x); }';
  await scripts.storedProcedures.create({ id: 'say', body });
  await scripts.triggers.create({ id: 'stamp', body: 'function () {}', triggerType: 'Pre', triggerOperation: 'All' });
  await scripts.userDefinedFunctions.create({ id: 'twice', body: 'function (x) { return 2 * x; }' });
}

async function writeInBulk(from, count, extra = {}) {
  const operations = Array.from({ length: count }, (_, index) => {
    const pk = `bulk ${(from + index) % 13}`;
    const resourceBody = { id: `bulk-${from + index}`, pk, value: (from + index) / 7, ...extra };
    return { operationType: BulkOperationType.Upsert, partitionKey: pk, resourceBody };
  });
  for (const { response, error } of await container('plain').items.executeBulkOperations(operations)) {
    assert.ok(response?.statusCode < 300, `bulk: ${response?.statusCode} ${error?.message}`);
  }
}

// Past the SDK: exactly this text.
async function createRaw(name, pk, text) {
  const link = `dbs/shop/colls/${name}`;
  const headers = { 'content-type': 'application/json', 'x-ms-documentdb-partitionkey': JSON.stringify([pk]) };
  const reply = await source.raw('POST', 'docs', link, `/${encodeURI(link)}/docs`, headers, text);
  assert.equal(reply.status, 201, reply.body);
}

// The exact text that a server returns for a document, less the system properties, which stand last.
async function textOf(server, id) {
  const link = `dbs/shop/colls/plain/docs/${id}`;
  const path = `/dbs/shop/colls/plain/docs/${encodeURIComponent(id)}`;
  const reply = await server.raw('GET', 'docs', link, path, { 'x-ms-documentdb-partitionkey': '["a"]' });
  assert.equal(reply.status, 200, reply.body);
  return reply.body.replace(/,"_rid":"[^"]*","_self":.*$/s, '');
}

describe('official SDK end to end', { timeout: 600_000 }, () => {
  it('backs up a full account', async () => {
    await createContainers();
    await writeHardDocuments();
    await writeKeys();
    await writeScripts();
    await writeInBulk(0, 300);
    await container('big').items.create(hard.ofSize('almost too big', 'a', kNearlyTwoMegabytes));
    await container('big').items.create(hard.ofSize('as well', 'b', kNearlyTwoMegabytes - 1));
    const result = await backup();
    const parts = Object.values(await accountSnapshot(source.client));
    const inAccount = parts.reduce((sum, part) => sum + (part.documents?.length ?? 0), 0);
    assert.ok(result.documents >= inAccount, `${result.documents} of ${inAccount} documents`);
    await remember('everything written');
  });

  it('backs up replacements, deletes and a batch', async () => {
    await writeInBulk(100, 100, { replaced: 'yes' });
    await container('plain').item('what?now', 'ids').replace({ id: 'what?now', pk: 'ids', answered: true });
    await container('plain').item('the same id', true).delete();
    await container('first version').item('the same id', null).delete();
    await container('tree').item('the same id', ['a', 'b', 'c']).delete();
    const reply = await container('plain').items.batch(
      [
        { operationType: 'Create', resourceBody: { id: 'in a batch', pk: 'a', step: 1 } },
        { operationType: 'Upsert', resourceBody: { id: 'deep', pk: 'a', flat: true } },
        { operationType: 'Delete', id: 'underscored' },
      ],
      'a',
    );
    assert.equal(reply.code, 200);
    await container('short lived').items.create({ id: 'half a minute', pk: 'a', ttl: 30 });
    await remember('replaced and deleted');
    await backup();
  });

  it('backs up the same id deleted and created again, and an expiry', async () => {
    await container('plain').item('the same id', 'a').delete();
    await container('plain').items.create({ id: 'the same id', pk: 'a', life: 'second' });
    await container('plain').item('the same id', undefined).delete();
    await container('big').item('as well', 'b').replace({ id: 'as well', pk: 'b', text: 'small now' });
    await remember('created again');
    await backup();
  });

  it('backs up changed definitions and scripts', async () => {
    const { resource: definition } = await container('policies').read();
    await container('policies').replace({ ...definition, defaultTtl: 3600 * 24 * 365 });
    const { scripts } = container('plain');
    await scripts.storedProcedure('say').replace({ id: 'say', body: 'function () { /* changed */ }' });
    await scripts.userDefinedFunction('twice').delete();
    await shop().containers.create({ id: 'made later', partitionKey: { paths: ['/pk'], kind: 'Hash', version: 2 } });
    await container('made later').items.create({ id: 'first', pk: new Date(0).toISOString() });
    // A new container and a changed definition can be restored from the pass that saw them, and what is going to be
    // dropped up to the last pass before.
    await backup();
    await remember('definitions changed');
    await backup();
  });

  it('backs up drops', async () => {
    await container('tree').delete();
    await source.client.database('empty database').delete();
    await writeInBulk(300, 200);
    for (let number = 0; number < 300; number += 3) {
      await container('plain').item(`bulk-${number}`, `bulk ${number % 13}`).delete();
    }
    await backup();
    await remember('dropped');
    await backup();
  });

  for (let index = 0; index < 5; ++index) {
    it(`restores moment ${index + 1} equal`, async () => {
      const { name, at, snapshot } = moments[index];
      const target = await startEmulator('--partitions', '2');
      try {
        const to = ['--to', 'cosmos', '--target-endpoint', target.endpoint, '--target-key-env', 'TARGET_KEY'];
        await halley(['restore', '--at', moment(at), ...to], { env: { ...env, TARGET_KEY: target.key } });
        const restored = await accountSnapshot(target.client);
        assert.deepEqual(Object.keys(restored).sort(), Object.keys(snapshot).sort(), name);
        for (const part of Object.keys(snapshot)) assert.deepEqual(restored[part], snapshot[part], `${name}: ${part}`);
        for (const id of ['numbers', 'number texts', 'order', 'strings']) {
          assert.equal(await textOf(target, id), await textOf(source, id), `${name}: ${id}`);
        }
      } finally {
        await target.stop();
      }
    });
  }

  it('moments differ from one another', () => {
    for (let index = 1; index < 5; ++index) assert.notDeepEqual(moments[index].snapshot, moments[index - 1].snapshot);
  });

  it('refuses a moment before coverage, naming the nearest good one', async () => {
    const to = ['--to', `dir:${temporaryFolder()}/tree`];
    const { error } = await halley(['restore', '--at', '2001-01-01T00:00:00Z', ...to], { env, expect: 20 });
    assert.match(`${error.message} ${error.hint}`, /20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ/);
  });
});
