// The studio's first file: styles, then the application.
import "./theme/fonts.css";
import "./theme/base.css";
import "./theme/theme.svelte.ts";
import { mount } from "svelte";
import App from "./App.svelte";
import { workOffline } from "./offline/register.ts";

mount(App, { target: document.getElementById("studio")! });
workOffline();
