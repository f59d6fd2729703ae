// Looks for secrets wherever the program leaves something: what it prints, its command line and those of its children,
// every file it writes, core files. Only the emulator prints its own key, on purpose; not those of the accounts that
// its Resource Manager makes.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startArmEmulator } from './arm_emulator.mjs';
import { kBinary, environment, halley, moment, passed, startEmulator, temporaryFolder } from './harness.mjs';

const kPassword = `password-${randomBytes(12).toString('hex')}`;
const kWrongPassword = `mistyped-${randomBytes(12).toString('hex')}`;
const kContent = `confidential-${randomBytes(12).toString('hex')}`; // in a document: not in the repository
// The slashes and plus signs are what URLs would escape.
const newKey = () => Buffer.concat([Buffer.from([0xfb, 0xff, 0xbe]), randomBytes(61)]).toString('base64');
const kKeys = { account: newKey(), target: newKey(), wrong: newKey() };
const kClientSecret = `client-${randomBytes(12).toString('hex')}`;
const kClientId = randomBytes(12).toString('hex'); // of which the emulator makes its tokens
const kToken = `emulator-${kClientId}`;

let source;
let target;
let folder; // everything that may not hold a secret
let inputs; // where the secrets come from
let env;
let to;

// Every form of a secret that would give it away: whole, and the middle of it where something was cut off.
function formsOf(name, bytes) {
  const texts = [bytes.toString('base64'), bytes.toString('base64url'), bytes.toString('hex')];
  const forms = [bytes.toString('latin1'), ...texts, encodeURIComponent(texts[0]), texts[2].toUpperCase()];
  return forms.flatMap((form) => [form, form.slice(2, 22)]).map((form) => [name, form]);
}
const forbidden = [
  ...Object.entries(kKeys).flatMap(([name, key]) => formsOf(`the ${name} key`, Buffer.from(key, 'base64'))),
  ...formsOf('the password', Buffer.from(kPassword)),
  ...formsOf('the wrong password', Buffer.from(kWrongPassword)),
  ...formsOf("Azure's client secret", Buffer.from(kClientSecret)),
  ...formsOf("Azure's token", Buffer.from(kToken)),
];

// The name of the secret that the bytes hold, if they hold one.
function secretIn(bytes) {
  const text = Buffer.from(bytes).toString('latin1');
  return forbidden.find(([, form]) => text.includes(form))?.[0];
}

function filesBelow(root) {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' });
  return names.map((name) => join(root, name)).filter((path) => statSync(path).isFile());
}

function assertNoSecretBelow(root) {
  for (const path of filesBelow(root)) assert.equal(secretIn(readFileSync(path)), undefined, `in ${path}`);
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

// Command lines of a process and of what it started, as long as it runs.
async function watchCommandLines(child, seen) {
  let running = true;
  child.ended.then(() => (running = false));
  while (running) {
    const pids = [child.pid, ...readIfThere(`/proc/${child.pid}/task/${child.pid}/children`).trim().split(' ')];
    for (const pid of pids.filter(Boolean)) seen.add(readIfThere(`/proc/${pid}/cmdline`));
    await sleep(3);
  }
}

// Runs a command with --json and without, with --log debug, and looks at everything it said.
const kSearched = new Set();
async function searched(args, options = {}) {
  const { env: given = env, expect = 0, forms = [['--json'], []], program = kBinary } = options;
  kSearched.add(args[0] === 'native' ? `native ${args[1]}` : args[0]);
  for (const form of forms) {
    const words = [...args, ...form, '--log', 'debug'];
    const child = spawn(program, words, { cwd: folder, env: { PATH: process.env.PATH, TMPDIR: folder, ...given } });
    child.ended = new Promise((resolve) => child.on('close', resolve));
    const said = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => said.push(bytes));
    const lines = new Set();
    await watchCommandLines(child, lines);
    const output = Buffer.concat(said);
    const code = await child.ended;
    assert.equal(code, expect, `halley ${words.join(' ')}: ${output}`);
    assert.equal(secretIn(output), undefined, `halley ${words.join(' ')} said ${output}`);
    assert.doesNotMatch(output.toString('latin1'), /sig(=|%3d)/i, `halley ${words.join(' ')} showed a signature`);
    assert.equal(secretIn([...lines].join('\n')), undefined, `on the command line: ${[...lines]}`);
  }
}

