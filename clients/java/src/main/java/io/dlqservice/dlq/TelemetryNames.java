package io.dlqservice.dlq;

import java.util.Locale;

/** Names that spans and metrics share: OpenTelemetry's conventions for messaging, and own ones. */
final class TelemetryNames {
  static final String SCOPE = "dlq-client";
  static final String SYSTEM = "messaging.system";
  static final String SYSTEM_NAME = "dlq";
  static final String OPERATION = "messaging.operation.name";
  static final String SEND = "send";
  static final String PROCESS = "process";
  static final String QUEUE = "messaging.destination.name";
  static final String STATUS = "dlq.status";
  static final String OUTCOME = "dlq.outcome";
  static final String ERROR_TYPE = "error.type";

  private TelemetryNames() {}

  static String valueOf(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  /** Whether the program has the library of a class. */
  static boolean isPresent(String className) {
    try {
      Class.forName(className, false, TelemetryNames.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException | LinkageError absent) {
      return false;
    }
  }
}
