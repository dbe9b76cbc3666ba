// Starts the page: the question to the agent goes out first, and the page is drawn while it is on its way.
import { mount } from "svelte";
import Root from "./Root.svelte";
import { app } from "./model/app.svelte";
import "./styles/tokens.css";
import "./styles/base.css";

void app.start();
mount(Root, { target: document.body });
