// `node main.ts grpc-js|connect|http2`: serves SendToDlq on a free port and prints the port.

import { startConnect } from "./connect.ts";
import { startGrpcJs } from "./grpc-js.ts";
import { startHttp2 } from "./http2.ts";

const KINDS: Readonly<Record<string, () => Promise<number>>> = {
  "grpc-js": startGrpcJs,
  connect: startConnect,
  http2: startHttp2,
};

const start = KINDS[process.argv[2] ?? ""];
if (start === undefined) throw new Error(`give one of ${Object.keys(KINDS).join(", ")}`);
process.stdout.write(`${await start()}\n`);
