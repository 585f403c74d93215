using Kl3m.Inference;
using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Pages.Compare;

/// <summary>One column: its settings, its model, and what it wrote last. Belongs to the circuit's thread.</summary>
public sealed class CompareColumn(SamplingParams sampling, string? model) : IDisposable
{
    private NgramCount pairs = new(2);
    private NgramCount fours = new(4);

    /// <summary>For one sequence, without a seed: the page has it.</summary>
    public SamplingParams Sampling { get; set; } = sampling with { Sequences = 1, Seed = null };

    /// <summary>The model's id; null is the default one.</summary>
    public string? Model { get; set; } = model;

    public Run? Run { get; private set; }

    /// <summary>What wrote <see cref="Run"/>, or at least names its tokens.</summary>
    public ITextGenerator? Writer { get; private set; }

    /// <summary>Ends when the run does; null before the first.</summary>
    public Task? Writing { get; private set; }

    public bool IsRunning => Writing is { IsCompleted: false };

    public IReadOnlyList<TokenGenerated> Tokens => Run?.Sequences[0].Tokens ?? [];

    /// <summary>Share of different pairs of tokens.</summary>
    internal NgramCount Pairs => Counted(pairs);

    /// <summary>Four tokens in a row that came before are the mark of a loop.</summary>
    internal NgramCount Fours => Counted(fours);

    private CancellationTokenSource? stop;

    public void Start(Run run, ITextGenerator writer, Action<Exception> unforeseen)
    {
        Show(run, writer);
        var cancellation = stop = new();
        Writing = Task.Run(() => run.RecordAsync(writer, unforeseen, cancellation.Token), CancellationToken.None);
    }

    /// <summary>A run that was written elsewhere.</summary>
    public void Show(Run run, ITextGenerator writer)
    {
        Stop();
        (Run, Writer, Writing) = (run, writer, null);
        (pairs, fours) = (new(2), new(4));
    }

    /// <summary>What was written stands.</summary>
    public void Stop()
    {
        if (IsRunning)
        {
            Run?.Cancel();
        }
        Dispose();
    }

    public void Dispose()
    {
        stop?.Cancel();
        stop?.Dispose();
        stop = null;
    }

    private NgramCount Counted(NgramCount count)
    {
        count.Follow(Tokens, token => token.Score.TokenId);
        return count;
    }
}
