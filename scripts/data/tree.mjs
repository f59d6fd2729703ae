// Writes the tree that `halley restore --to dir:` writes and `halley demo --load` loads (docs/demo.md has its format).
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const kBufferBytes = 1 << 20;

export class Tree {
  constructor(root) {
    this.root = root;
    mkdirSync(root, { recursive: true });
  }

  account(definition) {
    writeJson(join(this.root, 'account.json'), definition);
  }

  database(definition) {
    writeJson(join(this.root, fileName(definition.id), 'database.json'), definition);
  }

  // `documents` is any iterable of objects; `scripts` is {sprocs, triggers, udfs}, lists of resources, each optional.
  // Returns the number of documents and their bytes.
  container(database, definition, documents, scripts = {}) {
    const folder = join(this.root, fileName(database), fileName(definition.id));
    writeJson(join(folder, 'container.json'), definition);
    for (const [kind, list] of Object.entries(scripts)) {
      for (const script of list) writeJson(join(folder, 'scripts', kind, `${fileName(script.id)}.json`), script);
    }
    return writeLines(join(folder, 'documents.ndjson'), documents);
  }
}

// A name as a file name: what is not plainly safe is percent-encoded.
export function fileName(name) {
  const encoded = encodeURIComponent(name).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  return encoded.startsWith('.') ? `%2E${encoded.slice(1)}` : encoded;
}

function writeJson(path, value) {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, `${JSON.stringify(value)}\n`);
}

function writeLines(path, documents) {
  const file = openSync(path, 'w');
  let [count, bytes, pending, pendingLength] = [0, 0, [], 0];
  const flush = () => {
    bytes += writeSync(file, pending.join(''));
    pending = [];
    pendingLength = 0;
  };
  for (const document of documents) {
    const line = `${JSON.stringify(document)}\n`;
    pending.push(line);
    pendingLength += line.length;
    ++count;
    if (pendingLength >= kBufferBytes) flush();
  }
  flush();
  closeSync(file);
  return { count, bytes };
}
