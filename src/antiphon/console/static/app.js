// The console's beginning: sign in, then a frame with navigation and one page in it.

import { sessionEnd } from "./api.js";
import { add, h, replace } from "./dom.js";
import { frame } from "./frame.js";
import { say } from "./notices.js";
import { failure } from "./parts.js";
import { current } from "./session.js";
import { signIn } from "./sign-in.js";
import { applyTheme } from "./theme.js";

const root = document.getElementById("frame");

/** Show what fits the session: the sign-in page, or the frame, until the session ends. */
async function begin() {
  for (;;) {
    const session = (await current()) ?? (await signIn(root));
    const left = new AbortController();
    sessionEnd.addEventListener("signed-out", () => left.abort("expired"), { once: true, signal: left.signal });
    await frame(root, session, left);
    if (left.signal.reason === "expired") say("Your session has ended: sign in again.");
  }
}

applyTheme();
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address names the page: a fragment of our own would leave it
  document.getElementById("main").focus();
});
begin().catch((error) => replace(root, add(h("main", { id: "main", class: "alone" }), failure(error))));
