using Kl3m.Inference;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Pages.Lab;

internal sealed partial class LabState
{
    public const int DrawsAtOnce = 1000;

    /// <summary>A thousand throws at the distribution on the bench; null until they are asked for, and when the distribution has changed.</summary>
    public Draws? Draws { get; private set; }

    /// <summary>Whole short continuations from here, as a tree of forks.</summary>
    public ForkNode? Futures { get; private set; }

    public int FuturesAsked { get; private set; }

    public void DrawMany()
    {
        if (Strip is { } strip)
        {
            Draws = Draws.Throw(strip.Final, (ulong)time.GetTimestamp(), DrawsAtOnce);
            Changed?.Invoke();
        }
    }

    /// <summary>So many continuations of a few tokens from this position, with the settings on the bench and a seed of their own.</summary>
    public async Task WriteFuturesAsync(int count, int length)
    {
        if (Run is not { } run || place is not { } here)
        {
            return;
        }
        var request = new GenerationRequest
        {
            PromptTokenIds = here.Tokens[..here.PromptLength],
            CompletionTokenIds = here.Tokens[here.PromptLength..],
            Alternatives = 0,
            Sampling = Settings with { Sequences = count, MaxTokens = Math.Min(length, run.Model.ContextLength - here.Tokens.Length), Seed = run.Seed, Stop = [] },
        };
        if (await WriteAsync(request, null) is { } written && here == place)
        {
            Futures = ForkNode.Of(written.Sequences.Select(sequence => new ForkLeaf(sequence.Index.ToString(System.Globalization.CultureInfo.InvariantCulture), sequence.Tokens)));
            FuturesAsked = count;
            runs.Forget(written);
            Changed?.Invoke();
        }
    }
}
