import type { HandlerContext } from "@connectrpc/connect";
import { addressOf, callerOf } from "./caller.ts";

/** A call that may ask for values that a queue hides. */
interface MayShow {
  readonly queue: string;
  readonly showRedacted: boolean;
}

/** What a call selects, for the log. */
export type Disclosed = { id: string } | { filter: string } | { ids: readonly string[] };

/** Logs a call if it asks for hidden values. Called before anything is read. */
export type LogDisclosure = (
  request: MayShow,
  context: HandlerContext,
  call: string,
  what: Disclosed,
) => void;

/** It writes every line, whatever the log level. */
export interface DisclosureLog {
  info(fields: object, message: string): void;
}

/** Each call is logged, whatever it finds. A server without tokens logs the address as the caller. */
export function createLogDisclosure(log: DisclosureLog): LogDisclosure {
  return ({ queue, showRedacted }, context, call, what) => {
    if (!showRedacted) return;
    const address = addressOf(context);
    const caller = callerOf(context).caller ?? (address === "" ? "anonymous" : address);
    log.info({ caller, address, call, queue, ...what }, "redacted content shown");
  };
}
