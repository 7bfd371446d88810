// Runs a client's scenarios against a gateway and prints one JSON line for each; shared by the clients on Node.
// A scenario is an exported function of a module: it takes the lab and fails by throwing. Several run at once.

const AT_ONCE = 3;
const NAMES = [
  "door", "origin", "base_url", "project", "metric", "key", "dkn_key", "once_key", "refilled_key", "model",
  "vision_model", "fault_model", "aligned_model", "embedding_model", "down_model", "paid_model",
  "wallets", "red_image",
];

/** Run the scenarios of these modules and tell what became of each. */
export async function run(...modules) {
  const lab = Object.fromEntries(NAMES.map((name) => [name, process.env[name.toUpperCase()]]));
  const waiting = modules.flatMap((module) => Object.values(module));
  const work = async () => {
    for (let scenario = waiting.shift(); scenario; scenario = waiting.shift()) await tell(scenario, lab);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

/** A model's own name, as answers show it: at Adaptive's door it is asked for behind its project. */
export const idOf = (lab, model) => model.replace(`${lab.project}/`, "");

/** Run one scenario and print its line. */
async function tell(scenario, lab) {
  const started = performance.now();
  let error = null;
  try {
    await scenario(lab);
  } catch (thrown) {
    error = `${thrown?.stack ?? thrown}`.slice(0, 4000);
  }
  const seconds = error === null ? (performance.now() - started) / 1000 : null;
  console.log(JSON.stringify({ scenario: scenario.name, error, seconds }));
}
