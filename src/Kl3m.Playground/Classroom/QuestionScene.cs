using System.Collections.Immutable;

namespace Kl3m.Playground.Classroom;

/// <summary>What comes next? Everybody says a token before any probability is shown.</summary>
public sealed record QuestionScene : Scene
{
    public required int Number { get; init; }

    public required TextPlace Place { get; init; }

    /// <summary>Offered beside the free answer; may be empty.</summary>
    public IReadOnlyList<Choice> Choices { get; init; } = [];

    public QuestionPhase Phase { get; init; }

    /// <summary>One for each student who voted, by student id; the last one counts.</summary>
    public ImmutableDictionary<string, Vote> Votes { get; init; } = ImmutableDictionary<string, Vote>.Empty;

    /// <summary>Tokens that the teacher does not want to see on the wall. Their votes count.</summary>
    public ImmutableHashSet<int> Hidden { get; init; } = [];

    /// <summary>The model's side; null until the curtain is drawn.</summary>
    public Reveal? Reveal { get; init; }

    /// <summary>Votes by token, most first; equal ones in the order of their ids.</summary>
    public IReadOnlyList<(int TokenId, int Count)> Tally() =>
        [.. Votes.Values.GroupBy(vote => vote.TokenId).Select(group => (TokenId: group.Key, Count: group.Count()))
            .OrderByDescending(row => row.Count).ThenBy(row => row.TokenId)];

    public int CountOf(int tokenId) => Votes.Values.Count(vote => vote.TokenId == tokenId);

    /// <summary>
    /// The share of a token among the votes, as if one more vote had been spread evenly over the vocabulary: what nobody named is unlikely,
    /// not impossible, and its surprisal stays finite (Laplace's estimator with a total weight of one).
    /// </summary>
    public double ClassShare(int tokenId, int vocabularySize) => (CountOf(tokenId) + 1.0 / vocabularySize) / (Votes.Count + 1);
}

public enum QuestionPhase
{
    Voting,

    /// <summary>Votes stand; the curtain is still closed.</summary>
    Locked,

    Revealed,
}

/// <param name="Text">As it is offered.</param>
/// <param name="TokenId">What a vote for it counts as: the first token of the text at this place.</param>
public sealed record Choice(string Text, int TokenId);

/// <param name="Typed">What the student wrote or chose; the vote is for its first token.</param>
public sealed record Vote(int TokenId, string Typed)
{
    public const int Longest = 80;
}

/// <summary>The model's side of a question.</summary>
/// <param name="Rows">The most likely tokens and every token that has a vote, by raw rank.</param>
/// <param name="DrawnTokenId">What the model wrote: drawn from its own distribution.</param>
/// <param name="Entropy">Of the raw distribution, bits; NaN where a server tells only some tokens.</param>
public sealed record Reveal(IReadOnlyList<RevealedToken> Rows, int DrawnTokenId, double Entropy, int VocabularySize)
{
    public RevealedToken? Find(int tokenId) => Rows.FirstOrDefault(row => row.TokenId == tokenId);
}

/// <param name="Probability">Raw; NaN where a server does not tell it.</param>
/// <param name="Rank">Raw, 1 is the most likely; 0 where it is not known.</param>
/// <param name="AtMost">What is certain of a probability that is not told.</param>
public sealed record RevealedToken(int TokenId, double Probability, int Rank, double AtMost = 1)
{
    public bool IsTold => !double.IsNaN(Probability);

    /// <summary>-log2, bits; NaN where the probability is not told.</summary>
    public double Surprisal => -Math.Log2(Probability);
}
