/** Groups have short names for people. The rest of a digest only makes equal names unlikely. */
const DIGITS = 16;

/** Returns the name of the group with this digest, in hexadecimal digits. */
export const groupIdOf = (digest: string): string => digest.slice(0, DIGITS);
