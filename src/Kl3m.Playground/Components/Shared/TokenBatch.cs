using System.Text.Json.Serialization;

namespace Kl3m.Playground.Components.Shared;

/// <summary>New tokens of one sequence on their way to the browser, and its end if this is all.</summary>
internal sealed record TokenBatch(
    [property: JsonPropertyName("s")] int Sequence,
    [property: JsonPropertyName("from")] int From,
    [property: JsonPropertyName("tokens")] IReadOnlyList<DrawnToken> Tokens,
    [property: JsonPropertyName("end")] Ending? End);

/// <summary>A line of the pop-over; a text that was only read has no final share.</summary>
internal sealed record TipRow(
    [property: JsonPropertyName("n")] string Name,
    [property: JsonPropertyName("r")] string Raw,
    [property: JsonPropertyName("f"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Final,
    [property: JsonPropertyName("c")] bool Chosen);
