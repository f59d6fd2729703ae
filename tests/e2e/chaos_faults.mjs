// Everything that the emulator can be asked to do wrong, at random: for the chaos run.
import { setTimeout as sleep } from 'node:timers/promises';

export const kLongestDelayMs = 1500;
const kMostRanges = 12;

// What the service answers now and then although nothing is wrong with the request: [status, sub-status].
const kStatuses = [
  [401, 0],
  [403, 3],
  [403, 1008],
  [404, 1002],
  [408, 0],
  [410, 0],
  [410, 1000],
  [410, 1002],
  [410, 1007],
  [410, 1008],
  [429, 3200],
  [449, 0],
  [500, 0],
  [502, 0],
  [503, 0],
  [504, 0],
];
const kReads = ['account', 'metadata', 'ranges', 'change_feed', 'read_feed', 'point_read', 'query'];
const kWrites = ['create', 'upsert', 'replace', 'patch', 'delete', 'batch', 'bulk'];

// A fault as the test door takes it.
export function randomFault(random) {
  const kind = random.pick(['throttle', 'status', 'drop', 'lose_reply', 'truncate', 'delay', 'stale']);
  const fault = { kind, seed: random.between(1, 1_000_000) };
  if (kind === 'stale') fault.behind = random.between(1, 20);
  if (kind === 'delay') fault.delay_ms = random.between(1, kLongestDelayMs);
  if (kind === 'throttle') fault.retry_after_ms = random.between(1, 500);
  if (kind === 'truncate' && random.chance(0.5)) fault.bytes = random.between(0, 400);
  if (kind === 'status') {
    [fault.status, fault.sub_status] = random.pick(kStatuses);
    fault.processed = [408, 500, 503, 504].includes(fault.status) && random.chance(0.5);
  }
  if (random.chance(0.6)) fault.operation = random.pick(kind === 'stale' ? kReads : [...kReads, ...kWrites]);
  // All that is asked, or many requests, must not fail for long: nothing would ever get done.
  if (random.chance(0.5)) return { ...fault, count: random.between(1, 8) };
  return { ...fault, probability: random.pick([0.02, 0.1, 0.3]) };
}

// Torments an emulator with several regions until it is told to stop. `containers` may be split at any time; those of
// `merging` are merged too.
export class ChaosFaults {
  constructor(emulator, random, { regions, containers, merging }) {
    Object.assign(this, { emulator, random, regions, containers, merging });
    this.done = new Map(); // what was done how often
    this.running = undefined;
  }

  start() {
    this.stopping = false;
    this.running ??= this.#run();
  }

  // The account is well when this returns, and stays so: requests that were delayed have been answered.
  async stop() {
    this.stopping = true;
    await this.running;
    this.running = undefined;
    await this.#heal();
    await sleep(kLongestDelayMs + 100);
  }

  async #run() {
    while (!this.stopping) {
      const deeds = [
        [8, () => this.#fault()],
        [2, () => this.#clear()],
        [1, () => this.#split()],
        [1, () => this.#merge()],
        [1, () => this.#budget()],
        [2, () => this.#region()],
      ];
      let left = this.random.between(1, deeds.reduce((sum, [weight]) => sum + weight, 0));
      const [, deed] = deeds.find(([weight]) => (left -= weight) <= 0);
      await deed().catch(({ message }) => this.#count(`refused: ${message.split('\n')[0]}`));
      await sleep(this.random.between(50, 600));
    }
  }

  #count(what) {
    this.done.set(what, (this.done.get(what) ?? 0) + 1);
  }

  async #fault() {
    const fault = randomFault(this.random);
    this.#count(fault.kind === 'status' ? `${fault.status}/${fault.sub_status}` : fault.kind);
    await this.emulator.door('fault', fault);
  }

  async #clear() {
    await this.emulator.door('fault', { clear: true });
  }

  async #ranges(container) {
    const [database, name] = container.split('/');
    const link = `dbs/${database}/colls/${name}`;
    const { body } = await this.emulator.raw('GET', 'pkranges', link, `/${link}/pkranges`).catch(() => ({ body: '' }));
    try {
      const ranges = JSON.parse(body).PartitionKeyRanges;
      return ranges.sort((a, b) => (a.minInclusive < b.minInclusive ? -1 : 1)).map(({ id }) => id);
    } catch {
      return []; // this request was hit, too
    }
  }

  async #split() {
    const container = this.random.pick(this.containers);
    const ranges = await this.#ranges(container);
    if (ranges.length === 0 || ranges.length >= kMostRanges) return;
    const [database, name] = container.split('/');
    this.#count('split');
    await this.emulator.door('split', { database, container: name, range: this.random.pick(ranges) });
  }

  async #merge() {
    const container = this.random.pick(this.merging);
    const ranges = await this.#ranges(container);
    if (ranges.length < 2) return;
    const [database, name] = container.split('/');
    const first = this.random.between(0, ranges.length - 2);
    this.#count('merge');
    await this.emulator.door('merge', { database, container: name, ranges: ranges.slice(first, first + 2) });
  }

  async #budget() {
    const [database, container] = this.random.pick(this.containers).split('/');
    this.#count('budget');
    await this.emulator.door('budget', { database, container, request_units: this.random.pick([0, 0, 500, 2000]) });
  }

  async #region() {
    const name = this.random.pick(this.regions);
    const change = this.random.pick([
      { state: 'up', behind: 0 },
      { state: 'up', behind: 0 },
      { state: 'down' },
      { state: 'removed' },
      { behind: this.random.between(1, 30) },
      { state: 'up', writes: true },
    ]);
    this.#count(`region ${change.writes ? 'failover' : change.state ?? 'behind'}`);
    await this.emulator.door('region', { name, ...change });
    // Where all are away at once nothing can be done by anyone: one is well again soon.
    if (change.state && change.state !== 'up') {
      await sleep(this.random.between(100, 1500));
      await this.emulator.door('region', { name, state: 'up' });
    }
  }

  async #heal() {
    await this.#clear();
    for (const name of this.regions) await this.emulator.door('region', { name, state: 'up', behind: 0 });
    for (const each of this.containers) {
      const [database, container] = each.split('/');
      await this.emulator.door('budget', { database, container, request_units: 0 });
    }
  }
}
