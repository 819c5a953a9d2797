// Builds static/web/: app.css (Tailwind, daisyUI), app.js (htmx, Alpine, ours), icons.svg (Lucide), Inter's fonts.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../../../..");
const out = join(here, "../static/web");
const modules = join(root, "node_modules");
mkdirSync(join(out, "fonts"), { recursive: true });

await build({
  entryPoints: [join(here, "app.js")],
  outfile: join(out, "app.js"),
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  legalComments: "none",
  banner: { js: "/* Bookbill, with htmx (0BSD) and Alpine.js (MIT); see THIRD-PARTY.txt */" },
});

const names = readFileSync(join(here, "icons.txt"), "utf8").split("\n").map((line) => line.trim()).filter(Boolean);
const symbols = [...new Set(names)].sort().map((name) => {
  const source = readFileSync(join(modules, "lucide-static/icons", `${name}.svg`), "utf8");
  const body = source.replace(/<!--.*?-->/gs, "").replace(/^.*?<svg[^>]*>/s, "").replace(/<\/svg>\s*$/s, "").replace(/\s*\n\s*/g, "");
  return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">${body}</symbol>`;
});
writeFileSync(join(out, "icons.svg"), `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`);

for (const subset of ["latin", "latin-ext"]) {
  copyFileSync(join(modules, `@fontsource-variable/inter/files/inter-${subset}-wght-normal.woff2`), join(out, `fonts/inter-${subset}.woff2`));
}

const licences = [
  ["htmx", "htmx.org", "LICENSE"],
  ["Alpine.js (CSP build)", "@alpinejs/csp", null],
  ["Lucide icons", "lucide-static", "LICENSE"],
  ["Inter", "@fontsource-variable/inter", "LICENSE"],
  ["Tailwind CSS", "tailwindcss", "LICENSE"],
  ["daisyUI", "daisyui", "LICENSE"],
].map(([name, folder, file]) => {
  const { version, license } = JSON.parse(readFileSync(join(modules, folder, "package.json"), "utf8"));
  const text = file ? readFileSync(join(modules, folder, file), "utf8").trim() : "";
  return `${name} ${version} (${license})\n\n${text}`.trim();
});
writeFileSync(join(out, "THIRD-PARTY.txt"), `${licences.join(`\n\n${"-".repeat(78)}\n\n`)}\n`);

execFileSync(join(modules, ".bin/tailwindcss"), ["-i", join(here, "app.css"), "-o", join(out, "app.css"), "--minify"], { cwd: root, stdio: "inherit" });
