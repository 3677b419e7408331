import { describe, expect, it, test } from "vitest";
import { createPhraseMatcher } from "../../src/core/phrase-matcher.ts";

describe("a phrase", () => {
  test.each<[string, string, boolean]>([
    ["timed out", "timed out", true],
    ["timed out", "Connection TIMED OUT!", true],
    ["timed out", "it\ttimed --- out.", true],
    ["timed out", "timed_out", true],
    ["DEADLINE_EXCEEDED", "context deadline exceeded", true],
    ["timed out", "timed outs", false],
    ["timed out", "mistimed out", false],
    ["timed out", "timed the lap out", false],
    ["plugin*", "the plugins of", true],
    ["plugin*", "myplugin", false],
    ["*error", "TimeoutError: x", true],
    ["*error", "errors", false],
    ["*timeout*", "ConnectTimeoutException", true],
    ["e4", "zeitüberschreitung e4 für", true],
    ["x", "", false],
  ])("%j in %j: %s", (phrase, text, found) => {
    expect(createPhraseMatcher([phrase]).first(text)).toBe(found ? 0 : -1);
  });

  it("needs a word", () => {
    expect(() => createPhraseMatcher(["ok", "*"])).toThrow('"*"');
  });
});

it("returns the first phrase of the list, wherever it is in the text", () => {
  const matcher = createPhraseMatcher(["gamma", "beta gamma delta", "beta"]);
  expect(matcher.first("alpha beta")).toBe(2);
  expect(matcher.first("alpha beta gamma")).toBe(0);
});

it("finds a phrase inside and after an incomplete longer one", () => {
  const matcher = createPhraseMatcher(["a b c d", "*b c", "c e"]);
  expect(matcher.first("a b c x")).toBe(1);
  expect(matcher.first("a b c e")).toBe(1);
  expect(matcher.first("a c e")).toBe(2);
});

it("agrees with a naive search over generated texts", () => {
  const phrases = ["a b", "*ab", "ba*", "b", "a a", "*bab*", "c a b c"];
  const matcher = createPhraseMatcher(phrases);
  const naive = (text: string) =>
    phrases.findIndex((phrase) => {
      const open = phrase.replaceAll("*", "");
      const pattern = `${phrase.startsWith("*") ? "" : " "}${open}${phrase.endsWith("*") ? "" : " "}`;
      return ` ${text} `.includes(pattern);
    });
  // Every word of up to 7 characters over a small alphabet, double spaces aside.
  const grow = (text: string): void => {
    expect(matcher.first(text), JSON.stringify(text)).toBe(naive(text));
    if (text.length < 7)
      for (const c of "abc ") if (!(c === " " && /^$| $/.test(text))) grow(text + c);
  };
  grow("");
});
