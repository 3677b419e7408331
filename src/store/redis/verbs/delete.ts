import type { PurgeStep, SealReply } from "../../contract.ts";
import { ReplyReader } from "../reply.ts";
import type { RunScript } from "./run.ts";

/** A chunk has up to 128 messages: others wait for two milliseconds or so. */
const CHUNKS_A_CALL = 4;

const SEALED = 0;
const MISMATCH = 1;

/** In the order of their numbers. */
const STEPS = ["removed", "empty", "absent", "alive"] as const;
type Step = (typeof STEPS)[number];

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

export async function runPurge(
  run: RunScript,
  queue: string,
  journalMax: number,
): Promise<PurgeStep> {
  const step = await purge(run, queue, 0, journalMax);
  return step === "removed" || step === "empty" ? step : "unsealed";
}

/**
 * Removes what is left of a sealed queue. False: it is there, because messages have come meanwhile,
 * or because somebody else has removed it, and it has a new life.
 */
export async function runRemove(
  run: RunScript,
  queue: string,
  journalMax: number,
): Promise<boolean> {
  for (;;) {
    const step = await purge(run, queue, 1, journalMax);
    if (step !== "removed") return step !== "alive";
  }
}

async function purge(run: RunScript, queue: string, ending: 0 | 1, journalMax: number) {
  const header = { chunks_a_call: CHUNKS_A_CALL, ending, journal_max: journalMax };
  return STEPS[(await run("purge", queue, header, [])) as number] as Step;
}
