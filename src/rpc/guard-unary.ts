import type { HandlerContext } from "@connectrpc/connect";
import { abortError, type CallRules, type UnaryFn } from "./call-rules.ts";
import { deadlineExceeded } from "./error-map.ts";

/**
 * The caller is answered when the implementation is done, the deadline is over, or it hung up.
 * The implementation itself runs to its end and counts as in progress until then: half a write
 * to the store is nothing that a server may stop on.
 */
export function guardUnary(implementation: UnaryFn, rules: CallRules): UnaryFn {
  return async (request, context) => {
    const startedAtMs = performance.now();
    try {
      rules.authorize(context);
      const answer = await withinDeadline(
        () => run(implementation, request, context, rules),
        context,
        rules,
      );
      rules.done(startedAtMs, undefined);
      return answer;
    } catch (error) {
      const explained = rules.explain(error, context);
      rules.done(startedAtMs, explained);
      throw explained;
    }
  };
}

async function run(
  implementation: UnaryFn,
  request: unknown,
  context: HandlerContext,
  rules: CallRules,
): Promise<unknown> {
  rules.calls.begin();
  try {
    return await implementation(request, context);
  } finally {
    rules.calls.end();
  }
}

function withinDeadline(
  work: () => Promise<unknown>,
  context: HandlerContext,
  rules: CallRules,
): Promise<unknown> {
  const { signal } = context;
  const wantedMs = context.timeoutMs() ?? rules.defaultTimeoutMs;
  const timeoutMs = Math.min(wantedMs, rules.maxTimeoutMs);
  if (timeoutMs <= 0) return Promise.reject(deadlineExceeded(undefined));
  if (signal.aborted) return Promise.reject(abortError(context));
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(deadlineExceeded(timeoutMs)), timeoutMs);
    const onAbort = () => reject(abortError(context));
    signal.addEventListener("abort", onAbort, { once: true });
    // A result that comes after the deadline settles nothing any more, and is no unhandled one.
    work()
      .then(resolve, reject)
      .finally(() => {
        clearTimeout(timer);
        signal.removeEventListener("abort", onAbort);
      });
  });
}
