// Documents through the official SDK: every method of items and item, batch and bulk, on one and on several partitions.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { startEmulator } from './harness.mjs';

const { BulkOperationType, PatchOperationType } = createRequire(import.meta.url)('@azure/cosmos');

// The SDK's bulk leaves a timer running for a range that was split under it: it must not keep the tests from ending.
const { setInterval } = globalThis;
globalThis.setInterval = (...given) => setInterval(...given).unref();

const refused = (status, substatus) => (error) => {
  assert.equal(error.code, status, error.message);
  if (substatus !== undefined) assert.equal(Number(error.substatus ?? error.headers?.['x-ms-substatus']), substatus);
  return true;
};

for (const partitions of [1, 4]) {
  describe(`documents on ${partitions} partition(s)`, () => {
    let emulator;
    let database;
    let container;
    let made = 0;
    before(async () => {
      emulator = await startEmulator('--partitions', String(partitions));
      ({ database } = await emulator.client.databases.create({ id: 'Shop' }));
      container = await fresh();
    });
    after(() => emulator.stop());

    async function fresh(more = {}) {
      const partitionKey = { paths: ['/pk'], version: 2 };
      return (await database.containers.create({ id: `c${++made}`, partitionKey, ...more })).container;
    }
    const split = (id = container.id) =>
      emulator.door('split', { database: 'Shop', container: id, range: String(partitions - 1) });

    test('create, read, upsert, replace, delete', async () => {
      const created = await container.items.create({ id: 'ä 1', pk: 'a', n: 1.5 });
      assert.equal(created.statusCode, 201);
      assert.equal(created.resource.n, 1.5);
      assert.equal(created.etag, created.resource._etag);
      await assert.rejects(container.items.create({ id: 'ä 1', pk: 'a' }), refused(409));
      const item = container.item('ä 1', 'a');
      assert.deepEqual((await item.read()).resource, created.resource);
      assert.equal((await container.item('ä 1', 'b').read()).statusCode, 404);
      const upserted = await container.items.upsert({ id: 'ä 1', pk: 'a', n: 2 });
      assert.equal(upserted.statusCode, 200);
      assert.equal(upserted.resource._rid, created.resource._rid);
      assert.equal((await container.items.upsert({ id: '2', pk: 'a' })).statusCode, 201);
      const replaced = await item.replace({ id: 'ä 1', pk: 'a', n: 3 });
      assert.equal(replaced.resource.n, 3);
      await assert.rejects(container.item('none', 'a').replace({ id: 'none', pk: 'a' }), refused(404));
      assert.equal((await item.delete()).statusCode, 204);
      await assert.rejects(item.delete(), refused(404));
      assert.ok(Number(replaced.requestCharge) > 0);
    });

    test('conditions: If-Match, If-None-Match', async () => {
      const { item, etag } = await container.items.create({ id: 'c', pk: 'a' });
      const unchanged = await item.read({ accessCondition: { type: 'IfNoneMatch', condition: etag } });
      assert.equal(unchanged.statusCode, 304);
      await item.replace({ id: 'c', pk: 'a', n: 1 }, { accessCondition: { type: 'IfMatch', condition: etag } });
      const stale = { accessCondition: { type: 'IfMatch', condition: etag } };
      await assert.rejects(item.replace({ id: 'c', pk: 'a' }, stale), refused(412));
      await assert.rejects(item.delete(stale), refused(412));
      await assert.rejects(container.items.upsert({ id: 'c', pk: 'a' }, stale), refused(412));
      assert.equal((await item.read({ accessCondition: { type: 'IfNoneMatch', condition: etag } })).statusCode, 200);
    });

    test('patch: every operation, a condition, and what is refused', async () => {
      const { item } = await container.items.create({ id: 'p', pk: 'a', n: 1, tags: ['x', 'y'], old: { deep: true } });
      const { resource } = await item.patch([
        { op: PatchOperationType.add, path: '/tags/1', value: 'between' },
        { op: PatchOperationType.set, path: '/state', value: 'open' },
        { op: PatchOperationType.replace, path: '/tags/0', value: 'first' },
        { op: PatchOperationType.incr, path: '/n', value: 2.5 },
        { op: PatchOperationType.remove, path: '/tags/2' },
        { op: 'move', from: '/old/deep', path: '/deep' },
        { op: PatchOperationType.add, path: '/tags/-', value: 'last' },
      ]);
      assert.deepEqual(resource.tags, ['first', 'between', 'last']);
      assert.deepEqual([resource.n, resource.state, resource.deep, resource.old], [3.5, 'open', true, {}]);
      const operations = [{ op: 'incr', path: '/n', value: 1 }];
      await item.patch({ condition: "from c where c.state = 'open'", operations });
      await assert.rejects(item.patch({ condition: "from c where c.state = 'done'", operations }), refused(412, 1110));
      await assert.rejects(item.patch([{ op: 'remove', path: '/none' }]), refused(400));
      await assert.rejects(item.patch([{ op: 'set', path: '/id', value: 'q' }]), refused(400));
      await assert.rejects(item.patch(Array(11).fill(operations[0])), refused(400));
      assert.equal((await item.read()).resource.n, 4.5);
    });

    test('a batch is all or nothing', async () => {
      const own = await fresh();
      const create = { operationType: BulkOperationType.Create, resourceBody: { id: '1', pk: 'a', n: 1 } };
      const patch = {
        operationType: BulkOperationType.Patch,
        id: '1',
        resourceBody: { operations: [{ op: 'incr', path: '/n', value: 1 }] },
      };
      const read = { operationType: BulkOperationType.Read, id: '1' };
      const done = await own.items.batch([create, patch, read], 'a');
      assert.equal(done.code, 200);
      assert.deepEqual(done.result.map((each) => each.statusCode), [201, 200, 200]);
      assert.equal(done.result[2].resourceBody.n, 2);
      const failed = await own.items.batch([patch, { operationType: BulkOperationType.Delete, id: 'none' }], 'a');
      assert.equal(failed.code, 207);
      assert.deepEqual(failed.result.map((each) => each.statusCode), [424, 404]);
      assert.equal((await own.item('1', 'a').read()).resource.n, 2);
    });

    test('bulk goes on through a split', async () => {
      const own = await fresh();
      const create = (n) => ({
        operationType: BulkOperationType.Create,
        partitionKey: `k${n % 50}`,
        resourceBody: { id: `${n}`, pk: `k${n % 50}`, n },
      });
      const first = await own.items.executeBulkOperations(Array.from({ length: 250 }, (_, n) => create(n)));
      assert.ok(first.every(({ response }) => response.statusCode === 201));
      await emulator.door('split', { database: 'Shop', container: own.id, range: '0' });
      const operations = Array.from({ length: 250 }, (_, n) => ({
        operationType: BulkOperationType.Patch,
        partitionKey: `k${n % 50}`,
        id: `${n}`,
        resourceBody: { operations: [{ op: 'incr', path: '/n', value: 1000 }] },
      }));
      const second = await own.items.executeBulkOperations(operations);
      assert.ok(second.every(({ response }) => response.statusCode === 200), JSON.stringify(second[0]));
      const { resources } = await own.items.query('SELECT * FROM c').fetchAll();
      assert.equal(resources.length, 250);
      assert.ok(resources.every((each) => each.n === Number(each.id) + 1000));
      const { resources: ranges } = await own.readPartitionKeyRanges().fetchAll();
      assert.equal(ranges.length, partitions + 1);
    });

    test('unique keys', async () => {
      const own = await fresh({ uniqueKeyPolicy: { uniqueKeys: [{ paths: ['/mail'] }] } });
      await own.items.create({ id: '1', pk: 'a', mail: 'x' });
      await assert.rejects(own.items.create({ id: '2', pk: 'a', mail: 'x' }), refused(409, 3301));
      await own.items.create({ id: '2', pk: 'b', mail: 'x' });
      await split(own.id);
      await assert.rejects(own.items.upsert({ id: '3', pk: 'b', mail: 'x' }), refused(409, 3301));
      await own.items.create({ id: '4', pk: 'a' });
      await assert.rejects(own.items.create({ id: '5', pk: 'a', mail: null }), refused(409, 3301));
    });

    test('time to live, by item and by container, and changes of it', async () => {
      const own = await fresh({ defaultTtl: 100 });
      await own.items.create({ id: 'default', pk: 'a' });
      await own.items.create({ id: 'short', pk: 'a', ttl: 10 });
      await own.items.create({ id: 'never', pk: 'a', ttl: -1 });
      await assert.rejects(own.items.create({ id: 'bad', pk: 'a', ttl: 0 }), refused(400));
      const ids = async () => (await own.items.readAll().fetchAll()).resources.map((each) => each.id).sort();
      await emulator.door('clock', { advance: 50 });
      assert.deepEqual(await ids(), ['default', 'never']);
      const { resource } = await own.read();
      await own.replace({ ...resource, defaultTtl: 20 });
      assert.deepEqual(await ids(), ['never']);
      await own.replace({ ...resource, defaultTtl: undefined });
      await emulator.door('clock', { advance: 1000 });
      assert.ok((await ids()).includes('never'));
    });

    test('a whole partition key is deleted', async () => {
      const own = await fresh();
      for (let n = 0; n < 5; ++n) await own.items.create({ id: `${n}`, pk: n < 3 ? 'a' : 'b' });
      assert.equal((await own.deleteAllItemsForPartitionKey('a')).statusCode, 200);
      const { resources } = await own.items.readAll().fetchAll();
      assert.deepEqual(resources.map((each) => each.id).sort(), ['3', '4']);
    });

    test('limits: large documents, ids and keys', async () => {
      const text = 'x'.repeat(2 * 1024 * 1024);
      await assert.rejects(container.items.create({ id: 'large', pk: 'a', text }), refused(413));
      await assert.rejects(container.items.create({ id: 'i'.repeat(1024), pk: 'a' }), refused(400));
      await assert.rejects(container.items.create({ id: '1', pk: 'k'.repeat(2049) }), refused(400));
      const deep = JSON.parse('['.repeat(130) + ']'.repeat(130));
      await assert.rejects(container.items.create({ id: 'deep', pk: 'a', deep }), refused(400));
    });

    test('a split meanwhile: point operations never notice', async () => {
      const own = await fresh();
      await emulator.door('split', { database: 'Shop', container: own.id, range: '0', hold: 0 });
      await Promise.all(Array.from({ length: 40 }, (_, n) => own.items.create({ id: `${n}`, pk: `k${n}` })));
      await emulator.door('finish', { database: 'Shop', container: own.id });
      const reads = await Promise.all(Array.from({ length: 40 }, (_, n) => own.item(`${n}`, `k${n}`).read()));
      assert.ok(reads.every(({ statusCode }) => statusCode === 200));
      assert.equal((await own.items.readAll().fetchAll()).resources.length, 40);
    });
  });
}
