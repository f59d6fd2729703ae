// One repository that is backed up over and over, and killed: for the chaos run.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { accountSnapshot } from './account_snapshot.mjs';
import { environment, halley, moment, startEmulator } from './harness.mjs';

const kPatienceMs = 180_000;
// What a backup may end with while the account is tormented. Anything else (damage, a defect, a lock that a killed
// process left, a wrong password) is a failure of the run.
const kExcuses = new Set(
  ['unavailable', 'timeout', 'throttled', 'unauthorized', 'forbidden', 'gone', 'not_found', 'precondition'],
);
// A merge in the middle of a pass takes the all-versions feed away from it; the next backup goes on in the other mode.
const excused = ({ code, message }) => kExcuses.has(code) || /not offered on partitions that were merged/.test(message);

export class ChaosBackups {
  constructor(name, modes, emulator, folder, random) {
    Object.assign(this, { name, modes, emulator, folder, random });
    const { HALLEY_PASSWORD, ...env } = environment(emulator, join(folder, name));
    this.env = { ...env, HALLEY_PASSWORD_FILE: join(folder, `${name}.password`) };
    this.counts = { killed: 0, completed: 0, incomplete: 0, failed: 0 };
    this.errors = new Map();
  }

  async init() {
    await halley(['init', '--generate-password', this.env.HALLEY_PASSWORD_FILE], { env: this.env });
  }

  start() {
    this.stopping = false;
    this.careful = false;
    this.running = this.#run();
    this.running.catch(() => {}); // stop() tells of it
  }

