import { expect, test } from "vitest";
import { NONE } from "../../src/base/units.js";
import { evaluate } from "../../src/expression/evaluate.js";
import { nameSteps, type Step } from "../../src/expression/name.js";
import { parseExpression } from "../../src/expression/parse.js";
import { mapsOf } from "../../src/runtime/maps/maps.js";
import { makeProgram, type Program } from "../support/go-program.js";
import { MemoryBuilder } from "../support/memory-builder.js";

const environment = (program: Program) => ({
  memory: program.builder.memory(),
  types: program.types,
  maps: mapsOf(program.layout),
  globals: (name: string) => program.globals.get(name),
  near: () => [...program.globals.keys()],
  closureAt: () => program.type.closure,
});

/** From main.global to the user whose tag is asked for: store, header, bucket, session, user, tags. */
function path(program: Program): Step[] {
  const { at, type } = program;
  const step = (address: number, of: number, slot: number): Step => ({ address, type: of, slot, pointed: address });
  return [
    step(at.store, type.store, 0),
    step(at.header, NONE, 16),
    step(at.bucket, NONE, 136 + 3 * 8),
    step(at.session, type.session, 0),
    step(at.user, type.user, 24),
    step(at.tags, NONE, 16),
    step(at.tags, NONE, 0),
  ];
}

test("a path through a map is called by the map's name, then by the key", () => {
  const program = makeProgram();
  const storePointer = program.types.byName("*main.Store");
  expect(nameSteps(environment(program), "main.global", storePointer, 0, path(program))).toEqual([
    "main.global",
    "main.global.sessions",
    "main.global.sessions",
    'main.global.sessions["user-\\"5\\""]',
    'main.global.sessions["user-\\"5\\""].User',
    'main.global.sessions["user-\\"5\\""].User.Tags',
    'main.global.sessions["user-\\"5\\""].User.Tags[1]',
  ]);
});

test("what a key points to is told apart from what the value points to", () => {
  const program = makeProgram();
  const steps = path(program).slice(0, 3);
  steps[2] = { ...steps[2], slot: 8 };
  steps.push({ address: program.at.tags, type: NONE, slot: 0, pointed: program.at.tags });
  expect(nameSteps(environment(program), "main.global", program.types.byName("*main.Store"), 0, steps).at(-1)).toBe(
    'main.global.sessions.key["a\\n"]',
  );
});

test("interfaces are asserted to what they hold, closures have their captured variables as fields", () => {
  const program = makeProgram();
  const { at, type } = program;
  const env = environment(program);
  const session = program.types.byName("*main.Session");
  const user: Step = { address: at.captured, type: type.user, slot: 48, pointed: at.captured };
  const name = (slot: number, ...steps: Step[]) =>
    nameSteps(env, "s", session, 0, [{ address: at.session, type: type.session, slot, pointed: at.session }, ...steps]).at(-1);
  expect(name(24, user)).toBe("s.Any.(*main.User)");
  expect(name(8, { address: at.closure, type: type.closure, slot: 8, pointed: at.closure }, user, path(program)[4])).toBe(
    "s.onClose.u.Prev",
  );
  expect(nameSteps(env, "main.global", program.types.byName("*main.Store"), 0, [{ ...path(program)[0], slot: 16 }, user]).at(-1)).toBe(
    "main.global.err.(*main.User)",
  );
});

test("an interface in a root is asserted by its words, else by the object's type", () => {
  const program = makeProgram();
  const { at, type } = program;
  const user: Step = { address: at.captured, type: type.user, slot: 48, pointed: at.captured };
  const any = program.types.byName("interface {}");
  expect(nameSteps(environment(program), "main.any", any, 8, [user], at.session + 16)).toEqual(["main.any.(*main.User)"]);
  expect(nameSteps(environment(program), "main.any", any, 8, [user, path(program)[4]], at.session + 16).at(-1)).toBe(
    "main.any.(*main.User).Prev",
  );
  expect(nameSteps(environment(program), "main.any", any, 8, [user, path(program)[4]]).at(-1)).toBe("main.any.(*main.User).Prev");
});

test("where the static types do not lead on, the object's own type does", () => {
  const program = makeProgram();
  const { at, type, types } = { ...program, types: program.types };
  const env = environment(program);
  const unsafe = types.add("unsafe.Pointer", "unsafe.Pointer", 8);
  const user: Step = { address: at.user, type: type.user, slot: 8, pointed: at.user };
  const name: Step = { address: at.tags, type: NONE, slot: 0, pointed: at.tags };
  expect(nameSteps(env, "main.p", unsafe, 0, [user, name])).toEqual(["main.p", "(*main.User)(main.p).Name"]);
  expect(nameSteps(env, "main.p", unsafe, 0, [{ ...user, pointed: at.user + 16 }, name])[1]).toBe(
    `(*main.User)(0x${at.user.toString(16)}).Name`,
  );
  expect(nameSteps(env, "stack slot", NONE, 0, [{ ...user, type: NONE }, { ...user, slot: 48 }, user])).toEqual([
    "stack slot",
    `(*main.User)(0x${at.user.toString(16)})`,
    `(*main.User)(0x${at.user.toString(16)}).Prev`,
  ]);
  expect(
    nameSteps(env, "x", NONE, 0, [
      { ...user, type: NONE },
      { ...user, type: NONE },
    ])[1],
  ).toBe(`unsafe.Pointer(0x${at.user.toString(16)})`);
});

