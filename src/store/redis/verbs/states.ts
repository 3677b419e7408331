import type { MessageState, StatesFrom, StatesPage } from "../../contract.ts";
import type { GroupNumbers } from "../group-numbers.ts";
import { CONSTANTS } from "../packed/constants.ts";
import { LAYOUTS } from "../packed/layouts.ts";
import { Reader } from "../packed/reader.ts";
import type { RunScript } from "../script-runner.ts";
import { packSelection } from "../state-selection.ts";
import { stateFields } from "../states.ts";

/** The chunks of one call: a thousand messages take Redis about half a millisecond. */
const CHUNKS = 8;
/** As `CHUNKS`, where few messages are selected: most of the work is to pass them on. */
const CHUNKS_SEARCHED = 40;
const { MARK, FLAG, PLACE, GROUP } = CONSTANTS;

/** The page, and for each chunk its number and its ids and states. */
type StatesReply = [page: Buffer, ...chunks: (Buffer | Buffer[])[]];

/** A state without its group, and the number of that; 0: none. */
interface NumberedState {
  readonly state: MessageState;
  readonly groupNumber: number;
}

type Groups = Pick<GroupNumbers, "digests" | "numbers">;

export async function runStates(
  run: RunScript,
  groups: Groups,
  queue: string,
  { newestFirst, after, only }: StatesFrom,
): Promise<StatesPage> {
  const groupNumbers = await packGroups(groups, queue, only?.groupIds);
  // Then no message of the queue has one of these groups.
  if (groupNumbers === undefined) return NOTHING;
  const header = {
    from: after?.chunk ?? (newestFirst ? Number.MAX_SAFE_INTEGER : 0),
    chunks: only === undefined ? CHUNKS : CHUNKS_SEARCHED,
    descending: newestFirst ? 1 : 0,
    after: after?.id ?? "",
    ...packSelection(only),
    groupNumbers,
  };
  const [page, ...chunks] = (await run("states", queue, header, [])) as StatesReply;
  const { now, more, examined, last } = new Reader(page).read(LAYOUTS.statesPage);
  const found: NumberedState[] = [];
  for (let at = 0; at < chunks.length; at += 2) {
    const chunk = Number(String(chunks[at]));
    const own = readChunk(chunk, chunks[at + 1] as Buffer[]).toSorted(byId);
    if (newestFirst) own.reverse();
    found.push(...own);
  }
  const numbers = new Set(found.map(({ groupNumber }) => groupNumber));
  numbers.delete(0);
  const digests = await groups.digests(queue, [...numbers]);
  // A job reads millions of states: to copy each of them would cost as much as to read it.
  const messages = found.map(({ state, groupNumber }) => {
    state.group = digests.get(groupNumber) ?? "";
    return state;
  });
  return {
    ...{ nowMs: now, messages, examined },
    next: more ? { chunk: last, id: newestFirst ? FIRST_ID : LAST_ID } : undefined,
  };
}

const ALL_GROUPS = new Uint8Array();
const NOTHING: StatesPage = { nowMs: 0, messages: [], examined: 0, next: undefined };

/** Undefined: the queue's partition has none of them. */
async function packGroups(
  groups: Groups,
  queue: string,
  ids: readonly string[] | undefined,
): Promise<Uint8Array | undefined> {
  if (ids === undefined || ids.includes("")) return ALL_GROUPS;
  const numbers = await groups.numbers(queue, ids);
  if (numbers.length === 0) return undefined;
  const packed = Buffer.alloc(3 * numbers.length);
  numbers.forEach((number, index) => {
    packed.writeUIntBE(number, 3 * index, 3);
  });
  return packed;
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
  const fields = reader.read(LAYOUTS.state);
  const { place, flags, version } = fields;
  const extra = (flags & FLAG.EXTRA) === 0 ? undefined : reader.read(LAYOUTS.stateExtra);
  const isolated = place % MARK.FIRST === PLACE.ISOLATED;
  const state = {
    ...stateFields(fields, isolated, extra?.priority ?? 0),
    chunk,
    id: Uint8Array.from(id),
    version,
    group: "",
    isMoving: place % MARK.FIRST === PLACE.MOVING,
    orderingKey: extra === undefined ? "" : String(Buffer.from(extra.order)),
  };
  return {
    state,
    groupNumber: (place & (MARK.GROUP * MARK.FIRST)) === 0 ? 0 : readGroup(reader),
  };
}

function readGroup(reader: Reader): number {
  // A server that knows no groups keeps the mark and drops the number.
  if (reader.done) return 0;
  const { group } = reader.read(LAYOUTS.stateGroup);
  return group === GROUP.NONE ? 0 : group;
}

const byId = (a: NumberedState, b: NumberedState): number => Buffer.compare(a.state.id, b.state.id);
