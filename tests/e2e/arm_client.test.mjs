// The official @azure/arm-cosmosdb client against the Resource Manager of the emulator: accounts, continuous backup,
// what can be restored, and restores that bring documents back.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { createRequire } from 'node:module';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { accountSnapshot } from './account_snapshot.mjs';
import { all, credential, fast, startArmEmulator } from './arm_emulator.mjs';
import { passed } from './harness.mjs';

const { CosmosClient } = createRequire(import.meta.url)('@azure/cosmos');
const { CosmosDBManagementClient } = createRequire(import.meta.url)('@azure/arm-cosmosdb');

const group = 'halley-rg';
const source = 'halley-emulator';
let emulator;
let azure;
let backup; // of the first account

before(async () => {
  emulator = await startArmEmulator();
  azure = emulator.azure();
  const { instanceId } = await azure.databaseAccounts.get(group, source);
  backup = (await all(azure.restorableDatabaseAccounts.list())).find((each) => each.name === instanceId);
  const { database } = await emulator.client.databases.create({ id: 'store' });
  const { container } = await database.containers.create({ id: 'orders', partitionKey: '/pk', defaultTtl: 86_400 });
  for (let i = 0; i < 30; ++i) await container.items.create({ id: `${i}`, pk: `p${i % 3}`, total: i / 4 });
  await container.scripts.storedProcedures.create({ id: 'sum', body: 'function () {}' });
});
after(() => emulator?.stop());

const fails = (promise, statusCode, code) =>
  assert.rejects(promise, (error) => {
    // What Cosmos DB refuses itself has another shape, in which the client does not look for the code.
    const said = error.code ?? JSON.parse(error.response.bodyAsText).code;
    assert.deepEqual([error.statusCode, said], [statusCode, code], error.message);
    return true;
  });

// A client of an account's data, by what Resource Manager tells of it.
async function dataOf(name) {
  const { documentEndpoint } = await azure.databaseAccounts.get(group, name);
  const { primaryMasterKey } = await azure.databaseAccounts.listKeys(group, name);
  return new CosmosClient({ endpoint: documentEndpoint, key: primaryMasterKey });
}

describe('accounts', () => {
  it('are told with their backup, their place and their key', async () => {
    const account = await azure.databaseAccounts.get(group, source);
    assert.equal(account.documentEndpoint, emulator.endpoint);
    assert.equal(account.provisioningState, 'Succeeded');
    assert.deepEqual(account.backupPolicy, {
      type: 'Continuous',
      continuousModeProperties: { tier: 'Continuous30Days' },
    });
    assert.deepEqual(account.writeLocations.map((each) => each.locationName), ['West US']);
    assert.deepEqual((await all(azure.databaseAccounts.list())).map((each) => each.name), [source]);
    assert.deepEqual((await all(azure.databaseAccounts.listByResourceGroup(group))).map((each) => each.name), [source]);
    assert.equal((await azure.databaseAccounts.listKeys(group, source)).primaryMasterKey, emulator.key);
  });

  it('are made with periodic backup, which becomes continuous and never goes back', async () => {
    const parameters = { location: 'East US', locations: [{ locationName: 'East US', failoverPriority: 0 }] };
    const begun = await azure.databaseAccounts.beginCreateOrUpdate(group, 'young', parameters, fast);
    assert.equal((await azure.databaseAccounts.get(group, 'young')).provisioningState, 'Creating');
    const made = await begun.pollUntilDone();
    assert.equal(made.backupPolicy.type, 'Periodic');
    assert.equal((await all(azure.restorableDatabaseAccounts.listByLocation('eastus'))).length, 0);

    const backupPolicy = { type: 'Continuous', continuousModeProperties: { tier: 'Continuous7Days' } };
    const both = { backupPolicy, publicNetworkAccess: 'Disabled' };
    await fails(azure.databaseAccounts.beginUpdateAndWait(group, 'young', both, fast), 400, 'BadRequest');
    const changed = await azure.databaseAccounts.beginUpdateAndWait(group, 'young', { backupPolicy }, fast);
    assert.deepEqual(changed.backupPolicy, backupPolicy);
    const periodic = { backupPolicy: { type: 'Periodic' } };
    await fails(azure.databaseAccounts.beginUpdateAndWait(group, 'young', periodic, fast), 400, 'BadRequest');
    assert.equal((await all(azure.restorableDatabaseAccounts.listByLocation('East US'))).length, 1);

    const data = await dataOf('young');
    await data.databases.create({ id: 'there' });
    assert.equal((await all(azure.sqlResources.listSqlDatabases(group, 'young'))).length, 1);
    await azure.databaseAccounts.beginDeleteAndWait(group, 'young', fast);
    await fails(azure.databaseAccounts.get(group, 'young'), 404, 'ResourceNotFound');
    await assert.rejects(data.databases.readAll().fetchAll());
    const [deleted] = await all(azure.restorableDatabaseAccounts.listByLocation('eastus'));
    assert.ok(deleted.deletionTime instanceof Date);
    data.dispose();
  });

  it('that are not there, or may not be seen, are refused as Azure refuses them', async () => {
    await fails(azure.databaseAccounts.get(group, 'nobody'), 404, 'ResourceNotFound');
    await fails(azure.databaseAccounts.get('nowhere', source), 404, 'ResourceGroupNotFound');
    await fails(azure.sqlResources.getSqlDatabase(group, source, 'nothing'), 404, 'NotFound');
    await emulator.armDoor('fault', { kind: 'status', status: 403, match: 'GET /subscriptions' });
    await fails(azure.databaseAccounts.get(group, source), 403, 'AuthorizationFailed');
    await emulator.armDoor('fault', { kind: 'throttle', retry_after_ms: 0 });
    assert.equal((await azure.databaseAccounts.get(group, source)).name, source);
  });
});

