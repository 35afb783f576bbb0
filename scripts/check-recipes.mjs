// Holds the recipes of the layout tables against executables that have symbols: does each variable come out where its symbol is?
//
//   node scripts/check-recipes.mjs EXECUTABLE...
//
// A line for each executable: variables that are found, those that no recipe finds here, and those that come out wrong, with votes.
import { tableFor } from "../dist/src/runtime/binary/tables.js";
import { applyRecipe, openExecutable, readFunctions } from "./layouts/read-executable.mjs";

for (const path of process.argv.slice(2)) check(path);

function check(path) {
  const program = openExecutable(path);
  const table = tableFor(program.release, program.arch.name);
  const functions = readFunctions(program);
  const votes = new Map();
  for (const recipe of table?.recipes ?? []) {
    const symbol = program.symbols.get(recipe.variable);
    if (!symbol) continue;
    const count = votes.get(recipe.variable) ?? { right: 0, wrong: 0 };
    votes.set(recipe.variable, count);
    const address = applyRecipe(program, functions, recipe);
    if (address !== undefined) count[address === symbol.address ? "right" : "wrong"]++;
  }
  const named = (wanted) => [...votes].filter(([, count]) => wanted(count));
  const found = named(({ right, wrong }) => right > wrong);
  const missing = named(({ right, wrong }) => right === 0 && wrong === 0).map(([name]) => name);
  const wrong = named((count) => count.wrong > 0).map(([name, count]) => `${name} ${count.right}:${count.wrong}`);
  const words = [`${found.length} of ${votes.size}`, ...(missing.length > 0 ? [`missing ${missing.join(" ")}`] : [])];
  if (wrong.length > 0) words.push(`WRONG ${wrong.join(" ")}`);
  process.stdout.write(`${path} (${program.release} by ${table?.goVersion ?? "nothing"}, ${table?.match}): ${words.join("; ")}\n`);
  program.close();
}
