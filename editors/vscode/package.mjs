// Makes redraft.vsix. With the server's program as an argument, it is bundled: `node package.mjs ../../target/release/redraft`.

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const [program] = process.argv.slice(2);
for (const licence of ["LICENSE-MIT", "LICENSE-APACHE"]) {
  copyFileSync(`../../${licence}`, licence);
}
rmSync("server", { recursive: true, force: true });
const own = [];
if (program) {
  mkdirSync("server");
  copyFileSync(program, `server/redraft${process.platform === "win32" ? ".exe" : ""}`);
  try {
    // What debuggers want is most of it.
    execFileSync("strip", ["server/redraft"], { stdio: "ignore" });
  } catch {
    // It is only larger without.
  }
  // What is bundled runs on one kind of machine.
  own.push("--target", `${process.platform}-${process.arch}`);
}
const vsce = createRequire(import.meta.url).resolve("@vscode/vsce/vsce");
// The page of an extension shows no pictures that are in it.
writeFileSync("README.packed.md", readFileSync("README.md", "utf8").replace(/^!\[.*\n\n/gm, ""));
const wanted = ["--readme-path", "README.packed.md", "--no-dependencies", "--allow-missing-repository", "--skip-license", "--no-rewrite-relative-links", "--out", "redraft.vsix", ...own];
execFileSync(process.execPath, [vsce, "package", ...wanted], { stdio: "inherit" });
