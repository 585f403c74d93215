namespace Kl3m.Playground.Scoring;

/// <summary>One text of a file and what came of it: numbers, or why there are none, or nothing yet.</summary>
/// <param name="Number">From 1, among the file's texts.</param>
internal sealed record FileRow(int Number, string Text)
{
    public FileScore? Score { get; init; }

    public string? Problem { get; init; }

    public bool IsDone => Score is not null || Problem is not null;
}

/// <param name="Tokens">Of the text.</param>
/// <param name="Scored">Tokens with something before them.</param>
/// <param name="ScoredBytes">UTF-8 bytes of those.</param>
/// <param name="Nats">Their surprisals' sum, natural logs.</param>
/// <param name="Highest">The most surprising token's name.</param>
/// <param name="HighestBits">Its surprisal.</param>
internal sealed record FileScore(int Tokens, long Bytes, int Scored, long ScoredBytes, double Nats, string Highest, double HighestBits)
{
    public double Perplexity => Math.Exp(Nats / Scored);

    public double BitsPerByte => Nats / Math.Log(2) / ScoredBytes;
}
