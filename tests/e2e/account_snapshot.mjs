// What the official SDK says is in an account, as plain values that can be compared.
const kSystemProperties = new Set(
  ['_rid', '_self', '_etag', '_ts', '_attachments', '_lsn'].concat(
    ['_docs', '_sprocs', '_triggers', '_udfs', '_conflicts', '_colls', '_users'],
  ),
);

export const withoutSystem = (resource) =>
  Object.fromEntries(Object.entries(resource).filter(([name]) => !kSystemProperties.has(name)));

// Documents are told apart by their whole value, since an id may stand under several keys.
function sorted(resources) {
  return resources.map((resource) => JSON.stringify(withoutSystem(resource))).sort();
}

async function containerSnapshot(container, definition) {
  const [documents, sprocs, triggers, udfs, offer] = await Promise.all([
    container.items.query('SELECT * FROM c', { maxItemCount: 200 }).fetchAll(),
    container.scripts.storedProcedures.readAll().fetchAll(),
    container.scripts.triggers.readAll().fetchAll(),
    container.scripts.userDefinedFunctions.readAll().fetchAll(),
    container.readOffer(),
  ]);
  return {
    definition: withoutSystem(definition),
    throughput: offer.resource?.content?.offerThroughput,
    documents: sorted(documents.resources),
    sprocs: sorted(sprocs.resources),
    triggers: sorted(triggers.resources),
    udfs: sorted(udfs.resources),
  };
}

// {"database/container": {definition, throughput, documents, sprocs, triggers, udfs}, "database": {}}
export async function accountSnapshot(client) {
  const snapshot = {};
  for (const database of (await client.databases.readAll().fetchAll()).resources) {
    snapshot[database.id] = {};
    const containers = client.database(database.id).containers;
    for (const definition of (await containers.readAll().fetchAll()).resources) {
      const container = containers.database.container(definition.id);
      snapshot[`${database.id}/${definition.id}`] = await containerSnapshot(container, definition);
    }
  }
  return snapshot;
}
