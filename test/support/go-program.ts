// A small dead program for tests of values and expressions: a store of sessions behind a global variable.
import type { Address, TypeId } from "../../src/base/units.js";
import type { Layout } from "../../src/runtime/layout/schema.js";
import { BUCKET_STRUCTS, layoutOf, MemoryBuilder, TypeBuilder } from "./memory-builder.js";

export interface Program {
  readonly builder: MemoryBuilder;
  readonly types: TypeBuilder;
  readonly layout: Layout;
  readonly type: Readonly<Record<"store" | "session" | "user" | "map" | "closure" | "error", TypeId>>;
  readonly at: Readonly<Record<"global" | "store" | "header" | "bucket" | "session" | "user" | "tags" | "closure" | "captured", Address>>;
  readonly globals: ReadonlyMap<string, { readonly type: TypeId; readonly address: Address }>;
}

/** main.global is a *Store { sessions map[string]*Session; err error }; Session { User *User; onClose func(); any }; */
export function makeProgram(): Program {
  const builder = new MemoryBuilder();
  const types = new TypeBuilder();
  const int = types.add("int", "int", 8, { rtype: 0x1000 });
  const string = types.add("string", "string", 16);
  const strings = types.add("[]string", "slice", 24, { element: string });
  const any = types.add("interface {}", "interface", 16);
  const error = types.add("error", "interface", 16, { hasMethods: true });
  const func = types.add("func()", "func", 8);
  const user = types.add("main.User", "struct", 56, {
    fields: [
      ["ID", 0, int],
      ["Name", 8, string],
      ["Tags", 24, strings],
      ["Prev", 48, int],
    ],
  });
  const userPointer = types.add("*main.User", "pointer", 8, { element: user, rtype: 0x3000 });
  types.change(user, {
    fields: [
      ["ID", 0, int],
      ["Name", 8, string],
      ["Tags", 24, strings],
      ["Prev", 48, userPointer],
    ],
  });
  const session = types.add("main.Session", "struct", 32, {
    fields: [
      ["User", 0, userPointer],
      ["onClose", 8, func],
      ["Any", 16, any],
    ],
  });
  const sessionPointer = types.add("*main.Session", "pointer", 8, { element: session });
  const map = types.add("map[string]*main.Session", "map", 8, { key: string, element: sessionPointer });
  const store = types.add("main.Store", "struct", 24, {
    fields: [
      ["sessions", 0, map],
      ["err", 8, error],
    ],
  });
  const storePointer = types.add("*main.Store", "pointer", 8, { element: store });
  const closure = types.add("func main.fill.func1", "struct", 16, {
    fields: [
      ["F", 0, int],
      ["u", 8, userPointer],
    ],
  });

  const at = {
    global: builder.allocate(8),
    store: builder.allocate(24),
    header: builder.allocate(48),
    bucket: builder.allocate(8 + 8 * 16 + 8 * 8 + 8),
    session: builder.allocate(32),
    user: builder.allocate(56),
    tags: builder.allocate(48),
    closure: builder.allocate(16),
    captured: builder.allocate(56),
  };
  const itab = builder.allocate(32);
  types.itabs.set(itab, 0x3000);
  builder.word(at.global, at.store).words(at.store, at.header, itab, at.captured);
  builder.word(at.header, 2).word(at.header + 16, at.bucket);
  builder.uint(at.bucket, 1, 9).uint(at.bucket + 3, 1, 9);
  builder.string(at.bucket + 8, "a\n").string(at.bucket + 8 + 3 * 16, 'user-"5"');
  builder.word(at.bucket + 136 + 3 * 8, at.session);
  builder.words(at.session, at.user, at.closure, 0x3000, at.captured);
  builder
    .word(at.user, 5)
    .string(at.user + 8, "user-5")
    .words(at.user + 24, at.tags, 2, 2);
  builder.string(at.tags, "first").string(at.tags + 16, "\x1b[31msecond");
  builder.words(at.closure, 0x401000, at.captured);
  builder
    .word(at.captured, BigInt(-7))
    .string(at.captured + 8, "captured")
    .word(at.captured + 48, at.user);
  const globals = new Map([
    ["main.global", { type: storePointer, address: at.global }],
    ["example.com/pkg%2ev2.Store", { type: store, address: at.store }],
    ["g7.main.(*Store).run.&s", { type: storePointer, address: at.global }],
  ]);
  return { builder, types, layout: layoutOf(BUCKET_STRUCTS), type: { store, session, user, map, closure, error }, at, globals };
}
