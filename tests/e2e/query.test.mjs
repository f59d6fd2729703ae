// Cosmos SQL through the official SDK: every clause, on one partition and on several, by pages small enough that every
// query is continued, with partitions split meanwhile. What comes back is compared with the same computed here.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, it } from 'node:test';
import { startEmulator } from './harness.mjs';

const { CosmosClient } = createRequire(import.meta.url)('@azure/cosmos');
const kDocuments = 120;
const kPage = 7;

const cities = ['Aachen', 'Berlin', 'Celle', 'Dresden', 'Essen'];
const documents = Array.from({ length: kDocuments }, (_, index) => ({
  id: `d${String(index).padStart(3, '0')}`,
  pk: `p${index % 11}`,
  n: (index * 37) % 50,
  city: cities[index % cities.length],
  price: index / 4,
  name: `Name ${(index * 7) % kDocuments} ü`,
  ...(index % 3 === 0 ? {} : { optional: index }),
  tags: Array.from({ length: index % 4 }, (_unused, tag) => `t${tag}`),
  nested: { level: { value: index % 6 }, list: [index, { deep: index % 2 === 0 }] },
}));

const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const by = (...keys) => (a, b) => keys.map((key) => compare(key(a), key(b))).find((order) => order !== 0) ?? 0;
const sorted = (rows) => [...rows].sort((a, b) => compare(JSON.stringify(a), JSON.stringify(b)));
const distinct = (rows) => [...new Map(rows.map((row) => [JSON.stringify(row), row])).values()];
const sum = (rows) => rows.reduce((total, row) => total + row, 0);
const groups = (key) =>
  documents.reduce((map, each) => map.set(key(each), [...(map.get(key(each)) ?? []), each]), new Map());
const flat = (rows) => rows.flat();

// Queries whose rows have an order, and what they are.
const ordered = {
  'SELECT VALUE c.id FROM c ORDER BY c.id': () => documents.map((c) => c.id),
  'SELECT VALUE c.id FROM c ORDER BY c.id DESC': () => documents.map((c) => c.id).reverse(),
  'SELECT c.n, c.id FROM c ORDER BY c.n, c.id': () =>
    [...documents].sort(by((c) => c.n, (c) => c.id)).map(({ n, id }) => ({ n, id })),
  'SELECT VALUE c.id FROM c ORDER BY c.city DESC, c.n ASC, c.id': () =>
    [...documents].sort(by((c) => -cities.indexOf(c.city), (c) => c.n, (c) => c.id)).map((c) => c.id),
  'SELECT c.id, c.nested.level FROM c WHERE c.n < 20 ORDER BY c.nested.level["value"], c.id': () =>
    documents.filter((c) => c.n < 20).sort(by((c) => c.nested.level.value, (c) => c.id))
      .map(({ id, nested }) => ({ id, level: nested.level })),
  'SELECT TOP 13 VALUE c.id FROM c ORDER BY c.price DESC': () => documents.slice(-13).reverse().map((c) => c.id),
  'SELECT VALUE c.id FROM c ORDER BY c.id OFFSET 17 LIMIT 21': () => documents.slice(17, 38).map((c) => c.id),
  'SELECT VALUE c.id FROM c ORDER BY c.id OFFSET 110 LIMIT 100': () => documents.slice(110).map((c) => c.id),
  'SELECT VALUE c.id FROM c WHERE c.n > 1000 ORDER BY c.id': () => [],
  'SELECT DISTINCT VALUE c.city FROM c ORDER BY c.city': () => cities,
  'SELECT DISTINCT VALUE c.n FROM c ORDER BY c.n DESC OFFSET 5 LIMIT 9': () =>
    distinct(documents.map((c) => c.n)).sort((a, b) => b - a).slice(5, 14),
  'SELECT c.id, t AS tag FROM c JOIN t IN c.tags ORDER BY c.id': () =>
    flat(documents.map((c) => c.tags.map((tag) => ({ id: c.id, tag })))),
  'SELECT * FROM c WHERE c.n BETWEEN 10 AND 12 ORDER BY c.id': () => documents.filter((c) => c.n >= 10 && c.n <= 12),
};

