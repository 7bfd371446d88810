// Light, dark, or as the system has it. The choice is all that the console keeps in the browser.

const KEY = "antiphon-theme";
const ORDER = ["system", "light", "dark"];

/** The chosen theme. */
export function theme() {
  const stored = localStorage.getItem(KEY);
  return ORDER.includes(stored) ? stored : "system";
}

/** Show the page in the chosen theme. */
export function applyTheme() {
  document.documentElement.dataset.theme = theme();
}

/** Choose the theme that comes next; its name. */
export function nextTheme() {
  localStorage.setItem(KEY, ORDER[(ORDER.indexOf(theme()) + 1) % ORDER.length]);
  applyTheme();
  return theme();
}
