using System.Text;
using Kl3m.Inference.Engine;
using Kl3m.Inference.Sampling;
using Kl3m.Tests.Shared;

namespace Kl3m.Inference.Tests.Engine;

/// <summary>What a caller gets for one request.</summary>
public sealed class CompletionTests
{
    [Fact]
    public async Task Events_come_in_the_order_of_the_contract()
    {
        await using var engine = await TestEngine.StartAsync(options: new() { TokenBudget = 16 });
        var events = await engine.RunAsync(TestEngine.Request(new string('p', 40), maxTokens: 5, sequences: 3) with { ScorePrompt = true });

        Assert.IsType<GenerationStarted>(events[0]);
        Assert.Equal([16, 32, 40], events.Skip(1).Take(3).Cast<PromptProgress>().Select(progress => progress.Done));
        Assert.IsType<PromptScored>(events[4]);
        Assert.All(events[5..^1], occurred => Assert.True(occurred is TokenGenerated or SequenceFinished));
        Assert.IsType<GenerationFinished>(events[^1]);
        for (var sequence = 0; sequence < 3; sequence++)
        {
            Assert.Equal(Enumerable.Range(0, events.Tokens(sequence).Count), events.Tokens(sequence).Select(token => token.Position));
            Assert.True(events.IndexOf(events.Tokens(sequence)[^1]) < events.IndexOf(events.Finish(sequence)));
        }
    }

    [Fact]
    public async Task Usage_counts_the_prompt_once_and_every_token_that_was_drawn()
    {
        await using var engine = await TestEngine.StartAsync();
        var events = await engine.RunAsync(TestEngine.Request("four", maxTokens: 6, sequences: 5));
        var finished = events.OfType<GenerationFinished>().Single();
        Assert.Equal(new Usage(4, events.OfType<TokenGenerated>().Count()), finished.Usage);
        Assert.Equal(30, events.OfType<TokenGenerated>().Count() + Enumerable.Range(0, 5).Sum(i => events.Finish(i).Reason == FinishReason.Stop ? 6 - events.Tokens(i).Count : 0));
        Assert.True(finished.Timings.Queued <= finished.Timings.FirstToken && finished.Timings.FirstToken <= finished.Timings.Total);
    }

    [Fact]
    public async Task The_prompt_of_many_sequences_is_read_once()
    {
        await using var engine = await TestEngine.StartAsync();
        await engine.RunAsync(TestEngine.Request(new string('p', 50), maxTokens: 3, sequences: 20));
        var read = engine.Steps.SelectMany(step => step).Where(chunk => chunk.Start < 50).Sum(chunk => chunk.TokenIds.Length);
        Assert.Equal(50, read);
        Assert.Equal(20, engine.Steps[1].Count);
        Assert.Equal(3, engine.Steps.Count);
    }

