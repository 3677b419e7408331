import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type FailureToGroup,
  FINGERPRINT_VERSION,
  fingerprintOf,
} from "../../src/core/fingerprint/fingerprint.ts";
import { whyAlike } from "../../src/core/fingerprint/why-alike.ts";

const failure: FailureToGroup = {
  type: "requests.exceptions.ReadTimeout",
  message:
    "HTTPConnectionPool(host='bank.example', port=40497): Read timed out. (read timeout=0.21)",
  stackTrace: `Traceback (most recent call last):
  File "/srv/app/billing/charge.py", line 12, in charge
    requests.post(url)`,
};

const print = (
  changes: Partial<FailureToGroup> = {},
  reason: "TIMEOUT" | "NETWORK_ERROR" = "TIMEOUT",
) => fingerprintOf({ ...failure, ...changes }, reason, "").text;

test("fingerprints never change within a version", () => {
  expect(FINGERPRINT_VERSION).toBe(1);
  expect(print().split("\n")).toEqual([
    "1",
    "TIMEOUT",
    "requests.exceptions.ReadTimeout",
    "billing/charge.py in charge",
    expect.stringMatching(/^HTTPConnectionPool/),
  ]);
  expect(fingerprintOf(failure, "TIMEOUT", "bank-down").text).toBe("1\nown\nbank-down");
  const empty = { type: "", message: "", stackTrace: "" };
  expect(fingerprintOf(empty, "UNKNOWN_ERROR", "").text).toBe("1\nUNKNOWN_ERROR\n\n\n");
});

test("reason, type, codes, message and frame tell failures apart; values and lines do not", () => {
  const other = [
    print({}, "NETWORK_ERROR"),
    print({ type: "requests.exceptions.ConnectTimeout" }),
    print({ httpStatus: 504 }),
    print({ httpStatus: 502 }),
    print({ grpcCode: 14 }),
    print({ attributes: { code: "Throttling" } }),
    print({ attributes: { sqlstate: "57014" } }),
    print({ message: failure.message.replace("bank", "ledger") }),
    print({ stackTrace: failure.stackTrace.replace("in charge", "in refund") }),
    print({ stackTrace: failure.stackTrace.replace("charge.py", "refund.py") }),
    print({ stackTrace: "" }),
  ];
  expect(new Set([print(), ...other]).size).toBe(other.length + 1);
  expect(
    print({
      message: failure.message.replace("40497", "1234").replace("0.21", "3"),
      stackTrace: failure.stackTrace.replace("line 12", "line 99"),
      attributes: { host: "10.0.0.1", "retry-after": "3" },
    }),
  ).toBe(print());
});

test("numbers that runtimes give to classes do not matter", () => {
  expect(print({ type: "com.example.Bank$1" })).toBe(print({ type: "com.example.Bank$2" }));
});

test("the sender's own fingerprint decides alone", () => {
  const own = fingerprintOf(failure, "TIMEOUT", "bank-down");
  const same = fingerprintOf(
    { type: "x", message: "y", stackTrace: "" },
    "NETWORK_ERROR",
    "bank-down",
  );
  expect(same.text).toBe(own.text);
  expect(same.parts).toEqual({
    fingerprint: "bank-down",
    reason: "NETWORK_ERROR",
    type: "x",
    message: "y",
    frame: "",
  });
  expect(fingerprintOf(failure, "TIMEOUT", "bank-slow").text).not.toBe(own.text);
});

test("parts with line breaks do not become equal to others", () => {
  const texts = fc.constantFrom("", "a", "b", "a\nb", "\n");
  fc.assert(
    fc.property(texts, texts, texts, texts, (type, message, otherType, otherMessage) => {
      const one = fingerprintOf({ type, message, stackTrace: "" }, "TIMEOUT", "");
      const other = fingerprintOf(
        { type: otherType, message: otherMessage, stackTrace: "" },
        "TIMEOUT",
        "",
      );
      const areEqual = JSON.stringify(one.parts) === JSON.stringify(other.parts);
      expect(one.text === other.text).toBe(areEqual);
    }),
  );
});

test("why a group was formed", () => {
  expect(whyAlike(fingerprintOf(failure, "TIMEOUT", "").parts)).toBe(
    "same reason TIMEOUT, type requests.exceptions.ReadTimeout, message " +
      "\"HTTPConnectionPool(host='bank.example', port=<num>): Read timed out. (read timeout=<num>)\" " +
      "and frame billing/charge.py in charge",
  );
  expect(whyAlike(fingerprintOf(failure, "TIMEOUT", "bank-down").parts)).toBe(
    'same fingerprint "bank-down", given by the sender',
  );
  expect(whyAlike({ reason: "UNKNOWN_ERROR", type: "", message: "", frame: "" })).toBe(
    "same reason UNKNOWN_ERROR",
  );
});
