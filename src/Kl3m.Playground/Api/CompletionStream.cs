using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Kl3m.Playground.Api;

/// <summary>A completion as server-sent events: one frame for each piece, then usage if asked for, then [DONE].</summary>
internal sealed class CompletionStream(CompletionRun run, CompletionChunk frame, bool includeUsage) : IResult
{
    private const long MaxUnflushed = 16 * 1024;

    public async Task ExecuteAsync(HttpContext http)
    {
        var cancelled = http.RequestAborted;
        await using var pieces = run.PiecesAsync(cancelled).GetAsyncEnumerator(cancelled);
        var more = await pieces.MoveNextAsync(); // before any header: a refusal still gets its own status
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-cache";
        http.Response.Headers["X-Accel-Buffering"] = "no"; // proxies such as nginx would hold the frames back
        var body = http.Response.BodyWriter;
        try
        {
            while (more)
            {
                Write(body, [pieces.Current], null);
                var next = pieces.MoveNextAsync();
                try
                {
                    if (!next.IsCompleted || body.UnflushedBytes > MaxUnflushed)
                    {
                        await body.FlushAsync(cancelled);
                    }
                }
                finally
                {
                    more = await next; // also when nobody reads any more: what is awaited can't be disposed of
                }
            }
            if (includeUsage)
            {
                Write(body, [], run.Usage);
            }
        }
        catch (Exception exception) when (!cancelled.IsCancellationRequested)
        {
            var error = ApiError.From(exception);
            ApiErrors.LogFailed(ApiErrors.Logger(http), http.Request.Path, exception);
            WriteFrame(body, ErrorBody.Of(error), ApiJson.Wire.ErrorBody);
        }
        body.Write("data: [DONE]\n\n"u8);
        await body.FlushAsync(cancelled);
    }

    private void Write(PipeWriter body, IReadOnlyList<CompletionChoice> choices, CompletionUsage? usage)
    {
        if (includeUsage)
        {
            WriteFrame(body, new() { Id = frame.Id, Created = frame.Created, Model = frame.Model, Choices = choices, Usage = usage }, ApiJson.Wire.Completion);
        }
        else
        {
            WriteFrame(body, frame with { Choices = choices }, ApiJson.Wire.CompletionChunk);
        }
    }

    private static void WriteFrame<T>(PipeWriter body, T value, JsonTypeInfo<T> type)
    {
        body.Write("data: "u8);
        body.Write(JsonSerializer.SerializeToUtf8Bytes(value, type));
        body.Write("\n\n"u8);
    }
}
