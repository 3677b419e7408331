// The cost of the TypeScript client over plain stubs, and the speed of clients in other languages.

import { P50, P99, RATE, type Row } from "../row.ts";
import type { Tool } from "../systems/start-system.ts";
import type { BuiltLanguage, LoadProgram } from "../systems/system.ts";
import { HELD, openDeliver } from "./deliver.ts";
import { openSend } from "./send.ts";

const CALLS = { batch: 100, inFlight: 4 } as const;

/** With the fields that the client sends: a request id, and an error's name, message and stack. */
export const sendByStubs: Row = {
  name: "send-stubs",
  words: "send of errors with stacks by plain stubs, batches of 100, 4 in flight",
  measures: [RATE, P50, P99],
  systems: ["dlq:always"],
  open: (context) => openSend(context, { ...CALLS, api: "stubs-of-errors" }),
};

export const sendCoalesced: Row = {
  name: "send-coalesced",
  words: "send by the TypeScript client, 400 callers at a time",
  measures: [RATE, P50, P99],
  systems: ["dlq:always"],
  open: (context) => openSend(context, { ...CALLS, api: "client" }),
};

export const deliverToClient: Row = {
  name: "deliver-client",
  words: "deliver + ack, 1 worker of the TypeScript client",
  measures: [RATE],
  systems: ["dlq:always"],
  open: async (context) => openDeliver(context, { processes: 1, held: HELD, api: "client" }),
};

interface Other {
  /** Suffix of the names of its rows. */
  readonly name: string;
  readonly program: LoadProgram;
  readonly words: string;
  readonly tool: Tool;
  /** Approximate messages per second of its worker. */
  readonly perSecond: number;
}

const OTHERS: readonly Other[] = [
  {
    ...{ name: "python", program: "python-threads", words: "Python client with threads" },
    ...{ tool: "python", perSecond: 5_000 },
  },
  {
    ...{ name: "python-asyncio", program: "python-asyncio", words: "Python client with asyncio" },
    ...{ tool: "python", perSecond: 5_000 },
  },
  { ...builtProgram("go"), words: "Go client" },
  { ...builtProgram("java"), words: "Java client" },
  { ...builtProgram("rust"), words: "Rust client" },
];

function builtProgram(language: BuiltLanguage) {
  return {
    ...{ name: language, program: language, tool: `${language}-client` as const },
    perSecond: 20_000,
  };
}

export const sendsByOthers: readonly Row[] = OTHERS.map(({ name, program, words, tool }) => ({
  name: `send-client-${name}`,
  words: `send by the ${words}, 400 messages at a time`,
  measures: [RATE, P50, P99],
  systems: ["dlq:always"],
  tools: [tool],
  open: (context) => openSend(context, { ...CALLS, api: "client", program }),
}));

export const deliversToOthers: readonly Row[] = OTHERS.map(
  ({ name, program, words, tool, perSecond }) => ({
    name: `deliver-client-${name}`,
    words: `deliver + ack, 1 worker of the ${words}`,
    measures: [RATE],
    systems: ["dlq:always"],
    tools: [tool],
    open: async (context) =>
      openDeliver(context, { processes: 1, held: HELD, api: "client", program, perSecond }),
  }),
);
