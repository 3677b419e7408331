import type { FailureToGroup } from "./fingerprint.ts";

const TYPE_CHARS = 256;

/**
 * Returns the type, with the code that distinguishes failures of one type: `HTTPError [HTTP 502]`, `StatusError [gRPC 14]`,
 * `error [SQLSTATE 23505]`, `ClientError [Throttling]`. A code that the type names already is not repeated.
 */
export function typeWithCodes(failure: FailureToGroup): string {
  const type = steadyType(failure.type.slice(0, TYPE_CHARS));
  const { httpStatus = 0, grpcCode = 0, attributes } = failure;
  let codes = "";
  if (httpStatus > 0) codes += ` [HTTP ${httpStatus}]`;
  if (grpcCode > 0) codes += ` [gRPC ${grpcCode}]`;
  const sqlstate = attributes?.sqlstate ?? "";
  if (isCode(sqlstate) && !type.includes(sqlstate)) codes += ` [SQLSTATE ${sqlstate}]`;
  const code = attributes?.code ?? "";
  if (isCode(code) && code !== sqlstate && !type.includes(code)) codes += ` [${code}]`;
  return type + codes;
}

/** Returns a type of `typeWithCodes` without its codes, also if it was cut among them. */
export function typeWithoutCodes(type: string): string {
  const end = type.indexOf(" [");
  return end === -1 ? type : type.slice(0, end);
}

const CODE = /^[A-Za-z0-9_.:/-]{1,64}$/;

const isCode = (text: string): boolean => text !== "" && CODE.test(text);

/** Numbers and hashes that compilers and proxies give: `Order$1`, `Bank$$EnhancerByCGLIB$$1f2e3d4c`, `$Proxy12`. */
const GENERATED = /\$\$[\w$]*|(?<=\$)\d+|(?<=\$Proxy)\d+|(?<=Lambda)[\d/0xa-f]+|[\r\n]+/g;

function steadyType(type: string): string {
  return type.includes("$") || type.includes("\n") ? type.replace(GENERATED, "") : type;
}
