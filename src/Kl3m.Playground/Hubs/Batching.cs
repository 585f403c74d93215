using System.Runtime.CompilerServices;

namespace Kl3m.Playground.Hubs;

/// <summary>Fewer, larger messages.</summary>
internal static class Batching
{
    /// <summary>
    /// Everything that is there is one batch; after a batch comes a pause, in which the next one gathers. The first batch does not wait,
    /// and what came before a failure is still delivered.
    /// </summary>
    public static async IAsyncEnumerable<T[]> InBatchesAsync<T>(
        this IAsyncEnumerable<T> source, TimeSpan pause, TimeProvider time, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        const int most = 256;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var items = source.GetAsyncEnumerator(stop.Token);
        var batch = new List<T>();
        var next = items.MoveNextAsync().AsTask();
        try
        {
            while (await next)
            {
                do
                {
                    batch.Add(items.Current);
                    next = items.MoveNextAsync().AsTask();
                }
                while (batch.Count < most && next.IsCompletedSuccessfully && await next);
                yield return [.. batch];
                batch.Clear();
                if (!next.IsCompletedSuccessfully || await next)
                {
                    await Task.Delay(pause, time, cancellationToken);
                }
            }
        }
        finally
        {
            // The reader may leave while an item is awaited, and what is awaited can't be disposed of.
            await stop.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await items.DisposeAsync();
        }
    }
}
