// The peers of the programs: HTTP servers, each with one answer, Redis and PostgreSQL. All listen on free ports of this machine.

import { spawn, spawnSync } from "node:child_process";
import { chownSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const json = (status, body) => (_request, response) => {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(body);
};

/** By the name of the variable with the port. */
const HTTP = {
  PORT_500: json(500, '{"error":"internal"}'),
  PORT_503: json(503, '{"error":"maintenance"}'),
  PORT_404: json(404, '{"error":"no such charge"}'),
  PORT_429: json(429, '{"error":"slow down"}'),
  PORT_401: json(401, '{"error":"invalid token"}'),
  PORT_BROKEN: (request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(`{"id": "${request.url.slice(-6)}", "state": oops}`);
  },
  PORT_HTML: json(200, "<html><body>Gateway login</body></html>"),
  PORT_HANG: () => {},
  PORT_CUT: (_request, response) => response.destroy(),
};

async function listen(server) {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server.address().port;
}

async function freePort() {
  const server = createTcpServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Returns the variables for the programs, and a function that stops the peers. */
export async function startPeers() {
  const env = { PORT_CLOSED: String(await freePort()) };
  const servers = [];
  for (const [name, answer] of Object.entries(HTTP)) {
    const server = createServer(answer);
    servers.push(server);
    env[name] = String(await listen(server));
  }
  const folder = mkdtempSync(join(tmpdir(), "peers-"));
  env.PORT_REDIS = String(await freePort());
  const redis = spawn("redis-server", ["--port", env.PORT_REDIS, "--save", "", "--dir", folder]);
  env.PORT_POSTGRES = String(await freePort());
  const stopPostgres = startPostgres(join(folder, "postgres"), env.PORT_POSTGRES);
  const stop = () => {
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
    redis.kill();
    stopPostgres();
    rmSync(folder, { recursive: true, force: true });
  };
  return { env, stop };
}

/** PostgreSQL does not run as root. */
function startPostgres(folder, port) {
  const isRoot = process.getuid() === 0;
  const user = isRoot ? { uid: idOf("-u"), gid: idOf("-g") } : {};
  if (isRoot) {
    const parent = join(folder, "..");
    chownSync(parent, user.uid, user.gid);
  }
  const run = (command, args) => {
    const done = spawnSync(command, args, { ...user, cwd: "/", encoding: "utf8" });
    if (done.status !== 0) throw new Error(`${command}: ${done.stderr}`);
  };
  run("initdb", ["-D", folder, "-U", "app", "-A", "trust", "--locale=C", "-E", "UTF8"]);
  const options = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${folder} -c fsync=off`;
  run("pg_ctl", ["-D", folder, "-o", options, "-l", join(folder, "log"), "-w", "start"]);
  return () => run("pg_ctl", ["-D", folder, "-m", "immediate", "stop"]);
}

const idOf = (flag) => Number(spawnSync("id", [flag, "postgres"], { encoding: "utf8" }).stdout);
