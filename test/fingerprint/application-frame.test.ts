import { describe, expect, test } from "vitest";
import { applicationFrame } from "../../src/core/fingerprint/application-frame.ts";

const PYTHON = `Traceback (most recent call last):
  File "/srv/app/main.py", line 24, in <module>
    handle(order)
  File "/srv/app/billing/charge.py", line 12, in charge
    requests.post(url)
  File "/srv/app/.venv/lib/python3.11/site-packages/requests/api.py", line 115, in post
    return request("post", url)
  File "/usr/lib/python3.11/socket.py", line 718, in readinto
    return self._sock.recv_into(b)
TimeoutError: timed out
`;

const NODE = `AxiosError: timeout of 210ms exceeded
    at RedirectableRequest.handleTimeout (file:///srv/app/node_modules/axios/lib/http.js:1523:17)
    at listOnTimeout (node:internal/timers:685:17)
    at async Bank.charge (file:///srv/app/src/billing/charge.js:10:18)
    at async handle (file:///srv/app/src/main.js:11:3)`;

const JAVA = `java.io.IOException: timeout
\tat okhttp3.internal.connection.RealCall.timeoutExit(RealCall.kt:398)
\tat java.base/java.util.ArrayList.forEach(ArrayList.java:1511)
\tat app//com.example.billing.Charge.lambda$charge$3(Charge.java:21)
\tat com.example.Main.main(Main.java:9)`;

const GO = `*dlq.PanicError: panic: assignment to entry in nil map

goroutine 1 [running]:
runtime/debug.Stack()
\t/usr/local/go/src/runtime/debug/stack.go:26 +0x5e
panic({0x1386b80?, 0x2207fd0?})
\t/usr/local/go/src/runtime/panic.go:860 +0x13a
github.com/lib/pq.(*conn).exec(0xc0)
\t/go/pkg/mod/github.com/lib/pq@v1.12.3/conn.go:88
example.com/shop/billing.(*Bank).charge.func2({0x235a, 0x1, {0x30635c3868d0, 0x12}})
\t/srv/app/billing/charge.go:88 +0x65
main.main()
\t/srv/app/main.go:50 +0x2d4
`;

const RUST = `stack backtrace:
   0: rust_begin_unwind
             at /rustc/59807616e1fa/library/std/src/panicking.rs:697:5
   1: reqwest::blocking::Client::send
             at /usr/local/cargo/registry/src/index.crates.io-1949/reqwest-0.12.24/src/lib.rs:3:1
   2: billing::charge::Bank::charge::{{closure}}::h0123456789abcdef
             at ./src/charge.rs:12:9
   3: billing::main
             at ./src/main.rs:4:5`;

describe("the nearest call that is not of a library", () => {
  test.each([
    ["Python", PYTHON, "billing/charge.py in charge"],
    ["Node", NODE, "billing/charge.js in Bank.charge"],
    ["Java", JAVA, "Charge.java in com.example.billing.Charge.charge"],
    ["Go", GO, "billing/charge.go in example.com/shop/billing.(*Bank).charge.func"],
    ["Rust", RUST, "charge.rs in billing::charge::Bank::charge"],
  ])("%s", (_, stackTrace, expected) => {
    expect(applicationFrame(stackTrace)).toBe(expected);
  });
});

describe("builds, releases and machines do not matter", () => {
  test.each([
    [PYTHON, PYTHON.replaceAll("/srv/app", "/opt/release-42").replaceAll("line 12", "line 15")],
    [PYTHON, PYTHON.replaceAll("/srv/app/", "C:\\shop\\").replace("billing/", "billing\\")],
    [NODE, NODE.replace("charge.js:10:18", "charge-3f2a1b9c.js:1:48231")],
    [NODE, NODE.replace("file:///srv/app/src/", "/home/deploy/releases/20260302/dist/")],
    [JAVA, JAVA.replace("lambda$charge$3(Charge.java:21)", "lambda$charge$7(Charge.java:99)")],
    [JAVA, JAVA.replace("app//", "")],
    [GO, GO.replace("func2(", "func1.3(").replace("charge.go:88", "charge.go:90")],
    [RUST, RUST.replace("h0123456789abcdef", "hfedcba9876543210").replace(":12:9", ":13:9")],
  ])("case %#", (one, other) => {
    expect(other).not.toBe(one);
    expect(applicationFrame(other)).toBe(applicationFrame(one));
  });
});

describe("causes", () => {
  test("of Java: the innermost one with an application frame", () => {
    const stackTrace = `${JAVA.replace("Charge.java:21", "Charge.java:30")}
Caused by: java.sql.SQLException: closed
\tat org.h2.jdbc.JdbcConnection.check(JdbcConnection.java:5)
\tat com.example.Store.find(Store.java:8)
\t... 12 more
Caused by: java.net.SocketException: reset
\tat java.base/java.net.Socket.read(Socket.java:1)
\t... 14 more`;
    expect(applicationFrame(stackTrace)).toBe("Store.java in com.example.Store.find");
  });

  test("of Java: a suppressed error is not a cause", () => {
    const stackTrace = `${JAVA}
\tSuppressed: java.io.IOException: close
\t\tat com.example.Socket.close(Socket.java:8)
\tCaused by: java.io.IOException: inner
\t\tat com.example.Socket.flush(Socket.java:9)`;
    expect(applicationFrame(stackTrace)).toBe(applicationFrame(JAVA));
  });

  test("of Python come first", () => {
    const outer = PYTHON.replace("charge.py", "settle.py").replace("in charge", "in settle");
    const cause = "\nThe above exception was the direct cause of the following exception:\n\n";
    expect(applicationFrame(PYTHON + cause + outer)).toBe("billing/charge.py in charge");
    const handled = "\nDuring handling of the above exception, another exception occurred:\n\n";
    expect(applicationFrame(PYTHON + handled + outer)).toBe("billing/settle.py in settle");
  });

  test("of Node follow", () => {
    const cause = "[cause]: Error: reset\n    at Store.find (/srv/app/src/store.js:3:1)";
    expect(applicationFrame(`${NODE}\n${cause}`)).toBe("store.js in Store.find");
    const ofNode = "[cause]: Error: reset\n    at TCP.onRead (node:net:1:1)";
    expect(applicationFrame(`${NODE}\n${ofNode}`)).toBe(applicationFrame(NODE));
  });
});

test("a callback has the name of the function around it", () => {
  const node = `TypeError: x is null
    at /srv/app/src/total.js:41:36
    at Array.map (<anonymous>)
    at total (/srv/app/src/total.js:41:22)`;
  expect(applicationFrame(node)).toBe("total.js in total");
  const python = `  File "/srv/app/shop/total.py", line 8, in total
  File "/srv/app/shop/total.py", line 8, in <lambda>`;
  expect(applicationFrame(python)).toBe("shop/total.py in total");
});

test("the place of a Rust error is the same with and without a backtrace", () => {
  const place = "order 17 is late\n\nAt src/billing/charge.rs:12:5\nDebug: Late(17)";
  expect(applicationFrame(place)).toBe("billing/charge.rs");
  expect(applicationFrame(`${place}\n${RUST}`)).toBe("billing/charge.rs");
});

test.each(["", "no stack trace at all", "    at process.run (node:internal/process:1:2)"])(
  "%j has no application frame",
  (stackTrace) => {
    expect(applicationFrame(stackTrace)).toBe("");
  },
);
