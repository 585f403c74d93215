using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;

namespace Kl3m.Playground.Runs;

/// <summary>A receipt as a file: written with one token to a line, read without mercy.</summary>
internal static class ReceiptJson
{
    /// <summary>More than this is not read.</summary>
    public const int MaxBytes = 16 << 20;

    // What HTML or a terminal could take for its own is escaped, letters of any script are not.
    private static readonly JavaScriptEncoder Letters = MakeEncoder();

    internal static JsonSerializerOptions Compact { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        AllowDuplicateProperties = false,
        Encoder = Letters,
        MaxDepth = 16,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
    };

    private static readonly JsonSerializerOptions Lines = new(Compact) { WriteIndented = true, Converters = { new OneLine<TokenReceipt>("\n            "), new OneLine<ReceiptVocabulary>(""), new OneLine<IReadOnlyList<int>>("") } };

    public static byte[] Write(Receipt receipt) => JsonSerializer.SerializeToUtf8Bytes(receipt, Lines);

    /// <exception cref="ReceiptException">It is no receipt, or not as it was written; the message names line, field and position.</exception>
    public static Receipt Read(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > MaxBytes)
        {
            throw new ReceiptException(null, $"The file has {utf8.Length:N0} bytes; a receipt has at most {MaxBytes:N0}.");
        }
        utf8 = utf8.StartsWith(Encoding.UTF8.Preamble) ? utf8[Encoding.UTF8.Preamble.Length..] : utf8;
        try
        {
            var receipt = JsonSerializer.Deserialize<Receipt>(utf8, Compact) ?? throw new ReceiptException(1, "This is no receipt.");
            if (ReceiptRules.FindProblem(receipt) is var (path, what))
            {
                throw new ReceiptException(JsonPlace.LineOf(utf8, path), $"{path}: {what}.");
            }
            return receipt;
        }
        catch (JsonException broken)
        {
            throw new ReceiptException(broken.LineNumber + 1, JsonPlace.Explain(broken));
        }
        catch (Exception broken) when (broken is NotSupportedException or InvalidOperationException or ArgumentException)
        {
            throw new ReceiptException(null, "This is no receipt: it holds text that is not Unicode.");
        }
    }

    // Half a character is written as the escape of U+FFFD; so is U+FFFD itself, or the checks of the two would differ.
    private static JavaScriptEncoder MakeEncoder()
    {
        var settings = new TextEncoderSettings(UnicodeRanges.All);
        settings.ForbidCharacter('\uFFFD');
        return JavaScriptEncoder.Create(settings);
    }

    /// <summary>Written on one line, whatever is in it.</summary>
    /// <param name="before">White space that goes before it.</param>
    private sealed class OneLine<T>(string before) : JsonConverter<T>
    {
        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
            writer.WriteRawValue(before + JsonSerializer.Serialize(value, Compact), skipInputValidation: true);
    }
}

/// <summary>A file that is no receipt, or not as it was written.</summary>
/// <param name="line">Counted from 1; null where it has none.</param>
internal sealed class ReceiptException(long? line, string message) : Exception(line is null ? message : $"Line {line}: {message}")
{
    public long? Line { get; } = line;
}
