using System.Net;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using Kl3m.Inference;

namespace Kl3m.Playground.Backends.Remote;

/// <summary>A server's answer while it comes in. Disposing it closes the line, which ends the generation over there.</summary>
internal sealed partial class RemoteAnswer : IDisposable
{
    private const int MostErrorText = 300;

    private readonly HttpResponseMessage response;
    private readonly IDisposable work;

    private RemoteAnswer(RemoteServer server, HttpResponseMessage response, IDisposable work)
    {
        Server = server;
        this.response = response;
        this.work = work;
    }

    public RemoteServer Server { get; }

    /// <exception cref="InvalidRequestException">The server refuses the request.</exception>
    /// <exception cref="EngineBusyException">Its line is full.</exception>
    /// <exception cref="EngineFailedException">It cannot be reached, fails, or takes too long.</exception>
    public static async Task<RemoteAnswer> OpenAsync(RemoteServer server, HttpContent body, int sequences, CancellationToken cancellationToken)
    {
        var work = server.Busy(sequences);
        HttpResponseMessage? response = null;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(server.Options.FirstToken);
        try
        {
            response = await server.PostAsync(body, limit.Token);
            if (!response.IsSuccessStatusCode)
            {
                throw await RefusalAsync(server, response, limit.Token);
            }
            return new(server, response, work);
        }
        catch (Exception failure)
        {
            response?.Dispose();
            work.Dispose();
            throw failure switch
            {
                HttpRequestException => new EngineFailedException($"it cannot be reached ({failure.Message})", failure),
                OperationCanceledException when !cancellationToken.IsCancellationRequested => new EngineFailedException($"it did not answer within {server.Options.FirstToken.TotalSeconds:0} s", failure),
                _ => failure,
            };
        }
    }

    /// <summary>The whole answer, where it does not stream.</summary>
    /// <exception cref="EngineFailedException">The line breaks, or it is no completion.</exception>
    public async Task<RemoteFrame> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await response.Content.ReadFromJsonAsync(RemoteWire.Default.RemoteFrame, cancellationToken) ?? throw new JsonException("The answer is null.");
        }
        catch (Exception failure) when (failure is JsonException or HttpRequestException or IOException)
        {
            throw new EngineFailedException($"{Server.Name} did not score the prompt: {failure.Message}", failure);
        }
    }

    /// <summary>The frames of a stream, up to [DONE] or the end of the line.</summary>
    /// <exception cref="EngineFailedException">The line breaks, the server falls silent, or it says that it failed.</exception>
    public async IAsyncEnumerable<RemoteFrame> FramesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        silence.CancelAfter(Server.Options.FirstToken);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        await using var items = SseParser.Create(body).EnumerateAsync(silence.Token).GetAsyncEnumerator(silence.Token);
        while (await NextAsync(items, cancellationToken) && items.Current.Data is not "[DONE]")
        {
            silence.CancelAfter(Server.Options.Silence);
            yield return Parse(items.Current.Data);
        }
    }

    public void Dispose()
    {
        response.Dispose();
        work.Dispose();
    }

    private async ValueTask<bool> NextAsync(IAsyncEnumerator<SseItem<string>> items, CancellationToken cancellationToken)
    {
        try
        {
            return await items.MoveNextAsync();
        }
        catch (OperationCanceledException failure) when (!cancellationToken.IsCancellationRequested)
        {
            Server.Leave("it fell silent");
            throw new EngineFailedException($"{Server.Name} fell silent.", failure);
        }
        catch (Exception failure) when (failure is IOException or HttpRequestException)
        {
            Server.Leave("its line broke");
            throw new EngineFailedException($"The line to {Server.Name} broke.", failure);
        }
    }

    private RemoteFrame Parse(string data)
    {
        try
        {
            var frame = JsonSerializer.Deserialize(data, RemoteWire.Default.RemoteFrame) ?? throw new JsonException("The frame is null.");
            return frame.Error is { ValueKind: not JsonValueKind.Null } error
                ? throw new EngineFailedException($"{Server.Name}: {MessageOf(error)}")
                : frame;
        }
        catch (JsonException broken)
        {
            throw new EngineFailedException($"{Server.Name} sent something that is no completion: {broken.Message}", broken);
        }
    }

    private static async Task<Exception> RefusalAsync(RemoteServer server, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        var (message, param) = (text, (string?)null);
        try
        {
            // OpenAI's shape has the error in an object; older versions of vLLM are the error.
            var body = JsonElement.Parse(text);
            var error = body.ValueKind == JsonValueKind.Object && body.TryGetProperty("error", out var inner) ? inner : body;
            message = MessageOf(error);
            param = error.ValueKind == JsonValueKind.Object && error.TryGetProperty("param", out var named) && named.ValueKind == JsonValueKind.String ? named.GetString()
                : LlamaCppField().Match(message) is { Success: true } field ? field.Groups[1].Value : null;
        }
        catch (JsonException)
        {
            // not JSON: a proxy's page, say
        }
        return response.StatusCode switch
        {
            HttpStatusCode.TooManyRequests => new EngineBusyException(0, response.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(5)),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new EngineFailedException("it refuses the API key (Remotes:ApiKey)"),
            >= HttpStatusCode.InternalServerError => new EngineFailedException($"it answers {(int)response.StatusCode}: {Short(message)}"),
            HttpStatusCode.NotFound => new EngineFailedException($"it answers 404: {Short(message)}"),
            _ => new InvalidRequestException(FieldOf(param), $"is refused by {server.Name}: {Short(message)}"),
        };
    }

    private static string MessageOf(JsonElement error) =>
        error.ValueKind == JsonValueKind.Object && error.TryGetProperty("message", out var message) && message.ValueKind == JsonValueKind.String ? message.GetString()! : error.ToString();

    private static string Short(string text) => text.Length <= MostErrorText ? text : text[..MostErrorText] + "...";

    /// <summary>llama.cpp names the field in its message only: Field 'n': Value must be between ...</summary>
    [GeneratedRegex(@"^Field '(\w+)'")]
    private static partial Regex LlamaCppField();

    /// <summary>The wire's name of a setting as ours has it.</summary>
    private static string FieldOf(string? param) => param switch
    {
        null => nameof(GenerationRequest.Sampling),
        "n" => nameof(SamplingParams.Sequences),
        "logprobs" => nameof(GenerationRequest.Alternatives),
        _ => string.Concat(param.Split('_').Select(word => word.Length == 0 ? "" : char.ToUpperInvariant(word[0]) + word[1..])),
    };
}
