using System.Text.Json;
using System.Text.Unicode;

namespace Kl3m.Playground.Api;

/// <summary>Reads a request's body as one JSON object, strictly: UTF-8, no duplicate names, nothing behind it.</summary>
internal static class JsonBody
{
    public const int MaxBytes = 10 * 1024 * 1024;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 32, AllowDuplicateProperties = false };

    /// <exception cref="ApiException">413, 415 or 400, saying what is wrong with the body.</exception>
    public static async Task<JsonFields> ReadAsync(HttpRequest request)
    {
        if (!request.HasJsonContentType())
        {
            throw new ApiException(new ApiError(StatusCodes.Status415UnsupportedMediaType,
                $"The body must be JSON: send Content-Type: application/json, not '{request.ContentType}'.", "invalid_request_error", null, "unsupported_media_type"));
        }
        return Parse(await ReadBytesAsync(request));
    }

    public static JsonFields Parse(ReadOnlyMemory<byte> utf8)
    {
        if (utf8.IsEmpty)
        {
            throw new ApiException(ApiError.Invalid(null, "The body is empty; it must be a JSON object."));
        }
        if (!Utf8.IsValid(utf8.Span))
        {
            throw new ApiException(ApiError.Invalid(null, "The body is not valid UTF-8."));
        }
        try
        {
            return JsonFields.Of(JsonElement.Parse(utf8.Span, Strict));
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a name that holds half of a surrogate pair, met while looking for duplicates.
            throw new ApiException(ApiError.Invalid(null, $"The body is not valid JSON: {exception.Message}"));
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReadBytesAsync(HttpRequest request)
    {
        if (request.ContentLength > MaxBytes)
        {
            throw new ApiException(ApiError.TooLarge);
        }
        using var bytes = new MemoryStream((int)(request.ContentLength ?? 0));
        var buffer = new byte[16 * 1024];
        while (await request.Body.ReadAsync(buffer, request.HttpContext.RequestAborted) is > 0 and var read)
        {
            if (bytes.Length + read > MaxBytes)
            {
                throw new ApiException(ApiError.TooLarge);
            }
            bytes.Write(buffer, 0, read);
        }
        return bytes.GetBuffer().AsMemory(0, (int)bytes.Length);
    }
}
