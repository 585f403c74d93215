using System.Runtime.CompilerServices;
using System.Text.Json;
using Kl3m.Inference;
using Kl3m.Playground.Api;
using Kl3m.Playground.Backends;
using Microsoft.AspNetCore.SignalR;

namespace Kl3m.Playground.Hubs;

/// <summary>
/// Generation for clients that want every number of every token as it is drawn. <see cref="Generate"/> takes the fields of
/// <c>POST /v1/completions</c> by the same names, for one prompt.
/// </summary>
internal sealed partial class GenerationHub(BackendCatalogue catalogue, TimeProvider time, ILogger<GenerationHub> logger) : Microsoft.AspNetCore.SignalR.Hub
{
    public const string Path = "/hubs/generation";
    public const int MaxMessageBytes = 1024 * 1024;
    public const int MaxStreamsPerConnection = 8;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);
    private static readonly object StreamsKey = new();

    public override Task OnConnectedAsync()
    {
        Context.Items[StreamsKey] = new StreamCount();
        return Task.CompletedTask;
    }

    /// <summary>
    /// Streams arrays of <see cref="HubEvent"/>: what happened since the array before. Cancelling the stream, or closing the connection,
    /// ends the generation. logprobs may be 0 to <see cref="GenerationRequest.MaxAlternatives"/>; echo scores the prompt; stream, user,
    /// logprobs_mode and the return_ fields have no meaning here.
    /// </summary>
    /// <exception cref="HubException">Its message ends in OpenAI's error object, {"error":{"message","type","param","code"}}.</exception>
    public async IAsyncEnumerable<HubEvent[]> Generate(JsonElement request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var _ = CountStream();
        await using var batches = EventsAsync(request, cancellationToken).InBatchesAsync(Pause, time, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await OrHubExceptionAsync(batches.MoveNextAsync()))
        {
            yield return batches.Current;
        }
    }

    private async IAsyncEnumerable<HubEvent> EventsAsync(JsonElement body, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = CompletionReader.Read(JsonFields.Of(body), GenerationRequest.MaxAlternatives);
        if (request.Prompts is not [var prompt])
        {
            throw new ApiException(ApiError.Invalid("prompt", "prompt must be one text or one list of token ids here."));
        }
        var generator = catalogue.Require(request.Model);
        var asked = request.For(prompt) with
        {
            ScorePrompt = request.Echo,
            Alternatives = request.Logprobs ?? 0,
            User = $"hub:{Context.ConnectionId}",
        };
        await foreach (var (_, happened) in generator.GenerateAllAsync([asked], cancellationToken))
        {
            yield return HubEvents.Of(happened, generator);
        }
    }

    private async ValueTask<bool> OrHubExceptionAsync(ValueTask<bool> step)
    {
        try
        {
            return await step;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            var error = ApiError.From(exception);
            if (error.Status >= 500 && exception is not ApiException)
            {
                LogFailed(exception);
            }
            throw AsHubException(error);
        }
    }

    private StreamCount CountStream()
    {
        var streams = (StreamCount)Context.Items[StreamsKey]!;
        return streams.TryAdd() ? streams : throw AsHubException(new(StatusCodes.Status429TooManyRequests,
            $"A connection may have {MaxStreamsPerConnection} streams at once.", "rate_limit_error", null, "too_many_streams"));
    }

    private static HubException AsHubException(ApiError error) => new(JsonSerializer.Serialize(ErrorBody.Of(error), ApiJson.Wire.ErrorBody));

    [LoggerMessage(LogLevel.Error, "A hub stream failed")]
    private partial void LogFailed(Exception exception);

    private sealed class StreamCount : IDisposable
    {
        private int running;

        public bool TryAdd()
        {
            if (Interlocked.Increment(ref running) <= MaxStreamsPerConnection)
            {
                return true;
            }
            Interlocked.Decrement(ref running);
            return false;
        }

        public void Dispose() => Interlocked.Decrement(ref running);
    }
}
