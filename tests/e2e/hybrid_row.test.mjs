// Batches and bulk as the .NET SDK sends them, over HTTP, against what the JavaScript SDK sees.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startEmulator } from './harness.mjs';
import { decodeResults, encodeBatch } from './hybrid_row.mjs';

let emulator;
let container;
let ranges;

before(async () => {
  emulator = await startEmulator('--partitions', '2');
  await emulator.client.databases.create({ id: 'db' });
  const partitionKey = { paths: ['/pk'], kind: 'Hash', version: 2 };
  ({ container } = await emulator.client.database('db').containers.create({ id: 'c', partitionKey }));
  const listed = await emulator.raw('GET', 'pkranges', 'dbs/db/colls/c', '/dbs/db/colls/c/pkranges');
  ranges = JSON.parse(listed.body).PartitionKeyRanges.map((range) => range.id);
});
after(() => emulator?.stop());

const kHeaders = { 'x-ms-cosmos-is-batch-request': 'True', 'x-ms-cosmos-batch-ordered-response': 'True' };
const post = (headers, body) =>
  emulator.raw('POST', 'docs', 'dbs/db/colls/c', '/dbs/db/colls/c/docs', { ...kHeaders, ...headers }, body);

async function batch(key, operations) {
  const headers = { 'x-ms-cosmos-batch-atomic': 'True', 'x-ms-documentdb-partitionkey': JSON.stringify([key]) };
  const answer = await post(headers, encodeBatch(operations));
  assert.ok(answer.status < 300, answer.body);
  return { status: answer.status, headers: answer.headers, results: decodeResults(answer.bytes) };
}

async function bulk(range, operations) {
  const headers = {
    'x-ms-cosmos-batch-atomic': 'False',
    'x-ms-cosmos-batch-continue-on-error': 'True',
    'x-ms-documentdb-partitionkeyrangeid': range,
  };
  return decodeResults((await post(headers, encodeBatch(operations))).bytes);
}

const statuses = (results) => results.map((result) => result.statusCode);

describe('HybridRow batches over HTTP', () => {
  it('creates, reads, replaces, upserts and deletes', async () => {
    const key = 'a';
    const { status, headers, results } = await batch(key, [
      { operationType: 'Create', resourceBody: { id: '1', pk: key, text: 'ü€😀' } },
      { operationType: 'Read', id: '1' },
      { operationType: 'Create', resourceBody: { id: '2', pk: key }, minimal: true },
      { operationType: 'Upsert', resourceBody: { id: '3', pk: key, n: 1 } },
      { operationType: 'Replace', id: '2', resourceBody: { id: '2', pk: key, n: 2 } },
      { operationType: 'Delete', id: '3' },
    ]);
    assert.equal(status, 200);
    assert.deepEqual(statuses(results), [201, 200, 201, 201, 200, 204]);
    assert.equal(results[1].resourceBody.text, 'ü€😀');
    assert.equal(results[1].eTag, results[0].eTag);
    assert.equal(results[2].resourceBody, undefined);
    const charged = results.reduce((sum, result) => sum + result.requestCharge, 0);
    assert.ok(Math.abs(charged - Number(headers['x-ms-request-charge'])) < 0.01);
    assert.equal((await container.item('1', key).read()).resource._etag, results[0].eTag);
    assert.equal((await container.item('2', key).read()).resource.n, 2);
    assert.equal((await container.item('3', key).read()).statusCode, 404);
  });

  it('does all of a batch or nothing', async () => {
    const created = await container.items.create({ id: '4', pk: 'b' });
    const { status, results } = await batch('b', [
      { operationType: 'Create', resourceBody: { id: '5', pk: 'b' } },
      { operationType: 'Replace', id: '4', resourceBody: { id: '4', pk: 'b' }, ifMatch: '"other"' },
      { operationType: 'Read', id: '4' },
    ]);
    assert.equal(status, 207);
    assert.deepEqual(statuses(results), [424, 412, 424]);
    assert.equal((await container.item('5', 'b').read()).statusCode, 404);
    const again = { operationType: 'Replace', id: '4', resourceBody: { id: '4', pk: 'b' }, ifMatch: created.etag };
    assert.deepEqual(statuses((await batch('b', [again])).results), [200]);
  });

  it('patches', async () => {
    await container.items.create({ id: '6', pk: 'p', n: 1 });
    const patch = { operations: [{ op: 'incr', path: '/n', value: 2 }, { op: 'add', path: '/new', value: true }] };
    const { results } = await batch('p', [{ operationType: 'Patch', id: '6', resourceBody: patch }]);
    assert.deepEqual(statuses(results), [200]);
    const { resource } = await container.item('6', 'p').read();
    assert.deepEqual([resource.n, resource.new], [3, true]);
  });

  it('does a bulk of a range, operation by operation', async () => {
    const documents = Array.from({ length: 100 }, (_, index) => ({ id: `bulk${index}`, pk: `${index}` }));
    const left = new Map();
    for (const range of ranges) {
      const operations = documents.map((resourceBody) => {
        return { operationType: 'Upsert', partitionKey: [resourceBody.pk], resourceBody };
      });
      const results = await bulk(range, operations);
      results.forEach((result, index) => {
        if (result.statusCode === 201) left.set(documents[index].id, result.eTag);
        else assert.deepEqual([result.statusCode, result.subStatusCode], [410, 1002]);
      });
    }
    assert.equal(left.size, documents.length);
    for (const { id, pk } of documents.filter((_, index) => index % 20 === 0)) {
      assert.equal((await container.item(id, pk).read()).resource._etag, left.get(id));
    }
  });

  it('refuses what is cut off or damaged, as JSON', async () => {
    const whole = encodeBatch([{ operationType: 'Create', resourceBody: { id: 'never', pk: 'a' } }]);
    const flipped = (at) => whole.map((byte, index) => (index === at ? byte ^ 1 : byte));
    const cut = [whole.subarray(0, 9), whole.subarray(0, whole.length - 1)];
    for (const body of [...cut, flipped(20), flipped(whole.length - 3)]) {
      const headers = { 'x-ms-cosmos-batch-atomic': 'True', 'x-ms-documentdb-partitionkey': '["a"]' };
      const answer = await post(headers, Buffer.from(body));
      assert.equal(answer.status, 400, answer.body);
      assert.equal(JSON.parse(answer.body).code, 'BadRequest');
    }
    assert.equal((await container.item('never', 'a').read()).statusCode, 404);
  });
});
