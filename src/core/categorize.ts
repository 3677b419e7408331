import { CATEGORIES, TYPE_EXCEPTIONS } from "./categories.ts";
import { createPhraseMatcher, type PhraseMatcher } from "./phrase-matcher.ts";
import { type Reason, reasonFromNumber } from "./reason.ts";

/** A failure as reported; anything but `type` and `message` may be missing. */
export interface UncategorizedFailure {
  /** As on the wire: 0, or a number that this version does not know, counts as missing. */
  reasonNumber?: number | undefined;
  type: string;
  message: string;
  grpcCode?: number | undefined;
  httpStatus?: number | undefined;
}

/** What says most stands at the start; the bound keeps the cost of a huge message small. */
const TEXT_CHARS = 2048;
const TYPE_CHARS = 256;

type Column = "typeParts" | "codes" | "text";

/**
 * The reason of a failure that may not name one. The given reason wins; else the table in
 * categories.ts decides, strongest evidence first: gRPC code, HTTP status, exception type, errno,
 * a status inside the message, words of the message. No evidence is UNKNOWN_ERROR.
 */
export function categorize(failure: UncategorizedFailure): Reason {
  return (
    reasonFromNumber(failure.reasonNumber ?? 0) ??
    byGrpcCode.get(failure.grpcCode ?? 0) ??
    reasonOfHttpStatus(failure.httpStatus ?? 0) ??
    reasonOfWords(failure.type, failure.message) ??
    "UNKNOWN_ERROR"
  );
}

function reasonOfHttpStatus(status: number): Reason | undefined {
  const listed = byHttpStatus.get(status);
  if (listed !== undefined) return listed;
  // An unlisted refusal or redirect is still the endpoint's answer; 2xx says nothing.
  return status >= 300 && status <= 599 ? "WEBHOOK_FAILED" : undefined;
}

function reasonOfWords(givenType: string, givenMessage: string): Reason | undefined {
  const message = givenMessage.slice(0, TEXT_CHARS);
  const type = (givenType || leadingType(message)).slice(0, TYPE_CHARS);
  const ofType = reasonOfType(type, message) ?? codes.find(type)?.reason;
  if (ofType !== undefined) return ofType;
  // One pass for both columns; all codes come before all words.
  const found = codesAndText.find(message);
  if (found?.column === "codes") return found.reason;
  return reasonOfHttpStatus(statusInText(message)) ?? found?.reason;
}

function reasonOfType(type: string, message: string): Reason | undefined {
  if (type === "") return undefined;
  const [name, qualified] = typeNames(type);
  for (const exception of exceptionsByType.get(name) ?? []) {
    if (exception.matcher.first(message) >= 0) return exception.reason;
  }
  return byType.get(qualified) ?? byType.get(name) ?? typeParts.find(type)?.reason;
}

/**
 * "java.net.SocketTimeoutException", "*net.OpError", "serde_json::Error", "Outer$Inner" and
 * "Box<dyn Error>" to their last part, and to the last two joined by a dot; lower case.
 */
function typeNames(type: string): [name: string, qualified: string] {
  const generic = type.indexOf("<", 1);
  const parts = (generic > 0 ? type.slice(0, generic) : type).toLowerCase().match(/\w+/g) ?? [];
  const name = parts.at(-1) ?? "";
  return [name, parts.length > 1 ? `${parts.at(-2)}.${name}` : name];
}

/** "TypeError: x is undefined" names its type in the message. */
function leadingType(message: string): string {
  return /^[\w.$*]{1,200}(?=: )/.exec(message)?.[0] ?? "";
}

/** "status code 503", "HTTP Error 404", "server returned 500", "401 Client Error"; 0 for none. */
const STATUS_IN_TEXT =
  /\b(?:status(?:[ _]?code)?|HTTP(?:\/\d(?:\.\d)?)?(?: error)?|(?:server|endpoint|webhook) returned|responded with|response code)(?:[ :=]|is){1,4}([3-5]\d\d)\b|^([45]\d\d) (?:client error|server error|unauthorized|forbidden|not found|too many|bad |internal|service|gateway|unprocessable|conflict|gone|request)/i;

function statusInText(message: string): number {
  const found = STATUS_IN_TEXT.exec(message);
  return found === null ? 0 : Number(found[1] ?? found[2]);
}

interface Found {
  reason: Reason;
  column: Column;
}

/** Compiles columns of the table, stronger ones first, into one search. */
function compile(...columns: readonly Column[]): { find(text: string): Found | undefined } {
  const cells = columns.flatMap((column) =>
    CATEGORIES.flatMap(({ reason, [column]: phrases = [] }) =>
      phrases.map((phrase) => ({ phrase, found: { reason, column } })),
    ),
  );
  const matcher = createPhraseMatcher(cells.map((cell) => cell.phrase));
  return { find: (text) => cells[matcher.first(text)]?.found };
}

const typeParts = compile("typeParts");
const codes = compile("codes");
const codesAndText = compile("codes", "text");

const byGrpcCode = new Map(CATEGORIES.flatMap((c) => (c.grpc ?? []).map((n) => [n, c.reason])));
const byHttpStatus = new Map(CATEGORIES.flatMap((c) => (c.http ?? []).map((n) => [n, c.reason])));
const byType = new Map(
  CATEGORIES.flatMap((c) => (c.types ?? []).map((name) => [name.toLowerCase(), c.reason])),
);

const exceptionsByType = new Map<string, { matcher: PhraseMatcher; reason: Reason }[]>();
for (const { type, text: phrase, reason } of TYPE_EXCEPTIONS) {
  const key = type.toLowerCase();
  const list = exceptionsByType.get(key) ?? [];
  list.push({ matcher: createPhraseMatcher([phrase]), reason });
  exceptionsByType.set(key, list);
}
