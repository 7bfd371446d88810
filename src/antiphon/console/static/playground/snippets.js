// A request as the command or program that sends it. Pure: body and address in, text out.

const KEY = "ANTIPHON_API_KEY";
const IMAGE_SHOWN = 64; // characters of an inlined image; the rest is its own business

/** The languages, each with what makes it. */
export const LANGUAGES = [
  ["curl", curl],
  ["Python", python],
  ["JavaScript", javascript],
];

function curl(base, body) {
  const flags = body.stream ? "-N " : "";
  const quoted = json(body).replaceAll("'", `'\\''`);
  return [
    `curl ${flags}${base}/chat/completions \\`,
    `  -H "Authorization: Bearer $${KEY}" \\`,
    `  -H "Content-Type: application/json" \\`,
    `  -d '${quoted}'`,
  ].join("\n");
}

function python(base, body) {
  const { openai, extra } = parted(body);
  const fields = Object.entries(openai).map(([name, value]) => `    ${name}=${literal(value, 4)},`);
  if (Object.keys(extra).length > 0) fields.push(`    extra_body=${literal(extra, 4)},`);
  const head = [
    "import os",
    "from openai import OpenAI",
    "",
    `client = OpenAI(base_url="${base}", api_key=os.environ["${KEY}"])`,
    `${body.stream ? "stream" : "answer"} = client.chat.completions.create(`,
    ...fields,
    ")",
  ];
  const tail = body.stream
    ? [
        "for chunk in stream:",
        "    if chunk.choices:",
        '        print(chunk.choices[0].delta.content or "", end="", flush=True)',
      ]
    : ["print(answer.choices[0].message.content)"];
  return [...head, ...tail].join("\n");
}

function javascript(base, body) {
  const head = [
    'import OpenAI from "openai";',
    "",
    `const client = new OpenAI({ baseURL: "${base}", apiKey: process.env.${KEY} });`,
    `const ${body.stream ? "stream" : "answer"} = await client.chat.completions.create(${json(body)});`,
  ];
  const tail = body.stream
    ? ["for await (const chunk of stream) {", '  process.stdout.write(chunk.choices[0]?.delta?.content ?? "");', "}"]
    : ["console.log(answer.choices[0].message.content);"];
  return [...head, ...tail].join("\n");
}

const OPENAI = new Set([
  "model",
  "messages",
  "stream",
  "stream_options",
  "temperature",
  "top_p",
  "max_tokens",
  "seed",
  "stop",
  "tools",
  "tool_choice",
  "response_format",
  "reasoning_effort",
]);

/** The client's own parameters, and those of other vendors, which it takes aside. */
function parted(body) {
  const openai = {};
  const extra = {};
  for (const [name, value] of Object.entries(body)) (OPENAI.has(name) ? openai : extra)[name] = value;
  return { openai, extra };
}

function json(body) {
  return JSON.stringify(body, shortened, 2);
}

function shortened(name, value) {
  if (name !== "url" || typeof value !== "string" || value.length <= IMAGE_SHOWN) return value;
  return `${value.slice(0, value.indexOf(",") + 1)}…`;
}

function literal(value, indent) {
  const pad = " ".repeat(indent);
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    return `[\n${value.map((one) => `${pad}    ${literal(one, indent + 4)},\n`).join("")}${pad}]`;
  }
  if (typeof value === "object") {
    const entries = Object.entries(value);
    if (entries.length === 0) return "{}";
    const rows = entries.map(
      ([name, one]) => `${pad}    ${JSON.stringify(name)}: ${literal(shortened(name, one), indent + 4)},\n`,
    );
    return `{\n${rows.join("")}${pad}}`;
  }
  return JSON.stringify(value);
}