// Queries whose rows may come in any order.
const unordered = {
  'SELECT * FROM c': () => documents,
  'SELECT VALUE c FROM c WHERE c.city = "Berlin" AND c.n > 10': () =>
    documents.filter((c) => c.city === 'Berlin' && c.n > 10),
  'SELECT c.id, c.n + 1 AS more, {"c": c.city} AS o FROM c WHERE c.n % 2 = 0': () =>
    documents.filter((c) => c.n % 2 === 0).map(({ id, n, city }) => ({ id, more: n + 1, o: { c: city } })),
  'SELECT VALUE c.optional FROM c': () => documents.filter((c) => 'optional' in c).map((c) => c.optional),
  'SELECT VALUE c.id FROM c WHERE NOT IS_DEFINED(c.optional)': () =>
    documents.filter((c) => !('optional' in c)).map((c) => c.id),
  'SELECT VALUE c.id FROM c WHERE c.city IN ("Aachen", "Essen") OR c.name LIKE "Name 1_ %"': () =>
    documents.filter((c) => ['Aachen', 'Essen'].includes(c.city) || /^Name 1. /.test(c.name)).map((c) => c.id),
  'SELECT VALUE c.optional ?? (c.n > 25 ? "big" : "small") FROM c': () =>
    documents.map((c) => c.optional ?? (c.n > 25 ? 'big' : 'small')),
  'SELECT VALUE CONCAT(UPPER(c.city), "-", ToString(c.n)) FROM c': () =>
    documents.map((c) => `${c.city.toUpperCase()}-${c.n}`),
  'SELECT VALUE t FROM t IN c.tags': () => flat(documents.map((c) => c.tags)),
  'SELECT c.id, t FROM c JOIN t IN c.tags WHERE t != "t0"': () =>
    flat(documents.map((c) => c.tags.filter((t) => t !== 't0').map((t) => ({ id: c.id, t })))),
  'SELECT VALUE c.id FROM c WHERE EXISTS(SELECT VALUE t FROM t IN c.tags WHERE t = "t2")': () =>
    documents.filter((c) => c.tags.includes('t2')).map((c) => c.id),
  'SELECT c.id, ARRAY(SELECT VALUE UPPER(t) FROM t IN c.tags) AS up FROM c': () =>
    documents.map((c) => ({ id: c.id, up: c.tags.map((t) => t.toUpperCase()) })),
  'SELECT VALUE c.id FROM c WHERE (SELECT VALUE COUNT(1) FROM t IN c.tags) > 2': () =>
    documents.filter((c) => c.tags.length > 2).map((c) => c.id),
  'SELECT VALUE c.id FROM c WHERE c.nested.list[1].deep AND c.n < 10': () =>
    documents.filter((c) => c.nested.list[1].deep && c.n < 10).map((c) => c.id),
  'SELECT DISTINCT VALUE c.city FROM c': () => cities,
  'SELECT DISTINCT c.city, c.nested.level FROM c': () =>
    distinct(documents.map((c) => ({ city: c.city, level: c.nested.level }))),
  'SELECT VALUE COUNT(1) FROM c': () => [kDocuments],
  'SELECT VALUE COUNT(c.optional) FROM c WHERE c.n > 10': () =>
    [documents.filter((c) => c.n > 10 && 'optional' in c).length],
  'SELECT VALUE SUM(c.n) FROM c': () => [sum(documents.map((c) => c.n))],
  'SELECT VALUE AVG(c.n) FROM c': () => [sum(documents.map((c) => c.n)) / kDocuments],
  'SELECT VALUE MIN(c.name) FROM c': () => [documents.map((c) => c.name).sort()[0]],
  'SELECT VALUE MAX(c.price) FROM c': () => [documents.at(-1).price],
  'SELECT VALUE COUNTIF(c.n > 40) FROM c': () => [documents.filter((c) => c.n > 40).length],
  'SELECT COUNT(1) AS count, SUM(c.n) AS total, MAX(c.id) AS last FROM c': () =>
    [{ count: kDocuments, total: sum(documents.map((c) => c.n)), last: documents.at(-1).id }],
  [`SELECT c.city, COUNT(1) AS count, SUM(c.n) AS total, AVG(c.price) AS mean, MIN(c.id) AS first, MAX(c.id) AS last
    FROM c GROUP BY c.city`]: () =>
    [...groups((c) => c.city)].map(([city, rows]) => ({
      city,
      count: rows.length,
      total: sum(rows.map((c) => c.n)),
      mean: sum(rows.map((c) => c.price)) / rows.length,
      first: rows[0].id,
      last: rows.at(-1).id,
    })),
  'SELECT c.n, COUNT(1) AS count FROM c GROUP BY c.n': () =>
    [...groups((c) => c.n)].map(([n, rows]) => ({ n, count: rows.length })),
  'SELECT VALUE c.city FROM c GROUP BY c.city': () => cities,
  'SELECT VALUE c.id FROM c WHERE c.pk = "p3"': () => documents.filter((c) => c.pk === 'p3').map((c) => c.id),
  'SELECT * FROM c WHERE c.id = "d014" AND c.pk = "p3"': () => [documents[14]],
  'SELECT VALUE c.id FROM c WHERE c.id = "d014"': () => ['d014'],
};

