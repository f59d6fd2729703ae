// What goes wrong outside is said clearly, with the exit code that scripts rely on, and loses nothing.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { environment, halley, startEmulator, temporaryFolder } from './harness.mjs';

let source;
let env;
let repository;

before(async () => {
  source = await startEmulator();
  repository = join(temporaryFolder(), 'repository');
  env = environment(source, repository);
  await source.client.databases.create({ id: 'db' });
  const database = source.client.database('db');
  await database.containers.create({ id: 'c', partitionKey: { paths: ['/pk'], kind: 'Hash', version: 2 } });
  for (let number = 0; number < 50; ++number) {
    const document = { id: `${number}`, pk: `${number % 3}`, text: 'some text '.repeat(number) };
    await database.container('c').items.create(document);
  }
  await halley(['init'], { env });
  await halley(['backup'], { env });
});
after(() => source?.stop());

function filesBelow(folder) {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.map((name) => join(folder, name)).filter((path) => statSync(path).isFile());
}

const sound = () => halley(['verify', '--read-data'], { env });

function assertClear({ error, said }, code) {
  assert.equal(error?.code, code, said);
  assert.ok(error.message.length > 10, said);
  assert.ok(error.hint, `no hint: ${said}`);
  assert.ok(!said.includes(source.key.slice(0, 20)) && !said.includes(env.HALLEY_PASSWORD), 'a secret was said');
}

describe('refusals', { timeout: 300_000 }, () => {
  it('exits 12 on a wrong password', async () => {
    assertClear(await halley(['backup'], { env: { ...env, HALLEY_PASSWORD: 'wrong' }, expect: 12 }), 'wrong_password');
    await sound();
  });

  it('exits 10 where there is no repository', async () => {
    const elsewhere = { ...env, HALLEY_REPOSITORY: join(temporaryFolder(), 'nothing') };
    assertClear(await halley(['backup'], { env: elsewhere, expect: 10 }), 'no_repository');
  });

  it('exits 2 on a wrong option, naming the nearest', async () => {
    const { error } = await halley(['backup', '--no-wiat'], { env, expect: 2 });
    assert.match(`${error.message} ${error.hint}`, /--no-wait/);
  });

  it('refuses a second init', async () => {
    assertClear(await halley(['init'], { env, expect: 1 }), 'already_exists');
    await sound();
  });

  it('says that the endpoint is down', async () => {
    const other = await startEmulator();
    await other.stop();
    const { error, said } = await halley(['backup'], { env: { ...env, COSMOS_ENDPOINT: other.endpoint }, expect: 1 });
    assert.ok(said.includes(new URL(other.endpoint).port), said);
    assert.ok(error.hint, said);
    await sound();
  });

  it('says that the key is wrong', async () => {
    const key = Buffer.alloc(64, 7).toString('base64');
    assertClear(await halley(['backup'], { env: { ...env, COSMOS_KEY: key }, expect: 1 }), 'unauthorized');
    await sound();
  });

  it('refuses a certificate that nobody vouches for', async () => {
    const secure = await startEmulator('--tls');
    try {
      const { said } = await halley(['backup'], { env: { ...env, COSMOS_ENDPOINT: secure.endpoint }, expect: 1 });
      assert.match(said, /certificate/i);
    } finally {
      await secure.stop();
    }
  });

  it('refuses another account on this repository', async () => {
    const other = await startEmulator('--account-id', 'another-account');
    try {
      assertClear(await halley(['backup'], { env: environment(other, repository), expect: 1 }), 'precondition');
    } finally {
      await other.stop();
    }
    await sound();
  });

  it('says that the disk is full, and goes on when there is room', async () => {
    const folder = join(temporaryFolder(), 'repository');
    const small = { ...env, HALLEY_REPOSITORY: folder };
    await halley(['init'], { env: small });
    // Files beyond 1 KiB can't be written: what a full disk looks like to a process.
    const script = 'trap "" XFSZ; ulimit -f 1; exec "$0" backup --json';
    const binary = process.env.HALLEY_BINARY ?? 'build/release/halley';
    const given = { env: { PATH: process.env.PATH, ...small }, encoding: 'utf8' };
    const { status, stdout } = spawnSync('bash', ['-c', script, binary], given);
    assert.equal(status, 1, stdout);
    const { error } = JSON.parse(stdout.trim().split('\n').at(-1));
    assert.ok(error.message.includes(folder) || /space|large|disk/i.test(error.message), error.message);
    await halley(['backup'], { env: small });
    await halley(['verify', '--read-data'], { env: small });
  });
});

describe('damage', { timeout: 300_000 }, () => {
  it('is found in every file of the repository, and the object named', async () => {
    for (const path of filesBelow(repository)) {
      const bytes = readFileSync(path);
      const flipped = Buffer.from(bytes);
      flipped[Math.floor(flipped.length / 2)] ^= 0x10;
      writeFileSync(path, flipped);
      const { said } = await halley(['verify', '--read-data'], { env, expect: 4 });
      assert.ok(said.includes(relative(repository, path)), `${path} is not named: ${said}`);
      writeFileSync(path, bytes);
    }
    await sound();
  });

  it('is found where a commit is empty', async () => {
    for (const path of filesBelow(join(repository, 'lanes'))) {
      const bytes = readFileSync(path);
      writeFileSync(path, '');
      const { said } = await halley(['verify', '--read-data'], { env, expect: 4 });
      assert.ok(said.includes(relative(repository, path)), said);
      writeFileSync(path, bytes);
    }
  });
});
