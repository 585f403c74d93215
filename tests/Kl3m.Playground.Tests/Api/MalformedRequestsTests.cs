using System.Globalization;
using System.Net;
using System.Text;
using Kl3m.Tests.Shared;

namespace Kl3m.Playground.Tests.Api;

public sealed class MalformedRequestsTests
{
    private static readonly string[] Fields =
    [
        "model", "prompt", "max_tokens", "n", "temperature", "top_p", "top_k", "min_p", "typical_p", "repetition_penalty", "frequency_penalty",
        "presence_penalty", "no_repeat_ngram_size", "logit_bias", "seed", "stop", "ignore_eos", "stream", "stream_options", "logprobs",
        "logprobs_mode", "echo", "return_token_ids", "return_tokens_as_token_ids", "user", "best_of", "suffix", "tokens",
    ];

    private static readonly string[] Values =
    [
        "null", "true", "-1", "0", "1.5", "1e999", "-1e-999", "99999999999999999999999", "\"\"", "\"text\"", "\"\\ud800\"", "\"\\u0000\"", "[]", "[[]]",
        "[null]", "[1,\"a\"]", "[[1],2]", "[-5]", "[99999]", "{}", "{\"a\":{}}", "{\"1\":null}", "{\"1\":1e400}", "{\"99999\":1}", "{\"include_usage\":[]}",
    ];

    private static readonly string[] Texts =
    [
        "", " ", "{", "}", "[", "]", "null", "true", "1", "\"a\"", "{]", "{\"prompt\"}", "{\"prompt\":}", "{\"prompt\":\"a\"", "{\"prompt\":\"a}", "{\"prompt\":\"a\",}",
        "{\"prompt\":\"a\"}{}", "{\"prompt\":NaN}", "{\"prompt\":\"a\",\"temperature\":-Infinity}", "{\"prompt\":\"\\x\"}", "{\"prompt\":\"\n\"}", "/*c*/{\"prompt\":\"a\"}",
        "{\"prompt\":\"a\",\"prompt\":\"a\"}", "{\"prompt\":\"a\",\"\\u0070rompt\":\"a\"}", "prompt=a", "<xml/>", "\uFEFF{\"prompt\":\"a\"}", "{\"n\":01,\"prompt\":\"a\"}",
    ];

    /// <summary>Each makes one malformed request; the number of them is the number of kinds, wrong values of each field apart.</summary>
    private static readonly Func<Random, byte[]>[] Kinds =
    [
        random => Utf8(Texts[random.Next(Texts.Length)]),
        random => Utf8($"{{\"prompt\":\"a\",\"{Pick(random, Fields[2..])}\":{Pick(random, Values)}}}"),
        random => Utf8($"{{\"prompt\":{Pick(random, Values)},\"max_tokens\":2}}"),
        random => Utf8($"{{\"{Pick(random, Fields)}\":{Pick(random, Values)},\"{Pick(random, Fields)}\":{Pick(random, Values)},\"{Pick(random, Fields)}\":{Pick(random, Values)}}}"),
        random => Utf8("{\"prompt\":\"a\",\"x\":" + new string('[', random.Next(30, 5000))),
        random => Utf8("{\"prompt\":" + string.Concat(Enumerable.Repeat("{\"a\":", random.Next(20, 500))) + "1" + new string('}', 20)),
        random => Utf8($"{{\"prompt\":\"a\",\"n\":{random.Next(65, int.MaxValue)}}}"),
        random => Utf8($"{{\"prompt\":[{string.Join(',', Enumerable.Repeat("\"a\"", random.Next(65, 3000)))}]}}"),
        random => Utf8($"{{\"prompt\":[{string.Join(',', Enumerable.Range(0, random.Next(1100, 9000)))}]}}"),
        random => Utf8($"{{\"prompt\":\"{new string('a', random.Next(1025, 50_000))}\"}}"),
        random => Utf8($"{{\"prompt\":\"a\",\"stop\":[{string.Join(',', Enumerable.Repeat("\"a\"", random.Next(17, 300)))}]}}"),
        random => Utf8($"{{\"prompt\":\"a\",\"stop\":\"{new string('s', random.Next(1025, 9000))}\"}}"),
        random => Utf8($"{{\"prompt\":\"a\",\"max_tokens\":{random.NextInt64(1024, long.MaxValue)}}}"),
        random => Utf8($"{{\"prompt\":\"a\",\"model\":\"m{random.Next()}\"}}"),
        random => Utf8($"{{\"prompt\":\"a\",\"temperature\":{(-random.NextDouble() - 0.001).ToString(CultureInfo.InvariantCulture)}}}"),
        random => Utf8($"{{\"prompt\":\"a\",\"best_of\":{random.Next(2, 99)}}}"),
        random => Cut(random, "{\"prompt\":\"The Agreement\",\"max_tokens\":2,\"stop\":[\"a\",\"b\"],\"logit_bias\":{\"5\":1.5}}"u8),
        random => Flip(random, "{\"prompt\":\"The Agreement\",\"max_tokens\":2,\"stop\":[\"a\",\"b\"],\"logit_bias\":{\"5\":1.5}}"u8),
        random => Noise(random),
        random => [.. "{\"prompt\":\""u8, (byte)random.Next(0x80, 0x100), .. "\"}"u8],
    ];

    [Fact]
    public async Task A_thousand_malformed_requests_never_break_the_server()
    {
        using var client = new ApiClient(new FakeTextGenerator());
        var random = new Random(20_260_101);
        var kinds = new HashSet<string>();
        for (var i = 0; i < 1000; i++)
        {
            var kind = random.Next(Kinds.Length);
            var body = Kinds[kind](random);
            var path = Pick(random, ["/v1/completions", "/v1/completions", "/v1/completions", "/tokenize", "/detokenize"]);
            using var response = await client.SendAsync(path, body, Pick(random, ["application/json", "application/json", "application/json; charset=utf-8", "text/json; charset=nonsense"]));
            var seen = $"{path} {Encoding.UTF8.GetString(body[..Math.Min(body.Length, 200)])}";
            Assert.True((int)response.StatusCode < 500, $"{(int)response.StatusCode} for {seen}");
            if (response.StatusCode != HttpStatusCode.OK)
            {
                var error = await ApiClient.ErrorOf(response);
                kinds.Add($"{kind} {(int)response.StatusCode} {error.GetProperty("param").GetString()}");
            }
        }
        Assert.True(kinds.Count >= 30, $"only {kinds.Count} kinds of refusal");
        Assert.Equal("length", (await client.ChoiceAsync("""{"prompt":"A","max_tokens":1}""")).GetProperty("finish_reason").GetString());
    }

    private static string Pick(Random random, string[] from) => from[random.Next(from.Length)];

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] Cut(Random random, ReadOnlySpan<byte> text) => text[..random.Next(text.Length)].ToArray();

    private static byte[] Flip(Random random, ReadOnlySpan<byte> text)
    {
        var flipped = text.ToArray();
        flipped[random.Next(flipped.Length)] ^= (byte)(1 << random.Next(8));
        return flipped;
    }

    private static byte[] Noise(Random random)
    {
        var noise = new byte[random.Next(1, 300)];
        random.NextBytes(noise);
        return noise;
    }
}
