// What no backup captured, and what backups leave out, is told by everything that looks at a repository.
import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { environment, halley, startEmulator, temporaryFolder } from './harness.mjs';

let source;
let folder;

const repository = async (name) => {
  const env = environment(source, join(folder, name));
  await halley(['init'], { env });
  return env;
};

before(async () => {
  source = await startEmulator();
  folder = temporaryFolder();
  await source.client.databases.create({ id: 'shop' });
  const { containers } = source.client.database('shop');
  for (const id of ['a', 'b']) {
    await containers.create({ id, partitionKey: { paths: ['/pk'], kind: 'Hash', version: 2 } });
    await source.client.database('shop').container(id).items.upsert({ id: '1', pk: 'p' });
  }
});
after(() => source?.stop());

describe('what is not captured', { timeout: 300_000 }, () => {
  it('is named where every backup failed to, with exit code 3', async () => {
    const env = await repository('refused');
    const fault = { kind: 'status', status: 403, match: '/colls/b/', operation: 'change_feed', count: 0 };
    await source.door('fault', fault);
    await halley(['backup'], { env, expect: 3 });
    await source.door('fault', { clear: true });
    for (const command of ['timeline', 'status']) {
      const { result, lines } = await halley([command], { env, expect: 3 });
      const { uncovered } = result ?? lines[0];
      assert.deepEqual(uncovered.map(({ container, missed }) => [container, missed]), [['shop/b', true]]);
      const { stdout, stderr } = await halley([command], { env, expect: 3, json: false });
      assert.match(stdout, /^shop\/b +(- +- +0 +nothing yet|never +- +0 +0 B)$/m);
      assert.match(stderr, /^not captured: shop\/b, though backups take it in/m);
    }
    const { result } = await halley(['verify'], { env, expect: 3 });
    assert.deepEqual(result.missed, ['shop/b']);
    const { stdout } = await halley(['verify'], { env, expect: 3, json: false });
    assert.doesNotMatch(stdout, /All is well/);
    await halley(['backup', '--include', 'shop/typo'], { env, expect: 2 });
    await halley(['status'], { env, expect: 3 }); // what is refused leaves nothing behind
    await halley(['backup', '--no-wait'], { env });
    for (const command of ['timeline', 'status', 'verify']) await halley([command], { env });
  });

  it('is no part of the account, and not called added, where backups leave it out', async () => {
    const env = await repository('part');
    await halley(['backup', '--include', 'shop/a'], { env });
    const { stdout } = await halley(['timeline'], { env, json: false });
    assert.match(stdout, /^The part of the account that backups take in \(--include 'shop\/a'\) is restorable until /m);
    const { result } = await halley(['status'], { env });
    assert.deepEqual([result.selection, result.uncovered], [{ include: ['shop/a'], exclude: [] }, []]);
    const diff = await halley(['diff', '--live'], { env });
    assert.deepEqual([diff.result.differs, diff.result.added, diff.result.equal], [false, 0, 1]);
    assert.match(diff.result.notes.join(), /shop\/b: not compared, for backups/);
    await halley(['diff', 'shop/b', '--live'], { env, expect: 20 });
  });

  it('is not called added where a pattern left a whole database out', async () => {
    await source.client.databases.create({ id: 'priv' });
    await source.client.database('priv').containers.create({ id: 'x', partitionKey: '/pk' });
    const env = await repository('pattern');
    await halley(['backup', '--include', '*/a'], { env });
    const { result } = await halley(['diff', '--live'], { env });
    assert.deepEqual([result.differs, result.added], [false, 0]);
    assert.match(result.notes.join(), /priv.*: not compared, for backups/);
    await halley(['diff', 'priv', '--live'], { env, expect: 20 });
    await source.client.database('priv').delete();
  });

  it('is told from what is stored, which is all that the repository takes up', async () => {
    const env = await repository('size');
    await halley(['backup', '--no-wait'], { env });
    const place = join(folder, 'size');
    const files = readdirSync(place, { recursive: true }).map((name) => statSync(join(place, name)));
    const bytes = files.filter((file) => file.isFile()).reduce((sum, file) => sum + file.size, 0);
    const { result } = await halley(['status'], { env });
    assert.equal(result.stored_bytes, bytes);
  });

  it('is found in databases that were dropped, and in what belongs to those that are there', async () => {
    const env = await repository('databases');
    await source.client.databases.create({ id: 'a-gone-b' });
    const { users } = source.client.database('shop');
    await users.create({ id: 'ada' });
    const { result: first } = await halley(['backup'], { env });
    assert.equal((await halley(['diff', '--live'], { env })).result.differs, false);
    await source.client.database('a-gone-b').delete();
    await source.client.database('shop').user('ada').delete();
    const told = (lines) => lines.filter(({ database }) => database).map(({ database }) => database);
    const gone = { database: 'a-gone-b', is: 'removed', definitions: [] };
    const without = { database: 'shop', is: 'kept', definitions: [{ what: 'user', id: 'ada', difference: 'removed' }] };
    const live = await halley(['diff', '--live'], { env, expect: 4 });
    assert.deepEqual(told(live.lines), [gone, without]);
    await halley(['backup'], { env });
    const since = await halley(['diff', 'a*b', '--from', first.restorable_until], { env, expect: 4 });
    assert.deepEqual(told(since.lines), [gone]);
    const { stdout } = await halley(['diff', '--from', first.restorable_until], { env, expect: 4, json: false });
    assert.match(stdout, /^a-gone-b: the database is gone\nshop: user ada removed\n/);
    for (const [what, notes] of [['shop', 0], ['shop/*', 0], ['shop/a', 1]]) {
      const part = await halley(['diff', what, '--from', first.restorable_until], { env, expect: notes === 0 ? 4 : 0 });
      assert.equal(part.result.notes.length, notes, `${what}: ${part.result.notes}`);
    }
  });
});
