using System.Threading.Channels;
using Kl3m.Inference.Tokenization;

namespace Kl3m.Inference.Engine;

/// <summary>
/// A request on its way through the engine: the sequences that continue one prompt, and the channel to the caller. Once it is handed
/// over, only the engine's thread touches it, but for <see cref="Cancel"/> and the channel's reader.
/// </summary>
internal sealed class SequenceGroup(GenerationRequest request, int[] prompt, ulong seed, IReadOnlyList<int> endTokens, object user, WaitingLine line, TimeProvider time)
{
    // Unbounded, so that a slow reader holds nobody up; the most tokens asked for bound it all the same.
    private readonly Channel<GenerationEvent> events =
        Channel.CreateUnbounded<GenerationEvent>(new() { SingleReader = true, SingleWriter = true });
    private readonly StopMatcher.Pattern[] stops = [.. request.Sampling.Stop.Select(stop => new StopMatcher.Pattern(stop))];
    private readonly TokenScore?[] promptScores = new TokenScore?[request.ScorePrompt ? prompt.Length : 0];
    private readonly long taken = time.GetTimestamp();
    private TimeSpan queued;
    private int place;
    private volatile bool cancelled;

    public GenerationRequest Request => request;

    /// <summary>Whose it is, as the line has it.</summary>
    public object User => user;

    /// <summary>All that is read before the first draw: the prompt, and what was written behind it before.</summary>
    public int[] Prompt => prompt;

    /// <summary>How many of those are what was written before.</summary>
    public int WrittenBefore => request.CompletionTokenIds.Count;

    public ulong Seed => seed;

    public int MaxTokens => request.Sampling.MaxTokens;

    public IReadOnlyList<int> EndTokens { get; } = request.Sampling.StopAtEnd ? endTokens : [];

    public ChannelReader<GenerationEvent> Events => events.Reader;

    /// <summary>Only to read or score a prompt takes one slot, however many sequences were asked for.</summary>
    public int SlotsNeeded => MaxTokens == 0 ? 1 : request.Sampling.Sequences;

    public int SlotCapacity => prompt.Length + MaxTokens;

    /// <summary>Empty while it waits. The prompt is read in the first one's slot.</summary>
    public IReadOnlyList<Sequence> Sequences { get; private set; } = [];

    public int SlotsHeld => Sequences.Count(sequence => sequence.Slot is not null);

    public bool IsPromptRead => Sequences is [var first, ..] && first.Computed >= prompt.Length;

    public int Written => Sequences.Sum(sequence => sequence.Written);

    public TimeSpan Queued => queued;

    public TimeSpan? FirstToken { get; private set; }

    public TimeSpan Elapsed => time.GetElapsedTime(taken);

    public bool IsCancelled => cancelled;

    /// <summary>All that was asked for is done.</summary>
    public bool HasFinished => IsPromptRead && (MaxTokens == 0 || Sequences.All(sequence => sequence.HasFinished));

    /// <summary>The caller has been told; everything is freed.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Asks for its end before the next step; from any thread, at any time, as often as one likes.</summary>
    public void Cancel() => cancelled = true;

    /// <summary>Tells the caller where it stands in the line, if that is news.</summary>
    public void TellPlace(int now, TimeSpan? estimate)
    {
        if (place != now)
        {
            place = now;
            Write(new GenerationQueued(now, estimate));
        }
    }

    public void Admit(IReadOnlyList<int> slots, Tokenizer tokenizer)
    {
        line.Advance(user);
        queued = Elapsed;
        Sequences = [.. slots.Select((slot, index) => new Sequence(this, index, slot, new TextAssembler(index, tokenizer, stops, request.CompletionTokenIds)))];
        if (place > 0)
        {
            // Who was told a place is told that it is left.
            Write(new PromptProgress(0, prompt.Length));
        }
    }

    public void Score(int position, TokenScore score) => promptScores[position] = score;

    public void PromptRead(int done)
    {
        Write(new PromptProgress(done, prompt.Length));
        if (done == prompt.Length && request.ScorePrompt)
        {
            Write(new PromptScored(promptScores));
        }
        for (var index = 0; done == prompt.Length && MaxTokens == 0 && index < request.Sampling.Sequences; index++)
        {
            Write(new SequenceFinished(index, FinishReason.Length));
        }
    }

    public void Write(GenerationEvent occurred)
    {
        if (occurred is TokenGenerated)
        {
            FirstToken ??= Elapsed;
        }
        events.Writer.TryWrite(occurred);
    }

    /// <summary>Closes the channel, with the error or behind the last event.</summary>
    public void End(Exception? error)
    {
        if (Sequences.Count == 0)
        {
            line.Leave(user);
        }
        if (HasFinished)
        {
            Write(new GenerationFinished(new(prompt.Length, Written), new(queued, FirstToken, Elapsed)));
        }
        HasEnded = true;
        events.Writer.TryComplete(error);
    }
}
