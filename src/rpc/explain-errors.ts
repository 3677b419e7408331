import { Code, ConnectError } from "@connectrpc/connect";
import type { UniversalHandler, UniversalServerResponse } from "@connectrpc/connect/protocol";
import {
  endStreamFlag,
  errorFromJson,
  errorFromJsonBytes,
  errorToJson,
  errorToJsonBytes,
} from "@connectrpc/connect/protocol-connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { trailerFlag, trailerParse, trailerSerialize } from "@connectrpc/connect/protocol-grpc-web";
import { explainTransportError, notCallable } from "./error-map.ts";
import { frameOf, PREFIX_BYTES } from "./grpc/frames.ts";

/**
 * Completes errors that Connect raises before an implementation runs: they lack a helpful message
 * and an ErrorInfo. Works on trailers of gRPC and gRPC-Web and on Connect's JSON. Our own errors
 * always have details, so they are left alone.
 */
export async function explainErrors(
  answer: UniversalServerResponse,
  handler: Pick<UniversalHandler, "method" | "allowedMethods">,
): Promise<UniversalServerResponse> {
  const type = answer.header?.get("content-type") ?? "";
  if (answer.status === 405 || answer.status === 415) return refuse(answer.status, handler);
  if (answer.trailer !== undefined) explainTrailer(answer.trailer);
  // Compressed bodies are large and our own.
  if (answer.status !== 200 && type === "application/json") {
    return answer.header?.has("content-encoding") ? answer : explainBody(answer);
  }
  if (answer.body !== undefined && type.startsWith("application/connect+")) {
    return { ...answer, body: explainStream(answer.body) };
  }
  if (answer.body !== undefined && type.startsWith("application/grpc-web")) {
    return { ...answer, body: explainWeb(answer.body) };
  }
  return answer;
}

/** Connect sends no body for these. */
function refuse(
  status: number,
  { method, allowedMethods }: Pick<UniversalHandler, "method" | "allowedMethods">,
): UniversalServerResponse {
  const type = method.methodKind === "unary" ? "application/json" : "application/connect+json";
  const header = new Headers();
  if (status === 405) header.set("allow", allowedMethods.join(", "));
  return withError({ status, header }, notCallable(status, type));
}

function explainTrailer(trailer: Headers): void {
  const status = Number(trailer.get("grpc-status") ?? 0);
  if (status === 0 || trailer.has("grpc-status-details-bin")) return;
  const message = decodeURIComponent(trailer.get("grpc-message") ?? "");
  const error = explainTransportError(status, message);
  if (error !== undefined) setTrailerStatus(trailer, error);
}

async function explainBody(answer: UniversalServerResponse): Promise<UniversalServerResponse> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.body ?? []) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const raised = errorFromJsonBytes(body, undefined, FALLBACK_ERROR);
  const error = explained(raised);
  if (error === undefined) return { ...answer, body: one(body) };
  // The status must match the new code: unreadable bytes are the client's error.
  const status = error.code === Code.InvalidArgument ? 400 : answer.status;
  return withError({ ...answer, status }, error);
}

/** gRPC-Web ends with an envelope of trailers. */
async function* explainWeb(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // Each chunk is one envelope. Compressed trailers are large and our own.
  for await (const chunk of body) yield chunk[0] === trailerFlag ? explainWebTrailer(chunk) : chunk;
}

function explainWebTrailer(chunk: Uint8Array): Uint8Array {
  const trailer = trailerParse(chunk.subarray(PREFIX_BYTES));
  explainTrailer(trailer);
  return frameOf(trailerSerialize(trailer), trailerFlag);
}

/** Connect's streams end with an envelope: a byte of flags, four of length, and JSON. */
async function* explainStream(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // Each chunk is one envelope.
  for await (const chunk of body) yield chunk[0] === endStreamFlag ? explainEnd(chunk) : chunk;
}

function explainEnd(chunk: Uint8Array): Uint8Array {
  const end = JSON.parse(Buffer.from(chunk.subarray(PREFIX_BYTES)).toString());
  if (end.error === undefined) return chunk;
  const error = explained(errorFromJson(end.error, undefined, FALLBACK_ERROR));
  if (error === undefined) return chunk;
  const json = Buffer.from(JSON.stringify({ ...end, error: errorToJson(error, undefined) }));
  return frameOf(json, endStreamFlag);
}

const FALLBACK_ERROR = new ConnectError("", Code.Unknown);

function explained(raised: ConnectError): ConnectError | undefined {
  if (raised.details.length > 0) return undefined;
  return explainTransportError(raised.code, raised.rawMessage);
}

function withError(answer: UniversalServerResponse, error: ConnectError): UniversalServerResponse {
  const body = errorToJsonBytes(error, undefined);
  const header = new Headers(answer.header);
  header.set("content-type", "application/json");
  header.set("content-length", String(body.byteLength));
  return { ...answer, header, body: one(body) };
}

async function* one(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk;
}
