import { createContextKey, type HandlerContext } from "@connectrpc/connect";

/** A token's name may change while its stream is open. */
type Named = { readonly name: string };

const callerToken = createContextKey<Named | undefined>(undefined, {
  description: "the caller's token",
});

/** Set by the guard, before the implementation runs. */
export function setCaller(context: HandlerContext, token: Named): void {
  context.values.set(callerToken, token);
}

/** The caller's present name as use cases get it. Undefined if the server needs no token. */
export function callerOf(context: HandlerContext): { readonly caller: string | undefined } {
  return { caller: context.values.get(callerToken)?.name };
}
