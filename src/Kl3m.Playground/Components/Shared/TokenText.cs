using System.Text;
using Kl3m.Inference;
using Kl3m.Playground.Runs;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Kl3m.Playground.Components.Shared;

/// <summary>
/// The browser's side of a run's text: sends it every token once, and hears which one was pressed. Tokens are drawn by a module
/// of ours (wwwroot/js/token-text.js), since thousands of elements that Blazor would compare at each tick cost more than the model.
/// Used on the circuit's own thread only.
/// </summary>
internal sealed class TokenText : IAsyncDisposable
{
    /// <summary>A call draws at most so many tokens, so that a long finished run does not freeze the page when it is opened.</summary>
    public const int MostPerCall = 1024;

    // A lost line answers nothing; the rest is sent again from where the browser says it stands.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    private readonly Run run;
    private readonly ITextGenerator generator;
    private readonly BrowserPart<TokenText> view;
    private readonly int[] sent;
    private readonly bool[] ended;
    private bool pushing;

    public TokenText(IJSRuntime js, Run run, ITextGenerator generator)
    {
        (this.run, this.generator) = (run, generator);
        view = new(js, this);
        sent = new int[run.Sequences.Count];
        ended = new bool[run.Sequences.Count];
    }

    public bool IsAttached => view.IsAttached;

    public Func<SelectedToken?, Task> Opened { get; set; } = _ => Task.CompletedTask;

    public Func<TokenKey, Task> Pressed { get; set; } = _ => Task.CompletedTask;

    public Action<bool> CopyDone { get; set; } = _ => { };

    public Task AttachAsync(ElementReference root, ElementReference tip) =>
        view.AttachAsync("./js/token-text.js", "attach", stop: "dispose", root, tip);

    /// <summary>Sends what is new. While a call is under way the next waits for it: a slow line gets fewer and larger ones.</summary>
    public async Task PushAsync()
    {
        if (pushing)
        {
            return;
        }
        pushing = true;
        try
        {
            // Not answered in time: the next call offers the same tokens, and the browser drops what it has.
            while (view.IsAttached && Next() is { Count: > 0 } batches && Take(batches, await view.AskAsync<int[]>("append", Patience, batches)))
            {
            }
        }
        finally
        {
            pushing = false;
        }
    }

    public ValueTask SelectAsync(SelectedToken? token, bool reveal) =>
        view.CallAsync("select", token?.Sequence ?? 0, token?.Position ?? -1, reveal);

    public ValueTask TintAsync(TintMode mode) => view.CallAsync("tint", mode == TintMode.Rank ? "k" : "b");

    /// <summary>Tokens before this one are drawn plain, since others share them, and it is marked as the first that others do not; null undoes it.</summary>
    public ValueTask PartAsync(int? position) => view.CallAsync("part", position ?? -1);

    [JSInvokable]
    public Task Open(int sequence, int position) => Opened(new SelectedToken(sequence, position));

    [JSInvokable]
    public Task Press(int sequence, int position, string key) => Pressed(new(new(sequence, position), key));

    [JSInvokable]
    public Task Close() => Opened(null);

    [JSInvokable]
    public void Copied(bool done) => CopyDone(done);

    /// <summary>The three most likely tokens at a place: name, raw and final share, whether it is the one that was taken.</summary>
    [JSInvokable]
    public IReadOnlyList<TipRow> Top(int sequence, int position) =>
        run.Find(new(sequence, position)) is { } token
            ? [.. token.Score.Alternatives.Take(3).Select(alternative => new TipRow(
                Visible.Name(DrawnToken.Describe(generator, alternative.TokenId)),
                Numbers.Share(Numbers.Probability(alternative.RawLogprob)),
                alternative.CutBy is null ? Numbers.Share(Numbers.Probability(alternative.FinalLogprob)) : "cut",
                alternative.TokenId == token.Score.TokenId))]
            : [];

    public ValueTask DisposeAsync() => view.DisposeAsync();

    /// <summary>What to send next; a sequence that is over sends its end with its last tokens.</summary>
    internal IReadOnlyList<TokenBatch> Next()
    {
        var batches = new List<TokenBatch>();
        var room = MostPerCall;
        foreach (var sequence in run.Sequences)
        {
            // Asked before the tokens are counted: what is over then gets no more.
            var end = Ending.Of(run, sequence, generator);
            var from = sent[sequence.Index];
            var count = Math.Min(sequence.Tokens.Count - from, room);
            var last = end is not null && !ended[sequence.Index] && from + count == sequence.Tokens.Count;
            if (count > 0 || last)
            {
                var tokens = new DrawnToken[count];
                for (var i = 0; i < count; i++)
                {
                    tokens[i] = DrawnToken.From(sequence.Tokens[from + i], generator);
                }
                batches.Add(new(sequence.Index, from, tokens, last ? end : null));
                room -= count;
            }
        }
        return batches;
    }

    /// <summary>Whether the browser took anything: where it did not (its cards are gone), the next tick is soon enough.</summary>
    private bool Take(IReadOnlyList<TokenBatch> batches, int[]? counts)
    {
        var took = false;
        foreach (var (batch, count) in batches.Zip(counts ?? []))
        {
            took |= count > batch.From || (batch.End is not null && count == batch.From);
            sent[batch.Sequence] = count;
            ended[batch.Sequence] |= batch.End is not null && count == batch.From + batch.Tokens.Count;
        }
        return took;
    }
}
