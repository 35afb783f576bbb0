import { expect, test } from "vitest";
import { confidenceOf } from "../../src/diagnosis/weights.js";

const MiB = 2 ** 20;

test("share alone is no suspicion: what holds much without a sign is not accused, however large its share", () => {
  expect(confidenceOf("accumulation", 8 * MiB, 1)).toBe("low");
  expect(confidenceOf("accumulation", 500 * MiB, 1)).toBe("medium");
  expect(confidenceOf("accumulation", 20 * MiB, 2.5)).toBe("high");
  expect(confidenceOf("accumulation", 500 * MiB, 0.14)).toBe("medium");
});

test("a fault by its kind is one from a size on; signs against it make it less sure", () => {
  expect(confidenceOf("map-slack", MiB, 1)).toBe("low");
  expect(confidenceOf("map-slack", 20 * MiB, 1)).toBe("high");
  expect(confidenceOf("timers-never-stopped", 20 * MiB, 0.75)).toBe("medium");
});
