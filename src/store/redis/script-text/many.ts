import { declaredBy, type Statement } from "./statements.ts";
import { type Token, textOf } from "./tokens.ts";

/** After this many bytes of replies, or commands, no more parts run in one call: others wait for it. */
const REPLY_BYTES = 1024 * 1024;
const COMMANDS = 2_000;
/** Variables of outer functions that a function uses. Lua takes 60; `redis`, `KEYS` and `ARGV` come on top. */
const OUTER_VARIABLES_MAX = 55;

/** The statements of a script: those of the outermost function, the rest of the library, and its own text. */
export type Levels = readonly [
  outer: readonly Statement[],
  inner: readonly Statement[],
  main: readonly Statement[],
];

/**
 * KEYS: a base for each queue or partition, then their anchors. ARGV: how many bases there are; for each, the number of its
 * arguments, and these. Reply: a reply for each; nil for those that are left for another call. An error in one is its reply, and
 * the others run. The first one always runs.
 *
 * Functions that the library declares at its top level are made once: to make them takes as long as the commands of a small part.
 * All else is done for each part: the variables of the library are set, and the script's own text runs as a function.
 */
export function sourceOfMany([outer, inner, main]: Levels): string {
  const all = [...outer, ...inner].flatMap(declaredBy);
  const names = new Set(all);
  const doubled = all.find((name, at) => all.indexOf(name) !== at);
  if (doubled !== undefined) throw new Error(`${doubled} is declared twice`);
  const first = hoist(outer, names, "begin_outer");
  const second = hoist(inner, names, "begin_inner");
  return `local BASES, ALL, REDIS = KEYS, ARGV, redis
local commands = 0
local redis = setmetatable({ call = function(...)
  commands = commands + 1
  return REDIS.call(...)
end, pcall = function(...)
  commands = commands + 1
  return REDIS.pcall(...)
end }, { __index = REDIS })
local KEYS, ARGV
${first.functions}
local run = (function()
${second.functions}
local function main()
${linesOf(main)}
end
return function()
${second.calls}
return main()
end
end)()
local function begin_and_run()
${first.calls}
return run()
end
local function size_of(reply)
  if type(reply) == 'string' then return #reply end
  local size = 8
  if type(reply) == 'table' then for _, value in ipairs(reply) do size = size + size_of(value) end end
  return size
end
local replies, at, bytes, count = {}, 2, 0, tonumber(ALL[1])
for n = 1, count do
  if bytes > ${REPLY_BYTES} or commands > ${COMMANDS} then
    for left = n, count do replies[left] = false end
    break
  end
  KEYS, ARGV = { BASES[n] }, {}
  for arg = 1, tonumber(ALL[at]) do ARGV[arg] = ALL[at + arg] end
  at = at + 1 + #ARGV
  local ok, reply = pcall(begin_and_run)
  if not ok and type(reply) ~= 'table' then reply = redis.error_reply('ERR ' .. tostring(reply)) end
  replies[n] = reply
  bytes = bytes + size_of(reply)
end
return replies
`;
}

const linesOf = (statements: readonly Statement[]) =>
  statements.map(({ tokens }) => textOf(tokens)).join("\n");

interface Hoisted {
  /** Functions of the library; names of its variables; functions that set those. */
  readonly functions: string;
  /** Calls of the functions that set the variables. */
  readonly calls: string;
}

/**
 * Splits a level into functions, which are made once, and the rest, which is done for each part, in functions called `prefix` and
 * a number. `names`: all that the library declares.
 */
function hoist(level: readonly Statement[], names: ReadonlySet<string>, prefix: string): Hoisted {
  const once: string[] = [];
  const chunks: { readonly lines: string[]; readonly uses: Set<string> }[] = [];
  for (const statement of level) {
    const { tokens, uses } = statement;
    const declared = declaredBy(statement);
    if (declared.length > 0 && tokens[1]?.text === "function") {
      once.push(textOf(tokens));
      continue;
    }
    if (declared.length > 0) once.push(`local ${declared.join(", ")}`);
    const own = [...uses, ...declared].filter((name) => names.has(name));
    let chunk = chunks.at(-1);
    if (chunk === undefined || new Set([...chunk.uses, ...own]).size > OUTER_VARIABLES_MAX) {
      chunk = { lines: [], uses: new Set() };
      chunks.push(chunk);
    }
    for (const name of own) chunk.uses.add(name);
    chunk.lines.push(settingOf(tokens, declared));
  }
  const setters = chunks.map(
    ({ lines }, index) => `local function ${prefix}_${index}()\n${lines.join("\n")}\nend`,
  );
  return {
    functions: [...once, ...setters].join("\n"),
    calls: chunks.map((_, index) => `${prefix}_${index}()`).join("\n"),
  };
}

/** Sets the variables that a statement declares, or does what it does. */
function settingOf(tokens: readonly Token[], declared: readonly string[]): string {
  if (declared.length === 0) return textOf(tokens);
  const hasValues = tokens.length > 2 * declared.length;
  return hasValues
    ? textOf(tokens.slice(1))
    : `${declared.join(", ")} = ${declared.map(() => "nil").join(", ")}`;
}
