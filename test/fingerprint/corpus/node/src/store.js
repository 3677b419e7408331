import { readFile, writeFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import Redis from "ioredis";
import pg from "pg";
import { draw, port } from "./peers.js";

async function execute(sql, values, options = {}) {
  const db = new pg.Client({
    host: "127.0.0.1",
    port: port("POSTGRES"),
    user: "app",
    database: "postgres",
    ...options,
  });
  await db.connect();
  try {
    return await db.query(sql, values);
  } finally {
    await db.end();
  }
}

const INSERT = "insert into orders (id, customer_id, total, currency) values ($1, $2, $3, $4)";

async function insertOrder({
  id = draw.order + 100_000,
  customer = 1,
  total = 10,
  currency = "EUR",
}) {
  await execute(INSERT, [id, customer, total, currency]);
}

const insertCustomer = (email, name) =>
  execute("insert into customers values ($1, $2, $3)", [draw.order + 100, email, name]);

async function find(table) {
  await execute(`select * from ${table} where id = $1`, [draw.order]);
}

async function withCache(at, work) {
  const cache = new Redis({
    host: "127.0.0.1",
    port: at,
    maxRetriesPerRequest: 0,
    commandTimeout: draw.wait_s * 1000,
  });
  cache.on("error", () => {});
  try {
    await work(cache);
  } finally {
    cache.disconnect();
  }
}

function pushToCart(at) {
  return withCache(at, async (cache) => {
    await cache.set(`cart:${draw.order}`, "x");
    await cache.lpush(`cart:${draw.order}`, 1);
  });
}

function countVisit(at) {
  return withCache(at, async (cache) => {
    await cache.set(`visits:${draw.uuid}`, draw.word);
    await cache.incr(`visits:${draw.uuid}`);
  });
}

function bySqlite(sql, ...values) {
  const db = new DatabaseSync(":memory:");
  db.exec("create table items (id int primary key, sku text not null)");
  db.prepare("insert into items values (?, 'a')").run(draw.order);
  db.prepare(sql).run(...values);
}

const readUpload = () => readFile(`/data/in/${draw.file}`);
const readConfig = () => readFile("/etc/billing/tax.toml");
const writeReport = () => writeFile(`/proc/reports/${draw.uuid}.pdf`, "x");

export const CASES = {
  "order-taken": () => insertOrder({ id: draw.order }),
  "order-no-customer": () => insertOrder({ customer: draw.order + 50 }),
  "order-total-null": () => insertOrder({ total: null }),
  "order-currency-null": () => insertOrder({ currency: null }),
  "order-total-check": () => insertOrder({ total: draw.amount }),
  "order-total-text": () => insertOrder({ total: draw.word }),
  "order-currency-long": () => insertOrder({ currency: draw.code }),
  "customer-taken": () => insertCustomer(draw.email_taken, "A"),
  "customer-name-long": () => insertCustomer(draw.email, draw.uuid),
  "table-invoices": () => find("invoices"),
  "table-payments": () => find("payments"),
  "statement-timeout": () =>
    execute("select pg_sleep(2)", [], { statement_timeout: draw.wait_s * 100 }),
  "postgres-refused": () => execute("select 1", [], { port: port("CLOSED") }),
  "redis-type": () => pushToCart(port("REDIS")),
  "redis-integer": () => countVisit(port("REDIS")),
  "redis-refused": () => pushToCart(port("CLOSED")),
  "redis-timeout": () => countVisit(port("HANG")),
  "sqlite-taken": () => bySqlite("insert into items values (?, 'b')", draw.order),
  "sqlite-null": () => bySqlite("insert into items values (?, null)", draw.order + 1),
  "sqlite-no-column": () => bySqlite("select price from items where id = ?", draw.order),
  upload: readUpload,
  config: readConfig,
  report: writeReport,
};
