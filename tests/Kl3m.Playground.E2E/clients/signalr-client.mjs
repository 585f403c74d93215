import { HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
import { assert, run } from './checks.mjs';

const prompt = 'This Agreement shall be governed by';

/** All events of a stream; ends the stream after `most` tokens if that is given. */
function generate(connection, request, most = Infinity) {
  return new Promise((resolve, reject) => {
    const events = [];
    const subscription = connection.stream('Generate', request).subscribe({
      next: (batch) => {
        events.push(...batch);
        if (events.filter((event) => event.type === 'token').length >= most) {
          subscription.dispose();
          resolve(events);
        }
      },
      complete: () => resolve(events),
      error: reject,
    });
  });
}

/** The error object at the end of a hub error's message. */
const errorOf = (error) => JSON.parse(error.message.slice(error.message.indexOf('{'))).error;

await run(async (url) => {
  const connection = new HubConnectionBuilder().withUrl(`${url}/hubs/generation`).configureLogging(LogLevel.Error).build();
  await connection.start();

  const request = { prompt, max_tokens: 12, n: 2, logprobs: 5, echo: true, seed: '42' };
  const events = await generate(connection, request);
  const of = (type) => events.filter((event) => event.type === type);
  assert.equal(events[0].type, 'started');
  assert.equal(events[0].seed, '42');
  assert.equal(events.at(-1).type, 'finished');
  assert.equal(of('prompt_scored')[0].tokens.length, events[0].prompt_token_ids.length);
  assert.equal(of('prompt_scored')[0].tokens[0], null);
  assert.deepEqual(of('sequence_finished').map((event) => event.sequence).sort(), [0, 1]);
  assert.equal(of('token').length, events.at(-1).usage.completion_tokens);
  for (const { score, draw } of of('token')) {
    assert.ok(score.logprob <= 0 && score.rank >= 1 && score.entropy >= 0);
    assert.equal(score.alternatives.length, 5);
    assert.ok(draw.low <= draw.u && draw.u < draw.high);
  }
  const texts = [0, 1].map((sequence) => of('token').filter((event) => event.sequence === sequence).map((event) => event.text).join(''));

  const again = await generate(connection, { ...request, seed: events[0].seed });
  assert.deepEqual(again.filter((event) => event.type === 'token').map((event) => event.score.token_id), of('token').map((event) => event.score.token_id));

  const refused = await generate(connection, { prompt, temperature: -1 }).then(() => assert.fail('not refused'), errorOf);
  assert.equal(refused.param, 'temperature');
  const unknown = await generate(connection, { prompt, model: 'gpt-4' }).then(() => assert.fail('not refused'), errorOf);
  assert.equal(unknown.code, 'model_not_found');

  // A stream that is disposed of ends; the connection serves the next one.
  const cut = await generate(connection, { prompt, max_tokens: 200, ignore_eos: true }, 3);
  assert.ok(cut.every((event) => event.type !== 'finished'));
  assert.equal((await generate(connection, { prompt, max_tokens: 1 })).at(-1).type, 'finished');

  await connection.stop();
  return { texts, usage: events.at(-1).usage, timings: events.at(-1).timings, refused, unknown };
});
