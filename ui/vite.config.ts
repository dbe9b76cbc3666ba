// How the page is built and tested: one script and one style sheet, so that the window is usable at once.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { svelteTesting } from "@testing-library/svelte/vite";
import { defineConfig } from "vitest/config";

export default defineConfig(({ mode }) => ({
  plugins: [svelte(), ...(mode === "test" ? [svelteTesting()] : [])],
  build: {
    // WebKitGTK 2.44 and later, WebView2, and WKWebView of an up-to-date macOS 13: `light-dark()` is taken as it is.
    target: ["safari17.5", "chrome123"],
    cssCodeSplit: false,
    // The content security policy allows no script and no style inside the page.
    assetsInlineLimit: 0,
    modulePreload: false,
  },
  // The sentences of the agent are in files that the page shares with the tray; a test reads what the providers' definitions say.
  server: { fs: { allow: [".", "../src-tauri/words/messages", "../src-tauri/providers/definitions"] } },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.ts"],
    setupFiles: ["src/testing/setup.ts"],
    restoreMocks: true,
    // A test of "today at 14:32" must mean the same everywhere.
    env: { TZ: "UTC" },
  },
}));
