// Profiles as runtime/pprof writes them: a protobuf message without a name in it, known by its first fields. pprof/proto/profile.proto

const VARINT = 0;
const LENGTH_DELIMITED = 2;
/** Profile.sample_type: a message ValueType. */
const SAMPLE_TYPE = 1;
/** The last field of a Profile, doc_url. */
const LAST_FIELD = 15;

/** Whether bytes begin as a Profile does: fields of its kinds, among the first of them a sample_type. */
export function looksLikeProfile(start: Uint8Array): boolean {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; at < start.length; scale *= 128) {
      const byte = start[at++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    return Number.NaN;
  };
  for (let fields = 0; fields < 8; fields++) {
    const tag = varint();
    const [field, wireType] = [Math.floor(tag / 8), tag % 8];
    if (!(field >= 1 && field <= LAST_FIELD)) return false;
    const value = varint();
    if (wireType === VARINT) continue;
    if (wireType !== LENGTH_DELIMITED) return false;
    if (field === SAMPLE_TYPE) return isValueType(start.subarray(at, at + value), value);
    at += value;
  }
  return false;
}

/** A ValueType: two numbers of strings, type and unit. */
function isValueType(bytes: Uint8Array, length: number): boolean {
  return length === bytes.length && length >= 4 && length <= 8 && bytes[0] === 0x08 && [...bytes].includes(0x10);
}
