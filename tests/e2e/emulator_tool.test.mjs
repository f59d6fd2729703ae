// `halley emulator` as a tool: an account that outlives its process, dumps that load again, the access log, and how it
// says where it is. HALLEY_EMULATOR_KILLS says how often it is killed (4 otherwise).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { accountSnapshot } from './account_snapshot.mjs';
import { halley, startEmulator, startEmulatorThrough, temporaryFolder } from './harness.mjs';

const { ChangeFeedMode, ChangeFeedStartFrom, CosmosClient } = createRequire(import.meta.url)('@azure/cosmos');

const kKills = Number(process.env.HALLEY_EMULATOR_KILLS ?? 4);
const kPartitionKey = { paths: ['/pk'], kind: 'Hash', version: 2 };

const running = new Set();
after(async () => {
  for (const emulator of running) await emulator.kill();
});

async function start(...args) {
  const emulator = await startEmulator(...args);
  running.add(emulator);
  return emulator;
}
async function stop(emulator, how = 'stop') {
  running.delete(emulator);
  await emulator[how]();
}

const containerOf = (emulator) => emulator.client.database('db').container('c');

async function makeContainer(emulator, options = {}) {
  await emulator.client.databases.create({ id: 'db' });
  const definition = { id: 'c', partitionKey: kPartitionKey, ...options };
  return (await emulator.client.database('db').containers.create(definition)).container;
}

// All pages of a change feed that are there now: {changes, continuation}.
async function readFeed(container, mode, from) {
  const iterator = container.items.getChangeFeedIterator({ changeFeedMode: mode, changeFeedStartFrom: from });
  const changes = [];
  let continuation;
  while (iterator.hasMoreResults) {
    const page = await iterator.readNext();
    continuation = page.continuationToken;
    if (page.statusCode === 304) break;
    changes.push(...page.result);
  }
  return { changes, continuation };
}

const shortChange = ({ current, previous, metadata }) => {
  const document = current?.id ? current : (previous ?? {});
  return `${metadata.operationType} ${document.id ?? metadata.id} ${document.n ?? ''}`.trim();
};

