// Makes the demonstration's account from real documents: two databases, five containers, three scripts.
// usage: node scripts/data/demo_tree.mjs --out FOLDER
import { existsSync, renameSync, rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import * as scripts from './demo_scripts.mjs';
import * as sources from './sources.mjs';
import { Tree } from './tree.mjs';

const kDayOfSeconds = 86400;
const kHalfHourOfSeconds = 1800;

// Every so manieth document of a source, until there are `count`.
function* sample(documents, every, count) {
  let [index, taken] = [0, 0];
  for (const document of documents) {
    if (index++ % every !== 0) continue;
    yield document;
    if (++taken === count) return;
  }
}

// Flights that are much too late are of interest for half an hour only: they carry a ttl of their own.
function* flightsWithTtl(documents) {
  for (const flight of documents) yield flight.delay > 120 ? { ...flight, ttl: kHalfHourOfSeconds } : flight;
}

const policy = { indexingMode: 'consistent', automatic: true, includedPaths: [{ path: '/*' }] };
const hash = (path, version) => ({ paths: [path], kind: 'Hash', ...(version ? { version } : {}) });

function write(root) {
  const tree = new Tree(root);
  tree.account({ id: 'halley-demo' });
  tree.database({ id: 'atlas' });
  tree.database({ id: 'library' });
  return {
    'atlas/cities': tree.container(
      'atlas',
      { id: 'cities', partitionKey: { paths: ['/country', '/admin1'], kind: 'MultiHash', version: 2 } },
      sample(sources.cities(), 8, 21000),
    ),
    'atlas/flights': tree.container(
      'atlas',
      { id: 'flights', partitionKey: hash('/distance', 2), defaultTtl: 30 * kDayOfSeconds },
      flightsWithTtl(sample(sources.flights(), 15, 15000)),
    ),
    'library/cards': tree.container(
      'library',
      { id: 'cards', partitionKey: hash('/set'), indexingPolicy: { ...policy, excludedPaths: [{ path: '/text/?' }] } },
      sample(sources.cards(), 2, 16000),
      { sprocs: scripts.sprocs, triggers: scripts.triggers, udfs: scripts.udfs },
    ),
    'library/compat': tree.container(
      'library',
      { id: 'compat', partitionKey: hash('/area', 2), uniqueKeyPolicy: { uniqueKeys: [] } },
      sample(sources.compat(), 2, 6000),
    ),
    'library/emoji': tree.container(
      'library',
      { id: 'emoji', partitionKey: hash('/category', 2) },
      sources.emoji(),
    ),
  };
}

const { out } = parseArgs({ options: { out: { type: 'string' } } }).values;
if (!out) {
  console.error('usage: node scripts/data/demo_tree.mjs --out FOLDER');
  process.exit(2);
}
if (!existsSync(out)) {
  rmSync(`${out}.new`, { recursive: true, force: true });
  const containers = write(`${out}.new`);
  renameSync(`${out}.new`, out);
  for (const [name, { count, bytes }] of Object.entries(containers)) {
    console.error(`data: ${name} ${count} documents, ${(bytes / 1e6).toFixed(1)} MB`);
  }
}
