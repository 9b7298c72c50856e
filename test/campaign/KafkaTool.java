// Kafka's own Java client, for the fault campaign: a second opinion on what is committed, and batches that kafkajs cannot write.
//
//   java -cp 'JARS/*' KafkaTool.java dump BOOTSTRAP PREFIX            every committed record of the topics with this prefix, as frames on stdout
//   java -cp 'JARS/*' KafkaTool.java produce BOOTSTRAP COMPRESSION    records as frames on stdin; their offsets, one a line, on stdout
//
// A frame: topic, partition (int), offset (long), timestamp (long), key, value, number of headers (int), each with name and value. A text or bytes: length
// (int, -1 is null), then so many bytes. After the last record of a dump come frames with offset -1 and the end of the partition as the timestamp.
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.*;

public class KafkaTool {
  public static void main(String[] args) throws Exception {
    if (args[0].equals("dump")) dump(args[1], args[2]);
    else produce(args[1], args[2]);
  }

  static void dump(String bootstrap, String prefix) throws Exception {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", bootstrap);
    properties.put("isolation.level", "read_committed");
    properties.put("auto.offset.reset", "earliest");
    properties.put("fetch.max.wait.ms", "50");
    var out = new DataOutputStream(new BufferedOutputStream(System.out, 1 << 20));
    try (var consumer = new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> all = new ArrayList<>();
      consumer.listTopics().forEach((name, partitions) -> {
        if (name.startsWith(prefix)) for (var one : partitions) all.add(new TopicPartition(name, one.partition()));
      });
      consumer.assign(all);
      consumer.seekToBeginning(all);
      Map<TopicPartition, Long> ends = consumer.endOffsets(all);
      while (all.stream().anyMatch(one -> consumer.position(one) < ends.get(one))) {
        for (var record : consumer.poll(Duration.ofMillis(200))) {
          frame(out, record.topic(), record.partition(), record.offset(), record.timestamp(), record.key(), record.value(), record.headers().toArray());
        }
      }
      for (var end : ends.entrySet()) frame(out, end.getKey().topic(), end.getKey().partition(), -1, end.getValue(), null, null, new Header[0]);
    }
    out.flush();
  }

  static void produce(String bootstrap, String compression) throws Exception {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", bootstrap);
    properties.put("compression.type", compression);
    properties.put("acks", "all");
    properties.put("linger.ms", "20");
    properties.put("max.request.size", "8000000");
    var in = new DataInputStream(new BufferedInputStream(System.in));
    List<java.util.concurrent.Future<RecordMetadata>> sent = new ArrayList<>();
    try (var producer = new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
      for (byte[] topic = bytes(in); topic != null; topic = bytes(in)) {
        int partition = in.readInt();
        in.readLong();
        long timestamp = in.readLong();
        byte[] key = bytes(in);
        byte[] value = bytes(in);
        in.readInt();
        sent.add(producer.send(new ProducerRecord<>(new String(topic, StandardCharsets.UTF_8), partition, timestamp, key, value)));
      }
      for (var one : sent) System.out.println(one.get().offset());
    }
  }

  static void frame(DataOutputStream out, String topic, int partition, long offset, long timestamp, byte[] key, byte[] value, Header[] headers) throws IOException {
    put(out, topic.getBytes(StandardCharsets.UTF_8));
    out.writeInt(partition);
    out.writeLong(offset);
    out.writeLong(timestamp);
    put(out, key);
    put(out, value);
    out.writeInt(headers.length);
    for (var header : headers) {
      put(out, header.key().getBytes(StandardCharsets.UTF_8));
      put(out, header.value());
    }
  }

  static void put(DataOutputStream out, byte[] bytes) throws IOException {
    out.writeInt(bytes == null ? -1 : bytes.length);
    if (bytes != null) out.write(bytes);
  }

  /** Null: the end, or a null. */
  static byte[] bytes(DataInputStream in) throws IOException {
    int length;
    try {
      length = in.readInt();
    } catch (EOFException end) {
      return null;
    }
    return length < 0 ? null : in.readNBytes(length);
  }
}
