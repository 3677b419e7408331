import type { SealReply } from "../../contract.ts";
import { ReplyReader } from "../reply.ts";
import type { RunScript } from "./run.ts";

/** A chunk has up to 128 messages: others wait for two milliseconds or so. */
const CHUNKS_A_CALL = 4;

const SEALED = 0;
const MISMATCH = 1;

const REMOVED = 1;
const KEPT = 2;

export async function runSeal(
  run: RunScript,
  queue: string,
  expectedCount: number,
): Promise<SealReply> {
  const reader = new ReplyReader(
    (await run("seal", queue, { expected: expectedCount }, [])) as Buffer,
  );
  const status = reader.u8();
  const count = reader.ms();
  if (status === SEALED) return { status: "sealed", messages: count };
  return status === MISMATCH
    ? { status: "mismatch", messages: count }
    : { status: "busy", inFlight: count };
}

/** Whether something was removed. */
export async function runPurge(
  run: RunScript,
  queue: string,
  journalMax: number,
): Promise<boolean> {
  return (await purge(run, queue, 0, journalMax)) === REMOVED;
}

/** Removes what is left of a queue. False: messages have come meanwhile, and it lives on. */
export async function runRemove(
  run: RunScript,
  queue: string,
  journalMax: number,
): Promise<boolean> {
  for (;;) {
    const done = await purge(run, queue, 1, journalMax);
    if (done !== REMOVED) return done !== KEPT;
  }
}

function purge(run: RunScript, queue: string, ending: 0 | 1, journalMax: number) {
  const header = { chunks_a_call: CHUNKS_A_CALL, ending, journal_max: journalMax };
  return run("purge", queue, header, []);
}
