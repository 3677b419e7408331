import { createContextKey, type HandlerContext } from "@connectrpc/connect";

const callerName = createContextKey<string | undefined>(undefined, {
  description: "name of the caller's token",
});

/** Set by the guard, before the implementation runs. */
export function setCaller(context: HandlerContext, name: string): void {
  context.values.set(callerName, name);
}

/** The caller's name as use cases get it. Undefined if the server needs no token. */
export function callerOf(context: HandlerContext): { readonly caller: string | undefined } {
  return { caller: context.values.get(callerName) };
}
