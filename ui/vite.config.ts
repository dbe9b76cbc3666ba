// How the pages are built and tested: one script and one style sheet for each, so that it is usable at once. The palette is
// built by itself (`--mode palette`), so that neither page waits for what only the other needs.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { svelteTesting } from "@testing-library/svelte/vite";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** The rooms whose messages the palette says; a test finds what is missing here (`src/palette/rooms.ts`). */
import { ROOMS } from "./src/palette/rooms";

/** Leaves the messages of all other rooms out of the palette. */
const onlyItsRooms: Plugin = {
  name: "only-its-rooms",
  enforce: "pre",
  load(id) {
    const room = /\/src\/messages\/\w+\/(\w+)\.ftl\?raw$/.exec(id)?.[1];
    return room === undefined || ROOMS.includes(room) ? null : "export default ''";
  },
};

export default defineConfig(({ mode }) => ({
  plugins: [svelte(), ...(mode === "test" ? [svelteTesting()] : []), ...(mode === "palette" ? [onlyItsRooms] : [])],
  build: {
    // The palette comes after the window's page, into the same folder.
    emptyOutDir: mode !== "palette",
    rollupOptions: { input: mode === "palette" ? "palette.html" : "index.html" },
    // WebKitGTK 2.44 and later, WebView2, and WKWebView of an up-to-date macOS 13: `light-dark()` is taken as it is.
    target: ["safari17.5", "chrome123"],
    cssCodeSplit: false,
    // The content security policy allows no script and no style inside the page.
    assetsInlineLimit: 0,
    modulePreload: false,
  },
  // The sentences of the agent are in files that the page shares with the tray; tests read what the
  // providers' definitions and the agent's sources say.
  server: { fs: { allow: [".", "../src-tauri/words/messages", "../src-tauri/providers/definitions", "../src-tauri/agent/src"] } },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.ts"],
    setupFiles: ["src/testing/setup.ts"],
    restoreMocks: true,
    // A test of "today at 14:32" must mean the same everywhere.
    env: { TZ: "UTC" },
  },
}));
