// Names of the types that the compiler makes of a map's type.

/** "map[string]int" for what stands in the brackets of map<string,int>; undefined where no map's name does. */
function mapOf(inside: string): string | undefined {
  let depth = 0;
  for (let i = 0; i < inside.length; i++) {
    const character = inside[i];
    if ("[({<".includes(character)) depth++;
    else if ("])}>".includes(character)) depth--;
    else if (character === "," && depth === 0) return `map[${inside.slice(0, i)}]${inside.slice(i + 1)}`;
  }
  // A map type that reflection made: the header carries its name.
  return inside.startsWith("map[") ? inside : undefined;
}

/** The map of "map<K,V>", "table<K,V>" and the like; the name as it is where it says none. */
export function mapInBrackets(name: string): string {
  return mapOf(name.slice(name.indexOf("<") + 1, name.endsWith(">") ? -1 : 0)) ?? name;
}

/** The map of "map.group[K]V". Of a map type that reflection made the block carries the map's name. */
export function mapOfBlock(name: string): string {
  const block = name.slice(name.indexOf("["));
  return block.startsWith("[map[") && block.endsWith("]") ? block.slice(1, -1) : `map${block}`;
}
