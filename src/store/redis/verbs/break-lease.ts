import { cutUtf8 } from "../../../core/utf8.ts";
import type { BrokenLease, LeaseBreak, LeaseToBreak } from "../../contract.ts";
import type { StoreContext } from "../context.ts";
import { LAYOUTS } from "../packed/layouts.ts";
import { Reader } from "../packed/reader.ts";
import { workerOf } from "./stats.ts";
import { CALLER_BYTES } from "./timeline.ts";

export async function runBreakLease(
  { run, outboxMaxBytes, deliverySettingsOf, historyChangedAtMs }: StoreContext,
  queue: string,
  { id, deliveryNumber = 0 }: LeaseToBreak,
  { note, caller }: LeaseBreak,
): Promise<BrokenLease | undefined> {
  const header = {
    ...{ historyChanged: historyChangedAtMs(), outboxMaxBytes, delivery: deliveryNumber, id, note },
    caller: cutUtf8(caller ?? "", CALLER_BYTES),
    deliverySettings: deliverySettingsOf(queue),
  };
  const reply = (await run("break_lease", queue, header, [])) as Buffer;
  if (reply.length === 0) return undefined;
  const { session, delivery, held, holder } = new Reader(reply).read(LAYOUTS.brokenLease);
  return {
    sessionId: session,
    deliveryNumber: delivery,
    heldMs: held,
    workerId: holder.length === 0 ? undefined : workerOf(Buffer.from(holder).toString()),
  };
}