    [Fact]
    public async Task Every_token_is_drawn_from_the_logits_behind_its_own_sequence()
    {
        await using var engine = await TestEngine.StartAsync();
        var request = TestEngine.Request("prompt", maxTokens: 10, sequences: 4, seed: 77);
        var events = await engine.RunAsync(request);

        var sampler = new Sampler(ByteTokenizer.VocabularySize);
        var row = new float[ByteTokenizer.VocabularySize];
        for (var sequence = 0; sequence < 4; sequence++)
        {
            List<int> tokens = [.. Encoding.UTF8.GetBytes("prompt")];
            foreach (var token in events.Tokens(sequence))
            {
                engine.Runner.WriteLogits(tokens, row);
                var u = SeededRandom.NextUniform(77, sequence, token.Position);
                var expected = sampler.Sample(row, request.Sampling, tokens.ToArray(), 6, u, 2);
                Assert.Equivalent(expected.Score, token.Score, strict: true);
                Assert.Equal(expected.Trace.U, token.Trace.U);
                tokens.Add(token.Score.TokenId);
            }
        }
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_text_and_another_one_does_not()
    {
        await using var engine = await TestEngine.StartAsync();
        async Task<string> Ids(ulong seed) => string.Join(' ', (await engine.RunAsync(TestEngine.Request(maxTokens: 20, seed: seed))).Tokens().Select(token => token.Score.TokenId));
        var first = await Ids(5);
        Assert.Equal(first, await Ids(5));
        Assert.NotEqual(first, await Ids(6));
    }

    [Fact]
    public async Task Without_a_seed_one_is_drawn_and_gives_the_text_again()
    {
        await using var engine = await TestEngine.StartAsync();
        var drawn = await engine.RunAsync(TestEngine.Request(maxTokens: 20, seed: null));
        var other = await engine.RunAsync(TestEngine.Request(maxTokens: 20, seed: null));
        var seed = drawn.OfType<GenerationStarted>().Single().Seed;
        Assert.NotEqual(seed, other.OfType<GenerationStarted>().Single().Seed);
        var again = await engine.RunAsync(TestEngine.Request(maxTokens: 20, seed: seed));
        Assert.Equal(drawn.Tokens().Select(token => token.Score.TokenId), again.Tokens().Select(token => token.Score.TokenId));
    }

    [Fact]
    public async Task The_end_token_ends_a_sequence_with_an_event_without_text()
    {
        await using var engine = await TestEngine.WritingAsync("hello");
        var events = await engine.RunAsync(TestEngine.Request(maxTokens: 20));
        Assert.Equal("hello", events.Text());
        Assert.Equal((ByteTokenizer.End, ""), (events.Tokens()[^1].Score.TokenId, events.Tokens()[^1].Text));
        Assert.Equal(new SequenceFinished(0, FinishReason.Stop, StopTokenId: ByteTokenizer.End), events.Finish());
        Assert.Equal(6, events.OfType<GenerationFinished>().Single().Usage.CompletionTokens);
    }

    [Fact]
    public async Task An_ignored_end_token_is_a_token_without_text_among_others()
    {
        await using var engine = await TestEngine.StartAsync(() => new() { Script = tokens => tokens.Count == 2 ? ByteTokenizer.End : 'x' });
        var request = TestEngine.Request(maxTokens: 4);
        var events = await engine.RunAsync(request with { Sampling = request.Sampling with { StopAtEnd = false } });
        Assert.Equal(["x", "", "x", "x"], events.Tokens().Select(token => token.Text));
        Assert.Equal(new SequenceFinished(0, FinishReason.Length), events.Finish());
    }

    [Theory]
    [InlineData("one two three", new[] { "two" }, "one ", "two", 7)]
    [InlineData("one two three", new[] { "three", "o t" }, "one tw", "o t", 9)]
    [InlineData("aabaac", new[] { "aac" }, "aab", "aac", 6)]
    [InlineData("abcd", new[] { "bcd", "c" }, "ab", "c", 3)]
    [InlineData("abc", new[] { "c", "bc" }, "a", "bc", 3)]
    [InlineData("pré é", new[] { "é " }, "pr", "é ", 5)]
    [InlineData("x😀y", new[] { "😀" }, "x", "😀", 5)]
    [InlineData("abab", new[] { "abc", "ba" }, "a", "ba", 3)]
    [InlineData("stop", new[] { "s" }, "", "s", 1)]
    public async Task A_stop_text_ends_the_sequence_in_the_step_that_completes_it(string writes, string[] stops, string text, string stop, int tokens)
    {
        await using var engine = await TestEngine.WritingAsync(writes);
        var request = TestEngine.Request(maxTokens: 40);
        var events = await engine.RunAsync(request with { Sampling = request.Sampling with { Stop = stops } });
        Assert.Equal(text, events.Text());
        Assert.Equal(new SequenceFinished(0, FinishReason.Stop, StopText: stop), events.Finish());
        Assert.Equal(tokens, events.Tokens().Count);
        Assert.Equal(tokens, engine.Steps.Count);
        Assert.Equal(tokens, events.OfType<GenerationFinished>().Single().Usage.CompletionTokens);
    }

    [Theory]
    [InlineData("half a st", 9, "half a st")]
    [InlineData("half a st", 20, "half a st")]
    public async Task What_only_began_like_a_stop_text_belongs_to_the_text(string writes, int maxTokens, string text)
    {
        await using var engine = await TestEngine.WritingAsync(writes);
        var request = TestEngine.Request(maxTokens: maxTokens);
        var events = await engine.RunAsync(request with { Sampling = request.Sampling with { Stop = ["stop"] } });
        Assert.Equal(text, events.Text());
        Assert.Null(events.Finish().StopText);
    }

    [Fact]
    public async Task A_character_that_the_last_token_leaves_incomplete_is_a_replacement()
    {
        await using var engine = await TestEngine.WritingAsync([(byte)'a', 0xE2, 0x82, 0xAC]);
        Assert.Equal("a\uFFFD", (await engine.RunAsync(TestEngine.Request(maxTokens: 3))).Text());
        Assert.Equal("a€", (await engine.RunAsync(TestEngine.Request(maxTokens: 4))).Text());
        await using var cut = await TestEngine.WritingAsync([(byte)'a', 0xE2, 0x82]);
        Assert.Equal(["a", "", "\uFFFD", ""], (await cut.RunAsync(TestEngine.Request(maxTokens: 9))).Tokens().Select(token => token.Text));
    }

    [Fact]
    public async Task No_tokens_at_all_only_reads_the_prompt()
    {
        await using var engine = await TestEngine.StartAsync();
        var events = await engine.RunAsync(TestEngine.Request("prompt", maxTokens: 0, sequences: 2));
        Assert.Empty(events.OfType<TokenGenerated>());
        Assert.Equal([0, 1], events.OfType<SequenceFinished>().Where(finished => finished.Reason == FinishReason.Length).Select(finished => finished.SequenceIndex));
        var finished = events.OfType<GenerationFinished>().Single();
        Assert.Equal(new Usage(6, 0), finished.Usage);
        Assert.Null(finished.Timings.FirstToken);
        Assert.Equal(LogitsWanted.None, Assert.Single(Assert.Single(engine.Steps)).Wanted);
        await engine.Runner.AllReleased();
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0, 60)]
    [InlineData(3, 1)]
    [InlineData(3, 60)]
    public async Task Prompt_scores_are_those_computed_token_by_token(int maxTokens, int promptLength)
    {
        await using var engine = await TestEngine.StartAsync(options: new() { TokenBudget = 16 });
        var prompt = Enumerable.Range(0, promptLength).Select(i => i * 37 % 256).ToArray();
        var request = TestEngine.Request(maxTokens: maxTokens) with { Prompt = null, PromptTokenIds = prompt, ScorePrompt = true };
        var events = await engine.RunAsync(request);

        var scores = events.OfType<PromptScored>().Single().Tokens;
        Assert.Equal(promptLength, scores.Count);
        Assert.Null(scores[0]);
        var sampler = new Sampler(ByteTokenizer.VocabularySize);
        var row = new float[ByteTokenizer.VocabularySize];
        for (var position = 1; position < promptLength; position++)
        {
            engine.Runner.WriteLogits(prompt[..position], row);
            Assert.Equivalent(sampler.Score(row, prompt[position], 2), scores[position], strict: true);
        }
        var unscored = await engine.RunAsync(request with { ScorePrompt = false });
        Assert.Equal(unscored.Tokens().Select(token => token.Score.TokenId), events.Tokens().Select(token => token.Score.TokenId));
        Assert.Equal(maxTokens, events.Tokens().Count);
    }

