// Prints the covered lines of each module, from the gcov data below the build folder given.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

const folder = process.argv[2];
const notes = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.gcda'));
const linesOf = new Map(); // file -> line -> hits
for (const note of notes) {
  const text = execFileSync('gcov', ['--json-format', '--stdout', join(folder, note)], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  for (const document of text.split('\n').filter(Boolean)) {
    for (const { file, lines } of JSON.parse(document).files) {
      const name = relative('.', resolve(folder, file));
      if (!name.startsWith('src/') || name.endsWith('_test.cc')) continue;
      const hits = linesOf.get(name) ?? linesOf.set(name, new Map()).get(name);
      for (const line of lines) hits.set(line.line_number, (hits.get(line.line_number) ?? 0) + line.count);
    }
  }
}
const modules = new Map();
for (const [name, hits] of linesOf) {
  const sum = modules.get(name.split('/')[1]) ?? { all: 0, hit: 0 };
  sum.all += hits.size;
  sum.hit += [...hits.values()].filter((count) => count > 0).length;
  modules.set(name.split('/')[1], sum);
}
for (const [name, { all, hit }] of [...modules].sort()) {
  console.log(`${name.padEnd(12)} ${((100 * hit) / all).toFixed(1).padStart(5)} % of ${all} lines`);
}
