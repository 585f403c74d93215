import OpenAI from 'openai';
import { assert, run } from './checks.mjs';

const prompt = 'This Agreement shall be governed by';

await run(async (url) => {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'unused', maxRetries: 0 });

  const models = (await client.models.list()).data;
  assert.ok(models.length > 0);
  const model = models[0].id;
  assert.equal((await client.models.retrieve(model)).id, model);

  const request = { model, prompt, max_tokens: 12, n: 3, logprobs: 5, seed: 42, temperature: 0.9 };
  const whole = await client.completions.create(request);
  assert.equal(whole.object, 'text_completion');
  assert.deepEqual(whole.choices.map((choice) => choice.index), [0, 1, 2]);
  for (const { text, logprobs, finish_reason } of whole.choices) {
    assert.ok(['length', 'stop'].includes(finish_reason));
    assert.ok(logprobs.tokens.length <= 12 && logprobs.tokens.length > 0);
    assert.equal(logprobs.tokens.length, logprobs.token_logprobs.length);
    assert.ok(logprobs.token_logprobs.every((logprob) => logprob <= 0));
    assert.ok(logprobs.top_logprobs.every((top, i) => logprobs.tokens[i] in top && Object.keys(top).length <= 6));
    assert.ok(logprobs.text_offset.every((offset) => offset <= [...text].length));
  }

  const texts = ['', '', ''];
  const reasons = [null, null, null];
  let chunks = 0;
  let usage = null;
  for await (const chunk of await client.completions.create({ ...request, stream: true, stream_options: { include_usage: true } })) {
    chunks++;
    usage = chunk.usage ?? usage;
    for (const choice of chunk.choices) {
      texts[choice.index] += choice.text;
      reasons[choice.index] ??= choice.finish_reason;
    }
  }
  assert.deepEqual(texts, whole.choices.map((choice) => choice.text), 'a stream is the same text, given the same seed');
  assert.ok(reasons.every(Boolean));
  assert.equal(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens);
  assert.deepEqual(usage, whole.usage);

  const scored = await client.completions.create({ model, prompt, echo: true, max_tokens: 0, logprobs: 0 });
  assert.equal(scored.choices[0].text, prompt);
  assert.equal(scored.choices[0].logprobs.token_logprobs[0], null);

  const errors = {};
  const refused = async (name, type, status, param, call) => {
    const error = await call().then(() => assert.fail(`${name} was not refused`), (reason) => reason);
    assert.ok(error instanceof type, `${name}: ${error}`);
    assert.equal(error.status, status);
    assert.equal(error.param, param);
    errors[name] = { type: error.type, code: error.code, message: error.message };
  };
  const create = (fields) => () => client.completions.create({ model, prompt, ...fields });
  await refused('temperature', OpenAI.BadRequestError, 400, 'temperature', create({ temperature: -1 }));
  await refused('logprobs', OpenAI.BadRequestError, 400, 'logprobs', create({ logprobs: 21 }));
  await refused('prompt', OpenAI.BadRequestError, 400, 'prompt', create({ prompt: '' }));
  await refused('stream', OpenAI.BadRequestError, 400, 'max_tokens', create({ max_tokens: 1_000_000, stream: true }));
  await refused('model', OpenAI.NotFoundError, 404, 'model', create({ model: 'gpt-4' }));
  await refused('path', OpenAI.NotFoundError, 404, null, () => client.chat.completions.create({ model, messages: [{ role: 'user', content: 'Hi' }] }));

  // A client that leaves ends the generation; the next request is served as if nothing had been.
  const leaving = await client.completions.create({ model, prompt, max_tokens: 200, ignore_eos: true, stream: true });
  for await (const chunk of leaving) {
    assert.ok(chunk.choices);
    break;
  }
  leaving.controller.abort();
  await client.completions.create({ model, prompt, max_tokens: 1 });

  return { model, chunks, usage, texts, reasons, errors };
});
