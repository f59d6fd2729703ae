// `halley emulator --arm` for the tests: an account, and the Resource Manager beside it, trusted by its certificate.
import { readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { halley, startEmulator, temporaryFolder } from './harness.mjs';

const { CosmosDBManagementClient } = createRequire(import.meta.url)('@azure/arm-cosmosdb');

export const credential = { getToken: async () => ({ token: 'any', expiresOnTimestamp: Date.now() + 3_600_000 }) };
export const fast = { updateIntervalInMs: 1 }; // how often the client looks at an operation

// What startEmulator() gives, and {arm, certificate, configuration, env, azure, armDoor, native}: `arm` says where
// Resource Manager is, `azure(options)` makes an official client of it, `native(args, options)` runs `halley native`.
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
  const armDoor = async (what, body) => {
    const reply = await post(`${arm.endpoint}/_emulator/${what}`, ca, JSON.stringify(body));
    if (reply.status !== 200) throw new Error(`test door ${what}: ${reply.status} ${reply.body}`);
    return JSON.parse(reply.body);
  };
  return {
    ...emulator,
    arm,
    certificate,
    configuration,
    env,
    armDoor,
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

function post(url, ca, body) {
  return new Promise((resolve, reject) => {
    const sent = https.request(url, { method: 'POST', ca, timeout: 60_000 }, (response) => {
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
