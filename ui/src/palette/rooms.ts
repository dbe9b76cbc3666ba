// The rooms whose messages the palette says; the others are left out of its script.
export const ROOMS: readonly string[] = ["app", "palette", "sessions", "time", "words"];
