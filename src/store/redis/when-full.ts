/**
 * Redis refuses every write that could grow it once its memory is full. The few small ones that
 * let work go on, so that memory becomes free, pass as scripts that are allowed to.
 */
const PASS = "#!lua flags=allow-oom\nreturn redis.call(ARGV[1], KEYS[1], unpack(ARGV, 2))";

type Word = string | number | Buffer;

/** Both a connection and a pipeline run it; the pipeline's own result is of no use here. */
interface Evaluates<T> {
  eval(script: string, keys: number, ...words: Word[]): T;
}

/** Sends one command on one key, which may run although memory is full. */
export function writeWhenFull<T>(
  redis: Evaluates<T>,
  command: string,
  key: string,
  ...words: Word[]
): T {
  return redis.eval(PASS, 1, key, command, ...words);
}
