import { expect, test } from "vitest";
import { whyNonRetryable } from "../../src/core/verdict.ts";

const settings = (...nonRetryableTypes: string[]) => ({
  nonRetryableReasons: ["TIMEOUT"] as const,
  nonRetryableTypes,
});

test.each<[type: string, named: string]>([
  ["ValueError", "ValueError"],
  ["requests.exceptions.Timeout", "Timeout"],
  ["requests.exceptions.Timeout", "requests.exceptions.Timeout"],
  ["*net.OpError", "OpError"],
  ["*OpError", "OpError"],
  ["github.com/shop/orders.ErrGone", "ErrGone"],
  ["serde_json::Error", "Error"],
  ["com.shop.Orders$Gone", "Gone"],
  ["Shop\\Orders\\Gone", "Gone"],
  ["Shop::Problem<std::io::Error>", "Problem"],
  ["<anonymous>", "<anonymous>"],
  ["OrderGone [ECONNREFUSED]", "OrderGone"],
  ["shop.OrderGone [SQLSTATE 42P01]", "OrderGone"],
  ["shop.OrderGone [SQLSTATE 42P01]", "shop.OrderGone"],
  ["Error [ECONNREFUSED]", "Error [ECONNREFUSED]"],
])("%s is %s", (type, named) => {
  expect(whyNonRetryable("NETWORK_ERROR", type, settings("Other", named))).toBe(
    `the queue does not retry failures of type ${named}`,
  );
});

test.each<[type: string, named: string]>([
  ["ValueError", "valueError"],
  ["ValueError", "Error"],
  ["shop.orders.Gone", "orders.Gone"],
  ["Shop::Problem<std::io::Error>", "Error"],
  ["", "ValueError"],
  ["ValueError", ""],
  ["Error [ECONNREFUSED]", "ECONNREFUSED"],
])("%j is not %j", (type, named) => {
  expect(whyNonRetryable("NETWORK_ERROR", type, settings(named))).toBeUndefined();
});

test("the reason comes first", () => {
  expect(whyNonRetryable("TIMEOUT", "Gone", settings("Gone"))).toBe(
    "the queue does not retry TIMEOUT",
  );
});
