// grpcurl, for tests that call the server as its users do.

import { join } from "node:path";
import { installByGo, removeGoLeftovers } from "./go-tools.mjs";
import { inPath, isExecutable, RUNTIME_BIN } from "./places.mjs";

const SOURCE = "github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3";

/** @returns {string} its path */
export function ensureGrpcurl() {
  const built = join(RUNTIME_BIN, "grpcurl");
  const found = process.env.DLQ_GRPCURL || inPath("grpcurl");
  if (found) return found;
  if (isExecutable(built)) return built;
  installByGo("grpcurl", SOURCE);
  removeGoLeftovers();
  return built;
}
