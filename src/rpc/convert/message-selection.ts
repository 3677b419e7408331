import { QueuePattern } from "../../core/queue-pattern.ts";
import { ExpressionError } from "../../rules/vocabulary.ts";
import type { Violations } from "./violations.ts";

/** As QUEUE_NAME, with `*`. */
const PATTERN = /^[A-Za-z0-9._*-]{0,128}$/;

export function readPattern(v: Violations, queue: string, field = "queue"): QueuePattern {
  if (!PATTERN.test(queue)) {
    v.add(field, "is neither the name of a queue nor a pattern such as orders-*");
  }
  return new QueuePattern(queue);
}

/** Undefined after a mistake in the expression, which is added to `v`. */
export function readExpression<T>(v: Violations, field: string, compile: () => T): T | undefined {
  try {
    return compile();
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    v.add(field, error.description);
    return undefined;
  }
}
