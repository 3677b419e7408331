// Classes of characters, by code.

export const SPACE = 0;
/** Punctuation that ends a word. */
export const MARK = 1;
const ALPHABETIC = 2;
export const DIGIT = 4;
/** Punctuation inside words: `order-17`, `a.b`, `x_y`. */
const JOINER = 8;
/** Makes a word an address or a path: / \ : @ */
export const ADDRESS = 16;
/** Word characters are ALPHABETIC and all above. */
const WORD = ALPHABETIC | DIGIT | JOINER | ADDRESS;

const classes = new Uint8Array(128).fill(MARK);
const set = (characters: string, value: number): void => {
  for (const one of characters) classes[one.charCodeAt(0)] = value;
};
for (let code = 0; code <= 32; code++) classes[code] = SPACE;
set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", ALPHABETIC);
set("0123456789", DIGIT);
set("-_.+%~#$&*?", JOINER);
set("/\\:@", ADDRESS);

/** Characters of all other scripts are alphabetic. */
export function classOf(code: number): number {
  return code < 128 ? (classes[code] ?? MARK) : code === 0xa0 ? SPACE : ALPHABETIC;
}

export const isWordClass = (value: number): boolean => (value & WORD) !== 0;
export const isAlphanumeric = (code: number): boolean =>
  (classOf(code) & (ALPHABETIC | DIGIT)) !== 0;

/** . : ? - * at the end of a word belong to the sentence. */
export function isFinalMark(code: number): boolean {
  return code === 0x2e || code === 0x3a || code === 0x3f || code === 0x2d || code === 0x2a;
}
