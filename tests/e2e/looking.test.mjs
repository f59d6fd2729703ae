// What changed, when, and back again: history, find, diff and import of the real program.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { kBinary, environment, halley, startEmulator, temporaryFolder } from './harness.mjs';

const kOddId = 'line\nend "quoted" \u001b[31m';
let source;
let env;
let folder;
let items;
let first; // a moment between the two states

const at = (second) => new Date(second * 1000).toISOString().replace('.000', '');

before(async () => {
  source = await startEmulator();
  folder = temporaryFolder();
  env = environment(source, join(folder, 'repository'));
  await source.client.databases.create({ id: 'db' });
  const database = source.client.database('db');
  await database.containers.create({ id: 'c', partitionKey: { paths: ['/pk'], kind: 'Hash', version: 2 } });
  items = database.container('c').items;
  for (let number = 0; number < 50; ++number) {
    await items.upsert({ id: `${number}`, pk: `${number % 3}`, tags: ['a'], text: 'first' });
  }
  await items.upsert({ id: '1', pk: 'other' });
  await halley(['init'], { env });
  await halley(['backup', '--no-wait'], { env });
  await source.door('clock', { advance: 60 });
  first = await source.second();
  await source.door('clock', { advance: 60 });
  await items.upsert({ id: '1', pk: '1', tags: ['a', 'b'], text: 'second', n: 1.5 });
  await items.upsert({ id: kOddId, pk: '1' });
  await database.container('c').item('2', '2').delete();
  await source.door('clock', { advance: 60 });
  await halley(['backup', '--no-wait'], { env });
});
after(() => source?.stop());

