/**
 * When its memory is full, Redis refuses every write that could need more. The few small writes without which no memory
 * would become free run as scripts that are allowed then.
 */
const PASS = "#!lua flags=allow-oom\nreturn redis.call(ARGV[1], KEYS[1], unpack(ARGV, 2))";

type Word = string | number | Buffer;

/** A connection or a pipeline. */
interface Evaluates<T> {
  eval(script: string, keys: number, ...words: Word[]): T;
}

/** Sends one command on one key, which also runs when memory is full. */
export function writeWhenFull<T>(
  redis: Evaluates<T>,
  command: string,
  key: string,
  ...words: Word[]
): T {
  return redis.eval(PASS, 1, key, command, ...words);
}
