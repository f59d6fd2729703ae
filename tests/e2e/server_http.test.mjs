// The embedded server against clients that do it wrong, and against a Python SDK of another age.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import http from 'node:http';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startEmulator } from './harness.mjs';

const kPython = '/usr/bin/python3'; // Debian's, which sees the packages that scripts/setup.sh installs
const kDocs = '/dbs/Shop/colls/Orders/docs';

let emulator;
before(async () => {
  emulator = await startEmulator('--partitions', '3');
  const { database } = await emulator.client.databases.create({ id: 'Shop' });
  await database.containers.create({ id: 'Orders', partitionKey: { paths: ['/pk'], version: 2 } });
});
after(() => emulator.stop()); // it ends with exit code 0: nothing here has killed it

// What the server answers to these bytes, until it closes; with `status` and the `message` of a JSON body.
function said(bytes) {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(emulator.endpoint);
    const socket = net.connect(Number(port), hostname, () => socket.end(bytes));
    let text = '';
    socket.setEncoding('latin1').on('data', (part) => (text += part));
    socket.on('error', reject);
    socket.on('close', () => {
      const [head, body] = text.split('\r\n\r\n');
      const message = body ? JSON.parse(body).message : undefined;
      resolve({ text, head, status: Number(text.split(' ')[1]), message });
    });
  });
}

function authorization(verb, type, link, date, key = emulator.key) {
  const text = `${verb}\n${type}\n${link}\n${date.toLowerCase()}\n\n`;
  const signature = crypto.createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest('base64');
  return `type=master&ver=1.0&sig=${signature}`;
}

function send(method, path, headers, { body, chunked } = {}) {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(emulator.endpoint);
    const request = http.request({ hostname, port, method, path, headers, maxHeaderSize: 128 * 1024 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: text }));
    });
    request.on('error', reject);
    for (const part of chunked ?? []) request.write(part);
    request.end(body);
  });
}

const signed = (verb, type, link, more = {}) => {
  const date = new Date().toUTCString();
  return { 'x-ms-date': date, authorization: encodeURIComponent(authorization(verb, type, link, date)), ...more };
};

test('what is no HTTP is answered 400 in JSON', async () => {
  const requests = [
    'NOT HTTP AT ALL\r\n\r\n',
    'GET /\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    'GET / HTTP/1.1\r\nBad Header: x\r\n\r\n',
    'POST / HTTP/1.1\r\nContent-Length: 5x\r\n\r\nabcde',
    'POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\nabcde',
    'POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef',
    'POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    '\x00\x16\x03\x01\x02\x00\r\n\r\n',
    `${'\xff'.repeat(1000)}\r\n\r\n`,
  ];
  for (const request of requests) {
    const { status, message } = await said(Buffer.from(request, 'latin1'));
    assert.equal(status, 400, JSON.stringify(request));
    assert.ok(message);
  }
});

test('headers that are too large are answered 431, large ones are read', async () => {
  const { status, message } = await said(`GET / HTTP/1.1\r\nx: ${'h'.repeat(100_000)}\r\n\r\n`);
  assert.equal(status, 431);
  assert.ok(message);
  const target = await said(`GET /${'t'.repeat(100_000)} HTTP/1.1\r\n\r\n`);
  assert.equal(target.status, 431, 'the target counts, too');
  const continuation = `${'x'.repeat(20_000)}`;
  const headers = signed('get', 'docs', 'dbs/Shop/colls/Orders', { 'x-ms-continuation': continuation });
  const answer = await send('GET', kDocs, headers);
  assert.equal(answer.status, 400);
  assert.match(JSON.parse(answer.body).message, /continuation/);
});

test('half requests, early ends and lies about lengths harm nobody', async () => {
  for (const bytes of ['', 'G', 'GET / HT', 'GET / HTTP/1.1\r\n', 'POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc']) {
    const { text, status } = await said(bytes);
    assert.ok(text === '' || status === 400, text);
  }
  const { status } = await said(`POST / HTTP/1.1\r\nContent-Length: ${2 ** 40}\r\n\r\n`);
  assert.equal(status, 413);
});

