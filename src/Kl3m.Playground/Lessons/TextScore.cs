using System.Text;
using Kl3m.Inference;

namespace Kl3m.Playground.Lessons;

/// <summary>How well the model expected a text. The first token is not counted: nothing stands before it.</summary>
/// <param name="Bits">Surprisal of the tokens after the first, raw.</param>
/// <param name="Bytes">UTF-8 bytes of those tokens.</param>
internal sealed record TextScore(string Text, int Tokens, double Bits, int Bytes)
{
    public double BitsPerByte => Bytes == 0 ? double.NaN : Bits / Bytes;

    public double Perplexity => Tokens == 0 ? double.NaN : Math.Pow(2, Bits / Tokens);

    /// <exception cref="InvalidRequestException">The text does not fit.</exception>
    /// <exception cref="EngineBusyException">The engine's line is full.</exception>
    /// <exception cref="EngineFailedException">The engine failed.</exception>
    public static async Task<TextScore> OfAsync(ITextGenerator generator, string text, string user, CancellationToken cancellationToken = default)
    {
        var request = new GenerationRequest { Prompt = text, ScorePrompt = true, Alternatives = 0, User = user, Sampling = new() { MaxTokens = 0 } };
        var (bits, tokens, bytes) = (0.0, 0, 0);
        IReadOnlyList<int> ids = [];
        await foreach (var happened in generator.GenerateAsync(request, cancellationToken))
        {
            if (happened is GenerationStarted started)
            {
                ids = started.PromptTokenIds;
            }
            else if (happened is PromptScored scored)
            {
                for (var i = 1; i < scored.Tokens.Count; i++)
                {
                    (bits, tokens, bytes) = (bits + scored.Tokens[i]!.Surprisal, tokens + 1, bytes + generator.Describe(ids[i]).Bytes.Length);
                }
            }
        }
        return new(text, tokens, bits, bytes);
    }
}