describe('databases and containers', () => {
  it('are listed, made and deleted', async () => {
    const sql = azure.sqlResources;
    await sql.beginCreateUpdateSqlDatabaseAndWait(group, source, 'side', { resource: { id: 'side' } }, fast);
    const resource = { id: 'carts', partitionKey: { paths: ['/id'], kind: 'Hash' }, defaultTtl: 60 };
    const parameters = { resource, options: { throughput: 500 } };
    const carts = await sql.beginCreateUpdateSqlContainerAndWait(group, source, 'side', 'carts', parameters, fast);
    assert.equal(carts.resource.defaultTtl, 60);
    const offer = await emulator.client.database('side').container('carts').readOffer();
    assert.equal(offer.resource.content.offerThroughput, 500);
    assert.deepEqual((await all(sql.listSqlContainers(group, source, 'side'))).map((each) => each.name), ['carts']);
    await sql.beginDeleteSqlContainerAndWait(group, source, 'side', 'carts', fast);
    await fails(sql.getSqlContainer(group, source, 'side', 'carts'), 404, 'NotFound');
    await sql.beginDeleteSqlDatabaseAndWait(group, source, 'side', fast);
    assert.deepEqual((await all(sql.listSqlDatabases(group, source))).map((each) => each.name), ['store']);
  });

  it('say up to when they can be restored; 1970 while that is not known', async () => {
    const location = { location: 'westus' };
    const ask = () =>
      azure.sqlResources.beginRetrieveContinuousBackupInformationAndWait(
        group, source, 'store', 'orders', location, fast);
    await emulator.armDoor('backup', { not_yet: 1 });
    assert.match((await ask()).continuousBackupInformation.latestRestorableTimestamp, /^1\/1\/1970 12:00:00 AM$/);
    const text = (await ask()).continuousBackupInformation.latestRestorableTimestamp;
    assert.ok(Math.abs(Date.parse(`${text} UTC`) - Date.now()) < 60_000, text);
  });
});

describe('what a restore leaves out', () => {
  it('is set again', async () => {
    const sql = azure.sqlResources;
    const orders = [group, source, 'store', 'orders'];
    await sql.beginUpdateSqlContainerThroughputAndWait(...orders, { resource: { throughput: 700 } }, fast);
    assert.equal((await sql.getSqlContainerThroughput(...orders)).resource.throughput, 700);
    const migrated = await sql.beginMigrateSqlContainerToAutoscaleAndWait(...orders, fast);
    assert.equal(migrated.resource.autoscaleSettings.maxThroughput, 1000);
    await sql.beginMigrateSqlContainerToManualThroughputAndWait(...orders, fast);
    const script = { resource: { id: 'twice', body: 'function () {}' } };
    await sql.beginCreateUpdateSqlUserDefinedFunctionAndWait(...orders, 'twice', script, fast);
    assert.equal((await all(sql.listSqlUserDefinedFunctions(...orders))).length, 1);
    await sql.beginDeleteSqlUserDefinedFunctionAndWait(...orders, 'twice', fast);
    const permissions = [{ dataActions: ['Microsoft.DocumentDB/databaseAccounts/readMetadata'] }];
    const role = { roleName: 'Reader', type: 'CustomRole', assignableScopes: ['/'], permissions };
    await sql.beginCreateUpdateSqlRoleDefinitionAndWait('one', group, source, role, fast);
    assert.deepEqual((await all(sql.listSqlRoleDefinitions(group, source))).map((each) => each.roleName), ['Reader']);
    const rules = { ipRules: [{ ipAddressOrRange: '10.0.0.1' }] };
    await azure.databaseAccounts.beginUpdateAndWait(group, source, rules, fast);
    assert.deepEqual((await azure.databaseAccounts.get(group, source)).ipRules, rules.ipRules);
  });
});