// Every command of the group `native`, and the backup before them: an account with a user, so that the fix-up asks for
// the keys of the account that was restored.
async function searchedNative(azure) {
  const given = { ...env, ...azure.env, COSMOS_ENDPOINT: azure.endpoint };
  Object.assign(given, { HALLEY_REPOSITORY: join(folder, 'repository-of-azure'), XDG_STATE_HOME: folder });
  Object.assign(given, { AZURE_CLIENT_ID: kClientId, AZURE_CLIENT_SECRET: kClientSecret });
  const search = (args, options = {}) =>
    searched([...args, '--config', azure.configuration], { env: given, ...options });
  const { database } = await azure.client.databases.create({ id: 'store' });
  const { container } = await database.containers.create({ id: 'orders', partitionKey: '/pk' });
  const { container: lost } = await database.containers.create({ id: 'lost', partitionKey: '/pk' });
  const { user } = await database.users.create({ id: 'ada' });
  await user.permissions.create({ id: 'read', permissionMode: 'Read', resource: container.url });
  await halley(['init'], { env: given });
  await search(['backup'], { forms: [[]] });
  const at = moment(await azure.second());
  await passed(azure, Date.parse(at) / 1000);
  await search(['backup']);
  await lost.delete();
  await search(['native', 'status']);
  await search(['native', 'enable', '--tier', '7d', '--dry-run']);
  await search(['native', 'latest', 'store/orders']);
  await search(['native', 'restorable']);
  await search(['native', 'restore', '--at', at, '--to-account', 'copy', '--wait']);
  await search(['native', 'restore-container', 'store/lost', '--dry-run']);
  await search(['native', 'restore-database', 'store', '--dry-run'], { expect: 1 });
  const { primaryMasterKey, secondaryMasterKey } = await azure.azure().databaseAccounts.listKeys('halley-rg', 'copy');
  for (const key of [primaryMasterKey, secondaryMasterKey]) {
    forbidden.push(...formsOf('a key of listKeys', Buffer.from(key, 'base64')));
  }
  await search(['native', 'fixup', '--to', 'copy', '--dry-run']);
  await search(['native', 'fixup', '--to', 'copy', '--yes']);
  await search(['restore', '--at', at, '--using', 'auto', '--dry-run']);
  await azure.armDoor('fault', { kind: 'status', status: 401, match: '/databaseAccounts/', count: 0 });
  await search(['native', 'status'], { expect: 1 });
  await azure.armDoor('fault', { clear: true });
}

before(async () => {
  folder = temporaryFolder();
  inputs = temporaryFolder();
  for (const [name, key] of Object.entries(kKeys)) writeFileSync(join(inputs, name), `${key}\n`);
  writeFileSync(join(inputs, 'password'), `${kPassword}\n`);
  source = await startEmulator('--key-file', join(inputs, 'account'));
  target = await startEmulator('--key-file', join(inputs, 'target'));
  env = { ...environment(source, join(folder, 'repository'), kPassword), TARGET_KEY: kKeys.target };
  to = ['--target-endpoint', target.endpoint, '--target-key-env', 'TARGET_KEY'];
  await source.client.databases.create({ id: 'db' });
  const partitionKey = { paths: ['/pk'], kind: 'Hash', version: 2 };
  await source.client.database('db').containers.create({ id: 'c', partitionKey });
  const { items } = source.client.database('db').container('c');
  for (let number = 0; number < 20; ++number) await items.create({ id: `${number}`, pk: 'a', text: kContent });
});
after(() => Promise.all([source?.stop(), target?.stop()]));