describe('an account that is kept', { timeout: 300_000 }, () => {
  for (const how of ['stop', 'kill']) {
    it(`is as it was after ${how === 'stop' ? 'a restart' : 'kill -9'}`, async () => {
      const data = join(temporaryFolder(), 'data');
      let emulator = await start('--data', data, '--partitions', '2');
      let container = await makeContainer(emulator, { defaultTtl: -1, uniqueKeyPolicy: { uniqueKeys: [] } });
      await container.scripts.storedProcedures.create({ id: 's', body: 'function () {}' });
      const { user } = await emulator.client.database('db').users.create({ id: 'u' });
      await user.permissions.create({ id: 'p', permissionMode: 'Read', resource: container.url });
      const now = ChangeFeedStartFrom.Now();
      const versions = (await readFeed(container, ChangeFeedMode.AllVersionsAndDeletes, now)).continuation;
      for (let n = 0; n < 50; ++n) await container.items.create({ id: `${n}`, pk: `${n % 7}`, n, text: 'ü\n"😀' });
      const latest = await readFeed(container, ChangeFeedMode.LatestVersion, ChangeFeedStartFrom.Beginning());
      assert.equal(latest.changes.length, 50);
      await emulator.door('split', { database: 'db', container: 'c', range: '0' });
      const replaced = await container.item('1', '1').replace({ id: '1', pk: '1', n: 'replaced' });
      await container.item('2', '2').delete();
      await container.items.create({ id: 'short', pk: '1', ttl: 1 });
      const before = await accountSnapshot(emulator.client);
      const { resource: definition } = await container.read();
      await stop(emulator, how);

      emulator = await start('--data', data, '--partitions', '5');
      container = containerOf(emulator);
      const found = await accountSnapshot(emulator.client);
      const isShort = (text) => JSON.parse(text).id === 'short'; // it may have expired in the meantime
      for (const snapshot of [before, found]) {
        snapshot['db/c'].documents = snapshot['db/c'].documents.filter((text) => !isShort(text));
      }
      assert.deepEqual(found, before);
      assert.deepEqual((await container.read()).resource, definition);
      assert.equal((await emulator.client.database('db').user('u').permission('p').read()).resource.id, 'p');
      const ranges = await emulator.raw('GET', 'pkranges', 'dbs/db/colls/c', '/dbs/db/colls/c/pkranges');
      assert.deepEqual(JSON.parse(ranges.body).PartitionKeyRanges.map(({ id }) => id).sort(), ['1', '2', '3']);

      // Both feeds go on where they were: nothing twice, nothing left out.
      await container.items.create({ id: 'new', pk: '1', n: 'new' });
      const goOn = (token) => ChangeFeedStartFrom.Continuation(token);
      const more = await readFeed(container, ChangeFeedMode.LatestVersion, goOn(latest.continuation));
      const ids = more.changes.map(({ id }) => id).filter((id) => id !== 'short');
      assert.deepEqual(ids.sort(), ['1', 'new']);
      const all = await readFeed(container, ChangeFeedMode.AllVersionsAndDeletes, goOn(versions));
      const changes = all.changes.map(shortChange).filter((text) => !text.includes('short'));
      const creates = Array.from({ length: 50 }, (_, n) => `create ${n} ${n}`);
      assert.equal(changes.filter((text) => text.startsWith('delete 2')).length, 1);
      const others = changes.filter((text) => !text.startsWith('delete'));
      assert.deepEqual(others.sort(), [...creates, 'replace 1 replaced', 'create new new'].sort());

      // Entity tags hold, and new ones are new.
      const accessCondition = { type: 'IfMatch', condition: replaced.etag };
      const again = await container.item('1', '1').replace({ id: '1', pk: '1', n: 'again' }, { accessCondition });
      assert.notEqual(again.etag, replaced.etag);
      const { resource: other } = await emulator.client.databases.create({ id: 'other' });
      assert.notEqual(other._rid, (await emulator.client.database('db').read()).resource._rid);
      await stop(emulator);
    });
  }

  for (const how of ['stop', 'kill']) {
    it(`knows a renamed user by the new name after ${how === 'stop' ? 'a restart' : 'kill -9'}`, async () => {
      const data = join(temporaryFolder(), 'data');
      let emulator = await start('--data', data);
      const container = await makeContainer(emulator);
      await container.items.create({ id: '1', pk: 'a' });
      const { user } = await emulator.client.database('db').users.create({ id: 'u' });
      const grant = { id: 'p', permissionMode: 'Read', resource: container.url };
      const { resource: given } = await user.permissions.create(grant);
      const { resource: renamed } = await user.replace({ id: 'renamed' });
      await emulator.client.database('db').users.create({ id: 'u' }); // another, under the name that is free now
      await stop(emulator, how);

      emulator = await start('--data', data);
      const database = emulator.client.database('db');
      assert.deepEqual((await database.user('renamed').read()).resource, renamed);
      const { resource: kept } = await database.user('renamed').permission('p').read();
      const members = ({ _token, ...others }) => others;
      assert.deepEqual(members(kept), members(given));
      assert.deepEqual((await database.user('u').permissions.readAll().fetchAll()).resources, []);
      const { resources: users } = await database.users.readAll().fetchAll();
      assert.deepEqual(users.map(({ id }) => id).sort(), ['renamed', 'u']);
      for (const { _token } of [given, kept]) {
        const resourceTokens = { [container.url]: _token };
        const reader = new CosmosClient({ endpoint: emulator.endpoint, resourceTokens });
        assert.equal((await reader.database('db').container('c').item('1', 'a').read()).statusCode, 200);
        reader.dispose();
      }
      await database.user('renamed').delete();
      await stop(emulator);
    });
  }

  it(`has everything that was acknowledged, whenever it is killed (${kKills} times)`, async () => {
    const data = join(temporaryFolder(), 'data');
    const acknowledged = new Map(); // id -> n; undefined = deleted
    const attempted = new Map();
    let written = 0;
    for (let round = 0; round <= kKills; ++round) {
      const emulator = await start('--data', data, '--partitions', '2');
      const container = round === 0 ? await makeContainer(emulator) : containerOf(emulator);
      const found = new Map();
      for (const { id, n } of (await container.items.readAll().fetchAll()).resources) found.set(id, n);
      for (const [id, n] of acknowledged) {
        const possible = [n, ...(attempted.get(id) ?? [])];
        assert.ok(possible.includes(found.get(id)), `${id}: ${found.get(id)}, acknowledged ${n} of ${possible}`);
      }
      for (const id of found.keys()) assert.ok(acknowledged.has(id) || attempted.has(id), `${id} was never written`);
      if (round === kKills) {
        await stop(emulator);
        break;
      }
      for (const id of attempted.keys()) acknowledged.set(id, found.get(id)); // now it is known
      attempted.clear();
      let dead = false;
      const writer = async (name) => {
        for (let n = 0; !dead; ++n) {
          const id = `${name}-${n % 20}`;
          const value = n % 5 === 4 ? undefined : ++written;
          attempted.set(id, [...(attempted.get(id) ?? []), value]);
          const item = container.item(id, name);
          const write = value === undefined ? item.delete() : container.items.upsert({ id, pk: name, n: value });
          const done = await write.then(
            () => true,
            (error) => error.code === 404 && value === undefined,
          );
          if (!done) return;
          acknowledged.set(id, value);
          attempted.delete(id);
        }
      };
      const writers = ['a', 'b', 'c', 'd', 'e', 'f'].map(writer);
      await sleep(randomInt(50, 600));
      await stop(emulator, 'kill');
      dead = true;
      await Promise.all(writers);
    }
    assert.ok(written > kKills, `${written} writes`);
  });

  it('lets one process in at a time', async () => {
    const data = join(temporaryFolder(), 'data');
    const emulator = await start('--data', data);
    await makeContainer(emulator);
    const { error } = await halley(['emulator', '--data', data], { expect: 11 });
    assert.match(error.message, /held by another process/);
    assert.equal((await containerOf(emulator).items.create({ id: '1', pk: 'a' })).statusCode, 201);
    await stop(emulator);
  });

  it('names what is wrong with a directory', async () => {
    const other = temporaryFolder();
    writeFileSync(join(other, 'letter.txt'), 'dear all');
    assert.match((await halley(['emulator', '--data', other], { expect: 2 })).error.message, /holds no account/);
    const damaged = join(temporaryFolder(), 'data');
    const emulator = await start('--data', damaged);
    await makeContainer(emulator);
    await stop(emulator);
    const file = join(damaged, 'account.sqlite');
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.fill(0, 4096, 4096 + 3000));
    const { error } = await halley(['emulator', '--data', damaged], { expect: 4 });
    assert.ok(error.message.includes(damaged), error.message);
    truncateSync(file, 0);
    const fresh = await start('--data', damaged); // an empty file is a new account
    await stop(fresh);
  });

  it('answers 503 while the disk is full, and acknowledges nothing that is not durable', async () => {
    const data = join(temporaryFolder(), 'data');
    // No file may grow beyond a megabyte, as on a disk that is full.
    const limited = ['sh', '-c', 'trap "" XFSZ; ulimit -S -f 2048; exec "$@"', 'sh'];
    const emulator = await startEmulatorThrough(limited, '--data', data);
    running.add(emulator);
    await makeContainer(emulator);
    const create = (id) => {
      const headers = { 'x-ms-documentdb-partitionkey': '["a"]' };
      const body = JSON.stringify({ id, pk: 'a', text: 'x'.repeat(50_000) });
      return emulator.raw('POST', 'docs', 'dbs/db/colls/c', '/dbs/db/colls/c/docs', headers, body);
    };
    const acknowledged = [];
    let answer;
    for (let n = 0; n < 100; ++n) {
      answer = await create(`${n}`);
      if (answer.status !== 201) break;
      acknowledged.push(`${n}`);
    }
    assert.equal(answer.status, 503, answer.body);
    assert.match(answer.body, /account\.sqlite/);
    assert.ok(acknowledged.length > 5);
    assert.equal((await create('later')).status, 503);
    execFileSync('prlimit', ['--pid', `${emulator.pid}`, '--fsize=unlimited:unlimited']);
    assert.equal((await create('room')).status, 201);
    acknowledged.push('room');
    await stop(emulator, 'kill');

    const again = await start('--data', data);
    const ids = (await containerOf(again).items.readAll().fetchAll()).resources.map(({ id }) => id);
    for (const id of acknowledged) assert.ok(ids.includes(id), `${id} is there`);
    assert.ok(!ids.includes('later'), 'what was refused beforehand was not done');
    await stop(again);
  });
});

