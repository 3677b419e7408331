// MurmurHash3 (x86, 128 bits): spreads texts evenly. It resists no attacker, and need not: a sender can join any group
// by a fingerprint of its own.

const C1 = 0x239b961b;
const C2 = 0xab0e9789;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93;

const encoder = new TextEncoder();
/** Reused, since allocation takes longer than the digest. */
const shared = new Uint8Array(8192);

/** Returns 16 bytes, equal for equal texts. Lone surrogates count as U+FFFD. */
export function digestOf(text: string): Uint8Array {
  // A UTF-16 unit takes at most three bytes in UTF-8.
  const bytes = text.length * 3 > shared.length ? new Uint8Array(text.length * 3) : shared;
  const { written } = encoder.encodeInto(text, bytes);
  return murmur128(bytes, written);
}

function murmur128(data: Uint8Array, length: number): Uint8Array {
  let h1 = 0;
  let h2 = 0;
  let h3 = 0;
  let h4 = 0;
  const blocks = length & ~15;
  for (let at = 0; at < blocks; at += 16) {
    h1 ^= Math.imul(rotate(Math.imul(word(data, at, length), C1), 15), C2);
    h1 = (Math.imul((rotate(h1, 19) + h2) | 0, 5) + 0x561ccd1b) | 0;
    h2 ^= Math.imul(rotate(Math.imul(word(data, at + 4, length), C2), 16), C3);
    h2 = (Math.imul((rotate(h2, 17) + h3) | 0, 5) + 0x0bcaa747) | 0;
    h3 ^= Math.imul(rotate(Math.imul(word(data, at + 8, length), C3), 17), C4);
    h3 = (Math.imul((rotate(h3, 15) + h4) | 0, 5) + 0x96cd1c35) | 0;
    h4 ^= Math.imul(rotate(Math.imul(word(data, at + 12, length), C4), 18), C1);
    h4 = (Math.imul((rotate(h4, 13) + h1) | 0, 5) + 0x32ac3b17) | 0;
  }
  // The rest counts as followed by zeros, and a word of zeros changes nothing.
  h4 ^= Math.imul(rotate(Math.imul(word(data, blocks + 12, length), C4), 18), C1);
  h3 ^= Math.imul(rotate(Math.imul(word(data, blocks + 8, length), C3), 17), C4);
  h2 ^= Math.imul(rotate(Math.imul(word(data, blocks + 4, length), C2), 16), C3);
  h1 ^= Math.imul(rotate(Math.imul(word(data, blocks, length), C1), 15), C2);
  h1 ^= length;
  h2 ^= length;
  h3 ^= length;
  h4 ^= length;
  h1 = (h1 + h2 + h3 + h4) | 0;
  h2 = (h2 + h1) | 0;
  h3 = (h3 + h1) | 0;
  h4 = (h4 + h1) | 0;
  h1 = mix(h1);
  h2 = mix(h2);
  h3 = mix(h3);
  h4 = mix(h4);
  h1 = (h1 + h2 + h3 + h4) | 0;
  return bytesOf([h1, (h2 + h1) | 0, (h3 + h1) | 0, (h4 + h1) | 0]);
}

/** Four bytes, little-endian. Bytes at and after `length` are 0. */
function word(data: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let i = Math.min(at + 4, length) - 1; i >= at; i--) value = (value << 8) | (data[i] ?? 0);
  return value;
}

const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

function mix(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function bytesOf(words: readonly number[]): Uint8Array {
  const digest = new Uint8Array(16);
  for (const [i, value] of words.entries()) {
    for (let byte = 0; byte < 4; byte++) digest[i * 4 + byte] = value >>> (byte * 8);
  }
  return digest;
}
