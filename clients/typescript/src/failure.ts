import { create } from "@bufbuild/protobuf";
import type { Duration } from "@bufbuild/protobuf/wkt";
import { type Failure, FailureSchema } from "../../../gen/dlq/v1/failure_pb.ts";
import { type ChainedError, chainOf, isErrorLike, stackOf, textOf } from "./error-chain.ts";
import { duration, id } from "./field-values.ts";
import { retryDelayOf } from "./google-details.ts";
import {
  cut,
  describe,
  safeHeader,
  safeInteger,
  safeList,
  safeRead,
  safeText,
} from "./safe-read.ts";

// Limits of the contract. Longer texts are cut to one byte more, so that the server marks them as cut.
const TYPE_BYTES = 512;
const MESSAGE_BYTES = 4 * 1024;
const STACK_BYTES = 16 * 1024;
const ATTRIBUTE_BYTES = 1024;
const FINGERPRINT_BYTES = 256;

/** Fields of errors of Node and of client libraries that become attributes. */
const ATTRIBUTES = ["code", "errno", "syscall", "hostname", "address", "port", "path", "method"];

/** The server reads this attribute, as seconds or a date, and does not retry earlier. */
const RETRY_AFTER = "retry-after";

/** Codes that name the cause by themselves: `ECONNREFUSED`, `UND_ERR_CONNECT_TIMEOUT`. */
const SPECIFIC_CODE = /^(?:E[A-Z0-9]{2,}|EAI_[A-Z]+|UND_ERR_[A-Z_]+|CERT_[A-Z_]+)$/;
const ANY_CODE = /^[A-Z][A-Z0-9_]{2,63}$/;
const SQLSTATE = /^[0-9A-Z]{5}$/;

/** Describes a thrown value of any kind. Never throws. */
export function failureOf(thrown: unknown): Failure {
  const failure = create(FailureSchema);
  const chain = chainOf(thrown);
  failure.type = cut(typeOf(thrown, chain), TYPE_BYTES);
  failure.message = cut(messageOf(thrown, chain), MESSAGE_BYTES);
  failure.stackTrace = cut(stackOf(chain, STACK_BYTES), STACK_BYTES);
  const grpcCode = firstOf(chain, grpcCodeOf);
  if (grpcCode !== undefined) failure.grpcCode = grpcCode;
  const httpStatus = firstOf(chain, httpStatusOf);
  if (httpStatus !== undefined) failure.httpStatus = httpStatus;
  const retryDelay = firstOf(chain, ({ error }) => retryDelayOf(error));
  if (retryDelay !== undefined) failure.retryAfter = retryDelay;
  for (const name of ATTRIBUTES) {
    const value = firstOf(chain, ({ error }) => simple(safeRead(error, name)));
    if (value !== undefined) failure.attributes[name] = cut(value, ATTRIBUTE_BYTES);
  }
  const retryAfter = firstOf(chain, retryAfterHeaderOf);
  if (retryAfter !== undefined) failure.attributes[RETRY_AFTER] = cut(retryAfter, ATTRIBUTE_BYTES);
  return failure;
}

/**
 * Returns the class, with the code if there is one: `OrderError`, `Error [ECONNREFUSED]`,
 * `error [SQLSTATE 42P01]`. A wrapper without a code shows the code of its cause, because the server
 * chooses the retry policy by it.
 */
function typeOf(thrown: unknown, chain: readonly ChainedError[]): string {
  const name = nameOf(thrown);
  const own = safeText(thrown, "code");
  if (name === "Error" && ANY_CODE.test(own) && sqlStateOf(thrown) === undefined) {
    return `${name} [${own}]`;
  }
  const code = firstOf(chain, ({ error }) => specificCodeOf(error));
  return code === undefined ? name : `${name} [${code}]`;
}

function specificCodeOf(error: unknown): string | undefined {
  const code = safeText(error, "code");
  return SPECIFIC_CODE.test(code) ? code : sqlStateOf(error);
}

/**
 * Returns `SQLSTATE 42P01` for an error of PostgreSQL. Its clients put the bare five characters into
 * `code`, and they set `severity`, which other errors with such a code do not have.
 */
