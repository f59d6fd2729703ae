// The official SDK, writing whatever it can get through: for the chaos run. What it wrote is asked of the emulator in
// the end; an operation that failed may or may not have been done.
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import './harness.mjs';

const { CosmosClient } = createRequire(import.meta.url)('@azure/cosmos');
const kIds = 300;
const kKeys = 9;
const kPatienceMs = 8000;
const kWriters = 6;
const kDocumentsAtFirst = 1500; // in each container

export const kDatabase = 'chaos';
const hash = { kind: 'Hash', version: 2 };
export const kContainers = {
  plain: { id: 'plain', partitionKey: { paths: ['/pk'], ...hash } },
  merging: { id: 'merging', partitionKey: { paths: ['/pk'], ...hash } },
  tree: { id: 'tree', partitionKey: { paths: ['/pk', '/branch'], kind: 'MultiHash', version: 2 } },
};
export const kLateContainer = { id: 'late', partitionKey: { paths: ['/pk'], ...hash } };

export class ChaosWriters {
  constructor(emulator, random) {
    const connectionPolicy = { requestTimeout: kPatienceMs };
    this.client = new CosmosClient({ endpoint: emulator.endpoint, key: emulator.key, connectionPolicy });
    this.database = this.client.database(kDatabase);
    this.random = random;
    this.names = Object.keys(kContainers);
    this.version = 0;
    this.counts = { done: 0, failed: 0 };
    this.running = [];
  }

  // So that there is a base to read, and to interrupt.
  async fill() {
    for (const name of this.names) {
      const container = this.database.container(name);
      const operations = Array.from({ length: kDocumentsAtFirst }, () => {
        const { document, key } = this.#document(container);
        return { operationType: 'Upsert', partitionKey: key, resourceBody: document };
      });
      await container.items.executeBulkOperations(operations);
    }
  }

  start() {
    this.stopping = false;
    for (let writer = 0; writer < kWriters; ++writer) this.running.push(this.#run());
  }

  // Nothing of it is under way when this returns.
  async stop() {
    this.stopping = true;
    await Promise.all(this.running);
    this.running = [];
  }

  dispose() {
    this.client.dispose();
  }

  // A container that appears in the middle, however often it takes to ask for it.
  async createLate() {
    while (!this.stopping) {
      try {
        await this.database.containers.createIfNotExists(kLateContainer);
        this.names.push(kLateContainer.id);
        return;
      } catch {
        await sleep(100);
      }
    }
  }

  async #run() {
    while (!this.stopping) {
      const container = this.database.container(this.random.pick(this.names));
      const deed = this.random.pick(['create', 'upsert', 'upsert', 'replace', 'patch', 'delete', 'batch', 'bulk']);
      const options = { abortSignal: AbortSignal.timeout(kPatienceMs) };
      try {
        await this[`_${deed}`](container, options);
        ++this.counts.done;
      } catch {
        ++this.counts.failed;
      }
      await sleep(this.random.between(0, 20));
    }
  }

  // A document, and its key as the SDK wants it.
  #document(container, pk = `key ${this.random.between(1, kKeys)}`) {
    const branch = this.random.between(1, 3);
    const document = { id: `${this.random.between(1, kIds)}`, pk, branch, version: ++this.version };
    document.text = 'x'.repeat(this.random.between(0, 600));
    return { document, key: container.id === 'tree' ? [pk, branch] : pk };
  }

  _create(container, options) {
    return container.items.create(this.#document(container).document, options);
  }
  _upsert(container, options) {
    return container.items.upsert(this.#document(container).document, options);
  }
  _replace(container, options) {
    const { document, key } = this.#document(container);
    return container.item(document.id, key).replace(document, options);
  }
  _patch(container, options) {
    const { document, key } = this.#document(container);
    const operations = [{ op: 'set', path: '/patched', value: this.version }];
    return container.item(document.id, key).patch(operations, options);
  }
  _delete(container, options) {
    const { document, key } = this.#document(container);
    return container.item(document.id, key).delete(options);
  }
  _batch(container, options) {
    const { document, key } = this.#document(container);
    const operations = [{ operationType: 'Upsert', resourceBody: document }];
    for (let more = this.random.between(1, 8); more > 0; --more) {
      const other = { ...document, id: `${this.random.between(1, kIds)}`, version: ++this.version };
      operations.push({ operationType: 'Upsert', resourceBody: other });
    }
    if (this.random.chance(0.3)) operations.push({ operationType: 'Delete', id: document.id });
    return container.items.batch(operations, key, options);
  }
  _bulk(container, options) {
    const operations = Array.from({ length: this.random.between(2, 60) }, () => {
      const { document, key } = this.#document(container);
      if (this.random.chance(0.3)) return { operationType: 'Delete', id: document.id, partitionKey: key };
      return { operationType: 'Upsert', partitionKey: key, resourceBody: document };
    });
    // executeBulkOperations() leaves rejected promises behind where a connection breaks, which end the process.
    return container.items.bulk(operations, { continueOnError: true }, options);
  }
}
