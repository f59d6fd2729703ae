// The real program backs up an account of several regions and partitions, in both modes, while all goes wrong that
// chaos_faults.mjs knows, the official SDK writes, and every few seconds a backup is killed. In the end the
// repositories are sound, and restores equal: to the newest state, and to seconds in which nobody wrote.
// HALLEY_CHAOS_SECONDS (15) is how long, HALLEY_CHAOS_SEED makes the choices of a run again (what meets what is up to
// the machine), HALLEY_CHAOS_KEEP names a folder that the repositories are copied to.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { cpSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { accountSnapshot } from './account_snapshot.mjs';
import { ChaosBackups } from './chaos_backups.mjs';
import { ChaosFaults, kDeeds } from './chaos_faults.mjs';
import { ChaosWriters, kContainers, kDatabase, kLateContainer } from './chaos_writers.mjs';
import { startEmulator, temporaryFolder } from './harness.mjs';
import { SeededRandom } from './seeded_random.mjs';

const kSeconds = Number(process.env.HALLEY_CHAOS_SECONDS ?? 15);
const kSeed = Number(process.env.HALLEY_CHAOS_SEED ?? randomInt(1, 1_000_000));
const kSpells = Math.max(1, Math.round(kSeconds / 25)); // of chaos, each with quiet behind it
const kQuietUnderFaultsMs = 8_000;
const kSecondsForAll = 120; // then every deed has its turn
const kRegions = ['West US', 'East US', 'North Europe'];

const windows = []; // {from, until, snapshot}: nobody wrote in the seconds of [from, until)
let source;
let writers;
let faults;
let repositories;
let folder;

before(async () => {
  source = await startEmulator('--partitions', '3', ...kRegions.flatMap((name) => ['--region', name]));
  await source.client.databases.create({ id: kDatabase });
  for (const definition of Object.values(kContainers)) {
    await source.client.database(kDatabase).containers.create(definition);
  }
  const containers = Object.keys(kContainers).map((name) => `${kDatabase}/${name}`);
  const merging = [`${kDatabase}/${kContainers.merging.id}`];
  faults = new ChaosFaults(source, new SeededRandom(kSeed, 0), { regions: kRegions, containers, merging });
  writers = new ChaosWriters(source, new SeededRandom(kSeed, 1));
  await writers.fill();
  folder = temporaryFolder();
  const kinds = { 'all-versions': ['auto'], latest: ['latest'], both: ['auto', 'latest'] };
  repositories = Object.entries(kinds).map(
    ([name, modes], index) => new ChaosBackups(name, modes, source, folder, new SeededRandom(kSeed, 2 + index)),
  );
  await Promise.all(repositories.map((repository) => repository.init()));
});
after(async () => {
  if (process.env.HALLEY_CHAOS_KEEP) cpSync(folder, process.env.HALLEY_CHAOS_KEEP, { recursive: true });
  await Promise.allSettled([faults, writers, ...(repositories ?? [])].map((each) => each?.stop()));
  writers?.dispose();
  await source?.stop();
});

// Nobody writes, then or later, before the next spell: what the account holds is read without faults. Backups go on,
// under faults again.
async function quiet(late) {
  await faults.stop();
  await late;
  await writers.stop();
  const from = await faults.newSecond();
  const snapshot = await accountSnapshot(source.client);
  faults.floor = from;
  faults.start();
  const completed = Promise.all(repositories.map((repository) => repository.completed()));
  await Promise.race([completed, sleep(kQuietUnderFaultsMs)]);
  await faults.stop();
  await completed;
  const until = await source.second();
  assert.deepEqual(await accountSnapshot(source.client), snapshot, 'somebody wrote while it was quiet');
  faults.floor = until; // before this nobody writes any more
  windows.push({ from, until, snapshot });
}

async function spell(number) {
  faults.start();
  writers.start();
  for (const repository of repositories) repository.start();
  const late = number === 0 && writers.createLate();
  await Promise.race([sleep((kSeconds * 1000) / kSpells), ...repositories.map(({ running }) => running)]);
  await quiet(late);
  await Promise.all(repositories.map((repository) => repository.stop()));
}

describe('chaos', { timeout: 900_000 }, () => {
  it(`is survived for ${kSeconds} s (again: ./dev chaos ${kSeconds} ${kSeed})`, async (test) => {
    test.diagnostic(`again: ./dev chaos ${kSeconds} ${kSeed}`);
    for (let number = 0; number < kSpells; ++number) await spell(number);
    test.diagnostic(`done to it: ${JSON.stringify(Object.fromEntries(faults.done))}`);
    test.diagnostic(`written: ${JSON.stringify(writers.counts)}`);
    const { snapshot } = windows.at(-1);
    assert.ok(snapshot[`${kDatabase}/${kLateContainer.id}`], 'the late container is there');
    await Promise.all(repositories.map((repository) => repository.assertWhole(snapshot)));
    for (const repository of repositories) {
      let compared = 0;
      for (const window of windows) compared += await repository.assertMoment(window);
      const errors = JSON.stringify(Object.fromEntries(repository.errors));
      const counts = JSON.stringify(repository.counts);
      test.diagnostic(`${repository.name}: ${counts} ${errors}, ${compared} containers compared at earlier moments`);
      assert.ok(compared > 0, `${repository.name}: no quiet second can be restored`);
    }
    assert.ok(repositories.some(({ counts }) => counts.killed > 0), 'no backup was killed');
    if (kSeconds < kSecondsForAll) return;
    assert.deepEqual(kDeeds.filter((deed) => !faults.done.has(deed)), [], 'was never done to it');
  });
});
