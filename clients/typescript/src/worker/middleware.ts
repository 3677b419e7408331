import type { Handler, HandlerResult, Middleware } from "./worker-options.ts";

/**
 * Returns the handler with its middleware around it, the first one outermost. If a middleware returns
 * nothing, the result of what it called stands, also an error that it caught: it must return
 * `succeed()` to replace that.
 */
export function wrapped(handler: Handler, middleware: readonly Middleware[]): Handler {
  return middleware.reduceRight<Handler>((next, one) => around(one, next), handler);
}

function around(one: Middleware, handler: Handler): Handler {
  return async (delivery) => {
    let latest: Promise<HandlerResult> | undefined;
    const next = () => {
      latest = (async () => handler(delivery))();
      latest.catch(() => {}); // the middleware may not wait for it
      return latest;
    };
    const returned = await one(delivery, next);
    if (returned !== undefined && returned !== null) return returned;
    if (latest !== undefined) return latest;
    throw new TypeError(
      "a middleware returned nothing and did not call next; call it, or return an outcome",
    );
  };
}
