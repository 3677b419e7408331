import { CATEGORIES } from "./categories.ts";
import { TYPE_EXCEPTIONS } from "./category-exceptions.ts";
import { createPhraseMatcher, type PhraseMatcher } from "./phrase-matcher.ts";
import { type Reason, reasonFromNumber } from "./reason.ts";

/** A failure as reported; anything but `type` and `message` may be missing. */
export interface UncategorizedFailure {
  /** The number in the contract. 0 and unknown numbers count as missing. */
  reasonNumber?: number | undefined;
  type: string;
  message: string;
  grpcCode?: number | undefined;
  httpStatus?: number | undefined;
  /** `code` and `sqlstate` are read: what an error has in fields of these names. */
  attributes?: Readonly<Record<string, string>> | undefined;
}

/** The start of a text says most. The limits bound the cost of huge messages. */
const TEXT_CHARS = 2048;
const TYPE_CHARS = 256;

type Column = "typeParts" | "codes" | "text";

/**
 * Returns the reason of a failure. A given reason wins; otherwise the table in categories.ts
 * decides, strongest evidence first: gRPC code, HTTP status, codes of type and attributes, exception
 * type, code words, an exception named in the message, a status in the message, its phrases. Without evidence:
 * UNKNOWN_ERROR.
 *
 * Two kinds of evidence describe the symptom, not the cause: the statuses in BROAD_STATUSES, and
 * types that mean NETWORK_ERROR. A reason in CAUSES that is found later overrides both.
 */
export function categorize(failure: UncategorizedFailure): Reason {
  return (
    reasonFromNumber(failure.reasonNumber ?? 0) ??
    byGrpcCode.get(failure.grpcCode ?? 0) ??
    reasonOfResponse(failure) ??
    reasonOfText(readText(failure)) ??
    "UNKNOWN_ERROR"
  );
}

const CAUSES: ReadonlySet<Reason | undefined> = new Set<Reason>([
  ...(["RESOURCE_EXHAUSTED", "TIMEOUT", "AUTHENTICATION_ERROR"] as const),
  // Conflicts between transactions: the first row of the table.
  "UNKNOWN_ERROR",
]);

/**
 * Services use 400, 403 and 503 also for throttling, expired tokens and conflicts, and name the
 * cause in the body.
 */
const BROAD_STATUSES: ReadonlySet<number> = new Set([400, 403, 503]);

function reasonOfResponse(failure: UncategorizedFailure): Reason | undefined {
  const status = failure.httpStatus ?? 0;
  const reason = reasonOfHttpStatus(status);
  if (!BROAD_STATUSES.has(status)) return reason;
  const texts = readText(failure);
  const named =
    reasonOfCodes(texts) ??
    reasonOfException(texts) ??
    reasonOfName(texts.type) ??
    codes.find(texts.message)?.reason ??
    reasonOfMention(texts);
  return CAUSES.has(named) ? named : reason;
}

function reasonOfHttpStatus(status: number): Reason | undefined {
  const listed = byHttpStatus.get(status);
  if (listed !== undefined) return listed;
  // An unlisted 3xx, 4xx or 5xx is still an error of the endpoint; 2xx proves nothing.
  return status >= 300 && status <= 599 ? "WEBHOOK_FAILED" : undefined;
}

interface FailureText {
  readonly type: string;
  /** Codes of the attributes. */
  readonly codes: string;
  readonly message: string;
}

/** Paths of URLs and files contain words that prove nothing: `/orders/unauthorized`. */
const PATH = /:\/\/[^\s"'<>)]*|(?<=^|[\s"'(=:])\/[^\s"',)]+/g;

function readText(failure: UncategorizedFailure): FailureText {
  const message = failure.message.slice(0, TEXT_CHARS).replace(PATH, " ");
  const type = (failure.type || leadingType(message)).slice(0, TYPE_CHARS);
  return { type, codes: codesOf(failure.attributes ?? {}), message };
}

/** SQLSTATEs of MySQL that do not name a cause. */
const GENERAL_SQLSTATES: ReadonlySet<string> = new Set(["42000", "HY000"]);

function codesOf({ code = "", sqlstate = "" }: Readonly<Record<string, string>>): string {
  const state = GENERAL_SQLSTATES.has(sqlstate) ? "" : ` SQLSTATE ${sqlstate}`;
  return `${code}${state}`.slice(0, TYPE_CHARS);
}

function reasonOfCodes(texts: FailureText): Reason | undefined {
  return codes.find(texts.type)?.reason ?? codes.find(texts.codes)?.reason;
}

function reasonOfText(texts: FailureText): Reason | undefined {
  const code = reasonOfCodes(texts);
  if (code === undefined) {
    const excepted = reasonOfException(texts);
    if (excepted !== undefined) return excepted;
  }
  const ofType = code ?? reasonOfName(texts.type);
  if (ofType !== undefined && ofType !== "NETWORK_ERROR") return ofType;
  const ofMessage = reasonOfMessage(texts);
  if (ofType === undefined) return ofMessage;
  return CAUSES.has(ofMessage) ? ofMessage : ofType;
}

