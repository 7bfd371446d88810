// The form that buys credit with the browser's wallet: an amount, what will be paid, one signature, and what came of it.

import { h, replace } from "./dom.js";
import { count, micro, short, usdc } from "./format.js";
import { button, copyable, field } from "./parts.js";
import { InDoubt, offer, pay, signed } from "./payment.js";
import { present } from "./wallet.js";

/** The form. `changed` is told when the account has more. */
export function topupForm(session, signal, changed) {
  const { chain } = session;
  const amount = h("input", { inputmode: "decimal", autocomplete: "off", required: true, value: "10" });
  const pays = h("button", { type: "submit", class: "primary" }, "Pay with the wallet");
  const told = h("div", { "aria-live": "polite", class: "stack" });
  const form = h("form", { class: "inline" }, field("USDC", amount), pays);
  const tell = (...children) => replace(told, ...children);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    pays.disabled = true;
    await bought(amount.value.trim(), { chain, signal, tell, changed });
    pays.disabled = false;
  });
  const network = h(
    "p",
    { class: "muted" },
    `On chain ${chain.chain_id}${chain.local ? ", which runs beside this gateway with test money" : ""}. 100 credits are 1 USDC; a top-up is ${usdc(chain.min_micro_usdc)} to ${usdc(chain.max_micro_usdc)} USDC.`,
  );
  return [network, present() ? form : without(), told];
}

function without() {
  return h(
    "p",
    {},
    "This browser has no wallet. In a terminal ",
    h("code", {}, "antiphon topup 10 --key-file wallet-key"),
    " pays the same way.",
  );
}

async function bought(text, { chain, signal, tell, changed }) {
  try {
    const wanted = micro(text);
    if (wanted === null || wanted === 0) throw new Error("Expected USDC, such as 10 or 2.50.");
    tell(h("p", {}, "Asking for the price …"));
    const asked = await offer(text, wanted, chain, signal);
    tell(h("p", {}, `Your wallet is asked to sign a payment of ${usdc(wanted)} USDC to ${short(asked.payTo)} …`));
    const header = await signed(asked, chain);
    await sent(text, header, { signal, tell, changed });
  } catch (error) {
    if (!signal.aborted) tell(h("p", { class: "error", role: "alert" }, error.message));
  }
}

/** Send a payment that was signed; while nobody knows what came of it, only that same one can be sent again. */
async function sent(text, header, context) {
  const { signal, tell, changed } = context;
  tell(h("p", {}, "Signed. The chain settles it …"));
  try {
    const paid = await pay(text, header, signal);
    tell(
      h(
        "p",
        { class: "good" },
        paid.replayed
          ? "This payment was credited before."
          : `${count(paid.credits_added)} credits were added. The balance is ${paid.balance_usdc} USDC.`,
      ),
      h("p", { class: "muted" }, "Transaction ", copyable(paid.txHash, short(paid.txHash, 10))),
    );
    await changed();
  } catch (error) {
    if (!(error instanceof InDoubt)) throw error;
    tell(
      h(
        "p",
        { class: "error", role: "alert" },
        error.message,
        " It is credited by itself if it was. Sending it again cannot pay twice.",
      ),
      h(
        "div",
        { class: "actions" },
        button("Send the same payment again", () => sent(text, header, context)),
      ),
    );
  }
}
