using Kl3m.Inference;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Classroom.Nodes;

/// <summary>A run that is written at another node, put together here from its pieces.</summary>
internal sealed class RunReader(OtherNodes nodes, string code, string id, TimeProvider time)
{
    private volatile Run? run;
    private RunReader? origin;
    private int read;
    private int asked;
    private bool broken;

    public string Id => id;

    /// <summary>Null until its first piece is there.</summary>
    public Run? Run => run;

    /// <summary>Reads what is new. Whoever comes while another one reads leaves it to that one.</summary>
    public async Task ReadAsync()
    {
        if (Interlocked.Increment(ref asked) > 1)
        {
            return;
        }
        do
        {
            var seen = Volatile.Read(ref asked);
            await ReadOnceAsync().ConfigureAwait(false);
            if (Interlocked.CompareExchange(ref asked, 0, seen) == seen)
            {
                return;
            }
        }
        while (true);
    }

    /// <summary>What the node has not sent does not come any more.</summary>
    public void Lose(string node)
    {
        origin?.Lose(node);
        if (RunSender.NodeOf(id) == node)
        {
            run?.Fail(new EngineFailedException("The server that wrote this is gone. What was written stands."));
        }
    }

    private async Task ReadOnceAsync()
    {
        if (broken || (run is { IsActive: false } && origin?.Run is not { IsActive: true }))
        {
            return;
        }
        try
        {
            if (origin is not null)
            {
                await origin.ReadAsync().ConfigureAwait(false);
            }
            var pieces = await nodes.ReadRunAsync(code, id, read).ConfigureAwait(false);
            if (pieces.Count == 0 && read > 0)
            {
                // Either nothing is new, or the list was lost and written again, and is shorter now.
                read = 0;
                pieces = await nodes.ReadRunAsync(code, id, read).ConfigureAwait(false);
            }
            foreach (var bytes in pieces)
            {
                if (RoomWire.Read<RunPiece>(bytes) is not { } piece)
                {
                    broken = true;
                    nodes.TellBroken(id, null);
                    return;
                }
                if (!await TakeAsync(piece).ConfigureAwait(false))
                {
                    return;
                }
                read++;
            }
            if (!nodes.IsAlive(RunSender.NodeOf(id)))
            {
                Lose(RunSender.NodeOf(id));
            }
        }
        catch (BoardAwayException)
        {
            // Away, which the board has logged; the next beat reads on.
        }
        catch (Exception failure)
        {
            // Whoever wrote this is none of us. What was read before stands.
            broken = true;
            nodes.TellBroken(id, failure);
        }
    }

    /// <returns>False when something is missing before it.</returns>
    private async Task<bool> TakeAsync(RunPiece piece)
    {
        if (run is null && (piece.Header is null || !await BeginAsync(piece.Header).ConfigureAwait(false)))
        {
            return false;
        }
        var grown = run!;
        foreach (var happened in new GenerationEvent?[] { piece.Started, piece.Queued, piece.Progress, piece.Scored })
        {
            if (happened is not null && grown.TokenCount == 0)
            {
                grown.Record(happened);
            }
        }
        foreach (var part in piece.Sequences)
        {
            var sequence = grown.Written[part.Sequence];
            var have = sequence.Tokens.Count - sequence.Inherited;
            if (part.From > have)
            {
                // The list was lost and begun again behind our back: from its start.
                read = 0;
                return false;
            }
            foreach (var token in part.Tokens.Skip(have - part.From))
            {
                grown.Record(token with { SequenceIndex = part.Sequence });
            }
            if (part.End is { } end)
            {
                grown.Record(end with { SequenceIndex = part.Sequence });
            }
        }
        End(grown, piece);
        return true;
    }

    private static void End(Run grown, RunPiece piece)
    {
        if (piece.Finished is { } finished)
        {
            grown.Record(finished);
        }
        if (piece.Failed is { } sentence)
        {
            grown.Fail(new EngineFailedException(sentence));
        }
        if (piece.Stopped)
        {
            grown.Cancel();
        }
    }

    private async Task<bool> BeginAsync(RunHeader header)
    {
        Branch? branch = null;
        if (header.Branch is { } from)
        {
            origin ??= new(nodes, code, from.Run, time);
            await origin.ReadAsync().ConfigureAwait(false);
            if (origin.Run is not { } other || from.Sequence >= other.Sequences.Count || other.Sequences[from.Sequence].Tokens.Count < from.Position)
            {
                return false;
            }
            branch = new(other, from.Sequence, from.Position, from.Forced);
        }
        if (header.Request.Sampling.Validate().Any())
        {
            throw new ArgumentException("A run that nobody may ask for.");
        }
        run = new Run(header.Request, header.Model, time, branch: branch);
        return true;
    }
}
