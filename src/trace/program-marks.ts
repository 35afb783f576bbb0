// What a program says of itself through runtime/trace: tasks, regions and logs, counted.
import { beginSpan, endSpan, type Spans } from "./durations.js";
import { EV } from "./events.js";
import { MOST_LOGS } from "./limits.js";
import type { TraceEvent } from "./order.js";
import { takeRegion } from "./states.js";

/** Tasks and regions by name, the last messages, and how many there were. */
export class ProgramMarks {
  readonly tasks = new Map<string, Spans>();
  private readonly openTasks = new Map<number, { readonly name: string; readonly begin: number }>();
  readonly regions = new Map<string, Spans>();
  private readonly openRegions = new Map<number, { readonly task: number; readonly name: string; readonly begin: number }[]>();
  readonly logs: { time: number; goroutine: number; key: string; value: string }[] = [];
  logCount = 0;

  /** Takes the next event; those of other kinds are passed over. */
  note(event: TraceEvent): void {
    const { type, args, time } = event;
    switch (type) {
      case EV.UserTaskBegin:
        beginSpan(this.tasks, textOf(event, 2));
        this.openTasks.set(args[0], { name: textOf(event, 2), begin: time });
        break;
      case EV.UserTaskEnd: {
        const task = this.openTasks.get(args[0]);
        if (task) endSpan(this.tasks, task.name, time - task.begin);
        this.openTasks.delete(args[0]);
        break;
      }
      case EV.UserRegionBegin: {
        beginSpan(this.regions, textOf(event, 1));
        const open = this.openRegions.get(event.g);
        const region = { task: args[0], name: textOf(event, 1), begin: time };
        if (open) open.push(region);
        else this.openRegions.set(event.g, [region]);
        break;
      }
      case EV.UserRegionEnd: {
        const region = takeRegion(this.openRegions.get(event.g), args[0], textOf(event, 1));
        if (region) endSpan(this.regions, region.name, time - region.begin);
        break;
      }
      case EV.UserLog:
        this.logCount++;
        this.logs.push({ time, goroutine: event.g, key: textOf(event, 1), value: textOf(event, 2) });
        if (this.logs.length > MOST_LOGS) this.logs.shift();
        break;
    }
  }
}

/** The text that an argument names; "?" when the generation has none. */
export function textOf({ generation, args }: TraceEvent, index: number): string {
  return generation.strings.get(args[index]) ?? "?";
}
