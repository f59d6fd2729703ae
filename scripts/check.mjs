// Holds the tree to its rules: layers as ARCHITECTURE.md draws them, sizes, names, line lengths, no path of one
// machine. Prints one line for each violation; exits 1 when there is one.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';

const kMaxLines = 600;
const kMaxTestLines = 1000;
const kMaxFunctionLines = 70;
const kMaxColumns = 120;
const kNotFunction = /^(namespace|class|struct|enum|union|extern|if|for|while|switch|do|else|try|describe\(|\})/;
const kBannedWords = /(^|_)(utils?|common|helpers?|managers?|misc)(_|$)/;

const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8' })
  .split('\n')
  .filter((file) => file && existsSync(file));
const violations = [];
const report = (file, line, text) => violations.push(`${file}:${line}: ${text}`);
const isCpp = (file) => /\.(cc|h)$/.test(file);
const isCode = (file) => isCpp(file) || /\.(mjs|js|ts|sh)$/.test(file) || file === 'dev';
const isTest = (file) => /_test\.cc$/.test(file) || file.startsWith('tests/');
// Headers that tests share.
const kForTests = [
  'src/repo/test_world.h',
  'src/capture/captured_account.h',
  'src/recovery/hand_made_backup.h',
  'src/recovery/restore_fixture.h',
  'src/arm/azure_fixture.h',
  'src/server/account_fixture.h',
];
const isForTests = (file) => kForTests.includes(file);

// The rows of the drawing: lines like `L5   store   cosmos` inside the first fenced block that has them.
function rowsOfModules() {
  const rows = new Map();
  for (const line of readFileSync('ARCHITECTURE.md', 'utf8').split('\n')) {
    const match = /^L(\d+)((?:\s+[a-z]+)+)\s*$/.exec(line);
    if (match) for (const name of match[2].trim().split(/\s+/)) rows.set(name, Number(match[1]));
  }
  if (rows.size === 0) report('ARCHITECTURE.md', 1, 'the drawing of the layers is missing');
  return rows;
}

function checkLayers(file, lines, rows) {
  const own = /^src\/([a-z]+)\//.exec(file)?.[1];
  if (!own || own === 'testing') return;
  if (!rows.has(own)) return report(file, 1, `module '${own}' is not in ARCHITECTURE.md's drawing`);
  lines.forEach((line, index) => {
    const other = /^#include "([a-z]+)\//.exec(line)?.[1];
    if (!other || other === own) return;
    if (other === 'testing' && (isTest(file) || isForTests(file))) return;
    if (!(rows.get(other) < rows.get(own))) report(file, index + 1, `${own} must not include ${other}`);
  });
}

// A body opens at a line that ends in `{` and closes at the next line that is its indentation and a `}`: what
// clang-format leaves. Types, namespaces and initialisers are not functions, but are looked into.
function checkFunctions(file, lines) {
  lines.forEach((line, index) => {
    const open = /^(\s*)(\S.*)\{$/.exec(line);
    if (!open || open[1].length > 4) return;
    if (kNotFunction.test(open[2])) return;
    if (/=\s*$/.test(open[2]) || !/[)\w>]\s*$/.test(open[2]) || !/\(|\)/.test(open[2])) return;
    const close = lines.findIndex((other, at) => at > index && other.startsWith(`${open[1]}}`));
    if (close < 0) return;
    const length = close - index + 1;
    if (length <= kMaxFunctionLines) return;
    report(file, index + 1, `function of ${length} lines (at most ${kMaxFunctionLines})`);
  });
}

function checkNames(file, lines) {
  const stem = basename(file).replace(/\..*$/, '');
  if (kBannedWords.test(stem)) report(file, 1, `'${stem}' says nothing: name the thing it is`);
  lines.forEach((line, index) => {
    const type = /^\s*(?:class|struct|enum class|enum)\s+([A-Z]\w*)/.exec(line)?.[1];
    const snake = type?.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
    if (snake && kBannedWords.test(snake)) report(file, index + 1, `'${type}' says nothing: name the thing it is`);
  });
}

function checkText(file, lines) {
  const here = resolve('.').replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const paths = new RegExp(`(?<![\\w.])(/home/\\w|/root/|/Users/\\w|${here}(?!\\w))|\\.\\./shared`);
  lines.forEach((line, index) => {
    if (file !== 'scripts/check.mjs' && paths.test(line)) report(file, index + 1, 'a path of one machine');
    if (isCode(file) && [...line].length > kMaxColumns) report(file, index + 1, `longer than ${kMaxColumns} columns`);
    if (/[ \t]+$/.test(line) && !file.endsWith('.md')) report(file, index + 1, 'white space at the end of the line');
  });
}

const rows = rowsOfModules();
for (const file of files) {
  if (/package-lock\.json$|\.(png|ico|bin|gz|zst)$|^LICENSE$|\/golden\/|^fuzz\/seeds\//.test(file)) continue;
  const lines = readFileSync(file, 'utf8').split('\n');
  if (isCode(file)) {
    const limit = isTest(file) ? kMaxTestLines : kMaxLines;
    if (lines.length - 1 > limit) report(file, 1, `${lines.length - 1} lines (at most ${limit})`);
    checkNames(file, lines);
    checkFunctions(file, lines);
  }
  if (isCpp(file)) checkLayers(file, lines, rows);
  checkText(file, lines);
}
for (const violation of violations) console.error(violation);
process.exit(violations.length > 0 ? 1 : 0);