describe('secrets', { timeout: 300_000 }, () => {
  it('the search finds what it looks for', () => {
    for (const key of Object.values(kKeys)) assert.ok(secretIn(`said: ${encodeURIComponent(key)}`));
    assert.ok(secretIn(Buffer.concat([Buffer.from('x'), Buffer.from(kKeys.account, 'base64')])));
    assert.ok(secretIn(`"${kPassword.slice(1, 25)}`));
    assert.ok(secretIn(`client_secret=${kClientSecret}`) && secretIn(`Bearer ${kToken}`));
    assert.equal(secretIn('nothing'), undefined);
  });

  it('would not be missed in what a program says, on command lines, or in files', async () => {
    const leaks = {
      'standard output': 'echo "$COSMOS_KEY"',
      'standard error': 'printf %s "$HALLEY_PASSWORD" | base64 >&2',
      signature: 'echo "authorization: type%3Dmaster%26ver%3D1.0%26sig%3Dabc" >&2',
      'command line': 'sh -c "sleep 1; exit 0" "$TARGET_KEY"',
    };
    for (const [where, script] of Object.entries(leaks)) {
      const program = join(inputs, 'leaky');
      writeFileSync(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      await assert.rejects(searched(['leak'], { program, forms: [[]] }), assert.AssertionError, where);
    }
    kSearched.delete('leak');
    assert.throws(() => assertNoSecretBelow(inputs), /in .*account/);
  });

  it('are not in what commands say', async () => {
    await searched(['init'], { forms: [['--json']] });
    await searched(['backup', '--no-wait']);
    await source.client.database('db').container('c').item('3', 'a').delete();
    await searched(['backup']);
    for (const command of ['status', 'timeline', 'ls', 'find']) await searched([command]);
    await searched(['ls', 'db/c']);
    for (const command of ['get', 'history']) await searched([command, 'db/c', '--id', '7']);
    await searched(['diff', '--live']);
    await searched(['verify', '--read-data']);
    await searched(['export', '--container', 'db/c', '--output', 'out.json'], { forms: [[]] });
    await searched(['export', '--container', 'db/c', '--live', '--output', '-'], { forms: [[]] });
    await searched(['restore', '--to', 'dir:tree'], { forms: [[]] });
    await searched(['restore', '--to', 'cosmos', ...to], { forms: [[]] });
    await searched(['import', '--container', 'db/c', '--input', 'out.json', ...to]);
  });

  it('are not in what commands say when secrets come from files and commands', async () => {
    const given = { COSMOS_ENDPOINT: source.endpoint, HALLEY_REPOSITORY: env.HALLEY_REPOSITORY };
    const key = ['--key-file', join(inputs, 'account')];
    const print = ['--password-command', `cat ${join(inputs, 'password')}`];
    await searched(['backup', '--no-wait', ...key, ...print], { env: given });
    await searched(['status', '--password-file', join(inputs, 'password')], { env: given });
    const failing = ['--password-command', `cat ${join(inputs, 'password')}; exit 3`];
    await searched(['status', ...failing], { env: given, expect: 2 });
  });

  it('are not in what commands about Azure say, nor in what its emulator says', async () => {
    const log = join(folder, 'access.log');
    const azure = await startArmEmulator('--key-file', join(inputs, 'account'), `--access-log=${log}`);
    try {
      await searchedNative(azure);
    } finally {
      await azure.stop();
    }
    // The line that says where it is, and with what key, aside.
    const { stdout, stderr } = azure.child.output;
    const said = stdout.slice(stdout.indexOf('\n')) + stderr;
    assert.match(readFileSync(log, 'utf8'), /GET \/dbs/); // a file, looked at in the end
    assert.equal(secretIn(said), undefined, said);
  });

  it('are not in errors', async () => {
    await searched(['backup'], { env: { ...env, HALLEY_PASSWORD: kWrongPassword }, expect: 12 });
    await searched(['backup'], { env: { ...env, COSMOS_KEY: kKeys.wrong }, expect: 1 });
    await searched(['backup'], { env: { ...env, COSMOS_KEY: `${kKeys.wrong}?` }, expect: 2 });
    await searched(['restore', '--to', 'cosmos', ...to], { env: { ...env, TARGET_KEY: kKeys.wrong }, expect: 1 });
    const gone = await startEmulator();
    await gone.stop();
    await searched(['backup'], { env: { ...env, COSMOS_ENDPOINT: gone.endpoint }, expect: 1 });
    const secure = await startEmulator('--tls', '--key-file', join(inputs, 'account'));
    try {
      await searched(['backup'], { env: { ...env, COSMOS_ENDPOINT: secure.endpoint }, expect: 1 });
    } finally {
      await secure.stop();
    }
  });

  it('are not in errors when a service says them', async () => {
    let status;
    const service = http.createServer((request, response) => {
      const message = `key ${kKeys.account}, or ${encodeURIComponent(kKeys.account)}: ${request.headers.authorization}`;
      response.writeHead(status, { 'content-type': 'application/json', 'x-ms-activity-id': kKeys.account });
      response.end(JSON.stringify({ code: kKeys.account, message }));
    });
    await new Promise((resolve) => service.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${service.address().port}/`;
    try {
      for (status of [400, 401, 403, 404, 500, 200]) {
        const expect = status === 200 ? 4 : 1; // 4: an answer that is none
        await searched(['backup'], { env: { ...env, COSMOS_ENDPOINT: endpoint }, expect, forms: [['--json']] });
      }
    } finally {
      service.close();
    }
  });

  it('are not said when they stand where they do not belong', async () => {
    const misplaced = [
      ['status', '--password', kPassword],
      ['status', `--password=${kPassword}`],
      ['backup', '--key', kKeys.account],
      ['backup', '--key-env', kKeys.account],
      ['backup', '--key-file', kKeys.account],
      ['status', '--repo', 'repository', '--password-file', kPassword],
    ];
    for (const args of misplaced) {
      const child = spawnSync(kBinary, args, { env: { PATH: process.env.PATH }, cwd: folder, encoding: 'utf8' });
      assert.equal(child.status, 2, child.stderr);
      assert.equal(secretIn(child.stdout + child.stderr), undefined, child.stderr);
    }
    for (const line of ['key = ', 'key_env = ', 'endpoint = 1 # ']) {
      writeFileSync(join(inputs, 'halley.toml'), `[account]\n${line}"${kKeys.account}"\n`);
      await searched(['backup', '--config', join(inputs, 'halley.toml')], { env: {}, expect: 2 });
    }
  });

  it('were looked for in every command', () => {
    const help = spawnSync(kBinary, ['--help'], { encoding: 'utf8' }).stdout;
    const listed = (title, name) => {
      const lines = help.split(`\n${title}:\n`)[1].split('\n\n')[0];
      return [...lines.matchAll(name)].map((found) => found[1]);
    };
    const names = [
      ...listed('commands', /^ {2}(\S+)/gm),
      ...listed("Azure's own continuous backup", /^ {2}(native \S+)/gm),
    ];
    assert.ok(names.includes('native fixup') && names.length > 20, help);
    // The emulator prints its own key; the demonstration takes no secrets, and its own die with it.
    const exempt = new Set(['emulator', 'demo']);
    assert.deepEqual(
      names.filter((name) => !exempt.has(name) && !kSearched.has(name)),
      [],
    );
  });

  it('are in no file', () => {
    const files = filesBelow(folder);
    assert.ok(files.some((path) => path.includes('/repository/')) && files.some((path) => path.includes('/tree/')));
    assertNoSecretBelow(folder);
    for (const path of files.filter((name) => name.includes('/repository/'))) {
      assert.ok(!readFileSync(path).includes(kContent), `${path} is not encrypted`);
    }
  });

  it('are not open to other processes of the user', async () => {
    const uid = process.getuid() || 65534; // what belongs to root tells nothing
    const ownerOfEnvironment = async (given) => {
      const child = spawn(kBinary, ['emulator'], { cwd: '/', env: given, ...(process.getuid() === 0 && { uid }) });
      const ended = new Promise((resolve) => child.on('close', resolve));
      try {
        await Promise.race([new Promise((resolve) => child.stdout.once('data', resolve)), ended]);
        return statSync(`/proc/${child.pid}/environ`).uid;
      } finally {
        child.kill('SIGKILL');
        await ended;
      }
    };
    assert.equal(await ownerOfEnvironment({}), 0);
    assert.equal(await ownerOfEnvironment({ HALLEY_CORE_FILES: '1' }), uid);
  });

  it('are in no core file, unless core files were asked for', async (test) => {
    const pattern = readFileSync('/proc/sys/kernel/core_pattern', 'utf8').trim();
    const hard = spawnSync('bash', ['-c', 'ulimit -Hc'], { encoding: 'utf8' }).stdout.trim();
    if (pattern !== basename(pattern) || pattern.startsWith('|') || hard !== 'unlimited') {
      return test.skip(`the system writes no core file here: ${pattern}, limit ${hard}`);
    }
    const coresOf = async (given) => {
      const cwd = join(folder, `crash ${Object.keys(given).length}`);
      mkdirSync(cwd);
      const script = 'ulimit -c unlimited; exec "$0" backup --json';
      const child = spawn('bash', ['-c', script, kBinary], { cwd, env: { PATH: process.env.PATH, ...given } });
      const ended = new Promise((resolve) => child.on('close', (_, signal) => resolve(signal)));
      await new Promise((resolve) => child.stdout.once('data', resolve)); // it has the key and the password
      child.kill('SIGABRT');
      assert.equal(await ended, 'SIGABRT');
      return filesBelow(cwd);
    };
    assert.deepEqual(await coresOf(env), []);
    const [core] = await coresOf({ ...env, HALLEY_CORE_FILES: '1' });
    assert.ok(core && secretIn(readFileSync(core)), 'the search would have found them');
  });
});
