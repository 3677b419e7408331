package io.dlqservice.dlq.internal.spool;

import io.dlqservice.dlq.spool.v1.Owner;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/**
 * Identifies this process, so that others can check whether it runs.
 *
 * @param bootId empty if it cannot be read, like the pidNamespace
 * @param processStart in the platform's unit; 0 if it cannot be read
 */
record ProcessIdentity(
    String host, String bootId, String pidNamespace, long pid, long processStart) {
  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");
  private static final Path PID_NAMESPACE = Path.of("/proc/self/ns/pid");

  /** Index after the program's name, which may contain anything. */
  private static final int START_FIELD = 19;

  static ProcessIdentity own() {
    long pid = ProcessHandle.current().pid();
    return new ProcessIdentity(
        hostName(), bootIdOrEmpty(), pidNamespaceOrEmpty(), pid, startOf(pid).orElse(0));
  }

  /** Whether the other's process ids mean the same processes here. */
  boolean canCompare(Owner other) {
    return !bootId.isEmpty()
        && host.equals(other.getHost())
        && bootId.equals(other.getBootId())
        && pidNamespace.equals(other.getPidNamespace());
  }

  /**
   * @param start 0 for any process with that id
   */
  static boolean isRunning(long pid, long start) {
    OptionalLong found = startOf(pid);
    return found.isPresent() && (start == 0 || found.getAsLong() == start);
  }

  /** In clock ticks since the machine's start; empty if there is no such process. */
  private static OptionalLong startOf(long pid) {
    try {
      byte[] stat = Files.readAllBytes(Path.of("/proc/" + pid + "/stat"));
      String text = new String(stat, StandardCharsets.ISO_8859_1);
      String[] fields = text.substring(text.lastIndexOf(')') + 2).split(" ", -1);
      // a zombie has ended
      if (fields[0].equals("Z") || fields[0].equals("X")) return OptionalLong.empty();
      return OptionalLong.of(Long.parseLong(fields[START_FIELD]));
    } catch (IOException | RuntimeException unreadable) {
      return OptionalLong.empty();
    }
  }

  /** As {@code uname} shows it, which clients of other languages use. */
  private static String hostName() {
    try {
      return Files.readString(Path.of("/proc/sys/kernel/hostname")).trim();
    } catch (IOException unreadable) {
      try {
        return InetAddress.getLocalHost().getHostName();
      } catch (IOException unknown) {
        return "";
      }
    }
  }

  private static String bootIdOrEmpty() {
    try {
      return Files.readString(BOOT_ID).trim();
    } catch (IOException unreadable) {
      return "";
    }
  }

  private static String pidNamespaceOrEmpty() {
    try {
      return Files.readSymbolicLink(PID_NAMESPACE).toString();
    } catch (IOException | UnsupportedOperationException unreadable) {
      return "";
    }
  }
}
