import htmx from "htmx.org/dist/htmx.esm.js";
import Alpine from "@alpinejs/csp";
import "./behaviour.js";
import { palette } from "./palette.js";
import { recipients } from "./recipients.js";
import { selection } from "./selection.js";

window.htmx = htmx;
Alpine.data("palette", palette);
Alpine.data("recipients", recipients);
Alpine.data("selection", selection);
Alpine.start();
