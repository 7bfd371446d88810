// Runs scenarios beside a client's `node_modules`: `node main.mjs MODULE ...`.

import { run } from "./scenario.mjs";

await run(...(await Promise.all(process.argv.slice(2).map((name) => import(`./${name}.mjs`)))));
