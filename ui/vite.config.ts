// How the page is built and tested: one script and one style sheet, so that the window is usable at once.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { svelteTesting } from "@testing-library/svelte/vite";
import { defineConfig } from "vitest/config";

export default defineConfig(({ mode }) => ({
  plugins: [svelte(), ...(mode === "test" ? [svelteTesting()] : [])],
  build: {
    // WebKitGTK 2.40 and later, WebView2, and WKWebView of macOS 13.
    target: ["safari16", "chrome110"],
    cssCodeSplit: false,
    // The content security policy allows no script and no style inside the page.
    assetsInlineLimit: 0,
    modulePreload: false,
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.ts"],
    setupFiles: ["src/testing/setup.ts"],
    restoreMocks: true,
    // A test of "today at 14:32" must mean the same everywhere.
    env: { TZ: "UTC" },
  },
}));
