// The sign-in page: a key, or a wallet where the browser has one.

import { confirm } from "./dialogs.js";
import { add, h, replace } from "./dom.js";
import { field } from "./parts.js";
import { door, signInWithKey, signInWithWallet } from "./session.js";
import { present } from "./wallet.js";

/** Show the page; the session of whoever signs in. */
export async function signIn(root) {
  const { wallets, chain_ids: chainIds } = await door();
  return new Promise((resolve) => {
    const error = h("p", { class: "error", role: "alert", hidden: true });
    const key = h("input", {
      type: "password",
      name: "key",
      autocomplete: "current-password",
      required: true,
      spellcheck: "false",
    });
    const submit = h("button", { type: "submit", class: "primary" }, "Sign in");
    const wallet = h("button", { type: "button", disabled: !present() }, "Sign in with a wallet");
    const attempt = async (way) => {
      error.hidden = true;
      submit.disabled = true;
      try {
        resolve(await way());
      } catch (refusal) {
        error.textContent = refusal.message;
        error.hidden = false;
        key.focus();
      } finally {
        submit.disabled = false;
      }
    };
    const form = h(
      "form",
      {},
      field("Key", key, "An administrator's or any account's; it is sent once and not kept here."),
      submit,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      attempt(() => signInWithKey(key.value));
    });
    wallet.addEventListener("click", () => attempt(() => byWallet(chainIds)));
    replace(root, page(form, wallets ? wallet : null, error));
    document.title = "Sign in · Antiphon";
    key.focus();
  });
}

/** An account that has as many keys as it may needs room for the session's: its user decides whether to make it. */
async function byWallet(chainIds) {
  try {
    return await signInWithWallet(chainIds);
  } catch (refusal) {
    if (refusal.code !== "too_many_keys") throw refusal;
    const text = "This wallet has as many keys as it may. Signing in can revoke all of them: what uses them stops.";
    const agreed = await confirm({ title: "Too many keys", text, action: "Revoke them and sign in" });
    if (!agreed) throw refusal;
    return signInWithWallet(chainIds, true);
  }
}

function page(form, wallet, error) {
  const walletHint = present() ? "The wallet signs a text. Nothing is paid." : "This browser has no wallet.";
  return add(
    h("main", { id: "main", class: "alone" }),
    h("h1", {}, h("img", { src: "/console/icon.svg", alt: "", width: 28, height: 28 }), "Antiphon"),
    error,
    form,
    wallet ? [h("p", { class: "or" }, "or"), wallet, h("small", { class: "muted" }, walletHint)] : null,
    h(
      "details",
      {},
      h("summary", {}, "Where do I get a key?"),
      h("p", {}, "Who runs this gateway makes one with ", h("code", {}, "antiphon keys create"), "."),
    ),
  );
}
