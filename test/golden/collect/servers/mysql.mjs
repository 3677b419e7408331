// The parts of MySQL's protocol that an error needs. The user `fail_1045` is refused with that code. A statement that
// contains `fail_1205` fails with that code. All others succeed without rows.

import { createServer } from "node:net";
import { listen } from "./tcp.mjs";

/** Code -> message and SQLSTATE of MySQL. */
const ERRORS = {
  1040: ["08004", "Too many connections"],
  1045: ["28000", "Access denied for user 'app'@'10.0.0.5' (using password: YES)"],
  1048: ["23000", "Column 'email' cannot be null"],
  1049: ["42000", "Unknown database 'shop'"],
  1054: ["42S22", "Unknown column 'emial' in 'field list'"],
  1062: ["23000", "Duplicate entry '17' for key 'orders.PRIMARY'"],
  1064: ["42000", "You have an error in your SQL syntax; check the manual near 'SELCT' at line 1"],
  1114: ["HY000", "The table 'orders' is full"],
  1142: ["42000", "SELECT command denied to user 'app'@'10.0.0.5' for table 'orders'"],
  1146: ["42S02", "Table 'shop.orders' doesn't exist"],
  1203: ["42000", "User app already has more than 'max_user_connections' active connections"],
  1205: ["HY000", "Lock wait timeout exceeded; try restarting transaction"],
  1213: ["40001", "Deadlock found when trying to get lock; try restarting transaction"],
  1366: ["HY000", "Incorrect integer value: 'abc' for column 'amount' at row 1"],
  1406: ["22001", "Data too long for column 'name' at row 1"],
  3024: ["HY000", "Query execution was interrupted, maximum statement execution time exceeded"],
};

const packet = (sequence, ...parts) => {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return Buffer.concat([
    Buffer.from([body.length & 255, body.length >> 8, 0, sequence & 255]),
    body,
  ]);
};
const ok = (sequence) => packet(sequence, [0, 0, 0, 2, 0, 0, 0]);
const error = (sequence, code) => {
  const [state, text] = ERRORS[code];
  return packet(sequence, [0xff, code & 255, code >> 8], `#${state}${text}`);
};

// Protocol 4.1, sessions, transactions, plugin authentication; no TLS, no compression.
const LOW = 0x0001 | 0x0002 | 0x0008 | 0x0200 | 0x2000 | 0x8000;
const HIGH = 0x0008;
const hello = packet(
  0,
  [10],
  "8.0.36\0",
  [1, 0, 0, 0],
  "12345678\0",
  [LOW & 255, LOW >> 8, 45, 2, 0, HIGH & 255, HIGH >> 8, 21],
  Buffer.alloc(10),
  "123456789012\0",
  "mysql_native_password\0",
);

const failure = (text) => Number(/fail_(\d{4})/.exec(text)?.[1] ?? 0);

export function mysql() {
  return listen(
    createServer((socket) => {
      let buffered = Buffer.alloc(0);
      let greeted = false;
      socket.on("error", () => {});
      socket.write(hello);
      socket.on("data", (data) => {
        buffered = Buffer.concat([buffered, data]);
        while (buffered.length >= 4) {
          const length = buffered.readUIntLE(0, 3);
          if (buffered.length < length + 4) return;
          const sequence = buffered[3] + 1;
          const code = failure(buffered.subarray(4, 4 + length).toString("latin1"));
          buffered = buffered.subarray(4 + length);
          const refused = code !== 0 && !greeted;
          greeted = true;
          socket.write(code === 0 ? ok(sequence) : error(sequence, code));
          if (refused) socket.end();
        }
      });
    }),
  );
}
