namespace Kl3m.Playground.Hub;

/// <summary>
/// Fetches one blob into the cache: into .incomplete, from where a former try broke off, hashed while it comes, and renamed only when the hash is right.
/// </summary>
internal sealed partial class BlobDownload(HubClient client, CachedRepository repository, string id, string commit, HubFile file, DownloadMeter meter, DownloadSettings settings, TimeProvider time, ILogger logger)
{
    private const int ChunkBytes = 256 * 1024;
    private const int DiskFull = 28; // ENOSPC

    private readonly string blob = repository.BlobPath(file);
    private readonly string incomplete = repository.BlobPath(file) + ".incomplete";
    private long counted;
    private long furthest;
    private bool inOne;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var held = await BlobLock.TakeAsync(repository.LockPath(file), time, cancellationToken);
        if (File.Exists(blob))
        {
            meter.Found(file.Size);
            return;
        }
        Directory.CreateDirectory(Path.GetDirectoryName(blob)!);
        if (!await FetchAsync(cancellationToken))
        {
            LogWrong(file.Name, id);
            if (!await FetchAsync(cancellationToken))
            {
                throw new HubException($"{file.Name} of {id} came twice with a wrong hash and was thrown away; {file.Hash} was promised. The mirror or a proxy changes it.");
            }
        }
        File.Move(incomplete, blob, overwrite: false);
    }

    /// <summary>Whether the file has the right hash; if not it is gone.</summary>
    private async Task<bool> FetchAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var hash = await new Backoff(time, logger).RunAsync(progress => FetchRestAsync(progress, cancellationToken), cancellationToken);
            if (hash.Finish() == file.Hash)
            {
                return true;
            }
        }
        catch (IOException exception) when (exception.HResult == DiskFull)
        {
            throw new HubException($"The disk became full while {file.Name} of {id} was downloaded; what was half there was removed. Make room, or let HF_HUB_CACHE name another disk.", exception) { DiskFull = true };
        }
        File.Delete(incomplete);
        Found(0);
        return false;
    }

    /// <summary>One try, from what is there to the last byte.</summary>
    private async Task<BlobHash> FetchRestAsync(Action progress, CancellationToken cancellationToken)
    {
        var hash = new BlobHash(file);
        var position = 0L;
        try
        {
            await using var target = settings.Open(incomplete);
            if (target.Length > file.Size)
            {
                target.SetLength(0);
            }
            var buffer = new byte[ChunkBytes];
            while (await target.ReadAsync(buffer, cancellationToken) is > 0 and var count)
            {
                hash.Append(buffer.AsSpan(0, count));
                position += count;
            }
            Found(position);
            if (!inOne && file.Size - position >= 2L * settings.PieceBytes)
            {
                await using var ahead = new ReadAhead(client, id, commit, file, position, settings.PieceBytes, cancellationToken);
                try
                {
                    await WriteAsync(ahead.ReadAsync);
                }
                finally
                {
                    inOne = ahead.IsRefused;
                }
            }
            else if (position < file.Size)
            {
                var (response, body, from) = await client.OpenAsync(id, commit, file.Name, position, null, cancellationToken);
                using var _ = response;
                await using var __ = body;
                if (from != position)
                {
                    throw await RestartAsync(target, from, position);
                }
                await WriteAsync(body.ReadAsync);
            }
            target.Flush(flushToDisk: true);
            return hash;

            async Task WriteAsync(Func<Memory<byte>, CancellationToken, ValueTask<int>> read)
            {
                while (position < file.Size)
                {
                    var count = await read(buffer.AsMemory(0, (int)Math.Min(buffer.Length, file.Size - position)), cancellationToken);
                    if (count == 0)
                    {
                        throw new HubException($"The line broke after {position} of {file.Size} bytes of {file.Name}.") { Transient = true };
                    }
                    await target.WriteAsync(buffer.AsMemory(0, count), CancellationToken.None);
                    hash.Append(buffer.AsSpan(0, count));
                    position += count;
                    counted = position;
                    meter.Fetched(count);
                    if (position > furthest)
                    {
                        furthest = position; // fetching the same part over and over is no progress
                        progress();
                    }
                }
            }
        }
        catch
        {
            hash.Dispose();
            throw;
        }
    }

    private void Found(long position)
    {
        meter.Found(position - counted);
        counted = position;
    }

    /// <summary>The server gives another part than asked for: it knows no ranges, so the next try begins at 0.</summary>
    private async Task<HubException> RestartAsync(FileStream target, long from, long position)
    {
        target.SetLength(0);
        await target.FlushAsync();
        return new($"{file.Name} came from byte {from} on and not from {position}; it is fetched from the start.") { Transient = true, RetryAfter = TimeSpan.Zero };
    }

    [LoggerMessage(LogLevel.Warning, "{File} of {Model} came with a wrong hash; it was thrown away and is fetched once more")]
    private partial void LogWrong(string file, string model);
}