describe('a dump', { timeout: 120_000 }, () => {
  const tree = () => join(temporaryFolder(), 'tree');

  it('is an account tree that loads as the same account', async () => {
    const dumped = tree();
    const emulator = await start('--dump', dumped, '--partitions', '3');
    const paths = { includedPaths: [{ path: '/*' }], excludedPaths: [{ path: '/text/?' }] };
    const indexingPolicy = { indexingMode: 'consistent', ...paths };
    const container = await makeContainer(emulator, { defaultTtl: 1000, indexingPolicy });
    await container.scripts.storedProcedures.create({ id: 's-ü', body: 'function () {}' });
    await container.scripts.triggers.create({ id: 't', body: 'x', triggerType: 'Pre', triggerOperation: 'All' });
    await container.scripts.userDefinedFunctions.create({ id: 'f', body: 'x' });
    const { user } = await emulator.client.database('db').users.create({ id: 'u' });
    await emulator.client.databases.create({ id: 'empty' });
    const none = { id: 'none', partitionKey: kPartitionKey, throughput: 700 };
    await emulator.client.database('db').containers.create(none);
    for (let n = 0; n < 30; ++n) await container.items.create({ id: `${n}`, pk: n % 3, n: 1e21, text: 'ü\u2028\n"' });
    await container.item('3', 0).delete();
    const selfOf = async (resource) => (await resource.read()).resource._self;
    await user.permissions.create({ id: 'all', permissionMode: 'All', resource: await selfOf(container) });
    const one = await selfOf(container.item('4', 1));
    await user.permissions.create({ id: 'one', permissionMode: 'Read', resource: one });
    const before = await accountSnapshot(emulator.client);
    await stop(emulator);

    assert.deepEqual(readdirSync(dumped).sort(), ['account.json', 'db', 'empty']);
    const lines = readFileSync(join(dumped, 'db', 'c', 'documents.ndjson'), 'utf8').trimEnd().split('\n');
    assert.equal(lines.length, 29);
    assert.ok(lines.every((line) => !('_rid' in JSON.parse(line))));
    const { users } = JSON.parse(readFileSync(join(dumped, 'db', 'users.json'), 'utf8'));
    assert.deepEqual(users[0].user, { id: 'u' });
    assert.deepEqual(users[0].permissions, [
      { id: 'all', permissionMode: 'All', resource: 'dbs/db/colls/c' },
      { id: 'one', permissionMode: 'Read', resource: 'dbs/db/colls/c/docs/4', resourcePartitionKey: [1] },
    ]);
    assert.ok(!existsSync(join(dumped, '.halley-restore')));

    const second = tree();
    const loaded = await start('--load', dumped, '--dump', second);
    assert.deepEqual(await accountSnapshot(loaded.client), before);
    const { resource: granted } = await loaded.client.database('db').user('u').permission('one').read();
    const resourceTokens = { 'dbs/db/colls/c': granted._token };
    const reader = new CosmosClient({ endpoint: loaded.endpoint, resourceTokens });
    assert.equal((await reader.database('db').container('c').item('4', 1).read()).statusCode, 200);
    await assert.rejects(reader.database('db').container('c').item('5', 2).read(), { code: 403 });
    reader.dispose();
    await stop(loaded);
    assert.equal(execFileSync('diff', ['-r', '-x', 'account.json', dumped, second], { encoding: 'utf8' }), '');
    assert.ok(existsSync(join(second, 'db', 'c', 'documents.ndjson')));
  });

  it('does not mind faults that were asked for', async () => {
    const dumped = tree();
    const emulator = await start('--dump', dumped);
    const container = await makeContainer(emulator);
    await container.items.create({ id: '1', pk: 'a' });
    await emulator.door('fault', { kind: 'status', status: 503, count: 1000 });
    await stop(emulator);
    assert.match(readFileSync(join(dumped, 'db', 'c', 'documents.ndjson'), 'utf8'), /^{"id":"1","pk":"a"}\n$/);
  });

  it('is not written over something else', async () => {
    const full = tree();
    mkdirSync(full);
    writeFileSync(join(full, 'letter.txt'), 'dear all');
    assert.match((await halley(['emulator', '--dump', full], { expect: 2 })).error.message, /not an empty directory/);
  });

  it('is loaded into a kept account once', async () => {
    const [dumped, data] = [tree(), join(temporaryFolder(), 'data')];
    const source = await start('--dump', dumped);
    await (await makeContainer(source)).items.create({ id: '1', pk: 'a' });
    await stop(source);
    for (const n of [1, 2]) {
      const emulator = await start('--data', data, '--load', dumped);
      const { resources } = await containerOf(emulator).items.readAll().fetchAll();
      assert.deepEqual(resources.map(({ id }) => id).sort(), ['1', 'later'].slice(0, n));
      assert.equal(emulator.child.output.stderr.includes('was not loaded'), n === 2);
      await containerOf(emulator).items.upsert({ id: 'later', pk: 'a' });
      await stop(emulator);
    }
  });
});