describe('looking', { timeout: 300_000 }, () => {
  it('tells the history of a document', async () => {
    const { lines, result } = await halley(['history', 'db/c', '--id', '1', '--partition-key', '"1"'], { env });
    assert.deepEqual(lines.slice(0, -1).map((line) => line.operation), ['changed', 'first']);
    assert.deepEqual(lines[0].difference, [
      { op: 'add', path: '/tags/1', value: 'b' },
      { op: 'replace', path: '/text', value: 'second', old: 'first' },
      { op: 'add', path: '/n', value: 1.5 },
    ]);
    assert.equal(lines[1].document.text, 'first');
    assert.equal(result.versions, 2);
    const text = await halley(['history', 'db/c', '--id', '1', '--partition-key', '"1"'], { env, json: false });
    assert.match(text.stdout, /~ \/text: "first" -> "second"/);
    const deleted = await halley(['history', 'db/c', '--id', '2'], { env });
    assert.equal(deleted.lines[0].operation, 'deleted');
    const odd = await halley(['history', 'db/c', '--id', kOddId], { env });
    assert.equal(odd.lines[0].document.id, kOddId);
  });

  it('asks for the partition key where an id is under several', async () => {
    for (const command of ['history', 'get']) {
      const { error } = await halley([command, 'db/c', '--id', '1'], { env, expect: 2 });
      assert.match(error.hint, /\["1"\] {2}\["other"\]/);
    }
    await halley(['history', 'db/c', '--id', 'none'], { env, expect: 1 });
  });

  it('finds documents by id and by time of change', async () => {
    const there = await halley(['find', 'db/c', '--id-prefix', '4', '--at', at(first)], { env });
    assert.equal(there.result.documents, 11);
    const changed = await halley(['find', '--from', at(first)], { env });
    const found = changed.lines.slice(0, -1).map(({ id, operation }) => `${id} ${operation}`);
    assert.deepEqual(found.sort(), ['1 written', '2 deleted', `${kOddId} written`]);
    assert.equal(changed.result.notes.length, 1, 'what was changed since the last backup is not known');
    assert.match(changed.result.notes[0], /^db\/c: covered up to 20\S+Z, so later changes may be missing$/);
    const { through } = changed.result;
    const known = await halley(['find', '--from', at(first), '--until', through], { env });
    assert.deepEqual([known.result.documents, known.result.notes], [3, []]);
    for (const command of [['find'], ['history', 'db/c', '--id', '2']]) {
      const refused = await halley([...command, '--from', through, '--until', at(first)], { env, expect: 2 });
      assert.match(refused.error.message, /^--until \S+ is before --from /);
    }
    const text = await halley(['find', 'db/c', '--from', at(first)], { env, json: false });
    assert.equal(text.stdout.trimEnd().split('\n').length, 3, 'an id that holds a line end is on one line');
    const listed = await halley(['ls', 'db/c'], { env, json: false });
    assert.ok(listed.stdout.includes(JSON.stringify(kOddId)), listed.stdout);
    assert.match(listed.stdout, / {2}\["0"\] {2}0\n/);
    const sequences = [text, listed].filter(({ stdout }) => stdout.includes('\u001b'));
    assert.deepEqual(sequences, [], 'no escape sequence reaches the terminal');
    const { error } = await halley(['find', '--at', '2020-01-01T00:00:00Z'], { env, expect: 20 });
    assert.match(error.hint, /20\d\d-/);
    await halley(['find', '--at', 'latest', '--from', '-1h'], { env, expect: 2 });
    for (const command of [['find'], ['history', 'db/c', '--id', '2']]) {
      const refused = await halley([...command, '--from', 'latest'], { env, expect: 2 });
      assert.match(refused.error.message, /--from takes a moment to begin at/);
    }
    const until = await halley(['find', '--from', at(first), '--until', 'latest'], { env });
    assert.equal(until.result.documents, 3);
    for (const option of [['--limit', '5x'], ['--limit', '0'], ['--partition-key', 'a']]) {
      for (const what of [[], ['db'], ['db/c']]) await halley(['ls', ...what, ...option], { env, expect: 2 });
    }
  });

  it('refuses a partition key that no container can have', async () => {
    const commands = [
      ['ls', 'db/c'], ['get', 'db/c', '--id', '1'], ['history', 'db/c', '--id', '1'], ['find', 'db/c'],
      ['find', '--from', at(first)], ['diff', 'db/c', '--from', at(first)],
      ['restore', '--to', `dir:${join(folder, 'none')}`, '--container', 'db/c'],
    ];
    for (const command of commands) {
      const refused = async (key) => (await halley([...command, '--partition-key', key], { env, expect: 2 })).error;
      assert.match((await refused('["1","2"]')).message, /partition keys/, command.join(' '));
      for (const key of ['[]', '']) assert.match((await refused(key)).message, /--partition-key takes JSON/);
    }
  });

  it('takes options about documents only where documents are listed', async () => {
    for (const option of [['--limit', '3'], ['--partition-key', '"1"']]) {
      for (const what of [[], ['db']]) {
        const { error } = await halley(['ls', ...what, ...option], { env, expect: 2 });
        assert.match(error.message, new RegExp(`^${option[0]} is about documents`));
      }
    }
    const { lines } = await halley(['ls', 'db/c', '--limit', '3', '--partition-key', '"1"'], { env });
    assert.equal(lines.length, 4);
  });

  it('compares two moments, and a moment with the account', async () => {
    const moments = await halley(['diff', 'db/c', '--from', at(first)], { env, expect: 4 });
    const { added, removed, changed, equal } = moments.result;
    assert.deepEqual({ added, removed, changed, equal }, { added: 1, removed: 1, changed: 1, equal: 49 });
    assert.equal(moments.lines[0].counts.changed, 1, 'counts come first');
    const listed = moments.lines.slice(1, -1).map(({ id, difference }) => `${difference} ${id}`);
    assert.deepEqual(listed.sort(), [`added ${kOddId}`, 'changed 1', 'removed 2']);
    const live = await halley(['diff', '--live'], { env });
    assert.equal(live.result.differs, false);
    assert.equal(live.result.equal, 51);
    await items.upsert({ id: 'late', pk: '1' });
    const late = await halley(['diff', 'db', '--live'], { env, expect: 4 });
    assert.equal(late.result.added, 1);
    const { error } = await halley(['diff', '--from', '2020-01-01T00:00:00Z'], { env, expect: 20 });
    assert.ok(error.hint);
    await halley(['diff', 'db/c'], { env, expect: 2 });
    await halley(['diff', 'db/none', '--live'], { env, expect: 1 });
  });

  it('ends quietly when nobody reads on', async () => {
    const child = spawn(kBinary, ['find', '--json'], { env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    let said = '';
    child.stderr.on('data', (text) => (said += text));
    const code = await new Promise((resolve) => child.on('close', resolve));
    assert.deepEqual([code, said], [141, '']);
  });
});

describe('what is lost', { timeout: 300_000 }, () => {
  const when = ['--at', undefined];
  let damaged;
  before(() => {
    const repository = join(folder, 'damaged');
    cpSync(join(folder, 'repository'), repository, { recursive: true });
    damaged = { ...env, HALLEY_REPOSITORY: repository };
    when[1] = at(first);
    const lane = readdirSync(join(repository, 'lanes')).find((name) => name.startsWith('c-'));
    const commits = readdirSync(join(repository, 'lanes', lane)).filter((name) => /^\d+$/.test(name)).sort();
    const next = `${Number(commits.at(-1)) + 1}`.padStart(commits[0].length, '0');
    writeFileSync(join(repository, 'lanes', lane, next), 'no commit');
  });
  const kLost = /^container db\/c: its backups behind commit \d+ are lost/;

  it('is named by find, which exits 3', async () => {
    const { result } = await halley(['find', 'db/c', ...when], { env: damaged, expect: 3 });
    assert.equal(result.documents, 51);
    assert.match(result.lost[0], kLost);
    assert.deepEqual(result.notes, []);
    const text = await halley(['find', 'db/c', ...when], { env: damaged, expect: 3, json: false });
    assert.match(text.stderr, /^lost: container db\/c: /m);
  });

  it('is a note of get, ls and export, as it is of restore', async () => {
    const to = (name) => join(folder, name);
    const commands = (run) => [
      ['get', 'db/c', '--id', '1', '--partition-key', '"1"'], ['ls', 'db/c'],
      ['export', '--container', 'db/c', '--output', to(`${run}.json`)], ['restore', '--to', `dir:${to(run)}`],
    ];
    for (const command of commands('json')) {
      const { result, said } = await halley([...command, ...when], { env: damaged });
      assert.match(result.notes[0], kLost, said);
    }
    for (const command of [...commands('text'), ['export', '--container', 'db/c', '--output', '-']]) {
      const { stderr, stdout, said } = await halley([...command, ...when], { env: damaged, json: false });
      assert.match(stderr, /^note: container db\/c: its backups behind/m, said);
      assert.ok(!stdout.includes('its backups behind'), said);
    }
    const whole = await halley(['ls', 'db/c', ...when], { env });
    assert.deepEqual(whole.result.notes, []);
  });
});

describe('import', { timeout: 300_000 }, () => {
  let target;
  let to;
  before(async () => {
    target = await startEmulator('--partitions', '3');
    await target.client.databases.create({ id: 'db' });
    const partitionKey = { paths: ['/pk'], kind: 'Hash', version: 2 };
    const { containers } = target.client.database('db');
    for (const id of ['json', 'ndjson', 'tree', 'twice']) await containers.create({ id, partitionKey });
    to = ['--target-endpoint', target.endpoint, '--target-key-env', 'COSMOS_KEY'];
  });
  after(() => target?.stop());

  const textOf = async (name) => {
    const { resources } = await target.client.database('db').container(name).items.readAll().fetchAll();
    return resources.map(({ id, pk, text, tags, n }) => JSON.stringify({ id, pk, text, tags, n })).sort();
  };

  it('brings back what was exported and restored', async () => {
    const exported = ['export', '--container', 'db/c', '--at', at(first)];
    await halley([...exported, '--output', join(folder, 'out.json')], { env });
    const system = ['--format', 'ndjson', '--system-properties', '--output', join(folder, 'out.ndjson')];
    await halley([...exported, ...system], { env });
    await halley(['restore', '--at', at(first), '--to', `dir:${join(folder, 'tree')}`], { env });
    const inputs = { json: 'out.json', ndjson: 'out.ndjson', tree: 'tree/db/c/documents.ndjson' };
    for (const [name, file] of Object.entries(inputs)) {
      const input = ['--input', join(folder, file)];
      const { result } = await halley(['import', '--container', `db/${name}`, ...input, ...to], { env });
      assert.equal(result.written, 51, name);
      assert.ok(result.request_units > 0);
    }
    assert.deepEqual(await textOf('json'), await textOf('ndjson'));
    assert.deepEqual(await textOf('json'), await textOf('tree'));
  });

  it('keeps what is there when asked to, and completes what is not', async () => {
    await target.client.database('db').container('json').item('7', '1').delete();
    const file = join(folder, 'out.json');
    const again = ['import', '--container', 'db/json', '--input', file, '--existing', 'keep', ...to];
    const { result } = await halley(again, { env });
    assert.deepEqual([result.written, result.kept], [1, 50]);
  });

  it('lets the last line of a document remain, whatever is throttled', async () => {
    const lines = [{ id: 'x', pk: 'a', v: 1 }, ...Array.from({ length: 250 }, (_, n) => ({ id: `${n}`, pk: 'a' })),
      { id: 'x', pk: 'a', v: 2 }];
    const file = join(folder, 'twice.ndjson');
    writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    await target.door('fault', { kind: 'throttle', retry_after_ms: 500, operation: 'bulk', count: 1 });
    const { result } = await halley(['import', '--container', 'db/twice', '--input', file, ...to], { env });
    assert.equal(result.written, 252);
    const { resource } = await target.client.database('db').container('twice').item('x', 'a').read();
    assert.equal(resource.v, 2);
  });

  it('exits 3 and names what it could not write', async () => {
    const file = join(folder, 'bad.ndjson');
    writeFileSync(file, '{"id":"a","pk":"a"}\n{"id":"b","pk"}\n{"pk":"a"}\n');
    const bad = ['import', '--container', 'db/json', '--input', file, ...to];
    const dry = await halley([...bad, '--dry-run'], { env, expect: 3 });
    assert.equal(dry.result.dry_run, true);
    const { result } = await halley(bad, { env, expect: 3 });
    assert.equal(result.written, 1);
    assert.deepEqual(result.problems.map(({ line, byte }) => [line, byte]), [[2, 20], [3, 36]]);
    const cut = readFileSync(join(folder, 'out.json')).subarray(0, 2000);
    const piped = ['import', '--container', 'db/json', '--input', '-', ...to];
    const { status } = spawnSync(kBinary, piped, { env: { ...env }, input: cut });
    assert.equal(status, 3, 'a file that was cut is not a success');
    await halley(['import', '--container', 'db/none', '--input', file, ...to], { env, expect: 1 });
    await halley(['import', '--container', 'db/json', '--input', join(folder, 'none'), ...to], { env, expect: 1 });
    await halley(['import', '--container', 'db/json', '--input', file], { env, expect: 2 });
  });
});
