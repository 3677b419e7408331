package io.dlqservice.dlq.internal.spool;

import com.google.protobuf.InvalidProtocolBufferException;
import io.dlqservice.dlq.internal.spool.RecordScanner.Found;
import io.dlqservice.dlq.spool.v1.Done;
import io.dlqservice.dlq.spool.v1.SpooledMessage;
import io.dlqservice.dlq.v1.SendToDlqRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A spool file that this process owns. It keeps the offsets of its messages in memory, and their
 * bodies on disk. Not thread-safe, except {@link #count} and {@link #read}.
 */
final class SpoolFile implements SpoolSource {
  private final Path path;
  private final FileChannel reading;

  /** Append mode: another process may append, too. */
  private final FileChannel writing;

  /** The file's identity, whatever its name. */
  private final Object key;

  private long bytes;

  /** Record sizes of messages to be sent, by offset. */
  private final TreeMap<Long, Integer> messages = new TreeMap<>();

  private int skippedBytes;

  private SpoolFile(Path path, FileChannel writing) throws IOException {
    this.path = path;
    this.writing = writing;
    reading = FileChannel.open(path, StandardOpenOption.READ);
    key = keyOf(path);
  }

  /** Makes a file. The first append writes to it. */
  static SpoolFile make(Path path) throws IOException {
    Set<StandardOpenOption> options =
        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.APPEND);
    FileChannel made = FileChannel.open(path, options, SpoolFolder.ownerOnly("rw-------"));
    try {
      return opened(path, made);
    } catch (IOException failure) {
      Files.deleteIfExists(path);
      throw failure;
    }
  }

  /** Opens the file of a process that has ended. */
  static SpoolFile open(Path path) throws IOException {
    SpoolFile file = opened(path, FileChannel.open(path, StandardOpenOption.APPEND));
    try {
      file.readAll();
      return file;
    } catch (IOException | RuntimeException failure) {
      file.close();
      throw failure;
    }
  }

  private static SpoolFile opened(Path path, FileChannel writing) throws IOException {
    try {
      return new SpoolFile(path, writing);
    } catch (IOException failure) {
      writing.close();
      throw failure;
    }
  }

  private void readAll() throws IOException {
    byte[] content = Files.readAllBytes(path);
    if (!Framing.hasHeader(content)) throw new IOException("not a spool file of format 1");
    RecordScanner scanner = new RecordScanner(content, Framing.HEADER_BYTES);
    skippedBytes = scanner.skippedBytes();
    for (Found found : scanner.records()) {
      if (found.type() == Framing.MESSAGE) addMessage(found);
      if (found.type() == Framing.DONE) removeDone(found);
    }
    bytes = content.length;
    removeLastOwners(scanner.records());
  }

  /** Removes the Owner records at the end, else each recovery would make the file longer. */
  private void removeLastOwners(List<Found> records) {
    int from = records.size();
    while (from > 1 && records.get(from - 1).type() == Framing.OWNER) from--; // the first one stays
    if (from == records.size() || !hasItsName()) return;
    try {
      writing.truncate(records.get(from).offset());
      bytes = records.get(from).offset();
    } catch (IOException unwritable) {
      // they take room until the messages are sent
    }
  }

  private void addMessage(Found found) {
    if (requestIn(found.body()).isPresent()) messages.put((long) found.offset(), found.bytes());
    else skippedBytes += found.bytes();
  }

  private void removeDone(Found found) {
    try {
      Done.parseFrom(found.body()).getOffsetsList().forEach(messages::remove);
    } catch (InvalidProtocolBufferException unreadable) {
      // they are sent once more
    }
  }

  Path path() {
    return path;
  }

  @Override
  public String name() {
    return path.getFileName().toString();
  }

  @Override
  public synchronized int count() {
    return messages.size();
  }

  long bytes() {
    return bytes;
  }

  /** When it was made, by its name; empty if it has another name. */
  Stream<Instant> createTime() {
    return SpoolFolder.nameOf(path).map(name -> Instant.ofEpochMilli(name.createdAtMs())).stream();
  }

  int skippedBytes() {
    return skippedBytes;
  }

  /**
   * Writes whole records at once.
   *
   * @param start written before the records of an empty file
   */
  void append(List<byte[]> records, byte[] start, boolean isSynced) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    if (bytes == 0) all.writeBytes(start);
    List<Long> offsets = new ArrayList<>();
    for (byte[] record : records) {
      offsets.add(bytes + all.size());
      all.writeBytes(record);
    }
    boolean isNew = bytes == 0;
    write(all.toByteArray(), isSynced);
    if (isNew && isSynced) syncFolder();
    synchronized (this) {
      for (int at = 0; at < records.size(); at++) {
        messages.put(offsets.get(at), records.get(at).length);
      }
    }
  }

  /** Appends the Owner record of this process. */
  void appendOwner(byte[] owner, boolean isSynced) throws IOException {
    write(owner, isSynced);
  }

  @Override
  public List<Entry> read(long after, int maxMessages, int maxBytes) throws IOException {
    List<Map.Entry<Long, Integer>> spans = next(after, maxMessages, maxBytes);
    List<Entry> found = new ArrayList<>();
    for (Map.Entry<Long, Integer> span : spans) {
      ByteBuffer record = ByteBuffer.allocate(span.getValue());
      while (record.hasRemaining()) {
        if (reading.read(record, span.getKey() + record.position()) < 0) break;
      }
      byte[] bytes = Arrays.copyOf(record.array(), record.position());
      found.add(new Entry(span.getKey(), requestOf(bytes)));
    }
    return found;
  }

  /** Empty if it was damaged after it was written. */
  private static Optional<SendToDlqRequest> requestOf(byte[] record) {
    return new RecordScanner(record, 0)
        .records().stream()
            .filter(found -> found.offset() == 0)
            .findFirst()
            .flatMap(found -> requestIn(found.body()));
  }

  private synchronized List<Map.Entry<Long, Integer>> next(
      long after, int maxMessages, int maxBytes) {
    List<Map.Entry<Long, Integer>> spans = new ArrayList<>();
    long sum = 0;
    for (Map.Entry<Long, Integer> span : messages.tailMap(after, false).entrySet()) {
      sum += span.getValue();
      if (spans.size() == maxMessages || (!spans.isEmpty() && sum > maxBytes)) break;
      spans.add(Map.entry(span.getKey(), span.getValue()));
    }
    return spans;
  }

  void finish(List<Long> offsets, boolean isSynced) throws IOException {
    synchronized (this) {
      offsets.forEach(messages::remove);
      if (messages.isEmpty()) return; // the whole file is removed
    }
    Done done = Done.newBuilder().addAllOffsets(offsets).build();
    write(Framing.encode(Framing.DONE, done.toByteArray()), isSynced);
  }

  /** Whether the file still has its name. If not, another process took it. */
  boolean hasItsName() {
    try {
      Object named = keyOf(path);
      return key == null || key.equals(named);
    } catch (IOException removed) {
      return false;
    }
  }

  /** Shows others that the owner runs. */
  void touch() throws IOException {
    Files.setLastModifiedTime(path, FileTime.from(Instant.now()));
  }

  /** Leaves the file to the next client that sees it. */
  void release() {
    try {
      if (hasItsName()) Files.setLastModifiedTime(path, FileTime.fromMillis(0));
    } catch (IOException unwritable) {
      // others take it after two minutes
    }
    close();
  }

  void remove() {
    try {
      if (hasItsName()) Files.deleteIfExists(path);
    } catch (IOException taken) {
      // the other process removes it
    }
    close();
  }

  void close() {
    try {
      reading.close();
      writing.close();
    } catch (IOException ignored) {
      // everything was written
    }
  }

  private void write(byte[] content, boolean isSynced) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(content);
    while (buffer.hasRemaining()) bytes += writing.write(buffer);
    if (isSynced) writing.force(false);
  }

  /** Makes the file's name survive a crash of the machine. */
  private void syncFolder() throws IOException {
    if (SpoolFolder.isWindows()) return; // which cannot open folders
    try (FileChannel folder = FileChannel.open(path.getParent(), StandardOpenOption.READ)) {
      folder.force(true);
    }
  }

  /** Null if the file system has no keys. */
  private static Object keyOf(Path path) throws IOException {
    return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
  }

  /** Empty if the record is not readable. */
  private static Optional<SendToDlqRequest> requestIn(ByteBuffer body) {
    try {
      SpooledMessage message = SpooledMessage.parseFrom(body.duplicate());
      return message.hasRequest() ? Optional.of(message.getRequest()) : Optional.empty();
    } catch (InvalidProtocolBufferException unreadable) {
      return Optional.empty();
    }
  }
}