  // From now on no backup is killed; resolves when one that was begun after this has completed.
  completed() {
    this.careful = true;
    const done = new Promise((resolve) => (this.#onCompleted = resolve));
    return Promise.race([done, this.running]);
  }
  #onCompleted = () => {};

  async stop() {
    this.stopping = true;
    await this.running;
  }

  async #run() {
    while (!this.stopping) {
      const careful = this.careful;
      const wait = careful || this.random.chance(0.5) ? [] : ['--no-wait'];
      const longest = wait.length > 0 ? 1500 : 7000;
      const kill = !careful && this.random.chance(0.75) ? this.random.between(50, longest) : kPatienceMs;
      const mode = ['--mode', this.random.pick(this.modes)];
      const code = this.#judge(await halley(['backup', ...mode, ...wait], { env: this.env, kill }), kill);
      if (code === 0 && careful) {
        this.#onCompleted();
        if (this.careful) await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }

  #judge({ code, signal, result, error, said }, kill) {
    if (signal === 'SIGKILL') {
      assert.ok(kill < kPatienceMs, `${this.name}: a backup did not end in ${kPatienceMs} ms: ${said}`);
      ++this.counts.killed;
      return code;
    }
    assert.ok([0, 1, 3].includes(code), `${this.name}: ${said}`);
    const errors = code === 1 ? [error] : code === 3 ? result.incomplete : [];
    for (const each of errors) {
      assert.ok(each && excused(each), `${this.name}: no excuse: ${said}`);
      this.errors.set(each.code, (this.errors.get(each.code) ?? 0) + 1);
    }
    ++this.counts[code === 0 ? 'completed' : code === 3 ? 'incomplete' : 'failed'];
    return code;
  }

  // When nothing goes wrong any more: a last backup is complete, the repository sound, and a restore equal.
  async assertWhole(snapshot) {
    const mode = ['--mode', this.modes[0]];
    const { result, said } = await halley(['backup', ...mode], { env: this.env });
    assert.deepEqual(result.incomplete, [], said);
    await halley(['verify', '--read-data'], { env: this.env });
    const { restored } = await this.#restored(['--at', 'latest']);
    for (const name of Object.keys({ ...snapshot, ...restored })) {
      const { documents: expected, ...definition } = snapshot[name] ?? {};
      const { documents: actual, ...restoredDefinition } = restored[name] ?? {};
      assert.deepEqual(restoredDefinition, definition, `${this.name}: ${name} at the end`);
      assertSameDocuments(actual ?? [], expected ?? [], `${this.name}: ${name} at the end`);
    }
  }

  // At a second of the quiet `window` that the timeline offers, the restore is what the SDK had read then, but for
  // documents that it names as uncertain (the backup of a sync point may have begun while others still wrote). How many
  // containers could be compared.
  async assertMoment(window) {
    const { lines } = await halley(['timeline'], { env: this.env });
    const offers = new Map(); // second -> containers
    for (const each of lines.at(-1).containers) {
      for (const second of offeredSeconds(each, window)) {
        offers.set(second, [...(offers.get(second) ?? []), each.container]);
      }
    }
    const most = Math.max(0, ...[...offers.values()].map((names) => names.length));
    if (most === 0) return 0;
    const at = this.random.pick([...offers.keys()].filter((second) => offers.get(second).length === most));
    const containers = offers.get(at);
    const what = containers.flatMap((name) => ['--container', name]);
    const { restored, notes } = await this.#restored(['--at', moment(at), ...what]);
    for (const name of containers) {
      const quiet = `quiet from ${moment(window.from)} until ${moment(window.until)}`;
      const { versions, ...known } = lines.at(-1).containers.find(({ container }) => container === name);
      const said = `${this.name}: ${name} at ${moment(at)}, ${quiet}\n${JSON.stringify(known)}`;
      const named = uncertainOf(name, notes);
      assertSameDocuments(restored[name]?.documents ?? [], window.snapshot[name]?.documents ?? [], said, named);
    }
    return containers.length;
  }

  async #restored(what) {
    const target = await startEmulator('--partitions', '2');
    try {
      const to = ['--to', 'cosmos', '--target-endpoint', target.endpoint, '--target-key-env', 'TARGET_KEY'];
      const { result } = await halley(['restore', ...what, ...to], { env: { ...this.env, TARGET_KEY: target.key } });
      return { restored: await accountSnapshot(target.client), notes: result.notes };
    } finally {
      await target.stop();
    }
  }
}

// The documents of a container that a restore names as uncertain, and how many more it counts without naming them.
function uncertainOf(container, notes) {
  const named = { keys: new Set(), more: 0 };
  for (const note of notes.filter((text) => text.startsWith(`${container}: `))) {
    const key = /: may not be as it was: '(\d+)' of (.*)$/.exec(note);
    if (key) named.keys.add(`${key[1]} ${key[2]}`);
    named.more += Number(/: and (\d+) more may not be as they were$/.exec(note)?.[1] ?? 0);
  }
  named.includes = (text) => {
    const { id, pk, branch } = JSON.parse(text);
    return [[pk], [pk, branch]].some((key) => named.keys.has(`${id} ${JSON.stringify(key)}`));
  };
  return named;
}

// Documents as account_snapshot.mjs gives them; what differs, and is not `named`, is told in a few lines.
function assertSameDocuments(actual, expected, said, named = { includes: () => false, more: 0 }) {
  const [has, wants] = [new Set(actual), new Set(expected)];
  const short = (documents) => documents.slice(0, 10).map((text) => `  ${text.slice(0, 70)}`).join('\n');
  const extra = actual.filter((text) => !wants.has(text) && !named.includes(text));
  const missing = expected.filter((text) => !has.has(text) && !named.includes(text));
  const differences = `${extra.length} too many\n${short(extra)}\n${missing.length} missing\n${short(missing)}`;
  assert.ok(extra.length + missing.length <= named.more, `${said}\n${differences}`);
  assert.equal(has.size, actual.length, `${said}: a document is there twice`);
}

// Every exact second of the window, and every sync point in it.
function offeredSeconds({ intervals, sync_points }, { from, until }) {
  const seconds = (text) => Date.parse(text) / 1000;
  const offered = new Set(sync_points.map(seconds).filter((second) => second >= from && second < until));
  for (const interval of intervals) {
    const end = Math.min(until, seconds(interval.through) + 1);
    for (let second = Math.max(from, seconds(interval.from)); second < end; ++second) offered.add(second);
  }
  return offered;
}
