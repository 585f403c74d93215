using Kl3m.Inference.Engine;

namespace Kl3m.Inference.Tests.Engine;

/// <summary>The fake model's context is 256 tokens, its vocabulary 257.</summary>
public sealed class LimitsTests
{
    [Fact]
    public async Task The_context_may_be_filled_to_its_last_token_and_no_further()
    {
        await using var engine = await TestEngine.StartAsync();
        var full = await engine.RunAsync(TestEngine.Request(new string('p', 200), maxTokens: 56) with { Sampling = new() { MaxTokens = 56, StopAtEnd = false } });
        Assert.Equal(56, full.Tokens().Count);

        await Refuses(engine, TestEngine.Request(new string('p', 200), maxTokens: 57),
            "MaxTokens is too large: 200 prompt tokens and 57 new ones are more than the context of 256; at most 56 fits.");
        await Refuses(engine, TestEngine.Request(new string('p', 200), maxTokens: int.MaxValue),
            "MaxTokens is too large: 200 prompt tokens and 2,147,483,647 new ones are more than the context of 256; at most 56 fits.");
    }

    [Fact]
    public async Task A_prompt_may_fill_the_context_when_nothing_is_to_follow()
    {
        await using var engine = await TestEngine.StartAsync();
        var scored = await engine.RunAsync(TestEngine.Request(new string('p', 256), maxTokens: 0) with { ScorePrompt = true });
        Assert.Equal(256, scored.OfType<PromptScored>().Single().Tokens.Count);
        await Refuses(engine, TestEngine.Request(new string('p', 257), maxTokens: 0), "Prompt is too long: 257 tokens, and at most 256 fit into the context of 256.");
        await Refuses(engine, TestEngine.Request(new string('p', 256), maxTokens: 1), "Prompt is too long: 256 tokens, and at most 255 fit into the context of 256.");
    }

    [Fact]
    public async Task Mistakes_name_the_field_and_the_remedy()
    {
        await using var engine = await TestEngine.StartAsync(options: new() { MaxRunning = 8 });
        var request = TestEngine.Request();
        await Refuses(engine, request with { Prompt = null }, "Prompt is missing; give a text, or PromptTokenIds.");
        await Refuses(engine, request with { PromptTokenIds = [1] }, "Prompt and PromptTokenIds exclude each other; give one of them.");
        await Refuses(engine, request with { Prompt = "" }, "Prompt is empty; the model needs at least one token to continue.");
        await Refuses(engine, request with { Prompt = null, PromptTokenIds = [] }, "PromptTokenIds is empty; the model needs at least one token to continue.");
        await Refuses(engine, request with { Prompt = null, PromptTokenIds = [1, 257] }, "PromptTokenIds must hold ids of 0 to 256, not 257.");
        await Refuses(engine, request with { Prompt = null, PromptTokenIds = [-1] }, "PromptTokenIds must hold ids of 0 to 256, not -1.");
        await Refuses(engine, request with { Prompt = null, PromptTokenIds = new int[300] }, "PromptTokenIds is too long: 300 tokens, and at most 255 fit into the context of 256.");
        await Refuses(engine, request with { Alternatives = 101 }, "Alternatives must be 0 to 100, not 101.");
        await Refuses(engine, request with { Sampling = new() { LogitBias = new Dictionary<int, float> { [300] = 1 } } }, "LogitBias must hold ids of 0 to 256, not 300.");
        await Refuses(engine, request with { Sampling = new() { Sequences = 9 } }, "Sequences must be at most 8 here, not 9.");
        await Refuses(engine, request with { Sampling = new() { TopP = 2, MinP = 3 }, Alternatives = -1 },
            "TopP must be 0 to 1 (off), not 2. MinP must be 0 (off) to 1, not 3. Alternatives must be 0 to 100, not -1.");
        Assert.Empty(engine.Steps);
        Assert.Equal(0, engine.Engine.Waiting);
    }

    [Fact]
    public async Task A_giant_prompt_is_refused_by_its_bytes()
    {
        await using var small = await TestEngine.StartAsync(options: new() { MaxPromptBytes = 10 });
        await Refuses(small, TestEngine.Request("ééééé!"), "Prompt is too long: 11 bytes, and at most 10 are taken.");
        await Assert.ThrowsAsync<InvalidRequestException>(async () => await small.Engine.TokenizeAsync("ééééé!"));

        // No token is longer than <|end|>: 7 bytes.
        await using var engine = await TestEngine.StartAsync();
        await Refuses(engine, TestEngine.Request(new string('p', 256 * 7 + 1)), "Prompt is too long: 1,793 bytes, and at most 1,792 are taken.");
    }

    [Fact]
    public async Task Ids_to_be_decoded_must_be_in_the_vocabulary()
    {
        await using var engine = await TestEngine.StartAsync();
        var mistake = await Assert.ThrowsAsync<InvalidRequestException>(async () => await engine.Engine.DetokenizeAsync([65, 257]));
        Assert.Equal("TokenIds must hold ids of 0 to 256, not 257.", mistake.Message);
    }

    [Fact]
    public async Task A_request_that_could_never_fit_is_refused_before_it_starts_with_the_number_that_fits()
    {
        await using var engine = await TestEngine.StartAsync(() => new() { Room = 100 });
        await Refuses(engine, TestEngine.Request("pp", maxTokens: 50, sequences: 2),
            "MaxTokens is too large: 2 x 50 new tokens behind 2 do not fit into the engine's memory for keys and values, 100 tokens; at most 49 fits.");
        await Refuses(engine, TestEngine.Request(new string('p', 97), maxTokens: 1, sequences: 4),
            "Sequences must be at most 3 behind a prompt of 97 tokens, not 4: more do not fit into the engine's memory for keys and values, 100 tokens.");
        await Refuses(engine, TestEngine.Request(new string('p', 100), maxTokens: 1),
            "Prompt is too long: 100 tokens do not fit into the engine's memory for keys and values, 100 tokens.");
        Assert.Equal(49, (await engine.RunAsync(TestEngine.Request("pp", maxTokens: 49, sequences: 2) with { Sampling = new() { MaxTokens = 49, Sequences = 2, StopAtEnd = false } })).Tokens(1).Count);
        Assert.Single((await engine.RunAsync(TestEngine.Request(new string('p', 97), maxTokens: 1, sequences: 3))).Tokens(2));
        await engine.Runner.AllReleased();
    }

    private static async Task Refuses(TestEngine engine, GenerationRequest request, string message)
    {
        var mistake = await Assert.ThrowsAsync<InvalidRequestException>(() => engine.RunAsync(request));
        Assert.Equal(message, mistake.Message);
    }
}
