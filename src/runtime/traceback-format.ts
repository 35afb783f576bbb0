// How this release writes its tracebacks. runtime/traceback.go goroutineheader, showframe; runtime/panic.go printpanics
import type { GoRuntime } from "./runtime.js";

export interface TracebackFormat {
  /** Headers of goroutines with gp=, m= and mp= at the level of crash. Since Go 1.22. */
  readonly hasAddresses: boolean;
  /** Further lines of a panic's text begin with a tab. Since Go 1.23. */
  readonly indentsText: boolean;
  /** GODEBUG=tracebacklabels=1 was set: headers have the goroutine's labels. */
  readonly hasLabels: boolean;
  /** funcID of wrappers that the compiler made; undefined when the binary does not tell. */
  readonly wrapperId: number | undefined;
}

export function tracebackFormat({ layout, functions, types, variables, memory }: GoRuntime): TracebackFormat {
  const settings = variables.global("runtime.debug");
  const field = settings && types.get(settings.type).fields.find((each) => each.name === "tracebacklabels");
  const setting = settings && field ? settings.address + field.offset : undefined;
  return {
    // The release that brought it also renamed this field.
    hasAddresses: layout.struct("g").has("coroarg"),
    indentsText: functions.byName("runtime.printindented") !== undefined,
    hasLabels: setting !== undefined && memory.tryBytes(setting, 4) !== undefined && memory.readUint(setting, 4) === 1,
    wrapperId: layout.constant("internal/abi.FuncIDWrapper"),
  };
}
