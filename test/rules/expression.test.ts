import { describe, expect, it, test } from "vitest";
import { compileExpression } from "../../src/rules/expression.ts";
import { bindingsOf, type RuleFacts } from "../../src/rules/facts.ts";
import type { RuleEvent } from "../../src/rules/rule.ts";
import { RULE_VOCABULARY } from "../../src/rules/rule-vocabulary.ts";
import { ExpressionError } from "../../src/rules/vocabulary.ts";
import { factsWith } from "./facts.ts";

const FACTS = factsWith({}, {}, 2);

function evaluate(text: string, facts: RuleFacts = FACTS) {
  return compileExpression(text, RULE_VOCABULARY.FAILURE).evaluate(bindingsOf(facts));
}

function problem(text: string, event: RuleEvent = "FAILURE"): ExpressionError {
  try {
    compileExpression(text, RULE_VOCABULARY[event]);
  } catch (error) {
    if (error instanceof ExpressionError) return error;
    throw error;
  }
  throw new Error(`valid: ${text}`);
}

describe("an expression sees", () => {
  test.each([
    'message.queue == "orders"',
    'message["queue"] == "orders"',
    'message.source_id == "order-17"',
    'message.ordering_key.startsWith("customer-")',
    "message.priority == 5",
    'message.attributes["host"] == "a.example"',
    'message.attributes.host == "a.example"',
    "message.payload_bytes > 1024",
    'message.content_type == "application/json"',
    'message.origin.service == "shop" && message.origin.instance == "shop-1"',
    'message.origin.version.startsWith("1.") && message.origin.coordinates.topic == "orders"',
    'failure.reason == "WEBHOOK_FAILED"',
    'failure.type.endsWith("Error")',
    'failure.message.contains("Unavailable")',
    "failure.http_status >= 500 && failure.http_status < 600",
    "!has(failure.grpc_code) && has(failure.http_status)",
    "failure.attributes.host == message.attributes.host",
    "attempts == 2",
  ])("%s", (text) => {
    expect(evaluate(text)).toBe(true);
  });
});

describe("an expression computes", () => {
  test.each([
    'failure.reason in ["TIMEOUT", "WEBHOOK_FAILED"]',
    "failure.http_status in [502, 503]",
    '!("x" in [])',
    '"host" in message.attributes && !("port" in message.attributes)',
    "failure.http_status / 100 == 5 && failure.http_status % 100 == 3",
    "attempts * 2 + 1 - 3 == -(-2)",
    "attempts < 2.5 && 2.0 <= double(attempts) && attempts != 3.5",
    'attempts > 1 ? failure.reason == "WEBHOOK_FAILED" : false',
    'size(message.attributes) == 2 && "abc".size() == 3 && size([1, 2]) == 2',
    'size("zoë🙂") == 4',
    "int(message.origin.coordinates.partition) == 3 && int(2.9) == 2",
    'double("1.5e1") == 15.0 && string(attempts) == "2" && string(true) == "true"',
    '"b" > "a" && "a" <= "a"',
    "[1, 2] == [1, 2] && [1] != [2]",
    'failure.message.matches("^5\\\\d\\\\d ")',
    "failure.message.matches(r'(?i)service (un)?available')",
    "// a comment\ntrue",
  ])("%s", (text) => {
    expect(evaluate(text)).toBe(true);
  });
});

describe("an absent attribute", () => {
  test.each([
    'message.attributes["port"] == "80"',
    'message.attributes["port"] != "80"',
    '!(message.attributes.port == "80")',
    "failure.grpc_code == 14",
    "message.attributes[failure.type] == failure.type",
    'message.attributes.port == "80" || message.attributes.path == "/"',
    'message.attributes.toString == "x" || message.attributes.__proto__ == "x"',
  ])("does not match: %s", (text) => {
    expect(evaluate(text)).toBe("absent");
  });

  test.each([
    ['message.attributes.port == "80" || failure.http_status == 503', true],
    ['failure.http_status == 404 && message.attributes.port == "80"', false],
    ['has(message.attributes.port) && message.attributes.port == "80"', false],
    ['"port" in message.attributes ? message.attributes.port == "80" : true', true],
    ['has(message.source_id) && message.source_id != ""', true],
  ])("does not matter if the other side decides: %s", (text, expected) => {
    expect(evaluate(text)).toBe(expected);
  });

  it("may have any name", () => {
    const attributes = { ["__proto__"]: "a", constructor: "b", "": "c" };
    const text =
      'message.attributes.__proto__ == "a" && message.attributes.constructor == "b" && message.attributes[""] == "c"';
    expect(evaluate(text, factsWith({ attributes }))).toBe(true);
  });
});

describe("a failed evaluation says why", () => {
  test.each([
    ["1 / (attempts - 2) == 1", "divide by zero"],
    ["attempts % 0 == 1", "modulus by zero"],
    ["attempts * 9223372036854775807 > 0", "overflow"],
    ["int(message.queue) == 1", "not an integer"],
    ['int("") == 0', "not an integer"],
    ['int("0x10") == 16', "not an integer"],
    ["double(message.queue) < 1.0", "not a number"],
    ['message.attributes.port == "1" || int(message.queue) == 1', "not an integer"],
    ['int(message.queue) == 1 || message.attributes.port == "1"', "not an integer"],
  ])("%s", (text, words) => {
    expect(evaluate(text)).toEqual({ error: expect.stringContaining(words) });
  });
});