describe('what it tells', { timeout: 120_000 }, () => {
  it('is a connection string to paste', async () => {
    const emulator = await start();
    assert.equal(emulator.connectionString, `AccountEndpoint=${emulator.endpoint};AccountKey=${emulator.key};`);
    const client = new CosmosClient(emulator.connectionString);
    assert.deepEqual((await client.databases.readAll().fetchAll()).resources, []);
    client.dispose();
    const { stdout } = await halley(['emulator', '--help'], { json: false });
    assert.ok(stdout.includes(`AccountEndpoint=http://127.0.0.1:8081/;AccountKey=${emulator.key};`), stdout);
    await stop(emulator);
  });

  it('is a line for each request, without secrets', async () => {
    const log = join(temporaryFolder(), 'access.log');
    writeFileSync(log, 'what was there\n');
    const emulator = await start('--access-log', log);
    const container = await makeContainer(emulator);
    await container.items.create({ id: '1', pk: 'pk-secret', text: 'body-secret' });
    await container.item('1', 'pk-secret').read();
    await container.item('none', 'pk-secret').read();
    await container.items.batch([{ operationType: 'Create', resourceBody: { id: '2', pk: 'pk-secret' } }], 'pk-secret');
    await stop(emulator);
    const text = readFileSync(log, 'utf8');
    assert.ok(text.startsWith('what was there\n'));
    for (const secret of ['pk-secret', 'body-secret', emulator.key, 'sig', 'type%3Dmaster']) {
      assert.ok(!text.includes(secret), `${secret} in ${text}`);
    }
    const lines = text.trimEnd().split('\n').slice(1);
    for (const line of lines) {
      assert.match(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [A-Z]+ \/\S* \S+ \d{3}(\/\d+)? /);
      assert.match(line, / [\d.]+RU [\d.]+ms \d+\+\d+B azure-cosmos-js\/\S*$/);
    }
    const has = (part) => assert.ok(lines.some((line) => line.includes(part)), `${part} in\n${text}`);
    has('POST /dbs/db/colls/c/docs create-document 201 ');
    has('GET /dbs/db/colls/c/docs/1 read-document 200 ');
    has('GET /dbs/db/colls/c/docs/none read-document 404 ');
    has('POST /dbs/db/colls/c/docs batch 200 ');
  });

  it('goes to standard output when no file is named, but not among JSON', async () => {
    const { error } = await halley(['emulator', '--access-log'], { expect: 2 });
    assert.match(error.message, /needs a file with --json/);
  });
});
