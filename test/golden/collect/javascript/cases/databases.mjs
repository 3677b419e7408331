// Clients of databases: name -> [library, expected reason, how to cause it].

import { MongoClient } from "mongodb";
import { createConnection } from "mysql2/promise";
import pg from "pg";
import { PORTS } from "../ports.mjs";

const HOST = "127.0.0.1";

/** @param {string | undefined} sql undefined: only connect */
async function byPg(sql, options = {}) {
  const base = { host: HOST, port: PORTS.postgres, user: "app", password: "x", database: "shop" };
  const client = new pg.Client({ ...base, ...options });
  client.on("error", () => {});
  await client.connect();
  try {
    if (sql !== undefined) await client.query(sql);
  } finally {
    client.end();
  }
}

async function byMysql(sql, options = {}) {
  const base = { host: HOST, port: PORTS.mysql, user: "app", password: "x", database: "shop" };
  const connection = await createConnection({ ...base, ...options });
  try {
    if (sql !== undefined) await connection.query(sql);
  } finally {
    connection.destroy();
  }
}

/** For example `failing("pg", byPg, ...)`: the peer fails with the code in the statement. */
const failing = (library, act, reasons) =>
  Object.fromEntries(
    Object.entries(reasons).map(([code, reason]) => [
      `${library}: error ${code}`,
      [library, reason, () => act(`SELECT 'fail_${code}'`)],
    ]),
  );

const mongo = (port, options) =>
  new MongoClient(`mongodb://${HOST}:${port}`, { serverSelectionTimeoutMS: 300, ...options })
    .db("shop")
    .command({ ping: 1 });

export const databases = {
  ...failing("pg", byPg, {
    "22P02": "VALIDATION_FAILED",
    22001: "VALIDATION_FAILED",
    23502: "VALIDATION_FAILED",
    23505: "VALIDATION_FAILED",
    25006: "UNKNOWN_ERROR",
    40001: "UNKNOWN_ERROR",
    "40P01": "UNKNOWN_ERROR",
    42501: "AUTHENTICATION_ERROR",
    42601: "EXECUTION_FAILED",
    "42P01": "EXECUTION_FAILED",
    53100: "RESOURCE_EXHAUSTED",
    "55P03": "TIMEOUT",
    57014: "TIMEOUT",
    "57P01": "NETWORK_ERROR",
  }),
  "pg: refused": ["pg", "NETWORK_ERROR", () => byPg(undefined, { port: PORTS.closed })],
  "pg: a wrong password": [
    "pg",
    "AUTHENTICATION_ERROR",
    () => byPg(undefined, { user: "fail_28P01" }),
  ],
  "pg: too many clients": [
    "pg",
    "RESOURCE_EXHAUSTED",
    () => byPg(undefined, { user: "fail_53300" }),
  ],
  "pg: starting up": ["pg", "NETWORK_ERROR", () => byPg(undefined, { user: "fail_57P03" })],
  "pg: no such database": ["pg", "EXECUTION_FAILED", () => byPg(undefined, { user: "fail_3D000" })],
  "pg: hung up": ["pg", "NETWORK_ERROR", () => byPg(undefined, { port: PORTS.hangsUp })],
  "pg: connecting too slow": [
    "pg",
    "TIMEOUT",
    () => byPg(undefined, { port: PORTS.silent, connectionTimeoutMillis: 50 }),
  ],
  "pg: a full pool": [
    "pg",
    "RESOURCE_EXHAUSTED",
    async () => {
      const pool = new pg.Pool({
        ...{ host: HOST, port: PORTS.postgres, user: "app", database: "shop" },
        ...{ max: 1, connectionTimeoutMillis: 50 },
      });
      await pool.connect();
      await pool.connect();
    },
  ],
  ...failing("mysql2", byMysql, {
    1048: "VALIDATION_FAILED",
    1054: "EXECUTION_FAILED",
    1062: "VALIDATION_FAILED",
    1064: "EXECUTION_FAILED",
    1114: "RESOURCE_EXHAUSTED",
    1142: "AUTHENTICATION_ERROR",
    1205: "TIMEOUT",
    1213: "UNKNOWN_ERROR",
    1406: "VALIDATION_FAILED",
    3024: "TIMEOUT",
  }),
  "mysql2: refused": ["mysql2", "NETWORK_ERROR", () => byMysql(undefined, { port: PORTS.closed })],
  "mysql2: a wrong password": [
    "mysql2",
    "AUTHENTICATION_ERROR",
    () => byMysql(undefined, { user: "fail_1045" }),
  ],
  "mysql2: too many connections": [
    "mysql2",
    "RESOURCE_EXHAUSTED",
    () => byMysql(undefined, { user: "fail_1040" }),
  ],
  "mysql2: connecting too slow": [
    "mysql2",
    "TIMEOUT",
    () => byMysql(undefined, { port: PORTS.silent, connectTimeout: 50 }),
  ],
  "mysql2: another protocol": [
    "mysql2",
    "NETWORK_ERROR",
    () => byMysql(undefined, { port: PORTS.foreign }),
  ],
  "mongodb: refused": ["mongodb", "NETWORK_ERROR", () => mongo(PORTS.closed)],
  "mongodb: no answer": ["mongodb", "TIMEOUT", () => mongo(PORTS.silent)],
  "mongodb: hung up": ["mongodb", "NETWORK_ERROR", () => mongo(PORTS.hangsUp)],
};