    [Fact]
    public async Task A_reader_that_takes_its_time_gets_every_token_and_holds_nobody_up()
    {
        await using var engine = await TestEngine.StartAsync();
        var expected = await engine.RunAsync(TestEngine.Request(maxTokens: 100));
        await using var slow = engine.Engine.GenerateAsync(TestEngine.Request(maxTokens: 100)).GetAsyncEnumerator();
        await slow.MoveNextAsync();
        await engine.RunAsync(TestEngine.Request(maxTokens: 200));
        await engine.Runner.AllReleased();
        var late = new List<GenerationEvent>();
        while (await slow.MoveNextAsync())
        {
            late.Add(slow.Current);
        }
        Assert.Equal(expected.Tokens().Select(token => token.Score.TokenId), late.Tokens().Select(token => token.Score.TokenId));
    }

    [Fact]
    public async Task Text_and_tokens_are_made_of_each_other()
    {
        await using var engine = await TestEngine.StartAsync();
        var spans = await engine.Engine.TokenizeAsync("é<|end|>");
        Assert.Equal([new(0xC3, 0, 1), new(0xA9, 0, 1), new(ByteTokenizer.End, 1, 8)], spans);
        int[] ids = [0xC3, 0xA9, ByteTokenizer.End];
        Assert.Equal("é<|end|>", await engine.Engine.DetokenizeAsync(ids));
        Assert.Equal("é", await engine.Engine.DetokenizeAsync(ids, skipSpecialTokens: true));
        Assert.True(engine.Engine.Describe(ByteTokenizer.End).IsSpecial);
        Assert.Equal([0xC3], engine.Engine.Describe(0xC3).Bytes.ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => engine.Engine.Describe(257));
    }
}
