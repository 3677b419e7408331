import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { normaliseMessage } from "../../src/core/fingerprint/normalise-message.ts";

describe("variable parts", () => {
  test.each([
    // Numbers, times and durations.
    ["order 4711 failed", "order <num> failed"],
    ["order-4711: 12.5% left, 1,234.56 EUR", "order-<num>: <num> left, <num> EUR"],
    ["expected one of [1, 2, 3], got 7", "expected one of [<num>], got <num>"],
    ["items[17].sku is missing", "items[<num>].sku is missing"],
    ["no answer after 5 s", "no answer after <duration>"],
    [
      "timeout of 5000ms, then 1m30s, then PT5S",
      "timeout of <duration>, then <duration>, then <duration>",
    ],
    ["at 2026-03-01T12:00:00Z", "at <time>"],
    ["at 2026-03-01 12:00:00.123+00", "at <time>"],
    // Ids.
    ["id 01a21eee-752a-4a6b-9d2c-9f8e7d6c5b4a", "id <id>"],
    ["id 01ARZ3NDEKTSV4RRFFQ69G5FAV", "id <id>"],
    ["commit deadbeef12, object at 0x7f3c5a2b9d10", "commit <id>, object at <id>"],
    ["cus_NffrFeUfNV2Hib has no ord_8f3a21c9", "cus_<id> has no ord_<id>"],
    ["worker-7d9f8b6c5-x2x9z died", "worker-<id> died"],
    // Addresses.
    ["dial tcp 10.0.3.17:5432: refused", "dial tcp <ip>:<num>: refused"],
    ["connect ECONNREFUSED ::1:6379", "connect ECONNREFUSED <ip>"],
    ["shard-17.db.internal:5432 is down", "shard-<num>.db.internal:<num> is down"],
    ["mail to anna@shop.example bounced", "mail to <email> bounced"],
    [
      "GET https://user:pw@api.example:8443/v1/orders/17?x=1#f failed",
      "GET https://api.example:<num>/v1/orders/<id> failed",
    ],
    ["GET /v1/orders/17: 404 Not Found", "GET /v1/orders/<id>: 404 Not Found"],
    // Files: the folder varies, and so does the name of a file of data.
    ["open /tmp/a1/upload-8271.csv: no such file", "open <path>/<file>.csv: no such file"],
    ["open /etc/billing/tax.toml: no such file", "open <path>/tax.toml: no such file"],
    ["C:\\data\\in\\late.csv is locked", "<path>/<file>.csv is locked"],
    // Quoted values.
    [
      "invalid literal for int() with base 10: 'twelve'",
      "invalid literal for int() with base <num>: <value>",
    ],
    ["'abc' is not of type 'number'", "<value> is not of type 'number'"],
    ['For input string: "1O0"', "For input string: <value>"],
    [
      "Duplicate entry 'anna@shop.example' for key 'customers.email'",
      "Duplicate entry <value> for key 'customers.email'",
    ],
    ["Key (email)=(anna@shop.example) already exists.", "Key (email)=<value> already exists."],
    ["Failing row contains (17, Anna Berg, null).", "Failing row contains <value>."],
    ["[parameters: (17, 'Anna Berg')]", "[parameters: <value>]"],
    [
      "Field required [type=missing, input_value={'id': 17, 'of': {'b': 2}}, input_type=dict]",
      "Field required [type=missing, input_value=<value>, input_type=dict]",
    ],
    ["No enum constant com.example.State.on hold", "No enum constant com.example.State.<value>"],
    ["Cannot convert twelve to a BigInt", "Cannot convert <value> to a BigInt"],
    // Lines of a refused text, and what underlines it.
    ["error at line 2\n  |\n2 | total = x\n  | ^^^^^\nno number", "error at line <num> no number"],
    ["  spaces \n\t here  ", "spaces here"],
  ])("%j becomes %j", (message, expected) => {
    expect(normaliseMessage(message)).toBe(expected);
  });
});

describe("what stays", () => {
  test.each([
    "Request failed with status code 502",
    "bank answered 503",
    "502 Bad Gateway",
    "HTTP/1.1 503 Service Unavailable",
    "[Errno 111] Connection refused",
    "Connection refused (os error 111)",
    "SQLSTATE[23505]: Unique violation",
    "ORA-00001: unique constraint (SHOP.PK_ORDERS) violated",
    "exit status 137",
    "int64 overflow in utf8 sha256 v2",
    "'total'",
    "KeyError: 'total'",
    "'total' is a required property",
    'null value in column "total" of relation "orders" violates not-null constraint',
    'duplicate key value violates unique constraint "orders_pkey"',
    "Cannot read properties of undefined (reading 'name')",
    "missing field `total`",
    'json: unknown field "name"',
    "Key: 'Order.Total' Error:Field validation for 'Total' failed on the 'gte' tag",
    "no such table: payments",
    "can't connect: it's down",
    "read/write failed",
    "订单不存在",
  ])("%j", (message) => {
    expect(normaliseMessage(message)).toBe(message);
  });
});

test("a value of any length does not move the end of the result", () => {
  const message = (value: string) => `invalid value "${value}" ${"and so on ".repeat(100)}`;
  expect(normaliseMessage(message("x".repeat(300)))).toBe(normaliseMessage(message("y")));
});

test("the result does not depend on numbers and ids", () => {
  const words = fc.array(fc.constantFrom("order", "of", "is", "late,", "key", "at"), {
    minLength: 1,
  });
  const values = fc.tuple(fc.nat(), fc.uuid(), fc.ipV4());
  fc.assert(
    fc.property(words, values, values, (text, one, other) => {
      const message = ([number, id, ip]: [number, string, string]) =>
        `${text.join(" ")} ${number} ${id} from ${ip}`;
      expect(normaliseMessage(message(one))).toBe(normaliseMessage(message(other)));
    }),
  );
});

test("any text gives a short text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 1000 }), (message) => {
      expect(normaliseMessage(message).length).toBeLessThan(3000);
    }),
  );
});
