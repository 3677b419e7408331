// Writes the labelled pairs of a set, ../fixtures/SET/pairs.jsonl, from the judgements below:
// node test/fingerprint/corpus/label.mjs first|fresh
//
// The label is that of an operator who knows what happened: failures are alike if one fix helps both. Each case of a program is one
// defect. It is provoked three times with other values, so that two of its failures are alike. Failures of two cases of one family are
// not alike, although they look it: the same type, call site or message.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const set = process.argv[2] ?? "";
const FIXTURES = join(import.meta.dirname, "../fixtures", set);
const LANGUAGES = ["python", "node", "go", "java", "rust"];

/** Cases by language; `*` is for all. A line is a family. */
const FIRST = {
  "*": `
    charge-500 charge-503 charge-404 charge-401 refund-500
    charge-timeout charge-timeout-ledger refund-timeout charge-500
    charge-refused charge-cut charge-timeout
    settle-timeout book-timeout
    refund-500 refund-429
    notify-500 notify-429
    order-taken customer-taken order-no-customer
    order-total-null order-currency-null order-total-check
    order-currency-long customer-name-long
    order-total-text status-enum
    table-invoices table-payments
    sqlite-taken sqlite-null sqlite-no-column
    redis-type redis-integer
    upload config
    customer-taken customer-name-long
    order-taken order-total-null order-currency-long order-total-text
    redis-type redis-refused
    sqlite-taken order-taken
    charge-broken-json charge-cut
    reserve publish
    check-email check-currency-long
    read-total-type read-empty
    check-total check-currency-missing check-currency-long
    check-email check-total
    check-sku check-count
    read-total-type read-count-type
    read-unknown-name read-unknown-state
    read-unknown-name read-unknown-region
  `,
  python: `
    notify-timeout notify-refused
    check-total-type check-total-negative
    check-total-missing check-currency-missing check-sku-missing
    check-currency-long check-total-type
    read-total-type read-count-type read-count-positive
    read-currency-missing read-total-missing
    customer-email customer-age
    key-customer key-address
    none-customer key-customer
    total-no-number vat-no-number
    total-by-zero first-item-index
    load-empty load-quote
    reserve approve
    release close
    alchemy-taken alchemy-no-table
    redis-refused notify-refused
    file config
    statement-timeout order-taken
  `,
  node: `
    notify-timeout notify-refused
    remind-refused remind-cut
    remind-refused notify-refused
    download-404 download-503 download-timeout
    charge-404 download-404
    read-total-type read-total-negative
    read-currency-missing read-currency-long read-email
    read-count read-sku
    validate-total-missing validate-currency-missing validate-total-type validate-sku
    yup-zip yup-street
    no-customer no-address no-name
    load-empty load-value
    publish archive
    upload config report
    postgres-refused redis-refused
    statement-timeout table-payments
  `,
  go: `
    settle-refused settle-503
    account-closed limit-reached
    read-empty read-cut
    total-no-number total-range price-no-number
    config-rate config-names
    no-customer no-labels first-item by-zero
    reserve publish
    postgres-refused redis-refused
    base64 bad-url
  `,
  java: `
    refund-refused refund-cut
    read-state read-total-type
    read-empty read-cut
    gson-count gson-items
    no-street no-items
    first-item by-zero
    publish archive
    reserve publish
    due-date uuid state
    h2-taken h2-null h2-long
    h2-no-table h2-no-column
    slow table-payments
    postgres-refused order-taken
    redis-refused redis-type
  `,
  rust: `
    settle-timeout settle-refused
    account-closed limit-reached
    read-total-type read-currency-type
    read-total-missing read-currency-missing
    read-state read-count read-sku
    read-empty read-cut
    config-rate config-names
    check-email check-name check-age
    total-no-number total-empty total-range
    price-no-number total-no-number
    uuid uuid-short
    reserve publish approve
    slow table-payments
    postgres-refused redis-refused
  `,
};

/** The same for the second set. */
const FRESH = {
  "*": `
    track-500 track-401 track-429
    track-timeout track-refused track-500
    track-refused print-refused
    pack route
  `,
  python: `
    label-404 label-503 label-refused
    upload-no-key upload-body-type
    price-missing price-none
    name-none name-dict
    ship-missing ship-unknown
    state stamp
    printer-1 printer-127
    setting-option setting-section
    zone address uuid
    toml xml
    weigh stamp
    track-refused label-refused
    price-none name-none
    upload-no-key label-404
    address state
  `,
  node: `
    parcel-id parcel-state parcel-weight parcel-unknown
    label-404 label-503
    label-timeout label-broken
    label-timeout label-404
    run-missing exit-1
    exit-1 exit-3
    weigh-type weigh-null first-number
    stamp time-zone
    circle bigint
    gunzip decipher
    yup-number yup-required
    print-refused run-missing
    circle weigh-type
  `,
  go: `
    parcel-id parcel-weight parcel-state
    query-no-rows query-no-column query-by-zero
    query-arguments query-no-rows
    name-type name-nil
    part close-twice
    label-field label-key
    duration bool
    address hex
    csv-fields csv-quote
    xml gzip
    exec-exit exec-exit-1
    exec-missing mkdir
    exec-missing exec-exit
    pack track-401
    part name-nil
    marshal csv-quote
  `,
  java: `
    parcel-weight-missing parcel-id-missing
    parcel-weight-limit parcel-size parcel-array
    parcel-weight-missing parcel-weight-limit
    weigh by-name
    recipient remove
    list-add pack
    stream-twice by-name
    duration zone
    uri pattern
    base64 uri
    gzip xml
    process gzip
    substring negative-size
    wait recipient
    class process
  `,
  rust: `
    parcel-id parcel-size parcel-to
    parcel-weight-missing parcel-weight-range
    parcel-weight-range parcel-size
    query-no-rows query-no-column query-by-zero
    query-parameters query-type
    query-no-rows query-type
    sqlite-type sqlite-no-rows sqlite-no-table
    bool char
    address nonzero
    url url-port
    variable nul
    clock variable
    process print-refused
  `,
};

