using System.Buffers;
using System.IO.Pipelines;
using System.Net;

namespace Kl3m.Playground.Hub;

/// <summary>
/// The rest of a large file in order, though several connections fetch it: the foremost piece is read as it comes, those behind it wait in memory for
/// their turn. So the file on the disk stays a beginning without holes, which any later try can go on with, this app's or Python's.
/// </summary>
internal sealed class ReadAhead : IAsyncDisposable
{
    public const int Connections = 4;
    public const int UsualPieceBytes = 8 << 20;

    private readonly HubClient client;
    private readonly (string Id, string Commit, HubFile File) what;
    private readonly int pieceBytes;
    private readonly CancellationTokenSource stop;
    private readonly Queue<(Pipe Pipe, Task Pump)> pieces = [];
    private long next;

    public ReadAhead(HubClient client, string id, string commit, HubFile file, long from, int pieceBytes, CancellationToken cancellationToken)
    {
        (this.client, what, this.pieceBytes, next) = (client, (id, commit, file), pieceBytes, from);
        stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        while (pieces.Count < Connections && StartNext())
        {
        }
    }

    /// <summary>A server answered a range with something else.</summary>
    public bool IsRefused { get; private set; }

    /// <summary>0 at the end of the file.</summary>
    /// <exception cref="HubException">As of any answer.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (pieces.TryPeek(out var piece))
        {
            var read = await piece.Pipe.Reader.ReadAsync(cancellationToken);
            if (read.Buffer.IsEmpty && read.IsCompleted)
            {
                await piece.Pipe.Reader.CompleteAsync();
                pieces.Dequeue();
                StartNext();
                continue;
            }
            var count = (int)Math.Min(read.Buffer.Length, buffer.Length);
            var part = read.Buffer.Slice(0, count);
            part.CopyTo(buffer.Span);
            piece.Pipe.Reader.AdvanceTo(part.End); // from here on the part is nobody's
            return count;
        }
        return 0;
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(pieces.Select(piece => piece.Pump));
        stop.Dispose();
    }

    private bool StartNext()
    {
        if (next >= what.File.Size)
        {
            return false;
        }
        var (from, length) = (next, Math.Min(pieceBytes, what.File.Size - next));
        next += length;
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));
        pieces.Enqueue((pipe, PumpAsync(pipe.Writer, from, length)));
        return true;
    }

    private async Task PumpAsync(PipeWriter writer, long from, long length)
    {
        try
        {
            var (response, body, at) = await client.OpenAsync(what.Id, what.Commit, what.File.Name, from, from + length - 1, stop.Token);
            using var _ = response;
            await using var __ = body;
            if (response.StatusCode != HttpStatusCode.PartialContent || at != from)
            {
                IsRefused = true;
                throw new HubException($"{what.File.Name} does not come in parts; it is fetched in one.") { Transient = true, RetryAfter = TimeSpan.Zero };
            }
            for (var got = 0L; got < length;)
            {
                var memory = writer.GetMemory(64 * 1024);
                var count = await body.ReadAsync(memory[..(int)Math.Min(memory.Length, length - got)], stop.Token);
                if (count == 0)
                {
                    throw new HubException($"The line broke in a part of {what.File.Name}.") { Transient = true };
                }
                got += count;
                writer.Advance(count);
                await writer.FlushAsync(CancellationToken.None);
            }
            await writer.CompleteAsync();
        }
        catch (Exception exception)
        {
            await writer.CompleteAsync(exception); // thrown where the piece is read
        }
    }
}