describe("an expression is refused", () => {
  test.each<[string, string, number | undefined]>([
    ["", "is empty", undefined],
    [" \n", "is empty", undefined],
    [`"${"é".repeat(600)}" == ""`, "longer than 1024 bytes", undefined],
    ["true &&", "end of input", 5],
    ["attempts", "has type int", undefined],
    ['"true"', "has type string", undefined],
    ["message", "has type message", undefined],
    ['mesage.queue == "x"', "unknown variable mesage; known are message, failure, attempts", 0],
    ['message.que == "x"', "message has no que; it has queue,", 7],
    ['message["que"] == "x"', "message has no que", 7],
    ['message.origin.host == "x"', "origin has no host", 14],
    ["has(failure.status)", "failure has no status", 0],
    ['message.queue.name == "x"', "string has no fields (.name)", 13],
    ["message.queue == 1", "string == int is not defined", 14],
    ['message.priority == "5"', "int == string", 17],
    ["message.attributes == message.attributes", "map == map", 19],
    ["message == message", "message == message", 8],
    ["true < false", "bool < bool", 5],
    ["attempts + 1.5 > 2.0", "int + double is not defined", 9],
    ["1.5 % 1.5 == 0.0", "double % double", 4],
    ['message.queue + "x" == "y"', "string + string", 14],
    ["[1] + [2] == [1, 2]", "is not defined", 4],
    ["!attempts", "bool is needed here, not int", 1],
    ["true && attempts", "bool is needed here, not int", 8],
    ['-message.queue == ""', "-string", 0],
    ['true ? 1 : "a"', "bool ? int : string", 0],
    ['1 in ["a"]', "int in list of string", 2],
    ["1 in message.attributes", "int in map", 2],
    ['[1, "a"] == []', "of one type", 0],
    ["[[1]] == []", "of one type", 0],
    ["[1][0] == 1", "list of int[int] is not defined", 3],
    ["message[message.queue] == ''", "message[string]", 7],
    ["null == null", "use only strings, integers", 0],
    ["1u == 1u", "use only strings, integers", 0],
    ['b"x" == b"x"', "use only strings, integers", 0],
    ['{"a": 1} == {"a": 1}', "cannot be created", 0],
    ["google.protobuf.Duration{seconds: 1} == 1", "cannot be created", undefined],
    ['timestamp("2020-01-01T00:00:00Z") == 1', "unknown function timestamp", 0],
    ["dyn(1) == 1", "unknown function dyn", 0],
    ["type(1) == int", "unknown function type", 0],
    ['message.queue.replace("a", "b") == "x"', "unknown function replace", 13],
    ['message.all(x, x == "y")', "all is not allowed", undefined],
    ['["a"].exists(x, x == "y")', "exists is not allowed", undefined],
    ["[1].map(x, x) == [1]", "map is not allowed", undefined],
    ["[1].filter(x, x > 1) == [1]", "filter is not allowed", undefined],
    ["[1].exists_one(x, x > 1)", "exists_one is not allowed", undefined],
    ['contains(message.queue, "x")', 'contains is written x.contains("…")', undefined],
    ["message.queue.int() == 1", "int is written int(x)", undefined],
    ['message.queue.contains("a", "b")', "is written", undefined],
    ["size(1) == 1", "size is not defined for int", undefined],
    ["message.queue.startsWith(1)", "takes a string, not int", undefined],
    ["message.queue.contains(message.source_id)", "a literal string", undefined],
    ["message.queue.matches(message.source_id)", "a literal string", undefined],
    ['message.queue.matches("(")', "missing", undefined],
    ['message.queue.matches("(?=a)")', "invalid", undefined],
    ['message.queue.matches("a{150}")', "at most 128", undefined],
    [`${"(".repeat(33)}true${")".repeat(33)}`, "nest at most 32 deep", 32],
    [`${"true ? true : ".repeat(40)}true`, "nest at most 32 deep", undefined],
  ])("%s: %s", (text, words, offset) => {
    const error = problem(text);
    expect(error.message).toContain(words);
    if (offset !== undefined) expect(error.offset).toBe(offset);
  });

  it("if its patterns together are too large, counted at each use", () => {
    const pattern = `message.queue.matches("${"a".repeat(40)}")`;
    expect(problem(`${Array(4).fill(pattern).join(" || ")}`).message).toContain(
      "more than 128 steps",
    );
    const other = `message.queue.matches("${"b".repeat(100)}")`;
    expect(problem(`${pattern} || ${other}`).offset).toBe(pattern.length + 26);
    expect(() => problem(other)).toThrow("valid:");
  });

  it("if it uses attempts on arrival", () => {
    expect(problem("attempts > 1", "ARRIVAL").message).toBe("attempts is known on failure only");
    expect(problem("atempts > 1", "ARRIVAL").message).toContain("known are message, failure");
  });
});
