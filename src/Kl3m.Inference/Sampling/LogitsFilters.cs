using System.Numerics;
using System.Runtime.InteropServices;

namespace Kl3m.Inference.Sampling;

/// <summary>
/// The steps that change scores, in 32-bit floats as Hugging Face transformers 4.45 computes them (frequency and presence penalties,
/// which it lacks, as vLLM does). Scores are one per token id. A score of negative infinity is a token that cannot be drawn and stays so;
/// a score that would overflow stops at the largest finite one.
/// </summary>
internal static class LogitsFilters
{
    /// <summary>Once for each token that occurs: positive scores are divided by the penalty, negative ones multiplied.</summary>
    /// <param name="original">The scores before; a token that occurs twice is still penalised once.</param>
    public static void RepetitionPenalty(ReadOnlySpan<float> original, Span<float> scores, ReadOnlySpan<int> tokens, float penalty)
    {
        foreach (var id in tokens)
        {
            var score = original[id];
            scores[id] = Bounded(score, score < 0 ? score * penalty : score / penalty);
        }
    }

    /// <summary>Takes frequency times its count, and then presence, off the score of each token that occurs.</summary>
    /// <param name="counts">Scratch, one per token id.</param>
    public static void FrequencyPresencePenalty(
        Span<float> scores, ReadOnlySpan<int> completion, float frequency, float presence, Span<int> counts)
    {
        counts.Clear();
        foreach (var id in completion)
        {
            counts[id]++;
        }
        foreach (var id in completion)
        {
            if (counts[id] > 0)
            {
                scores[id] = Bounded(scores[id], scores[id] - frequency * counts[id] - presence);
                counts[id] = 0;
            }
        }
    }

    /// <exception cref="InvalidRequestException">A bias names a token outside the vocabulary.</exception>
    public static void LogitBias(Span<float> scores, IReadOnlyDictionary<int, float> biases)
    {
        foreach (var (id, bias) in biases)
        {
            if ((uint)id >= (uint)scores.Length)
            {
                throw new InvalidRequestException(nameof(SamplingParams.LogitBias), $"must name tokens from 0 to {scores.Length - 1}, not {id}.");
            }
            scores[id] = Bounded(scores[id], scores[id] + bias);
        }
    }

    /// <summary>The tokens that would complete an n-gram that has occurred; a token may be listed more than once.</summary>
    public static void NoRepeatNgram(ReadOnlySpan<int> tokens, int size, List<int> banned)
    {
        banned.Clear();
        if (tokens.Length + 1 < size)
        {
            return;
        }
        var last = tokens[^(size - 1)..];
        for (var start = 0; start + size <= tokens.Length; start++)
        {
            var found = tokens[start..^1].IndexOf(last);
            if (found < 0)
            {
                return;
            }
            start += found;
            banned.Add(tokens[start + size - 1]);
        }
    }

    /// <summary>
    /// Divides the scores. A temperature so low that the quotients would overflow divides the distances from the largest score instead:
    /// the same distribution. Lengths are a multiple of <see cref="Vector{T}.Count"/>.
    /// </summary>
    /// <param name="result">May be the scores themselves.</param>
    /// <returns>The largest result.</returns>
    public static float Temperature(ReadOnlySpan<float> scores, Span<float> result, float max, float temperature)
    {
        var shift = float.IsFinite(max / temperature) ? 0 : max;
        var source = MemoryMarshal.Cast<float, Vector<float>>(scores);
        var target = MemoryMarshal.Cast<float, Vector<float>>(result);
        var impossible = new Vector<float>(float.NegativeInfinity);
        for (var i = 0; i < source.Length; i++)
        {
            var quotient = (source[i] - new Vector<float>(shift)) / new Vector<float>(temperature);
            var bounded = Vector.Max(quotient, new Vector<float>(float.MinValue));
            target[i] = Vector.ConditionalSelect(Vector.Equals(source[i], impossible), impossible, bounded);
        }
        return (max - shift) / temperature;
    }

    private static float Bounded(float before, float after) =>
        float.IsNegativeInfinity(before) ? before : Math.Clamp(after, float.MinValue, float.MaxValue);
}
