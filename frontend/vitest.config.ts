import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    restoreMocks: true,
    projects: [
      {
        extends: true,
        test: { name: "logic", environment: "node", include: ["src/!(controllers)/**/*.test.ts", "src/*.test.ts"] },
      },
      { extends: true, test: { name: "pages", environment: "happy-dom", include: ["src/controllers/*.test.ts"] } },
    ],
  },
});
