// Makes a corpus for the benchmarks: one database, one container, about so many megabytes of real documents.
// usage: node scripts/data/corpus.mjs --kind tiny|medium|deep|mixed --megabytes N --out FOLDER
// A source that is smaller is repeated: new ids, new partition keys, and numbers that differ from copy to copy.
import { existsSync, renameSync, rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import * as sources from './sources.mjs';
import { Tree } from './tree.mjs';

const kKinds = {
  tiny: [sources.flights],
  medium: [sources.cards],
  deep: [sources.compat],
  mixed: [sources.cities, sources.flights, sources.cards, sources.compat, sources.emoji],
};
const kDocumentsOfKey = 200;

function copyOf(document, copy, number) {
  const changed = { ...document, id: `${document.id}.${copy}.${number}` };
  changed.partition = `p${copy}-${Math.floor(number / kDocumentsOfKey)}`;
  if (copy === 0) return changed;
  for (const [name, value] of Object.entries(changed)) {
    if (typeof value === 'number') changed[name] = value + copy;
  }
  return changed;
}

// One document of each source in turn; each source begins again when it is at its end.
function* documentsUpTo(kind, limit) {
  const lists = kKinds[kind].map((source) => [...source()]);
  for (let turn = 0, number = 0, bytes = 0; ; ++turn) {
    for (const list of lists) {
      const document = copyOf(list[turn % list.length], Math.floor(turn / list.length), number++);
      yield document;
      bytes += Buffer.byteLength(JSON.stringify(document)) + 1;
      if (bytes >= limit) return;
    }
  }
}

const { kind, megabytes, out } = parseArgs({
  options: { kind: { type: 'string' }, megabytes: { type: 'string' }, out: { type: 'string' } },
}).values;
if (!kKinds[kind] || !(Number(megabytes) > 0) || !out) {
  console.error('usage: node scripts/data/corpus.mjs --kind tiny|medium|deep|mixed --megabytes N --out FOLDER');
  process.exit(2);
}
if (!existsSync(out)) {
  rmSync(`${out}.new`, { recursive: true, force: true });
  const tree = new Tree(`${out}.new`);
  tree.account({ id: 'halley-bench' });
  tree.database({ id: 'bench' });
  const definition = { id: kind, partitionKey: { paths: ['/partition'], kind: 'Hash', version: 2 } };
  const { count, bytes } = tree.container('bench', definition, documentsUpTo(kind, Number(megabytes) * 1e6));
  renameSync(`${out}.new`, out);
  console.error(`data: ${kind} ${count} documents, ${(bytes / 1e6).toFixed(1)} MB`);
}
