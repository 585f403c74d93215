using System.Text;
using System.Text.Json;
using Kl3m.Inference;

namespace Kl3m.Playground.Tests.Api;

public sealed class LogprobsTests
{
    private static async Task<JsonElement> ChoiceAsync(string json, params GenerationEvent[] script)
    {
        using var client = new ApiClient(new SpyTextGenerator { Script = script.Length == 0 ? null : script });
        return await client.ChoiceAsync(json);
    }

    private static string Raw(JsonElement choice, string list) => choice.GetProperty("logprobs").GetProperty(list).GetRawText();

    [Fact]
    public async Task Each_token_has_its_logprob_its_rivals_and_its_place()
    {
        var choice = await ChoiceAsync("""{"prompt":"A","logprobs":2}""",
            Events.Started('A'),
            Events.Token(0, 0, "x", 'x', -0.5f, -0.25f, new('x', -0.5f, -0.25f, null), new('y', -1.5f, -1.75f, null)),
            Events.Token(0, 1, "z", 'z', -4, -3, new('x', -0.5f, -0.25f, null), new('y', -1.5f, -1.75f, null)),
            new SequenceFinished(0, FinishReason.Length), Events.Finished());
        Assert.Equal("""["x","z"]""", Raw(choice, "tokens"));
        Assert.Equal("[-0.5,-4]", Raw(choice, "token_logprobs"));
        Assert.Equal("""[{"x":-0.5,"y":-1.5},{"x":-0.5,"y":-1.5,"z":-4}]""", Raw(choice, "top_logprobs")); // the drawn one comes on top of N
        Assert.Equal("[0,1]", Raw(choice, "text_offset"));
    }

    [Fact]
    public async Task Zero_rivals_leave_the_chosen_token()
    {
        var choice = await ChoiceAsync("""{"prompt":"A","logprobs":0}""",
            Events.Started('A'), Events.Token(0, 0, "x", 'x', -0.5f), new SequenceFinished(0, FinishReason.Length), Events.Finished());
        Assert.Equal("""[{"x":-0.5}]""", Raw(choice, "top_logprobs"));
    }

    [Fact]
    public async Task Processed_logprobs_are_of_the_distribution_drawn_from_in_its_own_order()
    {
        GenerationEvent[] script =
        [
            Events.Started('A'),
            Events.Token(0, 0, "z", 'z', -3, -0.5f, new('x', -0.5f, float.NegativeInfinity, SamplingStage.LogitBias), new('y', -1, -2, null), new('z', -3, -0.5f, null)),
            new SequenceFinished(0, FinishReason.Length), Events.Finished(),
        ];
        var processed = await ChoiceAsync("""{"prompt":"A","logprobs":2,"logprobs_mode":"processed_logprobs"}""", script);
        Assert.Equal("""[{"z":-0.5,"y":-2}]""", Raw(processed, "top_logprobs"));
        Assert.Equal("[-0.5]", Raw(processed, "token_logprobs"));
        var all = await ChoiceAsync("""{"prompt":"A","logprobs":3,"logprobs_mode":"processed_logprobs"}""", script);
        Assert.Equal("""[{"z":-0.5,"y":-2,"x":-9999}]""", Raw(all, "top_logprobs")); // JSON has no infinity
        var raw = await ChoiceAsync("""{"prompt":"A","logprobs":2,"logprobs_mode":"raw_logprobs"}""", script);
        Assert.Equal("""[{"x":-0.5,"y":-1,"z":-3}]""", Raw(raw, "top_logprobs"));
    }

    [Fact]
    public async Task Processed_logprobs_are_picked_from_all_that_the_engine_can_list()
    {
        var spy = new SpyTextGenerator();
        using var client = new ApiClient(spy);
        await client.CompleteAsync("""{"prompt":"A","logprobs":2,"logprobs_mode":"processed_logprobs"}""");
        Assert.Equal(GenerationRequest.MaxAlternatives, Assert.Single(spy.Asked).Alternatives);
    }

    [Fact]
    public async Task A_token_that_is_half_a_character_is_named_by_its_bytes_and_starts_where_the_character_does()
    {
        var choice = await ChoiceAsync("""{"prompt":"A","logprobs":0}""",
            Events.Started('A'), Events.Token(0, 0, "", 0xC3), Events.Token(0, 1, "é", 0xA9), Events.Token(0, 2, "", 256),
            new SequenceFinished(0, FinishReason.Stop, StopTokenId: 256), Events.Finished());
        Assert.Equal("é", choice.GetProperty("text").GetString());
        Assert.Equal(["bytes:\\xc3", "bytes:\\xa9", "<|end|>"], choice.GetProperty("logprobs").GetProperty("tokens").EnumerateArray().Select(token => token.GetString()));
        Assert.Equal("[0,0,1]", Raw(choice, "text_offset"));
    }