test("a local moved to the heap is called by the variable's own name", () => {
  const program = makeProgram();
  const names = nameSteps(environment(program), "g7.main.(*Store).run.&s", program.types.byName("*main.Store"), 0, path(program));
  expect(names.slice(0, 2)).toEqual(["g7.main.(*Store).run.s", "g7.main.(*Store).run.s.sessions"]);
});

test("a channel's buffer has its elements, although Go keeps it as an unsafe.Pointer", () => {
  const program = makeProgram();
  const { builder, types, type, at } = program;
  const unsafe = types.add("unsafe.Pointer", "unsafe.Pointer", 8);
  const header = types.add("hchan<*main.User>", "struct", 96, {
    fields: [
      ["qcount", 0, types.byName("int")],
      ["dataqsiz", 8, types.byName("int")],
      ["buf", 16, unsafe],
    ],
  });
  const channel = types.add("chan *main.User", "chan", 8, { element: types.byName("*main.User"), header });
  const [variable, hchan, buffer] = [builder.allocate(8), builder.allocate(96), builder.allocate(32)];
  builder
    .word(variable, hchan)
    .words(hchan, 1, 4, buffer)
    .word(buffer + 16, at.user);
  const steps: Step[] = [
    { address: hchan, type: NONE, slot: 16, pointed: hchan },
    { address: buffer, type: NONE, slot: 16, pointed: buffer },
    { address: at.user, type: type.user, slot: 0, pointed: at.user },
  ];
  const env = { ...environment(program), globals: () => ({ type: channel, address: variable }) };
  const names = nameSteps(env, "main.wait", channel, 0, steps);
  expect(names).toEqual(["main.wait", "main.wait.buf", "main.wait.buf[2]"]);
  const known = { ...env, globals: (name: string) => (name === "main.wait" ? { type: channel, address: variable } : undefined) };
  expect(evaluate(known, parseExpression(names[2])).address).toBe(buffer + 16);
});

test("memory that is missing makes a name less good, not an error", () => {
  const program = makeProgram();
  const steps = path(program).slice(0, 4);
  steps[2] = { address: 0xdead000, type: NONE, slot: 160, pointed: 0xdead000 };
  expect(nameSteps(environment(program), "main.global", program.types.byName("*main.Store"), 0, steps)).toEqual([
    "main.global",
    "main.global.sessions",
    "main.global.sessions",
    "main.global.sessions[?@0xdead038]",
  ]);
});

test("every name evaluates to a pointer to its object", () => {
  const program = makeProgram();
  const env = environment(program);
  const steps = path(program);
  const names = nameSteps(env, "main.global", program.types.byName("*main.Store"), 0, steps);
  for (const i of [0, 1, 3, 4, 5]) {
    const { address } = evaluate(env, parseExpression(names[i]));
    expect(env.memory.readAddress(address)).toBe(steps[i].address);
  }
});

test("what is not there is told with what is", () => {
  const env = environment(makeProgram());
  const say = (text: string) => () => evaluate(env, parseExpression(text));
  expect(say("main.glob")).toThrow("no variable main.glob; near: main.global");
  expect(say("main.global.Sessions")).toThrow("no field Sessions in main.Store; near: sessions");
  expect(say('main.global.sessions["nobody"]')).toThrow('no key "nobody" in main.global.sessions');
  expect(say('main.global.sessions["user-\\"5\\""].User.Tags[2]')).toThrow("there are 2");
  expect(say("main.global.err.(*main.Other)")).toThrow("it holds *main.User");
  expect(say("main.global.sessions.(*T)")).toThrow("map[string]*main.Session is no interface");
  expect(say("**main.global")).toThrow("no pointer");
  expect(say("(*main.Nothing)(0xc000000040)")).toThrow("no type main.Nothing");
});

test("paths with slashes, conversions and moved locals are found", () => {
  const program = makeProgram();
  const env = environment(program);
  const address = (text: string) => evaluate(env, parseExpression(text)).address;
  expect(address("example.com/pkg%2ev2.Store.err")).toBe(program.at.store + 8);
  expect(address("g7.main.(*Store).run.s.err")).toBe(program.at.store + 8);
  expect(address("*main.global")).toBe(program.at.store);
  expect(address(`(*main.Store)(0x${program.at.store.toString(16)}).err`)).toBe(program.at.store + 8);
  expect(address('(*main.User)(main.global.sessions["user-\\"5\\""].User).Name')).toBe(program.at.user + 8);
});

test("a value that is read as its variable is asked for has elements", () => {
  const program = makeProgram();
  const env = {
    ...environment(program),
    memory: new MemoryBuilder().memory(),
    globals(name: string) {
      if (name !== "g1.main.f.tags") return undefined;
      env.memory = program.builder.memory();
      return { type: program.types.byName("[]string"), address: program.at.user + 24 };
    },
  };
  expect(evaluate(env, parseExpression("g1.main.f.tags[1]"))).toEqual({
    type: program.types.byName("string"),
    address: program.at.tags + 16,
  });
});
