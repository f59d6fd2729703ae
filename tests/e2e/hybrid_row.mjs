// Batches as the .NET SDK v3 writes and reads them: HybridRow rows in a RecordIO stream. Written after the SDK's
// schemas (HybridRowBatchSchemas.json) and the format's description, not after this project's server.

const kVersion = 0x81;
const kSchema = { segment: 2147473648, record: 2147473649, operation: 2145473648, result: 2145473649 };
const kType = { boolFalse: 2, boolTrue: 3, uint32: 11, float64: 16, utf8: 20 };
const kOperationTypes = { Create: 0, Patch: 1, Read: 2, Delete: 4, Replace: 5, Upsert: 20 };
const kDocument = 2;
const kHeaderBytes = { segment: 10, record: 13 };

// IEEE 802.3, bit by bit.
function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; ++bit) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function int32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

function varuint(value) {
  const bytes = [];
  for (; value >= 0x80; value = Math.floor(value / 128)) bytes.push((value % 128) | 0x80);
  return Buffer.from([...bytes, value]);
}

const head = (schema) => Buffer.concat([Buffer.from([kVersion]), int32(schema)]);
const sized = (bytes) => Buffer.concat([varuint(bytes.length), bytes]);

function operationRow({ operationType, partitionKey, id, resourceBody, ifMatch, ifNoneMatch, minimal }) {
  const variable = [
    partitionKey && Buffer.from(JSON.stringify(partitionKey)),
    undefined, // effectivePartitionKey
    id && Buffer.from(id),
    undefined, // binaryId
    resourceBody && Buffer.from(JSON.stringify(resourceBody)),
  ];
  const presence = variable.reduce((bits, value, index) => bits | (value ? 1 << (index + 2) : 0), 0b11);
  const sparse = [];
  const text = (token, value) => sparse.push(Buffer.from([kType.utf8, token]), sized(Buffer.from(value)));
  // In the order of the SDK, which is not that of the schema.
  if (minimal !== undefined) sparse.push(Buffer.from([minimal ? kType.boolTrue : kType.boolFalse, 12]));
  if (ifMatch) text(9, ifMatch);
  if (ifNoneMatch) text(10, ifNoneMatch);
  const fixed = [Buffer.from([presence]), int32(kOperationTypes[operationType]), int32(kDocument)];
  return Buffer.concat([head(kSchema.operation), ...fixed, ...variable.filter(Boolean).map(sized), ...sparse]);
}

export function encodeBatch(operations) {
  const segment = Buffer.concat([head(kSchema.segment), Buffer.from([1]), int32(kHeaderBytes.segment)]);
  const records = operations.map(operationRow).flatMap((row) => {
    return [head(kSchema.record), int32(row.length), int32(crc32(row)), row];
  });
  return Buffer.concat([segment, ...records]);
}

class Cursor {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }
  take(count) {
    if (this.at + count > this.bytes.length) throw new Error('the answer ends too early');
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }
  byte = () => this.take(1)[0];
  int32 = () => this.take(4).readInt32LE();
  uint32 = () => this.take(4).readUInt32LE();
  varuint() {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }
  expectHead(schema) {
    const version = this.byte();
    const found = this.uint32();
    if (version !== kVersion || found !== schema) throw new Error(`not a row of schema ${schema}`);
  }
}

function decodeResult(row) {
  const cursor = new Cursor(row);
  cursor.expectHead(kSchema.result);
  const presence = cursor.byte();
  const result = {};
  const [statusCode, subStatusCode] = [cursor.int32(), cursor.int32()];
  if (presence & 1) result.statusCode = statusCode;
  if (presence & 2) result.subStatusCode = subStatusCode;
  if (presence & 4) result.eTag = cursor.take(cursor.varuint()).toString();
  if (presence & 8) result.resourceBody = JSON.parse(cursor.take(cursor.varuint()).toString());
  while (cursor.at < row.length) {
    const [type, token] = [cursor.byte(), cursor.varuint()];
    if (type === kType.uint32 && token === 5) result.retryAfterMilliseconds = cursor.uint32();
    else if (type === kType.float64 && token === 6) result.requestCharge = cursor.take(8).readDoubleLE();
    else throw new Error(`a column ${token} of type ${type}`);
  }
  return result;
}

export function decodeResults(bytes) {
  const cursor = new Cursor(bytes);
  cursor.expectHead(kSchema.segment);
  if (cursor.byte() !== 1 || cursor.int32() !== kHeaderBytes.segment) throw new Error('not a segment header');
  const results = [];
  while (cursor.at < bytes.length) {
    cursor.expectHead(kSchema.record);
    const [length, crc] = [cursor.int32(), cursor.uint32()];
    const row = cursor.take(length);
    if (crc32(row) !== crc) throw new Error('the checksum of a result is wrong');
    results.push(decodeResult(row));
  }
  return results;
}
