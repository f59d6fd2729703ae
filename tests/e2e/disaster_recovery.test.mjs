// scripts/disaster-recovery where not all is well: a repository that cannot be read, and a question answered with no.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { all, startArmEmulator } from './arm_emulator.mjs';
import { environment, halley, kBinary, moment, passed, temporaryFolder } from './harness.mjs';

const group = 'halley-rg';
const script = new URL('../../scripts/disaster-recovery', import.meta.url).pathname;
let emulator;
let azure;
let env;
let folder;
let at;

before(async () => {
  emulator = await startArmEmulator();
  azure = emulator.azure();
  folder = temporaryFolder();
  env = { PATH: process.env.PATH, HALLEY: kBinary, ...emulator.env };
  Object.assign(env, environment(emulator, join(folder, 'repository')));
  copyFileSync(emulator.configuration, join(folder, 'halley.toml'));
  const { database } = await emulator.client.databases.create({ id: 'store' });
  const { container } = await database.containers.create({ id: 'orders', partitionKey: '/pk' });
  await container.items.create({ id: '1', pk: 'a' });
  await container.scripts.storedProcedures.create({ id: 'sum', body: 'function () {}' });
  await halley(['init'], { env });
  await halley(['backup', '--config', emulator.configuration], { env });
  at = await emulator.second(); // a moment that the repository and Azure's backup know
  await passed(emulator, at);
  await halley(['backup', '--config', emulator.configuration], { env });
});
after(() => emulator?.stop());

async function ended(child) {
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  const code = await new Promise((resolve) => child.on('close', resolve));
  return { code, stdout, stderr };
}

// Without a terminal that could be asked on, wherever the tests run.
const run = (args, more = {}) =>
  ended(spawn('setsid', ['--wait', script, ...args], { cwd: folder, env: { ...env, ...more } }));

// On a terminal, at which `answer` is typed whenever it asks.
function runAtTerminal(args, answer, more = {}) {
  const command = [script, ...args].join(' ');
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: folder,
    env: { ...env, SHELL: '/bin/sh', ...more },
  });
  let said = '';
  let answered = 0;
  child.stdout.on('data', (text) => {
    said += text;
    for (const asked = said.split("Type 'yes':").length - 1; answered < asked; ++answered) {
      child.stdin.write(`${answer}\n`);
    }
  });
  return ended(child);
}

const names = async () => (await all(azure.databaseAccounts.list())).map((each) => each.name).sort();

async function scriptsOf(account) {
  const scripts = await all(azure.sqlResources.listSqlStoredProcedures(group, account, 'store', 'orders'));
  return scripts.map((each) => each.name);
}

describe('a repository that cannot be read', () => {
  const wrong = { HALLEY_PASSWORD: 'mistyped' };

  it('is told with its cause before anything is asked', async () => {
    const asked = await run([moment(at), '--to-account', 'unasked'], wrong);
    assert.equal(asked.code, 2);
    assert.match(asked.stderr, /password/);
    assert.match(asked.stdout, /! the repository cannot be read \(exit code 12\)/);
    const terminal = await runAtTerminal([moment(at), '--to-account', 'unasked'], 'no', wrong);
    assert.equal(terminal.code, 2, terminal.stdout);
    const cause = terminal.stdout.search(/password/);
    assert.ok(cause >= 0 && cause < terminal.stdout.indexOf("Type 'yes'"), terminal.stdout);
    assert.ok(!(await names()).includes('unasked'));
  });

  it('leaves a restored account that is not as it was: exit code 4, until it can be read', async () => {
    const args = [moment(at), '--to-account', 'bare', '--yes'];
    const first = await run(args, wrong);
    assert.equal(first.code, 4, first.stderr);
    assert.match(first.stdout, /Restored: bare/);
    assert.doesNotMatch(first.stdout, /Point the application/);
    assert.match(first.stderr, /nothing was brought back/);
    assert.ok(first.stderr.includes(`halley native fixup --to bare --at ${moment(at)}`), first.stderr);
    assert.deepEqual(await scriptsOf('bare'), []);
    const again = await run(args);
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stdout, /Point the application at bare/);
    assert.deepEqual(await scriptsOf('bare'), ['sum']);
  });
});

describe('the question', () => {
  it('answered with no leaves everything as it is', async () => {
    const before = await names();
    const { code, stdout } = await runAtTerminal([moment(at), '--to-account', 'declined'], 'no');
    assert.equal(code, 2, stdout);
    assert.match(stdout, /not agreed to: nothing was changed/);
    assert.deepEqual(await names(), before);
  });

  it('answered with yes is agreement', async () => {
    const { code, stdout } = await runAtTerminal([moment(at), '--to-account', 'agreed'], 'yes');
    assert.equal(code, 0, stdout);
    assert.deepEqual(await scriptsOf('agreed'), ['sum']);
  });
});
