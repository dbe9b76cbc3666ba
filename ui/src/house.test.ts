// The page's house rules: every text is a message, every value of the design a token, and nothing is on the left or the right.
import { parse, type AST } from "svelte/compiler";
import ts from "typescript";
import { expect, test } from "vitest";

const COMPONENTS = import.meta.glob<string>("./**/*.svelte", { query: "?raw", import: "default", eager: true });
const SCRIPTS = import.meta.glob<string>(["./**/*.ts", "!./**/*.test.ts", "!./testing/**", "!./types/**"], { query: "?raw", import: "default", eager: true });
const BASE = import.meta.glob<string>("./styles/base.css", { query: "?raw", import: "default", eager: true });

/** Attributes that are read or heard as they are. */
const SPOKEN = /^(?:aria-(?:label|description|placeholder|roledescription|valuetext)|alt|placeholder|title|label|text|hint|note)$/;
/** Words that are not said to anyone: names of keys and of parts of the web's interfaces, as they are written there. */
const NAMES = new Set([
  "Alt", "AltGraph", "ArrowDown", "ArrowLeft", "ArrowRight", "ArrowUp", "Backspace", "Backtab", "CapsLock", "ContextMenu", "Control", "Ctrl", "Delete",
  "End", "Enter", "Escape", "Home", "Hyper", "Insert", "Meta", "PageDown", "PageUp", "Space", "Shift", "Super", "Tab", "Daypass", "Mod",
  "Dead", "Down", "Left", "Menu", "Plus", "Print", "Process", "Right", "Unidentified",
]);

/** What is the same in every language: a key, a command, and each language's own name for itself. */
const EVERYWHERE = ["Esc", "curl -X POST https://…", "English", "Deutsch"];

