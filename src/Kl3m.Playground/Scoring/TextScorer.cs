using System.Globalization;
using System.Text;
using Kl3m.Inference;

namespace Kl3m.Playground.Scoring;

/// <summary>Reads texts with a model, window by window, and keeps what it made of each token.</summary>
internal static class TextScorer
{
    /// <summary>Tokens of a text at most: some sixty pages. More would be drawn too slowly to be looked at.</summary>
    public const int MostTokens = 32_768;

    /// <param name="alternatives">How many of the most likely tokens to keep at each place.</param>
    /// <param name="report">Told how many of how many tokens have been read, on whatever thread.</param>
    /// <exception cref="InvalidRequestException">The text is empty or too long, or the recipe does not fit the model.</exception>
    /// <exception cref="EngineBusyException">The engine's line is full.</exception>
    /// <exception cref="EngineFailedException">A step failed.</exception>
    public static async Task<ScoredText> ScoreAsync(
        ITextGenerator generator, string text, ScoringRecipe recipe, int alternatives, string? user, TimeProvider time, Action<int, int>? report, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        // As the tokenizer reads it: what is not Unicode is U+FFFD, and no longer than before.
        text = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
        var spans = await generator.TokenizeAsync(text, cancellationToken);
        Check(spans.Count, recipe, generator.Model);
        int[] border = recipe.BehindEnd ? [generator.Model.EndTokenIds[0]] : [];
        var (scores, windows) = await ScoreAsync(generator, [.. border, .. spans.Select(span => span.TokenId)], recipe, alternatives, user, report, cancellationToken);
        return new()
        {
            Text = text,
            Model = generator.Model,
            Recipe = recipe,
            Tokens = [.. ScoredToken.Texts(text, spans).Select((part, i) => new ScoredToken(spans[i].TokenId, part.Text, part.Start, scores[border.Length + i]))],
            Windows = windows,
            Elapsed = time.GetElapsedTime(started),
        };
    }

    /// <summary>Each token's score given what its window holds before it, and the windows' sums.</summary>
    public static async Task<(TokenScore?[] Scores, IReadOnlyList<ScoredWindow> Windows)> ScoreAsync(
        ITextGenerator generator, int[] ids, ScoringRecipe recipe, int alternatives, string? user, Action<int, int>? report, CancellationToken cancellationToken)
    {
        var scores = new TokenScore?[ids.Length];
        var windows = new List<ScoredWindow>();
        var all = SlidingWindow.Over(ids.Length, recipe.Context, recipe.Stride).ToList();
        var (done, total) = (0, all.Sum(window => window.End - window.Begin));
        foreach (var window in all)
        {
            var request = new GenerationRequest
            {
                PromptTokenIds = ids[window.Begin..window.End],
                ScorePrompt = true,
                Alternatives = alternatives,
                Sampling = new() { MaxTokens = 0 },
                User = user,
            };
            IReadOnlyList<TokenScore?>? read = null;
            await foreach (var happened in generator.GenerateAsync(request, cancellationToken))
            {
                if (happened is PromptProgress progress)
                {
                    report?.Invoke(done + progress.Done, total);
                }
                read = (happened as PromptScored)?.Tokens ?? read;
            }
            cancellationToken.ThrowIfCancellationRequested();
            if (read is null || read.Count != window.End - window.Begin)
            {
                throw new EngineFailedException($"The model '{generator.Model.Id}' gives no numbers for a text that it only reads.");
            }
            var nats = 0.0;
            for (var i = window.FirstScored; i < window.End; i++)
            {
                scores[i] = read[i - window.Begin];
                nats -= scores[i]?.RawLogprob ?? 0;
            }
            windows.Add(new(window.Fresh, window.Scored, nats));
            done += window.End - window.Begin;
        }
        return (scores, windows);
    }

    private static void Check(int tokens, ScoringRecipe recipe, ModelInfo model)
    {
        if (tokens == 0)
        {
            throw new InvalidRequestException("Text", "is empty; there is nothing to read.");
        }
        if (tokens > MostTokens)
        {
            throw new InvalidRequestException("Text", string.Create(CultureInfo.InvariantCulture, $"has {tokens:N0} tokens, and at most {MostTokens:N0} are read at once; take a part of it."));
        }
        if (recipe.Validate(model).ToList() is { Count: > 0 } problems)
        {
            throw new InvalidRequestException(problems);
        }
    }
}
