using Kl3m.Inference;
using Kl3m.Playground.Runs;
using Kl3m.Playground.Tests.Components.Shared;
using Kl3m.Tests.Shared;

namespace Kl3m.Playground.Tests.Runs;

public sealed class ReplayTests
{
    [Fact]
    public async Task A_run_replayed_agrees_token_for_token_and_bit_for_bit()
    {
        var recorded = await ImportedAsync(sequences: 3);
        var verdict = await new Replay(recorded).RunAsync(TestRun.Generator, null);
        Assert.Equal(new ReplayVerdict(48, 48, null, 0), verdict);
        Assert.True(verdict.Agrees);
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(1, 0)]
    [InlineData(1, 15)]
    public async Task A_token_that_was_forged_is_found_with_its_position(int sequence, int position)
    {
        var verdict = await new Replay(await ImportedAsync(sequences: 2, forge: (sequence, position))).RunAsync(TestRun.Generator, null);
        Assert.False(verdict.Agrees);
        Assert.Equal(new SelectedToken(sequence, position), verdict.First!.Token);
        Assert.NotEqual(verdict.First.Recorded.TokenId, verdict.First.Now!.TokenId);
        Assert.Equal(16 + position, verdict.Agreed);
    }

    [Fact]
    public async Task A_run_that_was_stopped_is_compared_as_far_as_it_went()
    {
        var recorded = TestRun.New(maxTokens: 32);
        await foreach (var happened in TestRun.Generator.GenerateAsync(recorded.Request))
        {
            recorded.Record(happened);
            if (recorded.TokenCount == 9)
            {
                recorded.Cancel();
            }
        }
        var verdict = await new Replay(recorded).RunAsync(TestRun.Generator, null);
        Assert.Equal((9, 9, true), (verdict.Total, verdict.Agreed, verdict.Agrees));
    }

    [Fact]
    public async Task A_text_that_ends_too_early_does_not_agree()
    {
        var recorded = await ImportedAsync(sequences: 1);
        var verdict = await new Replay(recorded).RunAsync(new ShortGenerator(), null);
        Assert.Equal((10, false), (verdict.Agreed, verdict.Agrees));
        Assert.Equal(new SelectedToken(0, 10), verdict.First!.Token);
        Assert.Null(verdict.First.Now);
    }

    private static async Task<Run> ImportedAsync(int sequences, (int Sequence, int Position)? forge = null)
    {
        var receipt = await ReceiptOfRun.MakeAsync([(await TestRun.WholeAsync(sequences, 16), TestRun.Generator)], DateTimeOffset.UnixEpoch);
        if (forge is var (sequence, position))
        {
            var run = receipt.Runs[0];
            var tokens = run.Sequences[sequence].Tokens.ToArray();
            tokens[position] = tokens[position] with { Id = tokens[position].Id == 300 - 40 ? 261 : 260 };
            var all = run.Sequences.ToArray();
            all[sequence] = all[sequence] with { Tokens = tokens };
            receipt = receipt with { Runs = [ReceiptChecks.Sign(run with { Sequences = all })] };
        }
        return ReceiptJson.Read(ReceiptJson.Write(receipt)).Runs[0].ToRun((request, model) => new Run(request, model, TimeProvider.System));
    }

    /// <summary>Writes what the fake writes, but only ten tokens of it.</summary>
    private sealed class ShortGenerator : ITextGenerator
    {
        private readonly FakeTextGenerator words = new();

        public ModelInfo Model => words.Model;

        public async IAsyncEnumerable<GenerationEvent> GenerateAsync(GenerationRequest request, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await foreach (var happened in words.GenerateAsync(request with { Sampling = request.Sampling with { MaxTokens = 10 } }, cancellationToken))
            {
                yield return happened;
            }
        }

        public ValueTask<IReadOnlyList<TokenSpan>> TokenizeAsync(string text, CancellationToken cancellationToken = default) => words.TokenizeAsync(text, cancellationToken);

        public ValueTask<string> DetokenizeAsync(IReadOnlyList<int> tokenIds, bool skipSpecialTokens = false, CancellationToken cancellationToken = default) => words.DetokenizeAsync(tokenIds, skipSpecialTokens, cancellationToken);

        public VocabularyEntry Describe(int tokenId) => words.Describe(tokenId);
    }
}
