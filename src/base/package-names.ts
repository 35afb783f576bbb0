// What packages are called: "github.com/x/broker/v2/server" is server, as Go itself prints it, and where a program has two
// of that name, each gets as much more of its path as tells them apart. One mapping per dump, both ways.

/** A package of the program: its import path, and the name in its package clause, "" when that is not known. */
export interface PackageName {
  readonly path: string;
  readonly name: string;
}

/** A quoted text, which stays as it is, or a run of characters that a qualified name or a path of a file may be made of. */
const PIECE = /"(?:[^"\\]|\\.)*(?:"|$)|`[^`]*(?:`|$)|[\p{L}\p{Nd}_.~%+@&$·/-]+/gsu;
/** A major version, which is no name: "v2" of "github.com/x/foo/v2". */
const VERSION = /^v[2-9][0-9]*$|^v1[0-9]+$/;
/** What files of a program end in; ".go" can never begin a member of a package. */
const FILE = /^(?:.*\/)?([^/]+\/[^/]+\.(?:go|s|c|cc|cpp|cxx|h|hpp|m|S))$/;
const MOST_REMEMBERED = 50_000;

/** The names of a program's packages. */
export class PackageNames {
  private readonly shortByPath = new Map<string, string>();
  private readonly pathByShort = new Map<string, string>();
  /** Ends of paths, "server" and "v2/server"; "" where several packages have it. */
  private endings: Map<string, string> | undefined;
  private readonly known = new Map<string, string>();
  /** What the package clauses say, by path. */
  private readonly clauses: ReadonlyMap<string, string>;

  constructor(packages: Iterable<PackageName>) {
    const names = new Map<string, string>();
    for (const { path, name } of packages) if (path !== "" && !(names.get(path) ?? "")) names.set(path, name);
    this.clauses = names;
    for (const [path, short] of shortNames(names)) {
      if (path !== short) this.shortByPath.set(path, short);
      this.pathByShort.set(short, path);
    }
  }

  /** The packages with what they are called, for who cannot hold this object: another thread. */
  list(): readonly PackageName[] {
    return [...this.pathByShort].map(([name, path]) => ({ path, name }));
  }

  /** The same text, a type, expression, function or sentence, with short package names. What is quoted is left alone. */
  shorten(text: string): string {
    if (!text.includes("/") || this.shortByPath.size === 0) return text;
    return this.remembered(text, () =>
      text.replace(PIECE, (piece, at: number) =>
        piece.includes("/") && !isQuoted(piece) ? this.shortPiece(piece, text.slice(at + piece.length, at + piece.length + 2)) : piece,
      ),
    );
  }

  /**
   * The text with whole import paths: what shorten was given, or what a person typed. Only what begins a name is looked at. Of several
   * packages that a name may mean, the only one that has the member is taken: isThere is asked for the name with each path.
   */
  expand(text: string, isThere?: (name: string) => boolean): string {
    return text.replace(PIECE, (piece) => (isQuoted(piece) || piece.startsWith(".") ? piece : this.longPiece(piece, isThere)));
  }

  /** The import path of what stands at the start of a text: "gopkg.in/yaml.v3" of "gopkg.in/yaml.v3.Node"; undefined for an unknown one. */
  pathAt(text: string): string | undefined {
    const piece = /^[^\s()[\]{}<>,*"`]+/.exec(text)?.[0] ?? "";
    for (let end = piece.length; end > 0; end = piece.lastIndexOf(".", end - 1)) {
      const path = piece.slice(0, end);
      if (this.shortByPath.has(path) || this.pathByShort.get(path) === path) return path;
    }
    return undefined;
  }

  /** The import paths of the packages that a text names by less, each once. */
  pathsIn(text: string): readonly string[] {
    const paths = new Set<string>();
    for (const [piece] of text.matchAll(PIECE)) {
      if (isQuoted(piece) || piece.startsWith(".")) continue;
      const whole = this.longPiece(piece);
      const path = whole === piece ? undefined : this.pathAt(whole.replace(/^g[0-9]+\./, ""));
      if (path !== undefined) paths.add(path);
    }
    return [...paths];
  }

  /** A name as the linker and the runtime's own texts write it: the dots of the path's last element escaped. */
  symbolOf(name: string): string {
    const path = name.includes("/") ? this.pathAt(name) : undefined;
    if (path === undefined) return name;
    const last = path.lastIndexOf("/") + 1;
    return path.slice(0, last) + path.slice(last).replaceAll(".", "%2e") + name.slice(path.length);
  }

  private remembered(text: string, make: () => string): string {
    let short = this.known.get(text);
    if (short === undefined) {
      short = make();
      if (this.known.size >= MOST_REMEMBERED) this.known.clear();
      this.known.set(text, short);
    }
    return short;
  }

  /** "g7.github.com/x/y.f" with y for its path, the longest path that fits; "src/a/b.go" as "a/b.go" where a line number follows. */
  private shortPiece(piece: string, next: string): string {
    if (/^:[0-9]/.test(next)) {
      const file = FILE.exec(piece)?.[1];
      if (file !== undefined) return file;
    }
    const slash = piece.indexOf("/");
    for (let start = 0; start >= 0 && start < slash; ) {
      for (let end = piece.lastIndexOf("."); end > slash; end = piece.lastIndexOf(".", end - 1)) {
        const short = this.shortByPath.get(piece.slice(start, end));
        const member = piece.slice(end + 1);
        if (short !== undefined && (member === "" ? next.startsWith("(") : member !== "go"))
          return piece.slice(0, start) + short + piece.slice(end);
      }
      const dot = piece.indexOf(".", start);
      start = dot < 0 || dot > slash ? -1 : dot + 1;
    }
    return piece;
  }

  private longPiece(piece: string, isThere?: (name: string) => boolean): string {
    const start = /^g[0-9]+\./.exec(piece)?.[0].length ?? 0;
    for (let end = piece.lastIndexOf("."); end > start; end = piece.lastIndexOf(".", end - 1)) {
      const name = piece.slice(start, end);
      if (this.shortByPath.has(name)) return piece;
      const path = this.pathByShort.get(name) ?? this.pathEnding(name);
      // "server.go" is a file.
      if (path !== undefined && piece.slice(end) !== ".go") return piece.slice(0, start) + path + piece.slice(end);
      // Functions of a goroutine, behind "g12.", are told apart where its frames are known.
      const having = isThere && start === 0 ? this.pathsLike(name).filter((each) => isThere(each + piece.slice(end))) : [];
      if (having.length === 1) return having[0] + piece.slice(end);
    }
    return piece;
  }

  /** The packages that are called so, or whose path ends in this. */
  private pathsLike(name: string): readonly string[] {
    return [...this.pathByShort.values()].filter((path) => path.endsWith(`/${name}`) || this.clauses.get(path) === name);
  }

  /** The one package whose path ends in this. */
  private pathEnding(name: string): string | undefined {
    if (!this.endings) {
      this.endings = new Map();
      for (const path of this.pathByShort.values()) {
        for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) {
          const ending = path.slice(slash + 1);
          this.endings.set(ending, this.endings.has(ending) ? "" : path);
        }
      }
    }
    return this.endings.get(name) || undefined;
  }
}

/** Where nothing is known of packages: every name stays as it is. */
export const NO_NAMES = new PackageNames([]);

/**
 * A name as people know it for one as the linker writes it: "gopkg.in/yaml.v3.Node" for "gopkg.in/yaml%2ev3.Node".
 * cmd/internal/objabi PathToPrefix
 */
export function realName(symbol: string): string {
  if (!symbol.includes("%")) return symbol;
  return symbol.replace(/"(?:[^"\\]|\\.)*"|(?:%[0-9a-f]{2})+/g, (part) => {
    if (isQuoted(part)) return part;
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
}