function sqlStateOf(error: unknown): string | undefined {
  const code = safeText(error, "code");
  return SQLSTATE.test(code) && safeText(error, "severity") !== "" ? `SQLSTATE ${code}` : undefined;
}

/** Returns the `name` of an error, or its class if the class sets no name. */
function nameOf(thrown: unknown): string {
  const name = safeText(thrown, "name");
  const ofClass = safeText(safeRead(thrown, "constructor"), "name");
  if (!isErrorLike(thrown)) return name || ofClass || typeof thrown;
  return name === "" || name === "Error" ? ofClass || name || "Error" : name;
}

/** Returns the first message of the chain: errors of failed connections often have none. */
function messageOf(thrown: unknown, chain: readonly ChainedError[]): string {
  return (
    firstOf(chain, ({ error }) => textOf(error) || undefined) ??
    (chain.length === 0 ? describe(thrown) : "")
  );
}

/** Reads ConnectErrors and errors of grpc-js. Both have metadata beside the code. */
function grpcCodeOf({ error }: ChainedError): number | undefined {
  const code = safeInteger(error, "code");
  if (code === undefined || code < 0 || code > 16) return undefined;
  return typeof safeRead(error, "metadata") === "object" ? code : undefined;
}

function httpStatusOf({ error }: ChainedError): number | undefined {
  const response = safeRead(error, "response");
  const found = [error, response].flatMap((holder) => [
    safeInteger(holder, "status"),
    safeInteger(holder, "statusCode"),
  ]);
  return found.find((status) => status !== undefined && status >= 100 && status <= 599);
}

/** Reads the headers of a response as fetch, axios, got and their wrappers store them. */
function retryAfterHeaderOf({ error }: ChainedError): string | undefined {
  for (const holder of [error, safeRead(error, "response")]) {
    const headers = safeRead(holder, "headers");
    const found = [RETRY_AFTER, "Retry-After"].map((name) => simple(safeRead(headers, name)));
    const value =
      found.find((text) => text !== undefined) ?? simple(safeHeader(headers, RETRY_AFTER));
    if (value !== undefined) return value;
  }
  return undefined;
}

function simple(value: unknown): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : value;
  return typeof value === "number" && Number.isFinite(value) ? String(value) : undefined;
}

function firstOf<T>(
  chain: readonly ChainedError[],
  read: (one: ChainedError) => T | undefined,
): T | undefined {
  for (const one of chain) {
    const found = read(one);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Returns the sender's own fingerprint. @throws TypeError for an object without a text */
export function fingerprintOf(given: unknown): string {
  return cut(id("fingerprint", given), FINGERPRINT_BYTES);
}

/** The longest wait that the server accepts from a worker: 30 days. */
const MAX_WAIT_MS = 30 * 24 * 3_600_000;

/**
 * Returns `retryAfterMs` of an error, or of the nearest cause that has it, cut to what the server accepts. Undefined if
 * none has a number of 0 or more.
 */
export function retryAfterOf(thrown: unknown): number | undefined {
  return firstOf(chainOf(thrown), ({ error }) => {
    const ms = safeRead(error, "retryAfterMs");
    return typeof ms === "number" && ms >= 0 ? Math.min(ms, MAX_WAIT_MS) : undefined;
  });
}

/** Returns a wait for an outcome, cut to what the server accepts. @throws TypeError for NaN */
export function waitOf(name: string, ms: number): Duration {
  return duration(name, Math.min(Math.max(ms, 0), MAX_WAIT_MS));
}

/**
 * Reports whether an error is non-retryable. The field `nonRetryable` of the error, or of the nearest cause that has it,
 * decides. Without one, an AggregateError is non-retryable if all of its errors are.
 */
export function isNonRetryable(thrown: unknown): boolean {
  let error = thrown;
  for (let depth = 0; depth < MAX_CAUSES; depth++) {
    const own = safeRead(error, "nonRetryable");
    if (typeof own === "boolean") return own;
    const cause = safeRead(error, "cause");
    if (cause === undefined || cause === null) break;
    error = cause;
  }
  const joined = safeList(error, "errors", MAX_CAUSES);
  return joined.length > 0 && joined.every((one) => safeRead(one, "nonRetryable") === true);
}

const MAX_CAUSES = 16;
