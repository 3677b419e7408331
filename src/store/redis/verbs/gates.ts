import type { OpenBreaker } from "../../contract.ts";
import { ReplyReader } from "../reply.ts";
import { storedBreakerState } from "../states.ts";
import type { RunScript } from "./run.ts";

/** Breakers that one answer lists. */
const BREAKERS = 1_000;

export async function runReleaseOrder(
  run: RunScript,
  queue: string,
  orderingKey: string,
  rules: Uint8Array,
  journalMax: number,
): Promise<Uint8Array | undefined> {
  const header = { journal_max: journalMax, order: orderingKey, delivery_rules: rules };
  const id = (await run("release_order", queue, header, [])) as Buffer;
  return id.length === 0 ? undefined : Uint8Array.from(id);
}

export async function runListBreakers(run: RunScript, queue: string): Promise<OpenBreaker[]> {
  const reader = new ReplyReader(
    (await run("list_breakers", queue, { most: BREAKERS }, [])) as Buffer,
  );
  const open: OpenBreaker[] = [];
  while (!reader.done) {
    open.push({
      state: storedBreakerState(reader.u8()),
      openSinceMs: reader.ms(),
      retryAtMs: reader.optionalMs(),
      openedCount: reader.u16(),
      key: Buffer.from(reader.bytes(reader.u8())).toString(),
    });
  }
  return open;
}

export async function runResetBreaker(
  run: RunScript,
  queue: string,
  key: string,
  rules: Uint8Array,
  journalMax: number,
): Promise<boolean> {
  const header = { journal_max: journalMax, key, delivery_rules: rules };
  return (await run("reset_breaker", queue, header, [])) === 1;
}
