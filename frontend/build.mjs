// Bundles the pages' script, its styles and the audio worklet into dist/, where Django finds its static files.
import { copyFile, mkdir, rm } from "node:fs/promises";
import esbuild from "esbuild";

const options = {
  entryPoints: [
    { in: "src/main.ts", out: "main" },
    { in: "src/styles/main.css", out: "main" },
    { in: "src/styles/admin.css", out: "admin" }, // beside Django's own styles
    { in: "src/audio/capture-worklet.ts", out: "capture-worklet" }, // a file of its own: the CSP allows no blob URLs
  ],
  outdir: "dist",
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  sourcemap: false,
  loader: { ".woff2": "file" },
  assetNames: "fonts/[name]",
  logLevel: "info",
};

await rm("dist", { recursive: true, force: true });
await mkdir("dist", { recursive: true });
await copyFile("src/favicon.svg", "dist/favicon.svg");
if (process.argv.includes("--watch")) {
  await (await esbuild.context(options)).watch();
} else {
  await esbuild.build(options);
}
