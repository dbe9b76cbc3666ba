// The keys of the window, in one table: what the list of shortcuts shows, and what the parts of the page listen to.
//
// Who adds a key adds a line here and its message to `messages/*/keys.ftl`, and asks `pressed(group, event)` in the handler.
// A key is written as `KeyboardEvent.key`, with `Mod+` (Ctrl, on a Mac ⌘), `Alt+` and `Shift+` before it where they are held.

/** Each group in the order of the list: the id of a message, and the keys that do what it says. */
export const KEYS = {
  window: {
    "keys-new-session": ["Mod+n"],
    "keys-refresh": ["F5", "Mod+r"],
    "keys-history": ["Mod+h"],
    "keys-timeline": ["Mod+t"],
    "keys-settings": ["Mod+,"],
    "keys-shortcuts": ["?", "F1"],
    "keys-larger": ["Mod++", "Mod+="],
    "keys-smaller": ["Mod+-"],
    "keys-usual-size": ["Mod+0"],
    "keys-close": ["Mod+w"],
    "keys-quit": ["Mod+q"],
  },
  accounts: {
    "keys-accounts-next": ["ArrowDown", "ArrowRight"],
    "keys-accounts-previous": ["ArrowUp", "ArrowLeft"],
    "keys-accounts-first": ["Home"],
    "keys-accounts-last": ["End"],
  },
  sessions: {
    "keys-sessions-search": ["/", "Mod+f"],
    "keys-sessions-next": ["ArrowDown"],
    "keys-sessions-previous": ["ArrowUp"],
    "keys-sessions-first": ["Home"],
    "keys-sessions-last": ["End"],
    "keys-sessions-further": ["PageDown"],
    "keys-sessions-back": ["PageUp"],
    "keys-sessions-select": [" "],
    "keys-sessions-select-next": ["Shift+ArrowDown"],
    "keys-sessions-select-previous": ["Shift+ArrowUp"],
    "keys-sessions-select-all": ["Mod+a"],
    "keys-sessions-open": ["Enter"],
    "keys-sessions-copy": ["c"],
    "keys-sessions-end": ["Delete"],
    "keys-sessions-undo": ["Mod+z"],
    "keys-sessions-leave": ["Escape"],
  },
  timeline: {
    "keys-timeline-in": ["+", "="],
    "keys-timeline-out": ["-"],
    "keys-timeline-earlier": ["ArrowLeft"],
    "keys-timeline-later": ["ArrowRight"],
    "keys-timeline-previous": ["ArrowUp"],
    "keys-timeline-next": ["ArrowDown"],
    "keys-timeline-account-before": ["PageUp"],
    "keys-timeline-account-after": ["PageDown"],
    "keys-timeline-now": ["n", "Home"],
    "keys-timeline-open": ["Enter", " "],
  },
} as const satisfies Record<string, Record<string, readonly string[]>>;

export type Group = keyof typeof KEYS;
/** What a key of a group does: the id of its message. */
export type Shortcut<G extends Group> = keyof (typeof KEYS)[G] & string;

export const GROUPS = Object.keys(KEYS) as Group[];

/** What `event` asks for in `group`; `null` where it is none of its keys, or where it types a character into a field. */
export function pressed<G extends Group>(group: G, event: KeyboardEvent): Shortcut<G> | null {
  const shortcuts = Object.entries<readonly string[]>(KEYS[group]);
  const found = shortcuts.find(([, keys]) => keys.some((key) => isPressed(key, event)));
  return found === undefined ? null : (found[0] as Shortcut<G>);
}

/** The keys of one shortcut, each as the parts that are shown side by side: `Mod+n` is `["Mod", "n"]`. */
export function parts(key: string): string[] {
  // A key may be the plus itself.
  return key.split(/\+(?=.)/);
}

function isPressed(key: string, event: KeyboardEvent): boolean {
  const held = parts(key);
  const name = held.pop() ?? "";
  const character = name.length === 1;
  // A character says by itself whether Shift was held for it; which ones need it depends on the keyboard.
  const shift = (character && name.toLowerCase() === name.toUpperCase()) || event.shiftKey === held.includes("Shift");
  const modified = (event.ctrlKey || event.metaKey) === held.includes("Mod") && event.altKey === held.includes("Alt");
  if (!shift || !modified || event.key.toLowerCase() !== name.toLowerCase()) return false;
  return held.includes("Mod") || held.includes("Alt") || !isTyped(event.target) || /^F\d/.test(name);
}

/** Whether a key without Mod is for what has the focus: text is typed there, or an entry chosen. */
function isTyped(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["button", "checkbox", "radio", "range"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}
