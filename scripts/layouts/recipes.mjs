// Chooses the recipes of a release: few for each variable, of functions that other programs have too.
import { createHash } from "node:crypto";
import { applyRecipe, findRecipes, readFunctions } from "./read-executable.mjs";

/** Recipes for one variable. */
const MOST = 10;
/** So many of functions that the second program has are enough: others are left out then. */
const ENOUGH = 3;

/**
 * Recipes of an executable, held against a second program of the same or a near release: those that lead elsewhere there are left out.
 * The functions are taken in an order that has nothing to do with the release, so that releases have the same ones.
 */
export function chooseRecipes(executable, second) {
  const functions = readFunctions(second);
  const byVariable = new Map();
  for (const recipe of findRecipes(executable)) {
    if (!agrees(second, functions, recipe)) continue;
    const known = byVariable.get(recipe.variable);
    if (known) known.push(recipe);
    else byVariable.set(recipe.variable, [recipe]);
  }
  const names = [...byVariable.keys()].sort();
  return names.flatMap((name) => chooseFor(byVariable.get(name), (recipe) => functions.has(recipe.function)));
}

/** Of all recipes for a variable, most wanted first; isCommon: the second program has the function. */
function chooseFor(recipes, isCommon) {
  const byFunction = (a, b) => compare(orderOf(a.function), orderOf(b.function));
  const ordered = recipes.toSorted((a, b) => byFunction(a, b) || a.addend - b.addend || a.at - b.at);
  // One of each function. What leads to the variable's beginning does so in releases too that have its fields elsewhere.
  const firsts = ordered
    .filter((recipe, i) => recipe.function !== ordered[i - 1]?.function)
    .sort((a, b) => compare(a.addend !== 0, b.addend !== 0) || byFunction(a, b));
  const common = firsts.filter(isCommon);
  if (common.length >= ENOUGH) return common.slice(0, MOST);
  const others = ordered.filter((recipe) => !common.includes(recipe));
  const further = [...others.filter((recipe) => firsts.includes(recipe)), ...others.filter((recipe) => !firsts.includes(recipe))];
  return [...common, ...further.slice(0, ENOUGH)];
}

/** False when the recipe leads to another address than the variable's in a program. */
function agrees(program, functions, recipe) {
  const found = applyRecipe(program, functions, recipe);
  const symbol = program.symbols.get(recipe.variable);
  return found === undefined || !symbol || found === symbol.address;
}

const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const orders = new Map();
function orderOf(name) {
  if (!orders.has(name)) orders.set(name, createHash("sha256").update(name).digest("hex"));
  return orders.get(name);
}
