using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Kl3m.Inference;

namespace Kl3m.Playground.Runs;

/// <summary>
/// How fast a run's tokens are shown: one by one, at so many a second, or as they come; and where it stops by itself. The engine writes
/// ahead meanwhile and holds no place for a reader that waits. For any thread.
/// </summary>
internal sealed class Pace(TimeProvider time)
{
    /// <summary>Tokens a second that one can choose; null is as fast as they come.</summary>
    public static IReadOnlyList<double?> Speeds { get; } = [1, 2, 4, 8, 16, 32, 64, null];

    private readonly Lock gate = new();
    private TaskCompletionSource changed = New();
    private int limit; // positions below it may be shown
    private long last; // when the last round was let through while playing
    private volatile bool playing = true;
    private double? speed;

    public bool IsPlaying => playing;

    public double? Speed
    {
        get => speed;
        set => Change(() => speed = value);
    }

    /// <summary>Stops behind a token that is more surprising, bits; null does not.</summary>
    public double? SurprisalBits { get; set; }

    /// <summary>Stops behind a token at a place that is more open, bits; null does not.</summary>
    public double? EntropyBits { get; set; }

    /// <summary>The token that it stopped behind by itself; null when a person stopped it.</summary>
    public TokenGenerated? StoppedAt { get; private set; }

    public void Play() => Change(() => (playing, StoppedAt, last) = (true, null, 0));

    public void Pause() => Change(() => (playing, limit) = (false, Math.Min(limit, shown)));
    private int shown;

    /// <summary>One more token of each continuation, and no further.</summary>
    public void Step() => Change(() => (playing, StoppedAt, limit) = (false, null, shown + 1));

    /// <summary>A new run, whose first new token has this position.</summary>
    public void Begin(int position) => Change(() => (shown, limit, StoppedAt, last) = (position, position + (playing ? 0 : 1), null, 0));

    /// <summary>Reads the source ahead, and hands its events out at this pace.</summary>
    public async IAsyncEnumerable<HeldEvent> FollowAsync(Run run, IAsyncEnumerable<GenerationEvent> source, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ahead = Channel.CreateUnbounded<HeldEvent>(new() { SingleReader = true, SingleWriter = true });
        var reading = ReadAheadAsync(run, source, ahead.Writer, leaving.Token);
        try
        {
            await foreach (var held in ahead.Reader.ReadAllAsync(cancellationToken))
            {
                if (held.Event is TokenGenerated token)
                {
                    await WaitAsync(token, cancellationToken);
                }
                yield return held;
            }
        }
        finally
        {
            await leaving.CancelAsync();
            await reading;
        }
    }

    internal async Task WaitAsync(TokenGenerated token, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task signal;
            var delay = Timeout.InfiniteTimeSpan;
            lock (gate)
            {
                if (token.Position < limit || IsDue(out delay))
                {
                    Show(token);
                    return;
                }
                signal = changed.Task;
            }
            using var sooner = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(signal, Task.Delay(delay, time, sooner.Token));
            await sooner.CancelAsync();
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private bool IsDue(out TimeSpan delay)
    {
        delay = Timeout.InfiniteTimeSpan;
        if (!playing)
        {
            return false;
        }
        if (speed is { } rate && last != 0)
        {
            delay = TimeSpan.FromSeconds(1 / rate) - time.GetElapsedTime(last);
        }
        else
        {
            delay = TimeSpan.Zero;
        }
        return delay <= TimeSpan.Zero;
    }

    private void Show(TokenGenerated token)
    {
        if (token.Position >= limit)
        {
            last = time.GetTimestamp();
            limit = token.Position + 1;
        }
        shown = Math.Max(shown, token.Position + 1);
        if (playing && (token.Score.Surprisal > SurprisalBits || token.Score.Entropy > EntropyBits))
        {
            (playing, limit, StoppedAt) = (false, shown, token);
        }
    }

    private void Change(Action change)
    {
        lock (gate)
        {
            change();
            changed.SetResult();
            changed = New();
        }
    }

    private static async Task ReadAheadAsync(Run run, IAsyncEnumerable<GenerationEvent> source, ChannelWriter<HeldEvent> ahead, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var happened in source.WithCancellation(cancellationToken))
            {
                ahead.TryWrite(run.Hold(happened));
            }
            ahead.Complete();
        }
        catch (Exception error)
        {
            ahead.Complete(error); // the reader gets it, behind what came before
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
