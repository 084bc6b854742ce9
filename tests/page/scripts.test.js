// What a release sends of each script is the program that was written (core/scripts.py).
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const ROOT = new URL("../../", import.meta.url);
const SHORTENED = `
import json, sys
from core.scripts import shortened
json.dump([shortened(code) for code in json.load(sys.stdin)], sys.stdout)`;
const names = ["static/app/", "static/js/", "static/vendor/"].flatMap((folder) =>
  readdirSync(new URL(folder, ROOT), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".js"))
    .map((name) => folder + name),
);
const written = names.map((name) => readFileSync(new URL(name, ROOT), "utf8"));
const sent = JSON.parse(
  execFileSync(fileURLToPath(new URL(".venv/bin/python", ROOT)), ["-c", SHORTENED], {
    cwd: ROOT,
    input: JSON.stringify(written),
    maxBuffer: 1e8,
    encoding: "utf8",
  }),
);

/** The tree of a program, with the text of each of its leaves. @param {string} code */
function tree(code) {
  const file = ts.createSourceFile("a.js", code, ts.ScriptTarget.ES2022, true, ts.ScriptKind.JS);
  /** @type {string[]} */
  const found = [];
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isJSDoc(node)) return;
    const children = node.getChildren(file);
    found.push(children.length ? String(node.kind) : node.getText(file));
    children.forEach(visit);
  };
  visit(file);
  return found;
}

test("every script that is sent is the one that was written", () => {
  const differ = names.filter(
    (_name, index) => tree(sent[index]).join("\0") !== tree(written[index] ?? "").join("\0"),
  );
  assert.deepEqual(differ, []);
  const length = (/** @type {string[]} */ some) => some.join("").length;
  assert.ok(length(sent) < 0.85 * length(written));
});
