import type { ExtendItem, ExtendReply, HeldLease } from "../../contract.ts";
import { ReplyReader } from "../reply.ts";
import type { RunScript } from "./run.ts";
import { packToken, tokenStatus } from "./tokens.ts";

export async function runExtend(
  run: RunScript,
  queue: string,
  items: readonly ExtendItem[],
  journalMax: number,
): Promise<ExtendReply[]> {
  const reply = (await run(
    "extend",
    queue,
    { journal_max: journalMax },
    items.map((item) => ({ token: packToken(item.token).bytes, lease: item.leaseMs ?? "" })),
  )) as Buffer;
  const reader = new ReplyReader(reply);
  return items.map(() => ({
    status: tokenStatus(reader.u8()),
    leaseExpireAtMs: reader.optionalMs(),
  }));
}

export async function runLeases(
  run: RunScript,
  queue: string,
  session: Uint8Array,
): Promise<HeldLease[]> {
  const held = new Map<string, HeldLease>();
  let cursor = "0";
  do {
    const reply = await run("leases", queue, { session, cursor }, []);
    const [next, page] = reply as [Buffer, Buffer];
    const reader = new ReplyReader(page);
    while (!reader.done) {
      const id = reader.bytes(16);
      held.set(Buffer.from(id).toString("latin1"), {
        id,
        deliveryNumber: reader.u32(),
        nonce: reader.bytes(16),
        bytes: reader.u32(),
        isolated: reader.u8() === 1,
      });
    }
    cursor = String(next);
  } while (cursor !== "0");
  return [...held.values()];
}
