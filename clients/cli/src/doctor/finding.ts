/** One result of a check. */
export interface Finding {
  readonly level: "ok" | "warning" | "problem";
  /** What was checked: `server`, `token`, `store`, `clock`, `counts`, or the code of a condition. */
  readonly check: string;
  /** What is so, in words. */
  readonly what: string;
  /** What to do. Empty: nothing. */
  readonly advice: string;
  /** Queues that it is about; not all if there are many. */
  readonly queues?: readonly string[];
}
