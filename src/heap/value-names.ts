// What a Go programmer calls the values that the runtime makes of several objects, and which objects are such parts.

const MAP_HEADER = /^(?:map|hash)<(.*)>$/;

/** "map[string]int" for what the runtime calls map<string,int>, "chan int" for hchan<int>; other names as they are. */
export function readableType(name: string): string {
  if (name.startsWith("hchan<") && name.endsWith(">")) return `chan ${name.slice("hchan<".length, -1)}`;
  const inside = MAP_HEADER.exec(name)?.[1];
  if (inside === undefined) return name;
  let depth = 0;
  for (let i = 0; i < inside.length; i++) {
    const character = inside[i];
    if ("[({<".includes(character)) depth++;
    else if ("])}>".includes(character)) depth--;
    else if (character === "," && depth === 0) return `map[${inside.slice(0, i)}]${inside.slice(i + 1)}`;
  }
  // A map type that reflection made: the header carries its name.
  return inside.startsWith("map[") ? inside : name;
}

/**
 * Types whose objects only a map, or a sync.Map, ever points to: directories, tables, groups; buckets and lists of them; nodes
 * of tries; what sync.Map was before, and its two inner maps.
 */
const PART =
  /^(?:\[\])?\*?(?:noalg\.)?(?:map\.(?:group|bucket)\[|(?:bucket|table|group|mapextra)<|internal\/(?:sync|concurrent)\.(?:indirect|entry|node)\[|sync\.(?:entry|readOnly)$|(?:hash|map)<interface \{\},\*sync\.entry>$)/;

export function isPart(name: string): boolean {
  return PART.test(name);
}

/** What a part is a part of: "map[K]V" for "[]noalg.map.group[K]V" and "table<K,V>", "sync.Map" for a trie's node. */
export function nameOfPart(name: string): string {
  const bare = name.replace(/^(?:\[\])?\*?(?:noalg\.)?/, "");
  if (bare.startsWith("sync.") || bare.includes("*sync.entry")) return "sync.Map";
  const trie = /^internal\/(sync|concurrent)\.\w+\[(.*)\]$/.exec(bare);
  if (trie) {
    const types = trie[2].replaceAll("go.shape.", "");
    return types === "interface {},interface {}" ? "sync.Map" : `internal/${trie[1]}.HashTrieMap[${types}]`;
  }
  const block = /^map\.(?:group|bucket)(\[.*)$/.exec(bare)?.[1];
  // Of a map type that reflection made the block carries the map's name.
  if (block !== undefined) return block.startsWith("[map[") && block.endsWith("]") ? block.slice(1, -1) : `map${block}`;
  return readableType(bare.replace(/^\w+</, "map<"));
}
