using Kl3m.Inference.Sampling;
using Kl3m.Tests.Shared;

namespace Kl3m.Inference.Tests.Engine;

/// <summary>Going on with what was written before, and the logits of each step.</summary>
public sealed class ContinuationTests
{
    [Fact]
    public async Task A_text_written_in_parts_is_the_text_written_at_once()
    {
        await using var engine = await TestEngine.StartAsync();
        var request = TestEngine.Request("prompt", maxTokens: 24, sequences: 3, seed: 9) with
        {
            Sampling = new() { MaxTokens = 24, Sequences = 3, Seed = 9, FrequencyPenalty = 0.7f, PresencePenalty = 0.4f, RepetitionPenalty = 1.2f, StopAtEnd = false },
        };
        var whole = await engine.RunAsync(request);
        for (var sequence = 0; sequence < 3; sequence++)
        {
            var written = whole.Tokens(sequence);
            for (var cut = 1; cut < 24; cut += 5)
            {
                var rest = await engine.RunAsync(request with
                {
                    CompletionTokenIds = [.. written.Take(cut).Select(token => token.Score.TokenId)],
                    FirstSequence = sequence,
                    Sampling = request.Sampling with { Sequences = 1, MaxTokens = 24 - cut },
                });
                Assert.Equal("prompt"u8.ToArray().Select(b => (int)b), rest.OfType<GenerationStarted>().Single().PromptTokenIds);
                Assert.Equal(written.Skip(cut).Select(token => (token.Position, token.Score.TokenId)), rest.Tokens().Select(token => (token.Position, token.Score.TokenId)));
            }
        }
    }

    [Fact]
    public async Task A_character_that_was_begun_before_is_completed_by_the_next_token()
    {
        await using var engine = await TestEngine.WritingAsync("aé");
        var events = await engine.RunAsync(TestEngine.Request("P", maxTokens: 1) with { CompletionTokenIds = ['a', 0xC3] });
        Assert.Equal("é", events.Text());
    }

    [Fact]
    public async Task Kept_logits_are_the_rows_that_the_tokens_were_drawn_from()
    {
        await using var engine = await TestEngine.StartAsync();
        var request = TestEngine.Request("prompt", maxTokens: 8, sequences: 2, seed: 5);
        var events = await engine.RunAsync(request with { KeepLogits = true });
        var sampler = new Sampler(ByteTokenizer.VocabularySize);
        foreach (var token in events.OfType<TokenGenerated>())
        {
            var before = events.Tokens(token.SequenceIndex).Take(token.Position).Select(each => each.Score.TokenId);
            int[] tokens = [.. "prompt"u8.ToArray().Select(b => (int)b), .. before];
            var again = sampler.Sample(token.Logits!.Value.Span, request.Sampling, tokens, 6, token.Trace.U!.Value, 2);
            Assert.Equal(token.Score.TokenId, again.Score.TokenId);
            Assert.Equal(token.Score.FinalLogprob, again.Score.FinalLogprob);
        }
        Assert.All((await engine.RunAsync(request)).OfType<TokenGenerated>(), token => Assert.Null(token.Logits));
    }

    [Fact]
    public async Task What_was_written_before_is_checked_and_counts_for_the_context()
    {
        await using var engine = await TestEngine.StartAsync();
        var unknown = await Assert.ThrowsAsync<InvalidRequestException>(() => engine.RunAsync(TestEngine.Request() with { CompletionTokenIds = [1, -3] }));
        Assert.Equal("CompletionTokenIds", Assert.Single(unknown.Problems).Field);
        var long_ = await Assert.ThrowsAsync<InvalidRequestException>(() => engine.RunAsync(TestEngine.Request(maxTokens: 8) with { CompletionTokenIds = new int[250] }));
        Assert.Contains("context", Assert.Single(long_.Problems).Message, StringComparison.Ordinal);
        var negative = await Assert.ThrowsAsync<InvalidRequestException>(() => engine.RunAsync(TestEngine.Request() with { FirstSequence = -1 }));
        Assert.Equal("FirstSequence", Assert.Single(negative.Problems).Field);
    }
}
