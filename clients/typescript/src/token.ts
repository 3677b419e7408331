// The bearer token of calls.

import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { textOf } from "./error-chain.ts";
import { shown } from "./option-checks.ts";
import type { DlqClientOptions } from "./options.ts";

/** The cause of a call that was not made, because the function for its token failed. */
export class NoTokenError extends Error {
  override readonly name = "NoTokenError";
}

/** Returns an interceptor that adds the token to each call. */
export function bearer(token: NonNullable<DlqClientOptions["token"]>): Interceptor {
  return (next) => async (request) => {
    const found = typeof token === "function" ? await within(request.signal, token) : token;
    if (typeof found !== "string" || found === "") {
      throw noToken(`its function returned ${shown(found)}`);
    }
    try {
      request.header.set("authorization", `Bearer ${found}`);
    } catch {
      throw noToken("it has characters that are not allowed in a header"); // its error has the token
    }
    return next(request);
  };
}

/** Returns the token, or rejects: when the signal aborts, too, for a function that never ends. */
function within(signal: AbortSignal, token: () => string | PromiseLike<string>): Promise<string> {
  return new Promise((resolve, reject) => {
    const end = () => reject(noToken("its function did not return in time"));
    const fail = (thrown: unknown) => reject(noToken(textOf(thrown)));
    if (signal.aborted) end();
    signal.addEventListener("abort", end, { once: true });
    Promise.resolve()
      .then(token)
      .then(resolve, fail)
      .finally(() => signal.removeEventListener("abort", end));
  });
}

/** A later call may get a token. */
function noToken(why: string): ConnectError {
  const text = `there is no token: ${why}`;
  return new ConnectError(text, Code.Unavailable, undefined, undefined, new NoTokenError(text));
}
