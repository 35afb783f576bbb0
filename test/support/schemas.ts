/** The committed JSON schemas of what commands print. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { Ajv, type ValidateFunction } from "ajv";

const folder = new URL("../../docs/schemas/", import.meta.url);
const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
const validators = new Map<string, ValidateFunction>();

/** Names of the schemas, "trace-summary". */
export function schemaNames(): string[] {
  return readdirSync(folder)
    .map((name) => name.replace(/[.]json$/, ""))
    .sort();
}

/** What of a document its command's schema does not say, fields that it does not know among it. */
export function schemaProblems(document: unknown): string[] {
  const { command = "error" } = document as { readonly command?: string };
  const name = command.replaceAll(" ", "-");
  const path = new URL(`${name}.json`, folder);
  if (!existsSync(path)) return [`there is no schema of ${command}`];
  let validate = validators.get(name);
  if (!validate) {
    validate = ajv.compile(closed(JSON.parse(readFileSync(path, "utf8"))));
    validators.set(name, validate);
  }
  validate(document);
  return (validate.errors ?? []).map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`);
}

/** The schema without further fields: those who read may meet them, but here each has to be said. */
function closed(schema: object): object {
  return JSON.parse(JSON.stringify(schema), (_key, value) => {
    const isObject = value?.type === "object" && value.properties !== undefined && value.additionalProperties === undefined;
    return isObject ? { ...value, additionalProperties: false } : value;
  });
}
