// Sentences about waiting that the command and the screen share.
import { counted, formatCount } from "../../src/base/units.js";
import type { blocked } from "../../src/query/blocked.js";
import { formatPlace } from "../text/goroutine-group.js";

type Answer = ReturnType<typeof blocked.run>;

/** "deadlock: 2 goroutines wait for each other in a circle, and 3 more with them". */
export function circleText({ goroutines, involved, certainty }: Answer["cycles"][number]): string {
  const count = goroutines.length;
  const circle = count === 1 ? "a goroutine waits for itself" : `${counted(count, "goroutine")} wait for each other in a circle`;
  const more = involved.length > count ? `, and ${formatCount(involved.length - count)} more with them` : "";
  return `${certainty === "strong" ? "deadlock" : "possible deadlock"}: ${circle}${more}`;
}

/** " main.serve server.go:12", behind a goroutine's number; "" when nothing of the program is on its stack. */
export function atText(top: Answer["rows"][number]["waiting"][number]["top"]): string {
  return top ? ` ${top.function} ${formatPlace(top)}` : "";
}

/** "12 goroutines wait for 3 things". */
export function waitsText({ total }: Answer): string {
  return `${counted(total.goroutines, "goroutine waits", "goroutines wait")} for ${counted(total.objects, "thing")}`;
}