const FAMILIES = { first: FIRST, fresh: FRESH }[set];
if (FAMILIES === undefined) throw new Error("name a set: first or fresh");

/**
 * What could be argued about is not paired. As families: a case and its wrapper (charge and settle), a host that is down at two
 * call sites. As alike: a failure of a case that differs in more than its values from its others.
 */
const ARGUABLE = ["python/orders/due-date/1", "node/store/redis-timeout/2"];

/** Pairs of values of the same case, in turn. */
const ALIKE_DRAWS = { first: ["1 2", "1 3", "2 3"], fresh: ["4 5", "4 6", "5 6"] }[set];
const UNLIKE_DRAWS = { first: ["1 1", "1 2", "2 2", "3 1"], fresh: ["4 4", "4 6", "6 6", "5 4"] }[
  set
];

const lines = (text) =>
  text
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/));

const pairs = [];
for (const language of LANGUAGES) {
  const text = readFileSync(join(FIXTURES, `${language}.jsonl`), "utf8").trim();
  const ids = new Set(text.split("\n").map((line) => JSON.parse(line).id));
  const cases = [...new Set([...ids].map((id) => id.slice(0, -2)))];
  const byName = new Map(cases.map((one) => [one.split("/")[2], one]));
  const ownFamilies = lines(FAMILIES["*"]).concat(lines(FAMILIES[language]));
  for (const [at, one] of cases.entries()) {
    const [a, b] = ALIKE_DRAWS.map((_, turn) => ALIKE_DRAWS[(at + turn) % 3].split(" ")).find(
      (draws) => draws.every((draw) => !ARGUABLE.includes(`${one}/${draw}`)),
    );
    pairs.push({ a: `${one}/${a}`, b: `${one}/${b}`, alike: true });
  }
  const seen = new Set();
  for (const family of ownFamilies) {
    const members = family.map((name) => byName.get(name)).filter((one) => one !== undefined);
    for (const [i, first] of members.entries()) {
      for (const second of members.slice(i + 1)) {
        const key = [first, second].sort().join();
        if (seen.has(key)) continue;
        seen.add(key);
        const [a, b] = UNLIKE_DRAWS[seen.size % 4].split(" ");
        pairs.push({ a: `${first}/${a}`, b: `${second}/${b}`, alike: false });
      }
    }
  }
}

function split() {
  /** All pairs of a case are in the same half, so that the untouched half has no case of the other. */
  const parent = new Map();
  const rootOf = (one) => {
    const up = parent.get(one) ?? one;
    return up === one ? one : rootOf(up);
  };
  const caseOf = (id) => id.slice(0, -2);
  for (const { a, b } of pairs) parent.set(rootOf(caseOf(a)), rootOf(caseOf(b)));
  const groups = new Map();
  for (const pair of pairs) {
    const root = rootOf(caseOf(pair.a));
    groups.set(root, [...(groups.get(root) ?? []), pair]);
  }

  /** A fixed sequence of random numbers (mulberry32). */
  let seed = 19;
  function random() {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** By language. */
  const counts = new Map(LANGUAGES.map((language) => [language, { tuning: 0, untouched: 0 }]));
  const order = [...groups.values()]
    .map((group) => ({ group, at: random() }))
    .sort((x, y) => x.at - y.at);
  for (const { group } of order) {
    const count = counts.get(group[0].a.split("/")[0]);
    const half = count.tuning <= count.untouched ? "tuning" : "untouched";
    count[half] += group.length;
    for (const pair of group) pair.half = half;
  }
  return [...counts];
}

// The fresh set has no halves: none of it is for tuning.
const counts = set === "first" ? split() : [];
writeFileSync(
  join(FIXTURES, "pairs.jsonl"),
  pairs.map((pair) => `${JSON.stringify(pair)}\n`).join(""),
);
const alike = pairs.filter((pair) => pair.alike).length;
process.stdout.write(`${alike} alike, ${pairs.length - alike} not; ${JSON.stringify(counts)}\n`);
