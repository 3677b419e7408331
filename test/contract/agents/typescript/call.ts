// Makes a call with the generated stubs, and converts its error for the scenario.

import { setTimeout as delay } from "node:timers/promises";
import { createRegistry, fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import {
  Code,
  ConnectError,
  DlqService,
  type DlqStubs,
} from "../../../../clients/typescript/src/index.ts";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  file_google_rpc_error_details,
  RetryInfoSchema,
} from "../../../../gen/google/rpc/error_details_pb.ts";
import { isMap, type JsonMap } from "../../json.ts";

/** For the details of errors inside responses. */
const registry = createRegistry(file_google_rpc_error_details);

type Unary = (request: unknown, options: object) => Promise<unknown>;

export async function callMethod(stubs: DlqStubs, fields: JsonMap): Promise<JsonMap> {
  const { method: name, request = {}, timeout_ms, cancel_after_ms } = fields;
  const method = DlqService.methods.find((one) => one.name === name);
  if (method?.methodKind !== "unary") throw new Error(`there is no unary method ${String(name)}`);
  const abort = new AbortController();
  const options = {
    signal: abort.signal,
    ...(typeof timeout_ms === "number" ? { timeoutMs: timeout_ms } : {}),
  };
  if (typeof cancel_after_ms === "number") {
    void delay(cancel_after_ms).then(() => abort.abort());
  }
  const call = (stubs as unknown as Readonly<Record<string, Unary>>)[method.localName] as Unary;
  try {
    const response = await call(fromJson(method.input, request as JsonValue), options);
    const { output } = method;
    const json = toJson(output, response as never, { useProtoFieldName: true, registry });
    return { code: "OK", ...(isMap(json) ? { response: json } : {}) };
  } catch (reason) {
    return errorFields(ConnectError.from(reason));
  }
}

function errorFields(error: ConnectError): JsonMap {
  const [info] = error.findDetails(ErrorInfoSchema);
  const [retry] = error.findDetails(RetryInfoSchema);
  const violations = error.findDetails(BadRequestSchema).flatMap((one) => one.fieldViolations);
  return {
    code: nameOf(error.code),
    message: error.rawMessage,
    ...(info === undefined ? {} : { reason: info.reason, domain: info.domain }),
    ...(retry?.retryDelay === undefined ? {} : { retry_after_ms: durationMs(retry.retryDelay) }),
    field_violations: violations.map(({ field }) => field),
  };
}

/** Returns gRPC's name of a code, such as `INVALID_ARGUMENT`. */
function nameOf(code: Code): string {
  const name = (Code[code] ?? "").replace(/(?<=[a-z])[A-Z]/g, (capital) => `_${capital}`);
  return name.toUpperCase().replace(/^CANCELED$/, "CANCELLED");
}