function reasonOfMessage(texts: FailureText): Reason | undefined {
  // One pass for both columns. All codes are stronger than all phrases.
  const found = codesAndText.find(texts.message);
  if (found?.column === "codes") return found.reason;
  const { message } = texts;
  return (
    reasonOfGrpcStatus(message) ??
    reasonOfMention(texts) ??
    reasonOfHttpStatus(statusInText(message)) ??
    found?.reason
  );
}

/** Looks up category-exceptions.ts. */
function reasonOfException({ type, message }: FailureText): Reason | undefined {
  for (const name of typeNames(type)) {
    for (const exception of exceptionsByType.get(name) ?? []) {
      if (exception.matcher.first(message) >= 0) return exception.reason;
    }
  }
  return undefined;
}

function reasonOfName(type: string): Reason | undefined {
  for (const name of typeNames(type)) {
    const listed = byType.get(name);
    if (listed !== undefined) return listed;
  }
  return typeParts.find(type)?.reason;
}

const MENTIONS = /\b[A-Z]\w{0,100}(?:Exception|Error|Timeout)\b/g;

/**
 * The first exception in the message that the table knows: "RetryError: raised ConnectionError",
 * "(ThrottlingException)".
 */
function reasonOfMention({ message }: FailureText): Reason | undefined {
  for (const [name] of message.matchAll(MENTIONS)) {
    const reason = reasonOfName(name);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/**
 * The name of a gRPC status at the start of a message or after an exception's name: "unavailable:
 * dial tcp", "io.grpc.StatusRuntimeException: UNAVAILABLE: io exception".
 */
const GRPC_STATUS =
  /(?:^|Exception: )(?:\d{1,2} )?(invalid_argument|deadline_exceeded|permission_denied|resource_exhausted|out_of_range|unimplemented|unavailable|unauthenticated): /i;

const GRPC_CODES = new Map(
  Object.entries({
    ...{ invalid_argument: 3, deadline_exceeded: 4, permission_denied: 7, resource_exhausted: 8 },
    ...{ out_of_range: 11, unimplemented: 12, unavailable: 14, unauthenticated: 16 },
  }),
);

function reasonOfGrpcStatus(message: string): Reason | undefined {
  const name = GRPC_STATUS.exec(message)?.[1] ?? "";
  return byGrpcCode.get(GRPC_CODES.get(name.toLowerCase()) ?? 0);
}

/**
 * The names of a type in lower case, most specific first, as the table may list them: for
 * "serde_json::error::Error" these are "error.error", "serde_json.error" and "error"; for
 * "*net.OpError" "net.operror" and "operror". "Outer$Inner" and "Box<dyn Error>" work too.
 */
function typeNames(type: string): string[] {
  const generic = type.indexOf("<", 1);
  const parts = (generic > 0 ? type.slice(0, generic) : type).toLowerCase().match(/\w+/g) ?? [];
  const name = parts.at(-1) ?? "";
  return parts.length > 1 ? [`${parts.at(-2)}.${name}`, `${parts[0]}.${name}`, name] : [name];
}

/** The type at the start of a message: "TypeError: x is undefined". */
function leadingType(message: string): string {
  return /^[\w.$*]{1,200}(?=: )/.exec(message)?.[0] ?? "";
}

/** "status code 503", "HTTP Error 404", "server returned 500", "401 Client Error"; 0 for none. */
const STATUS_IN_TEXT =
  /\b(?:status(?:[ _]?code)?|HTTP(?:\/\d(?:\.\d)?)?(?: error)?|(?:server|endpoint|webhook) returned|responded with|response code|server response|but got)(?:[ :=]|is){1,4}([3-5]\d\d)\b|(?:^|[[(:] ?)([45]\d\d) (?:client error|server error|unauthorized|forbidden|not found|too many|bad |internal|service|gateway|unprocessable|conflict|gone|request)/i;

function statusInText(message: string): number {
  const found = STATUS_IN_TEXT.exec(message);
  return found === null ? 0 : Number(found[1] ?? found[2]);
}

interface Found {
  reason: Reason;
  column: Column;
}

/** Compiles columns of the table into one search; earlier columns win. */
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
for (const { types, text, reason } of TYPE_EXCEPTIONS) {
  const exception = { matcher: createPhraseMatcher(text), reason };
  for (const type of types) {
    const key = type.toLowerCase();
    exceptionsByType.set(key, [...(exceptionsByType.get(key) ?? []), exception]);
  }
}

/** The reason in force: the given one, or the category of the failure. */
export function reasonOf(
  failure: Omit<UncategorizedFailure, "reasonNumber"> & { reason: Reason | undefined },
): Reason {
  return failure.reason ?? categorize(failure);
}
