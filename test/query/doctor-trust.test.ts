/** The lists of findings that the doctor and the reader of waits go by, against the findings that the sources can make. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { LISTED } from "../../src/query/doctor-trust.js";
import { LOST } from "../../src/waits/missing-memory.js";

/** What is in no list of the doctor's, and why it is in none. */
const UNLISTED: Readonly<Record<string, readonly string[]>> = {
  "makes answers partial: stands against all that rests on the executable": [
    "executable-missing",
    "layout-near",
    "variable-missing",
    "variable-contradicted",
    "variable-ambiguous",
    "variable-doubtful",
  ],
  "told by the doctor in a part of its own": [
    "debug-rebuilt",
    "debug-refused",
    "build-unproved",
    "stripped",
    "image-mismatch",
    "image-missing",
  ],
  "of the doctor itself": ["doctor-failure", "doctor-partial"],
  "how the process was found, not what is missing": ["image-several", "image-library", "core-piped", "release-unknown", "pclntab-old"],
  "read in a way that loses nothing that is live": ["stack-map-missing", "memory-untouched", "header-odd", "bad-pointer"],
  "of one question's own words": ["variable-as-passed", "likely-variable", "profile-damaged"],
};

const src = new URL("../../src/", import.meta.url);
const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
const calls = files.flatMap((name) => [...readFileSync(new URL(name, src), "utf8").matchAll(/\bfindings\.add\(\s*("[a-z-]+"|.)/g)]);
const made = new Set(calls.map((call) => call[1].replaceAll('"', "")));

test("each finding is made with its code in plain sight", () => {
  expect(calls.length).toBeGreaterThan(80);
  expect([...made].filter((code) => !/^[a-z]+(?:-[a-z]+)*$/.test(code))).toEqual([]);
});

test("each code of a list is a finding that there is", () => {
  expect([...LISTED, ...LOST, ...Object.values(UNLISTED).flat()].filter((code) => !made.has(code))).toEqual([]);
});

test("each finding is in a list of the doctor's, or in none for a reason", () => {
  const unlisted = Object.values(UNLISTED).flat();
  expect(unlisted.filter((code) => LISTED.has(code))).toEqual([]);
  const known = (code: string) => LISTED.has(code) || unlisted.includes(code) || code.startsWith("trace-");
  expect([...made].filter((code) => !known(code))).toEqual([]);
});
