// Perfetto's own protobuf, for ui.perfetto.dev. Source: perfetto.dev/docs/reference/trace-packet-proto.
import { ByteWriter } from "../base/byte-writer.js";
import { messageField, numberField, textField } from "../base/protobuf.js";
import { type Annotations, GROUP, type Sink } from "./sink.js";

/** Field numbers of the messages Trace, TracePacket, TrackDescriptor, TrackEvent, DebugAnnotation and CounterDescriptor. */
const FIELD = {
  trace: { packet: 1 },
  packet: { timestamp: 8, sequence: 10, trackEvent: 11, trackDescriptor: 60 },
  descriptor: { uuid: 1, name: 2, parent: 5, counter: 8, childOrdering: 11, orderRank: 12 },
  event: { type: 9, track: 11, categories: 22, name: 23, counterValue: 30, annotations: 4 },
  annotation: { intValue: 4, stringValue: 6, name: 10 },
  counter: { unit: 3 },
} as const;
/** perfetto.protos.TrackEvent.Type */
const EVENT_TYPE = { begin: 1, end: 2, instant: 3, counter: 4 } as const;
/** perfetto.protos.TrackDescriptor.ChildTracksOrdering: by orderRank. */
const EXPLICIT_ORDER = 3;

/** Packets of perfetto.protos.Trace. A slice is two events, its begin and its end; a group is a track with others below it. */
export class PerfettoSink implements Sink {
  /** What has been written and not yet been taken. */
  private out = new ByteWriter();
  /** Tracks of counters, announced at their first value. */
  private readonly counters = new Map<string, number>();

  /** One packet, all of one sequence; without a time it describes a track. */
  private packet(time: number | undefined, fill: (packet: ByteWriter) => void): void {
    const packet = new ByteWriter();
    if (time !== undefined) numberField(packet, FIELD.packet.timestamp, time);
    numberField(packet, FIELD.packet.sequence, 1);
    fill(packet);
    messageField(this.out, FIELD.trace.packet, packet.done());
  }
  /** Announces a track below another one; parent 0: at the top. Tracks of one parent are shown by their rank. */
  private descriptor(uuid: number, name: string, parent: number, rank: number, counter = false): void {
    this.packet(undefined, (packet) => {
      const to = new ByteWriter();
      numberField(to, FIELD.descriptor.uuid, uuid);
      textField(to, FIELD.descriptor.name, name);
      if (parent !== 0) numberField(to, FIELD.descriptor.parent, parent);
      if (counter) messageField(to, FIELD.descriptor.counter, new Uint8Array(0));
      else numberField(to, FIELD.descriptor.childOrdering, EXPLICIT_ORDER);
      numberField(to, FIELD.descriptor.orderRank, rank);
      messageField(packet, FIELD.packet.trackDescriptor, to.done());
    });
  }
  /** Something on a track at a time. */
  private event(
    track: number,
    type: number,
    time: number,
    fields: {
      readonly name?: string;
      readonly category?: string;
      readonly value?: number;
      readonly args?: Annotations;
    },
  ): void {
    this.packet(time, (packet) => {
      const to = new ByteWriter();
      numberField(to, FIELD.event.type, type);
      numberField(to, FIELD.event.track, track);
      if (fields.category !== undefined) textField(to, FIELD.event.categories, fields.category);
      if (fields.name !== undefined) textField(to, FIELD.event.name, fields.name);
      if (fields.value !== undefined) numberField(to, FIELD.event.counterValue, fields.value);
      for (const [name, value] of Object.entries(fields.args ?? {})) {
        const annotation = new ByteWriter();
        textField(annotation, FIELD.annotation.name, name);
        if (typeof value === "number") numberField(annotation, FIELD.annotation.intValue, value);
        else textField(annotation, FIELD.annotation.stringValue, value);
        messageField(to, FIELD.event.annotations, annotation.done());
      }
      messageField(packet, FIELD.packet.trackEvent, to.done());
    });
  }
  group(id: number, name: string): void {
    this.descriptor(id, name, 0, id);
  }
  track(group: number, id: number, name: string): void {
    this.descriptor(trackId(group, id), name, group, id);
  }
  slice(group: number, id: number, name: string, category: string, from: number, to: number, args: Annotations): void {
    const track = trackId(group, id);
    this.event(track, EVENT_TYPE.begin, from, { name, category, args });
    this.event(track, EVENT_TYPE.end, Math.max(from, to), {});
  }
  instant(group: number, id: number, name: string, category: string, at: number, args: Annotations): void {
    this.event(trackId(group, id), EVENT_TYPE.instant, at, { name, category, args });
  }
  counter(name: string, at: number, value: number): void {
    let track = this.counters.get(name);
    if (track === undefined) {
      track = trackId(0, this.counters.size + 1);
      this.counters.set(name, track);
      this.descriptor(track, name, GROUP.gc, 100 + this.counters.size, true);
    }
    this.event(track, EVENT_TYPE.counter, at, { value });
  }
  take(): Uint8Array {
    const bytes = this.out.done();
    this.out = new ByteWriter();
    return bytes;
  }
  end(): Uint8Array {
    return new Uint8Array(0);
  }
}

/** Groups have the ids 1 to 6; ids of tracks lie far above them and never meet. */
function trackId(group: number, id: number): number {
  return (group + 1) * 2 ** 40 + id;
}
