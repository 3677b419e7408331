import type { MessageBlocks } from "../../contract.ts";
import type { StoreContext } from "../context.ts";
import { CONSTANTS } from "../packed/constants.ts";
import { LAYOUTS } from "../packed/layouts.ts";
import { optionalMs, Reader } from "../packed/reader.ts";
import { anyState, storedBreakerState } from "../states.ts";

const { BLOCK } = CONSTANTS;

/** Undefined: no scheduled message has this id. */
export async function runBlocks(
  { run, deliverySettingsOf }: Pick<StoreContext, "run" | "deliverySettingsOf">,
  queue: string,
  id: Uint8Array,
): Promise<MessageBlocks | undefined> {
  const header = { deliverySettings: deliverySettingsOf(queue), id };
  const reply = (await run("blocks", queue, header, [])) as Buffer;
  if (reply.length === 0) return undefined;
  const { limiter, turn, ...found } = new Reader(reply).read(LAYOUTS.blocks);
  return {
    limiter: limiter === BLOCK.NONE ? undefined : limiter === BLOCK.KEY ? "key" : "budget",
    key: Buffer.from(found.key).toString(),
    inFlightOfKey: found.inFlight,
    checkAtMs: optionalMs(found.checkAt),
    breaker: { state: storedBreakerState(found.breaker), retryAtMs: optionalMs(found.retryAt) },
    behind:
      turn.length === 0
        ? undefined
        : {
            id: turn,
            orderingKey: Buffer.from(found.order).toString(),
            state: anyState(found.turnState),
            holdEndsAtMs: optionalMs(found.holdEnds),
          },
    ahead: found.ahead === BLOCK.NO_RANK ? undefined : found.ahead,
  };
}
