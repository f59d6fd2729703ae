// Documents that are easily damaged on the way through a backup.

export const numbers = [
  0, -0, 1, -1, 1.0, 1.5, 0.1, 1 / 3, 1e21, 1e-7, 123456789012345680, 2 ** 53, 2 ** 53 + 2, -(2 ** 53) - 2,
  Number.MAX_VALUE, Number.MIN_VALUE, Number.EPSILON, 5e-324,
  2.2250738585072014e-308, 1.7976931348623157e308, 4.35, 100,
];

// As text, since JSON.stringify would not write them so.
export const numberTexts = [
  '1.0', '1e3', '1E+2', '-0', '-0.0', '9007199254740993', '12345678901234567890', '0.10', '1e-9',
];

export const strings = [
  '', ' ', 'ä', 'Ünïcödé', '漢字かな交じり文', 'مرحبا', '🂡', '👨‍👩‍👧‍👦', 'e\u0301', '\u00e9',
  '\u2028\u2029', '\ufeff', '\uffff', '\u0000', '\u001f',
  '"', '\\', '\\"', '/', '\b\f\n\r\t', '\\u0041', '</script>', '{"a":1}', '\u007f\u0080', '\ud800\udc00',
];

// Ids as the SDK can send them in a path; the others follow.
export const ids = [
  'what?', 'what?now', '100%', '%41', 'a%2Fb', 'a b', ' leading', 'a+b', 'a&b=c',
  'ключ', '鍵', '👍', "it's", '"quoted"',
  'semi;colon', 'dot.', '..',
  'i'.repeat(255), 'j'.repeat(1023),
];
export const idsThatTheSdkRefuses = ['hash#tag', '?#%', '#'];

export const keys = ['a', '', 'ä key', 'k'.repeat(1024), 0, -1, 1.5, 1e21, true, false, null];

export const underscored = {
  _: 1, __: 2, _id: 'mine', _private: { _rid: 'nested, not the system one', _ts: 'so is this' }, _etag2: 'x',
  _Rid: 'case counts',
  $: 3,
  ttl_: 4, '': 'empty name', 'a b': 5, 'a"b': 6, 'a\\b': 7, 'a.b/c': 8, 名: 9,
};

export function nested(depth) {
  let value = 'bottom';
  for (let level = 0; level < depth; ++level) value = level % 2 ? { [`level ${level}`]: value } : [value, level];
  return value;
}

// A document of `bytes` of JSON, of text that does not compress to nothing.
export function ofSize(id, pk, bytes) {
  const document = { id, pk, text: '' };
  const wanted = bytes - JSON.stringify(document).length;
  let text = '';
  for (let word = 1; text.length < wanted; word = (word * 48271) % 2147483647) text += `${word.toString(36)} `;
  document.text = text.slice(0, wanted);
  return document;
}