describe('what can be restored', () => {
  it('is told by what happened', async () => {
    const [, , location, instance] = backup.id.match(/(locations)\/([^/]+)\/restorableDatabaseAccounts\/([^/]+)$/);
    assert.equal((await azure.restorableDatabaseAccounts.getByLocation(location, instance)).accountName, source);
    const databases = await all(azure.restorableSqlDatabases.list(location, instance));
    const side = databases.filter((each) => each.resource.ownerId === 'side');
    assert.deepEqual(side.map((each) => each.resource.operationType), ['Delete', 'Create']);
    const containers = await all(
      azure.restorableSqlContainers.list(location, instance, {
        restorableSqlDatabaseRid: side[0].resource.ownerResourceId,
      }),
    );
    assert.deepEqual(containers.map((each) => [each.resource.ownerId, each.resource.operationType]), [
      ['carts', 'Delete'],
      ['carts', 'Create'],
    ]);
    const there = await all(
      azure.restorableSqlResources.list(location, instance, {
        restoreLocation: 'West US',
        restoreTimestampInUtc: new Date().toISOString(),
      }),
    );
    assert.deepEqual(there.map((each) => [each.databaseName, each.collectionNames]), [['store', ['orders']]]);
  });
});

describe('restores', () => {
  const parametersFor = (second, more = {}, account = {}) => ({
    location: 'West US',
    locations: [{ locationName: 'West US', failoverPriority: 0 }],
    createMode: 'Restore',
    restoreParameters: {
      restoreMode: 'PointInTime',
      restoreSource: backup.id,
      restoreTimestampInUtc: new Date(second * 1000),
      ...more,
    },
    ...account,
  });

  it('make a new account as it was, scripts left out', async () => {
    const orders = emulator.client.database('store').container('orders');
    const at = await emulator.second();
    const then = await accountSnapshot(emulator.client);
    await passed(emulator, at);
    await orders.items.create({ id: 'later', pk: 'p0' });
    await orders.item('1', 'p1').delete();
    const now = await accountSnapshot(emulator.client);

    const parameters = parametersFor(at, { restoreWithTtlDisabled: true }, { publicNetworkAccess: 'Disabled' });
    const made = await azure.databaseAccounts.beginCreateOrUpdateAndWait(group, 'copy', parameters, fast);
    assert.equal(made.provisioningState, 'Succeeded');
    assert.equal(made.publicNetworkAccess, 'Disabled');
    assert.equal(made.restoreParameters.restoreSource, backup.id);
    const data = await dataOf('copy');
    const restored = (await accountSnapshot(data))['store/orders'];
    data.dispose();
    assert.deepEqual(restored.documents, then['store/orders'].documents);
    assert.deepEqual(restored.sprocs, []);
    assert.equal(then['store/orders'].sprocs.length, 1);
    assert.equal(restored.definition.defaultTtl, undefined);
    assert.deepEqual(await accountSnapshot(emulator.client), now, 'the source is as it was');
    await fails(
      azure.databaseAccounts.beginCreateOrUpdateAndWait(group, 'copy', parameters, fast), 409, 'Conflict');
  });

  it('are of parts, and keep the time to live unless asked not to', async () => {
    await emulator.client.database('store').containers.create({ id: 'other', partitionKey: '/id' });
    const at = await emulator.second();
    await passed(emulator, at);
    const only = { databasesToRestore: [{ databaseName: 'store', collectionNames: ['orders'] }] };
    await azure.databaseAccounts.beginCreateOrUpdateAndWait(group, 'part', parametersFor(at, only), fast);
    const data = await dataOf('part');
    const snapshot = await accountSnapshot(data);
    data.dispose();
    assert.deepEqual(Object.keys(snapshot), ['store', 'store/orders']);
    assert.equal(snapshot['store/orders'].definition.defaultTtl, 86_400);
    await emulator.client.database('store').container('other').delete();
  });

  it('bring a deleted container back in its account, and not one that is there', async () => {
    const orders = emulator.client.database('store').container('orders');
    const at = await emulator.second();
    const { resource: document } = await orders.item('2', 'p2').read();
    const before = (await accountSnapshot(emulator.client))['store/orders'];
    const parameters = {
      resource: {
        id: 'orders',
        createMode: 'Restore',
        restoreParameters: { restoreSource: backup.id, restoreTimestampInUtc: new Date(at * 1000) },
      },
    };
    const restore = () =>
      azure.sqlResources.beginCreateUpdateSqlContainerAndWait(group, source, 'store', 'orders', parameters, fast);
    await passed(emulator, at);
    await fails(restore(), 409, 'Conflict');
    await orders.delete();
    const rid = (await restore()).resource.rid;
    const after = (await accountSnapshot(emulator.client))['store/orders'];
    assert.deepEqual(after.documents, before.documents);
    assert.deepEqual(after.sprocs, []);
    const { resource: again } = await emulator.client.database('store').container('orders').item('2', 'p2').read();
    assert.deepEqual(again, document, 'with its _rid, _etag and _ts');
    assert.ok(again._self.includes(rid));
  });

  it('are refused for a moment that no backup reaches', async () => {
    const refused = (second) =>
      fails(
        azure.databaseAccounts.beginCreateOrUpdateAndWait(group, 'never', parametersFor(second), fast),
        400,
        'BadRequest',
      );
    await refused((await emulator.second()) + 3600);
    await refused((await emulator.second()) - 3600);
    await fails(azure.databaseAccounts.get(group, 'never'), 404, 'ResourceNotFound');
  });

  it('that fail leave an account that says so', async () => {
    await emulator.armDoor('operations', { fail: 'InternalServerError', message: 'It broke.' });
    const begun = azure.databaseAccounts.beginCreateOrUpdateAndWait(
      group, 'broken', parametersFor((await emulator.second()) - 1), fast);
    await assert.rejects(begun, /It broke|failed/i);
    assert.equal((await azure.databaseAccounts.get(group, 'broken')).provisioningState, 'Failed');
  });

  it('do not go together with another operation of the account', async () => {
    const tags = { team: 'one' };
    const begun = await azure.databaseAccounts.beginUpdate(group, source, { tags }, fast);
    const container = { resource: { id: 'x', partitionKey: { paths: ['/id'] } } };
    await fails(
      azure.sqlResources.beginCreateUpdateSqlContainerAndWait(group, source, 'store', 'x', container, fast),
      412,
      'PreconditionFailed',
    );
    assert.deepEqual((await begun.pollUntilDone()).tags, tags);
  });
});

