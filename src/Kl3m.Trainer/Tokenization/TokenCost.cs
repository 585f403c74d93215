using System.Collections.Concurrent;
using Kl3m.Inference.Tokenization;

namespace Kl3m.Trainer.Tokenization;

/// <summary>How many tokens a text takes, by given merges and any split.</summary>
internal sealed class TokenCost(BpeVocabulary vocabulary)
{
    private readonly BpeMerges merges = new(
        vocabulary.Tokens.Select((token, id) => (token, id)).ToDictionary(pair => pair.token, pair => pair.id),
        [.. vocabulary.Merges.Select(merge => (merge.Left, merge.Right))]);

    private readonly ConcurrentDictionary<string, int> lengths = [];

    public int Of(string text, TextSplitter splitter) =>
        splitter.Split(text).Sum(piece => piece.AddedTokenId is null ? Length(text.Substring(piece.Start, piece.Length)) : 1);

    private int Length(string word) => lengths.GetOrAdd(word, key =>
    {
        var ids = new List<int>();
        merges.Encode(key, ids);
        return ids.Count;
    });
}
