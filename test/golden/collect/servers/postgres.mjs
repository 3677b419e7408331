// The parts of PostgreSQL's protocol that an error needs. The user `fail_28P01` is refused with that SQLSTATE. A statement
// that contains `fail_40001` fails with that SQLSTATE. All others succeed without rows,
// except for FUNCTIONS.

import { createServer } from "node:net";
import { listen } from "./tcp.mjs";

/** SQLSTATE -> message of PostgreSQL. */
const MESSAGES = {
  "08006": "connection to server was lost",
  22001: "value too long for type character varying(10)",
  "22P02": 'invalid input syntax for type integer: "abc"',
  23502: 'null value in column "email" of relation "users" violates not-null constraint',
  23503: 'insert or update on table "orders" violates foreign key constraint "orders_user_fkey"',
  23505: 'duplicate key value violates unique constraint "orders_pkey"',
  23514: 'new row for relation "orders" violates check constraint "orders_amount_check"',
  25006: "cannot execute INSERT in a read-only transaction",
  28000: 'no pg_hba.conf entry for host "10.0.0.5", user "app", database "shop", no encryption',
  "28P01": 'password authentication failed for user "app"',
  "3D000": 'database "shop" does not exist',
  40001: "could not serialize access due to concurrent update",
  "40P01": "deadlock detected",
  42501: "permission denied for table orders",
  42601: 'syntax error at or near "SELCT"',
  "42P01": 'relation "orders" does not exist',
  53100: 'could not extend file "base/16384/16397": No space left on device',
  53200: "out of memory",
  53300: "sorry, too many clients already",
  "55P03": "canceling statement due to lock timeout",
  57014: "canceling statement due to statement timeout",
  "57P01": "terminating connection due to administrator command",
  "57P03": "the database system is starting up",
};

const message = (type, ...parts) => {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const head = Buffer.from([type.charCodeAt(0), 0, 0, 0, 0]);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
};
const error = (severity, state) =>
  message("E", `S${severity}\0V${severity}\0C${state}\0M${MESSAGES[state]}\0\0`);
const ready = message("Z", "I");
const parameter = (name, value) => message("S", `${name}\0${value}\0`);
const complete = message("C", "SELECT 0\0");

const hello = Buffer.concat([
  message("R", [0, 0, 0, 0]),
  parameter("server_version", "16.4"),
  parameter("client_encoding", "UTF8"),
  parameter("server_encoding", "UTF8"),
  parameter("DateStyle", "ISO, MDY"),
  parameter("integer_datetimes", "on"),
  parameter("standard_conforming_strings", "on"),
  parameter("TimeZone", "UTC"),
  message("K", [0, 0, 0, 1, 0, 0, 0, 1]),
  ready,
]);

/** Functions that clients call as they connect. */
const FUNCTIONS = {
  version: "PostgreSQL 16.4",
  current_schema: "public",
  current_database: "shop",
};
const TEXT_COLUMN = [0, 0, 0, 0, 0, 0, 0, 0, 0, 25, 255, 255, 255, 255, 255, 255, 0, 0];
const row = (name, value) =>
  Buffer.concat([
    message("T", [0, 1], `${name}\0`, TEXT_COLUMN),
    message("D", [0, 1, 0, 0, 0, value.length], value),
  ]);

const failure = (text) => /fail_(\w{5})/.exec(text)?.[1];

/** Answers to successful messages of the extended protocol. */
const ANSWERS = {
  P: message("1"),
  B: message("2"),
  C: message("3"),
  D: Buffer.concat([message("t", [0, 0]), message("n")]),
  E: complete,
  S: ready,
};

export function postgres() {
  return listen(
    createServer((socket) => {
      let buffered = Buffer.alloc(0);
      let started = false;
      /** After an error, messages up to Sync are skipped. */
      let skipping = false;
      socket.on("error", () => {});
      socket.on("data", (data) => {
        buffered = Buffer.concat([buffered, data]);
        while (true) {
          const at = started ? 1 : 0;
          if (buffered.length < at + 4) return;
          const length = buffered.readInt32BE(at);
          if (buffered.length < at + length) return;
          const type = started ? String.fromCharCode(buffered[0]) : "";
          const body = buffered.subarray(at + 4, at + length);
          buffered = buffered.subarray(at + length);
          if (started) skipping = answer(socket, type, body, skipping);
          else started = start(socket, body);
        }
      });
    }),
  );
}

function start(socket, body) {
  const SSL = 80877103;
  const GSS = 80877104;
  const version = body.readInt32BE(0);
  if (version === SSL || version === GSS) {
    socket.write("N");
    return false;
  }
  const refused = failure(body.toString());
  if (refused === undefined) socket.write(hello);
  else socket.end(error("FATAL", refused));
  return true;
}

function answer(socket, type, body, skipping) {
  if (skipping && type !== "S") return true;
  const failed = type === "Q" || type === "P" ? failure(body.toString()) : undefined;
  if (failed !== undefined) {
    const fatal = failed.startsWith("57P") || failed.startsWith("08");
    const sent = error(fatal ? "FATAL" : "ERROR", failed);
    if (fatal) socket.end(sent);
    else socket.write(type === "Q" ? Buffer.concat([sent, ready]) : sent);
    return type === "P";
  }
  const called = /(\w+)\(\)/.exec(body)?.[1];
  const result = called in FUNCTIONS ? row(called, FUNCTIONS[called]) : Buffer.alloc(0);
  if (type === "Q") socket.write(Buffer.concat([result, complete, ready]));
  else if (type in ANSWERS) socket.write(ANSWERS[type]);
  return false;
}
