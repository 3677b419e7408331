package io.dlqservice.dlq.spool;

import com.google.protobuf.InvalidProtocolBufferException;
import io.dlqservice.dlq.spool.RecordScanner.Found;
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

/**
 * A spool file that this process has: its letters by where they begin. Bodies stay on the disk. Its
 * shelf calls one method at a time.
 */
final class SpoolFile implements LetterStore {
  private final Path path;
  private final FileChannel reading;

  /** Appends, whatever an adopter has appended meanwhile. */
  private final FileChannel writing;

  /** Which file it is, whatever its name. */
  private final Object key;

  private long bytes;

  /** Bytes of the records of those that wait, by where they begin. */
  private final TreeMap<Long, Integer> letters = new TreeMap<>();

  private int skippedBytes;

  private SpoolFile(Path path, FileChannel writing) throws IOException {
    this.path = path;
    this.writing = writing;
    reading = FileChannel.open(path, StandardOpenOption.READ);
    key = keyOf(path);
  }

  /** Nothing is written before the first letter. */
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

  /** One that somebody has left. */
  static SpoolFile adopt(Path path) throws IOException {
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
    if (!Framing.hasHeader(content)) throw new IOException("no spool file of format 1");
    RecordScanner scanner = new RecordScanner(content, Framing.HEADER_BYTES);
    skippedBytes = scanner.skippedBytes();
    for (Found found : scanner.records()) {
      if (found.type() == RecordType.LETTER) takeLetter(found);
      if (found.type() == RecordType.DONE) takeDone(found);
    }
    bytes = content.length;
  }

  private void takeLetter(Found found) {
    if (requestIn(found.body()).isPresent()) letters.put((long) found.offset(), found.bytes());
    else skippedBytes += found.bytes();
  }

  private void takeDone(Found found) {
    try {
      Done.parseFrom(found.body()).getOffsetsList().forEach(letters::remove);
    } catch (InvalidProtocolBufferException unreadable) {
      // then they are delivered once more
    }
  }

  Path path() {
    return path;
  }

  @Override
  public synchronized int count() {
    return letters.size();
  }

  long bytes() {
    return bytes;
  }

  /** Damaged. */
  int skippedBytes() {
    return skippedBytes;
  }

  /**
   * Whole records in one write.
   *
   * @param start goes before them where the file is empty
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
        letters.put(offsets.get(at), records.get(at).length);
      }
    }
  }

  /** Says in the file whose it is now. */
  void claim(byte[] owner, boolean isSynced) throws IOException {
    write(owner, isSynced);
  }

  @Override
  public List<StoredLetter> read(long after, int maxLetters, int maxBytes) throws IOException {
    List<Map.Entry<Long, Integer>> spans = next(after, maxLetters, maxBytes);
    List<StoredLetter> found = new ArrayList<>();
    for (Map.Entry<Long, Integer> span : spans) {
      ByteBuffer record = ByteBuffer.allocate(span.getValue());
      while (record.hasRemaining()) {
        if (reading.read(record, span.getKey() + record.position()) < 0) break;
      }
      byte[] bytes = Arrays.copyOf(record.array(), record.position());
      found.add(new StoredLetter(span.getKey(), requestOf(bytes)));
    }
    return found;
  }

  /** Empty also where it was damaged after it was written. */
  private static Optional<SendToDlqRequest> requestOf(byte[] record) {
    return new RecordScanner(record, 0)
        .records().stream()
            .filter(found -> found.offset() == 0)
            .findFirst()
            .flatMap(found -> requestIn(found.body()));
  }

  private synchronized List<Map.Entry<Long, Integer>> next(
      long after, int maxLetters, int maxBytes) {
    List<Map.Entry<Long, Integer>> spans = new ArrayList<>();
    long sum = 0;
    for (Map.Entry<Long, Integer> span : letters.tailMap(after, false).entrySet()) {
      sum += span.getValue();
      if (spans.size() == maxLetters || (!spans.isEmpty() && sum > maxBytes)) break;
      spans.add(Map.entry(span.getKey(), span.getValue()));
    }
    return spans;
  }

  void finish(List<Long> offsets, boolean isSynced) throws IOException {
    synchronized (this) {
      offsets.forEach(letters::remove);
      if (letters.isEmpty()) return; // the whole file goes
    }
    Done done = Done.newBuilder().addAllOffsets(offsets).build();
    write(Framing.encode(RecordType.DONE, done.toByteArray()), isSynced);
  }

  /** Whether the file still has its name here: if not, somebody has adopted it. */
  boolean hasItsName() {
    try {
      Object named = keyOf(path);
      return key == null || key.equals(named);
    } catch (IOException gone) {
      return false;
    }
  }

  /** Says that its owner lives. */
  void touch() throws IOException {
    Files.setLastModifiedTime(path, FileTime.from(Instant.now()));
  }

  /** Leaves it to whoever sees it first. */
  void release() {
    try {
      if (hasItsName()) Files.setLastModifiedTime(path, FileTime.fromMillis(0));
    } catch (IOException thenItTakesItsTime) {
      // after two minutes it is anybody's
    }
    close();
  }

  void remove() {
    try {
      if (hasItsName()) Files.deleteIfExists(path);
    } catch (IOException adopted) {
      // whoever has it removes it
    }
    close();
  }

  void close() {
    try {
      reading.close();
      writing.close();
    } catch (IOException nothingIsLost) {
      // everything was written
    }
  }

  private void write(byte[] content, boolean isSynced) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(content);
    while (buffer.hasRemaining()) bytes += writing.write(buffer);
    if (isSynced) writing.force(false);
  }

  /** So that the file's name survives the machine, too. */
  private void syncFolder() throws IOException {
    if (SpoolFolder.isWindows()) return; // which opens no folders
    try (FileChannel folder = FileChannel.open(path.getParent(), StandardOpenOption.READ)) {
      folder.force(true);
    }
  }

  /** Null where the file system has none. */
  private static Object keyOf(Path path) throws IOException {
    return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
  }

  /** Empty where the disk no longer has what was written. */
  private static Optional<SendToDlqRequest> requestIn(ByteBuffer body) {
    try {
      SpooledMessage letter = SpooledMessage.parseFrom(body.duplicate());
      return letter.hasRequest() ? Optional.of(letter.getRequest()) : Optional.empty();
    } catch (InvalidProtocolBufferException unreadable) {
      return Optional.empty();
    }
  }
}
