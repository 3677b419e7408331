/** When its memory is full, Redis refuses writes. Writes that free memory run as scripts with `allow-oom`. */
const PASS = "#!lua flags=allow-oom\nreturn redis.call(ARGV[1], KEYS[1], unpack(ARGV, 2))";

type Argument = string | number | Buffer;

/** A connection or a pipeline. */
interface Evaluates<T> {
  eval(script: string, keys: number, ...args: Argument[]): T;
}

/** Sends one command on one key, which also runs when memory is full. */
export function writeWhenFull<T>(
  redis: Evaluates<T>,
  command: string,
  key: string,
  ...args: Argument[]
): T {
  return redis.eval(PASS, 1, key, command, ...args);
}
