// Prints the covered lines of each module and file, with the lines that are not, from the gcov data below the build
// folder given. Exits 1 when a module that history and recovery rest on is covered less than it must be.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const kFloor = 90; // per cent of the lines
const kModules = ['codec', 'repo', 'capture', 'recovery'];

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

// "10-12 40": the numbers of a sorted list, neighbours together.
function spans(numbers) {
  const found = [];
  for (const number of numbers) {
    if (found.at(-1)?.[1] === number - 1) found.at(-1)[1] = number;
    else found.push([number, number]);
  }
  return found.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(' ');
}

const row = (name, { all, hit }, rest = '') =>
  `${name.padEnd(44)} ${((100 * hit) / all).toFixed(1).padStart(5)} % of ${`${all}`.padStart(5)} lines${rest}`;

const modules = new Map(); // module -> {all, hit, rows}
for (const [name, hits] of [...linesOf].sort()) {
  const missed = [...hits].flatMap(([line, count]) => (count > 0 ? [] : [line])).sort((a, b) => a - b);
  const own = { all: hits.size, hit: hits.size - missed.length };
  if (own.all === 0) continue; // declarations only
  const key = dirname(name).split('/')[1];
  const sum = modules.get(key) ?? modules.set(key, { all: 0, hit: 0, rows: [] }).get(key);
  sum.all += own.all;
  sum.hit += own.hit;
  sum.rows.push(row(`  ${name}`, own, missed.length > 0 ? `, not ${spans(missed)}` : ''));
}
for (const [, { rows }] of modules) console.log(rows.join('\n'));
console.log();
for (const [name, sum] of modules) console.log(row(name, sum));
const isLow = (sum) => sum === undefined || 100 * sum.hit < kFloor * sum.all;
const low = kModules.filter((name) => isLow(modules.get(name)));
if (low.length > 0) console.error(`coverage: less than ${kFloor} % of ${low.join(', ')}`);
process.exit(low.length > 0 ? 1 : 0);
