// Whether an answer about damaged files is one that may be given: it failed in words, it says what it lacks, or it is the undamaged one.

/** More than this share of a figure is another figure. */
const MOST_DIFFERENCE = 0.01;

/** undefined, or what is wrong: { kind, detail }. sound: the answer of the undamaged files. */
export function judge(answer, sound) {
  if (answer.failure) return { kind: answer.failure, detail: answer.error };
  if (answer.code === 70 || /^\s+at .*:\d+:\d+/m.test(answer.error)) return { kind: "crash", detail: firstLines(answer.error) };
  if (answer.code !== 0 || sound.code !== 0) return undefined;
  let documents;
  try {
    documents = [JSON.parse(answer.out), JSON.parse(sound.out)];
  } catch {
    return { kind: "crash", detail: "exit code 0 and no JSON document" };
  }
  const [found, expected] = documents;
  const known = new Set((expected.findings ?? []).map(({ code, count }) => `${code} ${count}`));
  if ((found.findings ?? []).some(({ code, count }) => !known.has(`${code} ${count}`))) return undefined;
  const difference = differenceOf(expected, found, "");
  return difference && { kind: "silent", detail: difference };
}

const firstLines = (text) => text.split("\n").slice(0, 6).join(" | ");

/** The first place where two documents differ by more than is allowed. */
function differenceOf(a, b, path) {
  if (typeof a === "number" && typeof b === "number") {
    return Math.abs(a - b) <= MOST_DIFFERENCE * Math.max(Math.abs(a), Math.abs(b)) ? undefined : `${path}: ${a} became ${b}`;
  }
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") {
    return a === b ? undefined : `${path}: ${short(a)} became ${short(b)}`;
  }
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const found = differenceOf(a[key], b[key], `${path}.${key}`);
    if (found) return found;
  }
  return undefined;
}

const short = (value) => (JSON.stringify(value) ?? "nothing").slice(0, 80);
