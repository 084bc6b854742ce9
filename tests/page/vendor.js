// Copies the libraries of the page from node_modules to static/vendor, under the names by which
// modules import them; `make vendor` runs it. versions.json says what each file is, and its SHA-256.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

const MODULES = {
  preact: "preact/dist/preact.mjs",
  "preact/hooks": "preact/hooks/dist/hooks.mjs",
  "@preact/signals": "@preact/signals/dist/signals.mjs",
  "@preact/signals-core": "@preact/signals-core/dist/signals-core.mjs",
  htm: "htm/dist/htm.mjs",
  sortablejs: "sortablejs/Sortable.min.js",
  "fractional-indexing": "fractional-indexing/src/index.js",
};

/** What makes a module of a file that is none. @type {Record<string, string>} */
const EXPORTS = { sortablejs: "export default self.Sortable;\n" };

const from = new URL("../../node_modules/", import.meta.url);
const to = new URL("../../static/vendor/", import.meta.url);

/** @param {string} path */
const packageOf = (path) =>
  path
    .split("/")
    .slice(0, path.startsWith("@") ? 2 : 1)
    .join("/");

/** @type {Record<string, object>} */
const versions = {};
rmSync(to, { recursive: true, force: true });
for (const [name, path] of Object.entries(MODULES)) {
  const description = JSON.parse(
    readFileSync(new URL(`${packageOf(path)}/package.json`, from), "utf8"),
  );
  const { version, license } = description;
  const banner = `/*! ${packageOf(path)} ${version}, ${license} */\n`;
  const source = readFileSync(new URL(path, from), "utf8");
  const code = `${banner}${source.replace(/\s*(?:\/\/# sourceMappingURL=\S+)?\s*$/, "")}\n${EXPORTS[name] ?? ""}`;
  const file = new URL(`${name}.js`, to);
  mkdirSync(dirname(file.pathname), { recursive: true });
  writeFileSync(file, code);
  const sha256 = createHash("sha256").update(code).digest("hex");
  versions[name] = { package: packageOf(path), version, license, path, sha256 };
}
writeFileSync(new URL("versions.json", to), `${JSON.stringify(versions, null, 2)}\n`);
