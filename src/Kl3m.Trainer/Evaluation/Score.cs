namespace Kl3m.Trainer.Evaluation;

/// <summary>What a model makes of one kind of text.</summary>
/// <param name="Nats">Total surprisal of the scored tokens, natural logarithm.</param>
/// <param name="Bytes">UTF-8 bytes of the scored text.</param>
/// <param name="FileBytes">Of the whole file, border lines and all: what xz was given.</param>
/// <param name="XzBytes">What <c>xz -9</c> makes of the file.</param>
internal sealed record Score(string Kind, long Tokens, double Nats, long Bytes, long FileBytes, long XzBytes)
{
    public double BitsPerByte => Nats / Math.Log(2) / Bytes;

    /// <summary>Per token: depends on the tokenizer, unlike <see cref="BitsPerByte"/>.</summary>
    public double Perplexity => Math.Exp(Nats / Tokens);

    public double XzBitsPerByte => 8.0 * XzBytes / FileBytes;

    public static Score Overall(IEnumerable<Score> scores) => scores.Aggregate((all, s) => new(
        "overall", all.Tokens + s.Tokens, all.Nats + s.Nats, all.Bytes + s.Bytes, all.FileBytes + s.FileBytes, all.XzBytes + s.XzBytes)) with { Kind = "overall" };
}
