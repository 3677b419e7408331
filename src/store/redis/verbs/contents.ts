import type { RetryOutcome } from "../../../core/message.ts";
import type { StoredContent } from "../../contract.ts";
import type { Bodies } from "../bodies.ts";
import { ReplyReader } from "../reply.ts";
import { storedState } from "../states.ts";
import { readRetried } from "./retry.ts";
import type { RunScript } from "./run.ts";

/** Most bytes of one reply, save a single larger message. */
const REPLY_BYTES = 4 * 1024 * 1024;
/** Ids that one call asks for: each costs a look, whether or not its message fits into the reply. */
const IDS = 100;

export async function runContents(
  run: RunScript,
  queue: string,
  request: Uint8Array,
  ids: readonly Uint8Array[],
  bodies: Bodies,
): Promise<RetryOutcome | readonly (StoredContent | undefined)[]> {
  const header = { reply_bytes: REPLY_BYTES, request };
  const items = ids.slice(0, IDS).map((id) => ({ id }));
  const [answer, ...values] = (await run("contents", queue, header, items)) as [
    Buffer,
    ...Buffer[],
  ];
  if (answer.length > 0) return readRetried(answer);
  const contents: (StoredContent | undefined)[] = [];
  for (let at = 0; at < values.length; at += 3) {
    const [facts, body, edits] = values.slice(at, at + 3) as [Buffer, Buffer, Buffer];
    contents.push(facts.length === 0 ? undefined : readContent(facts, body, edits, bodies));
  }
  return contents;
}

function readContent(facts: Buffer, body: Buffer, edits: Buffer, bodies: Bodies): StoredContent {
  const reader = new ReplyReader(facts);
  return {
    state: storedState(reader.u8()),
    version: reader.u16(),
    envelope: bodies.unpack(body),
    edits: edits.length === 0 ? undefined : bodies.unpack(edits),
  };
}
