import type { LeaseTokenParts } from "../../../core/lease-token.ts";
import type { ExtendItem, ExtendReply, HeldLease } from "../../contract.ts";
import { CONSTANTS } from "../packed/constants.ts";
import { LAYOUTS } from "../packed/layouts.ts";
import { optionalMs, Reader } from "../packed/reader.ts";
import type { RunScript } from "../script-runner.ts";
import { namesByNumber } from "../states.ts";

type TokenStatus = ExtendReply["status"];
const STATUSES: readonly TokenStatus[] = namesByNumber(CONSTANTS.TOKEN);

export function tokenFields(token: LeaseTokenParts) {
  return { id: token.messageId, delivery: token.deliveryNumber, nonce: token.nonce };
}

export function tokenStatus(n: number): TokenStatus {
  const status = STATUSES[n];
  if (status === undefined) throw new Error(`the store answered with an unknown status ${n}`);
  return status;
}

export async function runExtend(
  run: RunScript,
  queue: string,
  items: readonly ExtendItem[],
): Promise<ExtendReply[]> {
  const args = items.map(({ token, leaseMs }) => ({
    token: LAYOUTS.token.pack(tokenFields(token)),
    lease: leaseMs ?? "",
  }));
  const reader = new Reader((await run("extend", queue, {}, args)) as Buffer);
  return items.map(() => {
    const { status, leaseEnd } = reader.read(LAYOUTS.extended);
    return { status: tokenStatus(status), leaseExpireAtMs: optionalMs(leaseEnd) };
  });
}

export async function runLeases(
  run: RunScript,
  queue: string,
  session: Uint8Array,
): Promise<HeldLease[]> {
  // A walk may return a lease twice.
  const held = new Map<string, HeldLease>();
  let cursor = "0";
  do {
    const reply = await run("leases", queue, { session, cursor }, []);
    const [next, page] = reply as [Buffer, Buffer];
    const reader = new Reader(page);
    while (!reader.done) {
      const { id, delivery, nonce, size, isolated } = reader.read(LAYOUTS.heldLease);
      const lease = { id, deliveryNumber: delivery, nonce, bytes: size, isolated };
      held.set(Buffer.from(id).toString("latin1"), lease);
    }
    cursor = String(next);
  } while (cursor !== "0");
  return [...held.values()];
}
