// Valid calls within their limits whose work is large: patches, rules, numbers.

import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { TestRulesRequestSchema } from "../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { RuleEvent, TransformTarget } from "../../../gen/dlq/v1/rule_pb.ts";
import { frameOf } from "../../../src/rpc/grpc/frames.ts";
import type { Attack, Run } from "../attack.ts";
import { call, check, endlessly, inParallel, openSession, TEST_RULES } from "../calls.ts";

const MIB = 1024 * 1024;

type TestRules = MessageInitShape<typeof TestRulesRequestSchema>;

function framed(request: TestRules): Buffer {
  return frameOf(toBinary(TestRulesRequestSchema, create(TestRulesRequestSchema, request)));
}

/** Tests rules on one message. All rules match. */
function testEdits(
  payload: string,
  rules: number,
  patchesOf: (rule: number) => readonly string[],
): Buffer {
  return framed({
    ruleSet: {
      rules: Array.from({ length: rules }, (_, at) => ({
        name: `rule-${at}`,
        event: RuleEvent.ARRIVAL,
        when: "true",
        proceed: true,
        action: {
          transforms: patchesOf(at).map((value) => ({
            target: TransformTarget.PAYLOAD,
            patch: { case: "jsonPatch" as const, value },
          })),
        },
      })),
    },
    samples: [
      {
        event: RuleEvent.ARRIVAL,
        message: { queue: "hostile", payload: { body: { case: "text", value: payload } } },
      },
    ],
  });
}

/** Tests patterns, each of nearly the most steps of a rule, on messages with the longest texts. */
function testPatterns(rules: number): Buffer {
  const text = Array.from({ length: 4_096 }, (_, n) =>
    (n * n * 7 + (n >> 3)) % 5 < 2 ? "a" : "b",
  );
  return framed({
    ruleSet: {
      rules: times(rules, (at) => ({
        name: `rule-${at}`,
        event: RuleEvent.FAILURE,
        when: `failure.message.matches("[ab]*a[ab]{118}[cd]")`,
        action: { priority: 1 },
      })),
    },
    samples: times(50, () => ({
      event: RuleEvent.FAILURE,
      message: { queue: "hostile" },
      failure: { message: text.join("") },
      attempts: 1,
    })),
  });
}

function times<T>(count: number, make: (at: number) => T): T[] {
  return Array.from({ length: count }, (_, at) => make(at));
}

const COPIES = JSON.stringify(times(256, (at) => ({ op: "copy", from: "/a", path: `/b${at}` })));

/** Ten patches of a rule that move a long array as often as is allowed. No patch applies twice, so all differ. */
function inserts(rule: number): string[] {
  return times(10, (patch) => {
    const value = rule * 10 + patch;
    const pair = [
      { op: "remove", path: "/1" },
      { op: "add", path: "/1", value },
    ];
    const other = [{ op: "replace", path: "/0", value }];
    return JSON.stringify(patch === 0 ? times(11, () => pair).flat() : other);
  });
}

const ZEROS = MIB - 100;
/** All 255 succeed. */
const TESTS = JSON.stringify(times(255, () => ({ op: "test", path: "/0", value: 1 }))).replaceAll(
  ":1}",
  `:1e${ZEROS}}`,
);

const patches = (): Buffer[] => [
  testEdits(`[1${"0".repeat(ZEROS)}]`, 16, () => [TESTS]),
  testEdits(` [${"1,".repeat(MIB / 2 - 10)}1]`, 16, inserts),
  testEdits(`{"a":{"${"k".repeat(MIB - 100)}":1}}`, 1, () => [COPIES]),
  testEdits(`{"a":${"9".repeat(MIB - 100)}}`, 1, () => [COPIES]),
  testEdits(`[${"1.0,".repeat(MIB / 4 - 10)}1]`, 16, inserts),
  testEdits(`[${"{},".repeat(MIB / 3 - 10)}1]`, 16, inserts),
];

/** Makes the calls in turn, a few at a time. They may succeed. */
async function callInTurn({ target, over, count }: Run, path: string, bodies: readonly Buffer[]) {
  const session = openSession(target.grpc);
  await inParallel(endlessly(bodies), 2, over, async (body) => {
    const { grpcStatus } = await call(session, path, body);
    if (over.aborted) return;
    check(grpcStatus >= 0, `no status for a call of ${path}`);
    count("calls");
  });
  session.destroy();
}

export const COSTLY_CALL_ATTACKS: readonly Attack[] = [
  {
    name: "patches",
    what: "patches that copy or compare long names and numbers 256 times, and 160 of them on a message of 1 MiB",
    memoryMiB: 2 * 40,
    why: "2 calls at a time, each with a message of 1 MiB as an object for each value",
    atLeast: { calls: 4 },
    costly: { garbageMiB: 512, why: "each edit of 1 MiB makes an object for each number" },
    run: (run) => callInTurn(run, TEST_RULES, patches()),
  },
  {
    name: "patterns",
    what: "rules with as many steps of patterns as are allowed and more, on 50 messages each",
    memoryMiB: 4,
    why: "2 calls at a time, each with 50 messages of 4 KiB",
    atLeast: { calls: 4 },
    run: (run) => callInTurn(run, TEST_RULES, [testPatterns(100), testPatterns(30)]),
  },
];
