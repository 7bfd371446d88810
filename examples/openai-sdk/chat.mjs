// An answer, what it took, and what a wrong model name gives.
import OpenAI from "openai";

const client = new OpenAI(); // reads OPENAI_BASE_URL and OPENAI_API_KEY
const answer = await client.chat.completions.create({
  model: "smollm2:135m",
  messages: [
    { role: "system", content: "You answer in one sentence." },
    { role: "user", content: "What is a choir?" },
  ],
  max_tokens: 60,
});
console.log(answer.choices[0].message.content);
console.log(`${answer.usage.prompt_tokens} tokens read, ${answer.usage.completion_tokens} written`);
try {
  await client.chat.completions.create({ model: "smollm2:13b", messages: [{ role: "user", content: "Hi" }] });
} catch (error) {
  if (!(error instanceof OpenAI.NotFoundError)) throw error;
  console.log(error.message);
}