test('signatures and dates that are wrong', async () => {
  const date = new Date().toUTCString();
  const right = authorization('get', 'dbs', '', date);
  const status = async (headers) => {
    const answer = await send('GET', '/dbs', headers);
    if (answer.status !== 200) assert.ok(JSON.parse(answer.body).message);
    return answer.status;
  };
  assert.equal(await status({ 'x-ms-date': date, authorization: encodeURIComponent(right) }), 200);
  assert.equal(await status({ 'x-ms-date': date, authorization: right }), 200, 'not encoded');
  const lower = encodeURIComponent(right).replace(/%../g, (each) => each.toLowerCase());
  assert.equal(await status({ 'x-ms-date': date, authorization: lower }), 200, 'lower-case hex, as of .NET');
  assert.equal(await status({ 'x-ms-date': date }), 401);
  const forged = [
    ...['', 'x', '%', '%zz', 'type=master', 'type=resource&ver=1.0&sig=x', 'type=aad&ver=1.0&sig=x', 'a'.repeat(5000)],
    authorization('get', 'dbs', '', date, 'AAAA'),
    authorization('get', 'colls', '', date),
    authorization('post', 'dbs', '', date),
    authorization('get', 'dbs', 'dbs/Shop', date),
    authorization('get', 'dbs', '', new Date(Date.now() - 60_000).toUTCString()),
    right.slice(0, -1),
    `${right}=`,
  ];
  for (const wrong of forged) {
    assert.equal(await status({ 'x-ms-date': date, authorization: wrong }), 401, wrong.slice(0, 60));
  }
  for (const bad of ['yesterday', '', 'Thu, 99 Foo 2020 00:00:00 GMT']) {
    assert.equal(await status({ 'x-ms-date': bad, authorization: encodeURIComponent(right) }), 401, bad);
  }
  assert.equal(await status({ date, authorization: encodeURIComponent(right) }), 401, 'a date under another name');
  for (const [minutes, expected] of [[-16, 403], [-14, 200], [14, 200], [16, 403]]) {
    const other = new Date(Date.now() + minutes * 60_000).toUTCString();
    const authorized = encodeURIComponent(authorization('get', 'dbs', '', other));
    assert.equal(await status({ 'x-ms-date': other, authorization: authorized }), expected, `${minutes} minutes`);
  }
});

test('chunked bodies, expectations, and methods that are none', async () => {
  const link = 'dbs/Shop/colls/Orders';
  const key = { 'x-ms-documentdb-partitionkey': '["a"]' };
  const parts = { chunked: ['{"id":', '"1",', '"pk":"a"}'] };
  const chunked = await send('POST', kDocs, signed('post', 'docs', link, key), parts);
  assert.equal(chunked.status, 201);
  const body = '{"id":"2","pk":"a"}';
  const expecting = { ...key, expect: '100-continue', 'content-length': body.length };
  assert.equal((await send('POST', kDocs, signed('post', 'docs', link, expecting), { body })).status, 201);
  for (const method of ['OPTIONS', 'HEAD', 'TRACE']) {
    const answer = await send(method, kDocs, signed(method.toLowerCase(), 'docs', link));
    assert.equal(answer.status, 405, method);
  }
  assert.equal((await send('OPTIONS', kDocs, {})).status, 401);
  for (const path of ['/%', '/dbs/Shop/nothing', '/dbs/Shop/colls/Orders/docs/1/2/3', '/_emulator/none']) {
    assert.ok([400, 401, 404].includes((await send('GET', path, signed('get', 'docs', link))).status), path);
  }
});

test('bodies that are no documents', async () => {
  const link = 'dbs/Shop/colls/Orders';
  const bodies = [
    ...['', '{', 'null', '[]', '"x"', '{"id":1}', '{"pk":"a"}', '{"id":"1","pk":{"a":1}}', '{"id":"x","pk":NaN}'],
    `{"id":"x","pk":"a","x":${'['.repeat(100_000)}`, Buffer.from([0x7b, 0xff, 0xfe, 0x7d]),
  ];
  for (const body of bodies) {
    const answer = await send('POST', kDocs, signed('post', 'docs', link), { body });
    assert.equal(answer.status, 400, String(body).slice(0, 60));
    assert.ok(JSON.parse(answer.body).message);
  }
});

test('the Python SDK 3.1.1', () => {
  const script = fileURLToPath(new URL('python_smoke.py', import.meta.url));
  const { status, stdout, stderr } = spawnSync(kPython, [script, emulator.endpoint, emulator.key], {
    encoding: 'utf8',
    timeout: 120_000,
  });
  assert.equal(status, 0, stderr);
  assert.match(stdout, /content/);
});
