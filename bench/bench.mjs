// Measures halley against its figures (docs/performance.md), prints one table, writes build/bench.json.
// usage: ./dev bench [--kind tiny|medium|deep|mixed] [--megabytes N] | --all
// --all: a column for each kind of 100 MB, and one for a gigabyte of mixed documents. Without: one corpus.
// Times are CPU seconds (user and system) of whole processes, or ratios of two measured in the same run.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createWriteStream, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { environment, startEmulator, temporaryFolder } from '../tests/e2e/harness.mjs';

const kHalley = 'build/release/halley';
const kServerBench = 'build/bench/bench/server_bench';
const kMegabyte = 1e6;
const kTicks = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
const kAll = [
  ...['tiny', 'medium', 'deep', 'mixed'].map((kind) => ({ kind, megabytes: 100 })),
  { kind: 'mixed', megabytes: 1000 },
];

// GNU time knows the peak, but CPU only in hundredths of a second, as much as a small pass takes: bash knows more.
const kTimed = `report=$1; shift; TIMEFORMAT='%3U %3S %3R'
{ time /usr/bin/time -o "$report.peak" -f %M "$@" 2>&3; } 2>"$report"`;

// Runs a command to its end: {cpu, wall, peak} in seconds and MiB, and its stdout where that is piped.
function measured(command, args, { env = {}, stdout = 'ignore' } = {}) {
  const report = join(temporaryFolder(), 'time');
  const { status, output } = spawnSync('bash', ['-c', kTimed, 'bash', report, command, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', stdout, 'inherit', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 64 * kMegabyte,
  });
  assert.equal(status, 0, `${command} ${args.join(' ')}: ${output[3]}`);
  const [user, system, wall] = readFileSync(report, 'utf8').trim().split(' ').map(Number);
  const peak = Number(readFileSync(`${report}.peak`, 'utf8')) / 1024;
  return { cpu: user + system, wall, peak, ...(stdout === 'pipe' && { stdout: output[1] }) };
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

const bytesBelow = (folder) => filesBelow(folder).reduce((sum, path) => sum + statSync(path).size, 0);

// Lets the system forget what it holds of the files: the next reader goes to the disk.
function forgetFilesBelow(folder) {
  for (const path of filesBelow(folder)) {
    execFileSync('dd', [`if=${path}`, 'of=/dev/null', 'iflag=nocache', 'count=0', 'status=none'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
}

// CPU seconds that a process has used so far.
function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / kTicks;
}

function corpus({ kind, megabytes }) {
  const tree = `build/data/bench-${kind}-${megabytes}`;
  const script = ['scripts/data/corpus.mjs', '--kind', kind, '--megabytes', `${megabytes}`, '--out', tree];
  if (!existsSync(tree)) execFileSync('node', script, { stdio: 'inherit' });
  return tree;
}

// The official SDK reading everything and writing NDJSON: what people do today.
async function readWithSdk(client, kind, path) {
  const began = process.hrtime.bigint();
  const file = createWriteStream(path);
  const pages = client.database('bench').container(kind).items.query('SELECT * FROM c', { maxItemCount: -1 });
  for await (const { resources } of pages.getAsyncIterator()) {
    file.write(resources.map((document) => `${JSON.stringify(document)}\n`).join(''));
  }
  file.end();
  await finished(file);
  return Number(process.hrtime.bigint() - began) / 1e9;
}

// Changes one document in a hundred; returns one of them.
async function changeOnePercent(client, kind) {
  const { items } = client.database('bench').container(kind);
  const operations = [];
  for await (const { resources } of items.query('SELECT * FROM c', { maxItemCount: 1000 }).getAsyncIterator()) {
    for (const document of resources.filter((_, index) => index % 100 === 0)) {
      const resourceBody = { ...document, touched: true };
      operations.push({ operationType: 'Upsert', partitionKey: document.partition, resourceBody });
    }
  }
  const results = await items.executeBulkOperations(operations);
  assert(results.every(({ response }) => response.statusCode === 200));
  return operations[0].resourceBody;
}

// Point writes and reads that the embedded server does in a CPU second.
function measureServer() {
  const text = execFileSync(kServerBench, { encoding: 'utf8' });
  const rate = (what) => Number(text.match(new RegExp(`^point ${what} +([0-9]+) / CPU second`, 'm'))[1]);
  return { writes: rate('writes'), reads: rate('reads') };
}

function rowsOf(figures) {
  const { plain, zstd, unzstd, backup, served, server, restore, repository, sdk, increment, get, points } = figures;
  return [
    ['backup, CPU over zstd -3 -T1', backup.cpu / zstd.cpu, '<= 1.5', 'x'],
    ['repository over zstd -3 output', repository / zstd.bytes, '<= 1.10', 'x'],
    ['restore to files, CPU over zstd -dc', restore.cpu / unzstd.cpu, '<= 4', 'x'],
    ['backup, peak memory', backup.peak, '<= 300', 'MiB'],
    ['restore, peak memory', restore.peak, '<= 300', 'MiB'],
    ['official SDK, wall over backup', sdk / backup.wall, '>= 5', 'x'],
    ['incremental of 1 %, CPU over full', increment.cpu / backup.cpu, '<= 0.03', 'x'],
    ['one document as of latest, cold process and files', get.wall * 1000, '<= 50', 'ms'],
    ['the same, CPU', get.cpu * 1000, '', 'ms'],
    ['the embedded server, feed pages for each CPU second', served / kMegabyte / server, '>= 150', 'MB'],
    ['the embedded server, point writes for each CPU second', points.writes, '>= 3000', ''],
    ['the embedded server, point reads for each CPU second', points.reads, '>= 6000', ''],
    ['backup, CPU', backup.cpu, '', 's'],
    ['backup, wall (the margin of coverage not waited for)', backup.wall, '', 's'],
    ['the embedded server meanwhile, CPU', server, '', 's'],
    ['restore, CPU', restore.cpu, '', 's'],
    ['documents with system properties', plain / kMegabyte, '', 'MB'],
  ];
}

async function measureHalley(emulator, kind) {
  const folder = temporaryFolder();
  const env = environment(emulator, join(folder, 'repository'));
  const halley = (...args) => measured(kHalley, args, { env });
  const plain = join(folder, 'documents.ndjson');
  const live = ['--container', `bench/${kind}`, '--live', '--format', 'ndjson', '--system-properties'];
  halley('export', ...live, '--output', plain);
  const zstd = measured('zstd', ['-3', '-T1', '-q', '-f', plain, '-o', `${plain}.zst`]);
  zstd.bytes = statSync(`${plain}.zst`).size;
  const unzstd = measured('zstd', ['-dc', '-q', `${plain}.zst`]);
  env.HALLEY_PASSWORD_FILE = join(folder, 'password');
  halley('init', '--generate-password', env.HALLEY_PASSWORD_FILE);
  delete env.HALLEY_PASSWORD;
  const before = cpuOf(emulator.pid);
  const { stdout, ...backup } = measured(kHalley, ['backup', '--no-wait', '--json'], { env, stdout: 'pipe' });
  const server = cpuOf(emulator.pid) - before;
  const served = JSON.parse(stdout.trim().split('\n').at(-1)).result.bytes_read;
  const repository = bytesBelow(env.HALLEY_REPOSITORY);
  const restore = halley('restore', '--at', 'latest', '--to', `dir:${join(folder, 'tree')}`);
  const sdk = await readWithSdk(emulator.client, kind, join(folder, 'sdk.ndjson'));
  const document = await changeOnePercent(emulator.client, kind);
  const increment = halley('backup', '--no-wait');
  const key = JSON.stringify([document.partition]);
  forgetFilesBelow(env.HALLEY_REPOSITORY);
  const get = halley('get', `bench/${kind}`, '--id', document.id, '--partition-key', key);
  const bytes = statSync(plain).size;
  rmSync(folder, { recursive: true });
  return { plain: bytes, zstd, unzstd, backup, served, server, restore, repository, sdk, increment, get };
}

async function measureAll(corpora) {
  const points = measureServer();
  const measurements = [];
  for (const { kind, megabytes } of corpora) {
    console.error(`bench: ${kind}, ${megabytes} MB`);
    const emulator = await startEmulator('--load', corpus({ kind, megabytes }));
    const figures = await measureHalley(emulator, kind);
    await emulator.stop();
    measurements.push({ kind, megabytes, ...figures, points });
  }
  return measurements;
}

// A column for each corpus.
function print(measurements) {
  const column = (text) => text.padStart(14);
  const names = measurements.map(({ kind, megabytes }) => column(`${kind} ${megabytes} MB`)).join('');
  console.log(`\n${'documents'.padEnd(54)}${names}`);
  const columns = measurements.map(rowsOf);
  for (const [row, [what, , bar, unit]] of columns[0].entries()) {
    const values = columns.map((rows) => column(rows[row][1].toFixed(2))).join('');
    console.log(`${what.padEnd(54)}${values} ${unit.padEnd(4)} ${bar && `bar ${bar}`}`.trimEnd());
  }
}

function corporaAsked() {
  const { all, kind, megabytes } = parseArgs({
    options: { all: { type: 'boolean' }, kind: { type: 'string' }, megabytes: { type: 'string' } },
  }).values;
  assert(!all || (!kind && !megabytes), '--all measures its own kinds and sizes');
  return all ? kAll : [{ kind: kind ?? 'mixed', megabytes: Number(megabytes ?? 100) }];
}

const measurements = await measureAll(corporaAsked());
print(measurements);
writeFileSync('build/bench.json', `${JSON.stringify(measurements, null, 2)}\n`);