    [Fact]
    public async Task Tokens_can_be_named_by_their_ids()
    {
        var choice = await ChoiceAsync("""{"prompt":"A","logprobs":1,"return_tokens_as_token_ids":true}""",
            Events.Started('A'), Events.Token(0, 0, "x", 'x', -1, -1, new Alternative('y', -0.5f, -0.5f, null)), new SequenceFinished(0, FinishReason.Length), Events.Finished());
        Assert.Equal("""["token_id:120"]""", Raw(choice, "tokens"));
        Assert.Equal("""[{"token_id:121":-0.5,"token_id:120":-1}]""", Raw(choice, "top_logprobs"));
    }

    [Theory]
    [InlineData("\"aé🦊b\"")]
    [InlineData("[97,195,169,240,159,166,138,98]")]
    public async Task Echo_scores_the_prompt_and_its_first_token_has_no_logprob(string prompt)
    {
        var choice = await ChoiceAsync($$"""{"prompt":{{prompt}},"logprobs":1,"echo":true,"max_tokens":2,"seed":3}""");
        var logprobs = choice.GetProperty("logprobs");
        Assert.All(["tokens", "token_logprobs", "top_logprobs", "text_offset"], list => Assert.Equal(10, logprobs.GetProperty(list).GetArrayLength()));
        Assert.Equal("a", logprobs.GetProperty("tokens")[0].GetString());
        Assert.Equal(JsonValueKind.Null, logprobs.GetProperty("token_logprobs")[0].ValueKind);
        Assert.Equal(JsonValueKind.Null, logprobs.GetProperty("top_logprobs")[0].ValueKind);
        Assert.All(logprobs.GetProperty("token_logprobs").EnumerateArray().Skip(1), logprob => Assert.True(logprob.GetSingle() < 0));
        Assert.StartsWith("[0,1,1,2,2,2,2,3,4,", Raw(choice, "text_offset"), StringComparison.Ordinal); // code points: the fox is one
        Assert.StartsWith("aé🦊b", choice.GetProperty("text").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Offsets_point_at_the_tokens_in_the_text()
    {
        var choice = await ChoiceAsync("""{"prompt":"Der Fuchs 🦊: ","logprobs":0,"echo":true,"max_tokens":40,"seed":9}""");
        var runes = choice.GetProperty("text").GetString()!.EnumerateRunes().ToArray();
        var logprobs = choice.GetProperty("logprobs");
        foreach (var (token, offset) in logprobs.GetProperty("tokens").EnumerateArray().Zip(logprobs.GetProperty("text_offset").EnumerateArray()))
        {
            var name = token.GetString()!;
            if (!name.StartsWith("bytes:", StringComparison.Ordinal))
            {
                var at = runes.AsSpan(offset.GetInt32(), name.EnumerateRunes().Count());
                Assert.Equal(name, string.Concat(at.ToArray().Select(rune => rune.ToString())));
            }
        }
    }

    [Fact]
    public async Task Echo_without_new_tokens_scores_a_text()
    {
        var choice = await ChoiceAsync("""{"prompt":"score","logprobs":0,"echo":true,"max_tokens":0}""");
        Assert.Equal("score", choice.GetProperty("text").GetString());
        Assert.Equal(5, choice.GetProperty("logprobs").GetProperty("tokens").GetArrayLength());
        Assert.Equal("length", choice.GetProperty("finish_reason").GetString());
    }

    [Fact]
    public async Task What_stopped_a_choice_is_told()
    {
        GenerationEvent[] script =
        [
            Events.Started('A'), Events.Token(0, 0, "x", 'x'), Events.Token(1, 0, "y", 'y'),
            new SequenceFinished(0, FinishReason.Stop, StopText: "\n"), new SequenceFinished(1, FinishReason.Stop, StopTokenId: 256), Events.Finished(),
        ];
        using var client = new ApiClient(new SpyTextGenerator { Script = script });
        var choices = (await client.CompleteAsync("""{"prompt":"A","n":2}""")).GetProperty("choices");
        Assert.Equal("stop", choices[0].GetProperty("finish_reason").GetString());
        Assert.Equal("\n", choices[0].GetProperty("stop_reason").GetString());
        Assert.Equal("stop", choices[1].GetProperty("finish_reason").GetString());
        Assert.Equal(256, choices[1].GetProperty("stop_reason").GetInt32());
    }

    [Fact]
    public async Task Text_is_written_as_text_and_half_a_surrogate_pair_never_leaves()
    {
        using var client = new ApiClient(new SpyTextGenerator
        {
            Script = [Events.Started('A'), Events.Token(0, 0, "é\"<\n🦊", 'x'), Events.Token(0, 1, "\ud83e!", 'y'), new SequenceFinished(0, FinishReason.Length), Events.Finished()],
        });
        using var response = await client.SendAsync("/v1/completions", """{"prompt":"A"}""");
        var bytes = await response.Content.ReadAsByteArrayAsync();
        var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        Assert.Contains("é\\\"<\\n", text, StringComparison.Ordinal);
        Assert.Equal("é\"<\n🦊\uFFFD!", JsonElement.Parse(text).GetProperty("choices")[0].GetProperty("text").GetString());
    }
}
