// PLACEHOLDER: the shape of the answer only, until the engine's own overview.ts replaces it.
import { UnsupportedError } from "../base/errors.js";
import type { Query } from "./query.js";

export const overview: Query<
  Record<string, never>,
  {
    readonly program: {
      readonly name: string;
      readonly path: string;
      readonly pid: number;
      readonly arguments: string;
      readonly module: string;
      readonly buildSettings: Readonly<Record<string, string>>;
      readonly goVersion: string;
      readonly experiments: readonly string[];
      readonly arch: string;
      readonly signal: string | null;
    };
    readonly memory: {
      readonly mappedBytes: number;
      readonly classes: readonly { readonly name: string; readonly bytes: number }[];
      readonly mappings?: readonly { readonly name: string; readonly bytes: number }[];
    };
    readonly heap: {
      readonly allocatedObjects: number;
      readonly allocatedBytes: number;
      readonly liveObjects: number;
      readonly liveBytes: number;
      readonly garbageObjects: number;
      readonly garbageBytes: number;
      readonly typedBytes: number;
    };
    readonly stats: {
      readonly heapInuse: number;
      readonly heapIdle: number;
      readonly heapReleased: number;
      readonly stackInuse: number;
      readonly sys: number;
    };
    readonly gc: {
      readonly phase: string;
      readonly cycles: number;
      readonly gogc: number;
      readonly memoryLimit: number | null;
      readonly nextGoal: number;
      readonly lastGcUnixNanoseconds: string | null;
    };
    readonly goroutines: { readonly total: number; readonly byStatus: Readonly<Record<string, number>> };
    readonly topTypes: readonly { readonly type: string; readonly count: number; readonly bytes: number }[];
  }
> = {
  name: "overview",
  summary: "program, memory, heap, GC and goroutines at a glance",
  run() {
    throw new UnsupportedError("overview", "a core", "nothing yet: the engine is not in place");
  },
};