const kSystem = ['_rid', '_self', '_etag', '_attachments', '_ts'];
const withoutSystem = (row) =>
  row && typeof row === 'object' && !Array.isArray(row)
    ? Object.fromEntries(Object.entries(row).filter(([name]) => !kSystem.includes(name)))
    : row;

// All rows, page by page.
async function rowsOf(container, query, options = {}) {
  const iterator = container.items.query(query, { maxItemCount: kPage, ...options });
  const rows = [];
  while (iterator.hasMoreResults()) {
    const { resources } = await iterator.fetchNext();
    if (resources) rows.push(...resources);
  }
  return rows.map(withoutSystem);
}

async function filled(emulator, name, partitionKey = { paths: ['/pk'], kind: 'Hash', version: 2 }) {
  const { database } = await emulator.client.databases.createIfNotExists({ id: 'queries' });
  const { container } = await database.containers.create({ id: name, partitionKey });
  await container.items.executeBulkOperations(
    documents.map((resourceBody) => ({ operationType: 'Create', partitionKey: resourceBody.pk, resourceBody })));
  return container;
}

const splitOne = async (emulator, container) => {
  const { resources: ranges } = await container.readPartitionKeyRanges().fetchAll();
  await emulator.door('split', { database: 'queries', container: container.id, range: ranges.at(-1).id });
};

