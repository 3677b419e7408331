import { expect, test } from "vitest";
import { LAYOUTS } from "../../../../src/store/redis/packed/layouts.ts";
import { expand } from "../../../../src/store/redis/script-text/expand.ts";
import { textOf, tokenize } from "../../../../src/store/redis/script-text/tokens.ts";

const expanded = (source: string) => textOf(expand(tokenize(source)));
const TOKEN = `'${LAYOUTS.token.format}'`;

test.each([
  ["a number", "if s == STATE.IN_FLIGHT then", "if s == 2 then"],
  ["a common key", "rank(k_due, id)", "rank(k_due, id)"],
  ["a rare key", "rank(k_key_queues, id)", "rank((BASE .. ':lanes'), id)"],
  ["a field of another table", "s.STATE.x(a.read.token)", "s.STATE.x(a.read.token)"],
  [
    "some fields of a layout, in any order",
    "local nonce, delivery = read.token(v, 2)",
    `local _, delivery, nonce = struct.unpack(${TOKEN}, v, 2)`,
  ],
  [
    "the position behind",
    "local id, rest = read.token(v)",
    `local id, _, _, rest = struct.unpack(${TOKEN}, v)`,
  ],
  [
    "a table of all fields",
    "local t = record.token(v)",
    `local t do local f_id, f_delivery, f_nonce = struct.unpack(${TOKEN}, v) t = { id = f_id, delivery = f_delivery, nonce = f_nonce } end`,
  ],
  [
    "a packed value",
    "return write.token { nonce = n, id = f(a, { 1 }), delivery = 2 }",
    `return struct.pack(${TOKEN}, f(a, { 1 }), 2, n)`,
  ],
  [
    "a packed table with a value of its own",
    "x = write.token(s, { delivery = 2 })",
    `x = struct.pack(${TOKEN}, s.id, 2, s.nonce)`,
  ],
  [
    "a string, behind its length",
    "x = write.send_target { target = s.target }",
    "x = struct.pack('>Bc0', #s.target, s.target)",
  ],
])("%s is put into a script", (_, source, result) => {
  expect(expanded(source)).toBe(result);
});

test.each([
  ["a number that the table does not have", "x = STATE.LOST", "STATE has no LOST"],
  ["a key that does not exist", "rank(k_other, id)", "no key k_other"],
  ["an unknown layout", "local a = read.other(v)", "no layout other"],
  ["an unknown field", "local other = read.token(v)", "token has no other"],
  ["a field without a value", "x = write.token { id = 1, nonce = 2 }", "has no delivery"],
  ["a value without a field", "x = write.token(s, { other = 1 })", "token has no other"],
  [
    "a string that would be computed twice",
    "x = write.send_target { target = f() }",
    "takes a name",
  ],
  ["a read that declares nothing", "f(read.token(v))", 'behind "local NAMES ="'],
])("%s is refused", (_, source, error) => {
  expect(() => expanded(source)).toThrow(error);
});
