namespace Kl3m.Playground.Hub;

/// <summary>The bytes of an answer. A line that breaks or falls silent is a transient <see cref="HubException"/>, never an error of the disk.</summary>
internal sealed class HubBody(Stream stream, TimeProvider time) : IAsyncDisposable
{
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(HubClient.Stall, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await stream.ReadAsync(buffer, either.Token);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException || (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested))
        {
            throw new HubException("The line to the hub broke.", exception) { Transient = true };
        }
    }

    public async Task<ReadOnlyMemory<byte>> ReadAllAsync(int most, CancellationToken cancellationToken)
    {
        var (all, buffer) = (new MemoryStream(), new byte[64 * 1024]);
        while (await ReadAsync(buffer, cancellationToken) is > 0 and var count)
        {
            all.Write(buffer, 0, count);
            if (all.Length > most)
            {
                throw new HubException($"The hub's answer is larger than {most} bytes.");
            }
        }
        return all.GetBuffer().AsMemory(0, (int)all.Length);
    }

    public ValueTask DisposeAsync() => stream.DisposeAsync();
}
