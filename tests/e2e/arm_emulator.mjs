// `halley emulator --arm` for the tests: an account, and the Resource Manager beside it, trusted by its certificate.
import { readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { halley, startEmulator, temporaryFolder } from './harness.mjs';

const { CosmosDBManagementClient } = createRequire(import.meta.url)('@azure/arm-cosmosdb');

export const credential = { getToken: async () => ({ token: 'any', expiresOnTimestamp: Date.now() + 3_600_000 }) };
export const fast = { updateIntervalInMs: 1 }; // how often the client looks at an operation

// What startEmulator() gives, and {arm, certificate, configuration, env, azure, armDoor, patch, native}: `arm` says
// where Resource Manager is, `azure(options)` makes an official client of it, `patch(account, properties)` changes what
// that client does not know, `native(args, options)` runs `halley native`.
export async function startArmEmulator(...args) {
  const folder = temporaryFolder();
  const certificate = join(folder, 'emulator.pem');
  const emulator = await startEmulator('--arm', '--cert-out', certificate, ...args);
  const { arm } = emulator.ready;
  const ca = readFileSync(certificate, 'utf8');
  const configuration = join(folder, 'halley.toml');
  writeFileSync(
    configuration,
    `[account]\nca = "${certificate}"\n[native]\nca = "${certificate}"\ncloud = "${arm.endpoint}"\n` +
      `subscription = "${arm.subscription}"\n` +
      `resource_group = "${arm.resource_group}"\naccount = "${arm.account}"\n`,
  );
  const env = {
    AZURE_AUTHORITY_HOST: arm.endpoint,
    AZURE_TENANT_ID: arm.tenant,
    AZURE_CLIENT_ID: 'emulator',
    AZURE_CLIENT_SECRET: 'emulator',
    XDG_STATE_HOME: folder,
  };
  const ask = async (method, path, body) => {
    const reply = await request(method, arm.endpoint + path, ca, body && JSON.stringify(body));
    if (reply.status !== 200) throw new Error(`${method} ${path}: ${reply.status} ${reply.body}`);
    return JSON.parse(reply.body);
  };
  const armDoor = (what, body) => ask('POST', `/_emulator/${what}`, body);
  const patch = async (account, properties) => {
    const path =
      `/subscriptions/${arm.subscription}/resourceGroups/${arm.resource_group}/providers/Microsoft.DocumentDB` +
      `/databaseAccounts/${account}?api-version=2025-05-01-preview`;
    let state = (await ask('PATCH', path, { properties })).properties.provisioningState;
    for (let looks = 0; state !== 'Succeeded'; ++looks) {
      if (looks > 100) throw new Error(`${account} is still ${state}`);
      state = (await ask('GET', path)).properties.provisioningState;
    }
  };
  return {
    ...emulator,
    arm,
    certificate,
    configuration,
    env,
    armDoor,
    patch,
    azure: (options = {}) =>
      new CosmosDBManagementClient(credential, arm.subscription, {
        endpoint: arm.endpoint,
        tlsOptions: { ca },
        retryOptions: { maxRetries: 2, retryDelayInMs: 10 },
        ...options,
      }),
    native: (args, options = {}) =>
      halley(['native', ...args, '--config', configuration], { ...options, env: { ...env, ...options.env } }),
  };
}

function request(method, url, ca, body) {
  return new Promise((resolve, reject) => {
    const headers = { authorization: 'Bearer any' };
    const sent = https.request(url, { method, ca, headers, timeout: 60_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => (text += part));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode, body: text }));
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer in time')));
    sent.on('error', reject);
    sent.end(body);
  });
}

export async function all(pages) {
  const found = [];
  for await (const each of pages) found.push(each);
  return found;
}
