using System.Text;
using Kl3m.Inference;
using Kl3m.Inference.Engine;
using Kl3m.Playground.Scoring;
using Kl3m.Tests.Shared;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kl3m.Playground.Tests.Scoring;

/// <summary>Reading with the real engine over a fake model whose tokens are bytes, and with a context of 256.</summary>
public sealed class TextScorerTests : IAsyncLifetime
{
    private readonly InferenceEngine engine = new(
        () => new FakeModelRunner(),
        ByteTokenizer.Tokenizer,
        new ModelInfo { Id = "bytes", ContextLength = 256, VocabularySize = ByteTokenizer.VocabularySize, EndTokenIds = [ByteTokenizer.End], ParameterCount = 1, Dtype = "fp32", Device = "cpu" },
        new EngineOptions { TokenBudget = 64 },
        TimeProvider.System,
        NullLogger<InferenceEngine>.Instance);

    public async ValueTask InitializeAsync() => await engine.StartAsync(TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => engine.DisposeAsync();

    [Theory]
    [InlineData("a")]
    [InlineData("Naïve 😀 text…")]
    [InlineData("\n\n  a\tb\r\n")]
    [InlineData("half \ud83d a pair")]
    [InlineData("\u202eright to left\u202c <script>alert(1)</script> <|end|> behind")]
    public async Task Texts_of_the_tokens_joined_are_the_text_as_it_was_read(string text)
    {
        var read = await ScoreAsync(text, new(256, 128));
        Assert.Equal(Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)), string.Concat(read.Tokens.Select(token => token.Text)));
        Assert.Equal(Encoding.UTF8.GetByteCount(text), read.Bytes);
        Assert.All(read.Tokens, token => Assert.Equal(token.Text, read.Text.Substring(token.Start, token.Text.Length)));
    }

    [Fact]
    public async Task A_character_of_several_tokens_belongs_to_the_last_of_them()
    {
        var read = await ScoreAsync("a😀b", new(256, 128));
        Assert.Equal(["a", "", "", "", "😀", "b"], read.Tokens.Select(token => token.Text));
    }

    [Fact]
    public async Task A_long_text_is_read_in_windows_that_score_every_token_once()
    {
        var text = string.Concat(Enumerable.Repeat("The Lessee shall pay. ", 40));
        var read = await ScoreAsync(text, new(100, 30));
        Assert.Null(read.Tokens[0].Score);
        Assert.All(read.Tokens.Skip(1), token => Assert.NotNull(token.Score));
        Assert.Equal(text.Length - 1, read.Surprise.Tokens);
        Assert.Equal(text.Length - 1, read.Windows.Sum(window => window.Scored));
        Assert.Equal(read.Surprise.Nats, read.Windows.Sum(window => window.Nats), 1e-3);
        Assert.True(read.Windows.Count > 20);
        Assert.StartsWith($"{read.Windows.Count} windows of 100 tokens, 30 apart; 879 tokens scored, the first has nothing before it.", read.Recipe.Describe(read.Surprise.Tokens, read.Windows.Count), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Behind_the_end_mark_the_first_token_has_a_score_and_all_bytes_count()
    {
        var alone = await ScoreAsync("Payment.", new(256, 128));
        Assert.Equal((7, 7L), (alone.Surprise.Tokens, alone.ScoredBytes));
        Assert.Equal(alone.Surprise.Nats / Math.Log(2) / 7, alone.BitsPerByte!.Value, 1e-9);
        var behind = await ScoreAsync("Payment.", new(256, 128, BehindEnd: true));
        Assert.Equal((8, 8L), (behind.Surprise.Tokens, behind.ScoredBytes));
        Assert.Equal(8, behind.Tokens.Count);
    }

    [Fact]
    public async Task A_text_of_one_token_has_no_numbers_and_no_crash()
    {
        var read = await ScoreAsync("a", new(256, 128));
        Assert.Null(read.BitsPerByte);
        Assert.All(Enum.GetValues<PerplexityRecipe>(), recipe => Assert.Null(read.Perplexity(recipe)));
        Assert.Empty(read.MostSurprising(10));
        Assert.Equal(0, Calibration.Of(read).Count);
    }

    [Fact]
    public async Task Progress_grows_to_the_whole()
    {
        var reports = new List<(int Done, int Total)>();
        await TextScorer.ScoreAsync(engine, new string('a', 400), new(100, 50), 1, null, TimeProvider.System, (done, total) => reports.Add((done, total)), TestContext.Current.CancellationToken);
        Assert.Equal(reports.OrderBy(report => report.Done), reports);
        Assert.Equal(reports[^1].Total, reports[^1].Done);
    }

    [Fact]
    public async Task Mistakes_are_named_with_the_way_out()
    {
        await Refused("", new(256, 128), "is empty");
        await Refused(new string('a', TextScorer.MostTokens + 1), new(256, 128), "at most 32,768");
        await Refused("abc", new(257, 128), "2 to 256");
        await Refused("abc", new(100, 100), "1 to 99");

        async Task Refused(string text, ScoringRecipe recipe, string words) =>
            Assert.Contains(words, (await Assert.ThrowsAsync<InvalidRequestException>(() => ScoreAsync(text, recipe))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_most_surprising_tokens_come_first()
    {
        var read = await ScoreAsync("The quick brown fox jumps over the lazy dog.", new(256, 128));
        var surprisals = read.MostSurprising(10).Select(place => read.Tokens[place].Score!.Surprisal).ToList();
        Assert.Equal(10, surprisals.Count);
        Assert.Equal(surprisals.OrderDescending(), surprisals);
        Assert.Equal(read.Tokens.Max(token => token.Score?.Surprisal ?? 0), surprisals[0]);
    }

    private Task<ScoredText> ScoreAsync(string text, ScoringRecipe recipe) =>
        TextScorer.ScoreAsync(engine, text, recipe, 5, null, TimeProvider.System, null, TestContext.Current.CancellationToken);
}
