// kill -9 of the real process at random moments of backups, with changes in between: the next backup completes, nothing
// is lost and no version is there twice. HALLEY_KILLS says how many times (10 otherwise).
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { accountSnapshot } from './account_snapshot.mjs';
import { environment, halley, moment, passed, startEmulator, temporaryFolder } from './harness.mjs';

const kKills = Number(process.env.HALLEY_KILLS ?? 10);
const kDocumentsAtFirst = 4000;
const kLongestMs = 1500;

let source;
let env;
let written = 0;
let operationsDone = 0;

before(async () => {
  source = await startEmulator('--partitions', '2');
  env = environment(source, join(temporaryFolder(), 'repository'));
  await halley(['init'], { env });
  await source.client.databases.create({ id: 'db' });
  const partitionKey = { paths: ['/pk'], kind: 'Hash', version: 2 };
  await source.client.database('db').containers.create({ id: 'c', partitionKey });
});
after(() => source?.stop());

// New documents, and changes and deletes of old ones.
async function write(count) {
  const operations = Array.from({ length: count }, (_, index) => {
    const number = written + index;
    const pk = `${number % 17}`;
    const resourceBody = { id: `${number}`, pk, text: 'x'.repeat(number % 900) };
    return { operationType: 'Create', partitionKey: pk, resourceBody };
  });
  for (let number = written - count; number >= 0 && number < written; number += 5) {
    const pk = `${number % 17}`;
    const change = { operationType: 'Upsert', resourceBody: { id: `${number}`, pk, changed: written } };
    operations.push({ partitionKey: pk, ...(number % 2 ? { operationType: 'Delete', id: `${number}` } : change) });
  }
  written += count;
  const { items } = source.client.database('db').container('c');
  for (const { response } of await items.executeBulkOperations(operations)) {
    if (response?.statusCode < 300) ++operationsDone;
    assert.ok(response?.statusCode < 300 || response?.statusCode === 404, JSON.stringify(response));
  }
}

// Every version has an _etag of its own, and there are no more versions than writes.
async function nothingIsDoubled() {
  const everything = ['find', 'db/c', '--from', '2000-01-01T00:00:00Z'];
  const found = (await halley(everything, { env })).lines.filter((line) => line.id !== undefined);
  const versions = found.reduce((sum, each) => sum + each.changes, 0);
  assert.ok(versions > 0 && versions <= operationsDone, `${versions} versions of ${operationsDone} writes`);
  for (const { id, partition_key: key } of found.filter((_, index) => index % 500 === 0)) {
    const of = ['history', 'db/c', '--id', id, '--partition-key', JSON.stringify(key)];
    const entries = (await halley(of, { env })).lines.filter((line) => line.etag !== undefined);
    const written = entries.filter((entry) => entry.document !== null).map((entry) => entry.etag);
    assert.ok(written.length > 0, `${id} has a version`);
    assert.equal(new Set(written).size, written.length, `versions of ${id}`);
  }
}

describe('kill -9 during backups', { timeout: 900_000 }, () => {
  it(`survives ${kKills} of them`, async () => {
    await write(kDocumentsAtFirst);
    let died = 0;
    for (let kill = 0; kill < kKills; ++kill) {
      const { signal } = await halley(['backup'], { env, kill: randomInt(1, kLongestMs) });
      if (signal === 'SIGKILL') ++died;
      await write(200);
    }
    assert.ok(died > kKills / 2, `only ${died} of ${kKills} backups were long enough to be killed`);
  });

  it('then backs up and restores everything equal', async () => {
    const { result } = await halley(['backup'], { env });
    assert.deepEqual(result.incomplete, []);
    const at = await source.second();
    const snapshot = await accountSnapshot(source.client);
    await passed(source, at);
    await halley(['backup'], { env });
    await halley(['verify', '--read-data'], { env });
    await nothingIsDoubled();
    const target = await startEmulator();
    try {
      const to = ['--to', 'cosmos', '--target-endpoint', target.endpoint, '--target-key-env', 'TARGET_KEY'];
      await halley(['restore', '--at', moment(at), ...to], { env: { ...env, TARGET_KEY: target.key } });
      assert.deepEqual(await accountSnapshot(target.client), snapshot);
    } finally {
      await target.stop();
    }
  });
});
