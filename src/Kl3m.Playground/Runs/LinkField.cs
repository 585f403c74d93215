using System.Globalization;
using Kl3m.Inference;

namespace Kl3m.Playground.Runs;

/// <summary>One field of a link: its name, its values as text, and the way back, which tells what is wrong or null.</summary>
internal sealed record LinkField(string Name, Func<LinkColumn, IEnumerable<string>> Get, LinkField.Setter Set)
{
    /// <summary>Puts a text into a column; returns what it must be where it is not that.</summary>
    internal delegate string? Setter(ref LinkColumn column, string text);

    public static IReadOnlyList<LinkField> All { get; } =
    [
        Number("temperature", sampling => sampling.Temperature, (sampling, value) => sampling with { Temperature = value }),
        Whole("top_k", sampling => sampling.TopK, (sampling, value) => sampling with { TopK = value }),
        Number("top_p", sampling => sampling.TopP, (sampling, value) => sampling with { TopP = value }),
        Number("min_p", sampling => sampling.MinP, (sampling, value) => sampling with { MinP = value }),
        Number("typical_p", sampling => sampling.TypicalP, (sampling, value) => sampling with { TypicalP = value }),
        Number("repetition_penalty", sampling => sampling.RepetitionPenalty, (sampling, value) => sampling with { RepetitionPenalty = value }),
        Number("frequency_penalty", sampling => sampling.FrequencyPenalty, (sampling, value) => sampling with { FrequencyPenalty = value }),
        Number("presence_penalty", sampling => sampling.PresencePenalty, (sampling, value) => sampling with { PresencePenalty = value }),
        Whole("no_repeat_ngram_size", sampling => sampling.NoRepeatNgramSize, (sampling, value) => sampling with { NoRepeatNgramSize = value }),
        Whole("max_tokens", sampling => sampling.MaxTokens, (sampling, value) => sampling with { MaxTokens = value }),
        Whole("n", sampling => sampling.Sequences, (sampling, value) => sampling with { Sequences = value }),
        new("seed", column => column.Sampling.Seed is { } seed ? [seed.ToString(CultureInfo.InvariantCulture)] : [], SetSeed),
        new("ignore_eos", column => column.Sampling.StopAtEnd ? [] : ["true"], SetIgnoreEnd),
        new("logit_bias", column => column.Sampling.LogitBias.Count == 0 ? [] : [string.Join(',', column.Sampling.LogitBias.OrderBy(bias => bias.Key).Select(bias => string.Create(CultureInfo.InvariantCulture, $"{bias.Key}:{bias.Value}")))], SetBias),
        new("stop", column => column.Sampling.Stop, AddStop),
        new("model", column => column.Model is { } model ? [model] : [], SetModel),
    ];

    private static LinkField Number(string name, Func<SamplingParams, float> get, Func<SamplingParams, float, SamplingParams> with) =>
        new(name, column => [get(column.Sampling).ToString(CultureInfo.InvariantCulture)], (ref LinkColumn column, string text) =>
        {
            if (!float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || !float.IsFinite(value))
            {
                return "must be a number";
            }
            column = column with { Sampling = with(column.Sampling, value) };
            return null;
        });

    private static LinkField Whole(string name, Func<SamplingParams, int> get, Func<SamplingParams, int, SamplingParams> with) =>
        new(name, column => [get(column.Sampling).ToString(CultureInfo.InvariantCulture)], (ref LinkColumn column, string text) =>
        {
            if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
            {
                return "must be a whole number";
            }
            column = column with { Sampling = with(column.Sampling, value) };
            return null;
        });

    private static string? SetSeed(ref LinkColumn column, string text)
    {
        if (text.Length > 0 && !ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            return "must be a whole number from 0 up";
        }
        column = column with { Sampling = column.Sampling with { Seed = text.Length == 0 ? null : ulong.Parse(text, CultureInfo.InvariantCulture) } };
        return null;
    }

    private static string? SetIgnoreEnd(ref LinkColumn column, string text)
    {
        if (text is not ("true" or "false" or ""))
        {
            return "must be true or false";
        }
        column = column with { Sampling = column.Sampling with { StopAtEnd = text != "true" } };
        return null;
    }

    private static string? SetBias(ref LinkColumn column, string text)
    {
        var biases = new Dictionary<int, float>();
        foreach (var pair in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (pair.Split(':') is not [var id, var bias]
                || !int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var token)
                || !float.TryParse(bias, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
                || !biases.TryAdd(token, value))
            {
                return "must be token ids with their bias, such as 12:-5,40:2.5";
            }
        }
        column = column with { Sampling = column.Sampling with { LogitBias = biases } };
        return null;
    }

    /// <summary>The reader empties the list before the first of a column's own texts; an empty text leaves it so.</summary>
    private static string? AddStop(ref LinkColumn column, string text)
    {
        if (column.Sampling.Stop.Count == SamplingParams.MaxStops)
        {
            return $"may come at most {SamplingParams.MaxStops} times";
        }
        column = text.Length == 0 ? column : column with { Sampling = column.Sampling with { Stop = [.. column.Sampling.Stop, text] } };
        return null;
    }

    private static string? SetModel(ref LinkColumn column, string text)
    {
        column = column with { Model = text.Length == 0 ? null : text };
        return null;
    }
}
