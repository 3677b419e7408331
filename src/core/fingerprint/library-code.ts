// Which code is of a library or a runtime, not of the application.

/** Parts of file names, with `/` as separator, of Python, Node, Go and Rust. */
const FOLDERS = [
  "/site-packages/",
  "/dist-packages/",
  "/lib/python",
  "/lib64/python",
  "/node_modules/",
  "/pkg/mod/",
  "/go/src/",
  "/lib/go/",
  "/lib/go-",
  "/libexec/src/",
  "/vendor/",
  "/.cargo/",
  "/cargo/registry/",
  "/cargo/git/",
  "/rustc/",
  "/.rustup/",
  "/rustlib/",
  "/.yarn/",
  "/.pnpm/",
];

/** Starts of file names. `<` and `node:` are code without a file. */
const FILE_STARTS = [
  "<",
  "node:",
  "internal/",
  "/rustc/",
  "/usr/lib/",
  "library/std/",
  "library/core/",
  "native",
  "_testmain.go",
];

export function isLibraryFile(file: string): boolean {
  const path = file.includes("\\") ? file.replaceAll("\\", "/") : file;
  return (
    FILE_STARTS.some((start) => path.startsWith(start)) ||
    FOLDERS.some((folder) => path.includes(folder))
  );
}

/** Packages of Java, without the dot at their end. */
const JAVA = new Set(
  (
    "java javax jdk sun com.sun jakarta kotlin kotlinx scala groovy clojure akka reactor rx feign okhttp3 okio retrofit2 brave lombok " +
    "org.springframework org.hibernate org.apache org.eclipse org.jboss org.postgresql org.h2 org.sqlite org.mariadb org.slf4j " +
    "org.junit org.testng org.mockito org.jooq org.mybatis org.aspectj org.codehaus org.glassfish org.flywaydb org.liquibase " +
    "org.redisson org.elasticsearch org.mongodb org.bson org.json org.yaml org.xml org.w3c org.openjdk org.graalvm org.quartz " +
    "io.netty io.grpc io.micrometer io.opentelemetry io.vertx io.quarkus io.micronaut io.lettuce io.reactivex io.projectreactor " +
    "io.jsonwebtoken io.undertow io.smallrye io.dropwizard io.github.resilience4j io.dlqservice " +
    "com.fasterxml com.google com.mysql com.mongodb com.zaxxer com.rabbitmq com.amazonaws com.microsoft com.azure com.oracle " +
    "com.ibm com.networknt com.squareup com.jayway com.datastax com.hazelcast com.github.benmanes com.stripe com.auth0 com.nimbusds " +
    "software.amazon redis.clients net.bytebuddy net.sf net.jodah dev.failsafe oracle"
  ).split(" "),
);

/** @param name of a class, with its packages */
export function isLibraryClass(name: string): boolean {
  let end = name.indexOf(".");
  for (let depth = 0; depth < 3 && end > 0; depth++) {
    if (JAVA.has(name.slice(0, end))) return true;
    end = name.indexOf(".", end + 1);
  }
  return name.startsWith("$Proxy");
}

/** Roots of Go's standard library. With -trimpath, names of its files start with them. */
const GO_ROOTS = new Set(
  (
    "archive bufio bytes cmp compress container context crypto database debug embed encoding errors expvar flag fmt go hash html " +
    "image index internal io iter log maps math mime net os path plugin reflect regexp runtime slices sort strconv strings " +
    "structs sync syscall testing text time unicode unique unsafe weak"
  ).split(" "),
);

/** @param name as the runtime prints it: `net/http.(*Client).Do` */
export function isLibraryOfGo(name: string, file: string): boolean {
  if (name.startsWith("github.com/dlq-service/dlq/clients/go")) return true;
  if (isLibraryFile(file) || file.includes("@v")) return true;
  if (file.startsWith("/")) return false;
  return GO_ROOTS.has(file.slice(0, file.indexOf("/")));
}

const RUST_CRATES = [
  "std::",
  "core::",
  "alloc::",
  "tokio::",
  "rust_begin_unwind",
  "__rust",
  "backtrace::",
  "futures_",
  "hyper",
  "tower::",
  "dlq_client::",
  "test::",
  "_start",
  "__libc",
  "start_thread",
  "clone",
];

/** @param name with its crate: `billing::charge::charge` */
export function isLibraryOfRust(name: string): boolean {
  const path = name.startsWith("<") ? name.slice(1).replace(/^&?(?:mut )?/, "") : name;
  return RUST_CRATES.some((crate) => path.startsWith(crate)) || !path.includes("::");
}
