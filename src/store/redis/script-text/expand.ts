import { QUEUE_KEYS, RARE_QUEUE_KEYS } from "../keys.ts";
import { CONSTANTS } from "../packed/constants.ts";
import type { Fields, Layout } from "../packed/layout.ts";
import { LAYOUTS } from "../packed/layouts.ts";
import { behindBracket, type Token, textOf, tokenize } from "./tokens.ts";

/** A name of the tables as Lua has it: `movedIn` is `moved_in` there. */
export const luaName = (name: string): string =>
  name.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);

const GROUPS = CONSTANTS as Readonly<Record<string, Readonly<Record<string, number | string>>>>;
const LAYOUT_OF = new Map<string, Layout<Fields>>(
  Object.entries(LAYOUTS).map(([name, layout]) => [luaName(name), layout]),
);
const RARE_KEYS = new Map(
  Object.entries(RARE_QUEUE_KEYS).map(([name, suffix]) => [`k_${luaName(name)}`, suffix]),
);
const KEYS = new Set(Object.keys(QUEUE_KEYS).map((name) => `k_${luaName(name)}`));

/**
 * Puts values in the place of names from the tables, so that they cost nothing at run time:
 *
 * - `STATE.SCHEDULED`: the number or string.
 * - `local id, nonce = read.token(v)` or `(v, at)`: struct.unpack, whatever the order of the names; `rest` is
 *   the position behind the value.
 * - `local t = record.token(v)` or `local t, behind = record.token(v, at)`: a table of all fields, and the position
 *   behind the value.
 * - `write.token { id = id, ... }`, `write.token(s)` or `write.token(s, { id = id })`: struct.pack; a field
 *   without a value of its own is that of the table `s`. The value of a string is a name: it is needed twice.
 * - `k_due`: the key; of a rare one its name is put together there.
 *
 * Throws on a name that the tables do not have.
 */
export function expand(tokens: readonly Token[]): Token[] {
  const result: Token[] = [];
  for (let at = 0; at < tokens.length; ) {
    const token = tokens[at] as Token;
    const member = tokens[at + 2];
    const isField = tokens[at - 1]?.text === "." || tokens[at - 1]?.text === ":";
    if (token.type !== "name" || isField) {
      result.push(token);
      at++;
    } else if (tokens[at + 1]?.text === "." && member !== undefined) {
      at = expandMember(tokens, at, member.text, result);
    } else {
      result.push(...expandKey(token));
      at++;
    }
  }
  return result;
}

/** `name.member` at `at`; returns the index behind what it has read. */
function expandMember(
  tokens: readonly Token[],
  at: number,
  member: string,
  result: Token[],
): number {
  const { text, before } = tokens[at] as Token;
  const group = GROUPS[text];
  if (group !== undefined) {
    const value = group[member];
    if (value === undefined) throw new Error(`${text} has no ${member}`);
    const isText = typeof value === "string";
    result.push(
      isText
        ? { type: "string", text: `'${value}'`, before }
        : { type: "number", text: String(value), before },
    );
    return at + 3;
  }
  if (text === "read" || text === "record") {
    const layout = layoutOf(member);
    const [first, ...more] = expand(argumentsAt(tokens, at + 3));
    const { local, names } = takeLocal(result, `${text}.${member}`);
    const call = tokenize(` struct.unpack('${layout.format}',`);
    const unpacked = [...call, { ...(first as Token), before: " " }, ...more];
    if (text === "read") {
      result.push(...tokenize(local + inOrder(layout, names, member)), ...unpacked);
    } else {
      const [start, end] = tableFrom(layout, names);
      result.push(...tokenize(local + start), ...unpacked, ...tokenize(end));
    }
    return behindBracket(tokens, at + 3);
  }
  if (text === "write") {
    const end = behindWrite(tokens, at + 3);
    const values = writtenValues(layoutOf(member), member, tokens.slice(at + 3, end));
    result.push(...tokenize(`${before}struct.pack('${layoutOf(member).format}', ${values})`));
    return end;
  }
  result.push(tokens[at] as Token);
  return at + 1;
}

function layoutOf(name: string): Layout<Fields> {
  const layout = LAYOUT_OF.get(name);
  if (layout === undefined) throw new Error(`there is no layout ${name}`);
  return layout;
}

/** The tokens in the bracket at `open`, and the bracket that closes it. */
function argumentsAt(tokens: readonly Token[], open: number): readonly Token[] {
  if (tokens[open]?.text !== "(") throw new Error("read and record take a value in brackets");
  return tokens.slice(open + 1, behindBracket(tokens, open));
}