describe('the account that was there first', () => {
  it('can be lost and comes back, too', async () => {
    const before = (await accountSnapshot(emulator.client))['store/orders'].documents;
    const at = await emulator.second();
    await passed(emulator, at);
    await azure.databaseAccounts.beginDeleteAndWait(group, source, fast);
    await assert.rejects(emulator.client.databases.readAll().fetchAll());
    const deleted = (await all(azure.restorableDatabaseAccounts.list())).find((each) => each.id === backup.id);
    assert.ok(deleted.deletionTime > new Date(at * 1000));
    const parameters = {
      location: 'West US',
      createMode: 'Restore',
      restoreParameters: {
        restoreMode: 'PointInTime',
        restoreSource: backup.id,
        restoreTimestampInUtc: new Date(at * 1000),
      },
    };
    await azure.databaseAccounts.beginCreateOrUpdateAndWait(group, source, parameters, fast);
    const data = await dataOf(source);
    assert.deepEqual((await accountSnapshot(data))['store/orders'].documents, before);
    data.dispose();
  });
});

describe('the certificate', () => {
  it('is that of the accounts, too, where they are served by TLS', async () => {
    const secure = await startArmEmulator('--tls');
    const options = { location: 'West US' };
    const made = await secure.azure().databaseAccounts.beginCreateOrUpdateAndWait(group, 'other', options, fast);
    for (const endpoint of [secure.endpoint, made.documentEndpoint]) {
      assert.match(endpoint, /^https:/);
      const [response] = await once(https.get(endpoint, { ca: readFileSync(secure.certificate) }), 'response');
      response.resume();
      assert.equal(response.statusCode, 401, 'it asks for the key');
    }
    await secure.stop();
  });

  it('is what makes the client trust it', async () => {
    const stranger = new CosmosDBManagementClient(credential, emulator.arm.subscription, {
      endpoint: emulator.arm.endpoint,
      retryOptions: { maxRetries: 0 },
    });
    await assert.rejects(stranger.databaseAccounts.get(group, source), /certificate/);
    const program = `
      const { CosmosDBManagementClient } = require('@azure/arm-cosmosdb');
      const credential = { getToken: async () => ({ token: 'any', expiresOnTimestamp: Date.now() + 3600000 }) };
      const [endpoint, subscription] = process.argv.slice(1);
      new CosmosDBManagementClient(credential, subscription, { endpoint }).databaseAccounts
        .get('${group}', '${source}').then((account) => console.log(account.name));`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['-e', program, emulator.arm.endpoint, emulator.arm.subscription],
      {
        cwd: new URL('.', import.meta.url).pathname,
        env: { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: emulator.certificate },
        timeout: 60_000,
      },
    );
    assert.equal(stdout.trim(), source);
  });
});