/** A text that a person reads: several words, or one that begins as a sentence or a label does. */
function isRead(text: string): boolean {
  const bare = text.trim();
  if (NAMES.has(bare) || EVERYWHERE.includes(bare)) return false;
  return /\p{L}{2,}[,.:;…]?\s+[“”"(]?\p{L}{2,}/u.test(bare) || /^[\p{Lu}“][\p{Ll}’']{2,}[.…?!]?$/u.test(bare);
}

/** The literals of a script that a person would read, with the lines that they stand in. */
function readIn(path: string, source: string): string[] {
  const found: string[] = [];
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
  const visit = (node: ts.Node): void => {
    // What is compared, thrown at ourselves, imported or only a type is said to nobody.
    if (ts.isImportDeclaration(node) || ts.isTypeNode(node) || ts.isThrowStatement(node)) return;
    const text = ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node) ? node.text : "";
    // Several words of one attribute's value: classes, a selector, a transition.
    const listed = /^[\w.#[\]="':>~+*,()%/\s-]*$/.test(text) && !/[A-Z][a-z]+ [a-z]/.test(text) && !/[.?!]$/.test(text.trim());
    if (isRead(text) && !(listed && text.trim().includes(" "))) found.push(`${path}: ${text}`);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** The texts that stand in a component's template, and in its attributes, instead of in messages. */
function writtenIn(path: string, source: string): string[] {
  const found: string[] = [];
  const hasWords = (text: string) => /\p{L}/u.test(text);
  const visit = (node: unknown, attribute = ""): void => {
    if (Array.isArray(node)) return node.forEach((one) => visit(one, attribute));
    if (typeof node !== "object" || node === null) return;
    const { type, name, data } = node as { type?: string; name?: string; data?: string };
    if (type === "Comment" || type === "StyleSheet") return;
    if (type === "Text" && hasWords(data ?? "")) {
      const told = attribute === "" || SPOKEN.test(attribute);
      if (told && !EVERYWHERE.includes(data?.trim() ?? "")) found.push(`${path}: ${attribute} ${data?.trim()}`);
      return;
    }
    const within = type === "Attribute" ? (name ?? "") : type === "StyleDirective" ? "style" : type === "Fragment" ? "" : attribute;
    for (const [key, child] of Object.entries(node)) if (key !== "metadata" && key !== "parent") visit(child, within);
  };
  visit(parse(source, { modern: true }).fragment);
  return found;
}

/** The script of a component, and the expressions of its template, as scripts. */
function expressionsOf(source: string): string {
  const { instance, module, fragment }: AST.Root = parse(source, { modern: true });
  const scripts = [instance, module].filter((script) => script != null);
  const texts = scripts.map((script) => source.slice(...range(script.content)));
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit);
    if (typeof node !== "object" || node === null) return;
    const { type, expression } = node as { type?: string; expression?: unknown };
    if (type === "ExpressionTag" && typeof expression === "object") texts.push(`(${source.slice(...range(expression))});`);
    else for (const [key, child] of Object.entries(node)) if (key !== "metadata" && key !== "parent") visit(child);
  };
  visit(fragment);
  return texts.join("\n");
}

function range(node: unknown): [number, number] {
  const { start, end } = node as { start: number; end: number };
  return [start, end];
}

/** The style sheets, without what they say to their readers. */
const STYLES = [...Object.entries(COMPONENTS), ...Object.entries(BASE)].map(([path, source]) => {
  const css = path.endsWith(".css") ? source : (/<style>([\s\S]*)<\/style>/.exec(source)?.[1] ?? "");
  return { path, css: css.replace(/\/\*[\s\S]*?\*\//g, "") };
});

/** The declarations of a style sheet. */
function declarations(css: string): { property: string; value: string }[] {
  const found = css.matchAll(/([\w-]+)\s*:\s*([^;{}]+)(?=[;}])/g);
  return [...found].map(([, property = "", value = ""]) => ({ property, value: value.trim() }));
}

/** What breaks a rule, by sheet. */
function breaches(breaks: (property: string, value: string) => boolean): string[] {
  return STYLES.flatMap(({ path, css }) =>
    declarations(css)
      .filter(({ property, value }) => breaks(property, value))
      .map(({ property, value }) => `${path}: ${property}: ${value}`),
  );
}

test("no text stands in a component: all are messages", () => {
  const found = Object.entries(COMPONENTS).flatMap(([path, source]) => [...writtenIn(path, source), ...readIn(path, expressionsOf(source))]);
  expect(found).toEqual([]);
});

test("no text stands in a script: all are messages", () => {
  expect(Object.entries(SCRIPTS).flatMap(([path, source]) => readIn(path, source))).toEqual([]);
});

test("what the agent says is said in the language that is spoken", () => {
  const sources = Object.entries({ ...COMPONENTS, ...SCRIPTS }).filter(([path]) => !/^\.\/(?:ipc|messages\/)/.test(path));
  const raw = sources.flatMap(([path, source]) => [...source.matchAll(/\b\w+\)?\.message\b(?! (?:in|===))/g)].map(([text]) => `${path}: ${text}`));
  expect(raw).toEqual([]);
});

test("nothing is on the left or the right: a page that is read the other way is its mirror", () => {
  const sided = /(?:^|-)(?:left|right)(?:-|$)/;
  expect(
    breaches((property, value) => {
      if (sided.test(property)) return true;
      if (/^(?:text-align|float|clear)$/.test(property)) return /\b(?:left|right)\b/.test(value);
      // Four values are top, right, bottom and left.
      const parts = value.replace(/\([^()]*(?:\([^()]*\)[^()]*)*\)/g, "()").split(/\s+/);
      return /^(?:margin|padding|inset|border-(?:width|color|style))$/.test(property) && parts.length === 4 && parts[1] !== parts[3];
    }),
  ).toEqual([]);
});

test("every colour is a token", () => {
  expect(breaches((property, value) => property !== "mask-image" && /#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|oklch|lab|color)a?\(/i.test(value))).toEqual([]);
});

test("space, type and motion are tokens, but for hair lines", () => {
  const scaled = /^(?:(?:row-|column-)?gap|(?:margin|padding)(?:-.+)?|font-size|border-radius|transition|animation(?:-.+)?)$/;
  const raw = (value: string) => [...value.matchAll(/(?<![\w.-])(\d*\.?\d+)(px|rem|em|ms|s)\b/g)].some(([, number, unit]) => !(unit === "px" && Number(number) <= 2));
  expect(breaches((property, value) => scaled.test(property) && raw(value))).toEqual([]);
});