const isQuoted = (piece: string) => piece.startsWith('"') || piece.startsWith("`");

/** Rounds of telling apart: who shares a name takes one more element of its path, until nobody does or the path is at its end. */
function shortNames(names: ReadonlyMap<string, string>): Map<string, string> {
  const short = new Map([...names].map(([path, name]) => [path, path.includes("/") ? name || baseName(path) : path]));
  const taken = new Map<string, number>();
  for (let again = true; again; ) {
    again = false;
    const sharing = new Map<string, string[]>();
    for (const [path, name] of short) {
      const others = sharing.get(name);
      if (others) others.push(path);
      else sharing.set(name, [path]);
    }
    for (const paths of sharing.values()) {
      for (const path of paths) {
        if (paths.length === 1 || short.get(path) === path) continue;
        const elements = elementsOf(path, names.get(path) ?? "");
        const count = (taken.get(path) ?? 1) + 1;
        taken.set(path, count);
        short.set(path, count >= elements.length ? path : elements.slice(-count).join("/"));
        again = true;
      }
    }
  }
  return short;
}

/** The elements of a path; a version belongs to the one before it, unless the package is called so ("k8s.io/api/core/v1"). */
function elementsOf(path: string, name: string): readonly string[] {
  const all = path.split("/");
  return all.reduce<string[]>((elements, element) => {
    if (elements.length > 0 && VERSION.test(element) && element !== name) elements[elements.length - 1] += `/${element}`;
    else elements.push(element);
    return elements;
  }, []);
}

/** The name that a package most probably has, by its path alone. */
function baseName(path: string): string {
  const elements = path.split("/");
  const last = elements.at(-1) as string;
  const base = VERSION.test(last) ? (elements.at(-2) as string) : last;
  return base.replace(/\.v[0-9]+$/, "");
}
