// Starts the palette. It is drawn before it asks for updates: asking is what shows its window.
import { flushSync, mount } from "svelte";
import * as ipc from "../ipc";
import PalettePage from "./PalettePage.svelte";
import { palette } from "./palette.svelte";
import "../styles/tokens.css";
import "../styles/base.css";

const present = ipc.present();
if (present !== null) palette.take(present);
flushSync(() => mount(PalettePage, { target: document.body }));
void palette.listen();
