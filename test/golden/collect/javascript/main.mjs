// Runs the cases and prints each failure as the TypeScript client would send it.

import { createRequire } from "node:module";
import { failureOf } from "../../../../clients/typescript/src/failure.ts";
import { blind } from "./cases/blind.mjs";
import { blind2 } from "./cases/blind-2.mjs";
import { blind3 } from "./cases/blind-3.mjs";
import { databases } from "./cases/databases.mjs";
import { fetches } from "./cases/fetch.mjs";
import { grpc } from "./cases/grpc.mjs";
import { heldOut } from "./cases/held-out.mjs";
import { http } from "./cases/http.mjs";
import { messaging } from "./cases/messaging.mjs";
import { node } from "./cases/node.mjs";
import { parsers } from "./cases/parsers.mjs";
import { redisClients } from "./cases/redis.mjs";
import { services } from "./cases/services.mjs";
import { values } from "./cases/values.mjs";

const GOLDEN = {
  ...node,
  ...fetches,
  ...values,
  ...grpc,
  ...http,
  ...parsers,
  ...redisClients,
  ...databases,
  ...services,
  ...messaging,
};
const isBlind = process.env.GOLDEN_SET !== "golden";
const CASES = {
  golden: GOLDEN,
  blind: { ...blind, ...blind2, ...blind3 },
  "blind-3": blind3,
  "held-out": heldOut,
}[process.env.GOLDEN_SET];
const LIMIT_MS = 10_000;

// Clients continue to fail in the background after their promise rejected.
process.on("uncaughtException", () => {});
process.on("unhandledRejection", () => {});

for (const [name, [library, reason, act]] of Object.entries(CASES)) {
  if (!name.includes(process.env.GOLDEN_ONLY ?? "")) continue;
  const thrown = await outcome(act);
  if (thrown === undefined) {
    process.stderr.write(`${name}: nothing failed\n`);
    continue;
  }
  const { type, message, grpcCode, httpStatus, attributes } = failureOf(thrown);
  const { code, sqlstate } = isBlind ? attributes : {};
  const codes = { grpc_code: grpcCode, http_status: httpStatus, code, sqlstate };
  const entry = { name, library: versioned(library), type, message, ...codes, reason };
  process.stdout.write(`${JSON.stringify(entry)}\n`);
}
process.exit(0);

async function outcome(act) {
  let timer;
  const limit = new Promise((resolve) => {
    timer = setTimeout(resolve, LIMIT_MS, undefined);
  });
  try {
    return await Promise.race([
      (async () => {
        await act();
        return undefined;
      })(),
      limit,
    ]);
  } catch (thrown) {
    return thrown;
  } finally {
    clearTimeout(timer);
  }
}

function versioned(library) {
  if (library === "node") return "node";
  const { packages } = createRequire(import.meta.url)("./package-lock.json");
  return `${library} ${packages[`node_modules/${library}`].version}`;
}
