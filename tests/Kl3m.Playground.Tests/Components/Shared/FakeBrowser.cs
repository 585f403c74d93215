using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Runs;
using Microsoft.JSInterop;

namespace Kl3m.Playground.Tests.Components.Shared;

/// <summary>What token-text.js does with what it is sent, without drawing: keeps the texts, answers where it stands, loses calls on demand.</summary>
internal sealed class FakeBrowser : IJSRuntime, IJSObjectReference, IDisposable
{
    private readonly List<int> counts = [];

    public List<string> Texts { get; } = [];

    public List<int> Ends { get; } = [];

    public List<int> Calls { get; } = [];

    public int Received { get; private set; }

    /// <summary>So many calls never arrive.</summary>
    public int LoseCalls { get; set; }

    /// <summary>So many calls arrive, but their answer does not.</summary>
    public int AnswerLost { get; set; }

    public bool Gone { get; set; }

    public async Task<TokenText> AttachAsync(Run run)
    {
        foreach (var _ in run.Sequences)
        {
            Texts.Add("");
            Ends.Add(0);
            counts.Add(0);
        }
        var text = new TokenText(this, run, TestRun.Generator);
        var gone = Gone;
        Gone = false;
        await text.AttachAsync(default, default);
        Gone = gone;
        return text;
    }

    public ValueTask<TValue> InvokeAsync<TValue>(string identifier, object?[]? args) => InvokeAsync<TValue>(identifier, default, args);

    public ValueTask<TValue> InvokeAsync<TValue>(string identifier, CancellationToken cancellationToken, object?[]? args)
    {
        if (Gone)
        {
            throw new JSDisconnectedException("The page is gone.");
        }
        return identifier switch
        {
            "import" or "attach" => ValueTask.FromResult((TValue)(object)this),
            "append" => Append<TValue>((IReadOnlyList<TokenBatch>)args![0]!),
            _ => ValueTask.FromResult<TValue>(default!),
        };
    }

    public void Forget()
    {
        for (var sequence = 0; sequence < counts.Count; sequence++)
        {
            (counts[sequence], Texts[sequence]) = (0, "");
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public void Dispose()
    {
    }

    private ValueTask<TValue> Append<TValue>(IReadOnlyList<TokenBatch> batches)
    {
        if (LoseCalls-- > 0)
        {
            throw new TaskCanceledException();
        }
        Calls.Add(batches.Sum(batch => batch.Tokens.Count));
        foreach (var batch in batches)
        {
            var known = counts[batch.Sequence] - batch.From;
            if (known >= 0)
            {
                var fresh = batch.Tokens.Skip(known).ToList();
                Texts[batch.Sequence] += string.Concat(fresh.Select(token => token.Text));
                Ends[batch.Sequence] += batch.End is null ? 0 : 1;
                counts[batch.Sequence] += fresh.Count;
                Received += fresh.Count;
            }
        }
        return AnswerLost-- > 0
            ? throw new TaskCanceledException()
            : ValueTask.FromResult((TValue)(object)batches.Select(batch => counts[batch.Sequence]).ToArray());
    }
}
