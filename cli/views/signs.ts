// What speaks for a finding and against it, in words.
import { durationText } from "../../src/base/duration.js";
import { formatBytes, formatCount } from "../../src/base/units.js";
import type { Sign } from "../../src/query/suspects.js";

/** "" of signs that weigh but are not told. */
export function signText(sign: Sign): string {
  switch (sign.sign) {
    case "finished":
      return `${percent(sign.share)} of the ${sign.type} have ${sign.field} == true, and are still held`;
    case "expired":
      return `${sign.field} of ${percent(sign.share)} of the ${sign.type} had passed, and they are still held`;
    case "expiring":
      return `${sign.field} of ${percent(sign.share)} lies in the future: they expire`;
    case "all-ages":
      return `${spanText(sign)}: they are of all ages, as if none ever went`;
    case "since-start":
      return `${spanText(sign)}: they came with the start`;
    case "numbers-in-turn":
      return `${sign.field} runs from ${formatCount(sign.from)} to ${formatCount(sign.to)}: older ones were removed`;
    case "bounded-by-field":
      return `${sign.field} = ${sign.of === "bytes" ? formatBytes(sign.limit) : formatCount(sign.limit)} beside it: it looks bounded`;
    case "evicting-list":
      return "a list keeps the order of the map's entries: it looks as if it evicts the oldest";
    case "scattered":
      return "they came one by one while the program worked: their spans are shared with other and freed objects";
    default:
      return "";
  }
}

function spanText({
  field,
  from,
  to,
  life,
}: {
  readonly field: string;
  readonly from: number;
  readonly to: number;
  readonly life: number;
}) {
  return `${field} runs from ${rough(from)} to ${rough(to)} of the ${rough(life)} that the process lived`;
}

const percent = (share: number) => `${Math.round(share * 100)}%`;

/** A duration to about three digits. @param nanoseconds */
function rough(nanoseconds: number): string {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, nanoseconds))) - 2);
  return durationText(BigInt(Math.round(nanoseconds / unit) * unit));
}
