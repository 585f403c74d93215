using System.Text.Json;

namespace Kl3m.Playground.Api;

/// <summary>
/// Reads the fields of a JSON object by name and type. An absent or null field is its default, as with OpenAI; the first field of a
/// wrong type is remembered, not thrown, so that a reader is a plain list of fields with one <see cref="ThrowIfWrong"/> at its end.
/// </summary>
internal sealed class JsonFields
{
    private readonly JsonElement body;
    private ApiError? error;

    private JsonFields(JsonElement body) => this.body = body;

    /// <exception cref="ApiException">The element is not an object.</exception>
    public static JsonFields Of(JsonElement element) => element.ValueKind == JsonValueKind.Object
        ? new(element)
        : throw new ApiException(ApiError.Invalid(null, $"The body must be a JSON object, not {Kind(element)}."));

    public bool TryGet(string name, out JsonElement value) =>
        body.TryGetProperty(name, out value) && value.ValueKind is not JsonValueKind.Null;

    public bool Flag(string name) => TryGet(name, out var value) && value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => Wrong(name, "must be true or false", value),
    };

    public int Integer(string name, int otherwise) => OptionalInteger(name) ?? otherwise;

    public int? OptionalInteger(string name)
    {
        if (!TryGet(name, out var value))
        {
            return null;
        }
        if (!TryInteger(value, out var number))
        {
            Wrong(name, "must be a whole number of at most 32 bits", value);
            return null;
        }
        return number;
    }

    public float Number(string name, float otherwise)
    {
        if (!TryGet(name, out var value))
        {
            return otherwise;
        }
        if (!TryNumber(value, out var number))
        {
            Wrong(name, "must be a finite number", value);
            return otherwise;
        }
        return number;
    }

    public string? Text(string name)
    {
        if (!TryGet(name, out var value))
        {
            return null;
        }
        if (value.ValueKind != JsonValueKind.String)
        {
            Wrong(name, "must be a text", value);
            return null;
        }
        return Text(name, value);
    }

    /// <summary>The text of a string element; null, and remembered as wrong, if it holds half of a surrogate pair.</summary>
    public string? Text(string name, JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            Wrong(name, "holds half of a surrogate pair, which is not a character.");
            return null;
        }
    }

    /// <summary>Remembers that a field is wrong, unless an earlier one was.</summary>
    public bool Wrong(string name, string message)
    {
        error ??= ApiError.Invalid(name, $"{name} {message}");
        return false;
    }

    public bool Wrong(string name, string message, JsonElement found) => Wrong(name, $"{message}, not {Kind(found)}.");

    public void ThrowIfWrong()
    {
        if (error is not null)
        {
            throw new ApiException(error);
        }
    }

    /// <summary>Whole numbers, also written as 16.0 or 1e3.</summary>
    public static bool TryInteger(JsonElement value, out int number)
    {
        number = 0;
        if (value.ValueKind != JsonValueKind.Number)
        {
            return false;
        }
        if (value.TryGetInt32(out number))
        {
            return true;
        }
        if (value.TryGetDouble(out var real) && real == Math.Truncate(real) && Math.Abs(real) <= int.MaxValue)
        {
            number = (int)real;
            return true;
        }
        return false;
    }

    public static bool TryNumber(JsonElement value, out float number)
    {
        number = value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var real) ? (float)real : float.NaN;
        return float.IsFinite(number);
    }

    public static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => "a list",
        JsonValueKind.Object => "an object",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => value.GetRawText() is { Length: <= 24 } digits ? digits : "such a number",
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => "null",
    };
}
