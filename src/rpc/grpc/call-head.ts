import { constants, type IncomingHttpHeaders } from "node:http2";
import type { ConnectError } from "@connectrpc/connect";
import { HOUR_MS, MINUTE_MS } from "../../core/time-units.ts";
import { malformedRequest, unimplemented } from "../error-map.ts";
import type { Method } from "../methods.ts";
import { type Encoding, encodingOf } from "./compression.ts";

const { HTTP2_HEADER_METHOD, HTTP2_HEADER_PATH } = constants;

/** The checked headers of a call. */
export interface CallHead {
  readonly method: Method;
  /** Undefined: no deadline. */
  readonly timeoutMs: number | undefined;
  readonly requestEncoding: Encoding;
  readonly acceptsGzip: boolean;
}

/** Not a gRPC call: answered as plain HTTP. */
export interface NoCall {
  readonly status: 404 | 405 | 415;
  readonly body: string;
}

export type ReadHead = CallHead | NoCall | ConnectError;

export function readHead(
  headers: IncomingHttpHeaders,
  methods: ReadonlyMap<string, Method>,
): ReadHead {
  const contentType = headers["content-type"] ?? "";
  if (!isGrpc(contentType)) return noCall(headers, contentType);
  if (headers[HTTP2_HEADER_METHOD] !== "POST") {
    return { status: 405, body: "gRPC calls use POST\n" };
  }
  const path = pathOf(headers);
  const method = methods.get(path);
  if (method === undefined) {
    return unimplemented(`there is no method ${path}; server reflection lists the methods`);
  }
  const requestEncoding = encodingOf(text(headers["grpc-encoding"]));
  if (requestEncoding === undefined) {
    return unimplemented(
      `unknown compression "${text(headers["grpc-encoding"])}"; send gzip or identity`,
    );
  }
  const timeoutMs = readTimeoutMs(text(headers["grpc-timeout"]));
  if (timeoutMs === "malformed") {
    return malformedRequest(
      "grpc-timeout is malformed: up to eight digits and a unit of H, M, S, m, u, n",
    );
  }
  const accepts = text(headers["grpc-accept-encoding"]) ?? "";
  return { method, timeoutMs, requestEncoding, acceptsGzip: accepts.includes("gzip") };
}

function pathOf(headers: IncomingHttpHeaders): string {
  return text(headers[HTTP2_HEADER_PATH]) ?? "";
}

/** `application/grpc`, maybe with `+proto` or parameters. */
function isGrpc(contentType: string): boolean {
  if (contentType === "application/grpc" || contentType === "application/grpc+proto") return true;
  return /^application\/grpc(\+proto)?\s*(;|$)/i.test(contentType);
}

function noCall(headers: IncomingHttpHeaders, contentType: string): NoCall {
  if (headers[HTTP2_HEADER_METHOD] !== "POST") {
    return { status: 404, body: "not found; this port serves gRPC\n" };
  }
  const given = contentType === "" ? "none" : `"${contentType}"`;
  return {
    status: 415,
    body: `the content-type is ${given}; this port serves gRPC: send application/grpc\n`,
  };
}

/** Node's type of a repeated header is a list; gRPC's own headers come once. */
function text(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

const UNITS_MS: Readonly<Record<string, number>> = {
  H: HOUR_MS,
  M: MINUTE_MS,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

function readTimeoutMs(header: string | undefined): number | undefined | "malformed" {
  if (header === undefined) return undefined;
  const unitMs = UNITS_MS[header.at(-1) ?? ""];
  const digits = header.slice(0, -1);
  if (unitMs === undefined || !/^\d{1,8}$/.test(digits)) return "malformed";
  return Number(digits) * unitMs;
}
