using System.ComponentModel.DataAnnotations;

namespace Kl3m.Playground.Runs;

/// <summary>Section "Runs": what the server keeps of what was written.</summary>
public sealed record RunOptions
{
    /// <summary>
    /// Memory for the logits of all visitors' runs together, bytes; a token takes 4 times the vocabulary. What was dropped is worked out again
    /// by one forward pass when somebody looks at it. 0 keeps none.
    /// </summary>
    [Range(0, long.MaxValue)]
    public long LogitsBytes { get; init; } = 512L << 20;
}