for (const partitions of [1, 4]) {
  describe(`queries on ${partitions} partition(s)`, { timeout: 300_000 }, () => {
    let emulator;
    let container;
    before(async () => {
      emulator = await startEmulator('--partitions', `${partitions}`);
      container = await filled(emulator, 'plain');
    });
    after(() => emulator?.stop());

    for (const [query, expected] of Object.entries(ordered)) {
      it(query, async () => assert.deepEqual(await rowsOf(container, query), expected()));
    }
    for (const [query, expected] of Object.entries(unordered)) {
      it(query, async () => assert.deepEqual(sorted(await rowsOf(container, query)), sorted(expected())));
    }

    it('the number of rows of TOP and OFFSET LIMIT without an order', async () => {
      const top = await rowsOf(container, 'SELECT TOP 23 VALUE c.id FROM c');
      assert.equal(new Set(top).size, 23);
      const limited = await rowsOf(container, 'SELECT VALUE c.id FROM c OFFSET 100 LIMIT 50');
      assert.equal(new Set(limited).size, 20);
    });

    it('the same with one big page', async () => {
      for (const [query, expected] of Object.entries({ ...ordered, ...unordered })) {
        const { resources } = await container.items.query(query, { maxItemCount: 1000 }).fetchAll();
        assert.deepEqual(sorted(resources.map(withoutSystem)), sorted(expected()), query);
      }
    });

    it('parameters of every type', async () => {
      const parameters = [
        { name: '@city', value: 'Berlin' },
        { name: '@n', value: 25.5 },
        { name: '@list', value: [1, 2, 3] },
        { name: '@level', value: { value: 2 } },
        { name: '@missing', value: null },
        { name: '@limit', value: 5 },
      ];
      const spec = (query) => ({ query, parameters });
      assert.deepEqual(
        sorted(await rowsOf(container, spec('SELECT VALUE c.id FROM c WHERE c.city = @city AND c.n < @n'))),
        documents.filter((c) => c.city === 'Berlin' && c.n < 25.5).map((c) => c.id));
      assert.deepEqual(
        await rowsOf(container, spec('SELECT VALUE c.id FROM c WHERE ARRAY_CONTAINS(@list, c.n) ORDER BY c.id')),
        documents.filter((c) => [1, 2, 3].includes(c.n)).map((c) => c.id));
      assert.deepEqual(
        sorted(await rowsOf(container, spec('SELECT VALUE c.id FROM c WHERE c.nested.level = @level'))),
        documents.filter((c) => c.nested.level.value === 2).map((c) => c.id));
      assert.deepEqual(
        await rowsOf(container, spec('SELECT VALUE COUNT(1) FROM c WHERE c.optional = @missing')), [0]);
      assert.deepEqual(
        await rowsOf(container, spec('SELECT VALUE c.id FROM c ORDER BY c.id OFFSET 0 LIMIT @limit')),
        documents.slice(0, 5).map((c) => c.id));
    });

    it('a partition key given answers what several partitions can not', async () => {
      const mine = documents.filter((c) => c.pk === 'p4');
      const options = { partitionKey: 'p4' };
      assert.deepEqual(await rowsOf(container, 'SELECT VALUE MAX(c.n) - MIN(c.n) FROM c', options),
        [Math.max(...mine.map((c) => c.n)) - Math.min(...mine.map((c) => c.n))]);
      assert.deepEqual(
        await rowsOf(container, 'SELECT VALUE COUNT(1) FROM (SELECT DISTINCT VALUE c.city FROM c) AS x', options),
        [distinct(mine.map((c) => c.city)).length]);
      assert.deepEqual(await rowsOf(container, 'SELECT VALUE c.id FROM c ORDER BY c.n DESC, c.id', options),
        [...mine].sort(by((c) => -c.n, (c) => c.id)).map((c) => c.id));
      assert.deepEqual(
        sorted(await rowsOf(container, 'SELECT c.city, COUNT(1) AS k FROM c GROUP BY c.city', options)),
        sorted(distinct(mine.map((c) => c.city))
          .map((city) => ({ city, k: mine.filter((c) => c.city === city).length }))));
      // Mixed types are ordered where one partition does it; across several the SDK refuses to.
      assert.deepEqual(await rowsOf(container, 'SELECT VALUE c.id FROM c ORDER BY c.optional ?? c.city, c.id', options),
        [...mine].sort(by((c) => typeof (c.optional ?? c.city), (c) => c.optional ?? c.city, (c) => c.id))
          .map((c) => c.id));
    });

    it('bad SQL names line and column', async () => {
      const bad = {
        'SELECT * FROM c WHERE c.x = ': /line 1, column 29/,
        'SELECT *\nFROM c\nORDER c.x': /line 3, column 7/,
        'SELECT udf.mine(c.x) FROM c': /user-defined functions .* udf\.mine/,
        'SELECT VALUE ST_DISTANCE(c.a, c.b) FROM c': /ST_DISTANCE .* spatial/,
        'SELECT c.x FROM d': /'c' is no alias/,
        'SELECT NOSUCH(c.x) FROM c': /NOSUCH is no function/,
      };
      for (const [query, message] of Object.entries(bad)) {
        const refused = (error) => error.code === 400 && message.test(error.message);
        await assert.rejects(rowsOf(container, query), refused, query);
      }
    });

    it('what no plan can divide is answered by one partition only', async () => {
      const range = rowsOf(container, 'SELECT VALUE MAX(c.n) - MIN(c.n) FROM c');
      if (partitions === 1) return assert.deepEqual(await range, [49]);
      return assert.rejects(range, (error) => error.code === 400 && /partition key/.test(error.message));
    });

    it('databases, containers and offers', async () => {
      const { client } = emulator;
      const found = await client.databases.query('SELECT VALUE d.id FROM d WHERE STARTSWITH(d.id, "quer")').fetchAll();
      assert.deepEqual(found.resources, ['queries']);
      const database = client.database('queries');
      const containers = await database.containers.query({
        query: 'SELECT r.id, r.partitionKey.paths FROM root r WHERE r.id = @id',
        parameters: [{ name: '@id', value: 'plain' }],
      }).fetchAll();
      assert.deepEqual(containers.resources, [{ id: 'plain', paths: ['/pk'] }]);
      assert.ok((await container.readOffer()).resource.content.offerThroughput > 0);
    });
  });
}

