// The Go releases that corescope is proved on: a new one with nothing new is written here, in scripts/make-dumps.mjs and in README's sentence.

/** Minor numbers: 21 is Go 1.21. */
export const OLDEST_RELEASE = 21;
export const NEWEST_RELEASE = 27;

/** For messages. */
export const RELEASES = `Go 1.${OLDEST_RELEASE} to 1.${NEWEST_RELEASE}`;
