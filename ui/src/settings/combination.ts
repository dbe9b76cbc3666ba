// A combination of keys as it is pressed, in the words of the setting `quick_copy.shortcut`: `Ctrl+Alt+C`.

/** Keys whose name in the browser is another one. */
const NAMES: Record<string, string> = {
  " ": "Space",
  "+": "Plus",
  ArrowUp: "Up",
  ArrowDown: "Down",
  ArrowLeft: "Left",
  ArrowRight: "Right",
  PrintScreen: "Print",
  ContextMenu: "Menu",
};
/** Keys that are only held while another is pressed. */
const HELD = ["Control", "Alt", "Shift", "Meta", "OS", "AltGraph", "CapsLock", "NumLock", "Fn", "Hyper", "Super", "Dead", "Unidentified", "Process"];

/** The combination that `event` is; `null` while only modifiers are held, and for a key of which nobody knows what it is. */
export function combination(event: KeyboardEvent): string | null {
  if (HELD.includes(event.key)) return null;
  const modifiers = [
    event.ctrlKey && "Ctrl",
    event.altKey && "Alt",
    event.shiftKey && "Shift",
    event.metaKey && "Super",
  ].filter((name) => name !== false);
  return [...modifiers, keyOf(event)].join("+");
}

/** What stands on the key: with Shift or Alt another character may come of it than the one that it is known by. */
function keyOf({ key, code }: KeyboardEvent): string {
  const plain = /^(?:Key([A-Z])|Digit(\d))$/.exec(code);
  const typed = NAMES[key] ?? key;
  if (typed.length > 1) return typed;
  // Where the keyboard has letters of its own at that place, they count.
  if (/^[a-z]$/i.test(typed)) return typed.toUpperCase();
  return plain?.[1] ?? plain?.[2] ?? typed.toUpperCase();
}