describe('queries while partitions split', { timeout: 300_000 }, () => {
  let emulator;
  before(async () => (emulator = await startEmulator('--partitions', '2')));
  after(() => emulator?.stop());

  const queries = { ...ordered, ...unordered };
  const split = /ORDER BY c.id$|ORDER BY c.city|TOP|OFFSET 17|tags$|SELECT \* FROM c$|GROUP BY|COUNT\(1\)/;
  for (const query of Object.keys(queries).filter((text) => split.test(text))) {
    it(`between two pages: ${query}`, async () => {
      const name = `split ${Object.keys(queries).indexOf(query)}`;
      const container = await filled(emulator, name);
      const iterator = container.items.query(query, { maxItemCount: kPage });
      const rows = [];
      for (let page = 0; iterator.hasMoreResults(); ++page) {
        const { resources } = await iterator.fetchNext();
        if (resources) rows.push(...resources.map(withoutSystem));
        if (page === 1) await splitOne(emulator, container);
      }
      const expected = queries[query]();
      if (query in ordered) assert.deepEqual(rows, expected);
      else assert.deepEqual(sorted(rows), sorted(expected));
      await container.delete();
    });
  }

  it('a query by key goes on in another client', async () => {
    const container = await filled(emulator, 'resumed');
    const mine = documents.filter((c) => c.pk === 'p5');
    for (const [query, expected] of [
      ['SELECT VALUE c.id FROM c', mine.map((c) => c.id)],
      ['SELECT VALUE c.id FROM c ORDER BY c.n DESC', [...mine].sort(by((c) => -c.n, (c) => c.id)).map((c) => c.id)],
      ['SELECT DISTINCT VALUE c.city FROM c', distinct(mine.map((c) => c.city))],
      ['SELECT VALUE c.city FROM c GROUP BY c.city', distinct(mine.map((c) => c.city))],
      ['SELECT VALUE c.id FROM c ORDER BY c.id OFFSET 2 LIMIT 6', mine.slice(2, 8).map((c) => c.id)],
      ['SELECT VALUE t FROM c JOIN t IN c.tags', flat(mine.map((c) => c.tags))],
    ]) {
      const rows = [];
      let continuationToken;
      do {
        const fresh = new CosmosClient({ endpoint: emulator.endpoint, key: emulator.key });
        const answer = await fresh.database('queries').container('resumed').items
          .query(query, { partitionKey: 'p5', maxItemCount: 2, continuationToken }).fetchNext();
        rows.push(...(answer.resources ?? []));
        ({ continuationToken } = answer);
        fresh.dispose();
        if (rows.length === 2) await splitOne(emulator, container);
      } while (continuationToken);
      assert.deepEqual(rows, expected, query);
    }
  });

  it('an ordered query over partitions goes on in another client', async () => {
    await filled(emulator, 'controlled');
    const rows = [];
    let continuationToken;
    do {
      const fresh = new CosmosClient({ endpoint: emulator.endpoint, key: emulator.key });
      const options = { maxItemCount: 9, enableQueryControl: true, continuationToken };
      const answer = await fresh.database('queries').container('controlled').items
        .query('SELECT VALUE c.id FROM c ORDER BY c.price', options).fetchNext();
      rows.push(...(answer.resources ?? []));
      ({ continuationToken } = answer);
      fresh.dispose();
    } while (continuationToken);
    assert.deepEqual(rows, documents.map((c) => c.id));
  });
});

describe('queries on a hierarchical key', { timeout: 300_000 }, () => {
  const tree = Array.from({ length: 60 }, (_, index) => ({
    id: `h${index}`,
    tenant: `t${index % 3}`,
    user: `u${index % 5}`,
    n: index,
  }));
  let emulator;
  let container;
  before(async () => {
    emulator = await startEmulator('--partitions', '4');
    const { database } = await emulator.client.databases.create({ id: 'queries' });
    const partitionKey = { paths: ['/tenant', '/user'], kind: 'MultiHash', version: 2 };
    ({ container } = await database.containers.create({ id: 'tree', partitionKey }));
    for (const document of tree) await container.items.create(document);
  });
  after(() => emulator?.stop());

  it('a whole key, its beginning, and none', async () => {
    const numbers = (rows) => rows.map((c) => c.n);
    const whole = tree.filter((c) => c.tenant === 't1' && c.user === 'u2');
    const tenant = tree.filter((c) => c.tenant === 't1');
    const query = 'SELECT VALUE c.n FROM c ORDER BY c.n';
    assert.deepEqual(await rowsOf(container, query, { partitionKey: ['t1', 'u2'] }), numbers(whole));
    assert.deepEqual(await rowsOf(container, query, { partitionKey: ['t1'] }), numbers(tenant));
    const where = (condition) => rowsOf(container, `SELECT VALUE c.n FROM c WHERE ${condition} ORDER BY c.n`);
    assert.deepEqual(await where('c.tenant = "t1"'), numbers(tenant));
    assert.deepEqual(await where('c.user = "u2" AND c.tenant = "t1"'), numbers(whole));
    assert.deepEqual(await where('c.user = "u2"'), numbers(tree.filter((c) => c.user === 'u2')));
    assert.deepEqual(await rowsOf(container, 'SELECT VALUE SUM(c.n) FROM c WHERE c.tenant = "t2"'),
      [sum(numbers(tree.filter((c) => c.tenant === 't2')))]);
  });
});
