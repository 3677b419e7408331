import { type ContextValues, createContextKey, type HandlerContext } from "@connectrpc/connect";

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

const callerAddress = createContextKey<() => string | undefined>(() => undefined, {
  description: "the caller's address",
});

/** Set by the listener. Only called if the address is used: to look it up costs more than this. */
export function setAddress(
  values: ContextValues,
  address: () => string | undefined,
): ContextValues {
  return values.set(callerAddress, address);
}

/** The caller's address. Empty if its connection is closed. */
export function addressOf(context: HandlerContext): string {
  return context.values.get(callerAddress)() ?? "";
}
