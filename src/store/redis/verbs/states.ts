import type { MessagePlace, MessageState, StatesFrom, StatesPage } from "../../contract.ts";
import { CONSTANTS } from "../packed/constants.ts";
import { LAYOUTS } from "../packed/layouts.ts";
import { Reader } from "../packed/reader.ts";
import type { RunScript } from "../script-runner.ts";
import { stateFields } from "../states.ts";

/** The chunks of one call: a thousand messages take Redis about half a millisecond. */
const CHUNKS = 8;
const { MARK, FLAG, PLACE } = CONSTANTS;

/** The page, and for each chunk its number and its ids and states. */
type StatesReply = [page: Buffer, ...chunks: (Buffer | Buffer[])[]];

/** A state with the number of its group; 0: none. */
type NumberedState = Omit<MessageState, "group"> & { groupNumber: number };

/** @param digestsOf returns the digests of groups by their numbers */
export async function runStates(
  run: RunScript,
  digestsOf: (numbers: readonly number[]) => Promise<ReadonlyMap<number, string>>,
  queue: string,
  { newestFirst, after }: StatesFrom,
): Promise<StatesPage> {
  const header = {
    from: after?.chunk ?? (newestFirst ? Number.MAX_SAFE_INTEGER : 0),
    chunks: CHUNKS,
    descending: newestFirst ? 1 : 0,
  };
  const [page, ...chunks] = (await run("states", queue, header, [])) as StatesReply;
  const { now, more } = new Reader(page).read(LAYOUTS.statesPage);
  const messages: NumberedState[] = [];
  let next: MessagePlace | undefined;
  for (let at = 0; at < chunks.length; at += 2) {
    const chunk = Number(String(chunks[at]));
    const own = readChunk(chunk, chunks[at + 1] as Buffer[]).toSorted(byId);
    if (newestFirst) own.reverse();
    messages.push(...(chunk === after?.chunk ? own.filter(isBehind(after.id, newestFirst)) : own));
    next = { chunk, id: newestFirst ? FIRST_ID : LAST_ID };
  }
  const numbers = new Set(messages.map(({ groupNumber }) => groupNumber));
  numbers.delete(0);
  const digests = await digestsOf([...numbers]);
  return {
    nowMs: now,
    messages: messages.map(({ groupNumber, ...state }) => ({
      ...state,
      group: digests.get(groupNumber) ?? "",
    })),
    next: more ? next : undefined,
  };
}

const FIRST_ID = new Uint8Array(16);
const LAST_ID = new Uint8Array(16).fill(255);

function readChunk(chunk: number, values: readonly Buffer[]): NumberedState[] {
  const messages: NumberedState[] = [];
  for (let at = 0; at < values.length; at += 2) {
    messages.push(readState(chunk, values[at] as Buffer, values[at + 1] as Buffer));
  }
  return messages;
}

function readState(chunk: number, id: Buffer, packed: Buffer): NumberedState {
  const reader = new Reader(packed);
  const { place, flags, ...state } = reader.read(LAYOUTS.state);
  const extra = (flags & FLAG.EXTRA) === 0 ? undefined : reader.read(LAYOUTS.stateExtra);
  return {
    chunk,
    id: Uint8Array.from(id),
    ...stateFields({
      ...state,
      isolated: place % MARK.FIRST === PLACE.ISOLATED,
      priority: extra?.priority ?? 0,
    }),
    orderingKey: extra === undefined ? "" : String(Buffer.from(extra.order)),
    groupNumber:
      (place & (MARK.GROUP * MARK.FIRST)) === 0 ? 0 : reader.read(LAYOUTS.stateGroup).group,
  };
}

const byId = (a: MessagePlace, b: MessagePlace): number => Buffer.compare(a.id, b.id);

function isBehind(last: Uint8Array, newestFirst: boolean) {
  return ({ id }: MessagePlace): boolean => Buffer.compare(id, last) * (newestFirst ? -1 : 1) > 0;
}
