// What the emulator can be asked to do wrong, at random: for the chaos run. Left out are forks, which rewrite the past
// that the run compares with, and several write regions, which conflict.
import { setTimeout as sleep } from 'node:timers/promises';

export const kLongestDelayMs = 1500;
const kMostRanges = 12;
const kMostAhead = 20; // seconds that the clock is put on, or back
const kMostBack = 5;
const kMostHeld = 12; // requests that a move which goes on refuses

// What the service answers now and then although nothing is wrong with the request: [status, sub-status].
const kStatuses = [
  [401, 0],
  [403, 3],
  [403, 1008],
  [404, 1002],
  [404, 1013],
  [408, 0],
  [410, 0],
  [410, 1000],
  [410, 1002],
  [410, 1007],
  [410, 1008],
  [410, 1022],
  [429, 3092],
  [429, 3200],
  [449, 0],
  [500, 0],
  [502, 0],
  [503, 0],
  [504, 0],
];
const kReads = ['account', 'metadata', 'ranges', 'change_feed', 'read_feed', 'point_read', 'query'];
const kKinds = ['throttle', 'status', 'drop', 'lose_reply', 'truncate', 'delay', 'stale'];
const kStates = ['up', 'down', 'removed', 'behind', 'failover'];
const kWrites = ['create', 'upsert', 'replace', 'patch', 'delete', 'batch', 'bulk'];

// A fault as the test door takes it; `status` is what it answers, if it is of that kind.
function randomFault(random, status) {
  const kind = random.pick([...kKinds, 'status', 'status']); // of these there are many
  const fault = { kind, seed: random.between(1, 1_000_000) };
  if (kind === 'stale') fault.behind = random.between(1, 20);
  if (kind === 'delay') fault.delay_ms = random.between(1, kLongestDelayMs);
  if (kind === 'throttle') fault.retry_after_ms = random.between(1, 500);
  if (kind === 'truncate' && random.chance(0.5)) fault.bytes = random.between(0, 400);
  if (kind === 'status') {
    [fault.status, fault.sub_status] = status();
    fault.processed = [408, 500, 503, 504].includes(fault.status) && random.chance(0.5);
  }
  if (random.chance(0.6)) fault.operation = random.pick(kind === 'stale' ? kReads : [...kReads, ...kWrites]);
  // All that is asked, or many requests, must not fail for long: nothing would ever get done.
  if (random.chance(0.5)) return { ...fault, count: random.between(1, 8) };
  return { ...fault, probability: random.pick([0.02, 0.1, 0.3]) };
}

// What a run of two minutes does at least once, in the words that `done` has.
export const kDeeds = [
  ...kKinds.filter((kind) => kind !== 'status'),
  ...kStatuses.map(([status, subStatus]) => `${status}/${subStatus}`),
  ...kStates.map((state) => `region ${state}`),
  ...['clear', 'budget', 'split', 'held split', 'merge', 'held merge', 'finish', 'clock ahead', 'clock back'],
];

// Torments an emulator with several regions until it is told to stop. `containers` may be split at any time; those of
// `merging` are merged too. The clock is never put back before `floor`, a second.
export class ChaosFaults {
  constructor(emulator, random, { regions, containers, merging }) {
    Object.assign(this, { emulator, random, regions, containers, merging });
    this.done = new Map(); // what was done how often
    this.floor = 0;
    this.newest = 0; // second that the server's clock has shown
    this.decks = {}; // what is left of lists that are dealt out
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
        [1, () => this.#clock()],
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
    const fault = randomFault(this.random, () => this.#deal('status', kStatuses));
    await this.emulator.door('fault', fault);
    this.#count(fault.kind === 'status' ? `${fault.status}/${fault.sub_status}` : fault.kind);
  }

  // One of the list at random, none again before each had its turn.
  #deal(deck, list) {
    if (!this.decks[deck]?.length) this.decks[deck] = [...list];
    return this.decks[deck].splice(this.random.between(0, this.decks[deck].length - 1), 1)[0];
  }

  async #clear() {
    await this.emulator.door('fault', { clear: true });
    this.#count('clear');
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
    await this.#move('split', container, { range: this.random.pick(ranges) });
  }

  async #merge() {
    const container = this.random.pick(this.merging);
    const ranges = await this.#ranges(container);
    if (ranges.length < 2) return;
    const first = this.random.between(0, ranges.length - 2);
    await this.#move('merge', container, { ranges: ranges.slice(first, first + 2) });
  }

  // At once; or it goes on until so many requests were refused, or until it is finished.
  async #move(what, container, ranges) {
    const [database, name] = container.split('/');
    const hold = this.#deal(what, [undefined, this.random.between(1, kMostHeld), 0]);
    await this.emulator.door(what, { database, container: name, ...ranges, ...(hold !== undefined && { hold }) });
    this.#count(hold === undefined ? what : `held ${what}`);
    if (hold !== 0) return;
    await sleep(this.random.between(100, 1500));
    await this.emulator.door('finish', { database, container: name });
    this.#count('finish');
  }

  // Never to before `floor`: what was quiet stays so.
  async #clock() {
    const now = await this.#advance(0);
    const back = Math.min(this.random.between(0, kMostBack), now - this.floor);
    const ahead = this.#deal('clock', [true, false]);
    const step = ahead ? this.random.between(1, kMostAhead) : -Math.max(0, back);
    if (step === 0) return;
    await this.#advance(step);
    this.#count(step > 0 ? 'clock ahead' : 'clock back');
  }

  async #advance(seconds) {
    const { now } = await this.emulator.door('clock', { advance: seconds });
    const second = Date.parse(now) / 1000;
    this.newest = Math.max(this.newest, second);
    return second;
  }

  // Puts the clock on to a second that it never showed before.
  async newSecond() {
    const now = await this.#advance(0);
    return this.#advance(this.newest + 1 - now);
  }

  async #budget() {
    const [database, container] = this.random.pick(this.containers).split('/');
    this.#count('budget');
    await this.emulator.door('budget', { database, container, request_units: this.random.pick([0, 0, 500, 2000]) });
  }

  async #region() {
    const name = this.random.pick(this.regions);
    const change = this.#deal('region', [
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
    await this.emulator.door('fault', { clear: true });
    for (const name of this.regions) await this.emulator.door('region', { name, state: 'up', behind: 0 });
    for (const each of this.containers) {
      const [database, container] = each.split('/');
      await this.emulator.door('budget', { database, container, request_units: 0 });
      await this.emulator.door('finish', { database, container }).catch(() => {}); // nothing goes on there
    }
  }
}
