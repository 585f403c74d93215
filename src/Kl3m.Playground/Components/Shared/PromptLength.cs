using Kl3m.Inference;

namespace Kl3m.Playground.Components.Shared;

/// <summary>Counts a prompt's tokens beside the page's thread, once the typing pauses; the last prompt given is the one that counts.</summary>
internal sealed class PromptLength(TimeProvider time, Action counted) : IDisposable
{
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private CancellationTokenSource? counting;

    public int? Tokens { get; private set; }

    public void Count(string text, ITextGenerator? generator)
    {
        Dispose();
        if (generator is null)
        {
            Tokens = null;
            return;
        }
        if (text.Length == 0)
        {
            Tokens = 0;
            return;
        }
        counting = new CancellationTokenSource();
        _ = CountAsync(text, generator, counting);
    }

    public void Dispose()
    {
        counting?.Cancel();
        counting = null;
    }

    private async Task CountAsync(string text, ITextGenerator generator, CancellationTokenSource cancellation)
    {
        using (cancellation)
        {
            try
            {
                await Task.Delay(Pause, time, cancellation.Token);
                var tokens = await Task.Run(async () => await generator.TokenizeAsync(text, cancellation.Token), cancellation.Token);
                if (!cancellation.IsCancellationRequested)
                {
                    counting = null;
                    Tokens = tokens.Count;
                    counted();
                }
            }
            catch (Exception error) when (error is OperationCanceledException or EngineFailedException or HttpRequestException)
            {
                // A newer text is being counted, or nobody can count: the meter keeps its last number.
            }
        }
    }
}
