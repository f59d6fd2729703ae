// Starts the real program for the tests, and stops it: emulators on ports that the kernel gives, commands whose last
// line of --json is the answer, folders that go with the test.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import crypto, { webcrypto } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

globalThis.crypto ??= webcrypto; // the SDK asks for it; Node.js 18 does not have it as a global
const { CosmosClient } = createRequire(import.meta.url)('@azure/cosmos');

export const kBinary = process.env.HALLEY_BINARY ?? new URL('../../build/release/halley', import.meta.url).pathname;
const kReadyMs = 120_000;
const kCommandMs = 120_000;
const kStopMs = 60_000;

if (!existsSync(kBinary)) throw new Error(`${kBinary} is not there: ./dev build makes it`);

const children = new Set();
const folders = new Set();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'halley-e2e-'));
  folders.add(folder);
  return folder;
}

// `through`: a program that is given the command line, and runs it in its place.
function start(args, env, through = []) {
  const [program, ...rest] = [...through, kBinary, ...args];
  const child = spawn(program, rest, { env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  child.output = { stdout: '', stderr: '' };
  child.ended = new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: null, signal: error.message }));
    child.on('close', (code, signal) => resolve({ code, signal }));
  }).finally(() => children.delete(child));
  for (const stream of ['stdout', 'stderr']) {
    child[stream].setEncoding('utf8').on('data', (text) => (child.output[stream] += text));
  }
  return child;
}

// `halley ARGS --json`: {code, signal, lines, result, error, stdout, stderr}. Whoever expects another exit code than 0
// says so; `kill` ends the process with SIGKILL after so many milliseconds, and then no exit code is expected.
export async function halley(args, { env = {}, expect = 0, kill, timeout = kCommandMs, json = true } = {}) {
  const child = start(json ? [...args, '--json'] : args, env);
  const timer = setTimeout(() => child.kill('SIGKILL'), kill ?? timeout);
  const { code, signal } = await child.ended;
  clearTimeout(timer);
  const { stdout, stderr } = child.output;
  const lines = json ? stdout.split('\n').filter(Boolean).flatMap(parsedLine) : [];
  const said = `halley ${args.join(' ')}\nexit ${code ?? signal}\n${stdout.slice(-2000)}\n${stderr.slice(-2000)}`;
  if (kill === undefined) assert.equal(code, expect, said);
  return { code, signal, lines, result: lines.at(-1)?.result, error: lines.at(-1)?.error, stdout, stderr, said };
}

function parsedLine(line) {
  try {
    return [JSON.parse(line)];
  } catch {
    return []; // cut off by SIGKILL
  }
}

// `halley emulator`: {endpoint, key, connectionString, ready, pid, client, child, door, second, raw, kill, stop}.
export const startEmulator = (...args) => startEmulatorThrough([], ...args);

export async function startEmulatorThrough(through, ...args) {
  const child = start(['emulator', '--listen', '127.0.0.1:0', '--test-door', ...args, '--json'], {}, through);
  const deadline = Date.now() + kReadyMs;
  while (!child.output.stdout.includes('\n')) {
    const ended = await Promise.race([child.ended, sleep(20)]);
    const said = `the emulator did not start: ${JSON.stringify(ended)} ${child.output.stderr}`;
    assert.ok(!ended && Date.now() < deadline, said);
  }
  const ready = JSON.parse(child.output.stdout.split('\n')[0]);
  const { endpoint, key, pid, connection_string: connectionString } = ready;
  assert.equal(pid, child.pid);
  const client = new CosmosClient({ endpoint, key });
  return {
    endpoint,
    key,
    connectionString,
    ready, // the line it said that with
    pid,
    client,
    child,
    door: async (what, body = {}) => {
      const reply = await request(endpoint, 'POST', `/_emulator/${what}`, {}, JSON.stringify(body));
      assert.equal(reply.status, 200, `test door ${what}: ${reply.status} ${reply.body}`);
      return reply.body ? JSON.parse(reply.body) : undefined;
    },
    // The server's clock, as every response has it.
    second: async () => Math.floor(Date.parse((await signed(endpoint, key, 'GET', '', '', '/')).date) / 1000),
    raw: (verb, type, link, path, headers, body) => signed(endpoint, key, verb, type, link, path, headers, body),
    kill: async () => {
      client.dispose();
      child.kill('SIGKILL');
      assert.equal((await child.ended).signal, 'SIGKILL');
    },
    stop: async () => {
      client.dispose();
      child.kill('SIGTERM');
      const ended = await Promise.race([child.ended, sleep(kStopMs, undefined, { ref: false })]);
      if (!ended) child.kill('SIGKILL');
      assert.deepEqual(ended, { code: 0, signal: null }, child.output.stderr);
    },
  };
}

// The environment that names an emulator as the account, and where the repository is.
export function environment(emulator, repository, password = 'correct horse battery staple') {
  return {
    COSMOS_ENDPOINT: emulator.endpoint,
    COSMOS_KEY: emulator.key,
    HALLEY_REPOSITORY: repository,
    HALLEY_PASSWORD: password,
  };
}

// A request without the SDK, signed with the master key: for the exact bytes, and for what the SDK refuses to send.
async function signed(endpoint, key, verb, type, link, path, headers = {}, body = undefined) {
  const date = new Date().toUTCString();
  const text = `${verb}\n${type}\n`.toLowerCase() + `${link}\n${date.toLowerCase()}\n\n`;
  const signature = crypto.createHmac('sha256', Buffer.from(key, 'base64')).update(text, 'utf8').digest('base64');
  const authorization = encodeURIComponent(`type=master&ver=1.0&sig=${signature}`);
  const always = { 'x-ms-version': '2020-07-15', 'x-ms-date': date, authorization };
  return request(endpoint, verb, path, { ...always, ...headers }, body);
}

function request(endpoint, method, path, headers, body) {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(endpoint);
    const sent = http.request({ hostname, port, method, path, headers, timeout: kCommandMs }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('error', reject); // the answer was cut off
      response.on('end', () => {
        const bytes = Buffer.concat(parts);
        const { statusCode: status, headers } = response;
        resolve({ status, headers, date: headers.date, bytes, body: bytes.toString('utf8') });
      });
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer in time')));
    sent.on('error', reject);
    sent.end(body);
  });
}

// RFC 3339 of whole seconds, as --at takes it.
export const moment = (second) => new Date(second * 1000).toISOString().replace('.000Z', 'Z');

// Waits until the server's clock is past `second`, so that what is written next is of a later one.
export async function passed(emulator, second) {
  for (let tries = 0; (await emulator.second()) <= second; ++tries) {
    assert.ok(tries < 200, 'the clock of the emulator stands still');
    await sleep(50);
  }
}
