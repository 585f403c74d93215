using System.Text.Json;
using System.Text.Json.Serialization;

namespace Kl3m.Playground.Classroom.Nodes;

/// <summary>How rooms, and what nodes say of them, are written: JSON with a number that changes when what it means does.</summary>
internal static class RoomWire
{
    /// <summary>Nodes of another number keep their hands off each other's rooms.</summary>
    public const int Format = 4;

    private const int Longest = 16 << 20; // bytes

    private static readonly JsonSerializerOptions Options = new()
    {
        // What comes from outside of this process is held to what the records promise.
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public static byte[] Bytes<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(new Envelope<T>(Format, value), Options);

    /// <summary>Null for anything that <see cref="Bytes"/> of this format has not written.</summary>
    public static T? Read<T>(ReadOnlySpan<byte> bytes)
        where T : class
    {
        try
        {
            return bytes.Length <= Longest && (typeof(T) == typeof(RunPiece) || !HasNullElement(bytes)) && JsonSerializer.Deserialize<Envelope<T>>(bytes, Options) is { Format: Format } envelope ? envelope.Content : null;
        }
        catch (Exception garbage) when (garbage is JsonException or NotSupportedException or ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>A list's elements are not held to what its type says of null.</summary>
    private static bool HasNullElement(ReadOnlySpan<byte> bytes)
    {
        var reader = new Utf8JsonReader(bytes);
        var inArray = new Stack<bool>();
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartArray or JsonTokenType.StartObject:
                    inArray.Push(reader.TokenType == JsonTokenType.StartArray);
                    break;
                case JsonTokenType.EndArray or JsonTokenType.EndObject:
                    inArray.Pop();
                    break;
                case JsonTokenType.Null when inArray.TryPeek(out var array) && array:
                    return true;
            }
        }
        return false;
    }

    private sealed record Envelope<T>(int Format, T Content);
}
