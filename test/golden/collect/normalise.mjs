/**
 * Removes from a failure everything that differs between runs and machines: ports, paths, memory addresses, times. Sorts
 * the fields and drops absent ones.
 *
 * @param {Record<string, unknown>} failure
 * @param {readonly string[]} ports of the peers
 * @param {string} folder where the program ran; shown as /app
 */
export function normalise(failure, ports, folder) {
  const { name, library, type, reason } = failure;
  const message = steady(String(failure.message), ports, folder);
  const entry = { name, library, type: steady(String(type), ports, folder), message };
  if (failure.grpc_code !== undefined) entry.grpc_code = failure.grpc_code;
  if (failure.http_status !== undefined) entry.http_status = failure.http_status;
  if (failure.code !== undefined) entry.code = failure.code;
  if (failure.sqlstate !== undefined) entry.sqlstate = failure.sqlstate;
  return { ...entry, reason };
}

const UUID = /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g;
const HTTP_DATE = "Thu, 01 Jan 2026 00:00:00 GMT";

function steady(text, ports, folder) {
  const known = new RegExp(`\\b(?:${ports.join("|")})\\b`, "g");
  return text
    .replaceAll(folder, "/app")
    .replaceAll(/\/\S*\/(?:site-packages|node_modules)\//g, "/app/lib/")
    .replace(known, "0")
    .replaceAll(/((?:127\.0\.0\.1|localhost|\[::1\]|::1)[:/])\d{2,5}\b/g, "$10")
    .replaceAll(/\b0x[0-9a-f]{5,16}\b/gi, "0x0")
    .replaceAll(/\b[0-9a-f]{24}\b/g, "0")
    .replaceAll(/\b[0-9A-F]{12,16}(?=:error:)/g, "0")
    .replaceAll(/\b0\.\d{6,}/g, "0.1")
    .replaceAll(/(?<=after |pick: )\d+\.\d+s/g, "0.1s")
    .replaceAll(/(?<= on )\d+(?:\.\d+){3}(?=:53)/g, "10.0.0.2")
    .replaceAll(/@[0-9a-f]{5,8}\b/g, "@0")
    .replaceAll(/\bPT0\.\d+S\b/g, "PT0.3S")
    .replaceAll(/(?<=Lambda\$)\d+/g, "1")
    .replaceAll(/\b30\d ?(?=ms\b)/g, "300 ")
    .replaceAll(/\b30\d(?= milliseconds)/g, "300")
    .replaceAll(/(?<=_nanos=)\d+/g, "0")
    .replaceAll(/\b[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT/g, HTTP_DATE)
    .replaceAll(/\/tmp\/tmp\w+\//g, "/data/")
    .replaceAll(/(?<= until )\d{4}-\d\d-\d\d [\d:.]+/g, "2026-01-01 00:00:00")
    .replaceAll(/(?<=rate reset in )\w+/g, "1m")
    .replaceAll(/(?<=CONNECTION_ID=)[\w+/=]+/g, "0")
    .replaceAll(/(?<= on port )\d{1,2},\d{3}\b/g, "0")
    .replaceAll(/(?<=wait millis )\d+/g, "2000")
    .replaceAll(/(?<=createErrorCount )\d+/g, "2")
    .replaceAll(/\borders\d{6,}/g, "orders")
    .replaceAll(/(?<=delay=)\d+ns/g, "0ns")
    .replaceAll(UUID, "00000000-0000-0000-0000-000000000000")
    .replaceAll(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*Z?/g, "2026-01-01T00:00:00Z");
}
