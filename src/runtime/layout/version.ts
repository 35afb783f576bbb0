// Go version strings: the only place where releases are compared, for messages and for built-in layouts.

/** "go1.24.3 X:noswissmap" or "go1.27.2-X:nodwarf5": release and experiments. */
export function parseVersion(text: string): { readonly version: string; readonly experiments: readonly string[] } {
  const match = /^(\S+?)(?:[ -]X:(\S+))?(?:\s.*)?$/.exec(text.trim());
  return { version: match?.[1] ?? text, experiments: match?.[2]?.split(",") ?? [] };
}

const OLDEST = 20;
const NEWEST = 27;

/** The release is one that corescope is proved on. */
export function isKnownRelease(version: string): boolean {
  const minor = /^go1\.(\d+)/.exec(version)?.[1];
  return minor !== undefined && Number(minor) >= OLDEST && Number(minor) <= NEWEST;
}
