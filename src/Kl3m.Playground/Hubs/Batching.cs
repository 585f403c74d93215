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
        await using var items = source.GetAsyncEnumerator(cancellationToken);
        var batch = new List<T>();
        var next = items.MoveNextAsync().AsTask();
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
}
