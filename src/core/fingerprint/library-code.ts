// Which code is of a library or a runtime, not of the application.

// Separators of folders are `/` and, in Windows, `\`.

const PYTHON =
  /[\\/](?:site-packages|dist-packages|lib(?:64)?[\\/]python3?[\d.]*|Python\d+[\\/]Lib)[\\/]/;

/** `<` starts names of code without a file. */
export const isLibraryOfPython = (file: string): boolean =>
  file.startsWith("<") || PYTHON.test(file);

const NODE = /[\\/](?:node_modules|\.yarn|\.pnpm)[\\/]/;

export const isLibraryOfNode = (file: string): boolean =>
  file.startsWith("node:") ||
  file.startsWith("<") ||
  file.startsWith("internal/") ||
  file.startsWith("eval at") ||
  NODE.test(file);

const RUST =
  /(?:^|[\\/])(?:rustc|rustlib|\.rustup|\.cargo|cargo[\\/](?:registry|git))[\\/]|^library[\\/]/;

export const isRustLibraryFile = (file: string): boolean => RUST.test(file);

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

const GO = /\/(?:pkg\/mod|go\/src|go-[\d.]+\/src|libexec\/src|vendor)\/|@v\d/;

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
  if (GO.test(file)) return true;
  if (file.startsWith("/") || file[1] === ":") return false;
  return GO_ROOTS.has(file.slice(0, file.indexOf("/")));
}

const RUST_CRATES = ["std::", "core::", "alloc::", "dlq_client::"];

/** @param name with its crate: `billing::charge::charge` */
export function isLibraryOfRust(name: string): boolean {
  // `<alloc::boxed::Box<F> as core::ops::function::FnOnce>::call_once`
  const path = name.startsWith("<") ? name.slice(1) : name;
  return RUST_CRATES.some((crate) => path.startsWith(crate)) || !path.includes("::");
}
