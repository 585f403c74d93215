using System.Text.Json.Serialization;
using Kl3m.Inference;
using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Scoring;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Kl3m.Playground.Components.Pages.Score;

/// <summary>The browser's side of a text that was read: drawn by the same module as a run's text, in pieces, so that a long one does not freeze the page.</summary>
internal sealed class ReadingText : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ScoredText text;
    private readonly ITextGenerator generator;
    private readonly BrowserPart<ReadingText> view;

    public ReadingText(IJSRuntime js, ScoredText text, ITextGenerator generator)
    {
        (this.text, this.generator) = (text, generator);
        view = new(js, this);
    }

    /// <summary>A token was pressed; null: what was open is to close.</summary>
    public Func<int?, Task> Opened { get; set; } = _ => Task.CompletedTask;

    public async Task AttachAsync(ElementReference root, ElementReference tip, TintMode mode)
    {
        await view.AttachAsync("./js/token-text.js", "attach", stop: "dispose", root, tip);
        await TintAsync(mode);
        for (var (sent, tries) = (0, 0); sent < text.Tokens.Count && view.IsAttached && tries < 3;)
        {
            var tokens = text.Tokens.Skip(sent).Take(TokenText.MostPerCall).Select(token => ReadingToken.From(token, generator)).ToArray();
            var end = sent + tokens.Length == text.Tokens.Count ? new Ending(null, "") : null;
            // Not answered in time: the same again, of which the browser drops what it has.
            var counts = await view.AskAsync<int[]>("append", Patience, [new[] { new Batch(0, sent, tokens, end) }]);
            (sent, tries) = counts is [var count] && count > sent ? (count, 0) : (sent, tries + 1);
        }
    }

    public ValueTask TintAsync(TintMode mode) => view.CallAsync("tint", mode switch { TintMode.Rank => "k", TintMode.Relative => "v", _ => "b" });

    public ValueTask SelectAsync(int? index) => view.CallAsync("select", 0, index ?? -1, true);

    [JSInvokable]
    public Task Open(int sequence, int position) => Opened(position);

    [JSInvokable]
    public Task Close() => Opened(null);

    /// <summary>The three tokens that were most likely at a place.</summary>
    [JSInvokable]
    public IReadOnlyList<TipRow> Top(int sequence, int position) =>
        position >= 0 && position < text.Tokens.Count && text.Tokens[position].Score is { } score
            ? [.. score.Alternatives.Take(3).Select(alternative => new TipRow(
                Visible.Name(DrawnToken.Describe(generator, alternative.TokenId)), Numbers.Share(Numbers.Probability(alternative.RawLogprob)), null, alternative.TokenId == score.TokenId))]
            : [];

    public ValueTask DisposeAsync() => view.DisposeAsync();

    internal sealed record Batch(
        [property: JsonPropertyName("s")] int Sequence,
        [property: JsonPropertyName("from")] int From,
        [property: JsonPropertyName("tokens")] IReadOnlyList<ReadingToken> Tokens,
        [property: JsonPropertyName("end")] Ending? End);
}
