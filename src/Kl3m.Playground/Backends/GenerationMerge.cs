using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Kl3m.Inference;

namespace Kl3m.Playground.Backends;

/// <summary>Several generations as one stream.</summary>
internal static class GenerationMerge
{
    private const int Buffered = 256; // events that may wait for a slow reader before its generations wait for it

    /// <summary>
    /// Runs all requests at once. First come their <see cref="GenerationStarted"/> events, in the requests' order and only after every
    /// request was taken; then the other events as they happen. If one is refused or fails, all end and its exception is thrown.
    /// </summary>
    public static async IAsyncEnumerable<(int Request, GenerationEvent Event)> GenerateAllAsync(
        this ITextGenerator generator, IReadOnlyList<GenerationRequest> requests, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var streams = requests.Select(request => generator.GenerateAsync(request, stop.Token).GetAsyncEnumerator(stop.Token)).ToArray();
        Task[] running = [];
        try
        {
            running = [.. streams.Select(stream => stream.MoveNextAsync().AsTask())];
            await foreach (var started in Task.WhenEach(running).WithCancellation(cancellationToken))
            {
                await started;
            }
            for (var i = 0; i < streams.Length; i++)
            {
                yield return (i, streams[i].Current);
            }
            var events = Channel.CreateBounded<(int, GenerationEvent)>(new BoundedChannelOptions(Buffered) { SingleReader = true });
            running = [.. streams.Select((stream, i) => PumpAsync(i, stream, events.Writer, stop.Token))];
            running = [.. running, CompleteAsync(running, events.Writer)];
            await foreach (var item in events.Reader.ReadAllAsync(cancellationToken))
            {
                yield return item;
            }
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (var stream in streams)
            {
                await stream.DisposeAsync();
            }
        }
    }

    private static async Task PumpAsync(int request, IAsyncEnumerator<GenerationEvent> stream, ChannelWriter<(int, GenerationEvent)> events, CancellationToken cancellationToken)
    {
        try
        {
            while (await stream.MoveNextAsync())
            {
                await events.WriteAsync((request, stream.Current), cancellationToken);
            }
        }
        catch (Exception exception)
        {
            events.TryComplete(exception); // the reader gets the first one, and ends the others
            throw;
        }
    }

    private static async Task CompleteAsync(Task[] pumps, ChannelWriter<(int, GenerationEvent)> events)
    {
        await Task.WhenAll(pumps);
        events.TryComplete();
    }
}
