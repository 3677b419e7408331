// Classes of characters, by code.

export const SPACE = 0;
/** Punctuation that ends a word. */
export const MARK = 1;
export const LETTER = 2;
export const DIGIT = 4;
/** Punctuation inside words: `order-17`, `a.b`, `x_y`. */
export const JOINER = 8;
/** Makes a word an address or a path: / \ : @ */
export const ADDRESS = 16;
/** Word characters are LETTER and all above. */
const WORD = LETTER | DIGIT | JOINER | ADDRESS;

const classes = new Uint8Array(128).fill(MARK);
const set = (characters: string, value: number): void => {
  for (const one of characters) classes[one.charCodeAt(0)] = value;
};
for (let code = 0; code <= 32; code++) classes[code] = SPACE;
set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", LETTER);
set("0123456789", DIGIT);
set("-_.+%~#$&*?", JOINER);
set("/\\:@", ADDRESS);

/** Letters of all other scripts count as letters. */
export function classOf(code: number): number {
  return code < 128 ? (classes[code] ?? MARK) : code === 0xa0 ? SPACE : LETTER;
}

export const isWordClass = (value: number): boolean => (value & WORD) !== 0;
export const isAlphanumeric = (code: number): boolean => (classOf(code) & (LETTER | DIGIT)) !== 0;
