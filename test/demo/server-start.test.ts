// When the demo's server is ready, by the lines that it logs.

import { expect, test } from "vitest";
import { createReadiness } from "../../examples/demo/server.ts";

const ADDRESSES = { grpc: "127.0.0.1:50051", http: "127.0.0.1:8080" };
const LISTENING = JSON.stringify({ ...ADDRESSES, msg: "listening" });
const STORE = JSON.stringify({ msg: "the store is ready" });

test.each([
  { first: LISTENING, second: STORE },
  { first: STORE, second: LISTENING },
])("it is ready after $second, not before", ({ first, second }) => {
  const onLine = createReadiness();
  expect(onLine("a warning of Node")).toBeUndefined();
  expect(onLine(first)).toBeUndefined();
  expect(onLine(second)).toEqual(ADDRESSES);
});