/** Takes `local a, b =` off the end of the result; returns the white space before it, and the names. */
function takeLocal(result: Token[], what: string): { local: string; names: string[] } {
  const start = result.findLastIndex(({ text }) => text === "local");
  const declared = start < 0 ? [] : result.slice(start + 1);
  const names = declared.filter(({ type }) => type === "name").map(({ text }) => text);
  if (names.length === 0 || declared.map(({ text }) => text).join("") !== `${names.join(",")}=`) {
    throw new Error(`${what} stands behind "local NAMES ="`);
  }
  const local = (result[start] as Token).before;
  result.length = start;
  return { local, names };
}

const fieldsOf = (layout: Layout<Fields>) => layout.fields.map(({ name }) => luaName(name));

/** A declaration of the names in the order of the layout. */
function inOrder(layout: Layout<Fields>, names: readonly string[], member: string): string {
  const fields = fieldsOf(layout);
  const unknown = names.filter((name) => name !== "rest" && !fields.includes(name));
  if (unknown.length > 0) throw new Error(`${member} has no ${unknown.join(", ")}`);
  const all = [...fields.map((field) => (names.includes(field) ? field : "_")), "rest"];
  const last = all.findLastIndex((field) => names.includes(field));
  return `local ${all.slice(0, last + 1).join(", ")} =`;
}

/** What stands before and behind struct.unpack, to make a table of all fields; and the position behind, if asked. */
function tableFrom(layout: Layout<Fields>, names: readonly string[]) {
  const fields = fieldsOf(layout);
  const targets = names.join(", ");
  const behind = names.length > 1 ? ", behind" : "";
  const table = fields.map((field) => `${field} = f_${field}`).join(", ");
  return [
    `local ${targets} do local ${fields.map((field) => `f_${field}`).join(", ")}${behind} =`,
    ` ${targets} = { ${table} }${behind} end`,
  ] as const;
}

function behindWrite(tokens: readonly Token[], at: number): number {
  if (tokens[at]?.text !== "{" && tokens[at]?.text !== "(") {
    throw new Error("write takes a table");
  }
  return behindBracket(tokens, at);
}

const NAME = /^[\w.]+$/;

/** The arguments of struct.pack. */
function writtenValues(layout: Layout<Fields>, name: string, tokens: readonly Token[]): string {
  const isCall = tokens[0]?.text === "(";
  const from = isCall ? tokens[1]?.text : undefined;
  const open = tokens.findIndex(({ text }) => text === "{");
  const given = open < 0 ? new Map<string, string>() : entriesOf(tokens.slice(open));
  const values = layout.fields.map((field) => {
    const own = luaName(field.name);
    const value = given.get(own) ?? (from === undefined ? undefined : `${from}.${own}`);
    if (value === undefined) throw new Error(`write.${name} has no ${own}`);
    given.delete(own);
    if (!field.lua.endsWith("c0")) return value;
    if (!NAME.test(value)) throw new Error(`write.${name}: ${own} takes a name, not ${value}`);
    return `#${value}, ${value}`;
  });
  if (given.size > 0) throw new Error(`${name} has no ${[...given.keys()].join(", ")}`);
  return values.join(", ");
}

/** The entries of a table constructor that begins here, as text. */
function entriesOf(tokens: readonly Token[]): Map<string, string> {
  const entries = new Map<string, string>();
  const end = behindBracket(tokens, 0) - 1;
  for (let at = 1; at < end; ) {
    const name = tokens[at]?.text ?? "";
    if (tokens[at + 1]?.text !== "=") throw new Error(`${name}: a value without a name`);
    let next = at + 2;
    while (next < end && tokens[next]?.text !== ",") {
      next = "([{".includes(tokens[next]?.text ?? "") ? behindBracket(tokens, next) : next + 1;
    }
    entries.set(name, textOf(expand(tokens.slice(at + 2, next))).replace(/\s+/g, " "));
    at = next + 1;
  }
  return entries;
}

function expandKey(token: Token): Token[] {
  if (!token.text.startsWith("k_")) return [token];
  const suffix = RARE_KEYS.get(token.text);
  if (suffix !== undefined) return tokenize(`${token.before}(BASE .. '${suffix}')`);
  if (!KEYS.has(token.text)) throw new Error(`there is no key ${token.text}`);
  return [token];
}
