// The official Node SDK: `node openai_node.mjs` beside its `node_modules`.

import * as chat from "./openai_node_chat.mjs";
import * as errors from "./openai_node_errors.mjs";
import * as structured from "./openai_node_structured.mjs";
import * as tools from "./openai_node_tools.mjs";
import { run } from "./scenario.mjs";

await run(chat, errors, structured, tools);
