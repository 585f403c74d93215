namespace Kl3m.Trainer.Tokenization;

/// <param name="Tokens">By id, in the byte-level alphabet.</param>
/// <param name="Merges">In the order in which they were learnt.</param>
internal sealed record BpeVocabulary(IReadOnlyList<string> Tokens, IReadOnlyList<Merge> Merges);

/// <summary>Two tokens that become one; <paramref name="Count"/> is how often they stood side by side then.</summary>
internal sealed record Merge(string Left, string Right, long Count);
