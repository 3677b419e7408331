/**
 * Takes out of a failure what differs from run to run and from machine to machine: ports, paths,
 * addresses in memory, times. Fields come in one order, absent ones are left out.
 *
 * @param {Record<string, unknown>} failure
 * @param {readonly string[]} ports of the peers
 * @param {string} folder where the program ran; shown as /app
 */
export function normalise(failure, ports, folder) {
  const { name, runtime, library, type, reason } = failure;
  const message = steady(String(failure.message), ports, folder);
  const entry = { name, runtime, library, type: steady(String(type), ports, folder), message };
  if (failure.grpc_code !== undefined) entry.grpc_code = failure.grpc_code;
  if (failure.http_status !== undefined) entry.http_status = failure.http_status;
  return { ...entry, reason };
}

const UUID = /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g;

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
    .replaceAll(/(?<=after )\d+\.\d+s/g, "0.1s")
    .replaceAll(UUID, "00000000-0000-0000-0000-000000000000")
    .replaceAll(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*Z?/g, "2026-01-01T00:00:00Z");
}
