using System.IO.Compression;
using System.Security.Cryptography;

namespace Kl3m.Playground.Components.Styles;

/// <summary>A file whose address holds the hash of what is in it, so that a browser never asks for it again; compressed once.</summary>
/// <param name="Path">Its address, relative to the base.</param>
/// <param name="Plain">The content, and behind it the same as brotli (RFC 7932) and gzip (RFC 1952).</param>
internal sealed record PackedFile(string Path, string ContentType, byte[] Plain, byte[] Brotli, byte[] Gzip)
{
    private const int BrotliQuality = 9; // 11 takes a second, for 3 %
    private const int BrotliWindow = 22;

    public static PackedFile Of(string name, string extension, string contentType, byte[] content) =>
        new($"{name}.{Convert.ToHexStringLower(SHA256.HashData(content))[..12]}.{extension}", contentType, content, WithBrotli(content), WithGzip(content));

    /// <summary>In the first encoding of ours that the browser takes.</summary>
    /// <param name="forEver">Under its own address; under an old one it must be asked for again.</param>
    public IResult Answer(HttpContext context, bool forEver)
    {
        var accepted = context.Request.Headers.AcceptEncoding.ToString();
        var (bytes, encoding) = accepted.Contains("br", StringComparison.OrdinalIgnoreCase) ? (Brotli, "br") : accepted.Contains("gzip", StringComparison.OrdinalIgnoreCase) ? (Gzip, "gzip") : (Plain, null);
        var headers = context.Response.Headers;
        headers.CacheControl = forEver ? "public, max-age=31536000, immutable" : "no-cache";
        headers.Vary = "Accept-Encoding";
        if (encoding is not null)
        {
            headers.ContentEncoding = encoding;
        }
        return Results.Bytes(bytes, ContentType);
    }

    private static byte[] WithBrotli(byte[] content)
    {
        var packed = new byte[BrotliEncoder.GetMaxCompressedLength(content.Length)];
        return BrotliEncoder.TryCompress(content, packed, out var length, BrotliQuality, BrotliWindow) ? packed[..length] : throw new InvalidOperationException("Brotli did not compress.");
    }

    private static byte[] WithGzip(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            gzip.Write(content);
        }
        return packed.ToArray();
    }
}
